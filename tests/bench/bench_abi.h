/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* What datapath.c and its BPF programs share. */
#ifndef PKTSTAT_BENCH_ABI_H
#define PKTSTAT_BENCH_ABI_H

#include <linux/types.h>

/* Packets after which the order of flows begins again. A power of two. */
#define BENCH_ORDER_MAX (1U << 22)

/* A flow number's low bits go to the source port, the others to the source address. */
#define BENCH_PORT_BITS	 12
#define BENCH_PORT_FIRST 20000

struct bench_control {
	__u32 next;	      /* place in the order */
	__u32 address_offset; /* of the last four bytes of the source address; 0: leave it */
	__u32 port_offset;    /* of the source port; 0: leave it */
};

#endif
