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
#include "sampler.h"
#include "shared_ring.h"
#include "sight_reader.h"
#include "sights.h"

static void say_no_sights(int err)
{
	log_line("cannot read names and applications from packets: %s; continuing without them",
		 strerror(-err));
}

static void give_up_sights(struct app *app, int err)
{
	say_no_sights(err);
	app_free_sights(app);
}

void app_start_reader(struct app *app)
{
	int err;

	if (app->options->no_inspect)
		return;
	err = sight_reader_start(jail_prepare, jail_enter, &app->reader);
	if (err)
		give_up_sights(app, err);
}

static void wake_reader(void *context)
{
	struct app *app = context;

	if (app->reads_file && app->sights)
		sights_wake_reader(app->sights);
	else if (app->reader)
		sight_reader_wake(app->reader);
}

static bool await_reader(void *context)
{
	struct app *app = context;

	return app->sights && sights_await_reader(app->sights);
}

void app_settle_sights(void *context, const struct snapshot *snapshot)
{
	struct app *app = context;

	if (app->sights)
		sights_settle(app->sights, snapshot);
}

void app_make_samples(struct app *app, bool file, struct sampler_outlet *ret_outlet)
{
	int err = app->reader && !app->samples ? shared_ring_new(SAMPLE_RING_BYTES, &app->samples)
					       : 0;

	if (err)
		give_up_sights(app, err);
	*ret_outlet = (struct sampler_outlet){
		.ring = app->samples,
		.wake = wake_reader,
		.await = file ? await_reader : NULL,
		.context = app,
	};
}

static int give_samples(struct app *app)
{
	if (!app->samples)
		return sight_reader_give(app->reader, READER_FROM_KERNEL,
					 bpf_source_samples_fd(app->source));
	return sight_reader_give(app->reader,
				 app->reads_file ? READER_FROM_FILE : READER_FROM_SOCKET,
				 shared_ring_fd(app->samples));
}

/* At once, for those who only see the log. The thread of sights, or the one that counts. */
static void say_state(void *context, enum sights_state state)
{
	(void)context;
	switch (state) {
	case SIGHTS_READ: log_line("the process that reads packets answers again"); break;
	case SIGHTS_SILENT:
		log_line("the process that reads packets does not answer, it may be stopped; names "
			 "and applications are missing until it does");
		break;
	case SIGHTS_ENDED:
		log_line("the process that reads packets has ended, or does not answer; names and "
			 "applications are missing since then");
		break;
	case SIGHTS_UNCONFINED:
		log_line("packets were not read for names and applications: the process for it "
			 "could not be confined; does this kernel have seccomp?");
		break;
	}
}

void app_open_sights(struct app *app)
{
	const struct sights_options options = {
		.ring = app->ring,
		.reader = app->reader,
		.samples = app->reads_file ? app->samples : NULL,
		.on_thread = app_narrow_sights,
		.on_state = say_state,
		.context = app,
	};
	struct sights_options opened = options;
	int err;

	if (!app->reader)
		return;
	err = sight_table_new(&app->sight_table);
	opened.table = app->sight_table;
	if (!err)
		err = sights_open(&opened, &app->sights);
	if (!err)
		err = give_samples(app);
	if (err)
		give_up_sights(app, err);
}

/* The collector runs already and may put samples: nothing can be freed any more. */
void app_start_sights(struct app *app)
{
	int err = app->sights && !app->reads_file ? sights_start(app->sights) : 0;

	if (err)
		say_no_sights(err);
}

const char *app_sights_trouble(void *context)
{
	const struct app *app = context;
	struct sights_health health;

	if (!app->sights)
		return NULL;
	sights_health(app->sights, &health);
	switch (health.state) {
	case SIGHTS_SILENT:
		return "no names from packets: the process that reads them does not answer";
	case SIGHTS_ENDED: return "no names from packets: the process that reads them has ended";
	case SIGHTS_UNCONFINED:
		return "no names from packets: the process for them could not be confined";
	default: return NULL;
	}
}

bool app_sights_text(void *context, char *text, size_t size)
{
	const struct app *app = context;
	const char *trouble = app_sights_trouble(context);
	struct sights_health health;

	*text = '\0';
	if (!app->sights)
		return false;
	sights_health(app->sights, &health);
	snprintf(text, size,
		 "%s%s%llu findings, %llu refused, %llu not brought to flows, %llu forgotten",
		 trouble ?: "", trouble ? "; " : "", (unsigned long long)health.findings,
		 (unsigned long long)health.refused, (unsigned long long)health.given_up,
		 (unsigned long long)sight_table_forgotten(app->sight_table));
	return trouble;
}

void app_finish_sights(struct app *app)
{
	if (!app->sights)
		return;
	sights_finish(app->sights);
	ledger_take_owners(app->ledger);
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

void app_free_samples(struct app *app)
{
	shared_ring_free(app->samples);
	app->samples = NULL;
}
