/* SPDX-License-Identifier: MIT */
/* view.h with owners, which become known while their flows are shown, and host names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <pthread.h>

#include "flow.h"
#include "view.h"

#define FLOWS 6

/* A view of FLOWS flows, named by their source port from 1, each of 100 bytes. */
struct bed {
	struct owner_table *owners;
	struct snapshot *snapshot;
	struct view *view;
};

static struct flow_key key_of(size_t flow)
{
	struct flow_key key = {.sport = (uint16_t)(1 + flow),
			       .dport = 80,
			       .ethertype = ETH_P_IP,
			       .ipproto = IPPROTO_TCP,
			       .where = FLOW_WHERE(flow % 2, FLOW_IN)};

	key.src[10] = key.src[11] = key.dst[10] = key.dst[11] = 0xff;
	key.src[12] = key.dst[12] = 10;
	key.src[13] = (uint8_t)(flow >> 16);
	key.src[14] = (uint8_t)(flow >> 8);
	key.src[15] = (uint8_t)flow;
	return key;
}

static struct snapshot *make(size_t count)
{
	struct snapshot *snapshot;

	assert_int_equal(snapshot_new(count, &snapshot), 0);
	assert_int_equal(flow_table_new(1, &snapshot->table), 0);
	assert_int_equal(ifaces_new(2, &snapshot->ifaces), 0);
	memcpy(snapshot->ifaces->entry[0].name, "wg0", 4);
	memcpy(snapshot->ifaces->entry[1].name, "eth0", 5);
	snapshot->era = 1;
	snapshot->elapsed_ns = 1000000000;
	for (size_t i = 0; i < count; i++) {
		struct flow_table_entry entry = {.key = key_of(i)};
		uint32_t id;

		assert_int_equal(flow_table_append(snapshot->table, &entry, &id), 0);
		snapshot->row[i].id = id;
		snapshot->row[i].delta_packets = 1;
		snapshot->row[i].delta_bytes = 100;
		snapshot->row[i].bytes = 100;
	}
	return snapshot;
}

static int set_up_with(void **state, size_t flows)
{
	struct bed *bed = calloc(1, sizeof(*bed));

	assert_non_null(bed);
	assert_int_equal(owner_table_new(&bed->owners), 0);
	assert_int_equal(view_new(COLUMN_BPS, &bed->view), 0);
	bed->snapshot = make(flows);
	view_set_height(bed->view, flows);
	view_set_owners(bed->view, bed->owners);
	view_set_snapshot(bed->view, bed->snapshot);
	assert_int_equal(view_arrange(bed->view), 0);
	*state = bed;
	return 0;
}

static int set_up(void **state)
{
	return set_up_with(state, FLOWS);
}

static int tear_down(void **state)
{
	struct bed *bed = *state;

	view_free(bed->view);
	snapshot_unref(bed->snapshot);
	owner_table_free(bed->owners);
	free(bed);
	return 0;
}

static uint32_t add(struct bed *bed, uint32_t pid, uint32_t uid, const char *comm, const char *unit)
{
	char user[16];
	struct owner owner = {
		.pid = pid, .uid = uid, .comm = comm, .exe = "", .user = user, .cgroup = "/",
		.unit = unit};
	uint32_t id;

	snprintf(user, sizeof(user), "user%u", uid);
	assert_int_equal(owner_table_add(bed->owners, &owner, &id), 0);
	return id;
}

static void own(struct bed *bed, size_t flow, uint32_t owner)
{
	/* The entry is shared with whoever looks owners up. */
	struct flow_table_entry *entry =
		(struct flow_table_entry *)snapshot_entry(bed->snapshot, flow);

	atomic_store_explicit(&entry->owner, owner, memory_order_release);
}

/* Flow 1: sshd; 2 and 5: nginx 10; 3: nginx 9; 4: the kernel; 6: nobody knows. */
static void own_all(struct bed *bed)
{
	uint32_t nginx = add(bed, 10, 33, "nginx", "web"), other = add(bed, 9, 33, "nginx", "web");

	own(bed, 0, add(bed, 20, 0, "sshd", ""));
	own(bed, 1, nginx);
	own(bed, 2, other);
	own(bed, 3, OWNER_KERNEL);
	own(bed, 4, nginx);
	owner_table_touch(bed->owners);
}

static void expect(struct bed *bed, const int *flows, size_t count)
{
	struct row row;

	assert_int_equal(view_arrange(bed->view), 0);
	assert_int_equal(view_count(bed->view), count);
	for (size_t i = 0; i < count; i++) {
		assert_true(view_get(bed->view, i, &row));
		assert_int_equal(row.key.sport, flows[i]);
	}
}

#define EXPECT(bed, ...) \
	expect(bed, (const int[]){__VA_ARGS__}, sizeof((const int[]){__VA_ARGS__}) / sizeof(int))

static void set_filter(struct bed *bed, const char *text)
{
	struct filter *filter;
	char why[80];
	size_t column;

	assert_int_equal(filter_parse(text, &filter, why, sizeof(why), &column), 0);
	view_set_filter(bed->view, filter);
}

static void orders(void **state)
{
	struct bed *bed = *state;

	own_all(bed);
	view_set_sort(bed->view, COLUMN_PROCESS, false);
	EXPECT(bed, 4, 3, 2, 5, 1, 6);
	view_set_sort(bed->view, COLUMN_PROCESS, true);
	EXPECT(bed, 6, 1, 5, 2, 3, 4);
	view_set_sort(bed->view, COLUMN_PID, false);
	EXPECT(bed, 1, 2, 5, 3, 4, 6);
	view_set_sort(bed->view, COLUMN_USER, false);
	EXPECT(bed, 1, 2, 3, 5, 4, 6);
	view_set_sort(bed->view, COLUMN_CONTAINER, false);
	EXPECT(bed, 2, 3, 5, 1, 4, 6);
	view_set_sort(bed->view, COLUMN_IFACE, false);
	EXPECT(bed, 2, 4, 6, 1, 3, 5);
}

/* A sum over all interfaces is of none, wherever it was seen first: it comes last. */
static void sums_by_iface(void **state)
{
	struct bed *bed = *state;
	struct row row;

	bed->snapshot->table->chunk[0][0].key =
		flow_key_of_sum(FLOW_SUM_AGED, FLOW_CLASS_TCP, 0, FLOW_WHERE(1, FLOW_IN));
	bed->snapshot->ifaces->entry[0].name[0] = 'a'; /* the slot that a sum has none of */
	view_set_group(bed->view, GROUP_CONVERSATION);
	view_set_sort(bed->view, COLUMN_IFACE, false);
	assert_int_equal(view_arrange(bed->view), 0);
	assert_true(view_get(bed->view, FLOWS - 1, &row));
	assert_int_equal(flow_key_sum(&row.key), FLOW_SUM_AGED);
}

/* What becomes known later is taken up without a new snapshot, but not before it is said. */
static void known_later(void **state)
{
	struct bed *bed = *state;
	struct row row;
	uint32_t id = add(bed, 1, 0, "init", "");

	own(bed, 5, id);
	view_set_sort(bed->view, COLUMN_PROCESS, false);
	EXPECT(bed, 6, 1, 2, 3, 4, 5);
	own(bed, 3, id);
	EXPECT(bed, 6, 1, 2, 3, 4, 5);
	owner_table_touch(bed->owners);
	EXPECT(bed, 4, 6, 1, 2, 3, 5);
	assert_true(view_get(bed->view, 0, &row));
	assert_int_equal(row.owner, id);
	set_filter(bed, "comm init");
	EXPECT(bed, 4, 6);
	own(bed, 1, id);
	owner_table_touch(bed->owners);
	EXPECT(bed, 2, 4, 6);
}

static void filters(void **state)
{
	struct bed *bed = *state;
	struct filter *hidden;
	char why[80];
	size_t column;

	own_all(bed);
	set_filter(bed, "nginx");
	EXPECT(bed, 2, 3, 5);
	set_filter(bed, "pid 10 or comm kernel");
	EXPECT(bed, 2, 4, 5);
	set_filter(bed, "iface wg0 and user user0");
	EXPECT(bed, 1);
	assert_int_equal(filter_parse("pid 10", &hidden, why, sizeof(why), &column), 0);
	view_set_filter(bed->view, NULL);
	view_set_hidden(bed->view, hidden);
	EXPECT(bed, 1, 3, 4, 6);
	assert_int_equal(view_totals(bed->view)->delta[FLOW_IN].bytes, 400);
	view_set_hidden(bed->view, NULL);
	EXPECT(bed, 1, 2, 3, 4, 5, 6);
	filter_free(hidden);
}

static void names(void **state)
{
	struct bed *bed = *state;
	struct flow_key key = key_of(2);
	struct name_cache *cache;

	assert_int_equal(name_cache_new(10, &cache), 0);
	view_set_names(bed->view, cache);
	set_filter(bed, "name example");
	assert_int_equal(view_arrange(bed->view), 0);
	assert_int_equal(view_count(bed->view), 0);
	name_cache_put(cache, key.src, "three.example", NAME_DNS, 60);
	EXPECT(bed, 3);
	view_set_names(bed->view, NULL);
	assert_int_equal(view_arrange(bed->view), 0);
	assert_int_equal(view_count(bed->view), 0);
	name_cache_free(cache);
}

static uint64_t bytes_in_groups(const struct view *view)
{
	uint64_t sum = 0;
	struct row row;

	for (size_t i = 0; view_get(view, i, &row); i++)
		sum += row.delta[FLOW_IN].bytes + row.delta[FLOW_OUT].bytes;
	return sum;
}

static void expect_rows(struct bed *bed, size_t count)
{
	assert_int_equal(view_arrange(bed->view), 0);
	assert_int_equal(view_count(bed->view), count);
}

static void groups(void **state)
{
	static const size_t rows[GROUPS] = {
		[GROUP_PROCESS] = 5, [GROUP_CONTAINER] = 3, [GROUP_USER] = 4};
	struct bed *bed = *state;
	const struct about_tables tables = {.owners = bed->owners};
	struct row row;
	char text[64];

	own_all(bed);
	view_set_sort(bed->view, COLUMN_SOURCE, false);
	for (int by = GROUP_PROCESS; by <= GROUP_USER; by++) {
		view_set_group(bed->view, (enum group_by)by);
		assert_int_equal(view_arrange(bed->view), 0);
		assert_int_equal(view_count(bed->view), rows[by]);
		assert_int_equal(bytes_in_groups(bed->view), 100 * FLOWS);
	}
	/* By name, and it opens. */
	view_set_group(bed->view, GROUP_PROCESS);
	assert_int_equal(view_arrange(bed->view), 0);
	assert_true(view_get(bed->view, 2, &row));
	assert_string_equal(group_source(GROUP_PROCESS, &row.key, &tables, NULL, text, sizeof(text)),
			    "nginx (10)");
	assert_int_equal(owner_table_get(bed->owners, row.owner)->pid, 10);
	view_move(bed->view, 3);
	assert_int_equal(view_arrange(bed->view), 0);
	assert_true(view_drill(bed->view));
	expect_rows(bed, 2);
	own(bed, 5, row.owner);
	owner_table_touch(bed->owners);
	expect_rows(bed, 3);
	assert_true(view_drill_back(bed->view));
	assert_int_equal(view_arrange(bed->view), 0);
	/* All flows of user 33 are not one process's. */
	view_set_group(bed->view, GROUP_USER);
	view_set_sort(bed->view, COLUMN_FLOWS, false);
	assert_int_equal(view_arrange(bed->view), 0);
	assert_true(view_get(bed->view, 0, &row));
	assert_string_equal(group_source(GROUP_USER, &row.key, &tables, NULL, text, sizeof(text)),
			    "user33");
	assert_int_equal(row.owner, OWNER_UNKNOWN);
}

#define MANY	  20000
#define ROUNDS	  60
#define PROCESSES 50

struct churn {
	struct bed *bed;
	uint32_t id[PROCESSES];
	atomic_bool done;
};

static void *change_owners(void *arg)
{
	struct churn *churn = arg;
	unsigned int random = 7;

	while (!atomic_load(&churn->done)) {
		for (size_t i = 0; i < 500; i++) {
			random = random * 1103515245 + 12345;
			own(churn->bed, (random >> 8) % MANY, churn->id[(random >> 4) % PROCESSES]);
		}
		owner_table_touch(churn->bed->owners);
	}
	return NULL;
}

/* Owners change while rows are sorted by them: each picture is in order all the same. */
static void changes_meanwhile(void **state)
{
	struct bed *bed = *state;
	struct churn churn = {.bed = bed};
	pthread_t thread;

	for (uint32_t i = 0; i < PROCESSES; i++) {
		char comm[16];

		snprintf(comm, sizeof(comm), "process%02u", (i * 7) % PROCESSES);
		churn.id[i] = add(bed, 100 + i, i % 5, comm, "");
	}
	view_set_sort(bed->view, COLUMN_PROCESS, false);
	assert_int_equal(pthread_create(&thread, NULL, change_owners, &churn), 0);
	for (int round = 0; round < ROUNDS; round++) {
		struct row row, before = {0};

		view_set_sort(bed->view, COLUMN_PROCESS, false);
		assert_int_equal(view_arrange(bed->view), 0);
		assert_int_equal(view_count(bed->view), MANY);
		assert_true(view_get(bed->view, 0, &before));
		for (size_t i = 1; view_get(bed->view, i, &row); i++) {
			const char *a = owner_table_get(bed->owners, before.owner)->comm;
			const char *b = owner_table_get(bed->owners, row.owner)->comm;

			if (row.owner == OWNER_UNKNOWN)
				break;
			if (before.owner == OWNER_UNKNOWN || strcmp(a, b) > 0 ||
			    (row.owner == before.owner &&
			     flow_key_compare(&before.key, &row.key) >= 0))
				fail_msg("round %d: %s before %s", round, a, b);
			before = row;
		}
	}
	atomic_store(&churn.done, true);
	pthread_join(thread, NULL);
}

static int set_up_many(void **state)
{
	return set_up_with(state, MANY);
}

/* Words typed and erased letter by letter show what they would show at once. */
static void typing(void **state)
{
	static const char *const words[] = {"10.0.0.", "nginx", ":80", "0.1:1", "sshd", "80"};
	struct bed *bed = *state, fresh = *bed;
	uint32_t random = 1;

	own_all(bed);
	for (size_t i = 0; i < 400; i++) {
		const char *word = words[i / 40 % 6];
		char text[16];
		size_t length;

		random = random * 1664525 + 1013904223;
		length = random >> 16 & 1 ? i % (strlen(word) + 1) : (random >> 20) % (strlen(word) + 1);
		snprintf(text, sizeof(text), "%.*s", (int)length, word);
		/* Owners become known while somebody types. */
		if (i % 50 == 49) {
			own(bed, i / 50 % FLOWS, add(bed, (uint32_t)i, 0, i % 100 == 49 ? "ng" : "ss", ""));
			owner_table_touch(bed->owners);
		}
		set_filter(bed, text);
		assert_int_equal(view_arrange(bed->view), 0);
		assert_int_equal(view_new(COLUMN_BPS, &fresh.view), 0);
		view_set_owners(fresh.view, bed->owners);
		view_set_snapshot(fresh.view, bed->snapshot);
		set_filter(&fresh, text);
		assert_int_equal(view_arrange(fresh.view), 0);
		assert_int_equal(view_count(bed->view), view_count(fresh.view));
		view_free(fresh.view);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(orders),
		TEST(sums_by_iface),
		TEST(known_later),
		TEST(filters),
		TEST(typing),
		TEST(names),
		TEST(groups),
		cmocka_unit_test_setup_teardown(changes_meanwhile, set_up_many, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
