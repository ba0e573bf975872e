/* SPDX-License-Identifier: MIT */
/* keys.h: no key means two things, and the man page knows every one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "draw.h"
#include "keys.h"
#include "view.h"

static void test_each_key_once(void **state)
{
	size_t count;
	const struct key_binding *key = keys_table(&count);

	for (size_t i = 0; i < count; i++) {
		/* What has no name of its own is named by the entry before. */
		assert_true(key[i].keys || (i && key[i].code[0]));
		assert_int_equal(key[i].keys != NULL, key[i].help != NULL);
		for (int j = 0; j < KEYS_CODES_MAX && key[i].code[j]; j++)
			assert_int_equal(keys_action(key[i].code[j]), key[i].action);
	}
	assert_int_equal(keys_action('\1'), ACTION_NONE);
}

/* Nothing of the help page is cut, in one column or two. */
static void expect_help(int width)
{
	struct layout layout = {.width = width, .height = 90, .keys_y = 89};
	struct view *view = NULL;
	struct scene scene = {.glyphs = &glyphs_utf8};
	struct frame frame = {0};
	size_t count;
	const struct key_binding *key = keys_table(&count);

	assert_int_equal(view_new(COLUMN_BPS, &view), 0);
	scene.view = view;
	assert_int_equal(frame_init(&frame, width, layout.height), 0);
	draw_help(&frame, &layout, &scene);
	for (size_t i = 0; i < count; i++) {
		bool found = !key[i].keys;

		for (int at = 0; !found && at < frame.width * frame.height; at++) {
			size_t j = 0;

			while (key[i].help[j] && at + (int)j < frame.width * frame.height &&
			       frame.cell[at + (int)j].text[0] == key[i].help[j])
				j++;
			found = !key[i].help[j];
		}
		if (!found)
			fail_msg("the help page cuts \"%s\"", key[i].help);
	}
	frame_done(&frame);
	view_free(view);
}

static void test_help_fits(void **state)
{
	expect_help(40);
	expect_help(80);
	expect_help(120);
}

/* The part of the man page on keys, without what roff needs. */
static char *read_man_keys(void)
{
	const char *source = getenv("PKTSTAT_SOURCE_DIR");
	char path[4096], *text = NULL, *begin, *end;
	size_t size = 0, length = 0;
	FILE *in;

	snprintf(path, sizeof(path), "%s/man/pktstat-bpf.8", source ? source : ".");
	in = fopen(path, "re");
	assert_non_null(in);
	assert_true(getdelim(&text, &size, '\0', in) > 0);
	fclose(in);
	begin = strstr(text, ".SS Keys\n");
	assert_non_null(begin);
	end = strstr(begin, ".SS Filter");
	assert_non_null(end);
	*end = '\0';
	for (char *at = begin; *at; at++) {
		if (*at != '\\')
			text[length++] = *at;
	}
	text[length] = '\0';
	return text;
}

/* "^B" is "Ctrl-B" there. Names stand between blanks or line ends. */
static bool names_key(const char *text, const char *key, size_t length)
{
	char wanted[40], bare[32];

	if (length == 2 && key[0] == '^')
		snprintf(bare, sizeof(bare), "Ctrl-%c", key[1]);
	else
		snprintf(bare, sizeof(bare), "%.*s", (int)length, key);
	snprintf(wanted, sizeof(wanted), " %s ", bare);
	if (strstr(text, wanted))
		return true;
	snprintf(wanted, sizeof(wanted), " %s\n", bare);
	return strstr(text, wanted) != NULL;
}

static void test_man_page(void **state)
{
	char *text = read_man_keys();
	size_t count;
	const struct key_binding *key = keys_table(&count);

	for (size_t i = 0; i < count; i++) {
		const char *at = key[i].keys ?: "";

		while (*at) {
			size_t length = strcspn(at, " ");

			if (!names_key(text, at, length))
				fail_msg("the man page lacks the key %.*s", (int)length, at);
			at += length + strspn(at + length, " ");
		}
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_key_once),
		cmocka_unit_test(test_help_fits),
		cmocka_unit_test(test_man_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
