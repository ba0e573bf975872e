/* SPDX-License-Identifier: MIT */
/*
 * All sockets there are, and those closed a moment ago, found by their ends. Belongs to the thread
 * that looks owners up.
 */
#ifndef PKTSTAT_SOCKETS_H
#define PKTSTAT_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "owner_abi.h"

/* Closed sockets remembered: the newest ones. */
#define SOCKETS_CLOSED_MAX 32768
/* Most open sockets of a pass; a bound for memory, far above what is usual. */
#define SOCKETS_OPEN_MAX (1U << 21)

struct socket_end {
	uint8_t address[16]; /* all zero: any */
	uint16_t port;
};

struct sockets;

int sockets_new(struct sockets **ret_sockets);
void sockets_free(struct sockets *sockets);

/* A pass begins: forgets the open sockets, and the closed ones that were closed before `since_ns`. */
void sockets_begin(struct sockets *sockets, uint64_t since_ns);
/* Adds a socket, open or closed by its flag; what finds no memory is left out. */
void sockets_add(struct sockets *sockets, const struct owner_socket *socket);
/* The pass is over: from here on sockets_first() finds all. 0 or -ENOMEM: finds nothing. */
int sockets_index(struct sockets *sockets);

/*
 * The first socket with these ends, and the next one; NULL: no more. `remote` all zero: not
 * connected; then, and for protocols without ports, where every socket is found, only those of that
 * network namespace. Connected ones are found in all of them. Open ones come before closed ones,
 * the latter ordered from the last one closed. Valid until the next sockets_begin() or
 * sockets_add().
 */
const struct owner_socket *sockets_first(const struct sockets *sockets, uint8_t protocol,
					 uint32_t netns, const struct socket_end *local,
					 const struct socket_end *remote);
const struct owner_socket *sockets_next(const struct sockets *sockets,
					const struct owner_socket *socket);

/* Open sockets in the index, and the socket `i` of them. */
size_t sockets_count(const struct sockets *sockets);
const struct owner_socket *sockets_get(const struct sockets *sockets, size_t i);
/* Sockets that there is memory for: it grows with them, and is given back in the passes after them. */
size_t sockets_room(const struct sockets *sockets);

/* True for protocols with ports. */
bool socket_has_ports(uint8_t protocol);
/* True for :: and 0.0.0.0. */
bool socket_is_any(const uint8_t address[16]);
bool socket_is_ipv4(const uint8_t address[16]);

#endif
