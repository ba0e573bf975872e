/* SPDX-License-Identifier: MIT */
/* The report with owners, host names, several interfaces, and what --hide-own leaves out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "report_bed.h"

/* Flows 1 and 2 are one process's, 3 another's, 4 the kernel's; of 5 nobody knows. */
static void fill(struct bed *bed)
{
	uint32_t owner[6] = {0};

	for (uint8_t i = 1; i <= 5; i++) {
		struct flow_key key = bed_tcp_key(i, i);

		bed_add(bed, &key, i, 1000U * i);
	}
	bed_finish(bed);
	owner[1] = owner[2] = bed_add_owner(bed, 1234, 33, "nginx", "/system.slice/nginx.service");
	owner[3] = bed_add_owner(bed, 77, 0, "evil\x1b[2J", "/");
	owner[4] = OWNER_KERNEL;
	for (uint8_t i = 1; i <= 5; i++) {
		struct flow_key key = bed_tcp_key(i, i);

		bed_set_owner(bed, &key, owner[i]);
	}
	bed->report.owners = bed->owners;
}

static void check_table(struct bed *bed, const char *const *lines, size_t count)
{
	char *text = bed_text(&bed->report, report_table);

	for (size_t i = 0; i < count; i++)
		bed_check_has(text, lines[i]);
	assert_null(strchr(text, '\x1b'));
	free(text);
}

static void check_lacks(struct bed *bed, const char *word)
{
	char *text = bed_text(&bed->report, report_table);

	if (strstr(text, word))
		fail_msg("'%s' in %s", word, text);
	free(text);
}

#define CHECK_TABLE(bed, ...)                                \
	check_table(bed, (const char *const[]){__VA_ARGS__}, \
		    sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void columns_of_flows(void **state)
{
	struct bed *bed = *state;

	fill(bed);
	CHECK_TABLE(bed, "DESTINATION          PROCESS       PID  USER  CONTAINER ",
		    "192.168.200.254:443  nginx        1234  u33   nginx.service ",
		    "192.168.200.252:443  evil\\x1b[2J    77  u0 ", "192.168.200.251:443  kernel ",
		    "192.168.200.250:443  - ");
	bed->report.owners = NULL;
	check_lacks(bed, "PROCESS");
}

/* A column where nothing is known is not there. */
static void nothing_known(void **state)
{
	struct bed *bed = *state;
	struct flow_key key = bed_tcp_key(9, 9);

	bed_add(bed, &key, 1, 60);
	bed_finish(bed);
	bed->report.owners = bed->owners;
	bed_add_owner(bed, 1, 0, "init", "/init.scope"); /* of no flow */
	check_lacks(bed, "PROCESS");
	bed_set_owner(bed, &key, OWNER_FORWARDED);
	CHECK_TABLE(bed, "PROCESS", "forwarded");
	check_lacks(bed, "USER");
}

static void groups(void **state)
{
	struct bed *bed = *state;

	fill(bed);
	bed->report.by = GROUP_PROCESS;
	CHECK_TABLE(bed, "PROCESS           USER  CONTAINER ",
		    "\n  nginx (1234)      u33   nginx.service ", "\n  evil\\x1b[2J (77)  u0 ",
		    "\n  kernel ", "\n  - ");
	bed->report.by = GROUP_USER;
	CHECK_TABLE(bed, "\n  USER ", "\n  u33 ", "\n  u0 ", "\n  kernel ", "\n  - ");
	bed->report.by = GROUP_CONTAINER;
	CHECK_TABLE(bed, "\n  CONTAINER ", "\n  nginx.service ", "\n  kernel ", "\n  - ");
}

/* Which processes have most, where the rows are not processes; sums come after all of it. */
static void processes_and_sums(void **state)
{
	struct bed *bed = *state;
	char *text;

	fill(bed);
	bed->report.width = 80;
	CHECK_TABLE(bed, "\n  PROCESS           USER  BYTES IN  BYTES OUT  PACKETS   SHARE\n",
		    "\n  nginx (1234)      u33      3,000          0        3  20.0 %",
		    "\n  evil\\x1b[2J (77)  u0       3,000          0        3  20.0 %");
	text = bed_text(&bed->report, report_table);
	assert_true(strstr(text, "nginx (1234)") < strstr(text, "\n  TOTAL"));
	assert_true(strstr(text, "\n  TOTAL") < strstr(text, "\nAccounting"));
	free(text);
	bed->report.by = GROUP_PROCESS;
	check_lacks(bed, "BYTES OUT  PACKETS   SHARE\n  -");
	bed->report.by = GROUP_FLOW;
	bed->report.sort = COLUMN_BYTES;
	bed->report.reverse = true;
	bed->report.limit = 1;
	/* The smallest. */
	CHECK_TABLE(bed, "192.168.200.254:443");
	check_lacks(bed, "192.168.200.250:443  -");
}

static void check_json_of(struct bed *bed, enum group_by by, size_t i, const char *expected)
{
	json_t *array, *row;
	char *text;

	bed->report.by = by;
	array = bed_json(&bed->report);
	row = json_array_get(array, i);
	for (const char *const *name =
		     (const char *const[]){"bytes", "packets", "bitrate", "bytesIn", "packetsIn",
					   "bytesOut", "packetsOut", "flows", "firstSeen",
					   "lastSeen", "share", NULL};
	     *name; name++)
		json_object_del(row, *name);
	text = json_dumps(row, JSON_COMPACT | JSON_PRESERVE_ORDER);
	assert_string_equal(text, expected);
	free(text);
	json_decref(array);
}

/* What names a group is there, also when its flows differ in all else. */
static void members_of_groups(void **state)
{
	struct bed *bed = *state;

	fill(bed);
	bed->report.sort = COLUMN_SOURCE; /* by name, the unknown last */
	check_json_of(bed, GROUP_PROCESS, 0,
		      "{\"pid\":77,\"comm\":\"evil\\\\x1b[2J\",\"exe\":\"/usr/bin/true\","
		      "\"user\":\"u0\",\"cgroup\":\"/\",\"container\":\"\"}");
	check_json_of(bed, GROUP_PROCESS, 1, "{\"comm\":\"kernel\"}");
	check_json_of(bed, GROUP_PROCESS, 3, "{}");
	check_json_of(bed, GROUP_USER, 2, "{\"user\":\"u33\"}");
	check_json_of(bed, GROUP_CONTAINER, 1, "{\"container\":\"nginx.service\"}");
	check_json_of(bed, GROUP_CONTAINER, 0, "{\"comm\":\"kernel\"}");
}

/* Two processes of one user: the user stands, the process does not. */
static void mixed_groups(void **state)
{
	struct bed *bed = *state;
	struct flow_key key = bed_tcp_key(5, 5);

	fill(bed);
	bed_set_owner(bed, &key,
		      bed_add_owner(bed, 4321, 33, "other", "/system.slice/nginx.service"));
	bed->report.sort = COLUMN_SOURCE;
	check_json_of(bed, GROUP_USER, 2, "{\"user\":\"u33\"}");
	check_json_of(bed, GROUP_CONTAINER, 1, "{\"container\":\"nginx.service\"}");
	check_json_of(bed, GROUP_PROTOCOL, 0, "{\"proto\":\"TCP\",\"ipProto\":6}");
}

/* Where there is a column of processes, it says so. */
static void several(void **state)
{
	struct bed *bed = *state;

	for (uint16_t i = 1; i <= 3; i++) {
		struct flow_key key = bed_tcp_key(i == 3 ? 2 : 1, i);

		bed_add(bed, &key, 1, 60);
	}
	bed_finish(bed);
	bed->report.owners = bed->owners;
	bed->report.by = GROUP_HOST;
	check_lacks(bed, "PROCESS");
	for (uint16_t i = 1; i <= 2; i++) {
		struct flow_key key = bed_tcp_key(1, i);

		bed_set_owner(bed, &key, bed_add_owner(bed, i, i, "x", "/"));
	}
	CHECK_TABLE(bed, "\n  10.0.0.1  several ", "\n  10.0.0.2  - ");
}

static void sorted_by_owner(void **state)
{
	static const struct {
		enum column sort;
		int port[5];
	} cases[] = {
		{COLUMN_PROCESS, {3, 4, 1, 2, 5}}, {COLUMN_PID, {2, 1, 3, 5, 4}},
		{COLUMN_USER, {3, 2, 1, 5, 4}},	   {COLUMN_CONTAINER, {2, 1, 5, 4, 3}},
		{COLUMN_IFACE, {5, 4, 3, 2, 1}},
	};
	struct bed *bed = *state;

	fill(bed);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *array;

		bed->report.sort = cases[i].sort;
		array = bed_json(&bed->report);
		for (size_t j = 0; j < 5; j++) {
			const json_t *row = json_array_get(array, j);

			assert_int_equal(json_integer_value(json_object_get(row, "srcPort")),
					 cases[i].port[j]);
		}
		json_decref(array);
	}
}

static void host_names(void **state)
{
	struct bed *bed = *state;
	struct flow_key key = bed_tcp_key(1, 5);
	struct name_cache *names;
	json_t *array;

	assert_int_equal(name_cache_new(10, &names), 0);
	name_cache_put(names, key.src, "client.example", NAME_DNS, 60);
	bed_add(bed, &key, 1, 60);
	key.sport = 8;
	key.dport = 0;
	key.ipproto = 1;
	bed_add(bed, &key, 1, 50);
	bed_finish(bed);
	bed->report.names = names;
	CHECK_TABLE(bed, "  client.example:5             192.168.200.254:443 ",
		    "  client.example echo-request  192.168.200.254 ", "\n  client.example  ");
	array = bed_json(&bed->report);
	assert_string_equal(json_string_value(json_object_get(json_array_get(array, 0), "srcName")),
			    "client.example");
	assert_string_equal(json_string_value(json_object_get(json_array_get(array, 0), "srcIp")),
			    "10.0.0.1");
	assert_null(json_object_get(json_array_get(array, 0), "dstName"));
	json_decref(array);
	bed->report.by = GROUP_CONVERSATION;
	CHECK_TABLE(bed, "client.example:5");
	bed->report.by = GROUP_HOST;
	CHECK_TABLE(bed, "\n  client.example ");
	name_cache_free(names);
}

static void several_interfaces(void **state)
{
	static const char *const names[] = {"eth0", "gone\x1b", "bad", "br0"};
	struct bed *bed = *state;
	struct flow_key key = bed_tcp_key(1, 1);

	ifaces_unref(bed->ifaces);
	assert_int_equal(ifaces_new(4, &bed->ifaces), 0);
	for (size_t i = 0; i < 4; i++)
		memcpy(bed->ifaces->entry[i].name, names[i], strlen(names[i]));
	bed->ifaces->entry[1].state = IFACE_GONE;
	bed->ifaces->entry[1].since_wall_ns = START_NS;
	bed->ifaces->entry[2].state = IFACE_FAILED;
	bed->ifaces->entry[2].error = -ENODEV;
	bed->ifaces->entry[3].state = IFACE_LEFT_OUT;
	bed->report.ifaces = bed->ifaces;
	bed_add(bed, &key, 3, 300);
	key.where = FLOW_WHERE(1, FLOW_OUT);
	bed_add(bed, &key, 7, 77000);
	bed_finish(bed);
	setenv("TZ", "UTC", 1);
	CHECK_TABLE(
		bed,
		"Watched  eth0, gone\\x1b (gone at 14:03:22), bad (not watched: No such device),\n"
		"         br0 (left out by --dedup) (tcx) for 4.0 s\n",
		"\n  INTERFACE  BYTES IN  BYTES OUT  PACKETS IN  PACKETS OUT\n"
		"  gone\\x1b          0     77,000           0            7\n"
		"  eth0            300          0           3            0\n\n",
		"IFACE", "gone\\x1b  10.0.0.1:1");
	bed->report.limit = 1;
	CHECK_TABLE(bed, "  and 1 more\n");
}

/* What those counted that gave up their slots has a name that is none of theirs. */
static void interfaces_long_gone(void **state)
{
	struct flow_key key = flow_key_of_sum(FLOW_SUM_GONE, FLOW_CLASS_TCP, 0,
					      FLOW_WHERE(FLOW_SLOT_GONE, FLOW_IN));
	struct bed *bed = *state;
	struct ifaces_entry *entry;

	ifaces_unref(bed->ifaces);
	assert_int_equal(ifaces_new(FLOW_IFACES_MAX, &bed->ifaces), 0);
	for (unsigned int slot = 0; slot < FLOW_IFACES_MAX; slot++)
		bed->ifaces->entry[slot].state = IFACE_FREE;
	entry = bed->ifaces->entry;
	entry[3] = (struct ifaces_entry){.name = "eth0", .state = IFACE_WATCHED};
	entry[FLOW_SLOT_GONE] = (struct ifaces_entry){.name = IFACES_SUM_NAME, .state = IFACE_SUM};
	bed->ifaces->given_up = 1234;
	bed->report.ifaces = bed->ifaces;
	bed_add(bed, &key, 7, 77000);
	key = bed_tcp_key(1, 1);
	key.where = FLOW_WHERE(3, FLOW_IN);
	bed_add(bed, &key, 3, 300);
	bed_finish(bed);
	CHECK_TABLE(bed, "Watched  eth0, 1,234 more that are gone (tcx) for 4.0 s\n",
		    "\n  any gone     77,000          0           7            0\n"
		    "  eth0            300          0           3            0\n\n",
		    "any gone  interfaces gone: TCP");
}

static void hidden_flows(void **state)
{
	struct bed *bed = *state;
	struct filter *hidden;
	json_t *array;
	char why[80];
	size_t column;

	fill(bed);
	assert_int_equal(filter_parse("port 2", &hidden, why, sizeof(why), &column), 0);
	bed->report.hidden = hidden;
	CHECK_TABLE(bed, "own session, left out above: 2 packets, 2,000 bytes\n",
		    "packets seen 15 = in rows 15 + other 0\n", "  in, shown        13  13,000 ",
		    "exact: every packet seen is in one row\n");
	check_lacks(bed, "10.0.0.2");
	check_lacks(bed, "filtered");
	array = bed_json(&bed->report);
	assert_int_equal(json_array_size(array), 4);
	json_decref(array);
	filter_free(hidden);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		REPORT_TEST(columns_of_flows),
		REPORT_TEST(processes_and_sums),
		REPORT_TEST(nothing_known),
		REPORT_TEST(groups),
		REPORT_TEST(members_of_groups),
		REPORT_TEST(mixed_groups),
		REPORT_TEST(several),
		REPORT_TEST(sorted_by_owner),
		REPORT_TEST(host_names),
		REPORT_TEST(several_interfaces),
		REPORT_TEST(interfaces_long_gone),
		REPORT_TEST(hidden_flows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
