/* SPDX-License-Identifier: MIT */
/* ipfix_message.h: what is written can be read, says what was meant, and fits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <linux/if_ether.h>
#include <netinet/in.h>

#include "ipfix_message.h"
#include "ipfix_reader.h"

#define DOMAIN	 0x01020304
/* Of IANA; then that of ntop which is sent. */
#define ELEMENTS    512
#define SERVER_NAME 511

/* The last record that was read, by element. */
struct got {
	struct ipfix_reader reader;
	struct {
		bool there;
		size_t length;
		uint8_t data[256];
	} element[ELEMENTS], next[ELEMENTS];
	unsigned int records;
	uint16_t template;
};

static void take_element(void *context, uint16_t element, const uint8_t *data, size_t length)
{
	struct got *got = context;

	if (element == (0x8000 | 188))
		element = SERVER_NAME;
	assert_true(element < ELEMENTS && length < sizeof(got->next[0].data));
	got->next[element].there = true;
	got->next[element].length = length;
	memcpy(got->next[element].data, data, length);
	got->next[element].data[length] = '\0';
}

static void take_record(void *context, uint16_t template, uint16_t scope)
{
	struct got *got = context;

	memcpy(got->element, got->next, sizeof(got->element));
	memset(got->next, 0, sizeof(got->next));
	got->template = template;
	got->records++;
	(void)scope;
}

static struct got *new_got(void)
{
	struct got *got = calloc(1, sizeof(*got));

	assert_non_null(got);
	got->reader.element = take_element;
	got->reader.record = take_record;
	got->reader.context = got;
	return got;
}

static void read_message(struct got *got, struct ipfix_message *message)
{
	ipfix_message_end(message);
	ipfix_message_stamp(message->at, got->reader.sequence, 1000);
	if (!ipfix_reader_take(&got->reader, message->at, message->size))
		fail_msg("%s", got->reader.error);
}

static void read_templates(struct got *got, bool more)
{
	struct ipfix_message message;

	ipfix_message_begin(&message, DOMAIN);
	assert_true(ipfix_message_add_templates(&message, more));
	read_message(got, &message);
	assert_int_equal(got->reader.domain, DOMAIN);
	assert_int_equal(got->reader.sequence, 0);
}

static void read_flow(struct got *got, const struct ipfix_flow *flow, bool more)
{
	struct ipfix_message message;

	ipfix_message_begin(&message, DOMAIN);
	assert_true(ipfix_message_add_flow(&message, flow, more));
	assert_int_equal(message.records, 1);
	assert_int_equal(message.flows, 1);
	assert_int_equal(message.counts.bytes, flow->counts.bytes);
	read_message(got, &message);
}

static uint64_t number(const struct got *got, unsigned int element)
{
	if (!got->element[element].there)
		fail_msg("no element %u", element);
	return ipfix_reader_number(got->element[element].data, got->element[element].length);
}

static const char *text(const struct got *got, unsigned int element)
{
	assert_true(got->element[element].there);
	return (const char *)got->element[element].data;
}

static struct ipfix_flow ipv4_flow(uint8_t proto)
{
	return (struct ipfix_flow){
		.key = {.src = {[10] = 0xff, 0xff, 10, 1, 2, 3},
			.dst = {[10] = 0xff, 0xff, 192, 0, 2, 9},
			.sport = 40000,
			.dport = 443,
			.ethertype = ETH_P_IP,
			.ipproto = proto,
			.where = FLOW_WHERE(3, FLOW_OUT)},
		.counts = {.packets = 5, .bytes = 0x123456789aULL},
		.octets = 0x1234567800ULL,
		.start_wall_ns = 1700000000123456789LL,
		.end_wall_ns = 1700000001999999999LL,
		.ifindex = 77,
		.reason = IPFIX_END_ACTIVE,
	};
}

static void test_ipv4(void **state)
{
	struct got *got = new_got();
	struct ipfix_flow flow = ipv4_flow(IPPROTO_TCP);

	read_templates(got, false);
	read_flow(got, &flow, false);
	assert_int_equal(number(got, 8), 0x0a010203);
	assert_int_equal(number(got, 12), 0xc0000209);
	assert_int_equal(number(got, 7), 40000);
	assert_int_equal(number(got, 11), 443);
	assert_int_equal(number(got, 4), IPPROTO_TCP);
	assert_int_equal(number(got, 1), 0x1234567800ULL);
	assert_int_equal(number(got, 2), 5);
	assert_int_equal(number(got, 352), 0x123456789aULL);
	assert_int_equal(number(got, 152), 1700000000123ULL);
	assert_int_equal(number(got, 153), 1700000001999ULL);
	assert_int_equal(number(got, 10), 0);
	assert_int_equal(number(got, 14), 77);
	assert_int_equal(number(got, 61), 1);
	assert_int_equal(number(got, 136), 2);
	assert_false(got->element[27].there || got->element[32].there || got->element[96].there);

	flow.key.where = FLOW_WHERE(3, FLOW_IN);
	flow.key.ipproto = IPPROTO_ESP; /* the SPI is no port */
	read_flow(got, &flow, false);
	assert_int_equal(number(got, 10), 77);
	assert_int_equal(number(got, 14), 0);
	assert_int_equal(number(got, 61), 0);
	assert_int_equal(number(got, 7), 0);
	assert_int_equal(number(got, 11), 0);
	free(got);
}

static void test_ipv6_and_icmp(void **state)
{
	struct got *got = new_got();
	struct ipfix_flow flow = ipv4_flow(IPPROTO_UDP);

	read_templates(got, false);
	flow.key.ethertype = ETH_P_IPV6;
	read_flow(got, &flow, false);
	assert_memory_equal(got->element[27].data, flow.key.src, 16);
	assert_memory_equal(got->element[28].data, flow.key.dst, 16);
	assert_int_equal(number(got, 11), 443);
	assert_false(got->element[8].there);

	flow.key.ipproto = IPPROTO_ICMPV6;
	flow.key.sport = 128;
	flow.key.dport = 7;
	read_flow(got, &flow, false);
	assert_int_equal(number(got, 139), 128 << 8 | 7);
	assert_false(got->element[7].there);

	flow.key.ethertype = ETH_P_IP;
	flow.key.ipproto = IPPROTO_ICMP;
	read_flow(got, &flow, false);
	assert_int_equal(number(got, 32), 128 << 8 | 7);
	assert_int_equal(number(got, 4), IPPROTO_ICMP);
	free(got);
}

static void test_other(void **state)
{
	struct got *got = new_got();
	struct ipfix_flow flow = ipv4_flow(0);

	read_templates(got, false);
	flow.key = (struct flow_key){.sport = 1, .ethertype = ETH_P_ARP};
	read_flow(got, &flow, false);
	assert_string_equal(text(got, 96), "ARP");
	assert_int_equal(number(got, 256), ETH_P_ARP);
	assert_int_equal(number(got, 352), 0x123456789aULL);
	flow.key = flow_key_of_sum(FLOW_SUM_AGED, FLOW_CLASS_TCP, 0, 0);
	read_flow(got, &flow, false);
	assert_string_equal(text(got, 96), "over --max-flows: TCP");
	flow.key = flow_key_of_sum(FLOW_SUM_ETHERTYPE, 0, 0x88cc, 0);
	read_flow(got, &flow, false);
	assert_string_equal(text(got, 96), "EtherType 0x88cc LLDP");
	flow.what = "rest";
	read_flow(got, &flow, false);
	assert_string_equal(text(got, 96), "rest");
	free(got);
}

static void test_more(void **state)
{
	struct got *got = new_got();
	struct ipfix_flow flow = ipv4_flow(IPPROTO_TCP);
	char comm[OWNER_TEXT_MAX * 4];
	struct owner owner = {.comm = comm, .user = "a\tb\xff", .unit = ""};

	memset(comm, 'x', sizeof(comm) - 1);
	comm[sizeof(comm) - 1] = '\0';
	read_templates(got, true);
	read_flow(got, &flow, true);
	assert_string_equal(text(got, 96), "");
	assert_string_equal(text(got, 94), "");
	flow.owner = &owner;
	read_flow(got, &flow, true);
	assert_int_equal(strlen(text(got, 94)), IPFIX_TEXT_MAX);
	assert_string_equal(text(got, 96), "");
	assert_string_equal(text(got, 371), "a\\x09b\\xff");
	assert_string_equal(text(got, 350), "");
	flow.key = flow_key_of_sum(FLOW_SUM_GONE, FLOW_CLASS_UDP, 0, 1);
	read_flow(got, &flow, true);
	free(got);
}

/* The name stands in the element of the protocol that said it; what only DNS said is in none. */
static void test_servers(void **state)
{
	struct got *got = new_got();
	struct ipfix_flow flow = ipv4_flow(IPPROTO_TCP);
	struct sight sight = {.application = APPLICATION_HTTPS, .name = "www.example.org", .dns = ""};

	flow.sight = &sight;
	read_templates(got, true);
	read_flow(got, &flow, true);
	assert_string_equal(text(got, 96), "https");
	assert_string_equal(text(got, SERVER_NAME), "www.example.org");
	assert_string_equal(text(got, 460), "");
	sight.application = APPLICATION_HTTP;
	read_flow(got, &flow, true);
	assert_string_equal(text(got, 96), "http");
	assert_string_equal(text(got, SERVER_NAME), "");
	assert_string_equal(text(got, 460), "www.example.org");
	sight = (struct sight){.name = "", .dns = "dns.example.org"};
	read_flow(got, &flow, true);
	assert_string_equal(text(got, 96), "");
	assert_string_equal(text(got, SERVER_NAME), "");
	assert_string_equal(text(got, 460), "");
	free(got);
}

/* Every text as long as it may be: an empty message has room. */
static void test_longest(void **state)
{
	struct got *got = new_got();
	struct ipfix_flow flow = ipv4_flow(IPPROTO_TCP);
	char longest[OWNER_TEXT_MAX * 4];
	const struct owner owner = {.comm = longest, .user = longest, .unit = longest};
	const struct sight sight = {.application = APPLICATION_BITTORRENT, .name = longest, .dns = ""};

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	flow.key.ethertype = ETH_P_IPV6;
	flow.owner = &owner;
	flow.sight = &sight;
	read_templates(got, true);
	read_flow(got, &flow, true);
	assert_int_equal(strlen(text(got, SERVER_NAME)), IPFIX_TEXT_MAX);
	free(got);
}

static void test_options(void **state)
{
	static const struct ipfix_statistics statistics = {1, 2, 3, 4, 5, 6, 7, 8};
	static const unsigned int elements[] = {41, 40, 42, 166, 167, 168, 164, 165};
	struct got *got = new_got();
	struct ipfix_message message;

	ipfix_message_begin(&message, DOMAIN);
	assert_true(ipfix_message_add_templates(&message, false));
	assert_true(ipfix_message_add_sampling(&message));
	read_message(got, &message);
	assert_int_equal(number(got, 305), 1);
	assert_int_equal(number(got, 306), 0);
	assert_int_equal(got->reader.sequence, 1);
	ipfix_message_begin(&message, DOMAIN);
	assert_true(ipfix_message_add_statistics(&message, DOMAIN, &statistics));
	assert_int_equal(message.flows, 0);
	read_message(got, &message);
	assert_int_equal(number(got, 149), DOMAIN);
	for (uint64_t i = 0; i < 8; i++)
		assert_int_equal(number(got, elements[i]), i + 1);
	ipfix_message_begin(&message, DOMAIN);
	assert_true(ipfix_message_add_interface(&message, 9, "e\033th"));
	read_message(got, &message);
	assert_int_equal(number(got, 10), 9);
	assert_string_equal(text(got, 82), "e\\x1bth");
	free(got);
}

/* Kinds of records in any order, until none fits: nothing of what did not fit is left behind. */
static void test_full(void **state)
{
	static const uint8_t protos[] = {IPPROTO_TCP, IPPROTO_ICMP, IPPROTO_UDP, IPPROTO_UDP};
	struct got *got = new_got();
	struct ipfix_message message;
	uint32_t seed = 1, in = 0;

	read_templates(got, false);
	for (int round = 0; round < 200; round++) {
		unsigned int before = got->records;

		ipfix_message_begin(&message, DOMAIN);
		for (in = 0;; in++) {
			struct ipfix_flow flow;

			seed = seed * 1664525 + 1013904223;
			flow = ipv4_flow(protos[seed >> 30]);
			if (seed & 0x10000)
				flow.key.ethertype = ETH_P_IPV6;
			if (!ipfix_message_add_flow(&message, &flow, false))
				break;
		}
		assert_true(message.size <= IPFIX_MESSAGE_MAX &&
			    message.size > IPFIX_MESSAGE_MAX - 110);
		assert_int_equal(message.counts.packets, 5 * in);
		read_message(got, &message);
		assert_int_equal(got->records - before, in);
	}
	ipfix_message_begin(&message, DOMAIN);
	message.size = IPFIX_MESSAGE_MAX - 50;
	assert_false(ipfix_message_add_templates(&message, false));
	assert_int_equal(message.size, IPFIX_MESSAGE_MAX - 50);
	free(got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ipv4),	cmocka_unit_test(test_ipv6_and_icmp),
		cmocka_unit_test(test_other),	cmocka_unit_test(test_more),
		cmocka_unit_test(test_servers), cmocka_unit_test(test_longest),
		cmocka_unit_test(test_options), cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
