/* SPDX-License-Identifier: MIT */
/* Rows for programs: numbers at their ends, escapes, what a row does not have, JSON and CSV alike. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>
#include <linux/if_ether.h>
#include <netinet/in.h>

#include "array.h"
#include "record.h"
#include "text.h"

/* The text so far, with its end. */
static const char *shown(struct text *text)
{
	text_put(text, "", 1);
	text->used--;
	assert_false(text->failed);
	return text->at;
}

static void test_values(void **state)
{
	struct text text = {0};

	json_quoted(&text, "a \"b\" \\ \x01\x1f\n/ \xc3\xa9");
	assert_string_equal(shown(&text), "\"a \\\"b\\\" \\\\ \\u0001\\u001f\\u000a/ \xc3\xa9\"");
	text_clear(&text);
	text_number(&text, UINT64_MAX);
	assert_string_equal(shown(&text), "18446744073709551615");
	text_clear(&text);
	text_number(&text, 0);
	text_add(&text, " ");
	text_real(&text, 0);
	text_add(&text, " ");
	text_real(&text, 1.5);
	assert_string_equal(shown(&text), "0 0.0 1.5");
	text_done(&text);
}

/* A reader gets back what was written, to six decimals or fifteen digits. */
static void test_reals(void **state)
{
	static const double numbers[] = {0.001,
					 0.0009999,
					 1e-300,
					 0.5,
					 1,
					 1.000001,
					 999999.999999,
					 1e9 / 7,
					 999999999999.0,
					 1e12,
					 123456789012345678.0,
					 1e300};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		double got, slack = numbers[i] * 1e-14 + (numbers[i] >= 0.001 ? 6e-7 : 0);
		struct text text = {0};
		json_t *array;

		text_add(&text, "[");
		text_real(&text, numbers[i]);
		text_add(&text, "]");
		array = json_loads(shown(&text), 0, NULL);
		assert_non_null(array);
		assert_true(json_is_real(json_array_get(array, 0)));
		got = json_real_value(json_array_get(array, 0));
		if (got < numbers[i] - slack || got > numbers[i] + slack)
			fail_msg("%.17g became %s", numbers[i], text.at);
		json_decref(array);
		text_done(&text);
	}
}

static void test_csv_values(void **state)
{
	static const struct {
		const char *value, *expected;
	} cases[] = {
		{"", ""},
		{"plain text", "plain text"},
		{"a,b", "\"a,b\""},
		{"say \"no\"", "\"say \"\"no\"\"\""},
		{"=1+1", "\"'=1+1\""},
		{"@x", "\"'@x\""},
		{"-1", "\"'-1\""},
		{"+1", "\"'+1\""},
		{"a=b", "a=b"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct text text = {0};

		csv_value(&text, cases[i].value);
		assert_string_equal(shown(&text), cases[i].expected);
		text_done(&text);
	}
}

/* What does not fit the memory it begins with takes more. */
static void test_long_text(void **state)
{
	char *value = malloc(100001);
	struct text text = {0};

	assert_non_null(value);
	memset(value, 1, 100000);
	value[100000] = '\0';
	json_quoted(&text, value);
	assert_int_equal(text.used, 600002);
	assert_int_equal(strlen(shown(&text)), 600002);
	text_done(&text);
	free(value);
}

static struct ifaces *one_interface(const char *name)
{
	struct ifaces *ifaces;

	assert_int_equal(ifaces_new(1, &ifaces), 0);
	ifaces->entry[0].state = IFACE_WATCHED;
	snprintf(ifaces->entry[0].name, sizeof(ifaces->entry[0].name), "%s", name);
	return ifaces;
}

/* A TCP flow, or the group of such flows, as a record. */
static void put_row(enum record_format format, enum group_by by, const struct ifaces *ifaces,
		    struct text *text)
{
	const struct record_options options = {
		.format = format,
		.context = {.by = by, .ifaces = ifaces, .elapsed_ns = 2000000000ULL},
	};
	struct row row = {
		.key = {.src = {[10] = 0xff, [11] = 0xff, 10, 0, 0, 1},
			.dst = {[10] = 0xff, [11] = 0xff, 10, 0, 0, 2},
			.sport = 1000,
			.dport = 443,
			.ethertype = ETH_P_IP,
			.ipproto = IPPROTO_TCP},
		.delta = {{2, 200}},
		.total = {{3, 300}},
		.flows = 1,
		.first_wall_ns = 1795442602000000000LL,
	};
	struct record *record;

	assert_int_equal(record_new(&options, &record), 0);
	record_put_head(record, text);
	record_put(record, &row, text);
	record_free(record);
}

static void test_flow(void **state)
{
	struct ifaces *ifaces = one_interface("=a\"b");
	struct text text = {0};

	put_row(RECORD_JSON, GROUP_FLOW, ifaces, &text);
	assert_string_equal(shown(&text),
			    "{\"srcIp\":\"10.0.0.1\",\"dstIp\":\"10.0.0.2\",\"proto\":\"TCP\","
			    "\"srcPort\":1000,\"dstPort\":443,\"bytes\":300,\"packets\":3,"
			    "\"bitrate\":800.0,\"ipProto\":6,\"etherType\":2048,\"dir\":\"in\","
			    "\"iface\":\"=a\\\"b\",\"firstSeen\":\"2026-11-23T14:03:22.000Z\","
			    "\"share\":0.0}");
	text_clear(&text);
	put_row(RECORD_CSV, GROUP_FLOW, ifaces, &text);
	assert_string_equal(shown(&text),
			    "srcIp,dstIp,proto,srcPort,dstPort,bytes,packets,bitrate,spi,greFlags,"
			    "greInner,arpOp,ospfType,ospfVersion,ipProto,etherType,dir,iface,"
			    "firstSeen,lastSeen,reason,pid,comm,exe,user,cgroup,container,own,"
			    "srcName,dstName,nameFrom,appProto,alpn,"
			    "tlsVersion,ja4,initiator,handshakeRttUs,share\r\n"
			    "10.0.0.1,10.0.0.2,TCP,1000,443,300,3,800.0,,,,,,,6,2048,in,"
			    "\"'=a\"\"b\",2026-11-23T14:03:22.000Z,,,,,,,,,,,,,,,,,,,0.0\r\n");
	text_done(&text);
	ifaces_unref(ifaces);
}

/* Each grouping has as many fields in a line as its head has names. */
static void test_columns_of_groups(void **state)
{
	struct ifaces *ifaces = one_interface("eth0");

	for (int by = 0; by < GROUPS; by++) {
		struct text text = {0};
		size_t commas[2] = {0}, line = 0;

		put_row(RECORD_CSV, (enum group_by)by, ifaces, &text);
		for (const char *at = shown(&text); *at; at++) {
			commas[line % 2] += *at == ',';
			line += *at == '\n';
		}
		assert_int_equal(line, 2);
		assert_int_equal(commas[0], commas[1]);
		text_done(&text);
	}
	ifaces_unref(ifaces);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),	   cmocka_unit_test(test_reals),
		cmocka_unit_test(test_csv_values), cmocka_unit_test(test_long_text),
		cmocka_unit_test(test_flow),	   cmocka_unit_test(test_columns_of_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
