/* SPDX-License-Identifier: MIT */
/* filter.h: what each term takes and leaves, and where errors point. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <linux/if_ether.h>
#include <netinet/in.h>

#include "filter.h"

static void set_address(uint8_t address[16], const char *text)
{
	if (inet_pton(AF_INET6, text, address) == 1)
		return;
	memset(address, 0, 10);
	address[10] = address[11] = 0xff;
	assert_int_equal(inet_pton(AF_INET, text, address + 12), 1);
}

static struct flow_key flow(const char *src, const char *dst, uint16_t sport, uint16_t dport,
			    uint8_t ipproto, enum flow_dir dir)
{
	struct flow_key key = {.sport = sport, .dport = dport, .ipproto = ipproto};

	key.ethertype = strchr(src, ':') ? ETH_P_IPV6 : ETH_P_IP;
	key.where = FLOW_WHERE(0, dir);
	set_address(key.src, src);
	set_address(key.dst, dst);
	return key;
}

/* A web server's answer to us: 2 Mb/s, 200 packets/s, 10,000 packets and 9,000,000 bytes so far. */
static struct filter_subject web(struct flow_key *key)
{
	*key = flow("203.0.113.9", "10.1.2.3", 443, 51234, IPPROTO_TCP, FLOW_IN);
	return (struct filter_subject){
		.key = key, .bps = 2e6, .pps = 200, .packets = 10000, .bytes = 9000000};
}

static bool passes(const char *text, const struct filter_subject *subject)
{
	struct filter *filter = NULL;
	char why[80] = "";
	size_t column = 0;
	bool match;

	if (filter_parse(text, &filter, why, sizeof(why), &column))
		fail_msg("\"%s\": %s at %zu", text, why, column);
	match = filter_match(filter, subject);
	filter_free(filter);
	return match;
}

static void expect_all(const char *const *texts, const struct filter_subject *subject,
		       bool expected)
{
	for (; *texts; texts++) {
		if (passes(*texts, subject) != expected)
			fail_msg("\"%s\" should %spass", *texts, expected ? "" : "not ");
	}
}

static const char *const web_passes[] = {"",
					 "  ",
					 "in",
					 "tcp",
					 "TCP",
					 "ip",
					 "proto 6",
					 "proto tcp",
					 "host 10.1.2.3",
					 "host 203.0.113.9",
					 "src 203.0.113.9",
					 "src host 203.0.113.9",
					 "dst net 10.0.0.0/8",
					 "net 10.1.2.2/31",
					 "net 10.1.2.99/25",
					 "net 0.0.0.0/0",
					 "dst 10.1.0.0/16",
					 "port 443",
					 "src port 443",
					 "portrange 440-450",
					 "dst portrange 50000-65535",
					 "bps > 1M",
					 "bps>=2M",
					 "bps = 2000k",
					 "bps <= 0.002G",
					 "pps < 201",
					 "packets >= 10000",
					 "bytes != 1",
					 "0.113",
					 "51234",
					 "\"tcp\"",
					 "\"In\" or in",
					 NULL};
static const char *const web_fails[] = {"out",
					"udp",
					"ip6",
					"arp",
					"other",
					"proto 17",
					"host 10.1.2.4",
					"dst 203.0.113.9",
					"src net 10.0.0.0/8",
					"net ::/0",
					"net 10.1.2.0/31",
					"net 10.1.2.128/25",
					"port 80",
					"dst port 443",
					"portrange 444-450",
					"bps > 2M",
					"bps < 2M",
					"pps != 200",
					"packets < 10k",
					"bytes = 9k",
					"\"in\"",
					"nonsense",
					NULL};

static void test_terms(void **state)
{
	struct flow_key key;
	struct filter_subject subject = web(&key);

	expect_all(web_passes, &subject, true);
	expect_all(web_fails, &subject, false);
}

static void test_operators(void **state)
{
	static const char *const yes[] = {"tcp and in",
					  "tcp in",
					  "tcp && in",
					  "udp or tcp",
					  "udp || tcp",
					  "not udp",
					  "!udp",
					  "not not tcp",
					  "(tcp)",
					  "out and udp or in",
					  "in or out and udp",
					  "not (udp or out)",
					  "tcp (udp or in)",
					  "!(out)in",
					  NULL};
	static const char *const no[] = {
		"tcp and out", "tcp out",    "not tcp", "in and (udp or out)",
		"not (in)",    "out or udp", NULL};
	struct flow_key key;
	struct filter_subject subject = web(&key);

	expect_all(yes, &subject, true);
	expect_all(no, &subject, false);
}

static void test_families(void **state)
{
	static const char *const yes[] = {"ip6",   "net 2001:db8::/32",	 "src 2001:db8::1",
					  "icmp6", "net 2001:db8::/127", "echo-request",
					  NULL};
	static const char *const no[] = {"ip",	     "net 2001:db9::/32", "icmp",
					 "port 128", "net 0.0.0.0/0",	  NULL};
	static const char *const sum_no[] = {"in and out",    "ip",	"tcp",
					     "net 0.0.0.0/0", "port 1", NULL};
	struct flow_key key = flow("2001:db8::1", "2001:db8::2", 128, 0, IPPROTO_ICMPV6, FLOW_OUT);
	struct filter_subject subject = {.key = &key, .bps = 1, .pps = 1, .packets = 1, .bytes = 1};
	struct flow_key sum = {
		.sport = FLOW_SUM_ETHERTYPE, .ethertype = ETH_P_LLDP, .ipproto = FLOW_PROTO_NONE};

	expect_all(yes, &subject, true);
	expect_all(no, &subject, false);
	subject.key = &sum;
	expect_all((const char *const[]){"other", "lldp", "in", "not ip", NULL}, &subject, true);
	expect_all(sum_no, &subject, false);
}

/* A rate that is not known is neither large nor small. */
static void test_unknown_rate(void **state)
{
	struct flow_key key;
	struct filter_subject subject = web(&key);

	subject.bps = -1.0;
	assert_false(passes("bps > 0", &subject));
	assert_false(passes("bps < 1", &subject));
	assert_true(passes("not bps < 1", &subject));
}

static void test_uses_counts(void **state)
{
	struct filter *filter = NULL;
	char why[80];
	size_t column;

	assert_int_equal(filter_parse("tcp or port 1", &filter, why, sizeof(why), &column), 0);
	assert_false(filter_uses_counts(filter));
	filter_free(filter);
	assert_int_equal(filter_parse("tcp or bps > 1", &filter, why, sizeof(why), &column), 0);
	assert_true(filter_uses_counts(filter));
	filter_free(filter);
	assert_false(filter_uses_counts(NULL));
}

static void test_errors_point(void **state)
{
	static const struct {
		const char *text;
		size_t column;
	} wrong[] = {
		{"\"", 0},
		{"in \"\"", 3},
		{"comm \"\"", 5},
		{"port", 4},
		{"port x", 5},
		{"port 65536", 5},
		{"port 80-90", 5},
		{"portrange 9-8", 10},
		{"portrange 80", 10},
		{"host 10.0.0", 5},
		{"host 10.0.0.0/8", 5},
		{"net 10.0.0.0/33", 4},
		{"net x", 4},
		{"src", 3},
		{"dst  foo", 5},
		{"bps", 3},
		{"bps 5", 4},
		{"bps > x", 6},
		{"bps > -1", 6},
		{"bps > 1q", 6},
		{"bps > nan", 6},
		{"tcp and", 7},
		{"tcp and or udp", 8},
		{"or tcp", 0},
		{"(tcp", 4},
		{"tcp)", 3},
		{"()", 1},
		{"not", 3},
		{"proto 256", 6},
		{"proto nosuch", 6},
		{"tcp > 5", 4},
		{"tcp & udp", 4},
	};
	struct filter *filter = (struct filter *)wrong;
	char why[80];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		size_t column = 999;
		int err = filter_parse(wrong[i].text, &filter, why, sizeof(why), &column);

		if (err != -EINVAL || column != wrong[i].column || !*why)
			fail_msg("\"%s\": %d at %zu (%s)", wrong[i].text, err, column, why);
		assert_ptr_equal(filter, wrong);
	}
}

static void test_limits(void **state)
{
	char text[4 * FILTER_TEXT_MAX] = "";
	struct filter *filter;
	char why[80];
	size_t column;

	memset(text, '(', 120);
	assert_int_equal(filter_parse(text, &filter, why, sizeof(why), &column), -E2BIG);
	for (int i = 0; i < 80; i++)
		memcpy(text + 2 * i, "a ", 3);
	assert_int_equal(filter_parse(text, &filter, why, sizeof(why), &column), -E2BIG);
	memset(text, 'a', FILTER_TEXT_MAX);
	text[FILTER_TEXT_MAX] = '\0';
	assert_int_equal(filter_parse(text, &filter, why, sizeof(why), &column), -E2BIG);
	memset(text, 'a', FILTER_TEXT_MAX - 1);
	text[FILTER_TEXT_MAX - 1] = '\0';
	assert_int_equal(filter_parse(text, &filter, why, sizeof(why), &column), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_terms),	    cmocka_unit_test(test_operators),
		cmocka_unit_test(test_families),    cmocka_unit_test(test_unknown_rate),
		cmocka_unit_test(test_uses_counts), cmocka_unit_test(test_errors_point),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
