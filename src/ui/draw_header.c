/* SPDX-License-Identifier: MIT */
/* The top of the screen: interfaces, rates, and whether counts are exact. Pure; any thread. */
#include "draw.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "format.h"

#define FIELD_GAP 2

/* A part of the title line; the least important ones are dropped when space is short. */
struct field {
	char text[80];
	unsigned int style;
	int value; /* 0: left out */
	bool right;
};

#define FIELDS_MAX 8

static int fields_width(const struct field *field, int count)
{
	int width = 1;

	for (int i = 0; i < count; i++) {
		if (field[i].value)
			width += frame_text_width(field[i].text) + FIELD_GAP;
	}
	return width;
}

static void drop_least_field(struct field *field, int count)
{
	int least = -1;

	for (int i = 0; i < count; i++) {
		if (field[i].value && (least < 0 || field[i].value < field[least].value))
			least = i;
	}
	if (least >= 0)
		field[least].value = 0;
}

static void put_fields(struct frame *frame, int y, struct field *field, int count)
{
	int left = frame->width > 30 ? 1 : 0;
	int right = frame->width;
	int kept = count;

	while (kept-- > 1 && fields_width(field, count) > frame->width + 1)
		drop_least_field(field, count);
	for (int i = count - 1; i >= 0; i--) {
		if (!field[i].value || !field[i].right)
			continue;
		right -= frame_text_width(field[i].text) + (right < frame->width ? FIELD_GAP : 0);
		frame_put(frame, right < 0 ? 0 : right, y, frame->width, field[i].style,
			  field[i].text);
	}
	for (int i = 0; i < count; i++) {
		if (field[i].value && !field[i].right)
			left += FIELD_GAP + frame_put(frame, left, y, right - left, field[i].style,
						      field[i].text);
	}
}

/* Packets that have no row of their own, and why. */
static void other_text(const struct snapshot_health *health, char *text, size_t size)
{
	char count[FORMAT_TEXT_MAX];
	bool full = health->map_full.packets, aged = health->aged.packets;

	format_count(health->map_full.packets + health->aged.packets, count, sizeof(count));
	snprintf(text, size, "other %s p (%s%s%s)", count, full ? "map full" : "",
		 full && aged ? ", " : "", aged ? "over --max-flows" : "");
}

bool draw_health_text(const struct snapshot_health *health, char *text, size_t size)
{
	char count[FORMAT_TEXT_MAX];

	if (health->hook.packets != health->rows.packets) {
		uint64_t more = health->hook.packets, less = health->rows.packets;

		format_count(more > less ? more - less : less - more, count, sizeof(count));
		snprintf(text, size, "%s p %s", count,
			 more > less ? "not in rows" : "too many in rows");
	} else if (health->read_errors) {
		format_count(health->read_errors, count, sizeof(count));
		snprintf(text, size, "%s read errors", count);
	} else if (health->unseen) {
		format_count(health->unseen, count, sizeof(count));
		snprintf(text, size, "%s p not seen", count);
	} else if (health->map_full.packets || health->aged.packets) {
		other_text(health, text, size);
	} else {
		snprintf(text, size, "exact");
		return true;
	}
	return false;
}

/* The entry with the most serious problem; NULL: none. */
static const struct ifaces_entry *worst_entry(const struct ifaces *ifaces)
{
	const struct ifaces_entry *worst = NULL;

	for (unsigned int i = 0; i < ifaces->count; i++) {
		const struct ifaces_entry *entry = &ifaces->entry[i];

		if (entry->state == IFACE_FAILED)
			return entry;
		if (entry->away && (!worst || !worst->away))
			worst = entry;
		/* With -i any, interfaces come and go: that is not a problem. */
		if (entry->state == IFACE_GONE && !worst && (!ifaces->any || !ifaces->watched))
			worst = entry;
	}
	return worst;
}

static bool counts_twice(const struct ifaces *ifaces)
{
	for (unsigned int i = 0; i < ifaces->count; i++) {
		const struct ifaces_entry *entry = &ifaces->entry[i];

		if (entry->state == IFACE_WATCHED && entry->lower_slot >= 0)
			return true;
	}
	return false;
}

bool draw_iface_trouble(const struct ifaces *ifaces, char *text, size_t size)
{
	const struct ifaces_entry *entry = ifaces ? worst_entry(ifaces) : NULL;
	uint64_t away_ns = ifaces_away_ns(ifaces);
	unsigned int before = ifaces_before(ifaces);
	char name[FORMAT_TEXT_MAX], length[FORMAT_TEXT_MAX];

	if (!ifaces)
		return false;
	if (entry)
		snprintf(text, size, "%s %s", format_outside(entry->name, name, sizeof(name)),
			 entry->away		      ? "detached"
			 : entry->state == IFACE_GONE ? "gone"
						      : "failed");
	else if (ifaces->no_slot)
		snprintf(text, size, "%u not watched", ifaces->no_slot);
	else if (!ifaces->watched && ifaces->any)
		snprintf(text, size, "no interface up");
	else if (away_ns)
		snprintf(text, size, "detached %s", format_length(away_ns, length, sizeof(length)));
	else if (before)
		snprintf(text, size, "behind %u program%s", before, before == 1 ? "" : "s");
	else if (counts_twice(ifaces))
		snprintf(text, size, "counted twice");
	else
		return false;
	return true;
}

/* How exact the counts are, and what group totals lack. */
static bool counts_text(const struct layout *layout, const struct scene *scene, char *text, size_t size)
{
	const struct snapshot_health *health = &view_snapshot(scene->view)->health;
	bool exact = draw_health_text(health, text, size);
	size_t used = strlen(text);

	if (health->aged.packets && view_group(scene->view) != GROUP_FLOW && layout->width >= 60)
		snprintf(text + used, size - used, " in no group");
	return exact;
}

/* Without a status line the title alone says what limits the rows of a moment that is held. */
static const char *held_word(const struct scene *scene)
{
	enum group_by by;

	if (*scene->prompt.text)
		return scene->rewound ? "REWOUND filtered" : "PAUSED filtered";
	if (view_drilled(scene->view, &by))
		return scene->rewound ? "REWOUND in a group" : "PAUSED in a group";
	return scene->rewound ? "REWOUND" : "PAUSED";
}

/* The health field; without a status line it also shows the state. */
static void health_field(const struct layout *layout, const struct scene *scene,
			 struct field *field)
{
	const struct snapshot *snapshot = view_snapshot(scene->view);
	bool exact = true;

	field->value = 9;
	field->right = true;
	if (!snapshot)
		snprintf(field->text, sizeof(field->text), "starting");
	else if (snapshot->state == SNAPSHOT_LOST)
		snprintf(field->text, sizeof(field->text), "INTERFACE LOST");
	else if (scene->alert)
		snprintf(field->text, sizeof(field->text), "ALERT %s", scene->alert_text);
	else if (scene->held && layout->status_y < 0)
		snprintf(field->text, sizeof(field->text), "%s", held_word(scene));
	else
		exact = counts_text(layout, scene, field->text, sizeof(field->text)) &&
			!draw_iface_trouble(snapshot->ifaces, field->text, sizeof(field->text));
	field->style = exact && snapshot && !scene->alert ? STYLE_PLAIN : STYLE_WARN | STYLE_BOLD;
}

/* "29 of 2,667 flows active": what can be seen moving, of all that are counted. */
static void flows_field(const struct snapshot *snapshot, int width, struct field *field)
{
	char active[FORMAT_TEXT_MAX], known[FORMAT_TEXT_MAX];

	field->value = 5;
	format_count(snapshot->flows_active, active, sizeof(active));
	format_count(snapshot->flows_known, known, sizeof(known));
	if (width >= 90)
		snprintf(field->text, sizeof(field->text), "%7s of %s flows active", active, known);
	else
		snprintf(field->text, sizeof(field->text), "%7s active", active);
}

/* Since when totals count, if that is not the start. */
static void since_field(const struct scene *scene, struct field *field)
{
	int64_t since_ns = view_totals_since(scene->view);
	char wall[FORMAT_TEXT_MAX];

	if (!since_ns)
		return;
	format_wall(since_ns, wall, sizeof(wall));
	field->value = 7;
	field->style = STYLE_ACCENT;
	snprintf(field->text, sizeof(field->text), "totals since %s",
		 strlen(wall) < 11 ? wall : wall + 11);
}

static void draw_title_line(struct frame *frame, const struct layout *layout,
			    const struct scene *scene)
{
	const struct snapshot *snapshot = view_snapshot(scene->view);
	struct field field[FIELDS_MAX] = {0};
	char wall[FORMAT_TEXT_MAX];

	field[0] = (struct field){.text = "pktstat-bpf", .value = 1};
	field[1].style = STYLE_BOLD;
	field[2].value = 4;
	snprintf(field[2].text, sizeof(field[2].text), "%s", scene->attach);
	if (snapshot) {
		ifaces_text(snapshot->ifaces, field[1].text, sizeof(field[1].text));
		field[1].value = *field[1].text ? 8 : 0;
		field[3].value = 6;
		format_clock(snapshot->running_ns, field[3].text, sizeof(field[3].text));
		flows_field(snapshot, frame->width, &field[4]);
		field[5].value = 3;
		field[5].right = true;
		format_wall(snapshot->wall_ns, wall, sizeof(wall));
		/* A narrow title has the time only. */
		snprintf(field[5].text, sizeof(field[5].text), "%s",
			 frame->width >= 100 || strlen(wall) < 11 ? wall : wall + 11);
	}
	health_field(layout, scene, &field[6]);
	since_field(scene, &field[7]);
	put_fields(frame, layout->title_y, field, FIELDS_MAX);
}

/* A rate in bits, bytes or packets, if it is known. */
struct rate {
	double value;
	bool known;
	const char *unit;
};

static struct rate bits_rate(const struct scene *scene, double bps, bool known)
{
	bool bytes = scene->unit == UNIT_BYTES;

	return (struct rate){bytes ? bps / 8.0 : bps, known, bytes ? "B/s" : "b/s"};
}

static struct rate packets_rate(double pps, bool known)
{
	return (struct rate){pps, known, "p/s"};
}

static void put_rate(struct frame *frame, int *x, int y, int width, unsigned int style,
		     struct rate rate)
{
	char text[FORMAT_TEXT_MAX] = "-";

	if (rate.known)
		format_rate(rate.value, rate.unit, text, sizeof(text));
	frame_put_right(frame, *x, y, width, style, text);
	*x += width;
}

/* The rate in the chosen unit first, then the other one. */
static void rates_now(const struct scene *scene, enum flow_dir dir, struct rate ret_rate[2])
{
	const struct snapshot *snapshot = view_snapshot(scene->view);
	const struct flow_counts *delta = &snapshot->dir[dir].delta;
	uint64_t elapsed_ns = snapshot->elapsed_ns;
	bool packets = scene->unit == UNIT_PACKETS;

	ret_rate[packets] = bits_rate(scene, rate_bps(delta->bytes, elapsed_ns), elapsed_ns);
	ret_rate[!packets] = packets_rate(rate_pps(delta->packets, elapsed_ns), elapsed_ns);
}

/* Highest rates between the moment totals were reset and the snapshot shown. */
static void peaks_since(const struct scene *scene, enum flow_dir dir, double *ret_bps,
			double *ret_pps)
{
	const struct snapshot *shown = view_snapshot(scene->view);
	uint64_t since_ns = view_totals_since_mono(scene->view);

	*ret_bps = *ret_pps = 0.0;
	for (size_t i = 0; scene->history && i < scene->history->count; i++) {
		const struct history_point *point = history_get(scene->history, i);

		if (point->seq > shown->seq || point->mono_ns <= since_ns)
			continue;
		if (point->bps[dir] > *ret_bps)
			*ret_bps = point->bps[dir];
		if (point->pps[dir] > *ret_pps)
			*ret_pps = point->pps[dir];
	}
}

static void rates_peak(const struct scene *scene, enum flow_dir dir, struct rate ret_rate[2])
{
	const struct snapshot_totals *totals = &view_snapshot(scene->view)->dir[dir];
	double bps = totals->peak_bps, pps = totals->peak_pps;
	bool packets = scene->unit == UNIT_PACKETS;

	if (view_totals_since(scene->view))
		peaks_since(scene, dir, &bps, &pps);
	ret_rate[packets] = bits_rate(scene, bps, bps > 0);
	ret_rate[!packets] = packets_rate(pps, pps > 0);
}

/* Mean of the last ten seconds that are known. */
#define MEAN_NS 10000000000ULL

static void rates_mean(const struct scene *scene, enum flow_dir dir, struct rate ret_rate[2])
{
	const struct snapshot *shown = view_snapshot(scene->view);
	double bits = 0.0, packets = 0.0, time = 0.0;
	bool first = scene->unit == UNIT_PACKETS;

	for (size_t i = scene->history ? scene->history->count : 0; i-- > 0;) {
		const struct history_point *point = history_get(scene->history, i);
		double length = (double)point->elapsed_ns;

		if (point->seq > shown->seq || point->bps[dir] < 0.0)
			continue;
		if (shown->mono_ns - point->mono_ns >= MEAN_NS)
			break;
		bits += point->bps[dir] * length;
		packets += point->pps[dir] * length;
		time += length;
	}
	ret_rate[first] = bits_rate(scene, time > 0.0 ? bits / time : 0.0, time > 0.0);
	ret_rate[!first] = packets_rate(time > 0.0 ? packets / time : 0.0, time > 0.0);
}

/* Since the start, or since totals were reset. */
static struct flow_counts header_total(const struct scene *scene, enum flow_dir dir)
{
	struct flow_counts total = view_snapshot(scene->view)->dir[dir].total;
	const struct flow_counts *base = &scene->base[dir];

	/* A moment before the reset has counted less. */
	if (!view_totals_since(scene->view) || total.packets < base->packets)
		return total;
	return (struct flow_counts){total.packets - base->packets, total.bytes - base->bytes};
}

static unsigned int dir_role(enum flow_dir dir)
{
	return dir == FLOW_IN ? STYLE_IN : STYLE_OUT;
}

static const char *dir_name(enum flow_dir dir)
{
	return dir == FLOW_IN ? "in" : "out";
}

#define PEAK_FROM  66 /* columns of the terminal from which it has room */
#define TOTAL_FROM 76

/* One line a direction; returns where the graph may begin. */
static int draw_rate_line(struct frame *frame, int y, const struct scene *scene, enum flow_dir dir)
{
	unsigned int style = dir_role(dir);
	struct flow_counts total = header_total(scene, dir);
	struct rate now[2], peak[2];
	char text[FORMAT_TEXT_MAX];
	int x = 4;

	rates_now(scene, dir, now);
	rates_peak(scene, dir, peak);
	frame_put(frame, 1, y, 3, style | STYLE_BOLD, dir_name(dir));
	put_rate(frame, &x, y, 10, style | STYLE_BOLD, now[0]);
	put_rate(frame, &x, y, 10, style, now[1]);
	if (frame->width >= PEAK_FROM) {
		frame_put(frame, x + 2, y, 4, STYLE_DIM, "peak");
		format_scaled(peak[0].value, text, sizeof(text));
		frame_put_right(frame, x + 6, y, 7, STYLE_PLAIN, peak[0].known ? text : "-");
		x += 13;
	}
	if (frame->width >= TOTAL_FROM) {
		frame_put(frame, x + 2, y, 5, STYLE_DIM, "total");
		format_rate((double)total.bytes, "B", text, sizeof(text));
		frame_put_right(frame, x + 7, y, 8, STYLE_PLAIN, text);
		x += 15;
	}
	return x;
}

#define BLOCK_LABEL 5
#define BLOCK_FIELD 11
#define BLOCK_TOTAL 14
#define BLOCK_WIDTH (BLOCK_LABEL + 3 * BLOCK_FIELD + BLOCK_TOTAL)

static void put_block_rates(struct frame *frame, int y, const struct scene *scene, enum flow_dir dir)
{
	struct rate rate[3][2];

	rates_now(scene, dir, rate[0]);
	rates_mean(scene, dir, rate[1]);
	rates_peak(scene, dir, rate[2]);
	frame_put(frame, 1, y, 3, dir_role(dir) | STYLE_BOLD, dir_name(dir));
	for (int line = 0; line < 2; line++) {
		int x = BLOCK_LABEL;

		for (int i = 0; i < 3; i++)
			put_rate(frame, &x, y + line, BLOCK_FIELD,
				 i ? STYLE_PLAIN
				   : dir_role(dir) | (line ? STYLE_PLAIN : STYLE_BOLD),
				 rate[i][line]);
	}
}

static void put_block_totals(struct frame *frame, int y, const struct scene *scene,
			     enum flow_dir dir)
{
	const int x = BLOCK_LABEL + 3 * BLOCK_FIELD;
	struct flow_counts total = header_total(scene, dir);
	char text[FORMAT_TEXT_MAX];

	format_rate((double)total.bytes, "B", text, sizeof(text));
	frame_put_right(frame, x, y, BLOCK_TOTAL, STYLE_PLAIN, text);
	format_rate((double)total.packets, "p", text, sizeof(text));
	frame_put_right(frame, x, y + 1, BLOCK_TOTAL, STYLE_PLAIN, text);
}

/* The interfaces with most, as many as there is room for, in an order that does not change. */
static int choose_ifaces(const struct iface_sums *sums, int room, const struct iface_sum *ret_sum[])
{
	int count = 0;

	for (int i = 0; sums && sums->count > 1 && i < (int)sums->count && i < room; i++) {
		int at = count++;

		for (; at > 0 && ret_sum[at - 1]->slot > sums->sum[i].slot; at--)
			ret_sum[at] = ret_sum[at - 1];
		ret_sum[at] = &sums->sum[i];
	}
	return count;
}

/* The name in as many columns as `name`, and each rate in as many as `field`, behind its direction. */
static void put_iface_rates(struct frame *frame, int x, int y, const struct scene *scene,
			    const struct iface_sum *sum, int name_width, int field)
{
	const struct snapshot *snapshot = view_snapshot(scene->view);
	char name[FORMAT_TEXT_MAX], fitting[FORMAT_TEXT_MAX];

	format_outside(ifaces_name(snapshot->ifaces, sum->slot), name, sizeof(name));
	draw_shorten(name, name_width, scene->glyphs->cut, fitting, sizeof(fitting));
	frame_put(frame, x, y, name_width, STYLE_PLAIN, fitting);
	x += name_width;
	for (int dir = 0; dir < FLOW_DIRS; dir++) {
		double bps = rate_bps(sum->delta[dir].bytes, snapshot->elapsed_ns);

		frame_put(frame, x + 1, y, 3, STYLE_DIM, dir_name((enum flow_dir)dir));
		x += 4;
		put_rate(frame, &x, y, field, dir_role((enum flow_dir)dir),
			 bits_rate(scene, bps, snapshot->elapsed_ns));
	}
}

#define IFACE_NAME  10
#define IFACE_FIELD 10
#define IFACE_GAP   2
#define IFACE_REST  (2 * (4 + IFACE_FIELD) + IFACE_GAP)

/* Side by side, where there is no room for a line each. */
static void draw_ifaces_line(struct frame *frame, const struct layout *layout, const struct scene *scene)
{
	const struct iface_sum *sum[FLOW_IFACES_MAX];
	int width = frame->width - 1 + IFACE_GAP;
	int count = choose_ifaces(scene->iface_sums, width / (IFACE_NAME + IFACE_REST), sum);
	int name = count ? width / count - IFACE_REST : 0;

	name = name < 16 ? name : 16;
	for (int i = 0; i < count; i++)
		put_iface_rates(frame, 1 + i * (name + IFACE_REST), layout->ifaces_y, scene, sum[i],
				name, IFACE_FIELD);
}

static void draw_block(struct frame *frame, const struct layout *layout, const struct scene *scene)
{
	static const char *const head[] = {"now", "10 s", "peak"};
	const struct iface_sum *sum[FLOW_IFACES_MAX];
	int64_t since_ns = view_totals_since(scene->view);
	char wall[FORMAT_TEXT_MAX], since[FORMAT_TEXT_MAX] = "since start";
	int y = layout->in_y, x = BLOCK_LABEL, count;

	for (int i = 0; i < 3; i++, x += BLOCK_FIELD)
		frame_put_right(frame, x, y, BLOCK_FIELD, STYLE_DIM, head[i]);
	if (since_ns && strlen(format_wall(since_ns, wall, sizeof(wall))) > 11)
		snprintf(since, sizeof(since), "since %s", wall + 11);
	frame_put_right(frame, x, y, BLOCK_TOTAL, STYLE_DIM, since);
	for (int dir = 0; dir < FLOW_DIRS; dir++) {
		put_block_rates(frame, y + 1 + 2 * dir, scene, (enum flow_dir)dir);
		put_block_totals(frame, y + 1 + 2 * dir, scene, (enum flow_dir)dir);
	}
	count = choose_ifaces(scene->iface_sums, layout->block - 5, sum);
	for (int i = 0; i < count; i++)
		put_iface_rates(frame, 1, y + 5 + i, scene, sum[i], 16, BLOCK_FIELD);
	draw_graph(frame, layout, scene, BLOCK_WIDTH + 2);
}

/* For very narrow terminals: the rates only. */
static void draw_rates_tiny(struct frame *frame, const struct layout *layout,
			    const struct scene *scene)
{
	int x = 0;

	for (int dir = 0; dir < FLOW_DIRS; dir++) {
		unsigned int style = dir == FLOW_IN ? STYLE_IN : STYLE_OUT;
		char text[FORMAT_TEXT_MAX] = "-";
		struct rate now[2];

		rates_now(scene, (enum flow_dir)dir, now);
		x += frame_put(frame, x, layout->in_y, frame->width, style | STYLE_BOLD,
			       scene->glyphs->arrow[dir]);
		if (now[0].known)
			format_scaled(now[0].value, text, sizeof(text));
		frame_put_right(frame, x, layout->in_y, 6, style | STYLE_BOLD, text);
		x += 8;
	}
}

/* Both directions on one line; the second unit only if it fits. */
static void draw_rates_short(struct frame *frame, const struct layout *layout,
			     const struct scene *scene)
{
	static const char *const name[FLOW_DIRS] = {"in", "out"};

	for (int dir = 0; dir < FLOW_DIRS; dir++) {
		unsigned int style = dir == FLOW_IN ? STYLE_IN : STYLE_OUT;
		int x = 1 + dir * (frame->width / 2);
		struct rate now[2];

		rates_now(scene, (enum flow_dir)dir, now);
		x += frame_put(frame, x, layout->in_y, 3, style | STYLE_BOLD, name[dir]);
		put_rate(frame, &x, layout->in_y, 10, style | STYLE_BOLD, now[0]);
		if (frame->width >= 60)
			put_rate(frame, &x, layout->in_y, 11, style, now[1]);
	}
}

void draw_header(struct frame *frame, const struct layout *layout, const struct scene *scene)
{
	if (layout->title_y >= 0)
		draw_title_line(frame, layout, scene);
	if (layout->tabs_y >= 0)
		draw_tabs(frame, scene, layout->tabs_y, frame->width);
	if (!view_snapshot(scene->view))
		return;
	if (layout->ifaces_y >= 0)
		draw_ifaces_line(frame, layout, scene);
	if (frame->width < 30) {
		draw_rates_tiny(frame, layout, scene);
	} else if (layout->block == 1) {
		draw_rates_short(frame, layout, scene);
	} else if (layout->block > 2) {
		draw_block(frame, layout, scene);
	} else {
		draw_rate_line(frame, layout->in_y, scene, FLOW_IN);
		draw_graph(frame, layout, scene,
			   1 + draw_rate_line(frame, layout->out_y, scene, FLOW_OUT));
	}
}
