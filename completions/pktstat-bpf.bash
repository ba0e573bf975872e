# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Completion of pktstat-bpf for bash.

_pktstat_bpf() {
	local current=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]} words
	COMPREPLY=()
	# An option with its value behind "=" arrives as three words.
	if [ "$current" = = ]; then
		current=
	elif [ "$option" = = ]; then
		option=${COMP_WORDS[COMP_CWORD - 2]}
	fi

	case $option in
	-i | --iface)
		local interface before=
		# Behind a comma the next name begins; what stands before it is kept.
		[[ $current == *,* ]] && before=${current%,*},
		words=${before}any
		for interface in /sys/class/net/*; do
			[ -e "$interface/ifindex" ] && words+=" $before${interface##*/}"
		done
		;;
	--netns)
		local namespace
		words=
		for namespace in /run/netns/*; do
			[ -e "$namespace" ] && words+=" ${namespace##*/}"
		done
		;;
	-s | --sort) words='bps pps packets bytes source destination tuple proto dir'
		words+=' pid process user container iface flows' ;;
	-t | --timeout) words='10s 1m 10m 1h 24h' ;;
	-r | --refresh) words='100ms 500ms 1s 2s 5s 10s 1m' ;;
	--attach) words='auto tcx clsact' ;;
	--by) words='flow conversation host service protocol process container user' ;;
	--filter) words='host net port portrange proto ether tcp udp icmp arp in out src dst'
		words+=' inbound outbound bps pps packets bytes'
		words+=' pid uid comm exe user cgroup container name iface' ;;
	--limit) words='10 20 50 100' ;;
	--max-flows) words='65536 262144 1048576 4194304' ;;
	*)
		words='--iface --timeout --refresh --no-arp --max-flows --tui --json --sort --limit'
		words+=' --no-owners'
		words+=' --names --hide-own'
		words+=' --dedup --exit-on-loss --netns'
		words+=' --filter --by --no-mouse --attach --verify --help --version'
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _pktstat_bpf pktstat-bpf
