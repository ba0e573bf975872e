/* SPDX-License-Identifier: MIT */
/*
 * What totals of groups cost: a ledger that knows a million flows, most of them idle, and a view of
 * its snapshots. CPU ms of one refresh with so many flows active, by grouping; and of switching to
 * that grouping. Once with 20,000 hosts, once with a host of its own for each flow, as a scan has.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linux/if_ether.h>
#include <netinet/in.h>

#include "flow.h"
#include "ledger.h"
#include "view.h"

#define SECOND_NS 1000000000ULL
#define KNOWN	  1000000U
#define CHURN	  1000U /* flows that are new in a refresh, and idle some seconds later */
#define ROUNDS	  9
#define ROWS	  50

struct bench {
	struct ledger *ledger;
	struct view *view;
	struct snapshot *snapshot;
	uint64_t second;
	uint32_t hosts, active, next;
};

static double cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static struct flow_key key_of(const struct bench *bench, uint32_t flow)
{
	uint32_t host = flow * 2654435761U % bench->hosts;
	struct flow_key key = {.sport = (uint16_t)(flow * 40503U >> 4),
			       .dport = (uint16_t)(flow % 3 ? 443 : 1 + flow * 7919U % 1000),
			       .ethertype = ETH_P_IP,
			       .ipproto = flow % 8 ? IPPROTO_TCP : IPPROTO_UDP};

	key.src[10] = key.src[11] = key.dst[10] = key.dst[11] = 0xff;
	memcpy(&key.src[12], &host, sizeof(host));
	key.dst[12] = 10;
	key.dst[13] = (uint8_t)(flow >> 16);
	key.where = FLOW_WHERE(0, FLOW_IN);
	return key;
}

static void add(struct bench *bench, uint32_t from, uint32_t count)
{
	for (uint32_t i = from; i < from + count; i++) {
		struct flow_key key = key_of(bench, i);

		ledger_add(bench->ledger, &key, 1 + i % 7, 100 + i % 1000);
	}
}

static int next_snapshot(struct bench *bench)
{
	int64_t now_ns = (int64_t)(++bench->second * SECOND_NS);

	ledger_begin(bench->ledger, now_ns - (int64_t)SECOND_NS, now_ns);
	add(bench, 0, bench->active);
	if (bench->next >= KNOWN) {
		add(bench, bench->next, CHURN);
		bench->next += CHURN;
	} else if (bench->next < KNOWN) {
		add(bench, bench->next, KNOWN / 20);
		bench->next += KNOWN / 20;
	}
	bench->snapshot = snapshot_unref(bench->snapshot);
	return ledger_snapshot(bench->ledger, (uint64_t)now_ns, &bench->snapshot);
}

static int show(struct bench *bench, double *ret_ms)
{
	double begin = cpu_ms();
	int err;

	view_set_snapshot(bench->view, bench->snapshot);
	err = view_arrange(bench->view);
	*ret_ms = cpu_ms() - begin;
	return err;
}

static int least_refresh(struct bench *bench, double *ret_ms)
{
	double ms = 0;
	int err = 0;

	*ret_ms = 1e9;
	for (int i = 0; !err && i < ROUNDS; i++) {
		err = next_snapshot(bench);
		if (!err)
			err = show(bench, &ms);
		*ret_ms = ms < *ret_ms ? ms : *ret_ms;
	}
	return err;
}

/* From flows to the grouping, and what each refresh costs then. */
static int measure(struct bench *bench, enum group_by by)
{
	double change = 1e9, refresh = 0, ms;
	int err = 0;

	for (int i = 0; !err && i < 3; i++) {
		view_set_group(bench->view, GROUP_FLOW);
		err = show(bench, &ms);
		view_set_group(bench->view, by);
		if (!err)
			err = show(bench, &ms);
		change = ms < change ? ms : change;
	}
	if (!err)
		err = least_refresh(bench, &refresh);
	if (!err)
		printf("  %8u %8u %8zu  %-14s %9.2f %9.2f %9zu\n", bench->active, bench->hosts,
		       ledger_count(bench->ledger), group_plural(by), change, refresh,
		       view_count(bench->view));
	fflush(stdout);
	return err;
}

static int bench_case(uint32_t active, uint32_t hosts)
{
	struct bench bench = {.active = active, .hosts = hosts};
	int err = ledger_new(4 * KNOWN, LEDGER_KEEP_NS_DEFAULT, &bench.ledger);
	double ms;

	if (!err)
		err = ledger_log_idle(bench.ledger);
	if (!err)
		err = view_new(COLUMN_BPS, &bench.view);
	if (!err)
		view_set_height(bench.view, ROWS);
	while (!err && bench.next < KNOWN)
		err = next_snapshot(&bench);
	for (int i = 0; !err && i < 8; i++)
		err = next_snapshot(&bench);
	if (!err)
		err = show(&bench, &ms);
	for (int by = GROUP_FLOW; !err && by < GROUP_PROCESS; by++)
		err = measure(&bench, (enum group_by)by);
	if (!err)
		printf("  ledger %zu MB\n", ledger_bytes(bench.ledger) >> 20);
	view_free(bench.view);
	snapshot_unref(bench.snapshot);
	ledger_free(bench.ledger);
	return err;
}

int main(void)
{
	int err;

	printf("    active    hosts    known  rows are      switch ms refresh ms    groups\n");
	err = bench_case(1000, 20000);
	if (!err)
		err = bench_case(65536, 20000);
	if (!err)
		err = bench_case(1000, KNOWN * 2);
	if (err)
		fprintf(stderr, "bench_totals: %s\n", strerror(-err));
	return err ? 1 : 0;
}
