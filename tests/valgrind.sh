#!/bin/bash
# SPDX-License-Identifier: MIT
# Whole runs under valgrind: a quiet one with its report, and a live view in tmux that is quit. No
# error, and nothing lost at the end but what valgrind.supp says; what the C library and ncurses still
# hold on purpose is not lost.
#
# usage: valgrind.sh [quiet|view]...
set -u
. "$(dirname "$0")/support/netns.sh"
tools=${PKTSTAT_TOOLS:?directory of the test tools}
here=$(cd "$(dirname "$0")" && pwd)
program=$PKTSTAT_BPF

command -v valgrind >/dev/null || skip "valgrind is not installed"

# The program under valgrind, as one command that monitor_start can start.
make_wrapper() {
	cat >"$BED_DIR/pktstat-bpf" <<-END
		#!/bin/sh
		exec valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,indirect,possible \\
			--errors-for-leak-kinds=definite,indirect,possible --vgdb=no \\
			--suppressions=$here/valgrind.supp --log-file=$BED_DIR/%p.valgrind "$program" "\$@"
	END
	chmod +x "$BED_DIR/pktstat-bpf"
	PKTSTAT_BPF=$BED_DIR/pktstat-bpf
}

send() {
	bed_far "$tools/blast" --iface far0 --flows 500 --packets 20000 --order random --size mixed \
		--ipv6 50 --tcp 50 --expect "$BED_DIR/sent" >/dev/null || fail "the sender failed"
}

# Valgrind has said nothing but which bpf(2) commands it does not know.
clean_log() {
	local log
	for log in "$BED_DIR"/*.valgrind; do
		[ -e "$log" ] || fail "$1: valgrind did not run"
		[ -z "${KEEP:-}" ] || cp "$log" "$KEEP"
		! grep -q '^==' "$log" || fail "$1: $(grep '^==' "$log" | head -n 60)"
		rm "$log"
	done
}

run_quiet() {
	monitor_start quiet --json -r 500ms
	send
	monitor_stop
	clean_log quiet
	"$tools/compare_flows" "$BED_DIR/quiet.out" "$BED_DIR/sent" || fail "the report is not exact"
	same "quiet: status" "$MONITOR_STATUS" 0
}

shows() {
	TMUX_TMPDIR=$BED_DIR tmux -L valgrind capture-pane -p 2>/dev/null | grep -qE -- "$1"
}

run_view() {
	command -v tmux >/dev/null || skip "tmux is not installed"
	local tm="tmux -L valgrind -f /dev/null"
	export TMUX_TMPDIR=$BED_DIR
	cat >"$BED_DIR/view.sh" <<-END
		LC_ALL=C.UTF-8 XDG_CONFIG_HOME=$BED_DIR ip netns exec $BED_MON $PKTSTAT_BPF -i mon0 --limit 1 \
			2>$BED_DIR/view.err
		echo \$? >$BED_DIR/view.status
	END
	$tm new-session -d -x 100 -y 30 "sh $BED_DIR/view.sh"
	wait_for 60 shows 'NEAR' || fail "no view: $(cat "$BED_DIR/view.err")"
	send
	wait_for 30 shows 'UDP|TCP' || fail "no flows in the view"
	$tm send-keys Tab Tab H
	wait_for 30 shows 'missed deadlines' || fail "no health page"
	$tm send-keys q q
	wait_for 60 test -s "$BED_DIR/view.status" || { $tm kill-server; fail "the view does not end"; }
	clean_log view
	same "view: status" "$(cat "$BED_DIR/view.status")" 0
}

[ $# -gt 0 ] || set -- quiet view
bed_make valgrind quiet
make_wrapper
for name; do
	"run_$name"
	echo "ok: $name"
done
