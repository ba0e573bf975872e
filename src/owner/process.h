/* SPDX-License-Identifier: MIT */
/*
 * What /proc says of a process, as long as it is the one that is meant: a number that another
 * process has meanwhile lends no name. Any thread.
 */
#ifndef PKTSTAT_PROCESS_H
#define PKTSTAT_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "owner_abi.h"

/* The directory /proc/PID, for the *at() calls: it stays that process's. -ENOENT, ... */
int process_open(uint32_t pid);

/* Name (15 bytes) and start of the process; its uid by the owner of the directory. */
int process_read(int dir_fd, uint32_t pid, struct owner_process *ret_process);

/* True when the directory's process is that one, by its start. */
bool process_is(int dir_fd, const struct owner_process *process);

/*
 * The whole name, when the kernel's 15 bytes are the begin of what the process was called as; else
 * those. Writes at most `size` bytes with the end.
 */
void process_full_name(int dir_fd, const char *comm, char *name, size_t size);

/* Its cgroup v2 path; "" when it has none. */
void process_cgroup(int dir_fd, char *path, size_t size);

#endif
