/* SPDX-License-Identifier: MIT */
/*
 * Nanoseconds a packet costs in the data path, through BPF_PROG_TEST_RUN: the shipped lines beside
 * a program that only parses and one that counts in a plain per-CPU hash. The programs take turns,
 * so that noise meets all of them; the smallest and the median of the turns are printed. Figures
 * compare within one run of this program, and nothing here asserts one.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>

#include "bench_abi.h"
#include "blast_flows.h"
#include "draw.h"
#include "flow_hash.h"
/* The skeletons use the types of the headers above. */
#include "bench.skel.h"
#include "flow.skel.h"

#define TURNS_MAX     101
#define FRAME_ROOM    2048
#define IPV4_SRC_LAST (ETH_HLEN + 12)
#define IPV6_SRC_LAST (ETH_HLEN + 8 + 12)
#define IPV4_PORT     (ETH_HLEN + 20)
#define IPV6_PORT     (ETH_HLEN + 40)

enum program {
	PROGRAM_EMPTY,
	PROGRAM_BASE,
	PROGRAM_PARSE,
	PROGRAM_SHIPPED,
	PROGRAM_SAMPLING, /* the shipped lines, looking for samples, in the same maps */
	PROGRAM_PLAIN,
	PROGRAM_REAL,	/* flow_ingress of the program itself, one flow */
	PROGRAM_SHARED, /* the same, shared by interfaces: it looks its slot up */
	PROGRAMS,
};

enum frame_kind {
	FRAME_IPV4,
	FRAME_IPV6,
	FRAME_TCP,
	FRAME_VLAN,
	FRAME_QINQ,
	FRAME_GSO,
	FRAME_FIRST_FRAGMENT,
	FRAME_LATER_FRAGMENT,
};

/* Orders that draw.h has not. */
enum special {
	SPECIAL_NONE,
	SPECIAL_CHURN, /* each twentieth packet is of a flow that is new in each turn */
	SPECIAL_UNSEEDED, /* flows that meet in one bucket, chosen without knowing the seeds */
	SPECIAL_SEEDED,	  /* the same by one who knows them */
};

struct bench_case {
	const char *name;
	enum frame_kind frame;
	uint32_t flows;
	enum draw_order order;
	uint32_t packets; /* in a turn */
	enum special special;
};

static const struct bench_case bench_cases[] = {
	{"1 flow", FRAME_IPV4, 1, DRAW_SEQUENTIAL, 1000000, SPECIAL_NONE},
	{"64 flows", FRAME_IPV4, 64, DRAW_RANDOM, 1000000, SPECIAL_NONE},
	{"1,024 flows", FRAME_IPV4, 1024, DRAW_RANDOM, 1000000, SPECIAL_NONE},
	{"65,536 flows", FRAME_IPV4, 65536, DRAW_RANDOM, 1000000, SPECIAL_NONE},
	{"1,000,000 flows", FRAME_IPV4, 1000000, DRAW_RANDOM, BENCH_ORDER_MAX, SPECIAL_NONE},
	{"65,536 flows, IPv6", FRAME_IPV6, 65536, DRAW_RANDOM, 1000000, SPECIAL_NONE},
	{"1,024 flows, Zipf", FRAME_IPV4, 1024, DRAW_ZIPF, 1000000, SPECIAL_NONE},
	{"65,536 flows, Zipf", FRAME_IPV4, 65536, DRAW_ZIPF, 1000000, SPECIAL_NONE},
	{"1,000,000 flows, Zipf", FRAME_IPV4, 1000000, DRAW_ZIPF, BENCH_ORDER_MAX, SPECIAL_NONE},
	{"Zipf, 5 % new flows", FRAME_IPV4, 65536, DRAW_ZIPF, 1000000, SPECIAL_CHURN},
	{"4,096 chosen flows", FRAME_IPV4, 4096, DRAW_RANDOM, 1000000, SPECIAL_UNSEEDED},
	{"the same, seeds known", FRAME_IPV4, 4096, DRAW_RANDOM, 1000000, SPECIAL_SEEDED},
	{"IPv4 TCP, 1 flow", FRAME_TCP, 1, DRAW_SEQUENTIAL, 1000000, SPECIAL_NONE},
	{"IPv6, 1 flow", FRAME_IPV6, 1, DRAW_SEQUENTIAL, 1000000, SPECIAL_NONE},
	{"IPv6, 1,024 flows", FRAME_IPV6, 1024, DRAW_RANDOM, 1000000, SPECIAL_NONE},
	{"VLAN, 1 flow", FRAME_VLAN, 1, DRAW_SEQUENTIAL, 1000000, SPECIAL_NONE},
	{"QinQ, 1 flow", FRAME_QINQ, 1, DRAW_SEQUENTIAL, 1000000, SPECIAL_NONE},
	{"GSO, 1 flow", FRAME_GSO, 1, DRAW_SEQUENTIAL, 1000000, SPECIAL_NONE},
	{"first fragment", FRAME_FIRST_FRAGMENT, 1, DRAW_SEQUENTIAL, 1000000, SPECIAL_NONE},
	{"later fragment", FRAME_LATER_FRAGMENT, 1, DRAW_SEQUENTIAL, 1000000, SPECIAL_NONE},
};

/* Of the shipped flow map; libbpf forgets it when it has loaded. */
struct map_shape {
	enum bpf_map_type type;
	__u32 flags;
};

struct bench {
	struct bench_bpf *programs, *sampling;
	struct flow_bpf *real, *shared;
	int fd[PROGRAMS];
	unsigned int turns;
	double ns[PROGRAMS][TURNS_MAX];
	uint8_t frame[FRAME_ROOM];
	size_t frame_size;
	struct __sk_buff context;
};

/* The verifier's log is longer than any screen; `bpftool prog load` shows it. */
static int silent(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

/* One CPU for the whole run: what it writes stays in its caches, and counters have one place. */
static int pin_to_last_cpu(void)
{
	cpu_set_t cpus;
	int last = 0;

	if (sched_getaffinity(0, sizeof(cpus), &cpus))
		return -errno;
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &cpus))
			last = i;
	CPU_ZERO(&cpus);
	CPU_SET(last, &cpus);
	return sched_setaffinity(0, sizeof(cpus), &cpus) ? -errno : 0;
}

/* Room for `flows` flows in every CPU's map of the first generation; the others stay empty. */
static int make_flow_maps(const struct bpf_map *outer, const struct map_shape *shape,
			  uint32_t flows)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = shape->flags);
	int err = 0;

	for (__u32 i = 0; !err && i < bpf_map__max_entries(outer); i++) {
		int fd = bpf_map_create(shape->type, "flow_map", sizeof(struct flow_key),
					sizeof(struct flow_counts),
					i % FLOW_GENERATIONS ? 1 : flows, &opts);

		if (fd < 0)
			return -errno;
		err = bpf_map_update_elem(bpf_map__fd(outer), &i, &fd, BPF_ANY) ? -errno : 0;
		close(fd);
	}
	return err;
}

/*
 * What the collector does once it has seen flows that take so many slots: a table for each CPU that is at
 * most half full, if they are too many for the front.
 */
static int make_tables(const struct bpf_map *outer, int fronts_fd, uint32_t slots)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	size_t bytes = bpf_map__max_entries(outer) * sizeof(struct flow_front);
	struct flow_front *front;
	__u32 bits = FLOW_FRONT_BITS;
	int err = 0, fd;

	while (1U << bits < 2 * slots)
		bits++;
	if (getenv("BENCH_BITS"))
		bits = (__u32)atoi(getenv("BENCH_BITS"));
	if (bits == FLOW_FRONT_BITS)
		return 0;
	front = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fronts_fd, 0);
	if (front == MAP_FAILED)
		return -errno;
	for (__u32 i = 0; !err && i < bpf_map__max_entries(outer); i += FLOW_GENERATIONS) {
		fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "flow_table", sizeof(__u32),
				    sizeof(struct flow_bucket), 1U << bits >> FLOW_BUCKET_BITS,
				    &opts);
		if (fd < 0)
			return -errno;
		err = bpf_map_update_elem(bpf_map__fd(outer), &i, &fd, BPF_ANY) ? -errno : 0;
		close(fd);
		front[i].bits = front[i].bits_max = bits;
	}
	munmap(front, bytes);
	return err;
}

static __u32 fronts_needed(void)
{
	return (__u32)libbpf_num_possible_cpus() * FLOW_GENERATIONS;
}

static struct map_shape shape_of(const struct flow_bpf *real)
{
	const struct bpf_map *inner = bpf_map__inner_map(real->maps.flow_maps);

	return (struct map_shape){bpf_map__type(inner), bpf_map__map_flags(inner)};
}

/* The program itself; `shared`: as it is loaded for many interfaces. */
static int load_real(struct flow_bpf *real, bool shared, uint32_t flows)
{
	struct map_shape shape = shape_of(real);
	unsigned int lo = if_nametoindex("lo"); /* which frames of a test run come from */
	int err;

	bpf_map__set_max_entries(real->maps.flow_fronts, fronts_needed());
	bpf_map__set_max_entries(real->maps.flow_maps, fronts_needed());
	bpf_map__set_max_entries(real->maps.flow_tables, fronts_needed());
	bpf_map__set_max_entries(real->maps.flow_knowns, fronts_needed());
	real->rodata->flow_shared = shared;
	err = flow_bpf__load(real);
	if (err)
		return err;
	real->bss->flow_places[lo % FLOW_PLACES] = (struct flow_place){.ifindex = lo};
	return make_flow_maps(real->maps.flow_maps, &shape, flows);
}

static int load_programs(struct bench_bpf *programs, const struct map_shape *shape, uint32_t flows,
			 uint32_t slots)
{
	int err;

	bpf_map__set_max_entries(programs->maps.flow_fronts, fronts_needed());
	bpf_map__set_max_entries(programs->maps.flow_maps, fronts_needed());
	bpf_map__set_max_entries(programs->maps.flow_tables, fronts_needed());
	bpf_map__set_max_entries(programs->maps.flow_knowns, fronts_needed());
	bpf_map__set_max_entries(programs->maps.bench_plain_map, flows);
	err = bench_bpf__load(programs);
	if (!err)
		err = make_flow_maps(programs->maps.flow_maps, shape, flows);
	return err ? err
		   : make_tables(programs->maps.flow_tables,
				 bpf_map__fd(programs->maps.flow_fronts), slots);
}

/* The same programs once more, with the sampler in them, and all maps of the first. */
static int load_sampling(struct bench_bpf *sampling, const struct bench_bpf *programs)
{
	struct bpf_map *map;
	int err = 0;

	sampling->rodata->flow_inspect = 1;
	bpf_object__for_each_map(map, sampling->obj) {
		if (!err && map != sampling->maps.rodata)
			err = bpf_map__reuse_fd(map, bpf_object__find_map_fd_by_name(
							     programs->obj, bpf_map__name(map)));
	}
	return err ? err : bench_bpf__load(sampling);
}

/* Flows of a turn. */
static uint32_t flows_of(const struct bench_case *c)
{
	return c->flows + (c->special == SPECIAL_CHURN ? c->packets / 20 : 0);
}

static int load(struct bench *bench, const struct bench_case *c)
{
	struct bench_bpf *programs = bench->programs = bench_bpf__open();
	struct bench_bpf *sampling = bench->sampling = bench_bpf__open();
	struct flow_bpf *real = bench->real = flow_bpf__open();
	struct flow_bpf *shared = bench->shared = flow_bpf__open();
	struct map_shape shape;
	int err;

	if (!programs || !sampling || !real || !shared)
		return -ENOMEM;
	shape = shape_of(real);
	err = load_programs(programs, &shape, flows_of(c),
			    flows_of(c) * (c->frame == FRAME_IPV6 ? 2 : 1));
	if (!err)
		err = load_sampling(sampling, programs);
	if (!err)
		err = load_real(real, false, flows_of(c));
	if (!err)
		err = load_real(shared, true, flows_of(c));
	if (err)
		return err;
	bench->fd[PROGRAM_EMPTY] = bpf_program__fd(programs->progs.bench_empty);
	bench->fd[PROGRAM_BASE] = bpf_program__fd(programs->progs.bench_base);
	bench->fd[PROGRAM_PARSE] = bpf_program__fd(programs->progs.bench_parse);
	bench->fd[PROGRAM_SHIPPED] = bpf_program__fd(programs->progs.bench_shipped);
	bench->fd[PROGRAM_SAMPLING] = bpf_program__fd(sampling->progs.bench_shipped);
	bench->fd[PROGRAM_PLAIN] = bpf_program__fd(programs->progs.bench_plain);
	bench->fd[PROGRAM_REAL] = bpf_program__fd(real->progs.flow_ingress);
	bench->fd[PROGRAM_SHARED] = bpf_program__fd(shared->progs.flow_ingress);
	return 0;
}

static void unload(struct bench *bench)
{
	bench_bpf__destroy(bench->sampling);
	bench_bpf__destroy(bench->programs);
	flow_bpf__destroy(bench->real);
	flow_bpf__destroy(bench->shared);
	bench->programs = bench->sampling = NULL;
	bench->real = bench->shared = NULL;
}

/* The key of a flow that bench_vary() makes of the first IPv4 one. */
static struct flow_key varied_key(uint32_t flow)
{
	static const struct blast_mix mix = {0};
	struct flow_key key = blast_flow_key(&mix, 0, FLOW_IN);
	uint32_t address = htonl(10U << 24 | flow >> BENCH_PORT_BITS);

	memcpy(key.src + 12, &address, sizeof(address));
	key.sport = (uint16_t)(BENCH_PORT_FIRST + (flow & ((1U << BENCH_PORT_BITS) - 1)));
	return key;
}

/* Replaces flow numbers by those of flows that meet in one bucket of 2 * `flows` slots. */
static int choose_flows(struct bench *bench, const struct bench_case *c)
{
	uint32_t *chosen = calloc(c->flows, sizeof(*chosen)), flow = 0, found = 0;
	unsigned int shift = 64 + FLOW_BUCKET_BITS - (unsigned int)__builtin_ctz(2 * c->flows);
	__u64 seed[FLOW_SEEDS];
	struct flow_key key;

	if (!chosen)
		return -ENOMEM;
	for (size_t i = 0; i < FLOW_SEEDS; i++)
		seed[i] = bench->programs->rodata->flow_seed[i] +
			  (c->special == SPECIAL_UNSEEDED) * 2;
	for (; found < c->flows && flow < UINT32_MAX; flow++) {
		key = varied_key(flow);
		if (!(flow_hash(&key, seed) >> shift))
			chosen[found++] = flow;
	}
	for (uint32_t i = 0; i < BENCH_ORDER_MAX; i++)
		bench->programs->bss->bench_order[i] = chosen[bench->programs->bss->bench_order[i]];
	free(chosen);
	return found == c->flows ? 0 : -ERANGE;
}

static int fill_order(struct bench *bench, const struct bench_case *c)
{
	uint32_t *order = bench->programs->bss->bench_order;
	struct draw *draw;
	int err = draw_new(c->order, c->flows, 1, 0, 1, &draw);

	if (err)
		return err;
	for (uint32_t i = 0; i < BENCH_ORDER_MAX; i++) {
		order[i] = draw_next(draw);
		if (c->special == SPECIAL_CHURN && i % 20 == 0)
			order[i] = c->flows + i / 20;
	}
	draw_free(draw);
	return c->special >= SPECIAL_UNSEEDED ? choose_flows(bench, c) : 0;
}

static void insert_tag(struct bench *bench, uint16_t ethertype)
{
	uint8_t tag[4] = {(uint8_t)(ethertype >> 8), (uint8_t)ethertype, 0, 7};

	memmove(bench->frame + 16, bench->frame + 12, bench->frame_size - 12);
	memcpy(bench->frame + 12, tag, sizeof(tag));
	bench->frame_size += sizeof(tag);
}

static void make_frame(struct bench *bench, const struct bench_case *c)
{
	bool tcp = c->frame == FRAME_TCP || c->frame == FRAME_GSO;
	struct blast_mix mix = {
		.ipv6_percent = c->frame == FRAME_IPV6 ? 100 : 0,
		.tcp_percent = tcp ? 100 : 0,
	};
	uint8_t *fragment = bench->frame + ETH_HLEN + 6;

	memset(bench->frame, 0, sizeof(bench->frame));
	memset(&bench->context, 0, sizeof(bench->context));
	bench->frame_size =
		blast_flow_frame(&mix, 0, c->frame == FRAME_GSO ? 1514 : 98, bench->frame);
	if (c->frame == FRAME_GSO)
		bench->context.gso_size = 500;
	if (c->frame == FRAME_FIRST_FRAGMENT)
		fragment[0] = 0x20;
	if (c->frame == FRAME_LATER_FRAGMENT)
		fragment[1] = 100;
	if (c->frame == FRAME_VLAN || c->frame == FRAME_QINQ)
		insert_tag(bench, ETH_P_8021Q);
	if (c->frame == FRAME_QINQ)
		insert_tag(bench, ETH_P_8021AD);
}

static void point_at_source(struct bench *bench, const struct bench_case *c)
{
	struct bench_control *control = &bench->programs->bss->bench_control;

	*control = (struct bench_control){0};
	if (c->flows == 1)
		return;
	control->address_offset = c->frame == FRAME_IPV6 ? IPV6_SRC_LAST : IPV4_SRC_LAST;
	control->port_offset = c->frame == FRAME_IPV6 ? IPV6_PORT : IPV4_PORT;
}

/* The table of the CPU that all runs on, or NULL; the caller unmaps its `ret_slots` slots. */
static struct flow_slot *map_table(const struct bench *bench, size_t *ret_slots)
{
	__u32 index = (__u32)sched_getcpu() * FLOW_GENERATIONS, id, size;
	struct bpf_map_info info = {0};
	void *memory = MAP_FAILED;
	int fd = -1;

	size = sizeof(info);
	if (!bpf_map_lookup_elem(bpf_map__fd(bench->programs->maps.flow_tables), &index, &id))
		fd = bpf_map_get_fd_by_id(id);
	if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &size))
		memory = mmap(NULL, (size_t)info.max_entries * sizeof(struct flow_bucket),
			      PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	*ret_slots = (size_t)info.max_entries * FLOW_BUCKET;
	return memory == MAP_FAILED ? NULL : memory;
}

/*
 * As after an interval: flows that come again find their slots without counts, or their elements in the
 * plain hash; those of the last turn that do not come again are forgotten, so that they are new.
 */
static int forget_new_flows(const struct bench *bench, const struct bench_case *c)
{
	int plain = bpf_map__fd(bench->programs->maps.bench_plain_map);
	uint32_t first = 10U << 24 | c->flows >> BENCH_PORT_BITS;
	struct flow_slot *slots;
	struct flow_key key;
	size_t count;

	slots = map_table(bench, &count);
	if (!slots)
		return -errno;
	for (size_t i = 0; i < count; i++) {
		if (ntohl((uint32_t)(slots[i].addresses >> 32)) >= first)
			slots[i].addresses = slots[i].last = 0;
		slots[i].packets = slots[i].bytes = 0;
	}
	munmap(slots, count * sizeof(*slots));
	for (uint32_t flow = c->flows; flow < flows_of(c); flow++) {
		key = varied_key(flow);
		bpf_map_delete_elem(plain, &key);
	}
	return 0;
}

static int run_once(struct bench *bench, const struct bench_case *c, enum program program,
		    double *ret_ns)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = bench->frame,
		    .data_size_in = (__u32)bench->frame_size, .ctx_in = &bench->context,
		    .ctx_size_in = sizeof(bench->context), .repeat = (int)c->packets);

	int err = c->special == SPECIAL_CHURN ? forget_new_flows(bench, c) : 0;

	if (err)
		return err;
	bench->programs->bss->bench_control.next = 0;
	if (bpf_prog_test_run_opts(bench->fd[program], &opts))
		return -errno;
	*ret_ns = opts.duration;
	return 0;
}

/* All programs in turn; the first turn fills maps and caches and does not count. */
static int run_turns(struct bench *bench, const struct bench_case *c)
{
	double ns = 0;
	int err;

	for (unsigned int turn = 0; turn <= bench->turns; turn++) {
		for (enum program i = 0; i < PROGRAMS; i++) {
			err = run_once(bench, c, i, &ns);
			if (err)
				return err;
			if (turn)
				bench->ns[i][turn - 1] = ns;
		}
	}
	return 0;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print_heading(unsigned int turns)
{
	printf("ns a packet, smallest/median of %u turns; base: changing the packet's source\n"
	       "added: over parse; share: what shipped adds, of what plain adds; whole: shipped "
	       "over"
	       " plain, base taken off\n\n",
	       turns);
	printf("%-22s %9s %9s %9s %9s %9s %9s %9s %9s  %13s %6s %6s\n", "", "empty", "base", "parse",
	       "shipped", "sampling", "plain", "ingress", "shared", "added by both", "share", "whole");
}

static void print_case(struct bench *bench, const struct bench_case *c)
{
	double least[PROGRAMS], shipped, plain;

	printf("%-22s", c->name);
	for (enum program i = 0; i < PROGRAMS; i++) {
		qsort(bench->ns[i], bench->turns, sizeof(double), ascending);
		least[i] = bench->ns[i][0];
		if (i >= PROGRAM_REAL && c->flows > 1)
			printf(" %9s", "-");
		else
			printf(" %4.0f/%-4.0f", least[i], bench->ns[i][bench->turns / 2]);
	}
	shipped = least[PROGRAM_SHIPPED] - least[PROGRAM_PARSE];
	plain = least[PROGRAM_PLAIN] - least[PROGRAM_PARSE];
	printf("  %5.0f / %5.0f %6.2f %6.2f\n", shipped, plain, shipped / plain,
	       (least[PROGRAM_SHIPPED] - least[PROGRAM_BASE]) /
		       (least[PROGRAM_PLAIN] - least[PROGRAM_BASE]));
	fflush(stdout);
}

static int run_case(struct bench *bench, const struct bench_case *c)
{
	int err = load(bench, c);

	if (!err)
		err = fill_order(bench, c);
	if (!err) {
		make_frame(bench, c);
		point_at_source(bench, c);
		err = run_turns(bench, c);
	}
	if (!err)
		print_case(bench, c);
	else
		fprintf(stderr, "datapath: %s: %s\n", c->name, strerror(-err));
	unload(bench);
	return err;
}

int main(int argc, char **argv)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	unsigned long turns = argc > 1 ? strtoul(argv[1], NULL, 10) : 11;
	const char *only = argc > 2 ? argv[2] : "";
	int err;

	if (!bench || !turns || turns > TURNS_MAX) {
		fprintf(stderr, "usage: datapath [TURNS up to %d [PART OF A CASE'S NAME]]\n",
			TURNS_MAX);
		free(bench);
		return 2;
	}
	libbpf_set_print(silent);
	bench->turns = (unsigned int)turns;
	err = pin_to_last_cpu();
	print_heading(bench->turns);
	for (size_t i = 0; !err && i < sizeof(bench_cases) / sizeof(bench_cases[0]); i++)
		if (strstr(bench_cases[i].name, only))
			err = run_case(bench, &bench_cases[i]);
	free(bench);
	return err ? 1 : 0;
}
