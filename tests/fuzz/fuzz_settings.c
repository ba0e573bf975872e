/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer target for the settings file: any text is read or its wrong line named, nothing is
 * changed by a wrong one, and what was read and written is read as the same.
 */
#include "fuzz.h"
#include "settings.h"

static void check_written(const struct settings *settings)
{
	char text[SETTINGS_FILE_MAX];
	struct settings again = {.sort = COLUMN_BPS};
	unsigned int line;

	settings_text(settings, text, sizeof(text));
	check(settings_parse(text, &again, &line) == 0);
	check(again.sort == settings->sort && again.by == settings->by &&
	      again.unit == settings->unit && again.names == settings->names);
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
		check(memcmp(&before, &settings, sizeof(settings)) == 0);
		return 0;
	}
	check_written(&settings);
	return 0;
}
