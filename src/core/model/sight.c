/* SPDX-License-Identifier: MIT */
/*
 * The table of sights: chunks that never move, filled by one writer. Readers load `count` with
 * acquire order and look below it; everything a sight refers to was written before. See sight.h.
 */
#include "sight.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hash_index.h"

#define SIGHT_CHUNK  256
#define SIGHT_CHUNKS (SIGHTS_MAX / SIGHT_CHUNK)

struct sight_record {
	struct sight sight;
	uint32_t server, site; /* the first with the same label, and with the same site */
	char *texts; /* all of them, one behind the other */
};

struct sight_table {
	_Atomic(struct sight_record *) chunk[SIGHT_CHUNKS];
	atomic_uint count; /* SIGHT_NONE included */
	atomic_ullong version;
	struct hash_index all, servers, sites; /* writer only */
};

static const struct sight no_sight = {.name = "", .dns = "", .alpn = "", .ja4 = "", .label = "", .site = ""};

/* Ends in two bits each, then round trips of ten bits and four bits of shift. */
#define RTT_DIGITS 10
#define RTT_BITS   14
#define RTT_MASK   ((1U << RTT_BITS) - 1)

static uint32_t pack_rtt(uint32_t us)
{
	uint32_t shift = 0;

	while (us >> shift >= 1U << RTT_DIGITS)
		shift++;
	if (shift > 15)
		return RTT_MASK;
	return shift << RTT_DIGITS | us >> shift;
}

static uint32_t unpack_rtt(uint32_t bits)
{
	return (bits & ((1U << RTT_DIGITS) - 1)) << (bits >> RTT_DIGITS & 15);
}

uint32_t sight_flow_pack(const struct sight_flow *flow)
{
	return (uint32_t)flow->initiator << 30 | (uint32_t)flow->named << 28 |
	       pack_rtt(flow->server_rtt_us) << RTT_BITS | pack_rtt(flow->client_rtt_us);
}

struct sight_flow sight_flow_unpack(uint32_t word)
{
	return (struct sight_flow){
		.initiator = (enum sight_end)(word >> 30),
		.named = (enum sight_end)(word >> 28 & 3),
		.server_rtt_us = unpack_rtt(word >> RTT_BITS & RTT_MASK),
		.client_rtt_us = unpack_rtt(word & RTT_MASK),
	};
}

static enum sight_end other_end(enum sight_end end)
{
	switch (end) {
	case SIGHT_END_SOURCE: return SIGHT_END_DESTINATION;
	case SIGHT_END_DESTINATION: return SIGHT_END_SOURCE;
	default: return end;
	}
}

struct sight_flow sight_flow_turn(const struct sight_flow *flow)
{
	struct sight_flow turned = *flow;

	turned.initiator = other_end(flow->initiator);
	turned.named = other_end(flow->named);
	return turned;
}

const char *sight_name_from(const struct sight *sight)
{
	if (!*sight->name)
		return *sight->dns ? "dns" : "";
	return sight->application == APPLICATION_HTTP ? "host" : "sni";
}

const char *sight_tls_name(uint16_t version)
{
	switch (version) {
	case 0x0300: return "SSL 3.0";
	case 0x0301: return "TLS 1.0";
	case 0x0302: return "TLS 1.1";
	case 0x0303: return "TLS 1.2";
	case 0x0304: return "TLS 1.3";
	default: return "";
	}
}

int sight_table_new(struct sight_table **ret_table)
{
	struct sight_table *table = calloc(1, sizeof(*table));
	int err;

	if (!table)
		return -ENOMEM;
	err = hash_index_init(&table->all);
	if (!err)
		err = hash_index_init(&table->servers);
	if (!err)
		err = hash_index_init(&table->sites);
	if (err) {
		sight_table_free(table);
		return err;
	}
	atomic_init(&table->count, SIGHT_NONE + 1);
	*ret_table = table;
	return 0;
}

static struct sight_record *sight_record_at(const struct sight_table *table, uint32_t id)
{
	return atomic_load_explicit(&table->chunk[id / SIGHT_CHUNK], memory_order_relaxed) +
	       id % SIGHT_CHUNK;
}

void sight_table_free(struct sight_table *table)
{
	if (!table)
		return;
	for (uint32_t id = SIGHT_NONE + 1; id < sight_table_count(table); id++)
		free(sight_record_at(table, id)->texts);
	for (size_t i = 0; i < SIGHT_CHUNKS; i++)
		free(atomic_load_explicit(&table->chunk[i], memory_order_relaxed));
	hash_index_done(&table->all);
	hash_index_done(&table->servers);
	hash_index_done(&table->sites);
	free(table);
}

static uint32_t hash_sight(const struct hash_index *index, const struct sight *sight)
{
	const uint32_t parts[] = {
		(uint32_t)sight->application,
		(uint32_t)sight->tls_version << 1 | sight->ech,
		hash_index_hash(index, sight->name, strlen(sight->name)),
		hash_index_hash(index, sight->dns, strlen(sight->dns)),
		hash_index_hash(index, sight->alpn, strlen(sight->alpn)),
		hash_index_hash(index, sight->ja4, strlen(sight->ja4)),
	};

	return hash_index_hash(index, parts, sizeof(parts));
}

static bool is_sight(const void *table, uint32_t id, const void *key)
{
	const struct sight *a = &sight_record_at(table, id)->sight, *b = key;

	return a->application == b->application && a->tls_version == b->tls_version &&
	       a->ech == b->ech && !strcmp(a->name, b->name) && !strcmp(a->dns, b->dns) &&
	       !strcmp(a->alpn, b->alpn) && !strcmp(a->ja4, b->ja4);
}

static bool is_server(const void *table, uint32_t id, const void *label)
{
	return strcmp(sight_record_at(table, id)->sight.label, label) == 0;
}

static bool is_site(const void *table, uint32_t id, const void *site)
{
	return strcmp(sight_record_at(table, id)->sight.site, site) == 0;
}

/* Appends a text to the record's, with its end; where it is. */
static const char *store_text(char **at, const char *text)
{
	size_t size = strlen(text) + 1;
	char *put = memcpy(*at, text, size);

	*at += size;
	return put;
}

static int fill_record(struct sight_record *record, const struct sight *sight)
{
	char label[SIGHT_LABEL_MAX] = "", site[SIGHT_LABEL_MAX] = "", *at;
	const char *best = *sight->name ? sight->name : sight->dns;
	const char *mark = *sight->name ? "" : "~";

	if (*best) {
		snprintf(label, sizeof(label), "%s%s", mark, best);
		snprintf(site, sizeof(site), "%s%s", mark, sight->site ? sight->site : best);
	}
	at = malloc(strlen(sight->name) + strlen(sight->dns) + strlen(sight->alpn) +
		    strlen(sight->ja4) + strlen(label) + strlen(site) + 6);
	if (!at)
		return -ENOMEM;
	*record = (struct sight_record){.sight = *sight, .texts = at};
	record->sight.name = store_text(&at, sight->name);
	record->sight.dns = store_text(&at, sight->dns);
	record->sight.alpn = store_text(&at, sight->alpn);
	record->sight.ja4 = store_text(&at, sight->ja4);
	record->sight.label = store_text(&at, label);
	record->sight.site = store_text(&at, site);
	return 0;
}

/* Room for one more, in the indexes too. */
static int make_sight_room(struct sight_table *table, uint32_t id)
{
	struct sight_record *chunk;
	int err;

	if (id == SIGHTS_MAX)
		return -ENOSPC;
	err = hash_index_reserve(&table->all, table->all.count + 1);
	if (!err)
		err = hash_index_reserve(&table->servers, table->servers.count + 1);
	if (!err)
		err = hash_index_reserve(&table->sites, table->sites.count + 1);
	if (err || atomic_load_explicit(&table->chunk[id / SIGHT_CHUNK], memory_order_relaxed))
		return err;
	chunk = calloc(SIGHT_CHUNK, sizeof(*chunk));
	if (!chunk)
		return -ENOMEM;
	atomic_store_explicit(&table->chunk[id / SIGHT_CHUNK], chunk, memory_order_relaxed);
	return 0;
}

/* The first with that text, which may be this one. */
static uint32_t first_of(struct sight_table *table, struct hash_index *index,
			 bool (*is)(const void *table, uint32_t id, const void *text), uint32_t id,
			 const char *text)
{
	uint32_t hash = hash_index_hash(index, text, strlen(text)), first;

	if (!*text)
		return SIGHT_NONE;
	first = hash_index_find(index, hash, is, table, text);
	if (first != HASH_INDEX_NONE)
		return first;
	return hash_index_add(index, hash, id) ? SIGHT_NONE : id;
}

int sight_table_add(struct sight_table *table, const struct sight *sight, uint32_t *ret_id)
{
	uint32_t hash = hash_sight(&table->all, sight), id;
	struct sight_record *record;
	int err;

	*ret_id = hash_index_find(&table->all, hash, is_sight, table, sight);
	if (*ret_id != HASH_INDEX_NONE)
		return 0;
	id = sight_table_count(table);
	err = make_sight_room(table, id);
	if (err)
		return err;
	record = sight_record_at(table, id);
	err = fill_record(record, sight);
	if (err)
		return err;
	record->server = first_of(table, &table->servers, is_server, id, record->sight.label);
	record->site = first_of(table, &table->sites, is_site, id, record->sight.site);
	atomic_store_explicit(&table->count, id + 1, memory_order_release);
	*ret_id = id;
	return hash_index_add(&table->all, hash, id);
}

const struct sight *sight_table_get(const struct sight_table *table, uint32_t id)
{
	if (!table || id == SIGHT_NONE || id >= sight_table_count(table))
		return &no_sight;
	return &sight_record_at(table, id)->sight;
}

uint32_t sight_table_server(const struct sight_table *table, uint32_t id)
{
	if (!table || id == SIGHT_NONE || id >= sight_table_count(table))
		return SIGHT_NONE;
	return sight_record_at(table, id)->server;
}

uint32_t sight_table_site(const struct sight_table *table, uint32_t id)
{
	if (!table || id == SIGHT_NONE || id >= sight_table_count(table))
		return SIGHT_NONE;
	return sight_record_at(table, id)->site;
}

uint64_t sight_table_version(const struct sight_table *table)
{
	return table ? atomic_load_explicit(&table->version, memory_order_acquire) : 0;
}

void sight_table_touch(struct sight_table *table)
{
	atomic_fetch_add_explicit(&table->version, 1, memory_order_release);
}

uint32_t sight_table_count(const struct sight_table *table)
{
	return table ? atomic_load_explicit(&table->count, memory_order_acquire) : 0;
}
