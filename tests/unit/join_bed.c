/* SPDX-License-Identifier: MIT */
/* The bed of join_bed.h. */
#include "join_bed.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

void join_bed_ipv4(uint8_t to[16], const char *bytes)
{
	memset(to, 0, 16);
	to[10] = to[11] = 0xff;
	memcpy(to + 12, bytes, 4);
}

static bool is(const uint8_t address[16], const char *bytes)
{
	uint8_t want[16];

	join_bed_ipv4(want, bytes);
	return !memcmp(address, want, 16);
}

/* The addresses of addresses.c, without a kernel. */
bool address_is_loopback(const uint8_t address[16])
{
	return address[12] == 127;
}

bool address_is_multicast(const uint8_t address[16])
{
	return (address[12] & 0xf0) == 0xe0;
}

bool addresses_is_home(const struct addresses *addresses, const uint8_t address[16])
{
	return is(address, HOST) || address_is_loopback(address);
}

bool addresses_is_shared(const struct addresses *addresses, const uint8_t address[16])
{
	return address_is_multicast(address) || socket_is_any(address);
}

enum address_place addresses_place(struct addresses *addresses, const uint8_t address[16],
				   uint32_t *ret_netns)
{
	*ret_netns = is(address, INSIDE) ? CONTAINER : OTHER;
	if (is(address, HIDDEN))
		return PLACE_UNSURE;
	if (is(address, UNSEEN))
		return PLACE_HIDDEN;
	return is(address, INSIDE) || is(address, THIRD) ? PLACE_ONE : PLACE_NONE;
}

int join_bed_set_up(void **state)
{
	struct sockets *sockets;

	assert_int_equal(sockets_new(&sockets), 0);
	sockets_begin(sockets, 0);
	*state = sockets;
	return 0;
}

int join_bed_tear_down(void **state)
{
	sockets_free(*state);
	return 0;
}

void join_bed_add(struct sockets *sockets, struct made made)
{
	struct owner_socket socket = {
		.process = {.pid = made.pid, .start_ns = made.start_ns},
		.netns = made.netns ? made.netns : HOME,
		.protocol = made.protocol ? made.protocol : IPPROTO_TCP,
		.local_port = made.local_port,
		.remote_port = made.remote_port,
		.inode = made.inode,
		.device = made.device,
		.closed_ns = made.closed_ns,
		.flags = made.flags | (made.closed_ns ? OWNER_SOCKET_CLOSED : 0),
	};

	join_bed_ipv4(socket.local, made.local);
	join_bed_ipv4(socket.remote, made.remote);
	sockets_add(sockets, &socket);
}

struct flow_key join_bed_flow(uint8_t protocol, const char *src, uint16_t sport, const char *dst,
			      uint16_t dport, enum flow_dir dir)
{
	struct flow_key key = {.sport = sport,
			       .dport = dport,
			       .ethertype = ETH_P_IP,
			       .ipproto = protocol,
			       .where = FLOW_WHERE(0, dir)};

	join_bed_ipv4(key.src, src);
	join_bed_ipv4(key.dst, dst);
	return key;
}

int join_bed_since(struct sockets *sockets, struct flow_key key, uint64_t begin_ns)
{
	const struct join_view view = {.sockets = sockets, .walk_ns = 200 * S, .home = HOME};
	const struct join_flow flow = {.begin_ns = begin_ns, .device = DEVICE};
	const struct owner_socket *socket = NULL;

	assert_int_equal(sockets_index(sockets), 0);
	switch (join_flow(&view, &key, &flow, &socket)) {
	case JOIN_DOUBTFUL: return DOUBTFUL;
	case JOIN_SOCKET:
		assert_int_not_equal(socket->process.pid, 0);
		return (int)socket->process.pid;
	case JOIN_KERNEL: return KERNEL;
	case JOIN_FORWARDED: return FORWARDED;
	default: return UNKNOWN;
	}
}

int join_bed_join(struct sockets *sockets, struct flow_key key)
{
	return join_bed_since(sockets, key, 0);
}
