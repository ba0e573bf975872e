#!/bin/bash
# SPDX-License-Identifier: MIT
# Owners of flows: real processes with known PIDs, compared with the report.
#
# usage: owners.sh [peers|short|groups|names|change|inetd|blind|forwarded|pidns|many|helper|off]...
set -u
. "$(dirname "$0")/../support/netns.sh"
tools=${PKTSTAT_TOOLS:?directory of the test tools}
peer=$(dirname "$0")/owners_peer.py

# start NS ARGS...: a process of owners_peer.py in that namespace, its number in PEER.
start() {
	local ns=$1 out
	shift
	out=$BED_DIR/peer.$RANDOM$RANDOM
	mkfifo "$out.in"
	(exec ip netns exec "$ns" /usr/bin/python3 "$peer" "$@" >"$out" <>"$out.in") &
	PEER=$!
	PEER_OUT=$out
	BED_PIDS="$BED_PIDS $PEER"
	wait_for 60 grep -q ready "$out" || fail "$* did not get ready"
}

# Ends what start() began, as its socket's last user.
stop() {
	kill -KILL "$1" 2>/dev/null
	wait "$1" 2>/dev/null
	return 0
}

# field JQ-CONDITION FIELD: of the one row for which that holds.
field() {
	jq -r "[.[] | select($1)] | if length == 1 then .[0].$2 // \"-\" else \"\(length) rows\" end" \
		"$BED_DIR/$MONITOR_NAME.out"
}

expect() {
	same "$1: $3" "$(field "$2" "$3")" "$4"
}

has_thread() {
	grep -qsx owners "/proc/$MONITOR_PID"/task/*/comm
}

# watch NAME ARGS...: the monitor, and its thread that looks owners up.
watch() {
	monitor_start "$@"
	wait_for 60 has_thread || fail "no thread for owners"
}

# How often threads of the monitor have waited for something so far.
turns() {
	cat "/proc/$MONITOR_PID"/task/*/status 2>/dev/null |
		awk '/^voluntary_ctxt_switches/ { sum += $2 } END { print sum + 0 }'
}

has_turned() {
	[ "$(turns)" -ge "$1" ]
}

# Some intervals of the monitor, so that it has looked at what was there: each of its threads waits
# at least once an interval.
settle() {
	local before
	before=$(turns)
	sleep 0.7
	wait_for 60 has_turned $((before + 6)) || fail "the monitor does not run"
}

finish() {
	monitor_stop
	same "status" "$MONITOR_STATUS" 0
	same "standard error" "$(cat "$BED_DIR/$MONITOR_NAME.err")" ""
	jq -e . "$BED_DIR/$MONITOR_NAME.out" >/dev/null || fail "not JSON"
}

# Servers and clients of both families, on this side and on the other.
test_peers() {
	local server client far
	start "$BED_MON" serve 7000
	server=$PEER
	watch peers -r 300ms --json
	start "$BED_FAR" talk tcp 10.99.0.1 7000 6001 2
	start "$BED_FAR" talk udp fd99::1 7000 6002 2
	start "$BED_FAR" talk udp 10.99.0.1 7000 6003 2
	start "$BED_FAR" talk tcp fd99::1 7000 6004 2
	start "$BED_MON" talk udp 10.99.0.2 9 6005 2
	client=$PEER
	start "$BED_FAR" talk udp 10.99.0.1 9 6007 2
	# Somewhere behind this host, from an address that no other test's namespace has.
	ip -n "$BED_FAR" addr add "10.98.$((RANDOM % 256)).$((RANDOM % 256))/32" dev far0 &&
		ip -n "$BED_FAR" route add 10.97.0.77 dev far0 \
			src "$(ip -n "$BED_FAR" -o -4 addr show dev far0 | grep -o '10\.98\.[0-9.]*')" &&
		ip -n "$BED_FAR" neigh add 10.97.0.77 dev far0 \
			lladdr "$(bed_mon cat /sys/class/net/mon0/address)" || fail "route"
	start "$BED_FAR" talk udp 10.97.0.77 9 6006 2
	far=$PEER
	bed_mon ping -q -c 2 -i 0.2 10.99.0.2 >/dev/null || fail "ping"
	settle
	stop "$client"
	settle
	finish
	for port in 6001 6002 6003 6004; do
		expect "to the server from $port" ".srcPort == $port and .dir == \"in\"" pid "$server"
		expect "from the server to $port" ".dstPort == $port and .dir == \"out\"" pid "$server"
	done
	expect "server" '.srcPort == 6001' comm python3
	expect "server" '.srcPort == 6001 and .dir == "in"' exe "$(readlink -f /usr/bin/python3)"
	expect "server" '.srcPort == 6001' user root
	expect "a process that ended" '.srcPort == 6005' pid "$client"
	expect "the peer of a port where nobody listens" '.srcPort == 6007' pid -
	expect "the peer of a port where nobody listens" '.srcPort == 6007' comm -
	expect "behind the port of a container" '.srcPort == 6006' pid "$far"
	expect "echo request" '.proto == "ICMPv4" and .srcPort == 8 and .dir == "out"' comm ping
	expect "echo reply" '.proto == "ICMPv4" and .srcPort == 0 and .dir == "in"' comm ping
	expect "unreachable" '.proto == "ICMPv4" and .srcPort == 3 and .dir == "out"' comm kernel
	expect "unreachable" '.proto == "ICMPv4" and .srcPort == 3 and .dir == "out"' pid -
	same "ARP" "$(jq -r '[.[] | select(.proto == "ARP") | .comm] | unique | join(" ")' \
		"$BED_DIR/peers.out")" kernel
	stop "$server"
}

# Processes that are gone long before the next look, and connections that never came about.
test_short() {
	local pids='' refused got port
	watch short -r 500ms --json
	[ "$(programs_of "$MONITOR_PID" | wc -l)" -ge 4 ] || skip "no release hook on this kernel"
	# Each to a port of its own: two that got the same one on this side would be one flow.
	for port in $(seq 5101 5130); do
		(exec ip netns exec "$BED_MON" bash -c "echo x >/dev/udp/10.99.0.2/$port") &
		pids="$pids $!"
		wait $!
	done
	(exec ip netns exec "$BED_MON" bash -c 'exec 3<>/dev/tcp/10.99.0.2/9') 2>/dev/null &
	refused=$!
	wait $refused
	settle
	finish
	got=$(jq -r '.[] | select(.dstPort > 5100 and .dstPort <= 5130) | .pid' "$BED_DIR/short.out" |
		sort -n)
	same "30 short ones" "$got" "$(tr ' ' '\n' <<<"$pids" | sed 1d | sort -n)"
	expect "refused" '.dstPort == 9 and .dir == "out"' pid "$refused"
	expect "its refusal" '.srcPort == 9 and .dir == "in"' pid "$refused"
}

# A process in a cgroup of its own: its path, also when it is gone.
test_groups() {
	local root cgroup
	root=$(awk '$0 ~ / - cgroup2 / { print $5; exit }' /proc/self/mountinfo)
	[ -n "$root" ] || skip "no cgroup v2 here"
	cgroup=$root/owners-$$
	mkdir -p "$cgroup/web.service" 2>/dev/null || skip "cannot make a cgroup"
	trap 'rmdir "$cgroup/web.service" "$cgroup"; bed_clean' EXIT
	watch groups -r 300ms --json
	(echo $BASHPID >"$cgroup/web.service/cgroup.procs" &&
		bed_mon bash -c 'echo x >/dev/udp/10.99.0.2/5002' &&
		start "$BED_MON" talk udp 10.99.0.2 5003 6007 1 && wait "$PEER")
	finish
	for port in 5002 5003; do
		expect "cgroup" ".dstPort == $port and .proto == \"UDP\"" cgroup "/owners-$$/web.service"
	done
	rmdir "$cgroup/web.service" "$cgroup"
	trap bed_clean EXIT
}

# Names that are out to harm a terminal or a parser.
test_names() {
	watch names -r 300ms --json
	start "$BED_MON" talk udp 10.99.0.2 9 6010 1 '\x1b[31m\xff"\\\n'
	wait "$PEER"
	finish
	same "raw bytes in the report" "$(grep -cP '[\x00-\x09\x0b-\x1f\x7f]' "$BED_DIR/names.out")" 0
	expect "name" '.srcPort == 6010' comm '\x1b[31m\xff"\\x0a'
	watch table -r 300ms
	start "$BED_MON" talk udp 10.99.0.2 9 6010 1 '\x1b[31m\xff"\\\n'
	wait "$PEER"
	monitor_stop
	same "raw bytes in the table" "$(grep -cP '[\x00-\x09\x0b-\x1f\x7f]' "$BED_DIR/table.out")" 0
}

# Another program in the same process; another process with the same number.
test_change() {
	local long=$BED_DIR/a-process-with-a-long-name pid
	watch change -r 300ms --json
	start "$BED_MON" exec 6020 10.99.0.2 "$long"
	pid=$PEER
	settle
	echo >"$PEER_OUT.in"
	wait_for 60 grep -q a-process "/proc/$pid/comm" || fail "no exec"
	bed_far bash -c 'echo x >/dev/udp/10.99.0.1/6020'
	start "$BED_MON" reuse 10.99.0.2 6021 6022
	settle
	finish
	expect "after" '.dstPort == 6020' comm a-process-with-a-long-name
	expect "before" '.dstPort == 1111' pid "$pid"
	expect "after" '.dstPort == 6020' pid "$pid"
	stop "$pid"
	pid=$(awk '{ print $2 }' "$PEER_OUT")
	if [ "$pid" = 0 ]; then
		echo "not tried: no number could be used again"
		return
	fi
	expect "first with the number" '.dstPort == 6021' comm first
	expect "second with the number" '.dstPort == 6022' comm second
	expect "first with the number" '.dstPort == 6021' pid "$pid"
	expect "second with the number" '.dstPort == 6022' pid "$pid"
}

# A server that starts a program for each connection: once a person has seen it named after the
# server, it must not keep that name. And a main thread that has a name of its own.
test_inetd() {
	local program=$BED_DIR/in.catd server child client
	start "$BED_MON" inetd 7100 "$program"
	server=$PEER
	child=$PEER_OUT
	watch inetd -r 300ms --json
	start "$BED_FAR" talk tcp 10.99.0.1 7100 6030 12
	client=$PEER
	start "$BED_FAR" talk udp 10.99.0.1 9 6031 1
	start "$BED_MON" talk udp 10.99.0.2 9 6032 2 MainThread
	settle
	echo >"$child.in"
	wait_for 60 grep -q child "$child" || fail "no child"
	child=$(awk '/^child/ { print $2 }' "$child")
	rm "$program"
	wait "$client"
	finish
	expect "child of $server" '.srcPort == 6030 and .dir == "in"' pid "$child"
	expect "child" '.srcPort == 6030 and .dir == "in"' comm in.catd
	expect "child" '.dstPort == 6030 and .dir == "out"' comm in.catd
	expect "child, deleted" '.srcPort == 6030 and .dir == "in"' exe "$program"
	expect "main thread" '.srcPort == 6032' comm MainThread
	expect "main thread" '.srcPort == 6032' exe "$(readlink -f /usr/bin/python3)"
	stop "$server"
}

# The monitor itself, which unshare may be the parent of; attached.
blind_pid() {
	for pid in $MONITOR_PID $(pgrep -P "$MONITOR_PID"); do
		[ "$(cat "/proc/$pid/comm")" != pktstat-bpf ] || { monitor_attached "$pid" && echo "$pid"; }
	done
}

blind_ready() {
	[ -n "$(blind_pid)" ]
}

# blind NAME UNSHARE-ARGS...: the monitor runs so, until there were flows to a server and to a port
# where nobody listens.
blind() {
	local far udp
	MONITOR_NAME=$1
	shift
	(exec ip netns exec "$BED_MON" unshare "$@" "$PKTSTAT_BPF" -i mon0 -r 300ms --json \
		>"$BED_DIR/$MONITOR_NAME.out" 2>"$BED_DIR/$MONITOR_NAME.err" </dev/null) &
	MONITOR_PID=$!
	BED_PIDS="$BED_PIDS $MONITOR_PID"
	wait_for 60 blind_ready || fail "not attached: $(cat "$BED_DIR/$MONITOR_NAME.err")"
	start "$BED_FAR" talk tcp 10.99.0.1 7000 6001 2
	far=$PEER
	start "$BED_FAR" talk udp 10.99.0.1 9 6002 2
	udp=$PEER
	wait "$far"
	kill -TERM "$(blind_pid)"
	monitor_wait
	stop "$udp"
	same "$MONITOR_NAME: status" "$MONITOR_STATUS" 0
	same "to nobody" "$(jq -c '[.[] | select(.srcPort == 6002) | has("comm")]' \
		"$BED_DIR/$MONITOR_NAME.out")" '[false]'
	same "$MONITOR_NAME: lines" "$(wc -l <"$BED_DIR/$MONITOR_NAME.err")" \
		"$(grep -c 'no process can be named: .*pid namespace' "$BED_DIR/$MONITOR_NAME.err")"
}

# Where processes cannot be told, nobody is named, the peer least of all, and that is said once.
test_blind() {
	local server got
	start "$BED_MON" serve 7000
	server=$PEER
	# Newer kernels tell the program's own namespaces without /proc.
	blind proc -m sh -c 'mount -t tmpfs none /proc && exec "$@"' -
	got=$(jq '.[] | select(.srcPort == 6001) | .pid' "$BED_DIR/proc.out")
	[ "$got" = "$server" ] || [ "$got" = null ] || fail "without /proc: $got, not $server"
	[ "$got" = "$server" ] || [ -s "$BED_DIR/proc.err" ] || fail "without /proc: not a word"
	echo "without /proc the server is $got"
	blind pidns -p -f --kill-child --mount-proc
	same "named" "$(jq -c '[.[] | select(has("pid"))] | length' "$BED_DIR/pidns.out")" 0
	same "said" "$(wc -l <"$BED_DIR/pidns.err")" 1
	stop "$server"
}

# Neither end is known here; and all views still sum to the same.
test_forwarded() {
	watch forwarded -r 300ms --json
	bed_far "$tools/blast" --iface far0 --flows 50 --packets 5000 --order random --tcp 50 \
		>"$BED_DIR/sent.json" || fail "blast"
	settle
	finish
	same "owners" "$(jq -r '[.[] | select(.packets > 10) | .comm] | unique | join(" ")' \
		"$BED_DIR/forwarded.out")" forwarded
	same "packets" "$(jq '[.[] | select(.comm == "forwarded") | .packets] | add' \
		"$BED_DIR/forwarded.out")" 5000
}

# shellcheck disable=SC2016 # it is another shell's
# sender: a process that sends until it is ended; what its own namespace calls it is in the file.
sender='(echo $BASHPID >"$1"; exec 3>/dev/udp/10.99.0.2/$2
	while :; do echo x >&3; sleep 0.1 3>&-; done) 2>/dev/null'

# A container's processes as the host counts them, and a monitor inside one as that counts them.
test_pidns() {
	local inner
	watch pidns -r 300ms --json
	(exec ip netns exec "$BED_MON" unshare -p -f --kill-child --mount-proc \
		bash -c "$sender" - "$BED_DIR/inner" 7701) &
	BED_PIDS="$BED_PIDS $!"
	wait_for 60 test -s "$BED_DIR/inner" || fail "no process with numbers of its own"
	settle
	finish
	inner=$(grep -sl "^NSpid:.*[[:space:]]$(cat "$BED_DIR/inner")\$" /proc/[0-9]*/status)
	[[ " $inner " == *"/$(jq -r '.[] | select(.dstPort == 7701) | .pid' "$BED_DIR/pidns.out")/"* ]] ||
		fail "not the host's number: $(cat "$BED_DIR/pidns.out")"
	(exec ip netns exec "$BED_MON" unshare -p -f --kill-child --mount-proc \
		bash -c "$sender & exec \"\$PKTSTAT_BPF\" -i mon0 -r 300ms -t 5s --json" \
		- "$BED_DIR/inside" 7702 >"$BED_DIR/inside.out" 2>"$BED_DIR/inside.err") || fail "inside"
	MONITOR_NAME=inside
	expect "inside" '.dstPort == 7702' pid "$(cat "$BED_DIR/inside")"
	expect "inside" '.dstPort == 7702' comm bash
}

# The one among many.
test_many() {
	local server
	start "$BED_MON" serve 7000
	server=$PEER
	start "$BED_MON" many 50000 10000
	wait_for 60 sh -c "[ \$(grep -c ready $PEER_OUT) = 5 ]" || fail "50,000 sockets"
	watch many -r 500ms --json
	start "$BED_FAR" talk tcp 10.99.0.1 7000 6001 2
	wait "$PEER"
	finish
	expect "among 50,000" '.srcPort == 6001 and .dir == "in"' pid "$server"
}

# The process that looks names of users up is stopped: a number instead, and all the rest.
test_helper() {
	local client
	watch helper -r 300ms --json
	kill -STOP "$(pgrep -P "$MONITOR_PID" -x pktstat-users)" || fail "no process for names of users"
	start "$BED_MON" talk udp 10.99.0.2 9 6005 2
	client=$PEER
	settle
	finish
	expect "beside a helper that is stopped" '.srcPort == 6005' pid "$client"
	expect "beside a helper that is stopped" '.srcPort == 6005' user 0
}

# --no-owners: nothing but the two programs of the counting; no fields.
test_off() {
	monitor_start off -r 300ms --json --no-owners
	same "programs" "$(programs_of "$MONITOR_PID" | wc -l)" 2
	bed_mon bash -c 'echo x >/dev/udp/10.99.0.2/5001'
	settle
	finish
	same "fields" "$(jq -c '[.[] | select(has("pid") or has("comm"))] | length' "$BED_DIR/off.out")" 0
}

command -v jq >/dev/null || skip "jq is missing"
[ -x /usr/bin/python3 ] || skip "python3 is missing"
[ $# -gt 0 ] || set -- peers short groups names change inetd blind forwarded pidns many helper off
bed_make owners
for name; do
	"test_$name"
	echo "ok: $name"
done
