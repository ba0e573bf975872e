/* SPDX-License-Identifier: MIT */
/*
 * /etc/hosts, read once and again when it has changed, so that ten thousand addresses do not mean
 * ten thousand readings. One thread; the object owns its names.
 */
#ifndef PKTSTAT_HOSTS_H
#define PKTSTAT_HOSTS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* Lines that are kept; more are left out. */
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
 * Reads the file if it is another one than last time. What cannot be read holds no names: 0 also
 * when there is none; -ENOMEM leaves what fitted.
 */
int hosts_refresh(struct hosts *hosts);

/* The first name of the first line with this address (outside text, until the next refresh). */
const char *hosts_find(const struct hosts *hosts, const uint8_t address[16]);

#endif
