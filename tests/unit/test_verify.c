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
#include "one_iface.h"
#include "verify.h"

/* 10 packets of 1,000 bytes in all came in, 20 of 4,000 went out; everything agrees. */
struct bed {
	struct ledger *ledger;
	struct ifaces *ifaces;
	struct verify_link link;
	struct verify verify;
	char *text;
	bool holds;
	struct snapshot last; /* ends in an array of no fixed size */
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
	bed->link.before = (struct link_counters){.rx_packets = 5, .tx_packets = 6, .rx_bytes = 7,
					     .tx_bytes = 8, .rx_dropped = 9, .tx_dropped = 3};
	bed->link.after = bed->link.before;
	bed->link.after.rx_packets += 10;
	bed->link.after.rx_bytes += 1000;
	bed->link.after.tx_packets += 20;
	bed->link.after.tx_bytes += 4000;
	assert_int_equal(ifaces_new_one("eth0", &bed->ifaces), 0);
	bed->ifaces->entry[0].index = bed->link.index = 7;
	bed->link.ended = true;
	bed->last.ifaces = bed->ifaces;
	bed->verify = (struct verify){
		.ledger = bed->ledger, .last = &bed->last, .link = &bed->link};
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
	ifaces_unref(bed->ifaces);
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
	expect(&bed, "flow map full 3 packets, over --max-flows 4 packets (2 flows)");
	expect(&bed, "eth0 in: hook 10 packets, 1000 bytes; "
		     "interface 10 packets, 1000 bytes: equal");
	expect(&bed, "eth0 out: hook 20 packets, 4000 bytes; "
		     "interface 20 packets, 4000 bytes: equal");
	assert_null(strstr(bed.text, "BROKEN"));
	bed_done(&bed);
}

/* Of a capture file nothing is said of hooks and interfaces. */
static void test_file(void **state)
{
	struct bed bed;

	bed_init(&bed);
	bed.verify.file = true;
	bed.verify.link = NULL;
	bed_print(&bed);
	assert_true(bed.holds);
	expect(&bed, "packets read = in + out: 30 packets, 5000 bytes = 30 packets, 5000 bytes: holds");
	expect(&bed, "packets read = rows + other: 30 packets, 5000 bytes = ");
	expect(&bed, "a capture file has no counters");
	assert_null(strstr(bed.text, "hook"));
	assert_null(strstr(bed.text, "kernel"));
	assert_null(strstr(bed.text, "eth0"));
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
		{10, 1200, 0, true, "the tunnel counts its encapsulation"},
		{10, 860, 0, true, "the hook counts more bytes per packet than the interface"},
		{12, 1200, 2, false, "packets were dropped between interface and hook"},
		{4, 640, 0, false, "the interface counts a GRO super-packet as one"},
		/* More than headers are missing, or less. */
		{9, 500, 0, false, "not comparable: packets reached the hook another way"},
		{4, 900, 0, false, "not comparable: packets reached the hook another way"},
		{11, 1100, 0, false, "packets passed between the two readings"},
		{9, 1001, 0, false,
		 "not comparable: the interface counts a super-packet as one, the hook its segments; "
		 "and packets passed"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bed bed;

		bed_init(&bed);
		bed.link.after.rx_packets = bed.link.before.rx_packets + (uint64_t)cases[i].packets;
		bed.link.after.rx_bytes = bed.link.before.rx_bytes + (uint64_t)cases[i].bytes;
		bed.link.after.rx_dropped += (uint64_t)cases[i].dropped;
		bed.ifaces->entry[0].raw_ip = cases[i].raw_ip;
		bed_print(&bed);
		assert_true(bed.holds);
		expect(&bed, "not comparable: ");
		expect(&bed, cases[i].reason);
		bed_done(&bed);
	}
}

/* Nothing is broken by them, but whoever asks is told. */
static void test_malformed(void **state)
{
	struct flow_key key = {.sport = FLOW_SUM_MALFORMED,
			       .ethertype = 0x0800,
			       .ipproto = FLOW_PROTO_NONE,
			       .where = FLOW_OUT};
	struct bed bed;

	bed_init(&bed);
	bed_print(&bed);
	assert_null(strstr(bed.text, "malformed"));
	bed_done(&bed);
	bed_init(&bed);
	ledger_add(bed.ledger, &key, 3, 90);
	key.sport = FLOW_SUM_ETHERTYPE;
	ledger_add(bed.ledger, &key, 5, 90);
	bed_print(&bed);
	expect(&bed, "verify: eth0 out, packets with a malformed header of EtherType 0x0800: 3\n");
	bed_done(&bed);
}

/* The other direction has drops of its own. */
static void test_drops_by_direction(void **state)
{
	struct bed bed;

	bed_init(&bed);
	bed.link.after.rx_dropped += 5;
	bed.link.after.tx_packets++;
	bed_print(&bed);
	assert_null(strstr(bed.text, "dropped"));
	bed_done(&bed);
	bed_init(&bed);
	bed.link.after.tx_dropped += 5;
	bed.link.after.tx_packets++;
	bed_print(&bed);
	expect(&bed, "packets were dropped between interface and hook");
	bed_done(&bed);
}

/* Without counters of the same interface from the beginning to the end there is no comparison. */
static void test_no_counters(void **state)
{
	for (int why = 0; why < 3; why++) {
		struct bed bed;

		bed_init(&bed);
		if (why == 0)
			bed.link.ended = false;
		else if (why == 1)
			bed.link.index = 8;
		else
			bed.ifaces->entry[0].state = IFACE_GONE;
		bed_print(&bed);
		assert_true(bed.holds);
		expect(&bed, "eth0: the interface's own counters are not known");
		assert_null(strstr(bed.text, "eth0 in"));
		bed_done(&bed);
	}
}

/* Each interface is compared with its own rows. */
static void test_two_ifaces(void **state)
{
	struct flow_key key = {.where = FLOW_WHERE(1, FLOW_IN), .ethertype = 0x0800};
	struct verify_link links[2];
	struct bed bed;

	bed_init(&bed);
	ifaces_unref(bed.ifaces);
	assert_int_equal(ifaces_new(2, &bed.ifaces), 0);
	memcpy(bed.ifaces->entry[0].name, "eth0", 5);
	memcpy(bed.ifaces->entry[1].name, "eth1", 5);
	bed.ifaces->entry[0].index = 7;
	bed.ifaces->entry[1].index = 9;
	bed.last.ifaces = bed.ifaces;
	links[0] = bed.link;
	links[1] = (struct verify_link){
		.index = 9, .ended = true, .after = {.rx_packets = 2, .rx_bytes = 300}};
	bed.verify.link = links;
	ledger_add(bed.ledger, &key, 2, 300);
	bed_print(&bed);
	expect(&bed, "eth0 in: hook 10 packets");
	expect(&bed, "eth1 in: hook 2 packets, 300 bytes; "
		     "interface 2 packets, 300 bytes: equal");
	expect(&bed, "eth1 out: hook 0 packets");
	bed_done(&bed);
}

/* A slot without an interface is nothing to speak of. */
static void test_slots_given_up(void **state)
{
	struct verify_link links[3] = {0};
	struct bed bed;

	bed_init(&bed);
	ifaces_unref(bed.ifaces);
	assert_int_equal(ifaces_new(3, &bed.ifaces), 0);
	bed.ifaces->entry[0] = (struct ifaces_entry){.name = "eth9", .index = 8};
	bed.ifaces->entry[1].state = IFACE_FREE;
	bed.ifaces->entry[2] =
		(struct ifaces_entry){.name = IFACES_SUM_NAME, .state = IFACE_SUM};
	bed.last.ifaces = bed.ifaces;
	bed.last.health.gone.packets = 6;
	bed.last.health.flows_gone = 4;
	links[0] = bed.link;
	bed.verify.link = links;
	bed_print(&bed);
	assert_true(bed.holds);
	expect(&bed, "of interfaces gone 6 packets (4 flows)\n");
	/* Another one than began there. */
	expect(&bed, "eth9: the interface's own counters are not known for the whole");
	expect(&bed, "any gone: the interface's own counters are not known for the whole");
	assert_null(strstr(bed.text, "verify: : "));
	bed_done(&bed);
}

static void test_hostile_name(void **state)
{
	struct bed bed;

	bed_init(&bed);
	memcpy(bed.ifaces->entry[0].name, "a\033[2J", sizeof("a\033[2J"));
	bed_print(&bed);
	expect(&bed, "a\\x1b[2J in");
	assert_null(strchr(bed.text, '\033'));
	bed_done(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_holds),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_drops_by_direction),
		cmocka_unit_test(test_no_counters),
		cmocka_unit_test(test_two_ifaces),
		cmocka_unit_test(test_slots_given_up),
		cmocka_unit_test(test_hostile_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
