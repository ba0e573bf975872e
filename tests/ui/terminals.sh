#!/bin/bash
# SPDX-License-Identifier: MIT
# Without colour, without UTF-8, on simple terminals, and on those that cannot show it at all.
. "$(dirname "$0")/tmux.sh"

colors() {
	tm capture-pane -e -p -t $window | grep -cE $'\e\\[[0-9;]*(3[0-7]|4[0-7]|[34]8;5;[0-9]+)m'
}

# Some terminals have no second screen: what the last run left must be gone before the next is read.
run_line() {
	type_line clear
	expect_no 'ended by quit|BPS|^ui_run|^status|^described'
	type_line "$1"
}

open_shell 80 24
type_line "$driver"
expect 'BPS▼'
[ "$(colors)" -gt 0 ] || fail "no colour where there could be"
keys q; expect '^ended by quit'

run_line "NO_COLOR=1 $driver"
expect 'BPS▼'
[ "$(colors)" -eq 0 ] || fail "colour in spite of NO_COLOR"
keys q; expect '^ended by quit'
echo "ok NO_COLOR"

# An answer that comes late, or a key that nobody knows, is no key and no end.
run_line "$driver"
expect 'BPS▼'
tm send-keys -t $window -H 1b 5b 39 39 39 7a
tm send-keys -t $window -H 1b 5d 31 31 3b 72 67 62 3a 30 30 30 30 2f 30 30 30 30 2f 30 30 30 30 07
keys s; expect 'PPS▼'
keys q; expect '^ended by quit'
echo "ok answers"

# The terminal is asked for its background and may answer when it likes, in pieces, and not in keys.
has_color() { # FOREGROUND
	tm capture-pane -e -p -t $window | grep -q "38;5;$1m"
}
run_line "$driver"
expect 'BPS▼'
until_true has_color 114 || fail "not dark before there is an answer"
tm send-keys -t $window -H 1b 5d 31 31 3b 72 67 62 3a 66 66 66 66 2f
read -rt 0.4 <> <(:) || true
tm send-keys -t $window -H 66 66 66 66 2f 66 66 66 66 1b 5c
until_true has_color 22 || fail "not light after the answer"
expect_no 'this key does nothing|REVERSED|/f'
keys s; expect 'PPS▼'
keys q; expect '^ended by quit'
echo "ok background"

# Letters, digits and no more, each changed line as a whole.
run_line "$driver -p -o"
expect 'BPSv'
[ "$(colors)" -eq 0 ] || fail "colour in the plain view"
screen | LC_ALL=C.UTF-8 grep -qP '[\x{2500}-\x{257f}\x{2800}-\x{28ff}]' && fail "signs in the plain view"
keys Enter; expect 'since start'; keys q
keys q; expect '^ended by quit'
echo "ok plain"

for locale in C POSIX; do
	run_line "LC_ALL=$locale $driver"
	expect 'BPSv'
	first_row TCP
	screen | LC_ALL=C grep -q '[^ -~]' && fail "not ASCII in locale $locale"
	keys q; expect '^ended by quit'
	echo "ok locale $locale"
done

for term in vt100 vt220 linux xterm xterm-256color screen; do
	infocmp "$term" >/dev/null 2>&1 || continue
	run_line "TERM=$term $driver"
	expect 'BPS▼'
	keys j j; expect '^[▸>] .*\[2001:db8::7\]'
	keys q; expect '^ended by quit'
	echo "ok TERM=$term"
done

# New terminals, over ssh or sudo: nothing here knows them.
for term in xterm-ghostty no-such-terminal "no/such'terminal"; do
	infocmp "$term" >/dev/null 2>&1 && continue
	run_line "TERM=\"$term\" $driver"
	expect 'BPS▼'
	keys j j; expect '^[▸>] .*\[2001:db8::7\]'
	[ "$(colors)" -gt 0 ] || fail "no colour on TERM=$term"
	keys q; expect '^ended by quit'
	expect '^described as xterm-256color'
	echo "ok TERM=$term"
done

for term in dumb unknown ''; do
	run_line "TERM='$term' $driver; echo status \$?"
	expect '^ui_run: Invalid argument [a-zA-Z]+'
	expect '^status 1'
	echo "ok TERM='$term'"
done
run_line "env -u TERM $driver; echo status \$?"
expect '^ui_run: Invalid argument TERM is not set'
expect '^status 1'
echo "ok no TERM"
run_line "$driver < /dev/null; echo status \$?"
expect '^ui_run: Inappropriate ioctl'

# with_descriptions [NAME...]: the driver where the terminal database has these types alone.
with_descriptions() {
	local database=$settings/terminfo name

	rm -rf "$database"
	for name in _ "$@"; do
		mkdir -p "$database/${name:0:1}"
		[ "$name" = _ ] || infocmp -x "$name" | tic -x -o "$database" - || fail "tic $name"
	done
	run_line "unshare -m sh '$settings/hide' '$database' env TERM=alacritty $driver; echo status \$?"
}

if ! unshare -m true 2>/dev/null || ! command -v tic >/dev/null; then
	echo "not tried: other terminal databases need root and tic"
	exit 0
fi
cat >"$settings/hide" <<'END'
database=$1
shift
for place in /etc/terminfo /lib/terminfo /usr/lib/terminfo /usr/share/terminfo; do
	[ ! -d "$place" ] || mount --bind "$database" "$place" || exit 99
done
unset TERMINFO TERMINFO_DIRS
export HOME=/nonexistent
exec "$@"
END
for type in xterm vt100; do
	[ "$type" = vt100 ] || with_descriptions vt100 "$type"
	[ "$type" = xterm ] || with_descriptions vt100
	expect 'BPS▼'
	keys q; expect '^ended by quit'
	expect "^described as $type\$"
	screen | grep -B 1 '^described' | grep -qx 'ended by quit 0' || fail "the last line of the view is left"
	expect '^status 0'
	echo "ok $type in place of another"
done
with_descriptions
expect '^ui_run: Invalid argument the terminal database .terminfo. has neither'
expect '^status 1'
echo "ok no description at all"
