/* SPDX-License-Identifier: MIT */
/* The bed of owners_bed.h. */
#include "owners_bed.h"

#include <linux/if_ether.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "flow.h"

#define LIMIT_NS 60000000000ULL

void owners_bed_publish(struct owners_bed *bed)
{
	struct snapshot *snapshot;

	assert_int_equal(snapshot_new(bed->flows->count, &snapshot), 0);
	snapshot->table = flow_table_ref(bed->flows);
	snapshot->era = bed->flows->era;
	snapshot->seq = ++bed->seq;
	snapshot->mono_ns = clock_mono_ns();
	for (uint32_t i = 0; i < bed->flows->count; i++)
		snapshot->row[i].id = i;
	ring_publish(bed->ring, snapshot);
}

int owners_bed_set_up(void **state)
{
	struct owners_options *options = *state;
	struct owners_bed *bed = calloc(1, sizeof(*bed));

	assert_non_null(bed);
	assert_int_equal(ring_new(RING_BUDGET_DEFAULT, &bed->ring), 0);
	assert_int_equal(owner_table_new(&bed->table), 0);
	assert_int_equal(flow_table_new(1, &bed->flows), 0);
	options->ring = bed->ring;
	options->table = bed->table;
	assert_int_equal(owners_open(options, &bed->owners), 0);
	assert_int_equal(owners_start(bed->owners), 0);
	owners_bed_publish(bed);
	*state = bed;
	return 0;
}

int owners_bed_tear_down(void **state)
{
	struct owners_bed *bed = *state;

	owners_free(bed->owners);
	owner_table_free(bed->table);
	ring_free(bed->ring);
	flow_table_unref(bed->flows);
	free(bed);
	return 0;
}

static void take_end(const struct sockaddr_in6 *from, uint8_t address[16], uint16_t *port)
{
	const struct sockaddr_in *ipv4 = (const void *)from;

	memset(address, 0, 16);
	*port = ntohs(from->sin6_port);
	if (from->sin6_family == AF_INET6) {
		memcpy(address, &from->sin6_addr, 16);
		return;
	}
	address[10] = address[11] = 0xff;
	memcpy(address + 12, &ipv4->sin_addr, 4);
}

/* Adds the flow from one end to the other, as seen by loopback in that direction; its place. */
uint32_t owners_bed_add(struct owners_bed *bed, uint8_t protocol, const struct sockaddr_in6 *from,
			 const struct sockaddr_in6 *to, enum flow_dir dir)
{
	struct flow_table_entry entry = {.previous_id = FLOW_TABLE_NO_ID};
	uint32_t id;

	take_end(from, entry.key.src, &entry.key.sport);
	take_end(to, entry.key.dst, &entry.key.dport);
	entry.key.ethertype = !memcmp(entry.key.src, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12) ?
				      ETH_P_IP :
				      ETH_P_IPV6;
	entry.key.ipproto = protocol;
	entry.key.where = FLOW_WHERE(0, dir);
	assert_int_equal(flow_table_append(bed->flows, &entry, &id), 0);
	return id;
}

/* Waits until the flow has an owner, for as long as there may be one; NULL: nobody. */
const struct owner *owners_bed_owner(struct owners_bed *bed, uint32_t flow)
{
	uint64_t end_ns = clock_mono_ns() + LIMIT_NS;
	struct pollfd wait = {.fd = ring_event_fd(bed->ring), .events = POLLIN};
	struct owners_health health;
	uint32_t id;

	owners_bed_publish(bed);
	for (;;) {
		id = atomic_load(&flow_table_get(bed->flows, flow)->owner);
		owners_health(bed->owners, &health);
		if (id != OWNER_UNKNOWN)
			return owner_table_get(bed->table, id);
		if (health.missed)
			return NULL;
		assert_true(clock_mono_ns() < end_ns);
		ring_clear_event(bed->ring);
		if (poll(&wait, 1, 100) == 0)
			owners_bed_publish(bed);
	}
}

void owners_bed_expect(struct owners_bed *bed, uint32_t flow, pid_t pid)
{
	const struct owner *owner = owners_bed_owner(bed, flow);

	assert_non_null(owner);
	assert_int_equal(owner->pid, pid);
}
