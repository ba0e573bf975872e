/* SPDX-License-Identifier: MIT */
/* sockets.h: their memory follows how many there are, up and down, and all are found meanwhile. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sockets.h"

#define REMOTE_PORT 443
#define MANY	    40000U
#define PASSES	    16

static const struct socket_end remote_end = {.address = {[15] = 2}, .port = REMOTE_PORT};

static struct socket_end local_end(uint32_t number)
{
	return (struct socket_end){
		.address = {[14] = 1, [15] = (uint8_t)(number >> 16)},
		.port = (uint16_t)number,
	};
}

/* A connected socket with that number; closed, if at all, at closed_ns. */
static void add(struct sockets *sockets, uint32_t number, uint64_t closed_ns)
{
	const struct socket_end local = local_end(number);
	struct owner_socket socket = {
		.closed_ns = closed_ns,
		.inode = number,
		.protocol = IPPROTO_TCP,
		.local_port = local.port,
		.remote_port = remote_end.port,
		.flags = closed_ns ? OWNER_SOCKET_CLOSED : 0,
	};

	memcpy(socket.local, local.address, sizeof(socket.local));
	memcpy(socket.remote, remote_end.address, sizeof(socket.remote));
	sockets_add(sockets, &socket);
}

/* The number of the socket with these ends; 0: there is none. */
static uint32_t found(const struct sockets *sockets, uint32_t number)
{
	const struct socket_end local = local_end(number);
	const struct owner_socket *socket =
		sockets_first(sockets, IPPROTO_TCP, 0, &local, &remote_end);

	return socket ? (uint32_t)socket->inode : 0;
}

static void check(const struct sockets *sockets, uint32_t from, uint32_t to)
{
	assert_int_equal(found(sockets, from - 1), 0);
	assert_int_equal(found(sockets, to), 0);
	for (uint32_t i = from; i < to; i++)
		assert_int_equal(found(sockets, i), i);
}

static struct sockets *new_sockets(void)
{
	struct sockets *sockets;

	assert_int_equal(sockets_new(&sockets), 0);
	assert_int_equal(sockets_room(sockets), 0);
	return sockets;
}

static void test_open(void **state)
{
	struct sockets *sockets = new_sockets();
	const uint32_t count[] = {MANY, 10, 300};

	(void)state;
	for (size_t burst = 0; burst < 3; burst++) {
		for (int pass = 0; pass < PASSES; pass++) {
			sockets_begin(sockets, 0);
			for (uint32_t i = 1; i <= count[burst]; i++)
				add(sockets, i, 0);
			assert_int_equal(sockets_index(sockets), 0);
			check(sockets, 1, count[burst] + 1);
		}
		assert_in_range(sockets_room(sockets), count[burst], 8 * count[burst] + 512);
	}
	sockets_free(sockets);
}

/* Sockets `from` to `to` - 1 were closed since the last pass; those from `since` on are kept. */
static void pass_closed(struct sockets *sockets, uint32_t since, uint32_t from, uint32_t to)
{
	sockets_begin(sockets, since);
	for (uint32_t i = from; i < to; i++)
		add(sockets, i, i);
	assert_int_equal(sockets_index(sockets), 0);
	check(sockets, since, to);
}

static void test_closed(void **state)
{
	struct sockets *sockets = new_sockets();
	uint32_t first = 1, last = 1;

	(void)state;
	/* A few at any time, for long: the circle is as small as at first. */
	for (int pass = 0; pass < 100; pass++, first = last, last += 100)
		pass_closed(sockets, first, last, last + 100);
	assert_in_range(sockets_room(sockets), 1, 512);
	/* Many at once, and a few again. */
	pass_closed(sockets, first, last, last + SOCKETS_CLOSED_MAX - 100);
	assert_int_equal(sockets_room(sockets), SOCKETS_CLOSED_MAX);
	last += SOCKETS_CLOSED_MAX - 100;
	first = last - 200;
	for (int pass = 0; pass < PASSES; pass++, first += 10, last += 10)
		pass_closed(sockets, first, last, last + 10);
	assert_in_range(sockets_room(sockets), 1, 2048);
	sockets_free(sockets);
}

/* The oldest are left out when there are too many. */
static void test_too_many(void **state)
{
	struct sockets *sockets = new_sockets();

	(void)state;
	sockets_begin(sockets, 0);
	for (uint32_t i = 1; i <= MANY; i++)
		add(sockets, i, i);
	assert_int_equal(sockets_index(sockets), 0);
	check(sockets, MANY - SOCKETS_CLOSED_MAX + 1, MANY + 1);
	sockets_free(sockets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests_name("sockets", tests, NULL, NULL);
}
