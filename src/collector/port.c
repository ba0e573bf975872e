/* SPDX-License-Identifier: MIT */
/* An interface's programs: loaded, attached, let go. */
#include "port.h"

#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "iface.h"

void port_init(struct port *port, const char *name)
{
	*port = (struct port){
		.entry = {.state = IFACE_GONE, .lower_slot = -1, .tenant = port->entry.tenant},
		.prog_fd = {-1, -1},
	};
	memcpy(port->asked, name, strnlen(name, sizeof(port->asked) - 1));
	memcpy(port->entry.name, port->asked, sizeof(port->asked));
	attach_init(&port->attachment);
}

void port_give_up(struct port *port)
{
	unsigned int tenant = port->entry.tenant + 1;

	port_init(port, "");
	port->entry.state = IFACE_FREE;
	port->entry.tenant = tenant;
}

static void set_state(struct port *port, enum iface_state state, int error)
{
	if (port->entry.state != state)
		port->entry.since_wall_ns = clock_wall_ns();
	port->entry.state = state;
	port->entry.error = error;
}

static int load_port(struct port *port, struct programs *programs, unsigned int slot,
		enum flow_link link, bool share)
{
	if (!share)
		return programs_load(programs, slot, link, port->prog_fd);
	port->shared = programs;
	return programs_share(programs, slot, port->entry.index, link, port->prog_fd);
}

static int load_and_attach(struct port *port, struct programs *programs, unsigned int slot,
			   unsigned int arphrd, const struct port_way *way)
{
	enum flow_link link;
	int err;

	port->failed_at = PORT_LINK_LAYER;
	err = iface_link_layer(arphrd, &link);
	if (err)
		return err;
	port->entry.raw_ip = link != FLOW_LINK_ETHERNET;
	port->failed_at = PORT_LOAD;
	err = load_port(port, programs, slot, link, way->share);
	if (err)
		return err;
	port->failed_at = PORT_ATTACH;
	return attach_open(&port->attachment, port->prog_fd, port->entry.index, way->mode,
			   way->claim);
}

static void tell_absence(struct port *port)
{
	port->entry.away = port->absence.away;
	port->entry.away_ns = port->absence.total_ns;
	port->entry.removals = port->absence.times;
}

/*
 * An interface that is back with its old index or hardware address was not created again, but moved to
 * another namespace and back: what passed meanwhile was not counted.
 */
static bool was_moved(const struct port *port, const struct link_info *link)
{
	static const uint8_t none[LINK_ADDRESS_MAX];

	if (port->entry.state != IFACE_GONE || !port->absence.seen_ns)
		return false;
	return port->entry.index == link->index ||
	       (memcmp(link->address, none, sizeof(none)) &&
		!memcmp(link->address, port->address, sizeof(none)));
}

static void note_attached(struct port *port, bool moved)
{
	uint64_t now_ns = clock_mono_ns();

	if (moved) {
		absence_looked(&port->absence, false, now_ns);
		absence_tried(&port->absence, true, now_ns);
	} else {
		absence_attached(&port->absence, now_ns);
	}
	tell_absence(port);
}

bool port_look(struct port *port)
{
	struct attach_view view;

	if (attach_look(&port->attachment, &view))
		return true; /* not known */
	if (!view.there)
		return false;
	absence_looked(&port->absence, true, clock_mono_ns());
	memcpy(port->entry.before, view.before, sizeof(view.before));
	tell_absence(port);
	return true;
}

void port_is_detached(struct port *port)
{
	absence_looked(&port->absence, false, clock_mono_ns());
	tell_absence(port);
}

void port_repair(struct port *port)
{
	int err;

	if (!absence_is_due(&port->absence, clock_mono_ns()))
		return;
	err = attach_again(&port->attachment, port->prog_fd, port->entry.index);
	absence_tried(&port->absence, !err, clock_mono_ns());
	port->entry.error = err;
	tell_absence(port);
}

int port_open(struct port *port, struct programs *programs, unsigned int slot,
	      const struct link_info *link, const struct port_way *way)
{
	bool moved = was_moved(port, link);
	int err;

	port_close(port, port->entry.state);
	memcpy(port->entry.name, link->name, sizeof(port->entry.name));
	memcpy(port->address, link->address, sizeof(port->address));
	port->entry.index = link->index;
	err = load_and_attach(port, programs, slot, link->arphrd, way);
	if (err) {
		port_close(port, IFACE_FAILED);
		port->entry.error = err;
	} else {
		set_state(port, IFACE_WATCHED, 0);
		note_attached(port, moved);
	}
	return err;
}

void port_close(struct port *port, enum iface_state state)
{
	attach_close(&port->attachment);
	for (int dir = 0; dir < FLOW_DIRS; dir++) {
		if (port->prog_fd[dir] >= 0)
			close(port->prog_fd[dir]);
		port->prog_fd[dir] = -1;
	}
	if (port->shared) /* nothing runs there any more: detaching waits for that */
		programs_unshare(port->shared, port->entry.index);
	port->shared = NULL;
	port->entry.away = port->absence.away = false;
	memset(port->entry.before, 0, sizeof(port->entry.before));
	set_state(port, state, 0);
}
