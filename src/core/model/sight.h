/* SPDX-License-Identifier: MIT */
/*
 * What packets say of flows: a table of sights, each the same for all flows that say the same, and a
 * word of each flow's own. One writer (the thread that hears from the reader); readers of any thread
 * look at ids that they found in a flow. A flow's id and word stand in its flow table entry
 * (snapshot.h) and in the ledger; no sum depends on them.
 *
 * The table is bounded. When it is nearly full, the writer forgets what was seen least recently; the
 * id of a sight that was forgotten says nothing from then on, and never belongs to another one.
 *
 * Texts were checked when they were added: names consist of letters, digits, '-', '_' and dots, the
 * others are printable ASCII.
 */
#ifndef PKTSTAT_SIGHT_H
#define PKTSTAT_SIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "application.h"

#define SIGHT_NONE 0 /* the id of flows of which nothing is known */

/* A label or site begins with it when only DNS gave the name. */
#define SIGHT_MARK '~'

/* Limits of the table: sights at a time, and bytes of their texts. */
#define SIGHTS_MAX	(1U << 17)
#define SIGHT_TEXTS_MAX (16UL << 20)

/* Longest label, its end included. */
#define SIGHT_LABEL_MAX 256

struct sight {
	enum application application;
	uint16_t tls_version; /* the newest offered, 0x0304 is TLS 1.3; 0: no TLS */
	bool ech;	      /* a hidden name was offered too: `name` may be that of a provider */
	const char *name;     /* the flow itself named its server: TLS, QUIC, HTTP; "": not */
	const char
		*dns; /* the name by which the client had asked DNS for the server; "": not seen */
	const char *alpn;  /* the first protocol offered; "": none */
	const char *ja4;   /* fingerprint of the client's hello; "": none */
	const char *label; /* the best name as shown: `name`, or the mark and `dns`, or "" */
	/*
	 * What people call the label: the domain that is registered, "example.org" of "www.example.org",
	 * with the same mark. To be added it is without mark; NULL: all of the name.
	 */
	const char *site;
};

/* Which end of a flow. */
enum sight_end {
	SIGHT_END_NONE,
	SIGHT_END_SOURCE,
	SIGHT_END_DESTINATION,
};

/* What is a flow's own: packed into one word, since it is written while others read it. */
struct sight_flow {
	enum sight_end initiator; /* who sent the SYN */
	enum sight_end named;	  /* whom the name belongs to: the server */
	/*
	 * Round trips of the handshake in microseconds, rounded to a thousandth: from SYN to SYN-ACK,
	 * which is the way to the server, and from there to the client's ACK. 0: not known.
	 */
	uint32_t server_rtt_us, client_rtt_us;
};

uint32_t sight_flow_pack(const struct sight_flow *flow);
struct sight_flow sight_flow_unpack(uint32_t word);
/* The same seen from the flow of the other direction. */
struct sight_flow sight_flow_turn(const struct sight_flow *flow);

/* Where the label is from: "sni" (TLS, QUIC), "host" (HTTP), "dns"; "" without one. */
const char *sight_name_from(const struct sight *sight);
/* Whether a label or site has the mark; and the text without it. */
static inline bool sight_is_marked(const char *name)
{
	return *name == SIGHT_MARK;
}

static inline const char *sight_unmarked(const char *name)
{
	return name + sight_is_marked(name);
}

/* "TLS 1.3"; "" for a number that is no version. Static storage. */
const char *sight_tls_name(uint16_t version);

struct sight_table;

/* An empty table; 0 or -ENOMEM. */
int sight_table_new(struct sight_table **ret_table);
void sight_table_free(struct sight_table *table);

/*
 * Writer only. The id of a sight that is equal in all members but `label` and `site`, which follow from
 * them; added if need be; texts are copied. It counts as seen. 0, -ENOMEM, or -ENOSPC while there is no
 * place.
 */
int sight_table_add(struct sight_table *table, const struct sight *sight, uint32_t *ret_id);

/*
 * Writer only, to make places. Rounds are the clock of the table: one begins with each look at what
 * flows show. If sight_table_begin_round() says that the table is nearly full, sight_table_seen() is to
 * be called for all sights that flows show or will show, and then sight_table_forget(). That forgets
 * up to an eighth of the table, those that were seen least recently, but none of this round, nor the
 * first with its label, or site, while there are others. Returns how many; 0 also while a reader holds the table.
 */
bool sight_table_begin_round(struct sight_table *table);
void sight_table_seen(struct sight_table *table, uint32_t id);
size_t sight_table_forget(struct sight_table *table);

/*
 * Readers hold the table while they use ids and what these point to: then nothing is forgotten. They
 * hold it for the time of a picture, a report or a message, never while they wait; a thread once at a
 * time. NULL is allowed.
 */
void sight_table_hold(const struct sight_table *table);
void sight_table_release(const struct sight_table *table);

/* The sight with that id; of SIGHT_NONE, and without a table, one that says nothing. */
const struct sight *sight_table_get(const struct sight_table *table, uint32_t id);

/*
 * The id that stands for all sights with the same label, or site: that of the first of them. SIGHT_NONE:
 * it has none.
 */
uint32_t sight_table_server(const struct sight_table *table, uint32_t id);
uint32_t sight_table_site(const struct sight_table *table, uint32_t id);

/* Changes whenever something has become known of flows that were published before, or forgotten. */
uint64_t sight_table_version(const struct sight_table *table);
void sight_table_touch(struct sight_table *table);

/* Sights that there are, and how many were forgotten. Any thread. */
uint32_t sight_table_count(const struct sight_table *table);
uint64_t sight_table_forgotten(const struct sight_table *table);

#endif
