#!/bin/bash
# SPDX-License-Identifier: MIT
# What runs inside a booted kernel. Says on descriptor 9, a line each: "attach MODE", "owners WAY",
# "cpus N of M", "ok TEST", "FAIL TEST", "ns_in N", "ns_out N" (nanoseconds per packet) and "end of
# tests". The variable `only` names the tests to run, by commas, if not all.
export PKTSTAT_BPF=/test/pktstat-bpf PKTSTAT_TOOLS=/test/tools PACKETS=2000
# Emulated, beside other work: everything may take many times longer.
export PKTSTAT_PATIENCE=10 ROUNDS=2
tests=/test/tests

say() {
	echo "$*" >&9
}

wanted() {
	case ,${only:-$1}, in
	*,"$1",*) ;;
	*) return 1 ;;
	esac
}

check() {
	local name=$1
	shift
	wanted "$name" || return 0
	if ("$@"); then
		say "ok $name"
	else
		say "FAIL $name"
		return 1
	fi
}

# check_all SCRIPT [CASE...]: an end-to-end test; its cases report when they are done.
check_all() {
	local name=$1 line
	shift
	wanted "$name" || return 0
	"$tests/e2e/$name.sh" "$@" > >(while read -r line; do
		echo "$line"
		[ "${line#ok: }" = "$line" ] || say "ok ${name}_${line#ok: }"
	done) || say "FAIL $name"
}

# Sourced in each test's own shell: it cleans up when that ends.
bed() {
	# shellcheck source=tests/support/netns.sh
	. "$tests/support/netns.sh"
	bed_make kernel quiet
}

blast_in() {
	bed_far "$PKTSTAT_TOOLS/blast" --iface far0 --expect "$BED_DIR/$1.sent" "${@:2}" >/dev/null ||
		fail "the sender failed"
}

blast_out() {
	bed_mon "$PKTSTAT_TOOLS/blast" --iface mon0 --egress --expect "$BED_DIR/$1.sent" "${@:2}" \
		>/dev/null || fail "the sender failed"
}

# exact FILES...: the report of the last monitor holds just what was sent.
exact() {
	same status "$MONITOR_STATUS" 0
	[ "$(grep -c BROKEN "$BED_DIR/$MONITOR_NAME.err")" = 0 ] || fail "a sum does not hold"
	"$PKTSTAT_TOOLS/compare_flows" "$BED_DIR/$MONITOR_NAME.out" "$@" || fail "not exact"
}

mode_here() {
	local how
	bed
	monitor_start mode --attach auto
	monitor_stop TERM
	how=$(sed -nE 's/^Watched.*\((.*)\).*/\1/p' "$BED_DIR/mode.out")
	say "attach $how"
	case $how in # programs that the kernel refuses would leave the packet socket
	*tcx* | *clsact*) ;;
	*) return 1 ;;
	esac
	grep -q '^Accounting' "$BED_DIR/mode.out"
}

# Both directions at once, while generations are swapped ten times a second.
generations() {
	local in
	bed
	monitor_start generations --json -r 100ms --verify
	blast_in in --flows 1000 --packets 60000 --order random --size mixed --ipv6 30 --tcp 50 &
	in=$!
	blast_out out --flows 3000 --packets 60000 --order zipf --size mixed --ipv6 50 --tcp 20
	wait "$in" || fail "the sender failed"
	monitor_stop TERM
	exact "$BED_DIR/in.sent" "$BED_DIR/out.sent"
}

# More flows than the first map holds, again and again: the map has grown when the last ones come,
# and they are all in rows.
growth() {
	bed
	monitor_start growth --json -r 200ms --verify --max-flows 1000000
	blast_in warm --flows 120000 --first 2000000 --packets 120000 --rate 40000
	blast_in in --flows 60000 --packets 60000 --rate 40000 --tcp 50 --ipv6 10
	monitor_stop TERM
	exact "$BED_DIR/in.sent" --folded "$BED_DIR/warm.sent"
}

# What does not find room is counted by protocol.
full() {
	bed
	monitor_start full --json -r 100ms
	kill -STOP "$MONITOR_PID"
	blast_in in --flows 50000 --packets 100000 --order random --tcp 50 --size mixed
	kill -CONT "$MONITOR_PID"
	monitor_stop TERM
	exact --folded "$BED_DIR/in.sent"
}

# Senders of different priority on one CPU: with PREEMPT_RT they interrupt each other in our programs.
ranked() {
	bed
	monitor_start ranked --json -r 100ms --verify
	bed_mon "$PKTSTAT_TOOLS/ranked_send" mon0 20 "$BED_DIR/ranked.sent" || fail "the sender failed"
	monitor_stop TERM
	exact "$BED_DIR/ranked.sent"
}

centiseconds() {
	cut -d ' ' -f 1 /proc/uptime | tr -d .
}

# What the kernel holds for a monitor that has seen little: within what doc/architecture.md says, also
# where many CPUs could come. And how soon it counts.
memory() {
	local bytes begin most
	bed
	begin=$(centiseconds)
	monitor_start memory --json
	say "start_ms $((($(centiseconds) - begin) * 10))"
	bytes=$(cat "/proc/$MONITOR_PID/fdinfo/"* | awk '
		$1 == "memlock:" { held = $2 }
		$1 == "map_id:" && !seen[$2]++ { sum += held }
		END { print sum }')
	say "kernel_kb $((bytes / 1024))"
	monitor_stop TERM
	most=$((32 + $(cpus_in /sys/devices/system/cpu/possible) / 2))
	[ "$bytes" -gt 0 ] && [ "$bytes" -lt $((most << 20)) ]
}

# The verifier takes the sampler, and it hands over what it should.
sampler() {
	"$PKTSTAT_TOOLS/test_sample"
}

# All memory behind the programs, with random flows, on this kernel's verifier and processor.
random() {
	"$PKTSTAT_TOOLS/test_table_random"
}

# The two programs are told apart by how many packets each of them saw.
figures() {
	local figure
	bed
	sysctl -qw kernel.bpf_stats_enabled=1
	monitor_start figures --json
	blast_in in --flows 64 --packets 30000
	blast_out out --flows 64 --packets 20000
	figure=$(cat "/proc/$MONITOR_PID/fdinfo/"* | awk '
		$1 == "run_time_ns:" { time = $2 }
		$1 == "run_cnt:" && $2 == 30000 { printf "ns_in %d\n", time / $2 }
		$1 == "run_cnt:" && $2 == 20000 { printf "ns_out %d\n", time / $2 }')
	monitor_stop TERM
	sysctl -qw kernel.bpf_stats_enabled=0
	[ -z "$figure" ] || sort -u <<<"$figure" >&9
	exact "$BED_DIR/in.sent" "$BED_DIR/out.sent"
}

# shellcheck source=tests/kernels/guest_more.sh
. "$tests/kernels/guest_more.sh"
# shellcheck source=tests/kernels/guest_l3.sh
. "$tests/kernels/guest_l3.sh"

check mode mode_here || exit 1
check cpus cpus
check_all attach
check_all claims remade replaced elsewhere together
check_all end term table interface
check generations generations
check growth growth
check full full
check memory memory
check ranked ranked
check vlan vlan_over_parent
check bond bond_over_members
check owner owner_of_flow
check guard guarded
check tunnel tunnel_socket
check l3 l3_devices
check sample sampler
check random random
check figures figures
check locked locked
say end of tests
