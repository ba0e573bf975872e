/* SPDX-License-Identifier: MIT */
/* One walk over the flows; see report_sums.h. */
#include "report_sums.h"

#include <linux/if_ether.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"

static int proto_of(const struct flow_key *key)
{
	if (flow_key_sum(key) != FLOW_SUM_NONE)
		return REPORT_PROTO_OTHER;
	return key->ethertype == ETH_P_ARP ? REPORT_PROTO_ARP : key->ipproto;
}

static void add_row(struct report_sums *sums, const struct ledger_flow *flow)
{
	struct report_proto *proto = &sums->proto[proto_of(&flow->key)];
	unsigned int sum = flow_key_sum(&flow->key);

	proto->rows++;
	report_add(&sums->slot[flow_key_slot(&flow->key)][flow_key_dir(&flow->key)], &flow->total);
	report_add(&proto->dir[flow_key_dir(&flow->key)], &flow->total);
	report_add(&sums->dir[flow_key_dir(&flow->key)], &flow->total);
	if (sum == FLOW_SUM_NONE) {
		sums->flows++;
		report_add(&sums->in_rows, &flow->total);
		return;
	}
	report_add(&sums->other, &flow->total);
	report_add(&sums->reason[sum < REPORT_SUMS_MAX ? sum : REPORT_SUMS_MAX - 1], &flow->total);
}

static int sum_by_bytes(const void *left, const void *right)
{
	const struct report_proto *a = left, *b = right;
	uint64_t of_a = a->dir[FLOW_IN].bytes + a->dir[FLOW_OUT].bytes;
	uint64_t of_b = b->dir[FLOW_IN].bytes + b->dir[FLOW_OUT].bytes;

	if (of_a != of_b)
		return of_a > of_b ? -1 : 1;
	return a->proto - b->proto;
}

static void sums_begin(struct report_sums *sums)
{
	memset(sums, 0, sizeof(*sums));
	for (int i = 0; i < REPORT_PROTOS; i++)
		sums->proto[i].proto = i;
}

static void sums_finish(struct report_sums *sums)
{
	for (size_t i = 0; i < REPORT_PROTOS; i++) {
		if (sums->proto[i].rows)
			sums->proto[sums->protos++] = sums->proto[i];
	}
	qsort(sums->proto, sums->protos, sizeof(sums->proto[0]), sum_by_bytes);
}

void report_sums_of_passed(const struct report_rows *rows, struct report_sums *ret_sums)
{
	sums_begin(ret_sums);
	for (size_t i = 0; i < rows->rows.totals.flows; i++)
		add_row(ret_sums, report_rows_passed(rows, i));
	sums_finish(ret_sums);
}

void report_sums_of_all(const struct ledger *ledger, struct report_sums *ret_sums)
{
	sums_begin(ret_sums);
	for (size_t i = 0; i < ledger_count(ledger); i++)
		add_row(ret_sums, ledger_get(ledger, i));
	sums_finish(ret_sums);
}
