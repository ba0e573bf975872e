#!/bin/bash
# SPDX-License-Identifier: MIT
# What the program refuses: one clear sentence, the right status, nothing on stdout.
set -u
. "$(dirname "$0")/../support/netns.sh"

# without CAPS CMD...: as root without those capabilities, says $missing.
without() {
	local caps=$1
	shift
	refuses 1 "$missing" setpriv --bounding-set "$caps" --inh-caps "$caps" "$@"
}

# A command in a terminal of its own; what it says comes on stdout, with carriage returns.
in_terminal() {
	local status=0 wanted=$1 text=$2
	shift 2
	bed_mon script -qec "$*" /dev/null >"$BED_DIR/out" 2>&1 </dev/null || status=$?
	same "$*: status" "$status" "$wanted"
	grep -qE -- "$text" "$BED_DIR/out" || fail "$*: no '$text' in: $(cat -v "$BED_DIR/out")"
	! grep -q "$(printf '\033')" "$BED_DIR/out" || fail "$*: escape sequences on the screen"
	echo "ok: ${*##*/}: $(tr -d '\r' <"$BED_DIR/out")"
}

command -v setpriv >/dev/null || skip "setpriv is missing"
bed_make usage quiet
chmod 755 "$BED_DIR"
cp "$PKTSTAT_BPF" "$BED_DIR/pktstat-bpf" # where an ordinary user can run it
prog=$BED_DIR/pktstat-bpf

refuses 2 '--frobnicate' "$prog" --frobnicate
refuses 2 '-Z' "$prog" -Z
refuses 2 'surplus' "$prog" surplus
refuses 2 "'30'.*unit" "$prog" -t 30
refuses 2 '99999999999h' "$prog" -t 99999999999h
refuses 2 '--timeout' "$prog" -t -5s
refuses 2 '--timeout' "$prog" -t ''
refuses 2 '--refresh' "$prog" -r 0
refuses 2 '--refresh' "$prog" -r 99ms
refuses 2 '--refresh' "$prog" -r 2m
refuses 2 "'nonsense'.*bps" "$prog" -s nonsense
refuses 2 "column 6, 'nosuch'" "$prog" --filter 'port nosuch'
refuses 2 "'nothing'.*conversation" "$prog" --by nothing
refuses 2 '--max-flows' "$prog" --max-flows 0
refuses 2 '--max-flows' "$prog" --max-flows -1
refuses 2 '--max-flows' "$prog" --max-flows 99999999999999999999
refuses 2 '--limit' "$prog" --limit -1
refuses 2 "--filter.*'port 443'" "$prog" --filter ''
refuses 2 '--netns, .* or --no-mouse' "$prog" --n
refuses 2 '--iface' "$prog" --iface
refuses 1 'nosuch0.*mon0' "$prog" -i nosuch0 --json
refuses 1 '\\x1b' "$prog" -i "$(printf 'e\033[2J')" --json

# setsid: without it /dev/tty may still be a terminal.
refuses 1 'terminal' setsid -w "$prog" -i mon0 --tui
in_terminal 1 'unknown' env TERM=unknown "$prog" -i mon0 --tui
in_terminal 1 'TERM' env -u TERM "$prog" -i mon0 --tui

# Which capability is missing, and how to give it.
missing='cap_bpf.*setcap|setcap.*cap_bpf'
without -net_raw,-sys_admin,-bpf "$prog" -i mon0 --json
missing='cap_net_admin.*setcap|setcap.*cap_net_admin'
without -net_raw,-sys_admin,-net_admin "$prog" -i mon0 --json
missing='cap_perfmon.*setcap|setcap.*cap_perfmon'
without -net_raw,-sys_admin,-perfmon "$prog" -i mon0 --json
refuses 1 'setcap.*cap_bpf' setpriv --reuid 65534 --regid 65534 --clear-groups "$prog" -i mon0 --json

# A command HOW COMMAND...: runs COMMAND where HOW has taken something away.
hiding=$BED_DIR/hiding
cat >"$hiding" <<'END'
#!/bin/sh
exec unshare -m --propagation private sh -c 'hide=$1; shift; $hide && exec "$@"' hiding "$@"
END
chmod 755 "$hiding"
if "$hiding" true true 2>/dev/null; then
	refuses 1 '/sys/devices/system/cpu/possible.*sysfs' "$hiding" 'umount -l /sys' "$prog" -i mon0 --json --attach tcx
	refuses 1 '/proc/thread-self/ns/net.*/proc mounted' \
		"$hiding" 'umount -l /proc' "$prog" --netns "$BED_MON" -i mon0 --json
	bed_mon "$hiding" 'mount -t tmpfs none /sys/kernel/btf' "$prog" -i mon0 --json -t 100ms \
		>"$BED_DIR/out" 2>"$BED_DIR/err" || fail "no BTF: status $?: $(cat "$BED_DIR/err")"
	grep -q '/sys/kernel/btf/vmlinux.*/proc' "$BED_DIR/err" || fail "no word on BTF: $(cat "$BED_DIR/err")"
fi

# What is no mistake says so on stdout alone.
for option in --help -h '-?' --version -V; do
	bed_mon "$prog" "$option" >"$BED_DIR/out" 2>"$BED_DIR/err" || fail "$option: status $?"
	same "$option: standard error" "$(cat "$BED_DIR/err")" ""
	[ -s "$BED_DIR/out" ] || fail "$option says nothing"
done
# Sums only; and as many open files as are allowed.
bed_mon "$prog" -i mon0 -t 100ms --limit 0 >"$BED_DIR/out" || fail "--limit 0: status $?"
grep -q '^ *exact' "$BED_DIR/out" || fail "--limit 0: $(cat "$BED_DIR/out")"
PKTSTAT_BPF="$BED_DIR/few" # a command that has few of them
printf '#!/bin/sh\nulimit -Sn 64; exec "%s" "$@"\n' "$prog" >"$PKTSTAT_BPF"
chmod 755 "$PKTSTAT_BPF"
monitor_start few --json
limits=$(awk '/^Max open files/ { print $4, $5 }' "/proc/$MONITOR_PID/limits")
same "limit of open files" "${limits% *}" "${limits#* }"
monitor_stop TERM

# What could not be said is said.
for option in --help --version; do
	status=0
	bed_mon "$prog" "$option" >/dev/full 2>"$BED_DIR/err" || status=$?
	same "$option into a full device: status" "$status" 1
	grep -q 'cannot write to standard output: ' "$BED_DIR/err" || fail "$option: no word on /dev/full"
done
