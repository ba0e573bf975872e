/* SPDX-License-Identifier: MIT */
/*
 * The head by which a proxy tells a server who its client is (HAProxy's proxy-protocol.txt, 2.1 and
 * 2.2). The client's own bytes follow it. Pure; any thread.
 */
#ifndef PKTSTAT_PROXY_HEAD_H
#define PKTSTAT_PROXY_HEAD_H

#include <stddef.h>
#include <stdint.h>

/* Length of the head that a stream begins with; 0: it begins with none, or not all of it is there. */
size_t proxy_head_length(const uint8_t *stream, size_t length);

#endif
