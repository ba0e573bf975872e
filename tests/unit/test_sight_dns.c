/* SPDX-License-Identifier: MIT */
/* DNS: what answers say, in whatever order, what is no answer, and for how long the cache believes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dns_cache.h"
#include "dns_message.h"

#define SECOND 1000000000ULL

/* A message that is being made. */
struct made {
	uint8_t bytes[2048];
	size_t length;
};

static void put(struct made *made, uint32_t number, unsigned int bytes)
{
	while (bytes--)
		made->bytes[made->length++] = (uint8_t)(number >> (8 * bytes));
}

static void put_name(struct made *made, const char *name)
{
	while (*name) {
		size_t label = strcspn(name, ".");

		put(made, (uint32_t)label, 1);
		memcpy(made->bytes + made->length, name, label);
		made->length += label;
		name += label + (name[label] == '.');
	}
	put(made, 0, 1);
}

static void begin(struct made *made, const char *name, uint16_t flags, uint16_t answers)
{
	made->length = 0;
	put(made, 0x1234, 2);
	put(made, flags, 2);
	put(made, name ? 1 : 0, 2);
	put(made, answers, 2);
	put(made, 0, 4);
	if (!name)
		return;
	put_name(made, name);
	put(made, 1, 2);
	put(made, 1, 2);
}

static void put_alias(struct made *made, const char *name, const char *to, uint32_t ttl_s)
{
	size_t at;

	put_name(made, name);
	put(made, 5, 2);
	put(made, 1, 2);
	put(made, ttl_s, 4);
	at = made->length;
	put(made, 0, 2);
	put_name(made, to);
	made->bytes[at + 1] = (uint8_t)(made->length - at - 2);
}

static void put_address(struct made *made, const char *name, uint8_t last, uint32_t ttl_s)
{
	put_name(made, name);
	put(made, 1, 2);
	put(made, 1, 2);
	put(made, ttl_s, 4);
	put(made, 4, 2);
	put(made, 0xc0000200U | last, 4);
}

/* Aliases stand behind what they lead to, and another host's address is not this name's. */
static void aliases_are_followed(void **state)
{
	struct dns_message message;
	struct made made;

	begin(&made, "WWW.example.org", 0x8180, 5);
	put_address(&made, "c.cdn.example", 1, 300);
	put_address(&made, "other.example", 9, 300);
	put_alias(&made, "b.cdn.example", "c.cdn.example", 20);
	put_alias(&made, "www.example.org", "b.cdn.example", 100);
	put_address(&made, "c.cdn.example", 2, 5);
	assert_int_equal(dns_message_read(made.bytes, made.length, &message), 0);
	assert_true(message.response && message.whole);
	assert_string_equal(message.name, "www.example.org");
	assert_int_equal(message.addresses, 2);
	assert_int_equal(message.address[0].address[15], 1);
	assert_int_equal(message.address[0].ttl_s, 20);
	assert_int_equal(message.address[1].ttl_s, 5);
}

static void pointers_lead_back_only(void **state)
{
	struct dns_message message;
	struct made made;

	begin(&made, "a.example", 0x8180, 1);
	put(&made, 0xc00c, 2); /* the question's name */
	put(&made, 1, 2);
	put(&made, 1, 2);
	put(&made, 60, 4);
	put(&made, 4, 2);
	put(&made, 0xc0000201U, 4);
	assert_int_equal(dns_message_read(made.bytes, made.length, &message), 0);
	assert_int_equal(message.addresses, 1);
	made.bytes[made.length - 16 + 1] = (uint8_t)(made.length - 16); /* to itself */
	assert_int_equal(dns_message_read(made.bytes, made.length, &message), 0);
	assert_int_equal(message.addresses, 0);
	assert_false(message.whole);
}

static void cut_messages_give_whole_records(void **state)
{
	struct dns_message message;
	struct made made;

	begin(&made, "a.example", 0x8180, 2);
	put_address(&made, "a.example", 1, 60);
	put_address(&made, "a.example", 2, 60);
	for (size_t cut = 0; cut <= made.length; cut++) {
		if (dns_message_read(made.bytes, cut, &message))
			assert_true(cut < 27);
		else
			assert_int_equal(message.addresses, (cut >= 27 + 25) + (cut >= 27 + 50));
	}
	assert_true(message.whole);
	put(&made, 0, 1);
	assert_int_equal(dns_message_read(made.bytes, made.length, &message), 0);
	assert_false(message.whole);
}

static void loops_end(void **state)
{
	struct dns_message message;
	struct made made;

	begin(&made, "a.example", 0x8180, 3);
	put_alias(&made, "a.example", "b.example", 60);
	put_alias(&made, "b.example", "a.example", 60);
	put_address(&made, "b.example", 3, 60);
	assert_int_equal(dns_message_read(made.bytes, made.length, &message), 0);
	assert_int_equal(message.addresses, 1);
}

static void mdns_needs_no_question(void **state)
{
	struct dns_message message;
	struct made made;

	begin(&made, NULL, 0x8400, 1);
	put_address(&made, "printer.local", 7, 120);
	assert_int_equal(dns_message_read(made.bytes, made.length, &message), 0);
	assert_string_equal(message.name, "printer.local");
	assert_int_equal(message.addresses, 1);
}

static void other_bytes_are_none(void **state)
{
	struct dns_message message;
	struct made made;
	uint8_t zeros[64] = {0};

	assert_int_equal(dns_message_read(zeros, sizeof(zeros), &message), -EBADMSG);
	begin(&made, "a.example", 0x7800, 0); /* opcode 15 */
	assert_int_equal(dns_message_read(made.bytes, made.length, &message), -EBADMSG);
	begin(&made, NULL, 0x0100, 0); /* a query without a question */
	assert_int_equal(dns_message_read(made.bytes, made.length, &message), -EBADMSG);
}

static void cache_knows_askers(void **state)
{
	static const uint8_t one[16] = {1}, two[16] = {2}, three[16] = {3}, address[16] = {9};
	struct dns_cache *cache;

	assert_int_equal(dns_cache_new(&cache), 0);
	assert_null(dns_cache_get(cache, one, address, 0));
	dns_cache_put(cache, one, address, "one.example", 60, 0);
	dns_cache_put(cache, two, address, "two.example", 1, 0);
	assert_string_equal(dns_cache_get(cache, one, address, SECOND), "one.example");
	assert_string_equal(dns_cache_get(cache, two, address, SECOND), "two.example");
	assert_string_equal(dns_cache_get(cache, three, address, SECOND), "two.example");
	/* At least ten seconds, at most an hour. */
	assert_string_equal(dns_cache_get(cache, two, address, 10 * SECOND), "two.example");
	assert_null(dns_cache_get(cache, two, address, 11 * SECOND));
	dns_cache_put(cache, one, address, "one.example", UINT32_MAX, 0);
	assert_non_null(dns_cache_get(cache, one, address, 3600 * SECOND));
	assert_null(dns_cache_get(cache, one, address, 3601 * SECOND));
	dns_cache_free(cache);
}

static void cache_forgets_the_oldest(void **state)
{
	uint8_t asker[16] = {1}, address[16] = {0};
	struct dns_cache *cache;
	char name[32];

	assert_int_equal(dns_cache_new(&cache), 0);
	for (uint32_t i = 0; i < DNS_CACHE_ENTRIES; i++) {
		memcpy(address, &i, sizeof(i));
		snprintf(name, sizeof(name), "host%u.example", i);
		dns_cache_put(cache, asker, address, name, 60, 0);
		memset(address, 0, sizeof(address)); /* the first one is used all the time */
		assert_string_equal(dns_cache_get(cache, asker, address, 0), "host0.example");
	}
	assert_int_equal(dns_cache_count(cache), DNS_CACHE_ENTRIES);
	address[0] = 5;
	assert_null(dns_cache_get(cache, asker, address, 0));
	dns_cache_free(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aliases_are_followed),
		cmocka_unit_test(pointers_lead_back_only),
		cmocka_unit_test(cut_messages_give_whole_records),
		cmocka_unit_test(loops_end),
		cmocka_unit_test(mdns_needs_no_question),
		cmocka_unit_test(other_bytes_are_none),
		cmocka_unit_test(cache_knows_askers),
		cmocka_unit_test(cache_forgets_the_oldest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
