/* SPDX-License-Identifier: MIT */
/* Names of ports, read once from the system's database of services. One owner; readers any. */
#ifndef PKTSTAT_SERVICES_H
#define PKTSTAT_SERVICES_H

#include <stdint.h>

struct services;

/* Reads the database (services(5)); one that cannot be read is empty. 0 or -ENOMEM. */
int services_new(struct services **ret_services);
void services_free(struct services *services);

/*
 * Name of a port of an IP protocol (TCP's if the protocol has none of its own), or NULL. Untrusted
 * text, already made safe to print. Owned by `services`.
 */
const char *services_name(const struct services *services, uint8_t ipproto, uint16_t port);
/*
 * Port of the service of that name or alias, in any case, for TCP or, with IPPROTO_UDP,
 * for UDP; -1: none.
 */
int services_port(const struct services *services, uint8_t ipproto, const char *name);

#endif
