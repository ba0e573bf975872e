/* SPDX-License-Identifier: MIT */
/*
 * What the first bytes of a payload say about the application protocol. Each signature is one entry
 * in a table and one function, which names its source. Where a protocol has few bytes that must be
 * there, its port has to fit as well; a port alone never decides. Pure; any thread.
 */
#ifndef PKTSTAT_SIGNATURE_H
#define PKTSTAT_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "application.h"

struct payload {
	const uint8_t *bytes;
	size_t length; /* bytes that are there */
	size_t whole;  /* bytes that were sent, at least as many */
	bool tcp;      /* at the start of a stream; else a datagram of UDP */
	uint16_t sport, dport;
};

/* The application of a payload, or APPLICATION_UNKNOWN. */
enum application signature_find(const struct payload *payload);

/* True if one of the payload's ports is this one. */
static inline bool payload_has_port(const struct payload *payload, uint16_t port)
{
	return payload->sport == port || payload->dport == port;
}

/* Signatures of protocols that are text, and of those that are not; for signature.c. */
typedef bool signature_test(const struct payload *payload);
signature_test signature_ssh, signature_smtp, signature_imap, signature_pop3, signature_ftp,
	signature_http, signature_http2, signature_sip, signature_ssdp, signature_redis,
	signature_vnc, signature_amqp;
signature_test signature_dhcp, signature_stun, signature_ntp, signature_dtls, signature_rtcp,
	signature_mqtt, signature_postgresql, signature_mysql, signature_rdp, signature_rdp_udp,
	signature_smb, signature_ldap, signature_kerberos, signature_wireguard, signature_openvpn,
	signature_bittorrent, signature_snmp, signature_bgp;

#endif
