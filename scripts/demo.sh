#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# sudo scripts/demo.sh [--seconds N] [ARGS]: two hosts in network namespaces joined by a veth pair,
# a lively mix of traffic between them, and the monitor on it, with ARGS handed to it.
# Where no namespaces can be made (no root, a container), it plays a capture of invented traffic instead.
# --seconds N: no terminal needed; the monitor counts for N seconds and prints its report.
# Namespaces and processes are gone afterwards, whatever way this ends.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Names carry the pid, so that several demos can run side by side.
near=pktdemo-$$-near
far=pktdemo-$$-far
near4=10.77.0.1 far4=10.77.0.2 near6=fd77::1 far6=fd77::2

# Ends what runs in the two namespaces of a demo, then the namespaces, and with them the veth pair.
remove_hosts() {
	local host pids
	for host in "$@"; do
		[ -e "/run/netns/$host" ] || continue
		for signal in TERM KILL; do
			pids=$(ip netns pids "$host" 2>/dev/null) || true
			# shellcheck disable=SC2086 # one argument a pid
			[ -z "$pids" ] || kill -s "$signal" $pids 2>/dev/null || true
		done
		ip netns del "$host" 2>/dev/null || true
	done
}

# The keeper lives until this script lets go of descriptor 9, which even SIGKILL makes it do, and
# then cleans up. Everything else is started without that descriptor.
start_keeper() {
	exec 9> >(
		trap '' HUP INT QUIT TERM
		read -r || true
		remove_hosts "$near" "$far"
	)
	keeper=$!
	trap 'exec 9>&-; wait "$keeper" || true' EXIT
}

# A signal is passed on to the monitor, which restores the terminal and reports; without one, exit.
# shellcheck disable=SC2317 # called by the traps
on_signal() {
	[ -n "$monitor" ] || exit $((128 + $1))
	kill -s TERM "$monitor" 2>/dev/null || true
}

add_hosts() {
	local host
	for host in "$near" "$far"; do
		ip netns add "$host"
		ip -n "$host" link set lo up
	done
	ip -n "$near" link add eth0 type veth peer name eth0 netns "$far"
	# More than one address a host, so that it looks like a network.
	add_addresses "$near" $near4/24 10.77.0.11/24 10.77.0.12/24 $near6/64 fd77::11/64
	add_addresses "$far" $far4/24 10.77.0.21/24 10.77.0.22/24 $far6/64 fd77::21/64
}

add_addresses() {
	local host=$1 address
	shift
	for address; do
		# Nobody else is there, so IPv6 need not wait for its duplicate address detection.
		if [[ $address == *:* ]]; then
			ip -n "$host" address add "$address" dev eth0 nodad
		else
			ip -n "$host" address add "$address" dev eth0
		fi
	done
	ip -n "$host" link set eth0 up
}

# in_host NAME COMMAND...: in the background, silent, without the keeper's descriptor.
in_host() {
	ip netns exec "$@" </dev/null >/dev/null 2>&1 9>&- &
}

# forever HOST PAUSE COMMAND...: again and again, PAUSE seconds between.
forever() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	in_host "$1" bash -c 'pause=$1; shift; while :; do "$@"; sleep "$pause"; done' - "${@:2}"
}

start_traffic() {
	local port
	for port in 80 443 993 4500 5060 5201 8443; do
		in_host "$far" iperf3 -s -p "$port"
		in_host "$near" iperf3 -s -p "$port"
	done
	# Long flows.
	forever "$near" 1 iperf3 -c $far4 -p 443 -b 40M -t 3600 -R
	forever "$far" 1 iperf3 -c $near6 -p 8443 -b 12M -t 3600
	forever "$near" 1 iperf3 -c 10.77.0.21 -B 10.77.0.11 -p 5060 -u -b 3M -l 200 -t 3600
	forever "$near" 1 iperf3 -c $far4 -p 4500 -u -b 4M -l 1200 -t 3600 -R
	forever "$far" 1 iperf3 -c fd77::11 -p 5060 -u -b 6M -t 3600
	# Bursts, and flows that come and go.
	forever "$near" 7 iperf3 -c $far4 -p 5201 -b 80M -t 2 -P 4
	forever "$far" 5 iperf3 -c 10.77.0.12 -B 10.77.0.22 -p 993 -b 60M -n 8M
	forever "$near" 2 iperf3 -c fd77::21 -p 80 -b 20M -n 1M
	# Pings.
	in_host "$near" ping -q -i 0.5 $far4
	in_host "$near" ping -q -i 1 $far6
	in_host "$far" ping -q -i 2 -s 1000 10.77.0.12
	# Short flows: look-ups and connections that nobody answers, a new port each time.
	forever "$near" 0.2 bash -c "echo query >/dev/udp/10.77.0.22/53"
	forever "$near" 0.5 bash -c "echo query >/dev/udp/$far6/53"
	forever "$far" 1 bash -c "exec 3<>/dev/tcp/$near4/22"
}

# Waits until the far end answers, so that the first picture is not an empty one.
wait_for_far() {
	local tries=100
	until ip netns exec "$near" ping -q -c 1 -W 1 "$1" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || die "the two hosts do not reach each other at $1"
	done
}

# The monitor is a background child that keeps the terminal: so a signal to this script is answered
# at once and passed on. The subshell takes back the SIGINT that bash ignores for such a child.
run_monitor() {
	exec 8<&0
	(
		trap - INT QUIT
		exec ip netns exec "$near" "$program" -i eth0 "$@" <&8 8<&- 9>&-
	) &
	monitor=$!
	exec 8<&-
}

wait_for_monitor() {
	local status=0
	while :; do
		status=0
		wait "$monitor" || status=$?
		# A caught signal ends wait before the child has ended.
		kill -0 "$monitor" 2>/dev/null || return "$status"
	done
}

parse_arguments() {
	seconds=
	if [ "${1:-}" = --seconds ]; then
		seconds=${2:-}
		[[ $seconds =~ ^[1-9][0-9]{0,5}$ ]] || die "--seconds needs a whole number of seconds, at least 1"
		shift 2
	elif [ "${1:-}" = --help ]; then
		sed -n '3,7s/^# //p' "${BASH_SOURCE[0]}"
		exit 0
	fi
	arguments=("$@")
}

# A minute of invented traffic, played in real time, or as far as the seconds go.
play_capture() {
	local scratch status=0
	say "no right to make network namespaces here; playing a capture of invented traffic instead"
	if [ -n "${PKTSTAT_BPF:-}" ]; then
		program=$PKTSTAT_BPF
	else
		install_packages "${build_packages[@]}"
		build_program
	fi
	scratch=$(mktemp -d)
	# shellcheck disable=SC2064 # expanded now
	trap "rm -rf '$scratch'" EXIT
	if ! cc -O1 -o "$scratch/big_capture" "$root/tests/bench/big_capture.c" ||
		! "$scratch/big_capture" "$scratch/demo.pcap" 7 60 1000 >/dev/null; then
		die "cannot make the capture"
	fi
	if [ -n "$seconds" ]; then
		"$program" --read "$scratch/demo.pcap" --local 10.0.0.0/16 --speed 1 -t "${seconds}s" \
			"${arguments[@]}" || status=$?
	else
		"$program" --read "$scratch/demo.pcap" --local 10.0.0.0/16 "${arguments[@]}" || status=$?
	fi
	return "$status"
}

can_make_namespaces() {
	[ "$(id -u)" -eq 0 ] && unshare -n true 2>/dev/null
}

main() {
	local status=0
	monitor=
	parse_arguments "$@"
	if ! can_make_namespaces; then
		play_capture || status=$?
		exit "$status"
	fi
	if [ -n "${PKTSTAT_BPF:-}" ]; then
		program=$PKTSTAT_BPF # the tests' own build
	else
		install_packages "${build_packages[@]}" "${demo_packages[@]}"
		build_program
	fi

	start_keeper
	trap 'on_signal 1' HUP
	trap 'on_signal 15' TERM
	# Ctrl-C reaches the monitor by itself.
	trap '[ -n "$monitor" ] || exit 130' INT
	add_hosts
	wait_for_far $far4
	wait_for_far $far6
	start_traffic
	if [ -n "$seconds" ]; then
		run_monitor -t "${seconds}s" "${arguments[@]}" </dev/null
	else
		run_monitor "${arguments[@]}"
	fi
	wait_for_monitor || status=$?
	exit "$status"
}

main "$@"
