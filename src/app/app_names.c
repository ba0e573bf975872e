/* SPDX-License-Identifier: MIT */
/* Host names: the cache and the resolver's thread, and the wait for names before the report. */
#include "app_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "options.h"
#include "resolver.h"
#include "wait.h"

/* Rows of the report whose names are waited for, and how long. */
#define REPORT_ROWS_MAX 1000
#define REPORT_WAIT_NS	2000000000ULL

bool app_wants_names(const struct app *app)
{
	return app->live || app->options->names;
}

void app_start_names(struct app *app)
{
	int err;

	if (!app_wants_names(app))
		return;
	err = name_cache_new(NAMES_MAX_DEFAULT, &app->names);
	if (!err) {
		name_cache_set_asking(app->names, app->options->names);
		err = resolver_start(app->names, app_narrow_names, app, &app->resolver);
	}
	if (!err)
		return;
	log_line("cannot look up host names, addresses stay as they are: %s", strerror(-err));
	app_free_names(app);
}

void app_free_names(struct app *app)
{
	resolver_stop(app->resolver);
	name_cache_free(app->names);
	app->resolver = NULL;
	app->names = NULL;
}

/* A report that nobody sees asks for the names of just the rows that the real one prints. */
static void ask_for_rows(const struct app *app, const struct report *report)
{
	struct report dry = *report;
	char *text = NULL;
	size_t size;
	FILE *nowhere = open_memstream(&text, &size); /* no file is opened for writing any more */

	if (!nowhere)
		return;
	if (!dry.limit || dry.limit > REPORT_ROWS_MAX)
		dry.limit = REPORT_ROWS_MAX;
	/* What fails here fails again, and is said, when it counts. */
	(void)(app->options->json ? report_json(&dry, nowhere) : report_table(&dry, nowhere));
	fclose(nowhere);
	free(text);
}

void app_await_names(struct app *app, struct report *report)
{
	uint64_t deadline_ns = clock_mono_ns() + REPORT_WAIT_NS, now_ns;

	if (!app->names || !app->options->names)
		return;
	report->names = app->names;
	name_cache_set_asking(app->names, true);
	ask_for_rows(app, report);
	while (name_cache_unanswered(app->names) && (now_ns = clock_mono_ns()) < deadline_ns) {
		struct pollfd wait = {.fd = name_cache_event_fd(app->names), .events = POLLIN};

		wait_ready(&wait, 1, (int)((deadline_ns - now_ns) / 1000000) + 1);
		name_cache_clear_event(app->names);
	}
	name_cache_set_asking(app->names, false);
}
