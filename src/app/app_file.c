/* SPDX-License-Identifier: MIT */
/* Capture files: opened instead of interfaces, and what was wrong with them. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "app_private.h"
#include "bpf_source.h"
#include "file_source.h"
#include "log.h"
#include "options.h"
#include "socket_source.h"

static char *file_name(const struct app *app, char *text, size_t size)
{
	bool standard = !strcmp(app->options->read, "-");

	return format_outside(standard ? "standard input" : app->options->read, text, size);
}

static void say_open_error(const struct app *app, int err, const char *why)
{
	char name[4 * FORMAT_TEXT_MAX], safe[READER_WHY_MAX];

	file_name(app, name, sizeof(name));
	format_outside(why, safe, sizeof(safe));
	if (err == -EBADMSG)
		log_line("cannot read %s: not a capture that can be read (pcap or pcapng): %s",
			 name, safe);
	else if (err == -EPROTONOSUPPORT)
		log_line("cannot read %s: its link type %s is neither Ethernet, plain IP, Linux "
			 "cooked nor loopback; capture on another interface",
			 name, safe);
	else if (err == -ENOMEM)
		log_line("cannot allocate memory to read %s", name);
	else
		log_line("cannot read %s: %s", name, strerror(-err));
}

int app_open_file(struct app *app)
{
	const struct options *options = app->options;
	struct sampler_outlet samples;
	const struct file_source_options wanted = {
		.path = options->read,
		.speed = options->speed_set ? options->speed : app->live ? 1 : 0,
		.no_arp = options->no_arp,
		.samples = &samples,
		.local = options->local.count ? &options->local : NULL,
	};
	char why[READER_WHY_MAX];
	int err;

	if (!strcmp(options->read, "-") && isatty(STDIN_FILENO)) {
		log_line("cannot read standard input: it is a terminal; send a capture through "
			 "a pipe (tcpdump -U -w - | pktstat-bpf --read -), or give a file");
		return -ENOTTY;
	}
	app_make_samples(app, true, &samples);
	err = file_source_open(&wanted, &app->source, why);
	if (err) {
		say_open_error(app, err, why);
		return err;
	}
	app->reads_file = true;
	app->start_mono_ns = file_source_start_mono_ns(app->source);
	app->start_wall_ns = file_source_start_wall_ns(app->source);
	return 0;
}

void app_end_file(struct app *app)
{
	char name[4 * FORMAT_TEXT_MAX], safe[READER_WHY_MAX];
	const char *why;
	uint64_t packets;
	int err;

	if (!app->reads_file)
		return;
	err = file_source_error(app->source, &packets, &why);
	file_name(app, name, sizeof(name));
	if (file_source_is_timeless(app->source))
		log_line("%s does not say when its first packets were captured: they were counted as "
			 "of now, and rates mean nothing",
			 name);
	if (!err)
		return;
	app->status = APP_FAILED;
	format_outside(why, safe, sizeof(safe));
	if (err == -EBADMSG)
		log_line("cannot read %s beyond packet %" PRIu64 ": %s; what was read so far is "
			 "reported",
			 name, packets, safe);
	else if (err == -EPROTONOSUPPORT)
		log_line("cannot read %s beyond packet %" PRIu64 ": the next one is of link type "
			 "%s, which is not read; what was read so far is reported",
			 name, packets, safe);
	else
		log_line("cannot read %s beyond packet %" PRIu64 ": %s; what was read so far is "
			 "reported",
			 name, packets, strerror(-err));
}

void app_free_source(struct app *app)
{
	if (app->reads_file)
		file_source_free(app->source);
	else if (app->reads_sockets)
		socket_source_free(app->source);
	else
		bpf_source_free(app->source);
	app->source = NULL;
}
