# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Completion of pktstat-bpf for bash.

# Names of interfaces. The next name begins after a comma; what is in front of it is kept.
_pktstat_bpf_interfaces() {
	local interface before=
	[[ $1 == *,* ]] && before=${1%,*},
	echo "${before}any"
	for interface in /sys/class/net/*; do
		[ -e "$interface/ifindex" ] && echo "$before${interface##*/}"
	done
}

_pktstat_bpf_namespaces() {
	local namespace
	for namespace in /run/netns/*; do
		[ -e "$namespace" ] && echo "${namespace##*/}"
	done
}

_pktstat_bpf_files() {
	compgen -f -- "$1"
}

_pktstat_bpf() {
	local current=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]} words
	COMPREPLY=()
	# An option with its value after "=" arrives as three words.
	if [ "$current" = = ]; then
		current=
	elif [ "$option" = = ]; then
		option=${COMP_WORDS[COMP_CWORD - 2]}
	fi

	case $option in
	# begin generated: bash-values
	-i | --iface)
		words=$(_pktstat_bpf_interfaces "$current")
		;;
	--netns)
		words=$(_pktstat_bpf_namespaces "$current")
		;;
	-t | --timeout)
		words='10s 1m 10m 1h 24h'
		;;
	-r | --refresh)
		words='100ms 500ms 1s 2s 5s 10s 1m'
		;;
	--attach)
		words='auto tcx clsact socket'
		;;
	--max-flows)
		words='65536 262144 1048576 4194304'
		;;
	--read)
		words=$(_pktstat_bpf_files "$current")
		;;
	--speed)
		words='1 10 100 max'
		;;
	--local)
		words='10.0.0.0/8 192.168.0.0/16 fd00::/8'
		;;
	--stream)
		words='jsonl csv text'
		;;
	--every)
		words='1s 10s 1m 5m'
		;;
	-n | --count)
		words='1 10 60'
		;;
	--metrics)
		words='9435 0.0.0.0:9435'
		;;
	--metrics-file)
		words=$(_pktstat_bpf_files "$current")
		;;
	--metrics-series)
		words='16 32 64 128'
		;;
	--alert)
		words='bps>100M bps>1G pps>100k bytes>10G'
		;;
	--exit-over)
		words='bps>100M bps>1G pps>100k bytes>10G'
		;;
	--ipfix)
		words='localhost localhost,tcp'
		;;
	--ipfix-active)
		words='10s 30s 1m 5m'
		;;
	--ipfix-idle)
		words='5s 15s 30s 1m'
		;;
	-s | --sort)
		words='bps pps packets bytes source destination tuple proto dir pid process user'
		words+=' container iface flows app site'
		;;
	--filter)
		words='and or not in out inbound outbound src dst host net port portrange proto bps'
		words+=' pps packets bytes pid uid comm exe user cgroup container app sni site'
		words+=' initiator name iface ip ip4 ipv4 ip6 ipv6 arp rarp decnet lat sca moprc'
		words+=' mopdl carp other ether icmp igmp tcp igrp udp esp ah icmp6 pim vrrp sctp'
		;;
	--by)
		words='flow conversation host service protocol process container user interface'
		words+=' site server app'
		;;
	--limit)
		words='10 20 50 100'
		;;
	--theme)
		words='auto dark light mono'
		;;
	# end generated
	*)
		# begin generated: bash-options
		words='--iface --dedup --exit-on-loss --netns --timeout --refresh --no-arp --attach'
		words+=' --max-flows --read --speed --local --tui --json --csv --stream --batch'
		words+=' --every --count --metrics --metrics-file --metrics-series --alert'
		words+=' --exit-over --total --ipfix --ipfix-more --ipfix-active --ipfix-idle --sort'
		words+=' --filter --by --limit --names --no-owners --no-inspect --hide-own --theme'
		words+=' --plain --no-mouse --verify --help --version'
		# end generated
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _pktstat_bpf pktstat-bpf
