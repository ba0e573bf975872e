#!/bin/bash
# SPDX-License-Identifier: MIT
# What the program may do: with three capabilities alone it counts exactly, without one of them it
# says which, and once it runs it keeps no more than it needs.
#
# usage: privileges.sh [ordinary|missing|setuid|threads|live|crash|netns]...
set -u
. "$(dirname "$0")/../support/netns.sh"
tools=${PKTSTAT_TOOLS:?directory of the test tools}
all=cap_bpf,cap_net_admin,cap_perfmon
nobody=65534

# A copy with file capabilities CAPS, and a command that starts it as an ordinary user.
copy() {
	rm -f "$BED_DIR/copy"
	cp "$PKTSTAT_BPF" "$BED_DIR/copy"
	chmod 755 "$BED_DIR/copy"
	[ -z "$1" ] || setcap "$1" "$BED_DIR/copy" || skip "cannot give files capabilities here"
	cat >"$BED_DIR/ordinary" <<-END
		#!/bin/sh
		exec setpriv --reuid=$nobody --regid=$nobody --clear-groups --inh-caps=-all \
			"$BED_DIR/copy" "\$@"
	END
	chmod 755 "$BED_DIR/ordinary"
}

# send FLOWS: known packets, both directions.
send() {
	bed_far "$tools/blast" --iface far0 --flows "$1" --packets 100000 --order random \
		--size mixed --ipv6 50 --tcp 50 --expect "$BED_DIR/in.sent" >/dev/null ||
		fail "the sender failed"
	bed_mon "$tools/blast" --iface mon0 --egress --flows 300 --packets 10000 \
		--order zipf --size mixed --ipv6 30 --expect "$BED_DIR/out.sent" >/dev/null ||
		fail "the sender failed"
}

# The entries of the largest hash map (type 1) that a process holds.
flow_room() {
	cat "/proc/$1/fdinfo/"* 2>/dev/null | awk '/^map_type:/ { hash = $2 == 1 }
		/^max_entries:/ && hash && $2 > most { most = $2 }
		END { print most + 0 }'
}

grew() {
	[ "$(flow_room "$1")" -gt "$2" ]
}

# Flows that came before the map had grown may stand in "other" rows.
exact() {
	same "$1: status" "$MONITOR_STATUS" 0
	same "$1: standard error" "$(cat "$BED_DIR/$MONITOR_NAME.err")" ""
	"$tools/compare_flows" "$BED_DIR/$MONITOR_NAME.out" "$BED_DIR/out.sent" --folded "$BED_DIR/in.sent" \
		>"$BED_DIR/compared" || fail "$1: $(cat "$BED_DIR/compared")"
}

# An ordinary user, three capabilities: exact, while the flow map has to grow.
test_ordinary() {
	local mode room program=$PKTSTAT_BPF
	copy "$all=ep"
	for mode in $modes; do
		PKTSTAT_BPF=$BED_DIR/ordinary monitor_start "$mode" --json -r 100ms --attach "$mode"
		same "$mode: user" "$(stat -c %u "/proc/$MONITOR_PID")" "$nobody"
		has "$MONITOR_PID" collector "$(mask net_admin perfmon bpf)"
		room=$(flow_room "$MONITOR_PID")
		# However slowly they come on a busy machine, one drain finds them all.
		kill -STOP "$MONITOR_PID"
		send 20000
		kill -CONT "$MONITOR_PID"
		wait_for 60 grew "$MONITOR_PID" "$room" || fail "$mode: the flow map did not grow"
		monitor_stop TERM
		exact "$mode as an ordinary user"
	done
	PKTSTAT_BPF=$program
	same "left on the hooks" "$(bed_mon tc filter show dev mon0 ingress)" ""
}

# refused TEXT COMMAND...
refused() {
	refuses 1 "$1" "${@:2}" -i mon0 --json -t 1s
}

test_missing() {
	copy cap_net_admin,cap_perfmon=ep
	refused 'missing cap_bpf;' "$BED_DIR/ordinary"
	copy cap_bpf,cap_perfmon=ep
	refused 'missing cap_net_admin;' "$BED_DIR/ordinary"
	copy cap_bpf,cap_net_admin=ep
	refused 'missing cap_perfmon;' "$BED_DIR/ordinary"
	copy ''
	refused 'missing cap_bpf, cap_net_admin, cap_perfmon;' "$BED_DIR/ordinary"
}

test_setuid() {
	copy ''
	chmod u+s "$BED_DIR/copy"
	refused set-user-ID "$BED_DIR/ordinary"
	chmod u-s,g+s "$BED_DIR/copy"
	refused set-user-ID "$BED_DIR/ordinary"
}

# mask NAME...: the set of capabilities as /proc shows it.
mask() {
	local name number bits=0
	for name; do
		case $name in
		dac_read_search) number=2 ;;
		net_admin) number=12 ;;
		sys_ptrace) number=19 ;;
		perfmon) number=38 ;;
		bpf) number=39 ;;
		esac
		bits=$((bits | 1 << number))
	done
	printf '%016x' "$bits"
}

# thread_status PID THREAD: /proc's status of the threads with that name.
thread_status() {
	local task
	for task in /proc/"$1"/task/*; do
		[ "$(cat "$task/comm" 2>/dev/null)" != "$2" ] || cat "$task/status" 2>/dev/null
	done
}

# What those threads may do, one line for each kind of answer.
powers() {
	thread_status "$1" "$2" |
		grep -E '^(CapInh|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp):' | sort -u | tr -d '\t'
}

powers_are() {
	[ "$(powers "$1" "$2")" = "$3" ]
}

runs_thread() {
	cat /proc/"$1"/task/*/comm 2>/dev/null | grep -qx "$2"
}

# has PID THREAD MASK: the thread has just that, and lives behind the filter. The bounding set is
# root's to empty; an ordinary user's stays as it was.
has() {
	local wanted bounds=0000000000000000
	[ "$(stat -c %u "/proc/$1")" = 0 ] || bounds=$(sed -n 's/^CapBnd:\t//p' /proc/self/status)
	wanted=$(printf '%s\n' "CapAmb:0000000000000000" "CapBnd:$bounds" "CapEff:$3" \
		"CapInh:0000000000000000" "CapPrm:$3" NoNewPrivs:1 Seccomp:2)
	wait_for 60 runs_thread "$1" "$2" || fail "no thread $2"
	wait_for 60 powers_are "$1" "$2" "$wanted" ||
		fail "thread $2 has: $(powers "$1" "$2"); wanted: $wanted"
}

# has_each PID THREAD MASK...: so has each thread, and there is no other.
has_each() {
	local pid=$1 named=
	shift
	while [ $# -gt 0 ]; do
		has "$pid" "$1" "$2"
		named="$named$1 "
		shift 2
	done
	same "threads" "$(cat /proc/"$pid"/task/*/comm | sort | tr '\n' ' ')" \
		"$(printf '%s\n' $named | sort | tr '\n' ' ')"
}

# Helper processes: none has a capability, the terminal or a file of the program.
has_helpers() {
	local helper pid=$1
	shift
	same "helpers" "$(pgrep -P "$pid" -l | cut -d' ' -f2 | grep -v pktstat-reader | sort | tr '\n' ' ')" "$*"
	for helper in $(pgrep -P "$pid"); do
		# The one that reads packets has less, which sight.sh tries.
		[ "$(cat "/proc/$helper/comm")" != pktstat-reader ] || continue
		has "$helper" "$(cat "/proc/$helper/comm")" "$none"
		same "files of a helper" "$(readlink /proc/"$helper"/fd/* | sed 's/:.*//' | sort -u | tr '\n' ' ')" \
			'/dev/null socket '
	done
}

# Without a view: what is kept follows what is still to be done.
test_threads() {
	local mode
	for mode in $modes; do
		monitor_start "$mode" --json --attach "$mode" --names
		has_each "$MONITOR_PID" pktstat-bpf "$none" sights "$none" collector "$(mask bpf net_admin perfmon)" \
			owners "$owners" names "$none"
		has_helpers "$MONITOR_PID" pktstat-users ''
		send 200
		monitor_stop TERM
		exact "$mode behind the guard"
	done
	monitor_start once --json --attach clsact --exit-on-loss --no-owners
	has_each "$MONITOR_PID" pktstat-bpf "$none" sights "$none" collector "$(mask bpf net_admin)"
	send 60000
	monitor_stop TERM
	exact "clsact with two capabilities"
	case $modes in *tcx*) ;; *) return 0 ;; esac
	monitor_start once --json --attach tcx --exit-on-loss --no-owners
	has_each "$MONITOR_PID" pktstat-bpf "$none" sights "$none" collector "$(mask bpf)"
	send 60000
	monitor_stop TERM
	exact "tcx with one capability"
}

# The namespace of --netns is entered with a capability that nobody has afterwards.
test_netns() {
	monitor_in() {
		(exec env --default-signal=INT "$PKTSTAT_BPF" --netns "$BED_MON" -i mon0 --json --no-owners \
			>"$BED_DIR/netns.out" 2>"$BED_DIR/netns.err" </dev/null) &
		MONITOR_NAME=netns MONITOR_PID=$!
		BED_PIDS="$BED_PIDS $MONITOR_PID"
	}
	monitor_in
	wait_for 60 monitor_ready "$MONITOR_PID"
	has_each "$MONITOR_PID" pktstat-bpf "$none" sights "$none" collector "$(mask bpf net_admin perfmon)"
	send 200
	monitor_stop TERM
	exact "--netns behind the guard"
}

child_of() {
	child=$(pgrep -P "$1" -x pktstat-bpf)
}

# Starts the live view in a terminal of its own: "keys" is what is typed, "child" the program. The
# directory of the settings is made by the program.
view_start() {
	rm -f "$BED_DIR/keys"
	mkfifo "$BED_DIR/keys"
	exec 8<>"$BED_DIR/keys"
	(exec ip netns exec "$BED_MON" env TERM=xterm XDG_CONFIG_HOME="$BED_DIR/config" \
		script -qec "exec '$PKTSTAT_BPF' -i mon0 2>'$BED_DIR/live.err'" /dev/null \
		<&8 >"$BED_DIR/live.out" 8<&-) &
	script=$!
	BED_PIDS="$BED_PIDS $script"
	wait_for 60 child_of "$script" || fail "no live view: $(cat "$BED_DIR/live.out")"
	has_each "$child" pktstat-bpf "$none" sights "$none" collector "$(mask bpf net_admin perfmon)" \
		owners "$owners" names "$none"
	has_helpers "$child" pktstat-keep pktstat-save pktstat-users ''
	wait_for 60 wrote '[?1049h' || fail "no screen: $(cat "$BED_DIR/live.err")"
}

wrote() {
	grep -qaF "$1" "$BED_DIR/live.out"
}

# With a view: the same, and keys that need files and the terminal still work.
test_live() {
	local script child helpers
	view_start
	helpers=$(pgrep -P "$child")
	kill -TSTP "$child" # it has no shell to go back to, and goes on
	kill -WINCH "$child"
	printf NW >&8
	wait_for 60 test -s "$BED_DIR/config/pktstat-bpf/settings" || fail "W saved nothing"
	printf q >&8
	wait "$script" || fail "status $?: $(cat "$BED_DIR/live.err")"
	exec 8<&-
	same "live: standard error" "$(cat "$BED_DIR/live.err")" ""
	wait_for 60 processes_gone $helpers || fail "helpers are left: $(ps -o pid,comm -p "$(echo $helpers | tr ' ' ,)")"
}

# A crash behind the guard: the terminal is given back, and the fault is still the cause of death.
test_crash() {
	local script child status=0
	view_start
	kill -SEGV "$child"
	wait "$script" || status=$?
	exec 8<&-
	same "status after SIGSEGV" "$status" 139
	wrote '[?1049l' || fail "the screen was not given back"
	unwatched || fail "SIGSEGV left programs behind"
}

unwatched() {
	monitor_start next --json
	monitor_stop TERM
	same "the next start" "$MONITOR_STATUS" 0
	! bed_mon tc filter show dev mon0 ingress | grep -q flow_
}

[ $# -gt 0 ] || set -- ordinary missing setuid threads live crash netns
command -v setcap >/dev/null && command -v setpriv >/dev/null || skip "needs setcap and setpriv"
bed_make privileges quiet
chmod 755 "$BED_DIR"
case $(findmnt -no OPTIONS -T "$BED_DIR") in
*nosuid*) skip "$BED_DIR is mounted nosuid, where file capabilities mean nothing" ;;
esac
# Where the kernel lists sockets by process, nobody's descriptors need be looked into.
none=0000000000000000
owners=$(mask bpf sys_ptrace)
[ -e /sys/kernel/btf/vmlinux ] || owners=$(mask bpf sys_ptrace dac_read_search)
modes='tcx clsact'
bed_mon "$PKTSTAT_BPF" -i mon0 --json -t 100ms --attach tcx >/dev/null 2>&1 || modes=clsact
for name; do
	"test_$name"
	echo "ok: $name"
done
