/* SPDX-License-Identifier: MIT */
/* join.h over sockets.h: each step of the rule, and that doubt is never settled by a guess. */
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "join.h"

#define HOME 100
#define CONTAINER 200
#define OTHER 300
#define S 1000000000ULL

/* 10.0.0.1 is the host's, 10.0.0.2 the container's, 10.0.0.3 another one's; 10.0.9.x are foreign. */
#define HOST "\x0a\0\0\x01"
#define INSIDE "\x0a\0\0\x02"
#define THIRD "\x0a\0\0\x03"
#define FAR "\x0a\0\x09\x01"
#define FAR2 "\x0a\0\x09\x02"
#define ANY "\0\0\0\0"
#define GROUP "\xe0\0\0\xfb"

static void ipv4(uint8_t to[16], const char *bytes)
{
	memset(to, 0, 16);
	to[10] = to[11] = 0xff;
	memcpy(to + 12, bytes, 4);
}

static bool is(const uint8_t address[16], const char *bytes)
{
	uint8_t want[16];

	ipv4(want, bytes);
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

bool addresses_has(struct addresses *addresses, uint32_t netns, const uint8_t address[16])
{
	return (netns == CONTAINER && is(address, INSIDE)) || (netns == OTHER && is(address, THIRD));
}

bool addresses_is_somewhere(struct addresses *addresses, const uint8_t address[16])
{
	return is(address, INSIDE) || is(address, THIRD);
}

static int set_up(void **state)
{
	struct sockets *sockets;

	assert_int_equal(sockets_new(&sockets), 0);
	sockets_begin(sockets, 0);
	*state = sockets;
	return 0;
}

static int tear_down(void **state)
{
	sockets_free(*state);
	return 0;
}

struct made {
	uint32_t pid, netns;
	uint8_t protocol;
	const char *local, *remote;
	uint16_t local_port, remote_port;
	uint64_t start_ns, inode, closed_ns;
	uint8_t flags;
};

static void add(struct sockets *sockets, struct made made)
{
	struct owner_socket socket = {
		.process = {.pid = made.pid, .start_ns = made.start_ns},
		.netns = made.netns ? made.netns : HOME,
		.protocol = made.protocol ? made.protocol : IPPROTO_TCP,
		.local_port = made.local_port,
		.remote_port = made.remote_port,
		.inode = made.inode,
		.closed_ns = made.closed_ns,
		.flags = made.flags | (made.closed_ns ? OWNER_SOCKET_CLOSED : 0),
	};

	ipv4(socket.local, made.local);
	ipv4(socket.remote, made.remote);
	sockets_add(sockets, &socket);
}

static struct flow_key flow(uint8_t protocol, const char *src, uint16_t sport, const char *dst,
			    uint16_t dport, enum flow_dir dir)
{
	struct flow_key key = {.sport = sport, .dport = dport, .ethertype = ETH_P_IP,
			       .ipproto = protocol, .where = FLOW_WHERE(0, dir)};

	ipv4(key.src, src);
	ipv4(key.dst, dst);
	return key;
}

#define KERNEL (-1)
#define FORWARDED (-2)
#define UNKNOWN 0

static int join_since(struct sockets *sockets, struct flow_key key, uint64_t begin_ns)
{
	const struct join_view view = {.sockets = sockets, .home = HOME};
	const struct owner_socket *socket = NULL;

	assert_int_equal(sockets_index(sockets), 0);
	switch (join_flow(&view, &key, begin_ns, &socket)) {
	case JOIN_SOCKET: return (int)socket->process.pid;
	case JOIN_KERNEL: return KERNEL;
	case JOIN_FORWARDED: return FORWARDED;
	default: return UNKNOWN;
	}
}

static int join(struct sockets *sockets, struct flow_key key)
{
	return join_since(sockets, key, 0);
}

static void test_both_ends(void **state)
{
	add(*state, (struct made){.pid = 7, .local = HOST, .local_port = 5000, .remote = FAR,
				  .remote_port = 443});
	assert_int_equal(join(*state, flow(6, HOST, 5000, FAR, 443, FLOW_OUT)), 7);
	assert_int_equal(join(*state, flow(6, FAR, 443, HOST, 5000, FLOW_IN)), 7);
	assert_int_equal(join(*state, flow(6, HOST, 5000, FAR, 443, FLOW_IN)), UNKNOWN);
	assert_int_equal(join(*state, flow(6, FAR2, 443, HOST, 5000, FLOW_IN)), UNKNOWN);
	assert_int_equal(join(*state, flow(6, FAR, 444, HOST, 5000, FLOW_IN)), UNKNOWN);
	assert_int_equal(join(*state, flow(17, FAR, 443, HOST, 5000, FLOW_IN)), UNKNOWN);
}

static void test_loopback(void **state)
{
	add(*state, (struct made){.pid = 1001, .local = "\x7f\0\0\1", .local_port = 80,
				  .remote = "\x7f\0\0\1", .remote_port = 4000});
	add(*state, (struct made){.pid = 1002, .local = "\x7f\0\0\1", .local_port = 4000,
				  .remote = "\x7f\0\0\1", .remote_port = 80});
	add(*state, (struct made){.pid = 1003, .netns = OTHER, .local = "\x7f\0\0\1",
				  .local_port = 4001, .remote = "\x7f\0\0\1", .remote_port = 80});
	assert_int_equal(join(*state, flow(6, "\x7f\0\0\1", 4000, "\x7f\0\0\1", 80, FLOW_OUT)), 1002);
	assert_int_equal(join(*state, flow(6, "\x7f\0\0\1", 4000, "\x7f\0\0\1", 80, FLOW_IN)), 1001);
	/* Another namespace's loopback is not this one's. */
	assert_int_equal(join(*state, flow(6, "\x7f\0\0\1", 4001, "\x7f\0\0\1", 80, FLOW_OUT)),
			 UNKNOWN);
}

static void test_listening(void **state)
{
	add(*state, (struct made){.pid = 8, .local = ANY, .local_port = 53, .remote = ANY,
				  .protocol = 17});
	add(*state, (struct made){.pid = 9, .local = HOST, .local_port = 54, .remote = ANY,
				  .protocol = 17});
	add(*state, (struct made){.pid = 10, .local = ANY, .local_port = 54, .remote = ANY,
				  .protocol = 17});
	assert_int_equal(join(*state, flow(17, FAR, 9, HOST, 53, FLOW_IN)), 8);
	assert_int_equal(join(*state, flow(17, HOST, 53, FAR, 9, FLOW_OUT)), 8);
	assert_int_equal(join(*state, flow(17, FAR, 9, HOST, 54, FLOW_IN)), 9);
	/* Only what is addressed to the host can be for its listener. */
	assert_int_equal(join(*state, flow(17, FAR, 9, FAR2, 53, FLOW_IN)), FORWARDED);
	assert_int_equal(join(*state, flow(17, FAR, 9, GROUP, 53, FLOW_IN)), 8);
}

/* A socket for any IPv6 address takes IPv4 as well, unless it was told not to. */
static void test_families(void **state)
{
	struct owner_socket socket = {.process = {.pid = 5}, .netns = HOME, .protocol = 6,
				      .local_port = 80};
	struct flow_key ipv6 = {.sport = 1, .dport = 80, .ethertype = ETH_P_IPV6, .ipproto = 6,
				.src = {0xff, 0x02, [15] = 9}, .dst = {0xff, 0x02, [15] = 1}};

	sockets_add(*state, &socket);
	assert_int_equal(join(*state, flow(6, FAR, 9, HOST, 80, FLOW_IN)), 5);
	sockets_begin(*state, 0);
	socket.flags = OWNER_SOCKET_V6ONLY;
	sockets_add(*state, &socket);
	assert_int_equal(join(*state, flow(6, FAR, 9, HOST, 80, FLOW_IN)), UNKNOWN);
	sockets_begin(*state, 0);
	add(*state, (struct made){.pid = 6, .local = ANY, .local_port = 80, .remote = ANY});
	ipv6.dst[12] = 0xe0; /* multicast for the fake above */
	assert_int_equal(join(*state, ipv6), UNKNOWN);
	assert_int_equal(join(*state, flow(6, FAR, 9, HOST, 80, FLOW_IN)), 6);
}

static void test_container(void **state)
{
	add(*state, (struct made){.pid = 20, .netns = CONTAINER, .local = INSIDE, .local_port = 5000,
				  .remote = FAR, .remote_port = 443});
	add(*state, (struct made){.pid = 21, .netns = CONTAINER, .local = ANY, .local_port = 53,
				  .remote = ANY, .protocol = 17});
	add(*state, (struct made){.pid = 30, .netns = OTHER, .local = ANY, .local_port = 53,
				  .remote = ANY, .protocol = 17});
	/* At its port, what it sends comes in. */
	assert_int_equal(join(*state, flow(6, INSIDE, 5000, FAR, 443, FLOW_IN)), 20);
	assert_int_equal(join(*state, flow(6, FAR, 443, INSIDE, 5000, FLOW_OUT)), 20);
	/* At the host's own interface, it goes out. */
	assert_int_equal(join(*state, flow(6, INSIDE, 5000, FAR, 443, FLOW_OUT)), 20);
	assert_int_equal(join(*state, flow(17, FAR, 9, INSIDE, 53, FLOW_OUT)), 21);
	assert_int_equal(join(*state, flow(17, THIRD, 53, FAR, 9, FLOW_IN)), 30);
	assert_int_equal(join(*state, flow(17, FAR2, 53, FAR, 9, FLOW_IN)), FORWARDED);
	/* Nobody has it open, but it is no stranger's address. */
	assert_int_equal(join(*state, flow(17, FAR, 9, INSIDE, 54, FLOW_OUT)), UNKNOWN);
}

/* Of two containers that talk, at a port it is the one behind the port. */
static void test_two_containers(void **state)
{
	add(*state, (struct made){.pid = 20, .netns = CONTAINER, .local = INSIDE, .local_port = 5000,
				  .remote = THIRD, .remote_port = 80});
	add(*state, (struct made){.pid = 30, .netns = OTHER, .local = THIRD, .local_port = 80,
				  .remote = INSIDE, .remote_port = 5000});
	assert_int_equal(join(*state, flow(6, INSIDE, 5000, THIRD, 80, FLOW_IN)), 20);
	assert_int_equal(join(*state, flow(6, THIRD, 80, INSIDE, 5000, FLOW_OUT)), 20);
	assert_int_equal(join(*state, flow(6, INSIDE, 5000, THIRD, 80, FLOW_OUT)), 30);
}

static void test_doubt(void **state)
{
	/* The same ends in two namespaces. */
	for (uint32_t netns = CONTAINER; netns <= OTHER; netns += OTHER - CONTAINER)
		add(*state, (struct made){.pid = netns, .netns = netns, .local = INSIDE,
					  .local_port = 1, .remote = FAR, .remote_port = 2});
	assert_int_equal(join(*state, flow(6, INSIDE, 1, FAR, 2, FLOW_IN)), UNKNOWN);
	/* Two processes that share a port, each with a socket of its own. */
	for (uint32_t pid = 40; pid < 42; pid++)
		add(*state, (struct made){.pid = pid, .local = ANY, .local_port = 53, .remote = ANY,
					  .protocol = 17, .inode = pid});
	assert_int_equal(join(*state, flow(17, FAR, 9, HOST, 53, FLOW_IN)), UNKNOWN);
	/* More of the same process are no reason for doubt. */
	for (uint64_t inode = 50; inode < 60; inode++)
		add(*state, (struct made){.pid = 44, .local = ANY, .local_port = 55, .remote = ANY,
					  .protocol = 17, .inode = inode});
	assert_int_equal(join(*state, flow(17, FAR, 9, HOST, 55, FLOW_IN)), 44);
}

/* One socket in several processes: the youngest has it to serve it, init only keeps it. */
static void test_shared(void **state)
{
	add(*state, (struct made){.pid = 1, .start_ns = 900, .local = ANY, .local_port = 22,
				  .remote = ANY, .inode = 5});
	add(*state, (struct made){.pid = 70, .start_ns = 100, .local = ANY, .local_port = 22,
				  .remote = ANY, .inode = 5});
	add(*state, (struct made){.pid = 71, .start_ns = 200, .local = ANY, .local_port = 22,
				  .remote = ANY, .inode = 5});
	add(*state, (struct made){.pid = 60, .start_ns = 150, .local = ANY, .local_port = 22,
				  .remote = ANY, .inode = 5});
	assert_int_equal(join(*state, flow(6, FAR, 9, HOST, 22, FLOW_IN)), 71);
}

static void test_closed(void **state)
{
	add(*state, (struct made){.pid = 80, .local = HOST, .local_port = 1, .remote = FAR,
				  .remote_port = 2, .closed_ns = 100 * S});
	add(*state, (struct made){.pid = 81, .local = ANY, .local_port = 3, .remote = ANY,
				  .protocol = 17, .closed_ns = 100 * S});
	assert_int_equal(join_since(*state, flow(6, HOST, 1, FAR, 2, FLOW_OUT), 99 * S), 80);
	assert_int_equal(join_since(*state, flow(6, HOST, 1, FAR, 2, FLOW_OUT), 104 * S), 80);
	assert_int_equal(join_since(*state, flow(6, HOST, 1, FAR, 2, FLOW_OUT), 106 * S), UNKNOWN);
	assert_int_equal(join_since(*state, flow(17, HOST, 3, FAR, 2, FLOW_OUT), 100 * S), 81);
	assert_int_equal(join_since(*state, flow(17, HOST, 3, FAR, 2, FLOW_OUT), 102 * S), UNKNOWN);
	/* Who has the port now goes before who had it. */
	add(*state, (struct made){.pid = 82, .local = ANY, .local_port = 3, .remote = ANY,
				  .protocol = 17});
	assert_int_equal(join_since(*state, flow(17, HOST, 3, FAR, 2, FLOW_OUT), 100 * S), 82);
	/* Two who had it: nobody knows which of them it was. */
	add(*state, (struct made){.pid = 83, .local = HOST, .local_port = 1, .remote = FAR,
				  .remote_port = 2, .closed_ns = 101 * S});
	assert_int_equal(join_since(*state, flow(6, HOST, 1, FAR, 2, FLOW_OUT), 99 * S), UNKNOWN);
	sockets_begin(*state, 101 * S);
	assert_int_equal(join_since(*state, flow(6, HOST, 1, FAR, 2, FLOW_OUT), 99 * S), 83);
}

static void test_kernel(void **state)
{
	struct flow_key arp = flow(0, FAR, 1, HOST, 0, FLOW_IN);

	arp.ethertype = ETH_P_ARP;
	assert_int_equal(join(*state, arp), KERNEL);
	assert_int_equal(join(*state, flow(1, FAR, 8, HOST, 0, FLOW_IN)), KERNEL);
	assert_int_equal(join(*state, flow(1, HOST, 0, FAR, 0, FLOW_OUT)), KERNEL);
	assert_int_equal(join(*state, flow(1, HOST, 3, FAR, 3, FLOW_OUT)), KERNEL);
	assert_int_equal(join(*state, flow(50, HOST, 3, FAR, 3, FLOW_OUT)), KERNEL);
	assert_int_equal(join(*state, flow(1, HOST, 8, FAR, 0, FLOW_OUT)), UNKNOWN);
	assert_int_equal(join(*state, flow(1, FAR, 8, FAR2, 0, FLOW_IN)), FORWARDED);
	add(*state, (struct made){.pid = 90, .protocol = 1, .local = ANY, .local_port = 1,
				  .remote = ANY});
	assert_int_equal(join(*state, flow(1, HOST, 8, FAR, 0, FLOW_OUT)), 90);
	assert_int_equal(join(*state, flow(1, FAR, 0, HOST, 0, FLOW_IN)), 90);
	assert_int_equal(join(*state, flow(1, HOST, 0, FAR, 0, FLOW_OUT)), KERNEL);
	add(*state, (struct made){.pid = 91, .protocol = 1, .local = ANY, .local_port = 1,
				  .remote = ANY, .inode = 4});
	assert_int_equal(join(*state, flow(1, HOST, 8, FAR, 0, FLOW_OUT)), UNKNOWN);
	add(*state, (struct made){.local = ANY, .local_port = 2049, .remote = ANY,
				  .flags = OWNER_SOCKET_KERNEL});
	assert_int_equal(join(*state, flow(6, FAR, 7, HOST, 2049, FLOW_IN)), KERNEL);
}

static void test_sums(void **state)
{
	struct flow_key sum = {.ipproto = FLOW_PROTO_NONE, .sport = FLOW_SUM_AGED};

	assert_int_equal(join(*state, sum), UNKNOWN);
	assert_int_equal(join(*state, flow(6, FAR, 1, FAR2, 2, FLOW_IN)), FORWARDED);
	assert_int_equal(join(*state, flow(6, FAR, 1, GROUP, 2, FLOW_IN)), UNKNOWN);
	assert_int_equal(join(*state, flow(6, FAR, 0, HOST, 0, FLOW_IN)), UNKNOWN);
}

/* Many sockets, all found; the closed ones are bounded, and the newest stay. */
static void test_many(void **state)
{
	const uint32_t closed = SOCKETS_CLOSED_MAX + 1000;

	for (uint32_t i = 1; i <= 50000; i++)
		add(*state, (struct made){.pid = i, .local = HOST, .local_port = (uint16_t)i,
					  .remote = FAR, .remote_port = 1});
	for (uint32_t i = 1; i <= closed; i++)
		add(*state, (struct made){.pid = i, .local = HOST, .local_port = (uint16_t)i,
					  .remote = FAR, .remote_port = 2, .closed_ns = i});
	for (uint32_t i = 1; i <= 50000; i += 997)
		assert_int_equal(join(*state, flow(6, HOST, (uint16_t)i, FAR, 1, FLOW_OUT)), i);
	assert_int_equal(join(*state, flow(6, HOST, 1000, FAR, 2, FLOW_OUT)), UNKNOWN);
	assert_int_equal(join(*state, flow(6, HOST, 1001, FAR, 2, FLOW_OUT)), 1001);
	assert_int_equal(join(*state, flow(6, HOST, (uint16_t)closed, FAR, 2, FLOW_OUT)), closed);
	assert_int_equal(sockets_count(*state), 50000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_both_ends, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_loopback, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_listening, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_families, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_container, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_two_containers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_doubt, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_shared, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_closed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_kernel, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sums, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_many, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
