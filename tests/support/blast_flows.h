/* SPDX-License-Identifier: MIT */
/*
 * The flows that blast sends: flow number i is always the same 5-tuple, and no two are equal. Used
 * by the sender, by the tool that compares a report with what was sent, and by the benchmarks.
 * Pure; any thread.
 */
#ifndef PKTSTAT_BLAST_FLOWS_H
#define PKTSTAT_BLAST_FLOWS_H

#include <stddef.h>
#include <stdint.h>

#include "flow_abi.h"

/* Numbers below this are distinct flows. */
#define BLAST_FLOWS_MAX 16777216U
#define BLAST_FRAME_MAX 1514U

struct blast_mix {
	unsigned int ipv6_percent; /* of the flows */
	unsigned int tcp_percent;  /* of the flows; the others are UDP */
};

/* What a file written by blast --expect is made of: one record a flow that was sent. */
struct blast_record {
	struct flow_key key;
	struct flow_counts counts;
};

/* Key that flow `i` has in the flow map when it passes interface slot 0 in direction `dir`. */
struct flow_key blast_flow_key(const struct blast_mix *mix, uint32_t i, enum flow_dir dir);
/*
 * Writes a frame of flow `i`, `size` bytes or as many as its headers need; returns its length.
 * Only headers are written: the caller hands in a buffer of BLAST_FRAME_MAX bytes.
 */
size_t blast_flow_frame(const struct blast_mix *mix, uint32_t i, size_t size, uint8_t *frame);

#endif
