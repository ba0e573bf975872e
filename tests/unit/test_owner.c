/* SPDX-License-Identifier: MIT */
/* The table of owners, what is made of it in groups, filters and the report, and unit names. */
#include "owner.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <netinet/in.h>

#include "filter.h"
#include "group.h"
#include "report_bed.h"

static const struct owner nginx = {.pid = 1234,
				   .uid = 33,
				   .start_ns = 1000,
				   .comm = "nginx",
				   .exe = "/usr/sbin/nginx",
				   .user = "www-data",
				   .cgroup = "/system.slice/nginx.service",
				   .unit = "nginx.service"};

static struct owner_table *new_table(void)
{
	struct owner_table *table;

	assert_int_equal(owner_table_new(&table), 0);
	return table;
}

static uint32_t add(struct owner_table *table, const struct owner *owner)
{
	uint32_t id = 0;

	assert_int_equal(owner_table_add(table, owner, &id), 0);
	return id;
}

static void equal_owners_are_one(void **state)
{
	struct owner_table *table = new_table();
	char comm[] = "nginx";
	struct owner same = nginx, reused = nginx;
	uint32_t id = add(table, &nginx);

	same.comm = comm;
	assert_int_equal(add(table, &same), id);
	comm[0] = 'x'; /* the table has its own copy */
	assert_string_equal(owner_table_get(table, id)->comm, "nginx");
	reused.start_ns++;
	assert_int_not_equal(add(table, &reused), id);
	assert_int_equal(owner_table_count(table), 2);
	owner_table_free(table);
}

static void what_is_no_process(void **state)
{
	struct owner_table *table = new_table();

	assert_string_equal(owner_table_get(table, OWNER_UNKNOWN)->comm, "-");
	assert_string_equal(owner_table_get(table, OWNER_KERNEL)->comm, "kernel");
	assert_string_equal(owner_table_get(table, OWNER_FORWARDED)->comm, "forwarded");
	assert_string_equal(owner_table_get(NULL, OWNER_KERNEL)->comm, "-");
	/* An id that nobody has given out. */
	assert_string_equal(owner_table_get(table, 1U << 30)->comm, "-");
	assert_int_equal(owner_table_representative(table, OWNER_KERNEL, OWNER_USER), OWNER_KERNEL);
	assert_int_equal(owner_table_representative(table, 99999, OWNER_USER), OWNER_UNKNOWN);
	owner_table_free(table);
}

static void representatives(void **state)
{
	struct owner_table *table = new_table();
	struct owner other = nginx, renamed = nginx, replaced = nginx, bare = nginx;
	uint32_t first = add(table, &nginx), id;

	renamed.comm = "nginx: worker";
	id = add(table, &renamed);
	assert_int_not_equal(id, first);
	assert_int_equal(owner_table_representative(table, id, OWNER_PROCESS), id);
	replaced.exe = "/usr/sbin/nginx.new";
	id = add(table, &replaced);
	assert_int_not_equal(id, first);
	assert_string_equal(owner_table_get(table, id)->exe, "/usr/sbin/nginx.new");
	assert_int_equal(owner_table_representative(table, id, OWNER_PROCESS), first);
	other.pid = 5;
	id = add(table, &other);
	assert_int_equal(owner_table_representative(table, id, OWNER_PROCESS), id);
	assert_int_equal(owner_table_representative(table, id, OWNER_CONTAINER), first);
	assert_int_equal(owner_table_representative(table, id, OWNER_USER), first);
	bare.unit = "";
	id = add(table, &bare);
	assert_int_equal(owner_table_representative(table, id, OWNER_CONTAINER), OWNER_UNKNOWN);
	owner_table_free(table);
}

struct reading {
	struct owner_table *table;
	unsigned int wrong;
};

/* Everything below the count is whole, whenever one looks. */
static void *read_all(void *arg)
{
	struct reading *reading = arg;
	uint32_t count;

	do {
		count = owner_table_count(reading->table);
		for (uint32_t id = OWNER_FIRST; id < OWNER_FIRST + count; id++) {
			const struct owner *owner = owner_table_get(reading->table, id);
			char comm[32];

			snprintf(comm, sizeof(comm), "process-%u", id - OWNER_FIRST);
			reading->wrong += owner->pid != id || strcmp(owner->comm, comm) != 0;
		}
	} while (count < 3000);
	return NULL;
}

static void readers_need_no_lock(void **state)
{
	struct reading reading = {.table = new_table()};
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, read_all, &reading), 0);
	for (uint32_t i = 0; i < 3000; i++) {
		struct owner owner = nginx;
		char comm[32];

		snprintf(comm, sizeof(comm), "process-%u", i);
		owner.pid = OWNER_FIRST + i;
		owner.comm = comm;
		assert_int_equal(add(reading.table, &owner), OWNER_FIRST + i);
	}
	pthread_join(thread, NULL);
	assert_int_equal(reading.wrong, 0);
	owner_table_free(reading.table);
}

static void table_is_bounded(void **state)
{
	struct owner_table *table = new_table();
	struct owner owner = nginx;
	uint32_t id;

	for (owner.pid = OWNER_FIRST; owner.pid < OWNERS_MAX; owner.pid++)
		add(table, &owner);
	assert_int_equal(owner_table_add(table, &owner, &id), -ENOSPC);
	owner.pid = OWNER_FIRST; /* one that is there is still found */
	assert_int_equal(add(table, &owner), OWNER_FIRST);
	owner_table_free(table);
}

static void units(void **state)
{
#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	static const char *const cases[][2] = {
		{"", ""},
		{"/", ""},
		{"/system.slice/ssh.service", "ssh.service"},
		{"/system.slice/ssh.service/", "ssh.service"},
		{"/user.slice/user-1000.slice/session-3.scope", "session-3.scope"},
		{"/user.slice/user-1000.slice/user@1000.service/app.slice/foo.service/sub",
		 "foo.service"},
		{"/system.slice/docker-" HEX64 ".scope", "0123456789ab"},
		{"/docker/" HEX64, "0123456789ab"},
		{"/machine.slice/libpod-" HEX64 ".scope/container", "0123456789ab"},
		{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-"
		 "pod0a1b2c3d_4e5f_6789_abcd_ef0123456789.slice/cri-containerd-" HEX64 ".scope",
		 "0123456789ab"},
		{"/kubepods.slice/kubepods-pod0a1b2c3d_4e5f_6789_abcd_ef0123456789.slice",
		 "pod 0a1b2c3d"},
		{"/kubepods/burstable/pod0a1b2c3d-4e5f-6789-abcd-ef0123456789", "pod 0a1b2c3d"},
		{"/kubepods/besteffort", "besteffort"},
		{"/lxc.payload.web/system.slice/cron.service", "web"},
		{"/init.scope", "init.scope"},
		{"/some/group", "group"},
		{"/x" HEX64, "x" HEX64},
	};
	char text[OWNER_TEXT_MAX], small[6];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(owner_unit(cases[i][0], text, sizeof(text)), cases[i][1]);
	assert_string_equal(owner_unit("/system.slice/ssh.service", small, sizeof(small)), "ssh.s");
}

/* 200 flows of random owners. */
static void fill(struct bed *bed, struct owner_table *table)
{
	uint32_t ids[6] = {OWNER_UNKNOWN, OWNER_KERNEL, OWNER_FORWARDED};
	struct owner owner = nginx;
	unsigned int random = 1;

	ids[3] = add(table, &owner);
	owner.pid = 77;
	owner.comm = "evil\x1b[31m\xff";
	ids[4] = add(table, &owner);
	owner.uid = 0;
	owner.user = "root";
	owner.unit = owner.cgroup = "";
	owner.own = true;
	ids[5] = add(table, &owner);
	for (unsigned int i = 0; i < 200; i++) {
		struct flow_key key = bed_tcp_key((uint16_t)(1000 + i), i % 2);
		struct ledger_flow *flow;

		random = random * 1103515245 + 12345;
		bed_add(bed, &key, 1 + i, 100 * i + 60);
		flow = (struct ledger_flow *)ledger_get(bed->ledger, i);
		flow->owner = ids[random >> 16 & 7U ? (random >> 16) % 6 : 0];
	}
	bed_finish(bed);
	bed->report.owners = table;
}

static uint64_t packets_of(const json_t *array)
{
	uint64_t sum = 0;
	const json_t *row;
	size_t i;

	json_array_foreach(array, i, row) sum +=
		(uint64_t)json_integer_value(json_object_get(row, "packets"));
	return sum;
}

static void every_view_has_the_same_sum(void **state)
{
	struct bed *bed = *state;
	struct owner_table *table = new_table();

	fill(bed, table);
	for (int by = 0; by < GROUPS; by++) {
		json_t *array;

		bed->report.by = (enum group_by)by;
		array = bed_json(&bed->report);
		assert_int_equal(packets_of(array), 200 * 201 / 2);
		if (by == GROUP_PROCESS)
			assert_int_equal(json_array_size(array), 3 + 2);
		json_decref(array);
	}
	owner_table_free(table);
}

/* Members are there when they are known, and their text is safe. */
static void members(void **state)
{
	struct bed *bed = *state;
	struct owner_table *table = new_table();
	size_t counted[5] = {0}, i;
	const json_t *row;
	json_t *array;

	fill(bed, table);
	array = bed_json(&bed->report);
	json_array_foreach(array, i, row)
	{
		const json_t *comm = json_object_get(row, "comm");
		bool process = json_object_get(row, "pid");

		assert_true(process == !!json_object_get(row, "user"));
		assert_true(process == !!json_object_get(row, "cgroup"));
		if (!comm) {
			assert_false(process);
			counted[0]++;
		} else if (!process) {
			assert_true(!strcmp(json_string_value(comm), "kernel") ||
				    !strcmp(json_string_value(comm), "forwarded"));
			counted[1]++;
		} else if (json_object_get(row, "own")) {
			assert_string_equal(json_string_value(comm), "evil\\x1b[31m\\xff");
			counted[2]++;
		} else {
			counted[3]++;
		}
	}
	for (i = 0; i < 4; i++)
		assert_true(counted[i] > 0);
	json_decref(array);
	owner_table_free(table);
}

static bool passes(const char *text, const struct owner *owner)
{
	struct flow_key key = bed_tcp_key(1, 1);
	struct filter_subject subject = {.key = &key, .owner = owner};
	struct filter *filter;
	char why[80] = "";
	size_t column;
	bool match;

	if (filter_parse(text, &filter, why, sizeof(why), &column))
		fail_msg("\"%s\": %s at %zu", text, why, column);
	assert_true(filter_uses_owners(filter));
	match = filter_match(filter, &subject);
	filter_free(filter);
	return match;
}

static void filters(void **state)
{
	static const char *const yes[] = {"pid 1234",
					  "uid 33",
					  "comm NGI",
					  "user www",
					  "cgroup system",
					  "nginx",
					  "cgroup nginx.service",
					  "not pid 1",
					  "pid 1234 and comm nginx"};
	static const char *const no[] = {"pid 123",   "uid 3",	       "comm apache",
					 "user root", "cgroup docker", "apache"};
	const struct owner *unknown = owner_table_get(NULL, OWNER_UNKNOWN);

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (!passes(yes[i], &nginx))
			fail_msg("%s", yes[i]);
	}
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		if (passes(no[i], &nginx) || passes(no[i], NULL))
			fail_msg("%s", no[i]);
	}
	assert_false(passes("uid 0", unknown));
	assert_false(passes("pid 0", unknown));
}

static void ledger_keeps_the_owner(void **state)
{
	struct bed *bed = *state;
	struct flow_key key = bed_tcp_key(1, 1);
	struct snapshot *snapshot;
	struct flow_table_entry *entry;

	bed_add(bed, &key, 1, 60);
	assert_int_equal(ledger_snapshot(bed->ledger, 1, &snapshot), 0);
	entry = (struct flow_table_entry *)snapshot_entry(snapshot, 0);
	assert_int_equal(entry->owner, OWNER_UNKNOWN);
	entry->owner = 17;
	ledger_take_owners(bed->ledger);
	assert_int_equal(ledger_get(bed->ledger, 0)->owner, 17);
	entry->owner = 18; /* which is known of it when it leaves the recent flows */
	snapshot_unref(snapshot);
	/* It comes back in an entry of its own. */
	assert_int_equal(ledger_snapshot(bed->ledger, 1000000000000, &snapshot), 0);
	assert_int_equal(ledger_get(bed->ledger, 0)->owner, 18);
	snapshot_unref(snapshot);
	bed_add(bed, &key, 1, 60);
	assert_int_equal(ledger_snapshot(bed->ledger, 1000000000001, &snapshot), 0);
	assert_int_equal(snapshot_entry(snapshot, snapshot->count - 1)->owner, 18);
	snapshot_unref(snapshot);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bed_set_up, bed_tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_owners_are_one),
		cmocka_unit_test(what_is_no_process),
		cmocka_unit_test(representatives),
		cmocka_unit_test(readers_need_no_lock),
		cmocka_unit_test(table_is_bounded),
		cmocka_unit_test(units),
		cmocka_unit_test(filters),
		TEST(every_view_has_the_same_sum),
		TEST(members),
		TEST(ledger_keeps_the_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
