/* SPDX-License-Identifier: MIT */
/* Preparing everything, stage by stage. Each failure is logged here, in one sentence. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "app_private.h"
#include "array.h"
#include "bpf_source.h"
#include "clock.h"
#include "file_source.h"
#include "guard.h"
#include "log.h"
#include "options.h"
#include "owners.h"
#include "resolver.h"
#include "session.h"
#include "socket_source.h"
#include "wait.h"

/*
 * What is looked up beside counting: the owners of flows, and host names. If a lookup cannot start,
 * the program says so and counts without it.
 */

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

/*
 * Owners of flows. Opened by a thread of its own while the source is opened, see open_programs();
 * joined before capabilities are dropped, and started after that; finished after the collector has
 * ended and before the report. A failure is logged, and counting continues without process names.
 */
static void app_open_owners(struct app *app)
{
	if (app->options->no_owners || app->owner_table)
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

static void app_await_owners(struct app *app)
{
	await_opener(app);
	if (app->owners_error)
		say_failure(app->owners_error);
	else if (app->owners && owners_missing())
		log_line(
			"cannot read %s (a kernel without BTF, or /sys is not mounted); looking up "
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

static void app_start_owners(struct app *app)
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

/*
 * Host names, in the live view and with --names: started after capabilities were dropped. A failure
 * is logged, and addresses are shown instead.
 */
static void app_start_names(struct app *app)
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
	(void)(app->options->json || app->options->csv ? report_json(&dry, nowhere)
						       : report_table(&dry, nowhere));
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

/* The default of --timeout without a live view: one hour. */
#define QUIET_TIMEOUT_NS 3600000000000ULL

static void say_missing_privileges(const char *missing)
{
	log_line("cannot load programs into the kernel: missing %s; run it with sudo, or "
		 "grant the capabilities once: "
		 "setcap cap_bpf,cap_net_admin,cap_perfmon=ep $(command -v pktstat-bpf)",
		 missing);
}

/* Live if standard input and output are terminals, or with --tui. */
static void choose_mode(struct app *app)
{
	bool pipe = app->options->read && !strcmp(app->options->read, "-");
	/* A capture may come by standard input; keys come from /dev/tty then. */
	bool tty = (isatty(STDIN_FILENO) || pipe) && isatty(STDOUT_FILENO);

	app->live =
		app->options->tui || (tty && !app->options->json && !app->options->csv &&
				      !app->options->total && !app_streams_to_stdout(app->options));
}

static int open_terminal(struct app *app)
{
	if (!app->live || (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)))
		return 0;
	app->terminal = fopen("/dev/tty", "r+e");
	if (app->terminal)
		return 0;
	log_line("cannot open the live view: no terminal (%s); run it in a terminal, or without "
		 "--tui to get a report",
		 strerror(errno));
	return -ENOTTY;
}

/* The first so many signals below stop the program; the others concern the view only. */
#define STOP_SIGNALS 4

/*
 * nohup has SIGHUP ignored, and who starts a program without job control SIGTSTP: nobody would
 * continue it. A signalfd would receive both anyway.
 */
static bool stays_ignored(int number)
{
	struct sigaction action;

	return (number == SIGHUP || number == SIGTSTP) && !sigaction(number, NULL, &action) &&
	       action.sa_handler == SIG_IGN;
}

static int set_up_signals(struct app *app)
{
	static const int ours[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT};
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < ARRAY_SIZE(ours); i++) {
		/* Without a view, the terminal's size and job control do not matter here. */
		if (!app->live && i >= STOP_SIGNALS)
			break;
		if (!stays_ignored(ours[i]))
			sigaddset(&set, ours[i]);
	}
	signal(SIGPIPE, SIG_IGN); /* write() to a closed pipe fails instead */
	pthread_sigmask(SIG_BLOCK, &set, &app->old_signals);
	app->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (app->signal_fd >= 0)
		return 0;
	log_line("cannot receive signals: %s", strerror(errno));
	return -errno;
}

static int set_up_deadline(struct app *app)
{
	uint64_t after_ns = app->options->timeout_ns;
	struct itimerspec spec = {0};

	if (!app->options->timeout_set)
		after_ns = app->live || app->reads_file || app_has_outputs(app->options)
				   ? 0
				   : QUIET_TIMEOUT_NS;
	app->timeout_ns = after_ns;
	if (!after_ns)
		return 0;
	spec.it_value.tv_sec = (time_t)(after_ns / 1000000000ULL);
	spec.it_value.tv_nsec = (long)(after_ns % 1000000000ULL);
	if (app->deadline_fd < 0)
		app->deadline_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (app->deadline_fd >= 0 && !timerfd_settime(app->deadline_fd, 0, &spec, NULL))
		return 0;
	log_line("cannot set the timeout: %s", strerror(errno));
	return -errno;
}

/* CPUs that verify both programs at the same time, and no more. */
#define CPUS_FEW 2

static bool has_few_cpus(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN) <= CPUS_FEW;
}

static void on_loaded(void *context)
{
	app_open_owners(context);
}

/*
 * Until programs are loaded it is work for two CPUs; then attaching them waits for the kernel. With more
 * CPUs, owners are opened from the beginning on.
 */
static int open_programs(struct app *app, struct bpf_source_failure *ret_failure)
{
	const struct bpf_source_options options = {
		.name = app->ifaces.name,
		.names = app->ifaces.names,
		.any = app->options->any,
		.dedup = app->options->dedup,
		.exit_on_loss = app->options->exit_on_loss,
		.max_flows = app->options->max_flows,
		.no_arp = app->options->no_arp,
		.inspect = app->reader != NULL,
		.attach = app->options->attach,
		.on_loaded = on_loaded,
		.context = app,
	};

	if (!has_few_cpus())
		app_open_owners(app);
	return bpf_source_open(&options, &app->source, ret_failure);
}

static int open_sockets(struct app *app)
{
	struct sampler_outlet samples;
	const struct socket_source_options options = {
		.name = app->ifaces.name,
		.names = app->ifaces.names,
		.any = app->options->any,
		.exit_on_loss = app->options->exit_on_loss,
		.no_arp = app->options->no_arp,
		.samples = &samples,
	};
	int err;

	app_make_samples(app, false, &samples);
	err = socket_source_open(&options, &app->source);
	app->reads_sockets = !err;
	return err;
}

static void say_socket_error(int err)
{
	if (err == -EPERM)
		log_line("cannot open a packet socket: missing cap_net_raw; run it with sudo, or "
			 "give the container cap_net_raw");
	else
		log_line("cannot open a packet socket: %s", strerror(-err));
}

/* Why there are no programs, and what would allow them. */
static void say_fallback(int err, const char *missing)
{
	if (*missing)
		log_line("counting copies of packets from a socket, because %s %s missing; with "
			 "sudo it counts at the hook, exactly and almost free",
			 missing, strchr(missing, ',') ? "are" : "is");
	else if (err == -ENOSYS)
		log_line("counting copies of packets from a socket, because this kernel has no "
			 "BPF; one with CONFIG_BPF_SYSCALL counts at the hook, exactly");
	else
		log_line("counting copies of packets from a socket, because the kernel refuses "
			 "BPF programs here (%s); --attach tcx or clsact says more",
			 strerror(-err));
}

/* Errors that another way to count would share, or that the user can mend. */
static bool is_final(int err)
{
	return err == -ENODEV || err == -EPROTONOSUPPORT || err == -ENOMEM || err == -EEXIST;
}

/* Programs at the hook; with --attach auto, where they are refused, packet sockets. */
static int open_best(struct app *app)
{
	bool may_fall_back = app->options->attach == ATTACH_AUTO && !app->options->dedup;
	struct bpf_source_failure failure = {.step = BPF_SOURCE_LOAD};
	char missing[128];
	int err = privileges_missing(missing, sizeof(missing))
			  ? -EPERM
			  : open_programs(app, &failure);

	if (!err)
		return 0;
	if (may_fall_back && !is_final(err) && !open_sockets(app)) {
		say_fallback(err, missing);
		return 0;
	}
	if (*missing)
		say_missing_privileges(missing);
	else
		app_ifaces_say_failure(app, err, &failure);
	return err;
}

static int open_source(struct app *app)
{
	struct ifaces *ifaces;
	int err;

	if (app->options->attach == ATTACH_SOCKET) {
		err = open_sockets(app);
		if (err)
			say_socket_error(err);
	} else {
		err = open_best(app);
	}
	if (err)
		return err;
	app->start_mono_ns = clock_mono_ns();
	app->start_wall_ns = clock_wall_ns();
	ifaces = app->source->ops->ifaces(app->source);
	app_ifaces_begin(app, ifaces);
	ifaces_unref(ifaces);
	return app_ifaces_leave(app);
}

static int start_collector(struct app *app)
{
	struct collector_options options = {
		.timing = app->reads_file ? file_source_timing(app->source) : NULL,
		.interval_ns = app->options->refresh_ns,
		.on_thread = app_ifaces_on_thread,
		.on_snapshot = app->reads_file ? app_settle_sights : NULL,
		.context = app};
	int err;

	guard_raise_limits(); /* libbpf does this too, but is not safe for two threads */
	err = app->reads_file ? 0 : open_source(app);
	if (err)
		return err;
	app_open_owners(app); /* unless the source did */
	options.source = app->source;
	options.ledger = app->ledger;
	options.ring = app->ring;
	options.start_mono_ns = app->start_mono_ns;
	options.start_wall_ns = app->start_wall_ns;
	app_await_owners(app);
	app_open_sights(app);
	err = app_close_guard(app);
	if (err)
		return err;
	err = collector_start(&options, &app->collector);
	if (err) {
		log_line("cannot start counting: %s", strerror(-err));
		return err;
	}
	app_settle(app);
	app_start_owners(app);
	app_start_sights(app);
	app_start_names(app);
	err = app_start_outputs(app);
	return err ? err : app_narrow_main(app);
}

static int make_memory(struct app *app)
{
	int err = ring_new(RING_BUDGET_DEFAULT, &app->ring);
	char why[FORMAT_TEXT_MAX];
	size_t column;

	if (!err)
		err = ledger_new(app->options->max_flows, LEDGER_KEEP_NS_DEFAULT, &app->ledger);
	/* The view sums idle flows, outputs compare with them; the report reads the ledger. */
	if (!err && (app->live || app_has_outputs(app->options)))
		err = ledger_log_idle(app->ledger);
	/* options_parse() has checked it, so only memory can be missing. */
	if (!err && app->live)
		err = services_new(&app->services);
	if (!err && app->options->filter)
		err = filter_parse(app->options->filter, &app->filter, why, sizeof(why), &column);
	if (err)
		log_line("cannot allocate memory for %zu flows: %s", app->options->max_flows,
			 strerror(-err));
	return err;
}

/* --hide-own: makes the filter for the SSH session that the program runs in, if there is one. */
static int find_own(struct app *app)
{
	char text[FILTER_TEXT_MAX], why[FORMAT_TEXT_MAX];
	struct session session;
	size_t column;
	int err;

	if (!app->options->hide_own)
		return 0;
	if (session_find(&session)) {
		log_line("no SSH session found; --hide-own hides nothing");
		return 0;
	}
	session_filter_text(&session, text);
	err = filter_parse(text, &app->hidden, why, sizeof(why), &column);
	if (err)
		log_line("cannot hide the SSH session: %s", strerror(-err));
	return err;
}

int app_start(struct app *app)
{
	int err;

	choose_mode(app);
	err = app_start_helpers(app);
	if (!err)
		err = app_bind_metrics(app);
	if (!err)
		err = app_open_ipfix(app);
	if (!err)
		err = app->options->read ? app_open_file(app) : app_ifaces_find(app);
	if (!err)
		err = open_terminal(app);
	if (!err)
		err = set_up_signals(app);
	if (!err)
		err = make_memory(app);
	if (!err)
		err = find_own(app);
	if (!err)
		err = app_open_outputs(app);
	if (!err)
		err = start_collector(app);
	if (!err)
		err = set_up_deadline(app);
	if (!err)
		app_recall_end(app);
	return err;
}
