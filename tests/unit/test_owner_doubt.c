/* SPDX-License-Identifier: MIT */
/* join.h over sockets.h: doubt is never settled by a guess. */
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "join_bed.h"

/* An end of the own namespace where nobody is known to be: the peer is not named in its place. */
static void test_peer_is_not_named(void **state)
{
	join_bed_add(*state, (struct made){.pid = 20,
					   .netns = CONTAINER,
					   .local = INSIDE,
					   .local_port = 5000,
					   .remote = HOST,
					   .remote_port = 80});
	join_bed_add(*state, (struct made){.pid = 21,
					   .netns = CONTAINER,
					   .local = ANY,
					   .local_port = 53,
					   .remote = ANY,
					   .protocol = 17});
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, INSIDE, 5000, HOST, 80, FLOW_IN)),
			 UNKNOWN);
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, HOST, 80, INSIDE, 5000, FLOW_OUT)),
			 UNKNOWN);
	assert_int_equal(join_bed_join(*state, join_bed_flow(17, INSIDE, 53, HOST, 9, FLOW_IN)),
			 UNKNOWN);
	assert_int_equal(join_bed_join(*state, join_bed_flow(17, HOST, 9, INSIDE, 53, FLOW_OUT)),
			 UNKNOWN);
	/* Nor is the peer of a container, at that one's port. */
	join_bed_add(*state, (struct made){.pid = 30,
					   .netns = OTHER,
					   .local = THIRD,
					   .local_port = 80,
					   .remote = INSIDE,
					   .remote_port = 5001});
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, INSIDE, 5001, THIRD, 80, FLOW_IN)),
			 UNKNOWN);
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, THIRD, 80, INSIDE, 5001, FLOW_OUT)),
			 UNKNOWN);
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, THIRD, 80, INSIDE, 5001, FLOW_IN)),
			 30);
}

/* Another namespace has the address too, and the same connection. */
static void test_same_tuple(void **state)
{
	join_bed_add(*state, (struct made){.pid = 20, .netns = CONTAINER, .local = HOST,
					   .local_port = 5000, .remote = FAR, .remote_port = 443});
	join_bed_add(*state,
		     (struct made){.pid = 6, .local = ANY, .local_port = 5000, .remote = ANY});
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, HOST, 5000, FAR, 443, FLOW_OUT)),
			 UNKNOWN);
	join_bed_add(*state, (struct made){.pid = 7, .local = HOST, .local_port = 5000,
					   .remote = FAR, .remote_port = 443});
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, HOST, 5000, FAR, 443, FLOW_OUT)), 7);
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, FAR, 443, HOST, 5000, FLOW_IN)), 7);
	/* A transparent proxy and the server that it stands for. */
	join_bed_add(*state, (struct made){.pid = 8,
					   .local = INSIDE,
					   .local_port = 80,
					   .remote = FAR,
					   .remote_port = 9});
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, FAR, 9, INSIDE, 80, FLOW_IN)), 8);
	join_bed_add(*state, (struct made){.pid = 21,
					   .netns = CONTAINER,
					   .local = INSIDE,
					   .local_port = 80,
					   .remote = FAR,
					   .remote_port = 9});
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, FAR, 9, INSIDE, 80, FLOW_IN)),
			 UNKNOWN);
}

/* Processes that cannot be named: what they have is nobody else's. */
static void test_hidden(void **state)
{
	join_bed_add(*state, (struct made){.pid = 0,
					   .local = HOST,
					   .local_port = 80,
					   .remote = FAR,
					   .remote_port = 9});
	join_bed_add(*state,
		     (struct made){.pid = 8, .local = ANY, .local_port = 80, .remote = ANY});
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, FAR, 9, HOST, 80, FLOW_IN)),
			 UNKNOWN);
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, FAR, 10, HOST, 80, FLOW_IN)), 8);
}

/* Closed while one looked for who has it; closed before that by somebody else. */
static void test_hidden_then_closed(void **state)
{
	join_bed_add(
		*state,
		(struct made){
			.pid = 0, .local = HOST, .local_port = 1, .remote = FAR, .remote_port = 9});
	join_bed_add(*state, (struct made){.pid = 9,
					   .local = HOST,
					   .local_port = 1,
					   .remote = FAR,
					   .remote_port = 9,
					   .closed_ns = 201 * S});
	assert_int_equal(
		join_bed_since(*state, join_bed_flow(6, FAR, 9, HOST, 1, FLOW_IN), 195 * S), 9);
	join_bed_add(
		*state,
		(struct made){
			.pid = 0, .local = HOST, .local_port = 2, .remote = FAR, .remote_port = 9});
	join_bed_add(*state, (struct made){.pid = 9,
					   .local = HOST,
					   .local_port = 2,
					   .remote = FAR,
					   .remote_port = 9,
					   .closed_ns = 199 * S});
	assert_int_equal(
		join_bed_since(*state, join_bed_flow(6, FAR, 9, HOST, 2, FLOW_IN), 195 * S),
		DOUBTFUL);
}

/* A namespace with unknown addresses may have that of either end. */
static void test_hidden_namespace(void **state)
{
	join_bed_add(*state, (struct made){.pid = 20,
					   .netns = CONTAINER,
					   .local = INSIDE,
					   .local_port = 80,
					   .remote = HIDDEN,
					   .remote_port = 5000});
	join_bed_add(*state, (struct made){.pid = 21,
					   .netns = CONTAINER,
					   .local = ANY,
					   .local_port = 81,
					   .remote = ANY});
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, HIDDEN, 5000, INSIDE, 80, FLOW_IN)),
			 UNKNOWN);
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, HIDDEN, 5000, INSIDE, 81, FLOW_IN)),
			 UNKNOWN);
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, HIDDEN, 1, FAR, 2, FLOW_IN)),
			 UNKNOWN);
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, INSIDE, 80, HIDDEN, 5000, FLOW_IN)),
			 20);
	/* One that cannot be seen may have the far end; that it passes through is known. */
	join_bed_add(*state, (struct made){.pid = 22, .netns = CONTAINER, .local = INSIDE,
					   .local_port = 82, .remote = UNSEEN, .remote_port = 1});
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, UNSEEN, 1, INSIDE, 82, FLOW_IN)),
			 UNKNOWN);
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, UNSEEN, 1, FAR, 2, FLOW_IN)),
			 FORWARDED);
}

/* Where home is not known, nobody's sockets are. */
static void test_no_home(void **state)
{
	const struct join_view view = {.sockets = *state};
	struct flow_key there = join_bed_flow(6, HOST, 1, FAR, 2, FLOW_OUT),
			arp = join_bed_flow(0, FAR, 1, HOST, 0, FLOW_IN);
	const struct owner_socket *socket = NULL;
	const struct join_flow since = {0};

	arp.ethertype = ETH_P_ARP;
	join_bed_add(
		*state,
		(struct made){
			.pid = 7, .local = HOST, .local_port = 1, .remote = FAR, .remote_port = 2});
	join_bed_add(*state, (struct made){.pid = 20,
					   .netns = CONTAINER,
					   .local = FAR,
					   .local_port = 2,
					   .remote = HOST,
					   .remote_port = 1});
	assert_int_equal(sockets_index(*state), 0);
	assert_int_equal(join_flow(&view, &there, &since, &socket), JOIN_UNKNOWN);
	there.where = FLOW_WHERE(0, FLOW_IN);
	assert_int_equal(join_flow(&view, &there, &since, &socket), JOIN_UNKNOWN);
	assert_int_equal(join_flow(&view, &arp, &since, &socket), JOIN_KERNEL);
}

/* Bound to an interface, it takes nothing from the others. */
static void test_device(void **state)
{
	join_bed_add(*state, (struct made){.pid = 8,
					   .local = ANY,
					   .local_port = 67,
					   .remote = ANY,
					   .protocol = 17,
					   .device = DEVICE + 1});
	assert_int_equal(join_bed_join(*state, join_bed_flow(17, FAR, 68, HOST, 67, FLOW_IN)),
			 UNKNOWN);
	join_bed_add(*state, (struct made){.pid = 9,
					   .local = ANY,
					   .local_port = 67,
					   .remote = ANY,
					   .protocol = 17,
					   .device = DEVICE});
	assert_int_equal(join_bed_join(*state, join_bed_flow(17, FAR, 68, HOST, 67, FLOW_IN)), 9);
}

/* Of more sockets than are looked at, the last ones are no less its. */
static void test_too_many(void **state)
{
	for (uint64_t inode = 1; inode <= 2000; inode++)
		join_bed_add(*state, (struct made){.pid = 44,
						   .local = ANY,
						   .local_port = 55,
						   .remote = ANY,
						   .protocol = 17,
						   .inode = inode});
	assert_int_equal(join_bed_join(*state, join_bed_flow(17, FAR, 9, HOST, 55, FLOW_IN)),
			 UNKNOWN);
	/* Those of other namespaces are not among them. */
	for (uint32_t netns = 1000; netns <= 2000; netns++)
		join_bed_add(*state, (struct made){.pid = netns,
						   .netns = netns,
						   .local = ANY,
						   .local_port = 56,
						   .remote = ANY,
						   .protocol = 17});
	join_bed_add(
		*state,
		(struct made){
			.pid = 45, .local = ANY, .local_port = 56, .remote = ANY, .protocol = 17});
	assert_int_equal(join_bed_join(*state, join_bed_flow(17, FAR, 9, HOST, 56, FLOW_IN)), 45);
}

/* Connections that a server takes may be its child's next. */
static void test_handed_on(void **state)
{
	const struct join_view view = {.sockets = *state, .home = HOME};
	struct owner_socket socket = {
		.netns = HOME, .protocol = 6, .local_port = 22, .remote_port = 9};

	join_bed_ipv4(socket.local, HOST);
	join_bed_ipv4(socket.remote, FAR);
	sockets_add(*state, &socket);
	assert_int_equal(sockets_index(*state), 0);
	assert_false(join_may_be_handed_on(&view, &socket));
	join_bed_add(*state,
		     (struct made){.pid = 5, .local = ANY, .local_port = 22, .remote = ANY});
	assert_int_equal(sockets_index(*state), 0);
	assert_true(join_may_be_handed_on(&view, &socket));
	socket.netns = OTHER;
	assert_false(join_may_be_handed_on(&view, &socket));
}

static void test_doubt(void **state)
{
	/* The same ends in two namespaces. */
	for (uint32_t netns = CONTAINER; netns <= OTHER; netns += OTHER - CONTAINER)
		join_bed_add(*state, (struct made){.pid = netns,
						   .netns = netns,
						   .local = INSIDE,
						   .local_port = 1,
						   .remote = FAR,
						   .remote_port = 2});
	assert_int_equal(join_bed_join(*state, join_bed_flow(6, INSIDE, 1, FAR, 2, FLOW_IN)),
			 UNKNOWN);
	/* Two processes that share a port, each with a socket of its own. */
	for (uint32_t pid = 40; pid < 42; pid++)
		join_bed_add(*state, (struct made){.pid = pid,
						   .local = ANY,
						   .local_port = 53,
						   .remote = ANY,
						   .protocol = 17,
						   .inode = pid});
	assert_int_equal(join_bed_join(*state, join_bed_flow(17, FAR, 9, HOST, 53, FLOW_IN)),
			 UNKNOWN);
	/* More of the same process are no reason for doubt. */
	for (uint64_t inode = 50; inode < 60; inode++)
		join_bed_add(*state, (struct made){.pid = 44,
						   .local = ANY,
						   .local_port = 55,
						   .remote = ANY,
						   .protocol = 17,
						   .inode = inode});
	assert_int_equal(join_bed_join(*state, join_bed_flow(17, FAR, 9, HOST, 55, FLOW_IN)), 44);
}

static void test_closed(void **state)
{
	join_bed_add(*state, (struct made){.pid = 80,
					   .local = HOST,
					   .local_port = 1,
					   .remote = FAR,
					   .remote_port = 2,
					   .closed_ns = 100 * S});
	join_bed_add(*state, (struct made){.pid = 81,
					   .local = ANY,
					   .local_port = 3,
					   .remote = ANY,
					   .protocol = 17,
					   .closed_ns = 100 * S});
	assert_int_equal(
		join_bed_since(*state, join_bed_flow(6, HOST, 1, FAR, 2, FLOW_OUT), 99 * S), 80);
	assert_int_equal(
		join_bed_since(*state, join_bed_flow(6, HOST, 1, FAR, 2, FLOW_OUT), 104 * S), 80);
	assert_int_equal(
		join_bed_since(*state, join_bed_flow(6, HOST, 1, FAR, 2, FLOW_OUT), 106 * S),
		UNKNOWN);
	assert_int_equal(
		join_bed_since(*state, join_bed_flow(17, HOST, 3, FAR, 2, FLOW_OUT), 100 * S), 81);
	assert_int_equal(
		join_bed_since(*state, join_bed_flow(17, HOST, 3, FAR, 2, FLOW_OUT), 102 * S),
		UNKNOWN);
	/* Who has the port now goes before who had it. */
	join_bed_add(
		*state,
		(struct made){
			.pid = 82, .local = ANY, .local_port = 3, .remote = ANY, .protocol = 17});
	assert_int_equal(
		join_bed_since(*state, join_bed_flow(17, HOST, 3, FAR, 2, FLOW_OUT), 100 * S), 82);
	/* But not when both may have had the flow. */
	assert_int_equal(
		join_bed_since(*state, join_bed_flow(17, HOST, 3, FAR, 2, FLOW_OUT), 99 * S),
		DOUBTFUL);
	/* Two who had it: nobody knows which of them it was. */
	join_bed_add(*state, (struct made){.pid = 83,
					   .local = HOST,
					   .local_port = 1,
					   .remote = FAR,
					   .remote_port = 2,
					   .closed_ns = 101 * S});
	assert_int_equal(
		join_bed_since(*state, join_bed_flow(6, HOST, 1, FAR, 2, FLOW_OUT), 99 * S),
		DOUBTFUL);
	sockets_begin(*state, 101 * S);
	assert_int_equal(
		join_bed_since(*state, join_bed_flow(6, HOST, 1, FAR, 2, FLOW_OUT), 99 * S), 83);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_peer_is_not_named, join_bed_set_up,
						join_bed_tear_down),
		cmocka_unit_test_setup_teardown(test_same_tuple, join_bed_set_up,
						join_bed_tear_down),
		cmocka_unit_test_setup_teardown(test_hidden, join_bed_set_up, join_bed_tear_down),
		cmocka_unit_test_setup_teardown(test_hidden_then_closed, join_bed_set_up, join_bed_tear_down),
		cmocka_unit_test_setup_teardown(test_hidden_namespace, join_bed_set_up, join_bed_tear_down),
		cmocka_unit_test_setup_teardown(test_no_home, join_bed_set_up, join_bed_tear_down),
		cmocka_unit_test_setup_teardown(test_device, join_bed_set_up, join_bed_tear_down),
		cmocka_unit_test_setup_teardown(test_too_many, join_bed_set_up, join_bed_tear_down),
		cmocka_unit_test_setup_teardown(test_handed_on, join_bed_set_up,
						join_bed_tear_down),
		cmocka_unit_test_setup_teardown(test_doubt, join_bed_set_up, join_bed_tear_down),
		cmocka_unit_test_setup_teardown(test_closed, join_bed_set_up, join_bed_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
