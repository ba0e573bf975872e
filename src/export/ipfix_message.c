/* SPDX-License-Identifier: MIT */
/*
 * Writing IPFIX messages: header, sets, templates and records. Sources: RFC 7011 (format), RFC 5477
 * (sampling), IANA's registry of IPFIX Information Elements.
 */
#include "ipfix_message.h"

#include <linux/if_ether.h>
#include <string.h>

#include "array.h"
#include "format.h"

#define VERSION		      10
#define SET_HEADER_SIZE	      4
#define SET_TEMPLATES	      2
#define SET_OPTIONS_TEMPLATES 3
#define FIRST_TEMPLATE	      256
#define LENGTH_AT	      2 /* in the header */
#define TIME_AT		      4
#define SEQUENCE_AT	      8
#define DOMAIN_AT	      12
/* Length of an element that says its length itself. */
#define VARIABLE   65535
#define FIELDS_MAX 23
/* Bit of an element that is not in IANA's registry but in an enterprise's: that of ntop. */
#define ENTERPRISE	0x8000
#define ENTERPRISE_NTOP 35632

/* Of IANA's registry. */
enum element {
	OCTET_DELTA_COUNT = 1,
	PACKET_DELTA_COUNT = 2,
	PROTOCOL_IDENTIFIER = 4,
	SOURCE_TRANSPORT_PORT = 7,
	SOURCE_IPV4_ADDRESS = 8,
	INGRESS_INTERFACE = 10,
	DESTINATION_TRANSPORT_PORT = 11,
	DESTINATION_IPV4_ADDRESS = 12,
	EGRESS_INTERFACE = 14,
	SOURCE_IPV6_ADDRESS = 27,
	DESTINATION_IPV6_ADDRESS = 28,
	ICMP_TYPE_CODE_IPV4 = 32,
	EXPORTED_OCTET_TOTAL_COUNT = 40,
	EXPORTED_MESSAGE_TOTAL_COUNT = 41,
	EXPORTED_FLOW_RECORD_TOTAL_COUNT = 42,
	FLOW_DIRECTION = 61,
	INTERFACE_NAME = 82,
	APPLICATION_DESCRIPTION = 94,
	APPLICATION_NAME = 96,
	FLOW_END_REASON = 136,
	ICMP_TYPE_CODE_IPV6 = 139,
	OBSERVATION_DOMAIN_ID = 149,
	FLOW_START_MILLISECONDS = 152,
	FLOW_END_MILLISECONDS = 153,
	IGNORED_PACKET_TOTAL_COUNT = 164,
	IGNORED_OCTET_TOTAL_COUNT = 165,
	NOT_SENT_FLOW_TOTAL_COUNT = 166,
	NOT_SENT_PACKET_TOTAL_COUNT = 167,
	NOT_SENT_OCTET_TOTAL_COUNT = 168,
	ETHERNET_TYPE = 256,
	SELECTOR_ID = 302,
	SELECTOR_ALGORITHM = 304,
	SAMPLING_PACKET_INTERVAL = 305,
	SAMPLING_PACKET_SPACE = 306,
	VIRTUAL_STATION_NAME = 350,
	LAYER2_OCTET_DELTA_COUNT = 352,
	USER_NAME = 371,
	HTTP_REQUEST_HOST = 460,
	TLS_SERVER_NAME = ENTERPRISE | 188,
};

/* selectorAlgorithm, RFC 5477: systematic count-based sampling. */
#define ALGORITHM_COUNT_BASED 1

struct field {
	uint16_t element;
	uint16_t length;
};

struct template
{
	uint16_t
		scope; /* fields at the front that say what an options record is about; 0: of flows */
	struct field field[FIELDS_MAX]; /* up to one without element */
};

/* What a record is made of, in the order of its template. */
struct value {
	uint64_t number;
	const void *octets; /* or these */
	size_t length;
};

enum template_name {
	/*
	 * Of flows; each again with names. What is not IP has addresses, too, zeros but for ARP: nfacctd
	 * leaves out records without any.
	 */
	OF_IPV4,
	OF_IPV6,
	OF_ICMPV4,
	OF_ICMPV6,
	OF_OTHER,
	FLOW_TEMPLATES,
	OF_SAMPLING = 2 * FLOW_TEMPLATES,
	OF_STATISTICS,
	OF_INTERFACE,
	TEMPLATES,
};

/* clang-format off */
#define ADDRESSES_IPV4 {SOURCE_IPV4_ADDRESS, 4}, {DESTINATION_IPV4_ADDRESS, 4}
#define ADDRESSES_IPV6 {SOURCE_IPV6_ADDRESS, 16}, {DESTINATION_IPV6_ADDRESS, 16}
#define PORTS	       {SOURCE_TRANSPORT_PORT, 2}, {DESTINATION_TRANSPORT_PORT, 2}
#define PROTOCOL       {PROTOCOL_IDENTIFIER, 1}
#define COUNTS                                                              \
	{OCTET_DELTA_COUNT, 8}, {PACKET_DELTA_COUNT, 8}, {LAYER2_OCTET_DELTA_COUNT, 8}, \
	{FLOW_START_MILLISECONDS, 8}, {FLOW_END_MILLISECONDS, 8}, {INGRESS_INTERFACE, 4}, \
	{EGRESS_INTERFACE, 4}, {FLOW_DIRECTION, 1}, {FLOW_END_REASON, 1}
#define WHAT  {APPLICATION_NAME, VARIABLE}
#define NAMES                                                               \
	WHAT, {USER_NAME, VARIABLE}, {VIRTUAL_STATION_NAME, VARIABLE},      \
	{APPLICATION_DESCRIPTION, VARIABLE}, {HTTP_REQUEST_HOST, VARIABLE}, \
	{TLS_SERVER_NAME, VARIABLE}

static const struct template templates[TEMPLATES] = {
	[OF_IPV4] = {0, {ADDRESSES_IPV4, PORTS, PROTOCOL, COUNTS}},
	[OF_IPV6] = {0, {ADDRESSES_IPV6, PORTS, PROTOCOL, COUNTS}},
	[OF_ICMPV4] = {0, {ADDRESSES_IPV4, {ICMP_TYPE_CODE_IPV4, 2}, PROTOCOL, COUNTS}},
	[OF_ICMPV6] = {0, {ADDRESSES_IPV6, {ICMP_TYPE_CODE_IPV6, 2}, PROTOCOL, COUNTS}},
	[OF_OTHER] = {0, {ADDRESSES_IPV4, PROTOCOL, {ETHERNET_TYPE, 2}, COUNTS, WHAT}},
	[FLOW_TEMPLATES + OF_IPV4] = {0, {ADDRESSES_IPV4, PORTS, PROTOCOL, COUNTS, NAMES}},
	[FLOW_TEMPLATES + OF_IPV6] = {0, {ADDRESSES_IPV6, PORTS, PROTOCOL, COUNTS, NAMES}},
	[FLOW_TEMPLATES + OF_ICMPV4] = {0, {ADDRESSES_IPV4, {ICMP_TYPE_CODE_IPV4, 2}, PROTOCOL,
					    COUNTS, NAMES}},
	[FLOW_TEMPLATES + OF_ICMPV6] = {0, {ADDRESSES_IPV6, {ICMP_TYPE_CODE_IPV6, 2}, PROTOCOL,
					    COUNTS, NAMES}},
	[FLOW_TEMPLATES + OF_OTHER] = {0, {ADDRESSES_IPV4, PROTOCOL, {ETHERNET_TYPE, 2}, COUNTS, WHAT}},
	[OF_SAMPLING] = {1, {{SELECTOR_ID, 8}, {SELECTOR_ALGORITHM, 2},
			     {SAMPLING_PACKET_INTERVAL, 4}, {SAMPLING_PACKET_SPACE, 4}}},
	[OF_STATISTICS] = {1, {{OBSERVATION_DOMAIN_ID, 4},
			       {EXPORTED_MESSAGE_TOTAL_COUNT, 8}, {EXPORTED_OCTET_TOTAL_COUNT, 8},
			       {EXPORTED_FLOW_RECORD_TOTAL_COUNT, 8},
			       {NOT_SENT_FLOW_TOTAL_COUNT, 8}, {NOT_SENT_PACKET_TOTAL_COUNT, 8},
			       {NOT_SENT_OCTET_TOTAL_COUNT, 8},
			       {IGNORED_PACKET_TOTAL_COUNT, 8}, {IGNORED_OCTET_TOTAL_COUNT, 8}}},
	[OF_INTERFACE] = {1, {{INGRESS_INTERFACE, 4}, {INTERFACE_NAME, VARIABLE}}},
};
/* clang-format on */

static uint16_t count_fields(const struct template *template)
{
	uint16_t count = 0;

	while (count < FIELDS_MAX && template->field[count].element)
		count++;
	return count;
}

/* Numbers are in network byte order. */
static void set_number(uint8_t *at, uint64_t number, size_t length)
{
	while (length--) {
		at[length] = (uint8_t)number;
		number >>= 8;
	}
}

static void put_number(struct ipfix_message *message, uint64_t number, size_t length)
{
	set_number(message->at + message->size, number, length);
	message->size += length;
}

static void put_octets(struct ipfix_message *message, const void *octets, size_t length)
{
	if (length)
		memcpy(message->at + message->size, octets, length);
	message->size += length;
}

static void close_set(struct ipfix_message *message)
{
	if (message->set)
		set_number(message->at + message->set + LENGTH_AT, message->size - message->set, 2);
	message->set = 0;
}

/* Makes room for so many bytes in a set of that kind; false, and nothing changed, without room. */
static bool open_set(struct ipfix_message *message, uint16_t set_id, size_t size)
{
	bool is_new = !message->set || message->set_id != set_id;

	if (message->size + (is_new ? SET_HEADER_SIZE : 0) + size > IPFIX_MESSAGE_MAX)
		return false;
	if (!is_new)
		return true;
	close_set(message);
	message->set = message->size;
	message->set_id = set_id;
	put_number(message, set_id, 2);
	put_number(message, 0, 2); /* its length, when it is closed */
	return true;
}

void ipfix_message_begin(struct ipfix_message *message, uint32_t domain)
{
	message->size = 0;
	message->set = 0;
	message->records = message->flows = 0;
	message->counts = (struct flow_counts){0};
	put_number(message, VERSION, 2);
	put_number(message, 0, 2);
	put_number(message, 0, 4);
	put_number(message, 0, 4);
	put_number(message, domain, 4);
}

void ipfix_message_end(struct ipfix_message *message)
{
	close_set(message);
	set_number(message->at + LENGTH_AT, message->size, 2);
}

void ipfix_message_stamp(uint8_t *message, uint32_t sequence, uint32_t time_s)
{
	set_number(message + TIME_AT, time_s, 4);
	set_number(message + SEQUENCE_AT, sequence, 4);
}

static size_t field_size(uint16_t element)
{
	return element & ENTERPRISE ? 8 : 4;
}

static size_t template_size(const struct template *template, uint16_t count)
{
	size_t size = template->scope ? 6 : 4;

	for (uint16_t i = 0; i < count; i++)
		size += field_size(template->field[i].element);
	return size;
}

static bool put_template(struct ipfix_message *message, enum template_name name)
{
	const struct template *template = &templates[name];
	uint16_t count = count_fields(template);
	size_t size = template_size(template, count);

	/* nfacctd 1.7.7 takes two options templates in one set for a broken one. */
	if (template->scope)
		close_set(message);
	if (!open_set(message, template->scope ? SET_OPTIONS_TEMPLATES : SET_TEMPLATES, size))
		return false;
	put_number(message, FIRST_TEMPLATE + name, 2);
	put_number(message, count, 2);
	if (template->scope)
		put_number(message, template->scope, 2);
	for (uint16_t i = 0; i < count; i++) {
		put_number(message, template->field[i].element, 2);
		put_number(message, template->field[i].length, 2);
		if (template->field[i].element & ENTERPRISE)
			put_number(message, ENTERPRISE_NTOP, 4);
	}
	return true;
}

bool ipfix_message_add_templates(struct ipfix_message *message, bool more)
{
	const struct ipfix_message before = *message;
	int first = more ? FLOW_TEMPLATES : 0;
	bool fits = true;

	for (int i = 0; fits && i < FLOW_TEMPLATES; i++)
		fits = put_template(message, (enum template_name)(first + i));
	for (int i = OF_SAMPLING; fits && i < TEMPLATES; i++)
		fits = put_template(message, (enum template_name)i);
	if (!fits)
		*message = before;
	return fits;
}

/* Of at most IPFIX_TEXT_MAX bytes, so that one byte says how many. */
static size_t value_size(const struct field *field, const struct value *value)
{
	return field->length == VARIABLE ? 1 + value->length : field->length;
}

static bool put_record(struct ipfix_message *message, enum template_name name,
		       const struct value *values)
{
	const struct template *template = &templates[name];
	uint16_t count = count_fields(template);
	size_t size = 0;

	for (uint16_t i = 0; i < count; i++)
		size += value_size(&template->field[i], &values[i]);
	if (!open_set(message, (uint16_t)(FIRST_TEMPLATE + name), size))
		return false;
	for (uint16_t i = 0; i < count; i++) {
		if (template->field[i].length == VARIABLE)
			put_number(message, values[i].length, 1);
		if (values[i].octets)
			put_octets(message, values[i].octets, values[i].length);
		else if (template->field[i].length != VARIABLE)
			put_number(message, values[i].number, template->field[i].length);
	}
	message->records++;
	return true;
}

static struct value number_value(uint64_t number)
{
	return (struct value){.number = number};
}

static struct value octets_value(const void *octets, size_t length)
{
	return (struct value){.octets = octets, .length = length};
}

/* Text from outside as valid UTF-8 without control characters, in `safe`. */
static struct value text_value(const char *text, char safe[IPFIX_TEXT_MAX + 1])
{
	format_outside(text, safe, IPFIX_TEXT_MAX + 1);
	return octets_value(safe, strlen(safe));
}

static enum template_name flow_template(const struct flow_key *key)
{
	bool ipv6 = key->ethertype == ETH_P_IPV6;

	if (!flow_key_is_ip(key))
		return OF_OTHER;
	if (flow_key_numbers(key) == FLOW_NUMBERS_ICMP)
		return ipv6 ? OF_ICMPV6 : OF_ICMPV4;
	return ipv6 ? OF_IPV6 : OF_IPV4;
}

struct flow_texts {
	char application[IPFIX_TEXT_MAX + 1];
	char process[IPFIX_TEXT_MAX + 1];
	char user[IPFIX_TEXT_MAX + 1];
	char station[IPFIX_TEXT_MAX + 1];
};

/* What a sum holds, or which application packets showed. */
static struct value application_value(const struct ipfix_flow *flow, struct flow_texts *texts)
{
	char sum[FLOW_TEXT_MAX];

	if (flow->what)
		return text_value(flow->what, texts->application);
	if (flow_key_sum(&flow->key) != FLOW_SUM_NONE)
		return text_value(flow_sum_text(&flow->key, sum, sizeof(sum)), texts->application);
	if (!flow_key_is_ip(&flow->key))
		return text_value(flow_proto_name(&flow->key), texts->application);
	return text_value(flow->sight ? application_name(flow->sight->application) : "",
			  texts->application);
}

/* The name that the flow itself gave its server, by HTTP or by TLS and QUIC. Its texts were checked. */
static struct value server_value(const struct ipfix_flow *flow, bool http)
{
	const struct sight *sight = flow->sight;

	if (!sight || (sight->application == APPLICATION_HTTP) != http)
		return octets_value("", 0);
	return octets_value(sight->name, strnlen(sight->name, IPFIX_TEXT_MAX));
}

/* Only ports are ports; SPI and the like have no element here. */
static uint64_t port_of(const struct flow_key *key, uint16_t port)
{
	return flow_key_has_ports(key) ? port : 0;
}

static uint64_t milliseconds(int64_t wall_ns)
{
	return wall_ns > 0 ? (uint64_t)wall_ns / 1000000 : 0;
}

static struct value flow_value(const struct ipfix_flow *flow, enum element element,
			       struct flow_texts *texts)
{
	const struct flow_key *key = &flow->key;
	bool in = flow_key_dir(key) == FLOW_IN;

	switch (element) {
	case SOURCE_IPV4_ADDRESS: return octets_value(key->src + 12, 4);
	case DESTINATION_IPV4_ADDRESS: return octets_value(key->dst + 12, 4);
	case SOURCE_IPV6_ADDRESS: return octets_value(key->src, 16);
	case DESTINATION_IPV6_ADDRESS: return octets_value(key->dst, 16);
	case SOURCE_TRANSPORT_PORT: return number_value(port_of(key, key->sport));
	case DESTINATION_TRANSPORT_PORT: return number_value(port_of(key, key->dport));
	case ICMP_TYPE_CODE_IPV4:
	case ICMP_TYPE_CODE_IPV6: return number_value((uint64_t)key->sport << 8 | key->dport);
	case PROTOCOL_IDENTIFIER:
		return number_value(flow_key_is_ip(key) ? key->ipproto : FLOW_PROTO_NONE);
	case ETHERNET_TYPE: return number_value(key->ethertype);
	case OCTET_DELTA_COUNT: return number_value(flow->octets);
	case PACKET_DELTA_COUNT: return number_value(flow->counts.packets);
	case LAYER2_OCTET_DELTA_COUNT: return number_value(flow->counts.bytes);
	case FLOW_START_MILLISECONDS: return number_value(milliseconds(flow->start_wall_ns));
	case FLOW_END_MILLISECONDS: return number_value(milliseconds(flow->end_wall_ns));
	case INGRESS_INTERFACE: return number_value(in ? flow->ifindex : 0);
	case EGRESS_INTERFACE: return number_value(in ? 0 : flow->ifindex);
	case FLOW_DIRECTION: return number_value(in ? 0 : 1);
	case FLOW_END_REASON: return number_value(flow->reason);
	case APPLICATION_NAME: return application_value(flow, texts);
	case APPLICATION_DESCRIPTION:
		return text_value(flow->owner ? flow->owner->comm : "", texts->process);
	case HTTP_REQUEST_HOST: return server_value(flow, true);
	case TLS_SERVER_NAME: return server_value(flow, false);
	case USER_NAME: return text_value(flow->owner ? flow->owner->user : "", texts->user);
	case VIRTUAL_STATION_NAME:
		return text_value(flow->owner ? flow->owner->unit : "", texts->station);
	default: return number_value(0);
	}
}

bool ipfix_message_add_flow(struct ipfix_message *message, const struct ipfix_flow *flow, bool more)
{
	enum template_name name = flow_template(&flow->key);
	struct value values[FIELDS_MAX];
	struct flow_texts texts;
	const struct field *field;

	if (more)
		name += FLOW_TEMPLATES;
	field = templates[name].field;
	for (size_t i = 0; i < FIELDS_MAX && field[i].element; i++)
		values[i] = flow_value(flow, (enum element)field[i].element, &texts);
	if (!put_record(message, name, values))
		return false;
	message->flows++;
	flow_counts_add(&message->counts, &flow->counts);
	return true;
}

bool ipfix_message_add_sampling(struct ipfix_message *message)
{
	const struct value values[] = {
		number_value(1), number_value(ALGORITHM_COUNT_BASED),
		number_value(1), /* packets that are taken, */
		number_value(0), /* and left out after these */
	};

	return put_record(message, OF_SAMPLING, values);
}

bool ipfix_message_add_statistics(struct ipfix_message *message, uint32_t domain,
				  const struct ipfix_statistics *statistics)
{
	const struct value values[] = {
		number_value(domain),
		number_value(statistics->messages),
		number_value(statistics->octets),
		number_value(statistics->records),
		number_value(statistics->lost_records),
		number_value(statistics->lost_packets),
		number_value(statistics->lost_octets),
		number_value(statistics->ignored_packets),
		number_value(statistics->ignored_octets),
	};

	return put_record(message, OF_STATISTICS, values);
}

bool ipfix_message_add_interface(struct ipfix_message *message, uint32_t ifindex, const char *name)
{
	char safe[IPFIX_TEXT_MAX + 1];
	const struct value values[] = {number_value(ifindex), text_value(name, safe)};

	return put_record(message, OF_INTERFACE, values);
}
