/* SPDX-License-Identifier: MIT */
/*
 * Lists the filters on the clsact hooks of an interface, by rtnetlink: libbpf can only query a
 * filter at a known place. Any thread; keeps no state.
 */
#ifndef PKTSTAT_TC_H
#define PKTSTAT_TC_H

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

/*
 * The qdisc that has the clsact hooks of an interface, by rtnetlink, in the namespace of the
 * calling thread. Any thread; nothing is kept.
 */

enum tc_qdisc {
	TC_QDISC_NONE,
	TC_QDISC_INGRESS, /* the older one, which puts filters for egress among those for ingress */
	TC_QDISC_CLSACT,  /* made by another program */
	TC_QDISC_OURS,	  /* clsact, made by tc_qdisc_make() */
};

struct tc_qdisc_visitor {
	void (*begin)(void *arg); /* the list starts, or starts again: discard what was visited */
	void (*visit)(void *arg, unsigned int ifindex, enum tc_qdisc qdisc);
	void *arg;
};

/*
 * Makes a clsact qdisc with the mark of this program. 0; -EEXIST: there is one, or an ingress
 * qdisc; -ENOENT: the kernel lacks sch_ingress; or another negative errno (-EPERM, -ENODEV, ...).
 */
int tc_qdisc_make(unsigned int ifindex);

/* Visits all interfaces that have one. 0 or a negative errno; see netlink_dump(). */
int tc_qdisc_each(const struct tc_qdisc_visitor *visitor);

/* Finds the qdisc of one interface. 0 or a negative errno. */
int tc_qdisc_find(unsigned int ifindex, enum tc_qdisc *ret_qdisc);

#endif
