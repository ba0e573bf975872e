/* SPDX-License-Identifier: MIT */
/* Fronts: the part of counting that user space reads without a system call. */
#include "fronts.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "flow.h"
#include "flow_slots.h"
#include "store.h"

size_t fronts_stride(unsigned int bits)
{
	return offsetof(struct flow_front, bucket) + sizeof(struct flow_slot) * ((size_t)1 << bits);
}

unsigned int fronts_bits(unsigned int cpus)
{
	unsigned int bits = FLOW_FRONT_BITS;

	while (bits > FRONTS_BITS_MIN &&
	       fronts_stride(bits) * cpus * FLOW_GENERATIONS > FRONTS_BYTES_MAX)
		bits--;
	return bits;
}

int fronts_open(struct fronts *fronts, int map_fd, unsigned int cpus, unsigned int bits)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes;
	void *memory;

	bytes = fronts_stride(bits) * cpus * FLOW_GENERATIONS;
	bytes = (bytes + page - 1) / page * page;
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
	if (memory == MAP_FAILED)
		return -errno;
	*fronts = (struct fronts){
		.memory = memory,
		.bytes = bytes,
		.stride = fronts_stride(bits),
		.cpus = cpus,
		.bits = bits,
	};
	return 0;
}

size_t knowns_stride(unsigned int bits)
{
	return sizeof(uint64_t) << bits;
}

unsigned int knowns_bits(unsigned int cpus)
{
	unsigned int bits = FLOW_KNOWN_BITS;

	while (bits > KNOWNS_BITS_MIN && knowns_stride(bits) * cpus > KNOWNS_BYTES_MAX)
		bits--;
	return bits;
}

void fronts_close(struct fronts *fronts)
{
	if (fronts->memory)
		munmap(fronts->memory, fronts->bytes);
	*fronts = (struct fronts){0};
}

void fronts_set_wake(const struct fronts *fronts, unsigned int cpu, uint32_t generation,
		     uint32_t entries)
{
	/* Half of the share, so that the first multiple behind it is not much later. */
	fronts_get(fronts, cpu, generation)->wake_mask = entries / STORE_WAKE_SHARE / 2 - 1;
}

/* The sums beside the flows: the hook's totals, and what found no room in the flow map. */
static bool drain_sums(struct flow_front *front, struct batch *batch,
		       struct source_reading *reading)
{
	struct flow_counts *counts;
	struct flow_key key;
	unsigned int where, class;
	bool any = false;

	for (where = 0; where < FLOW_WHERES; where++) {
		counts = &front->total[where];
		if (!counts->packets)
			continue;
		any = true;
		flow_counts_add(&reading->total[where], counts);
		*counts = (struct flow_counts){0};
		for (class = 0; class < FLOW_CLASSES; class ++) {
			counts = &front->full[where][class];
			if (!counts->packets)
				continue;
			key = flow_key_of_sum(FLOW_SUM_MAP_FULL, (uint16_t) class, 0,
					      (uint8_t)where);
			batch_add(batch, &key, counts);
			flow_counts_add(&reading->map_full, counts);
			*counts = (struct flow_counts){0};
		}
	}
	return any;
}

/* Takes the counts of a flow out of its place. What is left of its budget of samples stays. */
static struct flow_counts take_counts(__u64 *packets, __u64 *bytes)
{
	struct flow_counts counts = {.packets = *packets & FLOW_PACKETS_MASK, .bytes = *bytes};

	*packets &= ~FLOW_PACKETS_MASK;
	*bytes = 0;
	return counts;
}

static void drain_slot(struct flow_slot *slot, struct batch *batch)
{
	struct flow_counts counts;
	struct flow_key key;

	if (!flow_is_busy(slot->packets))
		return;
	flow_slot_key(slot, &key);
	counts = take_counts(&slot->packets, &slot->bytes);
	batch_add(batch, &key, &counts);
}

static void drain_wide(struct flow_wide *wide, struct batch *batch)
{
	struct flow_counts counts;
	struct flow_key key;

	if (!flow_is_busy(wide->packets))
		return;
	flow_wide_key(wide, &key);
	counts = take_counts(&wide->packets, &wide->bytes);
	batch_add(batch, &key, &counts);
	batch->wide++;
}

/* Pairs that are fetched ahead: processors do so by themselves, but not from page to page. */
#define PAIRS_AHEAD 16

void slots_drain(struct flow_bucket *buckets, size_t slots, struct batch *batch)
{
	struct flow_pair *pair = buckets->pair, *end = pair + slots / 2;

	for (; pair < end; pair++) {
		__builtin_prefetch(pair + PAIRS_AHEAD, 1);
		if (flow_is_wide_pair(pair)) {
			drain_wide(&pair->wide, batch);
			continue;
		}
		drain_slot(&pair->slot[0], batch);
		drain_slot(&pair->slot[1], batch);
	}
}

/* The packet that was to be counted with the next one. */
static void drain_late(struct flow_late *late, struct batch *batch)
{
	const struct flow_counts counts = {.packets = late->packets, .bytes = late->bytes};

	if (!counts.packets)
		return;
	batch_add(batch, &late->key, &counts);
	late->packets = 0;
}

static void drain_samples(struct flow_front *front, struct sample_counts *samples)
{
	samples->handed += front->handed;
	front->handed = 0;
	for (unsigned int i = 0; i < SAMPLE_REFUSALS; i++) {
		samples->refused[i] += front->refused[i];
		front->refused[i] = 0;
	}
}

uint64_t fronts_drain(const struct fronts *fronts, unsigned int cpu, uint32_t generation,
		      struct batch *batch, struct source_reading *reading)
{
	struct flow_front *front = fronts_get(fronts, cpu, generation);
	uint64_t inserts = front->inserts;

	/* A CPU without a packet has nothing in its slots either. */
	if (drain_sums(front, batch, reading))
		slots_drain(front->bucket, (size_t)1 << fronts->bits, batch);
	drain_late(&front->late, batch);
	drain_samples(front, &reading->samples);
	front->inserts = 0;
	return inserts;
}
