/* SPDX-License-Identifier: MIT */
/* Signatures of protocols with binary messages; see signature.h. */
#include "octets.h"
#include "signature.h"

static struct octets octets_in(const struct payload *payload)
{
	return octets_of(payload->bytes, payload->length);
}

/* Whether these bytes stand at that place. */
static bool has_at(const struct payload *payload, size_t place, const void *bytes, size_t length)
{
	return payload->length >= place + length && !memcmp(payload->bytes + place, bytes, length);
}

/* RFC 2131, 2 and 3: request or reply, and the cookie before the options. */
bool signature_dhcp(const struct payload *payload)
{
	return payload->length > 240 && (payload->bytes[0] == 1 || payload->bytes[0] == 2) &&
	       has_at(payload, 236, "\x63\x82\x53\x63", 4);
}

/* RFC 8489, 5: the length does not include the header of 20 bytes. */
bool signature_stun(const struct payload *payload)
{
	struct octets octets = octets_in(payload);
	uint32_t type = octets_number(&octets, 2), length = octets_number(&octets, 2);

	return !octets.cut && !(type & 0xc000) && !(length & 3) &&
	       octets_number(&octets, 4) == 0x2112a442 &&
	       (payload->tcp || length + 20 == payload->whole);
}

/* RFC 5905, 7.3: version, mode, stratum. That is little, so the port must fit. */
bool signature_ntp(const struct payload *payload)
{
	unsigned int version, mode;

	if (payload->length < 48 || payload->whole > 1024 || !payload_has_port(payload, 123))
		return false;
	version = payload->bytes[0] >> 3 & 7;
	mode = payload->bytes[0] & 7;
	return version >= 1 && version <= 4 && mode >= 1 && mode <= 5 && payload->bytes[1] <= 16;
}

/* RFC 6347, 4.1; RFC 9147, 4: change of cipher, alert, handshake or data, version 1.0 or 1.2. */
bool signature_dtls(const struct payload *payload)
{
	struct octets octets = octets_in(payload);
	uint32_t type = octets_number(&octets, 1), version = octets_number(&octets, 2);

	octets_take(&octets, 8); /* epoch, number of the record */
	return type >= 20 && type <= 23 && (version == 0xfeff || version == 0xfefd) &&
	       octets_number(&octets, 2) + 13 <= payload->whole && !octets.cut;
}

/* RFC 3550, 6.4: reports that follow each other, to the end of the datagram. */
bool signature_rtcp(const struct payload *payload)
{
	size_t place = 0;

	if (payload->length != payload->whole || payload->length < 8)
		return false;
	while (place + 4 <= payload->length) {
		const uint8_t *report = payload->bytes + place;

		if (report[0] >> 6 != 2 || report[1] < 200 || report[1] > 207 ||
		    (!place && report[1] > 201))
			return false;
		place += ((size_t)report[2] << 8 | report[3]) * 4 + 4;
	}
	return place == payload->length;
}

/* MQTT 5.0 and 3.1.1, 3.1: CONNECT with the protocol's name. */
bool signature_mqtt(const struct payload *payload)
{
	struct octets octets = octets_in(payload);

	if (octets_number(&octets, 1) != 0x10)
		return false;
	for (int i = 0; i < 4 && octets_number(&octets, 1) & 0x80; i++)
		; /* remaining length, seven bits a byte */
	return (octets_left(&octets) > 6 && !memcmp(octets.at, "\0\4MQTT", 6)) ||
	       (octets_left(&octets) > 8 && !memcmp(octets.at, "\0\6MQIsdp", 8));
}

/* PostgreSQL 15, 55.7: StartupMessage of protocol 3, or a request for TLS or GSSAPI. */
bool signature_postgresql(const struct payload *payload)
{
	struct octets octets = octets_in(payload);
	uint32_t length = octets_number(&octets, 4), code = octets_number(&octets, 4);

	if (octets.cut || length != payload->whole)
		return false;
	if (length == 8)
		return code == 80877103 || code == 80877104;
	if (length == 16)
		return code == 80877102;
	return code >> 16 == 3 && has_at(payload, 8, "user", 5);
}

/* MySQL, Protocol::HandshakeV10: what the server sends first. */
bool signature_mysql(const struct payload *payload)
{
	const uint8_t *bytes = payload->bytes, *end;
	size_t length;

	if (payload->length < 16 || bytes[3] != 0 || bytes[4] != 10)
		return false;
	length = bytes[0] | (size_t)bytes[1] << 8 | (size_t)bytes[2] << 16;
	end = memchr(bytes + 5, '\0', payload->length - 5);
	if (!end || length + 4 != payload->whole || bytes[5] < '1' || bytes[5] > '9')
		return false;
	while (--end > bytes + 5) {
		if (*end < ' ' || *end > '~')
			return false;
	}
	return true;
}

/* MS-RDPBCGR, 2.2.1.1: TPKT and an X.224 connection request with a cookie or a negotiation. */
bool signature_rdp(const struct payload *payload)
{
	struct octets octets = octets_in(payload);
	uint32_t version = octets_number(&octets, 2), length = octets_number(&octets, 2);

	if (octets.cut || version != 0x0300 || length != payload->whole || length < 11 ||
	    payload->length < 11 || payload->bytes[4] + 5U != length || payload->bytes[5] != 0xe0)
		return false;
	return has_at(payload, 11, "Cookie: mstshash=", 17) ||
	       has_at(payload, 11, "\x01\x00\x08\x00", 4) || payload_has_port(payload, 3389);
}

/*
 * MS-RDPEUDP, 3.1.5.1.1: what begins a connection over UDP acknowledges -1, has only the flags SYN, SYNLOSSY,
 * CORRELATION_ID and SYNEX, and two sizes of datagrams that are bounded (2.2.2.1 and 2.2.2.5).
 */
bool signature_rdp_udp(const struct payload *payload)
{
	struct octets octets = octets_in(payload);
	uint32_t acknowledged = octets_number(&octets, 4), flags, up, down;

	octets_take(&octets, 2); /* size of the window */
	flags = octets_number(&octets, 2);
	octets_take(&octets, 4); /* number of the first packet */
	up = octets_number(&octets, 2);
	down = octets_number(&octets, 2);
	return !octets.cut && acknowledged == UINT32_MAX && (flags & ~0x1a00U) == 1 && up >= 1132 &&
	       up <= 1232 && down >= 1132 && down <= 1232;
}

/* MS-SMB2, 2.1 and 2.2.1; MS-CIFS, 2.2.3.1. */
bool signature_smb(const struct payload *payload)
{
	return payload->length >= 8 && payload->bytes[0] == 0 &&
	       (has_at(payload, 4, "\xfeSMB", 4) || has_at(payload, 4, "\xffSMB", 4));
}

/* The length of an ASN.1 element (X.690, 8.1.3); more than what is there if it is indefinite. */
static uint32_t read_length(struct octets *octets)
{
	uint32_t length = octets_number(octets, 1);

	if (length < 0x80)
		return length;
	if (length == 0x80 || length > 0x83)
		return UINT32_MAX;
	return octets_number(octets, length & 0x7f);
}

/* Enters an element of that tag; what is in it. False if it is another one. */
static bool enter_element(struct octets *octets, uint32_t tag, struct octets *ret_inside)
{
	if (octets_number(octets, 1) != tag)
		return false;
	*ret_inside = octets_take(octets, read_length(octets));
	return true;
}

/* RFC 4511, 4.12 and 4.14: a request by number of an object, as StartTLS is, "1.3.6.1.4.1.1466.20037". */
static bool is_extended_request(struct octets message)
{
	struct octets request, name;

	return enter_element(&message, 0x77, &request) && enter_element(&request, 0x80, &name) &&
	       octets_begin(&name, "1.3.6.1.4.1.");
}

/* RFC 4511, 4.2: a message with its number, then a bind, an answer to that, or a search. */
bool signature_ldap(const struct payload *payload)
{
	struct octets octets = octets_in(payload), message, number, operation;
	uint32_t tag;

	if (!enter_element(&octets, 0x30, &message) || !enter_element(&message, 0x02, &number) ||
	    message.cut || !octets_left(&number) || octets_left(&number) > 4 ||
	    !octets_left(&message))
		return false;
	tag = *message.at;
	if (tag == 0x60)
		return enter_element(&message, tag, &operation) && has_at(payload, 0, "\x30", 1) &&
		       octets_left(&operation) > 3 && !memcmp(operation.at, "\x02\x01\x03", 3);
	if (is_extended_request(message))
		return true;
	return (tag == 0x61 || tag == 0x63 || tag == 0x42 || tag == 0x77) &&
	       (payload_has_port(payload, 389) || payload_has_port(payload, 3268));
}

/* RFC 4120, 5.4: version 5 and the type of the message, which its tag has to fit; 7.2.2: over TCP a
 * length comes first. */
bool signature_kerberos(const struct payload *payload)
{
	struct octets octets = octets_in(payload), message, sequence, element, value;
	uint32_t tag, first;

	if (payload->tcp && octets_number(&octets, 4) + 4 != payload->whole)
		return false;
	tag = octets_left(&octets) ? *octets.at : 0;
	if ((tag < 0x6a || tag > 0x6d) && tag != 0x7e)
		return false;
	first = tag == 0x6a || tag == 0x6c ? 0xa1 : 0xa0; /* requests begin with element 1 */
	return enter_element(&octets, tag, &message) && enter_element(&message, 0x30, &sequence) &&
	       enter_element(&sequence, first, &element) && enter_element(&element, 0x02, &value) &&
	       octets_number(&value, 1) == 5 && enter_element(&sequence, first + 1, &element) &&
	       enter_element(&element, 0x02, &value) && octets_number(&value, 1) == (tag & 0x1f);
}

/* RFC 3416, 3 and RFC 1901, 3: version and community; RFC 3412, 6: version 3 and its header. */
bool signature_snmp(const struct payload *payload)
{
	struct octets octets = octets_in(payload), message, version, community;
	uint32_t number;

	if (!enter_element(&octets, 0x30, &message) || !enter_element(&message, 0x02, &version) ||
	    octets_left(&version) != 1)
		return false;
	number = octets_number(&version, 1);
	if (number == 3)
		return octets_left(&message) && *message.at == 0x30 &&
		       (payload_has_port(payload, 161) || payload_has_port(payload, 162));
	return number <= 1 && enter_element(&message, 0x04, &community) && octets_left(&message) &&
	       *message.at >= 0xa0 && *message.at <= 0xa8;
}

/* The WireGuard white paper, 5.4: handshakes have one length each, and three bytes that are 0. */
bool signature_wireguard(const struct payload *payload)
{
	static const uint16_t lengths[] = {0, 148, 92, 64};

	return payload->length >= 4 && payload->bytes[0] >= 1 && payload->bytes[0] <= 3 &&
	       has_at(payload, 1, "\0\0\0", 3) && payload->whole == lengths[payload->bytes[0]];
}

/* Behind the acknowledgements, if any, the number of the packet is the first: 0. */
static bool is_openvpn_end(const struct payload *payload, size_t acks)
{
	size_t from = payload->length - 5 - acks;

	return payload->length == payload->whole && payload->bytes[from] == (acks ? 1 : 0) &&
	       has_at(payload, payload->length - 4, "\0\0\0", 4);
}

/*
 * OpenVPN's wire protocol (ssl_pkt.h): the reset that begins a session, key 0. The client's has no
 * acknowledgement, the server's has one, of 4 bytes, and the client's session. In front of these may be
 * a digest of 16 to 64 bytes, a number and a time (--tls-auth), or the number, the time and a digest of
 * 32 bytes, and the rest is encrypted (--tls-crypt): then the number must be small.
 */
bool signature_openvpn(const struct payload *payload)
{
	static const uint8_t digests[] = {16, 20, 32, 48, 64};
	size_t at = payload->tcp ? 2 : 0, least = at + 14, acks = 0;
	struct octets octets = octets_in(payload);

	if (payload->tcp && octets_number(&octets, 2) + 2 != payload->whole)
		return false;
	if (octets_left(&octets) && *octets.at == 0x40)
		acks = 12;
	else if (!octets_left(&octets) || *octets.at != 0x38)
		return false;
	least += acks;
	if (payload->length < least)
		return false;
	if (payload->whole == least)
		return is_openvpn_end(payload, acks);
	if (payload->whole == least + 40 && has_at(payload, at + 9, "\0\0", 3))
		return true;
	for (size_t i = 0; i < sizeof(digests); i++) {
		if (payload->whole == least + digests[i] + 8U)
			return is_openvpn_end(payload, acks) &&
			       has_at(payload, at + 9 + digests[i], "\0\0", 3);
	}
	return false;
}

/* BEP 3, the peer protocol; BEP 5, queries and answers of the hash table. */
bool signature_bittorrent(const struct payload *payload)
{
	if (payload->tcp)
		return has_at(payload, 0,
			      "\x13"
			      "BitTorrent protocol",
			      20);
	return has_at(payload, 0, "d1:ad2:id20:", 12) || has_at(payload, 0, "d1:rd2:id20:", 12);
}

/* RFC 4271, 4.1 and 4.2: the marker, a length and OPEN. */
bool signature_bgp(const struct payload *payload)
{
	static const uint8_t marker[16] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
					   0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	return has_at(payload, 0, marker, sizeof(marker)) && payload->length >= 29 &&
	       payload->bytes[18] == 1 && payload->bytes[19] == 4;
}
