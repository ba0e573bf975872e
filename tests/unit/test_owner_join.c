/* SPDX-License-Identifier: MIT */
/* join.h over sockets.h: each step of the rule. */
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "join_bed.h"

static void test_both_ends(void **state)
{
	join_bed_add(*state, (struct made){.pid = 7,
					   .local = HOST,
					   .local_port = 5000,
					   .remote = FAR,
					   .remote_port = 443});
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, HOST, 5000, FAR, 443, FLOW_OUT)),
			 7);
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, FAR, 443, HOST, 5000, FLOW_IN)), 7);
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, HOST, 5000, FAR, 443, FLOW_IN)),
			 UNKNOWN);
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, FAR2, 443, HOST, 5000, FLOW_IN)),
			 UNKNOWN);
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, FAR, 444, HOST, 5000, FLOW_IN)),
			 UNKNOWN);
	assert_int_equal(join_bed_join(*state, join_bed_flow(17, FAR, 443, HOST, 5000, FLOW_IN)),
			 UNKNOWN);
}

static void test_loopback(void **state)
{
	join_bed_add(*state, (struct made){.pid = 1001,
					   .local = "\x7f\0\0\1",
					   .local_port = 80,
					   .remote = "\x7f\0\0\1",
					   .remote_port = 4000});
	join_bed_add(*state, (struct made){.pid = 1002,
					   .local = "\x7f\0\0\1",
					   .local_port = 4000,
					   .remote = "\x7f\0\0\1",
					   .remote_port = 80});
	join_bed_add(*state, (struct made){.pid = 1003,
					   .netns = OTHER,
					   .local = "\x7f\0\0\1",
					   .local_port = 4001,
					   .remote = "\x7f\0\0\1",
					   .remote_port = 80});
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, "\x7f\0\0\1", 4000, "\x7f\0\0\1",
							     80, FLOW_OUT)),
			 1002);
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, "\x7f\0\0\1", 4000, "\x7f\0\0\1",
							     80, FLOW_IN)),
			 1001);
	/* Another namespace's loopback is not this one's. */
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, "\x7f\0\0\1", 4001, "\x7f\0\0\1",
							     80, FLOW_OUT)),
			 UNKNOWN);
}

static void test_listening(void **state)
{
	join_bed_add(
		*state,
		(struct made){
			.pid = 8, .local = ANY, .local_port = 53, .remote = ANY, .protocol = 17});
	join_bed_add(
		*state,
		(struct made){
			.pid = 9, .local = HOST, .local_port = 54, .remote = ANY, .protocol = 17});
	join_bed_add(
		*state,
		(struct made){
			.pid = 10, .local = ANY, .local_port = 54, .remote = ANY, .protocol = 17});
	assert_int_equal(join_bed_join(*state, join_bed_flow(17, FAR, 9, HOST, 53, FLOW_IN)), 8);
	assert_int_equal(join_bed_join(*state, join_bed_flow(17, HOST, 53, FAR, 9, FLOW_OUT)), 8);
	assert_int_equal(join_bed_join(*state, join_bed_flow(17, FAR, 9, HOST, 54, FLOW_IN)), 9);
	/* Only what is addressed to the host can be for its listener. */
	assert_int_equal(join_bed_join(*state, join_bed_flow(17, FAR, 9, FAR2, 53, FLOW_IN)),
			 FORWARDED);
	assert_int_equal(join_bed_join(*state, join_bed_flow(17, FAR, 9, GROUP, 53, FLOW_IN)), 8);
}

/* A socket for any IPv6 address takes IPv4 as well, unless it was told not to. */
static void test_families(void **state)
{
	struct owner_socket socket = {
		.process = {.pid = 5}, .netns = HOME, .protocol = 6, .local_port = 80};
	struct flow_key ipv6 = {.sport = 1,
				.dport = 80,
				.ethertype = ETH_P_IPV6,
				.ipproto = 6,
				.src = {0xff, 0x02, [15] = 9},
				.dst = {0xff, 0x02, [15] = 1}};

	sockets_add(*state, &socket);
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, FAR, 9, HOST, 80, FLOW_IN)), 5);
	sockets_begin(*state, 0);
	socket.flags = OWNER_SOCKET_V6ONLY;
	sockets_add(*state, &socket);
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, FAR, 9, HOST, 80, FLOW_IN)),
			 UNKNOWN);
	sockets_begin(*state, 0);
	join_bed_add(*state,
		     (struct made){.pid = 6, .local = ANY, .local_port = 80, .remote = ANY});
	ipv6.dst[12] = 0xe0; /* multicast for the fake above */
	assert_int_equal(join_bed_join(*state, ipv6), UNKNOWN);
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, FAR, 9, HOST, 80, FLOW_IN)), 6);
}

static void test_container(void **state)
{
	join_bed_add(*state, (struct made){.pid = 20,
					   .netns = CONTAINER,
					   .local = INSIDE,
					   .local_port = 5000,
					   .remote = FAR,
					   .remote_port = 443});
	join_bed_add(*state, (struct made){.pid = 21,
					   .netns = CONTAINER,
					   .local = ANY,
					   .local_port = 53,
					   .remote = ANY,
					   .protocol = 17});
	join_bed_add(*state, (struct made){.pid = 30,
					   .netns = OTHER,
					   .local = ANY,
					   .local_port = 53,
					   .remote = ANY,
					   .protocol = 17});
	/* At its port, what it sends comes in. */
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, INSIDE, 5000, FAR, 443, FLOW_IN)),
			 20);
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, FAR, 443, INSIDE, 5000, FLOW_OUT)),
			 20);
	/* At the host's own interface, it goes out. */
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, INSIDE, 5000, FAR, 443, FLOW_OUT)),
			 20);
	assert_int_equal(join_bed_join(*state, join_bed_flow(17, FAR, 9, INSIDE, 53, FLOW_OUT)),
			 21);
	assert_int_equal(join_bed_join(*state, join_bed_flow(17, THIRD, 53, FAR, 9, FLOW_IN)), 30);
	assert_int_equal(join_bed_join(*state, join_bed_flow(17, FAR2, 53, FAR, 9, FLOW_IN)),
			 FORWARDED);
	/* Nobody has it open, but it is no stranger's address. */
	assert_int_equal(join_bed_join(*state, join_bed_flow(17, FAR, 9, INSIDE, 54, FLOW_OUT)),
			 UNKNOWN);
}

/* Of two containers that talk, at a port it is the one behind the port. */
static void test_two_containers(void **state)
{
	join_bed_add(*state, (struct made){.pid = 20,
					   .netns = CONTAINER,
					   .local = INSIDE,
					   .local_port = 5000,
					   .remote = THIRD,
					   .remote_port = 80});
	join_bed_add(*state, (struct made){.pid = 30,
					   .netns = OTHER,
					   .local = THIRD,
					   .local_port = 80,
					   .remote = INSIDE,
					   .remote_port = 5000});
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, INSIDE, 5000, THIRD, 80, FLOW_IN)),
			 20);
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, THIRD, 80, INSIDE, 5000, FLOW_OUT)),
			 20);
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, INSIDE, 5000, THIRD, 80, FLOW_OUT)),
			 30);
}

/* One socket in several processes: the youngest has it to serve it, init only keeps it. */
static void test_shared(void **state)
{
	join_bed_add(*state, (struct made){.pid = 1,
					   .start_ns = 900,
					   .local = ANY,
					   .local_port = 22,
					   .remote = ANY,
					   .inode = 5});
	join_bed_add(*state, (struct made){.pid = 70,
					   .start_ns = 100,
					   .local = ANY,
					   .local_port = 22,
					   .remote = ANY,
					   .inode = 5});
	join_bed_add(*state, (struct made){.pid = 71,
					   .start_ns = 200,
					   .local = ANY,
					   .local_port = 22,
					   .remote = ANY,
					   .inode = 5});
	join_bed_add(*state, (struct made){.pid = 60,
					   .start_ns = 150,
					   .local = ANY,
					   .local_port = 22,
					   .remote = ANY,
					   .inode = 5});
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, FAR, 9, HOST, 22, FLOW_IN)), 71);
}

static void test_kernel(void **state)
{
	struct flow_key arp = join_bed_flow(0, FAR, 1, HOST, 0, FLOW_IN);

	arp.ethertype = ETH_P_ARP;
	assert_int_equal(join_bed_join(*state, arp), KERNEL);
	assert_int_equal(join_bed_join(*state, join_bed_flow(1, FAR, 8, HOST, 0, FLOW_IN)), KERNEL);
	assert_int_equal(join_bed_join(*state, join_bed_flow(1, HOST, 0, FAR, 0, FLOW_OUT)),
			 KERNEL);
	assert_int_equal(join_bed_join(*state, join_bed_flow(1, HOST, 3, FAR, 3, FLOW_OUT)),
			 KERNEL);
	assert_int_equal(join_bed_join(*state, join_bed_flow(50, HOST, 3, FAR, 3, FLOW_OUT)),
			 KERNEL);
	assert_int_equal(join_bed_join(*state, join_bed_flow(1, HOST, 8, FAR, 0, FLOW_OUT)),
			 UNKNOWN);
	assert_int_equal(join_bed_join(*state, join_bed_flow(1, FAR, 8, FAR2, 0, FLOW_IN)),
			 FORWARDED);
	join_bed_add(
		*state,
		(struct made){
			.pid = 90, .protocol = 1, .local = ANY, .local_port = 1, .remote = ANY});
	assert_int_equal(join_bed_join(*state, join_bed_flow(1, HOST, 8, FAR, 0, FLOW_OUT)), 90);
	assert_int_equal(join_bed_join(*state, join_bed_flow(1, FAR, 0, HOST, 0, FLOW_IN)), 90);
	assert_int_equal(join_bed_join(*state, join_bed_flow(1, HOST, 0, FAR, 0, FLOW_OUT)),
			 KERNEL);
	join_bed_add(*state, (struct made){.pid = 91,
					   .protocol = 1,
					   .local = ANY,
					   .local_port = 1,
					   .remote = ANY,
					   .inode = 4});
	assert_int_equal(join_bed_join(*state, join_bed_flow(1, HOST, 8, FAR, 0, FLOW_OUT)),
			 UNKNOWN);
	join_bed_add(*state, (struct made){.local = ANY,
					   .local_port = 2049,
					   .remote = ANY,
					   .flags = OWNER_SOCKET_KERNEL});
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, FAR, 7, HOST, 2049, FLOW_IN)),
			 KERNEL);
}

static void test_sums(void **state)
{
	struct flow_key sum = {.ipproto = FLOW_PROTO_NONE, .sport = FLOW_SUM_AGED};

	assert_int_equal(join_bed_join(*state, sum), UNKNOWN);
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, FAR, 1, FAR2, 2, FLOW_IN)),
			 FORWARDED);
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, FAR, 1, GROUP, 2, FLOW_IN)),
			 UNKNOWN);
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, FAR, 0, HOST, 0, FLOW_IN)),
			 UNKNOWN);
}

/* Many sockets, all found; the closed ones are bounded, and the newest stay. */
static void test_many(void **state)
{
	const uint32_t closed = SOCKETS_CLOSED_MAX + 1000;

	for (uint32_t i = 1; i <= 50000; i++)
		join_bed_add(*state, (struct made){.pid = i,
						   .local = HOST,
						   .local_port = (uint16_t)i,
						   .remote = FAR,
						   .remote_port = 1});
	for (uint32_t i = 1; i <= closed; i++)
		join_bed_add(*state, (struct made){.pid = i,
						   .local = HOST,
						   .local_port = (uint16_t)i,
						   .remote = FAR,
						   .remote_port = 2,
						   .closed_ns = i});
	for (uint32_t i = 1; i <= 50000; i += 997)
		assert_int_equal(join_bed_join(*state, join_bed_flow(6, HOST, (uint16_t)i, FAR, 1,
								     FLOW_OUT)),
				 i);
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, HOST, 1000, FAR, 2, FLOW_OUT)),
			 UNKNOWN);
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, HOST, 1001, FAR, 2, FLOW_OUT)),
			 1001);
	assert_int_equal(
		join_bed_join(*state, join_bed_flow(6, HOST, (uint16_t)closed, FAR, 2, FLOW_OUT)),
		closed);
	assert_int_equal(sockets_count(*state), 50000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_both_ends, join_bed_set_up,
						join_bed_tear_down),
		cmocka_unit_test_setup_teardown(test_loopback, join_bed_set_up, join_bed_tear_down),
		cmocka_unit_test_setup_teardown(test_listening, join_bed_set_up,
						join_bed_tear_down),
		cmocka_unit_test_setup_teardown(test_families, join_bed_set_up, join_bed_tear_down),
		cmocka_unit_test_setup_teardown(test_container, join_bed_set_up,
						join_bed_tear_down),
		cmocka_unit_test_setup_teardown(test_two_containers, join_bed_set_up,
						join_bed_tear_down),
		cmocka_unit_test_setup_teardown(test_shared, join_bed_set_up, join_bed_tear_down),
		cmocka_unit_test_setup_teardown(test_kernel, join_bed_set_up, join_bed_tear_down),
		cmocka_unit_test_setup_teardown(test_sums, join_bed_set_up, join_bed_tear_down),
		cmocka_unit_test_setup_teardown(test_many, join_bed_set_up, join_bed_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
