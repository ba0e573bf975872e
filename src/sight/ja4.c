/* SPDX-License-Identifier: MIT */
/* Three parts: counts, a hash of the sorted ciphers, a hash of the sorted extensions; see ja4.h. */
#include "ja4.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"

#define JA4_HASH_BYTES 6 /* of SHA-256, 12 digits */
#define NUMBER_TEXT    5 /* "1301," */

static int by_number(const void *a, const void *b)
{
	return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

/* Numbers as "1301,1302"; what `left_out` names is not among them. Returns the end. */
static char *write_numbers(const struct tls_numbers *numbers, const uint16_t left_out[2],
			   char *text)
{
	const char *begin = text;

	for (unsigned int i = 0; i < numbers->count; i++) {
		uint16_t number = numbers->number[i];

		if (left_out && (number == left_out[0] || number == left_out[1]))
			continue;
		text += snprintf(text, NUMBER_TEXT + 1, "%s%04x", text == begin ? "" : ",", number);
	}
	*text = '\0';
	return text;
}

static struct tls_numbers sorted(const struct tls_numbers *numbers)
{
	struct tls_numbers copy = *numbers;

	qsort(copy.number, copy.count, sizeof(*copy.number), by_number);
	return copy;
}

/* The first twelve digits of the hash; of nothing, zeros. */
static void hash_numbers(const char *text, char digits[2 * JA4_HASH_BYTES + 1])
{
	uint8_t digest[DIGEST_SIZE] = {0};

	if (*text)
		digest_of(text, strlen(text), digest);
	for (unsigned int i = 0; i < JA4_HASH_BYTES; i++)
		snprintf(digits + 2 * (size_t)i, 3, "%02x", digest[i]);
}

#define DTLS_1_0 0xfeff

static const char *ja4_version(uint16_t version)
{
	static const char *const tls[] = {"s3", "10", "11", "12", "13"};
	static const char *const dtls[] = {"d1", "00", "d2", "d3"};

	if (version >= 0x0300 && version <= 0x0304)
		return tls[version - 0x0300];
	return version <= DTLS_1_0 && version >= DTLS_1_0 - 3 ? dtls[DTLS_1_0 - version] : "00";
}

static char ja4_transport(const struct tls_hello *hello, bool quic)
{
	if (quic)
		return 'q';
	return hello->version >> 8 == DTLS_1_0 >> 8 ? 'd' : 't';
}

static bool is_alphanumeric(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* First and last character; of what is no text, the first and last hexadecimal digit. */
static void write_alpn(const struct tls_hello *hello, char alpn[3])
{
	static const char digits[] = "0123456789abcdef";

	if (!*hello->alpn) {
		memcpy(alpn, "00", 3);
		return;
	}
	if (is_alphanumeric(hello->alpn_first) && is_alphanumeric(hello->alpn_last)) {
		alpn[0] = (char)hello->alpn_first;
		alpn[1] = (char)hello->alpn_last;
	} else {
		alpn[0] = digits[hello->alpn_first >> 4];
		alpn[1] = digits[hello->alpn_last & 0xf];
	}
	alpn[2] = '\0';
}

static unsigned int two_digits(unsigned int count)
{
	return count < 99 ? count : 99;
}

char *ja4_write(const struct tls_hello *hello, bool quic, char text[JA4_SIZE])
{
	static const uint16_t counted_only[2] = {0, 16}; /* server name, ALPN */
	char list[2 * TLS_NUMBERS_MAX * NUMBER_TEXT + 2], alpn[3], *end;
	char ciphers[2 * JA4_HASH_BYTES + 1], extensions[2 * JA4_HASH_BYTES + 1];
	struct tls_numbers numbers = sorted(&hello->ciphers);

	*text = '\0';
	if (hello->ciphers.overflow || hello->extensions.overflow || hello->signatures.overflow)
		return text;
	write_alpn(hello, alpn);
	write_numbers(&numbers, NULL, list);
	hash_numbers(list, ciphers);
	numbers = sorted(&hello->extensions);
	end = write_numbers(&numbers, counted_only, list);
	if (hello->signatures.count) {
		*end++ = '_';
		write_numbers(&hello->signatures, NULL, end);
	}
	hash_numbers(list, extensions);
	snprintf(text, JA4_SIZE, "%c%s%c%02u%02u%s_%s_%s", ja4_transport(hello, quic),
		 ja4_version(hello->version), hello->has_sni ? 'd' : 'i',
		 two_digits(hello->ciphers.count), two_digits(hello->extensions.count), alpn,
		 ciphers, extensions);
	return text;
}
