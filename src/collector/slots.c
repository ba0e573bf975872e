/* SPDX-License-Identifier: MIT */
/* Which slot an interface gets; see slots.h. */
#include "slots.h"

#include <string.h>

/*
 * Slots for interfaces: FLOW_SLOT_GONE is kept for what was counted on those that gave theirs up.
 * When every slot was asked for by name none is ever given up, so that one can be used as well.
 */
static unsigned int slots_room(const struct attachments *attachments)
{
	return attachments->names > FLOW_SLOT_GONE ? FLOW_IFACES_MAX : FLOW_SLOT_GONE;
}

struct attachment *slots_take(struct attachments *attachments, const char *name)
{
	struct attachment *attachment;

	for (attachment = attachments->attachment;
	     attachment < attachments->attachment + attachments->count; attachment++) {
		if (attachment->entry.state == IFACE_FREE)
			break;
	}
	if (attachment == attachments->attachment + attachments->count) {
		if (attachments->count == slots_room(attachments))
			return NULL;
		attachments->count++;
	}
	attachment_init(attachment, name);
	return attachment;
}

void slots_drained(struct attachments *attachments, bool whole)
{
	for (struct attachment *attachment = attachments->attachment;
	     attachment < attachments->attachment + attachments->count; attachment++)
		attachment->quiet = whole ? attachment->quiet + 1 : 0;
}

/* Gone, and not asked for by name: those have the first slots. */
static bool may_be_given_up(const struct attachments *attachments,
			    const struct attachment *attachment)
{
	return attachment >= attachments->attachment + attachments->names &&
	       attachment->entry.state == IFACE_GONE;
}

size_t slots_of_gone(const struct attachments *attachments)
{
	const struct attachment *attachment;
	size_t count = 0;

	for (attachment = attachments->attachment;
	     attachment < attachments->attachment + attachments->count; attachment++)
		count += may_be_given_up(attachments, attachment);
	return count;
}

static size_t slots_left(const struct attachments *attachments)
{
	const struct attachment *attachment;
	size_t left = slots_room(attachments) - attachments->count;

	for (attachment = attachments->attachment;
	     attachment < attachments->attachment + attachments->count; attachment++)
		left += attachment->entry.state == IFACE_FREE;
	return left;
}

static struct attachment *longest_gone(struct attachments *attachments)
{
	struct attachment *attachment, *longest = NULL;

	for (attachment = attachments->attachment;
	     attachment < attachments->attachment + attachments->count; attachment++) {
		if (!may_be_given_up(attachments, attachment) || attachment->quiet < SLOTS_QUIET)
			continue;
		if (!longest || attachment->went < longest->went)
			longest = attachment;
	}
	return longest;
}

size_t slots_give_up(struct attachments *attachments, bool ret_slot[FLOW_IFACES_MAX])
{
	size_t left = slots_left(attachments), again = SLOTS_AGAIN + attachments->no_slot,
	       count = 0;
	struct attachment *attachment;

	if (left >= SLOTS_FEW && !attachments->no_slot)
		return 0;
	memset(ret_slot, 0, FLOW_IFACES_MAX * sizeof(*ret_slot));
	while (left + count < again && (attachment = longest_gone(attachments))) {
		ret_slot[attachment - attachments->attachment] = true;
		attachment_give_up(attachment);
		count++;
	}
	attachments->given_up += (unsigned int)count;
	return count;
}
