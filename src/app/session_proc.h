/* SPDX-License-Identifier: MIT */
/* What session.c reads of other processes from /proc. Main thread. */
#ifndef PKTSTAT_SESSION_PROC_H
#define PKTSTAT_SESSION_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "session.h"

/* Longest process name of /proc/PID/stat, its end included. */
#define PROC_COMM_MAX 64

/* Name and parent of a process; false when it is gone. */
bool proc_parent(pid_t pid, char comm[PROC_COMM_MAX], pid_t *ret_parent);

/* SSH_CONNECTION in the environment a process was started with; false: none, or not readable. */
bool proc_ssh_connection(pid_t pid, char *text, size_t size);

/* The first established TCP connection among the descriptors of a process. */
bool proc_connection(pid_t pid, struct session *ret_session);

#endif
