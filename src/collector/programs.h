/* SPDX-License-Identifier: MIT */
/*
 * The tc programs in the kernel: one set of maps for all, and per interface a pair of programs with
 * its slot and link layer built in, so that a packet pays nothing for there being several. Loading
 * takes the kernel some 50 ms a pair; where there are many interfaces, those of one link layer
 * share a pair, and a packet pays for finding the slot, mostly one comparison. Main thread at
 * start, collector thread afterwards; owned by the BPF source.
 */
#ifndef PKTSTAT_PROGRAMS_H
#define PKTSTAT_PROGRAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "flow_abi.h"

struct flow_bpf;

struct programs {
	struct flow_bpf *maps; /* a skeleton with its maps loaded, but not its programs */
	unsigned int front_bits, known_bits;
	bool no_arp;
	bool inspect; /* the first packets of flows are handed over */
	uint64_t seed[FLOW_SEEDS]; /* the same in all of them: they share the slots */
	bool preempted;		   /* a PREEMPT_RT kernel: programs interrupt each other */
	/*
	 * Both programs of a pair are loaded at the same time, one of them by a thread made for it. Only
	 * at the start: later the thread that loads them may not make others.
	 */
	bool at_once;
	int shared_fd[FLOW_LINKS][FLOW_DIRS]; /* -1: not loaded yet */
	/*
	 * Called before programs are handed out, which may run from then on: 0 when all is in place
	 * that they count in, or why not. NULL: it is.
	 */
	int (*await)(void *context);
	void *context;
};

/* Makes the maps, for so many possible CPUs. 0 or a negative errno; programs_close() is due. */
int programs_open(struct programs *programs, unsigned int cpus, bool no_arp, bool inspect);
/* Lets go of the maps; programs that are loaded keep theirs. Safe on zeroed programs. */
void programs_close(struct programs *programs);

/*
 * Like programs_load(), but gives the pair that many interfaces share, loaded the first time;
 * where there is no place to note the interface's slot, one of its own.
 */
int programs_share(struct programs *programs, unsigned int slot, unsigned int ifindex,
		   enum flow_link link, int ret_fd[FLOW_DIRS]);
/* The interface is gone or let go of: its place may be used again. */
void programs_unshare(const struct programs *programs, unsigned int ifindex);

/*
 * Loads the pair for a slot; the descriptors in `ret_fd` are the caller's to close. 0 or a negative
 * errno.
 */
int programs_load(const struct programs *programs, unsigned int slot, enum flow_link link,
		  int ret_fd[FLOW_DIRS]);

/* Facts about the running kernel that the programs are loaded with. Any thread. */

/*
 * Places for what is kept by number of a CPU: one more than the highest number that a CPU may have,
 * which are more than there are CPUs if numbers are missing in between. Or a negative errno.
 */
int kernel_cpus(void);
/* The same from the kernel's list of them ("0-3,8-11"); -EINVAL when it is none. */
int kernel_cpus_in(const char *list);

/* The same from the text of that file (NULL: none) and from the version. */
bool kernel_says_realtime(const char *file, const char *version);

/* Jiffies in so many seconds: CLOCK_MONOTONIC_COARSE is as fine as a jiffy. */
uint64_t kernel_ticks(unsigned int seconds);

#endif
