/* SPDX-License-Identifier: MIT */
/* Made-up snapshots; see synthetic.h. Each struct belongs to its caller; one thread. */
#include "synthetic.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"

/* 2026-11-23 14:03:22 UTC */
#define START_WALL_NS 1795442602000000000LL
#define START_MONO_NS 5000000000000ULL
#define NS_PER_SEC    1000000000ULL

struct part {
	const char *src, *dst;
	uint16_t sport, dport, ethertype;
	uint8_t ipproto, dir;
	uint32_t packets, size; /* a second; bytes a packet */
	uint32_t from_seq;	/* when it appears, */
	uint32_t to_seq;	/* and when it goes idle; 0: never */
};

static const struct part cast[SYNTHETIC_CAST] = {
	{"203.0.113.9", "10.0.0.4", 443, 51234, ETH_P_IP, IPPROTO_TCP, 0, 101000, 1500, 1, 0},
	{"2001:db8::7", "2001:db8:1::4", 443, 50514, ETH_P_IPV6, IPPROTO_TCP, 0, 67000, 1500, 1, 0},
	{"10.0.0.4", "198.51.100.20", 4500, 4500, ETH_P_IP, IPPROTO_UDP, 1, 19000, 1400, 1, 0},
	{"2001:db8:1234:5678:9abc:def0:1234:5678", "2001:db8:8765:4321:fedc:ba98:7654:3210", 65535,
	 65534, ETH_P_IPV6, IPPROTO_UDP, 1, 9000, 1200, 1, 0},
	{"192.0.2.1", "10.0.0.4", 8, 0, ETH_P_IP, IPPROTO_ICMP, 0, 2, 98, 1, 0},
	{"10.0.0.4", "192.0.2.1", 0, 0, ETH_P_IP, IPPROTO_ICMP, 1, 2, 98, 1, 0},
	{"fe80::1", "ff02::1", 134, 0, ETH_P_IPV6, IPPROTO_ICMPV6, 0, 1, 118, 1, 3},
	{"10.0.0.1", "10.0.0.4", 1, 0, ETH_P_ARP, 0, 0, 1, 60, 1, 2},
	{"198.51.100.30", "10.0.0.4", 0xc0de, 0x1234, ETH_P_IP, IPPROTO_ESP, 0, 800, 1300, 1, 0},
	{"198.51.100.31", "10.0.0.4", 0x0800, 0, ETH_P_IP, IPPROTO_GRE, 0, 300, 900, 1, 0},
	{"10.0.0.9", "224.0.0.5", 1, 2, ETH_P_IP, 89, 0, 1, 82, 1, 0},
	{"", "", FLOW_SUM_ETHERTYPE, 0, ETH_P_LLDP, FLOW_PROTO_NONE, 0, 1, 217, 1, 0},
	{"10.0.0.4", "10.0.0.53", 40001, 53, ETH_P_IP, IPPROTO_UDP, 1, 12, 84, 1, 0},
	{"10.0.0.53", "10.0.0.4", 53, 40001, ETH_P_IP, IPPROTO_UDP, 0, 12, 210, 1, 0},
	{"10.0.0.4", "203.0.113.9", 51234, 443, ETH_P_IP, IPPROTO_TCP, 1, 34000, 66, 1, 0},
	{"198.51.100.77", "10.0.0.4", 40022, 22, ETH_P_IP, IPPROTO_TCP, 0, 40, 120, 5, 0},
};

static void set_address(uint8_t address[16], const char *text)
{
	if (inet_pton(AF_INET6, text, address) == 1)
		return;
	memset(address, 0, 16);
	if (inet_pton(AF_INET, text, address + 12) == 1)
		address[10] = address[11] = 0xff;
}

static struct part part_of(size_t i)
{
	struct part part = {"10.9.0.0", "10.0.0.4", 0,	 8080, ETH_P_IP, IPPROTO_TCP,
			    0,		0,	    640, 1,    0};

	if (i < SYNTHETIC_CAST)
		return cast[i];
	part.sport = (uint16_t)(1024 + i % 50000);
	part.packets = (uint32_t)(1 + i * 7919 % 997);
	part.dir = i % 3 == 0;
	return part;
}

static struct flow_key key_of(size_t i)
{
	struct part part = part_of(i);
	struct flow_key key = {
		.sport = part.sport,
		.dport = part.dport,
		.ethertype = part.ethertype,
		.ipproto = part.ipproto,
		.where = FLOW_WHERE(0, part.dir),
	};

	set_address(key.src, part.src);
	set_address(key.dst, part.dst);
	if (i >= SYNTHETIC_CAST) {
		key.src[13] = (uint8_t)(i >> 16);
		key.src[14] = (uint8_t)(i >> 8);
		key.src[15] = (uint8_t)i;
	}
	return key;
}

static struct flow_table_entry *entry_of(const struct synthetic *synthetic, size_t flow)
{
	return &synthetic->table->chunk[flow / FLOW_TABLE_CHUNK][flow % FLOW_TABLE_CHUNK];
}

void synthetic_set_owner(struct synthetic *synthetic, size_t flow, uint32_t owner)
{
	atomic_store(&entry_of(synthetic, flow)->owner, owner);
}

static int append_flows(struct synthetic *synthetic)
{
	int err = 0;

	for (size_t i = 0; !err && i < synthetic->flows; i++) {
		struct flow_table_entry entry = {
			.key = key_of(i),
			.first_wall_ns =
				START_WALL_NS + (int64_t)((part_of(i).from_seq - 1) * NS_PER_SEC),
			.previous_id = FLOW_TABLE_NO_ID,
		};
		uint32_t id;

		entry.key.where = FLOW_WHERE(i % synthetic->ifaces->count, part_of(i).dir);
		err = flow_table_append(synthetic->table, &entry, &id);
	}
	return err;
}

static int make_ifaces(struct synthetic *synthetic, unsigned int count)
{
	static const char *const name[] = {"eth0", "wg0", "veth0123456789a", "br-lan"};
	int err = ifaces_new(count, &synthetic->ifaces);

	for (unsigned int i = 0; !err && i < count; i++) {
		struct ifaces_entry *entry = &synthetic->ifaces->entry[i];

		snprintf(entry->name, sizeof(entry->name), "%s", name[i % 4]);
		entry->index = i + 2;
		entry->lower_slot = -1;
		synthetic->ifaces->watched++;
	}
	return err;
}

/* The owner of each flow of the cast: an index into the table below, or an id below OWNER_FIRST. */
#define OWNED(place) (OWNER_FIRST + (place))

static const uint32_t owner_of[SYNTHETIC_CAST] = {
	OWNED(0),     OWNED(1),	    OWNED(2), OWNED(3),	       OWNER_KERNEL, OWNER_KERNEL,
	OWNER_KERNEL, OWNER_KERNEL, 0,	      OWNER_FORWARDED, OWNED(4),     0,
	OWNED(6),     OWNED(6),	    OWNED(0), OWNED(5),
};

static const struct owner people[] = {
	{4711, 1000, 11, "curl", "/usr/bin/curl", "alice", "/user.slice/user-1000.slice/session-3.scope",
	 "session-3.scope", false, "curl -O https://files.example.net/a.iso",
	 "bash 4680 < sshd 4679 < sshd 640 < systemd 1"},
	{52044, 33, 12, "nginx", "/usr/sbin/nginx", "www-data", "/system.slice/nginx.service",
	 "nginx.service", false, "", ""},
	{812, 0, 13, "charon", "/usr/lib/ipsec/charon", "root", "/system.slice/strongswan.service",
	 "strongswan.service", false, "", ""},
	{4194303, 70001, 14, "a-process-with-a-name-that-is-long", "/opt/monitor/bin/worker", "somebody-with-a-name",
	 "/system.slice/docker-4f5c6d7e8a9b0c1d2e3f405162738495a6b7c8d9eafb0c1d2e3f405162738495"
	 ".scope",
	 "4f5c6d7e8a9b", false, "/opt/monitor/bin/worker --queue=default --title \x1b[2Jmischief --threads 4",
	 "containerd-shim 4194200 < systemd 1"},
	{901, 110, 15, "bird", "/usr/sbin/bird", "bird", "/system.slice/bird.service", "bird.service", false, "", ""},
	{777, 0, 16, "ss\x1b[31mhd\xff", "/usr/sbin/ss\x1b[31mhd\xff", "root", "/system.slice/ssh\x1b]0;x\x07.service",
	 "ssh\x1b.service", false, "", ""},
	{9000, 0, 17, "pktstat-bpf", "", "root", "/user.slice/user-0.slice/session-1.scope",
	 "session-1.scope", true, "", ""},
};

static int make_owners(struct synthetic *synthetic)
{
	int err = owner_table_new(&synthetic->owners);
	uint32_t id;

	for (size_t i = 0; !err && i < sizeof(people) / sizeof(people[0]); i++)
		err = owner_table_add(synthetic->owners, &people[i], &id);
	for (size_t i = 0; !err && i < SYNTHETIC_CAST; i++)
		synthetic_set_owner(synthetic, i, owner_of[i]);
	return err;
}

/* What packets said of a flow of the cast, counted from 0, and which end of it the name belongs to. */
static const struct {
	size_t flow;
	enum sight_end named;
	struct sight sight;
} said[] = {
	{0, SIGHT_END_SOURCE,
	 {APPLICATION_HTTPS, 0x0304, false, "www.example.org", "", "h2", "t13d1516h2_8daaf6152771_02713d6af862", NULL,
	  "example.org"}},
	{14, SIGHT_END_DESTINATION,
	 {APPLICATION_HTTPS, 0x0304, false, "www.example.org", "", "h2", "t13d1516h2_8daaf6152771_02713d6af862", NULL,
	  "example.org"}},
	{1, SIGHT_END_SOURCE,
	 {APPLICATION_HTTP3, 0x0304, false, "downloads.cdn.example.org", "", "h3", "", NULL, "example.org"}},
	{2, SIGHT_END_DESTINATION, {APPLICATION_UNKNOWN, 0, false, "", "vpn.example.net", "", "", NULL, "example.net"}},
	{3, SIGHT_END_DESTINATION,
	 {APPLICATION_QUIC, 0x0304, false,
	  "a-very-long-name-of-a-server-that-is-one-of-many.region-1.example.co.uk", "", "", "", NULL,
	  "example.co.uk"}},
	{12, SIGHT_END_NONE, {APPLICATION_DNS, 0, false, "", "", "", "", NULL, NULL}},
	{13, SIGHT_END_NONE, {APPLICATION_DNS, 0, false, "", "", "", "", NULL, NULL}},
	{15, SIGHT_END_NONE, {APPLICATION_SSH, 0, false, "", "", "", "", NULL, NULL}},
};

static int make_sights(struct synthetic *synthetic)
{
	int err = sight_table_new(&synthetic->sights);
	uint32_t id;

	for (size_t i = 0; !err && i < sizeof(said) / sizeof(said[0]); i++) {
		const struct sight_flow flow = {.named = said[i].named};
		struct flow_table_entry *entry = entry_of(synthetic, said[i].flow);

		err = sight_table_add(synthetic->sights, &said[i].sight, &id);
		if (err)
			break;
		atomic_store(&entry->sight, id);
		atomic_store(&entry->sight_word, sight_flow_pack(&flow));
	}
	return err;
}

static int make_names(struct synthetic *synthetic)
{
	static const char *const known[][2] = {
		{"203.0.113.9", "server-203-0-113-9.fra50.r.cdn.example.com"},
		{"10.0.0.4", "web1.example.org"},
		{"2001:db8::7", "mirror.example.net"},
		{"198.51.100.20", "vpn\x1b[2J\xff.example.com"},
		{"2001:db8:8765:4321:fedc:ba98:7654:3210", "b\xc3\xbc"
							   "cher.example"},
		{"10.0.0.53", "dns"},
	};
	int err = name_cache_new(NAMES_MAX_DEFAULT, &synthetic->names);

	for (size_t i = 0; !err && i < sizeof(known) / sizeof(known[0]); i++) {
		uint8_t address[16];

		set_address(address, known[i][0]);
		name_cache_put(synthetic->names, address, known[i][1], NAME_DNS, 86400);
	}
	return err;
}

int synthetic_init_with(struct synthetic *synthetic, size_t flows,
			const struct synthetic_wish *wish)
{
	int err;

	memset(synthetic, 0, sizeof(*synthetic));
	synthetic->flows = flows < SYNTHETIC_CAST ? SYNTHETIC_CAST : flows;
	err = make_ifaces(synthetic, wish->ifaces ?: 1);
	if (!err)
		err = flow_table_new(1, &synthetic->table);
	if (!err)
		err = append_flows(synthetic);
	if (!err && wish->owners)
		err = make_owners(synthetic);
	if (!err && wish->names)
		err = make_names(synthetic);
	if (!err && wish->sights)
		err = make_sights(synthetic);
	return err;
}

int synthetic_init(struct synthetic *synthetic, size_t flows)
{
	return synthetic_init_with(synthetic, flows, &(struct synthetic_wish){0});
}

void synthetic_done(struct synthetic *synthetic)
{
	flow_table_unref(synthetic->table);
	ifaces_unref(synthetic->ifaces);
	owner_table_free(synthetic->owners);
	sight_table_free(synthetic->sights);
	name_cache_free(synthetic->names);
	memset(synthetic, 0, sizeof(*synthetic));
}

/* Packets of a second: steady, give or take a tenth that depends on flow and second only. */
static uint64_t packets_in(const struct part *part, size_t i, uint64_t seq)
{
	uint64_t noise = (seq * 2654435761U + i * 40503U) >> 7;

	if (seq < part->from_seq || (part->to_seq && seq > part->to_seq))
		return 0;
	return part->packets + part->packets * (noise % 21) / 100 - part->packets / 10;
}

static void fill_row(struct snapshot *snapshot, size_t i, struct snapshot_row *row)
{
	struct part part = part_of(i);
	uint64_t packets = packets_in(&part, i, snapshot->seq);

	row->id = i;
	row->delta_packets = packets;
	row->delta_bytes = packets * part.size;
	for (uint64_t seq = snapshot->seq > 60 ? snapshot->seq - 60 : 1; seq <= snapshot->seq;
	     seq++)
		row->packets += packets_in(&part, i, seq);
	row->bytes = row->packets * part.size;
	snapshot->dir[part.dir].delta.packets += packets;
	snapshot->dir[part.dir].delta.bytes += packets * part.size;
	snapshot->flows_active += packets > 0;
}

static void fill_totals(struct synthetic *synthetic, struct snapshot *snapshot)
{
	snapshot->sample.elapsed_ns = snapshot->elapsed_ns;
	for (int dir = 0; dir < FLOW_DIRS; dir++) {
		struct snapshot_totals *totals = &snapshot->dir[dir];
		double bps = rate_bps(totals->delta.bytes, snapshot->elapsed_ns);
		double pps = rate_pps(totals->delta.packets, snapshot->elapsed_ns);

		snapshot->sample.delta[dir] = totals->delta;
		synthetic->total[dir].packets += totals->delta.packets;
		synthetic->total[dir].bytes += totals->delta.bytes;
		if (bps > synthetic->peak_bps[dir])
			synthetic->peak_bps[dir] = bps;
		if (pps > synthetic->peak_pps[dir])
			synthetic->peak_pps[dir] = pps;
		totals->total = synthetic->total[dir];
		totals->peak_bps = synthetic->peak_bps[dir];
		totals->peak_pps = synthetic->peak_pps[dir];
		snapshot->health.hook.packets += totals->total.packets;
		snapshot->health.hook.bytes += totals->total.bytes;
	}
	snapshot->health.rows = snapshot->health.hook;
}

int synthetic_next(struct synthetic *synthetic, struct snapshot **ret_snapshot)
{
	uint64_t seq = synthetic->seq + 1;
	size_t count = synthetic->flows;
	struct snapshot *snapshot;
	int err = snapshot_new(count, &snapshot);

	if (err)
		return err;
	snapshot->table = flow_table_ref(synthetic->table);
	snapshot->ifaces = ifaces_ref(synthetic->ifaces);
	snapshot->era = 1;
	snapshot->seq = seq;
	snapshot->wall_ns = START_WALL_NS + (int64_t)(seq * NS_PER_SEC);
	snapshot->mono_ns = START_MONO_NS + seq * NS_PER_SEC;
	snapshot->running_ns = seq * NS_PER_SEC;
	snapshot->elapsed_ns = seq > 1 ? NS_PER_SEC : 0;
	snapshot->flows_known = (uint32_t)count + 17173;
	snapshot->count = 0;
	for (size_t i = 0; i < count; i++) {
		if (part_of(i).from_seq <= seq)
			fill_row(snapshot, i, &snapshot->row[snapshot->count++]);
	}
	fill_totals(synthetic, snapshot);
	snapshot->health.ring_budget = 20UL << 20;
	snapshot->health.map_entries = 4096;
	synthetic->seq = seq;
	*ret_snapshot = snapshot;
	return 0;
}
