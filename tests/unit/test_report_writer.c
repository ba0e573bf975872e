/* SPDX-License-Identifier: MIT */
/* JSON as the report writes it: numbers at their ends, escapes, members that were not set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "report_writer.h"

enum { TEXT, INTEGER, REAL, SET, ABSENT, FIELDS };

static const struct report_field fields[FIELDS] = {
	[TEXT] = {"text", REPORT_TEXT, 1},
	[INTEGER] = {"integer", REPORT_INTEGER, 1},
	[REAL] = {"real", REPORT_REAL, 1},
	[SET] = {"set", REPORT_TRUE, 1},
	[ABSENT] = {"absent", REPORT_TEXT, 2},
};

struct written {
	const char *text;
	uint64_t integer;
	double real;
};

/* What rows look like, to be freed. */
static char *written(const struct written *rows, size_t count)
{
	const struct report report = {0};
	struct report_writer *writer;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(report_writer_new(&report, fields, FIELDS, out, &writer), 0);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(report_writer_begin(writer, 0, 0), 0);
		report_writer_real(writer, REAL, rows[i].real);
		report_writer_text(writer, ABSENT, "nowhere");
		if (rows[i].text)
			report_writer_text(writer, TEXT, rows[i].text);
		report_writer_number(writer, INTEGER, rows[i].integer);
		assert_int_equal(report_writer_end(writer), 0);
	}
	assert_int_equal(report_writer_finish(writer), 0);
	report_writer_free(writer);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void check(const char *text, uint64_t integer, double real, const char *line)
{
	const struct written row = {.text = text, .integer = integer, .real = real};
	char expected[1024], *got = written(&row, 1);

	snprintf(expected, sizeof(expected), "[\n{%s,\"set\":true}\n]\n", line);
	assert_string_equal(got, expected);
	free(got);
}

static void test_rows(void **state)
{
	char *nothing = written(NULL, 0);

	assert_string_equal(nothing, "[]\n");
	free(nothing);
	check(NULL, 0, 0, "\"text\":\"\",\"integer\":0,\"real\":0.0");
	check("a \"b\" \\ \x01\x1f\n/ \xc3\xa9", UINT64_MAX, 1.5,
	      "\"text\":\"a \\\"b\\\" \\\\ \\u0001\\u001f\\u000a/ \xc3\xa9\","
	      "\"integer\":18446744073709551615,\"real\":1.5");
}

/* A reader gets back what was written, to six decimals or fifteen digits. */
static void test_reals(void **state)
{
	static const double numbers[] = {0.001,	  0.0009999, 1e-300,	 0.5,	      1,
					 1.000001, 999999.999999, 1e9 / 7, 999999999999.0, 1e12,
					 123456789012345678.0, 1e300};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const struct written row = {.real = numbers[i]};
		char *text = written(&row, 1);
		json_t *array = json_loads(text, 0, NULL), *real;
		double got, slack = numbers[i] * 1e-14 + (numbers[i] >= 0.001 ? 6e-7 : 0);

		assert_non_null(array);
		real = json_object_get(json_array_get(array, 0), "real");
		assert_true(json_is_real(real));
		got = json_real_value(real);
		if (got < numbers[i] - slack || got > numbers[i] + slack)
			fail_msg("%.17g became %s", numbers[i], text);
		json_decref(array);
		free(text);
	}
}

/* Rows longer than any that the program has: what does not fit is empty, and the text stays JSON. */
static void test_long_text(void **state)
{
	char *text = malloc(100001);
	struct written row[3];
	json_t *array;
	char *got;

	assert_non_null(text);
	memset(text, 1, 100000);
	text[100000] = '\0';
	row[0] = row[2] = (struct written){.text = "short", .integer = 7, .real = 1};
	row[1] = (struct written){.text = text, .integer = 8, .real = 2};
	got = written(row, 3);
	array = json_loads(got, 0, NULL);
	assert_non_null(array);
	assert_int_equal(json_array_size(array), 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(json_integer_value(json_object_get(json_array_get(array, i),
								    "integer")), i == 1 ? 8 : 7);
	json_decref(array);
	free(got);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_reals),
		cmocka_unit_test(test_long_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
