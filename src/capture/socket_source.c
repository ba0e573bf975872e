/* SPDX-License-Identifier: MIT */
/*
 * Packet sockets as a source: one with a ring for each interface that was named, or one for all of
 * them. The collector thread reads the rings when they are readable and before a drain; what the
 * kernel had no room for is in a row of its own.
 */
#include "socket_source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clock.h"
#include "counter.h"
#include "iface.h"
#include "packet_ring.h"
#include "wait.h"

/* Blocks read in one turn, so that a deadline need not wait for long. */
#define TURN_BLOCKS 8

struct socket_source {
	struct flow_source base;
	struct counter counter;
	struct packet_ring *ring; /* by slot; with `any` just one */
	unsigned int rings;
	int epoll_fd;
	bool any, exit_on_loss;
	bool payloads; /* are wanted, for samples */
	char asked[FLOW_IFACES_MAX][IF_NAMESIZE]; /* by slot: the name it is watched by */
	struct ifaces *ifaces;
	unsigned int last; /* slot of the packet before */
	uint64_t now_ns;   /* of the block that is read */
};

static struct socket_source *socket_source_of(const struct flow_source *base)
{
	return (struct socket_source *)base;
}

/* A copy of the table to change, with room for `count` slots; NULL without memory. */
static struct ifaces *copy_ifaces(const struct socket_source *source, unsigned int count)
{
	const struct ifaces *old = source->ifaces;
	struct ifaces *ifaces;

	if (ifaces_new(count, &ifaces))
		return NULL;
	ifaces->any = source->any;
	for (unsigned int slot = 0; old && slot < old->count && slot < count; slot++)
		ifaces->entry[slot] = old->entry[slot];
	return ifaces;
}

static void replace_ifaces(struct socket_source *source, struct ifaces *ifaces)
{
	ifaces->watched = 0;
	for (unsigned int slot = 0; slot < ifaces->count; slot++)
		ifaces->watched += ifaces->entry[slot].state == IFACE_WATCHED;
	if (source->ifaces && ifaces_equal(ifaces, source->ifaces)) {
		ifaces_unref(ifaces);
		return;
	}
	ifaces_unref(source->ifaces);
	source->ifaces = ifaces;
}

static void watch_entry(struct ifaces_entry *entry, const char *name, unsigned int index)
{
	snprintf(entry->name, sizeof(entry->name), "%s", name);
	entry->index = index;
	entry->state = IFACE_WATCHED;
	entry->since_wall_ns = clock_wall_ns();
	entry->lower_slot = -1;
}

/* Any ring's socket asks about interfaces of its own network namespace. */
static bool name_of_index(const struct socket_source *source, unsigned int index,
			  char name[IF_NAMESIZE])
{
	struct ifreq request = {.ifr_ifindex = (int)index};

	if (ioctl(source->ring[0].fd, SIOCGIFNAME, &request))
		return false;
	memcpy(name, request.ifr_name, IF_NAMESIZE);
	return true;
}

static unsigned int index_of_name(const struct socket_source *source, const char *name)
{
	struct ifreq request = {0};

	memcpy(request.ifr_name, name, strnlen(name, IF_NAMESIZE - 1));
	return ioctl(source->ring[0].fd, SIOCGIFINDEX, &request) ? 0
								 : (unsigned int)request.ifr_ifindex;
}

/* The slot of an interface that is new with `any`, or has returned as another one. */
static unsigned int take_slot(struct socket_source *source, unsigned int index)
{
	unsigned int slot = 0, count = source->ifaces->count;
	char name[IF_NAMESIZE];
	struct ifaces *ifaces;

	if (!name_of_index(source, index, name))
		return FLOW_SLOT_GONE;
	while (slot < count && *source->ifaces->entry[slot].name &&
	       strcmp(source->ifaces->entry[slot].name, name) != 0)
		slot++;
	if (slot >= FLOW_SLOT_GONE)
		return FLOW_SLOT_GONE;
	ifaces = copy_ifaces(source, slot < count ? count : slot + 1);
	if (!ifaces)
		return FLOW_SLOT_GONE;
	watch_entry(&ifaces->entry[slot], name, index);
	replace_ifaces(source, ifaces);
	return slot;
}

/* The row for what is of no slot: interfaces beyond those that can be told apart, and unseen packets. */
static unsigned int slot_of_rest(struct socket_source *source)
{
	struct ifaces *ifaces;

	if (source->ifaces->count <= FLOW_SLOT_GONE) {
		ifaces = copy_ifaces(source, FLOW_SLOT_GONE + 1);
		if (!ifaces)
			return 0;
		for (unsigned int slot = source->ifaces->count; slot <= FLOW_SLOT_GONE; slot++)
			ifaces->entry[slot].state = IFACE_FREE;
		snprintf(ifaces->entry[FLOW_SLOT_GONE].name, IF_NAMESIZE, "any");
		replace_ifaces(source, ifaces);
	}
	return FLOW_SLOT_GONE;
}

static unsigned int slot_of_index(struct socket_source *source, unsigned int index)
{
	const struct ifaces *ifaces = source->ifaces;
	unsigned int slot = source->last;

	if (slot < ifaces->count && ifaces->entry[slot].index == index)
		return slot;
	for (slot = 0; slot < ifaces->count; slot++) {
		if (ifaces->entry[slot].state == IFACE_WATCHED &&
		    ifaces->entry[slot].index == index)
			return slot;
	}
	slot = take_slot(source, index);
	return slot == FLOW_SLOT_GONE ? slot_of_rest(source) : slot;
}

static void take_packet_of_ring(void *context, const struct ring_packet *packet)
{
	struct socket_source *source = context;
	enum flow_link link;

	/* What no program would be attached to, with `any`. */
	if (iface_link_layer(packet->arphrd, &link))
		return;
	if (source->any)
		source->last = slot_of_index(source, packet->index);
	counter_add(&source->counter, &packet->captured, source->last, packet->dir,
		    (int64_t)source->now_ns);
}

/* Up to `blocks` of each ring. True when one may have more. */
static bool read_rings(struct socket_source *source, unsigned int blocks)
{
	bool more = false;

	source->now_ns = clock_mono_ns();
	for (unsigned int i = 0; i < source->rings; i++) {
		unsigned int left = blocks;

		if (!source->any)
			source->last = i;
		while (left && packet_ring_read(&source->ring[i], take_packet_of_ring, source))
			left--;
		more |= !left;
	}
	return more;
}

static bool socket_wants_drain(struct flow_source *base)
{
	struct socket_source *source = socket_source_of(base);

	read_rings(source, TURN_BLOCKS);
	return tally_is_full(&source->counter.tally);
}

static uint64_t count_drops(struct socket_source *source)
{
	uint64_t unseen = 0;

	for (unsigned int i = 0; i < source->rings; i++) {
		uint64_t drops = packet_ring_drops(&source->ring[i]);

		unseen += drops;
		if (drops)
			counter_add_unseen(&source->counter,
					   source->any ? slot_of_rest(source) : i, drops);
	}
	return unseen;
}

static void socket_drain(struct flow_source *base, const struct flow_sink *sink,
			 struct source_reading *ret_reading)
{
	struct socket_source *source = socket_source_of(base);

	*ret_reading = (struct source_reading){.mono_ns = clock_mono_ns()};
	/* Not for ever: while they are read, they are filled again. */
	read_rings(source, TURN_BLOCKS);
	ret_reading->unseen = count_drops(source);
	counter_drain(&source->counter, sink, ret_reading);
}

/* What was received before is read to the end: blocks come until the last one was handed over. */
static void socket_detach(struct flow_source *base)
{
	struct socket_source *source = socket_source_of(base);
	struct pollfd ready = {.fd = source->epoll_fd, .events = POLLIN};
	const unsigned int most = PACKET_RING_BYTES / PACKET_RING_BLOCK;

	for (unsigned int i = 0; i < source->rings; i++)
		packet_ring_mute(&source->ring[i]);
	for (unsigned int turn = 0; turn < 2 * most; turn++) {
		if (wait_ready(&ready, 1, 3 * PACKET_RING_RETIRE_MS) == 0)
			break;
		read_rings(source, most);
	}
}

static int socket_wake_fd(struct flow_source *base)
{
	return socket_source_of(base)->epoll_fd;
}

static int socket_links_fd(struct flow_source *base)
{
	(void)base;
	return -1;
}

static bool socket_no(struct flow_source *base)
{
	(void)base;
	return false;
}

static bool socket_give_up_slots(struct flow_source *base, bool ret_slot[FLOW_IFACES_MAX])
{
	(void)base;
	(void)ret_slot;
	return false;
}

/* Still there, perhaps under another name; gone; or returned as another one. */
static void follow_entry(struct socket_source *source, unsigned int slot,
			 struct ifaces_entry *entry)
{
	unsigned int index;

	if (entry->state != IFACE_WATCHED && entry->state != IFACE_GONE)
		return;
	if (entry->state == IFACE_WATCHED && name_of_index(source, entry->index, entry->name))
		return;
	index = index_of_name(source, source->any ? entry->name : source->asked[slot]);
	if (index && (source->any || !packet_ring_bind(&source->ring[slot], index))) {
		watch_entry(entry, source->any ? entry->name : source->asked[slot], index);
	} else if (entry->state == IFACE_WATCHED) {
		entry->state = IFACE_GONE;
		entry->since_wall_ns = clock_wall_ns();
	}
}

static bool socket_on_deadline(struct flow_source *base)
{
	struct socket_source *source = socket_source_of(base);
	struct ifaces *ifaces = copy_ifaces(source, source->ifaces->count);

	if (!ifaces)
		return false;
	for (unsigned int slot = 0; slot < ifaces->count; slot++)
		follow_entry(source, slot, &ifaces->entry[slot]);
	replace_ifaces(source, ifaces);
	return source->exit_on_loss && !source->ifaces->watched;
}

static struct ifaces *socket_ifaces(const struct flow_source *base)
{
	return ifaces_ref(socket_source_of(base)->ifaces);
}

static void socket_state(const struct flow_source *base, struct source_state *ret_state)
{
	counter_state(&socket_source_of(base)->counter, ret_state);
}

static const char *socket_way(const struct flow_source *base)
{
	const struct socket_source *source = socket_source_of(base);

	return source->ring[0].has_vnet ? SOCKET_SOURCE_WAY
					: SOCKET_SOURCE_WAY ", super-packets as one";
}

static const struct flow_source_ops socket_source_ops = {
	.drain = socket_drain,
	.detach = socket_detach,
	.wake_fd = socket_wake_fd,
	.wants_drain = socket_wants_drain,
	.links_fd = socket_links_fd,
	.on_links = socket_no,
	.on_deadline = socket_on_deadline,
	.wants_slots = socket_no,
	.give_up_slots = socket_give_up_slots,
	.ifaces = socket_ifaces,
	.state = socket_state,
	.way = socket_way,
};

void socket_source_free(struct flow_source *base)
{
	struct socket_source *source = socket_source_of(base);

	if (!source)
		return;
	for (unsigned int i = 0; i < source->rings; i++)
		packet_ring_close(&source->ring[i]);
	free(source->ring);
	if (source->epoll_fd >= 0)
		close(source->epoll_fd);
	counter_close(&source->counter);
	ifaces_unref(source->ifaces);
	free(source);
}

static int open_ring(struct socket_source *source, unsigned int ifindex, size_t bytes)
{
	struct epoll_event event = {.events = EPOLLIN};
	struct packet_ring *ring = &source->ring[source->rings];
	int err = packet_ring_open(ring, ifindex, bytes, source->payloads);

	if (err)
		return err;
	source->rings++;
	return epoll_ctl(source->epoll_fd, EPOLL_CTL_ADD, ring->fd, &event) ? -errno : 0;
}

/* With `any` the socket is open before interfaces are looked up, so none is missed between. */
static int open_any_iface(struct socket_source *source)
{
	struct if_nameindex *all, *one;
	struct ifaces *ifaces = copy_ifaces(source, 0);
	int err = ifaces ? open_ring(source, 0, PACKET_RING_BYTES) : -ENOMEM;

	if (!ifaces)
		return err;
	replace_ifaces(source, ifaces);
	all = err ? NULL : if_nameindex();
	for (one = all; one && one->if_index; one++) {
		struct ifreq request = {0};
		enum flow_link link;
		struct iface iface;

		memcpy(request.ifr_name, one->if_name, strnlen(one->if_name, IF_NAMESIZE - 1));
		if (!ioctl(source->ring[0].fd, SIOCGIFFLAGS, &request) &&
		    request.ifr_flags & IFF_UP && !iface_find(one->if_name, &iface) &&
		    !iface_link_layer(iface.arphrd, &link))
			take_slot(source, one->if_index);
	}
	if_freenameindex(all);
	return err;
}

static int open_named_ifaces(struct socket_source *source, const struct socket_source_options *options)
{
	size_t bytes = PACKET_RINGS_BYTES / options->names;
	struct ifaces *ifaces = copy_ifaces(source, (unsigned int)options->names);
	int err = ifaces ? 0 : -ENOMEM;

	if (bytes > PACKET_RING_BYTES)
		bytes = PACKET_RING_BYTES;
	for (size_t i = 0; i < options->names && !err; i++) {
		struct iface iface;

		memcpy(source->asked[i], options->name[i], IF_NAMESIZE);
		err = iface_find(options->name[i], &iface);
		if (!err)
			err = open_ring(source, iface.index, bytes);
		if (!err)
			watch_entry(&ifaces->entry[i], iface.name, iface.index);
	}
	if (err)
		ifaces_unref(ifaces);
	else
		replace_ifaces(source, ifaces);
	return err;
}

int socket_source_open(const struct socket_source_options *options,
		       struct flow_source **ret_source)
{
	struct socket_source *source = calloc(1, sizeof(*source));
	int err;

	if (!source)
		return -ENOMEM;
	source->base.ops = &socket_source_ops;
	source->any = options->any;
	source->exit_on_loss = options->exit_on_loss;
	source->payloads = options->samples && options->samples->ring;
	source->ring = calloc(options->any ? 1 : options->names, sizeof(*source->ring));
	source->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	err = !source->ring ? -ENOMEM : source->epoll_fd < 0 ? -errno : 0;
	if (!err)
		err = counter_open(&source->counter, options->no_arp, NULL, options->samples);
	if (!err)
		err = options->any ? open_any_iface(source) : open_named_ifaces(source, options);
	if (err) {
		socket_source_free(&source->base);
		return err;
	}
	*ret_source = &source->base;
	return 0;
}
