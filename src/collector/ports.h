/* SPDX-License-Identifier: MIT */
/*
 * Which interfaces are watched: follows the table of interfaces, gives each a slot (slots.h),
 * attaches to those that come and lets go of those that go. Main thread at start, collector thread
 * afterwards, both in the interfaces' network namespace; owned by the BPF source.
 */
#ifndef PKTSTAT_PORTS_H
#define PKTSTAT_PORTS_H

#include "claim.h"
#include "link.h"
#include "port.h"

struct ports_options {
	const char (*name)[IF_NAMESIZE]; /* borrowed for ports_open() */
	size_t names;
	bool any;   /* those that are up as well, now and later */
	bool dedup; /* but not those above watched ones */
	enum attach_mode attach;
};

struct ports {
	bool any, dedup;
	enum attach_mode attach; /* as asked for */
	enum attach_mode mode;	 /* as it was done; ATTACH_AUTO: not yet */
	struct programs *programs;
	struct claim claim; /* for clsact; made when that is first used */
	bool many;	    /* interfaces are, or may become: they share programs */
	struct links links;
	char name[FLOW_IFACES_MAX][IF_NAMESIZE]; /* asked for */
	size_t names;
	struct port port[FLOW_IFACES_MAX]; /* by slot */
	unsigned int count;		   /* slots that were ever given away */
	unsigned int left_out, no_slot;
	unsigned int given_up; /* gone interfaces that lost their slots */
	uint64_t goings;       /* interfaces that went */
	struct ifaces *ifaces; /* what others are told; replaced whenever something changes */
};

/* Safe to close afterwards. */
void ports_init(struct ports *ports);

/*
 * Attaches to all that are there. 0; or the negative errno of the first that failed, named and with
 * the step in `ret_failed` and `ret_step` (-ENODEV at PORT_ATTACH: no such interface), with
 * ports_close() due. With `any`, interfaces that fail are told in `ifaces` and no error, unless
 * there is no other.
 */
int ports_open(struct ports *ports, const struct ports_options *options, struct programs *programs,
	       char ret_failed[IF_NAMESIZE], enum port_step *ret_step);

/* Takes in the news and follows them. True when `ifaces` is another one now. */
bool ports_follow(struct ports *ports);

/*
 * To be called every interval: takes in what is new, and looks whether the programs are still where
 * they were attached; those that somebody took off are put back (absence.h). True when `ifaces` is
 * another one now.
 */
bool ports_look(struct ports *ports);

/* True when an interface finds no slot and slots_give_up() will find some, once all is drained. */
bool ports_want_slots(const struct ports *ports);
/* See flow_source_ops.give_up_slots. */
bool ports_give_up_slots(struct ports *ports, bool ret_slot[FLOW_IFACES_MAX]);

/* Looks a last time, and detaches from all; what others are told stays. */
void ports_detach(struct ports *ports);
/* Safe to call twice. */
void ports_close(struct ports *ports);

#endif
