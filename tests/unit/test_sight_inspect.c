/* SPDX-License-Identifier: MIT */
/* From packets to findings: handshakes, hellos in pieces, answers of DNS, tuples used again, floods. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "application.h"
#include "hello_bytes.h"
#include "inspect.h"
#include "sight.h"
#include "site_name.h"

#define MS 1000000ULL

struct bed {
	struct inspect *inspect;
	struct sight_finding last;
	unsigned int told;
	uint64_t now_ns;
};

static void hear(void *arg, const struct sight_finding *finding)
{
	struct bed *bed = arg;

	assert_true(sight_finding_check(finding));
	bed->last = *finding;
	bed->told++;
}

static int set_up(void **state)
{
	static struct bed bed;
	const struct inspect_sink sink = {hear, &bed};

	memset(&bed, 0, sizeof(bed));
	bed.now_ns = 1000 * MS;
	*state = &bed;
	return inspect_new(&sink, &bed.inspect);
}

static int tear_down(void **state)
{
	struct bed *bed = *state;

	inspect_free(bed->inspect);
	return 0;
}

/* The client's address is higher than the server's, so the ends of the finding's key are turned. */
static struct flow_key key_of(uint8_t proto, uint16_t client, uint16_t server, bool back)
{
	struct flow_key key = {.ethertype = 0x0800, .ipproto = proto};
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	memcpy(key.src, mapped, 12);
	memcpy(key.dst, mapped, 12);
	memcpy(key.src + 12, back ? "\xc0\0\2\1" : "\xc0\0\2\x63", 4);
	memcpy(key.dst + 12, back ? "\xc0\0\2\x63" : "\xc0\0\2\1", 4);
	key.sport = back ? server : client;
	key.dport = back ? client : server;
	key.where = (uint8_t)back;
	return key;
}

static void send_tcp(struct bed *bed, bool back, uint8_t flags, uint32_t sequence,
		     const void *bytes, size_t length)
{
	const struct inspect_packet packet = {.key = key_of(IPPROTO_TCP, 40000, 443, back),
					      .time_ns = bed->now_ns,
					      .sequence = sequence,
					      .flags = flags,
					      .bytes = bytes,
					      .length = length,
					      .whole = length};

	inspect_take(bed->inspect, &packet);
	bed->now_ns += 10 * MS;
}

static void send_udp(struct bed *bed, uint16_t client, uint16_t server, bool back,
		     const void *bytes, size_t length)
{
	const struct inspect_packet packet = {.key = key_of(IPPROTO_UDP, client, server, back),
					      .time_ns = bed->now_ns,
					      .bytes = bytes,
					      .length = length,
					      .whole = length};

	inspect_take(bed->inspect, &packet);
	bed->now_ns += 10 * MS;
}

static void shake_hands(struct bed *bed, uint32_t client_start)
{
	send_tcp(bed, false, INSPECT_SYN, client_start, "", 0);
	bed->now_ns += 20 * MS;
	send_tcp(bed, true, INSPECT_SYN | INSPECT_ACK, 77, "", 0);
	send_tcp(bed, false, INSPECT_ACK, client_start + 1, "", 0);
}

static void handshake_has_times(void **state)
{
	struct bed *bed = *state;

	shake_hands(bed, 1000);
	assert_int_equal(bed->last.initiator, SIGHT_END_DESTINATION);
	assert_int_equal(bed->last.server_rtt_us, 30000);
	assert_int_equal(bed->last.client_rtt_us, 10000);
}

static void repeated_syn_has_no_time(void **state)
{
	struct bed *bed = *state;

	send_tcp(bed, false, INSPECT_SYN, 1000, "", 0);
	shake_hands(bed, 1000);
	assert_int_equal(bed->last.initiator, SIGHT_END_DESTINATION);
	assert_int_equal(bed->last.server_rtt_us, 0);
}

/* Cut anywhere, pieces in either order, across the end of the sequence numbers. */
static void hello_in_two_segments(void **state)
{
	struct bed *bed = *state;
	uint8_t hello[HELLO_BYTES], stream[HELLO_BYTES + 8];
	size_t length =
		hello_put_record(hello, hello_make_chrome("split.example.org", hello), stream);

	for (size_t cut = 1; cut < length; cut += 7) {
		uint32_t start = UINT32_MAX - 100 + (uint32_t)cut;
		bool late = cut % 2;

		shake_hands(bed, start);
		assert_string_equal(bed->last.name, "");
		for (int i = 0; i < 2; i++) {
			bool second = late ? !i : i;

			send_tcp(bed, false, INSPECT_ACK, start + 1 + (second ? (uint32_t)cut : 0),
				 stream + (second ? cut : 0), second ? length - cut : cut);
		}
		assert_string_equal(bed->last.name, "split.example.org");
		assert_int_equal(bed->last.named, SIGHT_END_SOURCE);
		assert_int_equal(bed->last.application, APPLICATION_HTTPS);
		assert_int_equal(bed->last.tls_version, 0x0304);
		assert_string_equal(bed->last.alpn, "h2");
		assert_string_equal(bed->last.ja4, "t13d1516h2_8daaf6152771_e5627efa2ab1");
	}
}

/* Behind what asks for TLS first, which stays the application; behind the head of a proxy. */
static void hello_behind_other_bytes(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
		enum application application;
	} before[] = {
		{"\0\0\0\x08\x04\xd2\x16\x2f", 8, APPLICATION_POSTGRESQL},
		{"EHLO a.example.org\r\n", 20, APPLICATION_SMTP},
		{"\5\1\0", 3, APPLICATION_HTTPS}, /* SOCKS */
	};
	struct bed *bed = *state;
	uint8_t hello[HELLO_BYTES], stream[HELLO_BYTES + 16];
	size_t length = hello_put_record(hello, hello_make_chrome("db.example.org", hello), stream);

	for (uint32_t i = 0; i < 3; i++) {
		uint32_t at = 1000 * (i + 1) + 1;

		shake_hands(bed, at - 1);
		assert_string_equal(bed->last.name, "");
		send_tcp(bed, false, INSPECT_ACK, at, before[i].bytes, before[i].length);
		send_tcp(bed, true, INSPECT_ACK, 78, "S", 1);
		at += (uint32_t)before[i].length;
		send_tcp(bed, false, INSPECT_ACK, at, stream, 100);
		send_tcp(bed, false, INSPECT_ACK, at + 100, stream + 100, length - 100);
		assert_string_equal(bed->last.name, "db.example.org");
		assert_int_equal(bed->last.application, before[i].application);
		assert_string_equal(bed->last.ja4, "t13d1516h2_8daaf6152771_e5627efa2ab1");
	}
}

/* The head of a proxy and the hello in one segment, and in two. */
static void hello_behind_proxy_head(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
	} heads[] = {
		{"PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n", 42},
		{"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\2\1\xc0\0\2\2\xdc\x04\1\xbb", 28},
	};
	struct bed *bed = *state;
	uint8_t hello[HELLO_BYTES], stream[HELLO_BYTES + 100];
	size_t length, head;

	for (uint32_t i = 0; i < 4; i++) {
		head = heads[i / 2].length;
		memcpy(stream, heads[i / 2].bytes, head);
		length = hello_put_record(hello, hello_make_chrome("behind.example.org", hello),
					  stream + head);
		shake_hands(bed, 1000 * i);
		assert_string_equal(bed->last.name, "");
		if (i % 2) {
			send_tcp(bed, false, INSPECT_ACK, 1000 * i + 1, stream, head);
			send_tcp(bed, false, INSPECT_ACK, 1000 * i + 1 + (uint32_t)head,
				 stream + head, length);
		} else {
			send_tcp(bed, false, INSPECT_ACK, 1000 * i + 1, stream, head + 100);
			send_tcp(bed, false, INSPECT_ACK, 1000 * i + 1 + (uint32_t)head + 100,
				 stream + head + 100, length - 100);
		}
		assert_string_equal(bed->last.name, "behind.example.org");
		assert_int_equal(bed->last.application, APPLICATION_HTTPS);
		assert_string_equal(bed->last.ja4, "t13d1516h2_8daaf6152771_e5627efa2ab1");
	}
}

static void request_behind_unknown_bytes(void **state)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: www.example.org\r\n\r\n";
	struct bed *bed = *state;

	shake_hands(bed, 1000);
	send_tcp(bed, false, INSPECT_ACK, 1001, "\5\1\0", 3); /* SOCKS */
	send_tcp(bed, false, INSPECT_ACK, 1004, "\5\1\0\1\1\2\3\4\0\x50", 10);
	assert_int_equal(bed->last.application, APPLICATION_UNKNOWN);
	send_tcp(bed, false, INSPECT_ACK, 1014, request, sizeof(request) - 1);
	assert_int_equal(bed->last.application, APPLICATION_HTTP);
	assert_string_equal(bed->last.name, "www.example.org");
	assert_int_equal(bed->last.named, SIGHT_END_SOURCE);
}

/* The same tuple again, for another server name. */
static void tuple_is_used_again(void **state)
{
	struct bed *bed = *state;
	static const char ssh[] = "SSH-2.0-x\r\n";

	hello_in_two_segments(state);
	shake_hands(bed, 5);
	assert_string_equal(bed->last.name, "");
	assert_int_equal(bed->last.application, APPLICATION_UNKNOWN);
	send_tcp(bed, true, INSPECT_ACK, 78, ssh, sizeof(ssh) - 1);
	assert_int_equal(bed->last.application, APPLICATION_SSH);
	send_tcp(bed, true, INSPECT_ACK, 78 + 11, "HTTP/1.1 200 OK\r\n", 17);
	assert_int_equal(bed->last.application, APPLICATION_SSH);
}

/* An answer for www.example.org: 192.0.2.1. */
static size_t make_answer(uint8_t answer[512])
{
	static const uint8_t bytes[] =
		"\x12\x34\x81\x80\0\1\0\1\0\0\0\0\3www\7example\3org\0\0\1\0\1"
		"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1";

	memcpy(answer, bytes, sizeof(bytes) - 1);
	return sizeof(bytes) - 1;
}

static void dns_names_what_follows(void **state)
{
	struct bed *bed = *state;
	uint8_t answer[512];
	size_t length = make_answer(answer);

	send_udp(bed, 50000, 53, true, answer, length);
	assert_int_equal(bed->last.application, APPLICATION_DNS);
	send_tcp(bed, false, INSPECT_SYN, 1000, "", 0);
	assert_string_equal(bed->last.dns, "www.example.org");
	assert_string_equal(bed->last.name, "");
	assert_int_equal(bed->last.named, SIGHT_END_SOURCE);
	bed->now_ns += 61000 * MS;
	send_udp(bed, 50001, 9999, false, "x", 1);
	assert_int_equal(bed->told, 2);
}

static void dns_over_tcp_in_pieces(void **state)
{
	struct bed *bed = *state;
	struct inspect_packet packet = {.key = key_of(IPPROTO_TCP, 40001, 53, true)};
	uint8_t answer[514] = {0};
	size_t length = make_answer(answer + 2);

	answer[1] = (uint8_t)length;
	for (size_t i = 0; i < length + 2; i += 5) {
		packet.sequence = 100 + (uint32_t)i;
		packet.bytes = answer + i;
		packet.length = packet.whole = i + 5 < length + 2 ? 5 : length + 2 - i;
		packet.flags = INSPECT_ACK;
		inspect_take(bed->inspect, &packet);
	}
	assert_int_equal(bed->last.application, APPLICATION_DNS);
	bed->now_ns = 0;
	send_tcp(bed, false, INSPECT_SYN, 1000, "", 0);
	assert_string_equal(bed->last.dns, "www.example.org");
}

static void media_needs_three_in_a_row(void **state)
{
	struct bed *bed = *state;
	uint8_t media[172] = {0x80, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4};

	send_udp(bed, 40000, 41000, false, media, sizeof(media));
	media[3] = 2;
	send_udp(bed, 40000, 41000, false, media, sizeof(media));
	assert_int_equal(bed->told, 0);
	media[3] = 3;
	send_udp(bed, 40000, 41000, false, media, sizeof(media));
	assert_int_equal(bed->last.application, APPLICATION_RTP);
}

/* Google's QUIC before TLS: public flags, id, version, packet number, digest, a frame of a stream. */
static const uint8_t google_head[] = {0x09, 1,	 2,   3, 4, 5, 6, 7, 8, 'Q', '0',  '4',	 '3', 1, 0, 0, 0,
				      0,    0,	 0,   0, 0, 0, 0, 0, 0, 0xa0, 1, 0x40, 0};
/* CHLO with the tags PAD, SNI and VER. */
static const uint8_t google_hello[] =
	"CHLO\3\0\0\0PAD\0\4\0\0\0SNI\0\x13\0\0\0VER\0\x17\0\0\0----www.example.orgQ043";
#define GOOGLE_HELLO (sizeof(google_hello) - 1)

static void google_hello_is_read(void **state)
{
	struct bed *bed = *state;
	uint8_t datagram[sizeof(google_head) + GOOGLE_HELLO];

	memcpy(datagram, google_head, sizeof(google_head));
	memcpy(datagram + sizeof(google_head), google_hello, GOOGLE_HELLO);
	for (size_t cut = 1; cut <= sizeof(datagram); cut++) {
		send_udp(bed, (uint16_t)(40000 + cut), 443, false, datagram, cut);
		if (cut < sizeof(google_head) + 32 + 0x13)
			assert_string_equal(bed->last.name, "");
	}
	assert_string_equal(bed->last.name, "www.example.org");
	assert_int_equal(bed->last.named, SIGHT_END_SOURCE);
	assert_int_equal(bed->last.application, APPLICATION_QUIC);
	datagram[11] = 'x';
	send_udp(bed, 50000, 443, false, datagram, sizeof(datagram));
	assert_int_equal(bed->last.key.dport, 40000 + sizeof(datagram));
}

/* A hello of DTLS 1.3: other versions, and an empty cookie behind the session. */
static size_t make_dtls_hello(const char *name, uint8_t bytes[HELLO_BYTES])
{
	static const uint8_t versions[] = {6, 0x7a, 0x7a, 3, 4, 3, 3};
	size_t length = hello_make_chrome(name, bytes), cookie = 4 + 2 + 32 + 1 + 32;
	uint8_t *at = memmem(bytes, length, versions, sizeof(versions));

	assert_non_null(at);
	memcpy(at + 3, "\xfe\xfc\xfe\xfd", 4);
	memcpy(bytes + 4, "\xfe\xfd", 2);
	memmove(bytes + cookie + 1, bytes + cookie, length - cookie);
	bytes[cookie] = 0;
	length++;
	bytes[2] = (uint8_t)((length - 4) >> 8);
	bytes[3] = (uint8_t)(length - 4);
	return length;
}

/* Sends bytes of the message behind its head, in a record of their own. */
static void send_dtls(struct bed *bed, uint16_t client, uint8_t message, const uint8_t *hello,
		      size_t offset, size_t length)
{
	uint8_t record[HELLO_BYTES + 25] = {0x16, 0xfe, 0xfd};

	record[11] = (uint8_t)((length + 12) >> 8);
	record[12] = (uint8_t)(length + 12);
	memcpy(record + 13, hello, 4);
	record[18] = message;
	record[20] = (uint8_t)(offset >> 8);
	record[21] = (uint8_t)offset;
	record[23] = (uint8_t)(length >> 8);
	record[24] = (uint8_t)length;
	memcpy(record + 25, hello + 4 + offset, length);
	send_udp(bed, client, 4433, false, record, length + 25);
}

static void dtls_hello_is_read(void **state)
{
	struct bed *bed = *state;
	uint8_t hello[HELLO_BYTES];
	size_t length = make_dtls_hello("dtls.example.org", hello);

	send_dtls(bed, 40000, 0, hello, 0, length - 4);
	assert_string_equal(bed->last.name, "dtls.example.org");
	assert_int_equal(bed->last.named, SIGHT_END_SOURCE);
	assert_int_equal(bed->last.application, APPLICATION_DTLS);
	assert_int_equal(bed->last.tls_version, 0xfefc);
	assert_string_equal(bed->last.ja4, "dd3d1516h2_8daaf6152771_e5627efa2ab1");
}

/* A piece of the first hello, and all of the second one, which has a cookie; never a mix of both. */
static void dtls_hello_in_pieces(void **state)
{
	struct bed *bed = *state;
	uint8_t hello[HELLO_BYTES];
	size_t length = make_dtls_hello("wrong.example.org", hello);

	send_dtls(bed, 40000, 0, hello, 0, length - 100);
	assert_string_equal(bed->last.ja4, "");
	length = make_dtls_hello("right.example.org", hello);
	send_dtls(bed, 40000, 1, hello, 300, length - 304);
	send_dtls(bed, 40000, 1, hello, 0, 300);
	assert_string_equal(bed->last.name, "right.example.org");
	assert_string_not_equal(bed->last.ja4, "");
}

/* Half hellos of many connections: the memory is what it was, and the next whole one is read. */
static void floods_pass(void **state)
{
	struct bed *bed = *state;
	uint8_t hello[HELLO_BYTES], stream[HELLO_BYTES + 8];
	size_t length =
		hello_put_record(hello, hello_make_chrome("real.example.org", hello), stream);

	for (uint32_t i = 0; i < 3 * INSPECT_CONVERSATIONS; i++) {
		struct inspect_packet packet = {.key = key_of(IPPROTO_TCP, (uint16_t)i, 443, false),
						.time_ns = bed->now_ns,
						.sequence = i,
						.flags = INSPECT_SYN};

		memcpy(packet.key.src + 8, &i, sizeof(i));
		inspect_take(bed->inspect, &packet);
		packet.flags = INSPECT_ACK;
		packet.sequence++;
		packet.bytes = stream;
		packet.length = packet.whole = 40;
		inspect_take(bed->inspect, &packet);
	}
	shake_hands(bed, 1000);
	send_tcp(bed, false, INSPECT_ACK, 1001, stream, length);
	assert_string_equal(bed->last.name, "real.example.org");
}

static void findings_are_checked(void **state)
{
	struct sight_finding good = {.key = {.ipproto = IPPROTO_TCP}}, bad;

	snprintf(good.name, sizeof(good.name), "a.example");
	assert_true(sight_finding_check(&good));
	bad = good;
	bad.application = APPLICATIONS;
	assert_false(sight_finding_check(&bad));
	bad = good;
	bad.name[0] = '\x1b';
	assert_false(sight_finding_check(&bad));
	bad = good;
	memset(bad.dns, 'a', sizeof(bad.dns));
	assert_false(sight_finding_check(&bad));
	bad = good;
	bad.alpn[0] = '\n';
	assert_false(sight_finding_check(&bad));
	bad = good;
	bad.key.src[0] = 1; /* the ends in the wrong order */
	assert_false(sight_finding_check(&bad));
	bad = good;
	bad.initiator = 3;
	assert_false(sight_finding_check(&bad));
}

static void flow_words_are_packed(void **state)
{
	struct sight_flow flow = {SIGHT_END_SOURCE, SIGHT_END_DESTINATION, 0, 1}, got;

	for (uint32_t us = 1; us < 30000000; us = us * 3 + 1) {
		flow.server_rtt_us = us;
		got = sight_flow_unpack(sight_flow_pack(&flow));
		assert_int_equal(got.initiator, SIGHT_END_SOURCE);
		assert_int_equal(got.named, SIGHT_END_DESTINATION);
		assert_int_equal(got.client_rtt_us, 1);
		assert_true(got.server_rtt_us <= us && got.server_rtt_us >= us - us / 512);
	}
	flow.server_rtt_us = UINT32_MAX;
	got = sight_flow_unpack(sight_flow_pack(&flow));
	assert_true(got.server_rtt_us > 30000000);
	got = sight_flow_turn(&got);
	assert_int_equal(got.initiator, SIGHT_END_DESTINATION);
	assert_int_equal(got.named, SIGHT_END_SOURCE);
}

/* By the Public Suffix List: suffixes of several labels, wildcards and exceptions, private ones. */
static void sites_of_names(void **state)
{
	static const char *const of[][2] = {
		{"www.example.org", "example.org"},
		{"example.org", "example.org"},
		{"news.bbc.co.uk", "bbc.co.uk"},
		{"a.b.city.kawasaki.jp", "city.kawasaki.jp"},
		{"somebody.github.io", "somebody.github.io"},
		{"co.uk", "co.uk"},
		{"router", "router"},
		{"printer.office.lan", "office.lan"},
		{"_service._tcp.example.org", "example.org"},
		{"www.xn--bcher-kva.de", "xn--bcher-kva.de"},
	};

	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++)
		assert_string_equal(site_of_name(of[i][0]), of[i][1]);
}

int main(void)
{
#define IN_BED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		IN_BED(handshake_has_times),
		IN_BED(repeated_syn_has_no_time),
		IN_BED(hello_in_two_segments),
		IN_BED(hello_behind_other_bytes),
		IN_BED(hello_behind_proxy_head),
		IN_BED(request_behind_unknown_bytes),
		IN_BED(tuple_is_used_again),
		IN_BED(dns_names_what_follows),
		IN_BED(dns_over_tcp_in_pieces),
		IN_BED(media_needs_three_in_a_row),
		IN_BED(google_hello_is_read),
		IN_BED(dtls_hello_is_read),
		IN_BED(dtls_hello_in_pieces),
		IN_BED(floods_pass),
		cmocka_unit_test(findings_are_checked),
		cmocka_unit_test(flow_words_are_packed),
		cmocka_unit_test(sites_of_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
