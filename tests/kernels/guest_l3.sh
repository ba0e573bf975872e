# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by guest.sh: interfaces without an Ethernet header. Two hosts, a tunnel of every kind
# between them at the same time, a monitor on all of them in each. The addresses that the frames
# below have begin with 4 and 6, like IP headers.
#
# Tunnel N of host H has the addresses 10.5.N.H and fd05:N::H, and below it 10.98.N.H and fd98:N::H.

# Name, number, and what it carries. Kernels send no good frames on ip6gre without a remote address.
l3_kinds='ipip 1 4
sit 2 6
gre 3 46
gre-multipoint 4 46
gre-multicast 5 4
ip6gre 6 46
ip6gre-multi 7 46
ip6tnl 8 46
vti 9 46
vti6 10 46
xfrm 11 46
wireguard 12 46
ipvlan 13 4
ppp 14 46'
L3_PINGS=3

l3_host() { # H COMMAND...
	local host=$BED_MON
	[ "$1" = 1 ] || host=$BED_FAR
	ip netns exec "$host" "${@:2}"
}

# l3_ip H WORDS...: a command of ip(8), for l3_batch, which runs all of them at once: programs take
# long to start under emulation.
l3_ip() {
	echo "${@:2}" >>"$BED_DIR/batch.$1"
}

l3_batch() {
	local h
	for h in 1 2; do
		l3_host "$h" ip -batch "$BED_DIR/batch.$h" || fail "cannot set up host $h"
		: >"$BED_DIR/batch.$h"
	done
}

# l3_secure H N LOCAL REMOTE WORDS: ESP in tunnel mode, without encryption; WORDS bind states and
# policies to the interface.
l3_secure() {
	local h=$1 n=$2 local=$3 remote=$4 words=$5 source ends every
	for source in 1 2; do
		ends="src $local dst $remote"
		[ "$source" = "$h" ] || ends="src $remote dst $local"
		l3_ip "$h" xfrm state add "$ends" proto esp spi $((n * 16 + source)) reqid "$n" \
			mode tunnel flag af-unspec "$words" auth-trunc "'hmac(sha256)'" "0x$(printf '%064d' 7)" 128 \
			enc "'ecb(cipher_null)'" "''"
	done
	for every in 0.0.0.0/0 ::/0; do
		l3_ip "$h" xfrm policy add src $every dst $every dir out "$words" \
			tmpl src "$local" dst "$remote" proto esp reqid "$n" mode tunnel
		l3_ip "$h" xfrm policy add src $every dst $every dir in "$words" \
			tmpl src "$remote" dst "$local" proto esp reqid "$n" mode tunnel
	done
}

l3_wireguard() { # H REMOTE
	local h=$1 remote=$2
	l3_host "$h" wg set wireguard listen-port 51820 private-key "$BED_DIR/key$h" peer \
		"$(wg pubkey <"$BED_DIR/key$((3 - h))")" allowed-ips 0.0.0.0/0,::/0 \
		endpoint "$remote:51820" || fail "no WireGuard"
}

# Both ends at once: one pppd starts the other, through a shell that has another ip(8).
l3_ppp() { # N
	local words='nodetach noauth local nodefaultroute noccp novj ifname ppp +ipv6'
	mkdir -p /etc/ppp && : >/etc/ppp/options
	# shellcheck disable=SC2086 # words
	l3_host 1 pppd $words "10.5.$1.1:10.5.$1.2" pty "/bin/ip netns exec $BED_FAR pppd notty $words" \
		>"$BED_DIR/pppd" 2>&1 &
	BED_PIDS="$BED_PIDS $!"
	wait_for 60 l3_ppp_up "$1" || fail "ppp: $(tail -n 5 "$BED_DIR/pppd")"
}

l3_ppp_up() {
	l3_host 1 ip addr show dev ppp 2>/dev/null | grep -q "10.5.$1.1" &&
		l3_host 2 ip addr show dev ppp 2>/dev/null | grep -q "10.5.$1.2"
}

l3_add() { # H NAME N
	local h=$1 name=$2 n=$3 lower=mon0
	local local=10.98.$n.$h remote=10.98.$n.$((3 - h)) local6=fd98:$n::$h remote6=fd98:$n::$((3 - h))
	[ "$h" = 1 ] || lower=far0
	l3_ip "$h" addr add "$local/24" dev $lower
	l3_ip "$h" addr add "$local6/64" dev $lower nodad
	case $name in
	ipip | sit | gre) set -- type "$name" local "$local" remote "$remote" ;;
	gre-multipoint) set -- type gre local "$local" key "$n" ;;
	gre-multicast) set -- type gre local "$local" remote "239.0.0.$n" key "$n" ;;
	ip6gre) set -- type ip6gre local "$local6" remote "$remote6" ;;
	ip6gre-multi) set -- type ip6gre local "$local6" key "$n" ;;
	ip6tnl) set -- type ip6tnl mode any local "$local6" remote "$remote6" ;;
	vti) set -- type vti local "$local" remote "$remote" key "$n" ;;
	vti6) set -- type vti6 local "$local6" remote "$remote6" key "$n" ;;
	xfrm) set -- type xfrm dev $lower if_id "$n" ;;
	wireguard) set -- type wireguard ;;
	ipvlan) set -- link $lower type ipvlan mode l3 ;;
	ppp) return ;;
	esac
	l3_ip "$h" link add name "$name" "$@"
	case $name in
	vti) l3_secure "$h" "$n" "$local" "$remote" "mark $n" ;;
	vti6) l3_secure "$h" "$n" "$local6" "$remote6" "mark $n" ;;
	xfrm) l3_secure "$h" "$n" "$local" "$remote" "if_id $n" ;;
	esac
}

# Addresses, and the neighbour where a tunnel has to be told.
l3_address() { # H NAME N FAMILIES
	local h=$1 name=$2 n=$3 families=$4 lower=mon0 remote=
	[ "$h" = 1 ] || lower=far0
	l3_ip "$h" link set "$name" up
	[ "${families#4}" = "$families" ] || [ "$name" = ppp ] ||
		l3_ip "$h" addr add "10.5.$n.$h/24" dev "$name"
	[ "${families%6}" = "$families" ] || l3_ip "$h" addr add "fd05:$n::$h/64" dev "$name" nodad
	case $name in
	gre-multipoint) remote=10.98.$n.$((3 - h)) ;;
	gre-multicast) remote=239.0.0.$n ;;
	ip6gre-multi)
		remote=$(printf 'fd:98:00:%02d:00:00:00:00:00:00:00:00:00:00:00:%02d' "$n" $((3 - h)))
		;;
	ipvlan) # the interface below finds the way and the neighbour on its own
		l3_ip "$h" route add "10.5.$n.0/24" dev $lower table "$n"
		l3_ip "$h" rule add oif $lower lookup "$n"
		remote=66:08:00:00:00:02 name=$lower
		[ "$h" = 1 ] || remote=46:08:00:00:00:01
		;;
	esac
	[ -n "$remote" ] || return 0
	l3_ip "$h" neigh add "10.5.$n.$((3 - h))" lladdr "$remote" dev "$name"
	[ "${families%6}" = "$families" ] ||
		l3_ip "$h" neigh add "fd05:$n::$((3 - h))" lladdr "$remote" dev "$name"
}

# Nothing is sent that the test does not send.
l3_bed() {
	local h name n families
	# shellcheck source=tests/support/netns.sh
	. "$tests/support/netns.sh"
	bed_make l3
	for h in 1 2; do
		l3_host "$h" sysctl -qw net.ipv6.conf.default.accept_ra=0 \
			net.ipv6.conf.default.router_solicitations=0 net.ipv6.conf.default.addr_gen_mode=1
		(umask 077 && wg genkey >"$BED_DIR/key$h")
	done
	l3_ip 1 link set mon0 address 46:08:00:00:00:01
	l3_ip 2 link set far0 address 66:08:00:00:00:02
	l3_ip 1 route add 224.0.0.0/4 dev mon0
	l3_ip 2 route add 224.0.0.0/4 dev far0
	while read -r name n families; do
		l3_add 1 "$name" "$n"
		l3_add 2 "$name" "$n"
	done <<<"$l3_kinds"
	l3_batch
	l3_names=
	while read -r name n families; do
		l3_names="$l3_names $name"
		if [ "$name" = wireguard ]; then
			l3_wireguard 1 "10.98.$n.2"
			l3_wireguard 2 "10.98.$n.1"
		elif [ "$name" = ppp ]; then
			l3_ppp "$n"
		fi
		l3_address 1 "$name" "$n" "$families"
		l3_address 2 "$name" "$n" "$families"
	done <<<"$l3_kinds"
	l3_batch
}

# l3_watch NAME INTERFACE...: a monitor on each host.
l3_watch() {
	local name=$1 h words=
	shift
	words=$(printf -- '-i %s ' "$@")
	l3_pids=
	for h in 1 2; do
		# shellcheck disable=SC2086 # words
		(exec ip netns exec "$([ "$h" = 1 ] && echo "$BED_MON" || echo "$BED_FAR")" \
			"$PKTSTAT_BPF" $words --json --verify --no-owners </dev/null \
			>"$BED_DIR/$name.$h" 2>"$BED_DIR/$name.err.$h") &
		l3_pids="$l3_pids $!"
		BED_PIDS="$BED_PIDS $!"
	done
	for h in $l3_pids; do
		wait_for 240 l3_watches "$h"
		kill -0 "$h" 2>/dev/null ||
			fail "a monitor did not start: $(cat "$BED_DIR/$name.err".?)"
	done
}

l3_watches() { # PID: or it has ended
	grep -q '^Seccomp:.*2' "/proc/$1/status" || ! kill -0 "$1" 2>/dev/null
}

l3_unwatch() { # NAME
	local pid
	for pid in $l3_pids; do
		kill -TERM "$pid"
		wait "$pid" || fail "a monitor ended with $?"
	done
	! grep -q BROKEN "$BED_DIR/$1.err".? || fail "a sum does not hold"
}

# The interfaces' own counters: "NAME/in PACKETS BYTES" and "NAME/out PACKETS BYTES".
l3_counters() { # H
	l3_host "$1" ip -s -j link show | jq -r '.[] | "\(.ifname)/in \(.stats64.rx.packets) " +
		"\(.stats64.rx.bytes)", "\(.ifname)/out \(.stats64.tx.packets) \(.stats64.tx.bytes)"' |
		grep -E "^($(tr ' ' '|' <<<"${l3_names# }"))/" | sort
}

l3_quiet() {
	local before
	before=$(l3_counters 1; l3_counters 2)
	sleep 0.5
	[ "$before" = "$(l3_counters 1; l3_counters 2)" ]
}

# Rows as lines, without the interfaces' names; those of the other side.
l3_rows() { # FILE
	jq -r '.[] | "\(.iface) \(.dir) \(.proto) \(.srcIp) \(.srcPort) \(.dstIp) \(.dstPort) " +
		"\(.packets) \(.bytes)"' "$1" | sort
}

l3_expected() { # H: rows of pings in both directions
	local h=$1 p=$((3 - $1)) n name families more
	while read -r name n families; do
		more=0
		[ "$name" != ipvlan ] || more=14
		if [ "${families#4}" != "$families" ]; then
			printf "$name %s ICMPv4 10.5.$n.%d %d 10.5.$n.%d 0 $L3_PINGS $((L3_PINGS * (84 + more)))\n" \
				in "$p" 8 "$h" in "$p" 0 "$h" out "$h" 8 "$p" out "$h" 0 "$p"
		fi
		if [ "${families%6}" != "$families" ]; then
			printf "$name %s IPv6-ICMP fd05:$n::%d %d fd05:$n::%d 0 $L3_PINGS $((L3_PINGS * (104 + more)))\n" \
				in "$p" 128 "$h" in "$p" 129 "$h" out "$h" 128 "$p" out "$h" 129 "$p"
		fi
	done <<<"$l3_kinds" | grep -vE '^ip6gre-multi (in|.* 129 |out ICMPv4 .* 0 [^ ]* 0 )' | sort
}

# What the interfaces counted meanwhile is what is in the rows; but WireGuard counts what it wraps.
l3_as_counted() { # H
	local not='^(wireguard|ip6gre-multi)/'
	awk 'NR == FNR { packets[$1] = $2; bytes[$1] = $3; next }
		$2 > packets[$1] { print $1, $2 - packets[$1], $3 - bytes[$1] }' \
		"$BED_DIR/before.$1" "$BED_DIR/after.$1" | grep -vE "$not" | sort >"$BED_DIR/link.$1"
	awk '{ where = $1 "/" $2; packets[where] += $(NF - 1); bytes[where] += $NF }
		END { for (where in packets) print where, packets[where], bytes[where] }' \
		"$BED_DIR/rows.$1" | grep -vE "$not" | sort >"$BED_DIR/hook.$1"
	[ -s "$BED_DIR/link.$1" ] && diff "$BED_DIR/link.$1" "$BED_DIR/hook.$1"
}

# Echo requests in both directions through every tunnel: these rows, these counts, and nothing else.
l3_devices() {
	local h name n families pids=
	l3_bed
	wait_for 120 l3_host 1 ping -q -c 1 -W 5 10.5.12.2 >/dev/null || fail "WireGuard finds no peer"
	# shellcheck disable=SC2086 # words
	l3_watch pings $l3_names
	for h in 1 2; do
		l3_counters "$h" >"$BED_DIR/before.$h"
	done
	while read -r name n families; do
		for h in 1 2; do
			if [ "${families#4}" != "$families" ]; then
				l3_host "$h" ping -q -c $L3_PINGS -W 10 -s 56 "10.5.$n.$((3 - h))" >/dev/null &
				pids="$pids $!"
			fi
			if [ "${families%6}" != "$families" ]; then
				l3_host "$h" ping6 -q -c $L3_PINGS -W 10 -s 56 "fd05:$n::$((3 - h))" >/dev/null &
				pids="$pids $!"
			fi
		done
	done <<<"$l3_kinds"
	# shellcheck disable=SC2086 # words
	wait $pids
	wait_for 60 l3_quiet || fail "there is no end to it"
	for h in 1 2; do
		l3_counters "$h" >"$BED_DIR/after.$h"
	done
	l3_unwatch pings
	for h in 1 2; do
		l3_rows "$BED_DIR/pings.$h" >"$BED_DIR/rows.$h"
		diff <(l3_expected "$h") "$BED_DIR/rows.$h" || fail "other rows on host $h"
		l3_as_counted "$h" ||
			fail "host $h counted something else than its interfaces"
	done
}
