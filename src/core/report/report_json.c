/* SPDX-License-Identifier: MIT */
/* The report for programs: one object a flow. Groups of flows stand in report_json_groups.c. */
#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "clock.h"
#include "flow.h"
#include "report.h"
#include "report_json_owner.h"
#include "report_parts.h"
#include "report_writer.h"

#define IPPROTO_OSPF 89

/* Kinds of rows that differ in their members. */
enum kind {
	KIND_IP,
	KIND_IPSEC,
	KIND_GRE,
	KIND_OSPF,
	KIND_ARP,
	KIND_SUM,
	KIND_SUM_IP, /* of one IP protocol */
	KINDS,
};

#define IN(kind) (1U << (kind))
#define IN_ALL	 (IN(KINDS) - 1)
#define IN_SUMS	 (IN(KIND_SUM) | IN(KIND_SUM_IP))

/* Members in the order in which they are written. */
enum field {
	SRC_IP,
	DST_IP,
	PROTO,
	SRC_PORT,
	DST_PORT,
	BYTES,
	PACKETS,
	BITRATE,
	SPI,
	GRE_FLAGS,
	GRE_INNER,
	ARP_OP,
	OSPF_TYPE,
	OSPF_VERSION,
	IP_PROTO,
	ETHER_TYPE,
	DIR,
	IFACE,
	FIRST_SEEN,
	LAST_SEEN,
	REASON,
	PID,
	COMM,
	EXE,
	USER,
	CGROUP,
	CONTAINER,
	OWN,
	SRC_NAME,
	DST_NAME,
	FIELDS,
};

_Static_assert(FIELDS <= REPORT_FIELDS_MAX, "room for each field");

static const struct report_field fields[FIELDS] = {
	[SRC_IP] = {"srcIp", REPORT_TEXT, IN_ALL},
	[DST_IP] = {"dstIp", REPORT_TEXT, IN_ALL},
	[PROTO] = {"proto", REPORT_TEXT, IN_ALL},
	[SRC_PORT] = {"srcPort", REPORT_INTEGER, IN_ALL},
	[DST_PORT] = {"dstPort", REPORT_INTEGER, IN_ALL},
	[BYTES] = {"bytes", REPORT_INTEGER, IN_ALL},
	[PACKETS] = {"packets", REPORT_INTEGER, IN_ALL},
	[BITRATE] = {"bitrate", REPORT_REAL, IN_ALL},
	[SPI] = {"spi", REPORT_INTEGER, IN(KIND_IPSEC)},
	[GRE_FLAGS] = {"greFlags", REPORT_INTEGER, IN(KIND_GRE)},
	[GRE_INNER] = {"greInner", REPORT_TEXT, IN(KIND_GRE)},
	[ARP_OP] = {"arpOp", REPORT_TEXT, IN(KIND_ARP)},
	[OSPF_TYPE] = {"ospfType", REPORT_TEXT, IN(KIND_OSPF)},
	[OSPF_VERSION] = {"ospfVersion", REPORT_INTEGER, IN(KIND_OSPF)},
	[IP_PROTO] = {"ipProto", REPORT_INTEGER, IN_ALL & ~(IN(KIND_ARP) | IN(KIND_SUM))},
	[ETHER_TYPE] = {"etherType", REPORT_INTEGER, IN_ALL},
	[DIR] = {"dir", REPORT_TEXT, IN_ALL},
	[IFACE] = {"iface", REPORT_TEXT, IN_ALL},
	[FIRST_SEEN] = {"firstSeen", REPORT_TEXT, IN_ALL},
	[LAST_SEEN] = {"lastSeen", REPORT_TEXT, IN_ALL},
	[REASON] = {"reason", REPORT_TEXT, IN_SUMS},
	[PID] = {"pid", REPORT_INTEGER, IN_ALL, REPORT_WITH_PROCESS},
	[COMM] = {"comm", REPORT_TEXT, IN_ALL, REPORT_WITH_COMM},
	[EXE] = {"exe", REPORT_TEXT, IN_ALL, REPORT_WITH_PROCESS},
	[USER] = {"user", REPORT_TEXT, IN_ALL, REPORT_WITH_PROCESS},
	[CGROUP] = {"cgroup", REPORT_TEXT, IN_ALL, REPORT_WITH_PROCESS},
	[CONTAINER] = {"container", REPORT_TEXT, IN_ALL, REPORT_WITH_PROCESS},
	[OWN] = {"own", REPORT_TRUE, IN_ALL, REPORT_WITH_OWN},
	[SRC_NAME] = {"srcName", REPORT_TEXT, IN_ALL, REPORT_WITH_SRC_NAME},
	[DST_NAME] = {"dstName", REPORT_TEXT, IN_ALL, REPORT_WITH_DST_NAME},
};

/* IP protocol of a sum over one class, -1 when the class is not one. */
static int ipproto_of_sum(const struct flow_key *key)
{
	switch (flow_key_class(key)) {
	case FLOW_CLASS_TCP: return IPPROTO_TCP;
	case FLOW_CLASS_UDP: return IPPROTO_UDP;
	case FLOW_CLASS_ICMPV4: return IPPROTO_ICMP;
	case FLOW_CLASS_ICMPV6: return IPPROTO_ICMPV6;
	default: return -1;
	}
}

static enum kind kind_of(const struct flow_key *key)
{
	if (flow_key_sum(key) != FLOW_SUM_NONE)
		return ipproto_of_sum(key) < 0 ? KIND_SUM : KIND_SUM_IP;
	if (key->ethertype == ETH_P_ARP)
		return KIND_ARP;
	switch (key->ipproto) {
	case IPPROTO_ESP:
	case IPPROTO_AH: return KIND_IPSEC;
	case IPPROTO_GRE: return KIND_GRE;
	case IPPROTO_OSPF: return KIND_OSPF;
	default: return KIND_IP;
	}
}

static void set_ends(struct report_writer *writer, const struct flow_key *key)
{
	char text[FLOW_TEXT_MAX];
	bool sum = flow_key_sum(key) != FLOW_SUM_NONE;

	report_writer_text(writer, SRC_IP, flow_address_text(key, key->src, text, sizeof(text)));
	report_writer_text(writer, DST_IP, flow_address_text(key, key->dst, text, sizeof(text)));
	report_writer_text(writer, PROTO, flow_proto_name(key));
	report_writer_number(writer, SRC_PORT, sum ? 0 : key->sport);
	report_writer_number(writer, DST_PORT, sum ? 0 : key->dport);
	report_writer_number(writer, IP_PROTO, sum ? (uint64_t)ipproto_of_sum(key) : key->ipproto);
	report_writer_number(writer, ETHER_TYPE, key->ethertype);
	if (sum)
		report_writer_text(writer, REASON, flow_sum_text(key, text, sizeof(text)));
}

static void set_details(struct report_writer *writer, const struct flow_key *key)
{
	char text[FLOW_TEXT_MAX];

	report_writer_number(writer, SPI, (uint64_t)key->sport << 16 | key->dport);
	report_writer_number(writer, GRE_FLAGS, key->dport);
	report_writer_text(writer, GRE_INNER, flow_gre_text(key->sport, text, sizeof(text)));
	report_writer_text(writer, ARP_OP, flow_arp_text(key->sport, text, sizeof(text)));
	report_writer_text(writer, OSPF_TYPE, flow_ospf_text(key->sport, text, sizeof(text)));
	report_writer_number(writer, OSPF_VERSION, key->dport);
}

static void set_counts(struct report_writer *writer, const struct ledger_flow *flow,
		       uint64_t running_ns)
{
	const struct flow_key *key = &flow->key;

	report_writer_number(writer, BYTES, flow->total.bytes);
	report_writer_number(writer, PACKETS, flow->total.packets);
	report_writer_real(writer, BITRATE, rate_bps(flow->total.bytes, running_ns));
	report_writer_text(writer, DIR, flow_key_dir(key) == FLOW_IN ? "in" : "out");
	report_writer_iface(writer, IFACE, flow_key_slot(key));
	report_writer_time(writer, FIRST_SEEN, flow->first_wall_ns);
	report_writer_time(writer, LAST_SEEN, flow->last_wall_ns);
}

static int write_flow(struct report_writer *writer, const struct report *report,
		      const struct report_rows *rows, size_t i)
{
	const struct ledger_flow *flow = report_rows_flow(rows, i);
	static const struct report_owner_fields owner_fields = {PID,  COMM,   EXE,
								USER, CGROUP, CONTAINER};
	unsigned int variant = report_owner_variant(report, flow->owner);
	char src[NAME_TEXT_MAX], dst[NAME_TEXT_MAX];
	enum kind kind = kind_of(&flow->key);
	int err;

	variant |= report_names_variant(report, &flow->key, src, dst);
	err = report_writer_begin(writer, kind, variant);
	if (err)
		return err;
	if (variant & REPORT_SRC_NAME)
		report_writer_text(writer, SRC_NAME, src);
	if (variant & REPORT_DST_NAME)
		report_writer_text(writer, DST_NAME, dst);
	report_set_owner(writer, report, flow->owner, &owner_fields);
	set_ends(writer, &flow->key);
	if (kind != KIND_IP)
		set_details(writer, &flow->key);
	set_counts(writer, flow, report->running_ns);
	report_writer_columns(writer, rows, i);
	return report_writer_end(writer);
}

int report_write_flows(const struct report *report, const struct report_rows *rows, FILE *out)
{
	struct report_writer *writer;
	int err = report_writer_new(report, fields, FIELDS, out, &writer);

	if (err)
		return err;
	for (size_t i = 0; !err && i < rows->count; i++)
		err = write_flow(writer, report, rows, i);
	if (!err)
		err = report_writer_finish(writer);
	report_writer_free(writer);
	return err;
}

int report_json(const struct report *report, FILE *out)
{
	struct report_rows *rows = malloc(sizeof(*rows));
	int err;

	if (!rows)
		return -ENOMEM;
	err = report_rows_init(rows, report, false);
	if (!err)
		err = report_rows_sort(rows, report->limit);
	if (!err)
		err = report->by == GROUP_FLOW ? report_write_flows(report, rows, out)
					       : report_write_groups(report, rows, out);
	report_rows_done(rows);
	free(rows);
	return err;
}
