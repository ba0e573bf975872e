/* SPDX-License-Identifier: MIT */
/*
 * What looking up owners costs: CPU of one look with so many sockets open, and what a connection
 * pays for the hooks that run when it begins and ends. In a network namespace of its own.
 *
 * usage: bench_owner [TURNS]
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "flow.h"
#include "owners.h"
#include "ring.h"

#define PER_PROCESS 5000
#define LOOKS 10
#define CONNECTIONS 3000

struct monitor {
	struct ring *ring;
	struct owner_table *table;
	struct owners *owners;
	struct flow_table *flows;
	uint64_t seq;
};

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(1);
}

static void monitor_open(struct monitor *monitor)
{
	struct owners_options options = {.netns_fd = -1};

	memset(monitor, 0, sizeof(*monitor));
	if (ring_new(RING_BUDGET_DEFAULT, &monitor->ring) ||
	    owner_table_new(&monitor->table) || flow_table_new(1, &monitor->flows))
		die("memory");
	options.ring = monitor->ring;
	options.table = monitor->table;
	if (owners_open(&options, &monitor->owners) || owners_start(monitor->owners))
		die("owners");
}

static void monitor_close(struct monitor *monitor)
{
	owners_free(monitor->owners);
	owner_table_free(monitor->table);
	ring_free(monitor->ring);
	flow_table_unref(monitor->flows);
}

static struct sockaddr_in local_address(uint32_t number, uint16_t port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
				    .sin_port = htons(port),
				    .sin_addr.s_addr = htonl(0x7f000001 + number)};
}

/* A new flow from the socket of that number, and the look that it wants. Returns CPU ns. */
static uint64_t look(struct monitor *monitor, uint32_t number)
{
	struct pollfd wait = {.fd = ring_event_fd(monitor->ring), .events = POLLIN};
	struct flow_table_entry entry = {.previous_id = FLOW_TABLE_NO_ID};
	struct sockaddr_in from = local_address(number, 5000);
	struct owners_health before, health;
	struct snapshot *snapshot;
	uint32_t id;

	memset(entry.key.src + 10, 0xff, 2);
	memcpy(entry.key.src + 12, &from.sin_addr, 4);
	memcpy(entry.key.dst, entry.key.src, 16);
	entry.key.sport = 5000;
	entry.key.dport = (uint16_t)++monitor->seq;
	entry.key.ethertype = ETH_P_IP;
	entry.key.ipproto = IPPROTO_UDP;
	entry.key.where = FLOW_WHERE(0, FLOW_OUT);
	if (flow_table_append(monitor->flows, &entry, &id) || snapshot_new(1, &snapshot))
		die("memory");
	snapshot->table = flow_table_ref(monitor->flows);
	snapshot->era = 1;
	snapshot->seq = monitor->seq;
	snapshot->mono_ns = clock_mono_ns();
	snapshot->row[0].id = id;
	owners_health(monitor->owners, &before);
	ring_publish(monitor->ring, snapshot);
	while (atomic_load(&flow_table_get(monitor->flows, id)->owner) == OWNER_UNKNOWN) {
		poll(&wait, 1, 1000);
		ring_clear_event(monitor->ring);
	}
	do { /* the figure comes a little after the owner */
		poll(NULL, 0, 1);
		owners_health(monitor->owners, &health);
	} while (health.pass_ns == before.pass_ns);
	return health.pass_ns;
}

static void hold_sockets(uint32_t first, uint32_t count, int ready_fd, int end_fd)
{
	char byte = 0;

	for (uint32_t i = first; i < first + count; i++) {
		struct sockaddr_in address = local_address(i, 5000);
		int fd = socket(AF_INET, SOCK_DGRAM, 0);

		if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)))
			die("socket");
	}
	if (write(ready_fd, &byte, 1) != 1 || read(end_fd, &byte, 1) < 0)
		die("pipe");
	_exit(0);
}

static void bench_look(uint32_t sockets)
{
	uint64_t least = UINT64_MAX, took;
	int ready[2], end[2], processes = 0;
	struct owners_health health;
	struct monitor monitor;
	char byte;

	if (pipe(ready) || pipe(end))
		die("pipe");
	for (uint32_t first = 0; first < sockets; first += PER_PROCESS, processes++) {
		uint32_t count = sockets - first < PER_PROCESS ? sockets - first : PER_PROCESS;

		if (!fork()) {
			close(end[1]);
			hold_sockets(first, count, ready[1], end[0]);
		}
		if (read(ready[0], &byte, 1) != 1)
			die("pipe");
	}
	monitor_open(&monitor);
	for (uint32_t i = 0; i < LOOKS; i++) {
		took = look(&monitor, i * (sockets / LOOKS));
		least = took < least ? took : least;
	}
	owners_health(monitor.owners, &health);
	printf("%8u %8u %10.2f %12.0f\n", sockets, health.sockets, (double)least / 1e6,
	       (double)least / sockets);
	monitor_close(&monitor);
	close(end[1]);
	while (processes-- > 0)
		wait(NULL);
}

static void connect_once(int listen_fd, const struct sockaddr_in *to)
{
	int client = socket(AF_INET, SOCK_STREAM, 0), server;
	struct linger reset = {.l_onoff = 1};

	if (connect(client, (const struct sockaddr *)to, sizeof(*to)))
		die("connect");
	server = accept(listen_fd, NULL, NULL);
	/* No TIME_WAIT: it would use up the ports. */
	setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(client);
	close(server);
}

static void send_once(int listen_fd, const struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	(void)listen_fd;
	if (sendto(fd, "x", 1, 0, (const struct sockaddr *)to, sizeof(*to)) != 1)
		die("sendto");
	close(fd);
}

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

static double measure(void (*once)(int, const struct sockaddr_in *), int type)
{
	struct sockaddr_in address = local_address(0, 6000);
	int fd = socket(AF_INET, type, 0);
	uint64_t begin_ns;
	double ns;

	/* CPU, not time: packets over loopback are handled by who sends them. */
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    (type == SOCK_STREAM && listen(fd, 100)))
		die("server");
	begin_ns = cpu_ns();
	for (int i = 0; i < CONNECTIONS; i++)
		once(fd, &address);
	ns = (double)(cpu_ns() - begin_ns) / CONNECTIONS;
	close(fd);
	return ns;
}

static void bench_connections(const char *name, int type, int turns)
{
	void (*const once)(int, const struct sockaddr_in *) =
		type == SOCK_STREAM ? connect_once : send_once;
	double without = 1e12, with = 1e12, ns;
	struct monitor monitor;

	for (int turn = 0; turn < turns; turn++) {
		ns = measure(once, type);
		without = ns < without ? ns : without;
		monitor_open(&monitor);
		ns = measure(once, type);
		with = ns < with ? ns : with;
		if (!turn && !strstr(owners_way(monitor.owners), "hook"))
			printf("(no release hook on this kernel)\n");
		monitor_close(&monitor);
	}
	printf("%-24s %8.0f %8.0f %8.0f\n", name, without, with, with - without);
}

int main(int argc, char **argv)
{
	int turns = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 7, fd;
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	struct rlimit files = {PER_PROCESS + 100, PER_PROCESS + 100};

	setrlimit(RLIMIT_NOFILE, &files);
	if (unshare(CLONE_NEWNET))
		die("unshare");
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (ioctl(fd, SIOCSIFFLAGS, &lo))
		die("lo");
	close(fd);
	setlinebuf(stdout);
	printf("CPU of one look, smallest of %d\n\n%8s %8s %10s %12s\n", LOOKS, "opened", "seen", "ms",
	       "ns a socket");
	bench_look(1000);
	bench_look(10000);
	bench_look(50000);
	printf("\nns a connection, smallest of %d turns\n\n%-24s %8s %8s %8s\n", turns, "", "without",
	       "with", "added");
	bench_connections("TCP, both ends", SOCK_STREAM, turns);
	bench_connections("UDP, one datagram", SOCK_DGRAM, turns);
	return 0;
}
