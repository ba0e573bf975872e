/* SPDX-License-Identifier: MIT */
/*
 * The programs of each watched interface: loaded, attached, let go; see attachments.h. Following is
 * done by comparing what is with what should be, not by reacting to single events: so it does not
 * matter how many there were, in which order, or whether some were lost.
 */
#include "attachments.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attachments.h"
#include "clock.h"
#include "clsact.h"
#include "iface.h"
#include "slots.h"

void attachment_init(struct attachment *attachment, const char *name)
{
	*attachment = (struct attachment){
		.entry = {.state = IFACE_GONE,
			  .lower_slot = -1,
			  .tenant = attachment->entry.tenant},
		.prog_fd = {-1, -1},
	};
	memcpy(attachment->asked, name, strnlen(name, sizeof(attachment->asked) - 1));
	memcpy(attachment->entry.name, attachment->asked, sizeof(attachment->asked));
	attach_init(&attachment->attach);
}

void attachment_give_up(struct attachment *attachment)
{
	unsigned int tenant = attachment->entry.tenant + 1;

	attachment_init(attachment, "");
	attachment->entry.state = IFACE_FREE;
	attachment->entry.tenant = tenant;
}

static void set_state(struct attachment *attachment, enum iface_state state, int error)
{
	if (attachment->entry.state != state)
		attachment->entry.since_wall_ns = clock_wall_ns();
	attachment->entry.state = state;
	attachment->entry.error = error;
}

static int load_attachment(struct attachment *attachment, struct programs *programs,
			   unsigned int slot, enum flow_link link, bool share)
{
	if (!share)
		return programs_load(programs, slot, link, attachment->prog_fd);
	attachment->shared = programs;
	return programs_share(programs, slot, attachment->entry.index, link, attachment->prog_fd);
}

static int load_and_attach(struct attachment *attachment, struct programs *programs,
			   unsigned int slot, unsigned int arphrd, const struct attachment_way *way)
{
	enum flow_link link;
	int err;

	attachment->failed_at = ATTACHMENT_LINK_LAYER;
	err = iface_link_layer(arphrd, &link);
	if (err)
		return err;
	attachment->entry.raw_ip = link != FLOW_LINK_ETHERNET;
	attachment->failed_at = ATTACHMENT_LOAD;
	err = load_attachment(attachment, programs, slot, link, way->share);
	if (err)
		return err;
	attachment->failed_at = ATTACHMENT_ATTACH;
	return attach_open(&attachment->attach, attachment->prog_fd, attachment->entry.index,
			   way->mode, way->claim);
}

static void tell_absence(struct attachment *attachment)
{
	attachment->entry.away = attachment->absence.away;
	attachment->entry.away_ns = attachment->absence.total_ns;
	attachment->entry.removals = attachment->absence.times;
}

/*
 * An interface that is back with its old index or hardware address was not created again, but moved to
 * another namespace and back: what passed meanwhile was not counted.
 */
static bool was_moved(const struct attachment *attachment, const struct link_info *link)
{
	static const uint8_t none[LINK_ADDRESS_MAX];

	if (attachment->entry.state != IFACE_GONE || !attachment->absence.seen_ns)
		return false;
	return attachment->entry.index == link->index ||
	       (memcmp(link->address, none, sizeof(none)) &&
		!memcmp(link->address, attachment->address, sizeof(none)));
}

static void note_attached(struct attachment *attachment, bool moved)
{
	uint64_t now_ns = clock_mono_ns();

	if (moved) {
		absence_looked(&attachment->absence, false, now_ns);
		absence_tried(&attachment->absence, true, now_ns);
	} else {
		absence_attached(&attachment->absence, now_ns);
	}
	tell_absence(attachment);
}

/*
 * Looks whether the programs of an interface that is IFACE_WATCHED are still attached; see
 * attach_look(). False when they are missing: then the interface may be gone, or else
 * attachment_is_detached() is due.
 */
static bool attachment_look(struct attachment *attachment)
{
	struct attach_view view;

	if (attach_look(&attachment->attach, &view))
		return true; /* not known */
	if (!view.there)
		return false;
	absence_looked(&attachment->absence, true, clock_mono_ns());
	memcpy(attachment->entry.before, view.before, sizeof(view.before));
	tell_absence(attachment);
	return true;
}

/* The interface is there and the programs are not: the entry says so from now on. */
static void attachment_is_detached(struct attachment *attachment)
{
	absence_looked(&attachment->absence, false, clock_mono_ns());
	tell_absence(attachment);
}

/* Attaches again what somebody else took off, when that is due. */
static void attachment_repair(struct attachment *attachment)
{
	int err;

	if (!absence_is_due(&attachment->absence, clock_mono_ns()))
		return;
	err = attach_again(&attachment->attach, attachment->prog_fd, attachment->entry.index);
	absence_tried(&attachment->absence, !err, clock_mono_ns());
	attachment->entry.error = err;
	tell_absence(attachment);
}

/* Detaches, lets the programs go, and says in which state it is now. Safe to call twice. */
static void attachment_close(struct attachment *attachment, enum iface_state state)
{
	attach_close(&attachment->attach);
	for (int dir = 0; dir < FLOW_DIRS; dir++) {
		if (attachment->prog_fd[dir] >= 0)
			close(attachment->prog_fd[dir]);
		attachment->prog_fd[dir] = -1;
	}
	if (attachment->shared) /* nothing runs there any more: detaching waits for that */
		programs_unshare(attachment->shared, attachment->entry.index);
	attachment->shared = NULL;
	attachment->entry.away = attachment->absence.away = false;
	memset(attachment->entry.before, 0, sizeof(attachment->entry.before));
	set_state(attachment, state, 0);
}

/*
 * Loads the programs of the slot and attaches them to the interface: it is IFACE_WATCHED then, else
 * IFACE_FAILED. 0; -EPROTONOSUPPORT at ATTACHMENT_LINK_LAYER; or what failed to load, or what
 * attach_open() says. What was attached before, to another interface, is let go of.
 */
static int attachment_open(struct attachment *attachment, struct programs *programs,
			   unsigned int slot, const struct link_info *link,
			   const struct attachment_way *way)
{
	bool moved = was_moved(attachment, link);
	int err;

	attachment_close(attachment, attachment->entry.state);
	memcpy(attachment->entry.name, link->name, sizeof(attachment->entry.name));
	memcpy(attachment->address, link->address, sizeof(attachment->address));
	attachment->entry.index = link->index;
	err = load_and_attach(attachment, programs, slot, link->arphrd, way);
	if (err) {
		attachment_close(attachment, IFACE_FAILED);
		attachment->entry.error = err;
	} else {
		set_state(attachment, IFACE_WATCHED, 0);
		note_attached(attachment, moved);
	}
	return err;
}

/* So many interfaces have programs of their own each. */
#define ATTACHMENTS_FEW 4
/* How long other instances are waited for where they remove a qdisc, in all. */
#define START_PATIENCE_MS 1000
#define END_PATIENCE_MS	  1000

void attachments_init(struct attachments *attachments)
{
	memset(attachments, 0, sizeof(*attachments));
	links_init(&attachments->links);
	claim_init(&attachments->claim);
}

static bool has_link_layer(const struct links_record *record)
{
	enum flow_link link;

	return !iface_link_layer(record->info.arphrd, &link);
}

/* The slot of an interface that it is known in; NULL: none. */
static struct attachment *attachment_of_record(struct attachments *attachments,
					       const struct links_record *record)
{
	struct attachment *attachment;

	for (attachment = attachments->attachment;
	     attachment < attachments->attachment + attachments->count; attachment++) {
		if (attachment->serial == record->serial)
			return attachment;
	}
	return NULL;
}

/* The slot of an interface of this name that is gone; it takes the slot again. */
static struct attachment *attachment_waiting_for(struct attachments *attachments, const char *name)
{
	struct attachment *attachment;

	for (attachment = attachments->attachment;
	     attachment < attachments->attachment + attachments->count; attachment++) {
		if (attachment->entry.state == IFACE_GONE &&
		    (!strcmp(attachment->entry.name, name) || !strcmp(attachment->asked, name)))
			return attachment;
	}
	return NULL;
}

static bool is_asked_for(const struct attachments *attachments, const struct links_record *record)
{
	for (size_t i = 0; i < attachments->names; i++) {
		if (!strcmp(attachments->name[i], record->info.name))
			return true;
	}
	return attachments->any && record->info.up && has_link_layer(record);
}

/* Lets go of what is no longer there, and takes over new names. */
static void follow_gone(struct attachments *attachments)
{
	const struct links_record *record;
	struct attachment *attachment;

	for (attachment = attachments->attachment;
	     attachment < attachments->attachment + attachments->count; attachment++) {
		if (!attachment->serial)
			continue;
		record = links_of_index(&attachments->links, attachment->entry.index);
		if (record && record->serial == attachment->serial) {
			memcpy(attachment->entry.name, record->info.name,
			       sizeof(attachment->entry.name));
			continue;
		}
		/* What it counted stands in the shared maps and is drained like everything else. */
		attachment_close(attachment, IFACE_GONE);
		attachment->serial = 0;
		attachment->went = ++attachments->goings;
		attachment->quiet = 0;
	}
}

/* Marks who is to be watched, and the slots of those that have one or that one waits for. */
static void find_candidates(struct attachments *attachments)
{
	struct links_record *record;
	struct attachment *attachment;

	for (size_t i = 0; i < attachments->links.count; i++) {
		record = &attachments->links.record[i];
		attachment = attachment_of_record(attachments, record);
		if (!attachment)
			attachment = attachment_waiting_for(attachments, record->info.name);
		record->slot = attachment ? (int)(attachment - attachments->attachment) : -1;
		record->usable = attachment || is_asked_for(attachments, record);
		if (!attachment)
			continue;
		attachment->serial = record->serial;
		/* Trying again is for those that changed. */
		if (attachment->entry.state == IFACE_FAILED && !record->touched)
			record->usable = false;
	}
}

/*
 * Programs on clsact belong to one interface alone: taking a filter off does not wait until the
 * program has ended there, so its place in a shared one could not be given away.
 */
static struct attachment_way way_of(struct attachments *attachments)
{
	return (struct attachment_way){
		.mode = attachments->mode != ATTACH_AUTO ? attachments->mode : attachments->attach,
		.claim = &attachments->claim,
		.share = attachments->many && attachments->mode == ATTACH_TCX,
	};
}

/* Attaches to an interface, in a new slot if need be. */
static int watch(struct attachments *attachments, struct links_record *record)
{
	struct attachment *attachment = record->slot < 0
						? slots_take(attachments, record->info.name)
						: &attachments->attachment[record->slot];
	const struct attachment_way way = way_of(attachments);
	int err;

	if (!attachment) {
		attachments->no_slot++;
		return -ENOSPC;
	}
	record->slot = (int)(attachment - attachments->attachment);
	attachment->serial = record->serial;
	err = attachment_open(attachment, attachments->programs, (unsigned int)record->slot,
			      &record->info, &way);
	if (!err)
		attachments->mode = attachment->attach.mode;
	/* Where it fails, filters are asked for instead. */
	if (attachments->mode == ATTACH_CLSACT)
		(void)!links_watch_hooks(&attachments->links);
	return err;
}

static bool is_watched(const struct attachments *attachments, const struct links_record *record)
{
	return record->slot >= 0 &&
	       attachments->attachment[record->slot].entry.state == IFACE_WATCHED;
}

static bool is_left_out(const struct attachments *attachments, const struct links_record *record)
{
	return attachments->dedup && layers_covered(&attachments->links, record);
}

/*
 * One round over all that should be watched. True when one of them cannot be: then those above it,
 * which were left out for its sake, are due after all.
 */
static bool follow_round(struct attachments *attachments)
{
	struct links_record *record;
	bool again = false;

	for (size_t i = 0; i < attachments->links.count; i++) {
		record = &attachments->links.record[i];
		if (!record->usable || is_watched(attachments, record) ||
		    is_left_out(attachments, record))
			continue;
		if (watch(attachments, record)) {
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
static void leave_out(struct attachments *attachments)
{
	struct links_record *record;

	attachments->left_out = 0;
	for (size_t i = 0; i < attachments->links.count; i++) {
		record = &attachments->links.record[i];
		if (!record->usable || !is_left_out(attachments, record))
			continue;
		attachments->left_out++;
		if (record->slot >= 0)
			attachment_close(&attachments->attachment[record->slot], IFACE_LEFT_OUT);
	}
}

/* Who is counted on another one as well. */
static void find_lowers(struct attachments *attachments)
{
	struct links_record *record, *end = attachments->links.record + attachments->links.count;

	for (unsigned int slot = 0; slot < attachments->count; slot++)
		attachments->attachment[slot].entry.lower_slot = -1;
	for (record = attachments->links.record; record < end; record++)
		record->watched = is_watched(attachments, record);
	for (record = attachments->links.record; record < end; record++) {
		if (record->watched)
			attachments->attachment[record->slot].entry.lower_slot =
				layers_lower_slot(&attachments->links, record);
	}
}

/* The entries behind those of interfaces, once there is something to say of those that are gone. */
static void tell_given_up(struct ifaces *ifaces, const struct attachments *attachments)
{
	static const struct ifaces_entry none = {.state = IFACE_FREE, .lower_slot = -1};
	struct ifaces_entry *sum = &ifaces->entry[FLOW_SLOT_GONE];

	ifaces->given_up = attachments->given_up;
	for (unsigned int slot = attachments->count; slot < FLOW_SLOT_GONE; slot++)
		ifaces->entry[slot] = none;
	*sum = (struct ifaces_entry){.name = IFACES_SUM_NAME, .state = IFACE_SUM, .lower_slot = -1};
}

/* What others are told now; false when that is what they were told before, or memory is short. */
static bool tell(struct attachments *attachments)
{
	struct ifaces *ifaces, *before = attachments->ifaces;

	if (ifaces_new(attachments->given_up ? FLOW_IFACES_MAX : attachments->count, &ifaces))
		return false;
	ifaces->any = attachments->any;
	ifaces->dedup = attachments->dedup;
	ifaces->left_out = attachments->left_out;
	ifaces->no_slot = attachments->no_slot;
	for (unsigned int slot = 0; slot < attachments->count; slot++) {
		ifaces->entry[slot] = attachments->attachment[slot].entry;
		ifaces->watched += ifaces->entry[slot].state == IFACE_WATCHED;
	}
	if (attachments->given_up)
		tell_given_up(ifaces, attachments);
	if (before && ifaces_equal(before, ifaces)) {
		ifaces_unref(ifaces);
		return false;
	}
	attachments->ifaces = ifaces;
	ifaces_unref(before);
	return true;
}

/*
 * Filters change with notice, so only those are looked at of which there was news. TCX gives none:
 * `all` says that it is time to ask.
 */
static bool is_worth_a_look(const struct attachments *attachments,
			    const struct attachment *attachment, const struct links_record *record,
			    bool all)
{
	if (attachment->attach.mode == ATTACH_CLSACT && attachments->links.hooks)
		return record->filters || (all && attachment->absence.away);
	return all;
}

/* The interface of a slot that is watched; NULL: it is gone, or none is. */
static const struct links_record *record_of_attachment(const struct attachments *attachments,
						       const struct attachment *attachment)
{
	const struct links_record *record =
		attachment->entry.state == IFACE_WATCHED
			? links_of_index(&attachments->links, attachment->entry.index)
			: NULL;

	return record && record->serial == attachment->serial ? record : NULL;
}

/* Marks in `ret_missing` the interfaces without our programs; true when there are any. */
static bool find_missing(struct attachments *attachments, bool all,
			 bool ret_missing[FLOW_IFACES_MAX])
{
	const struct links_record *record;
	struct attachment *attachment = attachments->attachment;
	bool any = false;

	for (unsigned int slot = 0; slot < attachments->count; slot++, attachment++) {
		ret_missing[slot] = false;
		record = record_of_attachment(attachments, attachment);
		if (!record)
			continue;
		if (is_worth_a_look(attachments, attachment, record, all))
			ret_missing[slot] = !attachment_look(attachment);
		else if (all)
			absence_looked(&attachment->absence, true, clock_mono_ns());
		any |= ret_missing[slot];
	}
	return any;
}

/*
 * An interface that is removed loses its programs first: only one that is still there when what is
 * new was taken in afterwards was detached by somebody.
 */
static void look_at_hooks(struct attachments *attachments, bool all)
{
	bool missing[FLOW_IFACES_MAX];

	if (!find_missing(attachments, all, missing))
		return;
	links_read(&attachments->links);
	for (unsigned int slot = 0; slot < attachments->count; slot++) {
		if (missing[slot] &&
		    record_of_attachment(attachments, &attachments->attachment[slot]))
			attachment_is_detached(&attachments->attachment[slot]);
	}
}

static void repair(struct attachments *attachments)
{
	for (unsigned int slot = 0; slot < attachments->count; slot++) {
		if (attachments->attachment[slot].entry.state == IFACE_WATCHED)
			attachment_repair(&attachments->attachment[slot]);
	}
}

static bool follow(struct attachments *attachments)
{
	look_at_hooks(attachments, false);
	follow_gone(attachments);
	find_candidates(attachments);
	attachments->no_slot = 0;
	while (follow_round(attachments))
		;
	leave_out(attachments);
	find_lowers(attachments);
	links_settle(&attachments->links);
	return tell(attachments);
}

bool attachments_follow(struct attachments *attachments)
{
	/* An error here leaves an old table, which the next news puts right. */
	links_read(&attachments->links);
	return follow(attachments);
}

bool attachments_look(struct attachments *attachments)
{
	bool told = false;

	links_read(&attachments->links);
	if (attachments->links.news)
		told = follow(attachments);
	look_at_hooks(attachments, true);
	if (attachments->links.news) /* of the meantime */
		told |= follow(attachments);
	repair(attachments);
	return tell(attachments) || told;
}

/* The first slot that was asked for by name and is not watched: an error, and which. */
static int find_failure(const struct attachments *attachments, char ret_failed[IF_NAMESIZE],
			enum attachment_step *ret_step)
{
	const struct attachment *attachment;
	bool watched = false;
	int err = 0;

	for (attachment = attachments->attachment;
	     attachment < attachments->attachment + attachments->count; attachment++)
		watched |= attachment->entry.state == IFACE_WATCHED;
	for (attachment = attachments->attachment;
	     attachment < attachments->attachment + attachments->count && !err; attachment++) {
		if (attachment->entry.state == IFACE_GONE)
			err = -ENODEV;
		else if (attachment->entry.state == IFACE_FAILED && !(attachments->any && watched))
			err = attachment->entry.error;
		if (!err)
			continue;
		memcpy(ret_failed, attachment->entry.name, IF_NAMESIZE);
		*ret_step = err == -ENODEV ? ATTACHMENT_ATTACH : attachment->failed_at;
	}
	return err;
}

int attachments_open(struct attachments *attachments, const struct attachments_options *options,
		     struct programs *programs, char ret_failed[IF_NAMESIZE],
		     enum attachment_step *ret_step)
{
	int err = links_open(&attachments->links);
	bool told;

	*ret_step = ATTACHMENT_ATTACH;
	ret_failed[0] = '\0';
	if (err)
		return err;
	attachments->any = options->any;
	attachments->dedup = options->dedup;
	attachments->attach = options->attach;
	attachments->programs = programs;
	attachments->names = options->names;
	for (size_t i = 0; i < options->names; i++) {
		memcpy(attachments->name[i], options->name[i], IF_NAMESIZE);
		slots_take(attachments, options->name[i]);
	}
	attachments->many = options->any || options->names > ATTACHMENTS_FEW;
	/* Also where this start is on TCX: the last one may not have been. What fails here fails
	 * again below, or does not matter. */
	clsact_sweep();
	claim_be_patient(&attachments->claim, START_PATIENCE_MS);
	told = follow(attachments);
	claim_be_patient(&attachments->claim, 0);
	if (!told)
		return -ENOMEM;
	return find_failure(attachments, ret_failed, ret_step);
}

bool attachments_want_slots(const struct attachments *attachments)
{
	return attachments->no_slot && slots_of_gone(attachments);
}

bool attachments_give_up_slots(struct attachments *attachments, bool ret_slot[FLOW_IFACES_MAX])
{
	if (!slots_give_up(attachments, ret_slot))
		return false;
	/* Without memory the old names are told a little longer; nothing has theirs yet. */
	tell(attachments);
	return true;
}

void attachments_detach(struct attachments *attachments)
{
	unsigned int slot;

	links_read(&attachments->links);
	look_at_hooks(attachments, true);
	tell(attachments);
	for (slot = 0; slot < attachments->count; slot++)
		attach_close(&attachments->attachment[slot].attach);
	/* Now that nothing is counted, there is time for instances that end just as well. */
	claim_be_patient(&attachments->claim, END_PATIENCE_MS);
	for (slot = 0; slot < attachments->count; slot++) {
		attach_close(&attachments->attachment[slot].attach);
		/* attachments_close() is called from another namespace. */
		clsact_init(&attachments->attachment[slot].attach.clsact);
	}
	claim_be_patient(&attachments->claim, 0);
}

void attachments_close(struct attachments *attachments)
{
	for (unsigned int slot = 0; slot < attachments->count; slot++)
		attachment_close(&attachments->attachment[slot], IFACE_GONE);
	attachments->count = 0;
	claim_close(&attachments->claim);
	links_close(&attachments->links);
	attachments->ifaces = ifaces_unref(attachments->ifaces);
}
