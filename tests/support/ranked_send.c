/* SPDX-License-Identifier: MIT */
/*
 * ranked_send IFACE SECONDS FILE: senders of different priority on one CPU, so that on a PREEMPT_RT
 * kernel they interrupt each other on their way through the network stack. Each has an ICMP flow of
 * its own, which the programs parse in memory, and all send the same UDP flows, which are new to
 * the flow map again in each interval. Writes to FILE what passed IFACE on egress, for
 * compare_flows. Each thread owns its socket and its counts.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <time.h>

#include "blast_flows.h"

#define FLOWS	   512
#define FRAME	   60
#define ICMP_EVERY 2

struct rank {
	int priority;  /* of SCHED_FIFO; 0: an ordinary thread */
	long pause_ns; /* between two frames; 0: none */
};

static const struct rank ranks[] = {{30, 300000}, {20, 170000}, {10, 70000}, {0, 0}, {0, 0}};

#define SENDERS (sizeof(ranks) / sizeof(ranks[0]))

struct sender {
	const struct rank *rank;
	struct sockaddr_ll to;
	time_t end_s;
	uint8_t number;
	uint64_t icmp, udp[FLOWS];
	bool failed;
	pthread_t thread;
};

static time_t clock_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* Ethernet and IPv4; the payload is left zero. */
static void make_frame(uint8_t frame[FRAME], uint8_t protocol, uint8_t host)
{
	const uint8_t head[] = {2, 0, 0,    0,	0, 2,	 2,  0,	 0, 0, 0,  1,
				8, 0, 0x45, 0,	0, 46,	 0,  0,	 0, 0, 64, protocol,
				0, 0, 10,   66, 0, host, 10, 66, 1, 2};

	memset(frame, 0, FRAME);
	memcpy(frame, head, sizeof(head));
}

static void put_port(uint8_t *at, unsigned int port)
{
	at[0] = (uint8_t)(port >> 8);
	at[1] = (uint8_t)port;
}

/* What the device refuses for lack of room has passed the hook before. */
static bool send_frame(const struct sender *sender, int fd, const uint8_t frame[FRAME])
{
	ssize_t sent;

	do {
		sent = sendto(fd, frame, FRAME, 0, (const struct sockaddr *)&sender->to,
			      sizeof(sender->to));
	} while (sent < 0 && errno == EINTR);
	return sent == FRAME || errno == ENOBUFS;
}

static void *sender_run(void *data)
{
	struct sender *sender = data;
	const struct timespec pause = {.tv_nsec = sender->rank->pause_ns};
	uint8_t icmp[FRAME], udp[FRAME];
	unsigned int made = 0, flow;
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	sender->failed = fd < 0;
	make_frame(icmp, IPPROTO_ICMP, sender->number);
	icmp[34] = 8; /* echo request */
	make_frame(udp, IPPROTO_UDP, 100);
	put_port(udp + 36, 9);
	put_port(udp + 38, 26);
	for (; !sender->failed && clock_s() < sender->end_s; made++) {
		flow = made / ICMP_EVERY % FLOWS;
		put_port(udp + 34, 1000 + flow);
		if (made % ICMP_EVERY == 0) {
			sender->failed = !send_frame(sender, fd, icmp);
			sender->icmp++;
		} else {
			sender->failed = !send_frame(sender, fd, udp);
			sender->udp[flow]++;
		}
		if (pause.tv_nsec)
			clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
	}
	return NULL;
}

static struct flow_key make_key(uint8_t protocol, uint8_t host, uint16_t sport, uint16_t dport)
{
	struct flow_key key = {.sport = sport,
			       .dport = dport,
			       .ethertype = ETH_P_IP,
			       .ipproto = protocol,
			       .where = FLOW_OUT};
	const uint8_t src[] = {0xff, 0xff, 10, 66, 0, host}, dst[] = {0xff, 0xff, 10, 66, 1, 2};

	memcpy(key.src + 10, src, sizeof(src));
	memcpy(key.dst + 10, dst, sizeof(dst));
	return key;
}

static void write_record(FILE *file, struct flow_key key, uint64_t packets)
{
	const struct blast_record record = {
		.key = key, .counts = {.packets = packets, .bytes = packets * FRAME}};

	if (packets)
		fwrite(&record, sizeof(record), 1, file);
}

/* Each sender's records; compare_flows adds up those of one flow. */
static int write_sent(const struct sender sender[SENDERS], const char *path)
{
	FILE *file = fopen(path, "we");

	if (!file)
		return -errno;
	for (size_t i = 0; i < SENDERS; i++) {
		write_record(file, make_key(IPPROTO_ICMP, sender[i].number, 8, 0), sender[i].icmp);
		for (unsigned int flow = 0; flow < FLOWS; flow++)
			write_record(file, make_key(IPPROTO_UDP, 100, (uint16_t)(1000 + flow), 9),
				     sender[i].udp[flow]);
	}
	return fclose(file) ? -errno : 0;
}

/* A thread of that rank on the CPU this one runs on. */
static int start(struct sender *sender, int cpu)
{
	struct sched_param param = {.sched_priority = sender->rank->priority};
	pthread_attr_t attr;
	cpu_set_t cpus;
	int err;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	pthread_attr_init(&attr);
	pthread_attr_setaffinity_np(&attr, sizeof(cpus), &cpus);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, param.sched_priority ? SCHED_FIFO : SCHED_OTHER);
	pthread_attr_setschedparam(&attr, &param);
	err = pthread_create(&sender->thread, &attr, sender_run, sender);
	pthread_attr_destroy(&attr);
	return err;
}

int main(int argc, char **argv)
{
	static struct sender sender[SENDERS];
	const struct sockaddr_ll to = {.sll_family = AF_PACKET,
				       .sll_ifindex = argc == 4 ? (int)if_nametoindex(argv[1]) : 0,
				       .sll_halen = ETH_ALEN};
	time_t end_s = argc == 4 ? clock_s() + atoi(argv[2]) : 0;
	int cpu = sched_getcpu(), err = 0;
	uint64_t sent = 0;
	size_t started;

	if (!to.sll_ifindex) {
		fputs("usage: ranked_send IFACE SECONDS FILE\n", stderr);
		return 2;
	}
	for (started = 0; started < SENDERS && !err; started += !err) {
		sender[started] = (struct sender){.rank = &ranks[started],
						  .to = to,
						  .end_s = end_s,
						  .number = (uint8_t)(started + 1)};
		err = start(&sender[started], cpu);
	}
	for (size_t i = 0; i < started; i++) {
		pthread_join(sender[i].thread, NULL);
		err = sender[i].failed ? EIO : err;
		sent += sender[i].icmp;
	}
	if (!err)
		err = -write_sent(sender, argv[3]);
	if (err)
		fprintf(stderr, "ranked_send: %s\n", strerror(err));
	printf("%llu ICMP packets sent\n", (unsigned long long)sent);
	return err ? 1 : 0;
}
