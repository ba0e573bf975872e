/* SPDX-License-Identifier: MIT */
/* Signatures: first bytes of each protocol, on a port that is not its own where that is enough. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "http_host.h"
#include "signature.h"

#define TEXT(text) (text), sizeof(text) - 1

struct sample {
	enum application application;
	bool tcp;
	uint16_t port;
	const char *bytes;
	size_t length;
	size_t whole; /* filled with zeros up to there; 0: nothing */
};

static const struct sample samples[] = {
	{APPLICATION_SSH, true, 2222, TEXT("SSH-2.0-OpenSSH_9.2\r\n"), 0},
	{APPLICATION_SMTP, true, 2525, TEXT("220 mx.example.org ESMTP Postfix\r\n"), 0},
	{APPLICATION_SMTP, true, 2525, TEXT("EHLO client.example.org\r\n"), 0},
	{APPLICATION_FTP, true, 2121, TEXT("220 ProFTPD Server ready.\r\n"), 0},
	{APPLICATION_UNKNOWN, true, 2121, TEXT("220 hello\r\n"), 0},
	{APPLICATION_IMAP, true, 1430, TEXT("* OK [CAPABILITY IMAP4rev1] ready\r\n"), 0},
	{APPLICATION_POP3, true, 110, TEXT("+OK ready\r\n"), 0},
	{APPLICATION_UNKNOWN, true, 1100, TEXT("+OK ready\r\n"), 0},
	{APPLICATION_POP3, true, 1100, TEXT("CAPA\r\n"), 0},
	{APPLICATION_POP3, true, 1100, TEXT("stls\r\n"), 0},
	{APPLICATION_UNKNOWN, true, 1100, TEXT("USER bob\r\n"), 0}, /* FTP has it too */
	{APPLICATION_HTTP, true, 8080, TEXT("HTTP/1.1 200 OK\r\n"), 0},
	{APPLICATION_HTTP2, true, 8080, TEXT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 0},
	{APPLICATION_SIP, false, 9999, TEXT("INVITE sip:bob@example.org SIP/2.0\r\n"), 0},
	{APPLICATION_SSDP, false, 1900, TEXT("M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250\r\n"),
	 0},
	{APPLICATION_SSDP, false, 7000, TEXT("M-SEARCH * HTTP/1.1\r\nMAN: \"ssdp:discover\"\r\n"),
	 0},
	{APPLICATION_SSDP, false, 1900, TEXT("HTTP/1.1 200 OK\r\n"), 0},
	{APPLICATION_UNKNOWN, false, 32414, TEXT("M-SEARCH * HTTP/1.1\r\n\r\n"), 0},
	{APPLICATION_REDIS, true, 7000, TEXT("*1\r\n$4\r\nPING\r\n"), 0},
	{APPLICATION_VNC, true, 7000, TEXT("RFB 003.008\n"), 0},
	{APPLICATION_AMQP, true, 7000, TEXT("AMQP\0\0\x09\x01"), 0},
	{APPLICATION_BITTORRENT, true, 7000,
	 TEXT("\x13"
	      "BitTorrent protocol\0\0\0\0"),
	 0},
	{APPLICATION_BITTORRENT, false, 7000, TEXT("d1:ad2:id20:abcdefghij0123456789e"), 0},
	{APPLICATION_MQTT, true, 7000, TEXT("\x10\x10\0\4MQTT\4\2\0\x3c\0\4test"), 0},
	{APPLICATION_POSTGRESQL, true, 7000, TEXT("\0\0\0\x08\x04\xd2\x16\x2f"), 0},
	{APPLICATION_POSTGRESQL, true, 7000, TEXT("\0\0\0\x12\0\3\0\0user\0bob\0\0"), 18},
	{APPLICATION_UNKNOWN, true, 5432, TEXT("\0\0\0\x12\0\2\0\0user\0bob\0\0"), 18},
	{APPLICATION_MYSQL, true, 7000,
	 TEXT("\x0f\0\0\0\x0a"
	      "8.0.36\0\1\0\0\0abc"),
	 19},
	{APPLICATION_RDP, true, 7000, TEXT("\3\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\3\0\0\0"), 0},
	{APPLICATION_RDP, false, 7000,
	 TEXT("\xff\xff\xff\xff\0\x40\x18\1abcd\x04\xd0\x04\xd0\0\1\0\2"), 400},
	{APPLICATION_UNKNOWN, false, 3389, /* a flag too many */
	 TEXT("\xff\xff\xff\xff\0\x40\x18\5abcd\x04\xd0\x04\xd0\0\1\0\2"), 400},
	{APPLICATION_UNKNOWN, false, 3389, /* datagrams too large */
	 TEXT("\xff\xff\xff\xff\0\x40\0\1abcd\x04\xd0\x04\xd1"), 400},
	{APPLICATION_SMB, true, 7000, TEXT("\0\0\0\x2a\xfeSMB\x40\0"), 0},
	{APPLICATION_LDAP, true, 7000, TEXT("\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\0\x80\0"),
	 0},
	{APPLICATION_LDAP, true, 7000, /* StartTLS */
	 TEXT("\x30\x1d\x02\x01\x01\x77\x18\x80\x16"
	      "1.3.6.1.4.1.1466.20037"),
	 0},
	{APPLICATION_UNKNOWN, true, 7000,
	 TEXT("\x30\x1d\x02\x01\x01\x77\x18\x80\x16"
	      "2.5.6.1.4.1.1466.20037"),
	 0},
	{APPLICATION_KERBEROS, false, 7000,
	 TEXT("\x6a\x0e\x30\x0c\xa1\x03\x02\x01\x05\xa2\x03\x02\x01\x0a\xa3\0"), 0},
	{APPLICATION_UNKNOWN, false, 88,
	 TEXT("\x6a\x0e\x30\x0c\xa1\x03\x02\x01\x04\xa2\x03\x02\x01\x0a\xa3\0"), 0},
	{APPLICATION_SNMP, false, 7000, TEXT("\x30\x0d\x02\x01\x01\x04\x06public\xa0\0"), 0},
	{APPLICATION_STUN, false, 7000,
	 TEXT("\0\1\0\0\x21\x12\xa4\x42"
	      "abcdefghijkl"),
	 0},
	{APPLICATION_DTLS, false, 7000, TEXT("\x16\xfe\xff\0\0\0\0\0\0\0\0\0\1\1"), 0},
	{APPLICATION_WIREGUARD, false, 7000, TEXT("\1\0\0\0abcd"), 148},
	{APPLICATION_UNKNOWN, false, 51820, TEXT("\1\0\0\0abcd"), 147},
	{APPLICATION_NTP, false, 123, TEXT("\x23\0\6\xec"), 48},
	{APPLICATION_UNKNOWN, false, 7000, TEXT("\x23\0\6\xec"), 48},
	{APPLICATION_OPENVPN, false, 7000,
	 TEXT("\x38"
	      "abcdefgh\0\0\0\0\0"),
	 0},
	{APPLICATION_OPENVPN, false, 7000, /* the server's, without a digest */
	 TEXT("\x40"
	      "abcdefgh\1\0\0\0\0ABCDEFGH\0\0\0\0"),
	 0},
	{APPLICATION_OPENVPN, false, 7000, /* with one of 20 bytes */
	 TEXT("\x38"
	      "abcdefgh01234567890123456789\0\0\0\1time"),
	 42},
	{APPLICATION_OPENVPN, false, 7000, /* and encrypted */
	 TEXT("\x38"
	      "abcdefgh\0\0\0\1time0123456789"),
	 54},
	{APPLICATION_UNKNOWN, false, 1194, /* a Gnutella header there */
	 TEXT("\x40"
	      "ABCDEFGHIJKLMNO\x44\0\0\x3a\0\0\0\5GTKG"),
	 58},
	{APPLICATION_UNKNOWN, false, 1194,
	 TEXT("\x38"
	      "abcdefgh\0\0\0\1"),
	 60},
	{APPLICATION_RTCP, false, 7000, TEXT("\x80\xc9\0\1abcd\x81\xca\0\1abcd"), 0},
	{APPLICATION_BGP, true, 7000,
	 TEXT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\x1d\1\4"), 29},
	{APPLICATION_UNKNOWN, true, 22, TEXT("hello"), 0},
	{APPLICATION_UNKNOWN, false, 53, TEXT("hello"), 0},
	{APPLICATION_UNKNOWN, true, 443, "", 0, 0},
};

static void samples_are_recognized(void **state)
{
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		const struct sample *sample = &samples[i];
		uint8_t bytes[512] = {0};
		size_t length = sample->whole ? sample->whole : sample->length;
		const struct payload payload = {bytes,	     length, length,
						sample->tcp, 40000,  sample->port};

		memcpy(bytes, sample->bytes, sample->length);
		if (signature_find(&payload) != sample->application)
			fail_msg("sample %zu: %s", i, application_name(signature_find(&payload)));
	}
}

static void dhcp_has_a_cookie(void **state)
{
	uint8_t bytes[300] = {1, 1, 6, 0, [236] = 0x63, 0x82, 0x53, 0x63, 53, 1, 1, 255};
	struct payload payload = {bytes, sizeof(bytes), sizeof(bytes), false, 68, 67};

	assert_int_equal(signature_find(&payload), APPLICATION_DHCP);
	bytes[239] = 0;
	assert_int_equal(signature_find(&payload), APPLICATION_UNKNOWN);
}

static bool reads_host(const char *text, char *host)
{
	return http_host_read((const uint8_t *)text, strlen(text), host);
}

static void requests_name_hosts(void **state)
{
	char host[HOST_NAME_SIZE];

	assert_true(reads_host("GET / HTTP/1.1\r\nhOST:  Example.org:8080 \r\n\r\n", host));
	assert_string_equal(host, "example.org");
	assert_true(reads_host("GET / HTTP/1.0\nX: y\nHost: a.example\n\n", host));
	assert_string_equal(host, "a.example");
	assert_true(reads_host("POST /x HTTP/1.1\r\n\r\nHost: body.example\r\n", host));
	assert_string_equal(host, "");
	assert_true(reads_host("GET / HTTP/1.1\r\nHost: cut.exa", host));
	assert_string_equal(host, "");
	assert_true(reads_host("GET / HTTP/1.1\r\nHost: 192.0.2.1\r\n\r\n", host));
	assert_string_equal(host, "");
	assert_false(reads_host("GET / RTSP/1.0\r\nHost: a.example\r\n", host));
	assert_false(reads_host("getting / HTTP/1.1\r\nHost: a.example\r\n", host));
	assert_false(reads_host("MKCOL / HTTP/", host)); /* cut, and not one of the usual ones */
	assert_true(reads_host("MKCOL / HTTP/1.1\r\nHost: dav.example\r\n", host));
	assert_string_equal(host, "dav.example");
}

static void applications_have_names(void **state)
{
	for (int i = 1; i < APPLICATIONS; i++) {
		assert_true(*application_name((enum application)i));
		assert_int_equal(application_of_name(application_name((enum application)i)), i);
	}
	assert_int_equal(application_of_name("HTTPS"), APPLICATION_HTTPS);
	assert_int_equal(application_of_name(""), APPLICATION_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_are_recognized),
		cmocka_unit_test(dhcp_has_a_cookie),
		cmocka_unit_test(requests_name_hosts),
		cmocka_unit_test(applications_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
