/* SPDX-License-Identifier: MIT */
/* Settings as text and in a file; see settings.h. Keeps nothing. */
#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORD_MAX_LENGTH 32
#define UNITS_KNOWN	3
#define LINKS_MAX	40 /* as many as the kernel follows */

static const char *const units[UNITS_KNOWN] = {"bits", "bytes", "packets"};

static bool set_flag(const char *value, bool *flag)
{
	if (strcasecmp(value, "yes") != 0 && strcasecmp(value, "no") != 0)
		return false;
	*flag = strcasecmp(value, "yes") == 0;
	return true;
}

static bool set_unit(const char *value, unsigned int *unit)
{
	for (unsigned int i = 0; i < UNITS_KNOWN; i++) {
		if (strcasecmp(value, units[i]) == 0) {
			*unit = i;
			return true;
		}
	}
	return false;
}

/* The names of --sort, and of the other columns that live views can be in the order of; or -1. */
static int column_to_sort_by(const char *name)
{
	int column = column_of_name(name);

	for (int i = 0; i < COLUMNS && column < 0; i++) {
		if (column_orders_view((enum column)i) &&
		    !strcasecmp(column_info((enum column)i)->name, name))
			column = i;
	}
	return column;
}

static bool set_one(const char *name, const char *value, struct settings *settings)
{
	int number;

	if (strcmp(name, "sort") == 0) {
		number = column_to_sort_by(value);
		if (number >= 0)
			settings->sort = (enum column)number;
		return number >= 0;
	}
	if (strcmp(name, "view") == 0) {
		number = group_of_name(value);
		if (number >= 0)
			settings->by = (enum group_by)number;
		return number >= 0;
	}
	if (strcmp(name, "unit") == 0)
		return set_unit(value, &settings->unit);
	if (strcmp(name, "reverse") == 0)
		return set_flag(value, &settings->reverse);
	if (strcmp(name, "totals") == 0)
		return set_flag(value, &settings->totals);
	if (strcmp(name, "names") == 0)
		return set_flag(value, &settings->names);
	if (strcmp(name, "sites") == 0)
		return set_flag(value, &settings->sites);
	return strcmp(name, "hosts") == 0 && set_flag(value, &settings->hosts);
}

/* Blank lines and comments are fine; anything else is "name = value". */
static bool read_setting(const char *line, size_t length, struct settings *settings)
{
	char copy[128], name[WORD_MAX_LENGTH], value[WORD_MAX_LENGTH], rest;
	int read;

	if (length >= sizeof(copy))
		return false;
	memcpy(copy, line, length);
	copy[length] = '\0';
	copy[strcspn(copy, "#\r")] = '\0';
	read = sscanf(copy, " %31[a-z] = %31[a-zA-Z0-9] %c", name, value, &rest);
	if (read <= 0)
		return copy[strspn(copy, " \t")] == '\0';
	return read == 2 && set_one(name, value, settings);
}

int settings_parse(const char *text, struct settings *settings, unsigned int *ret_line)
{
	struct settings read = *settings;
	unsigned int number = 1;

	while (*text) {
		size_t length = strcspn(text, "\n");

		if (!read_setting(text, length, &read)) {
			*ret_line = number;
			return -EINVAL;
		}
		number++;
		text += length + (text[length] == '\n');
	}
	*settings = read;
	return 0;
}

char *settings_text(const struct settings *settings, char *text, size_t size)
{
	snprintf(text, size,
		 "# pktstat-bpf, written by the key W\n"
		 "sort = %s\nreverse = %s\nview = %s\nunit = %s\ntotals = %s\nnames = %s\n"
		 "hosts = %s\nsites = %s\n",
		 column_info(column_orders_view(settings->sort) ? settings->sort : COLUMN_BPS)->name,
		 settings->reverse ? "yes" : "no", group_name(settings->by),
		 units[settings->unit % UNITS_KNOWN], settings->totals ? "yes" : "no",
		 settings->names ? "yes" : "no", settings->hosts ? "yes" : "no",
		 settings->sites ? "yes" : "no");
	return text;
}

int settings_path(char *path, size_t size)
{
	const char *config = secure_getenv("XDG_CONFIG_HOME"), *home = secure_getenv("HOME");
	int length;

	if (config && *config == '/')
		length = snprintf(path, size, "%s/pktstat-bpf/settings", config);
	else if (home && *home == '/')
		length = snprintf(path, size, "%s/.config/pktstat-bpf/settings", home);
	else
		return -ENOENT;
	return (size_t)length < size ? 0 : -ENAMETOOLONG;
}

int settings_load(const char *path, struct settings *settings, unsigned int *ret_line)
{
	char text[SETTINGS_FILE_MAX];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t length;
	int err = 0;

	if (fd < 0)
		return -errno;
	length = read(fd, text, sizeof(text) - 1);
	if (length < 0)
		err = -errno;
	close(fd);
	if (err)
		return err;
	text[length] = '\0';
	return settings_parse(text, settings, ret_line);
}

/*
 * Makes the directories above the file. 0, or what the first failed with that can neither be made nor
 * is there, in `where`.
 */
static int make_directories(const char *path, char where[SETTINGS_PATH_MAX])
{
	struct stat status;
	int err;

	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(where, SETTINGS_PATH_MAX, "%.*s", (int)(slash - path), path);
		if (!mkdir(where, 0700))
			continue;
		err = -errno;
		if (stat(where, &status))
			return err;
		if (!S_ISDIR(status.st_mode))
			return -ENOTDIR;
	}
	return 0;
}

/* Puts the target of the link `path` there instead; relative to the directory of the link. */
static int follow_link(char path[SETTINGS_PATH_MAX], const char *target)
{
	char joined[2 * SETTINGS_PATH_MAX];
	size_t length;

	if (*target == '/')
		snprintf(joined, sizeof(joined), "%s", target);
	else
		snprintf(joined, sizeof(joined), "%.*s/%s", (int)(strrchr(path, '/') - path), path,
			 target);
	length = strlen(joined);
	if (length >= SETTINGS_PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(path, joined, length + 1);
	return 0;
}

/* The file that is meant: what the symbolic links, if `path` is one, end at; it need not be there. */
static int follow_links(const char *path, char file[SETTINGS_PATH_MAX])
{
	char target[SETTINGS_PATH_MAX];
	ssize_t length;
	int err;

	snprintf(file, SETTINGS_PATH_MAX, "%s", path);
	for (int links = 0; links < LINKS_MAX; links++) {
		length = readlink(file, target, sizeof(target) - 1);
		if (length < 0)
			return 0; /* no link; what else there is shows later */
		target[length] = '\0';
		err = follow_link(file, target);
		if (err)
			return err;
	}
	return -ELOOP;
}

static int write_settings_text(int fd, const char *text)
{
	size_t length = strlen(text);
	ssize_t written = write(fd, text, length);

	if (written < 0)
		return -errno;
	if ((size_t)written != length)
		return -ENOSPC;
	return fsync(fd) ? -errno : 0;
}

/* Writes `text` to a new file beside `file`, which takes its place. */
static int replace_file(const char *file, const char *text, char where[SETTINGS_PATH_MAX])
{
	char fresh[SETTINGS_PATH_MAX + 8];
	struct stat old;
	int fd, err;

	snprintf(fresh, sizeof(fresh), "%s.XXXXXX", file);
	fd = mkostemp(fresh, O_CLOEXEC);
	if (fd < 0)
		return -errno; /* make_directories() has left the directory in `where` */
	snprintf(where, SETTINGS_PATH_MAX, "%s", file);
	if (!stat(file, &old))
		(void)!fchmod(fd, old.st_mode & 0777);
	err = write_settings_text(fd, text);
	if (close(fd) && !err)
		err = -errno;
	if (!err && rename(fresh, file))
		err = -errno;
	if (err)
		unlink(fresh);
	return err;
}

int settings_save(const char *path, const struct settings *settings, char where[SETTINGS_PATH_MAX])
{
	char file[SETTINGS_PATH_MAX], text[SETTINGS_FILE_MAX];
	int err = follow_links(path, file);

	snprintf(where, SETTINGS_PATH_MAX, "%s", path);
	if (!err)
		err = make_directories(file, where);
	if (!err)
		err = replace_file(file, settings_text(settings, text, sizeof(text)), where);
	return err;
}

/* Letters, digits, dots and dashes, and no dot in front: nothing that leads elsewhere. */
static bool is_plain_name(const char *name)
{
	return *name && *name != '.' &&
	       !name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")];
}

int settings_kept_path(const char *name, char path[SETTINGS_PATH_MAX])
{
	const char *state = secure_getenv("XDG_STATE_HOME"), *home = secure_getenv("HOME");
	int length;

	if (!is_plain_name(name))
		return -EINVAL;
	if (state && *state == '/')
		length = snprintf(path, SETTINGS_PATH_MAX, "%s/pktstat-bpf/%s", state, name);
	else if (home && *home == '/')
		length = snprintf(path, SETTINGS_PATH_MAX, "%s/.local/state/pktstat-bpf/%s", home,
				  name);
	else
		return -ENOENT;
	return (size_t)length < SETTINGS_PATH_MAX ? 0 : -ENAMETOOLONG;
}

int settings_create_kept(const char *name)
{
	char path[SETTINGS_PATH_MAX], where[SETTINGS_PATH_MAX];
	int fd, err = settings_kept_path(name, path);

	if (!err)
		err = make_directories(path, where);
	if (err)
		return err;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

int settings_remove_kept(const char *name)
{
	char path[SETTINGS_PATH_MAX];
	int err = settings_kept_path(name, path);

	if (err)
		return err;
	return unlink(path) ? -errno : 0;
}
