/* SPDX-License-Identifier: MIT */
/*
 * The table of owners: chunks that never move, filled by one writer. Readers load `count` with
 * acquire order and look below it; everything an owner refers to was written before.
 */
#include "owner.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define OWNER_CHUNK  256
#define OWNER_CHUNKS (OWNERS_MAX / OWNER_CHUNK)

struct owner_record {
	struct owner owner;
	uint32_t representative[OWNER_PARTS];
};

/* A text that owners share. */
struct owner_text {
	struct owner_text *next;
	char text[];
};

/* An index over records: `id` 0 is free. Writer only. */
struct owner_index {
	uint32_t *slot;
	uint32_t size; /* a power of two */
	uint32_t used;
};

struct owner_table {
	_Atomic(struct owner_record *) chunk[OWNER_CHUNKS];
	atomic_uint count; /* the three pseudo owners included */
	atomic_ullong version;
	atomic_size_t bytes;
	struct owner_index all;
	struct owner_index first[OWNER_PARTS]; /* of the representatives */
	struct owner_text **texts;	       /* buckets */
	uint32_t text_buckets, text_count;
	const char *_Atomic note; /* why no process can be named; NULL: they can */
};

static const struct owner pseudo[OWNER_FIRST] = {
	[OWNER_UNKNOWN] = {.comm = "-", .exe = "", .user = "", .cgroup = "", .unit = ""},
	[OWNER_KERNEL] = {.comm = "kernel", .exe = "", .user = "", .cgroup = "", .unit = ""},
	[OWNER_FORWARDED] = {.comm = "forwarded", .exe = "", .user = "", .cgroup = "", .unit = ""},
};

int owner_table_new(struct owner_table **ret_table)
{
	struct owner_table *table = calloc(1, sizeof(*table));

	if (!table)
		return -ENOMEM;
	atomic_init(&table->count, OWNER_FIRST);
	atomic_init(&table->note, NULL);
	*ret_table = table;
	return 0;
}

void owner_table_free(struct owner_table *table)
{
	struct owner_text *text, *next;

	if (!table)
		return;
	for (size_t i = 0; i < OWNER_CHUNKS; i++)
		free(atomic_load_explicit(&table->chunk[i], memory_order_relaxed));
	for (size_t i = 0; i < table->text_buckets; i++) {
		for (text = table->texts[i]; text; text = next) {
			next = text->next;
			free(text);
		}
	}
	free(table->texts);
	free(table->all.slot);
	for (int part = 0; part < OWNER_PARTS; part++)
		free(table->first[part].slot);
	free(table);
}

static struct owner_record *record_at(const struct owner_table *table, uint32_t id)
{
	return atomic_load_explicit(&table->chunk[id / OWNER_CHUNK], memory_order_relaxed) +
	       id % OWNER_CHUNK;
}

static void add_bytes(struct owner_table *table, size_t bytes)
{
	atomic_fetch_add_explicit(&table->bytes, bytes, memory_order_relaxed);
}

/* FNV-1a, 64 bit: texts are short, and nobody outside chooses many of them. */
static uint64_t mix(uint64_t hash, const void *data, size_t size)
{
	const unsigned char *byte = data;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ byte[i]) * 0x100000001b3ULL;
	return hash;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
	return mix(hash, text, strlen(text) + 1);
}

#define HASH_START 0xcbf29ce484222325ULL

static uint64_t hash_part(const struct owner *owner, enum owner_part part)
{
	switch (part) {
	case OWNER_PROCESS:
		return hash_text(mix(mix(HASH_START, &owner->pid, sizeof(owner->pid)),
				     &owner->start_ns, sizeof(owner->start_ns)),
				 owner->comm);
	case OWNER_CONTAINER: return hash_text(HASH_START, owner->unit);
	default: return mix(HASH_START, &owner->uid, sizeof(owner->uid));
	}
}

static bool same_part(const struct owner *a, const struct owner *b, enum owner_part part)
{
	switch (part) {
	case OWNER_PROCESS:
		return a->pid == b->pid && a->start_ns == b->start_ns &&
		       !strcmp(a->comm, b->comm);
	case OWNER_CONTAINER: return strcmp(a->unit, b->unit) == 0;
	default: return a->uid == b->uid;
	}
}

/* With OWNER_PARTS as part: the whole owner. */
static uint64_t hash_owner(const struct owner *owner, int part)
{
	uint64_t hash;

	if (part < OWNER_PARTS)
		return hash_part(owner, (enum owner_part)part);
	hash = hash_part(owner, OWNER_PROCESS);
	hash = mix(hash, &owner->uid, sizeof(owner->uid));
	return hash_text(hash_text(hash, owner->exe), owner->cgroup);
}

static bool same_owner(const struct owner *a, const struct owner *b, int part)
{
	if (part < OWNER_PARTS)
		return same_part(a, b, (enum owner_part)part);
	return same_part(a, b, OWNER_PROCESS) && a->uid == b->uid && a->own == b->own &&
	       !strcmp(a->exe, b->exe) && !strcmp(a->user, b->user) && !strcmp(a->cgroup, b->cgroup) && !strcmp(a->unit, b->unit);
}

/* The slot that holds an equal owner, or the free one where it belongs. */
static uint32_t *find_slot(const struct owner_table *table, const struct owner_index *index,
			   const struct owner *owner, int part)
{
	uint64_t hash = hash_owner(owner, part);
	uint32_t at = (uint32_t)(hash ^ hash >> 32) & (index->size - 1);

	while (index->slot[at] &&
	       !same_owner(&record_at(table, index->slot[at])->owner, owner, part))
		at = (at + 1) & (index->size - 1);
	return &index->slot[at];
}

/* Room for one more, so that it is at most half full. */
static int grow_index(struct owner_table *table, struct owner_index *index, int part)
{
	struct owner_index grown = {.size = index->size ? 2 * index->size : OWNER_CHUNK,
				    .used = index->used};

	if (2 * (index->used + 1) <= index->size)
		return 0;
	grown.slot = calloc(grown.size, sizeof(*grown.slot));
	if (!grown.slot)
		return -ENOMEM;
	add_bytes(table, (grown.size - index->size) * sizeof(*grown.slot));
	for (uint32_t i = 0; i < index->size; i++) {
		if (index->slot[i])
			*find_slot(table, &grown, &record_at(table, index->slot[i])->owner, part) =
				index->slot[i];
	}
	free(index->slot);
	*index = grown;
	return 0;
}

static int grow_texts(struct owner_table *table)
{
	uint32_t buckets = table->text_buckets ? 2 * table->text_buckets : OWNER_CHUNK;
	struct owner_text **texts, *text, *next;

	if (table->text_count < table->text_buckets)
		return 0;
	texts = calloc(buckets, sizeof(struct owner_text *));
	if (!texts)
		return -ENOMEM;
	add_bytes(table, (buckets - table->text_buckets) * sizeof(struct owner_text *));
	for (uint32_t i = 0; i < table->text_buckets; i++) {
		for (text = table->texts[i]; text; text = next) {
			struct owner_text **bucket =
				&texts[hash_text(HASH_START, text->text) & (buckets - 1)];

			next = text->next;
			text->next = *bucket;
			*bucket = text;
		}
	}
	free(table->texts);
	table->texts = texts;
	table->text_buckets = buckets;
	return 0;
}

/* The table's own copy of a text, or NULL without memory. */
static const char *keep_text(struct owner_table *table, const char *from)
{
	size_t size = strlen(from) + 1;
	struct owner_text **bucket, *text;

	if (grow_texts(table))
		return NULL;
	bucket = &table->texts[hash_text(HASH_START, from) & (table->text_buckets - 1)];
	for (text = *bucket; text; text = text->next) {
		if (!strcmp(text->text, from))
			return text->text;
	}
	text = malloc(sizeof(*text) + size);
	if (!text)
		return NULL;
	memcpy(text->text, from, size);
	text->next = *bucket;
	*bucket = text;
	table->text_count++;
	add_bytes(table, sizeof(*text) + size);
	return text->text;
}

static int make_room(struct owner_table *table, uint32_t id)
{
	_Atomic(struct owner_record *) *chunk = &table->chunk[id / OWNER_CHUNK];
	struct owner_record *made;
	int err = grow_index(table, &table->all, OWNER_PARTS);

	for (int part = 0; part < OWNER_PARTS && !err; part++)
		err = grow_index(table, &table->first[part], part);
	if (err || atomic_load_explicit(chunk, memory_order_relaxed))
		return err;
	made = calloc(OWNER_CHUNK, sizeof(*made));
	if (!made)
		return -ENOMEM;
	add_bytes(table, OWNER_CHUNK * sizeof(*made));
	atomic_store_explicit(chunk, made, memory_order_relaxed);
	return 0;
}

static int copy_owner(struct owner_table *table, const struct owner *owner, struct owner *to)
{
	*to = *owner;
	to->comm = keep_text(table, owner->comm);
	to->exe = keep_text(table, owner->exe);
	to->user = keep_text(table, owner->user);
	to->cgroup = keep_text(table, owner->cgroup);
	to->unit = keep_text(table, owner->unit);
	return to->comm && to->exe && to->user && to->cgroup && to->unit ? 0 : -ENOMEM;
}

static void choose_representatives(struct owner_table *table, struct owner_record *record,
				   uint32_t id)
{
	for (int part = 0; part < OWNER_PARTS; part++) {
		uint32_t *slot = find_slot(table, &table->first[part], &record->owner, part);

		if (!*slot) {
			*slot = id;
			table->first[part].used++;
		}
		record->representative[part] = *slot;
	}
	if (!*record->owner.unit)
		record->representative[OWNER_CONTAINER] = OWNER_UNKNOWN;
}

int owner_table_add(struct owner_table *table, const struct owner *owner, uint32_t *ret_id)
{
	uint32_t id = atomic_load_explicit(&table->count, memory_order_relaxed);
	struct owner_record *record;
	uint32_t *slot;
	int err = make_room(table, id < OWNERS_MAX ? id : OWNERS_MAX - 1);

	if (err)
		return err;
	slot = find_slot(table, &table->all, owner, OWNER_PARTS);
	if (*slot) {
		*ret_id = *slot;
		return 0;
	}
	if (id >= OWNERS_MAX)
		return -ENOSPC;
	record = record_at(table, id);
	err = copy_owner(table, owner, &record->owner);
	if (err)
		return err;
	*slot = id;
	table->all.used++;
	choose_representatives(table, record, id);
	atomic_store_explicit(&table->count, id + 1, memory_order_release);
	*ret_id = id;
	return 0;
}

static bool is_known(const struct owner_table *table, uint32_t id)
{
	return table && id >= OWNER_FIRST &&
	       id < atomic_load_explicit(&table->count, memory_order_acquire);
}

const struct owner *owner_table_get(const struct owner_table *table, uint32_t id)
{
	if (is_known(table, id))
		return &record_at(table, id)->owner;
	return &pseudo[table && id < OWNER_FIRST ? id : OWNER_UNKNOWN];
}

uint32_t owner_table_representative(const struct owner_table *table, uint32_t id,
				    enum owner_part part)
{
	if (is_known(table, id))
		return record_at(table, id)->representative[part];
	return table && id < OWNER_FIRST ? id : OWNER_UNKNOWN;
}

const char *owner_table_name(const struct owner_table *table, uint32_t id, enum owner_part part)
{
	const struct owner *owner = owner_table_get(table, id);

	if (!is_known(table, id))
		return owner == &pseudo[OWNER_UNKNOWN] ? "" : owner->comm;
	switch (part) {
	case OWNER_CONTAINER: return owner->unit;
	case OWNER_USER: return owner->user;
	default: return owner->comm;
	}
}

uint64_t owner_table_version(const struct owner_table *table)
{
	return table ? atomic_load_explicit(&table->version, memory_order_acquire) : 0;
}

void owner_table_touch(struct owner_table *table)
{
	atomic_fetch_add_explicit(&table->version, 1, memory_order_release);
}

void owner_table_set_note(struct owner_table *table, const char *note)
{
	atomic_store_explicit(&table->note, note, memory_order_release);
}

const char *owner_table_note(const struct owner_table *table)
{
	return table ? atomic_load_explicit(&table->note, memory_order_acquire) : NULL;
}

uint32_t owner_table_count(const struct owner_table *table)
{
	return atomic_load_explicit(&table->count, memory_order_acquire) - OWNER_FIRST;
}

size_t owner_table_bytes(const struct owner_table *table)
{
	return sizeof(*table) + atomic_load_explicit(&table->bytes, memory_order_relaxed);
}
