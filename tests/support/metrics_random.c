/* SPDX-License-Identifier: MIT */
/*
 * metrics_random SEED PROMETHEUS OPENMETRICS: writes metrics of random flows of interfaces, processes and
 * containers with hostile names, in both formats; to standard output a line for each name, in
 * hexadecimal, and the sums of what was counted, for other readers to be compared with.
 */
#include <err.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics.h"
#include "random.h"
#include "snapshot.h"

#define IFACES	 6
#define OWNERS	 40
#define FLOWS	 300
#define ROUNDS	 5
#define SERIES	 20
#define NAME_MAX_RANDOM 140 /* longer than texts that are kept */

static uint64_t state;

static uint64_t next_number(void)
{
	return random_next(&state);
}

/* What breaks formats: quotes, ends of lines, escapes, other formats' signs, UTF-8 whole and broken. */
static const char *const pieces[] = {
	"\"", "\\", "\n", "\r", "{", "}", ",", "=", "\\n", "\\\"", " ", "\t", "#", "# HELP ", "\x1b[31m",
	"\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xff", "\xc3", "\xe2\x82", "\xed\xa0\x80", "\xe2\x80\xa8",
	"\xe2\x80\xae", "\xc2\x85", "\x7f", "\x01", "other", "retired", "\"} 1\n", "a", "B", "7", "%s", "'", ";",
	"\nx 1\n", "# EOF\n", "NaN",
};

static void draw_name(const char *kind, char *name, size_t size)
{
	size_t used = 0, many = 1 + next_number() % 24;

	while (many--) {
		const char *piece =
			pieces[next_number() % (sizeof(pieces) / sizeof(pieces[0]))];

		if (used + strlen(piece) >= size)
			break;
		memcpy(name + used, piece, strlen(piece));
		used += strlen(piece);
	}
	name[used] = '\0';
	printf("%s ", kind);
	for (size_t i = 0; i < used; i++)
		printf("%02x", (unsigned char)name[i]);
	printf("\n");
}

static struct ifaces *draw_ifaces(void)
{
	struct ifaces *ifaces;

	if (ifaces_new(IFACES, &ifaces))
		errx(1, "no memory");
	for (unsigned int i = 0; i < IFACES; i++) {
		struct ifaces_entry *entry = &ifaces->entry[i];

		entry->state = IFACE_WATCHED;
		entry->lower_slot = -1;
		draw_name("interface", entry->name, sizeof(entry->name));
	}
	ifaces->watched = IFACES;
	return ifaces;
}

static struct owner_table *draw_owners(uint32_t id[OWNERS])
{
	struct owner_table *owners;

	if (owner_table_new(&owners))
		errx(1, "no memory");
	for (uint32_t i = 0; i < OWNERS; i++) {
		char comm[NAME_MAX_RANDOM], unit[NAME_MAX_RANDOM];
		struct owner owner = {.pid = 100 + i,
				      .comm = comm,
				      .exe = "",
				      .user = "0",
				      .cgroup = "",
				      .unit = unit};

		draw_name("process", comm, sizeof(comm));
		draw_name("container", unit, sizeof(unit));
		if (owner_table_add(owners, &owner, &id[i]))
			errx(1, "no memory");
	}
	return owners;
}

static struct changed_flow draw_flow(const uint32_t owner[OWNERS])
{
	static const uint8_t protos[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, 47, 200};
	struct changed_flow flow = {
		.key = {.ethertype = ETH_P_IP,
			.ipproto = protos[next_number() % sizeof(protos)],
			.sport = (uint16_t)next_number(),
			.dport = (uint16_t)(next_number() % 50),
			.where = (uint8_t)FLOW_WHERE(next_number() % IFACES, next_number() % 2)},
		.owner = owner[next_number() % OWNERS],
	};

	for (int i = 10; i < 12; i++)
		flow.key.src[i] = flow.key.dst[i] = 0xff;
	flow.key.dst[12] = 10;
	flow.key.dst[15] = (uint8_t)(next_number() % 60);
	flow.delta.packets = 1 + next_number() % 1000;
	flow.delta.bytes = flow.delta.packets * (60 + next_number() % 1400);
	flow.total = flow.delta;
	return flow;
}

static void take_round(struct metrics *metrics, struct snapshot *now, const uint32_t owner[OWNERS],
		       struct flow_counts sum[FLOW_DIRS])
{
	static struct changed_flow flows[FLOWS];
	struct change change = {
		.now = now, .elapsed_ns = 1000000000, .flow = flows, .count = FLOWS};

	for (size_t i = 0; i < FLOWS; i++) {
		flows[i] = draw_flow(owner);
		flow_counts_add(&sum[flow_key_dir(&flows[i].key)], &flows[i].delta);
	}
	if (metrics_take(metrics, &change))
		errx(1, "no memory");
}

static void write_text(const struct metrics *metrics, enum metrics_format format, const char *path)
{
	struct text text = {0};
	FILE *file = fopen(path, "w");

	if (!file)
		err(1, "%s", path);
	metrics_write(metrics, format, &text);
	if (text.failed || fwrite(text.at, 1, text.used, file) != text.used || fclose(file))
		errx(1, "cannot write %s", path);
	text_done(&text);
}

int main(int argc, char **argv)
{
	const char *limits[2] = {"in bps > 1k", "process \"a\\\"}\n\xff\" pps > 1"};
	struct flow_counts sum[FLOW_DIRS] = {{0}};
	uint32_t owner[OWNERS];
	struct owner_table *owners;
	struct metrics *metrics;
	struct snapshot *now;
	struct alerts *alerts;

	if (argc != 4)
		errx(2, "usage: metrics_random SEED PROMETHEUS OPENMETRICS");
	state = strtoull(argv[1], NULL, 10);
	owners = draw_owners(owner);
	if (snapshot_new(0, &now) || alerts_new(limits, 2, &alerts) ||
	    metrics_new(&(struct metrics_options){.series = SERIES,
						  .alerts = alerts,
						  .program_version = "1\"\\"},
			&metrics))
		errx(1, "no memory");
	now->ifaces = draw_ifaces();
	metrics_prepare(metrics, 0, &(const struct about_tables){.owners = owners});
	for (int round = 0; round < ROUNDS; round++) {
		/* Far apart, so that labels retire. */
		now->wall_ns += (int64_t)(next_number() % 2 ? 1 : 2000) * 1000000000;
		take_round(metrics, now, owner, sum);
	}
	write_text(metrics, METRICS_PROMETHEUS, argv[2]);
	write_text(metrics, METRICS_OPENMETRICS, argv[3]);
	for (int dir = 0; dir < FLOW_DIRS; dir++)
		printf("%s %" PRIu64 " %" PRIu64 "\n", dir == FLOW_IN ? "in" : "out",
		       (uint64_t)sum[dir].packets, (uint64_t)sum[dir].bytes);
	metrics_free(metrics);
	alerts_free(alerts);
	owner_table_free(owners);
	snapshot_unref(now);
	return 0;
}
