/* SPDX-License-Identifier: MIT */
/* A clsact qdisc on the loopback interface, as somebody else would make it. For tests with cmocka. */
#ifndef PKTSTAT_FOREIGN_QDISC_H
#define PKTSTAT_FOREIGN_QDISC_H

#include <bpf/libbpf.h>

#define FOREIGN_LOOPBACK 1

static inline void foreign_qdisc_make(void)
{
	DECLARE_LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = FOREIGN_LOOPBACK,
			    .attach_point = BPF_TC_INGRESS);

	assert_int_equal(bpf_tc_hook_create(&hook), 0);
}

/* Removes the qdisc, no matter who made it. */
static inline void foreign_qdisc_remove(void)
{
	DECLARE_LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = FOREIGN_LOOPBACK,
			    .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);

	assert_int_equal(bpf_tc_hook_destroy(&hook), 0);
}

#endif
