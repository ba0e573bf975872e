/* SPDX-License-Identifier: MIT */
/*
 * The interfaces of a run: which are meant, in which network namespace, and what they count
 * themselves. Main thread.
 */
#ifndef PKTSTAT_APP_IFACES_H
#define PKTSTAT_APP_IFACES_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "bpf_source.h"
#include "flow_abi.h"
#include "verify.h"

struct app;

struct app_ifaces {
	char name[FLOW_IFACES_MAX][IF_NAMESIZE]; /* asked for, or chosen: outside text */
	size_t names;
	int own_netns_fd;     /* where the program began, while it is elsewhere; -1: it is not */
	struct netlink query; /* for counters, of the interfaces' namespace */
	struct verify_link counters[FLOW_IFACES_MAX]; /* by slot */
};

void app_ifaces_init(struct app *app);
void app_ifaces_done(struct app *app);

/*
 * Enters the namespace of --netns, so that what is opened next is opened there, and finds the
 * interfaces. 0 or a negative errno, said.
 */
int app_ifaces_find(struct app *app);
/* Back to where the program began. */
int app_ifaces_leave(struct app *app);

/* Says in one sentence why the source could not be opened. */
void app_ifaces_say_failure(const struct app *app, int err,
			    const struct bpf_source_failure *failure);

/* The first thing the collector thread does: it lives where the interfaces are. */
void app_ifaces_on_thread(void *app);

/* The interfaces' own counters, as counting begins and when it has ended. */
void app_ifaces_begin(struct app *app, const struct ifaces *ifaces);
void app_ifaces_end(struct app *app, const struct ifaces *ifaces);

#endif
