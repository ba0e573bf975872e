/* SPDX-License-Identifier: MIT */
/*
 * One skeleton makes the maps; for each slot another is opened that takes them over, all but the
 * constants, and is let go once its programs are in the kernel. At the start, for each of the two.
 */
#include "programs.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "array.h"
#include "flow.skel.h"
#include "fronts.h"
#include "seed.h"

/* Facts about the running kernel. */

#define REALTIME_FILE "/sys/kernel/realtime"
#define POSSIBLE_FILE "/sys/devices/system/cpu/possible"
#define NS_PER_S      1000000000ULL
#define CPUS_MAX      65536

int kernel_cpus_in(const char *list)
{
	size_t length = strspn(list, "0123456789-,");
	unsigned long last;

	while (length > 0 && strchr("-,", list[length - 1]) == NULL)
		length--;
	if (list[length] < '0' || list[length] > '9')
		return -EINVAL;
	last = strtoul(list + length, NULL, 10);
	return last < CPUS_MAX ? (int)last + 1 : -EINVAL;
}

int kernel_cpus(void)
{
	int fd = open(POSSIBLE_FILE, O_RDONLY | O_CLOEXEC), cpus = -EINVAL;
	char list[4096];
	ssize_t size;

	if (fd < 0)
		return -errno;
	size = read(fd, list, sizeof(list) - 1);
	close(fd);
	if (size > 0) {
		list[size] = '\0';
		cpus = kernel_cpus_in(list);
	}
	return cpus;
}

bool kernel_says_realtime(const char *file, const char *version)
{
	return (file && file[0] == '1') || strstr(version, "PREEMPT_RT");
}

/*
 * True on a PREEMPT_RT kernel, where the programs interrupt each other. /sys/kernel/realtime says
 * so, and the kernel's version (uname -v), which is there without /sys too.
 */
static bool kernel_is_realtime(void)
{
	int fd = open(REALTIME_FILE, O_RDONLY | O_CLOEXEC);
	struct utsname names = {0};
	char file[8] = "";
	ssize_t size = -1;

	if (fd >= 0) {
		size = read(fd, file, sizeof(file) - 1);
		close(fd);
	}
	uname(&names);
	return kernel_says_realtime(size > 0 ? file : NULL, names.version);
}

uint64_t kernel_ticks(unsigned int seconds)
{
	struct timespec tick;

	if (clock_getres(CLOCK_MONOTONIC_COARSE, &tick) || tick.tv_nsec <= 0)
		tick.tv_nsec = 1000000; /* no kernel has a shorter one */
	return seconds * (NS_PER_S / (uint64_t)tick.tv_nsec);
}

/* Maps that nobody uses are as small as the kernel has them. */
static int shrink_samples(const struct flow_bpf *skeleton)
{
	int err = bpf_map__set_max_entries(skeleton->maps.flow_samples,
					   (uint32_t)sysconf(_SC_PAGESIZE));

	return err ? err : bpf_map__set_max_entries(skeleton->maps.flow_sieve, 1);
}

static int size_knowns(const struct programs *programs, unsigned int cpus)
{
	struct bpf_map *map = programs->maps->maps.flow_knowns;
	int err = bpf_map__set_max_entries(map, cpus);

	return err ? err
		   : bpf_map__set_value_size(map, (uint32_t)knowns_stride(programs->known_bits));
}

static int size_maps(const struct programs *programs, unsigned int cpus)
{
	struct flow_bpf *skeleton = programs->maps;
	unsigned int elements = cpus * FLOW_GENERATIONS;
	int err = bpf_map__set_max_entries(skeleton->maps.flow_fronts, elements);

	if (!err)
		err = bpf_map__set_value_size(skeleton->maps.flow_fronts,
					      (uint32_t)fronts_stride(programs->front_bits));
	if (!err)
		err = bpf_map__set_max_entries(skeleton->maps.flow_maps, elements + 1);
	if (!err)
		err = bpf_map__set_max_entries(skeleton->maps.flow_tables, elements);
	if (!err)
		err = size_knowns(programs, cpus);
	if (!err && !programs->inspect)
		err = shrink_samples(skeleton);
	if (!err && programs->preempted)
		err = bpf_map__set_max_entries(skeleton->maps.flow_scratch, FLOW_COPIES);
	if (!err && programs->preempted)
		err = bpf_map__set_max_entries(skeleton->maps.flow_copies, FLOW_COPIES);
	return err;
}

/* Where programs interrupt each other, they take copies of the scratch memory from here. */
static int fill_copies(const struct programs *programs)
{
	int fd = bpf_map__fd(programs->maps->maps.flow_copies), err = 0;

	for (uint32_t copy = 0; copy < FLOW_COPIES && programs->preempted && !err; copy++)
		err = bpf_map_update_elem(fd, NULL, &copy, BPF_ANY);
	return err;
}

int programs_open(struct programs *programs, unsigned int cpus, bool no_arp, bool inspect)
{
	struct flow_bpf *skeleton = flow_bpf__open();
	int err;

	if (!skeleton)
		return -errno;
	*programs = (struct programs){
		.maps = skeleton,
		.front_bits = fronts_bits(cpus),
		.known_bits = inspect ? knowns_bits(cpus) : KNOWNS_BITS_MIN,
		.no_arp = no_arp,
		.inspect = inspect,
		.preempted = kernel_is_realtime(),
		.at_once = sysconf(_SC_NPROCESSORS_ONLN) > 1,
		.shared_fd = {{-1, -1}, {-1, -1}, {-1, -1}},
	};
	/* So that nobody outside can choose flows that meet in one bucket. */
	seed_draw(programs->seed, FLOW_SEEDS);
	programs->seed[FLOW_SEEDS - 1] |= 1;
	bpf_program__set_autoload(skeleton->progs.flow_ingress, false);
	bpf_program__set_autoload(skeleton->progs.flow_egress, false);
	err = size_maps(programs, cpus);
	if (!err)
		err = flow_bpf__load(skeleton);
	return err ? err : fill_copies(programs);
}

void programs_close(struct programs *programs)
{
	if (!programs->maps)
		return;
	for (int i = 0; i < FLOW_LINKS * FLOW_DIRS; i++) {
		if (programs->shared_fd[i / FLOW_DIRS][i % FLOW_DIRS] >= 0)
			close(programs->shared_fd[i / FLOW_DIRS][i % FLOW_DIRS]);
	}
	flow_bpf__destroy(programs->maps);
	programs->maps = NULL;
}

/* Makes the skeleton use the maps that are there, in place of maps of its own. */
static int share_maps(const struct programs *programs, const struct flow_bpf *skeleton)
{
	const struct flow_bpf *shared = programs->maps;
	const struct {
		struct bpf_map *map;
		const struct bpf_map *shared;
	} maps[] = {
		{skeleton->maps.flow_fronts, shared->maps.flow_fronts},
		{skeleton->maps.flow_maps, shared->maps.flow_maps},
		{skeleton->maps.flow_tables, shared->maps.flow_tables},
		{skeleton->maps.flow_knowns, shared->maps.flow_knowns},
		{skeleton->maps.flow_fragments, shared->maps.flow_fragments},
		{skeleton->maps.flow_scratch, shared->maps.flow_scratch},
		{skeleton->maps.flow_copies, shared->maps.flow_copies},
		{skeleton->maps.flow_wakes, shared->maps.flow_wakes},
		{skeleton->maps.flow_samples, shared->maps.flow_samples},
		{skeleton->maps.flow_sieve, shared->maps.flow_sieve},
		{skeleton->maps.bss, shared->maps.bss},
	};
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(maps) && !err; i++)
		err = bpf_map__reuse_fd(maps[i].map, bpf_map__fd(maps[i].shared));
	return err;
}

/* The programs of a pair that are to be loaded: both, or one. */
struct loading {
	const struct programs *programs;
	unsigned int slot;
	bool shared;
	enum flow_link link;
	bool wanted[FLOW_DIRS];
	int *fd; /* of each that is wanted, once it is loaded; else -1 */
	int err;
};

static void set_constants(const struct loading *loading, const struct flow_bpf *skeleton)
{
	const struct programs *programs = loading->programs;

	skeleton->rodata->flow_slot = (uint8_t)loading->slot;
	skeleton->rodata->flow_shared = loading->shared;
	skeleton->rodata->flow_link = (uint8_t)loading->link;
	skeleton->rodata->flow_no_arp = programs->no_arp;
	skeleton->rodata->flow_can_wake = 1;
	skeleton->rodata->flow_inspect = programs->inspect;
	skeleton->rodata->flow_front_bits = (uint8_t)programs->front_bits;
	skeleton->rodata->flow_known_bits = (uint8_t)programs->known_bits;
	memcpy((void *)skeleton->rodata->flow_seed, programs->seed, sizeof(programs->seed));
	skeleton->rodata->flow_preempted = programs->preempted;
	skeleton->rodata->flow_fragment_ticks = kernel_ticks(FLOW_FRAGMENT_MAX_AGE_S);
}

/* Hands over descriptors that are there, with `err` as it is; after an error closes them instead. */
static int hand_over(int err, const int fd[FLOW_DIRS], int ret_fd[FLOW_DIRS])
{
	for (int dir = 0; dir < FLOW_DIRS; dir++) {
		if (fd[dir] < 0)
			continue;
		if (err)
			close(fd[dir]);
		else
			ret_fd[dir] = fd[dir];
	}
	return err;
}

/* Descriptors of the caller's own of those programs that are there (not -1); of all, or of none. */
static int duplicate(const int fd[FLOW_DIRS], int ret_fd[FLOW_DIRS])
{
	int own[FLOW_DIRS] = {-1, -1}, err = 0;

	for (int dir = 0; !err && dir < FLOW_DIRS; dir++) {
		if (fd[dir] < 0)
			continue;
		own[dir] = fcntl(fd[dir], F_DUPFD_CLOEXEC, 3);
		err = own[dir] < 0 ? -errno : 0;
	}
	return hand_over(err, own, ret_fd);
}

static int load_wanted(const struct loading *loading)
{
	struct flow_bpf *skeleton = flow_bpf__open();
	int err;

	if (!skeleton)
		return -errno;
	set_constants(loading, skeleton);
	bpf_program__set_autoload(skeleton->progs.flow_ingress, loading->wanted[FLOW_IN]);
	bpf_program__set_autoload(skeleton->progs.flow_egress, loading->wanted[FLOW_OUT]);
	err = share_maps(loading->programs, skeleton);
	if (!err)
		err = flow_bpf__load(skeleton);
	if (!err)
		err = duplicate((const int[FLOW_DIRS]){
					[FLOW_IN] = bpf_program__fd(skeleton->progs.flow_ingress),
					[FLOW_OUT] = bpf_program__fd(skeleton->progs.flow_egress)},
				loading->fd);
	flow_bpf__destroy(skeleton);
	return err;
}

static void *loading_main(void *arg)
{
	struct loading *loading = arg;

	loading->err = load_wanted(loading);
	return NULL;
}

/* Each program from a skeleton of its own: verifying it is work of the kernel, which two CPUs can share. */
static int load_at_once(const struct loading *both)
{
	struct loading in = *both, out = *both;
	pthread_t thread;

	in.wanted[FLOW_OUT] = out.wanted[FLOW_IN] = false;
	if (pthread_create(&thread, NULL, loading_main, &out))
		return load_wanted(both);
	in.err = load_wanted(&in);
	pthread_join(thread, NULL);
	return in.err ? in.err : out.err;
}

/* A pair of programs, to ret_fd; the descriptors of both, or of neither. */
static int load(const struct programs *programs, unsigned int slot, bool shared,
		enum flow_link link, int ret_fd[FLOW_DIRS])
{
	int fd[FLOW_DIRS] = {-1, -1};
	const struct loading both = {.programs = programs,
				     .slot = slot,
				     .shared = shared,
				     .link = link,
				     .wanted = {true, true},
				     .fd = fd};
	int err = programs->at_once ? load_at_once(&both) : load_wanted(&both);

	if (!err && programs->await)
		err = programs->await(programs->context);
	return hand_over(err, fd, ret_fd);
}

int programs_load(const struct programs *programs, unsigned int slot, enum flow_link link,
		  int ret_fd[FLOW_DIRS])
{
	return load(programs, slot, false, link, ret_fd);
}

/* Notes the interface's slot where the shared programs find it; false: all its places are taken. */
static bool note_slot(const struct programs *programs, unsigned int ifindex, unsigned int slot)
{
	struct flow_place *place;

	for (unsigned int i = 0; i < FLOW_PLACE_PROBES; i++) {
		place = &programs->maps->bss->flow_places[(ifindex + i) % FLOW_PLACES];
		if (place->ifindex && place->ifindex != ifindex)
			continue;
		__atomic_store_n(&place->slot, slot, __ATOMIC_RELAXED);
		__atomic_store_n(&place->ifindex, ifindex, __ATOMIC_RELEASE);
		return true;
	}
	return false;
}

int programs_share(struct programs *programs, unsigned int slot, unsigned int ifindex,
		   enum flow_link link, int ret_fd[FLOW_DIRS])
{
	int *fd = programs->shared_fd[link], err;

	if (!note_slot(programs, ifindex, slot))
		return load(programs, slot, false, link, ret_fd);
	err = fd[FLOW_IN] >= 0 ? 0 : load(programs, slot, true, link, fd);
	return err ? err : duplicate(fd, ret_fd);
}

void programs_unshare(const struct programs *programs, unsigned int ifindex)
{
	struct flow_place *place;

	for (unsigned int i = 0; i < FLOW_PLACE_PROBES; i++) {
		place = &programs->maps->bss->flow_places[(ifindex + i) % FLOW_PLACES];
		if (place->ifindex == ifindex)
			__atomic_store_n(&place->ifindex, 0, __ATOMIC_RELEASE);
	}
}
