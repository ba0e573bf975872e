/* SPDX-License-Identifier: MIT */
/*
 * From a process as the kernel names it to an owner with all its texts, in the table of owners.
 * Belongs to the thread that looks owners up.
 */
#ifndef PKTSTAT_PROCESSES_H
#define PKTSTAT_PROCESSES_H

#include <stdint.h>

#include "owner.h"
#include "owner_abi.h"
#include "users.h"

struct processes;

/*
 * The table and `proc_fd`, of process_open_proc() or -1, stay the caller's; `users`, which is copied,
 * says who knows the names of users.
 */
int processes_new(struct owner_table *table, const struct user_source *users, int proc_fd,
		  struct processes **ret_processes);
void processes_free(struct processes *processes);

/* Id of its owner; OWNER_UNKNOWN when there is no memory or no room for another one. */
uint32_t processes_owner(struct processes *processes, const struct owner_process *process,
			 uint64_t now_ns);

#endif
