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
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "settings.h"

static void test_round_trip(void **state)
{
	struct settings saved = {COLUMN_PACKETS, true, GROUP_PROCESS, 2, true, true, true, true};
	struct settings read = {0};
	char text[SETTINGS_FILE_MAX];
	unsigned int line;

	settings_text(&saved, text, sizeof(text));
	assert_int_equal(settings_parse(text, &read, &line), 0);
	assert_int_equal(read.sort, saved.sort);
	assert_int_equal(read.by, saved.by);
	assert_int_equal(read.unit, saved.unit);
	assert_true(read.reverse && read.totals && read.names && read.hosts && read.sites);
}

/* Each order that a view can have comes back, not only those of --sort. */
static void test_orders(void **state)
{
	for (int i = 0; i < COLUMNS; i++) {
		struct settings saved = {.sort = (enum column)i}, read = {0};
		char text[SETTINGS_FILE_MAX];
		unsigned int line;

		settings_text(&saved, text, sizeof(text));
		assert_int_equal(settings_parse(text, &read, &line), 0);
		assert_int_equal(read.sort,
				 column_orders_view(saved.sort) ? saved.sort : COLUMN_BPS);
	}
	assert_true(column_orders_view(COLUMN_IN) && column_orders_view(COLUMN_AVERAGE_10S));
	assert_false(column_orders_view(COLUMN_HISTORY));
}

static void test_some_lines(void **state)
{
	struct settings read = {COLUMN_BPS, false, GROUP_HOST, 1, false, false, false, false};
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
	struct settings read = {COLUMN_BPS, false, GROUP_HOST, 1, false, false, false, false};
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
	struct settings saved = {COLUMN_BYTES, false, GROUP_USER, 1, false, true, false, false};
	struct settings read = {0};
	char directory[] = "/tmp/test_settings.XXXXXX", path[256], command_free[512];
	char where[SETTINGS_PATH_MAX];
	unsigned int line;

	assert_non_null(mkdtemp(directory));
	setenv("XDG_CONFIG_HOME", directory, 1);
	assert_int_equal(settings_path(path, sizeof(path)), 0);
	assert_int_equal(settings_load(path, &read, &line), -ENOENT);
	assert_int_equal(settings_save(path, &saved, where), 0);
	assert_int_equal(settings_load(path, &read, &line), 0);
	assert_int_equal(read.sort, COLUMN_BYTES);
	assert_int_equal(read.by, GROUP_USER);
	assert_int_equal(settings_save("/proc/nosuch/a/settings", &saved, where), -ENOENT);
	assert_string_equal(where, "/proc/nosuch");
	assert_int_equal(settings_save("/proc/settings", &saved, where), -ENOENT);
	assert_string_equal(where, "/proc");
	assert_int_equal(settings_save("/proc/version/a/settings", &saved, where), -ENOTDIR);
	assert_string_equal(where, "/proc/version");
	unlink(path);
	snprintf(command_free, sizeof(command_free), "%s/pktstat-bpf", directory);
	assert_int_equal(rmdir(command_free), 0);
	assert_int_equal(rmdir(directory), 0);
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("HOME");
	assert_int_equal(settings_path(path, sizeof(path)), -ENOENT);
	assert_int_equal(settings_path(path, 1), -ENOENT);
}

/* A link stays a link, even with a missing target; permissions stay. */
static void test_link(void **state)
{
	struct settings saved = {COLUMN_BYTES, false, GROUP_USER, 1, false, true, false, false},
			read = {0};
	char directory[] = "/tmp/test_settings.XXXXXX", link[64], other[64], target[64];
	char where[SETTINGS_PATH_MAX];
	struct stat status;
	unsigned int line;

	assert_non_null(mkdtemp(directory));
	snprintf(link, sizeof(link), "%s/settings", directory);
	snprintf(other, sizeof(other), "%s/other", directory);
	snprintf(target, sizeof(target), "%s/dotfiles", directory);
	assert_int_equal(symlink("other", link), 0);
	assert_int_equal(symlink(target, other), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(settings_save(link, &saved, where), 0);
		assert_true(!lstat(link, &status) && S_ISLNK(status.st_mode));
		assert_true(!lstat(other, &status) && S_ISLNK(status.st_mode));
		assert_true(!lstat(target, &status) && S_ISREG(status.st_mode));
		assert_int_equal(status.st_mode & 0777, i ? 0644 : 0600);
		assert_int_equal(settings_load(target, &read, &line), 0);
		assert_int_equal(read.sort, COLUMN_BYTES);
		assert_int_equal(chmod(target, 0644), 0);
	}
	unlink(link);
	assert_int_equal(symlink("settings", link), 0);
	assert_int_equal(settings_save(link, &saved, where), -ELOOP);
	assert_string_equal(where, link);
	unlink(link);
	unlink(other);
	unlink(target);
	assert_int_equal(rmdir(directory), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),  cmocka_unit_test(test_orders),
		cmocka_unit_test(test_some_lines),
		cmocka_unit_test(test_wrong_lines), cmocka_unit_test(test_file),
		cmocka_unit_test(test_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
