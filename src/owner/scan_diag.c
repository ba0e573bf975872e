/* SPDX-License-Identifier: MIT */
/*
 * Sockets without BPF: sock_diag(7) lists those of the interfaces' namespace with their inodes, the
 * links in /proc/PID/fd say which process has which inode.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "netlink.h"
#include "process.h"
#include "scan_private.h"

#define FIRST_ROOM 256

struct scan_diag {
	struct netlink netlink;
	int proc_fd;
	uint32_t netns;
	uint8_t protocol;   /* of the dump under way */
	size_t count_before; /* what others found before it */
	struct owner_socket *found;
	size_t count, room;
};

int scan_diag_open(const struct scan_options *options, struct scan_diag **ret_diag)
{
	struct scan_diag *diag = calloc(1, sizeof(*diag));

	if (!diag)
		return -ENOMEM;
	/* Without it nothing is found, which is no reason not to count. */
	(void)!netlink_open(&diag->netlink, NETLINK_SOCK_DIAG, options->netns_fd);
	diag->netns = options->home;
	diag->proc_fd = options->proc_fd;
	*ret_diag = diag;
	return 0;
}

void scan_diag_close(struct scan_diag *diag)
{
	if (!diag)
		return;
	netlink_close(&diag->netlink);
	free(diag->found);
	free(diag);
}

static struct owner_socket *add_found_socket(struct scan_diag *diag)
{
	size_t room = diag->room ? 2 * diag->room : FIRST_ROOM;
	struct owner_socket *found;

	if (diag->count == diag->room) {
		found = room > SOCKETS_OPEN_MAX ? NULL :
						  realloc(diag->found, room * sizeof(*found));
		if (!found)
			return NULL;
		diag->found = found;
		diag->room = room;
	}
	found = &diag->found[diag->count++];
	memset(found, 0, sizeof(*found));
	return found;
}

static void take_address(uint8_t to[16], int family, const __be32 *from)
{
	if (family == AF_INET6) {
		memcpy(to, from, 16);
		return;
	}
	to[10] = to[11] = 0xff;
	memcpy(to + 12, from, 4);
}

static bool is_v6only(const struct nlmsghdr *message)
{
	const struct inet_diag_msg *body = NLMSG_DATA(message);
	const char *at = (const char *)(body + 1), *end = (const char *)message + message->nlmsg_len;
	struct nlattr attribute;

	while (end - at >= (long)sizeof(attribute)) {
		memcpy(&attribute, at, sizeof(attribute));
		if (attribute.nla_len < sizeof(attribute) || attribute.nla_len > end - at)
			return false;
		if (attribute.nla_type == INET_DIAG_SKV6ONLY)
			return at[sizeof(attribute)] != 0;
		at += NLA_ALIGN(attribute.nla_len);
	}
	return false;
}

static void begin_dump(void *arg)
{
	struct scan_diag *diag = arg;

	diag->count = diag->count_before;
}

static void on_diag_socket(void *arg, const struct nlmsghdr *message)
{
	const struct inet_diag_msg *body = NLMSG_DATA(message);
	struct scan_diag *diag = arg;
	struct owner_socket *found;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*body)) || !body->idiag_inode)
		return; /* nobody has it open any more */
	found = add_found_socket(diag);
	if (!found)
		return;
	take_address(found->local, body->idiag_family, body->id.idiag_src);
	take_address(found->remote, body->idiag_family, body->id.idiag_dst);
	found->inode = body->idiag_inode;
	found->netns = diag->netns;
	found->local_port = ntohs(body->id.idiag_sport);
	found->remote_port = ntohs(body->id.idiag_dport);
	found->state = body->idiag_state;
	found->device = body->id.idiag_if;
	/* The number of a raw socket is its protocol. */
	found->protocol = diag->protocol == IPPROTO_RAW ? (uint8_t)found->local_port :
							  diag->protocol;
	if (body->idiag_family == AF_INET6 && is_v6only(message))
		found->flags = OWNER_SOCKET_V6ONLY;
}

static int dump(struct scan_diag *diag, uint8_t family, uint8_t protocol)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 body;
	} request = {
		.header = {.nlmsg_len = sizeof(request), .nlmsg_type = SOCK_DIAG_BY_FAMILY},
		.body = {.sdiag_family = family, .sdiag_protocol = protocol,
			 .idiag_states = UINT32_MAX},
	};
	const struct netlink_taker taker = {
		.begin = begin_dump, .take = on_diag_socket, .arg = diag};

	diag->protocol = protocol;
	diag->count_before = diag->count;
	return netlink_dump(&diag->netlink, &request.header, &taker);
}

static int compare_inode(const void *a, const void *b)
{
	const struct owner_socket *left = a, *right = b;

	return left->inode < right->inode ? -1 : left->inode > right->inode;
}

/* Of the link "socket:[12345]" the number; 0: it is no socket. */
static uint64_t inode_of_link(int dir_fd, const char *name)
{
	char text[64];
	ssize_t length = readlinkat(dir_fd, name, text, sizeof(text) - 1);

	if (length <= 0)
		return 0;
	text[length] = '\0';
	return strncmp(text, "socket:[", 8) ? 0 : strtoull(text + 8, NULL, 10);
}

/* The process's sockets: those that its descriptors link to. */
static void match_links(struct scan_diag *diag, DIR *links, const struct owner_process *process,
			struct sockets *sockets)
{
	const struct dirent *link;
	struct owner_socket name = {0}, owned, *found;

	while ((link = readdir(links))) {
		name.inode = inode_of_link(dirfd(links), link->d_name);
		found = name.inode ? bsearch(&name, diag->found, diag->count, sizeof(name),
					     compare_inode) :
				     NULL;
		if (!found)
			continue;
		owned = *found;
		owned.process = *process;
		sockets_add(sockets, &owned);
		found->process.pid = process->pid;
	}
}

/* Sockets that belong to no process with readable descriptors. */
static void add_hidden(const struct scan_diag *diag, struct sockets *sockets)
{
	for (size_t i = 0; i < diag->count; i++) {
		if (!diag->found[i].process.pid)
			sockets_add(sockets, &diag->found[i]);
	}
}

static void match_process(struct scan_diag *diag, uint32_t pid, struct sockets *sockets)
{
	struct owner_process process;
	int dir_fd = process_open(diag->proc_fd, pid), fd;
	DIR *links = NULL;

	if (dir_fd < 0)
		return;
	fd = openat(dir_fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		links = fdopendir(fd);
	if (links && !process_read(dir_fd, pid, &process))
		match_links(diag, links, &process, sockets);
	if (links)
		closedir(links);
	else if (fd >= 0)
		close(fd);
	close(dir_fd);
}

static int match_processes(struct scan_diag *diag, struct sockets *sockets)
{
	const struct dirent *entry;
	int fd = openat(diag->proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *proc = fd < 0 ? NULL : fdopendir(fd);
	unsigned long pid;
	char *end;

	if (!proc) {
		if (fd >= 0)
			close(fd);
		return -EOPNOTSUPP;
	}
	while ((entry = readdir(proc))) {
		pid = strtoul(entry->d_name, &end, 10);
		if (pid && !*end)
			match_process(diag, (uint32_t)pid, sockets);
	}
	closedir(proc);
	return 0;
}

int scan_diag_pass(struct scan_diag *diag, struct sockets *sockets)
{
	static const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE, IPPROTO_SCTP,
					    IPPROTO_DCCP, IPPROTO_RAW};

	int err;

	if (diag->netlink.fd < 0)
		return -EOPNOTSUPP;
	diag->count = 0;
	for (size_t i = 0; i < sizeof(protocols); i++) {
		/* Not every kernel knows every protocol here. */
		dump(diag, AF_INET, protocols[i]);
		dump(diag, AF_INET6, protocols[i]);
	}
	if (!diag->count)
		return 0;
	qsort(diag->found, diag->count, sizeof(*diag->found), compare_inode);
	err = match_processes(diag, sockets);
	if (!err)
		add_hidden(diag, sockets);
	return err;
}
