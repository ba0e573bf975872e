/* SPDX-License-Identifier: MIT */
/*
 * Packet sockets as a source of counts, where BPF programs are not allowed: needs CAP_NET_RAW alone,
 * and that only to open. Opened and freed by the main thread, used by the collector thread in between.
 */
#ifndef PKTSTAT_SOCKET_SOURCE_H
#define PKTSTAT_SOCKET_SOURCE_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "sampler.h"
#include "source.h"

struct socket_source_options {
	const char (*name)[IF_NAMESIZE]; /* interfaces to watch, each once, at most FLOW_IFACES_MAX */
	size_t names;
	bool any; /* those that are up as well, now and later */
	bool exit_on_loss;
	bool no_arp;
	const struct sampler_outlet *samples; /* of packets; NULL: none are taken */
};

/* What socket_source_way() says. */
#define SOCKET_SOURCE_WAY "socket"

/*
 * Opens the sockets; counting begins. 0; -EPERM: no CAP_NET_RAW; -ENODEV: an interface is not there;
 * or another negative errno.
 */
int socket_source_open(const struct socket_source_options *options,
		       struct flow_source **ret_source);
/* NULL is allowed. */
void socket_source_free(struct flow_source *source);

#endif
