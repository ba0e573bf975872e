/* SPDX-License-Identifier: MIT */
/* The packets of a capture; see reader.h. */
#include "reader.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "link_type.h"

#define NAME_MAX_TEXT 64

/* pcap, https://www.tcpdump.org/manpages/pcap-savefile.5.html */
#define MAGIC_MICROSECONDS 0xa1b2c3d4U
#define MAGIC_NANOSECONDS  0xa1b23c4dU
#define MAGIC_PATCHED	   0xa1b2cd34U /* of Alexey Kuznetsov's libpcap: longer records */
#define FILE_HEAD	    24
#define RECORD_HEAD	    16
#define RECORD_HEAD_PATCHED 24
/* As libpcap has it for all link types that are read here. */
#define CAPTURED_MAX 262144U

static int refuse_link(struct reader *reader, uint32_t type)
{
	char name[NAME_MAX_TEXT];

	snprintf(reader->why, sizeof(reader->why), "%s",
		 link_type_name(type, name, sizeof(name)));
	return -EPROTONOSUPPORT;
}

static int damaged_by(struct reader *reader, const char *why)
{
	snprintf(reader->why, sizeof(reader->why), "%s", why);
	return -EBADMSG;
}

/* For the C library's stream that libpcap reads from. */
static ssize_t read_cookie(void *cookie, char *to, size_t size)
{
	struct input *input = cookie;
	size_t got = input_copy(input, to, size);

	if (got || !input->error)
		return (ssize_t)got;
	errno = -input->error;
	return -1;
}

/*
 * Records are taken where they are buffered, of old and patched versions too: libpcap reads a stream of the
 * C library, which with the small reads that input_has_come() needs takes ten times as long, and it alone
 * would know how long its records are. It has refused versions that it does not know. Before 2.3 the two
 * lengths stood in the other order, and some writers of 2.3 did the same (libpcap's sf-pcap.c).
 */
static void choose_layout(struct reader *reader, uint32_t magic)
{
	int major = pcap_major_version(reader->pcap), minor = pcap_minor_version(reader->pcap);

	reader->swapped = pcap_is_swapped(reader->pcap);
	if (reader->swapped)
		magic = __builtin_bswap32(magic);
	reader->tick_ns = magic == MAGIC_NANOSECONDS ? 1 : 1000;
	reader->head_size = magic == MAGIC_PATCHED ? RECORD_HEAD_PATCHED : RECORD_HEAD;
	reader->lengths = major != 2 || minor < 3 ? LENGTHS_TURNED
			  : minor == 3		  ? LENGTHS_UNSURE
						  : LENGTHS_USUAL;
}

/* libpcap reads the header, and nothing beyond, so that input_has_come() knows of every byte. */
static int open_pcap(struct reader *reader, uint32_t magic)
{
	FILE *file = fopencookie(&reader->input, "r",
				 (cookie_io_functions_t){.read = read_cookie});

	if (!file)
		return -ENOMEM;
	setvbuf(file, NULL, _IONBF, 0);
	reader->pcap = pcap_fopen_offline_with_tstamp_precision(
		file, PCAP_TSTAMP_PRECISION_NANO, reader->why);
	if (!reader->pcap) {
		fclose(file);
		return reader->input.error ? reader->input.error : -EBADMSG;
	}
	reader->link_type = (uint32_t)pcap_datalink(reader->pcap);
	choose_layout(reader, magic);
	return link_type_is_known(reader->link_type) ? 0
						     : refuse_link(reader, reader->link_type);
}

/* What people give by mistake, and what to do about it. */
static const struct {
	uint8_t magic[4];
	uint8_t size;
	const char *what;
} mistakes[] = {
	{{0x1f, 0x8b}, 2, "it is compressed; unpack it first: zcat FILE | pktstat-bpf --read -"},
	{{0x28, 0xb5, 0x2f, 0xfd}, 4,
	 "it is compressed; unpack it first: zstdcat FILE | pktstat-bpf --read -"},
	{{0xfd, '7', 'z', 'X'}, 4,
	 "it is compressed; unpack it first: xzcat FILE | pktstat-bpf --read -"},
	{{'B', 'Z', 'h'}, 3, "it is compressed; unpack it first: bzcat FILE | pktstat-bpf --read -"},
	{{0x04, 0x22, 0x4d, 0x18}, 4,
	 "it is compressed; unpack it first: lz4cat FILE | pktstat-bpf --read -"},
	{{'P', 'K', 3, 4}, 4, "it is a ZIP archive; unpack it first: unzip -p FILE | pktstat-bpf --read -"},
};

static bool is_pcap(uint32_t magic)
{
	uint32_t turned = __builtin_bswap32(magic);

	return magic == MAGIC_MICROSECONDS || magic == MAGIC_NANOSECONDS || magic == MAGIC_PATCHED ||
	       turned == MAGIC_MICROSECONDS || turned == MAGIC_NANOSECONDS || turned == MAGIC_PATCHED;
}

static int open_any(struct reader *reader)
{
	const uint8_t *head = input_look(&reader->input, sizeof(uint32_t));
	uint32_t magic;

	if (!head)
		return reader->input.error
			       ? reader->input.error
			       : damaged_by(reader, input_buffered(&reader->input)
							    ? "it ends within its header"
							    : "it is empty");
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		if (!memcmp(head, mistakes[i].magic, mistakes[i].size))
			return damaged_by(reader, mistakes[i].what);
	}
	memcpy(&magic, head, sizeof(magic));
	if (is_pcap(magic) && !input_look(&reader->input, FILE_HEAD))
		return reader->input.error ? reader->input.error
					   : damaged_by(reader, "it ends within its header");
	if (magic != PCAPNG_BLOCK_SECTION)
		return open_pcap(reader, magic);
	pcapng_init(&reader->pcapng, &reader->input);
	return 0;
}

int reader_open(struct reader *reader, const char *path, int stop_fd)
{
	int err;

	*reader = (struct reader){.last_ns = -1};
	err = input_open(&reader->input, path, stop_fd);
	return err ? err : open_any(reader);
}

void reader_close(struct reader *reader)
{
	if (reader->pcap)
		pcap_close(reader->pcap);
	reader->pcap = NULL;
	pcapng_close(&reader->pcapng);
	input_close(&reader->input);
}

static uint32_t record_field(const struct reader *reader, const uint8_t *from)
{
	uint32_t value;

	memcpy(&value, from, sizeof(value));
	return reader->swapped ? __builtin_bswap32(value) : value;
}

/* How many bytes of the packet are there, and how many it had. */
static void record_lengths(const struct reader *reader, const uint8_t *head, uint32_t *ret_size,
			   uint32_t *ret_length)
{
	uint32_t first = record_field(reader, head + 8), second = record_field(reader, head + 12);
	bool turned = reader->lengths == LENGTHS_TURNED ||
		      (reader->lengths == LENGTHS_UNSURE && first > second);

	*ret_size = turned ? second : first;
	*ret_length = turned ? first : second;
}

/* The packet that was handed out is still buffered, all of it. */
static void give_up_taken(struct reader *reader)
{
	(void)input_skip(&reader->input, reader->taken);
	reader->taken = 0;
}

/*
 * A pipe may end in the middle of a record for as long as its writer likes (it is one that buffers):
 * the whole record must be there.
 */
static bool is_record_late(struct reader *reader)
{
	struct input *input = &reader->input;
	uint32_t size, length;

	give_up_taken(reader);
	if (!input_has_come(input, reader->head_size))
		return true;
	if (input_buffered(input) < reader->head_size)
		return false;
	record_lengths(reader, input_look(input, reader->head_size), &size, &length);
	return !input_has_come(input, (size_t)reader->head_size + size);
}

bool reader_is_idle(struct reader *reader)
{
	if (!reader->input.waits)
		return false;
	return reader->pcap ? is_record_late(reader) : pcapng_is_late(&reader->pcapng);
}

/* The record before is given up, the next one is looked at where it is. */
static int next_record(struct reader *reader, struct reader_packet *packet)
{
	uint32_t size = 0, length = 0;
	const uint8_t *head;

	give_up_taken(reader);
	head = input_look(&reader->input, reader->head_size);
	if (!head && !input_buffered(&reader->input))
		return reader->input.error;
	if (head)
		record_lengths(reader, head, &size, &length);
	if (size > CAPTURED_MAX)
		return damaged_by(reader, "a packet is longer than 262144 bytes");
	if (head)
		head = input_look(&reader->input, reader->head_size + size);
	if (!head)
		return reader->input.error ? reader->input.error
					   : damaged_by(reader, "the file ends within a packet");
	reader->taken = reader->head_size + size;
	packet->captured = (struct captured){
		.data = head + reader->head_size, .size = size, .length = length};
	packet->wall_ns = (int64_t)record_field(reader, head) * 1000000000 +
			  (int64_t)record_field(reader, head + 4) * reader->tick_ns;
	packet->iface = 0;
	packet->dir = -1;
	return 1;
}

/*
 * Simple packets have no time: they are as old as the packet before, or else as the next one that has a time.
 * Where none has, they are of now, and the reader says so.
 */
static int64_t guess_time(struct reader *reader)
{
	int64_t wall_ns = reader->last_ns;

	if (wall_ns < 0)
		wall_ns = pcapng_time_ahead(&reader->pcapng);
	if (wall_ns >= 0)
		return wall_ns;
	reader->timeless = true;
	return clock_wall_ns();
}

static int next_pcapng(struct reader *reader, struct reader_packet *packet)
{
	struct pcapng_packet from;
	int result = pcapng_next(&reader->pcapng, &from);

	if (result == -EBADMSG)
		return damaged_by(reader, reader->pcapng.why);
	if (result != 1)
		return result;
	packet->captured = (struct captured){
		.data = from.data, .size = from.captured, .length = from.length};
	packet->wall_ns = from.wall_ns < 0 ? guess_time(reader) : from.wall_ns;
	packet->iface = reader->pcapng.before + from.iface;
	packet->dir = from.dir;
	reader->link_type = reader->pcapng.iface[from.iface].link_type;
	return link_type_is_known(reader->link_type) ? 1
						     : refuse_link(reader, reader->link_type);
}

int reader_next(struct reader *reader, struct reader_packet *ret_packet)
{
	int result = reader->pcap ? next_record(reader, ret_packet)
				  : next_pcapng(reader, ret_packet);
	int dir;

	if (result != 1)
		return result;
	if (ret_packet->wall_ns < 0)
		ret_packet->wall_ns = 0;
	reader->last_ns = ret_packet->wall_ns;
	reader->packets++;
	dir = link_type_read(reader->link_type, &ret_packet->captured);
	if (dir >= 0)
		ret_packet->dir = dir;
	return 1;
}

const char *reader_iface_name(const struct reader *reader, uint32_t iface)
{
	const struct pcapng *pcapng = &reader->pcapng;

	if (reader->pcap || iface < pcapng->before || iface - pcapng->before >= pcapng->ifaces)
		return "";
	return pcapng->iface[iface - pcapng->before].name;
}
