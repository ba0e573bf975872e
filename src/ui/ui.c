/* SPDX-License-Identifier: MIT */
/*
 * The loop of the live view; see ui.h. It sleeps in poll() until a key, a snapshot, a signal or
 * the deadline comes, then draws once. All objects are its own and live as long as ui_run().
 */
#include "ui.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "clock.h"
#include "draw.h"
#include "page.h"
#include "past.h"
#include "screen.h"
#include "ui_actions.h"
#include "wait.h"

/* Frames for names alone: five a second. */
#define NAMES_EVERY_MS 200

enum {
	POLL_INPUT,
	POLL_RING,
	POLL_SIGNAL,
	POLL_DEADLINE,
	POLL_NAMES,
	POLLS,
};

static void end_with(struct ui *ui, enum ui_end end)
{
	if (ui->ended)
		return;
	ui->ended = true;
	ui->end = end;
}

/* Takes the snapshots before, where something on screen or the order needs them. */
static void recall_past(struct ui *ui)
{
	struct snapshot *shown = view_shown(ui->view);

	if (!shown || (!ui->layout.past && ui->scene.page != PAGE_DETAIL)) {
		past_release(&ui->past);
		view_set_past(ui->view, NULL);
		return;
	}
	past_take(&ui->past, ui->options->ring, shown, PAST_MAX);
	view_set_past(ui->view, &ui->past);
}

/* More interfaces than one, now or before or to come: their column stays once it is there. */
static bool ui_has_ifaces(const struct ui *ui)
{
	const struct snapshot *shown = view_snapshot(ui->view);

	return shown && shown->ifaces && (shown->ifaces->any || shown->ifaces->count > 1);
}

/*
 * How long a page is shows when it is drawn: keys before that may have scrolled too far, and so may a
 * window that grew have.
 */
static void draw_fitting(struct ui *ui)
{
	int lines = draw_scene(&ui->frame, &ui->layout, &ui->scene);
	int last = lines - page_room(&ui->layout);

	last = last < 0 ? 0 : last;
	if (ui->scene.page_line <= last)
		return;
	ui->scene.page_line = last;
	draw_scene(&ui->frame, &ui->layout, &ui->scene);
}

static int redraw(struct ui *ui)
{
	int width, height;
	int err;

	screen_size(ui->screen, &width, &height);
	ui_see_alert(ui);
	ui->scene.attach = ui->options->attach(ui->options->context);
	if (ui->options->inspect_trouble)
		ui->scene.inspect_trouble = ui->options->inspect_trouble(ui->options->context);
	ui->wish.by = view_group(ui->view);
	ui->wish.sort = view_sort(ui->view);
	ui->wish.ifaces = ui_has_ifaces(ui);
	ui->wish.packets = ui->scene.unit == UNIT_PACKETS;
	/* The page on a flow is never that on another one. */
	view_set_waiting(ui->view, ui->scene.page == PAGE_DETAIL);
	recall_past(ui);
	err = fit_scene(&ui->scene, &ui->wish, &ui->widths, width, height, &ui->layout);
	if (!err && ui->layout.past != ui->had_past) {
		ui->had_past = ui->layout.past;
		recall_past(ui);
		err = view_arrange(ui->view);
	}
	if (!err)
		err = ui_mark_alerts(ui);
	if ((ui->layout.block > 5 || ui->layout.ifaces_y >= 0) && view_snapshot(ui->view))
		iface_sums_take(&ui->iface_sums, view_snapshot(ui->view));
	if (!err)
		err = frame_init(&ui->frame, width, height);
	if (err)
		return err;
	if (ui->scene.page == PAGE_HEALTH && ui->options->exported)
		ui->scene.export_lost = ui->options->exported(
			ui->options->context, ui->scene.exported, sizeof(ui->scene.exported));
	if (ui->scene.page == PAGE_HEALTH && ui->options->inspected)
		ui->scene.inspect_ended = ui->options->inspected(
			ui->options->context, ui->scene.inspected, sizeof(ui->scene.inspected));
	if (ui->scene.page == PAGE_DETAIL)
		ui->scene.pair = view_get_pair(ui->view, &ui->pair) ? &ui->pair : NULL;
	draw_fitting(ui);
	ui->tabs_width = draw_tabs_width(&ui->layout, &ui->scene);
	ui->stale = ui->named = false;
	ui->drawn_ns = clock_mono_ns();
	/* A terminal may be slow, or be stopped. */
	sight_table_release(ui->options->sights);
	if (screen_show(ui->screen, &ui->frame))
		end_with(ui, UI_END_TERMINAL);
	sight_table_hold(ui->options->sights);
	return 0;
}

static void on_ring(struct ui *ui)
{
	struct snapshot *snapshot;

	ring_clear_event(ui->options->ring);
	snapshot = ring_latest(ui->options->ring);
	if (!snapshot)
		return;
	ui_show_newest(ui, snapshot);
	snapshot_unref(snapshot);
}

static void on_input(struct ui *ui, short events)
{
	int waiting = 0;
	bool any = false;
	int key;

	while (!ui->ended && (key = screen_key(ui->screen)) != SCREEN_NO_KEY) {
		any = true;
		ui->stale = ui->stale || key == SCREEN_COLORS;
		if (key == SCREEN_ANSWER || key == SCREEN_COLORS)
			continue;
		switch (ui_press(ui, key)) {
		case ACTION_QUIT:
		case ACTION_LEAVE: end_with(ui, UI_END_QUIT); break;
		default: break;
		}
	}
	/* Readable, and yet nothing to read: the other side has closed. */
	if (!any && events & POLLIN &&
	    (ioctl(fileno(ui->options->input), FIONREAD, &waiting) || !waiting))
		end_with(ui, UI_END_TERMINAL);
	if (events & (POLLHUP | POLLERR | POLLNVAL))
		end_with(ui, UI_END_TERMINAL);
}

static void on_signal(struct ui *ui)
{
	struct signalfd_siginfo info;

	if (read(ui->options->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	switch (info.ssi_signo) {
	case SIGWINCH: screen_resize(ui->screen); break;
	case SIGTSTP: screen_stop(ui->screen); break;
	case SIGCONT: screen_resume(ui->screen); break;
	case SIGINT:
		/* In the prompt it means what Esc does. */
		if (ui->scene.prompt.open) {
			ui_prompt_cancel(ui);
			break;
		}
		/* Fall through. */
	default:
		ui->signal = (int)info.ssi_signo;
		end_with(ui, UI_END_SIGNAL);
		break;
	}
	ui->stale = true;
}

/* Names become known one by one; a picture for each would be more than an eye can follow. */
static int names_wait_ms(const struct ui *ui)
{
	uint64_t since_ms = (clock_mono_ns() - ui->drawn_ns) / 1000000;

	if (!ui->named)
		return -1;
	return since_ms < NAMES_EVERY_MS ? (int)(NAMES_EVERY_MS - since_ms) : 0;
}

static void on_names(struct ui *ui)
{
	name_cache_clear_event(ui->options->names);
	ui->named = true;
}

static int wait_for_events(struct ui *ui, struct pollfd polled[POLLS])
{
	int err;

	polled[POLL_INPUT] = (struct pollfd){fileno(ui->options->input), POLLIN, 0};
	polled[POLL_RING] = (struct pollfd){ring_event_fd(ui->options->ring), POLLIN, 0};
	polled[POLL_SIGNAL] = (struct pollfd){ui->options->signal_fd, POLLIN, 0};
	polled[POLL_DEADLINE] = (struct pollfd){ui->options->deadline_fd, POLLIN, 0};
	polled[POLL_NAMES] = (struct pollfd){-1, POLLIN, 0};
	if (ui->options->names)
		polled[POLL_NAMES].fd = name_cache_event_fd(ui->options->names);
	sight_table_release(ui->options->sights);
	err = wait_ready(polled, POLLS, names_wait_ms(ui));
	sight_table_hold(ui->options->sights);
	return err < 0 && err != -EINTR ? err : 0;
}

static int run_loop(struct ui *ui)
{
	struct pollfd polled[POLLS];
	int err;

	on_ring(ui);
	err = redraw(ui);
	while (!err && !ui->ended) {
		if (ui->stale)
			err = redraw(ui);
		if (err || ui->ended)
			break;
		err = wait_for_events(ui, polled);
		if (err)
			break;
		if (polled[POLL_SIGNAL].revents)
			on_signal(ui);
		if (polled[POLL_INPUT].revents)
			on_input(ui, polled[POLL_INPUT].revents);
		if (polled[POLL_RING].revents)
			on_ring(ui);
		if (polled[POLL_NAMES].revents)
			on_names(ui);
		if (polled[POLL_DEADLINE].revents & POLLIN)
			end_with(ui, UI_END_TIMEOUT);
		if (ui->named && !names_wait_ms(ui))
			ui->stale = true;
	}
	return err;
}

static void set_scene(struct ui *ui)
{
	ui->scene.view = ui->view;
	ui->scene.history = &ui->history;
	ui->scene.iface_sums = &ui->iface_sums;
	ui->scene.services = ui->options->services;
	ui->scene.owners = ui->options->owners;
	ui->scene.sights = ui->options->sights;
	ui->scene.site_names = true;
	ui->wish.owners = ui->options->owners;
	ui->wish.sights = ui->options->sights;
	ui->wish.ifaces = true; /* until that is known */
	ui->wish.plain = ui->options->plain;
	ui->scene.owners_way = ui->options->owners_way;
	ui->scene.hosts = ui->options->names;
	ui->scene.hides_own = ui->options->hidden;
	ui->scene.interval_ns = ui->options->interval_ns;
	ui->scene.plain = ui->options->plain;
	if (ui->options->plain) {
		ui->scene.glyphs = &glyphs_ascii;
		screen_use_lines(ui->screen);
		return;
	}
	switch (screen_signs(ui->screen)) {
	case SIGNS_ASCII: ui->scene.glyphs = &glyphs_ascii; break;
	case SIGNS_UTF8: ui->scene.glyphs = &glyphs_utf8; break;
	case SIGNS_CONSOLE: ui->scene.glyphs = &glyphs_console; break;
	}
}

static int open_screen(struct ui *ui, const char **ret_why)
{
	const struct ui_options *options = ui->options;
	const char *type;
	int err = screen_open(options->input, options->output,
			      options->plain ? THEME_MONO : options->theme, &ui->screen, ret_why);

	if (err)
		return err;
	type = screen_stand_in(ui->screen);
	if (type && options->on_stand_in)
		options->on_stand_in(options->context, type);
	if (!options->no_mouse)
		screen_use_mouse(ui->screen);
	return 0;
}

static void tell_asked(const struct ui *ui)
{
	struct ui_asked *asked = ui->options->asked;

	if (!asked)
		return;
	asked->told = true;
	asked->by = view_group(ui->view);
	view_drilled(ui->view, &asked->by);
	asked->sort = view_sort(ui->view);
	asked->view_changed = asked->by != ui->began_by;
	asked->reversed = view_reversed(ui->view);
	asked->sort_changed =
		asked->sort != ui->began_sort || asked->reversed != ui->began_reversed;
	snprintf(asked->filter, sizeof(asked->filter), "%s",
		 ui->scene.prompt.wrong ? "" : ui->scene.prompt.text);
}

int ui_run(const struct ui_options *options, enum ui_end *ret_end, int *ret_signal,
	   const char **ret_why)
{
	struct ui *ui = calloc(1, sizeof(*ui));
	int err, failed;

	if (!ui)
		return -ENOMEM;
	ui->options = options;
	ui->stale = true;
	err = view_new(options->sort, &ui->view);
	if (err)
		goto out_free_view;
	view_set_owners(ui->view, options->owners);
	view_set_sights(ui->view, options->sights);
	view_set_names(ui->view, options->names);
	view_set_hidden(ui->view, options->hidden);
	if (options->limits) {
		err = over_new(options->limit, options->limits, &ui->over);
		if (err)
			goto out_free_view;
		ui->scene.over = ui->over;
	}
	err = open_screen(ui, ret_why);
	if (err)
		goto out_free_view;
	set_scene(ui);
	view_set_group(ui->view, GROUP_CONVERSATION);
	ui_use_hosts(ui, options->show_names);
	if (options->by_set)
		ui_use_view(ui, options->by);
	ui_load_settings(ui);
	if (options->filter)
		ui_prompt_begin(ui, options->filter);
	ui->began_by = view_group(ui->view);
	ui->began_sort = view_sort(ui->view);
	ui->began_reversed = view_reversed(ui->view);
	sight_table_hold(options->sights);
	failed = run_loop(ui);
	sight_table_release(options->sights);
	tell_asked(ui);
	screen_close(ui->screen);
	past_release(&ui->past);
	frame_done(&ui->frame);
	*ret_end = failed ? UI_END_ERROR : ui->end;
	*ret_signal = failed ? failed : ui->signal;
out_free_view:
	over_free(ui->over);
	view_free(ui->view);
	free(ui);
	return err;
}
