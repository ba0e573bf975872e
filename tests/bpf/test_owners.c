/* SPDX-License-Identifier: MIT */
/*
 * owners.h on real sockets of real processes, in a network namespace of the test's own, by each way
 * of finding them. Flows are made up from the sockets' names; no packet is counted.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "owners_bed.h"

#define CHILD_NAME "\x1b[31mne\xffx"

static struct owners_options ways[] = {
	{.netns_fd = -1},
	{.netns_fd = -1, .no_hook = true},
	{.netns_fd = -1, .no_iterator = true},
	{.netns_fd = -1, .no_iterator = true, .no_hook = true},
};

static struct sockaddr_in6 any_address(int family, bool loopback)
{
	struct sockaddr_in6 address = {.sin6_family = (sa_family_t)family};
	struct sockaddr_in *ipv4 = (struct sockaddr_in *)&address;

	if (family == AF_INET6 && loopback)
		address.sin6_addr = in6addr_loopback;
	else if (family == AF_INET && loopback)
		ipv4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return address;
}

static int bound(int family, int type, bool loopback, struct sockaddr_in6 *ret_address)
{
	struct sockaddr_in6 address = any_address(family, loopback);
	socklen_t length = sizeof(address);
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 100), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	*ret_address = address;
	return fd;
}

/* A process that waits to be told to end, after `act` was done in it. */
struct child {
	pid_t pid;
	int pipe_fd;
	struct sockaddr_in6 local;
};

static struct child child_start(int (*act)(const struct sockaddr_in6 *to), const struct sockaddr_in6 *to)
{
	struct child child;
	int up[2], down[2];
	socklen_t length = sizeof(child.local);

	assert_int_equal(pipe(up), 0);
	assert_int_equal(pipe(down), 0);
	child.pid = fork();
	if (!child.pid) {
		int fd;

		/* A socket that both have would be the child's. */
		for (fd = 3; fd < 100; fd++) {
			if (fd != up[1] && fd != down[0] && fd != (int)to->sin6_scope_id)
				close(fd);
		}
		fd = act(to);
		memset(&child.local, 0, sizeof(child.local));
		if (getsockname(fd, (struct sockaddr *)&child.local, &length) < 0 ||
		    write(up[1], &child.local, sizeof(child.local)) < 0 ||
		    read(down[0], &length, 1) < 0)
			_exit(1);
		_exit(0);
	}
	assert_int_equal(read(up[0], &child.local, sizeof(child.local)), sizeof(child.local));
	close(up[0]);
	close(up[1]);
	close(down[0]);
	child.pipe_fd = down[1];
	return child;
}

static void child_end(const struct child *child)
{
	close(child->pipe_fd);
	assert_int_equal(waitpid(child->pid, NULL, 0), child->pid);
}

static int connect_to(const struct sockaddr_in6 *to, int type)
{
	int fd = socket(to->sin6_family, type | SOCK_CLOEXEC, 0);

	prctl(PR_SET_NAME, CHILD_NAME);
	return connect(fd, (const struct sockaddr *)to, sizeof(*to)) ? -1 : fd;
}

static int connect_tcp(const struct sockaddr_in6 *to)
{
	return connect_to(to, SOCK_STREAM);
}

static int connect_udp(const struct sockaddr_in6 *to)
{
	return connect_to(to, SOCK_DGRAM);
}

static int send_udp(const struct sockaddr_in6 *to)
{
	int fd = socket(to->sin6_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return sendto(fd, "x", 1, 0, (const struct sockaddr *)to, sizeof(*to)) == 1 ? fd : -1;
}

/* The same ends as IPv4, for a server with an IPv6 socket. */
static struct sockaddr_in6 as_ipv4(const struct sockaddr_in6 *address)
{
	struct sockaddr_in6 ipv4 = any_address(AF_INET, true);

	ipv4.sin6_port = address->sin6_port;
	return ipv4;
}

/* What the client's socket is called, when it sends from a wildcard address. */
static struct sockaddr_in6 at_loopback(const struct sockaddr_in6 *address)
{
	struct sockaddr_in6 there = any_address(address->sin6_family, true);

	there.sin6_port = address->sin6_port;
	return there;
}

static void expect_both(struct owners_bed *bed, uint8_t protocol, const struct sockaddr_in6 *server,
			const struct child *client)
{
	const struct sockaddr_in6 local = at_loopback(&client->local);

	/* Out of loopback the sender, into it the receiver. */
	uint32_t there_out = owners_bed_add(bed, protocol, &local, server, FLOW_OUT);
	uint32_t there_in = owners_bed_add(bed, protocol, &local, server, FLOW_IN);
	uint32_t back_out = owners_bed_add(bed, protocol, server, &local, FLOW_OUT);
	uint32_t back_in = owners_bed_add(bed, protocol, server, &local, FLOW_IN);

	owners_bed_expect(bed, there_out, client->pid);
	owners_bed_expect(bed, there_in, getpid());
	owners_bed_expect(bed, back_out, getpid());
	owners_bed_expect(bed, back_in, client->pid);
}

static void test_tcp_family(struct owners_bed *bed, int server_family, int client_family)
{
	struct sockaddr_in6 server, to;
	int listen_fd = bound(server_family, SOCK_STREAM, server_family == client_family, &server);
	struct child client;
	int fd;

	to = server_family == client_family ? server : as_ipv4(&server);
	client = child_start(connect_tcp, &to);
	fd = accept(listen_fd, NULL, NULL);
	assert_true(fd >= 0);
	expect_both(bed, IPPROTO_TCP, &to, &client);
	child_end(&client);
	close(fd);
	close(listen_fd);
}

static void test_tcp(void **state)
{
	test_tcp_family(*state, AF_INET, AF_INET);
	test_tcp_family(*state, AF_INET6, AF_INET6);
	test_tcp_family(*state, AF_INET6, AF_INET);
}

static void test_udp_family(struct owners_bed *bed, int server_family, int client_family, bool connected)
{
	struct sockaddr_in6 server, to;
	int fd = bound(server_family, SOCK_DGRAM, false, &server);
	struct child client;

	to = server_family == client_family ? at_loopback(&server) : as_ipv4(&server);
	client = child_start(connected ? connect_udp : send_udp, &to);
	expect_both(bed, IPPROTO_UDP, &to, &client);
	child_end(&client);
	close(fd);
}

static void test_udp(void **state)
{
	for (int connected = 0; connected < 2; connected++) {
		test_udp_family(*state, AF_INET, AF_INET, connected);
		test_udp_family(*state, AF_INET6, AF_INET6, connected);
		test_udp_family(*state, AF_INET6, AF_INET, connected);
	}
}

/* All that is said of a process, bytes as they are. */
static void test_texts(void **state)
{
	struct owners_bed *bed = *state;
	struct sockaddr_in6 server;
	int fd = bound(AF_INET, SOCK_DGRAM, true, &server);
	struct child client = child_start(connect_udp, &server);
	const struct owner *owner, *own;

	owner = owners_bed_owner(bed, owners_bed_add(bed, IPPROTO_UDP, &client.local, &server, FLOW_OUT));
	assert_non_null(owner);
	assert_string_equal(owner->comm, CHILD_NAME);
	assert_int_equal(owner->uid, geteuid());
	assert_string_equal(owner->user, "root");
	assert_false(owner->own);
	own = owners_bed_owner(bed, owners_bed_add(bed, IPPROTO_UDP, &client.local, &server, FLOW_IN));
	assert_non_null(own);
	assert_true(own->own);
	assert_true(own->start_ns > 0);
	assert_true(owner->start_ns > own->start_ns);
	child_end(&client);
	close(fd);
}

static int share(const struct sockaddr_in6 *to)
{
	return (int)to->sin6_scope_id; /* a descriptor that the parent has too */
}

/* A socket of parent and child is the child's; when the child is gone, the parent's. */
static void test_shared(void **state)
{
	struct owners_bed *bed = *state;
	struct sockaddr_in6 server, peer = any_address(AF_INET, true);
	int fd = bound(AF_INET, SOCK_DGRAM, true, &server);
	struct child child;

	peer.sin6_port = htons(9);
	server.sin6_scope_id = (uint32_t)fd;
	child = child_start(share, &server);
	owners_bed_expect(bed, owners_bed_add(bed, IPPROTO_UDP, &server, &peer, FLOW_OUT), child.pid);
	child_end(&child);
	peer.sin6_port = htons(10);
	owners_bed_expect(bed, owners_bed_add(bed, IPPROTO_UDP, &server, &peer, FLOW_OUT), getpid());
	close(fd);
}

/* Gone before anybody looked. */
static void test_short(void **state)
{
	int (*const acts[])(const struct sockaddr_in6 *) = {connect_udp, send_udp, connect_tcp};
	static const int types[] = {SOCK_DGRAM, SOCK_DGRAM, SOCK_STREAM};

	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		for (int family = AF_INET; family <= AF_INET6; family += AF_INET6 - AF_INET) {
			struct sockaddr_in6 server, local;
			int fd = bound(family, types[i], true, &server);
			struct child client = child_start(acts[i], &server);

			child_end(&client);
			local = at_loopback(&client.local);
			owners_bed_expect(*state,
			       owners_bed_add(*state,
					types[i] == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP, &local,
					&server, FLOW_OUT),
			       client.pid);
			close(fd);
		}
	}
}

/* Connects from a port that the parent knows, to one where nobody listens. */
static int be_refused(const struct sockaddr_in6 *to)
{
	struct sockaddr_in6 local = any_address(to->sin6_family, true);
	int fd = socket(to->sin6_family, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	local.sin6_port = htons(ntohs(to->sin6_port) + 1);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&local, sizeof(local)) ||
	    !connect(fd, (const struct sockaddr *)to, sizeof(*to)) || errno != ECONNREFUSED)
		return -1;
	return fd;
}

/* Both flows are in one snapshot, as the refusal comes at once: a later one would begin too late. */
static void test_refused(void **state)
{
	for (int family = AF_INET; family <= AF_INET6; family += AF_INET6 - AF_INET) {
		struct sockaddr_in6 server = any_address(family, true), local;
		struct child client;
		uint32_t out, in;

		server.sin6_port = htons(7000);
		local = server;
		local.sin6_port = htons(7001);
		client = child_start(be_refused, &server);
		child_end(&client);
		out = owners_bed_add(*state, IPPROTO_TCP, &local, &server, FLOW_OUT);
		in = owners_bed_add(*state, IPPROTO_TCP, &server, &local, FLOW_IN);
		owners_bed_expect(*state, out, client.pid);
		owners_bed_expect(*state, in, client.pid);
	}
}

/* Nobody's, and no stranger's either. */
static void test_nobody(void **state)
{
	struct sockaddr_in6 from = any_address(AF_INET, true), to = any_address(AF_INET, true);
	struct owners_health health;

	from.sin6_port = htons(1);
	to.sin6_port = htons(2);
	assert_null(owners_bed_owner(*state, owners_bed_add(*state, IPPROTO_UDP, &from, &to, FLOW_IN)));
	owners_health(((struct owners_bed *)*state)->owners, &health);
	assert_int_equal(health.missed, 1);
	assert_true(health.passes >= 4);
}

static void test_forwarded(void **state)
{
	struct sockaddr_in6 from = any_address(AF_INET, true), to = any_address(AF_INET, true);
	struct owners_bed *bed = *state;
	uint32_t flow;

	((struct sockaddr_in *)&from)->sin_addr.s_addr = htonl(0xc0000201);
	((struct sockaddr_in *)&to)->sin_addr.s_addr = htonl(0xc6336401);
	flow = owners_bed_add(bed, IPPROTO_UDP, &from, &to, FLOW_IN);
	assert_non_null(owners_bed_owner(bed, flow));
	assert_int_equal(flow_table_get(bed->flows, flow)->owner, OWNER_FORWARDED);
}

/* What the very last snapshot brings is looked at before the thread ends. */
static void test_finish(void **state)
{
	struct owners_bed *bed = *state;
	struct sockaddr_in6 server, peer = any_address(AF_INET, true);
	int fd = bound(AF_INET, SOCK_DGRAM, true, &server);
	uint32_t flow;

	peer.sin6_port = htons(9);
	flow = owners_bed_add(bed, IPPROTO_UDP, &server, &peer, FLOW_OUT);
	owners_bed_publish(bed);
	owners_finish(bed->owners);
	assert_int_equal(owner_table_get(bed->table, flow_table_get(bed->flows, flow)->owner)->pid,
			 getpid());
	close(fd);
}

static bool cannot_run(void)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		return true;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (ioctl(fd, SIOCSIFFLAGS, &lo) < 0)
		return true;
	close(fd);
	return false;
}

#define TEST(function, way) \
	{#function " " #way, function, owners_bed_set_up, owners_bed_tear_down, &ways[way]}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_tcp, 0),	TEST(test_tcp, 1),	TEST(test_tcp, 2),
		TEST(test_tcp, 3),	TEST(test_udp, 0),	TEST(test_udp, 1),
		TEST(test_udp, 2),	TEST(test_udp, 3),	TEST(test_texts, 0),
		TEST(test_texts, 3),	TEST(test_shared, 1),	TEST(test_shared, 3),
		TEST(test_short, 0),	TEST(test_short, 2),	TEST(test_refused, 0),
		TEST(test_nobody, 0),	TEST(test_nobody, 3),	TEST(test_forwarded, 0),
		TEST(test_forwarded, 3), TEST(test_finish, 0),	TEST(test_finish, 3),
	};

	if (cannot_run()) {
		fprintf(stderr, "skipped: no network namespace of its own: %s\n", strerror(errno));
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
