/* SPDX-License-Identifier: MIT */
/* Chooses between the two methods; both may be needed: the hook and /proc. */
#include "scan.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cap-ng.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "array.h"
#include "cgroups.h"
#include "clock.h"
#include "netlink.h"
#include "owner.skel.h" /* after owner_abi.h: it uses its structures */
#include "process.h"

/*
 * Sockets by BPF programs: an iterator over all open files, one over the kernel's own UDP sockets,
 * and what runs when a socket is closed. All of them go when their descriptors are closed.
 */

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

static void scan_bpf_close(struct scan_bpf *bpf)
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

static int scan_bpf_open(const struct scan_options *options, struct scan_bpf **ret_bpf)
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

static bool scan_bpf_has_iterator(const struct scan_bpf *bpf)
{
	return bpf->files;
}

static bool scan_bpf_has_hook(const struct scan_bpf *bpf)
{
	return bpf->release;
}

/* Also those of processes that cannot be named: their sockets have no other owner. */
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

static int scan_bpf_pass(struct scan_bpf *bpf, struct sockets *sockets)
{
	int err;

	bpf->sink = sockets;
	err = run_iterator(bpf, bpf->files, add_process_socket);
	if (!err)
		add_kernel_sockets(bpf);
	bpf->sink = NULL;
	return err;
}

static void scan_bpf_closed(struct scan_bpf *bpf, struct sockets *sockets)
{
	if (!bpf->closed)
		return;
	bpf->sink = sockets;
	ring_buffer__consume(bpf->closed);
	bpf->sink = NULL;
}

static int scan_bpf_closed_fd(const struct scan_bpf *bpf)
{
	return bpf->closed ? bpf_map__fd(bpf->skeleton->maps.owner_closed) : -1;
}

/*
 * Sockets without BPF: sock_diag(7) lists those of the interfaces' namespace with their inodes, the
 * links in /proc/PID/fd say which process has which inode.
 */

#define FIRST_ROOM 256

struct scan_diag {
	struct netlink netlink;
	int proc_fd;
	uint32_t netns;
	uint8_t protocol;    /* of the dump under way */
	size_t count_before; /* what others found before it */
	struct owner_socket *found;
	size_t count, room;
};

static int scan_diag_open(const struct scan_options *options, struct scan_diag **ret_diag)
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

static void scan_diag_close(struct scan_diag *diag)
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
		found = room > SOCKETS_OPEN_MAX ? NULL
						: realloc(diag->found, room * sizeof(*found));
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
	const char *at = (const char *)(body + 1),
		   *end = (const char *)message + message->nlmsg_len;
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
		return; /* no process has it open any more */
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
	found->protocol =
		diag->protocol == IPPROTO_RAW ? (uint8_t)found->local_port : diag->protocol;
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
		.body = {.sdiag_family = family,
			 .sdiag_protocol = protocol,
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
					     compare_inode)
				   : NULL;
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

static int scan_diag_pass(struct scan_diag *diag, struct sockets *sockets)
{
	static const uint8_t protocols[] = {IPPROTO_TCP,  IPPROTO_UDP,	IPPROTO_UDPLITE,
					    IPPROTO_SCTP, IPPROTO_DCCP, IPPROTO_RAW};

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

/* The kernel's types, which differ from one build to the next. */
#define KERNEL_BTF "/sys/kernel/btf/vmlinux"

struct scan {
	struct scan_bpf *bpf;	/* NULL: no program could be loaded */
	struct scan_diag *diag; /* NULL: the iterator is there */
	int proc_fd;
	uint32_t pid_namespace;
	bool all_users; /* descriptors of all users may be read in /proc */
};

int scan_open(const struct scan_options *options, struct scan **ret_scan)
{
	struct scan *scan = calloc(1, sizeof(*scan));
	int err;

	if (!scan)
		return -ENOMEM;
	scan->proc_fd = options->proc_fd;
	scan->pid_namespace = options->pid_namespace;
	err = scan_bpf_open(options, &scan->bpf);
	if (err == -ENOMEM || err == -EMFILE)
		goto out_close;
	scan->all_users = capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_PTRACE);
	if (!scan->bpf || !scan_bpf_has_iterator(scan->bpf)) {
		err = scan_diag_open(options, &scan->diag);
		if (err)
			goto out_close;
	}
	*ret_scan = scan;
	return 0;
out_close:
	scan_close(scan);
	return err;
}

void scan_close(struct scan *scan)
{
	if (!scan)
		return;
	scan_bpf_close(scan->bpf);
	scan_diag_close(scan->diag);
	free(scan);
}

int scan_pass(struct scan *scan, struct sockets *sockets)
{
	return scan->diag ? scan_diag_pass(scan->diag, sockets) : scan_bpf_pass(scan->bpf, sockets);
}

void scan_closed(struct scan *scan, struct sockets *sockets)
{
	if (scan->bpf)
		scan_bpf_closed(scan->bpf, sockets);
}

int scan_closed_fd(const struct scan *scan)
{
	return scan->bpf ? scan_bpf_closed_fd(scan->bpf) : -1;
}

const char *scan_missing(void)
{
	return access(KERNEL_BTF, R_OK) < 0 ? KERNEL_BTF : NULL;
}

bool scan_can_name(const struct scan *scan)
{
	return scan->diag ? scan->proc_fd >= 0 : scan->pid_namespace != 0;
}

bool scan_sees_all(const struct scan *scan)
{
	return !scan->diag;
}

const char *scan_way(const struct scan *scan)
{
	bool hook = scan->bpf && scan_bpf_has_hook(scan->bpf);

	if (!scan->diag)
		return hook ? "iterator and release hook" : "iterator";
	if (scan->all_users)
		return hook ? "/proc and release hook" : "/proc";
	return hook ? "/proc of this user and release hook" : "/proc of this user";
}
