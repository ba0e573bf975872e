/* SPDX-License-Identifier: MIT */
/*
 * Addresses of a namespace, from /proc/PID/net/fib_trie and if_inet6: proc(5) and the kernel's
 * fib_trie_seq_show(). An address of the host is a leaf "|-- ADDRESS" with the line "/32 host LOCAL"
 * below it.
 */
#include "address_list.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process.h"

void address_list_clear(struct address_list *list)
{
	free(list->address);
	*list = (struct address_list){0};
}

void address_list_add(struct address_list *list, const uint8_t address[16])
{
	size_t room = list->room ? 2 * list->room : 16;
	void *grown;

	if (list->count == list->room) {
		grown = room > ADDRESS_LIST_MAX ? NULL : realloc(list->address, room * 16);
		if (!grown)
			return;
		list->address = grown;
		list->room = room;
	}
	memcpy(list->address[list->count++], address, 16);
}

static int compare_addresses(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

void address_list_sort(struct address_list *list)
{
	if (list->count)
		qsort(list->address, list->count, 16, compare_addresses);
}

bool address_list_has(const struct address_list *list, const uint8_t address[16])
{
	return list->count && bsearch(address, list->address, list->count, 16, compare_addresses);
}

static FILE *open_at(int dir_fd, const char *name)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (!file && fd >= 0)
		close(fd);
	return file;
}

static void read_ipv4_addresses(struct address_list *list, FILE *file)
{
	uint8_t address[16] = {[10] = 0xff, [11] = 0xff};
	char line[128], text[INET_ADDRSTRLEN];
	bool leaf = false;

	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, " |-- %15s", text) == 1)
			leaf = inet_pton(AF_INET, text, address + 12) == 1;
		else if (leaf && strstr(line, "/32 host LOCAL") && address[12] != 127)
			address_list_add(list, address);
	}
}

/* Lines such as "fe80000000000000025056fffec00008 02 40 20 80     eth0". */
static void read_ipv6(struct address_list *list, FILE *file)
{
	static const uint8_t loopback[16] = {[15] = 1};
	unsigned int byte;
	uint8_t address[16];
	char line[128];
	int i;

	while (fgets(line, sizeof(line), file)) {
		for (i = 0; i < 16 && sscanf(line + (size_t)2 * i, "%2x", &byte) == 1; i++)
			address[i] = (uint8_t)byte;
		if (i == 16 && memcmp(address, loopback, 16) != 0)
			address_list_add(list, address);
	}
}

/* A kernel without IPv6 has no such file. */
static bool read_both(struct address_list *list, int dir_fd)
{
	FILE *ipv4 = open_at(dir_fd, "net/fib_trie"), *ipv6;

	if (!ipv4)
		return false;
	read_ipv4_addresses(list, ipv4);
	fclose(ipv4);
	ipv6 = open_at(dir_fd, "net/if_inet6");
	if (ipv6) {
		read_ipv6(list, ipv6);
		fclose(ipv6);
	}
	return ipv6 || errno == ENOENT;
}

bool address_list_read_process(struct address_list *list, int proc_fd,
			       const struct owner_process *process)
{
	int dir_fd = process_open(proc_fd, process->pid);
	bool good;

	if (dir_fd < 0)
		return false;
	good = process_is(dir_fd, process) && read_both(list, dir_fd);
	close(dir_fd);
	if (good)
		address_list_sort(list);
	else
		address_list_clear(list);
	return good;
}
