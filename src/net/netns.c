/* SPDX-License-Identifier: MIT */
/* Finding and entering network namespaces. */
#include "netns.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Where ip(8) keeps the names. */
#define NETNS_NAMES "/run/netns"

/* Opens a file if it is a network namespace. */
static int open_path(const char *path, int *ret_fd)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), err;

	if (fd < 0) {
		err = -errno;
		return err == -ENOTDIR || err == -ENAMETOOLONG ? -ENOENT : err;
	}
	if (ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET) {
		close(fd);
		return -EINVAL;
	}
	*ret_fd = fd;
	return 0;
}

int netns_open(const char *which, int *ret_fd)
{
	char path[PATH_MAX];
	int err;

	if (strchr(which, '/'))
		return open_path(which, ret_fd);
	if (strlen(which) > NAME_MAX)
		return -ENOENT;
	snprintf(path, sizeof(path), NETNS_NAMES "/%s", which);
	err = open_path(path, ret_fd);
	if (err != -ENOENT || strspn(which, "0123456789") != strlen(which))
		return err;
	snprintf(path, sizeof(path), "/proc/%s/ns/net", which);
	return open_path(path, ret_fd);
}

int netns_open_own(int *ret_fd)
{
	return open_path("/proc/thread-self/ns/net", ret_fd);
}

int netns_enter(int fd)
{
	return fd >= 0 && setns(fd, CLONE_NEWNET) < 0 ? -errno : 0;
}
