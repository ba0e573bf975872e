/* SPDX-License-Identifier: MIT */
/*
 * The live view: reads snapshots from the ring and keys from the terminal, until a key, a signal
 * or a lost terminal ends it. Runs in the caller's thread; knows nothing of the collector.
 */
#ifndef PKTSTAT_UI_H
#define PKTSTAT_UI_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "column.h"
#include "filter.h"
#include "group.h"
#include "name_cache.h"
#include "owner.h"
#include "ring.h"
#include "services.h"
#include "settings.h"
#include "theme.h"

enum ui_end {
	UI_END_QUIT,	 /* the user asked */
	UI_END_SIGNAL,	 /* a terminating signal; see ret_signal */
	UI_END_TIMEOUT,	 /* deadline_fd became readable */
	UI_END_TERMINAL, /* the terminal is gone (hang-up, read or write error) */
	UI_END_ERROR,	 /* a failure; ret_signal is the negative errno */
};

/* What was shown last. */
struct ui_asked {
	enum group_by by;
	enum column sort;
	bool told;			 /* the view was there at all */
	bool reversed;			 /* the order */
	bool view_changed, sort_changed; /* by the user, since the start */
	char filter[FILTER_TEXT_MAX];
};

struct ui_options {
	struct ring *ring;
	const struct owner_table *owners; /* NULL: owners are not looked up */
	const struct sight_table *sights; /* NULL: packets are not inspected */
	const char *owners_way;		  /* how, for the health page; NULL: not said */
	struct name_cache *names;	  /* NULL: no host names */
	const struct services *services;  /* names of ports */
	bool show_names;		  /* to begin with; asking is set accordingly */
	const struct filter *hidden; /* rows that match are left out (--hide-own); NULL: none */
	FILE *input, *output;	     /* the terminal; stdin and stdout, or /dev/tty for both */
	int signal_fd;	 /* signalfd of SIGINT SIGTERM SIGHUP SIGQUIT SIGWINCH SIGTSTP SIGCONT,
			    all blocked in every thread */
	int deadline_fd; /* timerfd of --timeout, or -1 */
	enum column sort;
	uint64_t interval_ns;  /* of the collector, for display */
	enum group_by by;      /* initial view, where given; else conversations */
	bool sort_set, by_set; /* given by the user: they override saved settings */
	const char *filter; /* initial filter, or NULL; an invalid one is shown with its error */
	enum theme theme;   /* THEME_MONO: NO_COLOR is set */
	bool plain;	    /* letters and digits only, whole lines: for screen readers */
	bool no_mouse;	    /* leave the mouse to the terminal */
	/* Changes the collector's interval; NULL: it cannot be changed. 0 or a negative errno. */
	int (*set_interval)(void *context, uint64_t interval_ns);
	/*
	 * Saves settings (key W). 0 or a negative errno, with what it failed on in `where` ("": no
	 * file is known).
	 */
	int (*save_settings)(void *context, const struct settings *settings,
			     char where[SETTINGS_PATH_MAX]);
	/*
	 * Writes text to a new file of that name in the user's state directory (key w). 0 or a negative
	 * errno; the path, or what it failed on, in `where`. NULL: it cannot be written.
	 */
	int (*keep_text)(void *context, const char *name, const char *text, size_t length,
			 char where[SETTINGS_PATH_MAX]);
	/* All limits, and which are exceeded, a bit each; rows over these are marked. */
	const char *const *limit;
	size_t limits;
	unsigned int (*exceeded)(void *context); /* any time; NULL: there are none */
	/* Called once when terminfo does not know TERM and `type` is used instead; or NULL. */
	void (*on_stand_in)(void *context, const char *type);
	/* How packets are counted: "tcx". Of a file that may change as packets say directions. Static text. */
	const char *(*attach)(void *context);
	/* One line on flow records that were exported, "" if none are; true: some were lost. NULL: none. */
	bool (*exported)(void *context, char *text, size_t size);
	/* One line on what was found in packets, "" if none are read; true: nothing more will be. NULL: none. */
	bool (*inspected)(void *context, char *text, size_t size);
	/* Why nothing is found in them, a phrase for the status line; NULL: something is. NULL: none. */
	const char *(*inspect_trouble)(void *context);
	void *context; /* handed to the functions above */
	struct ui_asked *asked; /* filled at the end; NULL: not wanted */
};

/*
 * Runs until the end, which `ret_end` says. 0, or a negative errno when the terminal cannot be used:
 * -ENOTTY (input or output is no terminal), -EINVAL with `ret_why` set (no description of the terminal,
 * or too simple).
 */
int ui_run(const struct ui_options *options, enum ui_end *ret_end, int *ret_signal,
	   const char **ret_why);

#endif
