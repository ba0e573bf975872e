/* SPDX-License-Identifier: MIT */
/*
 * How one instance shows the others that it is alive: a number that it holds for as long as it runs,
 * in the network namespace of the interfaces it watches. Nobody without CAP_NET_ADMIN there can hold
 * one. Main thread at start, collector thread afterwards, both in that namespace; owned by struct
 * attachments.
 */
#ifndef PKTSTAT_CLAIM_H
#define PKTSTAT_CLAIM_H

#include <stdbool.h>
#include <stdint.h>

/* The upper four bits of every number, which no process ID and no automatic netlink port has. */
#define CLAIM_KIND 0x60000000U
#define CLAIM_MASK 0xf0000000U

struct claim {
	int fd;		     /* -1: nothing is claimed */
	uint32_t number;     /* 0: none */
	int leaving_fd;	     /* see claim_open() */
	uint64_t patient_ns; /* until when claim_pause() waits, in monotonic time */
};

/* Safe to close afterwards. */
void claim_init(struct claim *claim);

/*
 * Claims a number that no other instance has, and loads the program `leaving_fd`, "flow_leaving",
 * which lets every packet pass. Does nothing if that is done already. 0, or a negative errno with
 * nothing claimed.
 */
int claim_open(struct claim *claim);

/* Safe to call twice. */
void claim_close(struct claim *claim);

/*
 * Whether a living instance has the number. True as well where the kernel does not tell: what may
 * be somebody's is left alone.
 */
bool claim_is_held(uint32_t number);

/* From now on claim_pause() waits for others, so many milliseconds in all; 0: not any more. */
void claim_be_patient(struct claim *claim, unsigned int ms);

/* Waits a moment for another instance. False, without waiting, when patience is over. */
bool claim_pause(const struct claim *claim);

#endif
