/* SPDX-License-Identifier: MIT */
/* The table of watched interfaces, and what it says in words. */
#include "ifaces.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"

int ifaces_new(unsigned int count, struct ifaces **ret_ifaces)
{
	struct ifaces *ifaces =
		calloc(1, sizeof(*ifaces) + count * sizeof(struct ifaces_entry));

	if (!ifaces)
		return -ENOMEM;
	atomic_init(&ifaces->references, 1);
	ifaces->count = count;
	*ret_ifaces = ifaces;
	return 0;
}

struct ifaces *ifaces_ref(struct ifaces *ifaces)
{
	atomic_fetch_add_explicit(&ifaces->references, 1, memory_order_relaxed);
	return ifaces;
}

struct ifaces *ifaces_unref(struct ifaces *ifaces)
{
	if (ifaces &&
	    atomic_fetch_sub_explicit(&ifaces->references, 1, memory_order_acq_rel) == 1)
		free(ifaces);
	return NULL;
}

size_t ifaces_bytes(const struct ifaces *ifaces)
{
	return sizeof(*ifaces) + ifaces->count * sizeof(ifaces->entry[0]);
}

static bool entry_equal(const struct ifaces_entry *a, const struct ifaces_entry *b)
{
	return !strcmp(a->name, b->name) && a->index == b->index && a->raw_ip == b->raw_ip &&
	       a->state == b->state && a->error == b->error &&
	       a->away == b->away && a->away_ns == b->away_ns && a->removals == b->removals &&
	       !memcmp(a->before, b->before, sizeof(a->before)) &&
	       a->since_wall_ns == b->since_wall_ns && a->lower_slot == b->lower_slot &&
	       a->tenant == b->tenant;
}

bool ifaces_equal(const struct ifaces *a, const struct ifaces *b)
{
	if (a->any != b->any || a->dedup != b->dedup || a->left_out != b->left_out ||
	    a->no_slot != b->no_slot || a->given_up != b->given_up || a->count != b->count)
		return false;
	for (unsigned int slot = 0; slot < a->count; slot++) {
		if (!entry_equal(&a->entry[slot], &b->entry[slot]))
			return false;
	}
	return true;
}

const char *ifaces_name(const struct ifaces *ifaces, unsigned int slot)
{
	return ifaces && slot < ifaces->count ? ifaces->entry[slot].name : "?";
}

unsigned int ifaces_tenant(const struct ifaces *ifaces, unsigned int slot)
{
	return ifaces && slot < ifaces->count ? ifaces->entry[slot].tenant : 0;
}

/* First entry in that state from `slot` on; NULL: none. */
static const struct ifaces_entry *next_in_state(const struct ifaces *ifaces, unsigned int slot,
						enum iface_state state)
{
	for (; slot < ifaces->count; slot++) {
		if (ifaces->entry[slot].state == state)
			return &ifaces->entry[slot];
	}
	return NULL;
}

static unsigned int count_in_state(const struct ifaces *ifaces, enum iface_state state)
{
	unsigned int count = 0;

	for (unsigned int slot = 0; slot < ifaces->count; slot++)
		count += ifaces->entry[slot].state == state;
	return count;
}

/* The one or two interfaces in that state, or the first and how many more. */
static char *names_in_state(const struct ifaces *ifaces, enum iface_state state, char *text,
			    size_t size)
{
	const struct ifaces_entry *first = next_in_state(ifaces, 0, state), *second;
	char name[FORMAT_TEXT_MAX], other[FORMAT_TEXT_MAX];
	unsigned int count = count_in_state(ifaces, state);

	text[0] = '\0';
	if (!first)
		return text;
	format_outside(first->name, name, sizeof(name));
	second = next_in_state(ifaces, (unsigned int)(first - ifaces->entry) + 1, state);
	if (!second)
		snprintf(text, size, "%s", name);
	else if (count == 2)
		snprintf(text, size, "%s, %s", name,
			 format_outside(second->name, other, sizeof(other)));
	else
		snprintf(text, size, "%s and %u more", name, count - 1);
	return text;
}

char *ifaces_text(const struct ifaces *ifaces, char *text, size_t size)
{
	text[0] = '\0';
	if (!ifaces)
		return text;
	if (ifaces->any)
		snprintf(text, size, "any (%u)", ifaces->watched);
	else if (ifaces->watched)
		names_in_state(ifaces, IFACE_WATCHED, text, size);
	else if (ifaces->count)
		format_outside(ifaces->entry[0].name, text, size);
	return text;
}

/* Appends a phrase, whole or not at all. */
static void __attribute__((format(printf, 3, 4)))
say(char *text, size_t size, const char *format, ...)
{
	size_t used = strlen(text), joint = used ? strlen("; ") : 0;
	va_list args;
	int length;

	if (used + joint >= size)
		return;
	va_start(args, format);
	length = vsnprintf(text + used + joint, size - used - joint, format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= size - used - joint)
		text[used] = '\0';
	else if (joint)
		memcpy(text + used, "; ", joint);
}

static void say_gone(const struct ifaces *ifaces, char *text, size_t size)
{
	unsigned int gone = count_in_state(ifaces, IFACE_GONE);
	char names[2 * FORMAT_TEXT_MAX];

	if (!ifaces->watched && ifaces->any) {
		say(text, size, "no interface is up, waiting for one");
		return;
	}
	if (!gone || (ifaces->watched && ifaces->any))
		return;
	names_in_state(ifaces, IFACE_GONE, names, sizeof(names));
	if (ifaces->watched)
		say(text, size, "%s %s gone", names, gone == 1 ? "is" : "are");
	else
		say(text, size, "%s %s gone, waiting for %s return", names,
		    gone == 1 ? "is" : "are", gone == 1 ? "its" : "their");
}

uint64_t ifaces_away_ns(const struct ifaces *ifaces)
{
	uint64_t most_ns = 0;

	for (unsigned int slot = 0; ifaces && slot < ifaces->count; slot++) {
		if (ifaces->entry[slot].away_ns > most_ns)
			most_ns = ifaces->entry[slot].away_ns;
	}
	return most_ns;
}

static unsigned int entry_before(const struct ifaces_entry *entry)
{
	return entry->before[FLOW_IN] > entry->before[FLOW_OUT] ? entry->before[FLOW_IN] :
								   entry->before[FLOW_OUT];
}

unsigned int ifaces_before(const struct ifaces *ifaces)
{
	unsigned int most = 0;

	for (unsigned int slot = 0; ifaces && slot < ifaces->count; slot++) {
		if (entry_before(&ifaces->entry[slot]) > most)
			most = entry_before(&ifaces->entry[slot]);
	}
	return most;
}

char *ifaces_entry_away(const struct ifaces_entry *entry, char *text, size_t size)
{
	char name[FORMAT_TEXT_MAX], length[FORMAT_TEXT_MAX], times[24] = "";

	if (entry->removals > 1)
		snprintf(times, sizeof(times), " %u times", entry->removals);
	snprintf(text, size, "%s was detached or moved away%s, for up to %s%s",
		 format_outside(entry->name, name, sizeof(name)), times,
		 format_length(entry->away_ns, length, sizeof(length)),
		 entry->away ? " so far" : "");
	return text;
}

/* The interface that was not counted for the longest time, and how many others. */
static void say_away(const struct ifaces *ifaces, char *text, size_t size)
{
	char away[3 * FORMAT_TEXT_MAX], more[32] = "";
	uint64_t most_ns = ifaces_away_ns(ifaces);
	const struct ifaces_entry *entry, *most = NULL;
	unsigned int count = 0;

	for (entry = ifaces->entry; most_ns && entry < ifaces->entry + ifaces->count; entry++) {
		count += entry->removals > 0;
		if (!most && entry->away_ns == most_ns)
			most = entry;
	}
	if (!most)
		return;
	if (count > 1)
		snprintf(more, sizeof(more), " (and %u more)", count - 1);
	say(text, size, "%s%s, not counted during that time", ifaces_entry_away(most, away, sizeof(away)), more);
}

static void say_before(const struct ifaces *ifaces, char *text, size_t size)
{
	unsigned int most = ifaces_before(ifaces);
	const struct ifaces_entry *entry = ifaces->entry;
	char name[FORMAT_TEXT_MAX];

	if (!most)
		return;
	while (entry_before(entry) != most)
		entry++;
	say(text, size, "%u program%s before this one on %s, packets dropped there are not counted",
	    most, most == 1 ? " runs" : "s run", format_outside(entry->name, name, sizeof(name)));
}

static void say_failed(const struct ifaces *ifaces, char *text, size_t size)
{
	const struct ifaces_entry *first = next_in_state(ifaces, 0, IFACE_FAILED);
	char names[2 * FORMAT_TEXT_MAX];

	if (first)
		say(text, size, "cannot attach to %s: %s",
		    names_in_state(ifaces, IFACE_FAILED, names, sizeof(names)),
		    strerror(-first->error));
}

/* Interfaces with packets that are also counted on another one. */
static void say_twice(const struct ifaces *ifaces, char *text, size_t size)
{
	const struct ifaces_entry *entry, *first = NULL;
	char upper[FORMAT_TEXT_MAX], lower[FORMAT_TEXT_MAX], more[24] = "";
	unsigned int count = 0;

	for (entry = ifaces->entry; entry < ifaces->entry + ifaces->count; entry++) {
		if (entry->state != IFACE_WATCHED || entry->lower_slot < 0)
			continue;
		first = first ? first : entry;
		count++;
	}
	if (!first)
		return;
	if (count > 1)
		snprintf(more, sizeof(more), ", %u more such,", count - 1);
	say(text, size, "%s and %s%s count the same packets%s",
	    format_outside(first->name, upper, sizeof(upper)),
	    format_outside(ifaces_name(ifaces, (unsigned int)first->lower_slot), lower,
			   sizeof(lower)),
	    more, ifaces->dedup ? "" : " (--dedup)");
}

char *ifaces_notice(const struct ifaces *ifaces, char *text, size_t size)
{
	text[0] = '\0';
	if (!ifaces)
		return text;
	if (!ifaces->watched)
		say_gone(ifaces, text, size);
	if (ifaces->no_slot)
		say(text, size, "%u interface%s no slot", ifaces->no_slot,
		    ifaces->no_slot == 1 ? " has" : "s have");
	say_failed(ifaces, text, size);
	say_away(ifaces, text, size);
	if (ifaces->watched)
		say_gone(ifaces, text, size);
	say_before(ifaces, text, size);
	say_twice(ifaces, text, size);
	return text;
}
