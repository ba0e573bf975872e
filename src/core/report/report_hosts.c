/* SPDX-License-Identifier: MIT */
/* Hosts from flows: an array with an index while flows are added up; see report_hosts.h. */
#include "report_hosts.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "hash_index.h"
#include "report_sums.h"

#define HOSTS_FIRST 256

struct table {
	struct report_host *host;
	size_t count, room;
	struct hash_index index; /* of places of hosts */
};

struct host_key {
	const uint8_t *address;
	bool ipv6;
};

static bool is_host(const void *table, uint32_t place, const void *wanted)
{
	const struct report_host *host = &((const struct table *)table)->host[place];
	const struct host_key *key = wanted;

	return host->ipv6 == key->ipv6 && memcmp(host->address, key->address, 16) == 0;
}

static int grow(struct table *table)
{
	size_t room = table->room ? 2 * table->room : HOSTS_FIRST;
	struct report_host *host = reallocarray(table->host, room, sizeof(*host));

	if (!host)
		return -ENOMEM;
	table->host = host;
	table->room = room;
	return 0;
}

static int host_of(struct table *table, const uint8_t address[16], bool ipv6,
		   struct report_host **ret_host)
{
	const struct host_key key = {address, ipv6};
	uint32_t hash = hash_index_hash(&table->index, address, 16);
	uint32_t place = hash_index_find(&table->index, hash, is_host, table, &key);

	if (place == HASH_INDEX_NONE) {
		place = (uint32_t)table->count;
		if ((table->count == table->room && grow(table)) ||
		    hash_index_add(&table->index, hash, place))
			return -ENOMEM;
		table->host[place] = (struct report_host){.ipv6 = ipv6};
		memcpy(table->host[place].address, address, 16);
		table->count++;
	}
	*ret_host = &table->host[place];
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

int report_hosts_init(const struct report_rows *rows, struct report_hosts *ret_hosts)
{
	struct table table = {0};
	int err = hash_index_init(&table.index);

	for (size_t i = 0; !err && i < rows->rows.totals.flows; i++)
		err = add_flow(&table, report_rows_passed(rows, i));
	hash_index_done(&table.index);
	if (err) {
		free(table.host);
		return err;
	}
	if (table.count)
		qsort(table.host, table.count, sizeof(*table.host), by_bytes);
	ret_hosts->host = table.host;
	ret_hosts->count = table.count;
	return 0;
}

void report_hosts_done(struct report_hosts *hosts)
{
	free(hosts->host);
	hosts->host = NULL;
}
