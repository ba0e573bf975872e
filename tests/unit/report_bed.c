/* SPDX-License-Identifier: MIT */
/* See report_bed.h. */
#include "report_bed.h"

#include <stdlib.h>
#include <string.h>

#include "one_iface.h"

void bed_add(struct bed *bed, const struct flow_key *key, uint64_t packets, uint64_t bytes)
{
	ledger_add(bed->ledger, key, packets, bytes);
	bed->counted[FLOW_WHERE_DIR(key->where)].packets += packets;
	bed->counted[FLOW_WHERE_DIR(key->where)].bytes += bytes;
}

void bed_finish(struct bed *bed)
{
	snapshot_unref(bed->last);
	assert_int_equal(ledger_snapshot(bed->ledger, 1, &bed->last), 0);
	bed->report.health.hook.packets = 0;
	bed->report.health.hook.bytes = 0;
	for (int dir = 0; dir < FLOW_DIRS; dir++) {
		bed->report.dir[dir].total = bed->counted[dir];
		bed->report.dir[dir].peak_bps = 2e6;
		bed->report.dir[dir].peak_pps = 3e3;
		bed->report.health.hook.packets += bed->counted[dir].packets;
		bed->report.health.hook.bytes += bed->counted[dir].bytes;
	}
}

uint32_t bed_add_owner(struct bed *bed, uint32_t pid, uint32_t uid, const char *comm,
		       const char *cgroup)
{
	char user[16], unit[OWNER_TEXT_MAX];
	struct owner owner = {.pid = pid,
			      .uid = uid,
			      .start_ns = 1000 + pid,
			      .comm = comm,
			      .exe = "/usr/bin/true",
			      .user = user,
			      .cgroup = cgroup,
			      .unit = unit};
	uint32_t id;

	snprintf(user, sizeof(user), "u%u", uid);
	owner_unit(cgroup, unit, sizeof(unit));
	assert_int_equal(owner_table_add(bed->owners, &owner, &id), 0);
	return id;
}

void bed_set_owner(struct bed *bed, const struct flow_key *key, uint32_t owner)
{
	for (size_t i = 0; i < bed->last->count; i++) {
		/* Its entry is shared with the ledger, which writes to it as well. */
		struct flow_table_entry *entry =
			(struct flow_table_entry *)snapshot_entry(bed->last, i);

		if (memcmp(&entry->key, key, sizeof(*key)) == 0)
			atomic_store(&entry->owner, owner);
	}
	ledger_take_owners(bed->ledger);
}

int bed_set_up(void **state)
{
	struct bed *bed = calloc(1, sizeof(*bed));

	assert_non_null(bed);
	assert_int_equal(ledger_new(100000, 0, &bed->ledger), 0);
	assert_int_equal(owner_table_new(&bed->owners), 0);
	ledger_begin(bed->ledger, START_NS, START_NS + S);
	assert_int_equal(ifaces_new_one("eth0", &bed->ifaces), 0);
	bed->report = (struct report){
		.ledger = bed->ledger,
		.ifaces = bed->ifaces,
		.attach = "tcx",
		.ended = "timeout",
		.start_wall_ns = START_NS,
		.running_ns = 4 * S,
		.sort = COLUMN_BPS,
	};
	*state = bed;
	return 0;
}

int bed_tear_down(void **state)
{
	struct bed *bed = *state;

	filter_free(bed->filter);
	snapshot_unref(bed->last);
	owner_table_free(bed->owners);
	ledger_free(bed->ledger);
	ifaces_unref(bed->ifaces);
	free(bed);
	return 0;
}

char *bed_text(const struct report *report, int (*write)(const struct report *, FILE *))
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(write(report, out), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

json_t *bed_json(const struct report *report)
{
	char *text = bed_text(report, report_json);
	json_error_t error;
	json_t *array = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	if (!array)
		fail_msg("%s in %s", error.text, text);
	assert_true(json_is_array(array));
	free(text);
	return array;
}

void bed_add_sum(struct bed *bed, enum flow_sum sum, uint16_t detail, uint16_t ethertype,
		 uint64_t packets)
{
	struct flow_key key = {.sport = (uint16_t)sum,
			       .dport = detail,
			       .ethertype = ethertype,
			       .ipproto = FLOW_PROTO_NONE};

	bed_add(bed, &key, packets, 100 * packets);
}

struct flow_key bed_tcp_key(uint8_t last, uint16_t sport)
{
	return (struct flow_key){.src = IPV4(10, 0, 0, last),
				 .dst = IPV4(192, 168, 200, (uint8_t)(255 - last)),
				 .sport = sport,
				 .dport = 443,
				 .ethertype = 0x0800,
				 .ipproto = 6};
}

void bed_check_has(const char *text, const char *line)
{
	if (strstr(text, line))
		return;
	fputs(text, stderr); /* a message of cmocka is cut at 1,024 bytes */
	fail_msg("no '%s' in that", line);
}
