/* SPDX-License-Identifier: MIT */
/*
 * The settings that the live view keeps from one run to the next: lines of "name = value", '#'
 * begins a comment. Pure but for the two functions that touch a file; any thread.
 */
#ifndef PKTSTAT_SETTINGS_H
#define PKTSTAT_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "column.h"
#include "group.h"

struct settings {
	enum column sort;  /* sort = bps, in, avg10, ... */
	bool reverse;	   /* reverse = yes or no */
	enum group_by by;  /* view = flow, conversation, host, service, protocol */
	unsigned int unit; /* unit = bits, bytes, packets: 0, 1, 2 */
	bool totals;	   /* totals = yes or no */
	bool names;	   /* names = yes or no: of services */
	bool hosts;	   /* hosts = yes or no: names of hosts */
	bool sites;	   /* sites = yes or no: names that packets gave */
};

/* Longest file that is read. */
#define SETTINGS_FILE_MAX 4096
/* Room for its path with the end. */
#define SETTINGS_PATH_MAX 4096

/*
 * Reads settings from text; what is not named stays as it is. 0, or -EINVAL: a line is wrong,
 * *ret_line says which, counted from 1, and nothing is changed.
 */
int settings_parse(const char *text, struct settings *settings, unsigned int *ret_line);
/* Writes all settings as text; returns `text`. */
char *settings_text(const struct settings *settings, char *text, size_t size);

/*
 * Path of the file: $XDG_CONFIG_HOME/pktstat-bpf/settings, else ~/.config/..., both absolute. 0,
 * -ENOENT (neither variable is set), -ENAMETOOLONG. XDG Base Directory Specification.
 */
int settings_path(char *path, size_t size);
/* Reads the file; 0, -ENOENT (none, nothing changed), -EINVAL as above, or what failed. */
int settings_load(const char *path, struct settings *settings, unsigned int *ret_line);
/*
 * Writes the file as a whole or not at all, and its directories where they are missing. Through a
 * symbolic link it writes what the link points to; the permissions of a file that is there stay. 0,
 * or the negative errno of what failed, with the directory or file it failed on in `where`.
 */
int settings_save(const char *path, const struct settings *settings, char where[SETTINGS_PATH_MAX]);

/*
 * Path of a file that the user asked to keep: $XDG_STATE_HOME/pktstat-bpf/NAME, else
 * ~/.local/state/... 0, -EINVAL (the name has more than letters, digits, dots and dashes), -ENOENT
 * (neither variable is set), -ENAMETOOLONG.
 */
int settings_kept_path(const char *name, char path[SETTINGS_PATH_MAX]);
/*
 * Creates that file, and its directories where they are missing, readable by the user alone. A
 * descriptor to write to, which the caller closes, or a negative errno, -EEXIST if it is there.
 */
int settings_create_kept(const char *name);
/* Removes that file again: it could not be written as a whole. 0 or a negative errno. */
int settings_remove_kept(const char *name);

#endif
