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
	PART_PID,
	PART_TEXT, /* what the column says in words, 24 letters of it */
	PART_TEXT_1,
	PART_TEXT_2,
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
	[COLUMN_PID] = {PART_PID, PART_BYTES},
	[COLUMN_PROCESS] = {PART_TEXT, PART_TEXT_1, PART_TEXT_2, PART_PID},
	[COLUMN_USER] = {PART_TEXT, PART_TEXT_1, PART_TEXT_2, PART_BYTES},
	[COLUMN_CONTAINER] = {PART_TEXT, PART_TEXT_1, PART_TEXT_2, PART_BYTES},
	[COLUMN_IFACE] = {PART_TEXT, PART_TEXT_1, PART_BYTES},
};

struct order {
	const struct report_rows *rows;
	enum column sort;
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

static uint32_t owner_of(const struct report_rows *rows, uint32_t index, enum owner_part part)
{
	if (rows->group)
		return group_row_owner(rows->by, group_get(rows->group, index), part);
	return ledger_get(rows->ledger, index)->owner;
}

/* What the column shows; "" not known. */
static const char *text_of(const struct report_rows *rows, enum column column, uint32_t index)
{
	enum owner_part part = OWNER_PROCESS;
	uint32_t id;

	if (column == COLUMN_IFACE && rows->group &&
	    flow_key_sum(key_of(rows, index)) != FLOW_SUM_NONE)
		return ""; /* of all interfaces together */
	if (column == COLUMN_IFACE)
		return ifaces_name(rows->ifaces, flow_key_slot(key_of(rows, index)));
	if (column == COLUMN_USER || column == COLUMN_CONTAINER)
		part = column == COLUMN_USER ? OWNER_USER : OWNER_CONTAINER;
	id = owner_of(rows, index, part);
	/* The kernel has neither user nor container, but is a group beside them. */
	if (part != OWNER_PROCESS && !owner_is_process(id) && !group_by_owner(rows->by))
		return "";
	return owner_table_name(rows->owners, id, part);
}

/* Eight letters of it, from that one on; what is not known comes last. */
static uint64_t text_word(const struct order *order, uint32_t index, size_t from)
{
	const char *text = text_of(order->rows, order->sort, index);

	if (!*text)
		return UINT64_MAX;
	for (; from && *text; from--)
		text++;
	return name_word(text);
}

/* Largest first, so what ascends is turned round. */
static uint64_t part_key(const struct order *order, enum part part, uint32_t index)
{
	const struct report_rows *rows = order->rows;
	const struct flow_key *key = key_of(rows, index);

	switch (part) {
	case PART_BYTES: return total_of(rows, index).bytes;
	case PART_PACKETS: return total_of(rows, index).packets;
	case PART_PROTO: return ~name_word(flow_proto_name(key));
	case PART_DIR: return ~(uint64_t)flow_key_dir(key);
	case PART_DESTINATION: return ~destination_word(key, 0);
	case PART_DESTINATION_1: return ~destination_word(key, 1);
	case PART_DESTINATION_2: return ~destination_word(key, 2);
	case PART_PID:
		return owner_table_get(rows->owners, owner_of(rows, index, OWNER_PROCESS))->pid;
	case PART_TEXT: return ~text_word(order, index, 0);
	case PART_TEXT_1: return ~text_word(order, index, 8);
	case PART_TEXT_2: return ~text_word(order, index, 16);
	case PART_END: break;
	}
	return 0;
}

static uint64_t key_at(const void *context, unsigned int level, uint32_t index)
{
	const struct order *order = context;

	if (level < order->count)
		return part_key(order, order->parts[level], index);
	return ~flow_key_order_word(key_of(order->rows, index), level - order->count);
}

static int compare(const void *context, uint32_t a, uint32_t b)
{
	const struct order *order = context;

	for (unsigned int i = 0; i < order->count; i++) {
		uint64_t of_a = part_key(order, order->parts[i], a);
		uint64_t of_b = part_key(order, order->parts[i], b);

		if (of_a != of_b)
			return of_a > of_b ? -1 : 1;
	}
	return flow_key_compare(key_of(order->rows, a), key_of(order->rows, b));
}

static int add_to_group(struct report_rows *rows, enum group_by by, const struct ledger_flow *flow)
{
	static const struct flow_counts none;
	struct flow_key key = group_key(by, &flow->key, rows->owners, flow->owner);
	int64_t *last;
	int err = group_add(rows->group, &flow->key, &none, &flow->total, flow->first_wall_ns,
			    flow->owner);

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
	group_reset(rows->group, by, rows->owners);
	rows->last_wall_ns = calloc(pick->count ? pick->count : 1, sizeof(*rows->last_wall_ns));
	if (!rows->last_wall_ns)
		return -ENOMEM;
	for (size_t i = 0; !err && i < pick->count; i++)
		err = add_to_group(rows, by, report_pick_get(pick, i));
	rows->known = group_count(rows->group);
	return err;
}

/* Groups of owners have no ends; what stands in their first column is the owner. */
static enum column column_of(enum group_by by, enum column sort)
{
	if (sort != COLUMN_SOURCE && sort != COLUMN_DESTINATION && sort != COLUMN_TUPLE)
		return sort;
	switch (by) {
	case GROUP_PROCESS: return COLUMN_PROCESS;
	case GROUP_CONTAINER: return COLUMN_CONTAINER;
	case GROUP_USER: return COLUMN_USER;
	default: return sort;
	}
}

static void put_in_order(struct report_rows *rows, enum column sort)
{
	struct order order = {.rows = rows, .sort = sort, .parts = parts_of[sort]};
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
	struct report_rows rows = {.ledger = report->ledger,
				   .owners = report->owners,
				   .ifaces = report->ifaces,
				   .by = report->by,
				   .known = pick->count};
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
	if (report->sums_only)
		rows.count = 0;
	for (size_t i = 0; i < rows.known; i++)
		rows.item[i].index = rows.group ? (uint32_t)i : report_pick_place(pick, i);
	put_in_order(&rows, column_of(report->by, report->sort));
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
