/* SPDX-License-Identifier: MIT */
/*
 * The thread that looks owners up: woken by each snapshot, it walks over the sockets when a flow
 * wants an owner, joins, and writes ids into flow table entries. It never takes more than a
 * twentieth of a CPU.
 */
#include "owners.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "addresses.h"
#include "clock.h"
#include "join.h"
#include "netlink.h"
#include "processes.h"
#include "scan.h"
#include "sockets.h"
#include "todo.h"
#include "wait.h"

/* After a look of t, the next one comes 20 t later at the earliest. */
#define REST_FACTOR 20
/* How long sockets that were closed are remembered, beyond two snapshots. */
#define REMEMBER_NS 10000000000ULL
#define OWNERS_NICE 5

enum { WAIT_STOP, WAIT_PUBLISH, WAIT_CLOSED, WAITS };

struct owners {
	struct owners_options options;
	struct scan *scan;
	struct sockets *sockets;
	struct addresses *addresses;
	struct processes *processes;
	struct todo *todo;
	uint32_t home; /* namespace of the interfaces */
	int publish_fd, stop_fd;
	struct netlink route; /* of the interfaces' namespace */
	pthread_t thread;
	bool started;
	uint64_t rest_until_ns; /* CLOCK_MONOTONIC */
	bool late;		/* a look waits for the rest to end */
	atomic_ullong passes, pass_ns, found, missed;
	atomic_uint socket_count;
};

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

static int pass(struct owners *owners, const struct snapshot *snapshot)
{
	uint64_t now_ns = clock_mono_ns(), keep_ns = REMEMBER_NS + 2 * snapshot->elapsed_ns;
	int err;

	sockets_begin(owners->sockets, now_ns > keep_ns ? now_ns - keep_ns : 0);
	err = scan_pass(owners->scan, owners->sockets);
	if (err)
		return err;
	/* After the walk: what was closed meanwhile is in neither half otherwise. */
	scan_closed(owners->scan, owners->sockets);
	err = sockets_index(owners->sockets);
	if (err)
		return err;
	addresses_refresh(owners->addresses, owners->sockets, now_ns);
	atomic_fetch_add(&owners->passes, 1);
	atomic_store(&owners->socket_count, (uint32_t)sockets_count(owners->sockets));
	return 0;
}

/* OWNER_UNKNOWN when nobody knows. */
static uint32_t find_owner(struct owners *owners, const struct snapshot *snapshot, uint32_t row,
			   uint64_t now_ns)
{
	const struct join_view view = {owners->sockets, owners->addresses, owners->home};
	const struct owner_socket *socket;

	switch (join_flow(&view, snapshot_key(snapshot, row),
			  todo_begin_ns(owners->todo, snapshot, row), &socket)) {
	case JOIN_SOCKET: return processes_owner(owners->processes, &socket->process, now_ns);
	case JOIN_KERNEL: return OWNER_KERNEL;
	case JOIN_FORWARDED: return OWNER_FORWARDED;
	default: return OWNER_UNKNOWN;
	}
}

static void join_all(struct owners *owners, const struct snapshot *snapshot, const uint32_t *rows,
		     size_t count)
{
	uint64_t now_ns = clock_mono_ns();
	bool changed = false;

	for (size_t i = 0; i < count; i++) {
		uint32_t id = find_owner(owners, snapshot, rows[i], now_ns);

		if (id != OWNER_UNKNOWN) {
			changed |= snapshot_set_owner(snapshot, rows[i], id);
			todo_found(owners->todo, snapshot, rows[i]);
			atomic_fetch_add(&owners->found, 1);
		} else if (todo_missed(owners->todo, snapshot, rows[i])) {
			atomic_fetch_add(&owners->missed, 1);
		}
	}
	if (!changed)
		return;
	owner_table_touch(owners->options.table);
	ring_notify(owners->options.ring);
}

static void look_at(struct owners *owners, const struct snapshot *snapshot, bool last)
{
	uint64_t begin_ns = cpu_ns(), now_ns = clock_mono_ns(), took_ns;
	const uint32_t *rows;
	size_t count;

	if (todo_collect(owners->todo, snapshot, &rows, &count) || !count)
		return;
	if (!last && now_ns < owners->rest_until_ns) {
		owners->late = true;
		return;
	}
	if (!pass(owners, snapshot))
		join_all(owners, snapshot, rows, count);
	took_ns = cpu_ns() - begin_ns;
	atomic_store(&owners->pass_ns, took_ns);
	owners->rest_until_ns = now_ns + REST_FACTOR * took_ns;
}

static void look(struct owners *owners, bool last)
{
	struct snapshot *snapshot = ring_latest(owners->options.ring);

	owners->late = false;
	scan_closed(owners->scan, owners->sockets);
	if (!snapshot)
		return;
	look_at(owners, snapshot, last);
	snapshot_unref(snapshot);
}

/* Milliseconds until a look that is late may come; -1: none is. */
static int time_left(const struct owners *owners)
{
	uint64_t now_ns = clock_mono_ns();

	if (!owners->late)
		return -1;
	if (now_ns >= owners->rest_until_ns)
		return 0;
	return (int)((owners->rest_until_ns - now_ns) / 1000000) + 1;
}

static void clear_event(int fd)
{
	uint64_t value;

	if (read(fd, &value, sizeof(value)) < 0)
		return; /* was clear already */
}

static void *owners_main(void *arg)
{
	struct owners *owners = arg;
	struct pollfd waits[WAITS] = {
		[WAIT_STOP] = {.fd = owners->stop_fd, .events = POLLIN},
		[WAIT_PUBLISH] = {.fd = owners->publish_fd, .events = POLLIN},
		[WAIT_CLOSED] = {.fd = scan_closed_fd(owners->scan), .events = POLLIN},
	};
	int ready;

	prctl(PR_SET_NAME, "owners");
	/* What it does may come a little later; counting and drawing may not. 0 is this thread. */
	setpriority(PRIO_PROCESS, 0, OWNERS_NICE);
	if (owners->options.on_thread)
		owners->options.on_thread(owners->options.context);
	while (!wait_take_event(owners->stop_fd)) {
		ready = wait_ready(waits, WAITS, time_left(owners));
		if (ready < 0)
			continue;
		if (waits[WAIT_PUBLISH].revents)
			clear_event(owners->publish_fd);
		if (waits[WAIT_PUBLISH].revents || !ready)
			look(owners, false);
		else if (waits[WAIT_CLOSED].revents)
			scan_closed(owners->scan, owners->sockets);
	}
	look(owners, true);
	return NULL;
}

static int home_namespace(const struct owners_options *options, uint32_t *ret_netns)
{
	struct stat status;
	int err = options->netns_fd < 0 ? stat("/proc/thread-self/ns/net", &status) :
					  fstat(options->netns_fd, &status);

	if (err < 0)
		return -errno;
	*ret_netns = (uint32_t)status.st_ino;
	return 0;
}

static int open_parts(struct owners *owners)
{
	const struct owners_options *options = &owners->options;
	struct scan_options scan_options = {
		.netns_fd = options->netns_fd,
		.no_iterator = options->no_iterator,
		.no_hook = options->no_hook,
	};
	int err;

	/* Without either, less is found, but nothing wrong. */
	if (home_namespace(options, &owners->home))
		owners->home = 0;
	(void)!netlink_open(&owners->route, NETLINK_ROUTE, options->netns_fd);
	scan_options.home = owners->home;
	err = addresses_new(owners->home, &owners->route, &owners->addresses);
	if (!err)
		err = sockets_new(&owners->sockets);
	if (!err)
		err = processes_new(options->table, &options->users, &owners->processes);
	if (!err)
		err = todo_new(&owners->todo);
	if (!err)
		err = scan_open(&scan_options, &owners->scan);
	return err;
}

int owners_open(const struct owners_options *options, struct owners **ret_owners)
{
	struct owners *owners = calloc(1, sizeof(*owners));
	int err;

	if (!owners)
		return -ENOMEM;
	owners->options = *options;
	netlink_init(&owners->route);
	owners->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = owners->stop_fd < 0 ? -errno : ring_add_reader(options->ring, &owners->publish_fd);
	if (!err)
		err = open_parts(owners);
	if (err) {
		owners_free(owners);
		return err;
	}
	*ret_owners = owners;
	return 0;
}

int owners_start(struct owners *owners)
{
	int err = -pthread_create(&owners->thread, NULL, owners_main, owners);

	owners->started = !err;
	return err;
}

void owners_finish(struct owners *owners)
{
	uint64_t one = 1;

	if (!owners->started)
		return;
	while (write(owners->stop_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	pthread_join(owners->thread, NULL);
	owners->started = false;
}

void owners_free(struct owners *owners)
{
	if (!owners)
		return;
	owners_finish(owners);
	scan_close(owners->scan);
	todo_free(owners->todo);
	processes_free(owners->processes);
	addresses_free(owners->addresses);
	sockets_free(owners->sockets);
	netlink_close(&owners->route);
	if (owners->stop_fd >= 0)
		close(owners->stop_fd);
	free(owners);
}

bool owners_read_descriptors(const struct owners *owners)
{
	return scan_reads_descriptors(owners->scan);
}

const char *owners_missing(void)
{
	return scan_missing();
}

const char *owners_way(const struct owners *owners)
{
	return scan_way(owners->scan);
}

void owners_health(const struct owners *owners, struct owners_health *ret_health)
{
	*ret_health = (struct owners_health){
		.passes = atomic_load(&owners->passes),
		.pass_ns = atomic_load(&owners->pass_ns),
		.sockets = atomic_load(&owners->socket_count),
		.found = atomic_load(&owners->found),
		.missed = atomic_load(&owners->missed),
	};
}
