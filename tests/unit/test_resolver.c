/* SPDX-License-Identifier: MIT */
/* The parts of name lookup that need no server: hosts, reverse names, and the SSH session's text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <unistd.h>

#include "filter.h"
#include "hosts.h"
#include "reverse.h"
#include "session.h"

static uint8_t *read_address(const char *text, uint8_t address[16])
{
	memcpy(address, (uint8_t[12]){[10] = 0xff, [11] = 0xff}, 12);
	if (inet_pton(AF_INET, text, address + 12) != 1)
		assert_int_equal(inet_pton(AF_INET6, text, address), 1);
	return address;
}

static void test_reverse_name(void **state)
{
	char text[REVERSE_NAME_MAX];
	uint8_t address[16];

	assert_string_equal(reverse_name(read_address("192.0.2.1", address), text),
			    "1.2.0.192.in-addr.arpa");
	assert_string_equal(reverse_name(read_address("255.255.255.255", address), text),
			    "255.255.255.255.in-addr.arpa");
	assert_string_equal(reverse_name(read_address("2001:db8::567:89ab", address), text),
			    "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
			    "8.b.d.0.1.0.0.2.ip6.arpa");
}

static void test_never_asked(void **state)
{
	static const char *const never[] = {
		"0.0.0.0",	   "127.0.0.1", "169.254.1.1", "224.0.0.251", "240.0.0.1",
		"255.255.255.255", "::",	"::1",	       "fe80::1",     "ff02::fb"};
	static const char *const asked[] = {"1.1.1.1",	       "10.0.0.1",    "169.253.0.1",
					    "223.255.255.255", "2001:db8::1", "fd00::1",
					    "fec0::1"};
	uint8_t address[16];

	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		assert_false(reverse_is_asked(read_address(never[i], address)));
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
		assert_true(reverse_is_asked(read_address(asked[i], address)));
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
}

static const char *host_of(const struct hosts *hosts, const char *text)
{
	uint8_t address[16];
	const char *name = hosts_find(hosts, read_address(text, address));

	return name ? name : "-";
}

static void test_hosts(void **state)
{
	char path[] = "/tmp/pktstat-hosts-XXXXXX";
	struct hosts hosts;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	hosts_init(&hosts, path);
	write_file(path, "# 10.0.0.9 comment\n10.0.0.1\tfirst alias # more\n10.0.0.1 second\n"
			 "  2001:DB8::1   six\n10.0.0.2\nnonsense here\n\n::ffff:10.0.0.3 mapped\n"
			 "10.0.0.4 last-without-line-end");
	assert_int_equal(hosts_refresh(&hosts), 0);
	assert_string_equal(host_of(&hosts, "10.0.0.1"), "first");
	assert_string_equal(host_of(&hosts, "2001:db8::1"), "six");
	assert_string_equal(host_of(&hosts, "10.0.0.2"), "-");
	assert_string_equal(host_of(&hosts, "10.0.0.3"), "mapped");
	assert_string_equal(host_of(&hosts, "10.0.0.4"), "last-without-line-end");
	assert_string_equal(host_of(&hosts, "10.0.0.9"), "-");
	assert_int_equal(hosts.count, 5);
	write_file(path, "10.0.0.1 changed-name\n");
	assert_int_equal(hosts_refresh(&hosts), 0);
	assert_string_equal(host_of(&hosts, "10.0.0.1"), "changed-name");
	assert_string_equal(host_of(&hosts, "2001:db8::1"), "-");
	unlink(path);
	assert_int_equal(hosts_refresh(&hosts), 0);
	assert_string_equal(host_of(&hosts, "10.0.0.1"), "-");
	hosts_done(&hosts);
}

static bool passes(const char *text, const char *src, uint16_t sport, const char *dst,
		   uint16_t dport)
{
	struct flow_key key = {.sport = sport, .dport = dport, .ipproto = 6};
	struct filter_subject subject = {.key = &key, .bps = -1, .pps = -1};
	char filter_text[FILTER_TEXT_MAX], why[200];
	struct filter *filter = NULL;
	struct session session;
	size_t column;
	bool result;

	read_address(src, key.src);
	read_address(dst, key.dst);
	key.ethertype =
		memcmp(key.src, (uint8_t[12]){[10] = 0xff, [11] = 0xff}, 12) ? 0x86dd : 0x800;
	assert_int_equal(session_parse(text, &session), 0);
	session_filter_text(&session, filter_text);
	if (filter_parse(filter_text, &filter, why, sizeof(why), &column))
		fail_msg("%s: %s", filter_text, why);
	result = filter_match(filter, &subject);
	filter_free(filter);
	return result;
}

static void test_session(void **state)
{
	static const char longest[] = "2001:1111:2222:3333:4444:5555:6666:7777 65535 "
				      "2001:1111:2222:3333:4444:5555:6666:8888 65534";

	assert_true(passes("10.0.0.9 51000 10.0.0.1 22", "10.0.0.9", 51000, "10.0.0.1", 22));
	assert_true(passes("10.0.0.9 51000 10.0.0.1 22", "10.0.0.1", 22, "10.0.0.9", 51000));
	assert_false(passes("10.0.0.9 51000 10.0.0.1 22", "10.0.0.1", 51000, "10.0.0.9", 22));
	assert_false(passes("10.0.0.9 51000 10.0.0.1 22", "10.0.0.9", 51001, "10.0.0.1", 22));
	assert_true(passes("::ffff:10.0.0.9 51000 ::ffff:10.0.0.1 22", "10.0.0.9", 51000,
			   "10.0.0.1", 22));
	assert_true(passes("fe80::1%eth0 51000 fe80::2%eth0 22", "fe80::2", 22, "fe80::1", 51000));
	assert_true(passes(longest, "2001:1111:2222:3333:4444:5555:6666:8888", 65534,
			   "2001:1111:2222:3333:4444:5555:6666:7777", 65535));
	assert_false(passes(longest, "2001:1111:2222:3333:4444:5555:6666:7777", 65534,
			    "2001:1111:2222:3333:4444:5555:6666:8888", 65535));
}

static void test_no_session(void **state)
{
	static const char *const wrong[] = {"",
					    "10.0.0.1",
					    "10.0.0.1 1 10.0.0.2",
					    "a 1 b 2",
					    "10.0.0.1 0 10.0.0.2 22",
					    "10.0.0.1 1 10.0.0.2 65536",
					    "10.0.0.1 1 10.0.0.2 22 more",
					    "10.0.0.1 99999 1.1.1.1 2",
					    "or 1 (src 2"};
	struct session session;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_not_equal(session_parse(wrong[i], &session), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reverse_name), cmocka_unit_test(test_never_asked),
		cmocka_unit_test(test_hosts),	     cmocka_unit_test(test_session),
		cmocka_unit_test(test_no_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
