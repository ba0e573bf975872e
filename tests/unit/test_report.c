/* SPDX-License-Identifier: MIT */
/* The final report, as JSON and as a table, from ledgers filled by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"

#define START_NS 1795442602000000000LL /* 2026-11-23T14:03:22Z */
#define S	 1000000000LL

#define IPV4(a, b, c, d)                             \
	{                                            \
		[10] = 0xff, [11] = 0xff, a, b, c, d \
	}

/* A ledger and the report on it. */
struct bed {
	struct ledger *ledger;
	const char *iface[2];
	struct report report;
	struct flow_counts counted[FLOW_DIRS];
};

static void add(struct bed *bed, const struct flow_key *key, uint64_t packets, uint64_t bytes)
{
	ledger_add(bed->ledger, key, packets, bytes);
	bed->counted[FLOW_WHERE_DIR(key->where)].packets += packets;
	bed->counted[FLOW_WHERE_DIR(key->where)].bytes += bytes;
}

/* Ends the interval, and fills in what the collector would have seen. */
static void finish(struct bed *bed)
{
	struct snapshot *snapshot;

	assert_int_equal(ledger_snapshot(bed->ledger, 1, &snapshot), 0);
	snapshot_unref(snapshot);
	bed->report.health.hook.packets = 0;
	bed->report.health.hook.bytes = 0;
	for (int dir = 0; dir < FLOW_DIRS; dir++) {
		bed->report.dir[dir].total = bed->counted[dir];
		bed->report.dir[dir].peak_bps = 2e6;
		bed->report.dir[dir].peak_pps = 3e3;
		bed->report.health.hook.packets += bed->counted[dir].packets;
		bed->report.health.hook.bytes += bed->counted[dir].bytes;
	}
}

static int set_up(void **state)
{
	struct bed *bed = calloc(1, sizeof(*bed));

	assert_non_null(bed);
	assert_int_equal(ledger_new(100000, 0, &bed->ledger), 0);
	ledger_begin(bed->ledger, START_NS, START_NS + S);
	bed->iface[0] = "eth0";
	bed->report = (struct report){
		.ledger = bed->ledger,
		.iface = bed->iface,
		.ifaces = 1,
		.attach = "tcx",
		.ended = "timeout",
		.start_wall_ns = START_NS,
		.running_ns = 4 * S,
		.sort = COLUMN_BPS,
	};
	*state = bed;
	return 0;
}

static int tear_down(void **state)
{
	struct bed *bed = *state;

	ledger_free(bed->ledger);
	free(bed);
	return 0;
}

/* The text of a report, to be freed. */
static char *write_text(const struct report *report, int (*write)(const struct report *, FILE *))
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(write(report, out), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

static json_t *read_json(const struct report *report)
{
	char *text = write_text(report, report_json);
	json_error_t error;
	json_t *array = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	if (!array)
		fail_msg("%s in %s", error.text, text);
	assert_true(json_is_array(array));
	free(text);
	return array;
}

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
	char *text = write_text(&bed->report, report_json);
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

/* Every kind of row has exactly these members in this order. */
static void json_members(void **state)
{
	static const struct flow_key keys[] = {
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
		{.src = IPV4(10, 0, 0, 1),
		 .dst = IPV4(10, 0, 0, 2),
		 .ethertype = 0x0800,
		 .ipproto = 2},
		{.src = IPV4(10, 0, 0, 1),
		 .dst = IPV4(10, 0, 0, 2),
		 .ethertype = 0x86dd,
		 .ipproto = 200,
		 .where = FLOW_WHERE(0, FLOW_OUT)},
	};
	static const char *const expected[] = {
		"[",
		ENDS "\"proto\":\"TCP\",\"srcPort\":1,\"dstPort\":65535,\"bytes\":1000,"
		     "\"packets\":9,\"bitrate\":2000.0,\"ipProto\":6,\"etherType\":2048," TAIL_IN
		     "},",
		ENDS "\"proto\":\"ICMPv4\",\"srcPort\":3,\"dstPort\":1,\"bytes\":1000,"
		     "\"packets\":8,\"bitrate\":2000.0,\"ipProto\":1,\"etherType\":2048," TAIL_IN
		     "},",
		ENDS "\"proto\":\"IPSEC-ESP\",\"srcPort\":34661,\"dstPort\":17185,\"bytes\":1000,"
		     "\"packets\":7,\"bitrate\":2000.0,\"spi\":2271560481,\"ipProto\":50,"
		     "\"etherType\":2048," TAIL_IN "},",
		ENDS "\"proto\":\"IPSEC-AH\",\"srcPort\":1,\"dstPort\":2,\"bytes\":1000,"
		     "\"packets\":6,\"bitrate\":2000.0,\"spi\":65538,\"ipProto\":51,"
		     "\"etherType\":2048," TAIL_IN "},",
		ENDS "\"proto\":\"GRE\",\"srcPort\":25944,\"dstPort\":8192,\"bytes\":1000,"
		     "\"packets\":5,\"bitrate\":2000.0,\"greFlags\":8192,"
		     "\"greInner\":\"TransEth\",\"ipProto\":47,\"etherType\":2048," TAIL_IN "},",
		ENDS "\"proto\":\"OSPFIGP\",\"srcPort\":1,\"dstPort\":2,\"bytes\":1000,"
		     "\"packets\":4,\"bitrate\":2000.0,\"ospfType\":\"Hello\",\"ospfVersion\":2,"
		     "\"ipProto\":89,\"etherType\":2048," TAIL_IN "},",
		ENDS "\"proto\":\"ARP\",\"srcPort\":2,\"dstPort\":0,\"bytes\":1000,\"packets\":3,"
		     "\"bitrate\":2000.0,\"arpOp\":\"reply\",\"etherType\":2054," TAIL_IN "},",
		ENDS "\"proto\":\"IGMP\",\"srcPort\":0,\"dstPort\":0,\"bytes\":1000,\"packets\":2,"
		     "\"bitrate\":2000.0,\"ipProto\":2,\"etherType\":2048," TAIL_IN "},",
		"{\"srcIp\":\"::ffff:10.0.0.1\",\"dstIp\":\"::ffff:10.0.0.2\","
		"\"proto\":\"Unknown\",\"srcPort\":0,\"dstPort\":0,\"bytes\":1000,\"packets\":1,"
		"\"bitrate\":2000.0,\"ipProto\":200,\"etherType\":34525,\"dir\":\"out\","
		"\"iface\":\"eth0\",\"firstSeen\":\"2026-11-23T14:03:22.000Z\","
		"\"lastSeen\":\"2026-11-23T14:03:23.000Z\"}",
		"]",
	};
	struct bed *bed = *state;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		add(bed, &keys[i], 9 - i, 1000);
	finish(bed);
	check_lines(bed, expected, sizeof(expected) / sizeof(expected[0]));
}

#define SUM_HEAD "{\"srcIp\":\"\",\"dstIp\":\"\",\"proto\":\"other\",\"srcPort\":0,\"dstPort\":0,"

static void add_sum(struct bed *bed, enum flow_sum sum, uint16_t detail, uint16_t ethertype,
		    uint64_t packets)
{
	struct flow_key key = {.sport = (uint16_t)sum,
			       .dport = detail,
			       .ethertype = ethertype,
			       .ipproto = FLOW_PROTO_NONE};

	add(bed, &key, packets, 100 * packets);
}

static void json_sums(void **state)
{
	static const char *const expected[] = {
		"[",
		SUM_HEAD
		"\"bytes\":500,\"packets\":5,\"bitrate\":1000.0,\"etherType\":35020," TAIL_IN
		",\"reason\":\"EtherType 0x88cc LLDP\"},",
		SUM_HEAD "\"bytes\":400,\"packets\":4,\"bitrate\":800.0,\"etherType\":4," TAIL_IN
			 ",\"reason\":\"802.2 LLC DSAP 0x42 STP\"},",
		SUM_HEAD "\"bytes\":300,\"packets\":3,\"bitrate\":600.0,\"etherType\":2048," TAIL_IN
			 ",\"reason\":\"IPv4 malformed\"},",
		SUM_HEAD "\"bytes\":200,\"packets\":2,\"bitrate\":400.0,\"ipProto\":17,"
			 "\"etherType\":0," TAIL_IN ",\"reason\":\"flow map full: UDP\"},",
		SUM_HEAD "\"bytes\":100,\"packets\":1,\"bitrate\":200.0,\"etherType\":0," TAIL_IN
			 ",\"reason\":\"aged: mixed\"}",
		"]",
	};
	struct bed *bed = *state;

	add_sum(bed, FLOW_SUM_ETHERTYPE, 0, 0x88cc, 5);
	add_sum(bed, FLOW_SUM_ETHERTYPE, 0x4242, 4, 4);
	add_sum(bed, FLOW_SUM_MALFORMED, 0, 0x0800, 3);
	add_sum(bed, FLOW_SUM_MAP_FULL, FLOW_CLASS_UDP, 0, 2);
	add_sum(bed, FLOW_SUM_AGED, FLOW_CLASS_MIXED, 0, 1);
	finish(bed);
	check_lines(bed, expected, sizeof(expected) / sizeof(expected[0]));
}

static void json_of_nothing(void **state)
{
	struct bed *bed = *state;
	char *text;

	finish(bed);
	text = write_text(&bed->report, report_json);
	assert_string_equal(text, "[]\n");
	free(text);
	text = write_text(&bed->report, report_table);
	assert_non_null(strstr(text, "packets seen 0 = in rows 0 + other 0\n"));
	assert_non_null(strstr(text, "exact: every packet seen is in one row\n"));
	free(text);
}

static struct flow_key tcp_key(uint8_t last, uint16_t sport)
{
	return (struct flow_key){.src = IPV4(10, 0, 0, last),
				 .dst = IPV4(192, 168, 200, (uint8_t)(255 - last)),
				 .sport = sport,
				 .dport = 443,
				 .ethertype = 0x0800,
				 .ipproto = 6};
}

static void json_whole_numbers_and_no_time(void **state)
{
	struct bed *bed = *state;
	struct flow_key key = tcp_key(1, 1);
	json_t *array;

	add(bed, &key, 9007199254740993, 9223372036854775807); /* no double holds these */
	bed->report.running_ns = 0;
	finish(bed);
	array = read_json(&bed->report);
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
	struct flow_key key = tcp_key(1, 1);

	add(bed, &key, 1, 60);
	finish(bed);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		json_t *array;
		char *text;

		bed->iface[0] = bed->iface[1] = names[i][0];
		bed->report.ifaces = 1 + i % 2;
		array = read_json(&bed->report);
		assert_string_equal(text_of(array, 0, "iface"), names[i][1]);
		json_decref(array);
		text = write_text(&bed->report, report_table);
		assert_non_null(strstr(text, names[i][1]));
		assert_null(strchr(text, '\x1b'));
		free(text);
	}
}

static void unknown_slot_has_no_name(void **state)
{
	struct bed *bed = *state;
	struct flow_key key = tcp_key(1, 1);
	json_t *array;

	key.where = FLOW_WHERE(FLOW_IFACES_MAX - 1, FLOW_OUT);
	add(bed, &key, 1, 60);
	finish(bed);
	array = read_json(&bed->report);
	assert_string_equal(text_of(array, 0, "iface"), "");
	json_decref(array);
	free(write_text(&bed->report, report_table));
}

/* srcPorts of the rows in the order of a column, as digits. */
static void check_order(struct bed *bed, enum column sort, size_t limit, const char *expected)
{
	char found[32] = "";
	json_t *array;

	bed->report.sort = sort;
	bed->report.limit = limit;
	array = read_json(&bed->report);
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

	key = tcp_key(4, 1);
	add(bed, &key, 10, 1000);
	key = tcp_key(3, 2);
	key.where = FLOW_WHERE(0, FLOW_OUT);
	add(bed, &key, 20, 1000);
	key = tcp_key(2, 3);
	key.ipproto = 17;
	add(bed, &key, 5, 9000);
	key = tcp_key(1, 4);
	key.ipproto = 33;
	add(bed, &key, 20, 1500);
	key = tcp_key(1, 5);
	add(bed, &key, 20, 1000);
	finish(bed);
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
		struct flow_key key = tcp_key(1, place[i]);

		if (place[i] >= 2500)
			key.ethertype = 0x86dd;
		add(bed, &key, 1, 60);
	}
	finish(bed);
	for (int sort = 0; sort < COLUMNS; sort++) {
		bed->report.sort = (enum column)sort;
		array = read_json(&bed->report);
		assert_int_equal(json_array_size(array), 5000);
		for (size_t i = 0; i < 5000; i++)
			assert_int_equal(number_of(array, i, "srcPort"), i);
		json_decref(array);
	}
}

static void fill_mixed(struct bed *bed)
{
	struct flow_key key;

	for (uint8_t i = 0; i < 40; i++) {
		key = tcp_key(i, (uint16_t)(60000 + i));
		add(bed, &key, 1000U + i, 1500000U + 1000U * i);
	}
	key = (struct flow_key){
		.src = {0x20, 0x01, 0x0d, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
		.dst = {0x20, 0x01, 0x0d, 0xb8, [15] = 2},
		.sport = 50514,
		.dport = 443,
		.ethertype = 0x86dd,
		.ipproto = 6,
		.where = FLOW_WHERE(0, FLOW_OUT)};
	add(bed, &key, 1234567, 987654321);
	key.ipproto = 58;
	key.sport = 128;
	key.dport = 0;
	add(bed, &key, 3, 354);
	add_sum(bed, FLOW_SUM_ETHERTYPE, 0, 0x88cc, 25);
	finish(bed);
}

static void check_has(const char *text, const char *line)
{
	if (!strstr(text, line))
		fail_msg("no '%s' in\n%s", line, text);
}

static void table_for_a_pipe(void **state)
{
	struct bed *bed = *state;
	char *text;

	fill_mixed(bed);
	text = write_text(&bed->report, report_table);
	check_has(text, "Watched  eth0 (tcx) for 4.0 s\n");
	check_has(text, "ended by timeout\n");
	check_has(text, "[2001:db8:102:304:506:708:90a:b0c]:50514       [2001:db8::2]:443");
	check_has(text, "2001:db8:102:304:506:708:90a:b0c echo-request");
	check_has(text, "EtherType 0x88cc LLDP");
	check_has(text, "1,234,567  987,654,321\n");
	check_has(text, "10.0.0.39:60039");
	check_has(text, "packets seen 1,275,375 = in rows 1,275,350 + other 25\n");
	check_has(text, "bytes   seen 1,048,437,175 = in rows 1,048,434,675 + other 2,500\n");
	check_has(text, "other: 25 packets, 2,500 bytes neither IP nor ARP\n");
	check_has(text, "exact: every packet seen is in one row\n");
	assert_null(strchr(text, '\x1b'));
	assert_null(strstr(text, " more"));
	assert_null(strstr(text, " \n"));
	free(text);
}

/* No line is wider than that; returns how many there are. */
static size_t check_width(const char *text, unsigned int width)
{
	size_t lines = 0;

	while (*text) {
		size_t length = strcspn(text, "\n");

		if (length > width)
			fail_msg("%zu columns, not %u: %.*s", length, width, (int)length, text);
		text += length + 1;
		lines++;
	}
	return lines;
}

static void table_for_a_terminal(void **state)
{
	struct bed *bed = *state;
	char *text;

	fill_mixed(bed);
	bed->report.height = 40;
	for (bed->report.width = 70; bed->report.width < 200; bed->report.width++) {
		text = write_text(&bed->report, report_table);
		check_width(text, bed->report.width);
		check_has(text, "BPS");
		check_has(text, " more\n");
		check_has(text, " more rows: ");
		free(text);
	}
	/* Columns go before addresses are shortened. */
	bed->report.width = 80;
	text = write_text(&bed->report, report_table);
	assert_null(strstr(text, ".."));
	assert_null(strstr(text, "PPS"));
	free(text);
	bed->report.width = 70;
	text = write_text(&bed->report, report_table);
	check_has(text, "..");
	check_has(text, "988 M");
	free(text);
	bed->report.width = 1; /* nothing can fit, all the same it ends */
	free(write_text(&bed->report, report_table));
}

static void table_fills_the_terminal(void **state)
{
	struct bed *bed = *state;
	char *text;

	fill_mixed(bed);
	bed->report.width = 132;
	for (unsigned int height = 46; height < 60; height += 3) {
		bed->report.height = height;
		text = write_text(&bed->report, report_table);
		assert_int_equal(check_width(text, 132), height - 1);
		free(text);
	}
}

/* What the rest line says and the rows above it are the sum. */
static void table_with_a_limit_closes(void **state)
{
	struct bed *bed = *state;
	char *text;

	fill_mixed(bed);
	bed->report.limit = 1;
	text = write_text(&bed->report, report_table);
	check_has(text, "  and 42 more rows: 40,808 packets, 60,782,854 bytes\n");
	check_has(text, "  and 81 more\n"); /* hosts */
	free(text);
}

static void accounting_says_what_is_wrong(void **state)
{
	struct bed *bed = *state;
	struct flow_key key = tcp_key(1, 1);
	char *text;

	add(bed, &key, 10, 1000);
	add_sum(bed, FLOW_SUM_MAP_FULL, FLOW_CLASS_TCP, 0, 7);
	add_sum(bed, FLOW_SUM_AGED, FLOW_CLASS_TCP, 0, 2);
	finish(bed);
	text = write_text(&bed->report, report_table);
	check_has(text, "other: 7 packets, 700 bytes while the flow map was full\n");
	check_has(text, "other: 2 packets, 200 bytes of flows idle longest, folded together\n");
	check_has(text, "exact in sum: ");
	free(text);
	bed->report.health.hook.packets += 5;
	bed->report.health.hook.bytes -= 6;
	bed->report.health.read_errors = 2;
	bed->report.health.last_error = -ENOMEM;
	text = write_text(&bed->report, report_table);
	check_has(text, "NOT exact: 5 packets that were seen are in no row\n");
	check_has(text, "NOT exact: 6 bytes in rows were not seen by the hook\n");
	check_has(text, "2 reads of the kernel's maps failed, the last: Cannot allocate memory\n");
	assert_null(strstr(text, " exact: every"));
	free(text);
}

static void protocols_and_hosts_add_up(void **state)
{
	struct bed *bed = *state;
	struct flow_key key = tcp_key(1, 1);
	char *text;

	add(bed, &key, 10, 3000);
	key.sport = 2;
	add(bed, &key, 20, 4000);
	key.ipproto = 201;
	key.where = FLOW_WHERE(0, FLOW_OUT);
	add(bed, &key, 5, 1000);
	key.ethertype = 0x86dd; /* the same address, but another host */
	add(bed, &key, 1, 100);
	finish(bed);
	text = write_text(&bed->report, report_table);
	check_has(text, "TCP               2       30     7,000          0  14.0 kb/s  86.4 %\n");
	check_has(text, "Unknown (201)     2        6         0      1,100  2.20 kb/s  13.6 %\n");
	check_has(text, "10.0.0.1                     8,000         0            35         0\n");
	check_has(text, "192.168.200.254                  0     8,000             0        35\n");
	check_has(text, "::ffff:10.0.0.1                100         0             1         0\n");
	free(text);
}

static void check_errors(const struct report *report, FILE *out, int expected)
{
	assert_non_null(out);
	assert_int_equal(report_json(report, out), expected);
	clearerr(out);
	assert_int_equal(report_table(report, out), expected);
	fclose(out);
}

static void write_errors(void **state)
{
	struct bed *bed = *state;
	int ends[2];

	for (int many = 0; many < 2; many++) {
		/* First within a buffer's size, then beyond it. */
		for (uint16_t i = 0; i < (many ? 20000 : 1); i++) {
			struct flow_key key = tcp_key(1, i);

			add(bed, &key, 1, 60);
		}
		finish(bed);
		check_errors(&bed->report, fopen("/dev/full", "w"), -ENOSPC);
		signal(SIGPIPE, SIG_IGN);
		assert_int_equal(pipe(ends), 0);
		close(ends[0]);
		check_errors(&bed->report, fdopen(ends[1], "w"), -EPIPE);
		ledger_begin(bed->ledger, START_NS + S, START_NS + 2 * S);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(json_members),
		TEST(json_sums),
		TEST(json_of_nothing),
		TEST(json_whole_numbers_and_no_time),
		TEST(hostile_interface_names),
		TEST(unknown_slot_has_no_name),
		TEST(order_by_every_column),
		TEST(order_of_equals),
		TEST(table_for_a_pipe),
		TEST(table_for_a_terminal),
		TEST(table_fills_the_terminal),
		TEST(table_with_a_limit_closes),
		TEST(accounting_says_what_is_wrong),
		TEST(protocols_and_hosts_add_up),
		TEST(write_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
