/* SPDX-License-Identifier: MIT */
/* What each IP address sent and received. The table belongs to the caller; one thread. */
#ifndef PKTSTAT_REPORT_HOSTS_H
#define PKTSTAT_REPORT_HOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report_rows.h"

struct report_host {
	uint8_t address[16];
	bool ipv6; /* the address is one of IPv6 packets, though it may look like one of IPv4 */
	struct flow_counts sent;
	struct flow_counts received;
};

struct report_hosts {
	struct report_host *host; /* most bytes first, then by address */
	size_t count;
};

/* The hosts of the IP flows (ARP and sums have none); 0 or -ENOMEM. */
int report_hosts_init(const struct report_rows *rows, struct report_hosts *ret_hosts);
void report_hosts_done(struct report_hosts *hosts);

#endif
