/* SPDX-License-Identifier: MIT */
/* Networks by which a packet's direction is told: --local. Pure; any thread. */
#ifndef PKTSTAT_LOCAL_NETS_H
#define PKTSTAT_LOCAL_NETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow.h"

#define LOCAL_NETS_MAX 64

struct local_net {
	uint8_t address[16]; /* as in flow_key */
	unsigned int bits;
};

struct local_nets {
	struct local_net net[LOCAL_NETS_MAX];
	size_t count;
};

/*
 * Adds networks, "10.0.0.0/8,fd00::/8"; an address alone is a network of one. 0; -E2BIG: more than
 * LOCAL_NETS_MAX; or -EINVAL: `ret_wrong` and `ret_length` are the one that is none.
 */
int local_nets_add(struct local_nets *nets, const char *text, const char **ret_wrong,
		   size_t *ret_length);

/* A packet from one of them is sent, any other received. */
enum flow_dir local_nets_dir(const struct local_nets *nets, const struct flow_key *key);

#endif
