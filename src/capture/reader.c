/* SPDX-License-Identifier: MIT */
/* The packets of a capture; see reader.h. */
#include "reader.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "link_type.h"

#define NAME_MAX_TEXT 64

/* pcap, https://www.tcpdump.org/manpages/pcap-savefile.5.html */
#define MAGIC_MICROSECONDS 0xa1b2c3d4U
#define MAGIC_NANOSECONDS  0xa1b23c4dU
#define RECORD_HEAD	   16
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
 * Records as every tool writes them today. Others (of old or patched versions) are left to libpcap,
 * which reads a stream of the C library: with the small reads that input_has_come() needs, that takes
 * ten times as long.
 */
static void choose_layout(struct reader *reader, uint32_t magic)
{
	reader->swapped = pcap_is_swapped(reader->pcap);
	if (reader->swapped)
		magic = __builtin_bswap32(magic);
	reader->tick_ns = magic == MAGIC_NANOSECONDS ? 1 : 1000;
	reader->usual = (magic == MAGIC_MICROSECONDS || magic == MAGIC_NANOSECONDS) &&
			pcap_major_version(reader->pcap) == 2 &&
			pcap_minor_version(reader->pcap) == 4;
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
};

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
	if (magic != PCAPNG_BLOCK_SECTION)
		return open_pcap(reader, magic);
	pcapng_init(&reader->pcapng, &reader->input);
	return 0;
}

int reader_open(struct reader *reader, const char *path, int stop_fd)
{
	int err;

	*reader = (struct reader){0};
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

static int next_pcap(struct reader *reader, struct reader_packet *packet)
{
	struct pcap_pkthdr *head;
	const u_char *data;
	int result = pcap_next_ex(reader->pcap, &head, &data);

	if (result == PCAP_ERROR_BREAK)
		return 0;
	if (result != 1)
		return reader->input.error ? reader->input.error
					    : damaged_by(reader, pcap_geterr(reader->pcap));
	packet->captured = (struct captured){
		.data = data, .size = head->caplen, .length = head->len};
	packet->wall_ns = (int64_t)head->ts.tv_sec * 1000000000 + head->ts.tv_usec;
	packet->iface = 0;
	packet->dir = -1;
	return 1;
}

static uint32_t record_field(const struct reader *reader, const uint8_t *from)
{
	uint32_t value;

	memcpy(&value, from, sizeof(value));
	return reader->swapped ? __builtin_bswap32(value) : value;
}

/* The packet that was handed out is still buffered, all of it. */
static void give_up_taken(struct reader *reader)
{
	(void)input_skip(&reader->input, reader->taken + reader->pcapng.taken);
	reader->taken = 0;
	reader->pcapng.taken = 0;
}

/*
 * A pipe may end in the middle of a record for as long as its writer likes (it is one that buffers):
 * the whole record must be there. libpcap alone knows how long its own are.
 */
bool reader_is_idle(struct reader *reader)
{
	struct input *input = &reader->input;
	size_t head = reader->usual ? RECORD_HEAD : reader->pcap ? 1 : PCAPNG_HEAD_SIZE;
	const uint8_t *at;

	give_up_taken(reader);
	if (!input->waits)
		return false;
	if (!input_has_come(input, head))
		return true;
	if (input_buffered(input) < head || (reader->pcap && !reader->usual))
		return false;
	at = input_look(input, head);
	return !input_has_come(input, reader->usual
					      ? RECORD_HEAD + (size_t)record_field(reader, at + 8)
					      : pcapng_size(&reader->pcapng, at));
}

/* The record before is given up, the next one is looked at where it is. */
static int next_usual(struct reader *reader, struct reader_packet *packet)
{
	const uint8_t *head;
	uint32_t size;

	give_up_taken(reader);
	head = input_look(&reader->input, RECORD_HEAD);
	if (!head && !input_buffered(&reader->input))
		return reader->input.error;
	size = head ? record_field(reader, head + 8) : 0;
	if (size > CAPTURED_MAX)
		return damaged_by(reader, "a packet is longer than 262144 bytes");
	if (head)
		head = input_look(&reader->input, RECORD_HEAD + size);
	if (!head)
		return reader->input.error ? reader->input.error
					   : damaged_by(reader, "the file ends within a packet");
	reader->taken = RECORD_HEAD + size;
	packet->captured = (struct captured){.data = head + RECORD_HEAD,
					     .size = size,
					     .length = record_field(reader, head + 12)};
	packet->wall_ns = (int64_t)record_field(reader, head) * 1000000000 +
			  (int64_t)record_field(reader, head + 4) * reader->tick_ns;
	packet->iface = 0;
	packet->dir = -1;
	return 1;
}

/* Interfaces of a later section have numbers behind those of earlier ones. */
static int next_pcapng(struct reader *reader, struct reader_packet *packet)
{
	uint32_t ifaces = reader->pcapng.ifaces;
	struct pcapng_packet from;
	int result = pcapng_next(&reader->pcapng, &from);

	if (result == -EBADMSG)
		return damaged_by(reader, reader->pcapng.why);
	if (result != 1)
		return result;
	if (reader->pcapng.sections != reader->section) {
		reader->before += reader->section ? ifaces : 0;
		reader->section = reader->pcapng.sections;
	}
	packet->captured = (struct captured){
		.data = from.data, .size = from.captured, .length = from.length};
	packet->wall_ns = from.wall_ns < 0 ? reader->last_ns : from.wall_ns;
	packet->iface = reader->before + from.iface;
	packet->dir = from.dir;
	reader->link_type = reader->pcapng.iface[from.iface].link_type;
	return link_type_is_known(reader->link_type) ? 1
						     : refuse_link(reader, reader->link_type);
}

int reader_next(struct reader *reader, struct reader_packet *ret_packet)
{
	int result = reader->usual ? next_usual(reader, ret_packet) :
		     reader->pcap ? next_pcap(reader, ret_packet) :
				    next_pcapng(reader, ret_packet);
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
	if (reader->pcap || iface < reader->before ||
	    iface - reader->before >= reader->pcapng.ifaces)
		return "";
	return reader->pcapng.iface[iface - reader->before].name;
}
