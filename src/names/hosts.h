/* SPDX-License-Identifier: MIT */
/*
 * /etc/hosts, read once and again after a change, not for each address. One thread; the object owns
 * its names.
 */
#ifndef PKTSTAT_HOSTS_H
#define PKTSTAT_HOSTS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* At most so many lines are kept. */
#define HOSTS_MAX 262144

struct host_line {
	uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d */
	uint32_t line;
	char *name;
};

struct hosts {
	const char *path; /* borrowed */
	struct stat stamp;
	struct host_line *host; /* by address, then line */
	size_t count, room;
};

void hosts_init(struct hosts *hosts, const char *path);
void hosts_done(struct hosts *hosts);

/*
 * Reads the file if it has changed. 0, also if the file does not exist or cannot be read, which
 * counts as empty; -ENOMEM: only part of the lines are kept.
 */
int hosts_refresh(struct hosts *hosts);

/*
 * The first name of the first line with this address (untrusted text, valid until the next
 * refresh), or NULL.
 */
const char *hosts_find(const struct hosts *hosts, const uint8_t address[16]);

#endif
