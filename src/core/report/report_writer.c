/* SPDX-License-Identifier: MIT */
/* Jansson objects to text, with a buffer between; see report_writer.h. */
#include "report_writer.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"

#define JSON_BUFFER_SIZE 65536
/* Longest text from outside: a path, made safe. */
#define REPORT_OUTSIDE_MAX 4096

/* One kind's object, made when the first row of it comes. */
struct shape {
	json_t *object;
	json_t *value[REPORT_FIELDS_MAX]; /* owned by the object */
};

/* Interval times are few and repeat in many rows, so the last ones written are kept. */
#define TIMES_KEPT 256

struct time_text {
	int64_t wall_ns;
	char text[FORMAT_TEXT_MAX];
};

struct report_writer {
	const struct report_field *fields;
	size_t count;
	struct shape shape[REPORT_KINDS_MAX][REPORT_VARIANTS];
	struct shape *row; /* of the row under construction */
	bool any;	   /* row written */
	bool failed;	   /* a value could not be set: no memory */
	struct time_text time[TIMES_KEPT];
	char iface[FLOW_IFACES_MAX][FORMAT_TEXT_MAX];
	FILE *out;
	size_t used;
	/* Jansson hands over every comma by itself; a stdio call for each would double the time. */
	char text[JSON_BUFFER_SIZE];
};

int report_writer_new(const struct report *report, const struct report_field *fields, size_t count,
		      FILE *out, struct report_writer **ret_writer)
{
	struct report_writer *writer = calloc(1, sizeof(*writer));

	if (!writer)
		return -ENOMEM;
	writer->fields = fields;
	writer->count = count;
	writer->out = out;
	for (unsigned int i = 0; report->ifaces && i < report->ifaces->count; i++)
		format_outside(report->ifaces->entry[i].name, writer->iface[i],
			       sizeof(writer->iface[i]));
	*ret_writer = writer;
	return 0;
}

void report_writer_free(struct report_writer *writer)
{
	if (!writer)
		return;
	for (size_t i = 0; i < REPORT_KINDS_MAX; i++) {
		for (size_t j = 0; j < REPORT_VARIANTS; j++)
			json_decref(writer->shape[i][j].object);
	}
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

/* Callback of json_dump_callback(), too. What is written is never larger than the buffer. */
static int put(const char *text, size_t length, void *to)
{
	struct report_writer *writer = to;
	int err = 0;

	if (length > sizeof(writer->text) - writer->used)
		err = flush(writer);
	if (err || length > sizeof(writer->text))
		return err ? err : -EMSGSIZE;
	memcpy(writer->text + writer->used, text, length);
	writer->used += length;
	return 0;
}

static json_t *empty_value(json_type type)
{
	if (type == JSON_STRING)
		return json_string("");
	if (type == JSON_TRUE)
		return json_true();
	return type == JSON_REAL ? json_real(0.0) : json_integer(0);
}

static int shape_init(const struct report_writer *writer, unsigned int kind, unsigned int variant,
		      struct shape *shape)
{
	shape->object = json_object();
	if (!shape->object)
		return -ENOMEM;
	for (size_t i = 0; i < writer->count; i++) {
		const struct report_field *field = &writer->fields[i];
		json_t *value;

		if (!(field->kinds & 1U << kind) ||
		    (field->variants && !(field->variants & 1U << variant)))
			continue;
		value = empty_value(field->type);
		/* Takes the value over, also when it fails. */
		if (json_object_set_new(shape->object, field->name, value) < 0)
			return -ENOMEM;
		shape->value[i] = value;
	}
	return 0;
}

int report_writer_begin(struct report_writer *writer, unsigned int kind, unsigned int variant)
{
	struct shape *shape = &writer->shape[kind][variant];

	errno = 0;
	writer->row = shape;
	if (!shape->object && shape_init(writer, kind, variant, shape))
		return -ENOMEM;
	return writer->any ? put(",\n", 2, writer) : put("[\n", 2, writer);
}

void report_writer_text(struct report_writer *writer, unsigned int field, const char *text)
{
	json_t *value = writer->row->value[field];

	if (value && json_string_set(value, text) < 0)
		writer->failed = true;
}

void report_writer_outside(struct report_writer *writer, unsigned int field, const char *text)
{
	char safe[REPORT_OUTSIDE_MAX];

	if (writer->row->value[field])
		report_writer_text(writer, field, format_outside(text, safe, sizeof(safe)));
}

void report_writer_number(struct report_writer *writer, unsigned int field, uint64_t number)
{
	json_t *value = writer->row->value[field];

	if (value)
		json_integer_set(value, number > INT64_MAX ? INT64_MAX : (json_int_t)number);
}

void report_writer_real(struct report_writer *writer, unsigned int field, double number)
{
	json_t *value = writer->row->value[field];

	if (value)
		json_real_set(value, number);
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

int report_writer_end(struct report_writer *writer)
{
	/* 15 digits: what a double holds of a decimal number. */
	const size_t form = JSON_COMPACT | JSON_REAL_PRECISION(15);

	writer->any = true;
	if (writer->failed)
		return -ENOMEM;
	errno = 0;
	if (json_dump_callback(writer->row->object, put, writer, form) < 0)
		return errno ? -errno : -ENOMEM;
	return 0;
}

int report_writer_finish(struct report_writer *writer)
{
	const char *end = writer->any ? "\n]\n" : "[]\n";
	int err;

	errno = 0;
	err = put(end, strlen(end), writer);
	if (!err)
		err = flush(writer);
	if (!err && fflush(writer->out) == EOF)
		err = errno ? -errno : -EIO;
	return err;
}
