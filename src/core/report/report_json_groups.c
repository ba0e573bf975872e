/* SPDX-License-Identifier: MIT */
/* The report for programs where rows are groups of flows: one object a group. */
#include <linux/if_ether.h>

#include "clock.h"
#include "flow.h"
#include "report_json_owner.h"
#include "report_parts.h"
#include "report_writer.h"

/* Rows of each grouping come in three kinds. */
enum kind {
	KIND_IP,
	KIND_ARP,
	KIND_SUM,
	KINDS,
};

#define KIND(by, kind) ((unsigned int)(by)*KINDS - KINDS + (kind))
#define BIT(by, kind)  (1U << KIND(by, kind))
#define OF(by)	       (BIT(by, KIND_IP) | BIT(by, KIND_ARP) | BIT(by, KIND_SUM))
#define CONVERSATION   OF(GROUP_CONVERSATION)
#define HOST	       OF(GROUP_HOST)
#define SERVICE	       OF(GROUP_SERVICE)
#define PROTOCOL       OF(GROUP_PROTOCOL)
#define PROCESS	       OF(GROUP_PROCESS)
#define CONTAINERS     OF(GROUP_CONTAINER)
#define USERS	       OF(GROUP_USER)
#define IFACES	       OF(GROUP_IFACE)
#define OWNERS	       (PROCESS | CONTAINERS | USERS)
#define ALL	       (CONVERSATION | HOST | SERVICE | PROTOCOL | OWNERS | IFACES)
#define ALL_OF(kind)                                                                         \
	(BIT(GROUP_CONVERSATION, kind) | BIT(GROUP_HOST, kind) | BIT(GROUP_SERVICE, kind) |  \
	 BIT(GROUP_PROTOCOL, kind) | BIT(GROUP_PROCESS, kind) | BIT(GROUP_CONTAINER, kind) | \
	 BIT(GROUP_USER, kind) | BIT(GROUP_IFACE, kind))

_Static_assert(KIND(GROUPS, 0) <= REPORT_KINDS_MAX, "a bit for each kind");

/* Members in the order in which they are written. */
enum field {
	SRC_IP,
	DST_IP,
	IP,
	PROTO,
	SRC_PORT,
	DST_PORT,
	PORT,
	BYTES,
	PACKETS,
	BITRATE,
	BYTES_IN,
	PACKETS_IN,
	BYTES_OUT,
	PACKETS_OUT,
	FLOWS,
	IP_PROTO,
	ETHER_TYPE,
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
	COMM_ONLY,
	FIELDS,
};

_Static_assert(FIELDS <= REPORT_FIELDS_MAX, "room for each field");

static const struct report_field fields[FIELDS] = {
	[SRC_IP] = {"srcIp", REPORT_TEXT, CONVERSATION},
	[DST_IP] = {"dstIp", REPORT_TEXT, CONVERSATION},
	[IP] = {"ip", REPORT_TEXT, HOST},
	[PROTO] = {"proto", REPORT_TEXT, ALL & ~((HOST | OWNERS | IFACES) & ~ALL_OF(KIND_SUM))},
	[SRC_PORT] = {"srcPort", REPORT_INTEGER, CONVERSATION},
	[DST_PORT] = {"dstPort", REPORT_INTEGER, CONVERSATION},
	[PORT] = {"port", REPORT_INTEGER, SERVICE},
	[BYTES] = {"bytes", REPORT_INTEGER, ALL},
	[PACKETS] = {"packets", REPORT_INTEGER, ALL},
	[BITRATE] = {"bitrate", REPORT_REAL, ALL},
	[BYTES_IN] = {"bytesIn", REPORT_INTEGER, ALL},
	[PACKETS_IN] = {"packetsIn", REPORT_INTEGER, ALL},
	[BYTES_OUT] = {"bytesOut", REPORT_INTEGER, ALL},
	[PACKETS_OUT] = {"packetsOut", REPORT_INTEGER, ALL},
	[FLOWS] = {"flows", REPORT_INTEGER, ALL},
	[IP_PROTO] = {"ipProto", REPORT_INTEGER, ALL_OF(KIND_IP) & ~HOST & ~OWNERS & ~IFACES},
	[ETHER_TYPE] = {"etherType", REPORT_INTEGER, CONVERSATION | ALL_OF(KIND_SUM)},
	[IFACE] = {"iface", REPORT_TEXT, (CONVERSATION | IFACES) & ~ALL_OF(KIND_SUM)},
	[FIRST_SEEN] = {"firstSeen", REPORT_TEXT, ALL},
	[LAST_SEEN] = {"lastSeen", REPORT_TEXT, ALL},
	[REASON] = {"reason", REPORT_TEXT, ALL_OF(KIND_SUM)},
	[PID] = {"pid", REPORT_INTEGER, ALL & ~CONTAINERS & ~USERS, REPORT_WITH_PROCESS},
	[COMM] = {"comm", REPORT_TEXT, ALL & ~CONTAINERS & ~USERS, REPORT_WITH_COMM},
	[EXE] = {"exe", REPORT_TEXT, ALL & ~CONTAINERS & ~USERS, REPORT_WITH_PROCESS},
	[USER] = {"user", REPORT_TEXT, ALL & ~CONTAINERS, REPORT_WITH_PROCESS},
	[CGROUP] = {"cgroup", REPORT_TEXT, ALL & ~CONTAINERS & ~USERS, REPORT_WITH_PROCESS},
	[CONTAINER] = {"container", REPORT_TEXT, ALL & ~USERS, REPORT_WITH_PROCESS},
	[OWN] = {"own", REPORT_TRUE, ALL & ~CONTAINERS & ~USERS, REPORT_WITH_OWN},
	/* Who has neither container nor user: "kernel", "forwarded". */
	[COMM_ONLY] = {"comm", REPORT_TEXT, CONTAINERS | USERS,
		       REPORT_WITH_COMM & ~REPORT_WITH_PROCESS},
};

static enum kind group_kind(const struct flow_key *key)
{
	if (flow_key_sum(key) != FLOW_SUM_NONE)
		return KIND_SUM;
	return key->ethertype == ETH_P_ARP ? KIND_ARP : KIND_IP;
}

/* What names the group; a sum has no addresses and ports, though its key holds numbers. */
static void set_name(struct report_writer *writer, const struct flow_key *key)
{
	char text[FLOW_TEXT_MAX];
	bool sum = flow_key_sum(key) != FLOW_SUM_NONE;

	report_writer_text(writer, SRC_IP, flow_address_text(key, key->src, text, sizeof(text)));
	flow_address_text(key, key->dst, text, sizeof(text));
	report_writer_text(writer, DST_IP, text);
	report_writer_text(writer, IP, text);
	report_writer_text(writer, PROTO, flow_proto_name(key));
	report_writer_number(writer, SRC_PORT, sum ? 0 : key->sport);
	report_writer_number(writer, DST_PORT, sum ? 0 : key->dport);
	report_writer_number(writer, PORT, sum ? 0 : key->dport);
	report_writer_number(writer, IP_PROTO, key->ipproto);
	report_writer_number(writer, ETHER_TYPE, key->ethertype);
	report_writer_iface(writer, IFACE, flow_key_slot(key));
	if (sum)
		report_writer_text(writer, REASON, flow_sum_text(key, text, sizeof(text)));
}

static void set_group_counts(struct report_writer *writer, const struct row *row,
			     uint64_t running_ns)
{
	const struct flow_counts *in = &row->total[FLOW_IN], *out = &row->total[FLOW_OUT];

	report_writer_number(writer, BYTES, in->bytes + out->bytes);
	report_writer_number(writer, PACKETS, in->packets + out->packets);
	report_writer_real(writer, BITRATE, rate_bps(in->bytes + out->bytes, running_ns));
	report_writer_number(writer, BYTES_IN, in->bytes);
	report_writer_number(writer, PACKETS_IN, in->packets);
	report_writer_number(writer, BYTES_OUT, out->bytes);
	report_writer_number(writer, PACKETS_OUT, out->packets);
	report_writer_number(writer, FLOWS, row->flows);
}

static int write_group(struct report_writer *writer, const struct report *report,
		       const struct report_rows *rows, size_t i)
{
	static const struct report_owner_fields owner_fields = {PID,  COMM,   EXE,
								USER, CGROUP, CONTAINER};
	static const struct report_owner_fields short_fields = {PID,  COMM_ONLY, EXE,
								USER, CGROUP,	 CONTAINER};
	const struct row *row = report_rows_group(rows, i);
	uint32_t owner = group_row_owner(report->by, row, group_owner_part(report->by));
	bool process = report->by != GROUP_CONTAINER && report->by != GROUP_USER;
	int err = report_writer_begin(writer, KIND(report->by, group_kind(&row->key)),
				      report_owner_variant(report, owner));

	if (err)
		return err;
	set_name(writer, &row->key);
	report_set_owner(writer, report, owner, process ? &owner_fields : &short_fields);
	set_group_counts(writer, row, report->running_ns);
	report_writer_time(writer, FIRST_SEEN, row->first_wall_ns);
	report_writer_time(writer, LAST_SEEN, row->last_wall_ns);
	report_writer_columns(writer, rows, i);
	return report_writer_end(writer);
}

int report_write_groups(const struct report *report, const struct report_rows *rows, FILE *out)
{
	struct report_writer *writer;
	int err = report_writer_new(report, fields, FIELDS, out, &writer);

	if (err)
		return err;
	for (size_t i = 0; !err && i < rows->count; i++)
		err = write_group(writer, report, rows, i);
	if (!err)
		err = report_writer_finish(writer);
	report_writer_free(writer);
	return err;
}
