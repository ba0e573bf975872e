/* SPDX-License-Identifier: MIT */
/* A sorted list of addresses, and how the kernel prints one for a namespace. One thread. */
#ifndef PKTSTAT_ADDRESS_LIST_H
#define PKTSTAT_ADDRESS_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "owner_abi.h"

/* Most addresses of a namespace; further ones are left out. */
#define ADDRESS_LIST_MAX 65536

struct address_list {
	uint8_t (*address)[16];
	size_t count, room;
};

void address_list_clear(struct address_list *list);
/* What finds no room or no memory is left out. */
void address_list_add(struct address_list *list, const uint8_t address[16]);
/* After the last one was added, before any is looked for. */
void address_list_sort(struct address_list *list);
bool address_list_has(const struct address_list *list, const uint8_t address[16]);

/*
 * Fills the list with the local addresses of the namespace of that process, loopback left out. False
 * when the process is gone, or /proc does not say.
 */
bool address_list_read_process(struct address_list *list, int proc_fd,
			       const struct owner_process *process);

#endif
