/* SPDX-License-Identifier: MIT */
/* The final report as JSON, and its order. */
#include <stdlib.h>
#include <string.h>

#include "report_bed.h"

static const char *text_of(const json_t *array, size_t i, const char *name)
{
	const char *text = json_string_value(json_object_get(json_array_get(array, i), name));

	if (!text)
		fail_msg("row %zu has no text %s", i, name);
	return text;
}

static json_int_t number_of(const json_t *array, size_t i, const char *name)
{
	const json_t *number = json_object_get(json_array_get(array, i), name);

	if (!json_is_integer(number))
		fail_msg("row %zu has no number %s", i, name);
	return json_integer_value(number);
}

static void check_lines(const struct bed *bed, const char *const *expected, size_t count)
{
	char *text = bed_text(&bed->report, report_json);
	char *rest = text, *line;
	size_t i = 0;

	while ((line = strsep(&rest, "\n"))) {
		assert_in_range(i, 0, count);
		assert_string_equal(line, i < count ? expected[i] : "");
		i++;
	}
	assert_int_equal(i, count + 1);
	free(text);
}

#define TAIL_IN                                                                         \
	"\"dir\":\"in\",\"iface\":\"eth0\",\"firstSeen\":\"2026-11-23T14:03:22.000Z\"," \
	"\"lastSeen\":\"2026-11-23T14:03:23.000Z\""
#define ENDS "{\"srcIp\":\"10.0.0.1\",\"dstIp\":\"10.0.0.2\","

/* A flow of every kind that differs in its members, and its line. */
static const struct flow_key kind_keys[] = {
	{.src = IPV4(10, 0, 0, 1),
	 .dst = IPV4(10, 0, 0, 2),
	 .sport = 1,
	 .dport = 65535,
	 .ethertype = 0x0800,
	 .ipproto = 6},
	{.src = IPV4(10, 0, 0, 1),
	 .dst = IPV4(10, 0, 0, 2),
	 .sport = 3,
	 .dport = 1,
	 .ethertype = 0x0800,
	 .ipproto = 1},
	{.src = IPV4(10, 0, 0, 1),
	 .dst = IPV4(10, 0, 0, 2),
	 .sport = 0x8765,
	 .dport = 0x4321,
	 .ethertype = 0x0800,
	 .ipproto = 50},
	{.src = IPV4(10, 0, 0, 1),
	 .dst = IPV4(10, 0, 0, 2),
	 .sport = 1,
	 .dport = 2,
	 .ethertype = 0x0800,
	 .ipproto = 51},
	{.src = IPV4(10, 0, 0, 1),
	 .dst = IPV4(10, 0, 0, 2),
	 .sport = 0x6558,
	 .dport = 0x2000,
	 .ethertype = 0x0800,
	 .ipproto = 47},
	{.src = IPV4(10, 0, 0, 1),
	 .dst = IPV4(10, 0, 0, 2),
	 .sport = 1,
	 .dport = 2,
	 .ethertype = 0x0800,
	 .ipproto = 89},
	{.src = IPV4(10, 0, 0, 1),
	 .dst = IPV4(10, 0, 0, 2),
	 .sport = 2,
	 .dport = 0,
	 .ethertype = 0x0806,
	 .ipproto = 0},
	{.src = IPV4(10, 0, 0, 1), .dst = IPV4(10, 0, 0, 2), .ethertype = 0x0800, .ipproto = 2},
	{.src = IPV4(10, 0, 0, 1),
	 .dst = IPV4(10, 0, 0, 2),
	 .ethertype = 0x86dd,
	 .ipproto = 200,
	 .where = FLOW_WHERE(0, FLOW_OUT)},
};

static const char *const kind_lines[] = {
	"[",
	ENDS "\"proto\":\"TCP\",\"srcPort\":1,\"dstPort\":65535,\"bytes\":1000,"
	     "\"packets\":9,\"bitrate\":2000.0,\"ipProto\":6,\"etherType\":2048," TAIL_IN ",\"share\":12.5},",
	ENDS "\"proto\":\"ICMPv4\",\"srcPort\":3,\"dstPort\":1,\"bytes\":1000,"
	     "\"packets\":8,\"bitrate\":2000.0,\"ipProto\":1,\"etherType\":2048," TAIL_IN ",\"share\":12.5},",
	ENDS "\"proto\":\"IPSEC-ESP\",\"srcPort\":34661,\"dstPort\":17185,\"bytes\":1000,"
	     "\"packets\":7,\"bitrate\":2000.0,\"spi\":2271560481,\"ipProto\":50,"
	     "\"etherType\":2048," TAIL_IN ",\"share\":12.5},",
	ENDS "\"proto\":\"IPSEC-AH\",\"srcPort\":1,\"dstPort\":2,\"bytes\":1000,"
	     "\"packets\":6,\"bitrate\":2000.0,\"spi\":65538,\"ipProto\":51,"
	     "\"etherType\":2048," TAIL_IN ",\"share\":12.5},",
	ENDS "\"proto\":\"GRE\",\"srcPort\":25944,\"dstPort\":8192,\"bytes\":1000,"
	     "\"packets\":5,\"bitrate\":2000.0,\"greFlags\":8192,"
	     "\"greInner\":\"TransEth\",\"ipProto\":47,\"etherType\":2048," TAIL_IN ",\"share\":12.5},",
	ENDS "\"proto\":\"OSPFIGP\",\"srcPort\":1,\"dstPort\":2,\"bytes\":1000,"
	     "\"packets\":4,\"bitrate\":2000.0,\"ospfType\":\"Hello\",\"ospfVersion\":2,"
	     "\"ipProto\":89,\"etherType\":2048," TAIL_IN ",\"share\":12.5},",
	ENDS "\"proto\":\"ARP\",\"srcPort\":2,\"dstPort\":0,\"bytes\":1000,\"packets\":3,"
	     "\"bitrate\":2000.0,\"arpOp\":\"reply\",\"etherType\":2054," TAIL_IN ",\"share\":12.5},",
	ENDS "\"proto\":\"IGMP\",\"srcPort\":0,\"dstPort\":0,\"bytes\":1000,\"packets\":2,"
	     "\"bitrate\":2000.0,\"ipProto\":2,\"etherType\":2048," TAIL_IN ",\"share\":12.5},",
	"{\"srcIp\":\"::ffff:10.0.0.1\",\"dstIp\":\"::ffff:10.0.0.2\","
	"\"proto\":\"Unknown\",\"srcPort\":0,\"dstPort\":0,\"bytes\":1000,\"packets\":1,"
	"\"bitrate\":2000.0,\"ipProto\":200,\"etherType\":34525,\"dir\":\"out\","
	"\"iface\":\"eth0\",\"firstSeen\":\"2026-11-23T14:03:22.000Z\","
	"\"lastSeen\":\"2026-11-23T14:03:23.000Z\",\"share\":100.0}",
	"]",
};

/* Every kind of row has exactly these members in this order. */
static void json_members(void **state)
{
	struct bed *bed = *state;

	for (size_t i = 0; i < sizeof(kind_keys) / sizeof(kind_keys[0]); i++)
		bed_add(bed, &kind_keys[i], 9 - i, 1000);
	bed_finish(bed);
	check_lines(bed, kind_lines, sizeof(kind_lines) / sizeof(kind_lines[0]));
}

#define SUM_HEAD "{\"srcIp\":\"\",\"dstIp\":\"\",\"proto\":\"other\",\"srcPort\":0,\"dstPort\":0,"

static void json_sums(void **state)
{
	static const char *const expected[] = {
		"[",
		SUM_HEAD
		"\"bytes\":500,\"packets\":5,\"bitrate\":1000.0,\"etherType\":35020," TAIL_IN
		",\"reason\":\"EtherType 0x88cc LLDP\",\"share\":31.25},",
		SUM_HEAD "\"bytes\":400,\"packets\":4,\"bitrate\":800.0,\"etherType\":4," TAIL_IN
			 ",\"reason\":\"802.2 LLC DSAP 0x42 STP\",\"share\":25.0},",
		SUM_HEAD "\"bytes\":300,\"packets\":3,\"bitrate\":600.0,\"etherType\":2048," TAIL_IN
			 ",\"reason\":\"IPv4 malformed\",\"share\":18.75},",
		SUM_HEAD "\"bytes\":200,\"packets\":2,\"bitrate\":400.0,\"ipProto\":17,"
			 "\"etherType\":0," TAIL_IN ",\"reason\":\"flow map full: UDP\",\"share\":12.5},",
		SUM_HEAD "\"bytes\":100,\"packets\":1,\"bitrate\":200.0,\"etherType\":0," TAIL_IN
			 ",\"reason\":\"over --max-flows: mixed\",\"share\":6.25},",
		SUM_HEAD "\"bytes\":100,\"packets\":1,\"bitrate\":200.0,\"ipProto\":6,"
			 "\"etherType\":0," TAIL_IN ",\"reason\":\"interfaces gone: TCP\",\"share\":6.25}",
		"]",
	};
	struct bed *bed = *state;

	bed_add_sum(bed, FLOW_SUM_ETHERTYPE, 0, 0x88cc, 5);
	bed_add_sum(bed, FLOW_SUM_ETHERTYPE, 0x4242, 4, 4);
	bed_add_sum(bed, FLOW_SUM_MALFORMED, 0, 0x0800, 3);
	bed_add_sum(bed, FLOW_SUM_MAP_FULL, FLOW_CLASS_UDP, 0, 2);
	bed_add_sum(bed, FLOW_SUM_AGED, FLOW_CLASS_MIXED, 0, 1);
	bed_add_sum(bed, FLOW_SUM_GONE, FLOW_CLASS_TCP, 0, 1);
	bed_finish(bed);
	check_lines(bed, expected, sizeof(expected) / sizeof(expected[0]));
}

static void json_of_nothing(void **state)
{
	struct bed *bed = *state;
	char *text;

	bed_finish(bed);
	text = bed_text(&bed->report, report_json);
	assert_string_equal(text, "[]\n");
	free(text);
	text = bed_text(&bed->report, report_table);
	assert_non_null(strstr(text, "packets seen 0 = in rows 0 + other 0\n"));
	assert_non_null(strstr(text, "exact: every packet seen is in one row\n"));
	free(text);
}

static void json_whole_numbers_and_no_time(void **state)
{
	struct bed *bed = *state;
	struct flow_key key = bed_tcp_key(1, 1);
	json_t *array;

	bed_add(bed, &key, 9007199254740993, 9223372036854775807); /* no double holds these */
	bed->report.running_ns = 0;
	bed_finish(bed);
	array = bed_json(&bed->report);
	assert_int_equal(number_of(array, 0, "packets"), 9007199254740993);
	assert_int_equal(number_of(array, 0, "bytes"), 9223372036854775807);
	assert_true(json_is_real(json_object_get(json_array_get(array, 0), "bitrate")));
	assert_true(json_real_value(json_object_get(json_array_get(array, 0), "bitrate")) == 0.0);
	json_decref(array);
}

static void hostile_interface_names(void **state)
{
	static const char *const names[][2] = {
		{"\x1b[2J\"\\\n", "\\x1b[2J\"\\\\x0a"},
		{"\xff\xc0\x80 a", "\\xff\\xc0\\x80 a"},
		{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
		 "\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff"},
		{"\xc3\xa9th0", "\xc3\xa9th0"},
	};
	struct bed *bed = *state;
	struct flow_key key = bed_tcp_key(1, 1);

	bed_add(bed, &key, 1, 60);
	bed_finish(bed);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		json_t *array;
		char *text;

		ifaces_unref(bed->ifaces);
		assert_int_equal(ifaces_new(1 + i % 2, &bed->ifaces), 0);
		for (unsigned int j = 0; j < bed->ifaces->count; j++)
			memcpy(bed->ifaces->entry[j].name, names[i][0], strlen(names[i][0]));
		bed->report.ifaces = bed->ifaces;
		array = bed_json(&bed->report);
		assert_string_equal(text_of(array, 0, "iface"), names[i][1]);
		json_decref(array);
		text = bed_text(&bed->report, report_table);
		assert_non_null(strstr(text, names[i][1]));
		assert_null(strchr(text, '\x1b'));
		free(text);
	}
}

static void unknown_slot_has_no_name(void **state)
{
	struct bed *bed = *state;
	struct flow_key key = bed_tcp_key(1, 1);
	json_t *array;

	key.where = FLOW_WHERE(FLOW_IFACES_MAX - 1, FLOW_OUT);
	bed_add(bed, &key, 1, 60);
	bed_finish(bed);
	array = bed_json(&bed->report);
	assert_string_equal(text_of(array, 0, "iface"), "");
	json_decref(array);
	free(bed_text(&bed->report, report_table));
}

/* srcPorts of the rows in the order of a column, as digits. */
static void check_order(struct bed *bed, enum column sort, size_t limit, const char *expected)
{
	char found[32] = "";
	json_t *array;

	bed->report.sort = sort;
	bed->report.limit = limit;
	array = bed_json(&bed->report);
	for (size_t i = 0; i < json_array_size(array) && i + 1 < sizeof(found); i++)
		found[i] = (char)('0' + number_of(array, i, "srcPort"));
	json_decref(array);
	if (strcmp(found, expected) != 0)
		fail_msg("order by %s is %s, not %s", column_info(sort)->name, found, expected);
}

static void order_by_every_column(void **state)
{
	struct bed *bed = *state;
	struct flow_key key;

	key = bed_tcp_key(4, 1);
	bed_add(bed, &key, 10, 1000);
	key = bed_tcp_key(3, 2);
	key.where = FLOW_WHERE(0, FLOW_OUT);
	bed_add(bed, &key, 20, 1000);
	key = bed_tcp_key(2, 3);
	key.ipproto = 17;
	bed_add(bed, &key, 5, 9000);
	key = bed_tcp_key(1, 4);
	key.ipproto = 33;
	bed_add(bed, &key, 20, 1500);
	key = bed_tcp_key(1, 5);
	bed_add(bed, &key, 20, 1000);
	bed_finish(bed);
	check_order(bed, COLUMN_BPS, 0, "34521");
	check_order(bed, COLUMN_BYTES, 0, "34521");
	check_order(bed, COLUMN_PACKETS, 0, "45213");
	check_order(bed, COLUMN_PPS, 0, "45213");
	check_order(bed, COLUMN_SOURCE, 0, "45321");
	check_order(bed, COLUMN_TUPLE, 0, "45321");
	check_order(bed, COLUMN_DESTINATION, 0, "12345");
	check_order(bed, COLUMN_PROTO, 0, "45213");
	check_order(bed, COLUMN_DIR, 0, "34512");
	check_order(bed, COLUMN_BPS, 3, "345");
	check_order(bed, COLUMN_BPS, 99, "34521");
}

/* Thousands of equal rows in random places: the order must still be total. */
static void order_of_equals(void **state)
{
	struct bed *bed = *state;
	uint16_t place[5000];
	json_t *array;

	for (uint16_t i = 0; i < 5000; i++)
		place[i] = i;
	srand(3);
	for (uint16_t i = 4999; i > 0; i--) {
		uint16_t other = (uint16_t)(rand() % (i + 1)), swap = place[i];

		place[i] = place[other];
		place[other] = swap;
	}
	for (uint16_t i = 0; i < 5000; i++) {
		struct flow_key key = bed_tcp_key(1, place[i]);

		if (place[i] >= 2500)
			key.ethertype = 0x86dd;
		bed_add(bed, &key, 1, 60);
	}
	bed_finish(bed);
	for (int sort = 0; sort < COLUMNS; sort++) {
		bed->report.sort = (enum column)sort;
		array = bed_json(&bed->report);
		assert_int_equal(json_array_size(array), 5000);
		for (size_t i = 0; i < 5000; i++)
			assert_int_equal(number_of(array, i, "srcPort"), i);
		json_decref(array);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		REPORT_TEST(json_members),
		REPORT_TEST(json_sums),
		REPORT_TEST(json_of_nothing),
		REPORT_TEST(json_whole_numbers_and_no_time),
		REPORT_TEST(hostile_interface_names),
		REPORT_TEST(unknown_slot_has_no_name),
		REPORT_TEST(order_by_every_column),
		REPORT_TEST(order_of_equals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
