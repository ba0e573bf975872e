/* SPDX-License-Identifier: MIT */
/* The final report as a table, and what it says when it cannot be written. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report_bed.h"

static void fill_mixed(struct bed *bed)
{
	struct flow_key key;

	for (uint8_t i = 0; i < 40; i++) {
		key = bed_tcp_key(i, (uint16_t)(60000 + i));
		bed_add(bed, &key, 1000U + i, 1500000U + 1000U * i);
	}
	key = (struct flow_key){
		.src = {0x20, 0x01, 0x0d, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
		.dst = {0x20, 0x01, 0x0d, 0xb8, [15] = 2},
		.sport = 50514,
		.dport = 443,
		.ethertype = 0x86dd,
		.ipproto = 6,
		.where = FLOW_WHERE(0, FLOW_OUT)};
	bed_add(bed, &key, 1234567, 987654321);
	key.ipproto = 58;
	key.sport = 128;
	key.dport = 0;
	bed_add(bed, &key, 3, 354);
	bed_add_sum(bed, FLOW_SUM_ETHERTYPE, 0, 0x88cc, 25);
	bed_finish(bed);
}

static void table_for_a_pipe(void **state)
{
	struct bed *bed = *state;
	char *text;

	fill_mixed(bed);
	bed->report.host = "web\x1b" "1";
	bed->report.version = "1.2";
	text = bed_text(&bed->report, report_table);
	bed_check_has(text, "Watched  eth0 (tcx) for 4.0 s\n");
	bed_check_has(text, "ended by timeout\nhost     web\\x1b1, pktstat-bpf 1.2\n");
	bed_check_has(text, "[2001:db8:102:304:506:708:90a:b0c]:50514       [2001:db8::2]:443");
	bed_check_has(text, "2001:db8:102:304:506:708:90a:b0c echo-request");
	bed_check_has(text, "EtherType 0x88cc LLDP");
	bed_check_has(text, "1,234,567  987,654,321\n");
	bed_check_has(text, "10.0.0.39:60039");
	bed_check_has(text, "packets seen 1,275,375 = in rows 1,275,350 + other 25\n");
	bed_check_has(text, "bytes   seen 1,048,437,175 = in rows 1,048,434,675 + other 2,500\n");
	bed_check_has(text, "other: 25 packets, 2,500 bytes, neither IP nor ARP\n");
	bed_check_has(text, "exact: every packet seen is in one row\n");
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
		text = bed_text(&bed->report, report_table);
		check_width(text, bed->report.width);
		bed_check_has(text, "BPS");
		bed_check_has(text, " more\n");
		bed_check_has(text, " more rows: ");
		free(text);
	}
	/* Columns of little worth go before addresses are shortened. */
	bed->report.width = 95;
	text = bed_text(&bed->report, report_table);
	assert_null(strstr(text, ".."));
	assert_null(strstr(text, "PPS"));
	free(text);
	/* Those without which rows look alike stay beside shorter ones. */
	bed->report.width = 80;
	text = bed_text(&bed->report, report_table);
	bed_check_has(text, "..");
	bed_check_has(text, "DIR");
	bed_check_has(text, "1.54 M\n");
	free(text);
	bed->report.width = 70;
	text = bed_text(&bed->report, report_table);
	bed_check_has(text, "..");
	bed_check_has(text, "988 M");
	free(text);
	bed->report.width = 1; /* nothing can fit, all the same it ends */
	free(bed_text(&bed->report, report_table));
}

static void table_fills_the_terminal(void **state)
{
	struct bed *bed = *state;
	char *text;

	fill_mixed(bed);
	bed->report.width = 132;
	for (unsigned int height = 46; height < 60; height += 3) {
		bed->report.height = height;
		text = bed_text(&bed->report, report_table);
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
	text = bed_text(&bed->report, report_table);
	bed_check_has(text, "  and 42 more rows: 40,808 packets, 60,782,854 bytes\n");
	bed_check_has(text, "  and 81 more\n"); /* hosts */
	free(text);
	bed->report.limit = 42;
	text = bed_text(&bed->report, report_table);
	bed_check_has(text, "  and 1 more row: ");
	free(text);
}

static void accounting_says_what_is_wrong(void **state)
{
	struct bed *bed = *state;
	struct flow_key key = bed_tcp_key(1, 1);
	char *text;

	bed_add(bed, &key, 10, 1000);
	bed_add_sum(bed, FLOW_SUM_MAP_FULL, FLOW_CLASS_TCP, 0, 7);
	bed_add_sum(bed, FLOW_SUM_AGED, FLOW_CLASS_TCP, 0, 2);
	bed_add_sum(bed, FLOW_SUM_GONE, FLOW_CLASS_TCP, 0, 3);
	bed_finish(bed);
	text = bed_text(&bed->report, report_table);
	bed_check_has(text, "other: 7 packets, 700 bytes, flow map full: flows new at that time, added up\n");
	bed_check_has(text, "other: 2 packets, 200 bytes, over --max-flows: flows idle longest, added up\n");
	bed_check_has(text, "other: 3 packets, 300 bytes, interfaces gone: their flows, added up\n");
	bed_check_has(text, "exact in sum: ");
	free(text);
	bed->report.health.hook.packets += 5;
	bed->report.health.hook.bytes -= 6;
	bed->report.health.read_errors = 2;
	bed->report.health.last_error = -ENOMEM;
	bed->report.health.map_failed = 3;
	bed->report.health.map_entries = 2048;
	text = bed_text(&bed->report, report_table);
	bed_check_has(text, "NOT exact: 5 packets that were seen are in no row\n");
	bed_check_has(text, "NOT exact: 6 bytes in rows were not seen by the hook\n");
	bed_check_has(text,
		      "2 reads of the kernel's maps failed, the last: Cannot allocate memory\n");
	bed_check_has(text, "the kernel refused memory for a flow map 3 times; they have room for "
			    "2,048 flows\n");
	assert_null(strstr(text, " exact: every"));
	free(text);
}

static void protocols_and_hosts_add_up(void **state)
{
	struct bed *bed = *state;
	struct flow_key key = bed_tcp_key(1, 1);
	char *text;

	bed_add(bed, &key, 10, 3000);
	key.sport = 2;
	bed_add(bed, &key, 20, 4000);
	key.ipproto = 201;
	key.where = FLOW_WHERE(0, FLOW_OUT);
	bed_add(bed, &key, 5, 1000);
	key.ethertype = 0x86dd; /* the same address, but another host */
	bed_add(bed, &key, 1, 100);
	bed_finish(bed);
	text = bed_text(&bed->report, report_table);
	bed_check_has(text,
		      "TCP               2       30     7,000          0  14.0 kb/s  86.4 %\n");
	bed_check_has(text,
		      "Unknown (201)     2        6         0      1,100  2.20 kb/s  13.6 %\n");
	bed_check_has(text,
		      "10.0.0.1                     8,000         0            35         0\n");
	bed_check_has(text,
		      "192.168.200.254                  0     8,000             0        35\n");
	bed_check_has(text,
		      "::ffff:10.0.0.1                100         0             1         0\n");
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
		const uint16_t flows = many ? 20000 : 1;

		/* First within a buffer's size, then beyond it. */
		for (uint16_t i = 0; i < flows; i++) {
			struct flow_key key = bed_tcp_key(1, i);

			bed_add(bed, &key, 1, 60);
		}
		bed_finish(bed);
		check_errors(&bed->report, fopen("/dev/full", "w"), -ENOSPC);
		signal(SIGPIPE, SIG_IGN);
		assert_int_equal(pipe(ends), 0);
		close(ends[0]);
		check_errors(&bed->report, fdopen(ends[1], "w"), -EPIPE);
		ledger_begin(bed->ledger, START_NS + S, START_NS + 2 * S);
	}
}

/* --limit 0: the sums, and not a row; JSON, which is rows, is an empty array. */
static void prints_sums_only(void **state)
{
	struct bed *bed = *state;
	char *text;

	fill_mixed(bed);
	bed->report.sums_only = true;
	text = bed_text(&bed->report, report_table);
	bed_check_has(text, "packets seen 1,275,375 = in rows 1,275,350 + other 25\n");
	bed_check_has(text, "PROTOCOL");
	assert_null(strstr(text, "10.0.0."));
	assert_null(strstr(text, "HOST"));
	assert_null(strstr(text, " more "));
	free(text);
	text = bed_text(&bed->report, report_json);
	assert_string_equal(text, "[]\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		REPORT_TEST(table_for_a_pipe),		 REPORT_TEST(table_for_a_terminal),
		REPORT_TEST(table_fills_the_terminal),	 REPORT_TEST(table_with_a_limit_closes),
		REPORT_TEST(prints_sums_only),		 REPORT_TEST(accounting_says_what_is_wrong),
		REPORT_TEST(protocols_and_hosts_add_up), REPORT_TEST(write_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
