/* SPDX-License-Identifier: MIT */
/*
 * The interfaces of a run: what the user named, in which network namespace, and the counters of
 * their links. An interface is what the user names, a link what the kernel reports, an attachment
 * where our programs are. Main thread.
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
	char name[FLOW_IFACES_MAX][IF_NAMESIZE]; /* named or chosen: untrusted text */
	size_t names;
	int own_netns_fd;     /* of the original namespace, while in another one; -1: not entered */
	struct netlink query; /* for counters, in the namespace of the interfaces */
	struct verify_link counters[FLOW_IFACES_MAX]; /* by slot */
};

void app_ifaces_init(struct app *app);
void app_ifaces_done(struct app *app);

/*
 * Enters the namespace of --netns, so that the source is opened there, and finds the interfaces. 0
 * or a negative errno, logged.
 */
int app_ifaces_find(struct app *app);
/* Returns to the original namespace. 0 or a negative errno, logged. */
int app_ifaces_leave(struct app *app);

/* Logs in one sentence why the source could not be opened. */
void app_ifaces_say_failure(const struct app *app, int err,
			    const struct bpf_source_failure *failure);

/* First action of the collector thread: enters the namespace of the interfaces. */
void app_ifaces_on_thread(void *app);

/* Read the counters of the links when counting starts, and after it has ended. */
void app_ifaces_begin(struct app *app, const struct ifaces *ifaces);
void app_ifaces_end(struct app *app, const struct ifaces *ifaces);

#endif
