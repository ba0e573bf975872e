/* SPDX-License-Identifier: MIT */
/* The stage that gives up what the program needs no more, once everything is attached and open. */
#include "app_private.h"

#include <string.h>
#include <sys/resource.h>

#include "bpf_source.h"
#include "guard.h"
#include "log.h"
#include "options.h"

static struct guard_needs needs_of(const struct app *app)
{
	const struct options *options = app->options;

	return (struct guard_needs){
		/* Interfaces that come, or come back. */
		.attach = options->any || options->ifaces > 1 || !options->exit_on_loss,
		.netns = app->netns_fd >= 0,
		.clsact = strcmp(bpf_source_attach_mode(app->source), "tcx") != 0,
		.owners = app->owners != NULL,
		.names = options->names || app->live, /* there a key asks for them */
		.live = app->live,
	};
}

int app_close_guard(struct app *app)
{
	const struct guard_needs needs = needs_of(app);
	const char *what;
	int err;

	/* The collector wants this priority when nobody has the right to it any more: it inherits it. */
	app->own_nice = getpriority(PRIO_PROCESS, 0);
	if (app->own_nice > COLLECTOR_NICE)
		setpriority(PRIO_PROCESS, 0, COLLECTOR_NICE);
	err = guard_close(&needs, &what);
	if (err)
		log_line("cannot give up privileges (%s): %s", what, strerror(-err));
	return err;
}

void app_leave_netns(const struct app *app)
{
	const struct guard_needs needs = needs_of(app);

	/* A thread can always lower its own capabilities. */
	if (needs.netns)
		(void)!guard_leave_netns(&needs);
}

void app_settle(const struct app *app)
{
	setpriority(PRIO_PROCESS, 0, app->own_nice);
	app_leave_netns(app);
}
