/* SPDX-License-Identifier: MIT */
/* See session.h. */
#include "session.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "filter.h"
#include "session_proc.h"

#define CONNECTION_MAX 256
/* A chain of parents longer than this is none of a login. */
#define ANCESTORS_MAX 64

/* Takes the scope of a link-local address off: flows have none. */
static bool parse_address(char *text, struct in6_addr *ret_address)
{
	struct in6_addr address = {.s6_addr = {[10] = 0xff, [11] = 0xff}};

	text[strcspn(text, "%")] = '\0';
	if (inet_pton(AF_INET, text, &address.s6_addr[12]) != 1 &&
	    inet_pton(AF_INET6, text, &address) != 1)
		return false;
	*ret_address = address;
	return true;
}

int session_parse(const char *text, struct session *ret_session)
{
	unsigned int far_port, near_port;
	char far[80], near[80], more;
	struct session session;

	if (sscanf(text, "%79s %5u %79s %5u %c", far, &far_port, near, &near_port, &more) != 4 ||
	    !far_port || far_port > UINT16_MAX || !near_port || near_port > UINT16_MAX ||
	    !parse_address(far, &session.far) || !parse_address(near, &session.near))
		return -EINVAL;
	session.far_port = (uint16_t)far_port;
	session.near_port = (uint16_t)near_port;
	*ret_session = session;
	return 0;
}

static const char *address_text(const struct in6_addr *address, char text[INET6_ADDRSTRLEN])
{
	if (IN6_IS_ADDR_V4MAPPED(address))
		return inet_ntop(AF_INET, &address->s6_addr[12], text, INET6_ADDRSTRLEN);
	return inet_ntop(AF_INET6, address, text, INET6_ADDRSTRLEN);
}

char *session_filter_text(const struct session *session, char *text)
{
	char near[INET6_ADDRSTRLEN], far[INET6_ADDRSTRLEN];

	address_text(&session->near, near);
	address_text(&session->far, far);
	snprintf(text, FILTER_TEXT_MAX,
		 "tcp (src %s src port %u dst %s dst port %u or src %s src port %u dst %s dst port "
		 "%u)",
		 near, session->near_port, far, session->far_port, far, session->far_port, near,
		 session->near_port);
	return text;
}

/* sshd, and sshd-session and sshd-auth of OpenSSH 9.8 and newer. */
static bool is_sshd(const char *comm)
{
	return !strcmp(comm, "sshd") || !strncmp(comm, "sshd-", strlen("sshd-"));
}

/* Goes up from this process; by descriptors or by environments. */
static bool search_ancestors(bool by_environment, struct session *ret_session)
{
	char comm[PROC_COMM_MAX], connection[CONNECTION_MAX];
	pid_t pid = getppid(), parent;

	for (int i = 0; i < ANCESTORS_MAX && pid > 0 && proc_parent(pid, comm, &parent); i++) {
		if (!by_environment && is_sshd(comm) && proc_connection(pid, ret_session))
			return true;
		if (by_environment && proc_ssh_connection(pid, connection, sizeof(connection)) &&
		    !session_parse(connection, ret_session))
			return true;
		pid = parent;
	}
	return false;
}

int session_find(struct session *ret_session)
{
	const char *own = getenv("SSH_CONNECTION");

	if (search_ancestors(false, ret_session))
		return 0;
	if (own && !session_parse(own, ret_session))
		return 0;
	return search_ancestors(true, ret_session) ? 0 : -ENOENT;
}
