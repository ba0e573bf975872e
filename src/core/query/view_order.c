/* SPDX-License-Identifier: MIT */
/* The order of rows; see view_order.h. Keeps nothing; any thread. */
#include "view_order.h"

#include <ctype.h>
#include <linux/if_ether.h>
#include <string.h>

#include "flow.h"

static uint64_t big_endian64(const uint8_t *bytes)
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | bytes[i];
	return value;
}

/*
 * A number that ascends with address and port in the order of flow_key_compare(), as far as 64
 * bits go: all of an IPv4 endpoint, most of the network part of an IPv6 one.
 */
static uint64_t endpoint_prefix(const struct flow_key *key, const uint8_t address[16],
				uint16_t port)
{
	if (flow_key_sum(key) != FLOW_SUM_NONE)
		return UINT64_MAX;
	if (key->ethertype == ETH_P_IPV6)
		return 1ULL << 63 | big_endian64(address) >> 1;
	return (big_endian64(address + 8) & UINT32_MAX) << 16 | port;
}

static uint64_t source_prefix(const struct flow_key *key)
{
	return endpoint_prefix(key, key->src, key->sport);
}

static uint64_t destination_prefix(const struct flow_key *key)
{
	return endpoint_prefix(key, key->dst, key->dport);
}

static uint64_t name_prefix(const char *name)
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++) {
		value = value << 8 | (uint8_t)tolower((unsigned char)*name);
		if (*name)
			name++;
	}
	return value;
}

int view_order_prepare(struct view_order *order)
{
	order->column = view_rank_column(order->rows, order->sort);
	if (order->frozen || !view_rank_has(order->column))
		return 0;
	return view_ranks_make(&order->ranks, order->rows, order->column);
}

void view_order_done(struct view_order *order)
{
	view_ranks_done(&order->ranks);
}

static uint32_t rank_of(const struct view_order *order, uint32_t index)
{
	return view_rank(&order->ranks, order->rows, order->column, index);
}

/* Names and addresses ascend unless reversed; numbers descend unless reversed. */
static uint64_t text_key(const struct view_order *order, uint32_t index)
{
	const struct flow_key *key = view_rows_key(order->rows, index);
	uint64_t value;

	if (view_rank_has(order->column)) {
		value = rank_of(order, index);
		return order->reverse ? value : ~value;
	}
	switch (order->column) {
	case COLUMN_PROTO: value = name_prefix(flow_proto_name(key)); break;
	case COLUMN_DIR: value = flow_key_dir(key); break;
	case COLUMN_DESTINATION: value = destination_prefix(key); break;
	default: value = source_prefix(key); break;
	}
	return order->reverse ? value : ~value;
}

/* Rows keep the place they had when the order was frozen; new ones come last. */
static uint64_t frozen_key(const struct view_order *order, uint32_t index)
{
	long place = group_find(order->frozen, view_rows_key(order->rows, index));

	return place < 0 ? 0 : UINT64_MAX - (uint64_t)place;
}

uint64_t view_order_key(const struct view_order *order, uint32_t index)
{
	uint64_t number;

	if (order->frozen)
		return frozen_key(order, index);
	if (!column_info(order->column)->number)
		return text_key(order, index);
	number = view_rows_number(order->rows, order->column, index);
	return order->reverse ? ~number : number;
}

void view_order_keys(const struct view_order *order, struct select_item *item, size_t count)
{
	for (size_t i = 0; i < count; i++)
		item[i].key = view_order_key(order, item[i].index);
}

static bool ties_reversed(const struct view_order *order)
{
	return order->reverse && !column_info(order->column)->number;
}

/* Level 1 is the end that is compared first, level 2 the other one. */
static uint64_t refine(const void *context, unsigned int level, uint32_t index)
{
	const struct view_order *order = context;
	const struct flow_key *key = view_rows_key(order->rows, index);
	uint64_t first = source_prefix(key), second = destination_prefix(key);
	uint64_t value;

	if (order->column == COLUMN_DESTINATION) {
		value = first;
		first = second;
		second = value;
	}
	value = level == 1 ? first : second;
	/* An IPv6 endpoint is not told apart by its prefix, so the other end must not be yet. */
	if (level == 2 && first >> 63)
		value = 0;
	return ties_reversed(order) ? value : ~value;
}

static int compare_destinations(const struct flow_key *a, const struct flow_key *b)
{
	uint64_t first = destination_prefix(a), second = destination_prefix(b);
	int order;

	if (first != second)
		return first < second ? -1 : 1;
	order = memcmp(a->dst, b->dst, sizeof(a->dst));
	return order ? order : (int)a->dport - b->dport;
}

static int compare(const void *context, uint32_t a, uint32_t b)
{
	const struct view_order *order = context;
	const struct flow_key *first = view_rows_key(order->rows, a);
	const struct flow_key *second = view_rows_key(order->rows, b);
	int by = 0;

	if (order->column == COLUMN_DESTINATION)
		by = compare_destinations(first, second);
	if (!by)
		by = flow_key_compare(first, second);
	return ties_reversed(order) ? -by : by;
}

struct select_order view_order_select(const struct view_order *order)
{
	return (struct select_order){
		.refine = refine, .levels = 2, .compare = compare, .context = order};
}
