/* SPDX-License-Identifier: MIT */
/*
 * Inside of the program, for its own files: app.c runs the stages, app_start.c gets everything
 * ready, app_end.c says what was counted. Main thread. A stage that fails has said so in one
 * sentence.
 */
#ifndef PKTSTAT_APP_PRIVATE_H
#define PKTSTAT_APP_PRIVATE_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "app.h"
#include "app_links.h"
#include "collector.h"
#include "filter.h"
#include "format.h"
#include "ledger.h"
#include "name_cache.h"
#include "owner.h"
#include "report.h"
#include "ring.h"
#include "services.h"
#include "settings.h"
#include "source.h"
#include "users.h"

struct app {
	const struct options *options;
	struct app_links links;
	int netns_fd; /* of --netns, where the interfaces are; -1: here */
	bool live;
	FILE *terminal; /* /dev/tty, when standard input or output is no terminal */
	int signal_fd;
	int deadline_fd;
	uint64_t timeout_ns; /* when that is due, from the start; 0: never */
	sigset_t old_signals;
	struct ring *ring;
	struct ledger *ledger;
	struct flow_source *source;
	struct collector *collector;
	struct filter *filter; /* --filter, or NULL */
	struct filter *hidden; /* --hide-own: the SSH session, or NULL */
	struct name_cache *names; /* NULL: addresses have no names here */
	struct resolver *resolver;
	struct owner_table *owner_table; /* NULL with --no-owners */
	struct services *services;	 /* NULL: no live view */
	struct helper *saver;		 /* saves settings; NULL: no live view */
	struct helper *users;		 /* knows names of users; NULL: owners are not looked up */
	struct owners *owners;		 /* NULL: they are not looked up */
	pthread_t owners_opener;	 /* opens them, until awaited */
	bool opening_owners;
	int owners_error;
	bool said_owners_note;
	uint64_t start_mono_ns;
	int64_t start_wall_ns;
	int own_nice;	   /* of the main thread, which lends the collector's before that starts */
	const char *ended; /* why, for the report */
	int status;
};

/*
 * Owners of flows: opened by a thread of their own while the source is opened, which mostly waits for
 * the kernel; awaited before capabilities are dropped, and started after that; finished after the
 * collector has ended and before the report. What fails is said, and counting goes on without.
 */
void app_open_owners(struct app *app);
void app_await_owners(struct app *app);
void app_start_owners(struct app *app);
void app_finish_owners(struct app *app);
void app_free_owners(struct app *app);

/*
 * Gives up all privileges but those still needed, before the first thread starts. 0 or a negative
 * errno, said.
 */
int app_close_guard(struct app *app);
/* The collector runs: the main thread takes its own priority again. */
void app_settle(const struct app *app);
/*
 * The calling thread gives up what only others need: each as its first act, the main thread, when
 * the others run. A failure is said; the main thread's is an error.
 */
void app_narrow_collector(const struct app *app);
void app_narrow_owners(void *app);
void app_narrow_names(void *app);
int app_narrow_main(const struct app *app);

/*
 * Processes that do what the guard forbids: started before anything else, stopped at the end. 0 or a
 * negative errno, said.
 */
int app_start_helpers(struct app *app);
void app_stop_helpers(struct app *app);
/* What is asked of them; `app` is a struct app, results as in ui.h and users.h. */
int app_save_settings(void *app, const struct settings *settings, char where[SETTINGS_PATH_MAX]);
void app_user_name(void *app, uint32_t uid, char name[USER_NAME_SIZE]);

/*
 * Host names, in the live view and with --names: started when capabilities were dropped. What fails
 * is said, and addresses stay as they are.
 */
void app_start_names(struct app *app);
/* In the live view a key asks for them. */
bool app_wants_names(const struct app *app);
void app_free_names(struct app *app);
/* With --names: hands them to the report, after waiting two seconds at most for those it prints. */
void app_await_names(struct app *app, struct report *report);

/* With --hide-own: looks for the SSH session. 0, also when there is none, or -ENOMEM. */
int app_find_own(struct app *app);

/* Interfaces, privileges, mode, signals, memory, source, collector, deadline. 0 or an errno. */
int app_start(struct app *app);

/*
 * Ends counting, then, if asked to, writes the report. From here on a further Ctrl-C ends the
 * program.
 */
void app_end(struct app *app, bool report);

#endif
