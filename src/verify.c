/* SPDX-License-Identifier: MIT */
/* The identities behind the numbers, each with its figures. */
#include "verify.h"

#include <inttypes.h>

#include "format.h"
#include "link.h"

static bool same(const struct flow_counts *a, const struct flow_counts *b)
{
	return a->packets == b->packets && a->bytes == b->bytes;
}

/* One identity: "WHAT: LEFT packets, LEFT bytes = RIGHT packets, RIGHT bytes: holds". */
static bool print_identity(FILE *out, const char *what, const struct flow_counts *left,
			   const struct flow_counts *right)
{
	bool holds = same(left, right);

	fprintf(out,
		"verify: %s: %" PRIu64 " packets, %" PRIu64 " bytes %s %" PRIu64 " packets, %" PRIu64
		" bytes: %s\n",
		what, (uint64_t)left->packets, (uint64_t)left->bytes, holds ? "=" : "!=",
		(uint64_t)right->packets, (uint64_t)right->bytes, holds ? "holds" : "BROKEN");
	return holds;
}

/* Why the interface may rightly have counted something else than frames on the wire. */
static const char *why_other(const struct verify *verify, const struct flow_counts *hook,
			     const struct flow_counts *link, uint64_t dropped)
{
	if (link->packets == hook->packets && link->bytes == hook->bytes + 4 * hook->packets)
		return "the driver counts the frame check sequence";
	if (link->packets == hook->packets && hook->bytes == link->bytes + 14 * hook->packets)
		return "the driver counts without the Ethernet header";
	if (verify->raw_ip)
		return "a tunnel counts what it wraps";
	if (dropped)
		return "packets were dropped between interface and hook";
	if (link->packets < hook->packets)
		return "the interface counts a GSO/GRO super-packet as one, the hook its segments";
	return "packets passed between the two readings, or never reached the hook";
}

static void print_link(const struct verify *verify, FILE *out, enum flow_dir dir)
{
	const struct flow_counts *hook = &verify->last->dir[dir].total;
	const struct link_counters *before = verify->before, *after = verify->after;
	struct flow_counts link;
	uint64_t dropped;
	char safe[FORMAT_TEXT_MAX];

	if (dir == FLOW_IN) {
		link.packets = after->rx_packets - before->rx_packets;
		link.bytes = after->rx_bytes - before->rx_bytes;
		dropped = after->rx_dropped - before->rx_dropped;
	} else {
		link.packets = after->tx_packets - before->tx_packets;
		link.bytes = after->tx_bytes - before->tx_bytes;
		dropped = after->tx_dropped - before->tx_dropped;
	}
	fprintf(out,
		"verify: %s %s, hook against the interface's own counters: %" PRIu64
		" packets, %" PRIu64 " bytes against %" PRIu64 " packets, %" PRIu64 " bytes: %s%s\n",
		format_outside(verify->iface, safe, sizeof(safe)), dir == FLOW_IN ? "in" : "out",
		(uint64_t)hook->packets, (uint64_t)hook->bytes, (uint64_t)link.packets,
		(uint64_t)link.bytes, same(hook, &link) ? "equal" : "not comparable: ",
		same(hook, &link) ? "" : why_other(verify, hook, &link, dropped));
}

bool verify_print(const struct verify *verify, FILE *out)
{
	const struct snapshot_health *health = &verify->last->health;
	struct flow_counts dirs = {0}, ledger = ledger_total(verify->ledger);
	bool holds;
	int dir;

	for (dir = 0; dir < FLOW_DIRS; dir++) {
		dirs.packets += verify->last->dir[dir].total.packets;
		dirs.bytes += verify->last->dir[dir].total.bytes;
	}
	holds = print_identity(out, "hook total = in + out", &health->hook, &dirs);
	holds &= print_identity(out, "hook total = drained from the kernel", &health->hook,
				&health->rows);
	holds &= print_identity(out, "hook total = rows + other", &health->hook, &ledger);
	fprintf(out, "verify: of these in other: flow map full %" PRIu64 " packets, aged %" PRIu64
		     " packets (%" PRIu64 " flows)\n",
		(uint64_t)health->map_full.packets, (uint64_t)health->aged.packets,
		health->flows_aged);
	if (!verify->before || !verify->after) {
		fprintf(out, "verify: the interface's own counters could not be read\n");
		return holds;
	}
	print_link(verify, out, FLOW_IN);
	print_link(verify, out, FLOW_OUT);
	return holds;
}
