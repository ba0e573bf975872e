/* SPDX-License-Identifier: MIT */
/*
 * The program as a whole: prepares everything, shows the live view or waits silently, writes the
 * report, and releases everything.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "app_private.h"
#include "array.h"
#include "bpf_source.h"
#include "file_source.h"
#include "log.h"
#include "owners.h"
#include "report.h"
#include "ui.h"
#include "verify.h"
#include "wait.h"

/* The end: last read, report, verification. */

static void say_write_error(struct app *app, int err)
{
	app->status = APP_FAILED;
	log_line("cannot write the report to standard output: %s", strerror(-err));
}

/* The table shows what was asked for last: the view and order if they were chosen, and the filter. */
static void follow_view(struct app *app, struct report *report)
{
	char why[FORMAT_TEXT_MAX];
	size_t column;

	if (app->asked.view_changed)
		report->by = app->asked.by;
	if (app->asked.sort_changed && column_info(app->asked.sort)->sortable) {
		report->sort = app->asked.sort;
		report->reverse = app->asked.reversed;
	}
	report->filter = NULL;
	report->filter_text = NULL;
	if (!*app->asked.filter ||
	    filter_parse_named(app->asked.filter, app->services, &app->asked_filter, why,
			       sizeof(why), &column))
		return;
	report->filter = app->asked_filter;
	report->filter_text = app->asked.filter;
}

static void print_report(struct app *app, const struct snapshot *last)
{
	struct winsize size = {0};
	char host[256] = "";
	struct report report = {
		.ledger = app->ledger,
		.owners = app->owner_table,
		.sights = app->sight_table,
		.ifaces = last->ifaces,
		.attach = app_way(app),
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
	char exported[APP_IPFIX_TEXT_MAX], alert[OPTIONS_LIMITS_MAX][APP_ALERT_TEXT_MAX];
	const char *alerts[OPTIONS_LIMITS_MAX];
	int err;

	if (app->asked.told && !app->options->json && !app->options->total)
		follow_view(app, &report);
	(void)app_ipfix_text(app, exported, sizeof(exported));
	report.exported = exported;
	report.alert = alerts;
	while (report.alerts < OPTIONS_LIMITS_MAX &&
	       app_alert_summary(app, report.alerts, alert[report.alerts], APP_ALERT_TEXT_MAX)) {
		alerts[report.alerts] = alert[report.alerts];
		report.alerts++;
	}
	/* Made to be handed on: it says where it is from. */
	if (!gethostname(host, sizeof(host) - 1)) {
		report.host = host;
		report.version = PKTSTAT_VERSION;
	}
	memcpy(report.dir, last->dir, sizeof(report.dir));
	if (isatty(STDOUT_FILENO) && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size)) {
		report.width = size.ws_col;
		report.height = size.ws_row;
	}
	app_await_names(app, &report);
	err = app->options->json    ? report_json(&report, stdout)
	      : app->options->csv   ? report_csv(&report, stdout)
	      : app->options->total ? report_total(&report, stdout)
				    : report_table(&report, stdout);
	if (err)
		say_write_error(app, err);
}

/* JSON and CSV have rows only, so gaps in the capture are logged. */
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
		.file = app->reads_file,
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

/*
 * Stops counting and, if asked to, writes the report. After this, Ctrl-C ends the program at once.
 */
static void app_end(struct app *app, bool report)
{
	struct snapshot *last;

	if (app->reads_file)
		file_source_stop(app->source);
	collector_stop(app->collector);
	app->collector = NULL;
	app_finish_owners(app);
	app_finish_sights(app);
	app_finish_outputs(app);
	forget_signals(app);
	pthread_sigmask(SIG_SETMASK, &app->old_signals, NULL);
	last = ring_latest(app->ring);
	if (last)
		app_ifaces_end(app, last->ifaces);
	if (report && last) {
		if (!app_streams_to_stdout(app->options))
			print_report(app, last);
		if ((app->options->json || app->options->csv) && !app->options->verify)
			log_gaps(last->ifaces);
		if (app->options->verify)
			print_verification(app, last);
	}
	snapshot_unref(last);
	app_end_file(app);
}

static const char *signal_name(int signal)
{
	switch (signal) {
	case SIGINT: return "SIGINT";
	case SIGHUP: return "SIGHUP";
	case SIGQUIT: return "SIGQUIT";
	default: return "SIGTERM";
	}
}

/* True if the collector has stopped on its own: no interface is left, or the file has ended. */
static bool has_ended(struct app *app)
{
	struct snapshot *latest;
	bool ended;

	ring_clear_event(app->ring);
	latest = ring_latest(app->ring);
	ended = latest && latest->state != SNAPSHOT_LIVE;
	snapshot_unref(latest);
	return ended;
}

/* The collector has ended on its own. */
static void end_counting(struct app *app)
{
	struct snapshot *last = ring_latest(app->ring);
	char names[FORMAT_TEXT_MAX];

	if (last->state == SNAPSHOT_ENDED) {
		snapshot_unref(last);
		app->ended = "end of file";
		return;
	}
	if (app->options->any)
		log_line("no interface is left; the report shows what was counted so far");
	else
		log_line("interface %s is gone; the report shows what was counted so far",
			 ifaces_text(last->ifaces, names, sizeof(names)));
	snapshot_unref(last);
	app->ended = "interface lost";
	app->status = APP_FAILED;
}

/* Without a view nothing is printed while counting: on a terminal, say what is going on. */
static void say_counting(const struct app *app)
{
	char name[FORMAT_TEXT_MAX], more[32] = "", length[FORMAT_TEXT_MAX] = "";

	if (!isatty(STDERR_FILENO))
		return;
	if (app->reads_file) {
		log_line("reading %s; press Ctrl-C to stop and print the report",
			 format_outside(app->options->read, name, sizeof(name)));
		return;
	}
	format_outside(app->options->any ? "all interfaces" : app->ifaces.name[0], name,
		       sizeof(name));
	if (!app->options->any && app->ifaces.names > 1)
		snprintf(more, sizeof(more), " and %zu more", app->ifaces.names - 1);
	if (app->timeout_ns)
		format_length(app->timeout_ns, length, sizeof(length));
	log_line("counting on %s%s%s%s; press Ctrl-C to stop and print the report", name, more,
		 *length ? " for " : "", length);
}

/* What was counted before the error is still reported. */
static void end_by_error(struct app *app, const char *what, int err)
{
	log_line("%s: %s; the report shows what was counted so far", what, strerror(-err));
	app->ended = "error";
	app->status = APP_FAILED;
}

/* Without a view: waits for a signal, the deadline, or the end of the collector. */
static void wait_quietly(struct app *app)
{
	struct pollfd waits[] = {
		{.fd = app->signal_fd, .events = POLLIN},
		{.fd = app->deadline_fd, .events = POLLIN},
		{.fd = ring_event_fd(app->ring), .events = POLLIN},
	};
	struct signalfd_siginfo info;
	int err;

	for (;;) {
		err = wait_ready(waits, ARRAY_SIZE(waits), -1);
		if (err < 0 && err != -EINTR) {
			end_by_error(app, "cannot wait for events", err);
			return;
		}
		if (waits[0].revents && read(app->signal_fd, &info, sizeof(info)) == sizeof(info)) {
			if (info.ssi_signo == SIGHUP && app_reopen_outputs(app))
				continue;
			app->ended = signal_name((int)info.ssi_signo);
			return;
		}
		if (waits[1].revents) {
			app->ended = "timeout";
			return;
		}
		if (waits[2].revents && has_ended(app)) {
			end_counting(app);
			return;
		}
	}
}

static int say_ui_error(struct app *app, int err, const char *why)
{
	char safe[FORMAT_TEXT_MAX];
	const char *term = getenv("TERM");

	app->status = APP_FAILED;
	if (err == -EINVAL && why)
		log_line("cannot open the live view on terminal type '%s': %s; set TERM to a type "
			 "that your terminal supports (TERM=xterm-256color works with most), or "
			 "redirect "
			 "the output to get a report",
			 format_outside(term ? term : "", safe, sizeof(safe)), why);
	else
		log_line("cannot open the live view: %s", strerror(-err));
	return err;
}

/* Called by the view for the keys + and -. */
static int set_interval(void *context, uint64_t interval_ns)
{
	struct app *app = context;

	collector_set_interval(app->collector, interval_ns);
	return 0;
}

static void say_stand_in(void *context, const char *type)
{
	char safe[FORMAT_TEXT_MAX];

	(void)context;
	log_line("the terminal database (terminfo) does not know terminal type '%s'; the live view "
		 "uses %s",
		 format_outside(getenv("TERM"), safe, sizeof(safe)), type);
}

static const char *say_way(void *context)
{
	return app_way(context);
}

static int run_view(struct app *app)
{
	const char *no_color = getenv("NO_COLOR"), *why = NULL;
	const struct ui_options options = {
		.ring = app->ring,
		.owners = app->owner_table,
		.exported = app_ipfix_text,
		.sights = app->sight_table,
		.inspected = app_sights_text,
		.inspect_trouble = app_sights_trouble,
		.owners_way = app->owners ? owners_way(app->owners) : NULL,
		.attach = say_way,
		.input = app->terminal ? app->terminal : stdin,
		.output = app->terminal ? app->terminal : stdout,
		.signal_fd = app->signal_fd,
		.deadline_fd = app->deadline_fd,
		.sort = app->options->sort,
		.sort_set = app->options->sort_set,
		.by_set = app->options->by_set,
		.interval_ns = app->options->refresh_ns,
		.by = app->options->by,
		.filter = app->options->filter,
		.names = app->names,
		.show_names = app->options->names,
		.hidden = app->hidden,
		.theme = no_color && *no_color ? THEME_MONO : app->options->theme,
		.plain = app->options->plain,
		.no_mouse = app->options->no_mouse,
		.services = app->services,
		.set_interval = set_interval,
		.save_settings = app_save_settings,
		.keep_text = app_keep_text,
		.asked = &app->asked,
		.limit = app->options->alert,
		.limits = app->options->alerts,
		.exceeded = app->options->alerts ? app_alert_bits : NULL,
		.on_stand_in = say_stand_in,
		.context = app,
	};
	int signal = 0, err;
	enum ui_end end;

	log_hold();
	err = ui_run(&options, &end, &signal, &why);
	log_release();
	if (err)
		return say_ui_error(app, err, why);
	switch (end) {
	case UI_END_QUIT: app->ended = "quit"; break;
	case UI_END_SIGNAL: app->ended = signal_name(signal); break;
	case UI_END_TIMEOUT: app->ended = "timeout"; break;
	case UI_END_TERMINAL: app->ended = "terminal closed"; break;
	case UI_END_ERROR: end_by_error(app, "the live view ended", signal); break;
	}
	if (has_ended(app))
		end_counting(app);
	return 0;
}

static void run_stages(struct app *app)
{
	bool report = true;

	if (app_start(app)) {
		app->status = APP_FAILED;
		report = false;
	} else if (app->live) {
		report = !run_view(app);
	} else {
		say_counting(app);
		wait_quietly(app);
	}
	if (app->collector)
		app_end(app, report);
}

int app_run(const struct options *options)
{
	struct app app = {.options = options, .signal_fd = -1, .deadline_fd = -1, .status = APP_OK};

	bpf_source_silence();
	app_ifaces_init(&app);
	run_stages(&app);
	app_free_outputs(&app);
	app_free_ipfix(&app);
	app_free_owners(&app);
	app_free_sights(&app);
	app_free_names(&app);
	app_stop_helpers(&app);
	services_free(app.services);
	app_free_source(&app);
	app_free_samples(&app);
	app_ifaces_done(&app);
	filter_free(app.filter);
	filter_free(app.asked_filter);
	filter_free(app.hidden);
	ledger_free(app.ledger);
	ring_free(app.ring);
	if (app.terminal)
		fclose(app.terminal);
	if (app.deadline_fd >= 0)
		close(app.deadline_fd);
	if (app.signal_fd >= 0)
		close(app.signal_fd);
	return app.status;
}
