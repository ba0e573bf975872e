/* SPDX-License-Identifier: MIT */
/*
 * The report with a filter and with groups: whatever the rows are, they add up to what passes, in
 * JSON and in the table, and the accounting is about everything.
 */
#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "report_bed.h"

static struct flow_key flow(uint8_t src, uint8_t dst, uint16_t sport, uint16_t dport,
			    uint8_t ipproto, enum flow_dir dir)
{
	struct flow_key key = {.sport = sport,
			       .dport = dport,
			       .ethertype = ETH_P_IP,
			       .ipproto = ipproto,
			       .where = FLOW_WHERE(0, dir)};

	key.src[10] = key.src[11] = key.dst[10] = key.dst[11] = 0xff;
	key.src[12] = key.dst[12] = 10;
	key.src[15] = src;
	key.dst[15] = dst;
	return key;
}

static void add(struct bed *bed, struct flow_key key, uint64_t packets, uint64_t bytes)
{
	bed_add(bed, &key, packets, bytes);
}

/* This machine is 10.0.0.1. */
static void add_ip(struct bed *bed)
{
	struct flow_key key;

	add(bed, flow(1, 2, 40000, 443, IPPROTO_TCP, FLOW_OUT), 10, 1000);
	add(bed, flow(2, 1, 443, 40000, IPPROTO_TCP, FLOW_IN), 20, 25000);
	add(bed, flow(1, 2, 40001, 443, IPPROTO_TCP, FLOW_OUT), 3, 300);
	add(bed, flow(1, 3, 40001, 53, IPPROTO_UDP, FLOW_OUT), 4, 400);
	add(bed, flow(1, 2, 8, 0, IPPROTO_ICMP, FLOW_OUT), 5, 500);
	add(bed, flow(2, 1, 0, 0, IPPROTO_ICMP, FLOW_IN), 5, 510);
	add(bed, flow(1, 4, 0, 0, 200, FLOW_OUT), 1, 60);
	key = flow(1, 2, 443, 5, IPPROTO_TCP, FLOW_OUT);
	key.ethertype = ETH_P_IPV6;
	add(bed, key, 2, 222);
	key = flow(2, 1, 443, 40000, IPPROTO_TCP, FLOW_IN);
	key.where = FLOW_WHERE(1, FLOW_IN); /* the same tuple elsewhere */
	add(bed, key, 7, 777);
}

static void add_rest(struct bed *bed)
{
	struct flow_key key = flow(1, 2, 1, 0, 0, FLOW_OUT);

	key.ethertype = ETH_P_ARP;
	add(bed, key, 2, 84);
	add(bed, flow_key_of_sum(FLOW_SUM_ETHERTYPE, 0, ETH_P_LLDP, FLOW_WHERE(0, FLOW_IN)), 6,
	    660);
	add(bed, flow_key_of_sum(FLOW_SUM_ETHERTYPE, 0, ETH_P_LLDP, FLOW_WHERE(0, FLOW_OUT)), 2,
	    99);
	add(bed, flow_key_of_sum(FLOW_SUM_MAP_FULL, FLOW_CLASS_UDP, 0, FLOW_WHERE(0, FLOW_IN)), 8,
	    80);
}

static int set_up(void **state)
{
	struct bed *bed;

	if (bed_set_up(state))
		return -1;
	bed = *state;
	ifaces_unref(bed->ifaces);
	assert_int_equal(ifaces_new(2, &bed->ifaces), 0);
	memcpy(bed->ifaces->entry[0].name, "eth0", 5);
	memcpy(bed->ifaces->entry[1].name, "eth1", 5);
	bed->report.ifaces = bed->ifaces;
	add_ip(bed);
	bed_finish(bed);
	ledger_begin(bed->ledger, START_NS + S, START_NS + 2 * S);
	add_rest(bed);
	add(bed, flow(1, 2, 40001, 443, IPPROTO_TCP, FLOW_OUT), 1, 100);
	bed_finish(bed);
	return 0;
}

static void use_filter(struct bed *bed, const char *text)
{
	char why[80] = "";
	size_t column;

	filter_free(bed->filter);
	bed->filter = NULL;
	if (filter_parse(text, &bed->filter, why, sizeof(why), &column))
		fail_msg("%s: %s", text, why);
	bed->report.filter = bed->filter;
	bed->report.filter_text = text;
}

static uint64_t sum_of(const json_t *array, const char *name)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *row = json_array_get(array, i);
		const json_t *number = json_object_get(row, name);

		/* How many flows a sum stands for is not known. */
		if (!strcmp(name, "flows") && !number)
			continue;
		if (!strcmp(name, "flows") && json_object_get(row, "reason"))
			fail_msg("row %zu is a sum and has flows", i);
		if (!json_is_integer(number))
			fail_msg("row %zu has no number %s", i, name);
		sum += (uint64_t)json_integer_value(number);
	}
	return sum;
}

static const char *by_name(const struct bed *bed)
{
	return group_name(bed->report.by);
}

/* Packets and bytes of both directions together are those of each. */
static void check_directions(const struct bed *bed, const json_t *array,
			     const struct flow_counts counted[FLOW_DIRS])
{
	if (bed->report.by == GROUP_FLOW)
		return;
	assert_int_equal(sum_of(array, "packetsIn"), counted[FLOW_IN].packets);
	assert_int_equal(sum_of(array, "packetsOut"), counted[FLOW_OUT].packets);
	assert_int_equal(sum_of(array, "bytesIn"), counted[FLOW_IN].bytes);
	assert_int_equal(sum_of(array, "bytesOut"), counted[FLOW_OUT].bytes);
}

/* What passes, straight from the ledger: flows without sums, and with them. */
static void count_passing(const struct bed *bed, struct flow_counts ret_counted[FLOW_DIRS],
			  size_t *ret_flows, size_t *ret_rows)
{
	memset(ret_counted, 0, FLOW_DIRS * sizeof(*ret_counted));
	*ret_flows = *ret_rows = 0;
	for (size_t i = 0; i < ledger_count(bed->ledger); i++) {
		const struct ledger_flow *row = ledger_get(bed->ledger, i);
		const struct filter_subject subject = {.key = &row->key,
						       .bps = (double)row->total.bytes * 2,
						       .pps = (double)row->total.packets / 4,
						       .packets = row->total.packets,
						       .bytes = row->total.bytes,
						       .ifaces = bed->ifaces};
		enum flow_dir dir = flow_key_dir(&row->key);

		if (!filter_match(bed->filter, &subject))
			continue;
		ret_counted[dir].packets += row->total.packets;
		ret_counted[dir].bytes += row->total.bytes;
		*ret_flows += flow_key_sum(&row->key) == FLOW_SUM_NONE;
		++*ret_rows;
	}
}

/* Returns the rows there are. */
static size_t check_sums(struct bed *bed, enum group_by by)
{
	struct flow_counts counted[FLOW_DIRS];
	size_t flows, passing, rows;
	json_t *array;

	bed->report.by = by;
	count_passing(bed, counted, &flows, &passing);
	array = bed_json(&bed->report);
	rows = json_array_size(array);
	if (sum_of(array, "packets") != counted[FLOW_IN].packets + counted[FLOW_OUT].packets ||
	    sum_of(array, "bytes") != counted[FLOW_IN].bytes + counted[FLOW_OUT].bytes)
		fail_msg("%s: the sums differ", by_name(bed));
	check_directions(bed, array, counted);
	if (by == GROUP_FLOW)
		assert_int_equal(rows, passing);
	else
		assert_int_equal(sum_of(array, "flows"), flows);
	json_decref(array);
	return rows;
}

static void sums_are_equal(void **state)
{
	static const size_t rows[GROUPS] = {13, 10, 6, 8, 7, 3, 3, 3, 2, 3, 3, 3};
	struct bed *bed = *state;

	for (int by = 0; by < GROUPS; by++)
		assert_int_equal(check_sums(bed, (enum group_by)by), rows[by]);
}

static void filters_and_sums(void **state)
{
	static const struct {
		const char *text;
		size_t rows[GROUPS];
	} cases[] = {
		{"tcp", {5, 4, 2, 2, 1, 1, 1, 1, 2, 1, 1, 1}},
		{"in", {5, 5, 3, 4, 4, 3, 3, 3, 2, 3, 3, 3}},
		{"port 53", {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
		{"host 10.0.0.2 and not icmp", {5, 4, 1, 2, 2, 1, 1, 1, 2, 1, 1, 1}},
		{"other", {3, 2, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2}},
		{"bytes >= 500", {6, 4, 2, 3, 3, 2, 2, 2, 2, 2, 2, 2}},
		{"bps > 49k", {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
		{"pps >= 5", {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
		{"port 9", {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
		{"iface eth1", {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
		{"", {13, 10, 6, 8, 7, 3, 3, 3, 2, 3, 3, 3}},
	};
	struct bed *bed = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		use_filter(bed, cases[i].text);
		for (int by = 0; by < GROUPS; by++) {
			size_t rows = check_sums(bed, (enum group_by)by);

			if (rows != cases[i].rows[by])
				fail_msg("'%s' by %s: %zu rows", cases[i].text, by_name(bed), rows);
		}
	}
}

/* A rate that nobody knows matches no comparison. */
static void no_time_no_rate(void **state)
{
	struct bed *bed = *state;
	json_t *array;

	bed->report.running_ns = 0;
	use_filter(bed, "bps >= 0");
	array = bed_json(&bed->report);
	assert_int_equal(json_array_size(array), 0);
	json_decref(array);
}

/* The first row by an order that makes it known, as text. */
static void check_first(struct bed *bed, enum group_by by, enum column sort, const char *expected)
{
	char *text;

	bed->report.by = by;
	bed->report.sort = sort;
	bed->report.limit = 1;
	text = bed_text(&bed->report, report_json);
	text[strlen(text) - strlen("\n]\n")] = '\0';
	assert_string_equal(text + strlen("[\n"), expected);
	free(text);
}

#define TIMES(first, last)                                  \
	"\"firstSeen\":\"2026-11-23T14:03:" first ".000Z\"" \
	",\"lastSeen\":\"2026-11-23T14:03:" last ".000Z\""

/* Every kind of row has exactly these members in this order. */
static void members(void **state)
{
	struct bed *bed = *state;

	check_first(bed, GROUP_CONVERSATION, COLUMN_BPS,
		    "{\"srcIp\":\"10.0.0.1\",\"dstIp\":\"10.0.0.2\",\"proto\":\"TCP\","
		    "\"srcPort\":40000,\"dstPort\":443,\"bytes\":26000,\"packets\":30,"
		    "\"bitrate\":52000.0,\"bytesIn\":25000,\"packetsIn\":20,\"bytesOut\":1000,"
		    "\"packetsOut\":10,\"flows\":2,\"ipProto\":6,\"etherType\":2048,"
		    "\"iface\":\"eth0\"," TIMES("22", "23") ",\"share\":87.271751}");
	check_first(bed, GROUP_HOST, COLUMN_BPS,
		    "{\"ip\":\"10.0.0.2\",\"bytes\":28271,\"packets\":53,\"bitrate\":56542.0,"
		    "\"bytesIn\":26287,\"packetsIn\":32,\"bytesOut\":1984,\"packetsOut\":21,"
		    "\"flows\":7," TIMES("22", "24") ",\"share\":94.894603}");
	check_first(bed, GROUP_SERVICE, COLUMN_BPS,
		    "{\"proto\":\"TCP\",\"port\":443,\"bytes\":27177,\"packets\":41,"
		    "\"bitrate\":54354.0,\"bytesIn\":25777,\"packetsIn\":27,\"bytesOut\":1400,"
		    "\"packetsOut\":14,\"flows\":4,\"ipProto\":6," TIMES("22", "24") ",\"share\":91.222476}");
	check_first(bed, GROUP_PROTOCOL, COLUMN_PROTO,
		    "{\"proto\":\"ARP\",\"bytes\":84,\"packets\":2,\"bitrate\":168.0,"
		    "\"bytesIn\":0,\"packetsIn\":0,\"bytesOut\":84,\"packetsOut\":2,"
		    "\"flows\":1," TIMES("23", "24") ",\"share\":0.281955}");
}

/* The named sums stay rows of their own, whatever the rest is grouped by, but by interface. */
static void members_of_sums(void **state)
{
#define LLDP_SUM                                                                          \
	"\"bytes\":759,\"packets\":8,\"bitrate\":1518.0,\"bytesIn\":660,\"packetsIn\":6," \
	"\"bytesOut\":99,\"packetsOut\":2,\"etherType\":35020," TIMES(        \
		"23", "24") ",\"reason\":\"EtherType 0x88cc LLDP\",\"share\":2.547664}"
	static const char *const expected[GROUPS] = {
		[GROUP_CONVERSATION] = "{\"srcIp\":\"\",\"dstIp\":\"\",\"proto\":\"other\","
				       "\"srcPort\":0,\"dstPort\":0," LLDP_SUM,
		[GROUP_HOST] = "{\"ip\":\"\",\"proto\":\"other\"," LLDP_SUM,
		[GROUP_SERVICE] = "{\"proto\":\"other\",\"port\":0," LLDP_SUM,
		[GROUP_PROTOCOL] = "{\"proto\":\"other\"," LLDP_SUM,
		[GROUP_PROCESS] = "{\"proto\":\"other\"," LLDP_SUM,
		[GROUP_CONTAINER] = "{\"proto\":\"other\"," LLDP_SUM,
		[GROUP_USER] = "{\"proto\":\"other\"," LLDP_SUM,
		[GROUP_SITE] = "{\"proto\":\"other\"," LLDP_SUM,
		[GROUP_SERVER] = "{\"proto\":\"other\"," LLDP_SUM,
		[GROUP_APP] = "{\"proto\":\"other\"," LLDP_SUM,
	};
	struct bed *bed = *state;

	use_filter(bed, "other");
	for (int by = GROUP_FLOW + 1; by < GROUPS; by++) {
		if (expected[by])
			check_first(bed, (enum group_by)by, COLUMN_BPS, expected[by]);
	}
}

static void filtered_table(void **state)
{
	struct bed *bed = *state;
	char *text;

	use_filter(bed, "\"x\x1b\" and port 443");
	free(bed_text(&bed->report, report_table)); /* passes nothing, and says so safely */
	use_filter(bed, "port 443 and out");
	text = bed_text(&bed->report, report_table);
	bed_check_has(text, "filter   port 443 and out\n");
	bed_check_has(
		text,
		"  in                  46  27,027  54.1 kb/s   12 p/s  2.00 Mb/s  3.00 kp/s\n");
	bed_check_has(
		text,
		"  out                 30   2,765  5.53 kb/s  7.5 p/s  2.00 Mb/s  3.00 kp/s\n");
	bed_check_has(
		text,
		"  in, filtered         0       0      0 b/s    0 p/s          -          -\n");
	bed_check_has(
		text,
		"  out, filtered       16   1,622  3.24 kb/s    4 p/s          -          -\n");
	bed_check_has(text, "  TCP          3       16         0      1,622  3.24 kb/s  100.0 %\n");
	bed_check_has(text, "10.0.0.1:40000");
	bed_check_has(text, "packets seen 76 = in rows 60 + other 16\n");
	bed_check_has(text, "exact in sum: ");
	assert_null(strstr(text, "10.0.0.3"));
	assert_null(strstr(text, "LLDP\n"));
	free(text);
}

static void grouped_tables(void **state)
{
	static const char *const lines[GROUPS][4] = {
		[GROUP_CONVERSATION] = {"PROTO          IFACE  NEAR ",
					"10.0.0.1:40000         10.0.0.2:443",
					"Unknown (200)  eth0", "HOST"},
		[GROUP_HOST] = {"\n  HOST ", "\n  10.0.0.2  ", "\n  ::ffff:10.0.0.2 ", "PROTOCOL"},
		[GROUP_SERVICE] = {"PROTO          PORT ", "\n  TCP            443 ",
				   "\n  UDP            53 ", "HOST"},
		[GROUP_PROTOCOL] = {"\n  ARP ", "\n  Unknown (200)  ",
				    "\n  other          EtherType 0x88cc LLDP ", "HOST"},
		[GROUP_PROCESS] = {"\n  PROCESS ", "\n  -  ", "PROTOCOL", "HOST"},
		[GROUP_CONTAINER] = {"\n  CONTAINER ", "\n  -  ", "PROTOCOL", "HOST"},
		[GROUP_USER] = {"\n  USER ", "\n  -  ", "PROTOCOL", "HOST"},
		[GROUP_IFACE] = {"\n  INTERFACE ", "\n  eth0 ", "\n  eth1 ", "HOST"},
		[GROUP_SITE] = {"\n  SITE ", "\n  -  ", "PROTOCOL", "HOST"},
		[GROUP_SERVER] = {"\n  SERVER ", "\n  -  ", "PROTOCOL", "HOST"},
		[GROUP_APP] = {"\n  APP ", "\n  -  ", "PROTOCOL", "HOST"},
	};
	struct bed *bed = *state;

	for (int by = GROUP_FLOW + 1; by < GROUPS; by++) {
		char *text;

		bed->report.by = (enum group_by)by;
		text = bed_text(&bed->report, report_table);
		for (size_t i = 0; i < 4; i++)
			bed_check_has(text, lines[by][i]);
		if (by != GROUP_IFACE)
			bed_check_has(text, "EtherType 0x88cc LLDP ");
		/* A sum of all interfaces is of none. */
		assert_null(strstr(text, "eth0       EtherType"));
		bed_check_has(text, "packets seen 76 = in rows 60 + other 16\n");
		assert_null(strstr(text, " \n"));
		free(text);
	}
}

/* What the rest line says and the rows above it are the sum, and the terminal is just full. */
static void limits_and_sizes(void **state)
{
	struct bed *bed = *state;
	char *text;

	for (uint8_t i = 0; i < 60; i++)
		add(bed, flow(1, 100 + i, i, 1000 + i, IPPROTO_TCP, FLOW_OUT), 1, 1);
	bed_finish(bed);
	use_filter(bed, "out");
	bed->report.width = 132;
	for (int by = 0; by < GROUP_PROCESS; by++) { /* without owners there are no more */
		size_t lines = 0;

		bed->report.by = (enum group_by)by;
		bed->report.height = 70;
		bed->report.limit = 0;
		text = bed_text(&bed->report, report_table);
		for (const char *at = text; (at = strchr(at, '\n')); at++)
			lines++;
		if (lines != 69 && by != GROUP_PROTOCOL)
			fail_msg("%s: %zu lines\n%s", by_name(bed), lines, text);
		free(text);
		bed->report.limit = 2;
		text = bed_text(&bed->report, report_table);
		bed_check_has(text, " more rows: ");
		free(text);
	}
	bed->report.by = GROUP_HOST;
	text = bed_text(&bed->report, report_table);
	bed_check_has(text, "  and 63 more rows: 65 packets, 441 bytes\n");
	free(text);
}

/* Thousands of equal groups: the order is total. */
static void order_of_equals(void **state)
{
	struct bed *bed = *state;

	for (uint16_t i = 0; i < 3000; i++)
		add(bed, flow(1, 99, 9, (uint16_t)(10 + i * 7919 % 3000), 6, FLOW_OUT), 1, 1);
	bed_finish(bed);
	use_filter(bed, "dst 10.0.0.99");
	bed->report.by = GROUP_CONVERSATION;
	for (int sort = 0; sort < COLUMNS; sort++) {
		json_t *array;

		bed->report.sort = (enum column)sort;
		array = bed_json(&bed->report);
		assert_int_equal(json_array_size(array), 3000);
		for (size_t i = 0; i < 3000; i++)
			assert_int_equal(json_integer_value(json_object_get(
						 json_array_get(array, i), "dstPort")),
					 10 + i);
		json_decref(array);
	}
}

static void write_errors(void **state)
{
	struct bed *bed = *state;

	for (int by = 0; by < GROUPS; by++) {
		FILE *out = fopen("/dev/full", "w");

		assert_non_null(out);
		bed->report.by = (enum group_by)by;
		assert_int_equal(report_json(&bed->report, out), -ENOSPC);
		clearerr(out);
		assert_int_equal(report_table(&bed->report, out), -ENOSPC);
		fclose(out);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, bed_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sums_are_equal), TEST(filters_and_sums), TEST(no_time_no_rate),
		TEST(members),	      TEST(members_of_sums),  TEST(filtered_table),
		TEST(grouped_tables), TEST(limits_and_sizes), TEST(order_of_equals),
		TEST(write_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
