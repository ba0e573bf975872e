/* SPDX-License-Identifier: MIT */
/* Reading IPFIX; see ipfix_reader.h. Source: RFC 7011, section 3. */
#include "ipfix_reader.h"

uint64_t ipfix_reader_number(const uint8_t *data, size_t length)
{
	uint64_t number = 0;

	while (length--)
		number = number << 8 | *data++;
	return number;
}

static bool wrong(struct ipfix_reader *reader, const char *what)
{
	reader->error = what;
	return false;
}

static struct ipfix_reader_template *template_of(struct ipfix_reader *reader, uint64_t id)
{
	return id >= 256 && id < 256 + IPFIX_READER_TEMPLATES ? &reader->template[id - 256] : NULL;
}

/* The only enterprise that is expected, ntop; its elements keep their bit. */
#define ENTERPRISE 35632

static bool take_field(struct ipfix_reader *reader, const uint8_t **at, const uint8_t *end,
		       struct ipfix_reader_field *field)
{
	if (end - *at < 4)
		return wrong(reader, "field of a template cut short");
	field->element = (uint16_t)ipfix_reader_number(*at, 2);
	field->length = (uint16_t)ipfix_reader_number(*at + 2, 2);
	*at += 4;
	if (!field->element || !field->length)
		return wrong(reader, "field of a template");
	if (!(field->element & 0x8000))
		return true;
	if (end - *at < 4 || ipfix_reader_number(*at, 4) != ENTERPRISE)
		return wrong(reader, "enterprise of a field");
	*at += 4;
	return true;
}

static bool take_templates(struct ipfix_reader *reader, const uint8_t *at, const uint8_t *end,
			   bool options)
{
	size_t head = options ? 6 : 4;

	while (at < end) {
		struct ipfix_reader_template *template;
		uint64_t count;

		if ((size_t)(end - at) < head)
			return wrong(reader, "template header cut short");
		template = template_of(reader, ipfix_reader_number(at, 2));
		count = ipfix_reader_number(at + 2, 2);
		if (!template || !count || count > IPFIX_READER_FIELDS)
			return wrong(reader, "template id or number of fields");
		template->scope = options ? (uint16_t)ipfix_reader_number(at + 4, 2) : 0;
		if (options && (!template->scope || template->scope > count))
			return wrong(reader, "number of scope fields");
		template->count = (uint16_t)count;
		at += head;
		for (uint64_t i = 0; i < count; i++) {
			if (!take_field(reader, &at, end, &template->field[i]))
				return false;
		}
	}
	return true;
}

static bool take_records(struct ipfix_reader *reader, uint64_t id, const uint8_t *at,
			 const uint8_t *end)
{
	const struct ipfix_reader_template *template = template_of(reader, id);

	if (!template || !template->count)
		return wrong(reader, "record without template");
	if (at == end)
		return wrong(reader, "set without record");
	while (at < end) {
		for (uint16_t i = 0; i < template->count; i++) {
			size_t length = template->field[i].length;

			if (length == 65535) {
				if (at == end || *at == 255)
					return wrong(reader, "length of an element");
				length = *at++;
			}
			if ((size_t)(end - at) < length)
				return wrong(reader, "element cut short");
			reader->element(reader->context, template->field[i].element, at, length);
			at += length;
		}
		reader->sequence++;
		reader->record(reader->context, (uint16_t)id, template->scope);
	}
	return true;
}

static bool take_sets(struct ipfix_reader *reader, const uint8_t *at, const uint8_t *end)
{
	while (at < end) {
		uint64_t id, length;
		bool good;

		if (end - at < 4)
			return wrong(reader, "set header cut short");
		id = ipfix_reader_number(at, 2);
		length = ipfix_reader_number(at + 2, 2);
		if (length < 4 || length > (size_t)(end - at))
			return wrong(reader, "length of a set");
		if (id == 2 || id == 3)
			good = take_templates(reader, at + 4, at + length, id == 3);
		else
			good = take_records(reader, id, at + 4, at + length);
		if (!good)
			return false;
		at += length;
	}
	return true;
}

bool ipfix_reader_take(struct ipfix_reader *reader, const uint8_t *message, size_t size)
{
	if (size < 16 || size > 1400)
		return wrong(reader, "size of the message");
	if (ipfix_reader_number(message, 2) != 10)
		return wrong(reader, "version");
	if (ipfix_reader_number(message + 2, 2) != size)
		return wrong(reader, "length of the message");
	if (ipfix_reader_number(message + 8, 4) != reader->sequence)
		return wrong(reader, "sequence number");
	reader->domain = (uint32_t)ipfix_reader_number(message + 12, 4);
	return take_sets(reader, message + 16, message + size);
}
