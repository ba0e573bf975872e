/* SPDX-License-Identifier: MIT */
/* The table of application protocols; see application.h. */
#include "application.h"

#include <stddef.h>
#include <strings.h>

static const char *const application_names[APPLICATIONS] = {
	[APPLICATION_UNKNOWN] = "",
	[APPLICATION_AMQP] = "amqp",
	[APPLICATION_BGP] = "bgp",
	[APPLICATION_BITTORRENT] = "bittorrent",
	[APPLICATION_DHCP] = "dhcp",
	[APPLICATION_DNS] = "dns",
	[APPLICATION_DOQ] = "doq",
	[APPLICATION_DOT] = "dot",
	[APPLICATION_DTLS] = "dtls",
	[APPLICATION_FTP] = "ftp",
	[APPLICATION_HTTP] = "http",
	[APPLICATION_HTTP2] = "http2",
	[APPLICATION_HTTP3] = "http3",
	[APPLICATION_HTTPS] = "https",
	[APPLICATION_IMAP] = "imap",
	[APPLICATION_KERBEROS] = "kerberos",
	[APPLICATION_LDAP] = "ldap",
	[APPLICATION_LLMNR] = "llmnr",
	[APPLICATION_MDNS] = "mdns",
	[APPLICATION_MQTT] = "mqtt",
	[APPLICATION_MYSQL] = "mysql",
	[APPLICATION_NBNS] = "nbns",
	[APPLICATION_NTP] = "ntp",
	[APPLICATION_OPENVPN] = "openvpn",
	[APPLICATION_POP3] = "pop3",
	[APPLICATION_POSTGRESQL] = "postgresql",
	[APPLICATION_QUIC] = "quic",
	[APPLICATION_RDP] = "rdp",
	[APPLICATION_REDIS] = "redis",
	[APPLICATION_RTCP] = "rtcp",
	[APPLICATION_RTP] = "rtp",
	[APPLICATION_SIP] = "sip",
	[APPLICATION_SMB] = "smb",
	[APPLICATION_SMTP] = "smtp",
	[APPLICATION_SNMP] = "snmp",
	[APPLICATION_SSDP] = "ssdp",
	[APPLICATION_SSH] = "ssh",
	[APPLICATION_STUN] = "stun",
	[APPLICATION_TLS] = "tls",
	[APPLICATION_VNC] = "vnc",
	[APPLICATION_WIREGUARD] = "wireguard",
};

const char *application_name(enum application application)
{
	return (unsigned int)application < APPLICATIONS ? application_names[application] : "";
}

enum application application_of_name(const char *name)
{
	for (int i = APPLICATION_UNKNOWN + 1; i < APPLICATIONS; i++) {
		if (strcasecmp(name, application_names[i]) == 0)
			return (enum application)i;
	}
	return APPLICATION_UNKNOWN;
}
