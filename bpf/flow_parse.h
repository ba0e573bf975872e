/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * The parser: from the bytes of a frame to the key of its flow. A pure function over memory, so
 * that the same lines run in the kernel, under the fuzzer and in unit tests. It never fails: what
 * it cannot tell apart gets the key of a named sum.
 *
 * Each flow_parse_x() reads one header at pkt->offset, checks its bounds first, and moves the
 * offset behind it. A header that is not all there sets `cut`: the caller can make more of the
 * frame readable and parse again, or take the key as it is.
 *
 * flow_parse_usual() takes the frames that make up nearly all traffic and has no loop;
 * flow_parse_any() takes everything. In the kernel the latter works on a flow_packet in map memory:
 * the verifier does not follow values through it, so that it need not try every combination of
 * headers.
 */
#ifndef PKTSTAT_FLOW_PARSE_H
#define PKTSTAT_FLOW_PARSE_H

#include "flow_packet.h"

#define FLOW_VLAN_TAGS_MAX 3  /* a tag that the kernel has stripped included */
#define FLOW_MPLS_LABELS_MAX 16
#define FLOW_IPV6_HEADERS_MAX 8 /* extension headers looked through */

/* Numbers that no header of the C library or the kernel names. */
#define FLOW_ETH_P_QINQ_OLD 0x9100
#define FLOW_PPP_IPV4 0x0021
#define FLOW_PPP_IPV6 0x0057
#define FLOW_IPPROTO_OSPF 89

/* For `ethertype` of a packet without an Ethernet header whose sender did not say what it is. */
#define FLOW_ETH_P_UNSAID 0xffff

static __always_inline void flow_parse_as_sum(struct flow_packet *pkt, enum flow_sum sum,
					      __u32 detail)
{
	pkt->ipproto = FLOW_PROTO_NONE;
	pkt->sport = sum;
	pkt->dport = detail;
}

/* The protocols of flow_parse_usual(): their two numbers are the first four bytes. */
static __always_inline int flow_is_usual(__u8 ipproto)
{
	return ipproto == IPPROTO_TCP || ipproto == IPPROTO_UDP || ipproto == IPPROTO_ESP;
}

/* Bytes of the transport header that hold the two numbers; 0: the protocol has none. */
static __always_inline __u32 flow_transport_size(__u8 ipproto)
{
	switch (ipproto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
	case IPPROTO_ESP:
	case IPPROTO_GRE:
		return 4;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
	case FLOW_IPPROTO_OSPF:
		return 2;
	case IPPROTO_AH:
		return 8;
	default:
		return 0;
	}
}

/*
 * The two numbers that tell flows of this protocol apart. What stands behind the payload that the
 * IP header accounts for is padding, not a header.
 */
static __always_inline void flow_parse_transport(const struct flow_frame *frame,
						 struct flow_packet *pkt)
{
	__u32 size = flow_transport_size(pkt->ipproto);
	const __u8 *header;

	pkt->transport = pkt->offset;
	if (!size || pkt->payload < size)
		return;
	if (size == 4) {
		header = flow_at(frame, pkt, 4);
		if (!header)
			return;
		if (pkt->ipproto == IPPROTO_GRE) { /* protocol type; flags and version */
			pkt->sport = flow_load16(header + 2);
			pkt->dport = flow_load16(header);
		} else {
			pkt->sport = flow_load16(header);
			pkt->dport = flow_load16(header + 2);
		}
	} else if (size == 2) {
		header = flow_at(frame, pkt, 2);
		if (!header)
			return;
		if (pkt->ipproto == FLOW_IPPROTO_OSPF) { /* type; version */
			pkt->sport = header[1];
			pkt->dport = header[0];
		} else {
			pkt->sport = header[0];
			pkt->dport = header[1];
		}
	} else { /* RFC 4302: the SPI is the second word */
		header = flow_at(frame, pkt, 8);
		if (!header)
			return;
		pkt->sport = flow_load16(header + 4);
		pkt->dport = flow_load16(header + 6);
	}
}

/* RFC 791. A total length of 0 stands for "more than 65,535" in super-packets. */
static __always_inline void flow_parse_ipv4(const struct flow_frame *frame,
					    struct flow_packet *pkt)
{
	const __u8 *ip = flow_at(frame, pkt, 20);
	__u32 header, total, fragment;

	if (!ip) {
		flow_parse_as_sum(pkt, FLOW_SUM_TRUNCATED, 0);
		return;
	}
	header = (ip[0] & 0xf) * 4;
	total = flow_load16(ip + 2);
	if (ip[0] >> 4 != 4 || header < 20 || (total && total < header)) {
		flow_parse_as_sum(pkt, FLOW_SUM_MALFORMED, 0);
		return;
	}
	pkt->address[1] = flow_mapped_ipv4(ip + 12);
	pkt->address[3] = flow_mapped_ipv4(ip + 16);
	pkt->ipproto = ip[9];
	pkt->payload = total ? total - header : ~0U;
	fragment = flow_load16(ip + 6);
	if (fragment & 0x3fff) {
		pkt->fragment_id = flow_load16(ip + 4);
		pkt->fragment_proto = ip[9];
		pkt->fragment = fragment & 0x1fff ? FLOW_FRAGMENT_LATER : FLOW_FRAGMENT_FIRST;
		if (fragment & 0x1fff)
			return;
	}
	pkt->offset += header;
	flow_parse_transport(frame, pkt);
}

/* RFC 8200, the fixed header. A payload length of 0 stands for a jumbogram or a super-packet. */
static __always_inline int flow_parse_ipv6_base(const struct flow_frame *frame,
						struct flow_packet *pkt)
{
	const __u8 *ip = flow_at(frame, pkt, 40);

	if (!ip) {
		flow_parse_as_sum(pkt, FLOW_SUM_TRUNCATED, 0);
		return 0;
	}
	if (ip[0] >> 4 != 6) {
		flow_parse_as_sum(pkt, FLOW_SUM_MALFORMED, 0);
		return 0;
	}
	pkt->payload = flow_load16(ip + 4);
	if (!pkt->payload)
		pkt->payload = ~0U;
	pkt->address[0] = flow_load_raw64(ip + 8);
	pkt->address[1] = flow_load_raw64(ip + 16);
	pkt->address[2] = flow_load_raw64(ip + 24);
	pkt->address[3] = flow_load_raw64(ip + 32);
	pkt->ipproto = ip[6];
	pkt->offset += 40;
	return 1;
}

static __always_inline int flow_is_ipv6_extension(__u8 ipproto)
{
	return ipproto == IPPROTO_HOPOPTS || ipproto == IPPROTO_ROUTING ||
	       ipproto == IPPROTO_DSTOPTS || ipproto == IPPROTO_FRAGMENT;
}

/*
 * Steps over one IPv6 extension header. False when the walk ends before it: it is not all there,
 * or the packet is a later fragment.
 */
static __always_inline int flow_parse_ipv6_extension(const struct flow_frame *frame,
						     struct flow_packet *pkt)
{
	const __u8 *header = flow_at(frame, pkt, 8); /* the least any of them has */
	__u32 fragment, size = 8;

	if (pkt->payload < 8 || !header)
		return 0;
	if (pkt->ipproto != IPPROTO_FRAGMENT) {
		size = (header[1] + 1) * 8;
		if (size > pkt->payload)
			return 0;
		/* RFC 2675: Linux puts it into super-packets beyond 64 kB; no segment carries it. */
		if (pkt->payload == ~0U && size == 8 && header[2] == 0xc2)
			pkt->jumbo = size;
	} else {
		fragment = flow_load16(header + 2);
		if (fragment & 0xfff9) {
			pkt->fragment_id = flow_load32(header + 4);
			pkt->fragment = fragment & 0xfff8 ? FLOW_FRAGMENT_LATER :
							    FLOW_FRAGMENT_FIRST;
		}
	}
	pkt->ipproto = header[0];
	pkt->payload -= size;
	pkt->offset += size;
	return pkt->fragment != FLOW_FRAGMENT_LATER;
}

static __always_inline void flow_parse_ipv6(const struct flow_frame *frame,
					    struct flow_packet *pkt)
{
	int i;

	if (!flow_parse_ipv6_base(frame, pkt))
		return;
	FLOW_NO_UNROLL
	for (i = 0; i < FLOW_IPV6_HEADERS_MAX; i++) {
		if (!flow_is_ipv6_extension(pkt->ipproto))
			break;
		if (!flow_parse_ipv6_extension(frame, pkt))
			return;
	}
	flow_parse_transport(frame, pkt);
}

/*
 * RFC 826, IPv4 over hardware addresses of Ethernet's size; any other ARP is a sum by EtherType.
 * The hardware's number does not matter: 1, or 6 for IEEE 802 (RFC 1042), as the kernel takes both.
 */
static __always_inline void flow_parse_arp(const struct flow_frame *frame, struct flow_packet *pkt)
{
	const __u8 *arp = flow_at(frame, pkt, 8);

	if (!arp) {
		flow_parse_as_sum(pkt, FLOW_SUM_TRUNCATED, 0);
		return;
	}
	if (flow_load16(arp + 2) != ETH_P_IP || arp[4] != 6 || arp[5] != 4) {
		flow_parse_as_sum(pkt, FLOW_SUM_ETHERTYPE, 0);
		return;
	}
	arp = flow_at(frame, pkt, 28);
	if (!arp) {
		flow_parse_as_sum(pkt, FLOW_SUM_TRUNCATED, 0);
		return;
	}
	pkt->address[1] = flow_mapped_ipv4(arp + 14);
	pkt->address[3] = flow_mapped_ipv4(arp + 24);
	pkt->sport = flow_load16(arp + 6);
}

/* RFC 2516 and RFC 1661: IP in a PPPoE session; else the EtherType stays. */
static __always_inline void flow_parse_pppoe(const struct flow_frame *frame,
					     struct flow_packet *pkt)
{
	const __u8 *pppoe = flow_at(frame, pkt, 8);
	__u32 protocol, size = 8;

	if (!pppoe || pppoe[0] != 0x11 || pppoe[1] != 0)
		return;
	protocol = flow_load16(pppoe + 6);
	if (pppoe[6] & 1) { /* protocol field compressed to one byte */
		protocol = pppoe[6];
		size = 7;
	}
	if (protocol == FLOW_PPP_IPV4)
		pkt->ethertype = ETH_P_IP;
	else if (protocol == FLOW_PPP_IPV6)
		pkt->ethertype = ETH_P_IPV6;
	else
		return;
	pkt->offset += size;
}

/* IP by its version, the first nibble; else the EtherType stays. */
static __always_inline void flow_parse_version(const struct flow_frame *frame,
					       struct flow_packet *pkt)
{
	const __u8 *ip = flow_at(frame, pkt, 1);

	if (!ip)
		return;
	if (ip[0] >> 4 == 4)
		pkt->ethertype = ETH_P_IP;
	else if (ip[0] >> 4 == 6)
		pkt->ethertype = ETH_P_IPV6;
}

/* RFC 3032: labels to the bottom of the stack; then the version nibble says what follows. */
static __always_inline void flow_parse_mpls(const struct flow_frame *frame,
					    struct flow_packet *pkt)
{
	const __u8 *label;
	int i, bottom = 0;

	FLOW_NO_UNROLL
	for (i = 0; i < FLOW_MPLS_LABELS_MAX && !bottom; i++) {
		label = flow_at(frame, pkt, 4);
		if (!label)
			return;
		bottom = label[2] & 1;
		pkt->offset += 4;
	}
	if (bottom)
		flow_parse_version(frame, pkt);
}

/* IEEE 802.2: SNAP names an EtherType, anything else stays LLC. Returns DSAP and SSAP. */
static __always_inline __u16 flow_parse_llc(const struct flow_frame *frame,
					    struct flow_packet *pkt)
{
	const __u8 *llc = flow_at(frame, pkt, 2);
	__u16 saps;

	pkt->ethertype = ETH_P_802_2;
	if (!llc)
		return 0;
	saps = flow_load16(llc);
	if (saps != 0xaaaa)
		return saps;
	llc = flow_at(frame, pkt, 8);
	if (!llc || llc[2] != 3 || llc[3] || llc[4] || llc[5] ||
	    flow_load16(llc + 6) < ETH_P_802_3_MIN)
		return saps;
	pkt->ethertype = flow_load16(llc + 6);
	pkt->offset += 8;
	return 0;
}

static __always_inline int flow_is_vlan(__u16 ethertype)
{
	return ethertype == ETH_P_8021Q || ethertype == ETH_P_8021AD ||
	       ethertype == FLOW_ETH_P_QINQ_OLD;
}

/* Ethernet and up to `tags` VLAN tags. False when the frame ends before the EtherType. */
static __always_inline int flow_parse_ethernet(const struct flow_frame *frame,
					       struct flow_packet *pkt, int tags)
{
	const __u8 *header = flow_at(frame, pkt, ETH_HLEN);
	int i;

	if (!header)
		return 0;
	pkt->ethertype = flow_load16(header + 12);
	pkt->offset = ETH_HLEN;
	FLOW_NO_UNROLL
	for (i = 0; i < FLOW_VLAN_TAGS_MAX; i++) {
		if (i >= tags || !flow_is_vlan(pkt->ethertype))
			break;
		header = flow_at(frame, pkt, 4);
		if (!header)
			return 0;
		pkt->ethertype = flow_load16(header + 2);
		pkt->offset += 4;
	}
	return 1;
}

static __always_inline void flow_parse_begin(struct flow_packet *pkt, __u16 ethertype)
{
	__builtin_memset(pkt, 0, sizeof(*pkt));
	pkt->ethertype = ethertype;
}

/*
 * Parses the frame. `ethertype` is 0 for a frame with an Ethernet header; on an interface without
 * one it is the EtherType of the packet that begins at frame->start, or FLOW_ETH_P_UNSAID.
 * `stripped` says that the kernel holds an outer VLAN tag beside the frame.
 */
static __always_inline void flow_parse_any(const struct flow_frame *frame, __u16 ethertype,
					   int stripped, struct flow_packet *pkt)
{
	__u16 saps = 0;

	flow_parse_begin(pkt, ethertype);
	pkt->offset = frame->start;
	if (!ethertype) {
		if (!flow_parse_ethernet(frame, pkt, FLOW_VLAN_TAGS_MAX - !!stripped)) {
			flow_parse_as_sum(pkt, FLOW_SUM_TRUNCATED, 0);
			return;
		}
		if (pkt->ethertype < ETH_P_802_3_MIN)
			saps = flow_parse_llc(frame, pkt);
	} else if (ethertype == FLOW_ETH_P_UNSAID) {
		pkt->ethertype = 0;
		flow_parse_version(frame, pkt);
	}
	if (pkt->ethertype == ETH_P_PPP_SES)
		flow_parse_pppoe(frame, pkt);
	else if (pkt->ethertype == ETH_P_MPLS_UC || pkt->ethertype == ETH_P_MPLS_MC)
		flow_parse_mpls(frame, pkt);
	if (pkt->ethertype == ETH_P_IP)
		flow_parse_ipv4(frame, pkt);
	else if (pkt->ethertype == ETH_P_IPV6)
		flow_parse_ipv6(frame, pkt);
	else if (pkt->ethertype == ETH_P_ARP)
		flow_parse_arp(frame, pkt);
	else
		flow_parse_as_sum(pkt, FLOW_SUM_ETHERTYPE, saps);
}

/* Addresses, ports and protocol of an IPv4 packet without options that is no fragment. */
static __always_inline int flow_usual_ipv4(const __u8 *ip, const void *end, struct flow_key *key)
{
	__u32 total;

	if ((void *)ip + 24 > end || ip[0] != 0x45 || flow_load16(ip + 6) & 0x3fff)
		return 0;
	total = flow_load16(ip + 2);
	if ((total && total < 24) || !flow_is_usual(ip[9]))
		return 0;
	key->word[0] = 0;
	key->word[1] = flow_mapped_ipv4(ip + 12);
	key->word[2] = 0;
	key->word[3] = flow_mapped_ipv4(ip + 16);
	key->word[4] = flow_last_word(flow_load16(ip + 20), flow_load16(ip + 22), ETH_P_IP, ip[9]);
	return 1;
}

/* The same of an IPv6 packet without extension headers. */
static __always_inline int flow_usual_ipv6(const __u8 *ip, const void *end, struct flow_key *key)
{
	__u32 payload;

	if ((void *)ip + 44 > end || ip[0] >> 4 != 6 || !flow_is_usual(ip[6]))
		return 0;
	payload = flow_load16(ip + 4);
	if (payload && payload < 4)
		return 0;
	key->word[0] = flow_load_raw64(ip + 8);
	key->word[1] = flow_load_raw64(ip + 16);
	key->word[2] = flow_load_raw64(ip + 24);
	key->word[3] = flow_load_raw64(ip + 32);
	key->word[4] =
		flow_last_word(flow_load16(ip + 40), flow_load16(ip + 42), ETH_P_IPV6, ip[6]);
	return 1;
}

/*
 * Parses the usual frame: TCP, UDP or ESP straight behind IPv4 without options or IPv6 without
 * extension headers, straight behind Ethernet; not a fragment, nothing cut. Returns the offset of
 * the transport header, and the key with `where` 0, as flow_parse_any() would; 0 when the frame is
 * any other. Sets nothing on the way, so that the compiler keeps it short.
 */
static __always_inline __u32 flow_parse_usual(const struct flow_frame *frame, __u16 ethertype,
					      struct flow_key *key)
{
	const __u8 *data = frame->data;
	__u64 offset = ETH_HLEN; /* not half a register, whose bounds the verifier forgets */

	if (!ethertype) {
		if ((void *)data + ETH_HLEN > frame->end)
			return 0;
		ethertype = flow_load16(data + 12);
	} else {
		offset = frame->start;
		if (offset > FLOW_OFFSET_MAX)
			return 0;
	}
	if (ethertype == ETH_P_IP && flow_usual_ipv4(data + offset, frame->end, key))
		return offset + 20;
	if (ethertype == ETH_P_IPV6 && flow_usual_ipv6(data + offset, frame->end, key))
		return offset + 40;
	return 0;
}

#endif
