/* SPDX-License-Identifier: MIT */
/* The page on one flow: everything known about it, and its graph. Pure; any thread. */
#include "draw.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "flow.h"
#include "format.h"
#include "graph.h"
#include "page.h"

static char *bits_text(const struct scene *scene, double bps, char *text, size_t size)
{
	bool bytes = scene->unit == UNIT_BYTES;

	return format_rate(bytes ? bps / 8.0 : bps, bytes ? "B/s" : "b/s", text, size);
}

/* The chosen unit first, as in the header. */
static void put_rates(struct page_writer *page, const struct scene *scene, const char *label,
		      double bps, double pps)
{
	bool packets_first = scene->unit == UNIT_PACKETS;
	char bits[FORMAT_TEXT_MAX], packets[FORMAT_TEXT_MAX];
	char text[3 * FORMAT_TEXT_MAX];

	bits_text(scene, bps, bits, sizeof(bits));
	format_rate(pps, "p/s", packets, sizeof(packets));
	snprintf(text, sizeof(text), "%9s %9s", packets_first ? packets : bits,
		 packets_first ? bits : packets);
	page_line(page, STYLE_PLAIN, label, text);
}

/* An endpoint with its service name, if it has one. */
static void put_end(struct page_writer *page, const struct scene *scene, const char *label,
		    const struct flow_key *key, bool source)
{
	uint16_t port = source ? key->sport : key->dport;
	char end[ENDPOINT_TEXT_MAX];
	char text[ENDPOINT_TEXT_MAX + 32];
	const char *name = NULL;

	if (source)
		endpoint_source(key, end, sizeof(end));
	else
		endpoint_destination(key, end, sizeof(end));
	if (scene->services && flow_key_has_ports(key))
		name = services_name(scene->services, key->ipproto, port);
	snprintf(text, sizeof(text), "%s%s%s", end, name ? "  " : "", name ? name : "");
	page_line(page, STYLE_PLAIN, label, text);
}

/* The host name of an address, if it is already known. */
static void put_host(struct page_writer *page, const struct scene *scene, const uint8_t address[16])
{
	char name[NAME_TEXT_MAX];

	if (name_cache_get(scene->hosts, address, name, sizeof(name)))
		page_line_wrapped(page, STYLE_PLAIN, "", name);
}

static void put_outside(struct page_writer *page, const char *label, const char *from)
{
	char safe[4 * OWNER_TEXT_MAX];

	if (*from)
		page_line_wrapped(page, STYLE_PLAIN, label,
				  format_outside(from, safe, sizeof(safe)));
}

static void put_owner(struct page_writer *page, const struct scene *scene, uint32_t id)
{
	const struct owner *owner = owner_table_get(scene->owners, id);
	char safe[OWNER_TEXT_MAX], text[OWNER_TEXT_MAX + 40];

	if (!owner_is_process(id)) {
		page_line(page, STYLE_PLAIN, "process", id ? owner->comm : "- (unknown)");
		return;
	}
	snprintf(text, sizeof(text), "%s  pid %u%s",
		 format_outside(owner->comm, safe, sizeof(safe)), owner->pid,
		 owner->own ? " (own: looks up host names)" : "");
	page_line(page, STYLE_PLAIN, "process", text);
	put_outside(page, "executable", owner->exe);
	snprintf(text, sizeof(text), "%s  uid %u", format_outside(owner->user, safe, sizeof(safe)),
		 owner->uid);
	page_line(page, STYLE_PLAIN, "user", text);
	put_outside(page, "unit", owner->unit);
	put_outside(page, "cgroup", owner->cgroup);
}

static void put_flow(struct page_writer *page, const struct scene *scene, const struct row *row)
{
	const struct ifaces *ifaces = view_snapshot(scene->view)->ifaces;
	const struct flow_key *key = &row->key;
	bool sum = flow_key_sum(key) != FLOW_SUM_NONE;
	char text[FLOW_TEXT_MAX];

	page_line(page, STYLE_PLAIN, "protocol", flow_proto_name(key));
	put_end(page, scene, "source", key, true);
	if (!sum) {
		put_host(page, scene, key->src);
		put_end(page, scene, "destination", key, false);
		put_host(page, scene, key->dst);
	}
	if (!sum && scene->owners)
		put_owner(page, scene, row->owner);
	format_outside(ifaces_name(ifaces, flow_key_slot(key)), text, sizeof(text));
	page_line(page, STYLE_PLAIN, "interface", text);
	page_line(page, flow_key_dir(key) == FLOW_IN ? STYLE_IN : STYLE_OUT, "direction",
		  flow_key_dir(key) == FLOW_IN ? "in" : "out");
	snprintf(text, sizeof(text), "0x%04x %s", key->ethertype,
		 flow_ethertype_name(key->ethertype) ?: "");
	page_line(page, STYLE_PLAIN, "EtherType", text);
}

static double peak_of(const struct scene *scene)
{
	double peak = 0.0;

	for (size_t i = 0; i < scene->pasts; i++) {
		if (scene->past[i] > peak)
			peak = scene->past[i];
	}
	return peak;
}

/* The newest values, two for each cell, aligned to the right, scaled to the peak. */
static void put_graph(struct page_writer *page, const struct scene *scene, enum flow_dir dir)
{
	int x = 2 + page->label_width + 1;
	int y = page->y + page->line - page->first;
	int width = page->frame->width - x - 1;
	int values, have = (int)scene->pasts;
	double value[SCENE_PAST_MAX];

	if (width > SCENE_PAST_MAX / GRAPH_VALUES_PER_CELL)
		width = SCENE_PAST_MAX / GRAPH_VALUES_PER_CELL;
	if (width < 1 || !have || page->line < page->first || y >= page->end)
		return;
	values = width * GRAPH_VALUES_PER_CELL;
	for (int i = 0; i < values; i++)
		value[i] = i < values - have ? -1.0 : scene->past[have - (values - i)];
	graph_draw(page->frame, x, y, width, dir == FLOW_IN ? STYLE_IN : STYLE_OUT, value,
		   peak_of(scene), scene->glyphs->braille);
}

/* End of the last interval with a packet, as far back as the graph reaches; -1: earlier. */
static int64_t last_seen_ns(const struct scene *scene, const struct snapshot *snapshot)
{
	size_t idle = 0;

	while (idle < scene->pasts && scene->past[scene->pasts - 1 - idle] <= 0.0)
		idle++;
	if (idle == scene->pasts)
		return -1;
	return snapshot->wall_ns - (int64_t)(idle * snapshot->elapsed_ns);
}

static void put_numbers(struct page_writer *page, const struct scene *scene, const struct row *row)
{
	const struct snapshot *snapshot = view_snapshot(scene->view);
	enum flow_dir dir = flow_key_dir(&row->key);
	const struct flow_counts *delta = &row->delta[dir], *total = &row->total[dir];
	int64_t known_ns = snapshot->wall_ns - row->first_wall_ns;
	int64_t last_ns = delta->packets ? snapshot->wall_ns : last_seen_ns(scene, snapshot);
	char text[FORMAT_TEXT_MAX];

	page_line(page, STYLE_PLAIN, "first seen",
		  format_wall(row->first_wall_ns, text, sizeof(text)));
	if (last_ns >= 0)
		page_line(page, STYLE_PLAIN, "last seen", format_wall(last_ns, text, sizeof(text)));
	page_line(page, delta->packets ? STYLE_PLAIN : STYLE_DIM, "now",
		  delta->packets ? "active" : "idle, leaves the table soon");
	page_counts(page, STYLE_PLAIN, "since start", total);
	if (snapshot->elapsed_ns)
		put_rates(page, scene, "rate", rate_bps(delta->bytes, snapshot->elapsed_ns),
			  rate_pps(delta->packets, snapshot->elapsed_ns));
	if (known_ns > 0)
		put_rates(page, scene, "average", rate_bps(total->bytes, (uint64_t)known_ns),
			  rate_pps(total->packets, (uint64_t)known_ns));
	page_line(page, STYLE_PLAIN, "peak", bits_text(scene, peak_of(scene), text, sizeof(text)));
	put_graph(page, scene, dir);
	page_line(page, STYLE_PLAIN, "history", "");
}

/* Why the flow is not in the table. It leaves a group when its owner becomes known, for example. */
static const char *absent_text(const struct scene *scene, const struct flow_key *key)
{
	const struct snapshot *snapshot = view_snapshot(scene->view);

	for (size_t i = 0; snapshot && i < snapshot->count; i++) {
		if (flow_key_equal(snapshot_key(snapshot, i), key))
			return "not in the rows shown; press Esc for those";
	}
	return scene->held ? "not in the table at this time"
			   : "no longer in the table; press [ to go back";
}

/* A flow that is no longer in the table, or not yet at the time shown. */
static void put_absent(struct page_writer *page, const struct scene *scene)
{
	const struct flow_key *key = view_chosen(scene->view);

	if (!key) {
		page_line(page, STYLE_DIM, "", "no flow is selected");
		return;
	}
	page_line(page, STYLE_PLAIN, "protocol", flow_proto_name(key));
	put_end(page, scene, "source", key, true);
	if (flow_key_sum(key) == FLOW_SUM_NONE)
		put_end(page, scene, "destination", key, false);
	page_line(page, STYLE_PLAIN, "direction", flow_key_dir(key) == FLOW_IN ? "in" : "out");
	page_line(page, STYLE_DIM, "now", absent_text(scene, key));
}

int draw_detail(struct frame *frame, const struct layout *layout, const struct scene *scene)
{
	struct page_writer page = page_begin(frame, layout, "Flow", scene->page_line, 12);
	struct row row;

	if (!view_get_selected(scene->view, &row)) {
		put_absent(&page, scene);
		return page_finish(&page);
	}
	put_flow(&page, scene, &row);
	put_numbers(&page, scene, &row);
	return page_finish(&page);
}
