/* SPDX-License-Identifier: MIT */
/* The end: last read, report, verification. */
#include "app_private.h"

#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "bpf_source.h"
#include "log.h"
#include "report.h"
#include "verify.h"

static void say_write_error(struct app *app, int err)
{
	app->status = APP_FAILED;
	log_line("cannot write the report to standard output: %s", strerror(-err));
}

static void print_report(struct app *app, const struct snapshot *last)
{
	struct winsize size = {0};
	struct report report = {
		.ledger = app->ledger,
		.owners = app->owner_table,
		.ifaces = last->ifaces,
		.attach = bpf_source_attach_mode(app->source),
		.ended = app->ended,
		.start_wall_ns = app->start_wall_ns,
		.running_ns = last->running_ns,
		.health = last->health,
		.filter = app->filter,
		.hidden = app->hidden,
		.filter_text = app->options->filter,
		.by = app->options->by,
		.sort = app->options->sort,
		.limit = app->options->limit,
		.sums_only = app->options->sums_only,
	};
	int err;

	memcpy(report.dir, last->dir, sizeof(report.dir));
	if (isatty(STDOUT_FILENO) && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size)) {
		report.width = size.ws_col;
		report.height = size.ws_row;
	}
	app_await_names(app, &report);
	err = app->options->json ? report_json(&report, stdout) : report_table(&report, stdout);
	if (err)
		say_write_error(app, err);
}

/* JSON has rows only, so gaps in the capture are logged. */
static void log_gaps(const struct ifaces *ifaces)
{
	char away[4 * FORMAT_TEXT_MAX];

	for (unsigned int slot = 0; ifaces && slot < ifaces->count; slot++) {
		if (ifaces->entry[slot].removals)
			log_line("interface %s; packets during that time were not counted",
				 ifaces_entry_away(&ifaces->entry[slot], away, sizeof(away)));
	}
}

static void print_verification(struct app *app, const struct snapshot *last)
{
	const struct verify verify = {
		.ledger = app->ledger,
		.last = last,
		.link = app->ifaces.counters,
	};

	if (!verify_print(&verify, stderr))
		app->status = APP_FAILED;
}

/*
 * Signals that arrived with the one that stopped us must not interrupt the report once unblocked.
 */
static void forget_signals(const struct app *app)
{
	struct signalfd_siginfo info;

	while (read(app->signal_fd, &info, sizeof(info)) == sizeof(info))
		;
}

void app_end(struct app *app, bool report)
{
	struct snapshot *last;

	collector_stop(app->collector);
	app->collector = NULL;
	app_finish_owners(app);
	forget_signals(app);
	pthread_sigmask(SIG_SETMASK, &app->old_signals, NULL);
	last = ring_latest(app->ring);
	if (last)
		app_ifaces_end(app, last->ifaces);
	if (report && last) {
		print_report(app, last);
		if (app->options->json && !app->options->verify)
			log_gaps(last->ifaces);
		if (app->options->verify)
			print_verification(app, last);
	}
	snapshot_unref(last);
}
