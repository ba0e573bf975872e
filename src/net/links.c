/* SPDX-License-Identifier: MIT */
/* The table of links. Machines have a few dozen, at most thousands: an array is enough. */
#include "links.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void links_init(struct links *links)
{
	*links = (struct links){0};
	netlink_init(&links->watch);
	netlink_init(&links->query);
}

void links_close(struct links *links)
{
	netlink_close(&links->watch);
	netlink_close(&links->query);
	free(links->record);
	links_init(links);
}

struct links_record *links_of_index(const struct links *links, unsigned int index)
{
	for (size_t i = 0; i < links->count; i++) {
		if (links->record[i].info.index == index)
			return &links->record[i];
	}
	return NULL;
}

struct links_record *links_lower(const struct links *links, const struct links_record *upper,
				 size_t i)
{
	struct links_record *record;

	if (upper->info.kind == LINK_CHILD && !i && upper->info.parent)
		return links_of_index(links, upper->info.parent);
	if (upper->info.kind != LINK_MASTER)
		return NULL;
	for (record = links->record; record < links->record + links->count; record++) {
		if (record->info.master == upper->info.index && !i--)
			return record;
	}
	return NULL;
}

static struct links_record *append_record(struct links *links)
{
	struct links_record *grown;
	size_t room;

	if (links->count == links->room) {
		room = links->room ? links->room * 2 : 16;
		grown = realloc(links->record, room * sizeof(*grown));
		if (!grown)
			return NULL;
		links->record = grown;
		links->room = room;
	}
	return &links->record[links->count++];
}

static void forget_record(struct links *links, struct links_record *record)
{
	size_t i = (size_t)(record - links->record);

	memmove(record, record + 1, (--links->count - i) * sizeof(*record));
}

void links_take(struct links *links, enum link_event event, const struct link_info *info)
{
	struct links_record *record = links_of_index(links, info->index);

	links->news |= record || event == LINK_NEW;
	switch (event) {
	case LINK_REMOVED:
		if (record)
			forget_record(links, record);
		return;
	case LINK_FILTERS:
		if (record)
			record->filters = true;
		return;
	case LINK_OTHER: return;
	case LINK_NEW: break;
	}
	if (!record) {
		record = append_record(links);
		if (!record) {
			links->error = -ENOMEM;
			return;
		}
		*record = (struct links_record){.serial = ++links->serials, .slot = -1};
	}
	record->info = *info;
	record->touched = record->listed = true;
}

static void visit_link(void *arg, enum link_event event, const struct link_info *info)
{
	links_take(arg, event, info);
}

static void begin_listing(void *arg)
{
	struct links *links = arg;

	for (size_t i = 0; i < links->count; i++)
		links->record[i].listed = false;
}

/*
 * Replaces the table with what the kernel lists. An inconsistent list may lack links that exist:
 * then links are added, but none is removed.
 */
static int list_links(struct links *links)
{
	const struct link_visitor visitor = {
		.begin = begin_listing, .visit = visit_link, .arg = links};
	int err;

	links->error = 0;
	err = link_list(&links->query, &visitor) ?: links->error;
	links->stale = err != 0;
	for (size_t i = links->count; i-- > 0;) {
		/* Notifications of its filters may have been lost as well. */
		links->record[i].filters = true;
		if (!err && !links->record[i].listed)
			forget_record(links, &links->record[i]);
	}
	return err == -EINTR ? 0 : err;
}

int links_open(struct links *links)
{
	int err = link_watch_open(&links->watch);

	if (!err)
		err = netlink_open(&links->query, NETLINK_ROUTE, -1);
	return err ? err : list_links(links);
}

int links_read(struct links *links)
{
	const struct link_visitor visitor = {.visit = visit_link, .arg = links};
	int err;

	links->error = 0;
	err = link_watch_read(&links->watch, &visitor);
	if (err || links->error)
		links->stale = true;
	return links->stale ? list_links(links) : 0;
}

int links_watch_hooks(struct links *links)
{
	int err = links->hooks ? 0 : link_watch_hooks(&links->watch);

	/* Earlier changes are not known. */
	links->stale |= !links->hooks && !err;
	links->hooks |= !err;
	return err;
}

void links_settle(struct links *links)
{
	for (size_t i = 0; i < links->count; i++)
		links->record[i].touched = links->record[i].filters = false;
	links->news = false;
}
