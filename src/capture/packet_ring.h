/* SPDX-License-Identifier: MIT */
/*
 * A packet socket with a ring of blocks that the kernel fills and the program maps (TPACKET_V3,
 * Documentation/networking/packet_mmap.rst in the kernel). The opener owns it; one thread at a time.
 */
#ifndef PKTSTAT_PACKET_RING_H
#define PKTSTAT_PACKET_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "captured.h"

#define PACKET_RING_BLOCK (1U << 19)
/* Memory of one ring at most, and of all rings of a run together. */
#define PACKET_RING_BYTES     (32U << 20)
#define PACKET_RINGS_BYTES    (256U << 20)
#define PACKET_RING_BYTES_MIN (4U << 20)
/* A block that is not full is handed over after this time. */
#define PACKET_RING_RETIRE_MS 40
/*
 * Bytes of each packet that the kernel copies: all headers that tell flows apart, and more. With
 * payloads, SAMPLE_LARGE more of those that may have a name in them.
 */
#define PACKET_RING_SNAP 384

struct packet_ring {
	int fd;
	uint8_t *memory;
	size_t bytes;
	unsigned int blocks;
	unsigned int next; /* block to read */
	unsigned int ifindex; /* bound to last */
	bool has_vnet;	   /* the kernel says of what segments a super-packet consists */
};

/* A packet with what the kernel says beside it. */
struct ring_packet {
	struct captured captured; /* its data is valid until the function returns */
	unsigned int index;	  /* of the interface */
	unsigned int arphrd;
	int dir; /* enum flow_dir */
};

/*
 * Opens a socket on an interface; 0: on all. The ring has at most `bytes`, and fewer where memory is
 * short. `payloads`: those of packets are wanted too. 0; -EPERM: no CAP_NET_RAW; or another negative errno.
 */
int packet_ring_open(struct packet_ring *ring, unsigned int ifindex, size_t bytes, bool payloads);
/* Safe to call twice. */
void packet_ring_close(struct packet_ring *ring);

/* Receives from that interface from now on, one that has returned. 0 or a negative errno. */
int packet_ring_bind(struct packet_ring *ring, unsigned int ifindex);

/*
 * Hands over the packets of the next block and gives it back. False: none is ready. An error that is
 * pending at the socket (its interface went) is taken, and forgotten.
 */
bool packet_ring_read(struct packet_ring *ring,
		      void (*take)(void *context, const struct ring_packet *packet),
		      void *context);

/* Packets for which the ring had no room since this was asked last. */
uint64_t packet_ring_drops(struct packet_ring *ring);

/* Receives nothing more. What was received is handed over PACKET_RING_RETIRE_MS later at the latest. */
void packet_ring_mute(struct packet_ring *ring);

#endif
