/* SPDX-License-Identifier: MIT */
/*
 * One watched interface: its slot's programs and where they are attached. Main thread at start,
 * collector thread afterwards, both in the interface's network namespace; owned by struct ports.
 */
#ifndef PKTSTAT_PORT_H
#define PKTSTAT_PORT_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "absence.h"
#include "attach.h"
#include "ifaces.h"
#include "link.h"
#include "programs.h"

/* What port_open() was doing when it failed. */
enum port_step { PORT_LINK_LAYER, PORT_LOAD, PORT_ATTACH };

struct port {
	struct ifaces_entry entry; /* what others are told of it */
	char asked[IF_NAMESIZE];   /* the name it was first watched by; it may have another now */
	uint64_t serial;	   /* of the interface in struct links; 0: it is not there */
	uint64_t went;		   /* when it went: numbers that count up */
	unsigned int quiet;	   /* drains of everything, one after another, since it went */
	enum port_step failed_at;  /* of IFACE_FAILED */
	int prog_fd[FLOW_DIRS];
	const struct programs *shared; /* the programs are others' as well; NULL: they are not */
	uint8_t address[LINK_ADDRESS_MAX]; /* of the interface attached to last */
	struct attachment attachment;
	struct absence absence; /* of the programs, while the interface was there */
};

/* How it is to be done. */
struct port_way {
	enum attach_mode mode;
	struct claim *claim; /* borrowed, for as long as the port is open */
	bool share; /* programs may be those of other interfaces as well */
};

/* A port of the zeroed struct ports, or one that was given up. */
void port_init(struct port *port, const char *name);

/*
 * Loads the programs of the slot and attaches them to the interface: it is IFACE_WATCHED then, else
 * IFACE_FAILED. 0; -EPROTONOSUPPORT at PORT_LINK_LAYER; or what failed to load, or what
 * attach_open() says. What was attached before, to another interface, is let go of.
 */
int port_open(struct port *port, struct programs *programs, unsigned int slot,
	      const struct link_info *link, const struct port_way *way);

/*
 * Looks whether the programs of an interface that is IFACE_WATCHED are still attached; see
 * attach_look(). False when they are missing: then the interface may be gone, or else
 * port_is_detached() is due.
 */
bool port_look(struct port *port);

/* The interface is there and the programs are not: the entry says so from now on. */
void port_is_detached(struct port *port);

/* Attaches again what somebody else took off, when that is due. */
void port_repair(struct port *port);

/* The interface is gone, and so is what was known of it: the slot is IFACE_FREE. */
void port_give_up(struct port *port);

/* Detaches, lets the programs go, and says in which state it is now. Safe to call twice. */
void port_close(struct port *port, enum iface_state state);

#endif
