/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer target for the settings file: any text is read or its wrong line named, nothing is
 * changed by a wrong one, and what was read and written is read as the same.
 */
#include "fuzz.h"
#include "settings.h"

static bool same(const struct settings *a, const struct settings *b)
{
	return a->sort == b->sort && a->reverse == b->reverse && a->by == b->by &&
	       a->unit == b->unit && a->totals == b->totals && a->names == b->names &&
	       a->hosts == b->hosts;
}

static void check_written(const struct settings *settings)
{
	char text[SETTINGS_FILE_MAX];
	struct settings again = {.sort = COLUMN_BPS};
	unsigned int line;

	settings_text(settings, text, sizeof(text));
	check(settings_parse(text, &again, &line) == 0);
	check(same(&again, settings));
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static struct fuzz_exact exact;
	struct settings settings = {.sort = COLUMN_BPS}, before = settings;
	const char *text;
	unsigned int line = 0;

	if (size >= SETTINGS_FILE_MAX)
		return 0;
	text = fuzz_text(&exact, data, size);
	if (settings_parse(text, &settings, &line)) {
		check(line > 0);
		check(same(&before, &settings));
		return 0;
	}
	check_written(&settings);
	return 0;
}
