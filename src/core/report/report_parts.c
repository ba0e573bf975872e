/* SPDX-License-Identifier: MIT */
/* What a report is made of: rows, sums and hosts; see report_parts.h. */
#include <errno.h>
#include <linux/if_ether.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "hash_index.h"
#include "report_parts.h"

int report_rows_init(struct report_rows *rows, const struct report *report, bool keeps_passed)
{
	int err;

	*rows = (struct report_rows){
		.order = {.sort = report->sort, .reverse = report->reverse, .rows = &rows->rows}};
	err = rows_init(&rows->rows);
	if (err)
		return err;
	rows_set_source(&rows->rows,
			source_of_ledger(report->ledger, report->ifaces, report->running_ns));
	for (int dir = 0; dir < FLOW_DIRS; dir++)
		rows->rows.source.all[dir] = report->dir[dir].total;
	rows_set_filter(&rows->rows, report->filter);
	rows->rows.hidden = report->hidden;
	rows->rows.owners = report->owners;
	rows->rows.sights = report->sights;
	rows->rows.names = report->names;
	rows->rows.by = report->by;
	rows->rows.keeps_passed = keeps_passed;
	err = rows_gather(&rows->rows);
	rows->known = rows->rows.count;
	rows->sums_only = report->sums_only;
	return err;
}

void report_rows_done(struct report_rows *rows)
{
	rows_done(&rows->rows);
	order_done(&rows->order);
}

int report_rows_sort(struct report_rows *rows, size_t limit)
{
	size_t count = limit && limit < rows->known ? limit : rows->known;
	int err = order_first(&rows->order, &rows->rows, count);

	rows->count = err || rows->sums_only ? 0 : count;
	return err;
}

struct flow_counts report_rows_total(const struct report_rows *rows, size_t i)
{
	uint32_t index = rows->rows.item[i].index;

	return (struct flow_counts){rows_number(&rows->rows, COLUMN_PACKETS, index),
				    rows_number(&rows->rows, COLUMN_BYTES, index)};
}

/* Sums: one walk over the flows. */

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

/* Hosts: an array, with an index while flows are added up. */

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
