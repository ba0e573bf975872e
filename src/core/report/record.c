/* SPDX-License-Identifier: MIT */
/* The members of a row and how they are written; see record.h. */
#include "record.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "flow.h"
#include "format.h"
#include "sight.h"

#define IPPROTO_OSPF 89

/* Groupings, a bit each. */
#define BY(by)	 (1U << (by))
#define FLOWS	 BY(GROUP_FLOW)
#define PAIRS	 BY(GROUP_CONVERSATION)
#define IFACES	 BY(GROUP_IFACE)
#define ALL	 (BY(GROUPS) - 1)
#define GROUPED	 (ALL & ~FLOWS)
#define NO_UNITS (ALL & ~BY(GROUP_CONTAINER) & ~BY(GROUP_USER))
/* Groupings that keep the protocol of the flows apart. */
#define PROTOS (FLOWS | PAIRS | BY(GROUP_SERVICE) | BY(GROUP_PROTOCOL))

/* Longest text of a member: a path, made safe. */
#define VALUE_MAX 4096
/* Interval times are few and repeat in many rows, so the last ones written are kept. */
#define TIMES_KEPT 256

/* What a row has for a member; text lives until the next one. */
struct value {
	enum { VALUE_ABSENT, VALUE_TEXT, VALUE_COUNT, VALUE_REAL, VALUE_PERCENT, VALUE_TRUE } type;
	const char *text;
	uint64_t count;
	double real;
};

struct time_text {
	int64_t wall_ns;
	char text[FORMAT_TEXT_MAX];
};

struct member {
	const char *name;   /* NULL: as the column is called */
	enum column column; /* COLUMNS: it is none */
	unsigned int by;    /* groupings that have it, */
	unsigned int sums;  /* and those where only sums have it */
	/* Fills in what the row has; NULL: as the column does. */
	void (*get)(struct record *record, const struct row *row, struct value *value);
};

struct before {
	uint8_t length;
	char text[31];
};

struct record {
	struct record_options options;
	const struct owner *owner; /* of the row under construction, or NULL */
	bool is_process;	   /* it is one, not the kernel or "forwarded" */
	bool is_sum;		   /* the row is one */
	size_t count;
	struct before before[80]; /* JSON before the value of each member: ,"bytes": */
	struct member member[80]; /* what rows of the grouping have, in order */
	char scratch[VALUE_MAX];
	struct time_text time[TIMES_KEPT];
	char iface[FLOW_IFACES_MAX][FORMAT_TEXT_MAX];
};

static void set_text(struct value *value, const char *text)
{
	value->type = VALUE_TEXT;
	value->text = text;
}

static void set_count(struct value *value, uint64_t count)
{
	value->type = VALUE_COUNT;
	value->count = count;
}

static void set_untrusted(struct record *record, struct value *value, const char *text)
{
	set_text(value, format_outside(text, record->scratch, sizeof(record->scratch)));
}

static void get_src_ip(struct record *record, const struct row *row, struct value *value)
{
	set_text(value, flow_address_text(&row->key, row->key.src, record->scratch, FLOW_TEXT_MAX));
}

static void get_dst_ip(struct record *record, const struct row *row, struct value *value)
{
	set_text(value, flow_address_text(&row->key, row->key.dst, record->scratch, FLOW_TEXT_MAX));
}

static void get_proto(struct record *record, const struct row *row, struct value *value)
{
	(void)record;
	set_text(value, flow_proto_name(&row->key));
}

/* A sum has no ports, though its key holds numbers there. */
static void get_src_port(struct record *record, const struct row *row, struct value *value)
{
	set_count(value, record->is_sum ? 0 : row->key.sport);
}

static void get_dst_port(struct record *record, const struct row *row, struct value *value)
{
	set_count(value, record->is_sum ? 0 : row->key.dport);
}

static void get_packets_in(struct record *record, const struct row *row, struct value *value)
{
	(void)record;
	set_count(value, row->total[FLOW_IN].packets);
}

static void get_packets_out(struct record *record, const struct row *row, struct value *value)
{
	(void)record;
	set_count(value, row->total[FLOW_OUT].packets);
}

static bool is_flow_of(const struct record *record, const struct flow_key *key, uint8_t ipproto)
{
	return !record->is_sum && key->ethertype != ETH_P_ARP && key->ipproto == ipproto;
}

/* What is in place of ports. */
static void get_spi(struct record *record, const struct row *row, struct value *value)
{
	if (is_flow_of(record, &row->key, IPPROTO_ESP) || is_flow_of(record, &row->key, IPPROTO_AH))
		set_count(value, (uint64_t)row->key.sport << 16 | row->key.dport);
}

static void get_gre_flags(struct record *record, const struct row *row, struct value *value)
{
	if (is_flow_of(record, &row->key, IPPROTO_GRE))
		set_count(value, row->key.dport);
}

static void get_gre_inner(struct record *record, const struct row *row, struct value *value)
{
	if (is_flow_of(record, &row->key, IPPROTO_GRE))
		set_text(value, flow_gre_text(row->key.sport, record->scratch, FLOW_TEXT_MAX));
}

static void get_arp_op(struct record *record, const struct row *row, struct value *value)
{
	if (!record->is_sum && row->key.ethertype == ETH_P_ARP)
		set_text(value, flow_arp_text(row->key.sport, record->scratch, FLOW_TEXT_MAX));
}

static void get_ospf_type(struct record *record, const struct row *row, struct value *value)
{
	if (is_flow_of(record, &row->key, IPPROTO_OSPF))
		set_text(value, flow_ospf_text(row->key.sport, record->scratch, FLOW_TEXT_MAX));
}

static void get_ospf_version(struct record *record, const struct row *row, struct value *value)
{
	if (is_flow_of(record, &row->key, IPPROTO_OSPF))
		set_count(value, row->key.dport);
}

/* IP protocol of a sum of one class of flows; -1: it is of no single one. */
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

static void get_ip_proto(struct record *record, const struct row *row, struct value *value)
{
	if (!record->is_sum) {
		if (row->key.ethertype != ETH_P_ARP)
			set_count(value, row->key.ipproto);
	} else if (record->options.context.by == GROUP_FLOW && ipproto_of_sum(&row->key) >= 0) {
		set_count(value, (uint64_t)ipproto_of_sum(&row->key));
	}
}

static void get_ethertype(struct record *record, const struct row *row, struct value *value)
{
	(void)record;
	set_count(value, row->key.ethertype);
}

/* Sums of groups, and what is beyond a limit, are of all interfaces together. */
static void get_iface(struct record *record, const struct row *row, struct value *value)
{
	unsigned int slot = flow_key_slot(&row->key);

	if (flow_key_sum(&row->key) == FLOW_SUM_REMAINDER)
		set_text(value, "");
	else if (record->options.context.by == GROUP_FLOW || !record->is_sum)
		set_text(value, slot < FLOW_IFACES_MAX ? record->iface[slot] : "");
}

static void put_time(struct record *record, int64_t wall_ns, struct value *value)
{
	/* Intervals begin at any nanosecond: a multiplicative hash spreads them. */
	struct time_text *kept = &record->time[(uint64_t)wall_ns * 0x9e3779b97f4a7c15ULL >> 56];

	if (!*kept->text || kept->wall_ns != wall_ns) {
		kept->wall_ns = wall_ns;
		format_rfc3339(wall_ns, kept->text, sizeof(kept->text));
	}
	set_text(value, kept->text);
}

static void get_first_seen(struct record *record, const struct row *row, struct value *value)
{
	put_time(record, row->first_wall_ns, value);
}

static void get_last_seen(struct record *record, const struct row *row, struct value *value)
{
	if (row->last_wall_ns)
		put_time(record, row->last_wall_ns, value);
}

static void get_reason(struct record *record, const struct row *row, struct value *value)
{
	set_text(value, flow_sum_text(&row->key, record->scratch, FLOW_TEXT_MAX));
}

/* Rows of containers and users have it only if they have neither: "kernel", "forwarded". */
static void get_comm(struct record *record, const struct row *row, struct value *value)
{
	(void)row;
	if (record->owner && (!record->is_process || NO_UNITS & BY(record->options.context.by)))
		set_untrusted(record, value, record->owner->comm);
}

static void get_exe(struct record *record, const struct row *row, struct value *value)
{
	(void)row;
	if (record->is_process)
		set_untrusted(record, value, record->owner->exe);
}

static void get_cgroup(struct record *record, const struct row *row, struct value *value)
{
	(void)row;
	if (record->is_process)
		set_untrusted(record, value, record->owner->cgroup);
}

static void get_own(struct record *record, const struct row *row, struct value *value)
{
	(void)row;
	if (record->is_process && record->owner->own)
		value->type = VALUE_TRUE;
}

static void put_host_name(struct record *record, const struct flow_key *key,
			  const uint8_t address[16], struct value *value)
{
	if (record->options.names && record->options.context.by == GROUP_FLOW &&
	    flow_key_is_ip(key) &&
	    name_cache_get(record->options.names, address, record->scratch, NAME_TEXT_MAX))
		set_text(value, record->scratch);
}

static const struct sight *sight_of(const struct record *record, const struct row *row)
{
	return sight_table_get(record->options.context.sights, row->sight);
}

/* The name that packets gave an end; it goes before one of reverse DNS. */
static bool put_site_name(const struct record *record, const struct row *row, enum sight_end end,
			  struct value *value)
{
	const struct sight *sight = sight_of(record, row);

	if (!*sight->label || sight_flow_unpack(row->sight_word).named != end)
		return false;
	set_text(value, *sight->name ? sight->name : sight->dns);
	return true;
}

static void get_src_name(struct record *record, const struct row *row, struct value *value)
{
	if (!put_site_name(record, row, SIGHT_END_SOURCE, value))
		put_host_name(record, &row->key, row->key.src, value);
}

static void get_dst_name(struct record *record, const struct row *row, struct value *value)
{
	if (!put_site_name(record, row, SIGHT_END_DESTINATION, value))
		put_host_name(record, &row->key, row->key.dst, value);
}

static void set_known(struct value *value, const char *text)
{
	if (*text)
		set_text(value, text);
}

static void get_name_from(struct record *record, const struct row *row, struct value *value)
{
	if (sight_flow_unpack(row->sight_word).named != SIGHT_END_NONE)
		set_known(value, sight_name_from(sight_of(record, row)));
}

/* The site or server of the row, without its mark. */
static void get_site(struct record *record, const struct row *row, struct value *value)
{
	const char *name = group_sight_name(record->options.context.by, &row->key,
					    record->options.context.sights);

	if (!record->is_sum)
		set_known(value, sight_unmarked(name));
}

/* Rows of sites and servers say it only where no flow named itself. */
static void get_site_from(struct record *record, const struct row *row, struct value *value)
{
	const char *name = group_sight_name(record->options.context.by, &row->key,
					    record->options.context.sights);

	if (!record->is_sum && sight_is_marked(name))
		set_text(value, "dns");
}

static void get_app_proto(struct record *record, const struct row *row, struct value *value)
{
	enum group_by by = record->options.context.by;

	if (by != GROUP_APP)
		set_known(value, application_name(sight_of(record, row)->application));
	else if (!record->is_sum)
		set_known(value, group_sight_name(by, &row->key, NULL));
}

static void get_alpn(struct record *record, const struct row *row, struct value *value)
{
	set_known(value, sight_of(record, row)->alpn);
}

static void get_tls_version(struct record *record, const struct row *row, struct value *value)
{
	set_known(value, sight_tls_name(sight_of(record, row)->tls_version));
}

static void get_ja4(struct record *record, const struct row *row, struct value *value)
{
	set_known(value, sight_of(record, row)->ja4);
}

static void get_initiator(struct record *record, const struct row *row, struct value *value)
{
	enum sight_end initiator = sight_flow_unpack(row->sight_word).initiator;

	(void)record;
	if (initiator != SIGHT_END_NONE)
		set_text(value, initiator == SIGHT_END_SOURCE ? "src" : "dst");
}

/* From end to end, wherever on the way it is seen. */
static void get_handshake_rtt(struct record *record, const struct row *row, struct value *value)
{
	const struct sight_flow flow = sight_flow_unpack(row->sight_word);

	(void)record;
	if (flow.server_rtt_us && flow.client_rtt_us)
		set_count(value, (uint64_t)flow.server_rtt_us + flow.client_rtt_us);
}

/*
 * In the order in which they are written. Those that are columns have the column's name and value
 * unless an entry has its own. A column with a `json` name that is not here comes after them.
 */
static const struct member members[] = {
	{"srcIp", COLUMNS, FLOWS | PAIRS, 0, get_src_ip},
	{"dstIp", COLUMNS, FLOWS | PAIRS, 0, get_dst_ip},
	{"ip", COLUMNS, BY(GROUP_HOST), 0, get_dst_ip},
	{"site", COLUMNS, BY(GROUP_SITE), 0, get_site},
	{"server", COLUMNS, BY(GROUP_SERVER), 0, get_site},
	{NULL, COLUMN_PROTO, PROTOS, ALL, get_proto},
	{"srcPort", COLUMNS, FLOWS | PAIRS, 0, get_src_port},
	{"dstPort", COLUMNS, FLOWS | PAIRS, 0, get_dst_port},
	{"port", COLUMNS, BY(GROUP_SERVICE), 0, get_dst_port},
	{NULL, COLUMN_BYTES, ALL, 0, NULL},
	{NULL, COLUMN_PACKETS, ALL, 0, NULL},
	{"bitrate", COLUMN_BPS, ALL, 0, NULL},
	{"bytesIn", COLUMN_BYTES_IN, GROUPED, 0, NULL},
	{"packetsIn", COLUMNS, GROUPED, 0, get_packets_in},
	{"bytesOut", COLUMN_BYTES_OUT, GROUPED, 0, NULL},
	{"packetsOut", COLUMNS, GROUPED, 0, get_packets_out},
	{NULL, COLUMN_FLOWS, GROUPED, 0, NULL},
	{"spi", COLUMNS, FLOWS, 0, get_spi},
	{"greFlags", COLUMNS, FLOWS, 0, get_gre_flags},
	{"greInner", COLUMNS, FLOWS, 0, get_gre_inner},
	{"arpOp", COLUMNS, FLOWS, 0, get_arp_op},
	{"ospfType", COLUMNS, FLOWS, 0, get_ospf_type},
	{"ospfVersion", COLUMNS, FLOWS, 0, get_ospf_version},
	{"ipProto", COLUMNS, PROTOS, 0, get_ip_proto},
	{"etherType", COLUMNS, FLOWS | PAIRS, ALL, get_ethertype},
	{NULL, COLUMN_DIR, FLOWS, 0, NULL},
	{NULL, COLUMN_IFACE, FLOWS | PAIRS | IFACES, 0, get_iface},
	{"firstSeen", COLUMNS, ALL, 0, get_first_seen},
	{"lastSeen", COLUMNS, ALL, 0, get_last_seen},
	{"reason", COLUMNS, 0, ALL, get_reason},
	{NULL, COLUMN_PID, NO_UNITS, 0, NULL},
	{"comm", COLUMN_PROCESS, ALL, 0, get_comm},
	{"exe", COLUMNS, NO_UNITS, 0, get_exe},
	{NULL, COLUMN_USER, ALL & ~BY(GROUP_CONTAINER), 0, NULL},
	{"cgroup", COLUMNS, NO_UNITS, 0, get_cgroup},
	{NULL, COLUMN_CONTAINER, ALL & ~BY(GROUP_USER), 0, NULL},
	{"own", COLUMNS, NO_UNITS, 0, get_own},
	{"srcName", COLUMNS, FLOWS | PAIRS, 0, get_src_name},
	{"dstName", COLUMNS, FLOWS | PAIRS, 0, get_dst_name},
	{"nameFrom", COLUMNS, FLOWS | PAIRS, 0, get_name_from},
	{"nameFrom", COLUMNS, BY(GROUP_SITE) | BY(GROUP_SERVER), 0, get_site_from},
	{"appProto", COLUMNS, FLOWS | PAIRS | BY(GROUP_APP), 0, get_app_proto},
	{"alpn", COLUMNS, FLOWS | PAIRS, 0, get_alpn},
	{"tlsVersion", COLUMNS, FLOWS | PAIRS, 0, get_tls_version},
	{"ja4", COLUMNS, FLOWS | PAIRS, 0, get_ja4},
	{"initiator", COLUMNS, FLOWS | PAIRS, 0, get_initiator},
	{"handshakeRttUs", COLUMNS, FLOWS | PAIRS, 0, get_handshake_rtt},
};

_Static_assert(ARRAY_SIZE(members) + COLUMNS <=
		       sizeof(((struct record *)NULL)->member) / sizeof(struct member),
	       "room for each member and column");

static void add_member(struct record *record, const struct member *member)
{
	struct member *to = &record->member[record->count];
	unsigned int by = BY(record->options.context.by);

	if (!((member->by | member->sums) & by))
		return;
	*to = *member;
	if (!to->name)
		to->name = column_info(to->column)->name;
	record->before[record->count].length =
		(uint8_t)snprintf(record->before[record->count].text,
				  sizeof(record->before[0].text), ",\"%s\":", to->name);
	record->count++;
}

/* Columns that are not in the table above. */
static void add_columns(struct record *record)
{
	for (int i = 0; i < COLUMNS; i++) {
		const struct column_info *info = column_info((enum column)i);

		if (info->json)
			add_member(record, &(struct member){info->json, info->column,
							    info->report | info->live, 0, NULL});
	}
}

int record_new(const struct record_options *options, struct record **ret_record)
{
	struct record *record = calloc(1, sizeof(*record));
	const struct ifaces *ifaces = options->context.ifaces;

	if (!record)
		return -ENOMEM;
	record->options = *options;
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		add_member(record, &members[i]);
	add_columns(record);
	for (unsigned int i = 0; ifaces && i < ifaces->count; i++)
		format_outside(ifaces->entry[i].name, record->iface[i], sizeof(record->iface[i]));
	*ret_record = record;
	return 0;
}

void record_free(struct record *record)
{
	free(record);
}

/* The row's owner; of a group of owners, the one that its key names. */
static void find_owner(struct record *record, const struct row *row)
{
	enum group_by by = record->options.context.by;
	uint32_t id =
		by == GROUP_FLOW ? row->owner : group_row_owner(by, row, group_owner_part(by));

	record->is_process = false;
	record->owner = NULL;
	if (!record->options.context.owners || id == OWNER_UNKNOWN)
		return;
	record->owner = owner_table_get(record->options.context.owners, id);
	record->is_process = owner_is_process(id);
}

/* What a column says of the row. */
static void get_column(struct record *record, const struct column_info *info, const struct row *row,
		       struct value *value)
{
	const struct column_context *context = &record->options.context;

	if (info->owner && !record->is_process)
		return;
	if (info->column == COLUMN_PID) {
		set_count(value, record->owner->pid);
	} else if (info->column == COLUMN_USER) {
		set_untrusted(record, value, record->owner->user);
	} else if (info->column == COLUMN_CONTAINER) {
		set_untrusted(record, value, record->owner->unit);
	} else if (info->known && !info->known(row)) {
		return;
	} else if (info->count) {
		set_count(value, info->count(context, row));
	} else if (info->text) {
		set_text(value, info->text(context, row, record->scratch, VALUE_MAX));
	} else if (info->real) {
		value->type = info->kind == COLUMN_PERCENT ? VALUE_PERCENT : VALUE_REAL;
		value->real = info->real(context, row);
	}
}

static struct value value_of(struct record *record, const struct member *member,
			     const struct row *row)
{
	struct value value = {.type = VALUE_ABSENT};

	if (!(member->by & BY(record->options.context.by)) && !record->is_sum)
		return value;
	if (member->get)
		member->get(record, row, &value);
	else
		get_column(record, column_info(member->column), row, &value);
	return value;
}

static void put_as(enum record_format format, const struct value *value, struct text *text)
{
	switch (value->type) {
	case VALUE_ABSENT: return;
	case VALUE_TEXT:
		if (format == RECORD_JSON)
			json_quoted(text, value->text);
		else
			csv_value(text, value->text);
		return;
	case VALUE_COUNT: text_number(text, value->count); return;
	case VALUE_REAL: text_real(text, value->real); return;
	case VALUE_PERCENT: text_decimal(text, value->real); return;
	case VALUE_TRUE: text_add(text, "true"); return;
	}
}

void record_put_head(const struct record *record, struct text *text)
{
	if (record->options.format != RECORD_CSV)
		return;
	for (size_t i = 0; i < record->count; i++) {
		if (i)
			text_put(text, ",", 1);
		text_add(text, record->member[i].name);
	}
	text_put(text, "\r\n", 2);
}

static void put_json(struct record *record, const struct row *row, struct text *text)
{
	size_t begin = text->used;

	for (size_t i = 0; i < record->count; i++) {
		const struct value value = value_of(record, &record->member[i], row);

		if (value.type == VALUE_ABSENT)
			continue;
		text_put(text, record->before[i].text, record->before[i].length);
		put_as(RECORD_JSON, &value, text);
	}
	if (text->failed)
		return;
	if (text->used == begin)
		text_put(text, "{", 1);
	else
		text->at[begin] = '{';
	text_put(text, "}", 1);
}

static void put_csv(struct record *record, const struct row *row, struct text *text)
{
	for (size_t i = 0; i < record->count; i++) {
		const struct value value = value_of(record, &record->member[i], row);

		if (i)
			text_put(text, ",", 1);
		put_as(RECORD_CSV, &value, text);
	}
	text_put(text, "\r\n", 2);
}

void record_put(struct record *record, const struct row *row, struct text *text)
{
	find_owner(record, row);
	record->is_sum = flow_key_sum(&row->key) != FLOW_SUM_NONE;
	if (record->options.format == RECORD_JSON)
		put_json(record, row, text);
	else
		put_csv(record, row, text);
}
