/* SPDX-License-Identifier: MIT */
/* The rule of bpf/sample_rule.h, compiled natively, and a ring; see sampler.h. */
#include "sampler.h"

#include <errno.h>
#include <stdlib.h>

#include "native_skb.h"
#include "seed.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpointer-arith"
#include "sample_rule.h"
#pragma GCC diagnostic pop

/*
 * Where nothing is refused, the same packets give the same samples: the seed is always the same. Whoever
 * knows it can make flows share a cell of the sieve, and gets more packets of them sampled.
 */
static void choose_seed(struct sampler *sampler)
{
	static const uint64_t fixed[FLOW_SEEDS] = {
		0x9e3779b97f4a7c15ULL, 0xbf58476d1ce4e5b9ULL, 0x94d049bb133111ebULL,
		0xd6e8feb86659fd93ULL, 0xa0761d6478bd642fULL, 0xe7037ed1a0b428dbULL,
	};
	uint64_t drawn[FLOW_SEEDS];

	seed_draw(drawn, FLOW_SEEDS);
	memcpy(sampler->seed, sampler->outlet.await ? fixed : drawn, sizeof(sampler->seed));
	sampler->seed[FLOW_SEEDS - 1] |= 1;
}

int sampler_open(struct sampler *sampler, const struct sampler_outlet *outlet)
{
	if (!outlet || !outlet->ring)
		return 0;
	sampler->outlet = *outlet;
	sampler->sieve = calloc(SAMPLE_SIEVE_CELLS, sizeof(*sampler->sieve));
	if (!sampler->sieve)
		return -ENOMEM;
	choose_seed(sampler);
	return 0;
}

void sampler_close(struct sampler *sampler)
{
	free(sampler->sieve);
	sampler->sieve = NULL;
}

/* Room for a record; NULL: it is refused. */
static struct flow_sample *reserve_sample(struct sampler *sampler, size_t size)
{
	const struct sampler_outlet *outlet = &sampler->outlet;
	struct flow_sample *sample = shared_ring_reserve(outlet->ring, size);

	while (!sample && outlet->await && !sampler->dead) {
		sampler->dead = !outlet->await(outlet->context);
		sample = shared_ring_reserve(outlet->ring, size);
	}
	return sample;
}

static void count_unwoken(struct sampler *sampler, size_t bytes)
{
	sampler->unwoken += bytes;
	if (sampler->unwoken < SAMPLE_RING_WAKE)
		return;
	sampler->unwoken = 0;
	sampler->outlet.wake(sampler->outlet.context);
}

static bool hand_sample_over(struct sampler *sampler, const struct __sk_buff *skb,
			     const struct flow_key *key, const struct flow_segment *segment,
			     int64_t now_ns)
{
	uint32_t there = segment->offset < skb->there ? skb->there - segment->offset : 0;
	uint32_t size = segment->length < SAMPLE_LARGE ? segment->length : SAMPLE_LARGE;
	struct flow_sample *sample;

	if (size > there)
		size = there;
	sample = reserve_sample(sampler, sizeof(*sample) + size);
	if (!sample)
		return false;
	*sample = (struct flow_sample){
		.key = *key,
		.mono_ns = (uint64_t)now_ns,
		.seq = segment->seq,
		.ack = segment->ack,
		.length = segment->length,
		.captured = (uint16_t)size,
		.tcp_flags = (uint8_t)segment->tcp_flags,
	};
	memcpy(sample + 1, skb->bytes + segment->offset, size);
	shared_ring_commit(sampler->outlet.ring);
	count_unwoken(sampler, sizeof(*sample) + size);
	return true;
}

/* Hands a packet over unless enough were, and counts what becomes of it. */
static void offer_sample(struct sampler *sampler, const struct __sk_buff *skb,
			 const struct flow_key *key, const struct flow_segment *segment,
			 uint32_t limit, int64_t now_ns)
{
	if (!sampler->outlet.await && sampler->counts.handed >= limit)
		sampler->counts.refused[SAMPLE_REFUSED_LIMIT]++;
	else if (hand_sample_over(sampler, skb, key, segment, now_ns))
		sampler->counts.handed++;
	else
		sampler->counts.refused[SAMPLE_REFUSED_FULL]++;
}

static uint32_t wanted_by_budget(struct sampler *sampler, struct __sk_buff *skb,
				 const struct flow_key *key, uint64_t transport,
				 struct flow_segment *segment, uint32_t *left)
{
	uint64_t hash = flow_hash(key, sampler->seed);
	__u64 rest = *left, cell = sampler->sieve[FLOW_SIEVE_PLACE(hash)];
	int unreadable = 0;
	uint32_t limit = flow_wants(skb, key, transport, &cell, FLOW_SIEVE_TAG(hash), &rest,
				    segment, &unreadable);

	sampler->sieve[FLOW_SIEVE_PLACE(hash)] = cell;
	*left = (uint32_t)rest;
	sampler->counts.refused[SAMPLE_REFUSED_UNREADABLE] += (uint64_t)unreadable;
	return limit;
}

void sampler_look(struct sampler *sampler, const struct captured *captured,
		  const struct frame_read *read, int64_t now_ns, uint32_t *left)
{
	const uint64_t transport = FLOW_TRANSPORT(read->transport, read->rest);
	const struct flow_key *key = &read->key;
	struct __sk_buff skb = native_skb_of(captured);
	struct flow_segment segment = {0};
	uint32_t limit;

	if (key->ipproto != IPPROTO_TCP && key->ipproto != IPPROTO_UDP) {
		*left = 0;
		return;
	}
	if (!read->transport) /* a later fragment, or cut short */
		return;
	if (key->ipproto == IPPROTO_UDP &&
	    (flow_is_name_port(key->sport) || flow_is_name_port(key->dport))) {
		*left = SAMPLE_LEFT_ALWAYS;
		limit = flow_read_segment(&skb, key, transport, &segment) && segment.length
				? SAMPLE_LIMIT / 2
				: 0;
	} else {
		limit = wanted_by_budget(sampler, &skb, key, transport, &segment, left);
	}
	if (limit)
		offer_sample(sampler, &skb, key, &segment, limit, now_ns);
}

void sampler_drain(struct sampler *sampler, struct sample_counts *counts)
{
	counts->handed += sampler->counts.handed;
	for (unsigned int i = 0; i < SAMPLE_REFUSALS; i++)
		counts->refused[i] += sampler->counts.refused[i];
	sampler->counts = (struct sample_counts){0};
}
