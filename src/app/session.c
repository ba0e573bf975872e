/* SPDX-License-Identifier: MIT */
/* See session.h. */
#include "session.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "filter.h"

#define CONNECTION_MAX 256
/* Longest process name of /proc/PID/stat, with its terminating zero. */
#define PROC_COMM_MAX 64
#define PATH_TEXT_MAX 300
#define SOCKETS_MAX   64
/* In /proc/net/tcp: the kernel's TCP_ESTABLISHED. */
#define STATE_ESTABLISHED 1
/* A login has fewer ancestors than this. */
#define ANCESTORS_MAX 64

/* Removes the scope of a link-local address: flows have none. */
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

struct sockets {
	uint64_t inode[SOCKETS_MAX];
	size_t count;
};

/* Name and parent of a process; false if it no longer exists. Format: proc(5), as below. */
static bool proc_parent(pid_t pid, char comm[PROC_COMM_MAX], pid_t *ret_parent)
{
	char path[PATH_TEXT_MAX], line[512] = "", *open, *close;
	int parent;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	line[fread(line, 1, sizeof(line) - 1, file)] = '\0';
	fclose(file);
	/* The name may contain parentheses and spaces: it ends at the last parenthesis. */
	open = strchr(line, '(');
	close = strrchr(line, ')');
	if (!open || !close || close < open || sscanf(close + 1, " %*c %d", &parent) != 1)
		return false;
	*close = '\0';
	snprintf(comm, PROC_COMM_MAX, "%s", open + 1);
	*ret_parent = parent;
	return true;
}

/* SSH_CONNECTION in the environment a process was started with; false: not set, or not readable. */
static bool proc_ssh_connection(pid_t pid, char *text, size_t size)
{
	static const char name[] = "SSH_CONNECTION=";
	char path[PATH_TEXT_MAX], *line = NULL;
	bool found = false;
	size_t room = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (!found && getdelim(&line, &room, '\0', file) > 0) {
		found = !strncmp(line, name, sizeof(name) - 1);
		if (found)
			snprintf(text, size, "%s", line + sizeof(name) - 1);
	}
	free(line);
	fclose(file);
	return found;
}

static void list_sockets(pid_t pid, struct sockets *sockets)
{
	char path[PATH_TEXT_MAX], target[64];
	struct dirent *entry;
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	directory = opendir(path);
	while (directory && sockets->count < SOCKETS_MAX && (entry = readdir(directory))) {
		ssize_t length =
			readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1);

		if (length < 0)
			continue;
		target[length] = '\0';
		if (sscanf(target, "socket:[%" SCNu64, &sockets->inode[sockets->count]) == 1)
			sockets->count++;
	}
	if (directory)
		closedir(directory);
}

/* Words of eight hex digits, each in host byte order. */
static bool read_proc_address(const char *text, struct in6_addr *address)
{
	size_t words = strlen(text) / 8;

	if (words != 1 && words != 4)
		return false;
	*address = (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff}};
	for (size_t i = 0; i < words; i++) {
		char digits[9] = "";
		uint32_t word;

		memcpy(digits, text + 8 * i, 8);
		word = (uint32_t)strtoul(digits, NULL, 16);
		memcpy(&address->s6_addr[words == 1 ? 12 : 4 * i], &word, sizeof(word));
	}
	return true;
}

static bool holds(const struct sockets *sockets, uint64_t inode)
{
	for (size_t i = 0; i < sockets->count; i++) {
		if (sockets->inode[i] == inode)
			return true;
	}
	return false;
}

/* A line of /proc/PID/net/tcp or tcp6. */
static bool read_connection(const char *line, const struct sockets *sockets,
			    struct session *ret_session)
{
	unsigned int near_port, far_port, state;
	char near[33], far[33];
	struct session session;
	uint64_t inode;

	if (sscanf(line, " %*u: %32[0-9A-F]:%x %32[0-9A-F]:%x %x %*s %*s %*s %*u %*u %" SCNu64,
		   near, &near_port, far, &far_port, &state, &inode) != 6)
		return false;
	if (state != STATE_ESTABLISHED || !holds(sockets, inode) ||
	    !read_proc_address(near, &session.near) || !read_proc_address(far, &session.far))
		return false;
	session.near_port = (uint16_t)near_port;
	session.far_port = (uint16_t)far_port;
	*ret_session = session;
	return true;
}

/* The first established TCP connection among the descriptors of a process. */
static bool proc_connection(pid_t pid, struct session *ret_session)
{
	static const char *const tables[] = {"tcp", "tcp6"};
	struct sockets sockets = {0};
	char path[PATH_TEXT_MAX], line[512];
	bool found = false;

	list_sockets(pid, &sockets);
	for (size_t i = 0; sockets.count && !found && i < 2; i++) {
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%d/net/%s", (int)pid, tables[i]);
		file = fopen(path, "re");
		while (file && !found && fgets(line, sizeof(line), file))
			found = read_connection(line, &sockets, ret_session);
		if (file)
			fclose(file);
	}
	return found;
}

/* sshd, and sshd-session and sshd-auth of OpenSSH 9.8 and newer. */
static bool is_sshd(const char *comm)
{
	return !strcmp(comm, "sshd") || !strncmp(comm, "sshd-", strlen("sshd-"));
}

/* Searches the ancestors of this process, by their descriptors or their environments. */
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
