#!/bin/bash
# SPDX-License-Identifier: MIT
# Applications and names of services: mail, directories, databases, calls and tunnels, on ports that are
# not theirs, by real servers and clients.
#
# usage: sight_services.sh [dhcp|mail|directory|database|calls|tunnels]...
set -u
. "$(dirname "$0")/sight_bed.sh"

monitored() {
	monitor_start "$1" --json --no-owners -r 100ms
}

done_well() {
	monitor_stop
	ended_well
}

# Servers leave root, and read these as somebody else.
make_open_certificate() {
	make_certificate
	chmod 755 "$BED_DIR"
	chmod 644 "$BED_DIR/key.pem"
}

# What a client says to a port, and what comes back.
talk() {
	# shellcheck disable=SC2016 # the inner shell's arguments
	bed_mon timeout 60 bash -c \
		'exec 3<>"/dev/tcp/10.99.0.2/$1"; read -r line <&3; printf "$2" >&3; cat <&3' talk "$@"
}

start_tls() {
	local port=$1 protocol=$2
	bed_mon timeout 60 openssl s_client -starttls "$protocol" -connect "10.99.0.2:$port" \
		-servername "$protocol.example.org" </dev/null >"$BED_DIR/$protocol" 2>&1
	grep -q 'Cipher is TLS' "$BED_DIR/$protocol" ||
		fail "no TLS by $protocol: $(tail -n 3 "$BED_DIR/$protocol")"
}

test_dhcp() {
	need dnsmasq busybox jq
	serve dnsmasq -k --port=0 --no-resolv --no-hosts --conf-file=/dev/null --user=root --pid-file= \
		--interface=far0 --bind-interfaces --dhcp-range=10.99.0.100,10.99.0.150,1h \
		--dhcp-leasefile="$BED_DIR/leases" --dhcp-authoritative
	await_port 67 u
	monitored dhcp
	bed_mon timeout 60 busybox udhcpc -i mon0 -n -q -f -s /bin/true >"$BED_DIR/udhcpc" 2>&1 ||
		fail "udhcpc: $(cat "$BED_DIR/udhcpc")"
	done_well
	row appProto=dhcp srcIp=0.0.0.0 dstPort=67
	report_row dhcp dir=in appProto=dhcp srcPort=67
}

serve_dovecot() {
	cat >"$BED_DIR/dovecot.conf" <<-END
		base_dir = $BED_DIR/dovecot
		state_dir = $BED_DIR/dovecot.state
		log_path = $BED_DIR/dovecot.log
		protocols = imap pop3
		listen = 10.99.0.2
		ssl_cert = <$BED_DIR/cert.pem
		ssl_key = <$BED_DIR/key.pem
		passdb {
			driver = static
		}
		userdb {
			driver = static
			args = uid=nobody gid=nogroup home=$BED_DIR/mail
		}
		service imap-login {
			inet_listener imap {
				port = 7143
			}
		}
		service pop3-login {
			inet_listener pop3 {
				port = 7110
			}
		}
	END
	serve dovecot -F -c "$BED_DIR/dovecot.conf"
	await_port 7143
	await_port 7110
}

serve_exim() {
	mkdir "$BED_DIR/spool"
	chown Debian-exim "$BED_DIR/spool"
	cat >"$BED_DIR/exim.conf" <<-END
		primary_hostname = mx.example.org
		spool_directory = $BED_DIR/spool
		log_file_path = $BED_DIR/spool/%slog
		tls_advertise_hosts = *
		tls_certificate = $BED_DIR/cert.pem
		tls_privatekey = $BED_DIR/key.pem
	END
	serve exim4 -C "$BED_DIR/exim.conf" -bdf -oX 7025 -oP "$BED_DIR/spool/pid"
	await_port 7025
}

test_mail() {
	need dovecot exim4 openssl jq
	make_open_certificate
	serve_dovecot
	serve_exim
	monitored mail
	start_tls 7143 imap
	start_tls 7110 pop3
	start_tls 7025 smtp
	talk 7143 'a LOGOUT\r\n' >/dev/null
	talk 7110 'CAPA\r\nQUIT\r\n' >/dev/null
	talk 7025 'EHLO a.example.org\r\nQUIT\r\n' >/dev/null
	done_well
	row appProto=imap dstPort=7143 dstName=imap.example.org nameFrom=sni "tlsVersion=TLS 1.3"
	row appProto=pop3 dstPort=7110 dstName=pop3.example.org nameFrom=sni "tlsVersion=TLS 1.3"
	row appProto=smtp dstPort=7025 dstName=smtp.example.org nameFrom=sni "tlsVersion=TLS 1.3"
	row appProto=imap dstPort=7143 tlsVersion=null
	row appProto=pop3 dstPort=7110 tlsVersion=null
	row appProto=smtp dstPort=7025 tlsVersion=null
}

test_directory() {
	need slapd ldapsearch openssl jq
	make_certificate
	mkdir "$BED_DIR/directory"
	cat >"$BED_DIR/slapd.conf" <<-END
		include /etc/ldap/schema/core.schema
		modulepath /usr/lib/ldap
		moduleload back_mdb
		TLSCertificateFile $BED_DIR/cert.pem
		TLSCertificateKeyFile $BED_DIR/key.pem
		database mdb
		suffix "dc=example"
		directory $BED_DIR/directory
	END
	serve slapd -d 0 -f "$BED_DIR/slapd.conf" -h ldap://10.99.0.2:7389
	await_port 7389
	monitored directory
	bed_mon ldapsearch -x -H ldap://10.99.0.2:7389 -b '' -s base >/dev/null || fail "ldapsearch"
	LDAPTLS_REQCERT=never bed_mon ldapsearch -x -ZZ -H ldap://10.99.0.2:7389 -b '' -s base >/dev/null ||
		fail "ldapsearch with StartTLS"
	done_well
	row appProto=ldap dstPort=7389 tlsVersion=null
	row appProto=ldap dstPort=7389 "tlsVersion=TLS 1.3"
}

test_database() {
	need mariadbd mariadb-install-db mariadb openssl jq
	make_open_certificate
	mkdir "$BED_DIR/database"
	chown mysql "$BED_DIR/database"
	mariadb-install-db --no-defaults --user=mysql --datadir="$BED_DIR/database" \
		>"$BED_DIR/install" 2>&1 || fail "mariadb-install-db: $(tail -n 3 "$BED_DIR/install")"
	serve mariadbd --no-defaults --user=mysql --datadir="$BED_DIR/database" --port=7306 \
		--bind-address=10.99.0.2 --socket="$BED_DIR/database/socket" --skip-grant-tables \
		--skip-name-resolve --ssl-cert="$BED_DIR/cert.pem" --ssl-key="$BED_DIR/key.pem"
	await_port 7306
	monitored database
	bed_mon mariadb -h 10.99.0.2 -P 7306 -u root --skip-ssl -e 'select 1' >/dev/null || fail "mariadb"
	bed_mon mariadb -h 10.99.0.2 -P 7306 -u root --ssl -e 'select 2' >/dev/null ||
		fail "mariadb with TLS"
	done_well
	row appProto=mysql dstPort=7306 tlsVersion=null
	row appProto=mysql dstPort=7306 "tlsVersion=TLS 1.3"
}

call() {
	TERM=dumb bed_mon timeout 60 sipp -sn uac "10.99.0.2:$1" -i 10.99.0.1 -m 1 -nostdin "${@:2}" \
		>"$BED_DIR/sipp" 2>&1 || fail "sipp: $(tail -n 3 "$BED_DIR/sipp")"
}

# Audio by RTP and its reports by RTCP, until the far side has heard enough of both. How long a stream takes
# to end by itself, or whether it does, is gstreamer's affair.
play_audio() {
	local heard player
	(exec ip netns exec "$BED_FAR" python3 -c 'import select, socket
left = {}
for port, count in ((7100, 100), (7101, 2)):
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	s.bind(("10.99.0.2", port))
	left[s] = count
print("bound", flush=True)
while max(left.values()) > 0:
	for s in select.select(list(left), [], [])[0]:
		s.recv(2048)
		left[s] -= 1' >"$BED_DIR/heard") &
	heard=$!
	BED_PIDS="$BED_PIDS $heard"
	wait_for 60 grep -q bound "$BED_DIR/heard" || fail "nobody listens to audio"
	(exec ip netns exec "$BED_MON" gst-launch-1.0 rtpbin name=bin audiotestsrc is-live=true ! \
		mulawenc ! rtppcmupay ! bin.send_rtp_sink_0 \
		bin.send_rtp_src_0 ! udpsink host=10.99.0.2 port=7100 \
		bin.send_rtcp_src_0 ! udpsink host=10.99.0.2 port=7101 sync=false async=false \
		>"$BED_DIR/gstreamer" 2>&1 </dev/null) &
	player=$!
	BED_PIDS="$BED_PIDS $player"
	wait_for 120 processes_gone "$heard" || fail "too little audio: $(tail -n 3 "$BED_DIR/gstreamer")"
	kill "$player"
	wait "$player" 2>/dev/null
}

test_calls() {
	need sipp gst-launch-1.0 python3 jq
	serve sipp -sn uas -i 10.99.0.2 -p 7060 -nostdin
	serve sipp -sn uas -i 10.99.0.2 -p 7061 -t t1 -nostdin
	await_port 7060 u
	await_port 7061
	monitored calls
	call 7060 -p 7062
	call 7061 -p 7063 -t t1
	play_audio
	done_well
	row appProto=sip proto=UDP dstPort=7060
	row appProto=sip proto=TCP dstPort=7061
	row appProto=rtp dstPort=7100
	row appProto=rtcp dstPort=7101
}

make_vpn_keys() {
	local name
	openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 2 -subj /CN=ca
	for name in server client; do
		openssl req -newkey rsa:2048 -nodes -keyout "$name.key" -out "$name.csr" -subj "/CN=$name"
		openssl x509 -req -in "$name.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 \
			-out "$name.crt"
	done
	openvpn --genkey secret shared.key
}

vpn_client() {
	(exec ip netns exec "$BED_MON" openvpn --tls-client --nobind --cert client.crt --key client.key \
		"$@" >"$BED_DIR/client" 2>&1 </dev/null) &
	BED_PIDS="$BED_PIDS $!"
	wait_for 60 grep -q 'Peer Connection Initiated' "$BED_DIR/client" ||
		fail "openvpn: $(tail -n 5 "$BED_DIR/client")"
}

# tunnel PORT udp|tcp OPTION...
tunnel() {
	local port=$1 kind=$2 both=(--dev null --ca ca.crt "${@:3}")
	local server=$kind client=$kind
	[ "$kind" = udp ] || server=tcp-server client=tcp-client
	serve openvpn --tls-server --local 10.99.0.2 --port "$port" --proto "$server" --cert server.crt \
		--key server.key --dh none "${both[@]}"
	await_port "$port" "${kind#tcp}"
	vpn_client --remote 10.99.0.2 "$port" --proto "$client" "${both[@]}"
	row_ports="$row_ports $port"
}

test_tunnels() {
	need openvpn openssl jq
	local row_ports='' port
	cd "$BED_DIR" || exit 1
	make_vpn_keys >"$BED_DIR/keys" 2>&1 || fail "keys: $(cat "$BED_DIR/keys")"
	monitored tunnels
	tunnel 7194 udp
	tunnel 7195 udp --tls-crypt shared.key
	tunnel 7196 udp --tls-auth shared.key
	tunnel 7197 tcp
	tunnel 7198 tcp --tls-crypt shared.key
	done_well
	for port in $row_ports; do
		row appProto=openvpn "dstPort=$port"
	done
}

bed_make sight
for case in "${@:-dhcp}"; do
	"test_$case"
done
