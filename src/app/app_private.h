/* SPDX-License-Identifier: MIT */
/*
 * The parts of the program, for its own files: app.c runs the stages and reports, app_start.c prepares
 * them and starts lookups of owners and host names, app_ifaces.c finds the interfaces, app_file.c
 * opens a capture file instead, app_guard.c
 * drops privileges. Main thread, except where a comment names another. A stage that fails has logged
 * one sentence.
 */
#ifndef PKTSTAT_APP_PRIVATE_H
#define PKTSTAT_APP_PRIVATE_H

#include <net/if.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "alerts.h"
#include "app.h"
#include "bpf_source.h"
#include "collector.h"
#include "filter.h"
#include "flow_abi.h"
#include "format.h"
#include "ledger.h"
#include "name_cache.h"
#include "owner.h"
#include "process.h"
#include "report.h"
#include "ring.h"
#include "row.h"
#include "services.h"
#include "sight.h"
#include "settings.h"
#include "source.h"
#include "verify.h"
#include "ui.h"

/*
 * The interfaces of a run: what the user named, in which network namespace, and the counters of
 * their links. An interface is what the user names, a link what the kernel reports, an attachment
 * where our programs are. Main thread.
 */

struct app;

struct app_ifaces {
	char name[FLOW_IFACES_MAX][IF_NAMESIZE]; /* named or chosen: untrusted text */
	size_t names;
	int own_netns_fd;     /* of the original namespace, while in another one; -1: not entered */
	struct netlink query; /* for counters, in the namespace of the interfaces */
	struct verify_link counters[FLOW_IFACES_MAX]; /* by slot */
};

void app_ifaces_init(struct app *app);
void app_ifaces_done(struct app *app);

/*
 * Enters the namespace of --netns, so that the source is opened there, and finds the interfaces. 0
 * or a negative errno, logged.
 */
int app_ifaces_find(struct app *app);
/* Returns to the original namespace. 0 or a negative errno, logged. */
int app_ifaces_leave(struct app *app);

/* Logs in one sentence why the source could not be opened. */
void app_ifaces_say_failure(const struct app *app, int err,
			    const struct bpf_source_failure *failure);

/* First action of the collector thread: enters the namespace of the interfaces. */
void app_ifaces_on_thread(void *app);

/* Read the counters of the links when counting starts, and after it has ended. */
void app_ifaces_begin(struct app *app, const struct ifaces *ifaces);
void app_ifaces_end(struct app *app, const struct ifaces *ifaces);

struct app {
	const struct options *options;
	struct app_ifaces ifaces;
	int netns_fd; /* of --netns, where the interfaces are; -1: the current one */
	bool live;
	FILE *terminal; /* /dev/tty, if standard input or output is not a terminal */
	int signal_fd;
	int deadline_fd;
	uint64_t timeout_ns; /* of the deadline, from the start; 0: never */
	sigset_t old_signals;
	struct ring *ring;
	struct ledger *ledger;
	struct flow_source *source;
	bool reads_file;    /* it is that of --read: file_source.h */
	bool reads_sockets; /* it is packet sockets: socket_source.h */
	struct collector *collector;
	struct filter *filter;	  /* --filter, or NULL */
	struct filter *hidden;	  /* --hide-own: the SSH session, or NULL */
	struct name_cache *names; /* NULL: names are not looked up */
	struct resolver *resolver;
	struct owner_table *owner_table; /* NULL with --no-owners */
	struct services *services;	 /* NULL: no live view */
	struct helper *saver;		 /* saves settings; NULL: no live view */
	struct helper *metrics_writer; /* replaces the file of metrics; NULL: there is none */
	struct helper *keeper;	 /* creates files for the key w; NULL: no live view */
	struct helper *reopener; /* opens files of streams again; NULL: there are none */
	struct helper *users;	 /* looks up names of users; NULL: owners are not looked up */
	struct owners *owners;	 /* NULL: not looked up */
	pthread_t owners_opener; /* opens them, until joined */
	bool opening_owners;
	int owners_error;
	bool said_owners_note;
	struct app_metrics *metrics; /* NULL: none are asked for */
	struct app_ipfix *ipfix;     /* NULL: --ipfix was not given */
	struct sight_reader *reader; /* reads packets, a process; NULL: nobody does */
	struct shared_ring *samples; /* counted in user space, for it; NULL: the kernel has them */
	struct sights *sights;		 /* hears it */
	struct sight_table *sight_table; /* NULL with --no-inspect */
	struct app_outputs *outputs; /* NULL: none was asked for */
	uint64_t start_mono_ns;
	int64_t start_wall_ns;
	int own_nice;	   /* of the main thread before it took the collector's */
	struct ui_asked asked;	     /* what the live view showed last */
	struct filter *asked_filter; /* of that; NULL: none */
	const char *ended; /* reason, for the report */
	int status;
};

/* What is known of flows, for outputs. */
static inline struct about_tables app_tables(const struct app *app)
{
	return (struct about_tables){app->owner_table, app->sight_table};
}

void app_finish_owners(struct app *app);
void app_free_owners(struct app *app);

/*
 * Names and applications from packets. The reader is a process, started before anything else; the rest
 * is opened with the source, started after privileges were dropped, and finished after the collector
 * has ended and before the report. A failure is logged, and counting continues without it.
 */
void app_start_reader(struct app *app);
struct sampler_outlet;
/*
 * Where the samples of packets go that are counted in user space, from a file or sockets: to a ring
 * for the reader, if there is one.
 */
void app_make_samples(struct app *app, bool file, struct sampler_outlet *ret_outlet);
/* Of a file: brings to a snapshot's flows what their packets said. Collector thread. */
void app_settle_sights(void *app, const struct snapshot *snapshot);
void app_open_sights(struct app *app);
void app_start_sights(struct app *app);
void app_finish_sights(struct app *app);
/* One line on what was found, "" without a reader; true: it has ended. Any thread. */
bool app_sights_text(void *app, char *text, size_t size);
/* Why no names are read from packets, a phrase for the status line; NULL: they are, or are not wanted. */
const char *app_sights_trouble(void *app);
void app_free_sights(struct app *app);
/* When the source is freed. */
void app_free_samples(struct app *app);

/*
 * Drops all privileges that are no longer needed, before the first thread starts. 0 or a negative
 * errno, logged.
 */
int app_close_guard(struct app *app);
/* Restores the main thread's own priority, once the collector runs. */
void app_settle(const struct app *app);
/*
 * The calling thread drops what only other threads need: each as its first action, the main thread
 * once the others run. A failure is logged; only the main thread treats it as an error.
 */
void app_narrow_collector(const struct app *app);
void app_narrow_owners(void *app);
void app_narrow_ipfix(const struct app *app);
void app_narrow_names(void *app);
void app_narrow_sights(void *app);
int app_narrow_main(const struct app *app);

/*
 * Processes that do what the guard forbids: started before anything else, stopped at the end. 0 or
 * a negative errno, logged.
 */
int app_start_helpers(struct app *app);
void app_stop_helpers(struct app *app);
/*
 * Requests to them; `app` is a struct app, results as in ui.h and process.h. Any one thread at
 * a time.
 */
int app_save_settings(void *app, const struct settings *settings, char where[SETTINGS_PATH_MAX]);
int app_keep_text(void *app, const char *name, const char *text, size_t length,
		  char where[SETTINGS_PATH_MAX]);
void app_user_name(void *app, uint32_t uid, char name[USER_NAME_SIZE]);

/*
 * Flow records to a collector. open: first of all, in the network namespace of the start; the rest as
 * for the other outputs, which call them. 0 or a negative errno, logged.
 */
int app_open_ipfix(struct app *app);
int app_make_ipfix(struct app *app);
int app_start_ipfix(struct app *app);
/* Tells it to send what is left; then app_finish_ipfix() waits for that. */
void app_end_ipfix(struct app *app);
void app_finish_ipfix(struct app *app);
void app_free_ipfix(struct app *app);
#define APP_IPFIX_TEXT_MAX 512
/*
 * One line on what was sent, at most `size` bytes, "" without --ipfix; true if records were lost. `app`
 * is a struct app. Any thread.
 */
bool app_ipfix_text(void *app, char *text, size_t size);

/*
 * Streams and other outputs. Opened before privileges are dropped and the collector starts, started
 * after it, finished when it has ended. 0 or a negative errno, logged.
 */
int app_open_outputs(struct app *app);
#define OUTPUT_SETTLE_MS 50
static inline int app_settle_ms(const struct app *app)
{
	const struct options *options = app->options;
	bool asks = !options->no_owners || !options->no_inspect;

	return asks && !options->read ? OUTPUT_SETTLE_MS : 0;
}
int app_start_outputs(struct app *app);
/*
 * Publishes what is left, and takes over the status and the reason of the end. Bounded: no output waits
 * longer than OUTLET_GRACE_ALL_NS for its reader, and all wait at once.
 */
void app_finish_outputs(struct app *app);
void app_free_outputs(struct app *app);
/*
 * How files of streams are opened: that of a named pipe without a reader fails with ENXIO instead of
 * waiting for one, as no signal would end that.
 */
#define APP_STREAM_FLAGS (O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK)
/* After the deadline was set: ends the program at once if an output has ended it. */
void app_recall_end(struct app *app);
/* Limits of --alert that are exceeded, a bit each. Any thread. */
unsigned int app_alert_bits(void *app);
/*
 * One line on alert `i` for the report, after app_finish_outputs(): "in pps > 1k: exceeded 2 times, last
 * at ...". False if there is no such alert.
 */
bool app_alert_summary(const struct app *app, size_t i, char *text, size_t size);
#define APP_ALERT_TEXT_MAX 1024
/* SIGHUP: opens files of streams again; false if there are none. */
bool app_reopen_outputs(struct app *app);
/* Whether any is asked for; whether a stream is on standard output, which has no report then. */
bool app_has_outputs(const struct options *options);
bool app_streams_to_stdout(const struct options *options);
/*
 * Metrics, parts of the outputs. The socket is bound first of all, in the program's own network
 * namespace. 0 or a negative errno, logged.
 */
bool app_has_metrics(const struct options *options);
int app_bind_metrics(struct app *app);
int app_open_metrics(struct app *app, struct alerts *alerts);
int app_start_metrics(struct app *app);
void app_finish_metrics(struct app *app);
void app_free_metrics(struct app *app);
void app_narrow_metrics(void *app);
/* Asks a helper to open a new file beside that of --metrics-file (a descriptor), to put it in its
 * place (0), or to remove it (0); or a negative errno. */
enum metrics_file_step {
	METRICS_FILE_OPEN,
	METRICS_FILE_REPLACE,
	METRICS_FILE_REMOVE,
};
int app_change_metrics_file(struct app *app, enum metrics_file_step step);
/* First action of the threads of streams. */
void app_narrow_stream(void *app);
/* Asks a helper for the file of a stream: a descriptor or a negative errno. */
int app_open_stream_again(struct app *app, size_t stream);

/* True if host names may be looked up: in the live view a key starts it. */
bool app_wants_names(const struct app *app);
void app_free_names(struct app *app);
/* With --names: gives them to the report, after waiting at most two seconds for those it prints. */
void app_await_names(struct app *app, struct report *report);

/* How packets are counted, in a word or two. */
static inline const char *app_way(const struct app *app)
{
	return app->source->ops->way(app->source);
}

/*
 * --read: opens the capture file, for which a pipe is waited for: before signals are blocked. 0 or a
 * negative errno, logged.
 */
int app_open_file(struct app *app);
/* When the collector has ended: logs what was wrong with the file, if anything was. */
void app_end_file(struct app *app);
/* Frees the source, of either kind. */
void app_free_source(struct app *app);

/*
 * Prepares everything: mode, helpers, interfaces, privileges, signals, memory, source, collector,
 * deadline. 0 or a negative errno, logged.
 */
int app_start(struct app *app);

#endif
