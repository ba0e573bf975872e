/* SPDX-License-Identifier: MIT */
/*
 * The report for programs. Rows of one kind have the same members, so there is one Jansson object
 * a kind whose values are changed for each row: a million rows cost no memory and no look-ups.
 */
#include <errno.h>
#include <jansson.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "format.h"
#include "rate.h"
#include "report.h"
#include "report_rows.h"

#define IPPROTO_OSPF	 89
#define JSON_BUFFER_SIZE 65536

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
	FIELDS,
};

static const struct {
	const char *name;
	json_type type;
	unsigned int kinds;
} fields[FIELDS] = {
	[SRC_IP] = {"srcIp", JSON_STRING, IN_ALL},
	[DST_IP] = {"dstIp", JSON_STRING, IN_ALL},
	[PROTO] = {"proto", JSON_STRING, IN_ALL},
	[SRC_PORT] = {"srcPort", JSON_INTEGER, IN_ALL},
	[DST_PORT] = {"dstPort", JSON_INTEGER, IN_ALL},
	[BYTES] = {"bytes", JSON_INTEGER, IN_ALL},
	[PACKETS] = {"packets", JSON_INTEGER, IN_ALL},
	[BITRATE] = {"bitrate", JSON_REAL, IN_ALL},
	[SPI] = {"spi", JSON_INTEGER, IN(KIND_IPSEC)},
	[GRE_FLAGS] = {"greFlags", JSON_INTEGER, IN(KIND_GRE)},
	[GRE_INNER] = {"greInner", JSON_STRING, IN(KIND_GRE)},
	[ARP_OP] = {"arpOp", JSON_STRING, IN(KIND_ARP)},
	[OSPF_TYPE] = {"ospfType", JSON_STRING, IN(KIND_OSPF)},
	[OSPF_VERSION] = {"ospfVersion", JSON_INTEGER, IN(KIND_OSPF)},
	[IP_PROTO] = {"ipProto", JSON_INTEGER, IN_ALL & ~(IN(KIND_ARP) | IN(KIND_SUM))},
	[ETHER_TYPE] = {"etherType", JSON_INTEGER, IN_ALL},
	[DIR] = {"dir", JSON_STRING, IN_ALL},
	[IFACE] = {"iface", JSON_STRING, IN_ALL},
	[FIRST_SEEN] = {"firstSeen", JSON_STRING, IN_ALL},
	[LAST_SEEN] = {"lastSeen", JSON_STRING, IN_ALL},
	[REASON] = {"reason", JSON_STRING, IN_SUMS},
};

/* One kind's object, made when the first row of it comes. */
struct shape {
	json_t *object;
	json_t *value[FIELDS]; /* owned by the object */
};

/* Interval times are few and repeat in many rows, so the last ones written are kept. */
#define TIMES_KEPT 256

struct time_text {
	int64_t wall_ns;
	char text[FORMAT_TEXT_MAX];
};

struct writer {
	const struct report *report;
	struct shape shape[KINDS];
	struct time_text time[TIMES_KEPT];
	char iface[FLOW_IFACES_MAX][FORMAT_TEXT_MAX];
	bool failed; /* a value could not be set: no memory */
	FILE *out;
	size_t used;
	/* Jansson hands over every comma by itself; a stdio call for each would double the time. */
	char text[JSON_BUFFER_SIZE];
};

static int shape_init(struct shape *shape, enum kind kind)
{
	shape->object = json_object();
	if (!shape->object)
		return -ENOMEM;
	for (size_t i = 0; i < FIELDS; i++) {
		json_t *value;

		if (!(fields[i].kinds & IN(kind)))
			continue;
		if (fields[i].type == JSON_STRING)
			value = json_string("");
		else
			value = fields[i].type == JSON_REAL ? json_real(0.0) : json_integer(0);
		/* Takes the value over, also when it fails. */
		if (json_object_set_new(shape->object, fields[i].name, value) < 0)
			return -ENOMEM;
		shape->value[i] = value;
	}
	return 0;
}

/* These three pass over what rows of the kind do not have. */
static void set_text(struct writer *writer, json_t *value, const char *text)
{
	if (value && json_string_set(value, text) < 0)
		writer->failed = true;
}

static void set_number(json_t *value, uint64_t number)
{
	if (value)
		json_integer_set(value, number > INT64_MAX ? INT64_MAX : (json_int_t)number);
}

static void set_time(struct writer *writer, json_t *value, int64_t wall_ns)
{
	/* Intervals begin at any nanosecond: a multiplicative hash spreads them. */
	size_t at = (uint64_t)wall_ns * 0x9e3779b97f4a7c15ULL >> 56;
	struct time_text *kept = &writer->time[at];

	if (!*kept->text || kept->wall_ns != wall_ns) {
		kept->wall_ns = wall_ns;
		format_rfc3339(wall_ns, kept->text, sizeof(kept->text));
	}
	set_text(writer, value, kept->text);
}

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

static void set_ends(struct writer *writer, const struct shape *shape, const struct flow_key *key)
{
	char text[FLOW_TEXT_MAX];
	bool sum = flow_key_sum(key) != FLOW_SUM_NONE;

	set_text(writer, shape->value[SRC_IP],
		 flow_address_text(key, key->src, text, sizeof(text)));
	set_text(writer, shape->value[DST_IP],
		 flow_address_text(key, key->dst, text, sizeof(text)));
	set_text(writer, shape->value[PROTO], flow_proto_name(key));
	set_number(shape->value[SRC_PORT], sum ? 0 : key->sport);
	set_number(shape->value[DST_PORT], sum ? 0 : key->dport);
	set_number(shape->value[IP_PROTO], sum ? (uint64_t)ipproto_of_sum(key) : key->ipproto);
	set_number(shape->value[ETHER_TYPE], key->ethertype);
	set_text(writer, shape->value[REASON], flow_sum_text(key, text, sizeof(text)));
}

static void set_details(struct writer *writer, const struct shape *shape,
			const struct flow_key *key)
{
	char text[FLOW_TEXT_MAX];

	set_number(shape->value[SPI], (uint64_t)key->sport << 16 | key->dport);
	set_number(shape->value[GRE_FLAGS], key->dport);
	set_text(writer, shape->value[GRE_INNER], flow_gre_text(key->sport, text, sizeof(text)));
	set_text(writer, shape->value[ARP_OP], flow_arp_text(key->sport, text, sizeof(text)));
	set_text(writer, shape->value[OSPF_TYPE], flow_ospf_text(key->sport, text, sizeof(text)));
	set_number(shape->value[OSPF_VERSION], key->dport);
}

static void set_counts(struct writer *writer, const struct shape *shape,
		       const struct ledger_flow *flow)
{
	const struct flow_key *key = &flow->key;
	unsigned int slot = flow_key_slot(key);

	set_number(shape->value[BYTES], flow->total.bytes);
	set_number(shape->value[PACKETS], flow->total.packets);
	json_real_set(shape->value[BITRATE],
		      rate_bps(flow->total.bytes, writer->report->running_ns));
	set_text(writer, shape->value[DIR], flow_key_dir(key) == FLOW_IN ? "in" : "out");
	set_text(writer, shape->value[IFACE], writer->iface[slot]);
	set_time(writer, shape->value[FIRST_SEEN], flow->first_wall_ns);
	set_time(writer, shape->value[LAST_SEEN], flow->last_wall_ns);
}

static int flush(struct writer *writer)
{
	size_t used = writer->used;

	writer->used = 0;
	if (fwrite(writer->text, 1, used, writer->out) != used)
		return errno ? -errno : -EIO;
	return 0;
}

/* Callback of json_dump_callback(), too. What is written is never larger than the buffer. */
static int put(const char *text, size_t length, void *to)
{
	struct writer *writer = to;
	int err = 0;

	if (length > sizeof(writer->text) - writer->used)
		err = flush(writer);
	if (err || length > sizeof(writer->text))
		return err ? err : -EMSGSIZE;
	memcpy(writer->text + writer->used, text, length);
	writer->used += length;
	return 0;
}

static int write_row(struct writer *writer, const struct ledger_flow *flow)
{
	/* 15 digits: what a double holds of a decimal number. */
	const size_t form = JSON_COMPACT | JSON_REAL_PRECISION(15);
	enum kind kind = kind_of(&flow->key);
	struct shape *shape = &writer->shape[kind];
	int err;

	if (!shape->object) {
		err = shape_init(shape, kind);
		if (err)
			return err;
	}
	set_ends(writer, shape, &flow->key);
	if (kind != KIND_IP)
		set_details(writer, shape, &flow->key);
	set_counts(writer, shape, flow);
	if (writer->failed)
		return -ENOMEM;
	errno = 0;
	if (json_dump_callback(shape->object, put, writer, form) < 0)
		return errno ? -errno : -ENOMEM;
	return 0;
}

static int write_rows(struct writer *writer, const struct report_rows *rows)
{
	int err = put("[", 1, writer);

	for (size_t i = 0; !err && i < rows->count; i++) {
		err = i ? put(",\n", 2, writer) : put("\n", 1, writer);
		if (!err)
			err = write_row(writer, report_rows_get(rows, i));
	}
	if (!err)
		err = rows->count ? put("\n]\n", 3, writer) : put("]\n", 2, writer);
	if (!err)
		err = flush(writer);
	if (!err && fflush(writer->out) == EOF)
		err = errno ? -errno : -EIO;
	return err;
}

int report_json(const struct report *report, FILE *out)
{
	struct writer *writer = calloc(1, sizeof(*writer));
	struct report_rows rows;
	int err;

	if (!writer)
		return -ENOMEM;
	writer->report = report;
	writer->out = out;
	for (size_t i = 0; i < report->ifaces && i < FLOW_IFACES_MAX; i++)
		format_outside(report->iface[i], writer->iface[i], sizeof(writer->iface[i]));
	err = report_rows_init(report, report->limit, &rows);
	if (err)
		goto out_free_writer;
	errno = 0;
	err = write_rows(writer, &rows);
	for (size_t i = 0; i < KINDS; i++)
		json_decref(writer->shape[i].object);
	report_rows_done(&rows);
out_free_writer:
	free(writer);
	return err;
}
