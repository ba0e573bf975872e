/* SPDX-License-Identifier: MIT */
/* What rows are compared by, step by step; see order.h. Keeps nothing else; any thread. */
#include "order.h"

#include <ctype.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "flow.h"
#include "sight.h"

/* Ranks of names. */

/* What ids are compared by. */
struct rank_context {
	const struct rows *rows;
	enum column column;
};

static void ranks_done(struct ranks *ranks)
{
	free(ranks->rank);
	free(ranks->id);
}

/*
 * The column that rows are ordered by when asked for that one: groups of owners, and those by what packets
 * said, have no ends; their names stand in the first column.
 */
static enum column rank_column(const struct rows *rows, enum column sort)
{
	if (sort != COLUMN_SOURCE && sort != COLUMN_DESTINATION && sort != COLUMN_TUPLE)
		return sort;
	switch (rows->by) {
	case GROUP_PROCESS: return COLUMN_PROCESS;
	case GROUP_CONTAINER: return COLUMN_CONTAINER;
	case GROUP_USER: return COLUMN_USER;
	case GROUP_SITE:
	case GROUP_SERVER: return COLUMN_SITE;
	case GROUP_APP: return COLUMN_APP;
	default: return sort;
	}
}

/* True for columns that are ordered by ranks. */
static bool rank_has(enum column column)
{
	return column == COLUMN_PROCESS || column == COLUMN_USER || column == COLUMN_CONTAINER ||
	       column == COLUMN_IFACE || column == COLUMN_APP || column == COLUMN_SITE;
}

/* True for those that packets said. */
static bool is_sight_column(enum column column)
{
	return column == COLUMN_APP || column == COLUMN_SITE;
}

static enum owner_part part_of(enum column column)
{
	switch (column) {
	case COLUMN_USER: return OWNER_USER;
	case COLUMN_CONTAINER: return OWNER_CONTAINER;
	default: return OWNER_PROCESS;
	}
}

/* Of a sum over all interfaces. */
#define NO_IFACE FLOW_IFACES_MAX

static uint32_t iface_of(const struct rows *rows, uint32_t index)
{
	const struct flow_key *key = rows_key(rows, index);

	if (rows->by != GROUP_FLOW && flow_key_sum(key) != FLOW_SUM_NONE)
		return NO_IFACE;
	return flow_key_slot(key);
}

/* The number of the application, or the sight that stands for all of that name. */
static uint32_t sight_id(const struct rows *rows, enum column column, uint32_t index)
{
	bool own = rows->by == GROUP_APP ? column == COLUMN_APP : column == COLUMN_SITE;
	uint32_t sight;

	if (group_by_sight(rows->by) && own && flow_key_sum(rows_key(rows, index)) == FLOW_SUM_NONE)
		return group_id_of_key(rows_key(rows, index));
	sight = rows_sight(rows, index);
	return column == COLUMN_APP ? sight_table_get(rows->sights, sight)->application
				    : sight_table_server(rows->sights, sight);
}

static uint32_t rank_id(const struct rows *rows, enum column column, uint32_t index)
{
	if (column == COLUMN_IFACE)
		return iface_of(rows, index);
	if (is_sight_column(column))
		return sight_id(rows, column, index);
	return rows_owner(rows, index, part_of(column));
}

/* The text that ids of other columns than that of sites are ordered by; "" comes last. */
static const char *text_of(const struct rank_context *context, uint32_t id)
{
	if (context->column == COLUMN_APP)
		return application_name((enum application)id);
	if (context->column == COLUMN_IFACE && id == NO_IFACE)
		return "";
	if (context->column == COLUMN_IFACE)
		return ifaces_name(context->rows->source.ifaces, id);
	/* The kernel has neither user nor container, but is a group beside them. */
	if (context->column != COLUMN_PROCESS && !owner_is_process(id) &&
	    !group_by_owner(context->rows->by))
		return "";
	return owner_table_name(context->rows->owners, id, part_of(context->column));
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return a == b ? 0 : a < b ? -1 : 1;
}

/* Names of one site stay together; what a flow said itself comes before the same by DNS. */
static int compare_names(const struct rank_context *context, uint32_t a, uint32_t b)
{
	const struct sight *left = sight_table_get(context->rows->sights, a);
	const struct sight *right = sight_table_get(context->rows->sights, b);
	int order = strcmp(sight_unmarked(left->site), sight_unmarked(right->site));

	if (!*left->site || !*right->site)
		return !*left->site - !*right->site;
	if (!order && context->rows->by != GROUP_SITE)
		order = strcmp(sight_unmarked(left->label), sight_unmarked(right->label));
	return order ? order : sight_is_marked(left->label) - sight_is_marked(right->label);
}

/* Processes of one name stay together each. */
static int compare_ids(const void *left, const void *right, void *arg)
{
	const struct rank_context *context = arg;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	const struct owner *owner_a, *owner_b;
	const char *text, *other;
	int order;

	if (context->column == COLUMN_SITE)
		return compare_names(context, a, b);
	text = text_of(context, a);
	other = text_of(context, b);
	if (!*text || !*other)
		return !*text - !*other;
	order = strcasecmp(text, other);
	if (order || context->column != COLUMN_PROCESS)
		return order;
	owner_a = owner_table_get(context->rows->owners, a);
	owner_b = owner_table_get(context->rows->owners, b);
	order = compare_numbers(owner_a->pid, owner_b->pid);
	return order ? order : compare_numbers(owner_a->start_ns, owner_b->start_ns);
}

static int make_rank_room(uint32_t **array, size_t *room, size_t count)
{
	uint32_t *made;

	if (count <= *room)
		return 0;
	made = reallocarray(*array, count + count / 4, sizeof(*made));
	if (!made)
		return -ENOMEM;
	*array = made;
	*room = count + count / 4;
	return 0;
}

/* Where the rank of an id stands: sights have no more than SIGHTS_MAX ids at a time, but may have larger ones. */
static size_t rank_place(enum column column, uint32_t id)
{
	return column == COLUMN_SITE ? id % SIGHTS_MAX : id;
}

/* Ids of the rows, each once; returns how many. */
static size_t collect(struct ranks *ranks, const struct rows *rows, enum column column)
{
	size_t count = 0;

	for (size_t i = 0; i < rows->count; i++) {
		uint32_t id = rank_id(rows, column, rows->item[i].index);

		if (ranks->rank[rank_place(column, id)])
			continue;
		ranks->rank[rank_place(column, id)] = 1;
		ranks->id[count++] = id;
	}
	return count;
}

/* Ids there may be. */
static size_t ids_of(const struct rows *rows, enum column column)
{
	switch (column) {
	case COLUMN_IFACE: return NO_IFACE + 1;
	case COLUMN_APP: return APPLICATIONS;
	case COLUMN_SITE: return SIGHTS_MAX;
	default: return OWNER_FIRST + (rows->owners ? owner_table_count(rows->owners) : 0);
	}
}

/* Ranks of what the rows that were gathered say in that column; 0 or -ENOMEM. */
static int ranks_make(struct ranks *ranks, const struct rows *rows, enum column column)
{
	struct rank_context context = {rows, column};
	size_t ids = ids_of(rows, column), count;
	uint32_t rank = 1;

	if (make_rank_room(&ranks->rank, &ranks->room, ids) ||
	    make_rank_room(&ranks->id, &ranks->id_room, ids))
		return -ENOMEM;
	memset(ranks->rank, 0, ids * sizeof(*ranks->rank));
	count = collect(ranks, rows, column);
	qsort_r(ranks->id, count, sizeof(*ranks->id), compare_ids, &context);
	for (size_t i = 0; i < count; i++) {
		if (i && compare_ids(&ranks->id[i - 1], &ranks->id[i], &context))
			rank++;
		ranks->rank[rank_place(column, ranks->id[i])] = rank;
	}
	return 0;
}

/* Rank of a row, from 1; names ascend with it, and what has none comes last. */
static uint32_t rank_of_row(const struct ranks *ranks, const struct rows *rows, enum column column,
			    uint32_t index)
{
	return ranks->rank[rank_place(column, rank_id(rows, column, index))];
}

/* What is compared, one after another. */
enum step {
	STEP_END,
	STEP_COLUMN, /* by the column itself */
	STEP_BYTES,  /* since start */
	STEP_PACKETS,
	STEP_SOURCE, /* as far as a number goes */
	STEP_DESTINATION,
	STEP_WORD_1, /* then by the words of flow_key_order_word(), where ends are longer than that */
	STEP_WORD_2,
	STEP_WORD_3,
	STEP_WORD_4,
};

#define STEPS_MAX  9
#define STEP_WORDS STEP_WORD_1, STEP_WORD_2, STEP_WORD_3, STEP_WORD_4

/* Without the column's own step, which comes first. */
static const enum step by_counts[STEPS_MAX] = {STEP_BYTES, STEP_PACKETS, STEP_SOURCE,
					       STEP_DESTINATION, STEP_WORDS};
static const enum step by_source[STEPS_MAX] = {STEP_SOURCE, STEP_DESTINATION, STEP_WORDS};
static const enum step by_destination[STEPS_MAX] = {STEP_DESTINATION, STEP_SOURCE};

/* Steps behind the column's own. */
static const enum step *steps_of(const struct order *order)
{
	if (order->frozen)
		return by_source;
	switch (order->column) {
	case COLUMN_DESTINATION: return by_destination;
	case COLUMN_SOURCE:
	case COLUMN_TUPLE:
	case COLUMN_PROCESS: return by_source;
	default: return by_counts;
	}
}

static bool is_end(enum column column)
{
	return column == COLUMN_SOURCE || column == COLUMN_DESTINATION || column == COLUMN_TUPLE;
}

/* The step at a level; the column's own is the first, but for the ends, which are steps already. */
static enum step step_at(const struct order *order, unsigned int level)
{
	bool own = order->frozen || !is_end(order->column);

	if (own && level == 0)
		return STEP_COLUMN;
	return steps_of(order)[level - own];
}

static unsigned int steps_in(const struct order *order)
{
	unsigned int level = 0;

	while (step_at(order, level) != STEP_END)
		level++;
	return level;
}

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

/* The first eight letters of the name: no two protocols share them. */
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

int order_prepare(struct order *order)
{
	order->column = rank_column(order->rows, order->sort);
	if (order->frozen || !rank_has(order->column))
		return 0;
	return ranks_make(&order->ranks, order->rows, order->column);
}

void order_done(struct order *order)
{
	ranks_done(&order->ranks);
}

/* Rows keep the place they had when the order was frozen; new ones come last. */
static uint64_t key_of_place(uint32_t place)
{
	return place == FROZEN_NONE ? 0 : UINT64_MAX - place;
}

static uint64_t frozen_key(const struct order *order, uint32_t index)
{
	const struct flow_key *key = rows_key(order->rows, index);
	uint32_t place;

	frozen_places(order->frozen, &key, 1, &place);
	return key_of_place(place);
}

/* Largest first, so what ascends is turned round. */
static uint64_t column_key(const struct order *order, uint32_t index)
{
	uint64_t value;

	if (order->frozen)
		return frozen_key(order, index);
	if (column_info(order->column)->number) {
		value = rows_number(order->rows, order->column, index);
		return order->reverse ? ~value : value;
	}
	if (rank_has(order->column))
		value = rank_of_row(&order->ranks, order->rows, order->column, index);
	else if (order->column == COLUMN_PROTO)
		value = name_prefix(flow_proto_name(rows_key(order->rows, index)));
	else
		value = flow_key_dir(rows_key(order->rows, index));
	return order->reverse ? value : ~value;
}

/* An order of texts is reversed as a whole; of numbers, rows that are equal stay as they are. */
static bool ends_reversed(const struct order *order)
{
	return order->reverse && !column_info(order->column)->number;
}

static uint64_t end_key(const struct order *order, enum step step, const struct flow_key *key)
{
	uint64_t value = step == STEP_SOURCE ? source_prefix(key) : destination_prefix(key);

	return ends_reversed(order) ? value : ~value;
}

static uint64_t step_key(const struct order *order, enum step step, uint32_t index)
{
	switch (step) {
	case STEP_COLUMN: return column_key(order, index);
	case STEP_BYTES: return rows_number(order->rows, COLUMN_BYTES, index);
	case STEP_PACKETS: return rows_number(order->rows, COLUMN_PACKETS, index);
	default: return end_key(order, step, rows_key(order->rows, index));
	}
}

uint64_t order_key(const struct order *order, uint32_t index)
{
	return step_key(order, step_at(order, 0), index);
}

static void frozen_keys(const struct order *order, struct select_item *item, size_t count)
{
	const struct flow_key *key[FROZEN_BATCH];
	uint32_t place[FROZEN_BATCH];

	for (size_t done = 0; done < count; done += FROZEN_BATCH) {
		size_t some = count - done < FROZEN_BATCH ? count - done : FROZEN_BATCH;

		for (size_t i = 0; i < some; i++)
			key[i] = rows_key(order->rows, item[done + i].index);
		frozen_places(order->frozen, key, some, place);
		for (size_t i = 0; i < some; i++)
			item[done + i].key = key_of_place(place[i]);
	}
}

/* The column of numbers that a step compares, as they are; COLUMNS: it compares something else. */
static enum column number_column(const struct order *order, enum step step)
{
	switch (step) {
	case STEP_COLUMN:
		return !order->reverse && column_info(order->column)->number
			       ? order->column
			       : COLUMNS;
	case STEP_BYTES: return COLUMN_BYTES;
	case STEP_PACKETS: return COLUMN_PACKETS;
	default: return COLUMNS;
	}
}

/* Rows that are fetched ahead: a processor does not do so by itself where they are that large. */
#define KEYS_AHEAD 16

static void step_keys(const struct order *order, enum step step, struct select_item *item,
		      size_t count)
{
	enum column column = number_column(order, step);

	if (step == STEP_COLUMN && order->frozen) {
		frozen_keys(order, item, count);
		return;
	}
	if (column != COLUMNS) {
		rows_numbers(order->rows, column, item, count);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (i + KEYS_AHEAD < count)
			rows_fetch(order->rows, item[i + KEYS_AHEAD].index);
		item[i].key = step_key(order, step, item[i].index);
	}
}

void order_keys(const struct order *order, struct select_item *item, size_t count)
{
	step_keys(order, step_at(order, 0), item, count);
}

/* Whether rows that are equal by an end may still differ in what it compares. */
static bool is_cut_short(const struct order *order, enum step step, uint32_t index)
{
	const struct flow_key *key = rows_key(order->rows, index);
	uint64_t prefix = step == STEP_SOURCE ? source_prefix(key) : destination_prefix(key);

	return prefix >> 63;
}

/*
 * Of ends that two numbers tell apart, words say nothing new. Sums stay behind the highest addresses, which
 * begin with the same number.
 */
static uint64_t word_key(const struct order *order, enum step step, uint32_t index)
{
	const struct flow_key *key = rows_key(order->rows, index);
	uint64_t value = UINT64_MAX;

	if (!is_cut_short(order, STEP_SOURCE, index))
		return 0;
	if (flow_key_sum(key) == FLOW_SUM_NONE)
		value = flow_key_order_word(key, step - STEP_WORD_1 + 1);
	return ends_reversed(order) ? value : ~value;
}

static void refine(const void *context, unsigned int level, struct select_item *item, size_t count)
{
	const struct order *order = context;
	enum step step = step_at(order, level), before = step_at(order, level - 1);

	for (size_t i = 0; step >= STEP_WORD_1 && i < count; i++)
		item[i].key = word_key(order, step, item[i].index);
	if (step >= STEP_WORD_1)
		return;
	step_keys(order, step, item, count);
	if (before != STEP_SOURCE && before != STEP_DESTINATION)
		return;
	/* Endpoints with the same prefix are still equal here, so the other end is not compared yet. */
	for (size_t i = 0; i < count; i++) {
		if (is_cut_short(order, before, item[i].index))
			item[i].key = 0;
	}
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

static int compare_keys(const struct order *order, uint32_t a, uint32_t b)
{
	const struct flow_key *first = rows_key(order->rows, a);
	const struct flow_key *second = rows_key(order->rows, b);
	int by = 0;

	/* New rows of a frozen order are by source, as in steps_of(). */
	if (order->column == COLUMN_DESTINATION && !order->frozen)
		by = compare_destinations(first, second);
	if (!by)
		by = flow_key_compare(first, second);
	return ends_reversed(order) ? -by : by;
}

static int compare(const void *context, uint32_t a, uint32_t b)
{
	const struct order *order = context;

	for (unsigned int i = 0;; i++) {
		enum step step = step_at(order, i);
		uint64_t of_a, of_b;

		if (step == STEP_END || step >= STEP_SOURCE)
			break;
		of_a = step_key(order, step, a);
		of_b = step_key(order, step, b);
		if (of_a != of_b)
			return of_a > of_b ? -1 : 1;
	}
	return compare_keys(order, a, b);
}

struct select_order order_select(const struct order *order)
{
	return (struct select_order){.refine = refine,
				     .levels = steps_in(order) - 1,
				     .compare = compare,
				     .context = order};
}

/* Items by their index, of which none is `most` or more: where they stand now, and FROZEN_NONE for others. */
static uint32_t *places_of(const struct select_item *item, size_t count, size_t most)
{
	uint32_t *place = reallocarray(NULL, most + 1, sizeof(*place));

	if (!place)
		return NULL;
	memset(place, 0xff, most * sizeof(*place));
	for (size_t i = 0; i < count; i++)
		place[item[i].index] = (uint32_t)i;
	return place;
}

static void freeze_rows(const struct order *order, const struct select_item *item, size_t count,
			struct frozen *frozen)
{
	const struct flow_key *key[FROZEN_BATCH];
	uint32_t place[FROZEN_BATCH];
	size_t some;

	for (size_t done = 0; done < count; done += some) {
		some = count - done < FROZEN_BATCH ? count - done : FROZEN_BATCH;
		for (size_t i = 0; i < some; i++) {
			key[i] = rows_key(order->rows, item[done + i].index);
			place[i] = (uint32_t)(UINT64_MAX - item[done + i].key);
		}
		frozen_add(frozen, key, place, some);
	}
}

int order_freeze(const struct order *order, struct select_item *item, size_t count,
		 struct frozen **ret_frozen)
{
	const struct select_order select = order_select(order);
	size_t most = 0, at = 0;
	struct frozen *frozen;
	uint32_t *place;

	if (frozen_new(count, &frozen))
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		most = item[i].index < most ? most : item[i].index + 1UL;
	select_window(&select, item, count, 0, count);
	place = places_of(item, count, most);
	if (!place) {
		frozen_free(frozen);
		return -ENOMEM;
	}
	for (size_t i = 0; i < most; i++) {
		if (place[i] == FROZEN_NONE)
			continue;
		item[at].index = (uint32_t)i;
		item[at++].key = key_of_place(place[i]);
	}
	free(place);
	freeze_rows(order, item, count, frozen);
	*ret_frozen = frozen;
	return 0;
}

int order_first(struct order *order, struct rows *rows, size_t count)
{
	struct select_order select;
	int err = order_prepare(order);

	if (err)
		return err;
	select = order_select(order);
	order_keys(order, rows->item, rows->count);
	select_window(&select, rows->item, rows->count, 0, count);
	return 0;
}
