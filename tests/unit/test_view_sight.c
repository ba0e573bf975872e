/* SPDX-License-Identifier: MIT */
/* view.h by what packets said: sites, their servers, applications, and orders by them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <linux/if_ether.h>
#include <netinet/in.h>

#include "flow.h"
#include "ledger.h"
#include "sight.h"
#include "view.h"

/* A view of flows from ports 1 to 7, of as many bytes; the last one is a sum. */
#define FLOWS 8

struct bed {
	struct sight_table *sights;
	struct snapshot *snapshot;
	struct view *view;
};

/* The sum has the largest number, too. */
static const struct {
	enum application application;
	const char *name, *dns, *site;
} said[FLOWS] = {
	{APPLICATION_HTTPS, "www.example.org", "", "example.org"},
	{APPLICATION_HTTPS, "cdn.example.org", "", "example.org"},
	{APPLICATION_SSH, "", "git.example.org", "example.org"},
	{APPLICATION_HTTP, "router", "", NULL},
	{APPLICATION_UNKNOWN, "", "", NULL},
	{APPLICATION_HTTP3, "www.example.org", "", "example.org"},
	{APPLICATION_DNS, "", "", NULL},
};

static struct flow_key key_of(size_t flow)
{
	struct flow_key key = {.sport = (uint16_t)(1 + flow),
			       .dport = 80,
			       .ethertype = ETH_P_IP,
			       .ipproto = IPPROTO_TCP,
			       .where = FLOW_WHERE(0, FLOW_IN)};

	if (flow == FLOWS - 1)
		return flow_key_of_sum(FLOW_SUM_AGED, FLOW_CLASS_TCP, 0, FLOW_WHERE(0, FLOW_IN));
	key.src[10] = key.src[11] = key.dst[10] = key.dst[11] = 0xff;
	key.src[12] = key.dst[12] = 10;
	return key;
}

static uint32_t sight_of(struct bed *bed, size_t flow)
{
	const struct sight sight = {.application = said[flow].application,
				    .name = said[flow].name,
				    .dns = said[flow].dns,
				    .alpn = "",
				    .ja4 = "",
				    .site = said[flow].site};
	uint32_t id;

	if (flow == FLOWS - 1)
		return SIGHT_NONE;
	assert_int_equal(sight_table_add(bed->sights, &sight, &id), 0);
	return id;
}

static void make_snapshot(struct bed *bed)
{
	struct snapshot *snapshot;

	assert_int_equal(snapshot_new(FLOWS, &snapshot), 0);
	assert_int_equal(flow_table_new(1, &snapshot->table), 0);
	snapshot->era = 1;
	snapshot->elapsed_ns = 1000000000;
	for (size_t i = 0; i < FLOWS; i++) {
		struct flow_table_entry entry = {.key = key_of(i)};
		uint32_t id;

		entry.sight = sight_of(bed, i);
		assert_int_equal(flow_table_append(snapshot->table, &entry, &id), 0);
		snapshot->row[i].id = id;
		snapshot->row[i].delta_packets = snapshot->row[i].packets = 1;
		snapshot->row[i].delta_bytes = snapshot->row[i].bytes = 1 + i;
	}
	bed->snapshot = snapshot;
}

static int set_up(void **state)
{
	struct bed *bed = calloc(1, sizeof(*bed));

	assert_non_null(bed);
	assert_int_equal(sight_table_new(&bed->sights), 0);
	make_snapshot(bed);
	assert_int_equal(view_new(COLUMN_BPS, &bed->view), 0);
	view_set_height(bed->view, FLOWS);
	view_set_sights(bed->view, bed->sights);
	view_set_snapshot(bed->view, bed->snapshot);
	*state = bed;
	return 0;
}

static int tear_down(void **state)
{
	struct bed *bed = *state;

	view_free(bed->view);
	snapshot_unref(bed->snapshot);
	sight_table_free(bed->sights);
	free(bed);
	return 0;
}

/* Names and bytes of the rows, in order: "example.org 9, - 12". */
static void expect_groups(struct bed *bed, const char *expected)
{
	const struct about_tables tables = {.sights = bed->sights};
	char text[512] = "", name[128];
	size_t used = 0;
	struct row row;

	assert_int_equal(view_arrange(bed->view), 0);
	for (size_t i = 0; view_get(bed->view, i, &row); i++) {
		group_source(view_group(bed->view), &row.key, &tables, NULL, name, sizeof(name));
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s %llu", i ? ", " : "",
					 name, (unsigned long long)row.delta[FLOW_IN].bytes);
	}
	assert_string_equal(text, expected);
}

static void expect_ports(struct bed *bed, const char *expected)
{
	char text[64] = "";
	struct row row;

	assert_int_equal(view_arrange(bed->view), 0);
	for (size_t i = 0; view_get(bed->view, i, &row); i++)
		text[i] = flow_key_sum(&row.key) == FLOW_SUM_NONE
				  ? (char)('0' + (row.key.sport == 80 ? row.key.dport : row.key.sport))
				  : 's';
	assert_string_equal(text, expected);
}

static void all_rows_add_up(void **state)
{
	struct bed *bed = *state;

	view_set_group(bed->view, GROUP_SITE);
	expect_groups(bed, "- 12, example.org 9, over --max-flows: TCP 8, router 4, ~example.org 3");
	view_set_group(bed->view, GROUP_SERVER);
	expect_groups(bed, "- 12, over --max-flows: TCP 8, www.example.org 7, router 4, ~git.example.org 3, "
			   "cdn.example.org 2");
	view_set_group(bed->view, GROUP_APP);
	expect_groups(bed, "over --max-flows: TCP 8, dns 7, http3 6, - 5, http 4, https 3, ssh 3");
	assert_int_equal(view_totals(bed->view)->delta[FLOW_IN].bytes, 36);
}

/* Nothing is known without a table: one row, and the sum. */
static void nothing_is_known(void **state)
{
	struct bed *bed = *state;

	view_set_sights(bed->view, NULL);
	view_set_group(bed->view, GROUP_SITE);
	expect_groups(bed, "- 28, over --max-flows: TCP 8");
	view_set_group(bed->view, GROUP_APP);
	expect_groups(bed, "- 28, over --max-flows: TCP 8");
}

static void names_are_ordered(void **state)
{
	struct bed *bed = *state;

	view_set_group(bed->view, GROUP_SITE);
	view_set_sort(bed->view, COLUMN_SOURCE, false);
	expect_groups(bed, "example.org 9, ~example.org 3, router 4, - 12, over --max-flows: TCP 8");
	view_set_group(bed->view, GROUP_SERVER);
	view_set_sort(bed->view, COLUMN_SITE, false);
	expect_groups(bed, "cdn.example.org 2, ~git.example.org 3, www.example.org 7, router 4, "
			   "- 12, over --max-flows: TCP 8");
	view_set_group(bed->view, GROUP_APP);
	view_set_sort(bed->view, COLUMN_APP, true);
	expect_groups(bed, "over --max-flows: TCP 8, - 5, ssh 3, https 3, http3 6, http 4, dns 7");
}

/* Flows, too; the ones of which nothing is known come last. */
static void flows_are_ordered(void **state)
{
	struct bed *bed = *state;

	view_set_group(bed->view, GROUP_FLOW);
	view_set_sort(bed->view, COLUMN_APP, false);
	expect_ports(bed, "746213s5");
	view_set_sort(bed->view, COLUMN_SITE, false);
	expect_ports(bed, "23614s75");
	view_set_group(bed->view, GROUP_CONVERSATION);
	expect_ports(bed, "23614s75");
}

/* A site opens on its servers, one of them on its conversations, and Esc leads back step by step. */
static void sites_open_in_two_steps(void **state)
{
	struct bed *bed = *state;
	enum group_by by;
	struct row row;

	view_set_group(bed->view, GROUP_SITE);
	view_set_sort(bed->view, COLUMN_SOURCE, false);
	assert_int_equal(view_arrange(bed->view), 0);
	assert_true(view_drill(bed->view));
	assert_int_equal(view_group(bed->view), GROUP_SERVER);
	expect_groups(bed, "cdn.example.org 2, www.example.org 7");
	view_move_last(bed->view);
	assert_int_equal(view_arrange(bed->view), 0);
	assert_true(view_drill(bed->view));
	assert_int_equal(view_group(bed->view), GROUP_CONVERSATION);
	view_set_sort(bed->view, COLUMN_BPS, false);
	expect_ports(bed, "61");
	assert_false(view_drill(bed->view));
	assert_true(view_drill_back(bed->view));
	assert_int_equal(view_group(bed->view), GROUP_SERVER);
	expect_groups(bed, "www.example.org 7, cdn.example.org 2");
	assert_true(view_get_selected(bed->view, &row));
	assert_int_equal(row.delta[FLOW_IN].bytes, 7);
	assert_non_null(view_drilled(bed->view, &by));
	assert_int_equal(by, GROUP_SITE);
	assert_true(view_drill_back(bed->view));
	assert_int_equal(view_arrange(bed->view), 0);
	assert_int_equal(view_group(bed->view), GROUP_SITE);
	assert_true(view_get_selected(bed->view, &row));
	assert_int_equal(row.delta[FLOW_IN].bytes, 9);
	assert_false(view_drill_back(bed->view));
}

/* What has no name consists of no servers. */
static void the_rest_opens_at_once(void **state)
{
	struct bed *bed = *state;

	view_set_group(bed->view, GROUP_SITE);
	assert_int_equal(view_arrange(bed->view), 0);
	assert_true(view_drill(bed->view));
	assert_int_equal(view_group(bed->view), GROUP_CONVERSATION);
	expect_ports(bed, "75");
	assert_true(view_drill_back(bed->view));
	view_set_group(bed->view, GROUP_APP);
	assert_int_equal(view_arrange(bed->view), 0);
	view_move(bed->view, 6);
	assert_int_equal(view_arrange(bed->view), 0);
	assert_true(view_drill(bed->view));
	expect_ports(bed, "21");
}

/* What becomes known later is in its group as soon as it is said. */
static void known_later(void **state)
{
	struct bed *bed = *state;

	view_set_group(bed->view, GROUP_APP);
	expect_groups(bed, "over --max-flows: TCP 8, dns 7, http3 6, - 5, http 4, https 3, ssh 3");
	assert_true(snapshot_set_sight(bed->snapshot, 4, sight_of(bed, 0), 0));
	sight_table_touch(bed->sights);
	expect_groups(bed, "https 8, over --max-flows: TCP 8, dns 7, http3 6, http 4, ssh 3");
}

#define SECOND 1000000000LL

/* A second of a ledger that forgets what is idle for one, with packets of these flows. */
static struct snapshot *next_second(struct ledger *ledger, int64_t second, size_t from, size_t to)
{
	struct snapshot *snapshot;

	ledger_begin(ledger, (second - 1) * SECOND, second * SECOND);
	for (size_t i = from; i < to; i++) {
		const struct flow_key key = key_of(i);

		ledger_add(ledger, &key, 1, 1 + i);
	}
	assert_int_equal(ledger_snapshot(ledger, (uint64_t)(second * SECOND), &snapshot), 0);
	snapshot->seq = (uint64_t)second;
	snapshot->elapsed_ns = SECOND;
	return snapshot;
}

/* Flows without a row still count in their groups, and conversations keep their names. */
static void idle_flows_are_known(void **state)
{
	struct bed *bed = *state;
	const struct sight_flow named = {.named = SIGHT_END_DESTINATION};
	struct snapshot *first, *last;
	struct ledger *ledger;
	struct row row;

	assert_int_equal(ledger_new(LEDGER_FLOWS_MIN, SECOND, &ledger), 0);
	assert_int_equal(ledger_log_idle(ledger), 0);
	first = next_second(ledger, 1, 0, 3);
	for (size_t i = 0; i < first->count; i++)
		snapshot_set_sight(first, i, sight_of(bed, snapshot_key(first, i)->sport - 1U),
				   sight_flow_pack(&named));
	ledger_take_owners(ledger);
	snapshot_unref(next_second(ledger, 2, 3, 4));
	snapshot_unref(next_second(ledger, 3, 3, 4));
	last = next_second(ledger, 4, 3, 4);
	assert_int_equal(last->count, 1);
	view_set_snapshot(bed->view, last);
	view_set_group(bed->view, GROUP_SITE);
	view_set_sort(bed->view, COLUMN_SOURCE, false);
	expect_groups(bed, "example.org 0, ~example.org 0, - 4");
	assert_true(view_get(bed->view, 0, &row));
	assert_int_equal(row.total[FLOW_IN].bytes, 1 + 2);
	assert_true(view_drill(bed->view));
	assert_int_equal(view_arrange(bed->view), 0);
	assert_int_equal(view_count(bed->view), 2);
	assert_true(view_drill(bed->view));
	assert_int_equal(view_arrange(bed->view), 0);
	assert_true(view_get(bed->view, 0, &row));
	assert_string_equal(sight_table_get(bed->sights, row.sight)->label, "cdn.example.org");
	/* The other way round: the near end comes first. */
	assert_int_equal(sight_flow_unpack(row.sight_word).named, SIGHT_END_SOURCE);
	view_set_snapshot(bed->view, bed->snapshot);
	assert_int_equal(view_arrange(bed->view), 0);
	snapshot_unref(first);
	snapshot_unref(last);
	ledger_free(ledger);
}

/* Once the sight of an idle flow is forgotten, the flow belongs to another group. */
static void idle_flows_are_forgotten(void **state)
{
	struct bed *bed = *state;
	struct snapshot *first, *last, *again;
	struct ledger *ledger;
	struct row row;

	assert_int_equal(ledger_new(LEDGER_FLOWS_MIN, SECOND, &ledger), 0);
	assert_int_equal(ledger_log_idle(ledger), 0);
	first = next_second(ledger, 1, 0, 3);
	for (size_t i = 0; i < first->count; i++)
		snapshot_set_sight(first, i, sight_of(bed, snapshot_key(first, i)->sport - 1U), 0);
	ledger_take_owners(ledger);
	snapshot_unref(next_second(ledger, 2, 3, 4));
	snapshot_unref(next_second(ledger, 3, 3, 4));
	last = next_second(ledger, 4, 3, 4);
	view_set_snapshot(bed->view, last);
	view_set_group(bed->view, GROUP_SITE);
	view_set_sort(bed->view, COLUMN_SOURCE, false);
	expect_groups(bed, "example.org 0, ~example.org 0, - 4");
	sight_table_begin_round(bed->sights);
	sight_table_begin_round(bed->sights);
	while (sight_table_forget(bed->sights))
		;
	again = next_second(ledger, 5, 0, 4);
	view_set_snapshot(bed->view, again);
	expect_groups(bed, "- 10");
	assert_true(view_get(bed->view, 0, &row));
	assert_int_equal(row.flows, 4);
	assert_int_equal(row.total[FLOW_IN].bytes, 2 * (1 + 2 + 3) + 4 * 4);
	view_set_snapshot(bed->view, bed->snapshot);
	assert_int_equal(view_arrange(bed->view), 0);
	snapshot_unref(first);
	snapshot_unref(last);
	snapshot_unref(again);
	ledger_free(ledger);
}

int main(void)
{
#define IN_BED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		IN_BED(all_rows_add_up),	 IN_BED(nothing_is_known),
		IN_BED(names_are_ordered),	 IN_BED(flows_are_ordered),
		IN_BED(sites_open_in_two_steps), IN_BED(the_rest_opens_at_once),
		IN_BED(known_later),		 IN_BED(idle_flows_are_known),
		IN_BED(idle_flows_are_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
