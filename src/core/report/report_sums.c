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

static int by_bytes(const void *left, const void *right)
{
	const struct report_proto *a = left, *b = right;
	uint64_t of_a = a->dir[FLOW_IN].bytes + a->dir[FLOW_OUT].bytes;
	uint64_t of_b = b->dir[FLOW_IN].bytes + b->dir[FLOW_OUT].bytes;

	if (of_a != of_b)
		return of_a > of_b ? -1 : 1;
	return a->proto - b->proto;
}

void report_sums_of(const struct report_pick *pick, struct report_sums *ret_sums)
{
	memset(ret_sums, 0, sizeof(*ret_sums));
	for (int i = 0; i < REPORT_PROTOS; i++)
		ret_sums->proto[i].proto = i;
	for (size_t i = 0; i < pick->count; i++)
		add_row(ret_sums, report_pick_get(pick, i));
	for (size_t i = 0; i < REPORT_PROTOS; i++) {
		if (ret_sums->proto[i].rows)
			ret_sums->proto[ret_sums->protos++] = ret_sums->proto[i];
	}
	qsort(ret_sums->proto, ret_sums->protos, sizeof(ret_sums->proto[0]), by_bytes);
}
