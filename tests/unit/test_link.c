/* SPDX-License-Identifier: MIT */
/*
 * link.h and the layers of iface.h on messages made by hand: so it is tested also for kinds of
 * interfaces that the machine's kernel does not have.
 */
#include <net/if.h> /* before the kernel's own */

#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "iface.h"
#include "link.h"

#define NONE UINT32_MAX

struct message {
	struct nlmsghdr header;
	struct ifinfomsg info;
	char attributes[512];
};

static void put(struct message *message, int type, const void *data, size_t size)
{
	const struct rtattr attr = {.rta_type = (unsigned short)type,
				    .rta_len = (unsigned short)RTA_LENGTH(size)};
	char *at = (char *)message + NLMSG_ALIGN(message->header.nlmsg_len);

	memcpy(at, &attr, sizeof(attr));
	memcpy(at + RTA_LENGTH(0), data, size);
	message->header.nlmsg_len =
		NLMSG_ALIGN(message->header.nlmsg_len) + (uint32_t)RTA_ALIGN(attr.rta_len);
}

static void put_u32(struct message *message, int type, uint32_t value)
{
	put(message, type, &value, sizeof(value));
}

static void put_kind(struct message *message, const char *kind)
{
	union {
		struct rtattr attr;
		char bytes[64];
	} inner = {.attr = {.rta_type = IFLA_INFO_KIND}};

	inner.attr.rta_len = (unsigned short)RTA_LENGTH(strlen(kind) + 1);
	memcpy(RTA_DATA(&inner.attr), kind, strlen(kind) + 1);
	put(message, IFLA_LINKINFO, &inner, RTA_ALIGN(inner.attr.rta_len));
}

/* A message about an interface; parent and master NONE, kind NULL: not in it. */
static struct message make(int index, const char *name, const char *kind, uint32_t parent,
			   uint32_t master)
{
	struct message message = {
		.header = {.nlmsg_type = RTM_NEWLINK,
			   .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg))},
		.info = {.ifi_index = index, .ifi_type = ARPHRD_ETHER, .ifi_flags = IFF_UP},
	};

	put(&message, IFLA_IFNAME, name, strlen(name) + 1);
	if (parent != NONE)
		put_u32(&message, IFLA_LINK, parent);
	if (master != NONE)
		put_u32(&message, IFLA_MASTER, master);
	if (kind)
		put_kind(&message, kind);
	return message;
}

static void take(struct links *links, struct message message)
{
	struct link_info info;
	enum link_event event = link_parse(&message.header, &info);

	assert_int_not_equal(event, LINK_OTHER);
	links_take(links, event, &info);
}

static void test_parse(void **state)
{
	struct message message = make(5, "eth0.7", "vlan", 3, 9);
	struct link_info info;

	assert_int_equal(link_parse(&message.header, &info), LINK_NEW);
	assert_string_equal(info.name, "eth0.7");
	assert_int_equal(info.index, 5);
	assert_int_equal(info.arphrd, ARPHRD_ETHER);
	assert_int_equal(info.parent, 3);
	assert_int_equal(info.master, 9);
	assert_int_equal(info.kind, LINK_CHILD);
	assert_true(info.up);
	message.info.ifi_flags = IFF_RUNNING;
	message.header.nlmsg_type = RTM_DELLINK;
	assert_int_equal(link_parse(&message.header, &info), LINK_REMOVED);
	assert_false(info.up);
}

/* IFLA_LINK means the same packets for some kinds only, and never an index of elsewhere. */
static void test_kinds(void **state)
{
	static const struct {
		const char *kind;
		enum link_kind is;
	} kinds[] = {
		{"bridge", LINK_MASTER}, {"bond", LINK_MASTER}, {"team", LINK_MASTER},
		{"vlan", LINK_CHILD},	 {"macvlan", LINK_CHILD}, {"ipvlan", LINK_CHILD},
		{"macsec", LINK_CHILD},	 {"dsa", LINK_CHILD},	{"veth", LINK_PLAIN},
		{"vxlan", LINK_PLAIN},	 {"ipip", LINK_PLAIN},	{"gre", LINK_PLAIN},
		{"vlan2", LINK_PLAIN},	 {"vla", LINK_PLAIN},	{"vrf", LINK_PLAIN},
	};
	struct message message;
	struct link_info info;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		message = make(5, "x", kinds[i].kind, 3, NONE);
		assert_int_equal(link_parse(&message.header, &info), LINK_NEW);
		assert_int_equal(info.kind, kinds[i].is);
		assert_int_equal(info.parent, kinds[i].is == LINK_CHILD ? 3 : 0);
	}
	message = make(5, "x", "macvlan", 3, NONE);
	put_u32(&message, IFLA_LINK_NETNSID, 0);
	assert_int_equal(link_parse(&message.header, &info), LINK_NEW);
	assert_int_equal(info.parent, 0);
}

/* A port that leaves its bridge is removed, in the words of the bridge's own family, and is there. */
static void test_other(void **state)
{
	struct message message = make(5, "eth0", NULL, NONE, 3);
	struct link_info info = {.index = 4711};

	message.header.nlmsg_type = RTM_DELLINK;
	message.info.ifi_family = AF_BRIDGE;
	assert_int_equal(link_parse(&message.header, &info), LINK_OTHER);
	message = make(0, "eth0", NULL, NONE, NONE);
	assert_int_equal(link_parse(&message.header, &info), LINK_OTHER);
	message = make(5, "", NULL, NONE, NONE);
	assert_int_equal(link_parse(&message.header, &info), LINK_OTHER);
	message = make(5, "eth0", NULL, NONE, NONE);
	message.header.nlmsg_type = RTM_NEWADDR;
	assert_int_equal(link_parse(&message.header, &info), LINK_OTHER);
	message.header.nlmsg_type = RTM_NEWLINK;
	message.header.nlmsg_len = NLMSG_LENGTH(4);
	assert_int_equal(link_parse(&message.header, &info), LINK_OTHER);
	assert_int_equal(info.index, 4711);
}

/* Cut anywhere, a message is read to its end and no further (the sanitizers look). */
static void test_cut(void **state)
{
	struct message message = make(5, "eth0.7", "vlan", 3, 9);
	uint32_t length = message.header.nlmsg_len;
	struct link_info info;

	for (uint32_t cut = 0; cut <= length; cut++) {
		message.header.nlmsg_len = cut;
		link_parse(&message.header, &info);
	}
	message.header.nlmsg_len = length;
	memset(message.attributes, 0xff, sizeof(message.attributes));
	link_parse(&message.header, &info);
}

/* The record with that name, NULL if there is none. */
static struct links_record *named(const struct links *links, const char *name)
{
	for (size_t i = 0; i < links->count; i++) {
		if (!strcmp(links->record[i].info.name, name))
			return &links->record[i];
	}
	return NULL;
}

/* The same index again is another interface; the same one under another name is not. */
static void test_serials(void **state)
{
	struct links links;
	struct message gone = make(5, "eth0", NULL, NONE, NONE);
	uint64_t serial;

	links_init(&links);
	take(&links, make(5, "eth0", NULL, NONE, NONE));
	serial = named(&links, "eth0")->serial;
	take(&links, make(5, "eth9", NULL, NONE, NONE));
	assert_null(named(&links, "eth0"));
	assert_int_equal(named(&links, "eth9")->serial, serial);
	gone.header.nlmsg_type = RTM_DELLINK;
	take(&links, gone);
	take(&links, gone);
	assert_null(links_of_index(&links, 5));
	take(&links, make(5, "eth0", NULL, NONE, NONE));
	assert_int_not_equal(links_of_index(&links, 5)->serial, serial);
	for (int i = 6; i < 300; i++)
		take(&links, make(i, "x", NULL, NONE, NONE));
	assert_int_equal(links.count, 295);
	assert_int_equal(links_of_index(&links, 299)->info.index, 299);
	links_close(&links);
}

static struct links_record *of(struct links *links, const char *name)
{
	struct links_record *record = named(links, name);

	assert_non_null(record);
	return record;
}

/* eth0 and eth1 in bond0, a VLAN upon it in br0 beside veth0; a macvlan upon eth2. */
static void make_tower(struct links *links)
{
	links_init(links);
	take(links, make(1, "eth0", NULL, NONE, 3));
	take(links, make(2, "eth1", NULL, NONE, 3));
	take(links, make(3, "bond0", "bond", NONE, NONE));
	take(links, make(4, "bond0.7", "vlan", 3, 6));
	take(links, make(5, "veth0", "veth", 77, 6));
	take(links, make(6, "br0", "bridge", NONE, NONE));
	take(links, make(7, "eth2", NULL, NONE, NONE));
	take(links, make(8, "mac0", "macvlan", 7, NONE));
}

static void test_covered(void **state)
{
	struct links links;

	make_tower(&links);
	of(&links, "eth0")->usable = true;
	assert_false(layers_covered(&links, of(&links, "bond0")));
	of(&links, "eth1")->usable = true;
	assert_true(layers_covered(&links, of(&links, "bond0")));
	assert_true(layers_covered(&links, of(&links, "bond0.7")));
	assert_false(layers_covered(&links, of(&links, "br0")));
	of(&links, "veth0")->info.up = false; /* nothing passes it */
	assert_true(layers_covered(&links, of(&links, "br0")));
	of(&links, "veth0")->info.up = of(&links, "veth0")->usable = true;
	assert_true(layers_covered(&links, of(&links, "br0")));
	assert_false(layers_covered(&links, of(&links, "mac0")));
	assert_false(layers_covered(&links, of(&links, "eth2")));
	of(&links, "eth2")->usable = true;
	assert_true(layers_covered(&links, of(&links, "mac0")));
	links_close(&links);
}

static void test_lower_slot(void **state)
{
	struct links links;

	make_tower(&links);
	assert_int_equal(layers_lower_slot(&links, of(&links, "br0")), -1);
	of(&links, "eth1")->watched = true;
	of(&links, "eth1")->slot = 4;
	assert_int_equal(layers_lower_slot(&links, of(&links, "br0")), 4);
	assert_int_equal(layers_lower_slot(&links, of(&links, "bond0")), 4);
	of(&links, "bond0.7")->watched = true;
	of(&links, "bond0.7")->slot = 0;
	assert_int_equal(layers_lower_slot(&links, of(&links, "br0")), 0);
	assert_int_equal(layers_lower_slot(&links, of(&links, "eth1")), -1);
	assert_int_equal(layers_lower_slot(&links, of(&links, "mac0")), -1);
	links_close(&links);
}

/* Two that lie upon each other, as no kernel should say: it ends. */
static void test_circle(void **state)
{
	struct links links;

	links_init(&links);
	take(&links, make(1, "a", "vlan", 2, NONE));
	take(&links, make(2, "b", "vlan", 1, NONE));
	take(&links, make(3, "c", "bridge", NONE, 3));
	assert_false(layers_covered(&links, of(&links, "a")));
	assert_int_equal(layers_lower_slot(&links, of(&links, "c")), -1);
	links_close(&links);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),	   cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_other),	   cmocka_unit_test(test_cut),
		cmocka_unit_test(test_serials),	   cmocka_unit_test(test_covered),
		cmocka_unit_test(test_lower_slot), cmocka_unit_test(test_circle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
