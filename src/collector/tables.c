/* SPDX-License-Identifier: MIT */
/* The flow tables of all CPUs and both generations. */
#include "tables.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "clock.h"
#include "outer.h"

/* A table is made smaller when that would have been enough for so long. */
#define SHRINK_AFTER_NS 120000000000ULL
/* After the kernel refused a larger table it is not asked again for so long. */
#define REFUSED_NS 10000000000ULL
/* A table that fills early is made as large as a second needs, but grows at most so many bits. */
#define SECOND_NS      1000000000ULL
#define GROW_BITS_MOST 3

static struct table *table_of(const struct tables *tables, unsigned int cpu, uint32_t generation)
{
	return &tables->table[cpu * FLOW_GENERATIONS + generation];
}

/* Slots, as a power of two, when so many are taken; at least those of a front. */
static unsigned int bits_for(const struct tables *tables, uint64_t used)
{
	unsigned int bits = tables->fronts->bits;

	while (bits < TABLES_BITS_MAX && 1ULL << bits < TABLES_SLOTS_PER_USED * used)
		bits++;
	return bits;
}

/* Largest power of two of slots of which `tables` fit into `bytes`; 0 when a front has as many. */
static unsigned int bits_within(const struct fronts *fronts, size_t bytes, unsigned int tables,
				unsigned int most)
{
	unsigned int bits = fronts->bits;

	while (bits < most && table_bytes(bits + 1) * tables <= bytes)
		bits++;
	return bits > fronts->bits ? bits : 0;
}

/* Tables that are to be put in place together, so that the kernel waits for programs only once. */
struct change {
	uint32_t count;
	uint32_t *index;
	int *fd, *err;
};

static int change_init(struct change *change, size_t room)
{
	*change = (struct change){
		.index = calloc(room, sizeof(*change->index)),
		.fd = calloc(room, sizeof(*change->fd)),
		.err = calloc(room, sizeof(*change->err)),
	};
	return change->index && change->fd && change->err ? 0 : -ENOMEM;
}

static void change_done(struct change *change)
{
	free(change->index);
	free(change->fd);
	free(change->err);
}

static bool table_was_refused(const struct table_cpu *sizing, uint64_t now_ns)
{
	return sizing->refused_ns && now_ns - sizing->refused_ns < REFUSED_NS;
}

static void want(struct tables *tables, unsigned int cpu, unsigned int bits)
{
	struct table_cpu *sizing = &tables->cpu[cpu];

	tables->bytes_wanted -= FLOW_GENERATIONS * table_bytes(sizing->want);
	sizing->want = bits;
	tables->bytes_wanted += FLOW_GENERATIONS * table_bytes(sizing->want);
}

/* The CPU's tables stay as they are, and the kernel is left alone for a while. */
static void refused(struct tables *tables, unsigned int cpu, uint64_t now_ns)
{
	tables->failed++;
	tables->cpu[cpu].refused_ns = now_ns;
	want(tables, cpu, table_of(tables, cpu, 0)->bits);
}

/* Makes the table that a place should have, to be put there. */
static void change_add(struct tables *tables, struct change *change, uint32_t index,
		       uint64_t now_ns)
{
	unsigned int cpu = index / FLOW_GENERATIONS;
	int fd;

	if (table_make(tables->cpu[cpu].want, &fd)) {
		refused(tables, cpu, now_ns);
		return;
	}
	change->index[change->count] = index;
	change->fd[change->count++] = fd;
}

/* Puts the tables in place and lets go of those that were there before. */
static void change_apply(struct tables *tables, const struct change *change, uint64_t now_ns)
{
	outer_put(tables->outer_fd, change->index, change->fd, change->err, change->count);
	for (uint32_t i = 0; i < change->count; i++) {
		unsigned int cpu = change->index[i] / FLOW_GENERATIONS;
		struct table *table = &tables->table[change->index[i]];

		if (change->err[i]) {
			close(change->fd[i]);
			refused(tables, cpu, now_ns);
			continue;
		}
		tables->grown += table->bits && tables->cpu[cpu].want > table->bits;
		tables->shrunk += tables->cpu[cpu].want < table->bits;
		table_close(table);
		*table = (struct table){.fd = change->fd[i], .bits = tables->cpu[cpu].want};
	}
}

/* The bound of all tables, and of one: by memory, and by how many flows are remembered. */
static void set_bounds(struct tables *tables, unsigned int online, size_t max_flows)
{
	struct sysinfo info;
	unsigned int first;

	tables->bytes_max = TABLES_BYTES_MAX;
	while (!sysinfo(&info) && tables->bytes_max > TABLES_BYTES_FIRST &&
	       tables->bytes_max > info.totalram * info.mem_unit / TABLES_MEMORY_SHARE)
		tables->bytes_max /= 2;
	tables->bits_max = bits_for(tables, TABLES_SLOTS_MOST * max_flows);
	first = tables->bits_max - TABLES_BITS_LESS;
	tables->bits_first =
		bits_within(tables->fronts, TABLES_BYTES_FIRST, online * FLOW_GENERATIONS,
			    first < TABLES_BITS_FIRST ? first : TABLES_BITS_FIRST);
}

/* Where not all tables can be made or put in place, none is ever made larger: it is a rare kernel. */
static void stay_if_refused(struct tables *tables)
{
	if (!tables->failed)
		return;
	tables->bits_max = 0;
	tables->failed = 0;
}

static void make_first_tables(struct tables *tables, unsigned int online)
{
	for (uint32_t i = 0; i < online * FLOW_GENERATIONS; i++) {
		unsigned int cpu = i / FLOW_GENERATIONS;
		int fd;

		want(tables, cpu, tables->bits_first);
		if (table_make(tables->bits_first, &fd))
			refused(tables, cpu, 1);
		else
			tables->table[i] = (struct table){.fd = fd, .bits = tables->bits_first};
	}
	stay_if_refused(tables);
}

int tables_install(struct tables *tables)
{
	struct change change;
	int err = change_init(&change, (size_t)tables->cpus * FLOW_GENERATIONS);

	if (err)
		goto out_free;
	for (uint32_t i = 0; i < tables->cpus * FLOW_GENERATIONS; i++) {
		if (!tables->table[i].bits)
			continue;
		change.index[change.count] = i;
		change.fd[change.count++] = tables->table[i].fd;
	}
	outer_put(tables->outer_fd, change.index, change.fd, change.err, change.count);
	for (uint32_t i = 0; i < change.count; i++) {
		if (!change.err[i])
			continue;
		table_close(&tables->table[change.index[i]]);
		refused(tables, change.index[i] / FLOW_GENERATIONS, 1);
	}
	stay_if_refused(tables);
out_free:
	change_done(&change);
	return err;
}

int tables_open(struct tables *tables, int outer_fd, const struct fronts *fronts,
		unsigned int online, size_t max_flows, bool off)
{
	size_t count = (size_t)fronts->cpus * FLOW_GENERATIONS;

	*tables = (struct tables){
		.outer_fd = outer_fd,
		.fronts = fronts,
		.cpus = fronts->cpus,
		.table = calloc(count, sizeof(*tables->table)),
		.cpu = calloc(fronts->cpus, sizeof(*tables->cpu)),
	};
	for (size_t i = 0; tables->table && i < count; i++)
		tables->table[i].fd = -1;
	if (!tables->table || !tables->cpu)
		return -ENOMEM;
	if (off)
		return 0;
	set_bounds(tables, online, max_flows);
	if (tables->bits_first)
		make_first_tables(tables, online);
	return 0;
}

void tables_close(struct tables *tables)
{
	for (uint32_t i = 0; tables->table && i < tables->cpus * FLOW_GENERATIONS; i++)
		table_close(&tables->table[i]);
	free(tables->table);
	free(tables->cpu);
	*tables = (struct tables){0};
}

/* A larger table, as far as the bounds of one and of all allow. */
static unsigned int bits_allowed(const struct tables *tables, unsigned int cpu, unsigned int bits)
{
	size_t others =
		tables->bytes_wanted - FLOW_GENERATIONS * table_bytes(tables->cpu[cpu].want);

	if (bits > tables->bits_max)
		bits = tables->bits_max;
	while (bits > tables->fronts->bits &&
	       others + FLOW_GENERATIONS * table_bytes(bits) > tables->bytes_max)
		bits--;
	return bits > tables->fronts->bits ? bits : 0;
}

static bool may_grow(const struct tables *tables, unsigned int cpu, uint64_t now_ns)
{
	const struct table_cpu *sizing = &tables->cpu[cpu];

	return !table_was_refused(sizing, now_ns) &&
	       bits_allowed(tables, cpu, (sizing->want ? sizing->want : tables->fronts->bits) + 1) >
		       sizing->want;
}

static bool is_full(const struct flow_front *front)
{
	return front->bits >= front->bits_max && front->used >= FLOW_WAKE_AT(front->bits);
}

/*
 * Decides on the size of a CPU's tables from the flows of the last generation, and from those of the
 * active one, should it be full before its time.
 */
static void plan_tables(struct tables *tables, unsigned int cpu, const struct flow_front *active,
		 uint64_t active_ns, uint64_t now_ns)
{
	struct table_cpu *sizing = &tables->cpu[cpu];
	unsigned int need = bits_for(tables, sizing->used), bits;

	if (is_full(active) && may_grow(tables, cpu, now_ns)) {
		bits = active->bits + 1;
		for (unsigned int i = 1; i < GROW_BITS_MOST && (active_ns << i) < SECOND_NS; i++)
			bits++;
		need = need > bits ? need : bits;
	}
	if (need >= sizing->want || !sizing->busy_ns)
		sizing->busy_ns = now_ns;
	if (need > sizing->want && !table_was_refused(sizing, now_ns)) {
		bits = bits_allowed(tables, cpu, need);
		if (bits > sizing->want)
			want(tables, cpu, bits);
	} else if (now_ns - sizing->busy_ns > SHRINK_AFTER_NS &&
		   sizing->want > tables->bits_first) {
		want(tables, cpu, sizing->want - 1);
		sizing->busy_ns = now_ns;
	}
}

/*
 * What the programs begin with: as many slots as the last flows need, of those there are. Half of what
 * they used last is not worth it: each flow would be looked for in its old slot and take a new one.
 */
static void activate_table(struct tables *tables, unsigned int cpu, uint32_t generation)
{
	struct flow_front *front = fronts_get(tables->fronts, cpu, generation);
	unsigned int bits = bits_for(tables, tables->cpu[cpu].used);
	struct table *table = table_of(tables, cpu, generation);

	if (front->bits > tables->fronts->bits && front->bits > table->used_bits)
		table->used_bits = front->bits; /* it was not drained: programs may have held it */
	if (bits + 1 == table->last_bits)
		bits++;
	front->bits_max = table->bits ? table->bits : tables->fronts->bits;
	front->bits = bits < front->bits_max ? bits : front->bits_max;
	table->first_bits = front->bits;
	front->used = 0;
	front->grow_at = front->bits < front->bits_max ? FLOW_GROW_AT(front->bits)
						       : FLOW_WAKE_AT(front->bits);
}

/* A generation that could not be drained is made active with what it has. */
static bool has_flows(const struct tables *tables, unsigned int cpu, uint32_t generation)
{
	return table_of(tables, cpu, generation)->used_bits ||
	       fronts_get(tables->fronts, cpu, generation)->bits > tables->fronts->bits;
}

static void resize_tables(struct tables *tables, uint32_t generation, uint64_t now_ns)
{
	struct change change;
	const struct table *table;

	if (change_init(&change, tables->cpus))
		goto out_free;
	for (unsigned int cpu = 0; cpu < tables->cpus; cpu++) {
		table = table_of(tables, cpu, generation);
		if (table->bits != tables->cpu[cpu].want && !has_flows(tables, cpu, generation) &&
		    !table_was_refused(&tables->cpu[cpu], now_ns))
			change_add(tables, &change, cpu * FLOW_GENERATIONS + generation, now_ns);
	}
	change_apply(tables, &change, now_ns);
out_free:
	change_done(&change);
}

static bool is_table_due(const struct tables *tables, uint32_t generation)
{
	for (unsigned int cpu = 0; cpu < tables->cpus; cpu++) {
		if (table_of(tables, cpu, generation)->bits != tables->cpu[cpu].want)
			return true;
	}
	return false;
}

void tables_prepare(struct tables *tables, uint32_t generation, uint64_t active_ns, uint64_t now_ns)
{
	unsigned int cpu;

	for (cpu = 0; tables->bits_max && cpu < tables->cpus; cpu++)
		plan_tables(tables, cpu, fronts_get(tables->fronts, cpu, generation ^ 1), active_ns,
		     now_ns);
	if (is_table_due(tables, generation))
		resize_tables(tables, generation, now_ns);
	for (cpu = 0; cpu < tables->cpus; cpu++)
		activate_table(tables, cpu, generation);
}

bool tables_want_drain(const struct tables *tables, unsigned int cpu, uint32_t generation)
{
	return tables->bits_max && is_full(fronts_get(tables->fronts, cpu, generation)) &&
	       may_grow(tables, cpu, clock_mono_ns());
}

int tables_drain(struct tables *tables, unsigned int cpu, uint32_t generation, struct batch *batch)
{
	struct flow_front *front = fronts_get(tables->fronts, cpu, generation);
	struct table *table = table_of(tables, cpu, generation);
	unsigned int bits = front->bits > table->used_bits ? front->bits : table->used_bits;
	int err = 0;

	if (table->bits && bits > tables->fronts->bits)
		err = table_map(table, table_bytes(bits));
	if (err)
		return err;
	if (table->bits && bits > tables->fronts->bits)
		slots_drain(table->memory, (size_t)1 << bits, batch);
	table->last_bits = front->bits;
	table->used_bits = 0;
	front->bits = tables->fronts->bits;
	return 0;
}

void tables_note(struct tables *tables, unsigned int cpu, uint32_t generation, uint64_t slots)
{
	uint64_t used = fronts_get(tables->fronts, cpu, generation)->used;
	const struct table *table = table_of(tables, cpu, generation);
	uint64_t most = slots;

	if (table->last_bits > table->first_bits) /* many flows have counts in two slots */
		most = used > slots / 2 ? used : slots / 2;
	tables->cpu[cpu].used = most < UINT32_MAX ? (uint32_t)most : UINT32_MAX;
}

uint32_t tables_slots(const struct tables *tables)
{
	uint32_t slots = 0;

	for (unsigned int cpu = 0; cpu < tables->cpus; cpu++)
		slots += table_of(tables, cpu, 0)->bits ? 1U << table_of(tables, cpu, 0)->bits : 0;
	return slots;
}
