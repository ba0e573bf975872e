#!/bin/bash
# SPDX-License-Identifier: MIT
# Names and applications of programs that not every machine has.
#
# usage: sight_real.sh [more|browser|servers]...
set -u
. "$(dirname "$0")/sight_bed.sh"

# Servers that not every machine has.
test_more() {
	need jq redis-server redis-cli mosquitto mosquitto_pub gnutls-cli ssh openssl
	serve_tls
	serve redis-server --port 7001 --bind 10.99.0.2 --save '' --protected-mode no --dir "$BED_DIR"
	printf 'listener 7002 10.99.0.2\nallow_anonymous true\n' >"$BED_DIR/mosquitto.conf"
	serve mosquitto -c "$BED_DIR/mosquitto.conf"
	ssh-keygen -q -t ed25519 -N '' -f "$BED_DIR/host_key"
	mkdir -p /run/sshd
	serve /usr/sbin/sshd -D -e -f /dev/null -h "$BED_DIR/host_key" -p 7003 -o PidFile=none
	await_port 7001
	await_port 7002
	await_port 7003
	monitor_start more --json --no-owners -r 100ms
	bed_mon redis-cli -h 10.99.0.2 -p 7001 set a b >/dev/null || fail "redis-cli"
	bed_mon mosquitto_pub -h 10.99.0.2 -p 7002 -t a -m b || fail "mosquitto_pub"
	bed_mon ssh -p 7003 -o BatchMode=yes -o StrictHostKeyChecking=no \
		-o UserKnownHostsFile=/dev/null nobody@10.99.0.2 true >/dev/null 2>&1
	bed_mon gnutls-cli --insecure --sni-hostname gnutls.example.org -p 443 10.99.0.2 \
		</dev/null >/dev/null 2>&1
	monitor_stop
	ended_well
	row appProto=redis dstPort=7001
	row appProto=mqtt dstPort=7002
	row appProto=ssh dstPort=7003
	row appProto=tls dstName=gnutls.example.org nameFrom=sni
}

# The certificate is trusted by the hash of its key, without which a browser does not speak QUIC.
browse() {
	local hash
	hash=$(openssl x509 -in "$BED_DIR/cert.pem" -pubkey -noout | openssl pkey -pubin -outform der |
		openssl dgst -sha256 -binary | base64)
	bed_mon timeout 120 chromium --headless --no-sandbox --disable-gpu --no-first-run \
		--disable-dev-shm-usage --user-data-dir="$BED_DIR/profile" \
		--host-resolver-rules='MAP * 10.99.0.2' --ignore-certificate-errors-spki-list="$hash" \
		"${@:2}" --dump-dom "https://$1/" >"$BED_DIR/dom" 2>"$BED_DIR/chromium"
	grep -q "hello from $1" "$BED_DIR/dom" || fail "chromium: $1: $(tail -5 "$BED_DIR/chromium")"
}

# A browser: a hello with a post-quantum key share, which is more than a segment, and one over QUIC.
test_browser() {
	need chromium caddy jq openssl base64
	make_certificate
	cat >"$BED_DIR/Caddyfile" <<-END
		{
			admin off
			auto_https off
		}
		https://:443 {
			tls $BED_DIR/cert.pem $BED_DIR/key.pem
			respond "hello from {host}"
		}
	END
	HOME=$BED_DIR serve caddy run --config "$BED_DIR/Caddyfile" --adapter caddyfile
	await_port 443
	monitor_start browser --json --no-owners -r 100ms
	browse split.example.org
	browse quic.example.org --origin-to-force-quic-on=quic.example.org:443
	monitor_stop
	ended_well
	row appProto=https dstName=split.example.org nameFrom=sni alpn=h2 initiator=src dstPort=443
	row appProto=http3 dstName=quic.example.org nameFrom=sni alpn=h3 proto=UDP dstPort=443
}

# Several names on one address, PostgreSQL with and without TLS, CNAME chains.
test_servers() {
	need nginx psql curl openssl dig dnsmasq jq runuser
	local name
	make_certificate
	serve_nginx
	serve_postgresql
	serve_chains
	monitor_start servers --json --no-owners -r 100ms
	for name in one two; do
		same "nginx" "$(bed_mon curl -sk --resolve "$name.example.org:443:10.99.0.2" \
			"https://$name.example.org/")" "$name"
	done
	query require
	query disable
	same "chain" "$(bed_mon dig +short @10.99.0.2 a.example | tail -1)" 10.99.0.2
	same "answers" "$(bed_mon dig +tcp +short @10.99.0.2 many.example | wc -l)" 60
	bed_mon curl -s --http2-prior-knowledge -o /dev/null http://10.99.0.2:8080/
	bed_mon bash -c 'exec 3<>/dev/tcp/10.99.0.2/9' 2>/dev/null
	monitor_stop
	ended_well
	row appProto=https dstName=one.example.org nameFrom=sni alpn=h2
	row appProto=https dstName=two.example.org nameFrom=sni alpn=h2
	row appProto=postgresql dstName=db.example.org nameFrom=sni "tlsVersion=TLS 1.3" dstPort=5432
	row appProto=postgresql tlsVersion=null dstPort=5432
	row appProto=dns proto=TCP dstPort=53
	row appProto=http2 dstPort=8080
	row dstName=a.example nameFrom=dns dstPort=9
}

query() {
	local text
	text=$(bed_mon psql "host=db.example.org hostaddr=10.99.0.2 user=postgres sslmode=$1" \
		-qtAc "select 'hello'") || fail "psql: $1"
	same "psql: $1" "$text" hello
}

serve_nginx() {
	cat >"$BED_DIR/nginx.conf" <<-END
		pid $BED_DIR/nginx.pid;
		error_log stderr;
		events {}
		http {
			access_log off;
			client_body_temp_path $BED_DIR;
			proxy_temp_path $BED_DIR;
			fastcgi_temp_path $BED_DIR;
			uwsgi_temp_path $BED_DIR;
			scgi_temp_path $BED_DIR;
			ssl_certificate $BED_DIR/cert.pem;
			ssl_certificate_key $BED_DIR/key.pem;
			server { listen 443 ssl http2; server_name one.example.org; return 200 one; }
			server { listen 443 ssl http2; server_name two.example.org; return 200 two; }
			server { listen 8080 http2; return 200 plain; }
		}
	END
	serve nginx -c "$BED_DIR/nginx.conf" -g 'daemon off;'
	await_port 443
}

serve_postgresql() {
	local programs dir=$BED_DIR/postgresql
	programs=$(echo /usr/lib/postgresql/*/bin | cut -d ' ' -f 1)
	[ -x "$programs/postgres" ] || skip "postgres is missing"
	chmod 755 "$BED_DIR"
	mkdir "$dir"
	cp "$BED_DIR/cert.pem" "$dir.crt"
	cp "$BED_DIR/key.pem" "$dir.key"
	chmod 600 "$dir.key"
	chown postgres "$dir" "$dir.crt" "$dir.key"
	runuser -u postgres -- "$programs/initdb" -D "$dir" -A trust >"$BED_DIR/initdb" 2>&1 ||
		fail "initdb: $(cat "$BED_DIR/initdb")"
	echo "host all all 10.99.0.0/24 trust" >>"$dir/pg_hba.conf"
	serve runuser -u postgres -- "$programs/postgres" -D "$dir" -k '' -h 10.99.0.2 -c ssl=on \
		-c "ssl_cert_file=$dir.crt" -c "ssl_key_file=$dir.key"
	await_port 5432
}

serve_chains() {
	local many=() i
	for i in {1..60}; do
		many+=(--host-record="many.example,10.98.0.$i")
	done
	serve_dns --host-record=end.example,10.99.0.2 --cname=a.example,b.example \
		--cname=b.example,c.example --cname=c.example,end.example "${many[@]}"
}

bed_make sight
for case in "${@:-more}"; do
	"test_$case"
done
