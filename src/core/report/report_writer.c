/* SPDX-License-Identifier: MIT */
/*
 * JSON objects (RFC 8259), a row at a time; see report_writer.h. A value becomes JSON when it is set,
 * and the row is put together in the order of its members.
 */
#include "report_writer.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"

#define JSON_BUFFER_SIZE 65536
/* Longest text from outside: a path, made safe. */
#define REPORT_OUTSIDE_MAX 4096
/* Values of a row as JSON: a few paths, of which each byte may be escaped, and many short ones. */
#define ROW_SIZE 65536
#define NUMBER_SIZE 32

/* A member's value in the row under construction. */
struct value {
	uint32_t begin, length; /* in the row's text */
};

/* Interval times are few and repeat in many rows, so the last ones written are kept. */
#define TIMES_KEPT 256

struct time_text {
	int64_t wall_ns;
	char text[FORMAT_TEXT_MAX];
};

struct report_writer {
	struct report_field fields[REPORT_FIELDS_MAX];
	size_t count;
	size_t fixed;			     /* of these, behind which columns come, */
	enum column column[REPORT_FIELDS_MAX]; /* that one */
	bool any; /* row written */
	/* The row under construction: which members it has, and their values as JSON. */
	bool has[REPORT_FIELDS_MAX];
	struct value value[REPORT_FIELDS_MAX];
	size_t row_used;
	char row[ROW_SIZE];
	struct time_text time[TIMES_KEPT];
	char iface[FLOW_IFACES_MAX][FORMAT_TEXT_MAX];
	FILE *out;
	size_t used;
	char text[JSON_BUFFER_SIZE];
};

static void add_columns(struct report_writer *writer, enum group_by by)
{
	for (int i = 0; i < COLUMNS && writer->count < REPORT_FIELDS_MAX; i++) {
		const struct column_info *info = column_info((enum column)i);

		if (!info->json || !(info->report & 1U << by))
			continue;
		writer->column[writer->count] = info->column;
		writer->fields[writer->count++] = (struct report_field){
			info->json, info->count ? REPORT_INTEGER : REPORT_REAL, ~0U, 0};
	}
}

int report_writer_new(const struct report *report, const struct report_field *fields, size_t count,
		      FILE *out, struct report_writer **ret_writer)
{
	struct report_writer *writer = calloc(1, sizeof(*writer));

	if (!writer)
		return -ENOMEM;
	memcpy(writer->fields, fields, count * sizeof(*fields));
	writer->count = writer->fixed = count;
	add_columns(writer, report->by);
	writer->out = out;
	for (unsigned int i = 0; report->ifaces && i < report->ifaces->count; i++)
		format_outside(report->ifaces->entry[i].name, writer->iface[i],
			       sizeof(writer->iface[i]));
	*ret_writer = writer;
	return 0;
}

void report_writer_free(struct report_writer *writer)
{
	free(writer);
}

static int flush(struct report_writer *writer)
{
	size_t used = writer->used;

	writer->used = 0;
	if (fwrite(writer->text, 1, used, writer->out) != used)
		return errno ? -errno : -EIO;
	return 0;
}

/* A row and what is around it fit the buffer. */
static int put(struct report_writer *writer, const char *text, size_t length)
{
	if (length > sizeof(writer->text) - writer->used) {
		int err = flush(writer);

		if (err)
			return err;
	}
	memcpy(writer->text + writer->used, text, length);
	writer->used += length;
	return 0;
}

int report_writer_begin(struct report_writer *writer, unsigned int kind, unsigned int variant)
{
	errno = 0;
	writer->row_used = 0;
	for (size_t i = 0; i < writer->count; i++) {
		const struct report_field *field = &writer->fields[i];

		writer->has[i] = field->kinds & 1U << kind &&
				 (!field->variants || field->variants & 1U << variant);
		writer->value[i].length = 0;
	}
	return writer->any ? put(writer, ",\n", 2) : put(writer, "[\n", 2);
}

/* Where the value of a member is to be written, `room` bytes of it; NULL: the row has none. */
static char *value_begin(struct report_writer *writer, unsigned int field, size_t room)
{
	if (!writer->has[field] || room > sizeof(writer->row) - writer->row_used)
		return NULL;
	writer->value[field].begin = (uint32_t)writer->row_used;
	return writer->row + writer->row_used;
}

static void value_end(struct report_writer *writer, unsigned int field, const char *end)
{
	size_t used = (size_t)(end - writer->row);

	writer->value[field].length = (uint32_t)(used - writer->row_used);
	writer->row_used = used;
}

/* Valid UTF-8 in quotes; returns the end. Writes at most 6 bytes a byte, and two. */
static char *put_quoted(char *to, const char *text)
{
	static const char hex[] = "0123456789abcdef";

	*to++ = '"';
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte < ' ') {
			memcpy(to, "\\u00", 4);
			to[4] = hex[byte >> 4];
			to[5] = hex[byte & 15];
			to += 6;
			continue;
		}
		if (byte == '"' || byte == '\\')
			*to++ = '\\';
		*to++ = *text;
	}
	*to++ = '"';
	return to;
}

void report_writer_text(struct report_writer *writer, unsigned int field, const char *text)
{
	char *to;

	if (!writer->has[field])
		return;
	to = value_begin(writer, field, 6 * strlen(text) + 2);
	if (to)
		value_end(writer, field, put_quoted(to, text));
}

void report_writer_outside(struct report_writer *writer, unsigned int field, const char *text)
{
	char safe[REPORT_OUTSIDE_MAX];

	if (writer->has[field])
		report_writer_text(writer, field, format_outside(text, safe, sizeof(safe)));
}

/* Decimal digits, at least `digits` of them; returns the end. */
static char *put_digits(char *to, uint64_t number, unsigned int digits)
{
	char text[NUMBER_SIZE], *at = text + sizeof(text);

	for (; number || digits; number /= 10) {
		*--at = (char)('0' + number % 10);
		digits -= digits > 0;
	}
	memcpy(to, at, (size_t)(text + sizeof(text) - at));
	return to + (text + sizeof(text) - at);
}

void report_writer_number(struct report_writer *writer, unsigned int field, uint64_t number)
{
	char *to = value_begin(writer, field, NUMBER_SIZE);

	if (to)
		value_end(writer, field, put_digits(to, number, 1));
}

/*
 * A number as readers expect a real one: always with a fraction or an exponent. Rates between 0.001
 * and 10^12 have six decimals at most, without zeros at the end; printf() takes ten times as long.
 */
static char *put_real(char *to, double number)
{
	const uint64_t scale = 1000000;
	uint64_t scaled, fraction;
	unsigned int digits = 6;

	if (!(number >= 1e-3 && number < 1e12)) {
		snprintf(to, NUMBER_SIZE, "%.15g", isfinite(number) ? number : 0);
		if (!strpbrk(to, ".e"))
			memcpy(to + strlen(to), ".0", sizeof(".0"));
		return to + strlen(to);
	}
	scaled = (uint64_t)(number * (double)scale + 0.5);
	to = put_digits(to, scaled / scale, 1);
	fraction = scaled % scale;
	for (; digits > 1 && fraction % 10 == 0; digits--)
		fraction /= 10;
	*to++ = '.';
	return put_digits(to, fraction, digits);
}

void report_writer_real(struct report_writer *writer, unsigned int field, double number)
{
	char *to = value_begin(writer, field, NUMBER_SIZE);

	if (to)
		value_end(writer, field, put_real(to, number));
}

void report_writer_time(struct report_writer *writer, unsigned int field, int64_t wall_ns)
{
	/* Intervals begin at any nanosecond: a multiplicative hash spreads them. */
	size_t at = (uint64_t)wall_ns * 0x9e3779b97f4a7c15ULL >> 56;
	struct time_text *kept = &writer->time[at];

	if (!*kept->text || kept->wall_ns != wall_ns) {
		kept->wall_ns = wall_ns;
		format_rfc3339(wall_ns, kept->text, sizeof(kept->text));
	}
	report_writer_text(writer, field, kept->text);
}

void report_writer_iface(struct report_writer *writer, unsigned int field, unsigned int slot)
{
	report_writer_text(writer, field, slot < FLOW_IFACES_MAX ? writer->iface[slot] : "");
}

/* The name of a member and its value behind `comma`. */
static int put_member(struct report_writer *writer, size_t field, const char *comma)
{
	static const char *const empty[] = {
		[REPORT_TEXT] = "\"\"",
		[REPORT_INTEGER] = "0",
		[REPORT_REAL] = "0.0",
		[REPORT_TRUE] = "true",
	};
	enum report_type type = writer->fields[field].type;
	const struct value *value = &writer->value[field];
	const char *name = writer->fields[field].name;
	int err = put(writer, comma, 1);

	if (!err)
		err = put(writer, "\"", 1);
	if (!err)
		err = put(writer, name, strlen(name));
	if (!err)
		err = put(writer, "\":", 2);
	if (err)
		return err;
	if (value->length)
		return put(writer, writer->row + value->begin, value->length);
	return put(writer, empty[type], strlen(empty[type]));
}

void report_writer_columns(struct report_writer *writer, const struct report_rows *rows, size_t i)
{
	struct column_context context;
	struct row row;

	if (writer->count == writer->fixed)
		return;
	context = rows_context(&rows->rows);
	row = rows_get(&rows->rows, rows->rows.item[i].index);
	for (unsigned int field = (unsigned int)writer->fixed; field < writer->count; field++) {
		const struct column_info *info = column_info(writer->column[field]);

		if (info->count)
			report_writer_number(writer, field, info->count(&context, &row));
		else
			report_writer_real(writer, field, info->real(&context, &row));
	}
}

int report_writer_end(struct report_writer *writer)
{
	const char *comma = "{";
	int err = 0;

	writer->any = true;
	errno = 0;
	for (size_t i = 0; !err && i < writer->count; i++) {
		if (!writer->has[i])
			continue;
		err = put_member(writer, i, comma);
		comma = ",";
	}
	return err ? err : put(writer, "}", 1);
}

int report_writer_finish(struct report_writer *writer)
{
	const char *end = writer->any ? "\n]\n" : "[]\n";
	int err;

	errno = 0;
	err = put(writer, end, strlen(end));
	if (!err)
		err = flush(writer);
	if (!err && fflush(writer->out) == EOF)
		err = errno ? -errno : -EIO;
	return err;
}
