/* SPDX-License-Identifier: MIT */
/* The identities that the numbers must satisfy, each printed with its figures. */
#include "verify.h"

#include <inttypes.h>
#include <linux/if_ether.h>

#include "flow.h"
#include "format.h"

/*
 * Bytes of headers of a segment that GSO makes: at least Ethernet, IPv4 and UDP; at most two VLAN
 * tags, IPv6 with extensions and TCP.
 */
#define HEADERS_MIN 42
#define HEADERS_MAX 250

static bool same_counts(const struct flow_counts *a, const struct flow_counts *b)
{
	return a->packets == b->packets && a->bytes == b->bytes;
}

/* One identity: "WHAT: LEFT packets, LEFT bytes = RIGHT packets, RIGHT bytes: holds". */
static bool print_identity(FILE *out, const char *what, const struct flow_counts *left,
			   const struct flow_counts *right)
{
	bool holds = same_counts(left, right);

	fprintf(out,
		"verify: %s: %" PRIu64 " packets, %" PRIu64 " bytes %s %" PRIu64 " packets, %" PRIu64
		" bytes: %s\n",
		what, (uint64_t)left->packets, (uint64_t)left->bytes, holds ? "=" : "!=",
		(uint64_t)right->packets, (uint64_t)right->bytes, holds ? "holds" : "BROKEN");
	return holds;
}

/* Whether GSO explains it: each segment of a super-packet, except the first, adds its headers. */
static bool is_segmentation(const struct flow_counts *hook, const struct flow_counts *link)
{
	uint64_t packets = hook->packets - link->packets, bytes = hook->bytes - link->bytes;

	return link->packets && link->packets < hook->packets && link->bytes < hook->bytes &&
	       bytes >= packets * HEADERS_MIN &&
	       bytes <= packets * HEADERS_MAX;
}

/*
 * Why the interface counted fewer packets than the hook; lists both causes where both are possible.
 */
static const char *why_fewer(enum flow_dir dir, bool segmentation)
{
	if (dir == FLOW_IN)
		return segmentation ? "the interface counts a GRO super-packet as one, the hook its "
				      "segments; or packets reached the hook another way"
				    : "packets reached the hook another way";
	return segmentation ? "the interface counts a GSO super-packet as one, the hook its segments; "
			      "or a filter or queueing discipline dropped packets after the hook"
			    : "a filter or queueing discipline dropped packets after the hook";
}

/* Why the counters of the interface may differ without an error. */
static const char *why_other(const struct ifaces_entry *iface, enum flow_dir dir,
			     const struct flow_counts *hook, const struct flow_counts *link,
			     uint64_t dropped)
{
	bool raw_ip = iface->raw_ip;

	if (iface->removals)
		return "the hook was detached for a while";
	if (link->packets == hook->packets && link->bytes == hook->bytes + ETH_FCS_LEN * hook->packets)
		return "the driver counts the frame check sequence";
	if (!raw_ip && link->packets == hook->packets &&
	    hook->bytes == link->bytes + ETH_HLEN * hook->packets)
		return "the driver counts without the Ethernet header";
	if (raw_ip && link->packets == hook->packets && link->bytes < hook->bytes)
		return "the hook counts more bytes per packet than the interface, which is an "
		       "error unless the interface compresses headers";
	if (raw_ip && link->bytes > hook->bytes)
		return "the tunnel counts its encapsulation";
	if (dropped)
		return "packets were dropped between interface and hook";
	/* Dropping takes bytes away too. */
	if (link->packets < hook->packets && link->bytes > hook->bytes)
		return "the interface counts a super-packet as one, the hook its segments; and "
		       "packets passed between the two readings";
	if (link->packets < hook->packets)
		return why_fewer(dir, is_segmentation(hook, link));
	if (iface->before[dir])
		return "packets were dropped before the hook, perhaps by a program that runs there";
	return "packets passed between the two readings, or never reached the hook";
}

/* The counts of the interface itself; returns how many packets it dropped. */
static uint64_t counted_by_link(const struct verify_link *link, enum flow_dir dir,
				struct flow_counts *ret_counts)
{
	const struct link_counters *before = &link->before, *after = &link->after;

	if (dir == FLOW_IN) {
		*ret_counts = (struct flow_counts){after->rx_packets - before->rx_packets,
						   after->rx_bytes - before->rx_bytes};
		return after->rx_dropped - before->rx_dropped;
	}
	*ret_counts = (struct flow_counts){after->tx_packets - before->tx_packets,
					   after->tx_bytes - before->tx_bytes};
	return after->tx_dropped - before->tx_dropped;
}

static void print_direction(const struct ifaces_entry *iface, const struct verify_link *link,
			    const struct flow_counts *hook, enum flow_dir dir, FILE *out)
{
	struct flow_counts counts;
	uint64_t dropped = counted_by_link(link, dir, &counts);
	char safe[FORMAT_TEXT_MAX];
	bool equal = same_counts(hook, &counts);

	fprintf(out,
		"verify: %s %s: hook %" PRIu64 " packets, %" PRIu64 " bytes; interface %" PRIu64
		" packets, %" PRIu64 " bytes: %s%s\n",
		format_outside(iface->name, safe, sizeof(safe)), dir == FLOW_IN ? "in" : "out",
		(uint64_t)hook->packets, (uint64_t)hook->bytes, (uint64_t)counts.packets,
		(uint64_t)counts.bytes, equal ? "equal" : "not comparable: ",
		equal ? "" : why_other(iface, dir, hook, &counts, dropped));
}

/* What the hook could not see. */
static void print_gaps(const struct ifaces_entry *iface, FILE *out)
{
	char away[4 * FORMAT_TEXT_MAX];

	if (iface->removals)
		fprintf(out, "verify: %s: packets during that time were not counted\n",
			ifaces_entry_away(iface, away, sizeof(away)));
	for (enum flow_dir dir = FLOW_IN; dir < FLOW_DIRS; dir++) {
		if (iface->before[dir])
			fprintf(out,
				"verify: %s %s, programs that run before the hook: %u; packets "
				"they drop are not counted\n",
				format_outside(iface->name, away, FORMAT_TEXT_MAX),
				dir == FLOW_IN ? "in" : "out", iface->before[dir]);
	}
}

/* The hook's counts by interface and direction; every row has both, also a sum of other flows. */
static void sum_by_where(const struct ledger *ledger, struct flow_counts sums[FLOW_WHERES])
{
	const struct ledger_flow *flow;

	for (size_t i = 0; i < ledger_count(ledger); i++) {
		flow = ledger_get(ledger, i);
		flow_counts_add(&sums[flow->key.where], &flow->total);
	}
}

/* Packets with malformed headers have no flow: their counts, by interface and direction. */
static void print_malformed(const struct verify *verify, FILE *out)
{
	const struct ifaces *ifaces = verify->last->ifaces;
	const struct ledger_flow *flow;
	char safe[FORMAT_TEXT_MAX];

	for (size_t i = 0; i < ledger_count(verify->ledger); i++) {
		flow = ledger_get(verify->ledger, i);
		if (flow->key.ipproto != FLOW_PROTO_NONE || flow->key.sport != FLOW_SUM_MALFORMED)
			continue;
		fprintf(out, "verify: %s %s, packets with a malformed header of EtherType 0x%04x: "
			     "%" PRIu64 "\n",
			format_outside(ifaces_name(ifaces, FLOW_WHERE_SLOT(flow->key.where)), safe,
				       sizeof(safe)),
			FLOW_WHERE_DIR(flow->key.where) == FLOW_IN ? "in" : "out",
			flow->key.ethertype, (uint64_t)flow->total.packets);
	}
}

static void print_links(const struct verify *verify, FILE *out)
{
	const struct ifaces *ifaces = verify->last->ifaces;
	struct flow_counts sums[FLOW_WHERES] = {0};
	char safe[FORMAT_TEXT_MAX];

	sum_by_where(verify->ledger, sums);
	for (unsigned int slot = 0; ifaces && slot < ifaces->count; slot++) {
		const struct verify_link *link = &verify->link[slot];
		const struct ifaces_entry *iface = &ifaces->entry[slot];

		if (iface->state == IFACE_FREE)
			continue;
		print_gaps(iface, out);
		if (!link->ended || link->index != iface->index || iface->state != IFACE_WATCHED) {
			fprintf(out, "verify: %s: the interface's own counters are not known for "
				     "the whole capture\n",
				format_outside(iface->name, safe, sizeof(safe)));
			continue;
		}
		print_direction(iface, link, &sums[FLOW_WHERE(slot, FLOW_IN)], FLOW_IN, out);
		print_direction(iface, link, &sums[FLOW_WHERE(slot, FLOW_OUT)], FLOW_OUT, out);
	}
}

bool verify_print(const struct verify *verify, FILE *out)
{
	const struct snapshot_health *health = &verify->last->health;
	struct flow_counts dirs = {0}, ledger = ledger_total(verify->ledger);
	bool holds;
	int dir;

	for (dir = 0; dir < FLOW_DIRS; dir++)
		flow_counts_add(&dirs, &verify->last->dir[dir].total);
	holds = print_identity(out, verify->file ? "packets read = in + out" : "hook total = in + out",
			       &health->hook, &dirs);
	holds &= print_identity(out,
				verify->file ? "packets read = handed to the collector"
					     : "hook total = drained from the kernel",
				&health->hook, &health->rows);
	holds &= print_identity(
		out, verify->file ? "packets read = rows + other" : "hook total = rows + other",
		&health->hook, &ledger);
	fprintf(out,
		"verify: of these in other: flow map full %" PRIu64 " packets, over --max-flows %" PRIu64
		" packets (%" PRIu64 " flows), of interfaces gone %" PRIu64 " packets (%" PRIu64
		" flows)\n",
		(uint64_t)health->map_full.packets, (uint64_t)health->aged.packets,
		health->flows_aged, (uint64_t)health->gone.packets, health->flows_gone);
	if (verify->file)
		fputs("verify: a capture file has no counters of an interface to compare with\n", out);
	else
		print_links(verify, out);
	print_malformed(verify, out);
	return holds;
}
