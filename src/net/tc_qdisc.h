/* SPDX-License-Identifier: MIT */
/*
 * The qdisc that has the clsact hooks of an interface, by rtnetlink, in the namespace of the
 * calling thread. Any thread; nothing is kept.
 */
#ifndef PKTSTAT_TC_QDISC_H
#define PKTSTAT_TC_QDISC_H

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
