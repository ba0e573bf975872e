/* SPDX-License-Identifier: MIT */
/*
 * Names that living processes hold, in the abstract socket namespace: the kernel lets go of them
 * however their process ends, they are seen from every PID namespace, and they belong to a network
 * namespace just as interfaces do. Any thread; a claim belongs to who made it.
 */
#ifndef PKTSTAT_CLAIM_H
#define PKTSTAT_CLAIM_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Claims pktstat-bpf/WHAT/NUMBER for as long as the descriptor is open. The descriptor, -EADDRINUSE
 * while another holds it, or the negative errno of a failed call.
 */
int claim_open(const char *what, uint32_t number);

/*
 * The same, but waits, two seconds at the most, for another to let go. The descriptor; or a
 * negative errno, -ETIMEDOUT when the other still has it.
 */
int claim_wait(const char *what, uint32_t number);

/* Whether somebody holds the claim now. */
bool claim_is_held(const char *what, uint32_t number);

#endif
