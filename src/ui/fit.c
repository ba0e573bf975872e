/* SPDX-License-Identifier: MIT */
/* Widths of columns by their content; see fit.h. */
#include "fit.h"

#include <string.h>

#include "cell.h"

/* Snapshots after which what was wide may be forgotten. */
#define STRETCH 30

static void start_over(struct widths *widths, const struct scene *scene)
{
	enum group_by by;

	*widths = (struct widths){
		.by = view_group(scene->view),
		.drilled = view_drilled(scene->view, &by) != NULL,
		.names = scene->names,
		.hosts = scene->host_names,
		.sites = scene->site_names,
	};
}

static bool is_other(const struct widths *widths, const struct scene *scene)
{
	enum group_by by;

	return widths->by != view_group(scene->view) || widths->names != scene->names ||
	       widths->hosts != scene->host_names ||
	       widths->sites != scene->site_names ||
	       widths->drilled != (view_drilled(scene->view, &by) != NULL);
}

/* A new stretch keeps only the last one. */
static void turn_page(struct widths *widths, uint64_t seq)
{
	/* Also backwards: another time has other rows. */
	if (seq >= widths->since_seq && seq - widths->since_seq < STRETCH)
		return;
	memcpy(widths->before, widths->now, sizeof(widths->before));
	memset(widths->now, 0, sizeof(widths->now));
	widths->since_seq = seq;
}

static void measure_cells(struct widths *widths, const struct scene *scene, const struct row *row)
{
	for (int i = 0; i < COLUMNS; i++) {
		const struct column_info *info = column_info((enum column)i);
		int width;

		if (info->number || info->kind == COLUMN_GRAPH || !(info->live & 1U << widths->by))
			continue;
		width = cell_content((enum column)i, scene, row);
		if (width > widths->now[i])
			widths->now[i] = (uint8_t)(width > UINT8_MAX ? UINT8_MAX : width);
	}
}

/* Whether anything needs more room than before. */
static bool measure_shown(struct widths *widths, const struct scene *scene, const struct layout *layout)
{
	size_t top = view_top(scene->view);
	bool grown = false;
	struct row row;

	for (size_t i = top; i < top + (size_t)layout->rows; i++) {
		if (!view_get(scene->view, i, &row))
			break;
		measure_cells(widths, scene, &row);
	}
	for (int i = 0; i < COLUMNS; i++) {
		uint8_t most = widths->now[i] > widths->before[i] ? widths->now[i] : widths->before[i];

		grown = grown || most != widths->most[i];
		widths->most[i] = most;
	}
	return grown;
}

int fit_scene(const struct scene *scene, struct layout_wish *wish, struct widths *widths, int width,
	      int height, struct layout *ret_layout)
{
	const struct snapshot *snapshot = view_snapshot(scene->view);
	int err;

	if (is_other(widths, scene))
		start_over(widths, scene);
	if (snapshot)
		turn_page(widths, snapshot->seq);
	/* Every row has a source: without one nothing is known of any column. */
	wish->content = widths->most[COLUMN_SOURCE] ? widths->most : NULL;
	layout_fit(width, height, wish, ret_layout);
	view_set_height(scene->view, (size_t)ret_layout->rows);
	err = view_arrange(scene->view);
	if (!err && measure_shown(widths, scene, ret_layout)) {
		wish->content = widths->most;
		layout_fit(width, height, wish, ret_layout);
	}
	return err;
}

static struct iface_sum *sum_of_slot(struct iface_sums *sums, unsigned int slot)
{
	for (unsigned int i = 0; i < sums->count; i++) {
		if (sums->sum[i].slot == slot)
			return &sums->sum[i];
	}
	sums->sum[sums->count] = (struct iface_sum){.slot = slot};
	return &sums->sum[sums->count++];
}

static uint64_t sum_bytes(const struct iface_sum *sum)
{
	return sum->delta[FLOW_IN].bytes + sum->delta[FLOW_OUT].bytes;
}

/* Few, and mostly in order already. */
static void sort_sums(struct iface_sums *sums)
{
	for (unsigned int i = 1; i < sums->count; i++) {
		struct iface_sum sum = sums->sum[i];
		unsigned int j = i;

		for (; j > 0 && sum_bytes(&sums->sum[j - 1]) < sum_bytes(&sum); j--)
			sums->sum[j] = sums->sum[j - 1];
		sums->sum[j] = sum;
	}
}

void iface_sums_take(struct iface_sums *sums, const struct snapshot *snapshot)
{
	const struct ifaces *ifaces = snapshot->ifaces;

	if (sums->seq == snapshot->seq)
		return;
	sums->seq = snapshot->seq;
	sums->count = 0;
	/* With one interface the totals say it all. */
	if (!ifaces || ifaces->count < 2)
		return;
	for (unsigned int slot = 0; slot < ifaces->count && slot < FLOW_IFACES_MAX; slot++) {
		if (ifaces->entry[slot].state == IFACE_WATCHED)
			sum_of_slot(sums, slot);
	}
	for (size_t i = 0; i < snapshot->count; i++) {
		const struct flow_key *key = snapshot_key(snapshot, i);
		const struct flow_counts delta = {snapshot->row[i].delta_packets,
						  snapshot->row[i].delta_bytes};

		if (delta.packets)
			flow_counts_add(&sum_of_slot(sums, flow_key_slot(key))
						 ->delta[flow_key_dir(key)],
					&delta);
	}
	sort_sums(sums);
}
