/* SPDX-License-Identifier: MIT */
/* The bed of test_faults; see faults_bed.h. */
#include "faults_bed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cmocka.h>

#include "clsact.h"

#define PORT	    9999
#define HEADERS	    (14 + 20 + 8)
#define LOOPBACK    1
#define TCX_INGRESS 46
#define TCX_EGRESS  47

static int loopback_up(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_LOOPBACK};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = fd < 0 ? -1 : ioctl(fd, SIOCSIFFLAGS, &request);

	if (fd >= 0)
		close(fd);
	return err;
}

/* On one CPU, so that one map takes all flows and grows. */
static int stay_on_one_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

int faults_bed_open(struct faults_bed *bed)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};

	*bed = (struct faults_bed){.socket_fd = -1};
	if (stay_on_one_cpu() || unshare(CLONE_NEWNET) || loopback_up() ||
	    bpf_prog_query(LOOPBACK, TCX_INGRESS, 0, NULL, NULL, &(__u32){0})) {
		fprintf(stderr, "skipped: needs a network namespace, BPF and TCX: %s\n",
			strerror(errno));
		return -1;
	}
	bed->socket_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	/* Bound, so that nobody answers "port unreachable"; what it receives is dropped when full. */
	if (bed->socket_fd < 0 ||
	    bind(bed->socket_fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -1;
	return 0;
}

void faults_forget(struct faults_bed *bed)
{
	*bed = (struct faults_bed){.socket_fd = bed->socket_fd};
}

void faults_send(struct faults_bed *bed, unsigned int flows, size_t payload)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	char data[2000] = {0};

	for (unsigned int flow = 0; flow < flows; flow++) {
		to.sin_addr.s_addr = htonl(0x7f000002 + flow);
		assert_int_equal(sendto(bed->socket_fd, data, payload, 0, (struct sockaddr *)&to,
					sizeof(to)),
				 payload);
	}
	bed->sent.packets += 2 * flows;
	bed->sent.bytes += 2 * flows * (HEADERS + payload);
}

static void take(void *arg, const struct flow_delta *flows, size_t count)
{
	struct faults_bed *bed = arg;

	for (size_t i = 0; i < count; i++) {
		bed->row.packets += flows[i].counts.packets;
		bed->row.bytes += flows[i].counts.bytes;
	}
}

void faults_drain(struct faults_bed *bed, struct flow_source *source)
{
	const struct flow_sink sink = {.add = take, .arg = bed};
	struct source_reading reading;

	source->ops->drain(source, &sink, &reading);
	assert_true(reading.error <= 0);
	bed->errors += reading.error != 0;
	for (unsigned int where = 0; where < FLOW_WHERES; where++) {
		bed->hook.packets += reading.total[where].packets;
		bed->hook.bytes += reading.total[where].bytes;
	}
	/* Never more than there was, at any time. */
	assert_in_range(bed->row.packets, 0, bed->sent.packets);
	if (!bed->errors)
		assert_int_equal(bed->row.packets, bed->hook.packets);
}

void faults_check(const struct faults_bed *bed)
{
	assert_int_equal(bed->hook.packets, bed->sent.packets);
	assert_int_equal(bed->hook.bytes, bed->sent.bytes);
	assert_int_equal(bed->row.packets, bed->sent.packets);
	assert_int_equal(bed->row.bytes, bed->sent.bytes);
}

unsigned int faults_attached(void)
{
	__u32 in = 0, out = 0;

	bpf_prog_query(LOOPBACK, TCX_INGRESS, 0, NULL, NULL, &in);
	bpf_prog_query(LOOPBACK, TCX_EGRESS, 0, NULL, NULL, &out);
	return in + out;
}

void faults_sweep(void)
{
	clsact_sweep();
}
