/* SPDX-License-Identifier: MIT */
/*
 * Sends the frames of a capture (classic pcap, Ethernet) through an interface, as they are and as
 * fast as they go, and says on stdout, in JSON, what was sent. Not for frames of less than 14
 * bytes, which no interface takes.
 *
 *   replay --iface NAME [--repeat N] FILE
 *
 * Goes through the interface's queue, not past it: what bypasses the queue passes no tc program.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>
#include <linux/if_packet.h>

#define PCAP_MAGIC	0xa1b2c3d4
#define PCAP_MAGIC_NANO 0xa1b23c4d
#define PCAP_ETHERNET	1
#define HEAD_SIZE	24
#define RECORD_SIZE	16
#define BATCH		64

struct capture_file {
	const uint8_t *bytes;
	size_t size;
	bool swapped; /* written on a machine of the other byte order */
};

struct sent {
	uint64_t packets, bytes;
};

static int fail(const char *what, int error)
{
	fprintf(stderr, "replay: %s: %s\n", what, strerror(error));
	return -error;
}

static uint32_t load32(const struct capture_file *file, size_t at)
{
	uint32_t value;

	memcpy(&value, file->bytes + at, sizeof(value));
	return file->swapped ? __builtin_bswap32(value) : value;
}

static int check_head(struct capture_file *file, const char *path)
{
	uint32_t magic;

	if (file->size < HEAD_SIZE)
		return fail(path, EBADMSG);
	magic = load32(file, 0);
	if (magic != PCAP_MAGIC && magic != PCAP_MAGIC_NANO) {
		file->swapped = true;
		magic = load32(file, 0);
	}
	if ((magic != PCAP_MAGIC && magic != PCAP_MAGIC_NANO) ||
	    (load32(file, 20) & 0xffff) != PCAP_ETHERNET) {
		fprintf(stderr, "replay: %s: not a classic pcap file of Ethernet frames\n", path);
		return -EBADMSG;
	}
	return 0;
}

static int open_capture(const char *path, struct capture_file *ret_file)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct capture_file file = {};
	struct stat st;
	void *bytes;

	if (fd < 0)
		return fail(path, errno);
	if (fstat(fd, &st) || !st.st_size) {
		close(fd);
		return fail(path, EBADMSG);
	}
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (bytes == MAP_FAILED)
		return fail(path, errno);
	file.bytes = bytes;
	file.size = (size_t)st.st_size;
	*ret_file = file;
	return check_head(ret_file, path);
}

static int open_socket(const char *iface)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET};
	int fd;

	address.sll_ifindex = (int)if_nametoindex(iface);
	if (!address.sll_ifindex)
		return fail(iface, errno);
	/* Protocol 0: receives nothing. */
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail("packet socket", errno);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return fail(iface, errno);
	}
	return fd;
}

/* A refused frame is sent again when there was no room for it; anything else is an error. */
static int send_batch(int fd, struct mmsghdr *batch, unsigned int count, struct sent *sent)
{
	unsigned int done = 0;

	while (done < count) {
		int n = sendmmsg(fd, batch + done, count - done, 0);

		if (n < 0 && errno != ENOBUFS && errno != EINTR && errno != EAGAIN)
			return fail("send", errno);
		for (; n > 0; n--) {
			sent->packets++;
			sent->bytes += batch[done++].msg_hdr.msg_iov->iov_len;
		}
	}
	return 0;
}

static int send_capture(int fd, const struct capture_file *file, struct sent *sent)
{
	struct mmsghdr batch[BATCH] = {};
	struct iovec iov[BATCH];
	unsigned int count = 0;
	size_t at = HEAD_SIZE;
	int r = 0;

	while (!r && file->size - at >= RECORD_SIZE) {
		uint32_t size = load32(file, at + 8);

		at += RECORD_SIZE;
		if (size > file->size - at)
			return fail("capture ends inside a frame", EBADMSG);
		iov[count] = (struct iovec){(void *)(uintptr_t)(file->bytes + at), size};
		batch[count].msg_hdr.msg_iov = &iov[count];
		batch[count].msg_hdr.msg_iovlen = 1;
		at += size;
		if (++count == BATCH) {
			r = send_batch(fd, batch, count, sent);
			count = 0;
		}
	}
	return r ? r : send_batch(fd, batch, count, sent);
}

static int replay(const char *iface, const char *path, unsigned long repeat)
{
	struct capture_file file;
	struct sent sent = {};
	int fd, r;

	r = open_capture(path, &file);
	if (r)
		return r;
	fd = open_socket(iface);
	if (fd < 0)
		return fd;
	while (!r && repeat--)
		r = send_capture(fd, &file, &sent);
	close(fd);
	if (!r)
		printf("{\"packets\": %" PRIu64 ", \"bytes\": %" PRIu64 "}\n", sent.packets,
		       sent.bytes);
	return r;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"iface", required_argument, NULL, 'i'},
		{"repeat", required_argument, NULL, 'r'},
		{},
	};
	const char *iface = NULL;
	unsigned long repeat = 1;
	int c;

	while ((c = getopt_long(argc, argv, "i:r:", options, NULL)) != -1) {
		if (c == 'i')
			iface = optarg;
		else if (c == 'r')
			repeat = strtoul(optarg, NULL, 10);
		else
			return 2;
	}
	if (!iface || optind + 1 != argc) {
		fprintf(stderr, "usage: replay --iface NAME [--repeat N] FILE\n");
		return 2;
	}
	return replay(iface, argv[optind], repeat) ? 1 : 0;
}
