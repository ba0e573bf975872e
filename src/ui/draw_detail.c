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
	char safe[4 * OWNER_COMMAND_MAX];

	if (*from)
		page_line_wrapped(page, STYLE_PLAIN, label,
				  format_outside(from, safe, sizeof(safe)));
}

/* Who it is, on one line where that has room. */
static void put_owner(struct page_writer *page, const struct scene *scene, uint32_t id)
{
	const struct owner *owner = owner_table_get(scene->owners, id);
	char comm[OWNER_TEXT_MAX], user[OWNER_TEXT_MAX], unit[OWNER_TEXT_MAX];
	char text[3 * OWNER_TEXT_MAX + 80];

	if (!owner_is_process(id)) {
		page_line(page, STYLE_PLAIN, "process", id ? owner->comm : "- (unknown)");
		return;
	}
	format_outside(owner->comm, comm, sizeof(comm));
	format_outside(owner->user, user, sizeof(user));
	format_outside(owner->unit, unit, sizeof(unit));
	snprintf(text, sizeof(text), "%s  pid %u  user %s  uid %u%s%s%s", comm, owner->pid, user,
		 owner->uid, *unit ? "  unit " : "", unit,
		 owner->own ? "  (own: looks up host names)" : "");
	page_line_wrapped(page, STYLE_PLAIN, "process", text);
}

/* What else is known of the process. */
static void put_owner_more(struct page_writer *page, const struct scene *scene, uint32_t id)
{
	const struct owner *owner = owner_table_get(scene->owners, id);

	put_outside(page, "command", owner->command);
	put_outside(page, "executable", owner->exe);
	put_outside(page, "parents", owner->parents);
	put_outside(page, "cgroup", owner->cgroup);
}

/* The ends: of a conversation near and far, of a flow alone by its direction. */
static void put_both_ends(struct page_writer *page, const struct scene *scene,
		     const struct view_pair *pair)
{
	const struct flow_key *key = &pair->key;
	char text[FLOW_TEXT_MAX];

	if (flow_key_sum(key) != FLOW_SUM_NONE) {
		put_end(page, scene, "counted", key, true);
		return;
	}
	/* What ICMP and others have in place of ports belongs to a direction. */
	if (!flow_key_has_ports(key) && !flow_key_has_ports(&pair->row.key) &&
	    view_group(scene->view) == GROUP_FLOW)
		key = &pair->row.key;
	put_end(page, scene, key == &pair->key ? "near" : "source", key, true);
	put_host(page, scene, key->src);
	put_end(page, scene, key == &pair->key ? "far" : "destination", key, false);
	put_host(page, scene, key->dst);
	snprintf(text, sizeof(text), "%zu other flow%s with the far end in the table", pair->others,
		 format_plural(pair->others));
	page_line_wrapped(page, STYLE_DIM, "", text);
}

static void put_known(struct page_writer *page, const char *label, const char *text)
{
	if (*text)
		page_line_wrapped(page, STYLE_PLAIN, label, text);
}

static void put_handshake(struct page_writer *page, const struct sight_flow *flow, bool near_first)
{
	char server[FORMAT_TEXT_MAX], client[FORMAT_TEXT_MAX], text[3 * FORMAT_TEXT_MAX];
	bool source = flow->initiator == SIGHT_END_SOURCE;

	if (flow->initiator != SIGHT_END_NONE)
		page_line(page, STYLE_PLAIN, "opened by",
			  source == near_first ? "the near end" : "the far end");
	if (!flow->server_rtt_us)
		return;
	format_length(1000ULL * flow->server_rtt_us, server, sizeof(server));
	format_length(1000ULL * flow->client_rtt_us, client, sizeof(client));
	snprintf(text, sizeof(text), "%s to the server%s%s%s", server,
		 flow->client_rtt_us ? ", " : "", flow->client_rtt_us ? client : "",
		 flow->client_rtt_us ? " to the client" : "");
	page_line(page, STYLE_PLAIN, "handshake", text);
}

/* What packets said of the flow, with where each name is from. */
static void put_sight(struct page_writer *page, const struct scene *scene, const struct row *row)
{
	const struct sight *sight = sight_table_get(scene->sights, row->sight);
	char text[SIGHT_LABEL_MAX + 64];

	put_known(page, "application", application_name(sight->application));
	snprintf(text, sizeof(text), "%s (named by the flow%s)", sight->name,
		 sight->ech ? "; a hidden name was offered too" : "");
	put_known(page, "site", *sight->name ? text : "");
	snprintf(text, sizeof(text), "~%s (asked for in DNS)", sight->dns);
	put_known(page, *sight->name ? "" : "site", *sight->dns ? text : "");
}

static void put_sight_more(struct page_writer *page, const struct scene *scene,
			   const struct row *row)
{
	const struct sight *sight = sight_table_get(scene->sights, row->sight);
	const struct sight_flow flow = sight_flow_unpack(row->sight_word);

	put_known(page, "TLS", sight_tls_name(sight->tls_version));
	put_known(page, "ALPN", sight->alpn);
	put_known(page, "JA4", sight->ja4);
	/* Of a conversation it is said as of a flow that goes out. */
	put_handshake(page, &flow, view_group(scene->view) == GROUP_CONVERSATION ||
					   flow_key_dir(&row->key) == FLOW_OUT);
}

/* Between whom it is. */
static void put_who(struct page_writer *page, const struct scene *scene,
		    const struct view_pair *pair)
{
	bool one = flow_key_sum(&pair->row.key) == FLOW_SUM_NONE;

	page_line(page, STYLE_PLAIN, "protocol", flow_proto_name(&pair->row.key));
	put_both_ends(page, scene, pair);
	if (one)
		put_sight(page, scene, &pair->row);
	if (one && scene->owners)
		put_owner(page, scene, pair->row.owner);
}

/* What is looked for less often than the numbers above it. */
static void put_more(struct page_writer *page, const struct scene *scene,
		     const struct view_pair *pair)
{
	const struct ifaces *ifaces = view_snapshot(scene->view)->ifaces;
	const struct flow_key *key = &pair->row.key;
	bool one = flow_key_sum(key) == FLOW_SUM_NONE;
	char text[FLOW_TEXT_MAX];

	page_line(page, STYLE_PLAIN, "", "");
	if (one && scene->owners)
		put_owner_more(page, scene, pair->row.owner);
	if (one)
		put_sight_more(page, scene, &pair->row);
	format_outside(ifaces_name(ifaces, flow_key_slot(key)), text, sizeof(text));
	page_line(page, STYLE_PLAIN, "interface", text);
	snprintf(text, sizeof(text), "0x%04x %s", key->ethertype,
		 flow_ethertype_name(key->ethertype) ?: "");
	page_line(page, STYLE_PLAIN, "EtherType", text);
}

#define SIDE_WIDTH 22 /* of each direction */

/* A value of both directions. */
static void put_sides(struct page_writer *page, const char *label, const char *in, const char *out)
{
	const unsigned int style[FLOW_DIRS] = {STYLE_IN, STYLE_OUT};
	int y = page->y + page->line - page->first;
	int x = page->x + 2 + page->label_width + 1;
	bool seen = page->line >= page->first && y < page->end;

	page_line(page, STYLE_PLAIN, label, "");
	if (!seen)
		return;
	frame_put(page->frame, x, y, SIDE_WIDTH - 1, style[FLOW_IN], in);
	frame_put(page->frame, x + SIDE_WIDTH, y, SIDE_WIDTH, style[FLOW_OUT], out);
}

/* Bits and packets a second of both directions, the chosen unit first. */
static void put_rate_sides(struct page_writer *page, const struct scene *scene, const char *label,
			   const struct flow_counts counts[FLOW_DIRS], uint64_t length_ns)
{
	char text[FLOW_DIRS][2 * FORMAT_TEXT_MAX + 2];

	for (int dir = 0; dir < FLOW_DIRS; dir++) {
		char bits[FORMAT_TEXT_MAX], packets[FORMAT_TEXT_MAX];
		bool first = scene->unit == UNIT_PACKETS;

		bits_text(scene, rate_bps(counts[dir].bytes, length_ns), bits, sizeof(bits));
		format_rate(rate_pps(counts[dir].packets, length_ns), "p/s", packets,
			    sizeof(packets));
		snprintf(text[dir], sizeof(text[dir]), "%9s %9s", first ? packets : bits,
			 first ? bits : packets);
	}
	put_sides(page, label, text[FLOW_IN], text[FLOW_OUT]);
}

static void put_count_sides(struct page_writer *page, const struct row *row)
{
	char text[FLOW_DIRS][2][FORMAT_TEXT_MAX + 10], count[FORMAT_TEXT_MAX];

	for (int dir = 0; dir < FLOW_DIRS; dir++) {
		snprintf(text[dir][0], sizeof(text[dir][0]), "%s bytes",
			 format_count(row->total[dir].bytes, count, sizeof(count)));
		snprintf(text[dir][1], sizeof(text[dir][1]), "%s packet%s",
			 format_count(row->total[dir].packets, count, sizeof(count)),
			 format_plural(row->total[dir].packets));
	}
	put_sides(page, "since start", text[FLOW_IN][0], text[FLOW_OUT][0]);
	put_sides(page, "", text[FLOW_IN][1], text[FLOW_OUT][1]);
}

/* The highest rate that is remembered, and when it was. */
static void peak_text(const struct scene *scene, const struct view_pair *pair, int dir, char *text,
		      size_t size)
{
	const struct snapshot *snapshot = view_snapshot(scene->view);
	size_t count = pair->past_of[dir], at = 0;
	char rate[FORMAT_TEXT_MAX], wall[FORMAT_TEXT_MAX];

	snprintf(text, size, "-");
	if (pair->past_seen_ns && format_wall(pair->past_seen_ns, wall, sizeof(wall))[0])
		snprintf(text, size, "none since %s", strlen(wall) > 11 ? wall + 11 : wall);
	for (size_t i = 0; i < count; i++) {
		if (pair->past[dir][i] > pair->past[dir][at])
			at = i;
	}
	if (!count || pair->past[dir][at] <= 0.0)
		return;
	format_wall(snapshot_seen_ns(snapshot) -
			    (int64_t)((count - 1 - at) * snapshot->elapsed_ns),
		    wall, sizeof(wall));
	snprintf(text, size, "%9s at %s",
		 bits_text(scene, pair->past[dir][at], rate, sizeof(rate)),
		 strlen(wall) > 11 ? wall + 11 : wall);
}

#define GRAPH_LINES 3 /* of a direction */
#define GRAPH_LABEL 7

/* The newest values, two for each cell, aligned to the right; lines beyond the page are not there. */
static void put_graph(struct page_writer *page, const struct scene *scene,
		      const struct view_pair *pair, int dir)
{
	int width = page->frame->width - GRAPH_LABEL - 3;
	double value[PAST_MAX], most = 0.0;
	struct frame part = {0};
	char label[16];
	int have = (int)pair->past_of[dir];

	if (width > PAST_MAX / GRAPH_VALUES_PER_CELL)
		width = PAST_MAX / GRAPH_VALUES_PER_CELL;
	for (int i = 0; i < width * GRAPH_VALUES_PER_CELL; i++) {
		int at = have - width * GRAPH_VALUES_PER_CELL + i;

		value[i] = at < 0 ? -1.0 : pair->past[dir][at];
		if (value[i] > 0.0 && scene->unit == UNIT_BYTES)
			value[i] /= 8.0;
		most = value[i] > most ? value[i] : most;
	}
	if (width < 8 || frame_init(&part, page->frame->width, GRAPH_LINES))
		return;
	graph_draw(&part,
		   &(struct graph){.x = GRAPH_LABEL + 2,
				   .width = width,
				   .lines = GRAPH_LINES,
				   .hanging = dir == FLOW_OUT,
				   .style = dir == FLOW_OUT ? STYLE_OUT : STYLE_IN,
				   .most = graph_scale(most)},
		   value, scene->glyphs);
	frame_put_right(&part, 1, dir == FLOW_OUT ? GRAPH_LINES - 1 : 0, GRAPH_LABEL - 1, STYLE_DIM,
			graph_scale_text(graph_scale(most), label, sizeof(label)));
	for (int i = 0; i < GRAPH_LINES; i++) {
		int y = page->y + page->line - page->first;

		frame_put(&part, GRAPH_LABEL + 1, i, 1, STYLE_DIM,
			  scene->glyphs->axis[AXIS_SIDE]);
		if (page->line >= page->first && y < page->end)
			memcpy(frame_at(page->frame, 0, y), frame_at(&part, 0, i),
			       (size_t)part.width * sizeof(*part.cell));
		page->line++;
	}
	frame_done(&part);
}

static void put_graphs(struct page_writer *page, const struct scene *scene,
		       const struct view_pair *pair)
{
	const struct snapshot *snapshot = view_snapshot(scene->view);
	int y, width = page->frame->width - GRAPH_LABEL - 3;
	char text[48], length[FORMAT_TEXT_MAX];

	if (scene->plain || !pair->pasts || width < 8)
		return;
	if (width > PAST_MAX / GRAPH_VALUES_PER_CELL)
		width = PAST_MAX / GRAPH_VALUES_PER_CELL;
	page_line(page, STYLE_PLAIN, "", "");
	put_graph(page, scene, pair, FLOW_IN);
	y = page->y + page->line - page->first;
	if (page->line >= page->first && y < page->end) {
		frame_put_right(page->frame, 1, y, GRAPH_LABEL - 1, STYLE_DIM, "0");
		for (int i = 0; i <= width; i++)
			frame_put(page->frame, GRAPH_LABEL + 1 + i, y, 1, STYLE_DIM,
				  scene->glyphs->axis[i ? AXIS_LINE : AXIS_ORIGIN]);
		format_length((uint64_t)width * GRAPH_VALUES_PER_CELL * snapshot->elapsed_ns, length,
			      sizeof(length));
		snprintf(text, sizeof(text), "-%s", length);
		frame_put(page->frame, GRAPH_LABEL + 3, y, width / 2, STYLE_DIM, text);
		frame_put_right(page->frame, GRAPH_LABEL + 2, y, width, STYLE_DIM,
				scene->held ? "then" : "now");
	}
	page->line++;
	put_graph(page, scene, pair, FLOW_OUT);
}

/* End of the last interval with a packet, as far back as is remembered; -1: earlier. */
static int64_t last_seen_ns(const struct view_pair *pair, const struct snapshot *snapshot)
{
	int64_t last = -1;

	for (int dir = 0; dir < FLOW_DIRS; dir++) {
		size_t count = pair->past_of[dir], idle = 0;
		int64_t at_ns;

		while (idle < count && pair->past[dir][count - 1 - idle] <= 0.0)
			idle++;
		at_ns = snapshot_seen_ns(snapshot) - (int64_t)(idle * snapshot->elapsed_ns);
		if (idle < count && at_ns > last)
			last = at_ns;
	}
	return last;
}

static void put_seen(struct page_writer *page, const struct scene *scene,
		     const struct view_pair *pair)
{
	const struct snapshot *snapshot = view_snapshot(scene->view);
	const struct row *row = &pair->row;
	bool active = row->delta[FLOW_IN].packets || row->delta[FLOW_OUT].packets;
	int64_t last_ns = active ? snapshot_seen_ns(snapshot) : last_seen_ns(pair, snapshot);
	char wall[FORMAT_TEXT_MAX], idle[FORMAT_TEXT_MAX], text[2 * FORMAT_TEXT_MAX + 20];

	page_line(page, STYLE_PLAIN, "first seen", format_wall(row->first_wall_ns, wall, sizeof(wall)));
	if (active)
		snprintf(text, sizeof(text), "%s, active",
			 format_wall(last_ns, wall, sizeof(wall)));
	else if (last_ns >= 0)
		snprintf(text, sizeof(text), "%s, idle for %s",
			 format_wall(last_ns, wall, sizeof(wall)),
			 format_length((uint64_t)(snapshot_seen_ns(snapshot) - last_ns), idle,
				       sizeof(idle)));
	else if (pair->past_seen_ns)
		snprintf(text, sizeof(text), "before %s, idle",
			 format_wall(pair->past_seen_ns, wall, sizeof(wall)));
	else
		snprintf(text, sizeof(text), "idle");
	page_line(page, active ? STYLE_PLAIN : STYLE_DIM, "last seen", text);
}

static void put_numbers(struct page_writer *page, const struct scene *scene,
			const struct view_pair *pair)
{
	const struct snapshot *snapshot = view_snapshot(scene->view);
	const struct row *row = &pair->row;
	int64_t known_ns = snapshot_seen_ns(snapshot) - row->first_wall_ns;
	char text[FLOW_DIRS][2 * FORMAT_TEXT_MAX + 8];

	put_seen(page, scene, pair);
	page_line(page, STYLE_PLAIN, "", "");
	put_sides(page, "", "in", "out");
	if (snapshot->elapsed_ns)
		put_rate_sides(page, scene, "rate", row->delta, snapshot->elapsed_ns);
	if (known_ns > 0)
		put_rate_sides(page, scene, "average", row->total, (uint64_t)known_ns);
	for (int dir = 0; dir < FLOW_DIRS; dir++)
		peak_text(scene, pair, dir, text[dir], sizeof(text[dir]));
	put_sides(page, "peak", text[FLOW_IN], text[FLOW_OUT]);
	put_count_sides(page, row);
	put_graphs(page, scene, pair);
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
	const char *title = view_group(scene->view) == GROUP_FLOW ? "Flow, both directions"
								  : "Conversation";
	struct page_writer page = page_begin(frame, layout, title, scene->page_line, 12);

	if (!scene->pair) {
		put_absent(&page, scene);
		return page_finish(&page);
	}
	put_who(&page, scene, scene->pair);
	put_numbers(&page, scene, scene->pair);
	put_more(&page, scene, scene->pair);
	return page_finish(&page);
}
