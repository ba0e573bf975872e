/* SPDX-License-Identifier: MIT */
/* The order of a report's rows; see report_rows.h. */
#include "report_rows.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "flow.h"

/* What is compared, one after another, before the tuple. */
enum part {
	PART_END,
	PART_BYTES,
	PART_PACKETS,
	PART_PROTO,
	PART_DIR,
	PART_DESTINATION, /* address and port, in three words */
	PART_DESTINATION_1,
	PART_DESTINATION_2,
};

#define PARTS_MAX 4

static const enum part parts_of[COLUMNS][PARTS_MAX] = {
	/* All rates are over the same time. */
	[COLUMN_BPS] = {PART_BYTES, PART_PACKETS},
	[COLUMN_BYTES] = {PART_BYTES, PART_PACKETS},
	[COLUMN_PPS] = {PART_PACKETS, PART_BYTES},
	[COLUMN_PACKETS] = {PART_PACKETS, PART_BYTES},
	[COLUMN_PROTO] = {PART_PROTO, PART_BYTES, PART_PACKETS},
	[COLUMN_DIR] = {PART_DIR, PART_BYTES, PART_PACKETS},
	[COLUMN_DESTINATION] = {PART_DESTINATION, PART_DESTINATION_1, PART_DESTINATION_2},
	[COLUMN_SOURCE] = {PART_END},
	[COLUMN_TUPLE] = {PART_END},
};

struct order {
	const struct report_rows *rows;
	const enum part *parts;
	unsigned int count; /* of parts */
};

/* The first eight letters of the name: no two protocols share them. */
static uint64_t name_word(const char *name)
{
	uint64_t word = 0;

	for (int i = 0; i < 8; i++)
		word = word << 8 | (*name ? (uint8_t)tolower((unsigned char)*name++) : 0);
	return word;
}

/* The key with its ends exchanged, so that the order by source is one by destination. */
static uint64_t destination_word(const struct flow_key *key, unsigned int word)
{
	struct flow_key turned = *key;

	if (flow_key_sum(key) == FLOW_SUM_NONE) {
		for (size_t i = 0; i < sizeof(turned.src); i++)
			turned.src[i] = key->dst[i];
		turned.sport = key->dport;
	}
	return flow_key_order_word(&turned, word);
}

/* The row with that index, which is not its place. */
static const struct flow_key *key_of(const struct report_rows *rows, uint32_t index)
{
	return rows->group ? &group_get(rows->group, index)->key
			   : &ledger_get(rows->ledger, index)->key;
}

static struct flow_counts total_of(const struct report_rows *rows, uint32_t index)
{
	const struct flow_counts *dir;

	if (!rows->group)
		return ledger_get(rows->ledger, index)->total;
	dir = group_get(rows->group, index)->total;
	return (struct flow_counts){dir[FLOW_IN].packets + dir[FLOW_OUT].packets,
				    dir[FLOW_IN].bytes + dir[FLOW_OUT].bytes};
}

struct flow_counts report_rows_total(const struct report_rows *rows, size_t i)
{
	return total_of(rows, rows->item[i].index);
}

/* Largest first, so what ascends is turned round. */
static uint64_t part_key(enum part part, const struct report_rows *rows, uint32_t index)
{
	const struct flow_key *key = key_of(rows, index);

	switch (part) {
	case PART_BYTES: return total_of(rows, index).bytes;
	case PART_PACKETS: return total_of(rows, index).packets;
	case PART_PROTO: return ~name_word(flow_proto_name(key));
	case PART_DIR: return ~(uint64_t)flow_key_dir(key);
	case PART_DESTINATION: return ~destination_word(key, 0);
	case PART_DESTINATION_1: return ~destination_word(key, 1);
	case PART_DESTINATION_2: return ~destination_word(key, 2);
	case PART_END: break;
	}
	return 0;
}

static uint64_t key_at(const void *context, unsigned int level, uint32_t index)
{
	const struct order *order = context;

	if (level < order->count)
		return part_key(order->parts[level], order->rows, index);
	return ~flow_key_order_word(key_of(order->rows, index), level - order->count);
}

static int compare(const void *context, uint32_t a, uint32_t b)
{
	const struct order *order = context;

	for (unsigned int i = 0; i < order->count; i++) {
		uint64_t of_a = part_key(order->parts[i], order->rows, a);
		uint64_t of_b = part_key(order->parts[i], order->rows, b);

		if (of_a != of_b)
			return of_a > of_b ? -1 : 1;
	}
	return flow_key_compare(key_of(order->rows, a), key_of(order->rows, b));
}

static int add_to_group(struct report_rows *rows, enum group_by by, const struct ledger_flow *flow)
{
	static const struct flow_counts none;
	struct flow_key key = group_key(by, &flow->key);
	int64_t *last;
	int err = group_add(rows->group, &flow->key, &none, &flow->total, flow->first_wall_ns);

	if (err)
		return err;
	last = &rows->last_wall_ns[group_find(rows->group, &key)];
	if (flow->last_wall_ns > *last)
		*last = flow->last_wall_ns;
	return 0;
}

/* Groups what was picked; there are at most as many groups as flows. */
static int make_groups(struct report_rows *rows, enum group_by by, const struct report_pick *pick)
{
	int err = group_new(&rows->group);

	if (err)
		return err;
	group_reset(rows->group, by);
	rows->last_wall_ns = calloc(pick->count ? pick->count : 1, sizeof(*rows->last_wall_ns));
	if (!rows->last_wall_ns)
		return -ENOMEM;
	for (size_t i = 0; !err && i < pick->count; i++)
		err = add_to_group(rows, by, report_pick_get(pick, i));
	rows->known = group_count(rows->group);
	return err;
}

static void put_in_order(struct report_rows *rows, enum column sort)
{
	struct order order = {.rows = rows, .parts = parts_of[sort]};
	struct select_order select = {.refine = key_at, .compare = compare, .context = &order};

	while (order.count < PARTS_MAX && order.parts[order.count] != PART_END)
		order.count++;
	select.levels = order.count + FLOW_ORDER_WORDS - 1;
	for (size_t i = 0; i < rows->known; i++)
		rows->item[i].key = key_at(&order, 0, rows->item[i].index);
	select_window(&select, rows->item, rows->known, 0, rows->count);
}

int report_rows_init(const struct report *report, const struct report_pick *pick, size_t limit,
		     struct report_rows *ret_rows)
{
	struct report_rows rows = {.ledger = report->ledger, .known = pick->count};
	int err = 0;

	if (report->by != GROUP_FLOW)
		err = make_groups(&rows, report->by, pick);
	if (!err)
		rows.item = calloc(rows.known ? rows.known : 1, sizeof(*rows.item));
	if (err || !rows.item) {
		report_rows_done(&rows);
		return -ENOMEM;
	}
	rows.count = limit && limit < rows.known ? limit : rows.known;
	for (size_t i = 0; i < rows.known; i++)
		rows.item[i].index = rows.group ? (uint32_t)i : report_pick_place(pick, i);
	put_in_order(&rows, report->sort);
	*ret_rows = rows;
	return 0;
}

void report_rows_done(struct report_rows *rows)
{
	group_free(rows->group);
	free(rows->last_wall_ns);
	free(rows->item);
	*rows = (struct report_rows){0};
}
