/* SPDX-License-Identifier: MIT */
/* The calls that can fail; see inject.h. Its state is one for the process. */
#include "inject.h"

#include <dlfcn.h>
#include <errno.h>
#include <linux/bpf.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <bpf/libbpf.h>

const char *const inject_name[INJECT_KINDS] = {"bpf",	 "batch", "mapping",
					       "socket", "epoll", "memory"};

static struct {
	atomic_bool armed;
	enum inject_kind kind;
	int error;
	bool on;
	unsigned int n;
	atomic_uint calls;
	atomic_bool hit;
	unsigned int kill_at; /* 0: never */
	atomic_uint fatal_calls;
} inject;

void inject_arm(enum inject_kind kind, unsigned int n, int error, bool on)
{
	inject.kind = kind;
	inject.n = n;
	inject.error = error;
	inject.on = on;
	atomic_store(&inject.calls, 0);
	atomic_store(&inject.hit, false);
	atomic_store(&inject.armed, true);
}

void inject_kill(unsigned int n)
{
	atomic_store(&inject.fatal_calls, 0);
	inject.kill_at = n;
}

bool inject_disarm(void)
{
	atomic_store(&inject.armed, false);
	return atomic_load(&inject.hit);
}

/* True, with errno set, when this call is to fail. */
static bool fails(enum inject_kind kind)
{
	unsigned int call;

	if (inject.kill_at && (kind == INJECT_BPF || kind == INJECT_SOCKET) &&
	    atomic_fetch_add(&inject.fatal_calls, 1) + 1 == inject.kill_at)
		raise(SIGKILL);
	if (!atomic_load(&inject.armed) || inject.kind != kind)
		return false;
	call = atomic_fetch_add(&inject.calls, 1) + 1;
	if (call != inject.n && !(inject.on && call > inject.n))
		return false;
	atomic_store(&inject.hit, true);
	errno = inject.error;
	return true;
}

/* The next definition of a function, that of the C library or of a sanitizer. */
#define NEXT(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

static long bpf_call(long command, long attr, long size)
{
	return NEXT(syscall)(SYS_bpf, command, attr, size);
}

static bool is_batch_read(long command)
{
	return command == BPF_MAP_LOOKUP_BATCH || command == BPF_MAP_LOOKUP_AND_DELETE_BATCH;
}

/*
 * A batch read that runs out of memory: what was read until then has been handed over (and, where
 * that was asked for, taken out), and `count` says how much it is.
 */
static long batch_halfway(long command, union bpf_attr *attr, long size)
{
	attr->batch.count = attr->batch.count > 64 ? attr->batch.count / 64 : 1;
	if (bpf_call(command, (long)(uintptr_t)attr, size) < 0 && errno != ENOENT)
		attr->batch.count = 0;
	errno = ENOMEM;
	return -1;
}

static long injected_bpf(long command, long address, long size)
{
	union bpf_attr *attr = (union bpf_attr *)(uintptr_t)address;

	if (is_batch_read(command) && fails(INJECT_BATCH))
		return batch_halfway(command, attr, size);
	if (!fails(INJECT_BPF))
		return bpf_call(command, address, size);
	if (is_batch_read(command) && errno == ENOMEM)
		attr->batch.count = 0;
	return -1;
}

long syscall(long number, ...)
{
	long argument[6];
	va_list args;

	va_start(args, number);
	for (int i = 0; i < 6; i++)
		argument[i] = va_arg(args, long);
	va_end(args);
	if (number == SYS_bpf)
		return injected_bpf(argument[0], argument[1], argument[2]);
	return NEXT(syscall)(number, argument[0], argument[1], argument[2], argument[3],
			     argument[4], argument[5]);
}

void *mmap(void *at, size_t length, int protection, int flags, int fd, off_t offset)
{
	if (fd >= 0 && fails(INJECT_MAPPING))
		return MAP_FAILED;
	return (void *)NEXT(syscall)(SYS_mmap, at, length, protection, flags, fd, offset);
}

/* libbpf was built with large files. */
void *mmap64(void *at, size_t length, int protection, int flags, int fd, off64_t offset)
{
	return mmap(at, length, protection, flags, fd, offset);
}

int socket(int domain, int type, int protocol)
{
	return fails(INJECT_SOCKET) ? -1 : NEXT(socket)(domain, type, protocol);
}

int bind(int fd, const struct sockaddr *address, socklen_t length)
{
	return fails(INJECT_SOCKET) ? -1 : NEXT(bind)(fd, address, length);
}

ssize_t send(int fd, const void *data, size_t length, int flags)
{
	return fails(INJECT_SOCKET) ? -1 : NEXT(send)(fd, data, length, flags);
}

/* The traffic of the tests themselves goes elsewhere. */
ssize_t sendto(int fd, const void *data, size_t length, int flags, const struct sockaddr *to,
	       socklen_t size)
{
	return to && to->sa_family == AF_NETLINK && fails(INJECT_SOCKET) ?
		       -1 :
		       NEXT(sendto)(fd, data, length, flags, to, size);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	return fails(INJECT_SOCKET) ? -1 : NEXT(sendmsg)(fd, message, flags);
}

ssize_t recv(int fd, void *data, size_t length, int flags)
{
	return fails(INJECT_SOCKET) ? -1 : NEXT(recv)(fd, data, length, flags);
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	return fails(INJECT_SOCKET) ? -1 : NEXT(recvmsg)(fd, message, flags);
}

int epoll_create1(int flags)
{
	return fails(INJECT_EPOLL) ? -1 : NEXT(epoll_create1)(flags);
}

int epoll_ctl(int epoll_fd, int operation, int fd, struct epoll_event *event)
{
	return fails(INJECT_EPOLL) ? -1 : NEXT(epoll_ctl)(epoll_fd, operation, fd, event);
}

int eventfd(unsigned int count, int flags)
{
	return fails(INJECT_EPOLL) ? -1 : NEXT(eventfd)(count, flags);
}

int timerfd_create(clockid_t clock, int flags)
{
	return fails(INJECT_EPOLL) ? -1 : NEXT(timerfd_create)(clock, flags);
}

/* Allocations of our own code only (-Wl,--wrap): libraries are others' to test. */
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__real_reallocarray(void *memory, size_t count, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);

void *__wrap_malloc(size_t size)
{
	return fails(INJECT_MEMORY) ? NULL : __real_malloc(size);
}

/*
 * The tables of a skeleton, which stands in our code but is bpftool's: libbpf from 1.5 on crashes
 * when it takes one apart that has its count but not yet its table (bpf_object__destroy_skeleton()).
 */
static bool breaks_libbpf(size_t size)
{
	return (libbpf_major_version() > 1 || libbpf_minor_version() >= 5) &&
	       (size == sizeof(struct bpf_map_skeleton) ||
		size == sizeof(struct bpf_prog_skeleton));
}

void *__wrap_calloc(size_t count, size_t size)
{
	if (!breaks_libbpf(size) && fails(INJECT_MEMORY))
		return NULL;
	return __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	return fails(INJECT_MEMORY) ? NULL : __real_realloc(memory, size);
}

void *__wrap_reallocarray(void *memory, size_t count, size_t size)
{
	return fails(INJECT_MEMORY) ? NULL : __real_reallocarray(memory, count, size);
}
