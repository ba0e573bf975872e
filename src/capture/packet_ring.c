/* SPDX-License-Identifier: MIT */
/* A packet socket with a ring; see packet_ring.h. */
#include "packet_ring.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "array.h"
#include "flow_abi.h"
#include "sample_abi.h"

#define ETH_P_UNSAID 0xffff /* FLOW_ETH_P_UNSAID: the version nibble says */

/* Below 0x600, where EtherTypes begin, and not among the numbers that the kernel made up there. */
#define PROTOCOL_NONE 0x00ff

/* Bytes of the packet from its network header on, also by X. */
#define NETWORK(offset) ((uint32_t)SKF_NET_OFF + (offset))
#define LOAD(size, mode, offset) BPF_STMT(BPF_LD | (size) | (mode), NETWORK(offset))
#define DO(operation, value)	 BPF_STMT(BPF_ALU | (operation) | BPF_K, value)
/* The instruction at a place goes on at one of two others. */
#define IF(place, test, value, yes, no)                                         \
	BPF_JUMP(BPF_JMP | (test) | BPF_K, value, (uint8_t)((yes) - (place) - 1), \
		 (uint8_t)((no) - (place) - 1))

enum { IPV6 = 14, TRANSPORT = 16, UDP = 27, ALL_HEADERS = 39, PAYLOAD_TOO = 40 };

/*
 * How much of each packet is copied: all headers, and the payload too where a name can be in it. That is
 * TCP with PSH, which ends what was sent at once, or with a handshake record of TLS at the start; and UDP
 * with the long header of QUIC or with the port of a name service. A load beyond the packet would drop
 * it: only packets that are longer than all headers are looked at.
 */
static const struct sock_filter payload_snap[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
	IF(1, BPF_JGT, PACKET_RING_SNAP, 2, ALL_HEADERS),
	LOAD(BPF_B, BPF_ABS, 0),
	DO(BPF_AND, 0xf0),
	IF(4, BPF_JEQ, 0x60, IPV6, 5),
	IF(5, BPF_JEQ, 0x40, 6, ALL_HEADERS),
	LOAD(BPF_H, BPF_ABS, 6),
	IF(7, BPF_JSET, 0x1fff, ALL_HEADERS, 8), /* a later fragment */
	LOAD(BPF_B, BPF_ABS, 0),
	DO(BPF_AND, 0x0f),
	DO(BPF_LSH, 2),
	BPF_STMT(BPF_MISC | BPF_TAX, 0),
	LOAD(BPF_B, BPF_ABS, 9),
	BPF_STMT(BPF_JMP | BPF_JA, TRANSPORT - 14),
	[IPV6] = BPF_STMT(BPF_LDX | BPF_W | BPF_IMM, 40),
	LOAD(BPF_B, BPF_ABS, 6),
	[TRANSPORT] = IF(16, BPF_JEQ, IPPROTO_UDP, UDP, 17),
	IF(17, BPF_JEQ, IPPROTO_TCP, 18, ALL_HEADERS),
	LOAD(BPF_B, BPF_IND, 13),
	IF(19, BPF_JSET, 0x08, PAYLOAD_TOO, 20),
	LOAD(BPF_B, BPF_IND, 12),
	DO(BPF_AND, 0xf0),
	DO(BPF_RSH, 2),
	BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0),
	BPF_STMT(BPF_MISC | BPF_TAX, 0),
	LOAD(BPF_B, BPF_IND, 0),
	IF(26, BPF_JEQ, 22, PAYLOAD_TOO, ALL_HEADERS),
	[UDP] = LOAD(BPF_B, BPF_IND, 8),
	IF(28, BPF_JGE, 0xc0, PAYLOAD_TOO, 29),
	LOAD(BPF_H, BPF_IND, 0),
	IF(30, BPF_JEQ, FLOW_PORT_DNS, PAYLOAD_TOO, 31),
	IF(31, BPF_JEQ, FLOW_PORT_MDNS, PAYLOAD_TOO, 32),
	IF(32, BPF_JEQ, FLOW_PORT_LLMNR, PAYLOAD_TOO, 33),
	IF(33, BPF_JEQ, FLOW_PORT_NETBIOS, PAYLOAD_TOO, 34),
	LOAD(BPF_H, BPF_IND, 2),
	IF(35, BPF_JEQ, FLOW_PORT_DNS, PAYLOAD_TOO, 36),
	IF(36, BPF_JEQ, FLOW_PORT_MDNS, PAYLOAD_TOO, 37),
	IF(37, BPF_JEQ, FLOW_PORT_LLMNR, PAYLOAD_TOO, 38),
	IF(38, BPF_JEQ, FLOW_PORT_NETBIOS, PAYLOAD_TOO, ALL_HEADERS),
	[ALL_HEADERS] = BPF_STMT(BPF_RET | BPF_K, PACKET_RING_SNAP),
	[PAYLOAD_TOO] = BPF_STMT(BPF_RET | BPF_K, PACKET_RING_SNAP + SAMPLE_LARGE),
};

_Static_assert(ARRAY_SIZE(payload_snap) == PAYLOAD_TOO + 1, "places are those of the instructions");

static int set_snap(int fd, bool payloads)
{
	const size_t from = payloads ? 0 : ALL_HEADERS, count = payloads ? PAYLOAD_TOO + 1 : 1;
	struct sock_filter filter[ARRAY_SIZE(payload_snap)];
	const struct sock_fprog program = {.len = (unsigned short)count, .filter = filter};

	memcpy(filter, payload_snap + from, count * sizeof(*filter));
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) ? -errno : 0;
}

static int make_ring(struct packet_ring *ring, size_t bytes)
{
	struct tpacket_req3 request = {
		.tp_block_size = PACKET_RING_BLOCK,
		.tp_frame_size = 2048, /* without a meaning for blocks, but checked */
		.tp_retire_blk_tov = PACKET_RING_RETIRE_MS,
	};
	int failed = -ENOMEM;

	for (; bytes >= 2 * PACKET_RING_BLOCK; bytes /= 2) {
		request.tp_block_nr = (unsigned int)(bytes / PACKET_RING_BLOCK);
		request.tp_frame_nr =
			request.tp_block_nr * (PACKET_RING_BLOCK / request.tp_frame_size);
		if (!setsockopt(ring->fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof(request))) {
			ring->blocks = request.tp_block_nr;
			ring->bytes = (size_t)request.tp_block_nr * PACKET_RING_BLOCK;
			return 0;
		}
		failed = -errno;
		if (failed != -ENOMEM)
			break;
	}
	return failed;
}

static int map_ring(struct packet_ring *ring)
{
	void *memory = mmap(NULL, ring->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);

	if (memory == MAP_FAILED)
		return -errno;
	ring->memory = memory;
	return 0;
}

static int bind_to(struct packet_ring *ring, unsigned int ifindex, uint16_t protocol)
{
	const struct sockaddr_ll address = {.sll_family = AF_PACKET,
					    .sll_protocol = htons(protocol),
					    .sll_ifindex = (int)ifindex};

	return bind(ring->fd, (const struct sockaddr *)&address, sizeof(address)) ? -errno : 0;
}

int packet_ring_bind(struct packet_ring *ring, unsigned int ifindex)
{
	ring->ifindex = ifindex;
	return bind_to(ring, ifindex, ETH_P_ALL);
}

int packet_ring_open(struct packet_ring *ring, unsigned int ifindex, size_t bytes, bool payloads)
{
	const int version = TPACKET_V3, on = 1;
	int err;

	/* Protocol 0: nothing comes before everything is set. */
	*ring = (struct packet_ring){.fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)};
	if (ring->fd < 0)
		return -errno;
	if (setsockopt(ring->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)))
		err = -errno;
	else
		err = set_snap(ring->fd, payloads);
	ring->has_vnet = !setsockopt(ring->fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on));
	if (!err)
		err = make_ring(ring, bytes);
	if (!err)
		err = map_ring(ring);
	if (!err)
		err = packet_ring_bind(ring, ifindex);
	if (err)
		packet_ring_close(ring);
	return err;
}

void packet_ring_close(struct packet_ring *ring)
{
	if (ring->memory)
		munmap(ring->memory, ring->bytes);
	if (ring->fd >= 0)
		close(ring->fd);
	*ring = (struct packet_ring){.fd = -1};
}

/* On an interface without a header of its own the packet begins at the network header. */
static void read_head(const struct packet_ring *ring, const struct tpacket3_hdr *head,
		      bool has_link_header, uint16_t ethertype, struct captured *captured)
{
	const uint8_t *bytes = (const uint8_t *)head;
	struct virtio_net_hdr vnet;

	*captured = (struct captured){.data = bytes + head->tp_mac,
				      .size = head->tp_snaplen,
				      .length = head->tp_len,
				      .stripped = head->tp_status & TP_STATUS_VLAN_VALID};
	if (ring->has_vnet) {
		__builtin_memcpy(&vnet, bytes + head->tp_mac - sizeof(vnet), sizeof(vnet));
		if (vnet.gso_type != VIRTIO_NET_HDR_GSO_NONE)
			captured->gso_size = vnet.gso_size;
	}
	if (!has_link_header) {
		uint32_t before = (uint32_t)head->tp_net - head->tp_mac;

		captured->data += before < captured->size ? before : captured->size;
		captured->size -= before < captured->size ? before : captured->size;
		captured->length -= before < captured->length ? before : captured->length;
		captured->ethertype = ethertype ? ethertype : ETH_P_UNSAID;
	}
}

static bool has_link_header(unsigned int arphrd)
{
	/* ARPHRD_ETHER, ARPHRD_LOOPBACK: linux/if_arp.h cannot stand beside net/if.h. */
	return arphrd == 1 || arphrd == 772;
}

static void read_ring_packet(const struct packet_ring *ring, const struct tpacket3_hdr *head,
			struct ring_packet *packet)
{
	const struct sockaddr_ll *from =
		(const void *)((const uint8_t *)head + TPACKET_ALIGN(sizeof(*head)));

	packet->index = (unsigned int)from->sll_ifindex;
	packet->arphrd = from->sll_hatype;
	packet->dir = from->sll_pkttype == PACKET_OUTGOING ? FLOW_OUT : FLOW_IN;
	read_head(ring, head, has_link_header(from->sll_hatype), ntohs(from->sll_protocol),
		  &packet->captured);
}

bool packet_ring_read(struct packet_ring *ring,
		      void (*take)(void *context, const struct ring_packet *packet), void *context)
{
	uint8_t *at = ring->memory + (size_t)ring->next * PACKET_RING_BLOCK;
	struct tpacket_hdr_v1 *block = &((struct tpacket_block_desc *)(void *)at)->hdr.bh1;
	struct ring_packet packet;
	socklen_t size = sizeof(int);
	int pending;

	if (!(__atomic_load_n(&block->block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER)) {
		(void)!getsockopt(ring->fd, SOL_SOCKET, SO_ERROR, &pending, &size);
		return false;
	}
	at += block->offset_to_first_pkt;
	for (uint32_t i = 0; i < block->num_pkts; i++) {
		const struct tpacket3_hdr *head = (const void *)at;

		read_ring_packet(ring, head, &packet);
		take(context, &packet);
		at += head->tp_next_offset;
	}
	__atomic_store_n(&block->block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	ring->next = (ring->next + 1) % ring->blocks;
	return true;
}

uint64_t packet_ring_drops(struct packet_ring *ring)
{
	struct tpacket_stats_v3 stats = {0};
	socklen_t size = sizeof(stats);

	if (getsockopt(ring->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size))
		return 0;
	return stats.tp_drops;
}

/* The kernel returns from it when no packet is on its way to the ring any more. */
void packet_ring_mute(struct packet_ring *ring)
{
	(void)bind_to(ring, ring->ifindex, PROTOCOL_NONE);
}
