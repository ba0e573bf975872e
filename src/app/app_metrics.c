/* SPDX-License-Identifier: MIT */
/*
 * --metrics and --metrics-file: the socket is bound before anything else, in the program's own network
 * namespace; the file is written by way of a helper, which creates and renames.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app_private.h"
#include "log.h"
#include "metrics_file.h"
#include "metrics_server.h"
#include "options.h"
#include "publisher.h"

struct app_metrics {
	struct app *app;
	struct alerts *alerts;
	int listen_fd; /* -1: none, or taken over */
	struct metrics *served, *filed;
	struct metrics_server *server;
	struct metrics_file file;
	struct publisher *serves, *files;
};

bool app_has_metrics(const struct options *options)
{
	return options->metrics || options->metrics_file;
}

static int say_bind_error(const char *address, int err)
{
	switch (err) {
	case -ENOENT:
		log_line("cannot serve metrics on '%s': no such address; give one of this host",
			 address);
		break;
	default:
		log_line("cannot serve metrics on '%s': %s; give another port or address", address,
			 strerror(-err));
	}
	return err;
}

int app_bind_metrics(struct app *app)
{
	struct app_metrics *metrics;
	int err = 0;

	if (!app_has_metrics(app->options))
		return 0;
	metrics = app->metrics = calloc(1, sizeof(*metrics));
	if (!metrics) {
		log_line("cannot allocate memory for metrics");
		return -ENOMEM;
	}
	metrics->app = app;
	metrics->listen_fd = -1;
	if (app->options->metrics)
		err = metrics_bind(&app->options->metrics_address, &metrics->listen_fd);
	return err ? say_bind_error(app->options->metrics, err) : 0;
}

static void narrow_metrics_server(void *context)
{
	const struct app_metrics *metrics = context;

	app_narrow_metrics(metrics->app);
}

static void narrow_metrics_file(void *context)
{
	const struct app_metrics *metrics = context;

	app_narrow_stream(metrics->app);
}

static void say_metrics_news(void *context, enum publisher_news news, int err)
{
	(void)context;
	if (news == PUBLISHER_CLOSED)
		log_line("metrics have ended: %s; continuing without them", strerror(-err));
}

static int open_metrics_file(void *context)
{
	const struct app_metrics *metrics = context;

	return app_change_metrics_file(metrics->app, METRICS_FILE_OPEN);
}

static int replace_metrics_file(void *context)
{
	const struct app_metrics *metrics = context;

	return app_change_metrics_file(metrics->app, METRICS_FILE_REPLACE);
}

static void remove_metrics_file(void *context)
{
	const struct app_metrics *metrics = context;

	(void)app_change_metrics_file(metrics->app, METRICS_FILE_REMOVE);
}

static void say_metrics_stuck(void *context, int err)
{
	const struct app_metrics *metrics = context;
	const char *path = metrics->app->options->metrics_file;

	if (err)
		log_line("cannot write metrics to %s: %s; trying again", path, strerror(-err));
	else
		log_line("metrics are written to %s again", path);
}

static int new_metrics(const struct app_metrics *metrics, struct metrics **ret_metrics)
{
	const struct metrics_options options = {
		.series = (unsigned int)metrics->app->options->metrics_series,
		.alerts = metrics->alerts,
		.program_version = PKTSTAT_VERSION,
	};

	return metrics_new(&options, ret_metrics);
}

static int open_server(struct app_metrics *metrics)
{
	struct publisher_options publisher = {
		.ring = metrics->app->ring,
		.settle_ms = app_settle_ms(metrics->app),
		.publish = metrics_server_publish,
		.finish = metrics_server_finish,
		.extra = metrics_server_run,
		.on_thread = narrow_metrics_server,
		.say = say_metrics_news,
		.context = metrics,
	};
	int fd = metrics->listen_fd, err = new_metrics(metrics, &metrics->served);

	if (err)
		return err;
	metrics->listen_fd = -1;
	err = metrics_server_new(metrics->served, fd, &metrics->server);
	if (err)
		return err;
	publisher.output = metrics->server;
	publisher.extra_fd = metrics_server_fd(metrics->server);
	return publisher_new(&publisher, &metrics->serves);
}

static int open_file_output(struct app_metrics *metrics)
{
	const struct publisher_options publisher = {
		.ring = metrics->app->ring,
		.every_ns = metrics->app->options->every_ns,
		.settle_ms = app_settle_ms(metrics->app),
		.publish = metrics_file_publish,
		.finish = metrics_file_finish,
		.output = &metrics->file,
		.on_thread = narrow_metrics_file,
		.say = say_metrics_news,
		.context = metrics,
	};
	int err = new_metrics(metrics, &metrics->filed);

	metrics->file = (struct metrics_file){.metrics = metrics->filed,
					      .open = open_metrics_file,
					      .replace = replace_metrics_file,
					      .remove = remove_metrics_file,
					      .stuck = say_metrics_stuck,
					      .context = metrics};
	return err ? err : publisher_new(&publisher, &metrics->files);
}

/* Whether a file can be made beside it. */
static int try_metrics_file(struct app_metrics *metrics)
{
	int fd = open_metrics_file(metrics);

	if (fd == -EEXIST) {
		log_line("cannot write metrics to %s: it is a directory, a device or a pipe, and the "
			 "file is replaced each time; give another path",
			 metrics->app->options->metrics_file);
		return fd;
	}
	if (fd < 0) {
		log_line("cannot write metrics to %s: %s; give a file in an existing directory that "
			 "belongs to the user that the program runs as",
			 metrics->app->options->metrics_file, strerror(-fd));
		return fd;
	}
	close(fd);
	return 0;
}

int app_open_metrics(struct app *app, struct alerts *alerts)
{
	struct app_metrics *metrics = app->metrics;
	int err = 0;

	if (!metrics)
		return 0;
	metrics->alerts = alerts;
	if (app->options->metrics_file && try_metrics_file(metrics))
		return -EIO;
	if (app->options->metrics)
		err = open_server(metrics);
	if (!err && app->options->metrics_file)
		err = open_file_output(metrics);
	if (err)
		log_line("cannot prepare metrics: %s", strerror(-err));
	return err;
}

int app_start_metrics(struct app *app)
{
	struct app_metrics *metrics = app->metrics;
	const struct about_tables tables = app_tables(app);
	int err = 0;

	if (!metrics)
		return 0;
	if (metrics->served)
		metrics_prepare(metrics->served, app->start_wall_ns, &tables);
	if (metrics->filed)
		metrics_prepare(metrics->filed, app->start_wall_ns, &tables);
	if (metrics->serves)
		err = publisher_start(metrics->serves);
	if (!err && metrics->files)
		err = publisher_start(metrics->files);
	if (err)
		log_line("cannot start metrics: %s", strerror(-err));
	return err;
}

void app_finish_metrics(struct app *app)
{
	struct app_metrics *metrics = app->metrics;

	if (metrics && metrics->serves)
		publisher_finish(metrics->serves);
	if (metrics && metrics->files)
		publisher_finish(metrics->files);
}

void app_free_metrics(struct app *app)
{
	struct app_metrics *metrics = app->metrics;

	if (!metrics)
		return;
	publisher_free(metrics->serves);
	publisher_free(metrics->files);
	metrics_server_free(metrics->server);
	metrics_file_done(&metrics->file);
	metrics_free(metrics->served);
	metrics_free(metrics->filed);
	if (metrics->listen_fd >= 0)
		close(metrics->listen_fd);
	free(metrics);
	app->metrics = NULL;
}
