/* SPDX-License-Identifier: MIT */
/*
 * Sends a known number of raw frames of a known set of flows through one interface, and says on
 * stdout, in JSON, what really went out. Each thread owns a socket, a draw and a set of frames;
 * the counts of flows are shared, by relaxed atomic additions.
 *
 * A frame that the network refuses for lack of room (ENOBUFS) is sent again, so that the
 * receiving end gets all of them. With --egress it is the sending end that is watched, which had
 * counted the refused frame: it counts as sent.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <time.h>
#include <unistd.h>

#include "blast_flows.h"
#include "draw.h"

#define BATCH	    64
#define THREADS_MAX 2
#define LEAD_NS	    2000000 /* how far a paced sender may be ahead of its rate */

struct options {
	const char *iface, *expect;
	uint64_t packets, seconds, rate, seed;
	uint32_t flows, first;
	uint32_t size; /* 0: mixed */
	uint32_t threads;
	struct blast_mix mix;
	enum draw_order order;
	bool egress, bypass;
};

struct counter {
	_Atomic uint32_t packets;
	_Atomic uint64_t bytes;
};

struct sender {
	const struct options *options;
	struct counter *counter; /* by flow, NULL without --expect */
	struct draw *draw;
	int fd, error;
	uint64_t packets_max, rate, start_ns, end_ns;
	uint64_t packets, bytes, refused;
	uint64_t made; /* frames written so far; decides the size of the next */
	struct mmsghdr message[BATCH];
	struct iovec io[BATCH];
	uint32_t flow[BATCH];
	uint8_t frame[BATCH][BLAST_FRAME_MAX];
	pthread_t thread;
};

static uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static size_t next_size(struct sender *sender)
{
	static const size_t mixed[] = {60, 1514, 128, 590, 60, 1514, 60, 342};

	if (sender->options->size)
		return sender->options->size;
	return mixed[sender->made % (sizeof(mixed) / sizeof(mixed[0]))];
}

static void make_frames(struct sender *sender, unsigned int count)
{
	const struct options *options = sender->options;

	for (unsigned int i = 0; i < count; i++) {
		sender->flow[i] = options->first + draw_next(sender->draw);
		sender->io[i].iov_len = blast_flow_frame(&options->mix, sender->flow[i],
							 next_size(sender), sender->frame[i]);
		sender->made++;
	}
}

static void count_frame(struct sender *sender, unsigned int i)
{
	struct counter *counter;
	size_t size = sender->io[i].iov_len;

	sender->packets++;
	sender->bytes += size;
	if (!sender->counter)
		return;
	counter = &sender->counter[sender->flow[i] - sender->options->first];
	atomic_fetch_add_explicit(&counter->packets, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&counter->bytes, size, memory_order_relaxed);
}

/* Sends the frames made, all of them. sendmmsg() stops at the frame that was refused. */
static int send_frames(struct sender *sender, unsigned int count)
{
	unsigned int done = 0;
	int sent;

	while (done < count) {
		sent = sendmmsg(sender->fd, sender->message + done, count - done, 0);
		for (int i = 0; i < sent; i++)
			count_frame(sender, done++);
		if (sent < 0 && errno != ENOBUFS && errno != EINTR)
			return -errno;
		if (done == count || (sent < 0 && errno == EINTR))
			continue;
		sender->refused++;
		if (sender->options->egress)
			count_frame(sender, done++);
	}
	return 0;
}

static void wait_for_turn(const struct sender *sender)
{
	uint64_t due_ns =
		sender->start_ns + (uint64_t)((double)sender->packets * 1e9 / (double)sender->rate);
	struct timespec due = {
		.tv_sec = (time_t)(due_ns / 1000000000),
		.tv_nsec = (long)(due_ns % 1000000000),
	};

	if (due_ns > clock_ns() + LEAD_NS)
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
}

static void *sender_run(void *data)
{
	struct sender *sender = data;
	unsigned int count;

	while (!sender->error && sender->packets < sender->packets_max) {
		if (sender->end_ns && clock_ns() >= sender->end_ns)
			break;
		count = BATCH;
		if (count > sender->packets_max - sender->packets)
			count = (unsigned int)(sender->packets_max - sender->packets);
		make_frames(sender, count);
		sender->error = send_frames(sender, count);
		if (sender->rate)
			wait_for_turn(sender);
	}
	return NULL;
}

static int open_socket(const struct options *options, int *ret_fd)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_ifindex = (int)if_nametoindex(options->iface),
	};
	int on = 1, fd, err;

	if (!address.sll_ifindex)
		return -errno;
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    (options->bypass && setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)))) {
		err = -errno;
		close(fd);
		return err;
	}
	*ret_fd = fd;
	return 0;
}

static int sender_init(struct sender *sender, const struct options *options, uint32_t i,
		       struct counter *counter)
{
	uint32_t threads = options->threads;
	int err;

	sender->options = options;
	sender->counter = counter;
	sender->fd = -1;
	sender->rate = options->rate / threads;
	sender->packets_max = UINT64_MAX;
	if (options->packets)
		sender->packets_max = options->packets / threads + (i < options->packets % threads);
	for (unsigned int k = 0; k < BATCH; k++) {
		sender->io[k].iov_base = sender->frame[k];
		sender->message[k].msg_hdr.msg_iov = &sender->io[k];
		sender->message[k].msg_hdr.msg_iovlen = 1;
	}
	err = draw_new(options->order, options->flows, options->seed + i, i, threads,
		       &sender->draw);
	return err ? err : open_socket(options, &sender->fd);
}

static void sender_done(struct sender *sender)
{
	draw_free(sender->draw);
	if (sender->fd >= 0)
		close(sender->fd);
}

/* Frames that the interface lost without telling the sender (kernels below 6.4 do), or 0. */
static uint64_t read_dropped(const char *iface)
{
	char path[IFNAMSIZ + 64], text[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/sys/class/net/%s/statistics/tx_dropped", iface);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (!fgets(text, sizeof(text), file))
		text[0] = 0;
	fclose(file);
	return strtoull(text, NULL, 10);
}

static int write_expected(const struct options *options, const struct counter *counter)
{
	FILE *file = fopen(options->expect, "we");
	int failed = 0;

	if (!file)
		return -errno;
	for (uint32_t i = 0; i < options->flows; i++) {
		struct blast_record record = {
			.key = blast_flow_key(&options->mix, options->first + i,
					      options->egress ? FLOW_OUT : FLOW_IN),
			.counts = {.packets = counter[i].packets, .bytes = counter[i].bytes},
		};

		if (record.counts.packets)
			failed |= fwrite(&record, sizeof(record), 1, file) != 1;
	}
	failed |= fclose(file);
	return failed ? -EIO : 0;
}

static int run_senders(struct sender *sender, const struct options *options)
{
	uint64_t start_ns = clock_ns();
	int err = 0;

	for (uint32_t i = 0; i < options->threads; i++) {
		sender[i].start_ns = start_ns;
		sender[i].end_ns = options->seconds ? start_ns + options->seconds * 1000000000 : 0;
		if (pthread_create(&sender[i].thread, NULL, sender_run, &sender[i]))
			exit(1);
	}
	for (uint32_t i = 0; i < options->threads; i++) {
		pthread_join(sender[i].thread, NULL);
		err = err ? err : sender[i].error;
	}
	return err;
}

static void print_result(const struct sender *sender, const struct options *options,
			 uint64_t dropped, uint64_t elapsed_ns)
{
	uint64_t packets = 0, bytes = 0, refused = 0;

	for (uint32_t i = 0; i < options->threads; i++) {
		packets += sender[i].packets;
		bytes += sender[i].bytes;
		refused += sender[i].refused;
	}
	/* What was refused and sent again is among the interface's drops; the rest is lost. */
	printf("{\"packets\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"flows\": %" PRIu32
	       ", \"seconds\": %.6f, \"refused\": %" PRIu64 ", \"lost\": %" PRIu64 "}\n",
	       packets, bytes, options->flows, (double)elapsed_ns / 1e9, refused,
	       dropped > refused && !options->egress ? dropped - refused : 0);
}

static int blast(const struct options *options)
{
	struct sender *sender = calloc(options->threads, sizeof(*sender));
	struct counter *counter = NULL;
	uint64_t start_ns, dropped = read_dropped(options->iface);
	int err = sender ? 0 : -ENOMEM;

	if (!err && options->expect) {
		counter = calloc(options->flows, sizeof(*counter));
		err = counter ? 0 : -ENOMEM;
	}
	for (uint32_t i = 0; !err && i < options->threads; i++)
		err = sender_init(&sender[i], options, i, counter);
	start_ns = clock_ns();
	if (!err)
		err = run_senders(sender, options);
	if (!err)
		print_result(sender, options, read_dropped(options->iface) - dropped,
			     clock_ns() - start_ns);
	if (!err && counter)
		err = write_expected(options, counter);
	for (uint32_t i = 0; sender && i < options->threads; i++)
		sender_done(&sender[i]);
	free(counter);
	free(sender);
	return err;
}

static const char usage_text[] =
	"usage: blast --iface NAME [--flows N] [--packets N] [--seconds N] [--rate PPS]\n"
	"       [--order sequential|random|zipf] [--seed N] [--first FLOW] [--size BYTES|mixed]\n"
	"       [--ipv6 PERCENT] [--tcp PERCENT] [--threads 1|2] [--egress] [--bypass]\n"
	"       [--expect FILE]\n";

static void usage(void)
{
	fputs(usage_text, stderr);
	exit(2);
}

static uint64_t number(const char *text, uint64_t max)
{
	char *end;
	uint64_t value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || *end || end == text || *text == '-' || value > max)
		usage();
	return value;
}

static const struct option long_options[] = {
	{"iface", required_argument, NULL, 'i'},   {"flows", required_argument, NULL, 'f'},
	{"packets", required_argument, NULL, 'n'}, {"seconds", required_argument, NULL, 't'},
	{"rate", required_argument, NULL, 'r'},	   {"order", required_argument, NULL, 'o'},
	{"seed", required_argument, NULL, 's'},	   {"first", required_argument, NULL, 'F'},
	{"size", required_argument, NULL, 'l'},	   {"ipv6", required_argument, NULL, '6'},
	{"tcp", required_argument, NULL, 'T'},	   {"threads", required_argument, NULL, 'c'},
	{"egress", no_argument, NULL, 'e'},	   {"bypass", no_argument, NULL, 'b'},
	{"expect", required_argument, NULL, 'x'},  {NULL, 0, NULL, 0},
};

static void take_order(struct options *options, const char *name)
{
	int order = draw_order_of_name(name);

	if (order < 0)
		usage();
	options->order = (enum draw_order)order;
}

static void take_option(struct options *options, int letter, const char *text)
{
	switch (letter) {
	case 'i': options->iface = text; break;
	case 'f': options->flows = (uint32_t)number(text, BLAST_FLOWS_MAX); break;
	case 'n': options->packets = number(text, UINT64_MAX); break;
	case 't': options->seconds = number(text, 86400); break;
	case 'r': options->rate = number(text, 1000000000); break;
	case 'o': take_order(options, text); break;
	case 's': options->seed = number(text, UINT64_MAX); break;
	case 'F': options->first = (uint32_t)number(text, BLAST_FLOWS_MAX); break;
	case 'l':
		options->size = strcmp(text, "mixed") ? (uint32_t)number(text, BLAST_FRAME_MAX) : 0;
		break;
	case '6': options->mix.ipv6_percent = (unsigned int)number(text, 100); break;
	case 'T': options->mix.tcp_percent = (unsigned int)number(text, 100); break;
	case 'c': options->threads = (uint32_t)number(text, THREADS_MAX); break;
	case 'e': options->egress = true; break;
	case 'b': options->bypass = true; break;
	case 'x': options->expect = text; break;
	default: usage();
	}
}

int main(int argc, char **argv)
{
	struct options options = {.flows = 1, .size = 60, .threads = 1, .seed = 1};
	int letter, err;

	while ((letter = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		take_option(&options, letter, optarg);
	if (optind != argc || !options.iface || !options.flows || !options.threads ||
	    options.first + options.flows > BLAST_FLOWS_MAX ||
	    (!options.packets && !options.seconds) || (options.egress && options.bypass))
		usage();
	err = blast(&options);
	if (err)
		fprintf(stderr, "blast: %s: %s\n", options.iface, strerror(-err));
	return err ? 1 : 0;
}
