/* SPDX-License-Identifier: MIT */
/* The table of signatures; see signature.h. The first that fits decides. */
#include "array.h"
#include "signature.h"

enum { OVER_TCP = 1, OVER_UDP = 2, OVER_BOTH = 3 };

static const struct {
	enum application application;
	unsigned int over;
	signature_test *test;
} signatures[] = {
	{APPLICATION_SSH, OVER_TCP, signature_ssh},
	{APPLICATION_HTTP2, OVER_TCP, signature_http2},
	{APPLICATION_SSDP, OVER_UDP, signature_ssdp},
	{APPLICATION_SIP, OVER_BOTH, signature_sip},
	{APPLICATION_HTTP, OVER_TCP, signature_http},
	{APPLICATION_SMTP, OVER_TCP, signature_smtp},
	{APPLICATION_FTP, OVER_TCP, signature_ftp},
	{APPLICATION_IMAP, OVER_TCP, signature_imap},
	{APPLICATION_POP3, OVER_TCP, signature_pop3},
	{APPLICATION_REDIS, OVER_TCP, signature_redis},
	{APPLICATION_VNC, OVER_TCP, signature_vnc},
	{APPLICATION_AMQP, OVER_TCP, signature_amqp},
	{APPLICATION_BITTORRENT, OVER_BOTH, signature_bittorrent},
	{APPLICATION_BGP, OVER_TCP, signature_bgp},
	{APPLICATION_POSTGRESQL, OVER_TCP, signature_postgresql},
	{APPLICATION_MYSQL, OVER_TCP, signature_mysql},
	{APPLICATION_MQTT, OVER_TCP, signature_mqtt},
	{APPLICATION_RDP, OVER_TCP, signature_rdp},
	{APPLICATION_RDP, OVER_UDP, signature_rdp_udp},
	{APPLICATION_SMB, OVER_TCP, signature_smb},
	{APPLICATION_KERBEROS, OVER_BOTH, signature_kerberos},
	{APPLICATION_LDAP, OVER_BOTH, signature_ldap},
	{APPLICATION_SNMP, OVER_UDP, signature_snmp},
	{APPLICATION_DHCP, OVER_UDP, signature_dhcp},
	{APPLICATION_STUN, OVER_BOTH, signature_stun},
	{APPLICATION_DTLS, OVER_UDP, signature_dtls},
	{APPLICATION_WIREGUARD, OVER_UDP, signature_wireguard},
	{APPLICATION_NTP, OVER_UDP, signature_ntp},
	{APPLICATION_OPENVPN, OVER_BOTH, signature_openvpn},
	{APPLICATION_RTCP, OVER_UDP, signature_rtcp},
};

enum application signature_find(const struct payload *payload)
{
	unsigned int over = payload->tcp ? OVER_TCP : OVER_UDP;

	for (size_t i = 0; i < ARRAY_SIZE(signatures); i++) {
		if (signatures[i].over & over && signatures[i].test(payload))
			return signatures[i].application;
	}
	return APPLICATION_UNKNOWN;
}
