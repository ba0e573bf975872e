/* SPDX-License-Identifier: MIT */
/*
 * waiting.h against a record of what waits: each row of a conversation finds it, in either direction and on
 * any interface, for as many looks as it should, and no other row does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <netinet/in.h>

#include "flow.h"
#include "random.h"
#include "sight_finding.h"
#include "waiting.h"

#define FLOWS 5000 /* more than are looked up at a time, and no multiple of that */

/* IPv4 and IPv6 in turns; few hosts, so that many keys differ in one byte. */
static struct flow_key key_of(uint32_t flow)
{
	uint64_t state = flow, drawn = random_next(&state);
	struct flow_key key = {.ethertype = 0x0800,
			       .ipproto = flow % 3 ? IPPROTO_TCP : IPPROTO_UDP};
	bool turned;

	key.src[15] = (uint8_t)(drawn & 7);
	key.dst[15] = (uint8_t)(drawn >> 8 & 7);
	key.src[14] = (uint8_t)(flow >> 16);
	key.src[0] = key.dst[0] = flow % 2 ? 0xfd : 0;
	key.sport = (uint16_t)(1024 + flow);
	key.dport = 443;
	return sight_key(&key, &turned);
}

static struct flow_key turn(const struct flow_key *key)
{
	struct flow_key turned = *key;

	memcpy(turned.src, key->dst, sizeof(turned.src));
	memcpy(turned.dst, key->src, sizeof(turned.dst));
	turned.sport = key->dport;
	turned.dport = key->sport;
	return turned;
}

static void put(struct waiting_table *table, uint32_t flow, bool gives_up)
{
	const struct flow_key key = key_of(flow);
	bool given_up;
	struct waiting *waiting = waiting_put(table, &key, &given_up);

	assert_non_null(waiting);
	assert_int_equal(given_up, gives_up);
	waiting->sight = flow;
}

/* Looks up the rows of flows, of which those from `from` to `to` find something. */
struct look {
	struct waiting_rows rows;
	uint32_t from, to;
};

static void check_rows(const struct waiting_table *table, struct look *look)
{
	waiting_look_up(table, &look->rows);
	for (uint32_t i = 0; i < look->rows.count; i++) {
		const struct waiting_row *row = &look->rows.row[i];
		uint32_t flow = (uint32_t)row->row / 2;

		assert_int_equal(row->turned, row->row % 2);
		if (flow < look->from || flow >= look->to) {
			assert_null(row->waiting);
			continue;
		}
		assert_non_null(row->waiting);
		assert_int_equal(row->waiting->sight, flow);
	}
	look->rows.count = 0;
}

static void look_at_row(const struct waiting_table *table, struct look *look, uint32_t row,
			const struct flow_key *key)
{
	if (!waiting_may_have(table, key)) {
		assert_true(row / 2 < look->from || row / 2 >= look->to);
		return;
	}
	waiting_add_row(table, &look->rows, row, key);
	if (look->rows.count == WAITING_ROWS)
		check_rows(table, look);
}

static void expect(struct waiting_table *table, uint32_t from, uint32_t to)
{
	struct look look = {.from = from, .to = to};

	waiting_begin_look(table);
	for (uint32_t flow = 0; flow < FLOWS; flow++) {
		struct flow_key key = key_of(flow), back = turn(&key);

		key.where = (uint8_t)(flow % 7);
		back.where = (uint8_t)(flow % 5);
		look_at_row(table, &look, 2 * flow, &key);
		look_at_row(table, &look, 2 * flow + 1, &back);
	}
	check_rows(table, &look);
	waiting_end_look(table);
}

static void test_looks(void **state)
{
	struct waiting_table table = {0};

	assert_int_equal(waiting_init(&table), 0);
	for (uint32_t flow = 0; flow < FLOWS / 2; flow++)
		put(&table, flow, false);
	expect(&table, 0, FLOWS / 2);
	for (uint32_t flow = FLOWS / 4; flow < FLOWS; flow++)
		put(&table, flow, false);
	for (int look = 1; look < WAITING_LOOKS; look++)
		expect(&table, 0, FLOWS);
	/* Those that were put again are looked for once more. */
	expect(&table, FLOWS / 4, FLOWS);
	expect(&table, 0, 0);
	assert_int_equal(table.count, 0);
	waiting_done(&table);
}

/* Without room, what came first is given up. */
static void test_full(void **state)
{
	struct waiting_table table = {0};

	assert_int_equal(waiting_init(&table), 0);
	for (uint32_t flow = 0; flow < WAITING_MAX; flow++)
		put(&table, flow, false);
	assert_int_equal(table.count, WAITING_MAX);
	put(&table, WAITING_MAX - 1, false);
	for (uint32_t flow = WAITING_MAX; flow < WAITING_MAX + 100; flow++)
		put(&table, flow, true);
	assert_int_equal(table.count, WAITING_MAX);
	expect(&table, 100, FLOWS);
	waiting_done(&table);
}

/* The filter is there to say no: it does so nearly always for what differs from all by a little. */
static void test_filter(void **state)
{
	struct waiting_table table = {0};
	uint32_t may = 0;

	assert_int_equal(waiting_init(&table), 0);
	for (uint32_t flow = 0; flow < FLOWS; flow++)
		put(&table, flow, false);
	waiting_begin_look(&table);
	for (uint32_t flow = FLOWS; flow < 2 * FLOWS; flow++) {
		const struct flow_key key = key_of(flow);

		may += waiting_may_have(&table, &key);
	}
	assert_true(may < FLOWS / 20);
	waiting_end_look(&table);
	waiting_done(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_looks),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_filter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
