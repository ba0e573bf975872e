/* SPDX-License-Identifier: MIT */
/*
 * Paths of cgroups. The id of a cgroup is the inode number of its directory, so a walk over the
 * directories finds all names; those that are gone by then keep the name they had.
 */
#include "cgroups.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hash_index.h"

#define WALK_EVERY_NS 5000000000ULL

/* Of linux/mount.h, which clashes with the C library's headers before glibc 2.37. */
#define FSOPEN_CLOEXEC_FLAG 1
#define FSMOUNT_CLOEXEC_FLAG 1
#define FSCONFIG_CREATE 6

struct cgroup_name {
	uint64_t id;
	char *path;
};

struct cgroups {
	int root_fd; /* -1: there is no cgroup v2 */
	struct cgroup_name *name;
	size_t count, room;
	struct hash_index index; /* of names */
	uint64_t walked_ns;
	bool walked;
};

/* A line of mountinfo that is a cgroup v2: its mount point, with \ooo undone. proc(5). */
static bool parse_mount(char *line, char **ret_point)
{
	char *fields = line, *point = NULL, *type = strstr(line, " - "), *to;

	if (!type || strncmp(type, " - cgroup2 ", 11) != 0)
		return false;
	for (int i = 0; i < 5 && fields; i++)
		point = strsep(&fields, " ");
	if (!point || !fields)
		return false;
	*ret_point = point;
	for (to = point; *point; point++) {
		unsigned int code;

		if (point[0] == '\\' && sscanf(point + 1, "%3o", &code) == 1) {
			*to++ = (char)code;
			point += 3;
		} else {
			*to++ = *point;
		}
	}
	*to = '\0';
	return true;
}

/*
 * A mount of our own that is nowhere in the tree and ends with its descriptor: where
 * "ip netns exec" has put another /sys over the one with the cgroups. Takes CAP_SYS_ADMIN.
 */
static int open_detached(void)
{
	int context = (int)syscall(SYS_fsopen, "cgroup2", FSOPEN_CLOEXEC_FLAG), fd = -1;

	if (context < 0)
		return -ENOENT;
	if (!syscall(SYS_fsconfig, context, FSCONFIG_CREATE, NULL, NULL, 0))
		fd = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC_FLAG, 0);
	close(context);
	return fd < 0 ? -ENOENT : fd;
}

static int open_mounted(void)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	int fd = -ENOENT;
	char *line = NULL, *point;
	size_t room = 0;

	if (!file)
		return -errno;
	while (fd < 0 && getline(&line, &room, file) > 0) {
		if (!parse_mount(line, &point))
			continue;
		fd = open(point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			fd = -errno;
	}
	free(line);
	fclose(file);
	return fd;
}

int cgroups_open_root(void)
{
	int fd = open_mounted();

	return fd < 0 ? open_detached() : fd;
}

int cgroups_new(struct cgroups **ret_cgroups)
{
	struct cgroups *cgroups = calloc(1, sizeof(*cgroups));
	int err;

	if (!cgroups)
		return -ENOMEM;
	err = hash_index_init(&cgroups->index);
	if (err) {
		free(cgroups);
		return err;
	}
	cgroups->root_fd = cgroups_open_root();
	*ret_cgroups = cgroups;
	return 0;
}

void cgroups_free(struct cgroups *cgroups)
{
	if (!cgroups)
		return;
	for (size_t i = 0; i < cgroups->count; i++)
		free(cgroups->name[i].path);
	free(cgroups->name);
	hash_index_done(&cgroups->index);
	if (cgroups->root_fd >= 0)
		close(cgroups->root_fd);
	free(cgroups);
}

static uint32_t cgroup_hash(const struct cgroups *cgroups, uint64_t id)
{
	return hash_index_hash(&cgroups->index, &id, sizeof(id));
}

static bool is_cgroup(const void *table, uint32_t i, const void *id)
{
	return ((const struct cgroups *)table)->name[i].id == *(const uint64_t *)id;
}

static struct cgroup_name *find_cgroup(const struct cgroups *cgroups, uint64_t id)
{
	uint32_t i =
		hash_index_find(&cgroups->index, cgroup_hash(cgroups, id), is_cgroup, cgroups, &id);

	return i != HASH_INDEX_NONE ? &cgroups->name[i] : NULL;
}

static bool grow_cgroups(struct cgroups *cgroups)
{
	size_t room = cgroups->room ? 2 * cgroups->room : 64;
	struct cgroup_name *name;

	if (cgroups->count < cgroups->room)
		return true;
	if (cgroups->count >= CGROUPS_MAX)
		return false;
	name = reallocarray(cgroups->name, room, sizeof(*name));
	if (!name)
		return false;
	cgroups->name = name;
	cgroups->room = room;
	return true;
}

static void add_cgroup(struct cgroups *cgroups, uint64_t id, char *path)
{
	if (!grow_cgroups(cgroups) ||
	    hash_index_add(&cgroups->index, cgroup_hash(cgroups, id), (uint32_t)cgroups->count)) {
		free(path);
		return;
	}
	cgroups->name[cgroups->count++] = (struct cgroup_name){.id = id, .path = path};
}

void cgroups_note(struct cgroups *cgroups, uint64_t id, const char *path)
{
	struct cgroup_name *known = find_cgroup(cgroups, id);
	char *copy;

	if (!id || (known && !strcmp(known->path, path)))
		return;
	copy = strdup(path);
	if (!copy)
		return;
	if (!known) {
		add_cgroup(cgroups, id, copy);
		return;
	}
	free(known->path);
	known->path = copy;
}

/* Notes the directories below `fd`, which it closes. `path` has CGROUPS_PATH_MAX bytes. */
static void walk(struct cgroups *cgroups, int fd, char *path, size_t length, unsigned int depth)
{
	DIR *directory = fdopendir(fd);
	const struct dirent *entry;
	int below, added;

	if (!directory) {
		close(fd);
		return;
	}
	while ((entry = readdir(directory))) {
		if (entry->d_type != DT_DIR || !strcmp(entry->d_name, ".") ||
		    !strcmp(entry->d_name, ".."))
			continue;
		added = snprintf(path + length, CGROUPS_PATH_MAX - length, "/%s", entry->d_name);
		if (added < 0 || (size_t)added >= CGROUPS_PATH_MAX - length)
			continue;
		cgroups_note(cgroups, entry->d_ino, path);
		if (depth == CGROUPS_DEPTH_MAX)
			continue;
		below = openat(dirfd(directory), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (below >= 0)
			walk(cgroups, below, path, length + (size_t)added, depth + 1);
	}
	closedir(directory);
}

static void walk_all(struct cgroups *cgroups)
{
	char path[CGROUPS_PATH_MAX] = "";
	struct stat status;
	int fd;

	if (cgroups->root_fd < 0)
		return;
	/* Not a duplicate: that would share the place up to which the directory was read. */
	fd = openat(cgroups->root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (!fstat(fd, &status))
		cgroups_note(cgroups, status.st_ino, "/");
	walk(cgroups, fd, path, 0, 0);
}

const char *cgroups_path(struct cgroups *cgroups, uint64_t id, uint64_t now_ns)
{
	const struct cgroup_name *known = find_cgroup(cgroups, id);

	if (known)
		return known->path;
	if (!id || (cgroups->walked && now_ns - cgroups->walked_ns < WALK_EVERY_NS))
		return "";
	cgroups->walked = true;
	cgroups->walked_ns = now_ns;
	walk_all(cgroups);
	known = find_cgroup(cgroups, id);
	return known ? known->path : "";
}
