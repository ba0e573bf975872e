/* SPDX-License-Identifier: MIT */
/*
 * Frames from a short description, for tests: "eth vlan:5 ip4 opt:8 tcp data:20 pad:60". Each word
 * appends a header, enters itself in the "next" field of the header before it, and lengths and
 * IPv4 checksums are filled in at the end (or before the first word that spoils the frame). The
 * caller owns the packet; no state outside it.
 *
 * Words (numbers decimal or 0x hexadecimal, all arguments may be left out):
 *   eth                     Ethernet header to a unicast address nobody has
 *   vlan:TCI qinq:TCI       802.1Q, 802.1ad tag
 *   ethertype:N             puts N into the EtherType (or 802.3 length) field that waits for one
 *   llc:DSAP,SSAP           802.2 header of three bytes behind an 802.3 length
 *   snap:OUI                802.2 SNAP; the EtherType is that of the next header
 *   pppoe:CODE ppp:N        PPPoE session header (with PPP protocol N instead of the next header's)
 *   mpls:LABEL              label; the last one of a row of them gets the bottom-of-stack bit
 *   arp:OP                  ARP for Ethernet and IPv4
 *   ip4 ip6                 from the packet's own addresses; inner ones have others
 *   opt:N                   N bytes of IPv4 options (a multiple of 4), just behind ip4
 *   frag:ID,OFFSET,MORE     makes the ip4 just before it a fragment; after ip6: fragment header
 *   hop dst rt:UNITS        IPv6 extension header of 8 * (1 + UNITS) bytes
 *   tcp:S,D,BYTES udp:S,D udplite:S,D sctp:S,D dccp:S,D
 *   icmp:T,C icmp6:T,C esp:SPI ah:SPI gre:FLAGS,PROTO ospf:TYPE,VERSION
 *   proto:N                 enters IP protocol N without a header
 *   data:N junk:N           N bytes of a pattern, of noise
 *   pad:N                   zero bytes up to N in all
 *   cut:N                   only the first N bytes
 *   drop:N                  without the last N bytes
 *   set8:OFFSET,V set16:OFFSET,V   overwrites, OFFSET counted from the outermost IP header
 */
#ifndef TESTS_PACKET_H
#define TESTS_PACKET_H

#include <stddef.h>
#include <stdint.h>

#define PACKET_MAX		65600
#define PACKET_PORT_SOURCE	49152
#define PACKET_PORT_DESTINATION 443
#define PACKET_OPEN_MAX		8

enum packet_next { PACKET_NEXT_NONE, PACKET_NEXT_ETHERTYPE, PACKET_NEXT_PPP, PACKET_NEXT_IP };

/* A length field that is filled in when the frame is complete. */
struct packet_open {
	enum packet_length { PACKET_802_3, PACKET_PPPOE, PACKET_IP4, PACKET_IP6, PACKET_UDP } kind;
	size_t at; /* where that header begins */
};

struct packet {
	size_t size;
	uint8_t data[PACKET_MAX];
	uint16_t seed;	/* makes the addresses */
	size_t network; /* offset of the outermost IP header */
	unsigned int networks;
	enum packet_next next;
	size_t next_at; /* offset of the field that names the next header */
	size_t last_ip; /* offset of the newest IP header */
	int last_ip_version;
	size_t transport; /* offset of the newest header that begins with ports, 0: none */
	int transport_proto;
	size_t last_mpls; /* offset of the label just appended, 0: none */
	struct packet_open open[PACKET_OPEN_MAX];
	unsigned int opened;
	uint32_t noise;
};

/*
 * Builds the frame that `words` describes. `seed` makes its addresses, see packet_address().
 * 0, -EINVAL for a word that is not known or does not fit, -ENOSPC beyond PACKET_MAX.
 */
int packet_build(struct packet *packet, uint16_t seed, const char *words);

/*
 * The addresses of the outermost IP header of packets with that seed, as a flow key holds them
 * (IPv4: ::ffff:a.b.c.d).
 */
void packet_address(uint16_t seed, int version, uint8_t ret_source[16],
		    uint8_t ret_destination[16]);

#endif
