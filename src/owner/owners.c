/* SPDX-License-Identifier: MIT */
/*
 * The thread that looks owners up: woken by each snapshot, it walks over the sockets when a flow
 * has no owner yet, joins, and writes ids into flow table entries. It never takes more than a
 * twentieth of a CPU.
 */
#include "owners.h"

#include <errno.h>
#include <linux/sockios.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "addresses.h"
#include "clock.h"
#include "flow.h"
#include "ifaces.h"
#include "join.h"
#include "netlink.h"
#include "process.h"
#include "scan.h"
#include "sockets.h"
#include "todo.h"
#include "wait.h"

/* After a look of t, the next one comes 20 t later at the earliest. */
#define REST_FACTOR 20
/* How long sockets that were closed are remembered, beyond two snapshots. */
#define REMEMBER_NS 10000000000ULL
#define OWNERS_NICE 5
/* A process younger than this is looked at again. */
#define YOUNG_NS 10000000000ULL

enum { WAIT_STOP, WAIT_PUBLISH, WAIT_CLOSED, WAITS };

struct owners {
	struct owners_options options;
	struct scan *scan;
	struct sockets *sockets;
	struct addresses *addresses;
	struct processes *processes;
	struct todo *todo;
	uint32_t home; /* namespace of the interfaces */
	int publish_fd, stop_fd, proc_fd;
	struct netlink route; /* of the interfaces' namespace */
	bool counts_all;      /* its pid namespace is that of all processes */
	bool sees_others;     /* at least one other process that has sockets */
	bool blind_for_good;  /* the table's note says why */
	pthread_t thread;
	bool started;
	uint64_t walk_ns;	/* CLOCK_MONOTONIC, when the last walk began */
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

/*
 * In a pid namespace of its own it sees nothing of the processes outside, so it may be that it sees
 * nobody at all.
 */
static void note_sight(struct owners *owners)
{
	const uint32_t own = (uint32_t)getpid();

	for (size_t i = 0; i < sockets_count(owners->sockets) && !owners->sees_others; i++) {
		const struct owner_socket *socket = sockets_get(owners->sockets, i);

		owners->sees_others = socket->process.pid && socket->process.pid != own;
	}
	if (owners->counts_all || owners->blind_for_good)
		return;
	owner_table_set_note(owners->options.table,
			     owners->sees_others ? NULL
						 : "no other process of this pid namespace has a "
						   "socket; to see processes outside, run in the "
						   "host's pid namespace (docker run --pid=host)");
}

static int pass(struct owners *owners, const struct snapshot *snapshot)
{
	uint64_t now_ns = clock_mono_ns(), keep_ns = REMEMBER_NS + 2 * snapshot->elapsed_ns;
	int err;

	owners->walk_ns = now_ns;
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
	note_sight(owners);
	atomic_fetch_add(&owners->passes, 1);
	atomic_store(&owners->socket_count, (uint32_t)sockets_count(owners->sockets));
	return 0;
}

/* What a look at a flow found. */
struct finding {
	uint32_t id;  /* OWNER_UNKNOWN: none */
	bool settled; /* an owner that will not change, or certainly none */
};

static uint64_t boot_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

/* A young process may still become another program, as a server's child does. */
static bool is_settled(const struct join_view *view, const struct owner_socket *socket)
{
	return socket->process.start_ns + YOUNG_NS < boot_ns() &&
	       !join_may_be_handed_on(view, socket);
}

static uint32_t device_of(const struct snapshot *snapshot, const struct flow_key *key)
{
	unsigned int slot = flow_key_slot(key);

	return snapshot->ifaces && slot < snapshot->ifaces->count
		       ? snapshot->ifaces->entry[slot].index
		       : 0;
}

static struct finding find_flow_owner(struct owners *owners, const struct snapshot *snapshot,
				      uint32_t row, uint64_t now_ns)
{
	const struct join_view view = {.sockets = owners->sockets,
				       .addresses = owners->addresses,
				       .walk_ns = owners->walk_ns,
				       .home = addresses_know_home(owners->addresses) ? owners->home
										      : 0};
	const struct flow_key *key = snapshot_key(snapshot, row);
	const struct join_flow flow = {.begin_ns = todo_begin_ns(owners->todo, snapshot, row),
				       .device = device_of(snapshot, key)};
	const struct owner_socket *socket;

	switch (join_flow(&view, key, &flow, &socket)) {
	case JOIN_SOCKET:
		return (struct finding){
			processes_owner(owners->processes, &socket->process, now_ns),
			is_settled(&view, socket)};
	case JOIN_KERNEL: return (struct finding){OWNER_KERNEL, true};
	case JOIN_FORWARDED: return (struct finding){OWNER_FORWARDED, true};
	case JOIN_DOUBTFUL: return (struct finding){OWNER_UNKNOWN, true};
	default: return (struct finding){OWNER_UNKNOWN, false};
	}
}

/* True when the flow has another owner than before. */
static bool take_finding(struct owners *owners, const struct snapshot *snapshot, uint32_t row,
			 const struct finding *finding)
{
	bool missed;

	if (finding->id != OWNER_UNKNOWN) {
		if (todo_found(owners->todo, snapshot, row, finding->settled))
			atomic_fetch_add(&owners->found, 1);
		return snapshot_set_owner(snapshot, row, finding->id);
	}
	missed = finding->settled ? todo_doubted(owners->todo, snapshot, row)
				  : todo_missed(owners->todo, snapshot, row);
	if (missed)
		atomic_fetch_add(&owners->missed, 1);
	return false;
}

static void join_all(struct owners *owners, const struct snapshot *snapshot, const uint32_t *rows,
		     size_t count)
{
	uint64_t now_ns = clock_mono_ns();
	bool changed = false;

	for (size_t i = 0; i < count; i++) {
		const struct finding finding = find_flow_owner(owners, snapshot, rows[i], now_ns);

		changed |= take_finding(owners, snapshot, rows[i], &finding);
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

static void look_up_owners(struct owners *owners, bool last)
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
			wait_take_event(owners->publish_fd);
		if (waits[WAIT_PUBLISH].revents || !ready)
			look_up_owners(owners, false);
		else if (waits[WAIT_CLOSED].revents)
			scan_closed(owners->scan, owners->sockets);
	}
	look_up_owners(owners, true);
	return NULL;
}

/* Inode of this thread's network namespace without /proc, which takes CAP_NET_ADMIN; 0: not known. */
static uint32_t namespace_of_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), namespace_fd;
	struct stat status = {0};

	if (fd < 0)
		return 0;
	namespace_fd = ioctl(fd, SIOCGSKNS);
	close(fd);
	if (namespace_fd < 0)
		return 0;
	if (fstat(namespace_fd, &status) < 0)
		status.st_ino = 0;
	close(namespace_fd);
	return (uint32_t)status.st_ino;
}

/* 0: not known. */
static uint32_t home_namespace(const struct owners_options *options)
{
	struct stat status;

	if (options->netns_fd >= 0)
		return fstat(options->netns_fd, &status) < 0 ? 0 : (uint32_t)status.st_ino;
	return stat("/proc/thread-self/ns/net", &status) < 0 ? namespace_of_socket()
							     : (uint32_t)status.st_ino;
}

/* Why no process can be named, if that is known before the first pass. */
static const char *note_on_parts(const struct owners *owners)
{
	if (!owners->home)
		return "cannot identify the network namespace of the interfaces";
	if (!scan_can_name(owners->scan))
		return "/proc of this pid namespace is not mounted";
	return NULL;
}

static int open_addresses(struct owners *owners)
{
	const struct addresses_options options = {
		.home = owners->home,
		.route = &owners->route,
		.proc_fd = owners->proc_fd,
		.sees_all = owners->counts_all && scan_sees_all(owners->scan),
	};

	return addresses_new(&options, &owners->addresses);
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

	/* Without any of these, less is found, but nothing wrong. */
	owners->home = home_namespace(options);
	owners->proc_fd = process_open_proc();
	scan_options.pid_namespace = process_pid_namespace();
	owners->counts_all = scan_options.pid_namespace == PROCESS_ALL_NAMESPACE;
	(void)!netlink_open(&owners->route, NETLINK_ROUTE, options->netns_fd);
	scan_options.home = owners->home;
	scan_options.proc_fd = owners->proc_fd;
	err = scan_open(&scan_options, &owners->scan);
	if (!err)
		err = open_addresses(owners);
	if (!err)
		err = sockets_new(&owners->sockets);
	if (!err)
		err = processes_new(options->table, &options->users, owners->proc_fd,
				    &owners->processes);
	if (!err)
		err = todo_new(&owners->todo);
	if (err)
		return err;
	owner_table_set_note(options->table, note_on_parts(owners));
	owners->blind_for_good = owner_table_note(options->table);
	return 0;
}

int owners_open(const struct owners_options *options, struct owners **ret_owners)
{
	struct owners *owners = calloc(1, sizeof(*owners));
	int err;

	if (!owners)
		return -ENOMEM;
	owners->options = *options;
	owners->proc_fd = -1;
	netlink_init(&owners->route);
	owners->stop_fd = wait_new_event();
	err = owners->stop_fd < 0 ? owners->stop_fd
				  : ring_add_reader(options->ring, &owners->publish_fd);
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
	if (!owners->started)
		return;
	wait_signal_event(owners->stop_fd);
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
	if (owners->proc_fd >= 0)
		close(owners->proc_fd);
	if (owners->stop_fd >= 0)
		close(owners->stop_fd);
	free(owners);
}

bool owners_read_descriptors(const struct owners *owners)
{
	return owners->scan && !scan_sees_all(owners->scan);
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
