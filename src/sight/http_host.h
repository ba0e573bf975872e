/* SPDX-License-Identifier: MIT */
/* The Host field of an HTTP/1 request (RFC 9112, 3.2); nothing else of it is looked at. Pure. */
#ifndef PKTSTAT_HTTP_HOST_H
#define PKTSTAT_HTTP_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host_name.h"

/* True if a stream begins with a request; its host, without a port, or "". */
bool http_host_read(const uint8_t *stream, size_t length, char host[HOST_NAME_SIZE]);

#endif
