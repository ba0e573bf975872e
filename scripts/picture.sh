#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# sudo scripts/picture.sh [SECONDS]: takes the pictures of the README, doc/screen-dark.png and
# doc/screen-light.png: the demo in a real terminal (xterm on a display of its own), after it has run for
# so long. Needs xvfb, xterm, imagemagick and DejaVu fonts, and what the demo needs.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
seconds=${1:-75}
columns=110 lines=32
processes=()

cleanup() {
	[ ${#processes[@]} -eq 0 ] || kill "${processes[@]}" 2>/dev/null || true
	wait 2>/dev/null || true
}
trap cleanup EXIT

# The display tells its number when it can be used.
start_display() {
	local number

	exec 7<> <(:)
	Xvfb -displayfd 7 -screen 0 2200x900x24 >/dev/null 2>&1 &
	processes+=($!)
	read -rt 60 number <&7 || die "Xvfb does not start"
	export DISPLAY=:$number
}

# The monitor asks the terminal for its background, and so finds the colours.
start_terminal() { # TITLE BACKGROUND FOREGROUND OFFSET
	TERM=xterm-256color LC_ALL=C.UTF-8 xterm -T "$1" -bg "$2" -fg "$3" -tn xterm-256color \
		-fa 'DejaVu Sans Mono' -fs 10 -b 6 +sb -geometry "${columns}x$lines+$4+0" \
		-e "$root/scripts/demo.sh" &
	processes+=($!)
}

take() { # TITLE
	import -window "$1" -strip "$root/doc/screen-$1.png"
	echo "doc/screen-$1.png"
}

need_root "making network namespaces" "$*"
for tool in Xvfb xterm import; do
	command -v "$tool" >/dev/null || die "install $tool: apt-get install xvfb xterm imagemagick fonts-dejavu-core"
done
start_display
start_terminal dark black gray90 0
start_terminal light white black 1100
sleep "$seconds" # the graph grows with time
take dark
take light
