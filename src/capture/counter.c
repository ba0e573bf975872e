/* SPDX-License-Identifier: MIT */
/* From a captured frame to the tally; see counter.h. */
#include "counter.h"

#include <linux/if_ether.h>
#include <string.h>

int counter_open(struct counter *counter, bool no_arp, const struct local_nets *local,
		 const struct sampler_outlet *samples)
{
	int err = tally_open(&counter->tally);

	counter->no_arp = no_arp;
	counter->local = local;
	if (!err)
		err = sampler_open(&counter->sampler, samples);
	counter->tally.left_new = counter->sampler.sieve ? SAMPLE_LEFT_NEW : 0;
	return err;
}

void counter_close(struct counter *counter)
{
	tally_close(&counter->tally);
	fragments_done(&counter->fragments);
	sampler_close(&counter->sampler);
}

static void fold_arp(struct flow_key *key)
{
	*key = flow_key_of_sum(FLOW_SUM_ARP_OFF, 0, ETH_P_ARP, 0);
}

void counter_add(struct counter *counter, const struct captured *captured, unsigned int slot,
		 int dir, int64_t now_ns)
{
	struct frame_read read;
	uint32_t *left;

	frame_read(captured, &read);
	if (dir == COUNTER_NO_DIR)
		dir = counter->local ? (int)local_nets_dir(counter->local, &read.key) : FLOW_IN;
	if (counter->no_arp && read.key.ethertype == ETH_P_ARP)
		fold_arp(&read.key);
	read.key.where = FLOW_WHERE(slot, dir);
	if (read.part != FRAGMENT_WHOLE) {
		read.fragment.where = read.key.where;
		fragments_join(&counter->fragments, read.part, &read.fragment, now_ns, &read.key);
	}
	flow_counts_add(&counter->total[read.key.where], &read.counts);
	left = tally_add(&counter->tally, &read.key, &read.counts);
	if (left && *left)
		sampler_look(&counter->sampler, captured, &read, now_ns, left);
}

void counter_add_unseen(struct counter *counter, unsigned int slot, uint64_t packets)
{
	const struct flow_key key =
		flow_key_of_sum(FLOW_SUM_UNSEEN, FLOW_CLASS_MIXED, 0, FLOW_WHERE(slot, FLOW_IN));
	const struct flow_counts counts = {.packets = packets};

	if (!packets)
		return;
	flow_counts_add(&counter->total[key.where], &counts);
	(void)tally_add(&counter->tally, &key, &counts);
}

void counter_drain(struct counter *counter, const struct flow_sink *sink,
		   struct source_reading *reading)
{
	for (unsigned int where = 0; where < FLOW_WHERES; where++)
		flow_counts_add(&reading->total[where], &counter->total[where]);
	memset(counter->total, 0, sizeof(counter->total));
	tally_drain(&counter->tally, sink, reading);
	sampler_drain(&counter->sampler, &reading->samples);
}

void counter_state(const struct counter *counter, struct source_state *ret_state)
{
	*ret_state = (struct source_state){
		.inspect = counter->sampler.sieve != NULL,
		.map_entries = counter->tally.room,
		.map_entries_max = TALLY_FLOWS,
		.map_grown = counter->tally.grown,
		.map_failed = counter->tally.failed,
	};
}
