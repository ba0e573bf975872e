/* SPDX-License-Identifier: MIT */
/*
 * Sockets by BPF programs: an iterator over all open files, one over the kernel's own UDP sockets,
 * and what runs when a socket is closed. All of them go when their descriptors are closed.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "array.h"
#include "cgroups.h"
#include "clock.h"
#include "scan_private.h"

#include "owner.skel.h" /* after owner_abi.h: it uses its structures */

#define READ_SIZE 65536
/* The kernel's own sockets come and go with mounts and tunnels: seldom. */
#define KERNEL_SOCKETS_MAX 256
#define KERNEL_EVERY_NS	   10000000000ULL

struct scan_bpf {
	struct owner_bpf *skeleton;
	struct bpf_link *files, *udp, *tcp, *release, *state;
	struct ring_buffer *closed;
	struct sockets *sink; /* of the call that is under way */
	uint32_t home;	      /* the interfaces' network namespace */
	uint32_t pid_namespace;
	struct owner_socket kernel[KERNEL_SOCKETS_MAX];
	size_t kernels;
	uint64_t kernels_ns; /* CLOCK_MONOTONIC of when they were read; 0: not yet */
	_Alignas(struct owner_socket) char buffer[READ_SIZE];
};

/* Programs of one attempt to load: the first that works is taken. */
enum { PART_FILES = 1, PART_KERNEL = 2, PART_RELEASE = 4, PART_STATE = 8, PARTS = 15 };

static const unsigned int attempts[] = {
	PARTS,
	PART_FILES | PART_RELEASE | PART_STATE,
	PART_FILES | PART_RELEASE,
	PART_RELEASE | PART_STATE,
	PART_RELEASE,
	PART_FILES,
};

/* Inode of a namespace by its path; 0: not known. */
static uint32_t namespace_inode(const char *path)
{
	struct stat status;

	return stat(path, &status) < 0 ? 0 : (uint32_t)status.st_ino;
}

static int load_parts(struct scan_bpf *bpf, unsigned int parts)
{
	struct owner_bpf *skeleton = owner_bpf__open();
	int err;

	if (!skeleton)
		return -errno;
	skeleton->rodata->owner_pid_ns = bpf->pid_namespace;
	bpf_program__set_autoload(skeleton->progs.owner_files, parts & PART_FILES);
	bpf_program__set_autoload(skeleton->progs.owner_udp, parts & PART_KERNEL);
	bpf_program__set_autoload(skeleton->progs.owner_tcp, parts & PART_KERNEL);
	bpf_program__set_autoload(skeleton->progs.owner_release, parts & PART_RELEASE);
	bpf_program__set_autoload(skeleton->progs.owner_state, parts & PART_STATE);
	err = owner_bpf__load(skeleton);
	if (err) {
		owner_bpf__destroy(skeleton);
		return err;
	}
	bpf->skeleton = skeleton;
	return 0;
}

static int load_some(struct scan_bpf *bpf, unsigned int allowed)
{
	unsigned int parts, tried = 0;
	int err = -EOPNOTSUPP;

	for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
		parts = attempts[i] & allowed;
		if (!parts || parts == tried)
			continue;
		tried = parts;
		err = load_parts(bpf, parts);
		if (!err || err == -EMFILE)
			return err;
	}
	return err == -ENOMEM ? err : -EOPNOTSUPP;
}

static struct bpf_link *attach_iterator(const struct bpf_program *program)
{
	return bpf_program__fd(program) >= 0 ? bpf_program__attach_iter(program, NULL) : NULL;
}

static void attach_hook(struct scan_bpf *bpf)
{
	const struct bpf_program *release = bpf->skeleton->progs.owner_release;
	const struct bpf_program *state = bpf->skeleton->progs.owner_state;
	int fd;

	if (bpf_program__fd(release) < 0)
		return;
	fd = cgroups_open_root();
	if (fd < 0)
		return;
	bpf->release = bpf_program__attach_cgroup(release, fd);
	close(fd);
	if (bpf->release && bpf_program__fd(state) >= 0)
		bpf->state = bpf_program__attach_trace(state);
}

static int on_closed(void *context, void *data, size_t size)
{
	struct scan_bpf *bpf = context;
	const struct owner_socket *socket = data;

	if (size >= sizeof(*socket))
		sockets_add(bpf->sink, socket);
	return 0;
}

static int attach(struct scan_bpf *bpf)
{
	bpf->files = attach_iterator(bpf->skeleton->progs.owner_files);
	bpf->udp = attach_iterator(bpf->skeleton->progs.owner_udp);
	bpf->tcp = attach_iterator(bpf->skeleton->progs.owner_tcp);
	attach_hook(bpf);
	if (!bpf->files && !bpf->release)
		return -EOPNOTSUPP;
	if (!bpf->release)
		return 0;
	bpf->closed = ring_buffer__new(bpf_map__fd(bpf->skeleton->maps.owner_closed), on_closed,
				       bpf, NULL);
	return bpf->closed ? 0 : -errno;
}

int scan_bpf_open(const struct scan_options *options, struct scan_bpf **ret_bpf)
{
	unsigned int allowed = PARTS;
	struct scan_bpf *bpf;
	int err;

	if (options->no_iterator)
		allowed &= ~(unsigned int)(PART_FILES | PART_KERNEL);
	if (options->no_hook)
		allowed &= ~(unsigned int)(PART_RELEASE | PART_STATE);
	if (!allowed || scan_missing())
		return -EOPNOTSUPP;
	bpf = calloc(1, sizeof(*bpf));
	if (!bpf)
		return -ENOMEM;
	bpf->home = options->home;
	bpf->pid_namespace = options->pid_namespace;
	err = load_some(bpf, allowed);
	if (!err)
		err = attach(bpf);
	if (err) {
		scan_bpf_close(bpf);
		return err;
	}
	*ret_bpf = bpf;
	return 0;
}

void scan_bpf_close(struct scan_bpf *bpf)
{
	if (!bpf)
		return;
	ring_buffer__free(bpf->closed);
	bpf_link__destroy(bpf->state);
	bpf_link__destroy(bpf->release);
	bpf_link__destroy(bpf->tcp);
	bpf_link__destroy(bpf->udp);
	bpf_link__destroy(bpf->files);
	owner_bpf__destroy(bpf->skeleton);
	free(bpf);
}

bool scan_bpf_has_iterator(const struct scan_bpf *bpf)
{
	return bpf->files;
}

bool scan_bpf_has_hook(const struct scan_bpf *bpf)
{
	return bpf->release;
}

/* Those of processes that cannot be named too: what they have is nobody else's. */
static void add_process_socket(struct scan_bpf *bpf, const struct owner_socket *socket)
{
	sockets_add(bpf->sink, socket);
}

static void keep_kernel_socket(struct scan_bpf *bpf, const struct owner_socket *socket)
{
	if (bpf->kernels < KERNEL_SOCKETS_MAX)
		bpf->kernel[bpf->kernels++] = *socket;
}

/* Takes the complete sockets at the start of the buffer; returns the bytes that are left. */
static size_t take_records(struct scan_bpf *bpf, size_t length,
			   void (*add)(struct scan_bpf *, const struct owner_socket *))
{
	const struct owner_socket *socket = (const void *)bpf->buffer;
	size_t count = length / sizeof(*socket), taken = count * sizeof(*socket);

	for (size_t i = 0; i < count; i++)
		add(bpf, &socket[i]);
	memmove(bpf->buffer, bpf->buffer + taken, length - taken);
	return length - taken;
}

static int run_iterator(struct scan_bpf *bpf, const struct bpf_link *link,
			void (*add)(struct scan_bpf *, const struct owner_socket *))
{
	int fd = bpf_iter_create(bpf_link__fd(link)), err = 0;
	size_t length = 0;
	ssize_t got;

	if (fd < 0)
		return fd;
	while ((got = read(fd, bpf->buffer + length, sizeof(bpf->buffer) - length)) != 0) {
		if (got > 0) {
			length = take_records(bpf, length + (size_t)got, add);
		} else if (errno != EAGAIN && errno != EINTR) {
			err = -errno;
			break;
		}
	}
	close(fd);
	return err;
}

static void add_kernel_sockets(struct scan_bpf *bpf)
{
	uint64_t now_ns = clock_mono_ns();

	/* These iterators see the namespace of the thread that reads them. */
	if (bpf->udp && bpf->tcp && bpf->home &&
	    (!bpf->kernels_ns || now_ns - bpf->kernels_ns > KERNEL_EVERY_NS) &&
	    namespace_inode("/proc/thread-self/ns/net") == bpf->home) {
		bpf->kernels = 0;
		bpf->kernels_ns = now_ns;
		run_iterator(bpf, bpf->udp, keep_kernel_socket);
		run_iterator(bpf, bpf->tcp, keep_kernel_socket);
	}
	for (size_t i = 0; i < bpf->kernels; i++)
		sockets_add(bpf->sink, &bpf->kernel[i]);
}

int scan_bpf_pass(struct scan_bpf *bpf, struct sockets *sockets)
{
	int err;

	bpf->sink = sockets;
	err = run_iterator(bpf, bpf->files, add_process_socket);
	if (!err)
		add_kernel_sockets(bpf);
	bpf->sink = NULL;
	return err;
}

void scan_bpf_closed(struct scan_bpf *bpf, struct sockets *sockets)
{
	if (!bpf->closed)
		return;
	bpf->sink = sockets;
	ring_buffer__consume(bpf->closed);
	bpf->sink = NULL;
}

int scan_bpf_closed_fd(const struct scan_bpf *bpf)
{
	return bpf->closed ? bpf_map__fd(bpf->skeleton->maps.owner_closed) : -1;
}
