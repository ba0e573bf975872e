/* SPDX-License-Identifier: MIT */
/*
 * iface.h and the counters of link.h, as far as every machine has them: the loopback and the names
 * the C library knows. Default routes are tried where the test may have a network namespace.
 */
#include <errno.h>
#include <net/if.h> /* before the kernel's headers, which then leave its names out */

#include <linux/if_arp.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "iface.h"
#include "link.h"
#include "run_ip.h"

static void test_find(void **state)
{
	struct iface lo;

	assert_int_equal(iface_find("lo", &lo), 0);
	assert_string_equal(lo.name, "lo");
	assert_int_equal(lo.index, if_nametoindex("lo"));
	assert_int_equal(lo.arphrd, ARPHRD_LOOPBACK);
}

static void test_find_nothing(void **state)
{
	struct iface iface = {.index = 4711};
	char longest[LINK_NAME_SIZE + 1] = "";

	assert_int_equal(iface_find("", &iface), -ENODEV);
	assert_int_equal(iface_find("no-such-iface", &iface), -ENODEV);
	assert_int_equal(iface_find("fifteen-bytes-x", &iface), -ENODEV);
	assert_int_equal(iface_find("sixteen-bytes-xy", &iface), -ENODEV);
	memset(longest, 'x', sizeof(longest) - 1);
	assert_int_equal(iface_find(longest + 1, &iface), -ENODEV);
	assert_int_equal(iface_find(longest, &iface), -ENAMETOOLONG);
	assert_int_equal(iface_find("\033[2J%s", &iface), -ENODEV);
	assert_int_equal(iface.index, 4711);
}

/* Every number: those that are known, and nothing else is taken for one of them. */
static void test_link_layer(void **state)
{
	static const enum flow_link known[0x10000] = {
		[ARPHRD_ETHER] = 1 + FLOW_LINK_ETHERNET, [ARPHRD_LOOPBACK] = 1 + FLOW_LINK_ETHERNET,
		[ARPHRD_NONE] = 1 + FLOW_LINK_IP,	 [ARPHRD_VOID] = 1 + FLOW_LINK_IP,
		[ARPHRD_PPP] = 1 + FLOW_LINK_IP,	 [ARPHRD_RAWIP] = 1 + FLOW_LINK_IP,
		[ARPHRD_TUNNEL] = 1 + FLOW_LINK_IP,	 [ARPHRD_TUNNEL6] = 1 + FLOW_LINK_IP,
		[ARPHRD_SIT] = 1 + FLOW_LINK_IP,	 [ARPHRD_PIMREG] = 1 + FLOW_LINK_IP,
		[ARPHRD_SLIP] = 1 + FLOW_LINK_IP,	 [ARPHRD_CSLIP] = 1 + FLOW_LINK_IP,
		[ARPHRD_SLIP6] = 1 + FLOW_LINK_IP,	 [ARPHRD_CSLIP6] = 1 + FLOW_LINK_IP,
		[ARPHRD_ADAPT] = 1 + FLOW_LINK_IP,	 [ARPHRD_IPGRE] = 1 + FLOW_LINK_GRE,
		[ARPHRD_IP6GRE] = 1 + FLOW_LINK_GRE,
	};
	enum flow_link link;

	for (unsigned int arphrd = 0; arphrd < 0x10000; arphrd++) {
		link = FLOW_LINKS;
		if (known[arphrd]) {
			assert_int_equal(iface_link_layer(arphrd, &link), 0);
			assert_int_equal(link, known[arphrd] - 1);
		} else {
			assert_int_equal(iface_link_layer(arphrd, &link), -EPROTONOSUPPORT);
			assert_int_equal(link, FLOW_LINKS);
		}
	}
}

/* All names, and with less room only whole ones, whatever the room. */
static void test_list(void **state)
{
	struct if_nameindex *all = if_nameindex();
	char text[4096], cut[4096];
	size_t length;

	assert_ptr_equal(iface_list(text, sizeof(text)), text);
	for (struct if_nameindex *one = all; one->if_index; one++)
		assert_non_null(strstr(text, one->if_name));
	if_freenameindex(all);
	length = strlen(text);
	for (size_t size = 1; size <= length + 1; size++) {
		memset(cut, 'x', sizeof(cut));
		iface_list(cut, size);
		assert_true(strlen(cut) < size);
		assert_memory_equal(cut, text, strlen(cut));
		assert_int_equal(cut[size], 'x');
		/* Behind a whole name is the end or a comma. */
		assert_true(!cut[0] || strchr(",", text[strlen(cut)]));
	}
	assert_string_equal(cut, text);
}

static void test_default(void **state)
{
	struct iface iface, found;

	assert_int_equal(iface_default(&iface), 0);
	assert_int_equal(iface_find(iface.name, &found), 0);
	assert_int_equal(found.index, iface.index);
}

static void test_counters(void **state)
{
	struct link_counters counters = {.rx_dropped = 4711};
	struct netlink query;
	struct iface lo;

	assert_int_equal(netlink_open(&query, NETLINK_ROUTE, -1), 0);
	assert_int_equal(iface_find("lo", &lo), 0);
	assert_int_equal(link_read_counters(&query, 0x7fffffff, &counters), -ENODEV);
	assert_int_equal(counters.rx_dropped, 4711);
	assert_int_equal(link_read_counters(&query, lo.index, &counters), 0);
	/* The loopback receives all it sends. */
	assert_true(counters.tx_packets >= counters.rx_packets / 2);
	netlink_close(&query);
}

static void expect_default(const char *name)
{
	struct iface iface;

	assert_int_equal(iface_default(&iface), 0);
	assert_string_equal(iface.name, name);
}

/* IPv4 before IPv6 before the first that is up before lo. */
static void test_default_order(void **state)
{
	/* Each with a peer that is up, or it would have no carrier; the peers come last. */
	if (unshare(CLONE_NEWNET) ||
	    run_ip("link add d0 index 10 type veth peer name p0 index 20") ||
	    run_ip("link add d1 index 11 type veth peer name p1 index 21") ||
	    run_ip("link add d2 index 12 type veth peer name p2 index 22")) {
		print_message("skipped: no network namespace of its own\n");
		skip();
	}
	expect_default("lo");
	assert_int_equal(run_ip("link set lo up"), 0);
	expect_default("lo");
	assert_int_equal(run_ip("link set d2 up"), 0);
	expect_default("d2");
	assert_int_equal(run_ip("link set d0 up"), 0);
	assert_int_equal(run_ip("link set d1 up"), 0);
	expect_default("d0");
	if (!run_ip("-6 addr add fd00::1/64 dev d2 nodad") &&
	    !run_ip("-6 route add default dev d2"))
		expect_default("d2");
	assert_int_equal(run_ip("addr add 10.0.0.1/24 dev d1"), 0);
	assert_int_equal(run_ip("route add default dev d1 metric 50"), 0);
	expect_default("d1");
	assert_int_equal(run_ip("route add default dev d0 metric 20"), 0);
	expect_default("d0");
	assert_int_equal(run_ip("route add unreachable default metric 1"), 0);
	expect_default("d0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_find_nothing),
		cmocka_unit_test(test_link_layer),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_default),
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_default_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
