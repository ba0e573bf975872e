/* SPDX-License-Identifier: MIT */
/* The golden frames. See captures.h. Constant data; any thread. */
#include "captures.h"

#include <linux/if_ether.h>
#include <string.h>

#define S    PACKET_PORT_SOURCE
#define D    PACKET_PORT_DESTINATION
#define MAIL 25

#define IP4(proto, a, b)                            \
	{                                           \
		CAPTURE_IPV4, ETH_P_IP, proto, a, b \
	}
#define IP6(proto, a, b)                              \
	{                                             \
		CAPTURE_IPV6, ETH_P_IPV6, proto, a, b \
	}
#define ARP(operation)                                  \
	{                                               \
		CAPTURE_ARP, ETH_P_ARP, 0, operation, 0 \
	}
#define SUM(what, type, detail)                                             \
	{                                                                   \
		CAPTURE_SUM, type, FLOW_PROTO_NONE, FLOW_SUM_##what, detail \
	}

/* Parts of rows, as initializers take them. NOLINTBEGIN(bugprone-macro-parentheses) */
#define FRAME(text, frame, ...)                                   \
	{                                                         \
		.name = text, .words = frame, .want = __VA_ARGS__ \
	}
/* With the addresses of the frame before. */
#define SAME(text, frame, ...)                                                  \
	{                                                                       \
		.name = text, .words = frame, .want = __VA_ARGS__, .same = true \
	}
/* On the wire: so many segments, and so many bytes with the headers of each. */
#define SUPER(text, frame, key, size, segments, wire)                                             \
	{                                                                                         \
		.name = text, .words = frame, .want = key, .gso_size = size, .packets = segments, \
		.bytes = wire                                                                     \
	}
/* NOLINTEND(bugprone-macro-parentheses) */

static const struct capture captures[] = {
	/* The protocols. */
	FRAME("tcp4", "eth ip4 tcp data:6", IP4(6, S, D)),
	FRAME("tcp4-options", "eth ip4 tcp:1,65535,60 data:100", IP4(6, 1, 65535)),
	FRAME("tcp6", "eth ip6 tcp data:100", IP6(6, S, D)),
	FRAME("udp4", "eth ip4 udp data:30", IP4(17, S, D)),
	FRAME("udp4-empty", "eth ip4 udp", IP4(17, S, D)),
	FRAME("udp6", "eth ip6 udp data:30", IP6(17, S, D)),
	FRAME("udplite4", "eth ip4 udplite data:30", IP4(136, S, D)),
	FRAME("udplite6", "eth ip6 udplite data:30", IP6(136, S, D)),
	FRAME("sctp4", "eth ip4 sctp data:20", IP4(132, S, D)),
	FRAME("sctp6", "eth ip6 sctp data:20", IP6(132, S, D)),
	FRAME("dccp4", "eth ip4 dccp data:20", IP4(33, S, D)),
	FRAME("dccp6", "eth ip6 dccp data:20", IP6(33, S, D)),
	FRAME("icmp-echo", "eth ip4 icmp:8,0 data:56", IP4(1, 8, 0)),
	FRAME("icmp-unreachable", "eth ip4 icmp:3,3 ip4 udp data:8", IP4(1, 3, 3)),
	FRAME("icmp6-echo", "eth ip6 icmp6:128,0 data:56", IP6(58, 128, 0)),
	FRAME("icmp6-unreachable", "eth ip6 icmp6:1,4 ip6 tcp", IP6(58, 1, 4)),
	FRAME("esp4", "eth ip4 esp:0x12345678 data:60", IP4(50, 0x1234, 0x5678)),
	FRAME("esp6", "eth ip6 esp:0xfedcba98 data:60", IP6(50, 0xfedc, 0xba98)),
	FRAME("ah4", "eth ip4 ah:0x00010002 tcp data:20", IP4(51, 1, 2)),
	FRAME("ah6", "eth ip6 ah:0xffff0001 udp data:20", IP6(51, 0xffff, 1)),
	FRAME("gre4", "eth ip4 gre ip4 icmp", IP4(47, 0x0800, 0)),
	FRAME("gre4-key", "eth ip4 gre:0x2000,0x86dd ip6 udp", IP4(47, 0x86dd, 0x2000)),
	FRAME("gre6", "eth ip6 gre:0,0x86dd ip6 udp", IP6(47, 0x86dd, 0)),
	FRAME("ospf2", "eth ip4 ospf:1,2", IP4(89, 1, 2)),
	FRAME("ospf3", "eth ip6 ospf:4,3", IP6(89, 4, 3)),
	FRAME("igmp", "eth ip4 opt:4 proto:2 data:8 pad:60", IP4(2, 0, 0)),
	FRAME("eigrp", "eth ip4 proto:88 data:20", IP4(88, 0, 0)),
	FRAME("pim", "eth ip4 proto:103 data:20", IP4(103, 0, 0)),
	FRAME("vrrp", "eth ip4 proto:112 data:20", IP4(112, 0, 0)),
	FRAME("l2tp", "eth ip4 proto:115 data:20", IP4(115, 0, 0)),
	FRAME("ipip", "eth ip4 ip4 tcp data:10", IP4(4, 0, 0)),
	FRAME("6in4", "eth ip4 ip6 tcp data:10", IP4(41, 0, 0)),
	FRAME("4in6", "eth ip6 ip4 udp data:10", IP6(4, 0, 0)),
	FRAME("no-next-header", "eth ip6 proto:59", IP6(59, 0, 0)),
	FRAME("proto-0", "eth ip4 proto:0 data:20", IP4(0, 0, 0)),
	FRAME("proto-255", "eth ip4 proto:255 data:20", IP4(255, 0, 0)),
	FRAME("proto-253-v6", "eth ip6 proto:253 data:20", IP6(253, 0, 0)),
	FRAME("arp-request", "eth arp:1 pad:60", ARP(1)),
	FRAME("arp-reply", "eth arp:2", ARP(2)),
	FRAME("arp-odd-operation", "eth arp:9 pad:60", ARP(9)),
	FRAME("arp-of-ieee802", "eth arp:2 set16:0,6 pad:60", ARP(2)),
	FRAME("arp-of-ipv6", "eth arp set16:2,0x86dd pad:60", SUM(ETHERTYPE, ETH_P_ARP, 0)),
	FRAME("arp-long-address", "eth arp set8:4,20 data:40", SUM(ETHERTYPE, ETH_P_ARP, 0)),
	FRAME("lldp", "eth ethertype:0x88cc data:46", SUM(ETHERTYPE, 0x88cc, 0)),
	FRAME("unknown-ethertype", "eth ethertype:0x9999 data:46", SUM(ETHERTYPE, 0x9999, 0)),
	FRAME("minimum", "eth ethertype:0x88b5", SUM(ETHERTYPE, 0x88b5, 0)),

	/* Lengths. */
	FRAME("padded-tcp4", "eth ip4 tcp pad:60", IP4(6, S, D)),
	FRAME("padding-is-no-header", "eth ip4 proto:6 pad:60 set16:20,4660", IP4(6, 0, 0)),
	FRAME("padding-after-2", "eth ip4 proto:17 data:2 pad:60 set16:22,4660", IP4(17, 0, 0)),
	FRAME("padded-ip6", "eth ip6 proto:59 pad:60", IP6(59, 0, 0)),
	FRAME("jumbo4", "eth ip4 tcp data:8960", IP4(6, S, D)),
	FRAME("jumbo6", "eth ip6 udp data:8952", IP6(17, S, D)),

	/* IPv4 options. */
	FRAME("options-4", "eth ip4 opt:4 tcp data:8", IP4(6, S, D)),
	FRAME("options-40", "eth ip4 opt:40 udp data:8", IP4(17, S, D)),

	/* VLAN tags in the frame. */
	FRAME("vlan-tcp4", "eth vlan:5 ip4 tcp data:20", IP4(6, S, D)),
	FRAME("vlan-priority-only", "eth vlan:0xe000 ip6 udp data:20", IP6(17, S, D)),
	FRAME("qinq-udp4", "eth qinq:6 vlan:5 ip4 udp data:20", IP4(17, S, D)),
	FRAME("qinq-tcp6", "eth qinq:6 vlan:5 ip6 tcp data:20", IP6(6, S, D)),
	FRAME("vlan-vlan", "eth vlan:6 vlan:5 ip4 udp data:20", IP4(17, S, D)),
	FRAME("three-tags", "eth qinq:7 vlan:6 vlan:5 ip4 tcp data:20", IP4(6, S, D)),
	FRAME("vlan-arp", "eth vlan:5 arp:1 pad:64", ARP(1)),
	FRAME("vlan-lldp", "eth vlan:5 ethertype:0x88cc data:46", SUM(ETHERTYPE, 0x88cc, 0)),

	/* IPv6 extension headers. */
	FRAME("hop", "eth ip6 hop icmp6:143,0 data:20", IP6(58, 143, 0)),
	FRAME("hop-dst", "eth ip6 hop dst:2 tcp data:20", IP6(6, S, D)),
	FRAME("hop-rt-dst", "eth ip6 hop rt:4 dst udp data:20", IP6(17, S, D)),
	FRAME("extension-4", "eth ip6 hop dst rt:2 dst tcp", IP6(6, S, D)),
	FRAME("extension-5", "eth ip6 hop dst rt:2 dst dst tcp", IP6(6, S, D)),
	FRAME("extension-6", "eth ip6 hop dst rt:2 dst dst dst tcp", IP6(6, S, D)),
	FRAME("extension-7", "eth ip6 hop dst rt:2 dst dst dst dst tcp", IP6(6, S, D)),
	FRAME("extension-8", "eth ip6 hop dst rt:2 dst dst dst dst dst tcp", IP6(6, S, D)),
	FRAME("extension-9", "eth ip6 hop dst rt:2 dst dst dst dst dst dst tcp", IP6(60, 0, 0)),
	FRAME("long-extension", "eth ip6 dst:255 tcp data:4", IP6(6, S, D)),
	FRAME("atomic-fragment", "eth ip6 frag:9,0,0 udp data:8", IP6(17, S, D)),

	/* Fragments: a later one belongs to the first one's flow. */
	FRAME("frag4-first", "eth ip4 frag:77,0,1 udp data:1472", IP4(17, S, D)),
	SAME("frag4-later", "eth ip4 frag:77,1480,1 proto:17 data:1480", IP4(17, S, D)),
	SAME("frag4-last", "eth ip4 frag:77,2960,0 proto:17 data:100", IP4(17, S, D)),
	SAME("frag4-other-id", "eth ip4 frag:78,1480,0 proto:17 data:100", IP4(17, 0, 0)),
	SAME("frag4-other-proto", "eth ip4 frag:77,1480,0 proto:6 data:100", IP4(6, 0, 0)),
	FRAME("frag4-other-host", "eth ip4 frag:77,1480,0 proto:17 data:100", IP4(17, 0, 0)),
	FRAME("frag4-too-early", "eth ip4 frag:79,1480,0 proto:6 data:100", IP4(6, 0, 0)),
	SAME("frag4-first-late", "eth ip4 frag:79,0,1 tcp data:1460", IP4(6, S, D)),
	SAME("frag4-later-2", "eth ip4 frag:79,1480,0 proto:6 data:100", IP4(6, S, D)),
	SAME("frag4-id-used-again", "eth ip4 frag:79,0,1 tcp:7,25 data:100", IP4(6, 7, MAIL)),
	SAME("frag4-later-3", "eth ip4 frag:79,120,0 proto:6 data:9", IP4(6, 7, MAIL)),
	FRAME("frag4-icmp-first", "eth ip4 frag:5,0,1 icmp data:1472", IP4(1, 8, 0)),
	SAME("frag4-icmp-later", "eth ip4 frag:5,1480,0 proto:1 data:4", IP4(1, 8, 0)),
	FRAME("frag4-8-bytes", "eth ip4 frag:6,0,1 proto:6 data:8", IP4(6, 0xd2d3, 0xd4d5)),
	SAME("frag4-8-later", "eth ip4 frag:6,8,0 proto:6 data:8", IP4(6, 0xd2d3, 0xd4d5)),
	FRAME("frag4-vlan-first", "eth vlan ip4 frag:8,0,1 udp data:1464", IP4(17, S, D)),
	SAME("frag4-vlan-later", "eth vlan ip4 frag:8,1472,0 proto:17 data:1", IP4(17, S, D)),
	FRAME("frag6-first", "eth ip6 frag:0x12345,0,1 udp data:1440", IP6(17, S, D)),
	SAME("frag6-later", "eth ip6 frag:0x12345,1448,0 proto:17 data:99", IP6(17, S, D)),
	SAME("frag6-id-high", "eth ip6 frag:0x22345,1448,0 proto:17 data:99", IP6(17, 0, 0)),
	FRAME("frag6-too-early", "eth ip6 frag:11,1448,0 proto:58 data:99", IP6(58, 0, 0)),
	SAME("frag6-first-late", "eth ip6 frag:11,0,1 icmp6 data:1440", IP6(58, 128, 0)),
	SAME("frag6-later-2", "eth ip6 frag:11,1448,0 proto:58 data:99", IP6(58, 128, 0)),
	FRAME("frag6-hop-first", "eth ip6 hop frag:12,0,1 tcp data:1420", IP6(6, S, D)),
	SAME("frag6-hop-later", "eth ip6 hop frag:12,1440,0 proto:6 data:9", IP6(6, S, D)),
	FRAME("frag6-dst-first", "eth ip6 frag:13,0,1 dst tcp data:1404", IP6(6, S, D)),
	SAME("frag6-dst-later", "eth ip6 frag:13,1432,0 proto:60 data:9", IP6(6, S, D)),

	/* 802.3. */
	FRAME("llc-stp", "eth llc:0x42,0x42 data:35 pad:60", SUM(ETHERTYPE, ETH_P_802_2, 0x4242)),
	FRAME("llc-isis", "eth llc:0xfe,0xfe data:35", SUM(ETHERTYPE, ETH_P_802_2, 0xfefe)),
	FRAME("llc-null", "eth llc:0,1 pad:60", SUM(ETHERTYPE, ETH_P_802_2, 1)),
	FRAME("snap-tcp4", "eth snap ip4 tcp data:20", IP4(6, S, D)),
	FRAME("snap-udp6", "eth snap ip6 udp data:20", IP6(17, S, D)),
	FRAME("snap-cdp", "eth snap:0x00000c ethertype:0x2000 data:30",
	      SUM(ETHERTYPE, ETH_P_802_2, 0xaaaa)),
	FRAME("snap-unknown", "eth snap ethertype:0x88cc data:30", SUM(ETHERTYPE, 0x88cc, 0)),
	FRAME("vlan-stp", "eth vlan llc data:35 pad:64", SUM(ETHERTYPE, ETH_P_802_2, 0x4242)),
	FRAME("vlan-snap-tcp4", "eth vlan snap ip4 tcp data:20", IP4(6, S, D)),

	/* PPPoE. */
	FRAME("pppoe-tcp4", "eth pppoe ip4 tcp data:20", IP4(6, S, D)),
	FRAME("pppoe-udp6", "eth pppoe ip6 udp data:20", IP6(17, S, D)),
	FRAME("pppoe-lcp", "eth pppoe ppp:0xc021 data:10 pad:60", SUM(ETHERTYPE, ETH_P_PPP_SES, 0)),
	FRAME("pppoe-discovery", "eth pppoe:9 data:12 pad:60", SUM(ETHERTYPE, ETH_P_PPP_DISC, 0)),
	FRAME("vlan-pppoe-tcp6", "eth vlan pppoe ip6 tcp data:20", IP6(6, S, D)),

	/* MPLS. */
	FRAME("mpls-1-tcp4", "eth mpls ip4 tcp data:20", IP4(6, S, D)),
	FRAME("mpls-2-udp4", "eth mpls:3 mpls:16 ip4 udp data:20", IP4(17, S, D)),
	FRAME("mpls-3-tcp6", "eth mpls mpls:2 mpls ip6 tcp data:20", IP6(6, S, D)),
	FRAME("mpls-4-udp6", "eth mpls mpls mpls mpls ip6 udp data:20", IP6(17, S, D)),
	FRAME("mpls-16-udp4",
	      "eth mpls mpls mpls mpls mpls mpls mpls mpls mpls mpls mpls mpls mpls mpls mpls mpls "
	      "ip4 udp data:20",
	      IP4(17, S, D)),
	FRAME("mpls-pseudowire", "eth mpls data:40", SUM(ETHERTYPE, ETH_P_MPLS_UC, 0)),
	FRAME("vlan-mpls-tcp4", "eth vlan mpls mpls ip4 tcp data:20", IP4(6, S, D)),

	/* Cut short: behind a VLAN tag, because the kernel's test run refuses them without. */
	FRAME("cut-tag", "eth vlan ip4 cut:16", SUM(TRUNCATED, ETH_P_8021Q, 0)),
	FRAME("cut-ip4-begin", "eth vlan ip4 tcp cut:18", SUM(TRUNCATED, ETH_P_IP, 0)),
	FRAME("cut-ip4-end", "eth vlan ip4 tcp cut:37", SUM(TRUNCATED, ETH_P_IP, 0)),
	FRAME("cut-ip4-options", "eth vlan ip4 opt:8 tcp cut:44", IP4(6, 0, 0)),
	FRAME("cut-tcp4-begin", "eth ip4 tcp cut:34", IP4(6, 0, 0)),
	FRAME("cut-tcp4-3", "eth ip4 tcp cut:37", IP4(6, 0, 0)),
	FRAME("cut-tcp4-4", "eth ip4 tcp cut:38", IP4(6, S, D)),
	FRAME("cut-udp4-4", "eth ip4 udp cut:38", IP4(17, S, D)),
	FRAME("cut-icmp-1", "eth ip4 icmp:8,0 cut:35", IP4(1, 0, 0)),
	FRAME("cut-icmp-2", "eth ip4 icmp:3,1 cut:36", IP4(1, 3, 1)),
	FRAME("cut-esp-3", "eth ip4 esp:0x12345678 cut:37", IP4(50, 0, 0)),
	FRAME("cut-ah-7", "eth ip4 ah:0x12345678 cut:41", IP4(51, 0, 0)),
	FRAME("cut-ip6-begin", "eth vlan ip6 tcp cut:18", SUM(TRUNCATED, ETH_P_IPV6, 0)),
	FRAME("cut-ip6-end", "eth vlan ip6 tcp cut:57", SUM(TRUNCATED, ETH_P_IPV6, 0)),
	FRAME("cut-tcp6-begin", "eth ip6 tcp cut:54", IP6(6, 0, 0)),
	FRAME("cut-tcp6-4", "eth ip6 tcp cut:58", IP6(6, S, D)),
	FRAME("cut-hop", "eth ip6 hop tcp cut:55", IP6(0, 0, 0)),
	FRAME("cut-behind-hop", "eth ip6 hop tcp cut:62", IP6(6, 0, 0)),
	FRAME("cut-fragment", "eth ip6 frag:1,0,1 udp cut:60", IP6(44, 0, 0)),
	FRAME("cut-arp", "eth arp cut:41", SUM(TRUNCATED, ETH_P_ARP, 0)),
	FRAME("cut-llc", "eth llc cut:15", SUM(ETHERTYPE, ETH_P_802_2, 0)),
	FRAME("cut-snap", "eth snap ip4 tcp cut:21", SUM(ETHERTYPE, ETH_P_802_2, 0xaaaa)),
	FRAME("cut-pppoe", "eth pppoe ip4 tcp cut:21", SUM(ETHERTYPE, ETH_P_PPP_SES, 0)),
	FRAME("cut-pppoe-ip4", "eth pppoe ip4 tcp cut:30", SUM(TRUNCATED, ETH_P_IP, 0)),
	FRAME("cut-mpls", "eth mpls mpls ip4 tcp cut:20", SUM(ETHERTYPE, ETH_P_MPLS_UC, 0)),
	FRAME("cut-mpls-ip6", "eth mpls mpls ip6 tcp cut:30", SUM(TRUNCATED, ETH_P_IPV6, 0)),

	/* Headers that lie. */
	FRAME("lie-ihl-4", "eth ip4 tcp data:20 set8:0,0x44", SUM(MALFORMED, ETH_P_IP, 0)),
	FRAME("lie-ihl-0", "eth ip4 tcp data:20 set8:0,0x40", SUM(MALFORMED, ETH_P_IP, 0)),
	FRAME("lie-ihl-15", "eth ip4 udp cut:40 set8:0,0x4f set16:2,80", IP4(17, 0, 0)),
	FRAME("lie-total-19", "eth ip4 tcp data:20 set16:2,19", SUM(MALFORMED, ETH_P_IP, 0)),
	FRAME("lie-total-below-ihl", "eth ip4 opt:8 tcp set16:2,27", SUM(MALFORMED, ETH_P_IP, 0)),
	FRAME("lie-total-20", "eth ip4 tcp data:20 set16:2,20", IP4(6, 0, 0)),
	FRAME("lie-total-large", "eth ip4 tcp data:20 set16:2,9999", IP4(6, S, D)),
	FRAME("lie-version-6", "eth ip4 tcp data:20 set8:0,0x65", SUM(MALFORMED, ETH_P_IP, 0)),
	FRAME("lie-version-4", "eth ip6 tcp data:20 set8:0,0x45", SUM(MALFORMED, ETH_P_IPV6, 0)),
	FRAME("lie-payload-large", "eth ip6 udp data:20 set16:4,9999", IP6(17, S, D)),
	FRAME("lie-payload-3", "eth ip6 udp data:20 set16:4,3", IP6(17, 0, 0)),
	FRAME("lie-extension-long", "eth ip6 dst tcp data:20 set8:41,255", IP6(60, 0, 0)),

	/* Noise. */
	FRAME("junk-frame", "eth ethertype:0x6003 junk:1000", SUM(ETHERTYPE, 0x6003, 0)),
	FRAME("junk-ip4-payload", "eth ip4 proto:61 junk:1000", IP4(61, 0, 0)),
	FRAME("junk-ip6-payload", "eth ip6 proto:114 junk:333", IP6(114, 0, 0)),

	/* Super-packets: the segments they stand for, each with its headers. */
	SUPER("gso-tcp4", "eth ip4 tcp data:3000", IP4(6, S, D), 1448, 3, 3000 + 3 * 54),
	SUPER("gso-tcp4-options", "eth ip4 tcp:49152,443,32 data:2897", IP4(6, S, D), 1448, 3,
	      2897 + 3 * 66),
	SUPER("gso-tcp4-exact", "eth ip4 opt:8 tcp data:2896", IP4(6, S, D), 1448, 2,
	      2896 + 2 * 62),
	SUPER("gso-tcp4-big", "eth ip4 tcp data:3000 set16:2,0", IP4(6, S, D), 1448, 3,
	      3000 + 3 * 54),
	SUPER("gso-tcp6-big", "eth ip6 tcp data:3000 set16:4,0", IP6(6, S, D), 1448, 3,
	      3000 + 3 * 74),
	SUPER("gso-tcp4-one", "eth ip4 tcp data:1448", IP4(6, S, D), 1448, 1, 1448 + 54),
	SUPER("gso-tcp4-empty", "eth ip4 tcp", IP4(6, S, D), 1448, 1, 54),
	SUPER("gso-tcp6", "eth ip6 tcp data:3500", IP6(6, S, D), 1000, 4, 3500 + 4 * 74),
	SUPER("gso-tcp6-hop", "eth ip6 hop tcp data:2000", IP6(6, S, D), 1000, 2, 2000 + 2 * 82),
	/* The kernel's jumbo header (RFC 2675): in the super-packet, on no wire. */
	SUPER("gso-tcp6-jumbo", "eth ip6 hop tcp data:3000 set16:4,0 set16:42,0xc204",
	      IP6(6, S, D), 1448, 3, 3000 + 3 * 74),
	/* A tunnel is told by what is in it, whatever the port. */
	SUPER("gso-vxlan-tcp4",
	      "eth ip4 udp:1000,4789 data:8 eth ip4 tcp data:3000 set16:28,0x0800",
	      IP4(17, 1000, 4789), 1448, 3, 3000 + 3 * 104),
	SUPER("gso-vxlan-any-port",
	      "eth ip6 udp:1000,4790 data:8 eth vlan ip6 hop tcp data:3000 set16:48,0x0800",
	      IP6(17, 1000, 4790), 1000, 3, 3000 + 3 * 156),
	SUPER("gso-vxlan-big-tcp",
	      "eth ip4 udp:1000,4789 data:8 eth ip6 tcp data:3000 set16:28,0x0800 set16:54,0",
	      IP4(17, 1000, 4789), 1448, 3, 3000 + 3 * 124),
	SUPER("gso-geneve-tcp6",
	      "eth ip4 udp:1000,6082 data:16 eth ip6 tcp data:3000 set16:28,0x0200 set16:30,0x6558",
	      IP4(17, 1000, 6082), 1448, 3, 3000 + 3 * 132),
	SUPER("gso-geneve-udp4",
	      "eth ip4 udp:1000,6081 data:8 ip4 udp data:3001 set16:28,0 set16:30,0x0800",
	      IP4(17, 1000, 6081), 1000, 4, 3001 + 4 * 78),
	/* Datagrams with a tunnel each, held together by UDP GSO or GRO: the length is one's. */
	SUPER("gso-udp4-of-vxlan",
	      "eth ip4 udp:1000,4789 data:8 eth ip4 tcp data:2900 set16:28,0x0800 set16:52,940",
	      IP4(17, 1000, 4789), 962, 4, 2962 + 4 * 42),
	SUPER("gso-udp6-of-geneve",
	      "eth ip6 udp:1000,6081 data:8 eth ip6 udp data:1910 set16:48,0 set16:50,0x6558 "
	      "set16:74,108",
	      IP6(17, 1000, 6081), 170, 12, 1980 + 12 * 62),
	/* A tunnel's port, but no tunnel behind it. */
	SUPER("gso-udp4-no-tunnel", "eth ip4 udp:1000,8472 data:3000", IP4(17, 1000, 8472), 1000, 3,
	      3000 + 3 * 42),
	SUPER("gso-udp4", "eth ip4 udp data:3001", IP4(17, S, D), 1000, 4, 3001 + 4 * 42),
	SUPER("gso-udp6", "eth ip6 udp data:512", IP6(17, S, D), 1, 512, 512 + 512 * 62),
	SUPER("gso-vlan-tcp4", "eth vlan ip4 tcp data:3000", IP4(6, S, D), 1448, 3, 3000 + 3 * 58),
	SUPER("gso-qinq-udp6", "eth qinq vlan ip6 udp data:3000", IP6(17, S, D), 1448, 3,
	      3000 + 3 * 70),
	SUPER("gso-ipip-tcp4", "eth ip4 ip4 tcp data:3000", IP4(4, 0, 0), 1448, 3, 3000 + 3 * 74),
	SUPER("gso-gre-tcp6", "eth ip4 gre:0,0x86dd ip6 tcp data:3000", IP4(47, 0x86dd, 0), 1000, 3,
	      3000 + 3 * 98),
};

size_t capture_count(void)
{
	return sizeof(captures) / sizeof(*captures);
}

const struct capture *capture_get(size_t i)
{
	return &captures[i];
}

int capture_build(size_t i, struct packet *packet, struct flow_key *ret_key,
		  struct flow_counts *ret_counts)
{
	const struct capture *capture = &captures[i];
	size_t owner = i;
	int r;

	while (captures[owner].same)
		owner--;
	r = packet_build(packet, (uint16_t)(owner + 256), capture->words);
	if (r)
		return r;
	memset(ret_key, 0, sizeof(*ret_key));
	ret_key->ethertype = capture->want.ethertype;
	ret_key->ipproto = capture->want.ipproto;
	ret_key->sport = capture->want.sport;
	ret_key->dport = capture->want.dport;
	if (capture->want.kind != CAPTURE_SUM)
		packet_address(packet->seed, capture->want.kind == CAPTURE_IPV6 ? 6 : 4,
			       ret_key->src, ret_key->dst);
	ret_counts->packets = capture->gso_size ? capture->packets : 1;
	ret_counts->bytes = capture->gso_size ? capture->bytes : packet->size;
	return 0;
}
