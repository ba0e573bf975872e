/* SPDX-License-Identifier: MIT */
/*
 * What test_faults works on: the loopback of a network namespace of its own, datagrams over it, and
 * what was drained next to what was sent. One thread.
 */
#ifndef PKTSTAT_FAULTS_BED_H
#define PKTSTAT_FAULTS_BED_H

#include <stddef.h>
#include <stdint.h>

#include "source.h"

struct faults_bed {
	int socket_fd;
	struct flow_counts sent; /* as the loopback has them: each packet out and in */
	struct flow_counts row, hook;
	unsigned int errors;
};

/* Enters the namespace. Not 0, and says why, when there is no way to run here. */
int faults_bed_open(struct faults_bed *bed);
/* A new account. */
void faults_forget(struct faults_bed *bed);
/* A datagram with so much payload to each of so many addresses of the loopback. */
void faults_send(struct faults_bed *bed, unsigned int flows, size_t payload);
void faults_drain(struct faults_bed *bed, struct flow_source *source);
/* Rows and totals are what was sent, to the byte. */
void faults_check(const struct faults_bed *bed);

/* Programs on the loopback's TCX hooks. */
unsigned int faults_attached(void);
/* Takes off what is left of clsact. */
void faults_sweep(void);

#endif
