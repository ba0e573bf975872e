/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer target for IPFIX messages: records of any flows, owners and interfaces become messages
 * that a strict reader takes, with the packets and bytes that went in.
 *
 * Input: whether records have names; then again and again the kind of a record and what it is made of.
 */
#include "fuzz.h"
#include "ipfix_message.h"
#include "ipfix_reader.h"

#define DOMAIN 7

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct sums {
	uint64_t packets, frames, octets;
	uint32_t flows;
	bool is_flow;
};

/* Names have no byte that a terminal would act on, and no control character of Unicode. */
FUZZ_JUDGE static void judge_element(void *context, uint16_t element, const uint8_t *data,
				     size_t length)
{
	struct sums *sums = context;

	if (element == 1)
		sums->octets += ipfix_reader_number(data, length);
	if (element == 2)
		sums->packets += ipfix_reader_number(data, length);
	if (element == 352) {
		sums->frames += ipfix_reader_number(data, length);
		sums->is_flow = true;
	}
	for (size_t i = 0; (element == 96 || element == 82) && i < length; i++)
		check(data[i] >= 0x20 && data[i] != 0x7f);
}

FUZZ_JUDGE static void judge_record(void *context, uint16_t template, uint16_t scope)
{
	struct sums *sums = context;

	check(sums->is_flow == !scope && template >= 256);
	sums->flows += sums->is_flow;
	sums->is_flow = false;
}

/* Takes so many bytes of the input; zeros where there are none. */
static void draw_bytes(const uint8_t **data, size_t *size, void *to, size_t wanted)
{
	size_t length = wanted < *size ? wanted : *size;

	memset(to, 0, wanted);
	if (length)
		memcpy(to, *data, length);
	*data += length;
	*size -= length;
}

static bool add_record(struct ipfix_message *message, const uint8_t **data, size_t *size, bool more,
		       struct sums *put)
{
	struct ipfix_statistics statistics;
	struct ipfix_flow flow = {0};
	struct owner owner = {0};
	struct sight sight = {.dns = ""};
	char name[600];
	uint8_t kind;

	draw_bytes(data, size, &kind, 1);
	draw_bytes(data, size, &flow.key, sizeof(flow.key));
	draw_bytes(data, size, &statistics, sizeof(statistics));
	memset(name, 'n', sizeof(name));
	draw_bytes(data, size, name, kind);
	name[kind + (kind & 1 ? 300 : 0)] = '\0';
	owner.comm = owner.user = owner.unit = name;
	flow.counts = (struct flow_counts){statistics.messages, statistics.octets};
	flow.octets = statistics.records;
	flow.start_wall_ns = (int64_t)statistics.lost_records;
	flow.ifindex = (uint32_t)statistics.lost_octets;
	sight.name = name;
	sight.application = (enum application)(kind % APPLICATIONS);
	flow.owner = kind & 2 ? &owner : NULL;
	flow.sight = kind & 8 ? &sight : NULL;
	flow.what = kind & 4 ? name : NULL;
	if (kind % 8 == 0)
		return ipfix_message_add_interface(message, flow.ifindex, name);
	if (kind % 16 == 1)
		return ipfix_message_add_statistics(message, DOMAIN, &statistics);
	if (kind % 16 == 3)
		return ipfix_message_add_sampling(message);
	if (kind % 32 == 5)
		return ipfix_message_add_templates(message, more);
	if (!ipfix_message_add_flow(message, &flow, more))
		return false;
	put->packets += flow.counts.packets;
	put->frames += flow.counts.bytes;
	put->octets += flow.octets;
	put->flows++;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sums put = {0}, got = {0};
	struct ipfix_reader reader = {
		.element = judge_element, .record = judge_record, .context = &got};
	struct ipfix_message message;
	static struct fuzz_exact sent;
	bool more = size && data[0] & 1;

	ipfix_message_begin(&message, DOMAIN);
	check(ipfix_message_add_templates(&message, more));
	while (size && add_record(&message, &data, &size, more, &put))
		;
	ipfix_message_end(&message);
	ipfix_message_stamp(message.at, 0, 1);
	check(message.flows == put.flows);
	check(ipfix_reader_take(&reader, fuzz_copy(&sent, message.at, message.size), message.size));
	check(got.packets == put.packets && got.frames == put.frames);
	check(got.octets == put.octets && got.flows == put.flows);
	check(reader.sequence == message.records && reader.domain == DOMAIN);
	return 0;
}
