/* SPDX-License-Identifier: MIT */
/* What the live view knows between two frames, and what each key does to it. One thread. */
#ifndef PKTSTAT_UI_ACTIONS_H
#define PKTSTAT_UI_ACTIONS_H

#include <stdbool.h>

#include "draw.h"
#include "fit.h"
#include "keys.h"
#include "screen.h"
#include "ui.h"

struct ui {
	const struct ui_options *options;
	struct screen *screen;
	struct view *view;
	struct frame frame;
	struct layout_wish wish;
	struct layout layout; /* of the frame */
	int tabs_width;	      /* in the frame; 0: it has none */
	struct scene scene;
	struct widths widths;
	struct iface_sums iface_sums;
	struct history history;
	struct view_pair pair; /* what the detail page shows */
	struct over *over; /* NULL: there are no limits */
	struct past past;  /* taken while something shows it */
	bool stale;	   /* something changed since the last frame */
	bool had_past;	   /* the layout shows the past, as of the last frame */
	bool named;	   /* host names changed, which can wait a moment */
	uint64_t drawn_ns; /* CLOCK_MONOTONIC of the last frame */
	enum group_by began_by; /* shown at the start */
	enum column began_sort;
	bool began_reversed;
	bool ended;
	enum ui_end end;
	int signal; /* for UI_END_SIGNAL */
};

/* Does what the key means and returns it; quitting is left to the caller. */
enum action ui_press(struct ui *ui, int key);

/* Whether rows can be in the order of a column: it is in the view, or is the order of ends. */
bool ui_can_sort_by(const struct ui *ui, enum column column);

/* Shows host names instead of addresses and looks them up, or stops both. */
void ui_use_hosts(struct ui *ui, bool use);
/* Selects the initial or saved view, if it is available. */
void ui_use_view(struct ui *ui, enum group_by by);

/* A new snapshot is in the ring: shows it, unless the user holds an older one. See ui_rewind.c. */
void ui_show_newest(struct ui *ui, struct snapshot *snapshot);
void ui_toggle_pause(struct ui *ui);
void ui_step(struct ui *ui, int snapshots);
void ui_step_time(struct ui *ui, int64_t ns);
void ui_go_live(struct ui *ui);

/* The line a filter is typed in. See ui_prompt.c. */
void ui_prompt_begin(struct ui *ui, const char *text);
void ui_prompt_open(struct ui *ui);
void ui_prompt_clear(struct ui *ui);
/* Closes it with the filter that was there before. */
void ui_prompt_cancel(struct ui *ui);
void ui_prompt_press(struct ui *ui, int key);

/* Says something on the status line until the next key; `detail` may be "". */
void ui_say(struct ui *ui, const char *what, const char *detail);

/* Writes what is shown to a file: 'r' text, 'j' JSON, 'c' CSV. See ui_write.c. */
void ui_write(struct ui *ui, char format);

/* The terminal rings once when a limit is exceeded. */
void ui_see_alert(struct ui *ui);
/* Finds the rows over a limit; 0 or -ENOMEM. See ui_alerts.c. */
int ui_mark_alerts(struct ui *ui);

/* Saved settings. See ui_settings.c. */
void ui_load_settings(struct ui *ui);
void ui_save_settings(struct ui *ui);

#endif
