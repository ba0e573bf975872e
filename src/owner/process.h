/* SPDX-License-Identifier: MIT */
/*
 * What /proc says of a process, if it is still the same one: nothing is taken from another process
 * that has the same number by now. Any thread.
 */
#ifndef PKTSTAT_PROCESS_H
#define PKTSTAT_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "owner.h"
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
 * Path of its executable, as the process's own mount namespace has or had it; "" when it has none
 * (kernel threads), or when that may not be known: of other users' processes it takes
 * CAP_SYS_PTRACE.
 */
void process_exe(int dir_fd, char *path, size_t size);

/* Names of users, from the host's name services. */

/* Room that is enough for a name with its end. */
#define USER_NAME_SIZE 64

/*
 * The name of a user, or the number if there is no name; untrusted text, cut to fit. Opens
 * files and sockets as nsswitch.conf(5) says, and may wait for a server. Any thread.
 */
void users_name(uint32_t uid, char name[USER_NAME_SIZE]);

/* Who is asked instead, by a thread that may not do that itself. */
struct user_source {
	void (*name)(void *context, uint32_t uid, char name[USER_NAME_SIZE]); /* NULL: none */
	void *context;
};

/*
 * From a process as the kernel names it to an owner with all its texts, in the table of owners.
 * Belongs to the thread that looks owners up.
 */

struct processes;

/*
 * The table and `proc_fd`, of process_open_proc() or -1, stay the caller's; `users`, which is copied,
 * says who knows the names of users.
 */
int processes_new(struct owner_table *table, const struct user_source *users, int proc_fd,
		  struct processes **ret_processes);
void processes_free(struct processes *processes);

/* Id of its owner; OWNER_UNKNOWN without memory, or if the table is full. */
uint32_t processes_owner(struct processes *processes, const struct owner_process *process,
			 uint64_t now_ns);

#endif
