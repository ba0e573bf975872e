/* SPDX-License-Identifier: MIT */
/* settings.h: what is saved is what is read, and a wrong line is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "settings.h"

static void test_round_trip(void **state)
{
	struct settings saved = {COLUMN_PACKETS, true, GROUP_PROCESS, 2, true, true, true};
	struct settings read = {0};
	char text[SETTINGS_FILE_MAX];
	unsigned int line;

	settings_text(&saved, text, sizeof(text));
	assert_int_equal(settings_parse(text, &read, &line), 0);
	assert_int_equal(read.sort, saved.sort);
	assert_int_equal(read.by, saved.by);
	assert_int_equal(read.unit, saved.unit);
	assert_true(read.reverse && read.totals && read.names && read.hosts);
}

static void test_some_lines(void **state)
{
	struct settings read = {COLUMN_BPS, false, GROUP_HOST, 1, false, false, false};
	unsigned int line;

	assert_int_equal(
		settings_parse("\n# comment\n  sort=src # why\n\nnames =yes\r\n", &read, &line), 0);
	assert_int_equal(read.sort, COLUMN_SOURCE);
	assert_int_equal(read.by, GROUP_HOST);
	assert_true(read.names);
	assert_int_equal(settings_parse("", &read, &line), 0);
}

static void test_wrong_lines(void **state)
{
	static const char *const wrong[] = {
		"\nsort = nosuch\n", "\nnosuch = yes", "\nsort bps", "\n=",
		"\nsort = bps bps",  "\ntotals = 1",   "\nview =",   "\n\x1b[2J",
	};
	struct settings read = {COLUMN_BPS, false, GROUP_HOST, 1, false, false, false};
	char text[300];
	unsigned int line;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		line = 0;
		snprintf(text, sizeof(text), "names = yes%s", wrong[i]);
		if (settings_parse(text, &read, &line) != -EINVAL || line != 2)
			fail_msg("\"%s\": line %u", wrong[i], line);
		assert_false(read.names);
	}
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(settings_parse(text, &read, &line), -EINVAL);
}

static void test_file(void **state)
{
	struct settings saved = {COLUMN_BYTES, false, GROUP_USER, 1, false, true, false};
	struct settings read = {0};
	char directory[] = "/tmp/test_settings.XXXXXX", path[256], command_free[512];
	unsigned int line;

	assert_non_null(mkdtemp(directory));
	setenv("XDG_CONFIG_HOME", directory, 1);
	assert_int_equal(settings_path(path, sizeof(path)), 0);
	assert_int_equal(settings_load(path, &read, &line), -ENOENT);
	assert_int_equal(settings_save(path, &saved), 0);
	assert_int_equal(settings_load(path, &read, &line), 0);
	assert_int_equal(read.sort, COLUMN_BYTES);
	assert_int_equal(read.by, GROUP_USER);
	assert_int_equal(settings_save("/proc/nosuch/settings", &saved), -ENOENT);
	unlink(path);
	snprintf(command_free, sizeof(command_free), "%s/pktstat-bpf", directory);
	assert_int_equal(rmdir(command_free), 0);
	assert_int_equal(rmdir(directory), 0);
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("HOME");
	assert_int_equal(settings_path(path, sizeof(path)), -ENOENT);
	assert_int_equal(settings_path(path, 1), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_some_lines),
		cmocka_unit_test(test_wrong_lines),
		cmocka_unit_test(test_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
