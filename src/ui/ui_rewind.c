/* SPDX-License-Identifier: MIT */
/*
 * Which snapshot is shown: the newest, or one that the user holds; see ui_actions.h. The collector
 * goes on meanwhile; what is held costs its memory and nothing else.
 */
#include "ui_actions.h"

void ui_show_newest(struct ui *ui, struct snapshot *snapshot)
{
	history_update(&ui->history, ui->options->ring);
	ui->stale = true;
	if (!ui->scene.held)
		view_set_snapshot(ui->view, snapshot);
}

void ui_go_live(struct ui *ui)
{
	struct snapshot *snapshot = ring_latest(ui->options->ring);

	if (!ui->scene.held)
		ui->scene.notice = "this is live";
	ui->scene.held = false;
	ui->scene.rewound = false;
	if (snapshot)
		ui_show_newest(ui, snapshot);
	snapshot_unref(snapshot);
}

void ui_toggle_pause(struct ui *ui)
{
	if (ui->scene.held)
		ui_go_live(ui);
	else if (view_snapshot(ui->view))
		ui->scene.held = true;
}

/* Shows the snapshot with that number, or the nearest there is on the way to it. */
static void hold(struct ui *ui, uint64_t seq)
{
	uint64_t shown = view_snapshot(ui->view)->seq;
	uint64_t oldest, newest;
	struct snapshot *snapshot;

	ring_range(ui->options->ring, &oldest, &newest);
	if (seq > shown && seq >= newest) {
		ui_go_live(ui);
		return;
	}
	snapshot = ring_at(ui->options->ring, seq);
	/* What is shown may be older than all that are left: further back there is nothing. */
	if (snapshot && (snapshot->seq < shown) == (seq < shown)) {
		ui->scene.held = true;
		ui->scene.rewound = true;
		view_set_snapshot(ui->view, snapshot);
	} else {
		ui->scene.notice = "nothing older is remembered";
	}
	snapshot_unref(snapshot);
}

void ui_step(struct ui *ui, int snapshots)
{
	const struct snapshot *shown = view_snapshot(ui->view);

	if (!shown || (!ui->scene.held && snapshots > 0)) {
		ui->scene.notice = "this is live; [ steps back";
		return;
	}
	if (snapshots < 0 && shown->seq <= (uint64_t)-snapshots) {
		ui->scene.notice = "this is the oldest snapshot";
		return;
	}
	hold(ui, shown->seq + (uint64_t)(int64_t)snapshots);
}

void ui_step_time(struct ui *ui, int64_t ns)
{
	const struct snapshot *shown = view_snapshot(ui->view);
	uint64_t to_ns, seq;

	if (!shown || !ui->history.count || (!ui->scene.held && ns > 0)) {
		ui->scene.notice = "this is live; { goes a minute back";
		return;
	}
	to_ns = ns < 0 && shown->mono_ns < (uint64_t)-ns ? 0 : shown->mono_ns + (uint64_t)ns;
	seq = history_get(&ui->history, history_at(&ui->history, to_ns))->seq;
	/* A step always moves, also where snapshots are further apart. */
	if (seq == shown->seq)
		ui_step(ui, ns < 0 ? -1 : 1);
	else
		hold(ui, seq);
}
