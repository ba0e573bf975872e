#!/bin/bash
# SPDX-License-Identifier: MIT
# Every key of the live view, at three sizes, on made-up flows with a frozen clock.
. "$(dirname "$0")/tmux.sh"

check_orders() {
	# At any width the address of the other side is there.
	keys b; first_row '.*203\.0\.113\.9:443'
	keys R; expect 'BPS▲'; keys R; expect 'BPS▼'
	keys R b; expect 'BPS▼'
	keys p; expect 'PACKETS▼'
	keys 0; expect 'BPS▼'
	keys 1; expect 'PACKETS▼'
	keys 2; expect 'BYTES▼'
	keys s; expect 'PPS▼'
	keys 3; expect '(SOURCE|PEER)▲'; first_row '.*10\.0\.0\.1 req'
	keys t; expect '(SOURCE|PEER)▲'
	keys 4; [ "$1" -lt 60 ] || expect 'DESTINATION▲'
	keys 0; expect 'BPS▼'
	keys '>'; expect 'AVG2▼'
	keys '<'; expect 'BPS▼'
}

row_is() {
	[ "$1" -lt 14 ] || expect "row $2/"
}

check_moves() { # HEIGHT
	# Nothing is selected until somebody moves.
	expect_no '^▸'
	[ "$1" -lt 14 ] || expect ' 16 (rows|flows)'
	keys Down; expect '^▸ .*203\.0\.113\.9:443'
	row_is "$1" 1
	keys j; expect '^▸ .*(2001:db8::7|2001:…)'
	row_is "$1" 2
	keys j; expect '^▸ .*4500'
	keys Up k; expect '^▸ .*203\.0\.113\.9:443'
	keys k; expect '^▸ .*203\.0\.113\.9:443'; expect 'this is the first row'
	keys G; expect '^▸ .*(fe80::1|10\.0\.0\.1 )'
	row_is "$1" 16
	keys j; expect 'this is the last row'
	keys g; expect_no '^▸'
	keys g; expect 'this is the first row'
	keys b; expect 'already in this order'
	keys End; row_is "$1" 16
	keys Home; first_row '.*203\.0\.113\.9:443'
	keys PageDown; expect '^▸ '
	keys PageUp; expect '^▸ .*203\.0\.113\.9:443'
	# The selection stays with its flow while the order changes.
	keys j; expect '^▸ .*2001:db8::7'
	keys 3; expect '^▸ .*2001:db8::7'
	keys 0 g; first_row '.*203\.0\.113\.9:443'
}

check_pause() {
	expect '00:00:06'
	keys Space; expect 'PAUSED'
	next_snapshot
	keys j; keys j; expect 'PAUSED'; shows '00:00:06' || fail "the clock ran on"
	keys P; expect_no 'PAUSED'; expect '00:00:07'
	next_snapshot; expect '00:00:08'
}

check_help() {
	local key

	for key in '?' h F1; do
		keys "$key"; expect 'show all keys'
		keys Escape; expect_no 'show all keys'; expect 'BPS▼'
		keys "$key"; expect 'show all keys'
		keys q; expect_no 'show all keys'; expect 'BPS▼'
	done
	# Both keys at once, before there is a page to know the end of.
	keys '?' G; expect 'and or not'; keys g; expect 'show all keys'
	keys '?'; expect_no 'show all keys'
	# What is done to the table is done in sight of it.
	keys '?'; expect 'show all keys'; keys s; expect 'PPS▼'; keys 0; expect 'BPS▼'
	keys C-l; expect 'BPS▼'
}

check_rewind() { # HEIGHT
	local clock=00:00:08

	keys '['; expect 'REWOUND'; expect '00:00:07'
	keys Left; expect '00:00:06'
	keys ']'; expect '00:00:07'
	[ "$1" -lt 14 ] || expect 'REWOUND to 14:03:29 \(-1s of 7s\)'
	keys Right; expect_no 'REWOUND'; expect "$clock"
	keys '{'; expect 'REWOUND'; expect '00:00:01'
	keys '}'; expect_no 'REWOUND'; expect "$clock"
	keys '[' '[' L; expect_no 'REWOUND'; expect "$clock"
	keys '['; expect 'REWOUND'; keys Escape; expect_no 'REWOUND'
	keys Space '['; expect 'REWOUND'; keys Space; expect_no 'REWOUND'
}

check_filter() { # HEIGHT
	keys /; keys -l 'udp and out'; expect '^/udp and out'
	expect_no '^..TCP '
	keys Enter; expect_no '^/udp'; first_row 'UDP'
	[ "$1" -lt 14 ] || expect 'filter: udp and out .* of [0-9,]+ flows'
	keys /; expect '^/udp and out'; keys C-w; expect '^/udp and '
	# A filter with its beginning of the next one is in force without that.
	keys C-u; keys -l 'udp and'; expect '^/udp and .*expected a condition'; first_row 'UDP'
	# The cursor moves; what is typed goes where it is.
	keys C-u; keys -l 'tcp'; keys Home; keys -l 'not '; expect '^/not tcp'; first_row 'UDP'
	keys End BSpace BSpace BSpace; keys -l 'icmp'; keys Left C-a DC DC DC DC; expect '^/icmp'
	# Esc and Ctrl-C leave the filter as it was.
	keys Escape; expect 'filter: udp and out|^..UDP'; expect_no '^/'
	keys / C-u; keys -l arp; expect '^/arp'; keys C-c; expect_no '^/'; first_row 'UDP'
	# What was kept before comes back.
	keys / C-u Up; expect '^/udp and out'; keys Down; expect_no '^/udp'
	keys C-u; keys -l 'port x'; expect '^/port x.*expected a'
	# What is wrong is not accepted.
	keys Enter; expect '^/port x'
	keys BSpace; keys -l 443; keys Enter; expect_no '^/'; expect '443'
	keys / Up Up; expect '^/udp and out'; keys Down Down Escape
	keys Escape; expect '^..UDP '
	expect_no 'filter:'
	# Behind no row there is nothing.
	keys /; keys -l 'port 9'; keys Enter; expect 'no flow matches'
	keys Enter u; expect 'B/S▼'; keys u u Escape; expect_no 'no flow matches'
	keys /; keys -l q; expect '^/q'; keys Escape; expect_no '^/q'; expect 'BPS▼'
}

# Names are in any script: a character is typed, passed and erased as a whole, whatever its bytes.
check_scripts() { # WIDTH
	keys / ; keys -l 'müller漢字'; expect '^/müller漢字 '
	keys BSpace; expect '^/müller漢 '
	keys Left BSpace; expect '^/mülle漢 '
	keys Home DC DC; expect '^/lle漢 '
	keys -l 'é'; expect '^/élle漢 '; keys Right; keys -l 'ø'; expect '^/éløle漢 '
	# A control character in UTF-8 (U+009B), and bytes that are no character.
	tm send-keys -t $window -H c2 9b c3 28 9f; expect '^/élø[(]le漢 '
	# It scrolls by whole characters.
	keys C-u; keys -l '漢字漢字漢字漢字漢字 漢字漢字漢字漢字漢字'
	[ "$1" -gt 40 ] || expect '^/漢字漢字漢字漢字 漢字漢字漢字漢字漢字'
	keys Escape; expect_no '^/'
	# Where a key is a command it is none.
	keys -l 'é'; expect 'this key does nothing'
}

check_views() { # WIDTH
	local name

	for name in HOST SERVICE; do
		keys Tab; expect "$name"
	done
	keys Tab; expect_no 'SERVICE'; first_row 'TCP '
	keys Tab; expect 'INTERFACE'; first_row eth0
	keys Tab; expect 'FAR|PEER'
	keys Tab; expect 'SOURCE|PEER'
	keys BTab; expect 'NEAR|PEER'
	keys BTab; expect 'INTERFACE'
	keys BTab BTab; expect 'SERVICE'
	# By number and by menu.
	for name in 1:NEAR 2:SOURCE 3:HOST 4:SERVICE 6:INTERFACE; do
		keys "M-${name%:*}"; expect "${name#*:}|PEER"
	done
	keys M-9; expect 'no view of that number|INTERFACE'
	keys v; expect '^ +c +conversations'; keys h; expect_no '^ +c +conversations'; expect HOST
	keys v; expect '^ +c +conversations'; keys q; expect_no '^ +c +conversations'; expect HOST
	keys v; keys 4; expect SERVICE
	# With arrow keys it begins at the view that is shown, and goes round its ends.
	keys v; expect '^ . s +services'; keys Up; expect '^ . h +hosts'; keys Enter; expect HOST
	keys v; keys Down Down; expect '^ . o +protocols'; keys Enter; expect_no HOST
	keys v; keys Home Up; expect '^ . i +interfaces'; keys Enter; expect INTERFACE
	keys v; keys End Down x; keys Enter; expect 'NEAR|PEER'
	keys M-4; expect SERVICE
	# Into a group and out of it; its row is selected as before.
	keys j j; expect '^▸ UDP .*4500'
	keys Enter; expect 'NEAR|PEER'; expect_no '^..TCP '
	keys Escape; expect 'SERVICE'; expect '^▸ UDP .*4500'
	keys M-2 g; expect 'SOURCE|PEER'
	keys 5; expect 'flows have no column IN'
	[ "$1" -lt 80 ] || { keys M-3 5; expect ' IN▼'; keys 6; expect ' OUT▼'; keys M-2 0; expect 'BPS▼'; }
}

check_pages() {
	keys Enter; expect 'protocol'; keys G; expect 'EtherType'; keys u u u
	keys g; expect 'protocol'
	keys q; expect_no '^ +(protocol|since start) '
	keys H; expect 'seen by the hook'; keys G; expect 'attached by'
	keys H; expect_no 'attached by'; expect 'BPS▼'
}

check_rest() { # WIDTH HEIGHT
	keys u; expect 'B/S▼'; expect 'B/s|^in'
	keys u; expect 'BPS▼'; keys u
	if [ "$1" -ge 80 ]; then
		keys n; expect '203\.0\.113\.9:https'; keys n; expect '203\.0\.113\.9:443'
		keys T; [ "$1" -ge 100 ] && expect_no 'PACKETS' || expect 'PACKETS'
		keys T; [ "$1" -ge 100 ] && expect 'PACKETS' || expect_no 'PACKETS'
	fi
	keys o; expect 'BPS='; keys o; expect 'BPS▼'
	keys z; [ "$1" -lt 80 ] || expect 'totals since 14:'
	keys Z; expect_no 'totals since'
	keys g j j F; [ "$2" -lt 14 ] || expect 'following row 2/'
	keys F; [ "$2" -lt 14 ] || expect_no 'following'
	keys g
	[ "$2" -lt 14 ] || { keys +; expect 'interval 2.0 s'; keys -; expect 'interval 1.0 s'; }
	keys g; first_row '.*203\.0\.113\.9:443'
}

check_mouse() {
	mouse 0 20 5; expect '^▸ .*\[2001:db8::7\]'
	mouse 0 15 3; expect 'SOURCE▲'
	mouse 0 15 3; expect 'SOURCE▼'
	mouse 0 62 3; expect 'BPS▼'
	keys g; expect ' 16 (rows|flows)'
	# A click on the name of a view opens it.
	mouse 0 3 22; expect 'NEAR'
	mouse 0 9 22; expect 'SOURCE'
	# In a menu it chooses, beside one it closes it.
	keys v; expect 'hosts +the address'; mouse 0 8 7; expect_no 'hosts +the address'; expect HOST
	keys v; expect 'hosts +the address'; mouse 0 70 7; expect_no 'hosts +the address'; expect HOST
	# Where something else stands in the line of the tabs, there are none to click.
	keys M-2; expect SOURCE
	keys / ; keys -l udp; expect '^/udp'; mouse 0 3 22; keys Enter; expect 'filter: udp'; expect SOURCE
	mouse 0 3 22; keys Escape Space; expect 'PAUSED'; mouse 0 3 22; keys Space; expect_no PAUSED
	expect SOURCE
	keys M-2; expect 'SOURCE'
}

# Beyond column 223 reports have another form, which screen and tmux know without saying so in terminfo.
check_wide_mouse() {
	mouse_wide 0 236 11; expect 'BYTES▼'
	mouse_wide 0 236 11; expect 'BYTES▲'
	mouse_wide 0 20 10; expect '\[2 flows\]'
	mouse_wide 0 237 14; expect '^▸ '; expect 'row 3/'
	mouse_wide 65 237 14; mouse_wide 0 191 11; expect ' AVG2▼'
	mouse_wide 0 4 10; expect NEAR
	keys M-2 g b; expect 'BPS▼'
	# Beyond the screen there is nothing.
	mouse_wide 0 999 999
	keys j; expect '^▸ '; expect 'row 1/'
	keys g
}

# On a screen with more rows than lines: what is typed before a filter changes moves nothing.
check_small() {
	keys g j; expect '^▸ .*203\.0\.113\.9:443'
	mouse 65 10 5; expect_no '^▸'
	keys /; expect '^/'; shows_not '^▸' || fail "the prompt moved the rows"
	keys Escape; expect_no '^/'; shows_not '^▸' || fail "leaving the prompt moved the rows"
	keys g / ; keys -l udp; keys Enter Space; expect 'PAUSED filtered'
	keys '['; expect 'REWOUND filtered'; keys L Escape; expect 'BPS▼'
}

# What is shown, as files that others read.
check_write() {
	local kept=$settings/state/pktstat-bpf

	rm -rf "$kept"
	keys w; expect '^ +j +JSON'; keys q; expect_no '^ +j +JSON'
	keys / ; keys -l udp; keys Enter
	for letter in r j c; do
		keys w; expect '^ +j +JSON'; keys $letter; expect '4 rows in .*state/pktstat-bpf'
	done
	# The same moment again is another file.
	keys w; expect '^ +j +JSON'; keys j; expect '4 rows in .*-flows-2\.json'
	keys Escape
	python3 - "$kept" <<'PYTHON' || fail "what was written is not what was shown"
import csv, glob, json, sys
rows = json.load(open(glob.glob(sys.argv[1] + "/*-flows-2.json")[0]))
table = list(csv.DictReader(open(glob.glob(sys.argv[1] + "/*.csv")[0], newline="")))
text = open(glob.glob(sys.argv[1] + "/*.txt")[0]).read()
assert len(rows) == len(table) == 4, (rows, table)
assert rows[0]["srcIp"] == table[0]["srcIp"] == "10.0.0.4"
assert rows[0]["srcPort"] == int(table[0]["srcPort"]) == 4500
assert [r["bytes"] for r in rows] == [int(t["bytes"]) for t in table]
assert "flows on eth0" in text and "filter: udp" in text and "198.51.100.20:4500" in text
PYTHON
}

check_copy() {
	keys g y; expect "clipboard: TCP +↓ +203"
	keys Y; expect "clipboard: 203\.0\.113\.9:443 +10\.0\.0\.4:51234"
	keys M-5 Y; expect 'this row has no addresses to copy'; keys M-2
}

check_settings() {
	keys 3 R u W; expect 'settings saved in .*pktstat-bpf/settings'
	keys q; expect '^ended by'
	type_line "clear; $driver"; expect 'SOURCE▼'; expect 'B/s'
	keys q; expect '^ended by'
	echo 'sort = nonsense' >>"$settings/pktstat-bpf/settings"
	type_line "clear; $driver"; expect 'settings ignored: line 10 is not a setting'
	expect 'BPS▼'
	rm "$settings/pktstat-bpf/settings"
	keys g; expect_no 'settings'
	keys q; expect '^ended by'
	# An order that --sort does not know, in the view that has it.
	type_line "clear; $tools/ui_driver"; expect 'NEAR'
	keys M-3 5 W; expect 'settings saved'; expect 'HOST .* IN▼'
	keys q; expect '^ended by quit'
	type_line "clear; $tools/ui_driver"; expect 'HOST .* IN▼'
	keys q; expect '^ended by quit'
	rm "$settings/pktstat-bpf/settings"
	type_line "clear; XDG_CONFIG_HOME=/proc/nosuch $driver"
	keys W; expect 'settings not saved .No such file or directory. /proc/nosuch'
}

check_quit() { # KEY END
	keys "$1"
	expect "^ended by $2"
	type_line "$driver"
	expect 'BPS▼'
}

for size in "80 24" "132 40" "40 10"; do
	read -r width height <<<"$size"
	open_shell "$width" "$height"
	type_line "$driver"
	expect 'BPS▼'
	check_orders "$width"
	check_moves "$height"
	check_pause
	check_rewind "$height"
	check_filter "$height"
	check_scripts "$width"
	check_views "$width"
	check_pages
	check_rest "$width" "$height"
	check_help
	[ "$height" -ge 14 ] || check_small
	[ "$width" -ne 80 ] || { check_mouse; check_write; check_copy; check_settings; }
	check_quit q 'quit 0'
	# What was typed before it ends goes to nobody else, read or not.
	keys -l 'echo leaked'
	keys Enter C-c
	expect '^ended by signal 2'
	type_line "$driver"
	expect 'BPS▼'
	keys q
	expect '^ended by quit 0'
	shows_not leaked || fail "keys were left to the shell"
	echo "ok $width x $height"
done

open_shell 240 50
for term in screen xterm-256color; do
	type_line "clear; TERM=$term $driver -o"
	expect 'BPS▼'
	check_wide_mouse
	keys q; expect '^ended by quit'
	echo "ok 240 x 50 $term"
done
