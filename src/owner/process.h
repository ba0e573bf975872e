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

/* Room for the path of an executable that is kept, its end included. */
#define PROCESS_EXE_MAX 256

/* The pid namespace that sees all processes (PROC_PID_INIT_INO). */
#define PROCESS_ALL_NAMESPACE 0xeffffffcU

/* Inode of the pid namespace of this program; 0: not known, without /proc before Linux 6.11. */
uint32_t process_pid_namespace(void);

/*
 * /proc, where it counts processes as this program's own pid namespace does. A descriptor;
 * -ENOTSUP: it is another pid namespace's; or the errno of a failed call.
 */
int process_open_proc(void);

/* The directory /proc/PID, for the *at() calls: it stays that process's. -ENOENT, -EBADF, ... */
int process_open(int proc_fd, uint32_t pid);

/* Name (15 bytes) and start of the process; its uid by the owner of the directory. */
int process_read(int dir_fd, uint32_t pid, struct owner_process *ret_process);

/* True when the directory's process is that one, by its start and its name. */
bool process_is(int dir_fd, const struct owner_process *process);

/*
 * The whole name, when the kernel's 15 bytes are the begin of what the process was called as; else
 * those. Writes at most `size` bytes with the end.
 */
void process_full_name(int dir_fd, const char *comm, char *name, size_t size);

/*
 * Path of its executable, as the process's own mount namespace has or had it; "" when it has none
 * (kernel threads), or when that may not be known: of other users' processes it takes
 * CAP_SYS_PTRACE.
 */
void process_exe(int dir_fd, char *path, size_t size);

/* Its cgroup v2 path; "" when it has none. */
void process_cgroup(int dir_fd, char *path, size_t size);

#endif
