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
		local interface
		words=
		for interface in /sys/class/net/*; do
			[ -e "$interface/ifindex" ] && words+=" ${interface##*/}"
		done
		;;
	-s | --sort) words='bps pps packets bytes source destination tuple proto dir' ;;
	-t | --timeout) words='10s 1m 10m 1h 24h' ;;
	-r | --refresh) words='100ms 500ms 1s 2s 5s 10s 1m' ;;
	--attach) words='auto tcx clsact' ;;
	--by) words='flow conversation host service protocol' ;;
	--filter) words='host net port portrange tcp udp icmp arp in out src dst' ;;
	--limit) words='10 20 50 100' ;;
	--max-flows) words='65536 262144 1048576 4194304' ;;
	*)
		words='--iface --timeout --refresh --no-arp --max-flows --tui --json --sort --limit'
		words+=' --filter --by --no-mouse --attach --verify --help --version'
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _pktstat_bpf pktstat-bpf
