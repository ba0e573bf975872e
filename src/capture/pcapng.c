/* SPDX-License-Identifier: MIT */
/* Blocks of a pcapng file; see pcapng.h. Numbers of blocks and options are the draft's. */
#include "pcapng.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flow_abi.h"

enum {
	BLOCK_IFACE = 1,
	BLOCK_PACKET_OLD = 2,
	BLOCK_PACKET_SIMPLE = 3,
	BLOCK_PACKET = 6,
};

enum {
	OPTION_END = 0,
	OPTION_FLAGS = 2, /* of packets; of interfaces: */
	OPTION_NAME = 2,
	OPTION_RESOLUTION = 9,
	OPTION_OFFSET = 14,
};

#define MAGIC		   0x1a2b3c4dU
#define BLOCK_MIN	   12 /* with an empty body */
#define SECTION_BODY	   16
#define RESOLUTION_DEFAULT 6 /* microseconds */

/* The body of a block. */
struct body {
	const uint8_t *at;
	uint32_t size;
};

static uint16_t get16(const struct pcapng *pcapng, const uint8_t *from)
{
	uint16_t value;

	memcpy(&value, from, sizeof(value));
	return pcapng->swapped ? __builtin_bswap16(value) : value;
}

static uint32_t get32(const struct pcapng *pcapng, const uint8_t *from)
{
	uint32_t value;

	memcpy(&value, from, sizeof(value));
	return pcapng->swapped ? __builtin_bswap32(value) : value;
}

static uint64_t get64(const struct pcapng *pcapng, const uint8_t *from)
{
	uint64_t value;

	memcpy(&value, from, sizeof(value));
	return pcapng->swapped ? __builtin_bswap64(value) : value;
}

static int damaged(struct pcapng *pcapng, const char *why)
{
	pcapng->why = why;
	return -EBADMSG;
}

void pcapng_init(struct pcapng *pcapng, struct input *input)
{
	*pcapng = (struct pcapng){.input = input};
}

void pcapng_close(struct pcapng *pcapng)
{
	free(pcapng->iface);
	pcapng->iface = NULL;
	pcapng->ifaces = pcapng->room = 0;
}

/* The next option behind `*at`; NULL at the last, or where what follows is none. */
static const uint8_t *next_option(const struct pcapng *pcapng, const struct body *body,
				  uint32_t *at, uint16_t *ret_code, uint16_t *ret_size)
{
	const uint8_t *option = body->at + *at;
	uint32_t left = body->size - *at;

	if (left < 4)
		return NULL;
	*ret_code = get16(pcapng, option);
	*ret_size = get16(pcapng, option + 2);
	if (*ret_code == OPTION_END || *ret_size > left - 4)
		return NULL;
	*at += 4 + (*ret_size + 3U) / 4 * 4;
	if (*at > body->size)
		*at = body->size;
	return option + 4;
}

static void take_iface_option(const struct pcapng *pcapng, struct pcapng_iface *iface,
			      uint16_t code, const uint8_t *value, uint16_t size)
{
	size_t length = size < PCAPNG_NAME_SIZE - 1 ? size : PCAPNG_NAME_SIZE - 1;

	if (code == OPTION_NAME) {
		memcpy(iface->name, value, length);
		iface->name[length] = '\0';
	} else if (code == OPTION_RESOLUTION && size == 1) {
		iface->resolution = *value;
	} else if (code == OPTION_OFFSET && size == 8) {
		iface->offset_s = (int64_t)get64(pcapng, value);
	}
}

static int make_room_for_iface(struct pcapng *pcapng)
{
	uint32_t room = pcapng->room ? 2 * pcapng->room : 4;
	struct pcapng_iface *more;

	if (pcapng->ifaces < pcapng->room)
		return 0;
	if (pcapng->ifaces == PCAPNG_IFACES_MAX)
		return damaged(pcapng, "it has more than 4096 interfaces");
	more = realloc(pcapng->iface, room * sizeof(*more));
	if (!more)
		return -ENOMEM;
	pcapng->iface = more;
	pcapng->room = room;
	return 0;
}

static int take_iface(struct pcapng *pcapng, const struct body *body)
{
	struct pcapng_iface iface = {.resolution = RESOLUTION_DEFAULT};
	uint16_t code, size;
	const uint8_t *value;
	uint32_t at = 8;
	int err = make_room_for_iface(pcapng);

	if (err)
		return err;
	if (body->size < at)
		return damaged(pcapng, "the block of an interface is too short");
	iface.link_type = get16(pcapng, body->at);
	iface.snap = get32(pcapng, body->at + 4);
	while ((value = next_option(pcapng, body, &at, &code, &size)))
		take_iface_option(pcapng, &iface, code, value, size);
	pcapng->iface[pcapng->ifaces++] = iface;
	return 0;
}

/* Far enough from the ends of what 64 bits hold that differences are numbers too. */
#define WALL_MAX_NS (INT64_MAX / 2)

static int64_t wall_of(const struct pcapng_iface *iface, uint64_t stamp)
{
	unsigned int exponent = iface->resolution & 0x7f;
	unsigned __int128 ns = stamp;
	__int128 wall_ns;

	if (iface->resolution & 0x80) {
		ns = exponent < 64 ? ns * 1000000000U >> exponent : 0;
	} else {
		for (; exponent < 9; exponent++)
			ns *= 10;
		for (; exponent > 9 && ns; exponent--)
			ns /= 10;
	}
	wall_ns = (__int128)ns + (__int128)iface->offset_s * 1000000000;
	if (wall_ns < 0)
		return 0;
	return wall_ns > WALL_MAX_NS ? WALL_MAX_NS : (int64_t)wall_ns;
}

/* The two lowest bits of epb_flags. */
static int dir_of_flags(uint32_t flags)
{
	switch (flags & 3) {
	case 1: return FLOW_IN;
	case 2: return FLOW_OUT;
	default: return -1;
	}
}

static int find_dir(const struct pcapng *pcapng, const struct body *body, uint32_t at)
{
	uint16_t code, size;
	const uint8_t *value;

	while ((value = next_option(pcapng, body, &at, &code, &size))) {
		if (code == OPTION_FLAGS && size == 4)
			return dir_of_flags(get32(pcapng, value));
	}
	return -1;
}

/* Time of a packet block of either kind with this body. */
static int64_t stamp_of(const struct pcapng *pcapng, uint32_t iface, const uint8_t *body)
{
	return wall_of(&pcapng->iface[iface],
		       (uint64_t)get32(pcapng, body + 4) << 32 | get32(pcapng, body + 8));
}

/* Both kinds of packet blocks have the same layout, but for the interface. */
static int take_packet(struct pcapng *pcapng, const struct body *body, uint32_t iface,
		       struct pcapng_packet *packet)
{
	uint32_t behind;

	packet->iface = iface;
	if (iface >= pcapng->ifaces)
		return damaged(pcapng, "a packet is of an interface that was not described");
	packet->captured = get32(pcapng, body->at + 12);
	packet->length = get32(pcapng, body->at + 16);
	if (packet->captured > body->size - 20)
		return damaged(pcapng, "a packet is longer than its block");
	packet->data = body->at + 20;
	packet->wall_ns = stamp_of(pcapng, iface, body->at);
	behind = 20 + (packet->captured + 3) / 4 * 4;
	packet->dir = behind < body->size ? find_dir(pcapng, body, behind) : -1;
	return 1;
}

static int take_simple(struct pcapng *pcapng, const struct body *body,
		       struct pcapng_packet *packet)
{
	uint32_t there = body->size - 4;

	if (!pcapng->ifaces)
		return damaged(pcapng, "a packet is of an interface that was not described");
	packet->length = get32(pcapng, body->at);
	packet->captured = packet->length < there ? packet->length : there;
	if (pcapng->iface[0].snap && packet->captured > pcapng->iface[0].snap)
		packet->captured = pcapng->iface[0].snap;
	packet->data = body->at + 4;
	packet->wall_ns = -1;
	packet->iface = 0;
	packet->dir = -1;
	return 1;
}

/* What a block says: 1 for a packet, 0 for anything else. */
static int take_body(struct pcapng *pcapng, uint32_t type, const struct body *body,
		     struct pcapng_packet *packet)
{
	uint32_t least = type == BLOCK_PACKET_SIMPLE ? 4 : type == BLOCK_IFACE ? 0 : 20;

	if (body->size < least)
		return damaged(pcapng, "the block of a packet is too short");
	switch (type) {
	case BLOCK_IFACE: return take_iface(pcapng, body);
	case BLOCK_PACKET:
		return take_packet(pcapng, body, get32(pcapng, body->at), packet);
	case BLOCK_PACKET_OLD:
		return take_packet(pcapng, body, get16(pcapng, body->at), packet);
	default: return take_simple(pcapng, body, packet);
	}
}

static bool is_packet(uint32_t type)
{
	return type == BLOCK_PACKET || type == BLOCK_PACKET_OLD || type == BLOCK_PACKET_SIMPLE;
}

static bool is_wanted(uint32_t type)
{
	return type == BLOCK_IFACE || is_packet(type);
}

/* A new section: its byte order, and no interfaces yet. */
static int begin_section(struct pcapng *pcapng)
{
	const uint8_t *head = input_look(pcapng->input, PCAPNG_HEAD_SIZE + SECTION_BODY);
	uint32_t magic;

	if (!head)
		return damaged(pcapng, "the file ends within a section header");
	memcpy(&magic, head + PCAPNG_HEAD_SIZE, sizeof(magic));
	if (magic != MAGIC && magic != __builtin_bswap32(MAGIC))
		return damaged(pcapng, "a section header has no known byte order");
	pcapng->swapped = magic != MAGIC;
	if (get16(pcapng, head + PCAPNG_HEAD_SIZE + 4) != 1)
		return damaged(pcapng, "its version is not 1");
	if (pcapng->used)
		pcapng->before += pcapng->ifaces;
	pcapng->used = false;
	pcapng->ifaces = 0;
	return 0;
}

/* Ended between two blocks: the end. Within one: it is damaged. */
static int end_of_blocks(struct pcapng *pcapng)
{
	if (pcapng->input->error)
		return pcapng->input->error;
	return input_buffered(pcapng->input) ? damaged(pcapng, "the file ends within a block")
					       : 0;
}

/*
 * One block: 1 when it is a packet, 0 for anything else; `ret_end`: there is none. A block with an error is
 * not taken, so that it is found again.
 */
static int read_block(struct pcapng *pcapng, struct pcapng_packet *packet, bool *ret_end)
{
	const uint8_t *head = input_look(pcapng->input, PCAPNG_HEAD_SIZE);
	uint32_t type, size;
	struct body body;
	int result;

	*ret_end = !head;
	if (!head)
		return end_of_blocks(pcapng);
	memcpy(&type, head, sizeof(type));
	if (type == PCAPNG_BLOCK_SECTION) {
		result = begin_section(pcapng);
		if (result)
			return result;
		head = input_look(pcapng->input, PCAPNG_HEAD_SIZE);
	} else if (pcapng->swapped) {
		type = __builtin_bswap32(type);
	}
	size = get32(pcapng, head + 4);
	if (size < BLOCK_MIN || size % 4)
		return damaged(pcapng, "the length of a block is wrong");
	if (!is_wanted(type)) {
		pcapng->taken = size;
		return 0;
	}
	if (size > INPUT_BUFFER)
		return damaged(pcapng, "a block is longer than 1 MB");
	head = input_look(pcapng->input, size);
	if (!head)
		return pcapng->input->error ? pcapng->input->error
					     : damaged(pcapng, "the file ends within a block");
	body = (struct body){head + PCAPNG_HEAD_SIZE, size - BLOCK_MIN};
	result = take_body(pcapng, type, &body, packet);
	if (result >= 0)
		pcapng->taken = size;
	pcapng->used |= result == 1;
	return result;
}

int pcapng_next(struct pcapng *pcapng, struct pcapng_packet *ret_packet)
{
	bool end = false;
	int result = 0;

	while (!result && !end) {
		if (!input_skip(pcapng->input, pcapng->taken))
			return damaged(pcapng, "the file ends within a block");
		pcapng->taken = 0;
		result = read_block(pcapng, ret_packet, &end);
	}
	return result;
}

/* Reads over what has come of the last block. False: more of it is to come. */
static bool skip_come(struct pcapng *pcapng)
{
	while (pcapng->taken) {
		uint64_t some;

		if (!input_has_come(pcapng->input, 1))
			return false;
		some = input_buffered(pcapng->input);
		if (!some)
			return true; /* ended: pcapng_next() says so */
		if (some > pcapng->taken)
			some = pcapng->taken;
		(void)input_skip(pcapng->input, some);
		pcapng->taken -= some;
	}
	return true;
}

/* Bytes that have to be there for a block to be read in one go; a section says its length later. */
static size_t needed(const struct pcapng *pcapng, const uint8_t *head)
{
	uint32_t type;

	memcpy(&type, head, sizeof(type));
	if (type == PCAPNG_BLOCK_SECTION)
		return PCAPNG_HEAD_SIZE + SECTION_BODY;
	return is_wanted(get32(pcapng, head)) ? get32(pcapng, head + 4) : PCAPNG_HEAD_SIZE;
}

bool pcapng_is_late(struct pcapng *pcapng)
{
	struct input *input = pcapng->input;
	bool end = false;

	while (!end) {
		struct pcapng_packet unused;
		const uint8_t *head;

		if (!skip_come(pcapng) || !input_has_come(input, PCAPNG_HEAD_SIZE))
			return true;
		if (input_buffered(input) < PCAPNG_HEAD_SIZE)
			return false;
		head = input_look(input, PCAPNG_HEAD_SIZE);
		if (!input_has_come(input, needed(pcapng, head)))
			return true;
		head = input_look(input, PCAPNG_HEAD_SIZE);
		if (is_packet(get32(pcapng, head)) || read_block(pcapng, &unused, &end))
			return false;
	}
	return false;
}

int64_t pcapng_time_ahead(const struct pcapng *pcapng)
{
	const uint8_t *at = pcapng->input->buffer + pcapng->input->begin;
	size_t left = input_buffered(pcapng->input);
	uint64_t size = pcapng->taken;

	while (size <= left && left - size >= PCAPNG_HEAD_SIZE) {
		uint32_t type, iface;

		at += size;
		left -= size;
		type = get32(pcapng, at);
		size = get32(pcapng, at + 4);
		if (type == PCAPNG_BLOCK_SECTION || size < BLOCK_MIN || size > left)
			break;
		if (size < BLOCK_MIN + 20 || (type != BLOCK_PACKET && type != BLOCK_PACKET_OLD))
			continue;
		at += PCAPNG_HEAD_SIZE;
		iface = type == BLOCK_PACKET ? get32(pcapng, at) : get16(pcapng, at);
		return iface < pcapng->ifaces ? stamp_of(pcapng, iface, at) : -1;
	}
	return -1;
}
