/* SPDX-License-Identifier: MIT */
/*
 * Paths of cgroups (v2) by their ids. Belongs to the thread that looks owners up; only
 * cgroups_open_root() may be called by any.
 */
#ifndef PKTSTAT_CGROUPS_H
#define PKTSTAT_CGROUPS_H

#include <stdint.h>

/* Most cgroups remembered, and the deepest nesting. */
#define CGROUPS_MAX 65536
#define CGROUPS_DEPTH_MAX 32
#define CGROUPS_PATH_MAX 4096

struct cgroups;

/* The root of the cgroup v2 tree as this process sees it; -ENOENT where there is none. */
int cgroups_open_root(void);

int cgroups_new(struct cgroups **ret_cgroups);
void cgroups_free(struct cgroups *cgroups);

/* Keeps a path that was read from /proc. */
void cgroups_note(struct cgroups *cgroups, uint64_t id, const char *path);
/*
 * The path, "" when it is not known; looks through the tree for an id that is new, but not more
 * often than every few seconds. Valid until the next call of anything here.
 */
const char *cgroups_path(struct cgroups *cgroups, uint64_t id, uint64_t now_ns);

#endif
