/* SPDX-License-Identifier: MIT */
/*
 * Every table that a stranger can fill is safe from keys chosen to collide. For each one the test
 * first searches keys that meet in few places while the seed is 0, which is what an attacker could
 * do against a hash without a seed, and sees that they do. With the table's own seed the same keys
 * must spread. Indexes are watched where they are made, filled and freed; nothing is timed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <linux/if_ether.h>
#include <netinet/in.h>

#include <cmocka.h>

#include "addresses.h"
#include "cgroups.h"
#include "group.h"
#include "hash_index.h"
#include "ledger.h"
#include "name_cache.h"
#include "owner.h"
#include "process.h"
#include "report_parts.h"
#include "sockets.h"

#define BATCH	     2000 /* candidates that a table gets at a time */
#define BATCHES_MAX  200
#define CHOSEN	     200  /* colliding keys */
#define COLLIDE_MASK 0xff /* bits of the hash in which they agree */
/* Slots looked at for one key: of a few home slots for all of them, and of a good hash. */
#define PROBES_BAD  90
#define PROBES_GOOD 60

/* What is watched: the index that is made as number `which` since watch_begin(). */
static struct {
	unsigned int which, made;
	bool seed_0;
	struct hash_index *index;
	uint64_t seed;
	uint32_t hash[BATCH]; /* in the order of adding */
	size_t added;
	size_t longest;
} watch;

int __real_hash_index_init(struct hash_index *index);
int __wrap_hash_index_init(struct hash_index *index);
int __real_hash_index_add(struct hash_index *index, uint32_t hash, uint32_t entry);
int __wrap_hash_index_add(struct hash_index *index, uint32_t hash, uint32_t entry);
void __real_hash_index_done(struct hash_index *index);
void __wrap_hash_index_done(struct hash_index *index);

int __wrap_hash_index_init(struct hash_index *index)
{
	int err = __real_hash_index_init(index);

	if (watch.made++ != watch.which)
		return err;
	watch.index = index;
	watch.seed = index->seed;
	if (watch.seed_0)
		index->seed = 0;
	return err;
}

int __wrap_hash_index_add(struct hash_index *index, uint32_t hash, uint32_t entry)
{
	if (index == watch.index && watch.added < BATCH)
		watch.hash[watch.added++] = hash;
	return __real_hash_index_add(index, hash, entry);
}

/* Slots between the first one looked at and the one that has it, at most. */
static size_t longest_probe(const struct hash_index *index)
{
	size_t longest = 0;

	for (size_t at = 0; at < index->size; at++) {
		size_t probes = (at - index->slot[at].hash) & (index->size - 1);

		if (index->slot[at].entry && probes > longest)
			longest = probes;
	}
	return longest;
}

void __wrap_hash_index_done(struct hash_index *index)
{
	if (index == watch.index) {
		watch.longest = longest_probe(index);
		watch.index = NULL;
	}
	__real_hash_index_done(index);
}

/* A table with one entry for each candidate; it may make more indexes than the one meant. */
struct table {
	const char *name;
	unsigned int which;
	void (*fill)(const uint32_t *candidate, size_t count);
};

static void fill(const struct table *table, bool seed_0, const uint32_t *candidate, size_t count)
{
	memset(&watch, 0, sizeof(watch));
	watch.which = table->which;
	watch.seed_0 = seed_0;
	table->fill(candidate, count);
	if (watch.added != count)
		fail_msg("%s: %zu entries for %zu keys in the index", table->name, watch.added,
			 count);
	assert_null(watch.index);
}

static void choose(const struct table *table, uint32_t chosen[CHOSEN])
{
	uint32_t candidate[BATCH], next = 1, target = 0;
	size_t count = 0;

	for (int batch = 0; batch < BATCHES_MAX && count < CHOSEN; batch++) {
		for (size_t i = 0; i < BATCH; i++)
			candidate[i] = next++;
		fill(table, true, candidate, BATCH);
		if (!batch)
			target = watch.hash[0] & COLLIDE_MASK;
		for (size_t i = 0; i < BATCH && count < CHOSEN; i++) {
			if ((watch.hash[i] & COLLIDE_MASK) == target)
				chosen[count++] = candidate[i];
		}
	}
	if (count < CHOSEN)
		fail_msg("%s: no %d keys collide", table->name, CHOSEN);
}

static void expect_spread(const struct table *table)
{
	uint32_t chosen[CHOSEN];
	uint64_t seed;

	choose(table, chosen);
	fill(table, true, chosen, CHOSEN);
	if (watch.longest < PROBES_BAD)
		fail_msg("%s: with seed 0 the keys should collide (%zu)", table->name,
			 watch.longest);
	fill(table, false, chosen, CHOSEN);
	if (watch.longest > PROBES_GOOD)
		fail_msg("%s: %zu slots are looked at for a chosen key", table->name,
			 watch.longest);
	seed = watch.seed;
	fill(table, false, chosen, CHOSEN);
	assert_true(watch.seed != seed);
}

static void put_ipv4(uint8_t address[16], uint32_t number)
{
	memset(address, 0, 10);
	address[10] = address[11] = 0xff;
	number = htonl(0x0a000000 + number);
	memcpy(address + 12, &number, 4);
}

static struct flow_key flow_of(uint32_t number)
{
	struct flow_key key = {.ethertype = ETH_P_IP, .ipproto = IPPROTO_TCP, .dport = 443};

	put_ipv4(key.src, number);
	memcpy(key.dst, key.src, 16);
	return key;
}

static struct ledger *ledger_of(const uint32_t *candidate, size_t count)
{
	struct ledger *ledger;

	assert_int_equal(ledger_new(LEDGER_FLOWS_DEFAULT, LEDGER_KEEP_NS_DEFAULT, &ledger), 0);
	ledger_begin(ledger, 1, 2);
	for (size_t i = 0; i < count; i++) {
		struct flow_key key = flow_of(candidate[i]);

		ledger_add(ledger, &key, 1, 64);
	}
	return ledger;
}

static void fill_ledger(const uint32_t *candidate, size_t count)
{
	ledger_free(ledger_of(candidate, count));
}

/* The ledger has the first index, the row engine two for groups. */
static void fill_report_hosts(const uint32_t *candidate, size_t count)
{
	struct ledger *ledger = ledger_of(candidate, count);
	const struct report report = {.ledger = ledger};
	struct report_rows rows;
	struct report_hosts hosts;

	assert_int_equal(report_rows_init(&rows, &report, true), 0);
	assert_int_equal(report_hosts_init(&rows, &hosts), 0);
	assert_int_equal(hosts.count, count);
	report_hosts_done(&hosts);
	report_rows_done(&rows);
	ledger_free(ledger);
}

static void fill_group(const uint32_t *candidate, size_t count)
{
	static const struct flow_counts counts = {1, 64};
	struct group *group;

	assert_int_equal(group_new(&group), 0);
	group_reset(group, GROUP_HOST, NULL);
	for (size_t i = 0; i < count; i++) {
		struct flow_key key = flow_of(candidate[i]);

		assert_int_equal(group_add(group, &key, &counts, &counts, 1,
					   (struct flow_about){0}), 0);
	}
	group_free(group);
}

static void fill_names(const uint32_t *candidate, size_t count)
{
	struct name_cache *names;

	assert_int_equal(name_cache_new(NAMES_MAX_DEFAULT, &names), 0);
	for (size_t i = 0; i < count; i++) {
		uint8_t address[16];

		put_ipv4(address, candidate[i]);
		name_cache_put(names, address, "host.example", NAME_DNS, 60);
	}
	name_cache_free(names);
}

/* Each owner is new in every index: process, container, user, texts. */
static void fill_owners(const uint32_t *candidate, size_t count)
{
	struct owner_table *table;

	assert_int_equal(owner_table_new(&table), 0);
	for (size_t i = 0; i < count; i++) {
		char text[16];
		const struct owner owner = {.pid = candidate[i],
					    .uid = candidate[i],
					    .start_ns = 1,
					    .comm = text,
					    .exe = text,
					    .user = text,
					    .cgroup = text,
					    .unit = text,
					    .command = text,
					    .parents = text};
		uint32_t id;

		snprintf(text, sizeof(text), "x%u", candidate[i]);
		assert_int_equal(owner_table_add(table, &owner, &id), 0);
	}
	owner_table_free(table);
}

/* The table of owners has the first five indexes. No such processes: past PID_MAX_LIMIT. */
static void fill_processes(const uint32_t *candidate, size_t count)
{
	struct owner_table *table;
	struct processes *processes;

	assert_int_equal(owner_table_new(&table), 0);
	assert_int_equal(processes_new(table, &(const struct user_source){0}, -1, &processes), 0);
	for (size_t i = 0; i < count; i++) {
		const struct owner_process process = {
			.pid = (1U << 23) + candidate[i], .start_ns = 1, .comm = "a"};

		assert_true(owner_is_process(processes_owner(processes, &process, 0)));
	}
	processes_free(processes);
	owner_table_free(table);
}

static struct sockets *sockets_of(const uint32_t *candidate, size_t count)
{
	struct sockets *sockets;

	assert_int_equal(sockets_new(&sockets), 0);
	for (size_t i = 0; i < count; i++) {
		struct owner_socket socket = {.netns = candidate[i],
					      .process.pid = 1,
					      .protocol = IPPROTO_UDP,
					      .local_port = 53};

		put_ipv4(socket.local, candidate[i]);
		sockets_add(sockets, &socket);
	}
	return sockets;
}

static void fill_sockets(const uint32_t *candidate, size_t count)
{
	struct sockets *sockets = sockets_of(candidate, count);

	/* Open ones are put in in their order. */
	assert_int_equal(sockets_index(sockets), 0);
	sockets_free(sockets);
}

/* The sockets have the first index. */
static void fill_namespaces(const uint32_t *candidate, size_t count)
{
	struct sockets *sockets = sockets_of(candidate, count);
	struct addresses *addresses;
	struct netlink route;
	const struct addresses_options options = {.route = &route, .proc_fd = -1};

	netlink_init(&route);
	assert_int_equal(addresses_new(&options, &addresses), 0);
	addresses_refresh(addresses, sockets, 1);
	addresses_free(addresses);
	sockets_free(sockets);
}

static void fill_cgroups(const uint32_t *candidate, size_t count)
{
	struct cgroups *cgroups;

	assert_int_equal(cgroups_new(&cgroups), 0);
	for (size_t i = 0; i < count; i++)
		cgroups_note(cgroups, candidate[i], "/user.slice");
	cgroups_free(cgroups);
}

static void test_every_table_is_seeded(void **state)
{
	static const struct table tables[] = {
		{"ledger", 0, fill_ledger},
		{"report hosts", 3, fill_report_hosts},
		{"groups", 0, fill_group},
		{"names", 0, fill_names},
		{"owners", 0, fill_owners},
		{"owners by process", 1, fill_owners},
		{"owners by container", 2, fill_owners},
		{"owners by user", 3, fill_owners},
		{"texts of owners", 4, fill_owners},
		{"processes", 5, fill_processes},
		{"sockets", 0, fill_sockets},
		{"namespaces", 1, fill_namespaces},
		{"cgroups", 0, fill_cgroups},
	};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		expect_spread(&tables[i]);
}

/* However many sockets have the same ends, the index has one entry for them. */
static void test_equal_sockets_are_one_entry(void **state)
{
	static const struct socket_end nobody;
	struct owner_socket socket = {.protocol = IPPROTO_RAW};
	const struct owner_socket *found;
	struct sockets *sockets;
	size_t count = 0;

	memset(&watch, 0, sizeof(watch));
	assert_int_equal(sockets_new(&sockets), 0);
	for (unsigned int i = 0; i < 3 * BATCH; i++) {
		socket.inode = i;
		sockets_add(sockets, &socket);
	}
	assert_int_equal(sockets_index(sockets), 0);
	assert_int_equal(watch.added, 1);
	for (found = sockets_first(sockets, IPPROTO_RAW, 0, &nobody, &nobody); found;
	     found = sockets_next(sockets, found))
		assert_int_equal(found->inode, 3 * BATCH - ++count);
	assert_int_equal(count, 3 * BATCH);
	sockets_free(sockets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_table_is_seeded),
		cmocka_unit_test(test_equal_sockets_are_one_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
