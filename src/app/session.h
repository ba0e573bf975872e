/* SPDX-License-Identifier: MIT */
/*
 * The SSH session this process runs in, for --hide-own. Reads /proc and the environment; main
 * thread. Keeps no state.
 */
#ifndef PKTSTAT_SESSION_H
#define PKTSTAT_SESSION_H

#include <netinet/in.h>
#include <stdint.h>

/* The two ends of its TCP connection; IPv4 as ::ffff:a.b.c.d. */
struct session {
	struct in6_addr near, far;
	uint16_t near_port, far_port;
};

/*
 * Finds the session, the most reliable source first: the connection of an ancestor named sshd
 * (which works under sudo and in new panes of an old tmux), then SSH_CONNECTION of this process,
 * then that of the nearest ancestor that has it. 0; -ENOENT: no session, or no permission to see
 * it.
 */
int session_find(struct session *ret_session);

/* Parses a value of SSH_CONNECTION, "CLIENT PORT SERVER PORT" (sshd(8)); 0 or -EINVAL. */
int session_parse(const char *text, struct session *ret_session);

/* Writes a filter that matches both directions, at most FILTER_TEXT_MAX bytes; returns `text`. */
char *session_filter_text(const struct session *session, char *text);

#endif
