/* SPDX-License-Identifier: MIT */
/*
 * The program as a whole. app_run() goes through stages, each undone in reverse: interface,
 * signals, ring and ledger, source, collector, then the live view or the quiet wait, then the last
 * read and the report. Errors become one sentence here and nowhere below.
 */
#include "app.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "bpf_source.h"
#include "clock.h"
#include "collector.h"
#include "format.h"
#include "link.h"
#include "log.h"
#include "privileges.h"
#include "report.h"
#include "ring.h"
#include "ui.h"
#include "verify.h"

/* --timeout when nobody watches and none was given. */
#define QUIET_TIMEOUT_NS 3600000000000ULL

struct app {
	const struct options *options;
	struct iface iface;
	bool raw_ip;
	bool live;
	FILE *terminal; /* /dev/tty, when standard input or output is no terminal */
	int signal_fd;
	int deadline_fd;
	sigset_t old_signals;
	struct ring *ring;
	struct ledger *ledger;
	struct flow_source *source;
	struct collector *collector;
	uint64_t start_mono_ns;
	int64_t start_wall_ns;
	struct link_counters link_before, link_after;
	bool link_known;
	const char *ended; /* why, for the report */
	int status;
};

static const char *safe_name(const struct app *app, char text[FORMAT_TEXT_MAX])
{
	return format_outside(app->iface.name, text, FORMAT_TEXT_MAX);
}

static int find_iface(struct app *app)
{
	const char *name = app->options->iface;
	char list[1024], safe[FORMAT_TEXT_MAX];
	int err = name ? iface_find(name, &app->iface) : iface_default(&app->iface);

	if (!err)
		err = iface_link_layer(&app->iface, &app->raw_ip);
	if (!err)
		return 0;
	if (err == -EPROTONOSUPPORT)
		log_line("cannot watch interface %s: its link type %u is neither Ethernet nor plain "
			 "IP; choose another with -i (there are: %s)",
			 safe_name(app, safe), app->iface.arphrd, iface_list(list, sizeof(list)));
	else if (err == -ENODEV || err == -ENAMETOOLONG)
		log_line("cannot watch interface %s: there is none of that name; choose one of: %s",
			 format_outside(name ? name : "lo", safe, sizeof(safe)),
			 iface_list(list, sizeof(list)));
	else
		log_line("cannot look up interface %s: %s", name ? safe : "(default)",
			 strerror(-err));
	return err;
}

static int check_privileges(void)
{
	char missing[128];

	if (!privileges_missing(missing, sizeof(missing)))
		return 0;
	log_line("cannot load programs into the kernel: missing %s; run it with sudo, or once: "
		 "setcap cap_bpf,cap_net_admin,cap_perfmon=ep $(command -v pktstat-bpf)",
		 missing);
	return -EPERM;
}

/* Live when a person sits at both ends, or asks for it with --tui. */
static int choose_mode(struct app *app)
{
	bool tty = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);

	app->live = app->options->tui || (tty && !app->options->json);
	if (!app->live || tty)
		return 0;
	app->terminal = fopen("/dev/tty", "r+e");
	if (app->terminal)
		return 0;
	log_line("cannot open the live view: there is no terminal (%s); run it from one, or without "
		 "--tui for a report",
		 strerror(errno));
	return -ENOTTY;
}

static int set_up_signals(struct app *app)
{
	static const int ours[] = {SIGINT,  SIGTERM,  SIGHUP, SIGQUIT,
				   SIGWINCH, SIGTSTP, SIGCONT};
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		/* Without a view the terminal's size and job control are the shell's business. */
		if (app->live || i < 4)
			sigaddset(&set, ours[i]);
	}
	signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error of write() */
	pthread_sigmask(SIG_BLOCK, &set, &app->old_signals);
	app->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (app->signal_fd >= 0)
		return 0;
	log_line("cannot listen to signals: %s", strerror(errno));
	return -errno;
}

static int set_up_deadline(struct app *app)
{
	uint64_t after_ns = app->options->timeout_ns;
	struct itimerspec spec = {0};

	if (!app->options->timeout_set)
		after_ns = app->live ? 0 : QUIET_TIMEOUT_NS;
	if (!after_ns)
		return 0;
	spec.it_value.tv_sec = (time_t)(after_ns / 1000000000ULL);
	spec.it_value.tv_nsec = (long)(after_ns % 1000000000ULL);
	app->deadline_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (app->deadline_fd >= 0 && !timerfd_settime(app->deadline_fd, 0, &spec, NULL))
		return 0;
	log_line("cannot set the timeout: %s", strerror(errno));
	return -errno;
}

static void say_source_error(const struct app *app, int err, enum bpf_source_step step)
{
	char safe[FORMAT_TEXT_MAX];

	safe_name(app, safe);
	if (step == BPF_SOURCE_ATTACH && err == -EOPNOTSUPP)
		log_line("cannot attach to interface %s: this kernel has no TCX; Linux 6.6 or newer "
			 "is needed",
			 safe);
	else if (step == BPF_SOURCE_ATTACH)
		log_line("cannot attach to interface %s: %s", safe, strerror(-err));
	else if (err == -ENOSYS)
		log_line("cannot load the programs: this kernel was built without BPF "
			 "(CONFIG_BPF_SYSCALL)");
	else if (err == -EPERM)
		log_line("cannot load the programs: the kernel does not permit it here (%s); in a "
			 "container, give it cap_bpf, cap_net_admin and cap_perfmon",
			 strerror(-err));
	else
		log_line("cannot %s for interface %s: %s",
			 step == BPF_SOURCE_MAPS ? "make the kernel maps" : "load the programs", safe,
			 strerror(-err));
}

static int open_source(struct app *app)
{
	const struct bpf_source_options options = {
		.iface = app->iface,
		.max_flows = app->options->max_flows,
		.no_arp = app->options->no_arp,
	};
	enum bpf_source_step step;
	int err;

	app->link_known = !link_read_counters(app->iface.index, &app->link_before);
	err = bpf_source_open(&options, &app->source, &step);
	if (err)
		say_source_error(app, err, step);
	return err;
}

static int start_collector(struct app *app)
{
	struct collector_options options = {.interval_ns = app->options->refresh_ns};
	int err;

	app->start_mono_ns = clock_mono_ns();
	app->start_wall_ns = clock_wall_ns();
	err = open_source(app);
	if (err)
		return err;
	options.source = app->source;
	options.ledger = app->ledger;
	options.ring = app->ring;
	options.start_mono_ns = app->start_mono_ns;
	options.start_wall_ns = app->start_wall_ns;
	err = collector_start(&options, &app->collector);
	if (err)
		log_line("cannot start counting: %s", strerror(-err));
	return err;
}

static int make_memory(struct app *app)
{
	int err = ring_new(RING_BUDGET_DEFAULT, &app->ring);

	if (!err)
		err = ledger_new(app->options->max_flows, LEDGER_KEEP_NS_DEFAULT, &app->ledger);
	if (err)
		log_line("cannot make room for %zu flows: %s", app->options->max_flows,
			 strerror(-err));
	return err;
}

static const char *signal_meaning(int signal)
{
	switch (signal) {
	case SIGINT:
		return "interrupt";
	case SIGHUP:
		return "hang-up";
	case SIGQUIT:
		return "quit";
	default:
		return "terminated";
	}
}

/* True when the collector has ended by itself, because the interface is gone. */
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

static void lose_iface(struct app *app)
{
	char safe[FORMAT_TEXT_MAX];

	log_line("interface %s is gone; the report has what was counted until then",
		 safe_name(app, safe));
	app->ended = "interface lost";
	app->status = APP_FAILED;
}

/* No view: wait for the end. */
static void wait_quietly(struct app *app)
{
	struct pollfd waits[] = {
		{.fd = app->signal_fd, .events = POLLIN},
		{.fd = app->deadline_fd, .events = POLLIN},
		{.fd = ring_event_fd(app->ring), .events = POLLIN},
	};
	struct signalfd_siginfo info;

	for (;;) {
		if (poll(waits, sizeof(waits) / sizeof(waits[0]), -1) < 0)
			continue;
		if (waits[0].revents && read(app->signal_fd, &info, sizeof(info)) == sizeof(info)) {
			app->ended = signal_meaning((int)info.ssi_signo);
			return;
		}
		if (waits[1].revents) {
			app->ended = "timeout";
			return;
		}
		if (waits[2].revents && has_ended(app)) {
			lose_iface(app);
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
		log_line("cannot open the live view on terminal type '%s': %s; set TERM to what the "
			 "terminal is, or run without --tui into a pipe for a report",
			 format_outside(term ? term : "", safe, sizeof(safe)), why);
	else
		log_line("cannot open the live view: %s", strerror(-err));
	return err;
}

static int run_view(struct app *app)
{
	const char *no_color = getenv("NO_COLOR"), *why = NULL;
	const struct ui_options options = {
		.ring = app->ring,
		.iface = app->iface.name,
		.attach = bpf_source_attach_mode(app->source),
		.input = app->terminal ? app->terminal : stdin,
		.output = app->terminal ? app->terminal : stdout,
		.signal_fd = app->signal_fd,
		.deadline_fd = app->deadline_fd,
		.sort = app->options->sort,
		.interval_ns = app->options->refresh_ns,
		.color = !no_color || !*no_color,
	};
	int signal = 0, err;
	enum ui_end end;

	log_hold();
	err = ui_run(&options, &end, &signal, &why);
	log_release();
	if (err)
		return say_ui_error(app, err, why);
	switch (end) {
	case UI_END_QUIT:
		app->ended = "quit";
		break;
	case UI_END_SIGNAL:
		app->ended = signal_meaning(signal);
		break;
	case UI_END_TIMEOUT:
		app->ended = "timeout";
		break;
	case UI_END_TERMINAL:
		app->ended = "terminal closed";
		break;
	case UI_END_STOPPED:
		lose_iface(app);
		break;
	}
	return 0;
}

static void say_write_error(struct app *app, int err)
{
	app->status = APP_FAILED;
	log_line("cannot write the report to standard output: %s", strerror(-err));
}

static void print_report(struct app *app, const struct snapshot *last)
{
	const char *iface = app->iface.name;
	struct winsize size = {0};
	struct report report = {
		.ledger = app->ledger,
		.iface = &iface,
		.ifaces = 1,
		.attach = bpf_source_attach_mode(app->source),
		.ended = app->ended,
		.start_wall_ns = app->start_wall_ns,
		.running_ns = last->running_ns,
		.health = last->health,
		.sort = app->options->sort,
		.limit = app->options->limit,
	};
	int err;

	memcpy(report.dir, last->dir, sizeof(report.dir));
	if (isatty(STDOUT_FILENO) && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size)) {
		report.width = size.ws_col;
		report.height = size.ws_row;
	}
	err = app->options->json ? report_json(&report, stdout) : report_table(&report, stdout);
	if (err)
		say_write_error(app, err);
}

static void print_verification(struct app *app, const struct snapshot *last)
{
	const struct verify verify = {
		.ledger = app->ledger,
		.last = last,
		.iface = app->iface.name,
		.raw_ip = app->raw_ip,
		.before = app->link_known ? &app->link_before : NULL,
		.after = app->link_known ? &app->link_after : NULL,
	};

	if (!verify_print(&verify, stderr))
		app->status = APP_FAILED;
}

/* Ends counting, then says what was counted. From here on a second Ctrl-C ends the program. */
static void finish(struct app *app, bool report)
{
	struct snapshot *last;

	collector_stop(app->collector);
	app->collector = NULL;
	if (app->link_known)
		app->link_known = !link_read_counters(app->iface.index, &app->link_after);
	pthread_sigmask(SIG_SETMASK, &app->old_signals, NULL);
	last = ring_latest(app->ring);
	if (report && last) {
		print_report(app, last);
		if (app->options->verify)
			print_verification(app, last);
	}
	snapshot_unref(last);
}

static void run(struct app *app)
{
	bool report = true;

	if (find_iface(app) || check_privileges() || choose_mode(app) || set_up_signals(app) ||
	    make_memory(app) || start_collector(app) || set_up_deadline(app)) {
		app->status = APP_FAILED;
		report = false;
	} else if (app->live) {
		report = !run_view(app);
	} else {
		wait_quietly(app);
	}
	if (app->collector)
		finish(app, report);
}

int app_run(const struct options *options)
{
	struct app app = {
		.options = options, .signal_fd = -1, .deadline_fd = -1, .status = APP_OK};

	bpf_source_silence();
	run(&app);
	bpf_source_free(app.source);
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
