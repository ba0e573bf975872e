/* SPDX-License-Identifier: MIT */
/* What test_golden draws: a scene of made-up snapshots at a size. One thread. */
#ifndef PKTSTAT_GOLDENS_H
#define PKTSTAT_GOLDENS_H

#include "draw.h"
#include "fit.h"
#include "synthetic.h"

struct golden {
	const char *name; /* of the file, without its ending */
	int width, height;
	unsigned int snapshots; /* the last of them is shown; 0: none yet */
	void (*prepare)(struct scene *scene, struct snapshot *snapshot);
	struct synthetic_wish wish;
};

#define NOTHING   \
	{         \
		0 \
	}
#define OWNERS                 \
	{                      \
		.owners = true \
	}
#define NAMES                 \
	{                     \
		.names = true \
	}
#define IFACES(count)             \
	{                         \
		.ifaces = (count) \
	}
#define ALL                                                                \
	{                                                                  \
		.ifaces = 3, .owners = true, .names = true, .sights = true \
	}

/* Frames of owners, names and several interfaces. */
const struct golden *goldens_more(size_t *ret_count);

/* Preparations that both tables use. */
void golden_select_third(struct scene *scene, struct snapshot *snapshot);
void golden_group_conversations(struct scene *scene, struct snapshot *snapshot);
void golden_group_hosts(struct scene *scene, struct snapshot *snapshot);
void golden_group_services(struct scene *scene, struct snapshot *snapshot);
void golden_set_filter(struct scene *scene, const char *text);

#endif
