/* SPDX-License-Identifier: MIT */
/*
 * One flow table: an array map of buckets that one CPU's programs count flows in during one
 * generation, and its memory as user space sees it. Owned by the tables.
 */
#ifndef PKTSTAT_TABLE_H
#define PKTSTAT_TABLE_H

#include <stddef.h>

#include "flow_abi.h"

struct table {
	int fd;			    /* -1: none */
	unsigned int bits;	    /* slots, as a power of two; 0: none */
	unsigned int used_bits;	    /* of these in use when it was not drained; 0: it was */
	unsigned int first_bits;    /* slots, of the front or of these, the generation began with */
	unsigned int last_bits;	    /* and ended with, when it was drained last */
	struct flow_bucket *memory; /* NULL: not mapped yet */
	size_t mapped;		    /* bytes of it, from the start */
};

/* Bytes of 1 << `bits` slots; of none, 0. */
static inline size_t table_bytes(unsigned int bits)
{
	return bits ? sizeof(struct flow_slot) << bits : 0;
}

/* Makes the map of a table of 1 << `bits` slots. 0, -ENOMEM or another negative errno. */
int table_make(unsigned int bits, int *ret_fd);
/* Lets go of map and memory; the table is none then. */
void table_close(struct table *table);
/* Maps at least so many bytes of the table, from the start. 0 or a negative errno. */
int table_map(struct table *table, size_t bytes);

#endif
