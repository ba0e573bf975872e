/* SPDX-License-Identifier: MIT */
/* A packet socket with a ring; see packet_ring.h. */
#include "packet_ring.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "flow_abi.h"

#define ETH_P_UNSAID 0xffff /* FLOW_ETH_P_UNSAID: the version nibble says */

/* Below 0x600, where EtherTypes begin, and not among the numbers that the kernel made up there. */
#define PROTOCOL_NONE 0x00ff

/* A filter of one instruction: so many bytes of each packet are copied. */
static int set_snap(int fd, uint32_t bytes)
{
	struct sock_filter accept = BPF_STMT(BPF_RET | BPF_K, bytes);
	const struct sock_fprog program = {.len = 1, .filter = &accept};

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

int packet_ring_open(struct packet_ring *ring, unsigned int ifindex, size_t bytes)
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
		err = set_snap(ring->fd, PACKET_RING_SNAP);
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
