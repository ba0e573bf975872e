/* SPDX-License-Identifier: MIT */
/*
 * Application protocols that are told apart by what is in the packets, never by a port alone. A new
 * one is a name here, an entry in application.c, and its signature in src/sight/. Pure; any thread.
 */
#ifndef PKTSTAT_APPLICATION_H
#define PKTSTAT_APPLICATION_H

enum application {
	APPLICATION_UNKNOWN,
	APPLICATION_AMQP,
	APPLICATION_BGP,
	APPLICATION_BITTORRENT,
	APPLICATION_DHCP,
	APPLICATION_DNS,
	APPLICATION_DOQ, /* DNS over QUIC */
	APPLICATION_DOT, /* DNS over TLS */
	APPLICATION_DTLS,
	APPLICATION_FTP,
	APPLICATION_HTTP,
	APPLICATION_HTTP2, /* without TLS */
	APPLICATION_HTTP3,
	APPLICATION_HTTPS,
	APPLICATION_IMAP,
	APPLICATION_KERBEROS,
	APPLICATION_LDAP,
	APPLICATION_LLMNR,
	APPLICATION_MDNS,
	APPLICATION_MQTT,
	APPLICATION_MYSQL,
	APPLICATION_NBNS,
	APPLICATION_NTP,
	APPLICATION_OPENVPN,
	APPLICATION_POP3,
	APPLICATION_POSTGRESQL,
	APPLICATION_QUIC,
	APPLICATION_RDP,
	APPLICATION_REDIS,
	APPLICATION_RTCP,
	APPLICATION_RTP,
	APPLICATION_SIP,
	APPLICATION_SMB,
	APPLICATION_SMTP,
	APPLICATION_SNMP,
	APPLICATION_SSDP,
	APPLICATION_SSH,
	APPLICATION_STUN,
	APPLICATION_TLS,
	APPLICATION_VNC,
	APPLICATION_WIREGUARD,
	APPLICATIONS,
};

/* Its name, lower case ("https"); "" for APPLICATION_UNKNOWN and what is none. Static storage. */
const char *application_name(enum application application);
/* The application of that name, any case; APPLICATION_UNKNOWN: there is none. */
enum application application_of_name(const char *name);

#endif
