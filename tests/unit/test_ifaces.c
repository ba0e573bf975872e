/* SPDX-License-Identifier: MIT */
/* ifaces.h: the phrases of a header, in every state interfaces can be in. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ifaces.h"

/* "name:w name:g": watched, gone, failed, left out; "name:w>0" lies upon slot 0. */
static struct ifaces *make(const char *words)
{
	char copy[512], *save = NULL, *word;
	struct ifaces *ifaces;
	unsigned int count = 0;

	assert_int_equal(ifaces_new(FLOW_IFACES_MAX, &ifaces), 0);
	snprintf(copy, sizeof(copy), "%s", words);
	for (word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		struct ifaces_entry *entry = &ifaces->entry[count++];
		char *state = strrchr(word, ':'), *lower = strchr(state, '>');

		memcpy(entry->name, word, (size_t)(state - word));
		entry->lower_slot = lower ? lower[1] - '0' : -1;
		entry->state = state[1] == 'w' ? IFACE_WATCHED :
			       state[1] == 'g' ? IFACE_GONE :
			       state[1] == 'f' ? IFACE_FAILED :
						 IFACE_LEFT_OUT;
		entry->error = state[1] == 'f' ? -EPERM : 0;
		ifaces->watched += state[1] == 'w';
	}
	ifaces->count = count;
	return ifaces;
}

static void test_text(void **state)
{
	static const struct {
		const char *words, *text;
		bool any;
	} cases[] = {
		{"eth0:w", "eth0", false},
		{"eth0:w wg0:w", "eth0, wg0", false},
		{"eth0:w wg0:w lo:w", "eth0 and 2 more", false},
		{"eth0:g wg0:w", "wg0", false},
		{"eth0:g", "eth0", false},
		{"eth0:g wg0:g", "eth0", false},
		{"eth0:w br0:l", "eth0", false},
		{"eth0:w wg0:w lo:g", "any (2)", true},
		{"", "any (0)", true},
		{"", "", false},
		{"a\033[2J:w", "a\\x1b[2J", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ifaces *ifaces = make(cases[i].words);
		char text[256];

		ifaces->any = cases[i].any;
		assert_string_equal(ifaces_text(ifaces, text, sizeof(text)), cases[i].text);
		ifaces_unref(ifaces);
	}
}

static void test_notice(void **state)
{
	static const struct {
		const char *words;
		bool any, dedup;
		unsigned int no_slot;
		const char *text;
	} cases[] = {
		{"eth0:w", false, false, 0, ""},
		{"eth0:w br0:l", false, true, 0, ""},
		{"eth0:g", false, false, 0, "eth0 is gone, waiting for its return"},
		{"eth0:g eth1:g", false, false, 0, "eth0, eth1 are gone, waiting for their return"},
		{"eth0:w eth1:g", false, false, 0, "eth1 is gone"},
		{"eth0:w eth1:g a:g b:g", false, false, 0, "eth1 and 2 more are gone"},
		{"eth0:w eth1:g", true, false, 0, ""},
		{"eth0:g", true, false, 0, "no interface is up, waiting for one"},
		{"", true, false, 0, "no interface is up, waiting for one"},
		{"eth0:w", true, false, 1, "1 interface has no slot"},
		{"eth0:w", true, false, 3, "3 interfaces have no slot"},
		{"eth0:w tun0:f", false, false, 0, "cannot attach to tun0: Operation not permitted"},
		{"eth0:w br0:w>0", false, false, 0, "br0 and eth0 count the same packets (--dedup)"},
		{"eth0:w br0:w>0", false, true, 0, "br0 and eth0 count the same packets"},
		{"eth0:w br0:g>0", false, true, 0, "br0 is gone"},
		{"eth0:w br0:w>0 v1:w>0 v2:w>0", false, true, 0,
		 "br0 and eth0, 2 more such, count the same packets"},
		{"eth0:w br0:w>0 tun0:f x:g", false, false, 2,
		 "2 interfaces have no slot; cannot attach to tun0: Operation not permitted; "
		 "x is gone; br0 and eth0 count the same packets (--dedup)"},
		{"e\033:g", false, false, 0, "e\\x1b is gone, waiting for its return"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ifaces *ifaces = make(cases[i].words);
		char text[256];

		ifaces->any = cases[i].any;
		ifaces->dedup = cases[i].dedup;
		ifaces->no_slot = cases[i].no_slot;
		assert_string_equal(ifaces_notice(ifaces, text, sizeof(text)), cases[i].text);
		ifaces_unref(ifaces);
	}
}

/* A phrase that does not fit is left away, not cut in two. */
static void test_notice_narrow(void **state)
{
	struct ifaces *ifaces = make("eth0:w br0:w>0 x:g");
	char text[64], whole[64];
	size_t length;

	ifaces_notice(ifaces, whole, sizeof(whole));
	assert_string_equal(whole, "x is gone; br0 and eth0 count the same packets (--dedup)");
	length = strlen(whole);
	assert_string_equal(ifaces_notice(ifaces, text, length + 1), whole);
	for (size_t size = length; size > strlen("x is gone"); size--)
		assert_string_equal(ifaces_notice(ifaces, text, size), "x is gone");
	assert_true(strlen(ifaces_notice(ifaces, text, strlen("x is gone"))) < 9);
	assert_string_equal(ifaces_notice(ifaces, text, 1), "");
	ifaces_unref(ifaces);
}

/* What was not seen is said, for the interface where it was most. */
static void test_unseen(void **state)
{
	struct ifaces *ifaces = make("eth0:w eth1:w");
	char text[256];

	assert_int_equal(ifaces_away_ns(ifaces), 0);
	ifaces->entry[0].removals = 1;
	ifaces->entry[0].away_ns = 400000000;
	ifaces->entry[1].removals = 3;
	ifaces->entry[1].away_ns = 3200000000;
	assert_int_equal(ifaces_away_ns(ifaces), 3200000000);
	assert_string_equal(ifaces_notice(ifaces, text, sizeof(text)),
			    "eth1 was detached or moved away 3 times, for up to 3.2 s (and 1 more), "
			    "not counted during that time");
	ifaces->entry[0].away = true;
	assert_string_equal(ifaces_entry_away(&ifaces->entry[0], text, sizeof(text)),
			    "eth0 was detached or moved away, for up to 400 ms so far");
	ifaces_unref(ifaces);
	ifaces = make("eth0:w eth1:w");
	ifaces->entry[1].before[FLOW_OUT] = 2;
	assert_int_equal(ifaces_before(ifaces), 2);
	assert_string_equal(ifaces_notice(ifaces, text, sizeof(text)),
			    "2 programs run before this one on eth1, packets dropped there are not "
			    "counted");
	ifaces_unref(ifaces);
}

static void test_nothing(void **state)
{
	char text[8] = "x";

	assert_string_equal(ifaces_text(NULL, text, sizeof(text)), "");
	assert_string_equal(ifaces_notice(NULL, text, sizeof(text)), "");
	assert_string_equal(ifaces_name(NULL, 0), "?");
	assert_int_equal(ifaces_tenant(NULL, 0), 0);
	assert_int_equal(ifaces_away_ns(NULL), 0);
	assert_int_equal(ifaces_before(NULL), 0);
	assert_null(ifaces_unref(NULL));
}

static void test_equal(void **state)
{
	struct ifaces *a = make("eth0:w br0:w>0"), *b = make("eth0:w br0:w>0");

	assert_true(ifaces_equal(a, b));
	b->entry[1].since_wall_ns++;
	assert_false(ifaces_equal(a, b));
	b->entry[1].since_wall_ns--;
	b->entry[1].state = IFACE_GONE;
	assert_false(ifaces_equal(a, b));
	b->entry[1].state = IFACE_WATCHED;
	b->no_slot++;
	assert_false(ifaces_equal(a, b));
	b->no_slot--;
	b->given_up++;
	assert_false(ifaces_equal(a, b));
	b->given_up--;
	assert_true(ifaces_equal(a, b));
	b->entry[1].away_ns++;
	assert_false(ifaces_equal(a, b));
	b->entry[1].away_ns--;
	b->entry[1].before[FLOW_IN]++;
	assert_false(ifaces_equal(a, b));
	b->entry[1].before[FLOW_IN]--;
	b->entry[1].tenant++;
	assert_false(ifaces_equal(a, b));
	assert_int_equal(ifaces_tenant(b, 1), 1);
	assert_int_equal(ifaces_tenant(b, 2), 0);
	ifaces_unref(b);
	b = make("eth0:w");
	assert_false(ifaces_equal(a, b));
	assert_string_equal(ifaces_name(b, 0), "eth0");
	assert_string_equal(ifaces_name(b, 1), "?");
	ifaces_unref(a);
	ifaces_unref(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),	cmocka_unit_test(test_notice),
		cmocka_unit_test(test_notice_narrow), cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_equal),	cmocka_unit_test(test_unseen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
