/* SPDX-License-Identifier: MIT */
/*
 * Two walks over the answers: the aliases first, in whatever order they stand, then the addresses of
 * every name that they lead to. See dns_message.h.
 */
#include "dns_message.h"

#include <errno.h>
#include <string.h>

#include "octets.h"

#define HEADER_SIZE   12
#define POINTERS_MAX  32 /* in one name */
#define RECORDS_MAX   128
#define QUESTIONS_MAX 4
#define ALIASES_MAX   16 /* in a chain */

#define FLAG_RESPONSE 0x8000
#define FLAGS_OPCODE  0x7800
#define FLAG_RESERVED 0x0040
#define CLASS_IN      1
#define CLASS_MASK    0x7fff /* without the bit that mDNS uses for its own ends */

enum { TYPE_A = 1, TYPE_CNAME = 5, TYPE_AAAA = 28 };

struct dns_record {
	char name[HOST_NAME_SIZE];
	uint16_t type, class;
	uint32_t ttl_s;
	struct octets data;
};

/* Names that the one asked for leads to, itself first. */
struct alias_chain {
	unsigned int count;
	struct {
		char name[HOST_NAME_SIZE];
		uint32_t ttl_s;
	} link[ALIASES_MAX];
};

struct dns_reader {
	const uint8_t *bytes, *end;
	struct octets at;
	unsigned int questions, answers;
};

/* Appends a label and a dot. */
static bool add_label(char *text, size_t *used, const struct octets *label)
{
	size_t length = octets_left(label);

	if (*used + length + 1 > HOST_NAME_SIZE)
		return false;
	memcpy(text + *used, label->at, length);
	text[*used + length] = '.';
	*used += length + 1;
	return true;
}

/*
 * Reads a name and moves behind it. Pointers lead back, so they end; a name that is no host's is "".
 * False if it is malformed or cut short.
 */
static bool read_dns_name(const struct dns_reader *reader, struct octets *at,
			  char name[HOST_NAME_SIZE])
{
	struct octets from = *at, label;
	char text[HOST_NAME_SIZE];
	bool jumped = false;
	size_t used = 0;

	for (int pointers = 0; pointers < POINTERS_MAX;) {
		const uint8_t *begin = from.at;
		uint32_t length = octets_number(&from, 1);

		if (length >= 0xc0) {
			length = (length & 0x3f) << 8 | octets_number(&from, 1);
			if (!jumped)
				*at = from;
			if (from.cut || length >= (size_t)(begin - reader->bytes))
				return false;
			from = octets_of(reader->bytes + length,
					 (size_t)(reader->end - reader->bytes) - length);
			jumped = true;
			pointers++;
			continue;
		}
		label = octets_take(&from, length);
		if (from.cut || length > 63 || (length && !add_label(text, &used, &label)))
			return false;
		if (length)
			continue;
		if (!jumped)
			*at = from;
		host_name_copy(text, used, name);
		return true;
	}
	return false;
}

static bool read_dns_record(struct dns_reader *reader, struct dns_record *ret_record)
{
	if (!read_dns_name(reader, &reader->at, ret_record->name))
		return false;
	ret_record->type = (uint16_t)octets_number(&reader->at, 2);
	ret_record->class = octets_number(&reader->at, 2) & CLASS_MASK;
	ret_record->ttl_s = octets_number(&reader->at, 4);
	ret_record->data = octets_vector(&reader->at, 2);
	return !reader->at.cut;
}

/* Place of a name in the chain, or -1. */
static int find_link(const struct alias_chain *chain, const char *name)
{
	for (unsigned int i = 0; i < chain->count; i++) {
		if (strcmp(chain->link[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

static uint32_t shorter_ttl(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* True if the record makes the chain longer. */
static bool follow_alias(const struct dns_reader *reader, const struct dns_record *record,
			 struct alias_chain *chain)
{
	struct octets data = record->data;
	char name[HOST_NAME_SIZE];
	int from;

	if (record->type != TYPE_CNAME || record->class != CLASS_IN)
		return false;
	from = find_link(chain, record->name);
	if (from < 0 || chain->count == ALIASES_MAX || !read_dns_name(reader, &data, name) ||
	    !*name || find_link(chain, name) >= 0)
		return false;
	memcpy(chain->link[chain->count].name, name, sizeof(name));
	chain->link[chain->count++].ttl_s = shorter_ttl(chain->link[from].ttl_s, record->ttl_s);
	return true;
}

/* Until a walk finds no more: records may stand in any order. */
static void follow_aliases(const struct dns_reader *reader, struct alias_chain *chain)
{
	struct dns_record record;
	bool longer;

	do {
		struct dns_reader walk = *reader;

		longer = false;
		for (unsigned int i = 0; i < reader->answers && read_dns_record(&walk, &record);
		     i++)
			longer |= follow_alias(reader, &record, chain);
	} while (longer);
}

/* False for a record that is no address. */
static bool read_answer_address(const struct dns_record *record, uint8_t address[16])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	size_t length = octets_left(&record->data);

	if (record->class != CLASS_IN)
		return false;
	if (record->type == TYPE_AAAA && length == 16) {
		memcpy(address, record->data.at, 16);
		return true;
	}
	if (record->type != TYPE_A || length != 4)
		return false;
	memcpy(address, mapped, sizeof(mapped));
	memcpy(address + 12, record->data.at, 4);
	return true;
}

static void take_dns_address(const struct alias_chain *chain, const struct dns_record *record,
			     struct dns_message *message)
{
	struct dns_address found;
	int link = find_link(chain, record->name);

	if (link < 0 || message->addresses == DNS_ADDRESSES_MAX ||
	    !read_answer_address(record, found.address))
		return;
	found.ttl_s = shorter_ttl(chain->link[link].ttl_s, record->ttl_s);
	message->address[message->addresses++] = found;
}

/* An answer of mDNS repeats no question: it is for the name of its first address. */
static void name_by_answer(const struct dns_reader *reader, struct dns_message *message)
{
	struct dns_reader walk = *reader;
	struct dns_record record;
	uint8_t address[16];

	for (unsigned int i = 0; i < reader->answers && read_dns_record(&walk, &record); i++) {
		if (!read_answer_address(&record, address))
			continue;
		memcpy(message->name, record.name, sizeof(message->name));
		return;
	}
}

static void read_answers(struct dns_reader *reader, struct dns_message *message)
{
	struct alias_chain chain = {.count = 1};
	struct dns_record record;
	unsigned int i;

	if (!reader->questions)
		name_by_answer(reader, message);
	memcpy(chain.link[0].name, message->name, sizeof(message->name));
	chain.link[0].ttl_s = UINT32_MAX;
	if (*message->name)
		follow_aliases(reader, &chain);
	for (i = 0; i < reader->answers && read_dns_record(reader, &record); i++) {
		if (*message->name)
			take_dns_address(&chain, &record, message);
	}
}

/* The names asked for; the first one counts. */
static bool read_questions(struct dns_reader *reader, struct dns_message *message)
{
	char name[HOST_NAME_SIZE] = "";

	for (unsigned int i = 0; i < reader->questions; i++) {
		if (!read_dns_name(reader, &reader->at, i ? name : message->name))
			return false;
		octets_number(&reader->at, 2);
		if ((octets_number(&reader->at, 2) & CLASS_MASK) == 0)
			return false;
	}
	return !reader->at.cut;
}

/* Authority and additional records are only walked over, to see where the message ends. */
static bool is_whole(struct dns_reader *reader, unsigned int records)
{
	struct dns_record record;

	while (records--) {
		if (!read_dns_record(reader, &record))
			return false;
	}
	return !reader->at.cut && !octets_left(&reader->at);
}

int dns_message_read(const uint8_t *bytes, size_t length, struct dns_message *ret_message)
{
	struct dns_reader reader = {
		.bytes = bytes, .end = bytes + length, .at = octets_of(bytes, length)};
	uint32_t flags, others;

	*ret_message = (struct dns_message){0};
	octets_number(&reader.at, 2);
	flags = octets_number(&reader.at, 2);
	reader.questions = octets_number(&reader.at, 2);
	reader.answers = octets_number(&reader.at, 2);
	others = octets_number(&reader.at, 2);
	others += octets_number(&reader.at, 2);
	if (reader.at.cut || flags & (FLAGS_OPCODE | FLAG_RESERVED) ||
	    reader.questions > QUESTIONS_MAX || reader.answers + others > RECORDS_MAX)
		return -EBADMSG;
	ret_message->response = flags & FLAG_RESPONSE;
	if (ret_message->response ? !reader.questions && !reader.answers : !reader.questions)
		return -EBADMSG;
	if (!read_questions(&reader, ret_message))
		return -EBADMSG;
	if (ret_message->response)
		read_answers(&reader, ret_message);
	ret_message->whole =
		is_whole(&reader, ret_message->response ? others : reader.answers + others);
	return 0;
}
