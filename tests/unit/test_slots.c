/* SPDX-License-Identifier: MIT */
/* slots.h: who gets which slot, who must give one up, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "slots.h"

/* Slots that interfaces can have while one is kept for the sums. */
#define ROOM (FLOW_IFACES_MAX - 1)

/* That many asked for by name, all others taken by some that are watched. */
static struct ports *full_ports(size_t names)
{
	struct ports *ports = calloc(1, sizeof(*ports));
	char name[IF_NAMESIZE];
	struct port *port;

	assert_non_null(ports);
	ports->names = names;
	for (unsigned int i = 0;; i++) {
		snprintf(name, sizeof(name), "veth%u", i);
		port = slots_take(ports, name);
		if (!port)
			return ports;
		assert_ptr_equal(port, &ports->port[i]);
		assert_string_equal(port->asked, name);
		port->entry.state = IFACE_WATCHED;
	}
}

static void go(struct ports *ports, unsigned int slot)
{
	ports->port[slot].entry.state = IFACE_GONE;
	ports->port[slot].went = ++ports->goings;
	ports->port[slot].quiet = 0;
}

static void drain_all(struct ports *ports)
{
	for (unsigned int i = 0; i < SLOTS_QUIET; i++)
		slots_drained(ports, true);
}

/* The last slot is nobody's, unless each was asked for by name. */
static void test_room(void **state)
{
	static const size_t names[] = {0, 1, ROOM, ROOM + 1};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct ports *ports = full_ports(names[i]);

		assert_int_equal(ports->count, names[i] > ROOM ? FLOW_IFACES_MAX : ROOM);
		free(ports);
	}
}

/* While there are slots, nobody gives one up. */
static void test_not_needed(void **state)
{
	struct ports *ports = full_ports(0);
	bool slot[FLOW_IFACES_MAX];

	ports->count = ROOM - SLOTS_FEW;
	go(ports, 3);
	drain_all(ports);
	assert_int_equal(slots_give_up(ports, slot), 0);
	ports->no_slot = 1; /* whatever for: somebody waits */
	assert_int_equal(slots_give_up(ports, slot), 1);
	assert_true(slot[3]);
	free(ports);
}

/* Those that went first go first, as many as make room for a while. */
static void test_longest_gone(void **state)
{
	struct ports *ports = full_ports(0);
	bool slot[FLOW_IFACES_MAX];

	for (unsigned int i = 0; i < 2 * SLOTS_AGAIN; i++)
		go(ports, (7 * i + 50) % ROOM);
	drain_all(ports);
	assert_int_equal(slots_of_gone(ports), 2 * SLOTS_AGAIN);
	assert_int_equal(slots_give_up(ports, slot), SLOTS_AGAIN);
	for (unsigned int i = 0; i < 2 * SLOTS_AGAIN; i++)
		assert_int_equal(slot[(7 * i + 50) % ROOM], i < SLOTS_AGAIN);
	assert_int_equal(ports->given_up, SLOTS_AGAIN);
	assert_int_equal(slots_of_gone(ports), SLOTS_AGAIN);
	assert_int_equal(slots_give_up(ports, slot), 0);
	free(ports);
}

/* Whoever waits finds one, however many they are. */
static void test_all_that_wait(void **state)
{
	struct ports *ports = full_ports(0);
	bool slot[FLOW_IFACES_MAX];

	for (unsigned int i = 0; i < 100; i++)
		go(ports, i);
	ports->no_slot = 60;
	drain_all(ports);
	assert_int_equal(slots_give_up(ports, slot), 60 + SLOTS_AGAIN);
	free(ports);
}

/* Asked for by name, failed or left out: these keep theirs. */
static void test_kept(void **state)
{
	struct ports *ports = full_ports(40);
	bool slot[FLOW_IFACES_MAX];

	for (unsigned int i = 0; i < 40; i++)
		go(ports, i);
	ports->port[60].entry.state = IFACE_FAILED;
	ports->port[61].entry.state = IFACE_LEFT_OUT;
	drain_all(ports);
	assert_int_equal(slots_of_gone(ports), 0);
	assert_int_equal(slots_give_up(ports, slot), 0);
	go(ports, 62);
	drain_all(ports);
	assert_int_equal(slots_give_up(ports, slot), 1);
	assert_true(slot[62]);
	free(ports);
}

/* Not before each generation was drained to the last, one after the other. */
static void test_undrained(void **state)
{
	static const struct {
		const char *drains; /* w: whole, f: failed */
		bool given;
	} cases[] = {{"", false},    {"w", false},  {"ww", true},   {"wf", false},
		     {"wfw", false}, {"fww", true}, {"wwf", false}, {"www", true}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ports *ports = full_ports(0);
		bool slot[FLOW_IFACES_MAX];

		drain_all(ports); /* before it went: these say nothing */
		go(ports, 5);
		for (const char *drain = cases[i].drains; *drain; drain++)
			slots_drained(ports, *drain == 'w');
		assert_int_equal(slots_of_gone(ports), 1);
		assert_int_equal(slots_give_up(ports, slot), cases[i].given);
		free(ports);
	}
}

/* A slot that was given up is another one's: nothing of the old one is left but that there was one. */
static void test_taken_again(void **state)
{
	struct ports *ports = full_ports(1);
	bool slot[FLOW_IFACES_MAX];
	struct port *port;

	ports->port[9].entry.index = 77;
	ports->port[9].entry.since_wall_ns = 5;
	go(ports, 9);
	assert_null(slots_take(ports, "new"));
	drain_all(ports);
	assert_int_equal(slots_give_up(ports, slot), 1);
	assert_int_equal(ports->port[9].entry.state, IFACE_FREE);
	assert_string_equal(ports->port[9].entry.name, "");
	assert_string_equal(ports->port[9].asked, "");
	port = slots_take(ports, "new");
	assert_ptr_equal(port, &ports->port[9]);
	assert_string_equal(port->entry.name, "new");
	assert_int_equal(port->entry.state, IFACE_GONE);
	assert_int_equal(port->entry.index, 0);
	assert_int_equal(port->entry.since_wall_ns, 0);
	assert_int_equal(port->entry.tenant, 1);
	assert_int_equal(ports->count, ROOM);
	assert_null(slots_take(ports, "newer"));
	free(ports);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_room),	     cmocka_unit_test(test_not_needed),
		cmocka_unit_test(test_longest_gone), cmocka_unit_test(test_all_that_wait),
		cmocka_unit_test(test_kept),	     cmocka_unit_test(test_undrained),
		cmocka_unit_test(test_taken_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
