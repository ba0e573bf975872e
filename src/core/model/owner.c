/* SPDX-License-Identifier: MIT */
/*
 * The table of owners: chunks that never move, filled by one writer. Readers load `count` with
 * acquire order and look below it; everything an owner refers to was written before.
 */
#include "owner.h"

#include <ctype.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "hash_index.h"
#include "utf8.h"

#define OWNER_CHUNK  256
#define OWNER_CHUNKS (OWNERS_MAX / OWNER_CHUNK)

struct owner_record {
	struct owner owner;
	uint32_t representative[OWNER_PARTS];
};

struct owner_table {
	_Atomic(struct owner_record *) chunk[OWNER_CHUNKS];
	atomic_uint count; /* the three pseudo owners included */
	atomic_ullong version;
	atomic_size_t bytes;
	/* Writer only: indexes of ids, and the texts that owners share. */
	struct hash_index all;
	struct hash_index first[OWNER_PARTS]; /* of the representatives */
	struct hash_index text_index;	      /* of places in `text` */
	char **text;
	uint32_t texts, text_room;
	size_t about_bytes; /* of commands and parents */
	const char *_Atomic note; /* why no process can be named; NULL: they can */
};

#define PSEUDO(name)                                                                               \
	{.comm = (name), .exe = "", .user = "", .cgroup = "", .unit = "", .command = "", .parents = ""}

static const struct owner pseudo[OWNER_FIRST] = {
	[OWNER_UNKNOWN] = PSEUDO("-"),
	[OWNER_KERNEL] = PSEUDO("kernel"),
	[OWNER_FORWARDED] = PSEUDO("forwarded"),
};

static int init_indexes(struct owner_table *table)
{
	int err = hash_index_init(&table->all);

	for (int part = 0; part < OWNER_PARTS && !err; part++)
		err = hash_index_init(&table->first[part]);
	return err ? err : hash_index_init(&table->text_index);
}

int owner_table_new(struct owner_table **ret_table)
{
	struct owner_table *table = calloc(1, sizeof(*table));
	int err;

	if (!table)
		return -ENOMEM;
	err = init_indexes(table);
	if (err) {
		owner_table_free(table);
		return err;
	}
	atomic_init(&table->count, OWNER_FIRST);
	atomic_init(&table->note, NULL);
	*ret_table = table;
	return 0;
}

void owner_table_free(struct owner_table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < OWNER_CHUNKS; i++)
		free(atomic_load_explicit(&table->chunk[i], memory_order_relaxed));
	for (uint32_t i = 0; i < table->texts; i++)
		free(table->text[i]);
	free(table->text);
	hash_index_done(&table->text_index);
	hash_index_done(&table->all);
	for (int part = 0; part < OWNER_PARTS; part++)
		hash_index_done(&table->first[part]);
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

static uint32_t hash_text(const struct hash_index *index, const char *text)
{
	return hash_index_hash(index, text, strlen(text));
}

static uint32_t hash_part(const struct hash_index *index, const struct owner *owner,
			  enum owner_part part)
{
	const uint64_t process[3] = {owner->start_ns, owner->pid, hash_text(index, owner->comm)};

	switch (part) {
	case OWNER_PROCESS: return hash_index_hash(index, process, sizeof(process));
	case OWNER_CONTAINER: return hash_text(index, owner->unit);
	default: return hash_index_hash(index, &owner->uid, sizeof(owner->uid));
	}
}

static bool same_part(const struct owner *a, const struct owner *b, enum owner_part part)
{
	switch (part) {
	case OWNER_PROCESS:
		return a->pid == b->pid && a->start_ns == b->start_ns && !strcmp(a->comm, b->comm);
	case OWNER_CONTAINER: return strcmp(a->unit, b->unit) == 0;
	default: return a->uid == b->uid;
	}
}

/* With OWNER_PARTS as part: the whole owner. */
static uint32_t hash_owner(const struct hash_index *index, const struct owner *owner, int part)
{
	uint32_t parts[4];

	if (part < OWNER_PARTS)
		return hash_part(index, owner, (enum owner_part)part);
	parts[0] = hash_part(index, owner, OWNER_PROCESS);
	parts[1] = owner->uid;
	parts[2] = hash_text(index, owner->exe);
	parts[3] = hash_text(index, owner->cgroup);
	return hash_index_hash(index, parts, sizeof(parts));
}

static bool same_owner(const struct owner *a, const struct owner *b, int part)
{
	if (part < OWNER_PARTS)
		return same_part(a, b, (enum owner_part)part);
	return same_part(a, b, OWNER_PROCESS) && a->uid == b->uid && a->own == b->own &&
	       !strcmp(a->exe, b->exe) && !strcmp(a->user, b->user) &&
	       !strcmp(a->cgroup, b->cgroup) && !strcmp(a->unit, b->unit);
}

/* Where an owner is searched, and by which part of it; OWNER_PARTS: by all. */
struct owner_search {
	const struct owner_table *table;
	int part;
};

static bool is_owner(const void *search, uint32_t id, const void *owner)
{
	const struct owner_search *in = search;

	return same_owner(&record_at(in->table, id)->owner, owner, in->part);
}

/* Id of an equal owner in the index, or HASH_INDEX_NONE. */
static uint32_t find_same_owner(const struct owner_table *table, const struct hash_index *index,
				const struct owner *owner, int part, uint32_t *ret_hash)
{
	const struct owner_search search = {table, part};

	*ret_hash = hash_owner(index, owner, part);
	return hash_index_find(index, *ret_hash, is_owner, &search, owner);
}

/* Room for one more. */
static int grow_index(struct owner_table *table, struct hash_index *index)
{
	size_t before = hash_index_bytes(index);
	int err = hash_index_reserve(index, index->count + 1);

	add_bytes(table, hash_index_bytes(index) - before);
	return err;
}

static int grow_texts(struct owner_table *table)
{
	uint32_t room = table->text_room ? 2 * table->text_room : OWNER_CHUNK;
	char **text;

	if (table->texts < table->text_room)
		return 0;
	text = reallocarray(table->text, room, sizeof(*text));
	if (!text)
		return -ENOMEM;
	add_bytes(table, (room - table->text_room) * sizeof(*text));
	table->text = text;
	table->text_room = room;
	return 0;
}

static bool is_text(const void *table, uint32_t i, const void *text)
{
	return strcmp(((const struct owner_table *)table)->text[i], text) == 0;
}

/* The table's own copy of a text, or NULL without memory. */
static const char *keep_text(struct owner_table *table, const char *from)
{
	uint32_t hash = hash_text(&table->text_index, from);
	uint32_t i = hash_index_find(&table->text_index, hash, is_text, table, from);
	char *text;

	if (i != HASH_INDEX_NONE)
		return table->text[i];
	if (grow_texts(table) || grow_index(table, &table->text_index))
		return NULL;
	text = strdup(from);
	if (!text || hash_index_add(&table->text_index, hash, table->texts)) {
		free(text);
		return NULL;
	}
	table->text[table->texts++] = text;
	add_bytes(table, strlen(from) + 1);
	return text;
}

static int make_room_for_owner(struct owner_table *table, uint32_t id)
{
	_Atomic(struct owner_record *) *chunk = &table->chunk[id / OWNER_CHUNK];
	struct owner_record *made;
	int err = grow_index(table, &table->all);

	for (int part = 0; part < OWNER_PARTS && !err; part++)
		err = grow_index(table, &table->first[part]);
	if (err || atomic_load_explicit(chunk, memory_order_relaxed))
		return err;
	made = calloc(OWNER_CHUNK, sizeof(*made));
	if (!made)
		return -ENOMEM;
	add_bytes(table, OWNER_CHUNK * sizeof(*made));
	atomic_store_explicit(chunk, made, memory_order_relaxed);
	return 0;
}

/* Most bytes of commands and parents: that many processes may come and go. */
#define ABOUT_BYTES_MAX (8U << 20)

/* The same of a text that need not be kept. */
static const char *keep_about(struct owner_table *table, const char *from)
{
	size_t before = owner_table_bytes(table);
	const char *text;

	if (!from || table->about_bytes >= ABOUT_BYTES_MAX)
		from = "";
	text = keep_text(table, from);
	table->about_bytes += owner_table_bytes(table) - before;
	return text;
}

static int copy_owner(struct owner_table *table, const struct owner *owner, struct owner *to)
{
	*to = *owner;
	to->comm = keep_text(table, owner->comm);
	to->exe = keep_text(table, owner->exe);
	to->user = keep_text(table, owner->user);
	to->cgroup = keep_text(table, owner->cgroup);
	to->unit = keep_text(table, owner->unit);
	to->command = keep_about(table, owner->command);
	to->parents = keep_about(table, owner->parents);
	return to->comm && to->exe && to->user && to->cgroup && to->unit && to->command && to->parents
		       ? 0
		       : -ENOMEM;
}

static int choose_representatives(struct owner_table *table, struct owner_record *record,
				  uint32_t id)
{
	for (int part = 0; part < OWNER_PARTS; part++) {
		uint32_t hash;
		uint32_t first =
			find_same_owner(table, &table->first[part], &record->owner, part, &hash);

		if (first == HASH_INDEX_NONE) {
			first = id;
			if (hash_index_add(&table->first[part], hash, id))
				return -ENOMEM;
		}
		record->representative[part] = first;
	}
	if (!*record->owner.unit)
		record->representative[OWNER_CONTAINER] = OWNER_UNKNOWN;
	return 0;
}

int owner_table_add(struct owner_table *table, const struct owner *owner, uint32_t *ret_id)
{
	uint32_t id = atomic_load_explicit(&table->count, memory_order_relaxed);
	struct owner_record *record;
	uint32_t hash, known;
	int err = make_room_for_owner(table, id < OWNERS_MAX ? id : OWNERS_MAX - 1);

	if (err)
		return err;
	known = find_same_owner(table, &table->all, owner, OWNER_PARTS, &hash);
	if (known != HASH_INDEX_NONE) {
		*ret_id = known;
		return 0;
	}
	if (id >= OWNERS_MAX)
		return -ENOSPC;
	record = record_at(table, id);
	err = copy_owner(table, owner, &record->owner);
	if (!err)
		err = choose_representatives(table, record, id);
	if (!err)
		err = hash_index_add(&table->all, hash, id);
	if (err)
		return err;
	atomic_store_explicit(&table->count, id + 1, memory_order_release);
	*ret_id = id;
	return 0;
}

/* The program is not looked up yet. */
static bool is_owner_known(const struct owner_table *table, uint32_t id)
{
	return table && id >= OWNER_FIRST &&
	       id < atomic_load_explicit(&table->count, memory_order_acquire);
}

const struct owner *owner_table_get(const struct owner_table *table, uint32_t id)
{
	if (is_owner_known(table, id))
		return &record_at(table, id)->owner;
	return &pseudo[table && id < OWNER_FIRST ? id : OWNER_UNKNOWN];
}

uint32_t owner_table_representative(const struct owner_table *table, uint32_t id,
				    enum owner_part part)
{
	if (is_owner_known(table, id))
		return record_at(table, id)->representative[part];
	return table && id < OWNER_FIRST ? id : OWNER_UNKNOWN;
}

const char *owner_table_name(const struct owner_table *table, uint32_t id, enum owner_part part)
{
	const struct owner *owner = owner_table_get(table, id);

	if (!is_owner_known(table, id))
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

/* Short names of cgroup paths; see owner.h. Pure; any thread. */

#define CONTAINER_ID_LENGTH 64 /* hexadecimal digits, of which these are shown: */
#define CONTAINER_ID_SHOWN  12
#define POD_UID_SHOWN	    8

/* A component of a path; not ended by a zero byte. */
struct component {
	const char *text;
	size_t length;
};

static bool component_ends_with(const struct component *part, const char *end)
{
	size_t length = strlen(end);

	return part->length > length && !memcmp(part->text + part->length - length, end, length);
}

static bool component_begins_with(const struct component *part, const char *begin)
{
	return part->length > strlen(begin) && !memcmp(part->text, begin, strlen(begin));
}

/* Copies as many whole characters (UTF-8) as fit. */
static void put_characters(const char *from, size_t length, char *text, size_t size)
{
	if (length >= size)
		length = utf8_cut(from, size - 1);
	memcpy(text, from, length);
	text[length] = '\0';
}

/* The last component before `end`; false at the root. */
static bool component_before(const char *path, size_t *end, struct component *ret_part)
{
	size_t at;

	while (*end > 0 && path[*end - 1] == '/')
		(*end)--;
	if (!*end)
		return false;
	for (at = *end; at > 0 && path[at - 1] != '/'; at--)
		;
	*ret_part = (struct component){path + at, *end - at};
	*end = at;
	return true;
}

/* The 64 digits that docker, podman, containerd and CRI-O name a container by, or NULL. */
static const char *container_id(const struct component *part)
{
	size_t length = part->length, run = 0;

	if (component_ends_with(part, ".scope"))
		length -= strlen(".scope");
	while (run < length && isxdigit((unsigned char)part->text[length - run - 1]))
		run++;
	if (run != CONTAINER_ID_LENGTH)
		return NULL;
	/* Alone, or behind the name of a runtime: "docker-", "cri-containerd:", ... */
	if (length > run && !strchr("-:", part->text[length - run - 1]))
		return NULL;
	return part->text + length - run;
}

static bool write_container(const struct component *part, char *text, size_t size)
{
	static const char *const lxc[] = {"lxc.payload.", "lxc.monitor."};
	const char *id = container_id(part);

	if (id) {
		snprintf(text, size, "%.*s", CONTAINER_ID_SHOWN, id);
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(lxc); i++) {
		if (component_begins_with(part, lxc[i])) {
			put_characters(part->text + strlen(lxc[i]), part->length - strlen(lxc[i]),
				       text, size);
			return true;
		}
	}
	return false;
}

/* "kubepods-burstable-pod0a1b..._....slice" or "pod0a1b...": the uid of a Kubernetes pod. */
static bool write_pod(const struct component *part, char *text, size_t size)
{
	for (size_t at = 0; at + strlen("pod") + POD_UID_SHOWN <= part->length; at++) {
		const char *uid = part->text + at + strlen("pod");
		int digits = 0;

		if (memcmp(part->text + at, "pod", 3) != 0 || (at && uid[-4] != '-'))
			continue;
		while (digits < POD_UID_SHOWN && isxdigit((unsigned char)uid[digits]))
			digits++;
		if (digits < POD_UID_SHOWN)
			continue;
		snprintf(text, size, "pod %.*s", POD_UID_SHOWN, uid);
		return true;
	}
	return false;
}

static bool is_unit(const struct component *part)
{
	static const char *const kinds[] = {".service", ".scope", ".socket", ".mount", ".swap"};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (component_ends_with(part, kinds[i]))
			return true;
	}
	return false;
}

static bool is_init_scope(const struct component *part)
{
	return part->length == strlen("init.scope") &&
	       !memcmp(part->text, "init.scope", part->length);
}

/* Asks each component from the inside out; the first that answers wins. */
static bool find_inside_out(const char *cgroup, char *text, size_t size,
			    bool (*write)(const struct component *part, char *text, size_t size))
{
	size_t end = strlen(cgroup);
	struct component part;

	while (component_before(cgroup, &end, &part)) {
		if (write(&part, text, size))
			return true;
	}
	return false;
}

static bool write_unit_name(const struct component *part, char *text, size_t size)
{
	if (!is_unit(part) || is_init_scope(part))
		return false;
	put_characters(part->text, part->length, text, size);
	return true;
}

static bool write_any(const struct component *part, char *text, size_t size)
{
	put_characters(part->text, part->length, text, size);
	return true;
}

const char *owner_container_path(const char *cgroup)
{
	bool in_pod = strstr(cgroup, "kubepods");
	size_t end = strlen(cgroup);
	char text[OWNER_TEXT_MAX];
	struct component part;

	while (component_before(cgroup, &end, &part)) {
		if (write_container(&part, text, sizeof(text)) ||
		    (in_pod && write_pod(&part, text, sizeof(text))))
			return part.text;
	}
	return "";
}

char *owner_unit(const char *cgroup, char *text, size_t size)
{
	if (!size)
		return text;
	*text = '\0';
	if (!find_inside_out(cgroup, text, size, write_container) &&
	    !(strstr(cgroup, "kubepods") && find_inside_out(cgroup, text, size, write_pod)) &&
	    !find_inside_out(cgroup, text, size, write_unit_name))
		find_inside_out(cgroup, text, size, write_any);
	return text;
}
