/* SPDX-License-Identifier: MIT */
/*
 * The filter language: which rows to show, by the words of pcap-filter(7) over what a row knows.
 *
 *   in  out  inbound  outbound       direction
 *   tcp udp icmp icmp6 arp ip ip6 esp gre ... other    protocol; also: proto NAME-OR-NUMBER
 *   [PROTO] [SIDE] host ADDRESS|NAME   an address, or the host name that is known of one
 *   [PROTO] [SIDE] net NETWORK         10.0.0.0/8, 10.77, 10.0.0.0 mask 255.0.0.0, 2001:db8::/32
 *   [PROTO] [SIDE] port N|SERVICE      and: portrange FIRST-LAST
 *   SIDE ADDRESS                       src, dst, "src or dst", "src and dst"; none: either
 *   ip|ip6 multicast  ether proto NAME-OR-NUMBER
 *   bps|pps|packets|bytes  > >= < <= = !=  NUMBER[k|M|G|T]
 *   pid NUMBER  uid NUMBER|NAME        owner; in the others TEXT is a part, any case
 *   comm|exe|user|cgroup|container|name TEXT    name: of either host, as far as known
 *   app NAME                           the application protocol, as packets say ("https")
 *   sni|site TEXT                      server's name: from the flow itself, or also from DNS
 *   initiator near|far|src|dst         who sent the SYN; near: this side of the interface
 *   iface NAME                         the interface the row was counted on
 *   "in quotes", or one word alone     is in the protocol, source or destination as shown
 *   not ! and && or || ( )             and, or: alike, from left to right
 *
 * Terms side by side must both hold; they bind tighter than "and" and "or". Behind "and" and "or" a
 * value alone takes over the keywords of the term before: "tcp dst port 80 or 443". What libpcap
 * knows and flows cannot answer is refused with the reason.
 *
 * Pure; a filter may be used by many threads, for nothing changes it.
 */
#ifndef PKTSTAT_FILTER_H
#define PKTSTAT_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow_abi.h"
#include "ifaces.h"
#include "name_cache.h"
#include "owner.h"
#include "services.h"
#include "sight.h"

/* Longest text of a filter, its end included. */
#define FILTER_TEXT_MAX 256

struct filter;

/* What a filter is asked about. */
struct filter_subject {
	const struct flow_key *key;
	double bps, pps; /* below 0: not known, matches no comparison */
	uint64_t packets, bytes;
	const struct owner *owner;   /* NULL: not known; its words match nothing then */
	const struct sight *sight;   /* the same of what packets said */
	uint32_t sight_word;	     /* of the flow, see sight.h */
	struct name_cache *names;    /* NULL: no host names */
	const struct ifaces *ifaces; /* NULL: not known */
};

/*
 * Reads an expression; one without words gives NULL, which matches everything. 0; -EINVAL, with a
 * sentence in `why` (at most `size` bytes) and the byte it is about, counted from 0, in *ret_column;
 * -E2BIG (the same, too long or nested too deep); -ENOMEM.
 */
int filter_parse(const char *text, struct filter **ret_filter, char *why, size_t size,
		 size_t *ret_column);
/* The same with names of services (NULL: they are read from the system when one is met). */
int filter_parse_named(const char *text, const struct services *services,
		       struct filter **ret_filter, char *why, size_t size, size_t *ret_column);
void filter_free(struct filter *filter);

/* True when the subject passes. NULL passes everything. */
bool filter_match(const struct filter *filter, const struct filter_subject *subject);

/* True when all of it is text to search for, a word in quotes or alone. */
bool filter_is_text(const struct filter *filter);
/* True when both are that, and what passes `to` passes `from`: its text holds that of the other. */
bool filter_narrows(const struct filter *to, const struct filter *from);
/* True when the answer depends on counts and rates, not on the key alone. */
bool filter_uses_counts(const struct filter *filter);
/* The same of what may become known later: owners and host names. */
bool filter_uses_owners(const struct filter *filter);
bool filter_uses_names(const struct filter *filter);

/* Word `i` of the language, NULL behind the last: for completions and documents. */
const char *filter_word(size_t i);

#endif
