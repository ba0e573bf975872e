/* SPDX-License-Identifier: MIT */
/*
 * Serves metrics over HTTP (libmicrohttpd), or writes them to a file for node-exporter's textfile
 * collector: outputs of a publisher. The socket is bound before privileges are dropped; requests are
 * answered by the publisher's thread, at most four at a time; a client that is silent for two seconds, or
 * takes longer than five for a request or its answer, is disconnected.
 */
#ifndef PKTSTAT_METRICS_SERVER_H
#define PKTSTAT_METRICS_SERVER_H

#include "metrics.h"
#include "metrics_address.h"

struct metrics_server;

/*
 * Binds a listening TCP socket to the address; without a host to 127.0.0.1. 0; -ENOENT: the name does
 * not resolve; or the errno of socket(), bind() or listen().
 */
int metrics_bind(const struct metrics_address *address, int *ret_fd);

/* Serves on that socket, which it takes over also on errors; borrows the metrics. 0 or a negative errno. */
int metrics_server_new(struct metrics *metrics, int fd, struct metrics_server **ret_server);
void metrics_server_free(struct metrics_server *server);

/* For struct publisher_options; `server` is a struct metrics_server. */
int metrics_server_publish(void *server, const struct change *change);
int metrics_server_finish(void *server, const struct snapshot *last);
/* The descriptor that becomes readable when there is something to do, and doing it. */
int metrics_server_fd(const struct metrics_server *server);
void metrics_server_run(void *server);

#endif
