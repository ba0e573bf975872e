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
#include "over.h"
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
	const char *axis[4];  /* of the graph, by enum axis */
	const char *fresh;    /* a row that is new */
};

enum axis {
	AXIS_SCALE, /* where the scale stands */
	AXIS_SIDE,
	AXIS_ORIGIN,
	AXIS_LINE,
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

/* A choice of a letter each, over the table. */
enum menu {
	MENU_NONE,
	MENU_VIEWS,
	MENU_WRITE,
};

#define PROMPT_HISTORY 16

/* The line the filter is typed in. */
struct prompt {
	bool open;
	char text[FILTER_TEXT_MAX];
	size_t cursor; /* place in the text */
	char before[FILTER_TEXT_MAX]; /* the filter that Esc returns to */
	/* Filters that were kept, the newest first; `recalled` counts from 1, 0: what was typed. */
	char history[PROMPT_HISTORY][FILTER_TEXT_MAX];
	size_t histories, recalled;
	char typed[FILTER_TEXT_MAX];
	bool wrong;   /* the text is not a filter yet; its valid start applies */
	bool is_text; /* all of it is text to search for */
	char why[80];
	size_t column; /* of the error, in bytes */
};

/* What each interface had in the interval, those with most bytes first. */
struct iface_sum {
	unsigned int slot;
	struct flow_counts delta[FLOW_DIRS];
};

struct iface_sums {
	uint64_t seq; /* of the snapshot; 0: none yet */
	unsigned int count;
	struct iface_sum sum[FLOW_IFACES_MAX];
};

/* Adds up a snapshot, unless it was done before. */
void iface_sums_take(struct iface_sums *sums, const struct snapshot *snapshot);

/* What is on screen; everything is borrowed. */
struct scene {
	struct view *view; /* arranged, with the height of the layout */
	const char *attach;
	const struct glyphs *glyphs;
	const struct history *history;	  /* NULL: none */
	const struct iface_sums *iface_sums; /* NULL: none */
	const struct services *services;  /* NULL: none */
	const struct owner_table *owners; /* NULL: not looked up */
	const struct sight_table *sights; /* NULL: packets are not inspected */
	const char *owners_way;		  /* how they are looked up, for the health page; or NULL */
	struct name_cache *hosts;	  /* names of addresses; NULL: none */
	bool host_names;		  /* instead of addresses, if known */
	bool site_names;		  /* the same of what packets said */
	bool names;			  /* of services instead of port numbers */
	char exported[512];		  /* one line on flow records; "": none are */
	bool export_lost;		  /* some were lost */
	char inspected[200];		  /* one line on what was found in packets; "": none are read */
	bool inspect_ended;		  /* nothing more will be found */
	const char *inspect_trouble;	  /* why nothing is found in packets; NULL: something is */
	bool plain; /* no graphs, bars or lines drawn with signs */
	bool hides_own;			  /* the session this program runs in is hidden */
	/* Counted when totals were reset, for view_totals_since(). */
	struct flow_counts base[FLOW_DIRS];
	bool held;    /* the user chose the snapshot shown; it is not live */
	bool rewound; /* chosen by stepping back, not by pausing */
	enum page page;
	enum menu menu;
	int menu_at; /* the line of it that Enter chooses */
	int page_line; /* first line shown of a page that scrolls */
	enum unit unit;
	uint64_t interval_ns; /* of the collector */
	bool alert;	      /* a limit is exceeded: */
	char alert_text[64];
	const struct over *over; /* rows over a limit; NULL: none are */
	const char *notice;   /* one phrase for the status line until the next key, or NULL */
	char notice_text[256];
	struct prompt prompt;
	const struct view_pair *pair; /* for the detail page; NULL: none, or it is gone */
};

/* The tables that rows are named by. */
static inline struct about_tables scene_tables(const struct scene *scene)
{
	return (struct about_tables){scene->owners, scene->sights};
}

/*
 * Draws everything. The frame and the layout have the same size. Returns how many lines the open
 * page has, 0 for the table.
 */
int draw_scene(struct frame *frame, const struct layout *layout, const struct scene *scene);

/* The parts, each in its own file; called by draw_scene(). */
void draw_header(struct frame *frame, const struct layout *layout, const struct scene *scene);
/* From column x to the right edge, beside the rates. */
void draw_graph(struct frame *frame, const struct layout *layout, const struct scene *scene, int x);
void draw_table(struct frame *frame, const struct layout *layout, const struct scene *scene);
void draw_status(struct frame *frame, const struct layout *layout, const struct scene *scene);
void draw_keys(struct frame *frame, const struct layout *layout, const struct scene *scene);
void draw_tabs(struct frame *frame, const struct scene *scene, int y, int width);
/* The view that has its tab at x, where draw_tabs() had so many columns. */
bool draw_tab_at(const struct scene *scene, int width, int x, enum group_by *ret_by);
/*
 * Columns that the tabs have, on a line of their own or on the status line; 0: something else stands there.
 */
int draw_tabs_width(const struct layout *layout, const struct scene *scene);
/* A menu over the table. */
void draw_menu(struct frame *frame, const struct layout *layout, const struct scene *scene);
/* How many lines the open menu has, and the letter of one of them. */
int draw_menu_lines(const struct scene *scene);
int draw_menu_letter(const struct scene *scene, int line);
/* The letter of the line of the open menu that is at a cell; 0: none is. */
int draw_menu_at(const struct layout *layout, const struct scene *scene, int x, int y);
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
