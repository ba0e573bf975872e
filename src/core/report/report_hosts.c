/* SPDX-License-Identifier: MIT */
/*
 * Hosts from flows; see report_hosts.h. An open-addressing hash table while flows are added up,
 * the same array, closed up and sorted, afterwards.
 */
#include "report_hosts.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "flow.h"
#include "report_sums.h"

#define SLOTS_FIRST 1024

struct table {
	struct report_host *slot;
	size_t slots; /* a power of two, more than half of it free */
	size_t used;
};

/* The slot of the address: its own or a free one. */
static struct report_host *find(const struct table *table, const uint8_t address[16], bool ipv6)
{
	size_t at = XXH3_64bits_withSeed(address, 16, ipv6) & (table->slots - 1);

	for (;; at = (at + 1) & (table->slots - 1)) {
		struct report_host *host = &table->slot[at];

		if (!host->used || (host->ipv6 == ipv6 && memcmp(host->address, address, 16) == 0))
			return host;
	}
}

static int grow(struct table *table)
{
	struct table larger = {.slots = table->slots ? 2 * table->slots : SLOTS_FIRST};

	larger.slot = calloc(larger.slots, sizeof(*larger.slot));
	if (!larger.slot)
		return -ENOMEM;
	larger.used = table->used;
	for (size_t i = 0; i < table->slots; i++) {
		const struct report_host *host = &table->slot[i];

		if (host->used)
			*find(&larger, host->address, host->ipv6) = *host;
	}
	free(table->slot);
	*table = larger;
	return 0;
}

static int host_of(struct table *table, const uint8_t address[16], bool ipv6,
		   struct report_host **ret_host)
{
	struct report_host *host;

	if (2 * (table->used + 1) > table->slots) {
		int err = grow(table);

		if (err)
			return err;
	}
	host = find(table, address, ipv6);
	if (!host->used) {
		memcpy(host->address, address, sizeof(host->address));
		host->ipv6 = ipv6;
		host->used = true;
		table->used++;
	}
	*ret_host = host;
	return 0;
}

static int add_flow(struct table *table, const struct ledger_flow *flow)
{
	bool ipv6 = flow->key.ethertype == ETH_P_IPV6;
	struct report_host *host;
	int err;

	if (!flow_key_is_ip(&flow->key))
		return 0;
	err = host_of(table, flow->key.src, ipv6, &host);
	if (err)
		return err;
	report_add(&host->sent, &flow->total);
	err = host_of(table, flow->key.dst, ipv6, &host);
	if (!err)
		report_add(&host->received, &flow->total);
	return err;
}

static int by_bytes(const void *left, const void *right)
{
	const struct report_host *a = left, *b = right;
	uint64_t of_a = a->sent.bytes + a->received.bytes;
	uint64_t of_b = b->sent.bytes + b->received.bytes;

	if (of_a != of_b)
		return of_a > of_b ? -1 : 1;
	if (a->ipv6 != b->ipv6)
		return a->ipv6 ? 1 : -1;
	return memcmp(a->address, b->address, sizeof(a->address));
}

int report_hosts_init(const struct report_pick *pick, struct report_hosts *ret_hosts)
{
	struct table table = {0};
	size_t used = 0;
	int err = 0;

	for (size_t i = 0; !err && i < pick->count; i++)
		err = add_flow(&table, report_pick_get(pick, i));
	if (err) {
		free(table.slot);
		return err;
	}
	for (size_t i = 0; i < table.slots; i++) {
		if (table.slot[i].used)
			table.slot[used++] = table.slot[i];
	}
	if (used)
		qsort(table.slot, used, sizeof(*table.slot), by_bytes);
	ret_hosts->host = table.slot;
	ret_hosts->count = used;
	return 0;
}

void report_hosts_done(struct report_hosts *hosts)
{
	free(hosts->host);
	hosts->host = NULL;
}
