/* SPDX-License-Identifier: MIT */
/* The bed of test_source; see source_bed.h. */
#include "source_bed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <cmocka.h>

#include "flow.h"
#include "guard.h"
#include "run_ip.h"

#define PORT 9999

struct refuse refuse;

int __real_flow_map_open(uint32_t entries, struct flow_map *ret_map);
int __wrap_flow_map_open(uint32_t entries, struct flow_map *ret_map);
int __real_table_make(unsigned int bits, int *ret_fd);
int __wrap_table_make(unsigned int bits, int *ret_fd);
int __real_bpf_map_lookup_and_delete_batch(int fd, void *in_batch, void *out_batch, void *keys,
					   void *values, __u32 *count,
					   const struct bpf_map_batch_opts *opts);
int __wrap_bpf_map_lookup_and_delete_batch(int fd, void *in_batch, void *out_batch, void *keys,
					   void *values, __u32 *count,
					   const struct bpf_map_batch_opts *opts);
int __real_bpf_map_lookup_elem(int fd, const void *key, void *value);
int __wrap_bpf_map_lookup_elem(int fd, const void *key, void *value);

/* Takes one from a counter; false when it is at 0. */
static bool count_down(atomic_uint *counter)
{
	return atomic_load(counter) && atomic_fetch_sub(counter, 1);
}

int __wrap_flow_map_open(uint32_t entries, struct flow_map *ret_map)
{
	if (!count_down(&refuse.after) && count_down(&refuse.maps))
		return -ENOMEM;
	return __real_flow_map_open(entries, ret_map);
}

int __wrap_table_make(unsigned int bits, int *ret_fd)
{
	if (!count_down(&refuse.good_tables) && count_down(&refuse.tables))
		return -ENOMEM;
	return __real_table_make(bits, ret_fd);
}

int __wrap_bpf_map_lookup_and_delete_batch(int fd, void *in_batch, void *out_batch, void *keys,
					   void *values, __u32 *count,
					   const struct bpf_map_batch_opts *opts)
{
	if (!count_down(&refuse.good_batches) && count_down(&refuse.batches))
		return -EINVAL;
	return __real_bpf_map_lookup_and_delete_batch(fd, in_batch, out_batch, keys, values, count,
						      opts);
}

int __wrap_bpf_map_lookup_elem(int fd, const void *key, void *value)
{
	return count_down(&refuse.lookups) ? -EINVAL : __real_bpf_map_lookup_elem(fd, key, value);
}

void bed_reset(void)
{
	atomic_store(&refuse.after, 0);
	atomic_store(&refuse.maps, 0);
	atomic_store(&refuse.good_batches, 0);
	atomic_store(&refuse.batches, 0);
	atomic_store(&refuse.lookups, 0);
}

int bed_setup(void **state)
{
	(void)state;
	bed_reset();
	atomic_store(&refuse.good_tables, 0);
	atomic_store(&refuse.tables, 0);
	return 0;
}

int bed_setup_maps(void **state)
{
	bed_setup(state);
	refuse.tables = UINT32_MAX;
	return 0;
}

int bed_ip(const char *words)
{
	return run_ip(words);
}

/* Each CPU has maps of its own; what one fills and grows is told apart only when all is on one. */
static bool stay_on_one_cpu(void)
{
	cpu_set_t set;
	int cpu = sched_getcpu();

	if (cpu < 0)
		return false;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) == 0;
}

struct bpf_source_options bed_options(const char (*name)[IF_NAMESIZE])
{
	return (struct bpf_source_options){
		.name = name, .names = 1, .max_flows = 1 << 20, .exit_on_loss = true};
}

bool bed_cannot_run(void)
{
	char missing[128];
	static const char lo[1][IF_NAMESIZE] = {"lo"};
	struct bpf_source_options options = bed_options(lo);
	struct bpf_source_failure failure;
	struct flow_source *source;
	int err;

	if (privileges_missing(missing, sizeof(missing)) > 0) {
		fprintf(stderr, "skipped: needs %s\n", missing);
		return true;
	}
	if (!stay_on_one_cpu() || unshare(CLONE_NEWNET) || bed_ip("link set lo up")) {
		fprintf(stderr, "skipped: no network namespace and CPU of its own: %s\n", strerror(errno));
		return true;
	}
	err = bpf_source_open(&options, &source, &failure);
	if (err == -EOPNOTSUPP) {
		fprintf(stderr, "skipped: this kernel cannot attach the programs\n");
		return true;
	}
	if (!err)
		bpf_source_free(source);
	return false;
}

void bed_open(struct bed *bed, const char *iface)
{
	char name[1][IF_NAMESIZE] = {""};
	struct bpf_source_options options = bed_options((const char (*)[IF_NAMESIZE])name);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	struct bpf_source_failure failure;
	int one = 1;

	memset(bed, 0, sizeof(*bed));
	bed->socket_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	setsockopt(bed->socket_fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	/* Bound, so that nobody answers "port unreachable"; what it receives is dropped when full. */
	assert_int_equal(bind(bed->socket_fd, (struct sockaddr *)&address, sizeof(address)), 0);
	snprintf(name[0], sizeof(name[0]), "%s", iface);
	assert_int_equal(bpf_source_open(&options, &bed->source, &failure), 0);
	assert_string_equal(bed->source->ops->way(bed->source), "tcx");
	bed->source->ops->state(bed->source, &bed->state);
	bed->all_entries = bed->state.map_entries;
	bed->first_entries = bed->all_entries / (uint32_t)sysconf(_SC_NPROCESSORS_ONLN);
}

void bed_close(struct bed *bed)
{
	bpf_source_free(bed->source);
	close(bed->socket_fd);
}

void bed_send(struct bed *bed, unsigned int flows, unsigned int count, size_t payload)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	char data[2000] = {0};

	for (unsigned int flow = 0; flow < flows; flow++) {
		to.sin_addr.s_addr = htonl(0x7f000002 + flow);
		for (unsigned int i = 0; i < count; i++)
			assert_int_equal(sendto(bed->socket_fd, data, payload, 0,
						(struct sockaddr *)&to, sizeof(to)),
					 payload);
	}
}

static void counts_add(struct flow_counts *sum, const struct flow_counts *counts)
{
	sum->packets += counts->packets;
	sum->bytes += counts->bytes;
}

static void bed_add(void *arg, const struct flow_delta *flows, size_t count)
{
	struct bed *bed = arg;

	for (const struct flow_delta *flow = flows; flow < flows + count; flow++) {
		assert_true(flow->counts.packets > 0);
		bed->rows++;
		counts_add(&bed->row, &flow->counts);
		counts_add(&bed->dir[flow_key_dir(&flow->key)], &flow->counts);
		if (flow_key_sum(&flow->key) != FLOW_SUM_NONE)
			continue;
		assert_int_equal(flow->key.ipproto, IPPROTO_UDP);
		assert_int_equal(flow->key.dport, PORT);
	}
}

void bed_drain(struct bed *bed)
{
	const struct flow_sink sink = {.add = bed_add, .arg = bed};
	struct source_reading reading;

	bed->source->ops->drain(bed->source, &sink, &reading);
	for (unsigned int where = 0; where < FLOW_WHERES; where++) {
		bed->hook.packets += reading.total[where].packets;
		bed->hook.bytes += reading.total[where].bytes;
	}
	bed->map_full += reading.map_full.packets;
	bed->errors += reading.error != 0;
	bed->source->ops->state(bed->source, &bed->state);
}

void bed_expect(const struct bed *bed, uint64_t packets, uint64_t bytes)
{
	assert_int_equal(bed->hook.packets, packets);
	assert_int_equal(bed->hook.bytes, bytes);
	assert_int_equal(bed->row.packets, packets);
	assert_int_equal(bed->row.bytes, bytes);
}
