/* SPDX-License-Identifier: MIT */
/* Following the idle log from snapshot to snapshot; see idle_sums.h. */
#include "idle_sums.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "hash_index.h"

/* A table of small groups and the list of those to show. */

#define FIRST_ROOM 256
/* Flows after which the number of groups is estimated, so that tables need not grow step by step. */
#define SAMPLE 4096
/* Groups listed when all were looked at, and before the least of the list are left out. */
#define LIST_FRESH (4 * IDLE_GROUPS_SHOWN)
#define LIST_MAX   (4 * LIST_FRESH)

/* 0 or -ENOMEM. */
static int idle_groups_init(struct idle_groups *groups)
{
	return hash_index_init(&groups->index);
}

static void idle_groups_done(struct idle_groups *groups)
{
	hash_index_done(&groups->index);
	free(groups->group);
	free(groups->list);
	free(groups->is_listed);
}

/* Forgets everything; `expected` flows are to be added at once. */
static void idle_groups_reset(struct idle_groups *groups, enum group_by by,
			      const struct about_tables *tables, size_t expected)
{
	groups->by = by;
	groups->tables = *tables;
	groups->count = groups->alive = groups->changes = groups->listed = groups->added = 0;
	groups->expected = expected;
	groups->is_cut = false;
	groups->unlisted = true;
	free(groups->group);
	free(groups->is_listed);
	groups->group = NULL;
	groups->is_listed = NULL;
	groups->room = groups->is_listed_room = 0;
	hash_index_shrink(&groups->index);
}

/* Rows are no longer those that the list left out, or of the snapshot behind it. */
static void idle_groups_jump(struct idle_groups *groups)
{
	groups->unlisted = groups->unlisted || groups->is_cut;
}

/* True when most groups are empty: a reset is due. */
static bool idle_groups_worn(const struct idle_groups *groups)
{
	return groups->count > 2 * groups->alive + LIST_MAX;
}

/* Of equal bytes, the group that was there first. */
static int compare_places(const void *context, uint32_t a, uint32_t b)
{
	(void)context;
	return a < b ? -1 : a > b;
}

static const struct select_order by_bytes = {.compare = compare_places};

static bool is_ahead(const struct select_item *a, const struct select_item *b)
{
	return a->key != b->key ? a->key > b->key : a->index < b->index;
}

static struct select_item item_of(const struct idle_groups *groups, uint32_t place)
{
	const struct idle_group *group = &groups->group[place];

	return (struct select_item){
		.key = group->total[FLOW_IN].bytes + group->total[FLOW_OUT].bytes, .index = place};
}

static bool is_idle_left_out(const struct idle_groups *groups, const struct select_item *item)
{
	return !groups->group[item->index].flows ||
	       (groups->is_cut && !is_ahead(item, &groups->cut));
}

/* Keeps the first of the list, by their bytes as they are now. */
static void list_cut(struct idle_groups *groups)
{
	struct select_item *list = groups->list;

	for (size_t i = 0; i < groups->listed; i++)
		list[i] = item_of(groups, list[i].index);
	/* Finds the one behind them, too. */
	select_window(&by_bytes, list, groups->listed, LIST_FRESH, LIST_FRESH + 1);
	for (size_t i = LIST_FRESH; i < groups->listed; i++)
		groups->is_listed[list[i].index] = 0;
	groups->cut = item_of(groups, list[LIST_FRESH].index);
	groups->is_cut = true;
	groups->listed = LIST_FRESH;
}

static int list_grow(struct idle_groups *groups)
{
	size_t room = groups->count * 2;
	uint8_t *is_listed = realloc(groups->is_listed, room);

	if (!is_listed)
		return -ENOMEM;
	memset(is_listed + groups->is_listed_room, 0, room - groups->is_listed_room);
	groups->is_listed = is_listed;
	groups->is_listed_room = room;
	return 0;
}

static int list_add(struct idle_groups *groups, uint32_t place)
{
	struct select_item item = item_of(groups, place);

	if (is_idle_left_out(groups, &item))
		return 0;
	if (place >= groups->is_listed_room && list_grow(groups))
		return -ENOMEM;
	if (groups->is_listed[place])
		return 0;
	if (!groups->list)
		groups->list = calloc(LIST_MAX, sizeof(*groups->list));
	if (!groups->list)
		return -ENOMEM;
	groups->is_listed[place] = 1;
	groups->list[groups->listed++] = item;
	if (groups->listed == LIST_MAX)
		list_cut(groups);
	return 0;
}

/* Looks at all groups. Where there are too many, those that are rows get no place in the list. */
static int list_all(struct idle_groups *groups, const struct group *rows)
{
	bool all = groups->alive < LIST_MAX;
	int err = 0;

	if (groups->is_listed_room)
		memset(groups->is_listed, 0, groups->is_listed_room);
	groups->listed = 0;
	groups->is_cut = groups->unlisted = false;
	for (uint32_t i = 0; !err && i < groups->count; i++) {
		struct select_item item = item_of(groups, i);

		if (!is_idle_left_out(groups, &item) &&
		    (all || group_find(rows, &groups->group[i].key) < 0))
			err = list_add(groups, i);
	}
	return err;
}

static int make_idle_room(struct idle_groups *groups, size_t room)
{
	struct idle_group *group = reallocarray(groups->group, room, sizeof(*group));

	if (!group)
		return -ENOMEM;
	large_advise(group + groups->count, (room - groups->count) * sizeof(*group));
	groups->group = group;
	groups->room = room;
	return hash_index_reserve(&groups->index, room);
}

/* The first flows tell how many groups all of them will make. */
static int estimate(struct idle_groups *groups)
{
	size_t most = groups->count * (groups->expected / SAMPLE + 1);

	return most > groups->room ? make_idle_room(groups, most) : 0;
}

static bool is_idle_group(const void *table, uint32_t place, const void *key)
{
	const struct idle_groups *groups = table;

	return flow_key_equal(&groups->group[place].key, key);
}

static int idle_place(struct idle_groups *groups, const struct idle_change *change,
		      uint32_t *ret_place)
{
	*ret_place =
		hash_index_find(&groups->index, change->hash, is_idle_group, groups, &change->key);
	if (*ret_place != HASH_INDEX_NONE)
		return 0;
	if (groups->count == groups->room &&
	    make_idle_room(groups, groups->room ? 2 * groups->room : FIRST_ROOM))
		return -ENOMEM;
	if (hash_index_add(&groups->index, change->hash, (uint32_t)groups->count))
		return -ENOMEM;
	*ret_place = (uint32_t)groups->count++;
	groups->group[*ret_place] =
		(struct idle_group){.key = change->key, .first_wall_ns = change->first_wall_ns};
	return 0;
}

static void join_owner(const struct idle_groups *groups, struct idle_group *group, uint32_t owner)
{
	bool mixed = group->flows && group->owner == IDLE_OWNER_MIXED;
	uint32_t joined = mixed ? OWNER_UNKNOWN : group->owner;

	group_join_owner(groups->by, groups->tables.owners, !group->flows, owner, &joined, &mixed);
	group->owner = mixed ? IDLE_OWNER_MIXED : joined;
}

static void add(struct idle_groups *groups, struct idle_group *group,
		const struct idle_change *change)
{
	group->total[change->dir].packets += change->counts.packets;
	group->total[change->dir].bytes += change->counts.bytes;
	if (change->first_wall_ns < group->first_wall_ns)
		group->first_wall_ns = change->first_wall_ns;
	if (groups->tables.owners)
		join_owner(groups, group, change->about.owner);
	if (groups->by == GROUP_CONVERSATION)
		group_join_sight(change->about.sight, change->sight_word,
				 (enum flow_dir)change->dir, &group->sight, &group->sight_word);
	groups->alive += !group->flows++;
	group->sums += change->sum;
	groups->added++;
}

static void take_event(struct idle_groups *groups, struct idle_group *group,
		       const struct idle_change *change)
{
	group->total[change->dir].packets -= change->counts.packets;
	group->total[change->dir].bytes -= change->counts.bytes;
	groups->alive -= !--group->flows;
	group->sums -= change->sum;
}

static int apply_event(struct idle_groups *groups, const struct idle_change *change)
{
	uint32_t place;

	if (idle_place(groups, change, &place))
		return -ENOMEM;
	if (!change->add) {
		take_event(groups, &groups->group[place], change);
		return 0;
	}
	add(groups, &groups->group[place], change);
	if (groups->added == SAMPLE && estimate(groups))
		return -ENOMEM;
	return groups->unlisted ? 0 : list_add(groups, place);
}

static int idle_groups_flush(struct idle_groups *groups)
{
	int err = 0;

	/* Memory is asked for at once and used later: first the slots, then what they name. */
	for (size_t i = 0; i < groups->changes; i++) {
		struct idle_change *change = &groups->change[i];

		change->hash = hash_index_hash(&groups->index, &change->key, sizeof(change->key));
		hash_index_prefetch(&groups->index, change->hash);
	}
	for (size_t i = 0; i < groups->changes; i++) {
		uint32_t entry = hash_index_peek(&groups->index, groups->change[i].hash);

		if (entry != HASH_INDEX_NONE)
			__builtin_prefetch(&groups->group[entry]);
	}
	for (size_t i = 0; !err && i < groups->changes; i++)
		err = apply_event(groups, &groups->change[i]);
	groups->changes = 0;
	return err;
}

/* Adds a flow, or takes out one that was added with the same counts; 0 or -ENOMEM. Takes effect by
 * idle_groups_flush(). */
static int idle_groups_change(struct idle_groups *groups, const struct flow_key *key,
			      const struct flow_counts *counts, int64_t first_wall_ns,
			      struct flow_about about, uint32_t sight_word, bool add)
{
	struct idle_change *change = &groups->change[groups->changes++];

	change->key = group_key(groups->by, key, &groups->tables, about);
	change->counts = *counts;
	change->first_wall_ns = first_wall_ns;
	change->about = about;
	change->sight_word = sight_word;
	change->dir = (uint8_t)flow_key_dir(key);
	change->sum = flow_key_sum(key) != FLOW_SUM_NONE;
	change->add = add;
	return groups->changes == IDLE_BATCH ? idle_groups_flush(groups) : 0;
}

static struct row row_of(const struct idle_group *group)
{
	bool mixed = group->owner == IDLE_OWNER_MIXED;
	struct row row = {.key = group->key,
			  .first_wall_ns = group->first_wall_ns,
			  .flows = group->flows,
			  .sums = group->sums,
			  .owner = mixed ? OWNER_UNKNOWN : group->owner,
			  .mixed = mixed,
			  .sight = group->sight,
			  .sight_word = group->sight_word};

	memcpy(row.total, group->total, sizeof(row.total));
	return row;
}

static void absorb_one(struct group *rows, size_t at, const struct idle_group *group)
{
	const struct row row = row_of(group);

	group_absorb(rows, at, &row);
}

/* Looks for the group of each row. */
static size_t absorb_by_row(const struct idle_groups *groups, struct group *rows)
{
	size_t found = 0;

	for (size_t i = 0; i < group_count(rows); i++) {
		const struct flow_key *key = &group_get(rows, i)->key;
		uint32_t hash = hash_index_hash(&groups->index, key, sizeof(*key));
		uint32_t place = hash_index_find(&groups->index, hash, is_idle_group, groups, key);

		if (place == HASH_INDEX_NONE || !groups->group[place].flows)
			continue;
		absorb_one(rows, i, &groups->group[place]);
		found++;
	}
	return found;
}

/* Looks for the row of each group. */
static size_t absorb_by_group(const struct idle_groups *groups, struct group *rows)
{
	size_t found = 0;

	for (size_t i = 0; i < groups->count; i++) {
		const struct idle_group *group = &groups->group[i];
		long at = group->flows ? group_find(rows, &group->key) : -1;

		if (at < 0)
			continue;
		absorb_one(rows, (size_t)at, group);
		found++;
	}
	return found;
}

/* Adds to rows that are there; returns how many were added to. */
static size_t absorb(const struct idle_groups *groups, struct group *rows)
{
	if (!groups->alive)
		return 0;
	return groups->count < group_count(rows) ? absorb_by_group(groups, rows)
						 : absorb_by_row(groups, rows);
}

/* What may be shown, being in no row; returns how many. Drops from the list what may not. */
static size_t choose(struct idle_groups *groups, const struct group *rows,
		     struct select_item *chosen)
{
	size_t kept = 0, count = 0;

	for (size_t i = 0; i < groups->listed; i++) {
		struct select_item item = item_of(groups, groups->list[i].index);

		if (is_idle_left_out(groups, &item)) {
			groups->is_listed[item.index] = 0;
			continue;
		}
		groups->list[kept++] = item;
		if (group_find(rows, &groups->group[item.index].key) < 0)
			chosen[count++] = item;
	}
	groups->listed = kept;
	return count;
}

static int append_idle(struct idle_groups *groups, struct group *rows, struct select_item *chosen,
		       size_t *ret_shown)
{
	size_t count = choose(groups, rows, chosen);
	int err = 0;

	if (groups->unlisted || (count < IDLE_GROUPS_SHOWN && groups->is_cut)) {
		err = list_all(groups, rows);
		count = choose(groups, rows, chosen);
	}
	if (count > IDLE_GROUPS_SHOWN) {
		select_window(&by_bytes, chosen, count, 0, IDLE_GROUPS_SHOWN);
		count = IDLE_GROUPS_SHOWN;
	}
	for (size_t i = 0; !err && i < count; i++) {
		struct row row = row_of(&groups->group[chosen[i].index]);

		err = group_append(rows, &row);
	}
	*ret_shown = count;
	return err;
}

int idle_groups_merge(struct idle_groups *groups, struct group *rows, size_t *ret_hidden)
{
	size_t in_rows = absorb(groups, rows), shown = 0;
	struct select_item *chosen;
	int err;

	*ret_hidden = 0;
	if (in_rows == groups->alive)
		return 0;
	chosen = malloc(LIST_MAX * sizeof(*chosen));
	if (!chosen)
		return -ENOMEM;
	err = append_idle(groups, rows, chosen, &shown);
	free(chosen);
	*ret_hidden = groups->alive - in_rows - shown;
	return err;
}

int idle_sums_init(struct idle_sums *sums)
{
	return idle_groups_init(&sums->groups);
}

static void let_go(struct idle_sums *sums)
{
	sums->log = idle_log_unref(sums->log);
	free(sums->counted);
	sums->counted = NULL;
}

void idle_sums_done(struct idle_sums *sums)
{
	let_go(sums);
	idle_groups_done(&sums->groups);
}

static const struct about_tables no_tables;

static void idle_begin(struct idle_sums *sums, enum group_by by, const struct about_tables *tables,
		       size_t expected)
{
	memset(sums->total, 0, sizeof(sums->total));
	sums->flows = 0;
	sums->known = true;
	idle_groups_reset(&sums->groups, by, tables, expected);
}

void idle_sums_forget(struct idle_sums *sums)
{
	if (!sums->log && sums->known)
		return;
	let_go(sums);
	idle_begin(sums, GROUP_FLOW, &no_tables, 0);
}

/* Adds what the flow counts for to all sums, or takes it out. */
static int change_sums(struct idle_sums *sums, const struct idle_flow *flow, bool add)
{
	struct flow_counts *total = &sums->total[flow_key_dir(&flow->key)];
	struct flow_counts counts = sums->counts(sums->context, flow);

	total->packets += add ? counts.packets : -counts.packets;
	total->bytes += add ? counts.bytes : -counts.bytes;
	sums->flows += add ? 1 : -(size_t)1;
	if (sums->question.by == GROUP_FLOW)
		return 0;
	return idle_groups_change(&sums->groups, &flow->key, &counts, flow->first_wall_ns,
				  (struct flow_about){flow->owner, flow->sight}, flow->sight_word,
				  add);
}

/* A flow that was added is taken out even if the filter would say otherwise now. */
static int visit(void *context, const struct idle_flow *flow, uint32_t place, int sign)
{
	struct idle_sums *sums = context;
	uint8_t *counted = &sums->counted[place / 8], bit = (uint8_t)(1U << place % 8);
	int err;

	if (sign > 0) {
		if (!sums->passes(sums->context, flow))
			return 0;
		*counted |= bit;
		return change_sums(sums, flow, true);
	}
	err = sums->left(sums->context, flow);
	if (err || !(*counted & bit))
		return err;
	*counted &= (uint8_t)~bit;
	return change_sums(sums, flow, false);
}

/* All over again; of a snapshot that is out of reach nothing is known. */
static int ask_all(struct idle_sums *sums, const struct snapshot *snapshot,
		   const struct idle_question *question)
{

	let_go(sums);
	sums->counted = calloc(idle_log_room(snapshot->idle) / 8 + 1, 1);
	if (!sums->counted)
		return -ENOMEM;
	sums->log = idle_log_ref(snapshot->idle);
	sums->question = *question;
	idle_begin(sums, (enum group_by)question->by, &question->tables, snapshot->flows_known);
	return idle_log_all(sums->log, &snapshot->idle_at, visit, sums);
}

int idle_sums_show(struct idle_sums *sums, const struct snapshot *snapshot,
		   const struct idle_question *question)
{
	int err = -ESTALE;

	if (sums->log && sums->log == snapshot->idle && !idle_groups_worn(&sums->groups) &&
	    memcmp(question, &sums->question, sizeof(*question)) == 0)
		err = idle_log_between(sums->log, &sums->at, &snapshot->idle_at, visit, sums);
	if (snapshot->idle_at.version != sums->at.version + 1)
		idle_groups_jump(&sums->groups);
	if (err == -ESTALE)
		err = ask_all(sums, snapshot, question);
	if (!err)
		err = idle_groups_flush(&sums->groups);
	if (err) {
		let_go(sums);
		idle_begin(sums, GROUP_FLOW, &no_tables, 0);
	}
	sums->at = snapshot->idle_at;
	sums->known = err != -ESTALE;
	return err == -ESTALE ? 0 : err;
}
