/* SPDX-License-Identifier: MIT */
/* filter.h: what is refused, where errors point and what they say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>

#include <cmocka.h>

#include "filter.h"

/* What is wrong, where, and words of the sentence that says why. */
static const struct {
	const char *text;
	size_t column;
	const char *why;
} wrong[] = {
	{"\"", 0, "closing quote"},
	{"in \"nginx", 3, "closing quote"},
	{"in \"\"", 3, "between the quotes"},
	{"comm \"\"", 5, "between the quotes"},
	{"app", 3, "expected an application"},
	{"app nosuch", 4, "expected an application"},
	{"initiator", 9, "near, far, src or dst"},
	{"initiator left", 10, "near, far, src or dst"},
	{"sni", 3, "expected text"},
	{"site \"\"", 5, "between the quotes"},
	{"comm", 4, "expected text"},
	{"comm ~ x", 5, "no sign here"},
	{"comm = x", 5, "no sign here"},
	{"port = 80", 5, "no sign here"},
	{"port", 4, "expected a port"},
	{"port x", 5, "expected a port"},
	{"port 65536", 5, "expected a port"},
	{"port 80-90", 5, "portrange"},
	{"port (80 or 443", 15, "expected and, or, or )"},
	{"port (80 443)", 9, "expected and, or, or )"},
	{"port 80 or bar", 11, "service name"},
	{"udp port ssh", 9, "service name"},
	{"portrange 9-8", 10, "two ports"},
	{"portrange 80-", 10, "two ports"},
	{"host 10.0.0", 5, "write net"},
	{"host 10.0.0.0/8", 5, "write net"},
	{"host tcp", 5, "expected an address"},
	{"net 10.0.0.0/33", 4, "expected a network"},
	{"net 10.0.0.256", 4, "expected a network"},
	{"net x", 4, "expected a network"},
	{"net 10.0.0.0 mask 255", 18, "expected a mask"},
	{"net 2001:db8:: mask 255.0.0.0", 20, "for IPv6"},
	{"src", 3, "expected an address"},
	{"src 10", 4, "expected an address"},
	{"dst  foo", 5, "expected an address"},
	{"bps", 3, "expected one of"},
	{"bps 5", 4, "expected one of"},
	{"bps > x", 6, "expected a number"},
	{"bps > -1", 6, "expected a number"},
	{"bps > 1q", 6, "expected a number"},
	{"bps > nan", 6, "expected a number"},
	{"tcp and", 7, "expected a condition"},
	{"tcp and or udp", 8, "expected a condition before"},
	{"or tcp", 0, "expected a condition before"},
	{"(tcp", 4, "missing )"},
	{"tcp)", 3, "unmatched )"},
	{"()", 1, "operator without operand"},
	{"not", 3, "expected a condition"},
	{"proto 256", 6, "0 to 255"},
	{"proto nosuch", 6, "expected a protocol"},
	{"ether proto tcp", 12, "EtherType"},
	{"ether proto 0x10000", 12, "EtherType"},
	{"tcp > 5", 4, "operator without operand"},
	{"tcp & udp", 4, "operator without operand"},
	{"pid root", 4, "number of a process"},
	{"uid", 3, "by number or name"},
	/* No word is taken for text by mistake. */
	{"prot 443", 0, "port or proto?"},
	{"prt 443", 0, "port?"},
	{"dport 443", 0, "dst port"},
	{"tcp sport 443", 4, "src port"},
	{"tcp 443", 4, "number needs a keyword"},
	{"tcp 10.0.0.1", 4, "address needs a keyword"},
	{"tcp nginx", 4, "needs quotes"},
	{"nginx and tcp", 0, "needs quotes"},
	{"not nginx", 4, "needs quotes"},
	{"(nginx)", 1, "needs quotes"},
	{"tcp contaner x", 4, "container?"},
	{"udp and hsot 10.0.0.1", 8, "host?"},
	{"tcp po", 4, "port or portrange?"},
	{"tcp or 443", 7, "number needs a keyword"},
	/* What libpcap knows and flows cannot answer. */
	{"vlan 30", 0, "iface"},
	{"vlan", 0, "iface"},
	{"tcp and vlan", 8, "iface"},
	{"mpls 100", 0, "inside"},
	{"pppoes", 0, "inside"},
	{"greater 100", 0, "bytes"},
	{"less 64", 0, "bytes"},
	{"len > 64", 0, "bytes"},
	{"tcp[13] & 2 != 0", 0, "packet bytes"},
	{"tcp[13]", 0, "packet bytes"},
	{"ip[0] & 0xf != 5", 0, "packet bytes"},
	{"ether host 1:2:3:4:5:6", 6, "link-layer"},
	{"ether src 1:2:3:4:5:6", 6, "link-layer"},
	{"broadcast", 0, "link-layer"},
	{"ip broadcast", 3, "link-layer"},
	{"multicast", 0, "ip multicast"},
	{"gateway foo", 0, "gateways"},
	{"ip protochain 6", 3, "proto"},
	{"ifname eth0", 0, "iface NAME"},
	{"stp", 0, "other"},
};

static void test_errors_point(void **state)
{
	struct filter *filter = (struct filter *)wrong;
	char why[80];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		size_t column = 999;
		int err = filter_parse(wrong[i].text, &filter, why, sizeof(why), &column);

		if (err != -EINVAL || column != wrong[i].column || !strstr(why, wrong[i].why))
			fail_msg("\"%s\": %d at %zu (%s)", wrong[i].text, err, column, why);
		/* All of the sentence has room in the prompt of a narrow terminal. */
		if (strlen(why) > 76)
			fail_msg("\"%s\": %zu letters (%s)", wrong[i].text, strlen(why), why);
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
	memset(text, '!', 120);
	assert_int_equal(filter_parse(text, &filter, why, sizeof(why), &column), -E2BIG);
	memset(text, '(', 120);
	memcpy(text, "port ", 5);
	assert_int_equal(filter_parse(text, &filter, why, sizeof(why), &column), -E2BIG);
	for (int i = 0; i < 80; i++)
		memcpy(text + 3 * i, "ip ", 4);
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
		cmocka_unit_test(test_errors_point),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
