/* SPDX-License-Identifier: MIT */
/* Tests on flow keys, and their order. Pure; any thread. */
#include "flow.h"

#include <endian.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "array.h"
#include "flow_class.h"

/* Families in the order of tuples: IPv4 and ARP, IPv6, sums. */
enum family {
	FAMILY_IPV4,
	FAMILY_IPV6,
	FAMILY_SUM,
};

static enum family family_of(const struct flow_key *key)
{
	if (flow_key_sum(key) != FLOW_SUM_NONE)
		return FAMILY_SUM;
	return key->ethertype == ETH_P_IPV6 ? FAMILY_IPV6 : FAMILY_IPV4;
}

bool flow_key_is_ip(const struct flow_key *key)
{
	return flow_key_sum(key) == FLOW_SUM_NONE &&
	       (key->ethertype == ETH_P_IP || key->ethertype == ETH_P_IPV6);
}

enum flow_numbers flow_key_numbers(const struct flow_key *key)
{
	if (flow_key_is_ip(key))
		return flow_protocols[key->ipproto].numbers;
	return key->ethertype == ETH_P_ARP && flow_key_sum(key) == FLOW_SUM_NONE
		       ? FLOW_NUMBERS_ARP
		       : FLOW_NUMBERS_NONE;
}

bool flow_key_has_ports(const struct flow_key *key)
{
	return flow_key_is_ip(key) && flow_protocols[key->ipproto].numbers == FLOW_NUMBERS_PORTS;
}

static void put_be16(uint8_t to[2], uint16_t number)
{
	to[0] = (uint8_t)(number >> 8);
	to[1] = (uint8_t)number;
}

int flow_key_compare(const struct flow_key *a, const struct flow_key *b)
{
	int order = (int)family_of(a) - (int)family_of(b);

	if (!order)
		order = memcmp(a->src, b->src, sizeof(a->src));
	if (!order)
		order = (int)a->sport - (int)b->sport;
	if (!order)
		order = memcmp(a->dst, b->dst, sizeof(a->dst));
	if (!order)
		order = (int)a->dport - (int)b->dport;
	if (!order)
		order = (int)a->ethertype - (int)b->ethertype;
	if (!order)
		order = (int)a->ipproto - (int)b->ipproto;
	/* The slot stands above the direction, so this is interface, then direction. */
	return order ? order : (int)a->where - (int)b->where;
}

uint64_t flow_key_order_word(const struct flow_key *key, unsigned int word)
{
	struct {
		uint8_t family;
		uint8_t src[16];
		uint8_t sport[2];
		uint8_t dst[16];
		uint8_t dport[2];
		uint8_t ethertype[2];
		uint8_t ipproto;
	} order;
	uint64_t words[FLOW_ORDER_WORDS];

	_Static_assert(sizeof(order) == sizeof(words), "a byte for each byte");
	order.family = (uint8_t)family_of(key);
	memcpy(order.src, key->src, sizeof(order.src));
	put_be16(order.sport, key->sport);
	memcpy(order.dst, key->dst, sizeof(order.dst));
	put_be16(order.dport, key->dport);
	put_be16(order.ethertype, key->ethertype);
	order.ipproto = key->ipproto;
	memcpy(words, &order, sizeof(words));
	return be64toh(words[word]);
}

struct flow_key flow_key_of_sum(enum flow_sum sum, uint16_t detail, uint16_t ethertype,
				uint8_t where)
{
	struct flow_key key;

	memset(&key, 0, sizeof(key));
	key.sport = (uint16_t)sum;
	key.dport = detail;
	key.ethertype = ethertype;
	key.ipproto = FLOW_PROTO_NONE;
	key.where = where;
	return key;
}

enum flow_class flow_key_class(const struct flow_key *key)
{
	switch (flow_key_sum(key)) {
	case FLOW_SUM_MAP_FULL:
	case FLOW_SUM_AGED:
	case FLOW_SUM_REMAINDER:
	case FLOW_SUM_GONE:
	case FLOW_SUM_UNSEEN:
		return key->dport < FLOW_CLASSES ? (enum flow_class)key->dport : FLOW_CLASS_MIXED;
	case FLOW_SUM_ARP_OFF: return FLOW_CLASS_ARP;
	default: return flow_classify(key);
	}
}

/*
 * Names of protocol numbers, EtherTypes and classes: constant tables and their look-ups. Pure; any
 * thread. Sources: IANA "Protocol Numbers", IEEE 802 numbers, <linux/if_ether.h>.
 */

/*
 * IANA's keywords; where programs before this one spell it another way, their spelling. A filter
 * takes the name after "proto" in any case.
 */
const struct flow_protocol flow_protocols[256] = {
	[0] = {"HOPOPT"},
	[1] = {"ICMPv4", .keyword = "icmp", .numbers = FLOW_NUMBERS_ICMP},
	[2] = {"IGMP", .keyword = "igmp"},
	[3] = {"GGP"},
	[4] = {"IP-ENCAP", .aliases = "ipencap"},
	[5] = {"ST"},
	[6] = {"TCP", .keyword = "tcp", .numbers = FLOW_NUMBERS_PORTS},
	[7] = {"CBT"},
	[8] = {"EGP"},
	[9] = {"IGP", .keyword = "igrp"},
	[10] = {"BBN-RCC-MON"},
	[11] = {"NVP-II"},
	[12] = {"PUP"},
	[13] = {"ARGUS"},
	[14] = {"EMCON"},
	[15] = {"XNET"},
	[16] = {"CHAOS"},
	[17] = {"UDP", .keyword = "udp", .numbers = FLOW_NUMBERS_PORTS},
	[18] = {"MUX"},
	[19] = {"DCN-MEAS"},
	[20] = {"HMP"},
	[21] = {"PRM"},
	[22] = {"XNS-IDP"},
	[23] = {"TRUNK-1"},
	[24] = {"TRUNK-2"},
	[25] = {"LEAF-1"},
	[26] = {"LEAF-2"},
	[27] = {"RDP"},
	[28] = {"IRTP"},
	[29] = {"ISO-TP4"},
	[30] = {"NETBLT"},
	[31] = {"MFE-NSP"},
	[32] = {"MERIT-INP"},
	[33] = {"DCCP", .numbers = FLOW_NUMBERS_PORTS},
	[34] = {"3PC"},
	[35] = {"IDPR"},
	[36] = {"XTP"},
	[37] = {"DDP"},
	[38] = {"IDPR-CMTP"},
	[39] = {"TP++"},
	[40] = {"IL"},
	[41] = {"IPv6"},
	[42] = {"SDRP"},
	[43] = {"IPv6-Route"},
	[44] = {"IPv6-Frag"},
	[45] = {"IDRP"},
	[46] = {"RSVP"},
	[47] = {"GRE", .numbers = FLOW_NUMBERS_GRE},
	[48] = {"DSR"},
	[49] = {"BNA"},
	[50] = {"IPSEC-ESP", .keyword = "esp", .numbers = FLOW_NUMBERS_SPI},
	[51] = {"IPSEC-AH", .keyword = "ah", .numbers = FLOW_NUMBERS_SPI},
	[52] = {"I-NLSP"},
	[53] = {"SWIPE"},
	[54] = {"NARP"},
	[55] = {"Min-IPv4"},
	[56] = {"TLSP"},
	[57] = {"SKIP"},
	[58] = {"IPv6-ICMP", .keyword = "icmp6", .aliases = "icmpv6", .numbers = FLOW_NUMBERS_ICMP},
	[59] = {"IPv6-NoNxt"},
	[60] = {"IPv6-Opts"},
	[62] = {"CFTP"},
	[64] = {"SAT-EXPAK"},
	[65] = {"KRYPTOLAN"},
	[66] = {"RVD"},
	[67] = {"IPPC"},
	[69] = {"SAT-MON"},
	[70] = {"VISA"},
	[71] = {"IPCV"},
	[72] = {"CPNX"},
	[73] = {"RSPF"},
	[74] = {"WSN"},
	[75] = {"PVP"},
	[76] = {"BR-SAT-MON"},
	[77] = {"SUN-ND"},
	[78] = {"WB-MON"},
	[79] = {"WB-EXPAK"},
	[80] = {"ISO-IP"},
	[81] = {"VMTP"},
	[82] = {"SECURE-VMTP"},
	[83] = {"VINES"},
	[84] = {"IPTM"},
	[85] = {"NSFNET-IGP"},
	[86] = {"DGP"},
	[87] = {"TCF"},
	[88] = {"EIGRP"},
	[89] = {"OSPFIGP", .aliases = "ospf", .numbers = FLOW_NUMBERS_OSPF},
	[90] = {"Sprite-RPC"},
	[91] = {"LARP"},
	[92] = {"MTP"},
	[93] = {"AX.25"},
	[94] = {"IPIP"},
	[95] = {"MICP"},
	[96] = {"SCC-SP"},
	[97] = {"ETHERIP"},
	[98] = {"ENCAP"},
	[100] = {"GMTP"},
	[101] = {"IFMP"},
	[102] = {"PNNI"},
	[103] = {"PIM", .keyword = "pim"},
	[104] = {"ARIS"},
	[105] = {"SCPS"},
	[106] = {"QNX"},
	[107] = {"A/N"},
	[108] = {"IPCOMP"},
	[109] = {"SNP"},
	[110] = {"Compaq-Peer"},
	[111] = {"IPX-in-IP"},
	[112] = {"VRRP", .keyword = "vrrp"},
	[113] = {"PGM"},
	[115] = {"L2TP"},
	[116] = {"DDX"},
	[117] = {"IATP"},
	[118] = {"STP"},
	[119] = {"SRP"},
	[120] = {"UTI"},
	[121] = {"SMP"},
	[122] = {"SM"},
	[123] = {"PTP"},
	[124] = {"ISIS"},
	[125] = {"FIRE"},
	[126] = {"CRTP"},
	[127] = {"CRUDP"},
	[128] = {"SSCOPMCE"},
	[129] = {"IPLT"},
	[130] = {"SPS"},
	[131] = {"PIPE"},
	[132] = {"SCTP", .keyword = "sctp", .numbers = FLOW_NUMBERS_PORTS},
	[133] = {"FC"},
	[134] = {"RSVP-E2E-IGNORE"},
	[135] = {"Mobility-Header", .aliases = "mobility"},
	[136] = {"UDPLite", .aliases = "udp-lite", .numbers = FLOW_NUMBERS_PORTS},
	[137] = {"MPLS-in-IP"},
	[138] = {"MANET"},
	[139] = {"HIP"},
	[140] = {"Shim6"},
	[141] = {"WESP"},
	[142] = {"ROHC"},
	[143] = {"Ethernet"},
	[144] = {"AGGFRAG"},
	[145] = {"NSH"},
	[146] = {"Homa"},
	[147] = {"BIT-EMU"},
};

static const struct {
	uint16_t ethertype;
	const char *name;
} ethertype_names[] = {
	{ETH_P_802_2, "802.2 LLC"},
	{ETH_P_IP, "IPv4"},
	{ETH_P_ARP, "ARP"},
	{0x0842, "Wake-on-LAN"},
	{0x22ea, "SRP"},
	{0x22f0, "AVTP"},
	{0x22f3, "TRILL"},
	{0x4305, "batman-adv"},
	{0x6001, "DEC-MOP-DL"},
	{0x6002, "DEC-MOP-RC"},
	{0x6003, "DECnet"},
	{0x6004, "DEC-LAT"},
	{0x6558, "TransEth"},
	{0x8035, "RARP"},
	{0x809b, "AppleTalk"},
	{0x80f3, "AARP"},
	{0x8100, "VLAN"},
	{0x8137, "IPX"},
	{ETH_P_IPV6, "IPv6"},
	{0x8808, "MAC-Control"},
	{0x8809, "Slow-Protocols"},
	{0x8847, "MPLS"},
	{0x8848, "MPLS-MC"},
	{0x8863, "PPPoE-Discovery"},
	{0x8864, "PPPoE"},
	{0x887b, "HomePlug"},
	{0x888e, "EAPOL"},
	{0x8892, "PROFINET"},
	{0x88a2, "ATAoE"},
	{0x88a4, "EtherCAT"},
	{0x88a8, "QinQ"},
	{0x88ab, "POWERLINK"},
	{0x88b5, "Experimental-1"},
	{0x88b6, "Experimental-2"},
	{0x88b8, "GOOSE"},
	{0x88ba, "Sampled-Values"},
	{0x88bf, "RoMON"},
	{0x88c7, "RSN-Preauth"},
	{0x88cc, "LLDP"},
	{0x88cd, "SERCOS"},
	{0x88e1, "HomePlug-AV"},
	{0x88e3, "MRP"},
	{0x88e5, "MACsec"},
	{0x88e7, "PBB"},
	{0x88f5, "MVRP"},
	{0x88f6, "MMRP"},
	{0x88f7, "PTP"},
	{0x88f8, "NC-SI"},
	{0x88fb, "PRP"},
	{0x8902, "CFM"},
	{0x8906, "FCoE"},
	{0x8914, "FIP"},
	{0x8915, "RoCE"},
	{0x892f, "HSR"},
	{0x894f, "NSH"},
	{0x9000, "Loopback"},
	{0x9100, "QinQ-9100"},
};

static const char *const class_names[FLOW_CLASSES] = {
	[FLOW_CLASS_TCP] = "TCP",	[FLOW_CLASS_UDP] = "UDP",
	[FLOW_CLASS_ICMPV4] = "ICMPv4", [FLOW_CLASS_ICMPV6] = "IPv6-ICMP",
	[FLOW_CLASS_IP] = "other IP",	[FLOW_CLASS_ARP] = "ARP",
	[FLOW_CLASS_NONIP] = "not IP",	[FLOW_CLASS_MIXED] = "mixed",
};

const char *flow_ipproto_name(uint8_t ipproto)
{
	return flow_protocols[ipproto].name;
}

/* True when the word is one of those, which have blanks between them. */
static bool is_one_of(const char *words, const char *word)
{
	size_t length = strlen(word);

	while (words && *words) {
		size_t next = strcspn(words, " ");

		if (next == length && !strncasecmp(words, word, length))
			return true;
		words += next + strspn(words + next, " ");
	}
	return false;
}

int flow_ipproto_of_name(const char *name)
{
	for (int i = 0; i < 256; i++) {
		const struct flow_protocol *protocol = &flow_protocols[i];

		if ((protocol->name && !strcasecmp(name, protocol->name)) ||
		    is_one_of(protocol->keyword, name) || is_one_of(protocol->aliases, name))
			return i;
	}
	return -1;
}

const char *flow_proto_name(const struct flow_key *key)
{
	const char *name;

	if (flow_key_sum(key) != FLOW_SUM_NONE)
		return "other";
	if (key->ethertype == ETH_P_ARP)
		return "ARP";
	name = flow_ipproto_name(key->ipproto);
	return name ? name : "Unknown";
}

const char *flow_ethertype_name(uint16_t ethertype)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ethertype_names); i++) {
		if (ethertype_names[i].ethertype == ethertype)
			return ethertype_names[i].name;
	}
	return NULL;
}

const char *flow_class_name(enum flow_class class)
{
	return (unsigned int)class < FLOW_CLASSES ? class_names[class] : "mixed";
}
