/* SPDX-License-Identifier: MIT */
/*
 * The filter language: which rows to show, by the words of pcap filters over what a row knows.
 *
 *   in  out                          direction
 *   tcp udp icmp icmp6 arp ip ip6 esp gre ... other    protocol; also: proto NAME-OR-NUMBER
 *   [src|dst] host ADDRESS           address of either, or of that side
 *   [src|dst] net ADDRESS/LENGTH
 *   [src|dst] port NUMBER            and: portrange FIRST-LAST
 *   src ADDRESS[/LENGTH]             the same without "host" or "net"; also dst
 *   bps|pps|packets|bytes  > >= < <= = !=  NUMBER[k|M|G|T]
 *   pid NUMBER  uid NUMBER           owner; comm, user and cgroup: TEXT is in it, any case
 *   comm|user|cgroup|name TEXT       name: the host name, as far as known, of either address
 *   iface NAME                       the interface the row was counted on
 *   anything else, or "in quotes"    is in the protocol, source or destination as shown
 *   not ! and && or || ( )           two terms side by side: both
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

/* Longest text of a filter, its end included. */
#define FILTER_TEXT_MAX 256

struct filter;

/* What a filter is asked about. */
struct filter_subject {
	const struct flow_key *key;
	double bps, pps; /* below 0: not known, matches no comparison */
	uint64_t packets, bytes;
	const struct owner *owner;   /* NULL: not known; its words match nothing then */
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
void filter_free(struct filter *filter);

/* True when the subject passes. NULL passes everything. */
bool filter_match(const struct filter *filter, const struct filter_subject *subject);

/* True when the answer depends on counts and rates, not on the key alone. */
bool filter_uses_counts(const struct filter *filter);
/* The same of what may become known later: owners and host names. */
bool filter_uses_owners(const struct filter *filter);
bool filter_uses_names(const struct filter *filter);

#endif
