/* SPDX-License-Identifier: MIT */
/*
 * Findings that wait for their flows to be in snapshots: a ring of places with an index by key. A
 * snapshot's rows are looked up here, not the other way round: a conversation has a row for each
 * direction and interface. There may be a million rows and few findings, so a filter of bits, which
 * fits into the cache, first says which rows need no look-up. One owner, one thread.
 */
#ifndef PKTSTAT_WAITING_H
#define PKTSTAT_WAITING_H

#include <stdbool.h>
#include <stdint.h>

#include "flow_abi.h"
#include "hash_index.h"

/* Places; the finding that came first is given up first. A power of two. */
#define WAITING_MAX 65536
/* Looks at snapshots in which a finding is looked for: that of its flow may be the next one, and an entry
 * is copied when a new era begins. */
#define WAITING_LOOKS 3

#define WAITING_FILTER_BITS 19
/* Rows that are looked up at a time: so many waits for memory overlap. */
#define WAITING_ROWS 32

struct waiting {
	struct flow_key key; /* sight_key() */
	uint32_t sight, word;
	uint32_t looks; /* still to come; 0: the place is free */
};

struct waiting_table {
	struct hash_index index;
	struct waiting *place;
	uint64_t *filter; /* a bit for each key at the start of a look, by waiting_bit() */
	uint32_t next;	  /* place to be used next */
	uint32_t count;	  /* places in use */
};

/* Rows to be looked up. */
struct waiting_rows {
	uint32_t count;
	struct waiting_row {
		size_t row;
		struct flow_key key; /* sight_key() of its key */
		bool turned;	     /* the row's ends are those of the key, turned */
		uint32_t hash;
		const struct waiting *waiting; /* what waits for its flow, or NULL */
	} row[WAITING_ROWS];
};

/* Allocates everything; 0 or -ENOMEM. Then, and when zeroed, waiting_done() frees it. */
int waiting_init(struct waiting_table *table);
void waiting_done(struct waiting_table *table);

/*
 * The place of a key, new or in use, with all looks still to come; NULL: none. *ret_given_up: another
 * finding lost it.
 */
struct waiting *waiting_put(struct waiting_table *table, const struct flow_key *key,
			    bool *ret_given_up);

/* Begins a look: from here to its end nothing is put. */
void waiting_begin_look(struct waiting_table *table);
/* Adds a row, for which there is room. */
void waiting_add_row(const struct waiting_table *table, struct waiting_rows *rows, size_t row,
		     const struct flow_key *key);
/* Sets `waiting` of all rows that were added. */
void waiting_look_up(const struct waiting_table *table, struct waiting_rows *rows);
/* Frees the places that this was the last look for. */
void waiting_end_look(struct waiting_table *table);

/*
 * Number of the bit of a row's key or of its sight_key(): the same for both directions of a flow, on
 * all interfaces. Not seeded: senders who choose their addresses so that bits collide only make the
 * look-up take place.
 */
static inline uint32_t waiting_bit(const struct flow_key *key)
{
	uint64_t bits = (key->word[0] + key->word[2]) * 0x9e3779b97f4a7c15ULL ^
			(key->word[1] + key->word[3]) * 0xc2b2ae3d27d4eb4fULL;

	bits += ((uint64_t)key->sport + key->dport) * 0xd6e8feb86659fd93ULL;
	bits ^= bits >> 32;
	return (uint32_t)(bits * 0x9e3779b97f4a7c15ULL >> (64 - WAITING_FILTER_BITS));
}

/* False: nothing waits for the flow of that row. */
static inline bool waiting_may_have(const struct waiting_table *table, const struct flow_key *row)
{
	uint32_t bit = waiting_bit(row);

	return table->filter[bit / 64] >> (bit % 64) & 1;
}

#endif
