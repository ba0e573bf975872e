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
	const struct ledger *ledger;
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

/* Largest first, so what ascends is turned round. */
static uint64_t part_key(enum part part, const struct ledger_flow *flow)
{
	switch (part) {
	case PART_BYTES: return flow->total.bytes;
	case PART_PACKETS: return flow->total.packets;
	case PART_PROTO: return ~name_word(flow_proto_name(&flow->key));
	case PART_DIR: return ~(uint64_t)flow_key_dir(&flow->key);
	case PART_DESTINATION: return ~destination_word(&flow->key, 0);
	case PART_DESTINATION_1: return ~destination_word(&flow->key, 1);
	case PART_DESTINATION_2: return ~destination_word(&flow->key, 2);
	case PART_END: break;
	}
	return 0;
}

static uint64_t key_at(const void *context, unsigned int level, uint32_t index)
{
	const struct order *order = context;
	const struct ledger_flow *flow = ledger_get(order->ledger, index);

	if (level < order->count)
		return part_key(order->parts[level], flow);
	return ~flow_key_order_word(&flow->key, level - order->count);
}

static int compare(const void *context, uint32_t a, uint32_t b)
{
	const struct order *order = context;
	const struct ledger_flow *first = ledger_get(order->ledger, a);
	const struct ledger_flow *second = ledger_get(order->ledger, b);

	for (unsigned int i = 0; i < order->count; i++) {
		uint64_t of_first = part_key(order->parts[i], first);
		uint64_t of_second = part_key(order->parts[i], second);

		if (of_first != of_second)
			return of_first > of_second ? -1 : 1;
	}
	return flow_key_compare(&first->key, &second->key);
}

int report_rows_init(const struct report *report, size_t limit, struct report_rows *ret_rows)
{
	size_t known = ledger_count(report->ledger);
	struct order order = {.ledger = report->ledger, .parts = parts_of[report->sort]};
	struct select_order select = {.refine = key_at, .compare = compare, .context = &order};
	struct report_rows rows = {.ledger = report->ledger};

	while (order.count < PARTS_MAX && order.parts[order.count] != PART_END)
		order.count++;
	select.levels = order.count + FLOW_ORDER_WORDS - 1;
	rows.count = limit && limit < known ? limit : known;
	rows.item = calloc(known ? known : 1, sizeof(*rows.item));
	if (!rows.item)
		return -ENOMEM;
	for (size_t i = 0; i < known; i++) {
		rows.item[i].index = (uint32_t)i;
		rows.item[i].key = key_at(&order, 0, (uint32_t)i);
	}
	select_window(&select, rows.item, known, 0, rows.count);
	*ret_rows = rows;
	return 0;
}

void report_rows_done(struct report_rows *rows)
{
	free(rows->item);
	rows->item = NULL;
}
