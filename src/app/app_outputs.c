/* SPDX-License-Identifier: MIT */
/*
 * Streams and other outputs of the program: opened before privileges are dropped, each with a thread
 * that reads the ring. What an output has to tell is logged here; what ends the program because of one
 * arrives at the main thread through the deadline.
 */
#include "app_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "log.h"
#include "options.h"
#include "publisher.h"
#include "stream.h"
#include "watch.h"

/* Why an output ends the program. */
enum output_end {
	OUTPUT_GOES_ON,
	OUTPUT_COUNTED, /* -n */
	OUTPUT_CLOSED,	/* the reader of standard output is gone */
	OUTPUT_FAILED,
	OUTPUT_LIMIT, /* --exit-over */
};

struct app_output {
	struct app *app;
	const char *path; /* outside text; NULL: standard output */
	struct stat file; /* what it is when opened */
	struct stream *stream;
	struct publisher *publisher;
	atomic_bool ended; /* before the program: nothing is written any more */
};

struct app_outputs {
	char host[256];
	atomic_int end;	   /* enum output_end */
	atomic_bool failed; /* status of the program */
	struct app_output stream[OPTIONS_STREAMS_MAX];
	size_t streams;
	struct watch watch;	   /* limits of --alert, then those of --exit-over */
	struct publisher *watcher; /* NULL: none of either */
	struct alerts *alerts;	   /* what became of those of --alert */
};

bool app_has_outputs(const struct options *options)
{
	return options->streams || app_has_metrics(options) || options->alerts ||
	       options->exit_overs || options->ipfix_set;
}

bool app_streams_to_stdout(const struct options *options)
{
	for (size_t i = 0; i < options->streams; i++) {
		if (!options->stream[i].path)
			return true;
	}
	return false;
}

/* Wakes the main thread wherever it waits. */
static void end_now(const struct app *app)
{
	const struct itimerspec now = {.it_value = {.tv_nsec = 1}};

	timerfd_settime(app->deadline_fd, 0, &now, NULL);
}

static void end_program(struct app *app, enum output_end why)
{
	int goes_on = OUTPUT_GOES_ON;

	atomic_compare_exchange_strong(&app->outputs->end, &goes_on, (int)why);
	end_now(app);
}

void app_recall_end(struct app *app)
{
	if (app->outputs && atomic_load(&app->outputs->end) != OUTPUT_GOES_ON)
		end_now(app);
}

static const char *output_name(const struct app_output *output)
{
	return output->path ? output->path : "standard output";
}

static void say_stream_ended(struct app_output *output, int err)
{
	struct app *app = output->app;

	if (!output->path && err == -EPIPE) {
		end_program(app, OUTPUT_CLOSED);
		return;
	}
	atomic_store(&app->outputs->failed, true);
	if (output->path) {
		atomic_store(&output->ended, true);
		log_line("cannot write the stream to %s: %s; continuing without it",
			 output_name(output), strerror(-err));
		return;
	}
	log_line("cannot write the stream to %s: %s", output_name(output), strerror(-err));
	end_program(app, OUTPUT_FAILED);
}

/* Why not all of a stream is written when the program ends. */
static const char *undelivered_text(int err)
{
	switch (err) {
	case -ETIMEDOUT: return "its reader took nothing for 10 seconds";
	case -ETIME: return "its reader had not taken everything 60 seconds after the end";
	default: return strerror(-err);
	}
}

static void say_undelivered(struct app_output *output, int err)
{
	atomic_store(&output->app->outputs->failed, true);
	log_line("the stream to %s is cut off, its last records are missing: %s",
		 output_name(output), undelivered_text(err));
}

static void say_stream_stuck(void *context, int err)
{
	const struct app_output *output = context;

	if (err)
		log_line("cannot write the stream to %s: %s; trying again, nothing is lost",
			 output_name(output), strerror(-err));
	else
		log_line("the stream to %s is written again", output_name(output));
}

static void say_stream_news(void *context, enum publisher_news news, int err)
{
	struct app_output *output = context;

	switch (news) {
	case PUBLISHER_ENDED: end_program(output->app, OUTPUT_COUNTED); break;
	case PUBLISHER_CLOSED: say_stream_ended(output, err); break;
	case PUBLISHER_UNDELIVERED: say_undelivered(output, err); break;
	}
}

static void narrow_stream(void *context)
{
	const struct app_output *output = context;

	app_narrow_stream(output->app);
}

static bool is_named_pipe(const char *path)
{
	struct stat file;

	return !stat(path, &file) && S_ISFIFO(file.st_mode);
}

/* The file of a stream, or standard output. */
static int open_stream_file(const struct options_stream *wanted, int *ret_fd)
{
	if (!wanted->path) {
		*ret_fd = STDOUT_FILENO;
		return 0;
	}
	*ret_fd = open(wanted->path, APP_STREAM_FLAGS, 0644);
	if (*ret_fd >= 0)
		return 0;
	if (errno == ENXIO && is_named_pipe(wanted->path)) {
		log_line("cannot open %s for the stream: nobody reads this pipe; start its reader "
			 "first",
			 wanted->path);
		return -ENXIO;
	}
	log_line("cannot open %s for the stream: %s; give a file in an existing directory that you "
		 "may write to",
		 wanted->path, strerror(errno));
	return -errno;
}

/* As root this would write over a disk. */
static int refuse_disk(const struct app_output *output)
{
	if (!S_ISBLK(output->file.st_mode))
		return 0;
	log_line("cannot write the stream to %s: it is a disk; give a file", output_name(output));
	return -EINVAL;
}

/* Devices are left to the user: /dev/null takes everything. */
static bool is_one_file(const struct stat *a, const struct stat *b)
{
	return (S_ISREG(a->st_mode) || S_ISFIFO(a->st_mode)) && a->st_dev == b->st_dev &&
	       a->st_ino == b->st_ino;
}

/* Two paths may be one file, and a path may be standard output. 0 or -EINVAL. */
static int refuse_mixed(const struct options *options, const struct app_outputs *outputs,
			const struct app_output *output)
{
	struct stat standard;

	if (!app_streams_to_stdout(options) && !fstat(STDOUT_FILENO, &standard) &&
	    is_one_file(&output->file, &standard)) {
		log_line("the stream to %s and the report would be mixed on standard output; give the "
			 "stream another file",
			 output->path);
		return -EINVAL;
	}
	for (const struct app_output *other = outputs->stream; other < output; other++) {
		if (!is_one_file(&output->file, &other->file))
			continue;
		log_line("two streams would be mixed: %s and %s are the same file; give them "
			 "different files",
			 output_name(other), output_name(output));
		return -EINVAL;
	}
	return 0;
}

static int make_stream(struct app *app, const struct options_stream *wanted,
		       struct app_output *output)
{
	const struct options *options = app->options;
	const struct stream_options stream = {
		.format = wanted->format,
		.filter = app->filter,
		.hidden = app->hidden,
		.filter_text = options->filter,
		.by = options->by,
		.sort = options->sort,
		.limit = options->limit,
		.sums_only = options->sums_only,
		.alerts = app->outputs->alerts,
		.program_version = PKTSTAT_VERSION,
		.host = app->outputs->host,
		.stuck = say_stream_stuck,
		.context = output,
	};
	const struct publisher_options publisher = {
		.ring = app->ring,
		.every_ns = options->every_ns,
		.settle_ms = app_settle_ms(app),
		.count = options->count,
		.publish = stream_publish,
		.finish = stream_finish,
		.on_thread = narrow_stream,
		.say = say_stream_news,
		.context = output,
	};
	struct publisher_options made = publisher;
	int fd, err = open_stream_file(wanted, &fd);

	if (err)
		return err;
	output->app = app;
	output->path = wanted->path;
	if (!fstat(fd, &output->file) &&
	    (refuse_disk(output) || refuse_mixed(options, app->outputs, output))) {
		if (wanted->path)
			close(fd);
		return -EINVAL;
	}
	err = stream_new(&stream, fd, wanted->path != NULL, &output->stream);
	if (err) {
		if (wanted->path)
			close(fd);
	} else {
		made.output = output->stream;
		err = publisher_new(&made, &output->publisher);
	}
	if (err)
		log_line("cannot prepare the stream to %s: %s", output_name(output), strerror(-err));
	return err;
}

static void say_limit(void *context, size_t i, const struct limit *limit, enum limit_news news,
		      const struct snapshot *now)
{
	char values[LIMIT_VALUES_MAX], wall[FORMAT_TEXT_MAX];
	struct app *app = context;

	format_wall(now->wall_ns, wall, sizeof(wall));
	limit_values(limit, values, sizeof(values));
	if (i < app->options->alerts) {
		struct alert_news told = {
			.limit = i, .on = news == LIMIT_EXCEEDED, .wall_ns = now->wall_ns};

		memcpy(told.values, values, sizeof(told.values));
		alerts_add(app->outputs->alerts, &told);
		ring_notify(app->ring);
		log_line("%s: %s at %s (%s)",
			 news == LIMIT_EXCEEDED ? "alert" : "alert is over", limit_text(limit),
			 wall, values);
	} else if (news == LIMIT_EXCEEDED &&
		   atomic_load(&app->outputs->end) != OUTPUT_LIMIT) {
		log_line("limit exceeded: %s at %s (%s)", limit_text(limit), wall, values);
		end_program(app, OUTPUT_LIMIT);
	}
}

unsigned int app_alert_bits(void *context)
{
	const struct app *app = context;
	const struct alerts *alerts = app->outputs ? app->outputs->alerts : NULL;

	return alerts ? alerts_on(alerts) : 0;
}

static void narrow_watcher(void *context)
{
	app_narrow_stream(context);
}

static void say_watcher_news(void *context, enum publisher_news news, int err)
{
	(void)context;
	(void)news;
	(void)err;
}

static int make_watcher(struct app *app)
{
	const struct options *options = app->options;
	struct app_outputs *outputs = app->outputs;
	const struct publisher_options publisher = {
		.ring = app->ring,
		.each = true, /* limits of --read must not depend on how fast this thread is */
		.settle_ms = app_settle_ms(app),
		.publish = watch_publish,
		.finish = watch_finish,
		.output = &outputs->watch,
		.on_thread = narrow_watcher,
		.say = say_watcher_news,
		.context = app,
	};
	int err = 0;

	if (!options->alerts && !options->exit_overs)
		return 0;
	outputs->watch.news = say_limit;
	outputs->watch.context = app;
	for (size_t i = 0; !err && i < options->alerts; i++)
		err = watch_add(&outputs->watch, options->alert[i]);
	for (size_t i = 0; !err && i < options->exit_overs; i++)
		err = watch_add(&outputs->watch, options->exit_over[i]);
	if (!err)
		err = publisher_new(&publisher, &outputs->watcher);
	if (err)
		log_line("cannot watch limits: %s", strerror(-err));
	return err;
}

static int start_watcher(struct app *app)
{
	struct app_outputs *outputs = app->outputs;
	int err;

	if (!outputs->watcher)
		return 0;
	outputs->watch.owners = app->owner_table;
	outputs->watch.sights = app->sight_table;
	outputs->watch.names = app->options->names ? app->names : NULL;
	err = publisher_start(outputs->watcher);
	if (err)
		log_line("cannot start watching limits: %s", strerror(-err));
	return err;
}

bool app_alert_summary(const struct app *app, size_t i, char *text, size_t size)
{
	char since[FORMAT_TEXT_MAX], safe[APP_ALERT_TEXT_MAX / 2];
	const struct limit *limit;

	if (i >= app->options->alerts || !app->outputs || i >= app->outputs->watch.count)
		return false;
	limit = app->outputs->watch.limit[i];
	format_outside(limit_text(limit), safe, sizeof(safe));
	if (!limit_times(limit))
		snprintf(text, size, "%s: never exceeded", safe);
	else
		snprintf(text, size, "%s: exceeded %u time%s, %s %s", safe, limit_times(limit),
			 format_plural(limit_times(limit)),
			 limit_is_exceeded(limit) ? "also at the end, since" : "last at",
			 format_wall(limit_since_wall_ns(limit), since, sizeof(since)));
	return true;
}

/* Before the report, for those who do not read it as a table: which alerts there were. */
static void say_alerts(const struct app *app)
{
	const struct watch *watch = &app->outputs->watch;

	for (size_t i = 0; i < watch->count && i < app->options->alerts; i++) {
		const struct limit *limit = watch->limit[i];
		char since[FORMAT_TEXT_MAX];

		if (!limit_times(limit))
			continue;
		log_line("alert %s: %u time%s, %s %s", limit_text(limit), limit_times(limit),
			 format_plural(limit_times(limit)),
			 limit_is_exceeded(limit) ? "exceeded at the end, since" : "last at",
			 format_wall(limit_since_wall_ns(limit), since, sizeof(since)));
	}
}

/* The timer that also ends the program at --timeout. */
static int open_end(struct app *app)
{
	app->deadline_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (app->deadline_fd >= 0)
		return 0;
	log_line("cannot set a timer: %s", strerror(errno));
	return -errno;
}

int app_open_outputs(struct app *app)
{
	const struct options *options = app->options;
	struct app_outputs *outputs;
	int err;

	if (!app_has_outputs(options))
		return 0;
	err = open_end(app);
	if (err)
		return err;
	outputs = app->outputs = calloc(1, sizeof(*outputs));
	if (!outputs || alerts_new(options->alert, options->alerts, &outputs->alerts)) {
		log_line("cannot allocate memory for outputs");
		return -ENOMEM;
	}
	if (gethostname(outputs->host, sizeof(outputs->host) - 1))
		outputs->host[0] = '\0';
	for (size_t i = 0; !err && i < options->streams; i++) {
		outputs->streams++;
		err = make_stream(app, &options->stream[i], &outputs->stream[i]);
	}
	if (!err)
		err = app_make_ipfix(app);
	if (!err)
		err = make_watcher(app);
	return err ? err : app_open_metrics(app, outputs->alerts);
}

int app_start_outputs(struct app *app)
{
	struct app_outputs *outputs = app->outputs;
	const struct about_tables tables = app_tables(app);
	int err = 0;

	for (size_t i = 0; outputs && !err && i < outputs->streams; i++) {
		struct app_output *output = &outputs->stream[i];

		stream_prepare(output->stream, publisher_stop_fd(output->publisher),
			       app->start_wall_ns, &tables,
			       app->options->names ? app->names : NULL);
		err = publisher_start(output->publisher);
		if (err)
			log_line("cannot start the stream to %s: %s", output_name(output),
				 strerror(-err));
	}
	if (!err)
		err = app_start_ipfix(app);
	if (outputs && !err)
		err = start_watcher(app);
	return err ? err : app_start_metrics(app);
}

bool app_reopen_outputs(struct app *app)
{
	struct app_outputs *outputs = app->outputs;
	bool any = false;

	for (size_t i = 0; outputs && i < outputs->streams; i++) {
		struct app_output *output = &outputs->stream[i];
		int fd;

		if (!output->path)
			continue;
		any = true;
		if (atomic_load(&output->ended)) {
			log_line("the stream to %s has ended and is not opened again; start the "
				 "program again for a new one",
				 output->path);
			continue;
		}
		fd = app_open_stream_again(app, i);
		if (fd > 0)
			stream_reopen(output->stream, fd);
		else
			log_line("cannot open %s again: %s; the stream continues in the old file",
				 output->path, strerror(-fd));
	}
	return any;
}

void app_finish_outputs(struct app *app)
{
	struct app_outputs *outputs = app->outputs;

	if (outputs && outputs->watcher)
		publisher_finish(outputs->watcher);
	for (size_t i = 0; outputs && i < outputs->streams; i++)
		publisher_end(outputs->stream[i].publisher);
	app_end_ipfix(app);
	app_finish_metrics(app);
	if (!outputs)
		return;
	for (size_t i = 0; i < outputs->streams; i++)
		publisher_finish(outputs->stream[i].publisher);
	app_finish_ipfix(app);
	say_alerts(app);
	switch (atomic_load(&outputs->end)) {
	case OUTPUT_COUNTED: app->ended = "count"; break;
	case OUTPUT_CLOSED: app->ended = "stream closed"; break;
	case OUTPUT_FAILED: app->ended = "stream failed"; break;
	case OUTPUT_LIMIT: app->ended = "limit exceeded"; break;
	default: break;
	}
	if (atomic_load(&outputs->end) == OUTPUT_LIMIT)
		app->status = APP_LIMIT;
	if (atomic_load(&outputs->failed))
		app->status = APP_FAILED;
}

void app_free_outputs(struct app *app)
{
	struct app_outputs *outputs = app->outputs;

	app_free_metrics(app);
	for (size_t i = 0; outputs && i < outputs->streams; i++) {
		publisher_free(outputs->stream[i].publisher);
		stream_free(outputs->stream[i].stream);
	}
	if (outputs) {
		publisher_free(outputs->watcher);
		watch_done(&outputs->watch);
		alerts_free(outputs->alerts);
	}
	free(outputs);
	app->outputs = NULL;
}
