/* SPDX-License-Identifier: MIT */
/*
 * What is looked up beside counting: the owners of flows, and host names. If a lookup cannot start,
 * the program says so and counts without it.
 */
#include "app_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "options.h"
#include "owners.h"
#include "resolver.h"
#include "wait.h"

/* Rows of the report that wait for host names, and how long they wait. */
#define REPORT_ROWS_MAX 1000
#define REPORT_WAIT_NS	2000000000ULL

static void say_failure(int err)
{
	log_line("cannot look up the processes of flows: %s; continuing without process names",
		 strerror(-err));
}

static void *open_owners(void *arg)
{
	struct app *app = arg;
	const struct owners_options options = {
		.ring = app->ring,
		.table = app->owner_table,
		.netns_fd = app->netns_fd,
		.users = {.name = app_user_name, .context = app},
		.on_thread = app_narrow_owners,
		.context = app,
	};

	app->owners_error = owners_open(&options, &app->owners);
	return NULL;
}

void app_open_owners(struct app *app)
{
	if (app->options->no_owners)
		return;
	app->owners_error = owner_table_new(&app->owner_table);
	if (app->owners_error)
		return;
	app->opening_owners = !pthread_create(&app->owners_opener, NULL, open_owners, app);
	if (!app->opening_owners)
		open_owners(app);
}

static void await_opener(struct app *app)
{
	if (app->opening_owners)
		pthread_join(app->owners_opener, NULL);
	app->opening_owners = false;
}

void app_await_owners(struct app *app)
{
	await_opener(app);
	if (app->owners_error)
		say_failure(app->owners_error);
	else if (app->owners && owners_missing())
		log_line("cannot read %s (a kernel without BTF, or /sys is not mounted); looking up "
			 "processes in /proc, which misses connections shorter than a second",
			 owners_missing());
}

/* Logged once: at the start, or at the end if only the sockets show it. */
static void say_note(struct app *app)
{
	const char *note = owner_table_note(app->owner_table);

	if (note && !app->said_owners_note)
		log_line("no process can be named: %s; continuing without process names", note);
	app->said_owners_note = note;
}

void app_start_owners(struct app *app)
{
	int err = app->owners ? owners_start(app->owners) : 0;

	if (app->owners && !err)
		say_note(app);
	if (!err)
		return;
	say_failure(err);
	owners_free(app->owners);
	app->owners = NULL;
}

void app_finish_owners(struct app *app)
{
	if (!app->owners)
		return;
	owners_finish(app->owners);
	ledger_take_owners(app->ledger);
	say_note(app);
}

void app_free_owners(struct app *app)
{
	await_opener(app);
	owners_free(app->owners);
	owner_table_free(app->owner_table);
}

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
	log_line("cannot look up host names: %s; continuing with addresses", strerror(-err));
	app_free_names(app);
}

void app_free_names(struct app *app)
{
	resolver_stop(app->resolver);
	name_cache_free(app->names);
	app->resolver = NULL;
	app->names = NULL;
}

/* Writes the report to memory: that requests the names of exactly the rows it will print. */
static void ask_for_rows(const struct app *app, const struct report *report)
{
	struct report dry = *report;
	char *text = NULL;
	size_t size;
	FILE *nowhere = open_memstream(&text, &size); /* no file may be opened for writing */

	if (!nowhere)
		return;
	if (!dry.limit || dry.limit > REPORT_ROWS_MAX)
		dry.limit = REPORT_ROWS_MAX;
	/* An error here occurs, and is logged, again when the report is written. */
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
