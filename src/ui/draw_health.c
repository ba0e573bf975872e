/* SPDX-License-Identifier: MIT */
/* The page on how exact the counts are and how the monitor itself is doing. Pure; any thread. */
#include "draw.h"

#include <stdio.h>
#include <string.h>

#include "format.h"
#include "page.h"

/* A number with what it counts behind it. */
static void put_count(struct page_writer *page, unsigned int style, const char *label,
		      uint64_t number, const char *what)
{
	char count[FORMAT_TEXT_MAX];
	char text[2 * FORMAT_TEXT_MAX];

	format_count(number, count, sizeof(count));
	snprintf(text, sizeof(text), "%s%s", count, what);
	page_line_wrapped(page, style, label, text);
}

static unsigned int warn_if(bool wrong)
{
	return wrong ? STYLE_WARN | STYLE_BOLD : STYLE_PLAIN;
}

static void put_map(struct page_writer *page, const struct snapshot_health *health)
{
	char used[FORMAT_TEXT_MAX], room[FORMAT_TEXT_MAX], most[FORMAT_TEXT_MAX];
	char text[4 * FORMAT_TEXT_MAX];

	format_count(health->map_used, used, sizeof(used));
	format_count(health->map_entries, room, sizeof(room));
	format_count(health->map_entries_max, most, sizeof(most));
	snprintf(text, sizeof(text), "%s flows drained, room for %s, at most %s", used, room, most);
	page_line_wrapped(page, STYLE_PLAIN, "kernel map", text);
	put_count(page, STYLE_PLAIN, "  grown", health->map_grown, " times");
	put_count(page, STYLE_PLAIN, "  shrunk", health->map_shrunk, " times");
	put_count(page, warn_if(health->map_failed), "  refused", health->map_failed,
		  " times by the kernel");
	put_count(page, STYLE_PLAIN, "  drained early", health->early_drains,
		  " times, requested by the BPF programs");
}

static void put_times(struct page_writer *page, const struct snapshot *snapshot)
{
	const struct snapshot_health *health = &snapshot->health;
	char text[FORMAT_TEXT_MAX];

	page_line_wrapped(page, STYLE_PLAIN, "interval",
			  format_length(snapshot->elapsed_ns, text, 64));
	page_line_wrapped(page, STYLE_PLAIN, "last drain",
			  format_length(health->drain_ns, text, 64));
	page_line_wrapped(page, STYLE_PLAIN, "last snapshot",
			  format_length(health->build_ns, text, 64));
	put_count(page, warn_if(health->missed_deadlines), "missed deadlines",
		  health->missed_deadlines, "");
	put_count(page, warn_if(health->read_errors), "read errors", health->read_errors, "");
	if (health->last_error)
		page_line_wrapped(page, warn_if(true), "  last error",
				  strerror(-health->last_error));
}

static void put_memory(struct page_writer *page, const struct snapshot_health *health)
{
	char used[FORMAT_TEXT_MAX], most[FORMAT_TEXT_MAX];
	char text[3 * FORMAT_TEXT_MAX];

	format_memory(health->ring_bytes, used, sizeof(used));
	format_memory(health->ring_budget, most, sizeof(most));
	snprintf(text, sizeof(text), "%s of %s", used, most);
	page_line_wrapped(page, STYLE_PLAIN, "rewind memory", text);
	page_line_wrapped(page, STYLE_PLAIN, "ledger memory",
			  format_memory(health->ledger_bytes, used, sizeof(used)));
}

static void put_iface(struct page_writer *page, const struct ifaces_entry *entry, const char *label)
{
	static const char *const states[] = {
		[IFACE_WATCHED] = "watched",
		[IFACE_GONE] = "gone",
		[IFACE_FAILED] = "cannot attach",
		[IFACE_LEFT_OUT] = "skipped, its lower interfaces are watched",
	};
	bool failed = entry->state == IFACE_FAILED || (entry->away && entry->error);
	char name[FORMAT_TEXT_MAX], since[FORMAT_TEXT_MAX];
	char text[4 * FORMAT_TEXT_MAX];

	snprintf(text, sizeof(text), "%-12s %s%s%s%s%s",
		 format_outside(entry->name, name, sizeof(name)),
		 entry->away ? "detached by another program" : states[entry->state],
		 failed ? ": " : "", failed ? strerror(-entry->error) : "",
		 entry->since_wall_ns ? ", since " : "",
		 entry->since_wall_ns ? format_wall(entry->since_wall_ns, since, sizeof(since))
				      : "");
	page_line_wrapped(page, warn_if(failed || entry->state == IFACE_GONE || entry->away), label,
			  text);
	if (entry->removals)
		page_line_wrapped(page, warn_if(true), "",
				  ifaces_entry_away(entry, text, sizeof(text)));
}

static void put_ifaces(struct page_writer *page, const struct ifaces *ifaces)
{
	char notice[240];

	if (!ifaces)
		return;
	for (unsigned int i = 0; i < ifaces->count; i++) {
		if (ifaces->entry[i].state == IFACE_SUM)
			put_count(page, STYLE_PLAIN, "", ifaces->given_up,
				  " removed interfaces, counted under \"" IFACES_SUM_NAME "\"");
		else if (ifaces->entry[i].state != IFACE_FREE)
			put_iface(page, &ifaces->entry[i], i ? "" : "interfaces");
	}
	if (*ifaces_notice(ifaces, notice, sizeof(notice)))
		page_line_wrapped(page, warn_if(true), ifaces->count ? "" : "interfaces", notice);
}

static void put_owners(struct page_writer *page, const struct scene *scene)
{
	char memory[FORMAT_TEXT_MAX];
	char text[2 * FORMAT_TEXT_MAX];

	page_line_wrapped(page, STYLE_PLAIN, "process lookup",
			  scene->owners ? scene->owners_way ?: "" : "off");
	if (owner_table_note(scene->owners))
		page_line_wrapped(page, warn_if(true), "  no names",
				  owner_table_note(scene->owners));
	if (scene->owners) {
		format_memory(owner_table_bytes(scene->owners), memory, sizeof(memory));
		snprintf(text, sizeof(text), " in %s", memory);
		put_count(page, STYLE_PLAIN, "  known", owner_table_count(scene->owners), text);
	}
	if (scene->hides_own)
		page_line_wrapped(page, STYLE_PLAIN, "own session", "hidden, but counted");
	page_line_wrapped(page, STYLE_PLAIN, "host names",
			  scene->host_names ? "looked up and shown" : "not looked up (key N)");
}

static void put_samples(struct page_writer *page, const struct scene *scene,
			const struct snapshot_health *health)
{
	static const char *const reasons[SAMPLE_REFUSALS] = {
		[SAMPLE_REFUSED_LIMIT] = " over the limit of an interval",
		[SAMPLE_REFUSED_FULL] = " while the reader was behind",
		[SAMPLE_REFUSED_UNREADABLE] = " not readable",
	};

	if (!health->inspect)
		return;
	put_count(page, STYLE_PLAIN, "inspection", health->samples.handed, " packets handed over");
	for (unsigned int i = 0; i < SAMPLE_REFUSALS; i++)
		put_count(page, STYLE_PLAIN, i ? "" : "  refused", health->samples.refused[i],
			  reasons[i]);
	if (*scene->inspected)
		page_line_wrapped(page, warn_if(scene->inspect_ended), "  found", scene->inspected);
}

int draw_health(struct frame *frame, const struct layout *layout, const struct scene *scene)
{
	struct page_writer page = page_begin(frame, layout, "Health", scene->page_line, 18);
	const struct snapshot *snapshot = view_snapshot(scene->view);
	const struct snapshot_health *health;
	char text[128];
	bool exact;

	if (!snapshot)
		return 0;
	health = &snapshot->health;
	exact = draw_health_text(health, text, sizeof(text));
	if (exact && ifaces_away_ns(snapshot->ifaces)) {
		exact = false;
		snprintf(text, sizeof(text), "incomplete, see interfaces");
	}
	page_line_wrapped(&page, warn_if(!exact), "counts", text);
	page_counts(&page, STYLE_PLAIN, "seen by the hook", &health->hook);
	page_counts(&page, STYLE_PLAIN, "in rows", &health->rows);
	page_counts(&page, warn_if(health->map_full.packets), "  map full", &health->map_full);
	page_counts(&page, warn_if(health->aged.packets), "  over --max-flows", &health->aged);
	if (health->unseen)
		put_count(&page, warn_if(true), "  not seen", health->unseen,
			  " packets, the socket's buffer was full");
	if (health->gone.packets)
		page_counts(&page, STYLE_PLAIN, "  interfaces gone", &health->gone);
	put_count(&page, STYLE_PLAIN, "flows added up", health->flows_aged,
		  ", idle longest, in the rows \"over --max-flows\"");
	put_count(&page, STYLE_PLAIN, "flows known", snapshot->flows_known, "");
	put_map(&page, health);
	put_times(&page, snapshot);
	put_memory(&page, health);
	page_line_wrapped(&page, STYLE_PLAIN, "attached by", scene->attach);
	if (*scene->exported)
		page_line_wrapped(&page, warn_if(scene->export_lost), "IPFIX", scene->exported);
	put_owners(&page, scene);
	put_samples(&page, scene, health);
	put_ifaces(&page, snapshot->ifaces);
	return page_finish(&page);
}
