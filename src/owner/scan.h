/* SPDX-License-Identifier: MIT */
/*
 * How sockets and their processes are found: by BPF programs where the kernel allows them, else by
 * sock_diag and /proc. Opened by the main thread, then used by the one that looks owners up.
 */
#ifndef PKTSTAT_SCAN_H
#define PKTSTAT_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "sockets.h"

struct scan;

struct scan_options {
	int netns_fd;	  /* of the watched interfaces, borrowed; -1: this one */
	uint32_t home;	  /* its inode; 0: not known */
	uint32_t pid_namespace; /* of process_pid_namespace() */
	int proc_fd;	  /* of process_open_proc(), borrowed until scan_close(); -1: none */
	bool no_iterator; /* as if the kernel had none */
	bool no_hook;
};

/* Succeeds even if no way works here. 0, -ENOMEM, -EMFILE, ... */
int scan_open(const struct scan_options *options, struct scan **ret_scan);
void scan_close(struct scan *scan);

/* One walk over all open sockets, each into `sockets`. 0, or why none could be read. */
int scan_pass(struct scan *scan, struct sockets *sockets);
/* Those closed since the last call, into `sockets`. */
void scan_closed(struct scan *scan, struct sockets *sockets);
/* Readable when scan_closed() should be called soon; -1: never. */
int scan_closed_fd(const struct scan *scan);

/* False when no process can be named: its own pid namespace is not known, or /proc is another's. */
bool scan_can_name(const struct scan *scan);

/* Whether it finds the sockets of all network namespaces, not of the interfaces' own alone. */
bool scan_sees_all(const struct scan *scan);

/* The kernel's own file that BPF programs over sockets need and that is missing; NULL: none. */
const char *scan_missing(void);

/* "iterator and release hook", ... Static storage. */
const char *scan_way(const struct scan *scan);

#endif
