/* SPDX-License-Identifier: MIT */
/*
 * Gives up what the program no longer needs, once everything is attached and open: first the whole
 * process, then each thread for itself. What each needs stands here.
 */
#include "app_private.h"

#include <string.h>
#include <sys/resource.h>

#include "bpf_source.h"
#include "guard.h"
#include "log.h"
#include "options.h"
#include "owners.h"

static unsigned int collector_needs(const struct app *app)
{
	const struct options *options = app->options;
	unsigned int needs = GUARD_COLLECT;

	/* Interfaces that come, or come back. */
	if (options->any || options->ifaces > 1 || !options->exit_on_loss)
		needs |= GUARD_ATTACH;
	if (strcmp(bpf_source_attach_mode(app->source), "tcx") != 0)
		needs |= GUARD_CLSACT;
	return needs;
}

static unsigned int owners_needs(const struct app *app)
{
	if (!app->owners)
		return 0;
	return GUARD_OWNERS | (owners_read_descriptors(app->owners) ? GUARD_PROC : 0);
}

static unsigned int names_needs(const struct app *app)
{
	return app_wants_names(app) ? GUARD_NAMES : 0;
}

static unsigned int main_needs(const struct app *app)
{
	return app->live ? GUARD_VIEW : 0;
}

int app_close_guard(struct app *app)
{
	const unsigned int needs = GUARD_THREADS | collector_needs(app) | owners_needs(app) |
				   names_needs(app) | main_needs(app) |
				   (app->netns_fd >= 0 ? GUARD_NETNS : 0);
	const char *what;
	int err;

	/* The collector wants this priority when nobody has the right to it any more: it inherits it. */
	app->own_nice = getpriority(PRIO_PROCESS, 0);
	if (app->own_nice > COLLECTOR_NICE)
		setpriority(PRIO_PROCESS, 0, COLLECTOR_NICE);
	err = guard_close(needs, &what);
	if (err)
		log_line("cannot give up privileges (%s): %s", what, strerror(-err));
	return err;
}

/* A thread that fails here still has no more than the process kept. */
static int narrow(const char *thread, unsigned int needs)
{
	const char *what;
	int err = guard_narrow(needs, &what);

	if (err)
		log_line("cannot give up privileges of the %s thread (%s): %s", thread, what,
			 strerror(-err));
	return err;
}

void app_narrow_collector(const struct app *app)
{
	(void)narrow("collector", collector_needs(app));
}

void app_narrow_owners(void *app)
{
	(void)narrow("owners", owners_needs(app));
}

void app_narrow_names(void *app)
{
	(void)narrow("names", names_needs(app));
}

int app_narrow_main(const struct app *app)
{
	return narrow("main", main_needs(app));
}

void app_settle(const struct app *app)
{
	setpriority(PRIO_PROCESS, 0, app->own_nice);
}
