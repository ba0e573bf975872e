/* SPDX-License-Identifier: MIT */
/*
 * Following is done by comparing what is with what should be, not by reacting to single events: so
 * it does not matter how many there were, in which order, or whether some were lost.
 */
#include "ports.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "clsact_leave.h"
#include "iface.h"
#include "layers.h"
#include "slots.h"

/* So many interfaces have programs of their own each. */
#define PORTS_FEW 4
/* How long other instances are waited for where they remove a qdisc, in all. */
#define START_PATIENCE_MS 1000
#define END_PATIENCE_MS	  1000

void ports_init(struct ports *ports)
{
	memset(ports, 0, sizeof(*ports));
	links_init(&ports->links);
	claim_init(&ports->claim);
}

static bool has_link_layer(const struct links_record *record)
{
	enum flow_link link;

	return !iface_link_layer(record->info.arphrd, &link);
}

/* The slot of an interface that it is known in; NULL: none. */
static struct port *port_of_record(struct ports *ports, const struct links_record *record)
{
	struct port *port;

	for (port = ports->port; port < ports->port + ports->count; port++) {
		if (port->serial == record->serial)
			return port;
	}
	return NULL;
}

/* The slot of an interface of this name that is gone; it takes the slot again. */
static struct port *port_waiting_for(struct ports *ports, const char *name)
{
	struct port *port;

	for (port = ports->port; port < ports->port + ports->count; port++) {
		if (port->entry.state == IFACE_GONE &&
		    (!strcmp(port->entry.name, name) || !strcmp(port->asked, name)))
			return port;
	}
	return NULL;
}

static bool is_asked_for(const struct ports *ports, const struct links_record *record)
{
	for (size_t i = 0; i < ports->names; i++) {
		if (!strcmp(ports->name[i], record->info.name))
			return true;
	}
	return ports->any && record->info.up && has_link_layer(record);
}

/* Lets go of what is no longer there, and takes over new names. */
static void follow_gone(struct ports *ports)
{
	const struct links_record *record;
	struct port *port;

	for (port = ports->port; port < ports->port + ports->count; port++) {
		if (!port->serial)
			continue;
		record = links_of_index(&ports->links, port->entry.index);
		if (record && record->serial == port->serial) {
			memcpy(port->entry.name, record->info.name, sizeof(port->entry.name));
			continue;
		}
		/* What it counted stands in the shared maps and is drained like everything else. */
		port_close(port, IFACE_GONE);
		port->serial = 0;
		port->went = ++ports->goings;
		port->quiet = 0;
	}
}

/* Marks who is to be watched, and the slots of those that have one or that one waits for. */
static void find_candidates(struct ports *ports)
{
	struct links_record *record;
	struct port *port;

	for (size_t i = 0; i < ports->links.count; i++) {
		record = &ports->links.record[i];
		port = port_of_record(ports, record);
		if (!port)
			port = port_waiting_for(ports, record->info.name);
		record->slot = port ? (int)(port - ports->port) : -1;
		record->usable = port || is_asked_for(ports, record);
		if (!port)
			continue;
		port->serial = record->serial;
		/* Trying again is for those that changed. */
		if (port->entry.state == IFACE_FAILED && !record->touched)
			record->usable = false;
	}
}

/*
 * Programs on clsact belong to one interface alone: taking a filter off does not wait until the
 * program has ended there, so its place in a shared one could not be given away.
 */
static struct port_way way_of(struct ports *ports)
{
	return (struct port_way){
		.mode = ports->mode != ATTACH_AUTO ? ports->mode : ports->attach,
		.claim = &ports->claim,
		.share = ports->many && ports->mode == ATTACH_TCX,
	};
}

/* Attaches to an interface, in a new slot if need be. */
static int watch(struct ports *ports, struct links_record *record)
{
	struct port *port = record->slot < 0 ? slots_take(ports, record->info.name)
					     : &ports->port[record->slot];
	const struct port_way way = way_of(ports);
	int err;

	if (!port) {
		ports->no_slot++;
		return -ENOSPC;
	}
	record->slot = (int)(port - ports->port);
	port->serial = record->serial;
	err = port_open(port, ports->programs, (unsigned int)record->slot, &record->info, &way);
	if (!err)
		ports->mode = port->attachment.mode;
	/* Where it fails, filters are asked for instead. */
	if (ports->mode == ATTACH_CLSACT)
		(void)!links_watch_hooks(&ports->links);
	return err;
}

static bool is_watched(const struct ports *ports, const struct links_record *record)
{
	return record->slot >= 0 && ports->port[record->slot].entry.state == IFACE_WATCHED;
}

static bool is_left_out(const struct ports *ports, const struct links_record *record)
{
	return ports->dedup && layers_covered(&ports->links, record);
}

/*
 * One round over all that should be watched. True when one of them cannot be: then those above it,
 * which were left out for its sake, are due after all.
 */
static bool follow_round(struct ports *ports)
{
	struct links_record *record;
	bool again = false;

	for (size_t i = 0; i < ports->links.count; i++) {
		record = &ports->links.record[i];
		if (!record->usable || is_watched(ports, record) || is_left_out(ports, record))
			continue;
		if (watch(ports, record)) {
			record->usable = false;
			again = true;
		}
	}
	return again;
}

/*
 * Those below are attached by now: in between a packet may be counted twice, but none is missed. At
 * the start nothing is attached yet, so nothing is counted twice either.
 */
static void leave_out(struct ports *ports)
{
	struct links_record *record;

	ports->left_out = 0;
	for (size_t i = 0; i < ports->links.count; i++) {
		record = &ports->links.record[i];
		if (!record->usable || !is_left_out(ports, record))
			continue;
		ports->left_out++;
		if (record->slot >= 0)
			port_close(&ports->port[record->slot], IFACE_LEFT_OUT);
	}
}

/* Who is counted on another one as well. */
static void find_lowers(struct ports *ports)
{
	struct links_record *record, *end = ports->links.record + ports->links.count;

	for (unsigned int slot = 0; slot < ports->count; slot++)
		ports->port[slot].entry.lower_slot = -1;
	for (record = ports->links.record; record < end; record++)
		record->watched = is_watched(ports, record);
	for (record = ports->links.record; record < end; record++) {
		if (record->watched)
			ports->port[record->slot].entry.lower_slot =
				layers_lower_slot(&ports->links, record);
	}
}

/* The entries behind those of interfaces, once there is something to say of those that are gone. */
static void tell_given_up(struct ifaces *ifaces, const struct ports *ports)
{
	static const struct ifaces_entry none = {.state = IFACE_FREE, .lower_slot = -1};
	struct ifaces_entry *sum = &ifaces->entry[FLOW_SLOT_GONE];

	ifaces->given_up = ports->given_up;
	for (unsigned int slot = ports->count; slot < FLOW_SLOT_GONE; slot++)
		ifaces->entry[slot] = none;
	*sum = (struct ifaces_entry){.name = IFACES_SUM_NAME, .state = IFACE_SUM, .lower_slot = -1};
}

/* What others are told now; false when that is what they were told before, or memory is short. */
static bool tell(struct ports *ports)
{
	struct ifaces *ifaces, *before = ports->ifaces;

	if (ifaces_new(ports->given_up ? FLOW_IFACES_MAX : ports->count, &ifaces))
		return false;
	ifaces->any = ports->any;
	ifaces->dedup = ports->dedup;
	ifaces->left_out = ports->left_out;
	ifaces->no_slot = ports->no_slot;
	for (unsigned int slot = 0; slot < ports->count; slot++) {
		ifaces->entry[slot] = ports->port[slot].entry;
		ifaces->watched += ifaces->entry[slot].state == IFACE_WATCHED;
	}
	if (ports->given_up)
		tell_given_up(ifaces, ports);
	if (before && ifaces_equal(before, ifaces)) {
		ifaces_unref(ifaces);
		return false;
	}
	ports->ifaces = ifaces;
	ifaces_unref(before);
	return true;
}

/*
 * Filters change with notice, so only those are looked at of which there was news. TCX gives none:
 * `all` says that it is time to ask.
 */
static bool is_worth_a_look(const struct ports *ports, const struct port *port,
			    const struct links_record *record, bool all)
{
	if (port->attachment.mode == ATTACH_CLSACT && ports->links.hooks)
		return record->filters || (all && port->absence.away);
	return all;
}

/* The interface of a slot that is watched; NULL: it is gone, or none is. */
static const struct links_record *record_of_port(const struct ports *ports,
						 const struct port *port)
{
	const struct links_record *record =
		port->entry.state == IFACE_WATCHED ?
			links_of_index(&ports->links, port->entry.index) :
			NULL;

	return record && record->serial == port->serial ? record : NULL;
}

/* Marks in `ret_missing` the interfaces without our programs; true when there are any. */
static bool find_missing(struct ports *ports, bool all, bool ret_missing[FLOW_IFACES_MAX])
{
	const struct links_record *record;
	struct port *port = ports->port;
	bool any = false;

	for (unsigned int slot = 0; slot < ports->count; slot++, port++) {
		ret_missing[slot] = false;
		record = record_of_port(ports, port);
		if (!record)
			continue;
		if (is_worth_a_look(ports, port, record, all))
			ret_missing[slot] = !port_look(port);
		else if (all)
			absence_looked(&port->absence, true, clock_mono_ns());
		any |= ret_missing[slot];
	}
	return any;
}

/*
 * An interface that is removed loses its programs first: only one that is still there when what is
 * new was taken in afterwards was detached by somebody.
 */
static void look_at_hooks(struct ports *ports, bool all)
{
	bool missing[FLOW_IFACES_MAX];

	if (!find_missing(ports, all, missing))
		return;
	links_read(&ports->links);
	for (unsigned int slot = 0; slot < ports->count; slot++) {
		if (missing[slot] && record_of_port(ports, &ports->port[slot]))
			port_is_detached(&ports->port[slot]);
	}
}

static void repair(struct ports *ports)
{
	for (unsigned int slot = 0; slot < ports->count; slot++) {
		if (ports->port[slot].entry.state == IFACE_WATCHED)
			port_repair(&ports->port[slot]);
	}
}

static bool follow(struct ports *ports)
{
	look_at_hooks(ports, false);
	follow_gone(ports);
	find_candidates(ports);
	ports->no_slot = 0;
	while (follow_round(ports))
		;
	leave_out(ports);
	find_lowers(ports);
	links_settle(&ports->links);
	return tell(ports);
}

bool ports_follow(struct ports *ports)
{
	/* An error here leaves an old table, which the next news puts right. */
	links_read(&ports->links);
	return follow(ports);
}

bool ports_look(struct ports *ports)
{
	bool told = false;

	links_read(&ports->links);
	if (ports->links.news)
		told = follow(ports);
	look_at_hooks(ports, true);
	if (ports->links.news) /* of the meantime */
		told |= follow(ports);
	repair(ports);
	return tell(ports) || told;
}

/* The first slot that was asked for by name and is not watched: an error, and which. */
static int find_failure(const struct ports *ports, char ret_failed[IF_NAMESIZE],
			enum port_step *ret_step)
{
	const struct port *port;
	bool watched = false;
	int err = 0;

	for (port = ports->port; port < ports->port + ports->count; port++)
		watched |= port->entry.state == IFACE_WATCHED;
	for (port = ports->port; port < ports->port + ports->count && !err; port++) {
		if (port->entry.state == IFACE_GONE)
			err = -ENODEV;
		else if (port->entry.state == IFACE_FAILED && !(ports->any && watched))
			err = port->entry.error;
		if (!err)
			continue;
		memcpy(ret_failed, port->entry.name, IF_NAMESIZE);
		*ret_step = err == -ENODEV ? PORT_ATTACH : port->failed_at;
	}
	return err;
}

int ports_open(struct ports *ports, const struct ports_options *options,
	       struct programs *programs, char ret_failed[IF_NAMESIZE],
	       enum port_step *ret_step)
{
	int err = links_open(&ports->links);
	bool told;

	*ret_step = PORT_ATTACH;
	ret_failed[0] = '\0';
	if (err)
		return err;
	ports->any = options->any;
	ports->dedup = options->dedup;
	ports->attach = options->attach;
	ports->programs = programs;
	ports->names = options->names;
	for (size_t i = 0; i < options->names; i++) {
		memcpy(ports->name[i], options->name[i], IF_NAMESIZE);
		slots_take(ports, options->name[i]);
	}
	ports->many = options->any || options->names > PORTS_FEW;
	/* Also where this start is on TCX: the last one may not have been. What fails here fails
	 * again below, or does not matter. */
	clsact_sweep();
	claim_be_patient(&ports->claim, START_PATIENCE_MS);
	told = follow(ports);
	claim_be_patient(&ports->claim, 0);
	if (!told)
		return -ENOMEM;
	return find_failure(ports, ret_failed, ret_step);
}

bool ports_want_slots(const struct ports *ports)
{
	return ports->no_slot && slots_of_gone(ports);
}

bool ports_give_up_slots(struct ports *ports, bool ret_slot[FLOW_IFACES_MAX])
{
	if (!slots_give_up(ports, ret_slot))
		return false;
	/* Without memory the old names are told a little longer; nothing has theirs yet. */
	tell(ports);
	return true;
}

void ports_detach(struct ports *ports)
{
	unsigned int slot;

	links_read(&ports->links);
	look_at_hooks(ports, true);
	tell(ports);
	for (slot = 0; slot < ports->count; slot++)
		attach_close(&ports->port[slot].attachment);
	/* Now that nothing is counted, there is time for instances that end just as well. */
	claim_be_patient(&ports->claim, END_PATIENCE_MS);
	for (slot = 0; slot < ports->count; slot++) {
		attach_close(&ports->port[slot].attachment);
		/* ports_close() is called from another namespace. */
		clsact_init(&ports->port[slot].attachment.clsact);
	}
	claim_be_patient(&ports->claim, 0);
}

void ports_close(struct ports *ports)
{
	for (unsigned int slot = 0; slot < ports->count; slot++)
		port_close(&ports->port[slot], IFACE_GONE);
	ports->count = 0;
	claim_close(&ports->claim);
	links_close(&ports->links);
	ports->ifaces = ifaces_unref(ports->ifaces);
}
