/* SPDX-License-Identifier: MIT */
/*
 * Groups of flows: an array of rows and an index of their keys; see group.h. A struct group
 * belongs to its caller.
 */
#include "group.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "flow.h"
#include "format.h"
#include "hash_index.h"
#include "sight.h"

#define FIRST_ROOM 128

struct group {
	enum group_by by;
	struct about_tables tables; /* borrowed */
	struct row *row;
	struct row *last; /* added to last */
	size_t count, room;
	struct hash_index index; /* of places of rows */
};

int group_new(struct group **ret_group)
{
	struct group *group = calloc(1, sizeof(*group));
	int err;

	if (!group)
		return -ENOMEM;
	err = hash_index_init(&group->index);
	if (err) {
		free(group);
		return err;
	}
	*ret_group = group;
	return 0;
}

void group_free(struct group *group)
{
	if (!group)
		return;
	free(group->row);
	hash_index_done(&group->index);
	free(group);
}

/* Gives the memory back. */
static void shrink(struct group *group)
{
	free(group->row);
	group->row = NULL;
	group->room = 0;
	hash_index_shrink(&group->index);
}

void group_reset(struct group *group, enum group_by by, const struct about_tables *tables)
{
	if (by != group->by)
		shrink(group);
	group->by = by;
	group->tables = tables ? *tables : (struct about_tables){0};
	group->count = 0;
	group->last = NULL;
	hash_index_clear(&group->index);
}

static bool is_group(const void *table, uint32_t place, const void *key)
{
	const struct group *group = table;

	return flow_key_equal(&group->row[place].key, key);
}

/* Place of the row with that key, or HASH_INDEX_NONE. */
static uint32_t place_of_group(const struct group *group, const struct flow_key *key, uint32_t hash)
{
	return hash_index_find(&group->index, hash, is_group, group, key);
}

static int set_group_room(struct group *group, size_t room)
{
	struct row *row = reallocarray(group->row, room, sizeof(*row));

	if (!row)
		return -ENOMEM;
	large_advise(row + group->count, (room - group->count) * sizeof(*row));
	group->row = row;
	group->room = room;
	return 0;
}

static int grow_rows(struct group *group)
{
	return set_group_room(group, group->room ? group->room * 2 : FIRST_ROOM);
}

int group_reserve(struct group *group, size_t rows)
{
	if (rows > group->room && set_group_room(group, rows))
		return -ENOMEM;
	return hash_index_reserve(&group->index, rows);
}

/* Each member by itself: all at once becomes an instruction that takes as long as all the rest. */
static void begin_row(struct row *row, const struct flow_key *key, int64_t first_wall_ns)
{
	static const struct flow_counts none;

	row->key = *key;
	row->flows = 0;
	row->sums = 0;
	row->owner = 0;
	for (int dir = 0; dir < FLOW_DIRS; dir++) {
		row->delta[dir] = none;
		row->total[dir] = none;
	}
	row->first_wall_ns = first_wall_ns;
	row->last_wall_ns = 0;
	row->mixed = false;
	row->sight = 0;
	row->sight_word = 0;
	for (int i = 0; i < PAST_WINDOWS; i++)
		row->average_bps[i] = 0.0;
}

static int append(struct group *group, const struct flow_key *key, uint32_t hash,
		  int64_t first_wall_ns, struct row **ret_row)
{
	if (group->count == group->room && grow_rows(group))
		return -ENOMEM;
	if (hash_index_add(&group->index, hash, (uint32_t)group->count))
		return -ENOMEM;
	*ret_row = &group->row[group->count++];
	begin_row(*ret_row, key, first_wall_ns);
	return 0;
}

void group_join_owner(enum group_by by, const struct owner_table *owners, bool first,
		      uint32_t owner, uint32_t *ret_owner, bool *ret_mixed)
{
	uint32_t one = owner_table_representative(owners, *ret_owner, OWNER_PROCESS);
	uint32_t other = owner_table_representative(owners, owner, OWNER_PROCESS);

	if (first || (by == GROUP_CONVERSATION && !*ret_mixed && one == OWNER_UNKNOWN)) {
		*ret_owner = owner;
	} else if (one != other && !(by == GROUP_CONVERSATION && other == OWNER_UNKNOWN)) {
		*ret_mixed = true;
		*ret_owner = OWNER_UNKNOWN;
	}
}

void group_seek(const struct group *group, const struct flow_key *key, struct flow_about about,
		struct group_place *ret_place)
{
	ret_place->key = group_key(group->by, key, &group->tables, about);
	ret_place->sum = flow_key_sum(key) != FLOW_SUM_NONE;
	ret_place->hash = hash_index_hash(&group->index, &ret_place->key, sizeof(ret_place->key));
	hash_index_prefetch(&group->index, ret_place->hash);
}

void group_fetch(const struct group *group, const struct group_place *place)
{
	uint32_t at = hash_index_peek(&group->index, place->hash);

	if (at == HASH_INDEX_NONE)
		return;
	__builtin_prefetch(&group->row[at].key, 1);
	__builtin_prefetch(&group->row[at].total, 1);
	__builtin_prefetch(&group->row[at].last_wall_ns, 1);
}

int group_add_at(struct group *group, const struct group_place *place, enum flow_dir dir,
		 const struct flow_counts *delta, const struct flow_counts *total,
		 int64_t first_wall_ns, struct flow_about about)
{
	uint32_t at = place_of_group(group, &place->key, place->hash);
	struct row *row;

	if (at != HASH_INDEX_NONE)
		row = &group->row[at];
	else if (append(group, &place->key, place->hash, first_wall_ns, &row))
		return -ENOMEM;
	flow_counts_add(&row->delta[dir], delta);
	flow_counts_add(&row->total[dir], total);
	if (first_wall_ns < row->first_wall_ns)
		row->first_wall_ns = first_wall_ns;
	if (group->tables.owners)
		group_join_owner(group->by, group->tables.owners, !row->flows, about.owner,
				 &row->owner, &row->mixed);
	row->flows++;
	row->sums += place->sum;
	group->last = row;
	return 0;
}

int group_add(struct group *group, const struct flow_key *key, const struct flow_counts *delta,
	      const struct flow_counts *total, int64_t first_wall_ns, struct flow_about about)
{
	struct group_place place;

	group_seek(group, key, about, &place);
	return group_add_at(group, &place, flow_key_dir(key), delta, total, first_wall_ns, about);
}

void group_absorb(struct group *group, size_t i, const struct row *other)
{
	struct row *row = &group->row[i];

	for (int dir = 0; dir < FLOW_DIRS; dir++)
		flow_counts_add(&row->total[dir], &other->total[dir]);
	if (other->first_wall_ns < row->first_wall_ns)
		row->first_wall_ns = other->first_wall_ns;
	if (group->tables.owners)
		group_join_owner(group->by, group->tables.owners, !row->flows, other->owner,
				 &row->owner, &row->mixed);
	if (!row->sight && other->sight) {
		row->sight = other->sight;
		row->sight_word = other->sight_word;
	}
	if (other->mixed) {
		row->mixed = true;
		row->owner = OWNER_UNKNOWN;
	}
	row->flows += other->flows;
	row->sums += other->sums;
}

int group_append(struct group *group, const struct row *row)
{
	uint32_t hash = hash_index_hash(&group->index, &row->key, sizeof(row->key));
	struct row *made;

	if (append(group, &row->key, hash, row->first_wall_ns, &made))
		return -ENOMEM;
	*made = *row;
	return 0;
}

void group_join_sight(uint32_t sight, uint32_t word, enum flow_dir dir, uint32_t *ret_sight,
		      uint32_t *ret_word)
{
	struct sight_flow flow;

	if (*ret_sight || (!sight && !word))
		return;
	flow = sight_flow_unpack(word);
	/* A conversation has the near end first, as flows that go out. */
	if (dir == FLOW_IN)
		flow = sight_flow_turn(&flow);
	*ret_sight = sight;
	*ret_word = sight_flow_pack(&flow);
}

void group_add_sight(struct group *group, uint32_t sight, uint32_t word, enum flow_dir dir)
{
	if (group->last)
		group_join_sight(sight, word, dir, &group->last->sight, &group->last->sight_word);
}

void group_add_last_seen(struct group *group, int64_t last_wall_ns)
{
	if (group->last && last_wall_ns > group->last->last_wall_ns)
		group->last->last_wall_ns = last_wall_ns;
}

void group_add_averages(struct group *group, const double average_bps[PAST_WINDOWS])
{
	for (int i = 0; group->last && i < PAST_WINDOWS; i++)
		group->last->average_bps[i] += average_bps[i];
}

size_t group_count(const struct group *group)
{
	return group->count;
}

const struct row *group_get(const struct group *group, size_t i)
{
	return &group->row[i];
}

void group_fetch_counts(const struct group *group, size_t i)
{
	__builtin_prefetch(&group->row[i].delta);
	__builtin_prefetch(&group->row[i].total[FLOW_OUT]);
}

long group_find_at(const struct group *group, const struct group_place *place)
{
	uint32_t at = place_of_group(group, &place->key, place->hash);

	return at != HASH_INDEX_NONE ? (long)at : -1;
}

long group_find(const struct group *group, const struct flow_key *key)
{
	const struct group_place place = {
		.key = *key, .hash = hash_index_hash(&group->index, key, sizeof(*key))};

	return group_find_at(group, &place);
}

size_t group_bytes(const struct group *group)
{
	return sizeof(*group) + group->room * sizeof(*group->row) + hash_index_bytes(&group->index);
}

/* Which group a flow falls into, and what groups are called; see group.h. Pure; any thread. */

/* Masks for members of a key's last word, right for either byte order. */
static const struct flow_key only_sport = {.sport = UINT16_MAX}, only_dport = {.dport = UINT16_MAX},
			     only_dir = {.where = FLOW_WHERE(0, 1)};
#define SPORT_BITS (only_sport.word[4])
#define DPORT_BITS (only_dport.word[4])
#define DIR_BIT	   (only_dir.word[4])

static uint64_t swap_ports(uint64_t word)
{
	uint64_t sport = word & SPORT_BITS, dport = word & DPORT_BITS;
	uint64_t swapped = SPORT_BITS < DPORT_BITS ? sport << 16 | dport >> 16
						   : sport >> 16 | dport << 16;

	return (word & ~(SPORT_BITS | DPORT_BITS)) | swapped;
}

/*
 * Both directions meet here: the near end first. By words: the key is hashed at once, and a word that
 * was written in parts is slow to read.
 */
static struct flow_key near_to_far(const struct flow_key *key)
{
	bool turn = flow_key_dir(key) == FLOW_IN;
	struct flow_key turned;
	uint64_t last = key->word[4];

	for (int i = 0; i < 2; i++) {
		turned.word[i] = key->word[turn ? i + 2 : i];
		turned.word[i + 2] = key->word[turn ? i : i + 2];
	}
	if (turn)
		last = swap_ports(last);
	/* What is in place of ports (ICMP type, SPI) differs between the directions. */
	if (!flow_key_has_ports(key))
		last &= ~(SPORT_BITS | DPORT_BITS);
	turned.word[4] = last & ~DIR_BIT;
	return turned;
}

static struct flow_key service_of(const struct flow_key *key)
{
	struct flow_key service = {.ethertype = ETH_P_IP, .ipproto = key->ipproto};

	if (flow_key_has_ports(key))
		service.dport = key->sport < key->dport ? key->sport : key->dport;
	return service;
}

/* No sum, and equal to no group of owners that meets it: rows are of one grouping. */
static struct flow_key iface_key(const struct flow_key *key)
{
	return (struct flow_key){.ipproto = FLOW_PROTO_NONE,
				 .where = FLOW_WHERE(flow_key_slot(key), 0)};
}

enum owner_part group_owner_part(enum group_by by)
{
	switch (by) {
	case GROUP_CONTAINER: return OWNER_CONTAINER;
	case GROUP_USER: return OWNER_USER;
	default: return OWNER_PROCESS;
	}
}

bool group_by_owner(enum group_by by)
{
	return by == GROUP_PROCESS || by == GROUP_CONTAINER || by == GROUP_USER;
}

bool group_by_sight(enum group_by by)
{
	return by == GROUP_SITE || by == GROUP_SERVER || by == GROUP_APP;
}

/* Key of a group that an id names: of owners, the one that represents them. */
static struct flow_key key_of_id(uint32_t id)
{
	struct flow_key key = {.ipproto = FLOW_PROTO_NONE};

	key.word[0] = id;
	return key;
}

/* The id that a flow's group goes by. */
static uint32_t id_of_flow(enum group_by by, const struct about_tables *tables,
			   struct flow_about about)
{
	static const struct about_tables none;

	tables = tables ? tables : &none;
	switch (by) {
	case GROUP_SITE: return sight_table_site(tables->sights, about.sight);
	case GROUP_SERVER: return sight_table_server(tables->sights, about.sight);
	case GROUP_APP: return sight_table_get(tables->sights, about.sight)->application;
	default:
		return owner_table_representative(tables->owners, about.owner,
						  group_owner_part(by));
	}
}

uint32_t group_id_of_key(const struct flow_key *key)
{
	return (uint32_t)key->word[0];
}

const char *group_sight_name(enum group_by by, const struct flow_key *key,
			     const struct sight_table *sights)
{
	uint32_t id = group_id_of_key(key);

	if (by == GROUP_APP)
		return application_name((enum application)id);
	return by == GROUP_SITE ? sight_table_get(sights, id)->site
				: sight_table_get(sights, id)->label;
}

uint32_t group_row_owner(enum group_by by, const struct row *row, enum owner_part part)
{
	if (group_by_owner(by) && group_owner_part(by) == part &&
	    flow_key_sum(&row->key) == FLOW_SUM_NONE)
		return group_id_of_key(&row->key);
	return row->owner;
}

struct flow_key group_key(enum group_by by, const struct flow_key *key,
			  const struct about_tables *tables, struct flow_about about)
{
	struct flow_key of = {0};

	if (by == GROUP_FLOW)
		return *key;
	if (by == GROUP_IFACE)
		return iface_key(key);
	/* Sums stay what they are, in either direction. */
	if (flow_key_sum(key) != FLOW_SUM_NONE) {
		of = *key;
		of.where = 0;
		return of;
	}
	if (by == GROUP_CONVERSATION)
		return near_to_far(key);
	if (group_by_owner(by) || group_by_sight(by))
		return key_of_id(id_of_flow(by, tables, about));
	if (by == GROUP_HOST) {
		of = near_to_far(key);
		memset(of.src, 0, sizeof(of.src));
		of.sport = of.dport = 0;
		of.ethertype = key->ethertype == ETH_P_IPV6 ? ETH_P_IPV6 : ETH_P_IP;
		of.ipproto = 0;
		of.where = 0;
		return of;
	}
	if (key->ethertype == ETH_P_ARP) {
		of.ethertype = ETH_P_ARP;
		return of;
	}
	of = service_of(key);
	if (by == GROUP_PROTOCOL)
		of.dport = 0;
	return of;
}

static const char *const names[GROUPS][2] = {
	[GROUP_FLOW] = {"flow", "flows"},
	[GROUP_CONVERSATION] = {"conversation", "conversations"},
	[GROUP_HOST] = {"host", "hosts"},
	[GROUP_SERVICE] = {"service", "services"},
	[GROUP_PROTOCOL] = {"protocol", "protocols"},
	[GROUP_PROCESS] = {"process", "processes"},
	[GROUP_CONTAINER] = {"container", "containers"},
	[GROUP_USER] = {"user", "users"},
	[GROUP_IFACE] = {"interface", "interfaces"},
	[GROUP_SITE] = {"site", "sites"},
	[GROUP_SERVER] = {"server", "servers"},
	[GROUP_APP] = {"app", "apps"},
};

const char *group_name(enum group_by by)
{
	return names[by][0];
}

const char *group_plural(enum group_by by)
{
	return names[by][1];
}

int group_of_name(const char *name)
{
	for (int i = 0; i < GROUPS; i++) {
		if (strcasecmp(name, names[i][0]) == 0 || strcasecmp(name, names[i][1]) == 0)
			return i;
	}
	/* As the order by it is called. */
	return strcasecmp(name, "proto") == 0 ? GROUP_PROTOCOL : -1;
}

static char *owner_text(enum group_by by, const struct owner_table *owners, uint32_t id, char *text,
			size_t size)
{
	const struct owner *owner = owner_table_get(owners, id);
	char safe[OWNER_TEXT_MAX];

	if (!owner_is_process(id)) {
		snprintf(text, size, "%s", owner->comm);
	} else if (by == GROUP_PROCESS) {
		format_outside(owner->comm, safe, sizeof(safe));
		snprintf(text, size, "%s (%u)", safe, owner->pid);
	} else {
		format_outside(by == GROUP_USER ? owner->user : owner->unit, text, size);
	}
	return text;
}

static char *sight_text(enum group_by by, const struct flow_key *key,
			const struct about_tables *tables, char *text, size_t size)
{
	const char *name = group_sight_name(by, key, tables ? tables->sights : NULL);

	snprintf(text, size, "%s", *name ? name : "-");
	return text;
}

char *group_source(enum group_by by, const struct flow_key *key, const struct about_tables *tables,
		   const struct ifaces *ifaces, char *text, size_t size)
{
	if (by == GROUP_FLOW || flow_key_sum(key) != FLOW_SUM_NONE)
		return endpoint_source(key, text, size);
	if (by == GROUP_IFACE)
		return format_outside(ifaces_name(ifaces, flow_key_slot(key)), text, size);
	*text = '\0';
	if (group_by_owner(by))
		return owner_text(by, tables ? tables->owners : NULL, group_id_of_key(key), text,
				  size);
	if (group_by_sight(by))
		return sight_text(by, key, tables, text, size);
	if (by == GROUP_CONVERSATION && flow_key_has_ports(key))
		return endpoint_source(key, text, size);
	if (by == GROUP_CONVERSATION)
		return flow_address_text(key, key->src, text, size);
	if (by == GROUP_HOST)
		return flow_address_text(key, key->dst, text, size);
	if (by == GROUP_SERVICE && flow_key_has_ports(key))
		snprintf(text, size, "%u", key->dport);
	return text;
}

char *group_destination(enum group_by by, const struct flow_key *key, char *text, size_t size)
{
	*text = '\0';
	if (by == GROUP_FLOW || by == GROUP_CONVERSATION)
		return endpoint_destination(key, text, size);
	return text;
}
