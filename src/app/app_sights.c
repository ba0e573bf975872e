/* SPDX-License-Identifier: MIT */
/*
 * Names and applications from packets: the reader process, the thread that hears it, and the table of
 * what is known. If one of them cannot start, the program says so and counts without it.
 */
#include "app_private.h"

#include <stdio.h>
#include <string.h>

#include "bpf_source.h"
#include "jail.h"
#include "log.h"
#include "options.h"
#include "sight_reader.h"
#include "sights.h"

static void give_up_sights(struct app *app, int err)
{
	log_line("cannot read names and applications from packets: %s; continuing without them",
		 strerror(-err));
	app_free_sights(app);
}

void app_start_reader(struct app *app)
{
	int err;

	if (app->options->no_inspect || app->options->read)
		return;
	err = sight_reader_start(jail_prepare, jail_enter, &app->reader);
	if (err)
		give_up_sights(app, err);
}

void app_open_sights(struct app *app)
{
	const struct sights_options options = {
		.ring = app->ring,
		.reader = app->reader,
		.on_thread = app_narrow_sights,
		.context = app,
	};
	struct sights_options opened = options;
	int err;

	if (!app->reader)
		return;
	if (app->reads_sockets) { /* there are no programs that hand packets over */
		app_free_sights(app);
		return;
	}
	err = sight_table_new(&app->sight_table);
	opened.table = app->sight_table;
	if (!err)
		err = sights_open(&opened, &app->sights);
	if (!err)
		err = sight_reader_give(app->reader, bpf_source_samples_fd(app->source));
	if (err)
		give_up_sights(app, err);
}

void app_start_sights(struct app *app)
{
	int err = app->sights ? sights_start(app->sights) : 0;

	if (err)
		give_up_sights(app, err);
}

bool app_sights_text(void *context, char *text, size_t size)
{
	const struct app *app = context;
	struct sights_health health;

	*text = '\0';
	if (!app->sights)
		return false;
	sights_health(app->sights, &health);
	snprintf(text, size, "%s%llu findings, %llu refused, %llu not brought to flows",
		 health.dead ? "the process that reads packets has ended; " : "",
		 (unsigned long long)health.findings, (unsigned long long)health.refused,
		 (unsigned long long)health.given_up);
	return health.dead;
}

void app_finish_sights(struct app *app)
{
	struct sights_health health;

	if (!app->sights)
		return;
	sights_finish(app->sights);
	ledger_take_owners(app->ledger);
	sights_health(app->sights, &health);
	if (health.dead)
		log_line("the process that reads packets has ended; names and applications are "
			 "missing since then");
}

void app_free_sights(struct app *app)
{
	sights_free(app->sights);
	sight_reader_stop(app->reader);
	sight_table_free(app->sight_table);
	app->sights = NULL;
	app->reader = NULL;
	app->sight_table = NULL;
}
