/* SPDX-License-Identifier: MIT */
/* The table of interfaces. Machines have a few dozen, at the most thousands: an array will do. */
#include "links.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void links_init(struct links *links)
{
	*links = (struct links){.watch_fd = -1, .query_fd = -1};
}

void links_close(struct links *links)
{
	if (links->watch_fd >= 0)
		close(links->watch_fd);
	if (links->query_fd >= 0)
		close(links->query_fd);
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

struct links_record *links_of_name(const struct links *links, const char *name)
{
	for (size_t i = 0; i < links->count; i++) {
		if (!strcmp(links->record[i].info.name, name))
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

static struct links_record *append(struct links *links)
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

static void forget(struct links *links, struct links_record *record)
{
	size_t i = (size_t)(record - links->record);

	memmove(record, record + 1, (--links->count - i) * sizeof(*record));
}

void links_take(struct links *links, enum link_event event, const struct link_info *info)
{
	struct links_record *record = links_of_index(links, info->index);

	if (event == LINK_REMOVED) {
		if (record)
			forget(links, record);
		return;
	}
	if (!record) {
		record = append(links);
		if (!record) {
			links->error = -ENOMEM;
			return;
		}
		*record = (struct links_record){.serial = ++links->serials, .slot = -1};
	}
	record->info = *info;
	record->touched = record->listed = true;
}

static void visit(void *arg, enum link_event event, const struct link_info *info)
{
	links_take(arg, event, info);
}

/* Makes the table what the kernel lists; what is not in the list any more is gone. */
static int list_all(struct links *links)
{
	const struct link_visitor visitor = {.visit = visit, .arg = links};
	size_t i;
	int err;

	for (i = 0; i < links->count; i++)
		links->record[i].listed = false;
	err = link_list(links->query_fd, &visitor);
	if (err)
		return err;
	for (i = links->count; i-- > 0;) {
		if (!links->record[i].listed)
			forget(links, &links->record[i]);
	}
	return 0;
}

int links_open(struct links *links)
{
	links->watch_fd = link_watch_open();
	if (links->watch_fd < 0)
		return links->watch_fd;
	links->query_fd = link_query_open();
	if (links->query_fd < 0)
		return links->query_fd;
	links->error = 0;
	return list_all(links) ?: links->error;
}

int links_read(struct links *links)
{
	const struct link_visitor visitor = {.visit = visit, .arg = links};
	bool lost = false;
	int err;

	links->error = 0;
	/* What is left in the queue is older than the list and must not be taken in behind it. */
	while ((err = link_watch_read(links->watch_fd, &visitor)) == -ENOBUFS)
		lost = true;
	if (!err && (lost || links->error)) {
		links->error = 0;
		err = list_all(links);
	}
	return err ? err : links->error;
}

void links_settle(struct links *links)
{
	for (size_t i = 0; i < links->count; i++)
		links->record[i].touched = false;
}
