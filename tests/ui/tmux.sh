# SPDX-License-Identifier: MIT
# Sourced by the scripts here: a private tmux server with one window, keys sent to it, and lines
# waited for with a limit. Everything it starts ends with the script.
set -u

tools=${PKTSTAT_TOOLS:-.}
# Rows as flows: what they are called and where they stand is simplest to say.
driver="$tools/ui_driver -b flow"
servers=0
# Nobody's own settings change what a test sees.
settings=$(mktemp -d)
# The sockets of the servers go with it.
export TMUX_TMPDIR=$settings
socket=
window=test

skip() {
	echo "skipped: $*"
	exit 77
}

command -v tmux >/dev/null || skip "tmux is not installed"
[ -x "$tools/ui_driver" ] || skip "$driver is not built"

tm() {
	tmux -L "$socket" -f /dev/null "$@"
}

stop_server() {
	[ -z "$socket" ] || tm kill-server 2>/dev/null
}

cleanup() {
	stop_server
	rm -rf "$settings"
}
trap cleanup EXIT

screen() {
	tm capture-pane -p -t $window 2>/dev/null
}

fail() {
	echo "FAILED: $*"
	echo "--- screen"
	screen
	exit 1
}

# until_true COMMAND...: runs it every 20 ms until it succeeds, at most a minute.
until_true() {
	local deadline=$((SECONDS + 60))

	until "$@"; do
		[ $SECONDS -lt $deadline ] || return 1
		read -rt 0.02 <> <(:)
	done
	return 0
}

shows() {
	screen | grep -qE -- "$1"
}

shows_not() {
	! screen | grep -qE -- "$1"
}

# expect REGEX: waits for a line that matches. expect_no REGEX: until none does.
expect() {
	until_true shows "$1" || fail "no line matches: $1"
}

expect_no() {
	until_true shows_not "$1" || fail "a line still matches: $1"
}

# The size is that of the program when its last line stands at the bottom.
open_shell() { # WIDTH HEIGHT
	stop_server
	# A server that is still ending would take the new session with it.
	socket=pktstat-ui-$$-$((++servers))
	tm new-session -d -s $window -x "$1" -y "$2" "env XDG_CONFIG_HOME=$settings XDG_STATE_HOME=$settings/state PS1='shell> ' LANG=${LANG_UNDER_TEST:-C.UTF-8} bash --norc --noediting -i"
	tm set-option -t $window status off >/dev/null
	tm resize-window -t $window -x "$1" -y "$2"
	expect '^shell>'
}

# The first row of the table, below the titles of the columns.
first_row_is() {
	screen | awk '/(SOURCE|PEER|NEAR|HOST|SERVICE|PROCESS|CONTAINER|USER|INTERFACE|PROTO) *[ ^v=▲▼]/ { getline; print; exit }' |
		grep -qE -- "$1"
}

first_row() {
	until_true first_row_is "$1" || fail "the first row is not: $1"
}

type_line() {
	tm send-keys -t $window -l "$1"
	tm send-keys -t $window Enter
}

keys() {
	tm send-keys -t $window "$@"
}

# A press of button 0 (or the wheel: 64 up, 65 down) at a cell and its release, as a terminal
# without SGR reports them.
mouse() { # BUTTON X Y
	local button x y

	printf -v button '%x' $(($1 + 32))
	printf -v x '%x' $(($2 + 33))
	printf -v y '%x' $(($3 + 33))
	tm send-keys -t $window -H 1b 5b 4d "$button" "$x" "$y" 1b 5b 4d 23 "$x" "$y"
}

# A press and a release in the form of SGR (mode 1006), as a terminal with many columns reports them.
mouse_wide() { # BUTTON X Y
	local report

	report=$(printf '\033[<%d;%d;%dM\033[<%d;%d;%dm' "$1" $(($2 + 1)) $(($3 + 1)) "$1" $(($2 + 1)) $(($3 + 1)) |
		od -An -v -tx1 | tr -d '\n')
	# shellcheck disable=SC2086
	tm send-keys -t $window -H $report
}

resize() { # WIDTH HEIGHT
	tm resize-window -t $window -x "$1" -y "$2"
}

# Process id of the driver that runs in the window.
driver_pid() {
	local tty

	tty=$(tm display-message -p -t $window '#{pane_tty}')
	pgrep -t "${tty#/dev/}" -x ui_driver
}

# The next made-up second.
next_snapshot() {
	kill -USR1 "$(driver_pid)"
}
