/* SPDX-License-Identifier: MIT */
/* pktstat-bpf: who is using this interface, right now? */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "app.h"
#include "guard.h"
#include "log.h"
#include "options.h"

/*
 * If a standard descriptor is closed, the next file opened would get its number, and the report
 * would be written to that file. So closed ones are opened on /dev/null, for reading.
 */
static void keep_standard_descriptors(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) < 0)
			_exit(APP_FAILED);
	}
}

/*
 * Snapshots are large, differ in size, and live for minutes: in a heap they leave holes that no
 * later one fits. With this, each gets pages of its own, which are returned when it is freed. glibc
 * raises the threshold when the first one is freed, unless it is set.
 */
static void keep_large_blocks_apart(void)
{
#ifdef M_MMAP_THRESHOLD
	mallopt(M_MMAP_THRESHOLD, 128 << 10);
#endif
}

/*
 * Not LC_NUMERIC: numbers look the same everywhere. glibc loads the character converter of a locale
 * when it is first used, which the guard would prevent: so it is used here.
 */
static void use_locale(void)
{
	mbstate_t state = {0};

	setlocale(LC_CTYPE, "");
	(void)!mbrlen("x", 1, &state);
}

static int print(const char *text)
{
	if (fputs(text, stdout) != EOF && fflush(stdout) != EOF)
		return APP_OK;
	log_line("cannot write to standard output: %s", strerror(errno));
	return APP_FAILED;
}

int main(int argc, char **argv)
{
	char text[OPTIONS_HELP_MAX];
	struct options options;

	keep_standard_descriptors();
	keep_large_blocks_apart();
	if (guard_is_setuid()) {
		log_line("refusing to run set-user-ID or set-group-ID; remove that with chmod ug-s "
			 "and grant capabilities instead "
			 "(setcap cap_bpf,cap_net_admin,cap_perfmon=ep)");
		return APP_FAILED;
	}
	use_locale();
	switch (options_parse(argc, argv, &options, text, sizeof(text))) {
	case OPTIONS_HELP: return print(options_help(text, sizeof(text)));
	case OPTIONS_VERSION: return print("pktstat-bpf " PKTSTAT_VERSION "\n");
	case OPTIONS_USAGE: log_line("%s", text); return APP_USAGE;
	case OPTIONS_RUN: break;
	}
	return app_run(&options);
}
