/* SPDX-License-Identifier: MIT */
/* Lines of /etc/hosts in a sorted array; see hosts.h. The format is that of hosts(5). */
#include "hosts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r\n\v\f"

void hosts_init(struct hosts *hosts, const char *path)
{
	*hosts = (struct hosts){.path = path};
}

static void forget_lines(struct hosts *hosts)
{
	for (size_t i = 0; i < hosts->count; i++)
		free(hosts->host[i].name);
	free(hosts->host);
	hosts->host = NULL;
	hosts->count = hosts->room = 0;
}

void hosts_done(struct hosts *hosts)
{
	forget_lines(hosts);
}

static bool read_host_address(const char *text, uint8_t ret_address[16])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	uint8_t address[16];

	if (inet_pton(AF_INET, text, address + 12) == 1)
		memcpy(address, mapped, sizeof(mapped));
	else if (inet_pton(AF_INET6, text, address) != 1)
		return false;
	memcpy(ret_address, address, sizeof(address));
	return true;
}

static int add_host(struct hosts *hosts, const struct host_line *host)
{
	if (hosts->count == hosts->room) {
		size_t room = hosts->room ? 2 * hosts->room : 64;
		struct host_line *more = reallocarray(hosts->host, room, sizeof(*more));

		if (!more)
			return -ENOMEM;
		hosts->host = more;
		hosts->room = room;
	}
	hosts->host[hosts->count] = *host;
	hosts->host[hosts->count].name = strdup(host->name);
	if (!hosts->host[hosts->count].name)
		return -ENOMEM;
	hosts->count++;
	return 0;
}

/* Parses address, blanks, name; skips other lines. Modifies `text`. */
static int read_host_line(struct hosts *hosts, char *text, uint32_t line)
{
	struct host_line host = {.line = line};
	char *address, *rest = text;

	text[strcspn(text, "#")] = '\0';
	do
		address = strsep(&rest, BLANKS);
	while (address && !*address);
	do
		host.name = strsep(&rest, BLANKS);
	while (host.name && !*host.name);
	if (!address || !host.name || !read_host_address(address, host.address))
		return 0;
	return add_host(hosts, &host);
}

static int by_address(const void *left, const void *right)
{
	const struct host_line *a = left, *b = right;
	int order = memcmp(a->address, b->address, sizeof(a->address));

	if (order)
		return order;
	return a->line < b->line ? -1 : a->line > b->line;
}

static int read_file(struct hosts *hosts, FILE *file)
{
	uint32_t line = 0;
	char *text = NULL;
	size_t size = 0;
	int err = 0;

	while (!err && hosts->count < HOSTS_MAX && getline(&text, &size, file) >= 0)
		err = read_host_line(hosts, text, line++);
	free(text);
	if (hosts->count)
		qsort(hosts->host, hosts->count, sizeof(*hosts->host), by_address);
	return err;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

int hosts_refresh(struct hosts *hosts)
{
	struct stat now = {0};
	FILE *file;
	int err = 0;

	/* Only a regular file: opening anything else might block. */
	if (stat(hosts->path, &now) || !S_ISREG(now.st_mode))
		now = (struct stat){0};
	if (same_file(&now, &hosts->stamp))
		return 0;
	forget_lines(hosts);
	hosts->stamp = now;
	file = now.st_ino ? fopen(hosts->path, "re") : NULL;
	if (!file)
		return 0;
	err = read_file(hosts, file);
	fclose(file);
	return err;
}

const char *hosts_find(const struct hosts *hosts, const uint8_t address[16])
{
	size_t low = 0, high = hosts->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(hosts->host[middle].address, address, 16) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == hosts->count || memcmp(hosts->host[low].address, address, 16) != 0)
		return NULL;
	return hosts->host[low].name;
}
