/* SPDX-License-Identifier: MIT */
/*
 * From what changed to messages; see ipfix.h. What the collector does not take at the moment stays in
 * the cache of flows, so that it arrives later, in fewer records.
 */
#include "ipfix.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "clock.h"
#include "format.h"
#include "ipfix_cache.h"
#include "ipfix_message.h"

/* How often statistics are sent. */
#define ANNOUNCE_NS 60000000000ULL

struct ipfix {
	struct ipfix_options options;
	struct ipfix_sender *sender;
	struct ipfix_cache *cache;
	struct about_tables tables;
	uint32_t domain;
	struct ipfix_message message; /* open, not full */
	struct ifaces *announced;     /* one reference: those with names already sent */
	uint64_t session;	      /* in which that was */
	uint64_t announced_ns;
	const struct snapshot *now; /* while records are given */
	bool is_stuck; /* said so */
};

int ipfix_new(const struct ipfix_options *options, struct ipfix **ret_ipfix)
{
	struct ipfix_sender_options sender = {
		.address = options->address,
		.address_size = options->address_size,
		.tcp = options->tcp,
		.more = options->more,
	};
	struct ipfix *ipfix = calloc(1, sizeof(*ipfix));
	int err;

	if (!ipfix)
		return -ENOMEM;
	ipfix->options = *options;
	/* Of each run its own, so that no collector takes sequence numbers for those of the last. */
	err = getrandom(&ipfix->domain, sizeof(ipfix->domain), 0) < 0 ? -errno : 0;
	ipfix->domain |= !ipfix->domain; /* 0 stands for all */
	sender.domain = ipfix->domain;
	if (!err)
		err = ipfix_cache_new(IPFIX_CACHE_FLOWS, &ipfix->cache);
	if (!err)
		err = ipfix_sender_new(&sender, &ipfix->sender);
	if (err) {
		ipfix_free(ipfix);
		return err;
	}
	ipfix_message_begin(&ipfix->message, ipfix->domain);
	*ret_ipfix = ipfix;
	return 0;
}

void ipfix_free(struct ipfix *ipfix)
{
	if (!ipfix)
		return;
	ipfix_sender_free(ipfix->sender);
	ipfix_cache_free(ipfix->cache);
	ifaces_unref(ipfix->announced);
	free(ipfix);
}

void ipfix_prepare(struct ipfix *ipfix, const struct about_tables *tables)
{
	ipfix->tables = *tables;
}

void ipfix_status(struct ipfix *ipfix, struct ipfix_status *ret_status)
{
	ipfix_sender_status(ipfix->sender, ret_status);
}

/* 0, or -EAGAIN with the message as it is: it is sent next time. */
static int send_message(struct ipfix *ipfix)
{
	int err;

	if (ipfix->message.size == IPFIX_HEADER_SIZE)
		return 0;
	ipfix_message_end(&ipfix->message);
	err = ipfix_sender_put(ipfix->sender, &ipfix->message);
	if (!err)
		ipfix_message_begin(&ipfix->message, ipfix->domain);
	return err;
}

static uint32_t since_start_ms(const struct snapshot *now)
{
	return (uint32_t)(now->running_ns / 1000000);
}

static int64_t pending_wall(const struct snapshot *now, uint32_t ms)
{
	return now->wall_ns - (int64_t)(since_start_ms(now) - ms) * 1000000;
}

/* Where the interface has an Ethernet header, that is no part of the IP octets. */
static uint64_t pending_octets(const struct ipfix_pending *pending)
{
	uint64_t headers = pending->counts.packets * pending->link_header;

	return pending->counts.bytes > headers ? pending->counts.bytes - headers : 0;
}

/* False where the message has no room. The sight is looked at, and held, for as long as it is written. */
static bool add_record(struct ipfix *ipfix, struct ipfix_flow *flow, uint32_t sight)
{
	const struct sight_table *sights = ipfix->tables.sights;
	bool added;

	sight_table_hold(sights);
	flow->sight = sight_table_get(sights, sight);
	added = ipfix_message_add_flow(&ipfix->message, flow, ipfix->options.more);
	sight_table_release(sights);
	return added;
}

static int put_pending(void *context, const struct ipfix_pending *pending,
		       enum ipfix_end_reason reason, bool is_rest)
{
	struct ipfix *ipfix = context;
	const struct about_tables *tables = &ipfix->tables;
	struct ipfix_flow flow = {
		.key = pending->key,
		.counts = pending->counts,
		.octets = pending_octets(pending),
		.start_wall_ns = pending_wall(ipfix->now, pending->start_ms),
		.end_wall_ns = pending_wall(ipfix->now, pending->end_ms),
		.ifindex = pending->ifindex,
		.reason = reason,
		.what = is_rest ? "rest" : NULL,
		.owner = owner_is_process(pending->about.owner) && tables->owners
				 ? owner_table_get(tables->owners, pending->about.owner)
				 : NULL,
	};
	int err;

	if (add_record(ipfix, &flow, pending->about.sight))
		return 0;
	err = send_message(ipfix);
	if (!err)
		add_record(ipfix, &flow, pending->about.sight);
	return err;
}

/* Statistics are those of before this message. */
static bool add_statistics(struct ipfix *ipfix, const struct snapshot *now)
{
	const struct snapshot_health *health = &now->health;
	const struct flow_counts ignored = flow_counts_above(&health->hook, &health->rows);
	struct ipfix_status status;
	struct ipfix_statistics statistics;

	ipfix_sender_status(ipfix->sender, &status);
	statistics = (struct ipfix_statistics){
		.messages = status.messages,
		.octets = status.octets,
		.records = status.flows,
		.lost_records = status.lost_flows,
		.lost_packets = status.lost.packets,
		.lost_octets = status.lost.bytes,
		.ignored_packets = ignored.packets,
		.ignored_octets = ignored.bytes,
	};
	return ipfix_message_add_statistics(&ipfix->message, ipfix->domain, &statistics);
}

static bool has_name(const struct ifaces_entry *entry)
{
	return entry->state != IFACE_FREE && entry->state != IFACE_SUM && entry->index;
}

/* What a collector has to know of the interfaces, sampling and this exporter. 0 or -EAGAIN. */
static int announce(struct ipfix *ipfix, const struct snapshot *now)
{
	const struct ifaces *ifaces = now->ifaces;
	int err = send_message(ipfix);

	if (err)
		return err;
	ipfix_message_add_sampling(&ipfix->message);
	add_statistics(ipfix, now);
	for (unsigned int i = 0; !err && ifaces && i < ifaces->count; i++) {
		const struct ifaces_entry *entry = &ifaces->entry[i];

		if (!has_name(entry) ||
		    ipfix_message_add_interface(&ipfix->message, entry->index, entry->name))
			continue;
		err = send_message(ipfix);
		ipfix_message_add_interface(&ipfix->message, entry->index, entry->name);
	}
	return err ? err : send_message(ipfix);
}

static int announce_if_due(struct ipfix *ipfix, const struct snapshot *now)
{
	uint64_t now_ns = clock_mono_ns();
	struct ipfix_status status;
	int err;

	ipfix_sender_status(ipfix->sender, &status);
	if (ipfix->announced_ns && status.sessions == ipfix->session &&
	    ipfix->announced == now->ifaces && now_ns - ipfix->announced_ns < ANNOUNCE_NS)
		return 0;
	err = announce(ipfix, now);
	if (err)
		return err;
	ifaces_unref(ipfix->announced);
	ipfix->announced = now->ifaces ? ifaces_ref(now->ifaces) : NULL;
	ipfix->session = status.sessions;
	ipfix->announced_ns = now_ns;
	return 0;
}

static void set_interface(struct ipfix_pending *pending, const struct ifaces *ifaces)
{
	unsigned int slot = flow_key_slot(&pending->key);

	if (!ifaces || slot >= ifaces->count || ifaces->entry[slot].state == IFACE_SUM)
		return;
	pending->ifindex = ifaces->entry[slot].index;
	pending->link_header = ifaces->entry[slot].raw_ip ? 0 : ETH_HLEN;
}

/* What was counted, in the time that `change` is about. */
static struct ipfix_pending pending_of(const struct change *change, const struct flow_key *key,
				       const struct flow_counts *counts)
{
	struct ipfix_pending pending = {
		.key = *key,
		.counts = *counts,
		.end_ms = since_start_ms(change->now),
	};

	pending.start_ms = pending.end_ms - (uint32_t)(change->elapsed_ns / 1000000);
	set_interface(&pending, change->now->ifaces);
	return pending;
}

/* What became known of a flow after its last packet. */
static void tell_cache(struct ipfix *ipfix, const struct snapshot *now, const struct flow_key *key,
		       struct flow_about about)
{
	struct ipfix_pending known = {.key = *key, .about = about};

	set_interface(&known, now->ifaces);
	ipfix_cache_tell(ipfix->cache, &known);
}

static void tell_all(struct ipfix *ipfix, const struct snapshot *last)
{
	for (size_t i = 0; i < last->count && ipfix_cache_count(ipfix->cache); i++) {
		const struct source_flow flow = source_of_row(last, i);

		tell_cache(ipfix, last, flow.key, (struct flow_about){flow.owner, flow.sight});
	}
}

static void take_change(struct ipfix *ipfix, const struct change *change)
{
	for (size_t i = 0; i < change->count; i++) {
		const struct changed_flow *flow = &change->flow[i];
		const struct flow_about about = {flow->owner, flow->sight};
		int64_t age_ns = snapshot_seen_ns(change->now) - flow->first_wall_ns;
		struct ipfix_pending pending;

		if (!flow->delta.packets) {
			tell_cache(ipfix, change->now, &flow->key, about);
			continue;
		}
		pending = pending_of(change, &flow->key, &flow->delta);
		/* Not before it was first seen. */
		if (age_ns >= 0 && age_ns < (int64_t)change->elapsed_ns)
			pending.start_ms = pending.end_ms - (uint32_t)(age_ns / 1000000);
		pending.about = about;
		ipfix_cache_add(ipfix->cache, &pending);
	}
	for (int dir = 0; dir < FLOW_DIRS; dir++) {
		const struct flow_key key = {.where = FLOW_WHERE(FLOW_SLOT_GONE, dir)};
		struct ipfix_pending pending;

		if (!change->rest[dir].packets)
			continue;
		pending = pending_of(change, &key, &change->rest[dir]);
		ipfix_cache_add_rest(ipfix->cache, &pending);
	}
}

static int send_due(struct ipfix *ipfix, const struct snapshot *now, bool all)
{
	int err;

	ipfix->now = now;
	err = ipfix_cache_expire(ipfix->cache, since_start_ms(now),
				 (uint32_t)(ipfix->options.active_ns / 1000000),
				 (uint32_t)(ipfix->options.idle_ns / 1000000), all, put_pending,
				 ipfix);
	ipfix->now = NULL;
	return err ? err : send_message(ipfix);
}

/* News of whether the collector can be reached; a first attempt may still be under way. */
static void tell_stuck(struct ipfix *ipfix)
{
	struct ipfix_status status;
	bool is_stuck;

	ipfix_sender_status(ipfix->sender, &status);
	is_stuck = !status.up && (ipfix->is_stuck || status.error);
	if (is_stuck == ipfix->is_stuck)
		return;
	ipfix->is_stuck = is_stuck;
	ipfix->options.stuck(ipfix->options.context, is_stuck ? status.error : 0);
}

int ipfix_publish(void *output, const struct change *change)
{
	struct ipfix *ipfix = output;

	bool ready;

	take_change(ipfix, change);
	ready = ipfix_sender_ready(ipfix->sender);
	tell_stuck(ipfix);
	if (ready && !announce_if_due(ipfix, change->now))
		(void)send_due(ipfix, change->now, false); /* what is left is due next time, too */
	return 0;
}

int ipfix_finish(void *output, const struct snapshot *last)
{
	struct ipfix *ipfix = output;

	ipfix_sender_end(ipfix->sender);
	if (last) {
		(void)ipfix_sender_ready(ipfix->sender);
		tell_all(ipfix, last);
		/* From here on nothing is refused. */
		(void)announce_if_due(ipfix, last);
		(void)send_due(ipfix, last, true);
		add_statistics(ipfix, last);
		(void)send_message(ipfix);
	}
	ipfix_sender_finish(ipfix->sender);
	return 0;
}

char *ipfix_status_text(const struct ipfix_status *status, const char *name, char *text,
			size_t size)
{
	char flows[FORMAT_TEXT_MAX], messages[FORMAT_TEXT_MAX], lost[FORMAT_TEXT_MAX];
	char packets[FORMAT_TEXT_MAX], lost_text[4 * FORMAT_TEXT_MAX] = "";

	format_count(status->flows, flows, sizeof(flows));
	format_count(status->messages, messages, sizeof(messages));
	format_count(status->lost_flows, lost, sizeof(lost));
	format_count(status->lost.packets, packets, sizeof(packets));
	if (status->lost_flows)
		snprintf(lost_text, sizeof(lost_text), ", %s record%s (%s packet%s) lost", lost,
			 format_plural(status->lost_flows), packets,
			 format_plural(status->lost.packets));
	snprintf(text, size, "%s record%s in %s message%s to %s%s", flows,
		 format_plural(status->flows), messages, format_plural(status->messages), name,
		 lost_text);
	return text;
}
