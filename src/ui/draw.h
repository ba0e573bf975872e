/* SPDX-License-Identifier: MIT */
/*
 * From what is known to a picture of it. Pure: the same scene gives the same frame; no terminal, no
 * clock. One thread at a time per frame.
 */
#ifndef PKTSTAT_DRAW_H
#define PKTSTAT_DRAW_H

#include <stdbool.h>

#include "filter.h"
#include "flow.h"
#include "frame.h"
#include "layout.h"
#include "past.h"
#include "services.h"
#include "view.h"

/* The few signs that are not letters, for each kind of terminal. */
struct glyphs {
	bool utf8;
	bool braille;	       /* for graphs */
	const char *mark;      /* the selected row */
	const char *ascending; /* after the title of the sorted column */
	const char *descending;
	const char *arrow[2]; /* by enum flow_dir */
	const char *cut;      /* for text left out of the middle */
	const char *bar[4];   /* of time: its ends, its line and the current position */
};

extern const struct glyphs glyphs_utf8;
extern const struct glyphs glyphs_ascii;
/* For the Linux console: UTF-8, but a font with few characters. */
extern const struct glyphs glyphs_console;

/* What the screen shows. */
enum page {
	PAGE_TABLE,
	PAGE_HELP,
	PAGE_HEALTH,
	PAGE_DETAIL,
};

enum unit {
	UNIT_BITS,
	UNIT_BYTES,
	UNIT_PACKETS,
	UNITS,
};

/* The line the filter is typed in. */
struct prompt {
	bool open;
	char text[FILTER_TEXT_MAX];
	bool wrong;   /* the text is not a filter yet; its valid start applies */
	bool is_text; /* all of it is text to search for */
	char why[80];
	size_t column; /* of the error, in bytes */
};

/* Most samples of a flow's past that are shown. */
#define SCENE_PAST_MAX 240

/* What is on screen; everything is borrowed. */
struct scene {
	struct view *view; /* arranged, with the height of the layout */
	const char *attach;
	const struct glyphs *glyphs;
	const struct history *history;	  /* NULL: none */
	const struct services *services;  /* NULL: none */
	const struct owner_table *owners; /* NULL: not looked up */
	const char *owners_way;		  /* how they are looked up, for the health page; or NULL */
	struct name_cache *hosts;	  /* names of addresses; NULL: none */
	bool host_names;		  /* instead of addresses, if known */
	bool names;			  /* of services instead of port numbers */
	bool hides_own;			  /* the session this program runs in is hidden */
	bool held;			  /* the user chose the snapshot shown; it is not live */
	bool rewound;			  /* chosen by stepping back, not by pausing */
	enum page page;
	int page_line; /* first line shown of a page that scrolls */
	enum unit unit;
	uint64_t interval_ns; /* of the collector */
	const char *notice;   /* one phrase for the status line until the next key, or NULL */
	char notice_text[256];
	struct prompt prompt;
	/* Rates of the selected flow for the detail page, newest last; below 0: none. */
	double past[SCENE_PAST_MAX];
	size_t pasts;
};

/*
 * Draws everything. The frame and the layout have the same size. Returns how many lines the open
 * page has, 0 for the table.
 */
int draw_scene(struct frame *frame, const struct layout *layout, const struct scene *scene);

/* The parts, each in its own file; called by draw_scene(). */
void draw_header(struct frame *frame, const struct layout *layout, const struct scene *scene);
void draw_graph(struct frame *frame, const struct scene *scene, int x, int y, enum flow_dir dir);
void draw_table(struct frame *frame, const struct layout *layout, const struct scene *scene);
void draw_status(struct frame *frame, const struct layout *layout, const struct scene *scene);
void draw_keys(struct frame *frame, const struct layout *layout, const struct scene *scene);
void draw_tabs(struct frame *frame, const struct scene *scene, int y, int width);
/* Title of the open group; false when there is none. */
bool draw_group_text(const struct scene *scene, char *text, size_t size);
#define DRAW_GROUP_MAX (3 * FLOW_TEXT_MAX)
/* The pages; each returns how many lines it has in all, to scroll by. */
int draw_help(struct frame *frame, const struct layout *layout, const struct scene *scene);
int draw_health(struct frame *frame, const struct layout *layout, const struct scene *scene);
int draw_detail(struct frame *frame, const struct layout *layout, const struct scene *scene);

/*
 * How exact the counts are, as a phrase: "exact", or what has no row of its own and why. True when
 * they are exact.
 */
struct snapshot_health;
bool draw_health_text(const struct snapshot_health *health, char *text, size_t size);

/*
 * One or two words for a title on interfaces that are not watched or count twice; false when there
 * are none.
 */
bool draw_iface_trouble(const struct ifaces *ifaces, char *text, size_t size);

/* Shortens text from the middle to that many columns. Writes at most `size` bytes; returns `text`. */
char *draw_shorten(const char *from, int width, const char *cut, char *text, size_t size);

#endif
