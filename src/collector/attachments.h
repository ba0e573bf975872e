/* SPDX-License-Identifier: MIT */
/*
 * Which interfaces are watched, and their attachments: follows the table of links, gives each interface
 * a slot (slots.h), attaches its programs when it appears and lets go of them when it disappears. Main
 * thread at start, collector thread afterwards, both in the interfaces' network namespace; owned by the
 * BPF source.
 */
#ifndef PKTSTAT_ATTACHMENTS_H
#define PKTSTAT_ATTACHMENTS_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "absence.h"
#include "attach.h"
#include "claim.h"
#include "ifaces.h"
#include "link.h"
#include "programs.h"

/* What attachment_open() was doing when it failed. */
enum attachment_step { ATTACHMENT_LINK_LAYER, ATTACHMENT_LOAD, ATTACHMENT_ATTACH };

/* One watched interface: its slot's programs and where they are attached. */
struct attachment {
	struct ifaces_entry entry; /* what others are told of it */
	char asked[IF_NAMESIZE];   /* the name it was first watched by; it may have another now */
	uint64_t serial;	   /* of the interface in struct links; 0: it is not there */
	uint64_t went;		   /* when it went: numbers that count up */
	unsigned int quiet;	   /* drains of everything, one after another, since it went */
	enum attachment_step failed_at; /* of IFACE_FAILED */
	int prog_fd[FLOW_DIRS];
	const struct programs *shared; /* the programs are others' as well; NULL: they are not */
	uint8_t address[LINK_ADDRESS_MAX]; /* of the interface attached to last */
	struct attach attach;
	struct absence absence; /* of the programs, while the interface was there */
};

/* How it is to be done. */
struct attachment_way {
	enum attach_mode mode;
	struct claim *claim; /* borrowed, for as long as the attachment is open */
	bool share;	     /* programs may be those of other interfaces as well */
};

/* One of the zeroed struct attachments, or one that was given up. */
void attachment_init(struct attachment *attachment, const char *name);

/* The interface is gone, and so is what was known of it: the slot is IFACE_FREE. */
void attachment_give_up(struct attachment *attachment);

struct attachments_options {
	const char (*name)[IF_NAMESIZE]; /* borrowed for attachments_open() */
	size_t names;
	bool any;   /* those that are up as well, now and later */
	bool dedup; /* but not those above watched ones */
	enum attach_mode attach;
};

struct attachments {
	bool any, dedup;
	enum attach_mode attach; /* as asked for */
	enum attach_mode mode;	 /* as it was done; ATTACH_AUTO: not yet */
	struct programs *programs;
	struct claim claim; /* for clsact; made when that is first used */
	bool many;	    /* interfaces are, or may become: they share programs */
	struct links links;
	char name[FLOW_IFACES_MAX][IF_NAMESIZE]; /* asked for */
	size_t names;
	struct attachment attachment[FLOW_IFACES_MAX]; /* by slot */
	unsigned int count;			       /* slots that were ever given away */
	unsigned int left_out, no_slot;
	unsigned int given_up; /* gone interfaces that lost their slots */
	uint64_t goings;       /* interfaces that went */
	struct ifaces *ifaces; /* what others are told; replaced whenever something changes */
};

/* Safe to close afterwards. */
void attachments_init(struct attachments *attachments);

/*
 * Attaches to all that are there. 0; or the negative errno of the first that failed, named and with
 * the step in `ret_failed` and `ret_step` (-ENODEV at ATTACHMENT_ATTACH: no such interface), with
 * attachments_close() due. With `any`, interfaces that fail are told in `ifaces` and no error, unless
 * there is no other.
 */
int attachments_open(struct attachments *attachments, const struct attachments_options *options,
		     struct programs *programs, char ret_failed[IF_NAMESIZE],
		     enum attachment_step *ret_step);

/* Takes in the news and follows them. True when `ifaces` is another one now. */
bool attachments_follow(struct attachments *attachments);

/*
 * To be called every interval: takes in what is new, and looks whether the programs are still where
 * they were attached; those that somebody took off are put back (absence.h). True when `ifaces` is
 * another one now.
 */
bool attachments_look(struct attachments *attachments);

/* True when an interface finds no slot and slots_give_up() will find some, once all is drained. */
bool attachments_want_slots(const struct attachments *attachments);
/* See flow_source_ops.give_up_slots. */
bool attachments_give_up_slots(struct attachments *attachments, bool ret_slot[FLOW_IFACES_MAX]);

/* Looks a last time, and detaches from all; what others are told stays. */
void attachments_detach(struct attachments *attachments);
/* Safe to call twice. */
void attachments_close(struct attachments *attachments);

#endif
