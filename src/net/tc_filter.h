/* SPDX-License-Identifier: MIT */
/*
 * Lists the filters on the clsact hooks of an interface, by rtnetlink: libbpf can only query a
 * filter at a known place. Any thread; keeps no state.
 */
#ifndef PKTSTAT_TC_FILTER_H
#define PKTSTAT_TC_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "flow_abi.h"

/* Size of the name that libbpf gives a filter: "PROGRAM:[ID]". */
#define TC_FILTER_NAME_MAX 64

struct tc_filter {
	uint32_t handle;
	uint16_t priority;
	uint16_t protocol; /* ETH_P_ALL and so on */
	uint32_t chain;
	bool bpf; /* a BPF program; else name and program are empty */
	uint32_t program;
	char name[TC_FILTER_NAME_MAX]; /* untrusted text */
};

struct tc_filter_visitor {
	void (*begin)(void *arg); /* the list starts, or starts again: discard what was visited */
	void (*visit)(void *arg, const struct tc_filter *filter);
	void *arg;
};

/*
 * Visits each filter of the hook, from the first to the last. 0 (also without any, or without a
 * qdisc); -EINTR: they change so fast that some may be missing; or another negative errno.
 */
int tc_filter_each(unsigned int ifindex, enum flow_dir dir,
		   const struct tc_filter_visitor *visitor);

#endif
