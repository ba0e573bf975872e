#!/bin/bash
# SPDX-License-Identifier: MIT
# Owners, names of hosts and interfaces in the live view: what becomes known after the snapshot, the
# views by owner, the key N, what is hidden.
. "$(dirname "$0")/tmux.sh"

# A real-time signal to the driver: 0 makes an owner known, 1 a name.
tell() {
	local first

	first=$(kill -l RTMIN)
	kill -$((first + $1)) "$(driver_pid)"
}

check_owners() {
	expect 'UDP .*4500 +charon '
	expect 'ESP .*10\.0\.0\.4 +- '
	# Known later: the same second is drawn again, and nothing counts as a new one.
	tell 0; expect 'ESP .*10\.0\.0\.4 +bird '; expect '00:00:06'
	keys '['; expect 'REWOUND to 14:03:27 \(-1s of 5s\)'; expect 'ESP .* bird '
	keys L; expect_no REWOUND
	# A held picture learns it too.
	keys Tab Tab Tab; first_row 'curl \(4711\) +alice '; expect '\[(5 )?proc'
	keys Tab; first_row 'session-3\.scope '; expect '\[(6 )?cont'
	keys Tab; first_row 'alice '; expect '\[(7 )?users\]'
	keys M-2; expect '\[(2 )?flows\]'; keys M-5; expect '\[(5 )?proc'
	keys j j Enter; expect 'of nginx \(52044\)'; first_row 'TCP .*nginx'
	keys Enter; expect 'process +nginx  pid 52044'; expect 'user www-data  uid 33'
	keys G; expect 'cgroup +/system\.slice/nginx\.service'
	keys Escape Escape; expect '^▸ nginx'
	keys M-2; expect '\[(2 )?flows\]'; keys g
	keys -l '/comm nginx'; expect 'TCP .*nginx'; expect_no 'charon'
	keys Enter Escape; expect charon
	keys H G; expect 'process lookup +made up'; keys H; expect 'BPS▼'
}

check_names() {
	expect '203\.0\.113\.9:443'
	keys N; expect 'as they become known'; expect 'mirror\.e.*:443'; expect_no '203\.0\.113\.9:443'
	expect '198\.51\.100\.77:40022'
	tell 1; expect 'late\.e.*:40022'
	keys n; expect 'mirror\..*:https'; keys n; expect 'mirror\.e.*:443'
	keys BTab; expect 'web1\.e.*:51234'
	keys Tab Tab; first_row 'server-203'; keys BTab
	keys N; expect '203\.0\.113\.9:443'; expect_no 'example'
	# The page of a flow has both, as far as they are known.
	keys Enter; expect 'far +203\.0\.113\.9:443'; expect 'server-203-0-113-9\.fra50'
	keys q; expect 'BPS▼'
	keys N W; expect 'settings saved'; keys q; expect '^ended by'
	type_line "clear; $driver -a"; expect 'mirror\.e.*:443'
	keys q; expect '^ended by'
	rm "$settings/pktstat-bpf/settings"
}

# Sites, what they consist of, and applications: by number, by menu, and step by step back.
check_sights() {
	keys M-0; expect '\[(0 )?sites\]'; first_row 'example\.org '; expect '~example\.net '
	keys Enter; expect '\[servers\] of example\.org|of example\.org '; first_row 'www\.example\.org '
	keys Enter; expect 'of www\.example\.org'; expect 'TCP .*www\.exam.*:443'; expect_no '^..UDP '
	keys Escape; expect 'of example\.org '; expect '^▸ www\.example\.org '
	keys Escape; expect '\[(0 )?sites\]'; expect '^▸ example\.org '
	keys v; expect '^ +a +apps'; keys a; expect_no '^ +a +apps'; first_row 'https '; expect '\[apps\]'
	keys Tab; expect '\[(1 )?conv'; keys BTab; expect '\[apps\]'
	keys M-1; expect 'www\.exam.*:443'
	keys A; expect 'addresses instead of names of servers'; expect_no 'www\.exam'
	keys A; expect 'as packets and DNS'; expect 'www\.exam.*:443'
}

# Without them: no views, no columns, no words.
check_without() {
	keys N; expect 'cannot be looked up'; keys g
	expect_no 'PROCESS'
	keys BTab; expect '\[(1 )?conv'; keys BTab; expect '\[(6 )?(interfaces|if)\]'
	keys Tab Tab; expect '\[(2 )?flows\]'
}

for size in "80 24" "132 40"; do
	read -r width height <<<"$size"
	open_shell "$width" "$height"
	type_line "$driver -o"; expect 'BPS▼'
	check_owners
	keys q; expect '^ended by'
	type_line "clear; $driver -a"; expect 'BPS▼'
	check_names
	type_line "clear; $driver -oS"; expect 'BPS▼'
	check_sights
	keys q; expect '^ended by'
	type_line "clear; $driver"; expect 'BPS▼'
	check_without
	keys q; expect '^ended by'
	type_line "clear; $driver -I 3 -oh"; expect 'own session hidden'; expect 'IFACE'
	expect '^ .*eth0 and 2 more|eth0, wg0'
	next_snapshot; expect '00:00:07'; expect IFACE
	keys q; expect '^ended by'
	echo "ok $width x $height"
done
