/* SPDX-License-Identifier: MIT */
/* ipfix_target.h: what people type, and what is wrong with it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ipfix_target.h"

static void expect(const char *text, const char *host, const char *port, bool tcp)
{
	struct ipfix_target target;
	const char *why = "";

	if (ipfix_target_parse(text, &target, &why))
		fail_msg("%s: %s", text, why);
	assert_string_equal(target.host, host);
	assert_string_equal(target.port, port);
	assert_int_equal(target.tcp, tcp);
}

static void refuse(const char *text, const char *wanted)
{
	struct ipfix_target target;
	const char *why = "";

	assert_int_equal(ipfix_target_parse(text, &target, &why), -EINVAL);
	if (!strstr(why, wanted))
		fail_msg("%s: %s", text, why);
}

static void test_right(void **state)
{
	expect("collector", "collector", "4739", false);
	expect("collector:1", "collector", "1", false);
	expect("192.0.2.7:65535,udp", "192.0.2.7", "65535", false);
	expect("collector,tcp", "collector", "4739", true);
	expect("[2001:db8::7]:9995,tcp", "2001:db8::7", "9995", true);
	expect("[2001:db8::7]", "2001:db8::7", "4739", false);
	expect("2001:db8::7", "2001:db8::7", "4739", false);
	expect("::1,tcp", "::1", "4739", true);
}

static void test_wrong(void **state)
{
	char name[300];

	refuse("", "host is missing");
	refuse(":4739", "host is missing");
	refuse("[]:4739", "host is missing");
	refuse(",tcp", "host is missing");
	refuse("a:", "port must be");
	refuse("a:0", "port must be");
	refuse("a:65536", "port must be");
	refuse("a:123456", "port must be");
	refuse("a: 1", "port must be");
	refuse("[::1", "missing ]");
	refuse("[::1]4739", "after ]");
	refuse("[::1]:", "port must be");
	refuse("a,sctp", "udp or tcp");
	refuse("a,tcp,udp", "udp or tcp");
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	refuse(name, "too long");
	name[255] = '\0';
	expect(name, name, "4739", false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right),
		cmocka_unit_test(test_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
