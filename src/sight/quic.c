/* SPDX-License-Identifier: MIT */
/* From the long header over the keys to the frames; see quic.h. */
#include "quic.h"

#include <errno.h>
#include <string.h>

#include "array.h"
#include "digest.h"
#include "octets.h"

#define LONG_HEADER	  0x80
#define FIXED_BIT	  0x40
#define PACKETS_MAX	  4 /* in one datagram */
#define PACKET_NUMBER_MAX 4
#define PACKET_TYPE_MASK  0x30

/* What differs between versions. */
struct quic_version {
	uint32_t first, last; /* numbers, both included */
	uint8_t initial;      /* type of an Initial packet in the first byte */
	uint8_t salt[20];
	const char *key, *iv, *mask;
};

#define QUIC_V1_SALT                                                                               \
	{0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,                               \
	 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a}
#define QUIC_DRAFT_22_SALT                                                                         \
	{0x7f, 0xbc, 0xdb, 0x0e, 0x7c, 0x66, 0xbb, 0xe9, 0x19, 0x3a,                               \
	 0x96, 0xcd, 0x21, 0x51, 0x9e, 0xbd, 0x7a, 0x02, 0x64, 0x4a}
#define QUIC_DRAFT_23_SALT                                                                         \
	{0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7,                               \
	 0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02}
#define QUIC_V1_LABELS "quic key", "quic iv", "quic hp"

/*
 * The first VERSIONS_TRIED are tried with a number that is not here: one that is reserved to make the
 * server answer with those that it knows (RFC 9000, 15), or one of somebody's own. The packet is
 * authenticated, so only the right keys open it.
 */
#define VERSIONS_TRIED 2

/*
 * Drafts had the salts of RFC 9001's predecessors, draft-ietf-quic-tls-21 to 34, 5.2; those of Facebook
 * are of mvfst, HandshakeLayer.cpp, and those of Google of quiche, crypto_utils.cc.
 */
static const struct quic_version versions[] = {
	{1, 1, 0x00,
	 QUIC_V1_SALT, QUIC_V1_LABELS},
	{0xff00001d, 0xff000020, 0x00, /* 29 to 32 */
	 {0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97,
	  0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99},
	 QUIC_V1_LABELS},
	{0x6b3343cf, 0x6b3343cf, 0x10,
	 {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
	  0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9},
	 "quicv2 key", "quicv2 iv", "quicv2 hp"},
	{0xff000021, 0xff000022, 0x00, /* 33 and 34 */
	 QUIC_V1_SALT, QUIC_V1_LABELS},
	{0xff000017, 0xff00001c, 0x00, /* 23 to 28 */
	 QUIC_DRAFT_23_SALT, QUIC_V1_LABELS},
	{0xff000015, 0xff000016, 0x00, /* 21 and 22 */
	 QUIC_DRAFT_22_SALT, QUIC_V1_LABELS},
	{0xfaceb001, 0xfaceb001, 0x00, /* Facebook's, as draft 22 */
	 QUIC_DRAFT_22_SALT, QUIC_V1_LABELS},
	{0xfaceb002, 0xfaceb002, 0x00, /* as draft 27 */
	 QUIC_DRAFT_23_SALT, QUIC_V1_LABELS},
	{0xfaceb00e, 0xfaceb00e, 0x00, /* the same, an experiment */
	 QUIC_DRAFT_23_SALT, QUIC_V1_LABELS},
	{0x51303530, 0x51303530, 0x00, /* Google's "Q050" */
	 {0x50, 0x45, 0x74, 0xef, 0xd0, 0x66, 0xfe, 0x2f, 0x9d, 0x94,
	  0x5c, 0xfc, 0xdb, 0xd3, 0xa7, 0xf0, 0xd3, 0xb5, 0x6b, 0x45},
	 QUIC_V1_LABELS},
	{0x54303530, 0x54303530, 0x00, /* "T050" */
	 {0x7f, 0xf5, 0x79, 0xe5, 0xac, 0xd0, 0x72, 0x91, 0x55, 0x80,
	  0x30, 0x4c, 0x43, 0xa2, 0x36, 0x7c, 0x60, 0x48, 0x83, 0x10},
	 QUIC_V1_LABELS},
	{0x54303531, 0x54303531, 0x00, /* "T051" */
	 {0x7a, 0x4e, 0xde, 0xf4, 0xe7, 0xcc, 0xee, 0x5f, 0xa4, 0x50,
	  0x6c, 0x19, 0x12, 0x4f, 0xc8, 0xcc, 0xda, 0x6e, 0x03, 0x3d},
	 QUIC_V1_LABELS},
};

struct quic_keys {
	uint8_t key[CIPHER_KEY], iv[CIPHER_IV], mask[CIPHER_KEY];
};

/* One packet of a datagram: its header up to the packet number, and what is behind. */
struct quic_packet {
	const struct quic_version *version; /* NULL: of a number that is not in the table */
	const uint8_t *header;
	size_t header_length; /* without the packet number */
	size_t rest;	      /* bytes from the packet number on */
	struct quic_id id;
	bool initial;
};

static const struct quic_version *find_version(uint32_t number)
{
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		if (number >= versions[i].first && number <= versions[i].last)
			return &versions[i];
	}
	return NULL;
}

/* RFC 9000, 16: the two top bits say how long the number is. */
static uint64_t read_variable(struct octets *from)
{
	uint64_t value = octets_number(from, 1);
	unsigned int more = 1U << (value >> 6);

	value &= 0x3f;
	while (--more)
		value = value << 8 | octets_number(from, 1);
	return value;
}

static bool read_id(struct octets *from, struct quic_id *ret_id)
{
	struct octets id = octets_vector(from, 1);
	size_t length = octets_left(&id);

	if (from->cut || length > QUIC_ID_MAX)
		return false;
	ret_id->length = (uint8_t)length;
	memcpy(ret_id->bytes, id.at, length);
	return true;
}

/* RFC 9000, 17.2. Moves behind the packet. False when there is no long header of a version. */
static bool read_packet(struct octets *datagram, struct quic_packet *ret_packet)
{
	const uint8_t *begin = datagram->at;
	uint8_t first = (uint8_t)octets_number(datagram, 1);
	uint32_t number = octets_number(datagram, 4);
	const struct quic_version *version = find_version(number);
	struct quic_id source;
	uint64_t rest;

	ret_packet->version = version;
	if (datagram->cut || !number ||
	    (first & (LONG_HEADER | FIXED_BIT)) != (LONG_HEADER | FIXED_BIT) ||
	    !read_id(datagram, &ret_packet->id) || !read_id(datagram, &source))
		return false;
	ret_packet->initial = (first & PACKET_TYPE_MASK) == (version ? version->initial : 0);
	if (ret_packet->initial)
		octets_take(datagram, read_variable(datagram)); /* token */
	rest = read_variable(datagram);
	ret_packet->header = begin;
	ret_packet->header_length = (size_t)(datagram->at - begin);
	if (!ret_packet->initial && datagram->cut) /* Retry has no length */
		rest = 0;
	ret_packet->rest = rest < octets_left(datagram) ? rest : octets_left(datagram);
	if (rest > octets_left(datagram))
		ret_packet->initial = false; /* not all of it is here */
	octets_take(datagram, ret_packet->rest);
	return true;
}

static void make_keys(const struct quic_version *version, const struct quic_id *id,
		      struct quic_keys *ret_keys)
{
	uint8_t initial[DIGEST_SIZE], secret[DIGEST_SIZE];

	digest_extract(version->salt, sizeof(version->salt), id->bytes, id->length, initial);
	digest_expand(initial, "client in", secret, sizeof(secret));
	digest_expand(secret, version->key, ret_keys->key, sizeof(ret_keys->key));
	digest_expand(secret, version->iv, ret_keys->iv, sizeof(ret_keys->iv));
	digest_expand(secret, version->mask, ret_keys->mask, sizeof(ret_keys->mask));
}

/*
 * RFC 9001, 5.4 and 5.3: takes the mask off the first byte and the packet number, and opens the rest.
 * Returns the length of the text, 0: these are not its keys.
 */
static size_t open_as(const struct quic_packet *packet, const struct quic_version *version,
		      const struct quic_id *id, uint8_t *text)
{
	uint8_t header[QUIC_PACKET_MAX], mask[16];
	size_t length = packet->header_length, numbers;
	struct quic_keys keys;

	if (packet->rest < PACKET_NUMBER_MAX + 16 + CIPHER_TAG ||
	    length + packet->rest > QUIC_PACKET_MAX)
		return 0;
	make_keys(version, id, &keys);
	memcpy(header, packet->header, length + PACKET_NUMBER_MAX);
	cipher_block(keys.mask, packet->header + length + PACKET_NUMBER_MAX, mask);
	header[0] ^= mask[0] & 0x0f;
	numbers = (header[0] & 3) + 1U;
	for (size_t i = 0; i < numbers; i++) {
		header[length + i] ^= mask[1 + i];
		keys.iv[CIPHER_IV - numbers + i] ^= header[length + i];
	}
	if (!cipher_open(keys.key, keys.iv, header, length + numbers,
			 packet->header + length + numbers, packet->rest - numbers, text))
		return 0;
	return packet->rest - numbers - CIPHER_TAG;
}

static size_t open_packet(const struct quic_packet *packet, const struct quic_id *id, uint8_t *text)
{
	size_t size = 0;

	if (packet->version)
		return open_as(packet, packet->version, id, text);
	for (size_t i = 0; i < VERSIONS_TRIED && !size; i++)
		size = open_as(packet, &versions[i], id, text);
	return size;
}

/* RFC 9000, 19.3: numbers in pairs, and three more with congestion marks. */
static void skip_ack(struct octets *frames, bool marks)
{
	uint64_t ranges;

	read_variable(frames);
	read_variable(frames);
	ranges = read_variable(frames);
	for (read_variable(frames); ranges && !frames->cut; ranges--) {
		read_variable(frames);
		read_variable(frames);
	}
	for (int i = 0; marks && i < 3; i++)
		read_variable(frames);
}

/* RFC 9000, 12.4: frames that Initial packets may have; anything else ends the packet. */
static void read_frames(struct octets frames, const struct quic_sink *sink)
{
	struct octets data;
	uint64_t offset;

	while (octets_left(&frames)) {
		switch (octets_number(&frames, 1)) {
		case 0x00: /* PADDING */
		case 0x01: /* PING */ break;
		case 0x02: skip_ack(&frames, false); break;
		case 0x03: skip_ack(&frames, true); break;
		case 0x06: /* CRYPTO */
		case 0x08: /* the same in Google's versions; no frame that others may have here */
			offset = read_variable(&frames);
			data = octets_take(&frames, read_variable(&frames));
			if (frames.cut)
				return;
			sink->take(sink->arg, offset, data.at, octets_left(&data));
			break;
		default: return;
		}
	}
}

/* Opens a packet by the keys of before, or by those of its own id. Returns the length of the text. */
static size_t open_initial(const struct quic_packet *packet, struct quic_id *id, uint8_t *text)
{
	size_t size = 0;

	if (!packet->initial)
		return 0;
	if (id->length)
		size = open_packet(packet, id, text);
	if (!size && packet->id.length) {
		size = open_packet(packet, &packet->id, text);
		if (size)
			*id = packet->id;
	}
	return size;
}

int quic_read(const uint8_t *datagram, size_t length, struct quic_id *id,
	      const struct quic_sink *sink)
{
	struct octets rest = octets_of(datagram, length);
	uint8_t text[QUIC_PACKET_MAX];
	struct quic_packet packet;
	bool known = false;
	int opened = 0;

	for (int i = 0; i < PACKETS_MAX && read_packet(&rest, &packet); i++) {
		size_t size = open_initial(&packet, id, text);

		known |= packet.version || size;
		if (!size)
			continue;
		read_frames(octets_of(text, size), sink);
		opened++;
	}
	return known ? opened : -EBADMSG;
}
