/* SPDX-License-Identifier: MIT */
/*
 * What a parsed filter looks like, and what the parts of its parser share; for filter*.c only.
 * filter.c scans and knows terms and operators, filter_id.c what follows a keyword, filter_words.c the
 * keywords. Functions that return an int return 0, or -EINVAL, -E2BIG or -ENOMEM with the reason in `why`.
 */
#ifndef PKTSTAT_FILTER_PRIVATE_H
#define PKTSTAT_FILTER_PRIVATE_H

#include "filter.h"
#include "services.h"

#define FILTER_NODES_MAX 128
#define FILTER_DEPTH_MAX 32
#define FILTER_WORD_MAX	 64

enum filter_test {
	FILTER_AND,
	FILTER_OR,
	FILTER_NOT,
	FILTER_DIR,
	FILTER_ETHERTYPE,
	FILTER_OTHER_ETHERTYPE, /* neither IP nor ARP: a sum by EtherType */
	FILTER_IPPROTO,
	FILTER_SUM, /* any row that is a sum */
	FILTER_NET,
	FILTER_PORT,
	FILTER_HOST_NAME, /* the whole host name */
	FILTER_COMPARE,
	FILTER_PID,
	FILTER_UID,
	FILTER_UID_NAME, /* the whole name of the user */
	FILTER_COMM,
	FILTER_EXE,
	FILTER_USER,
	FILTER_CGROUP,	  /* path, unit or container */
	FILTER_CONTAINER, /* unit or container; of a container also its path */
	FILTER_NAME,	  /* in the host name of either end */
	FILTER_APP,	  /* the whole name of the application */
	FILTER_SNI,	  /* in the name that the flow gave itself */
	FILTER_SITE,	  /* in that, or the name from DNS */
	FILTER_INITIATOR, /* near, far, src or dst */
	FILTER_IFACE,
	FILTER_WORD,
	FILTER_ANY, /* everything: of limits */
};

enum filter_side {
	FILTER_SRC = 1,
	FILTER_DST = 2,
	FILTER_EITHER = 3,
	FILTER_BOTH = 4,
};

enum filter_field {
	FILTER_BPS,
	FILTER_PPS,
	FILTER_PACKETS,
	FILTER_BYTES,
};

/* Bits of a comparison that are true. */
enum filter_relation {
	FILTER_LESS = 1,
	FILTER_EQUAL = 2,
	FILTER_GREATER = 4,
};

struct filter_node {
	enum filter_test test;
	unsigned int left, right; /* nodes, for AND, OR, NOT (left only) */
	enum filter_side side;
	enum filter_field field;
	unsigned int relation;
	double value;
	uint32_t first, last; /* numbers: direction, EtherType, protocol, ports */
	uint32_t ipproto;     /* of ports; 0: any */
	uint64_t address[2];  /* as in a flow key; bits that are not in `mask` are 0 */
	uint64_t mask[2];
	bool ipv6;
	char word[FILTER_WORD_MAX]; /* lower case */
	bool of_ends; /* of FILTER_WORD: it may be part of an address with a port */
};

struct filter {
	unsigned int root;
	unsigned int count;
	bool uses_counts;
	bool uses_owners;
	bool uses_names;
	struct filter_node node[FILTER_NODES_MAX];
};

/* What a keyword before an address, a number or a text asks for. */
enum filter_kind {
	FILTER_KIND_NONE,
	FILTER_KIND_ADDRESS, /* after src or dst alone */
	FILTER_KIND_HOST,
	FILTER_KIND_NET,
	FILTER_KIND_PORT,
	FILTER_KIND_PORTRANGE,
	FILTER_KIND_PROTO,
	FILTER_KIND_ETHER_PROTO,
	FILTER_KIND_ABOUT, /* `test` says about what: comm, user, iface, ... */
};

/* The keywords of a term; "port 80 or 443" takes them for 443, too. */
struct filter_qualifiers {
	enum filter_kind kind;
	enum filter_side side;
	enum filter_test test;
	bool has_proto;
	struct filter_node proto;
};

/* The word the parser looks at is text[begin..end); `word` and `length` are it without quotes. */
struct filter_parser {
	const char *text;
	size_t begin, end;
	const char *word;
	size_t length;
	bool quoted;
	bool unclosed; /* the quote at its begin has no end */
	struct filter_qualifiers last;
	bool implied;			 /* the next term may take over the last qualifiers */
	const struct services *services; /* NULL: not known yet */
	struct services *own_services;
	struct filter *filter;
	char *why;
	size_t size;
	size_t *ret_column;
};

void filter_next(struct filter_parser *parser);
bool filter_at_end(const struct filter_parser *parser);
/* An operator or a bracket, in signs. */
bool filter_at_sign(const struct filter_parser *parser);
bool filter_is(const struct filter_parser *parser, const char *keyword);
/* Goes on when it is that keyword. */
bool filter_accept(struct filter_parser *parser, const char *keyword);
/*
 * Begins a condition at that depth of brackets and negations, and says whether "not" or "!" is in front
 * of it. 0, or -E2BIG: nested too deep.
 */
int filter_begin(struct filter_parser *parser, unsigned int depth, bool *ret_negated);
/* The word as text of its own; empty when it is longer than any that means something. */
void filter_copy_word(const struct filter_parser *parser, char word[FILTER_WORD_MAX]);
/* Says what is wrong with the word looked at; returns -EINVAL. */
int filter_fail(struct filter_parser *parser, const char *why);
int filter_add(struct filter_parser *parser, const struct filter_node *node, unsigned int *ret_at);
/* The same, and goes on behind the word looked at. */
int filter_finish(struct filter_parser *parser, const struct filter_node *node,
		  unsigned int *ret_at);
/* Joins two nodes by FILTER_AND or FILTER_OR. */
int filter_join(struct filter_parser *parser, enum filter_test test, unsigned int left,
		unsigned int right, unsigned int *ret_at);

/* What the qualifiers ask for: one, with "not", or a list in brackets. */
int filter_parse_id(struct filter_parser *parser, const struct filter_qualifiers *qualifiers,
		    unsigned int depth, unsigned int *ret_at);

/* A whole number up to `most` from `text` on; false when it is none. */
bool filter_read_number(const char *text, const char **ret_end, uint32_t most,
			uint32_t *ret_number);
/* Protocol names, families and "other"; `node` gets test and number. False: there is none. */
bool filter_read_proto(const char *word, struct filter_node *node);
/* The word in lower case, to be searched for. */
int filter_read_text(struct filter_parser *parser, struct filter_node *node);

/* The words that have a meaning. */
enum filter_role {
	FILTER_ROLE_NONE,
	FILTER_ROLE_OPERATOR, /* and or not */
	FILTER_ROLE_DIR,      /* `value`: enum flow_dir */
	FILTER_ROLE_FIELD,    /* `value`: enum filter_field */
	FILTER_ROLE_PROTO,    /* `test` and `value` as in a node */
	FILTER_ROLE_SIDE,     /* `value`: enum filter_side */
	FILTER_ROLE_KIND,     /* `value`: enum filter_kind */
	FILTER_ROLE_ABOUT,    /* `test` */
	FILTER_ROLE_ETHER,
	FILTER_ROLE_REFUSED, /* of pcap, but flows cannot answer; `why` says so */
	FILTER_ROLE_FOREIGN, /* of other tools; `why` says what to write */
};

struct filter_keyword {
	const char *word;
	enum filter_role role;
	enum filter_test test;
	uint32_t value;
	const char *why;
};

/* The keyword of that name in any case, or NULL; protocols are in flow_protocols[]. */
const struct filter_keyword *filter_keyword(const char *word, size_t length);
/* True for keywords, and those of protocols. */
bool filter_is_word(const char *word);
/* Says that the word looked at is none, and which one is near. */
int filter_fail_unknown(struct filter_parser *parser);

#endif
