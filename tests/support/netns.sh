# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by the e2e tests and benchmarks: two hosts in network namespaces, joined by a veth pair,
# and the monitor running in one of them. Everything is removed when the script ends, however.
#
#   bed_make NAME [quiet]   namespaces $BED_MON (interface mon0, 10.99.0.1, fd99::1) and $BED_FAR
#                           (far0, 10.99.0.2, fd99::2), scratch directory $BED_DIR. "quiet": no
#                           ARP and no IPv6 of their own, so that only what the test sends passes
#   bed_mon CMD..., bed_far CMD...   run in that namespace
#   wait_for SECONDS CMD... polls until CMD succeeds; fails after the limit, which is as many times
#                           longer as $PKTSTAT_PATIENCE says (emulated machines)
#   processes_gone PID...   none of these is there any more
#   monitor_start NAME ARGS...       starts the program in $BED_MON on mon0 (or $MONITOR_IFACE),
#                           waits until it is attached; process in MONITOR_PID, output in $BED_DIR/NAME.out (or
#                           $MONITOR_OUT) and NAME.err
#                           With PKTSTAT_ATTACH=socket in the environment: as in a container that has
#                           CAP_NET_RAW alone and a seccomp filter that refuses bpf(2)
#   monitor_stop [SIGNAL]   ends it (default INT), waits, status in MONITOR_STATUS
#   monitor_wait            waits until it ends by itself
#   ticks PID               user and system time of a process, in ticks; PID/task/TID: of a thread
#   kilobytes PID WHAT      a number of /proc/PID/status, for example VmHWM
#   refuses STATUS TEXT CMD...       CMD, in $BED_MON, ends with that status, prints nothing and says one
#                           line that has TEXT, an extended regular expression
#   compare WORDS FILES...  the JSON report of the last monitor, which ended well, is what was sent
#   fail WORDS..., skip WORDS..., same NAME GOT WANTED

PKTSTAT_BPF=${PKTSTAT_BPF:?the program to test}
BED_PIDS=

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

skip() {
	echo "skipped: $*" >&2
	exit 77
}

same() {
	[ "$2" = "$3" ] || fail "$1: got $2, wanted $3"
}

processes_gone() {
	local pid
	for pid; do
		! kill -0 "$pid" 2>/dev/null || return 1
	done
}

wait_for() {
	local deadline=$((SECONDS + $1 * ${PKTSTAT_PATIENCE:-1}))
	shift
	until "$@"; do
		[ "$SECONDS" -le "$deadline" ] || return 1
		sleep 0.02
	done
}

# The name stands in brackets and may have spaces.
ticks() {
	sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'
}

kilobytes() {
	awk -v what="$2:" '$1 == what { print $2 }' "/proc/$1/status"
}

bed_mon() {
	ip netns exec "$BED_MON" "$@"
}

bed_far() {
	ip netns exec "$BED_FAR" "$@"
}

compare() {
	same "$1: exit status" "$MONITOR_STATUS" 0
	same "$1: standard error" "$(cat "$BED_DIR/$MONITOR_NAME.err")" ""
	echo -n "$1: "
	shift
	"${PKTSTAT_TOOLS:?}/compare_flows" "$BED_DIR/$MONITOR_NAME.out" "$@" || fail "the report is not exact"
}

refuses() {
	local status=0 wanted=$1 text=$2
	shift 2
	bed_mon "$@" >"$BED_DIR/refuses.out" 2>"$BED_DIR/refuses.err" </dev/null || status=$?
	same "$*: status" "$status" "$wanted"
	same "$*: standard output" "$(cat "$BED_DIR/refuses.out")" ""
	same "$*: lines on standard error: $(cat "$BED_DIR/refuses.err")" \
		"$(wc -l <"$BED_DIR/refuses.err")" 1
	grep -qE -- "$text" "$BED_DIR/refuses.err" || fail "$*: no '$text' in: $(cat "$BED_DIR/refuses.err")"
	echo "ok: ${*##*/}: $(cat "$BED_DIR/refuses.err")"
}

bed_clean() {
	local pid
	for pid in $BED_PIDS; do
		kill -KILL "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
	ip netns del "$BED_MON" 2>/dev/null
	ip netns del "$BED_FAR" 2>/dev/null
	rm -rf "$BED_DIR"
	true
}

bed_make() {
	[ "$(id -u)" = 0 ] || skip "network namespaces need root"
	BED_MON=$1-mon-$$
	BED_FAR=$1-far-$$
	BED_DIR=$(mktemp -d "${TMPDIR:-/tmp}/$1.XXXXXX") || fail "no scratch directory"
	trap bed_clean EXIT
	trap 'exit 1' INT TERM HUP
	ip netns add "$BED_MON" || skip "cannot make network namespaces"
	ip netns add "$BED_FAR" || skip "cannot make network namespaces"
	ip link add mon0 netns "$BED_MON" type veth peer name far0 netns "$BED_FAR" ||
		skip "cannot make veth pairs"
	if [ "${2-}" = quiet ]; then
		bed_quiet "$BED_MON" mon0
		bed_quiet "$BED_FAR" far0
	else
		ip -n "$BED_MON" addr add 10.99.0.1/24 dev mon0
		ip -n "$BED_FAR" addr add 10.99.0.2/24 dev far0
		ip -n "$BED_MON" addr add fd99::1/64 dev mon0 nodad
		ip -n "$BED_FAR" addr add fd99::2/64 dev far0 nodad
	fi
	ip -n "$BED_MON" link set lo up
	ip -n "$BED_FAR" link set lo up
	ip -n "$BED_MON" link set mon0 up
	ip -n "$BED_FAR" link set far0 up
}

bed_quiet() {
	ip netns exec "$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 \
		net.ipv6.conf.default.disable_ipv6=1
	ip -n "$1" link set "$2" arp off
}

# The kernel's numbers of the programs a process holds.
programs_of() {
	sed -n 's/^prog_id:[[:space:]]*//p' "/proc/$1/fdinfo/"* 2>/dev/null | sort -u
}

# Both programs stand on the hook, by TCX link or by tc filter.
monitor_attached() {
	local ids
	if [ "$(grep -ls 'link_type:[[:space:]]*tcx' "/proc/$1/fdinfo/"* 2>/dev/null | wc -l)" -ge 2 ]; then
		return 0
	fi
	ids=$(programs_of "$1" | tr '\n' '|')
	[ -n "$ids" ] && bed_mon tc filter show dev "${MONITOR_IFACE:-mon0}" egress 2>/dev/null |
		grep -qE "flow_egress:\[(${ids%|})\]"
}

# A packet socket that receives all protocols, on the interface or on any.
monitor_listens() {
	awk '$4 == "0003" && $6 == 1' "/proc/$1/net/packet" 2>/dev/null | grep -q .
}

monitor_ready() {
	! kill -0 "$1" 2>/dev/null && return
	if [ "${PKTSTAT_ATTACH:-}" = socket ]; then
		monitor_listens "$1"
	else
		monitor_attached "$1"
	fi
}

# In what surroundings the program runs.
monitor_run() {
	if [ "${PKTSTAT_ATTACH:-}" = socket ]; then
		exec setpriv --bounding-set=-all,+net_raw --inh-caps=-all -- \
			"${PKTSTAT_TOOLS:?}/no_bpf" "$@"
	fi
	exec "$@"
}

# An asynchronous command of a script ignores SIGINT unless told otherwise.
monitor_start() {
	MONITOR_NAME=$1
	shift
	(exec ip netns exec "$BED_MON" "$BASH" -c "$(declare -f monitor_run); monitor_run \"\$@\"" - \
		env --default-signal=INT,QUIT "$PKTSTAT_BPF" -i "${MONITOR_IFACE:-mon0}" "$@" >"${MONITOR_OUT:-$BED_DIR/$MONITOR_NAME.out}" \
		2>"$BED_DIR/$MONITOR_NAME.err" </dev/null) &
	MONITOR_PID=$!
	BED_PIDS="$BED_PIDS $MONITOR_PID"
	wait_for 60 monitor_ready "$MONITOR_PID"
	kill -0 "$MONITOR_PID" 2>/dev/null ||
		fail "the monitor did not attach: $(cat "$BED_DIR/$MONITOR_NAME.err")"
}

monitor_stop() {
	kill "-${1:-INT}" "$MONITOR_PID"
	monitor_wait
}

monitor_wait() {
	MONITOR_STATUS=0
	wait "$MONITOR_PID" || MONITOR_STATUS=$?
}
