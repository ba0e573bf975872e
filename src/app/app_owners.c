/* SPDX-License-Identifier: MIT */
/* The stage that looks up whose flows they are. Without it the program counts all the same. */
#include "app_private.h"

#include <string.h>

#include "log.h"
#include "owners.h"

static void say_failure(int err)
{
	log_line("cannot look up which process is behind a flow: %s; counting goes on without",
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
		log_line("cannot read %s (a kernel without BTF, or /sys is not mounted): processes "
			 "are "
			 "looked up in /proc, where connections of less than a second are missed",
			 owners_missing());
}

/* Once, at the start or, when it shows in the sockets only, at the end. */
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
