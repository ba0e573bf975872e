/* SPDX-License-Identifier: MIT */
/* The stage that looks up whose flows they are. Without it the program counts all the same. */
#include "app_private.h"

#include <string.h>

#include "log.h"
#include "owners.h"

void app_open_owners(struct app *app)
{
	struct owners_options options = {.ring = app->ring, .netns_fd = app->netns_fd};
	int err;

	if (app->options->no_owners)
		return;
	err = owner_table_new(&app->owner_table);
	options.table = app->owner_table;
	if (!err)
		err = owners_open(&options, &app->owners);
	if (err)
		log_line("cannot look up which process is behind a flow: %s; counting goes on "
			 "without",
			 strerror(-err));
}

void app_start_owners(struct app *app)
{
	int err = app->owners ? owners_start(app->owners) : 0;

	if (!err)
		return;
	log_line("cannot look up which process is behind a flow: %s; counting goes on without",
		 strerror(-err));
	owners_free(app->owners);
	app->owners = NULL;
}

void app_finish_owners(struct app *app)
{
	if (!app->owners)
		return;
	owners_finish(app->owners);
	ledger_take_owners(app->ledger);
}

void app_free_owners(struct app *app)
{
	owners_free(app->owners);
	owner_table_free(app->owner_table);
}
