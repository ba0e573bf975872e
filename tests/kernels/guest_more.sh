# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by guest.sh: several interfaces that see the same packets, the owners of flows, and what
# the monitor may still do once it runs. Development machines lack the modules for some of it.

# Both directions of all those interfaces are attached to, by TCX link or tc filter.
wait_for_interfaces() {
	interfaces=("$@")
	wait_for 60 all_attached || fail "not attached to: $*"
}

all_attached() {
	local interface links
	links=$(grep -ls 'link_type:[[:space:]]*tcx' "/proc/$MONITOR_PID/fdinfo/"* | wc -l)
	[ "$links" -lt $((2 * ${#interfaces[@]})) ] || return 0
	for interface in "${interfaces[@]}"; do
		bed_mon tc filter show dev "$interface" egress | grep -q flow_egress || return 1
	done
}

# on INTERFACE: packets in the rows of that interface.
on() {
	jq --arg name "$1" '[.[] | select(.iface == $name and .dir == "in").packets] | add // 0' \
		"$BED_DIR/$MONITOR_NAME.out"
}

# watch_any NAME INTERFACES ARG...: a monitor on all there are, once it stands on INTERFACES.
watch_any() {
	local name=$1 watched=$2
	shift 2
	(exec ip netns exec "$BED_MON" "$PKTSTAT_BPF" -i any --json -r 200ms "$@" </dev/null \
		>"$BED_DIR/$name.out" 2>"$BED_DIR/$name.err") &
	MONITOR_NAME=$name MONITOR_PID=$!
	BED_PIDS="$BED_PIDS $MONITOR_PID"
	# shellcheck disable=SC2086 # one argument a name
	wait_for_interfaces $watched
}

# A VLAN and its parent, with and without --dedup, in each way to attach that this kernel has.
vlan_over_parent() {
	local mode host modes=clsact
	bed
	for host in "$BED_MON mon0" "$BED_FAR far0"; do
		# shellcheck disable=SC2086 # namespace and interface
		set -- $host
		ip -n "$1" link add link "$2" name "$2.5" type vlan id 5 || fail "no VLANs here"
		ip -n "$1" link set "$2.5" up
	done
	! bed_mon "$PKTSTAT_BPF" -i lo --json -t 1ms --attach tcx >/dev/null 2>&1 || modes='tcx clsact'
	for mode in $modes; do
		watch_any "any-$mode" 'lo mon0 mon0.5' --attach "$mode"
		bed_far "$PKTSTAT_TOOLS/blast" --iface far0.5 --flows 10 --packets $PACKETS >/dev/null
		monitor_stop TERM
		same "$mode: on the parent" "$(on mon0)" $PACKETS
		same "$mode: on the VLAN" "$(on mon0.5)" $PACKETS
		watch_any "dedup-$mode" 'lo mon0' --attach "$mode" --dedup
		bed_far "$PKTSTAT_TOOLS/blast" --iface far0.5 --flows 10 --packets $PACKETS >/dev/null
		monitor_stop TERM
		same "$mode: on the parent alone" "$(on mon0)" $PACKETS
		same "$mode: on a VLAN left out" "$(on mon0.5)" 0
	done
}

# A bond and its two members.
bond_over_members() {
	local member option watched
	bed
	ip link add mon1 netns "$BED_MON" type veth peer name far1 netns "$BED_FAR"
	bed_far ip link set far1 up
	bed_mon ip link add bundle type bond mode balance-rr || fail "no bonds here"
	for member in mon0 mon1; do
		bed_mon ip link set "$member" down
		bed_mon ip link set "$member" master bundle || fail "no member"
	done
	bed_mon ip link set bundle up
	for option in '' --dedup; do
		watched='lo mon0 mon1'
		[ -n "$option" ] || watched="$watched bundle"
		watch_any "bond$option" "$watched" $option
		for member in far0 far1; do
			bed_far "$PKTSTAT_TOOLS/blast" --iface "$member" --flows 10 \
				--packets $PACKETS >/dev/null
		done
		monitor_stop TERM
		same "members $option" "$(on mon0) $(on mon1)" "$PACKETS $PACKETS"
		[ -n "$option" ] || same "the bond" "$(on bundle)" $((2 * PACKETS))
		[ -z "$option" ] || same "a bond left out" "$(on bundle)" 0
	done
}

# longer CMD...: CMD with a limit of time for the monitor as its last argument, longer ones until it
# passes: a busy machine may not do within the first ones what is looked for.
longer() {
	local limit
	for limit in 5s 30s 120s; do
		! ("$@" "$limit") || return 0
	done
	fail "$1, with a limit of $limit"
}

# A process that sends is named; how it was found out is one more column.
owner_of_flow() {
	local sender
	# shellcheck source=tests/support/netns.sh
	. "$tests/support/netns.sh"
	bed_make owner
	# In its own process, so that its number is the shell's.
	(exec ip netns exec "$BED_MON" bash -c 'exec 3>/dev/udp/10.99.0.2/7777
		while :; do echo x >&3; sleep 0.1 3>&-; done' 2>/dev/null) &
	sender=$!
	BED_PIDS="$BED_PIDS $sender"
	longer names_sender "$sender"
}

names_sender() {
	local way=/proc
	monitor_start owner --json -r 200ms -t "$2"
	wait_for_guard
	! grep -qs 'link_type:[[:space:]]*iter' "/proc/$MONITOR_PID/fdinfo/"* || way=iterator
	! grep -qs 'link_type:[[:space:]]*cgroup' "/proc/$MONITOR_PID/fdinfo/"* || way=$way+hook
	monitor_wait
	same "who sends" "$(jq -r '.[] | select(.dstPort == 7777) | "\(.pid) \(.comm)"' \
		"$BED_DIR/owner.out")" "$1 bash"
	say "owners $way"
}

# The filter stands before the system calls: everything has been opened.
wait_for_guard() {
	wait_for 60 guarded_or_gone
	has_guard || fail "no system call filter"
}

guarded_or_gone() {
	! kill -0 "$MONITOR_PID" 2>/dev/null || has_guard
}

has_guard() {
	grep -qs '^Seccomp:.*2' "/proc/$MONITOR_PID/status"
}

# no_new_privs is set, a filter stands before the system calls, and no capability is left but
# those to load, to attach, and to look at processes.
guarded() {
	local left
	bed
	monitor_start guarded --json
	wait_for_guard
	grep -q '^NoNewPrivs:.*1' "/proc/$MONITOR_PID/status" || fail "no no_new_privs"
	left=$((0x$(sed -n 's/^CapEff:[[:space:]]*//p' "/proc/$MONITOR_PID/status")))
	# net_admin 12, sys_ptrace 19, dac_read_search 2, perfmon 38, bpf 39
	same "capabilities left" "$((left & ~(1 << 12 | 1 << 19 | 1 << 2 | 1 << 38 | 1 << 39)))" 0
	blast_in in --flows 100 --packets $PACKETS
	monitor_stop TERM
	exact "$BED_DIR/in.sent"
}

# A tunnel's socket belongs to the kernel: what comes to its port says so. Where only /proc tells
# owners, it shows no such socket, and nobody is named: not the process at the other end.
tunnel_socket() {
	# shellcheck source=tests/support/netns.sh
	. "$tests/support/netns.sh"
	bed_make tunnel
	bed_mon ip link add wg0 type wireguard || fail "no WireGuard here"
	bed_mon ip link set wg0 up
	longer names_tunnel "$((0x$(bed_mon awk \
		'NR == 2 { sub(/.*:/, "", $2); print $2 }' /proc/net/udp)))"
}

names_tunnel() {
	local owner=null
	monitor_start tunnel --json -r 200ms -t "$2"
	wait_for_guard
	! grep -qs 'link_type:[[:space:]]*iter' "/proc/$MONITOR_PID/fdinfo/"* || owner=kernel
	bed_far bash -c "echo x >/dev/udp/10.99.0.1/$1"
	monitor_wait
	same "owner of the tunnel" "$(jq -r --argjson port "$1" '.[] | select(.dstPort == $port) | .comm' \
		"$BED_DIR/tunnel.out")" $owner
}

# Where BPF is refused to the unprivileged for good (it cannot be taken back): all as before.
locked() {
	sysctl -qw kernel.unprivileged_bpf_disabled=1 || fail "not to be locked"
	(guarded) && (owner_of_flow 9>/dev/null)
}

# How many CPUs there are, and how many more there could be: counters are kept for all of those.
cpus() {
	local online possible
	online=$(cpus_in /sys/devices/system/cpu/online)
	possible=$(cpus_in /sys/devices/system/cpu/possible)
	say "cpus $online of $possible"
	[ "$possible" -ge "$online" ]
}

# "0-1,4": three.
cpus_in() {
	tr ',' '\n' <"$1" | awk -F- '{ n += ($2 == "" ? $1 : $2) - $1 + 1 } END { print n }'
}
