/* SPDX-License-Identifier: MIT */
/* verify.h: each identity is printed with its figures, a broken one named, a reason chosen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger.h"
#include "link.h"
#include "verify.h"

/* 10 packets of 1,000 bytes in all came in, 20 of 4,000 went out; everything agrees. */
struct bed {
	struct ledger *ledger;
	struct snapshot last;
	struct link_counters before, after;
	struct verify verify;
	char *text;
	bool holds;
};

static void bed_init(struct bed *bed)
{
	struct flow_key key = {.sport = 1, .dport = 2, .ethertype = 0x0800, .ipproto = 17};

	memset(bed, 0, sizeof(*bed));
	assert_int_equal(ledger_new(LEDGER_FLOWS_DEFAULT, 0, &bed->ledger), 0);
	ledger_begin(bed->ledger, 0, 1);
	ledger_add(bed->ledger, &key, 10, 1000);
	key.where = FLOW_OUT;
	ledger_add(bed->ledger, &key, 20, 4000);
	bed->last.dir[FLOW_IN].total = (struct flow_counts){10, 1000};
	bed->last.dir[FLOW_OUT].total = (struct flow_counts){20, 4000};
	bed->last.health.hook = bed->last.health.rows = (struct flow_counts){30, 5000};
	bed->before = (struct link_counters){.rx_packets = 5, .tx_packets = 6, .rx_bytes = 7,
					     .tx_bytes = 8, .rx_dropped = 9, .tx_dropped = 3};
	bed->after = bed->before;
	bed->after.rx_packets += 10;
	bed->after.rx_bytes += 1000;
	bed->after.tx_packets += 20;
	bed->after.tx_bytes += 4000;
	bed->verify = (struct verify){.ledger = bed->ledger, .last = &bed->last, .iface = "eth0",
				      .before = &bed->before, .after = &bed->after};
}

static void bed_print(struct bed *bed)
{
	size_t size;
	FILE *out = open_memstream(&bed->text, &size);

	assert_non_null(out);
	bed->holds = verify_print(&bed->verify, out);
	fclose(out);
}

static void bed_done(struct bed *bed)
{
	free(bed->text);
	ledger_free(bed->ledger);
}

static void expect(const struct bed *bed, const char *part)
{
	if (!strstr(bed->text, part))
		fail_msg("\"%s\" is not in:\n%s", part, bed->text);
}

static void test_holds(void **state)
{
	struct bed bed;

	bed_init(&bed);
	bed.last.health.map_full.packets = 3;
	bed.last.health.aged.packets = 4;
	bed.last.health.flows_aged = 2;
	bed_print(&bed);
	assert_true(bed.holds);
	expect(&bed, "hook total = in + out: 30 packets, 5000 bytes = 30 packets, 5000 bytes: holds");
	expect(&bed, "hook total = drained from the kernel: 30 packets, 5000 bytes = "
		     "30 packets, 5000 bytes: holds");
	expect(&bed, "hook total = rows + other: 30 packets, 5000 bytes = "
		     "30 packets, 5000 bytes: holds");
	expect(&bed, "flow map full 3 packets, aged 4 packets (2 flows)");
	expect(&bed, "eth0 in, hook against the interface's own counters: 10 packets, 1000 bytes "
		     "against 10 packets, 1000 bytes: equal");
	expect(&bed, "eth0 out, hook against the interface's own counters: 20 packets, 4000 bytes "
		     "against 20 packets, 4000 bytes: equal");
	assert_null(strstr(bed.text, "BROKEN"));
	bed_done(&bed);
}

/* Each identity alone; a byte is enough. */
static void test_broken(void **state)
{
	static const char *const lines[] = {
		"in + out: 30 packets, 5000 bytes != 30 packets, 5001 bytes: BROKEN",
		"drained from the kernel: 30 packets, 5000 bytes != 30 packets, 4999 bytes: BROKEN",
		"rows + other: 30 packets, 5000 bytes != 31 packets, 5000 bytes: BROKEN",
	};

	for (int broken = 0; broken < 3; broken++) {
		struct flow_key key = {.sport = 9, .ethertype = 0x0800, .ipproto = 6};
		struct bed bed;

		bed_init(&bed);
		if (broken == 0)
			bed.last.dir[FLOW_OUT].total.bytes++;
		else if (broken == 1)
			bed.last.health.rows.bytes--;
		else
			ledger_add(bed.ledger, &key, 1, 0);
		bed_print(&bed);
		assert_false(bed.holds);
		expect(&bed, lines[broken]);
		assert_ptr_equal(strstr(strstr(bed.text, "BROKEN") + 1, "BROKEN"), NULL);
		bed_done(&bed);
	}
}

/* The interface may have counted something else; that breaks nothing, and is explained. */
static void test_reasons(void **state)
{
	static const struct {
		int64_t packets, bytes, dropped;
		bool raw_ip;
		const char *reason;
	} cases[] = {
		{10, 1040, 0, false, "the driver counts the frame check sequence"},
		{10, 860, 0, false, "the driver counts without the Ethernet header"},
		{10, 1200, 0, true, "a tunnel counts what it wraps"},
		{12, 1200, 2, false, "packets were dropped between interface and hook"},
		{4, 900, 0, false, "the interface counts a GSO/GRO super-packet as one"},
		{11, 1100, 0, false, "packets passed between the two readings"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bed bed;

		bed_init(&bed);
		bed.after.rx_packets = bed.before.rx_packets + (uint64_t)cases[i].packets;
		bed.after.rx_bytes = bed.before.rx_bytes + (uint64_t)cases[i].bytes;
		bed.after.rx_dropped += (uint64_t)cases[i].dropped;
		bed.verify.raw_ip = cases[i].raw_ip;
		bed_print(&bed);
		assert_true(bed.holds);
		expect(&bed, "not comparable: ");
		expect(&bed, cases[i].reason);
		bed_done(&bed);
	}
}

/* The other direction has drops of its own. */
static void test_drops_by_direction(void **state)
{
	struct bed bed;

	bed_init(&bed);
	bed.after.rx_dropped += 5;
	bed.after.tx_packets++;
	bed_print(&bed);
	assert_null(strstr(bed.text, "dropped"));
	bed_done(&bed);
	bed_init(&bed);
	bed.after.tx_dropped += 5;
	bed.after.tx_packets++;
	bed_print(&bed);
	expect(&bed, "packets were dropped between interface and hook");
	bed_done(&bed);
}

static void test_no_counters(void **state)
{
	struct bed bed;

	bed_init(&bed);
	bed.verify.after = NULL;
	bed_print(&bed);
	assert_true(bed.holds);
	expect(&bed, "the interface's own counters could not be read");
	bed_done(&bed);
}

static void test_hostile_name(void **state)
{
	struct bed bed;

	bed_init(&bed);
	bed.verify.iface = "a\033[2J";
	bed_print(&bed);
	expect(&bed, "a\\x1b[2J in");
	assert_null(strchr(bed.text, '\033'));
	bed_done(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_holds),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_drops_by_direction),
		cmocka_unit_test(test_no_counters),
		cmocka_unit_test(test_hostile_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
