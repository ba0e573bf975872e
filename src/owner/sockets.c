/* SPDX-License-Identifier: MIT */
/*
 * Sockets and their index. Open ones are in one array, closed ones in another that is used in a
 * circle; both follow how many there are, down again too. The index, filled again in each pass, has the
 * first socket of each name; a list leads from it to the others of that name, however many there are.
 */
#include "sockets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "hash_index.h"

#define NONE	   HASH_INDEX_NONE
#define FIRST_ROOM 256
/* After a pass that used less than one in so many places, half of them are given back. */
#define ROOM_PER_USED 8

struct sockets {
	struct owner_socket *open;
	size_t opens, open_room;
	struct owner_socket *closed;
	size_t closed_first, closed_count, closed_room;
	struct hash_index first; /* of places; closed ones follow the open ones */
	uint32_t *next;		 /* by place: the next one of the same name */
	size_t next_room, places;
};

/* What a socket is found by. No padding: it is hashed and compared whole. */
struct socket_name {
	uint8_t local[16], remote[16];
	uint16_t local_port, remote_port;
	uint32_t protocol;
	uint32_t netns; /* 0: any, for it is connected */
};

bool socket_has_ports(uint8_t protocol)
{
	return flow_protocols[protocol].numbers == FLOW_NUMBERS_PORTS;
}

bool socket_is_ipv4(const uint8_t address[16])
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	return !memcmp(address, prefix, sizeof(prefix));
}

bool socket_is_any(const uint8_t address[16])
{
	static const uint8_t zero[16];

	return !memcmp(address, zero, sizeof(zero)) ||
	       (socket_is_ipv4(address) && !memcmp(address + 12, zero, 4));
}

static void name_end(uint8_t to[16], uint16_t *to_port, const uint8_t address[16], uint16_t port)
{
	*to_port = port;
	if (!socket_is_any(address))
		memcpy(to, address, 16);
}

static struct socket_name socket_name_of(uint8_t protocol, uint32_t netns,
					 const struct socket_end *local,
					 const struct socket_end *remote)
{
	struct socket_name name = {.protocol = protocol};

	if (!socket_has_ports(protocol) || (!remote->port && socket_is_any(remote->address)))
		name.netns = netns;
	if (!socket_has_ports(protocol))
		return name;
	name_end(name.local, &name.local_port, local->address, local->port);
	name_end(name.remote, &name.remote_port, remote->address, remote->port);
	return name;
}

static struct socket_name name_of_socket(const struct owner_socket *socket)
{
	struct socket_end local = {.port = socket->local_port},
			  remote = {.port = socket->remote_port};

	memcpy(local.address, socket->local, 16);
	memcpy(remote.address, socket->remote, 16);
	return socket_name_of(socket->protocol, socket->netns, &local, &remote);
}

int sockets_new(struct sockets **ret_sockets)
{
	struct sockets *sockets = calloc(1, sizeof(*sockets));
	int err;

	if (!sockets)
		return -ENOMEM;
	err = hash_index_init(&sockets->first);
	if (err) {
		free(sockets);
		return err;
	}
	*ret_sockets = sockets;
	return 0;
}

void sockets_free(struct sockets *sockets)
{
	if (!sockets)
		return;
	free(sockets->open);
	free(sockets->closed);
	hash_index_done(&sockets->first);
	free(sockets->next);
	free(sockets);
}

static struct owner_socket *closed_at(const struct sockets *sockets, size_t i)
{
	return &sockets->closed[(sockets->closed_first + i) % sockets->closed_room];
}

/* Room for so many closed sockets, all that there are at least; without memory it stays as it is. */
static void resize_closed(struct sockets *sockets, size_t room)
{
	struct owner_socket *closed = reallocarray(NULL, room, sizeof(*closed));

	if (!closed)
		return;
	for (size_t i = 0; i < sockets->closed_count; i++)
		closed[i] = *closed_at(sockets, i);
	free(sockets->closed);
	sockets->closed = closed;
	sockets->closed_first = 0;
	sockets->closed_room = room;
}

static bool is_room_spare(size_t room, size_t used)
{
	return room > FIRST_ROOM && used < room / ROOM_PER_USED;
}

/* Gives back what a burst of sockets took. */
static void shrink_sockets(struct sockets *sockets)
{
	struct owner_socket *open;

	if (is_room_spare(sockets->closed_room, sockets->closed_count))
		resize_closed(sockets, sockets->closed_room / 2);
	if (!is_room_spare(sockets->open_room, sockets->opens))
		return;
	open = realloc(sockets->open, sockets->open_room / 2 * sizeof(*open));
	if (!open)
		return;
	sockets->open = open;
	sockets->open_room /= 2;
}

void sockets_begin(struct sockets *sockets, uint64_t since_ns)
{
	while (sockets->closed_count && closed_at(sockets, 0)->closed_ns < since_ns) {
		sockets->closed_first = (sockets->closed_first + 1) % sockets->closed_room;
		sockets->closed_count--;
	}
	shrink_sockets(sockets);
	sockets->opens = 0;
	sockets->places = 0;
}

static void add_closed(struct sockets *sockets, const struct owner_socket *socket)
{
	size_t room = sockets->closed_room;

	if (sockets->closed_count == room && room < SOCKETS_CLOSED_MAX)
		resize_closed(sockets, room ? 2 * room : FIRST_ROOM);
	if (!sockets->closed_room)
		return;
	*closed_at(sockets, sockets->closed_count) = *socket;
	if (sockets->closed_count < sockets->closed_room)
		sockets->closed_count++;
	else
		sockets->closed_first = (sockets->closed_first + 1) % sockets->closed_room;
}

static bool make_room_for_socket(struct sockets *sockets)
{
	size_t room = sockets->open_room ? 2 * sockets->open_room : FIRST_ROOM;
	struct owner_socket *open;

	if (sockets->opens < sockets->open_room)
		return true;
	if (room > SOCKETS_OPEN_MAX)
		return false;
	open = realloc(sockets->open, room * sizeof(*open));
	if (!open)
		return false;
	sockets->open = open;
	sockets->open_room = room;
	return true;
}

void sockets_add(struct sockets *sockets, const struct owner_socket *socket)
{
	if (socket->flags & OWNER_SOCKET_CLOSED)
		add_closed(sockets, socket);
	else if (make_room_for_socket(sockets))
		sockets->open[sockets->opens++] = *socket;
}

static const struct owner_socket *socket_at(const struct sockets *sockets, size_t place)
{
	if (place < sockets->opens)
		return &sockets->open[place];
	return closed_at(sockets, place - sockets->opens);
}

static struct socket_name name_at(const struct sockets *sockets, size_t place)
{
	return name_of_socket(socket_at(sockets, place));
}

static bool is_socket_named(const void *sockets, uint32_t place, const void *name)
{
	const struct socket_name other = name_at(sockets, place);

	return !memcmp(&other, name, sizeof(other));
}

/* Place of the first socket of that name, or NONE. */
static uint32_t find_socket(const struct sockets *sockets, const struct socket_name *name,
			    uint32_t *ret_hash)
{
	*ret_hash = hash_index_hash(&sockets->first, name, sizeof(*name));
	return hash_index_find(&sockets->first, *ret_hash, is_socket_named, sockets, name);
}

static int make_next_room(struct sockets *sockets, size_t places)
{
	uint32_t *next;

	if (places <= sockets->next_room)
		return 0;
	next = reallocarray(NULL, places + places / 4, sizeof(*next));
	if (!next)
		return -ENOMEM;
	free(sockets->next);
	sockets->next = next;
	sockets->next_room = places + places / 4;
	return 0;
}

/* Before those of the same name that are there. */
static int index_put(struct sockets *sockets, size_t place)
{
	const struct socket_name name = name_at(sockets, place);
	uint32_t hash, first = find_socket(sockets, &name, &hash);

	sockets->next[place] = first;
	if (first == NONE)
		return hash_index_add(&sockets->first, hash, (uint32_t)place);
	hash_index_renumber(&sockets->first, hash, first, (uint32_t)place);
	return 0;
}

int sockets_index(struct sockets *sockets)
{
	size_t places = sockets->opens + sockets->closed_count, i;
	int err = make_next_room(sockets, places);

	sockets->places = 0;
	hash_index_clear(&sockets->first);
	/* What is put in last is found first: open sockets, then the one closed last. */
	for (i = sockets->opens; !err && i < places; i++)
		err = index_put(sockets, i);
	for (i = 0; !err && i < sockets->opens; i++)
		err = index_put(sockets, i);
	if (!err)
		sockets->places = places;
	return err;
}

const struct owner_socket *sockets_first(const struct sockets *sockets, uint8_t protocol,
					 uint32_t netns, const struct socket_end *local,
					 const struct socket_end *remote)
{
	const struct socket_name name = socket_name_of(protocol, netns, local, remote);
	uint32_t hash, place = sockets->places ? find_socket(sockets, &name, &hash) : NONE;

	return place != NONE ? socket_at(sockets, place) : NULL;
}

static size_t socket_place(const struct sockets *sockets, const struct owner_socket *socket)
{
	size_t at;

	if (sockets->open && socket >= sockets->open && socket < sockets->open + sockets->opens)
		return (size_t)(socket - sockets->open);
	at = (size_t)(socket - sockets->closed);
	return sockets->opens +
	       (at + sockets->closed_room - sockets->closed_first) % sockets->closed_room;
}

const struct owner_socket *sockets_next(const struct sockets *sockets,
					const struct owner_socket *socket)
{
	uint32_t place = sockets->next[socket_place(sockets, socket)];

	return place != NONE ? socket_at(sockets, place) : NULL;
}

size_t sockets_count(const struct sockets *sockets)
{
	return sockets->opens;
}

const struct owner_socket *sockets_get(const struct sockets *sockets, size_t i)
{
	return &sockets->open[i];
}

size_t sockets_room(const struct sockets *sockets)
{
	return sockets->open_room + sockets->closed_room;
}
