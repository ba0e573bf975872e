/* SPDX-License-Identifier: MIT */
/*
 * What the program gives up and how it still gets its work done. Once everything is attached and
 * open, privileges that are no longer needed are dropped: first by the whole process, then by each
 * thread for itself. Two helper processes, started before that, do what the program itself may no
 * longer do: one saves settings (with a live view), one looks up the names of users (with owners).
 * The functions serve_*() run in the helpers.
 */
#include "app_private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bpf_source.h"
#include "guard.h"
#include "helper.h"
#include "log.h"
#include "options.h"
#include "owners.h"
#include "process.h"
#include "settings.h"

#define METRICS_PATH_MAX 4096
/* An ID that no user has: looking it up loads every configured name service. */
#define UNUSED_UID 4294967290U

static unsigned int collector_needs(const struct app *app)
{
	const struct options *options = app->options;
	unsigned int needs = GUARD_COLLECT;

	if (app->reads_file)
		return 0;
	if (app->reads_sockets)
		return GUARD_SOCKET;
	/* Interfaces that appear or return. */
	if (options->any || options->ifaces > 1 || !options->exit_on_loss)
		needs |= GUARD_ATTACH;
	if (strcmp(app_way(app), "tcx") != 0)
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

static unsigned int metrics_needs(const struct app *app)
{
	return app->options->metrics ? GUARD_SERVE : 0;
}

static unsigned int main_needs(const struct app *app)
{
	return app->live ? GUARD_VIEW : 0;
}

static unsigned int ipfix_needs(const struct app *app)
{
	return app->options->ipfix_set && app->options->ipfix.tcp ? GUARD_CONNECT : 0;
}

int app_close_guard(struct app *app)
{
	const unsigned int needs = GUARD_THREADS | collector_needs(app) | owners_needs(app) |
				   names_needs(app) | main_needs(app) | metrics_needs(app) |
				   ipfix_needs(app) | (app->netns_fd >= 0 ? GUARD_NETNS : 0);
	const char *what;
	int err;

	/* Raised here, while still permitted, for the collector thread to inherit. */
	app->own_nice = getpriority(PRIO_PROCESS, 0);
	if (app->own_nice > COLLECTOR_NICE && !app->reads_file)
		setpriority(PRIO_PROCESS, 0, COLLECTOR_NICE);
	err = guard_close(needs, &what);
	if (err)
		log_line("cannot drop privileges (%s): %s", what, strerror(-err));
	return err;
}

/* If this fails, the thread still has no more than the process kept. */
static int narrow(const char *thread, unsigned int needs)
{
	const char *what;
	int err = guard_narrow(needs, &what);

	if (err)
		log_line("cannot drop privileges of the %s thread (%s): %s", thread, what,
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

void app_narrow_metrics(void *app)
{
	(void)narrow("metrics", metrics_needs(app));
}

void app_narrow_stream(void *app)
{
	(void)app;
	(void)narrow("stream", 0);
}

void app_narrow_ipfix(const struct app *app)
{
	(void)narrow("IPFIX", ipfix_needs(app));
}

void app_narrow_sights(void *app)
{
	(void)app;
	(void)narrow("sights", 0);
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

struct save_answer {
	int err;
	char where[SETTINGS_PATH_MAX];
};

_Static_assert(sizeof(struct save_answer) <= HELPER_MESSAGE_MAX, "an answer is one message");

/* Parses the text first, so that nothing but valid settings is written. */
static size_t serve_settings(const void *request, size_t length, void *answer, size_t size)
{
	struct save_answer *saved = answer;
	char text[SETTINGS_FILE_MAX], path[SETTINGS_PATH_MAX];
	struct settings settings = {0};
	unsigned int line;

	(void)size;
	memset(saved, 0, sizeof(*saved));
	if (length >= sizeof(text)) {
		saved->err = -EMSGSIZE;
		return sizeof(*saved);
	}
	memcpy(text, request, length);
	text[length] = '\0';
	saved->err = settings_parse(text, &settings, &line);
	if (!saved->err)
		saved->err = settings_path(path, sizeof(path));
	if (!saved->err)
		saved->err = settings_save(path, &settings, saved->where);
	return sizeof(*saved);
}

static void load_name_services(void)
{
	char name[USER_NAME_SIZE];

	users_name((uint32_t)getuid(), name);
	users_name(UNUSED_UID, name);
}

static size_t serve_user(const void *request, size_t length, void *answer, size_t size)
{
	uint32_t uid = 0;

	(void)size;
	if (length == sizeof(uid))
		memcpy(&uid, request, sizeof(uid));
	users_name(uid, answer);
	return strlen(answer) + 1;
}

/* The file of a stream, by its number. */
static int serve_stream(const void *context, const void *request, size_t length)
{
	const struct options *options = context;
	size_t stream;
	int fd;

	if (length != sizeof(stream))
		return -EINVAL;
	memcpy(&stream, request, sizeof(stream));
	if (stream >= options->streams || !options->stream[stream].path)
		return -EINVAL;
	fd = open(options->stream[stream].path, APP_STREAM_FLAGS, 0644);
	return fd < 0 ? -errno : fd;
}

/* In front of a name: the file is to be removed again. No name begins with it. */
#define KEEPING_FAILED '-'

/* A new file for what the user keeps, by its name. */
static int serve_keeping(const void *context, const void *request, size_t length)
{
	char name[NAME_MAX + 1];

	(void)context;
	if (length >= sizeof(name))
		return -ENAMETOOLONG;
	memcpy(name, request, length);
	name[length] = '\0';
	return *name == KEEPING_FAILED ? settings_remove_kept(name + 1)
				       : settings_create_kept(name);
}

static int write_whole(int fd, const char *text, size_t length)
{
	while (length) {
		ssize_t written = write(fd, text, length);

		if (written < 0 && errno != EINTR)
			return -errno;
		text += written < 0 ? 0 : written;
		length -= written < 0 ? 0 : (size_t)written;
	}
	return 0;
}

/* A part of a file would be taken for the whole. */
static void remove_part(struct app *app, const char *name)
{
	char request[NAME_MAX + 1];
	int length = snprintf(request, sizeof(request), "%c%s", KEEPING_FAILED, name);

	(void)helper_ask_file(app->keeper, request, (size_t)length);
}

int app_keep_text(void *context, const char *name, const char *text, size_t length,
		  char where[SETTINGS_PATH_MAX])
{
	struct app *app = context;
	int fd, err = settings_kept_path(name, where);

	if (err) {
		*where = '\0';
		return err;
	}
	fd = helper_ask_file(app->keeper, name, strlen(name));
	if (fd <= 0)
		return fd ? fd : -EPROTO;
	err = write_whole(fd, text, length);
	if (close(fd) && !err)
		err = -errno;
	if (err)
		remove_part(app, name);
	return err;
}

int app_open_stream_again(struct app *app, size_t stream)
{
	return helper_ask_file(app->reopener, &stream, sizeof(stream));
}

static bool has_stream_files(const struct options *options)
{
	for (size_t i = 0; i < options->streams; i++) {
		if (options->stream[i].path)
			return true;
	}
	return false;
}

/* A new file beside that of --metrics-file; the new one in its place, or gone. */
static int serve_metrics_file(const void *context, const void *request, size_t length)
{
	const struct options *options = context;
	enum metrics_file_step step;
	char path[METRICS_PATH_MAX];
	struct stat old;
	int fd, err;

	if (length != sizeof(step) ||
	    snprintf(path, sizeof(path), "%s.tmp", options->metrics_file) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	memcpy(&step, request, sizeof(step));
	if (step == METRICS_FILE_OPEN) {
		/* As root a rename would replace /dev/null as well. */
		if (!lstat(options->metrics_file, &old) && !S_ISREG(old.st_mode) &&
		    !S_ISLNK(old.st_mode))
			return -EEXIST;
		unlink(path);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		return fd < 0 ? -errno : fd;
	}
	if (step == METRICS_FILE_REMOVE)
		return unlink(path) ? -errno : 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = fsync(fd) || rename(path, options->metrics_file) ? -errno : 0;
	close(fd);
	return err;
}

int app_change_metrics_file(struct app *app, enum metrics_file_step step)
{
	return helper_ask_file(app->metrics_writer, &step, sizeof(step));
}

int app_start_helpers(struct app *app)
{
	const struct helper_options metrics_writer = {.name = "pktstat-metrics",
						      .needs = GUARD_SETTINGS,
						      .serve_file = serve_metrics_file,
						      .context = app->options};
	const struct helper_options reopener = {.name = "pktstat-reopen",
						.needs = GUARD_APPEND,
						.serve_file = serve_stream,
						.context = app->options};
	static const struct helper_options saver = {
		.name = "pktstat-save", .needs = GUARD_SETTINGS, .serve = serve_settings};
	static const struct helper_options keeper = {
		.name = "pktstat-keep", .needs = GUARD_SETTINGS, .serve_file = serve_keeping};
	static const struct helper_options users = {.name = "pktstat-users",
						    .needs = GUARD_USERS,
						    .prepare = load_name_services,
						    .serve = serve_user};
	int err = 0;

	signal(SIGCHLD, SIG_IGN); /* one that ends during the run does not stay a zombie */
	if (app->live)
		err = helper_start(&saver, &app->saver);
	if (!err && app->live)
		err = helper_start(&keeper, &app->keeper);
	if (!err && !app->options->no_owners)
		err = helper_start(&users, &app->users);
	if (!err && has_stream_files(app->options))
		err = helper_start(&reopener, &app->reopener);
	if (!err && app->options->metrics_file)
		err = helper_start(&metrics_writer, &app->metrics_writer);
	if (err)
		log_line("cannot start a helper process: %s", strerror(-err));
	else
		app_start_reader(app);
	return err;
}

void app_stop_helpers(struct app *app)
{
	helper_stop(app->saver);
	helper_stop(app->users);
	helper_stop(app->reopener);
	helper_stop(app->metrics_writer);
	helper_stop(app->keeper);
	app->saver = app->users = app->reopener = app->metrics_writer = app->keeper = NULL;
}

int app_save_settings(void *context, const struct settings *settings, char where[SETTINGS_PATH_MAX])
{
	struct app *app = context;
	struct save_answer saved;
	char text[SETTINGS_FILE_MAX];
	ssize_t length;

	settings_text(settings, text, sizeof(text));
	length = helper_ask(app->saver, text, strlen(text), &saved, sizeof(saved));
	if (length != (ssize_t)sizeof(saved)) {
		snprintf(where, SETTINGS_PATH_MAX, "the helper process that saves them %s",
			 length == -ETIMEDOUT ? "does not answer" : "has ended");
		return length < 0 ? (int)length : -EPROTO;
	}
	saved.where[sizeof(saved.where) - 1] = '\0';
	memcpy(where, saved.where, sizeof(saved.where));
	return saved.err;
}

void app_user_name(void *context, uint32_t uid, char name[USER_NAME_SIZE])
{
	struct app *app = context;
	ssize_t length = helper_ask(app->users, &uid, sizeof(uid), name, USER_NAME_SIZE);

	if (length > 0)
		name[length - 1] = '\0';
	else
		snprintf(name, USER_NAME_SIZE, "%u", uid);
}
