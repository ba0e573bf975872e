/* SPDX-License-Identifier: MIT */
/* TLS hellos: names, protocols, versions and JA4, whole, cut and wrong; names of hosts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "hello_bytes.h"
#include "host_name.h"
#include "ja4.h"
#include "tls_hello.h"

/* The hello of the example in FoxIO's description of JA4, "t13d1516h2_8daaf6152771_e5627efa2ab1". */
static void fingerprint_is_ja4(void **state)
{
	uint8_t bytes[HELLO_BYTES];
	size_t length = hello_make_chrome("example.com", bytes);
	struct tls_hello hello;
	char text[JA4_SIZE];

	assert_int_equal(tls_hello_read(bytes, length, &hello), 0);
	assert_string_equal(hello.sni, "example.com");
	assert_string_equal(hello.alpn, "h2");
	assert_int_equal(hello.version, 0x0304);
	assert_false(hello.ech);
	assert_string_equal(ja4_write(&hello, false, text), "t13d1516h2_8daaf6152771_e5627efa2ab1");
	assert_string_equal(ja4_write(&hello, true, text), "q13d1516h2_8daaf6152771_e5627efa2ab1");
}

static void hello_without_extensions(void **state)
{
	static const uint8_t bytes[47] = {1, 0, 0,    43, 3,	3,    [38] = 0,
					  0, 4, 0x13, 1,  0x0a, 0x0a, 1};
	struct tls_hello hello;
	char text[JA4_SIZE];

	assert_int_equal(tls_hello_read(bytes, 46, &hello), -EAGAIN);
	assert_int_equal(tls_hello_read(bytes, 47, &hello), 0);
	assert_string_equal(hello.sni, "");
	assert_int_equal(hello.ciphers.count, 1);
	assert_string_equal(ja4_write(&hello, false, text), "t12i010000_0f2cb44170f4_000000000000");
}

/* However much of a hello is there: never a wrong name, and the right one once it is. */
static void cut_hello_waits(void **state)
{
	uint8_t bytes[HELLO_BYTES];
	size_t length = hello_make_chrome("example.com", bytes), named = 0;
	struct tls_hello hello;

	for (size_t cut = 0; cut < length; cut++) {
		assert_int_equal(tls_hello_read(bytes, cut, &hello), -EAGAIN);
		if (*hello.sni) {
			assert_string_equal(hello.sni, "example.com");
			named++;
		}
	}
	assert_true(named > 50);
}

static void other_messages_are_none(void **state)
{
	uint8_t bytes[HELLO_BYTES];
	size_t length = hello_make_chrome("example.com", bytes);
	struct tls_hello hello;

	bytes[0] = 2;
	assert_int_equal(tls_hello_read(bytes, length, &hello), -EBADMSG);
	bytes[0] = 1;
	bytes[4] = 2; /* SSL 2 */
	assert_int_equal(tls_hello_read(bytes, length, &hello), -EBADMSG);
}

/* A hello may be spread over records, with a border anywhere. */
static void records_are_joined(void **state)
{
	uint8_t bytes[HELLO_BYTES], stream[2 * HELLO_BYTES], joined[HELLO_BYTES];
	size_t length = hello_make_chrome("example.com", bytes), size = 0;
	struct tls_hello hello;

	for (size_t first = 1; first < length; first++) {
		size = hello_put_record(bytes, first, stream);
		size += hello_put_record(bytes + first, length - first, stream + size);
		assert_int_equal(tls_records_join(stream, size, joined, sizeof(joined)), length);
		assert_int_equal(tls_hello_read(joined, length, &hello), 0);
		assert_string_equal(hello.sni, "example.com");
	}
	stream[0] = 23;
	assert_int_equal(tls_records_join(stream, size, joined, sizeof(joined)), -EBADMSG);
	stream[0] = 22;
	stream[5] = 2;
	assert_true(tls_is_server(stream, size));
}

static void host_names_are_checked(void **state)
{
	static const struct {
		const char *from, *name;
	} cases[] = {
		{"Example.COM", "example.com"},
		{"example.com.", "example.com"},
		{"_dmarc.x--y.org", "_dmarc.x--y.org"},
		{"localhost", "localhost"},
		{"", ""},
		{".", ""},
		{"a..b", ""},
		{".a", ""},
		{"192.0.2.1", ""},
		{"a b", ""},
		{"a\x1b[2J", ""},
		{"a\xff", ""},
		{"0123456789012345678901234567890123456789012345678901234567890123.org", ""},
	};
	char name[HOST_NAME_SIZE], dots[300];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(host_name_copy(cases[i].from, strlen(cases[i].from), name),
				 *cases[i].name != '\0');
		assert_string_equal(name, cases[i].name);
	}
	for (size_t i = 0; i < sizeof(dots); i++)
		dots[i] = i % 2 ? '.' : 'a';
	assert_false(host_name_copy(dots, 299, name));
	assert_true(host_name_copy(dots, 253, name));
	assert_false(host_name_copy("a\0b", 3, name));
}

/* Segments of connections that began before: whole records, or a second one that begins where it must. */
static void data_is_recognized(void **state)
{
	uint8_t bytes[64] = {23, 3, 3, 0, 10, [15] = 23, 3, 3, 1, 0};

	assert_true(tls_is_data(bytes, 15, 15));
	assert_true(tls_is_data(bytes, 5, 15)); /* cut short by the capture */
	assert_true(tls_is_data(bytes, 40, 40));
	assert_false(tls_is_data(bytes, 14, 14));
	assert_false(tls_is_data(bytes, 16, 16));
	assert_false(tls_is_data(bytes, 5, 40));
	bytes[16] = 4;
	assert_false(tls_is_data(bytes, 40, 40));
	bytes[2] = 4;
	assert_false(tls_is_data(bytes, 15, 15));
	bytes[2] = 3;
	bytes[0] = 22;
	assert_false(tls_is_data(bytes, 15, 15));
	assert_false(tls_is_data(bytes, 0, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fingerprint_is_ja4),
		cmocka_unit_test(hello_without_extensions),
		cmocka_unit_test(cut_hello_waits),
		cmocka_unit_test(other_messages_are_none),
		cmocka_unit_test(records_are_joined),
		cmocka_unit_test(data_is_recognized),
		cmocka_unit_test(host_names_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
