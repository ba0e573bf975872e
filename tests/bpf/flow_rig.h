/* SPDX-License-Identifier: MIT */
/*
 * The real tc programs with their real maps, loaded but attached to nothing: frames go in through
 * BPF_PROG_TEST_RUN, rows come out of the front caches and flow maps. The test owns the rig.
 */
#ifndef TESTS_FLOW_RIG_H
#define TESTS_FLOW_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow_abi.h"

struct flow_bpf;

struct rig_options {
	uint8_t slot;
	bool no_arp;
	bool can_wake;
	bool inspect;	 /* packets are handed over as samples */
	bool preempted;	 /* as on a PREEMPT_RT kernel, with so many copies of the scratch memory */
	uint32_t copies; /* 0 or 1 */
	uint64_t fragment_ticks; /* jiffies a first fragment is remembered; 0: a minute */
	enum flow_link link;	 /* what frames begin with */
	uint32_t map_entries;	 /* of each CPU's flow map of a generation; 0: no map at all */
	unsigned int front_bits; /* slots of a front, as a power of two; 0: FLOW_FRONT_BITS */
};

struct rig {
	struct flow_bpf *skel;
	struct flow_front *front; /* [cpu * FLOW_GENERATIONS + generation]; NULL with front_bits */
	unsigned int cpus;
	int *map; /* flow maps, or -1; places as in `front` */
};

struct rig_row {
	struct flow_key key;
	struct flow_counts counts;
};

/*
 * True, after a line on stdout that says why, where BPF programs cannot be loaded. Also silences
 * libbpf.
 */
bool rig_cannot_run(void);

/* 0, or a negative errno; -EPERM without the capabilities. The caller frees with rig_free(). */
int rig_new(const struct rig_options *options, struct rig **ret_rig);
void rig_free(struct rig *rig);

/*
 * Runs the program of a direction `repeat` times on a frame; `gso_size` 0: not a super-packet. The
 * frame as it came out is compared with the one put in. 0 or a negative errno; -EBADMSG when the
 * frame changed.
 */
int rig_run(struct rig *rig, enum flow_dir dir, const uint8_t *frame, size_t size,
	    uint32_t gso_size, uint32_t repeat, uint32_t *ret_verdict);

/*
 * All rows of a generation, those of cache and map and of all CPUs added up, sorted by key bytes.
 * Returns how many, at most `max`, or a negative errno.
 */
long rig_rows(const struct rig *rig, unsigned int generation, struct rig_row *rows, size_t max);
/* Sums over all CPUs of a generation: what the programs counted first, and what found no room. */
struct flow_counts rig_total(const struct rig *rig, unsigned int generation, uint8_t where);
struct flow_counts rig_full(const struct rig *rig, unsigned int generation, uint8_t where,
			    enum flow_class class);
/* Empties caches, totals and flow maps; fragments stay known. */
int rig_clear(struct rig *rig);

#endif
