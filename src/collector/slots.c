/* SPDX-License-Identifier: MIT */
/* Which slot an interface gets; see slots.h. */
#include "slots.h"

#include <string.h>

/*
 * Slots for interfaces: FLOW_SLOT_GONE is kept for what was counted on those that gave theirs up.
 * When every slot was asked for by name none is ever given up, so that one can be used as well.
 */
static unsigned int slots_room(const struct ports *ports)
{
	return ports->names > FLOW_SLOT_GONE ? FLOW_IFACES_MAX : FLOW_SLOT_GONE;
}

struct port *slots_take(struct ports *ports, const char *name)
{
	struct port *port;

	for (port = ports->port; port < ports->port + ports->count; port++) {
		if (port->entry.state == IFACE_FREE)
			break;
	}
	if (port == ports->port + ports->count) {
		if (ports->count == slots_room(ports))
			return NULL;
		ports->count++;
	}
	port_init(port, name);
	return port;
}

void slots_drained(struct ports *ports, bool whole)
{
	for (struct port *port = ports->port; port < ports->port + ports->count; port++)
		port->quiet = whole ? port->quiet + 1 : 0;
}

/* Gone, and not asked for by name: those have the first slots. */
static bool may_be_given_up(const struct ports *ports, const struct port *port)
{
	return port >= ports->port + ports->names && port->entry.state == IFACE_GONE;
}

size_t slots_of_gone(const struct ports *ports)
{
	const struct port *port;
	size_t count = 0;

	for (port = ports->port; port < ports->port + ports->count; port++)
		count += may_be_given_up(ports, port);
	return count;
}

static size_t slots_left(const struct ports *ports)
{
	const struct port *port;
	size_t left = slots_room(ports) - ports->count;

	for (port = ports->port; port < ports->port + ports->count; port++)
		left += port->entry.state == IFACE_FREE;
	return left;
}

static struct port *longest_gone(struct ports *ports)
{
	struct port *port, *longest = NULL;

	for (port = ports->port; port < ports->port + ports->count; port++) {
		if (!may_be_given_up(ports, port) || port->quiet < SLOTS_QUIET)
			continue;
		if (!longest || port->went < longest->went)
			longest = port;
	}
	return longest;
}

size_t slots_give_up(struct ports *ports, bool ret_slot[FLOW_IFACES_MAX])
{
	size_t left = slots_left(ports), again = SLOTS_AGAIN + ports->no_slot, count = 0;
	struct port *port;

	if (left >= SLOTS_FEW && !ports->no_slot)
		return 0;
	memset(ret_slot, 0, FLOW_IFACES_MAX * sizeof(*ret_slot));
	while (left + count < again && (port = longest_gone(ports))) {
		ret_slot[port - ports->port] = true;
		port_give_up(port);
		count++;
	}
	ports->given_up += (unsigned int)count;
	return count;
}
