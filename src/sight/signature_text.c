/* SPDX-License-Identifier: MIT */
/* Signatures of protocols that are lines of text; see signature.h. */
#include "array.h"
#include "octets.h"
#include "signature.h"

#include <strings.h>

#define WORD_WITHIN 256 /* of a greeting in which a protocol's name is looked for */

static bool text_begins(const struct payload *payload, const char *text)
{
	const struct octets octets = octets_of(payload->bytes, payload->length);

	return octets_begin(&octets, text);
}

static bool begins_any_case(const struct payload *payload, const char *text)
{
	size_t length = strlen(text);

	return payload->length >= length &&
	       !strncasecmp((const char *)payload->bytes, text, length);
}

/* Whether the first line has that word, in any case. */
static bool line_has(const struct payload *payload, const char *word)
{
	size_t length = strlen(word), end = payload->length;

	if (end > WORD_WITHIN)
		end = WORD_WITHIN;
	for (size_t i = 0; i + length <= end && payload->bytes[i] != '\n'; i++) {
		if (!strncasecmp((const char *)payload->bytes + i, word, length))
			return true;
	}
	return false;
}

/* RFC 4253, 4.2. */
bool signature_ssh(const struct payload *payload)
{
	return text_begins(payload, "SSH-2.0-") || text_begins(payload, "SSH-1.");
}

/* RFC 5321, 4.2 and 4.1.1.1. Greetings of FTP have the same number. */
bool signature_smtp(const struct payload *payload)
{
	if (text_begins(payload, "220 ") || text_begins(payload, "220-"))
		return line_has(payload, "SMTP") ||
		       (!line_has(payload, "FTP") &&
			(payload_has_port(payload, 25) || payload_has_port(payload, 587)));
	return begins_any_case(payload, "EHLO ") || begins_any_case(payload, "HELO ") ||
	       begins_any_case(payload, "LHLO ");
}

/* RFC 959, 5.4. */
bool signature_ftp(const struct payload *payload)
{
	return (text_begins(payload, "220 ") || text_begins(payload, "220-")) &&
	       line_has(payload, "FTP");
}

/* RFC 9051, 7.1. */
bool signature_imap(const struct payload *payload)
{
	return (text_begins(payload, "* OK ") || text_begins(payload, "* PREAUTH ")) &&
	       (line_has(payload, "IMAP") || payload_has_port(payload, 143));
}

/* RFC 1939, 4 and 7; RFC 2449, 5; RFC 2595, 4: a greeting, and commands that no other protocol has. */
bool signature_pop3(const struct payload *payload)
{
	if (text_begins(payload, "+OK"))
		return line_has(payload, "POP3") || payload_has_port(payload, 110);
	return begins_any_case(payload, "CAPA\r\n") || begins_any_case(payload, "STLS\r\n") ||
	       begins_any_case(payload, "APOP ");
}

/* An answer (RFC 9112, 4); requests are read by http_host.h. */
bool signature_http(const struct payload *payload)
{
	return text_begins(payload, "HTTP/1.0 ") || text_begins(payload, "HTTP/1.1 ");
}

/* RFC 9113, 3.4. */
bool signature_http2(const struct payload *payload)
{
	return text_begins(payload, "PRI * HTTP/2.0\r\n");
}

/* RFC 3261, 7. */
bool signature_sip(const struct payload *payload)
{
	static const char *const starts[] = {
		"SIP/2.0 ",    "INVITE sip:",  "REGISTER sip:", "OPTIONS sip:",
		"ACK sip:",    "BYE sip:",     "CANCEL sip:",	"SUBSCRIBE sip:",
		"NOTIFY sip:", "MESSAGE sip:", "INVITE sips:",	"REGISTER sips:"};

	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		if (text_begins(payload, starts[i]))
			return true;
	}
	return false;
}

/*
 * UPnP Device Architecture 2.0, 1.2 and 1.3. Others (Plex) ask by the same method on ports of their
 * own, but not for anything of "ssdp:".
 */
bool signature_ssdp(const struct payload *payload)
{
	bool port = payload_has_port(payload, 1900);

	if (text_begins(payload, "M-SEARCH * HTTP/1.1\r\n") ||
	    text_begins(payload, "NOTIFY * HTTP/1.1\r\n"))
		return port || memmem(payload->bytes, payload->length, "ssdp:", 5);
	return port && text_begins(payload, "HTTP/1.1 200 OK\r\n");
}

/* Redis serialization protocol: an array of bulk strings, "*1\r\n$4\r\nPING\r\n". */
bool signature_redis(const struct payload *payload)
{
	struct octets octets = octets_of(payload->bytes, payload->length);
	bool digits = false;

	if (octets_number(&octets, 1) != '*')
		return false;
	while (octets_left(&octets) && *octets.at >= '0' && *octets.at <= '9') {
		octets.at++;
		digits = true;
	}
	return digits && octets_begin(&octets, "\r\n$");
}

/* RFC 6143, 7.1.1. */
bool signature_vnc(const struct payload *payload)
{
	return payload->length >= 12 && text_begins(payload, "RFB 00") &&
	       payload->bytes[11] == '\n';
}

/* AMQP 0-9-1, 4.2.2; AMQP 1.0, 2.2. */
bool signature_amqp(const struct payload *payload)
{
	return payload->length >= 8 && text_begins(payload, "AMQP") && payload->bytes[4] <= 3;
}
