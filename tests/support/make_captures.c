/* SPDX-License-Identifier: MIT */
/*
 * Writes the golden frames to files: as a capture in classic pcap format, for the replay test, or
 * one file a frame, as corpus of the parser's fuzzer. Nothing here is under test.
 *
 *   make_captures --pcap FILE
 *   make_captures --corpus DIRECTORY
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "captures.h"

/* Corpus inputs begin with a byte that says how they are read; 3: as an Ethernet frame. */
#define CORPUS_ETHERNET 3
#define CORPUS_MAX	200 /* longer frames teach a fuzzer nothing */
#define JUNK_FRAMES	200

struct pcap_head {
	uint32_t magic;
	uint16_t major, minor;
	int32_t zone;
	uint32_t figures, snap, link;
};

struct pcap_record {
	uint32_t seconds, microseconds, captured, size;
};

static struct packet packet;

static int write_frame(FILE *out, uint32_t number)
{
	const struct pcap_record record = {1700000000 + number / 1000, number % 1000 * 1000,
					   (uint32_t)packet.size, (uint32_t)packet.size};

	return fwrite(&record, sizeof(record), 1, out) == 1 &&
			       fwrite(packet.data, packet.size, 1, out) == 1
		       ? 0
		       : -EIO;
}

/* Whatever a broken card might send: noise behind every kind of beginning. */
static int write_junk(FILE *out, uint32_t number)
{
	static const char *const begins[] = {"eth ethertype:0x7777", "eth vlan ethertype:0x7778",
					     "eth ip4 proto:63", "eth ip6 proto:63"};
	char words[64];
	int r = 0;

	for (uint32_t i = 0; !r && i < JUNK_FRAMES; i++) {
		snprintf(words, sizeof(words), "%s junk:%u", begins[i % 4], i * 7 % 1400);
		r = packet_build(&packet, (uint16_t)(0x4000 + i), words);
		if (!r)
			r = write_frame(out, number + i);
	}
	return r;
}

/* The replay test compares with a dissector that gives up on these before the rules do. */
static bool dissector_knows(const char *name)
{
	static const char *const unknown[] = {"cut-ip4-options", "cut-icmp-2"};

	for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++) {
		if (!strcmp(name, unknown[i]))
			return false;
	}
	return true;
}

static int write_pcap(const char *path)
{
	const struct pcap_head head = {0xa1b2c3d4, 2, 4, 0, 0, PACKET_MAX, 1};
	FILE *out = fopen(path, "wbe");
	struct flow_counts counts;
	struct flow_key key;
	int r = 0;

	if (!out)
		return -errno;
	if (fwrite(&head, sizeof(head), 1, out) != 1)
		r = -EIO;
	for (size_t i = 0; !r && i < capture_count(); i++) {
		/* Super-packets are no frames: none of them was ever on a wire. */
		if (capture_get(i)->gso_size || !dissector_knows(capture_get(i)->name))
			continue;
		r = capture_build(i, &packet, &key, &counts);
		if (!r)
			r = write_frame(out, (uint32_t)i);
	}
	if (!r)
		r = write_junk(out, (uint32_t)capture_count());
	if (fclose(out) && !r)
		r = -errno;
	return r;
}

static int write_corpus_file(const char *directory, const char *name)
{
	char path[4096];
	FILE *out;
	int r = 0;

	if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	out = fopen(path, "wbe");
	if (!out)
		return -errno;
	if (fputc(CORPUS_ETHERNET, out) == EOF || fwrite(packet.data, packet.size, 1, out) != 1)
		r = -EIO;
	if (fclose(out) && !r)
		r = -errno;
	return r;
}

static int write_corpus(const char *directory)
{
	struct flow_counts counts;
	struct flow_key key;
	int r = 0;

	for (size_t i = 0; !r && i < capture_count(); i++) {
		r = capture_build(i, &packet, &key, &counts);
		if (!r && packet.size <= CORPUS_MAX)
			r = write_corpus_file(directory, capture_get(i)->name);
	}
	return r;
}

int main(int argc, char **argv)
{
	int r;

	if (argc == 3 && !strcmp(argv[1], "--pcap")) {
		r = write_pcap(argv[2]);
	} else if (argc == 3 && !strcmp(argv[1], "--corpus")) {
		r = write_corpus(argv[2]);
	} else {
		fprintf(stderr, "usage: make_captures --pcap FILE | --corpus DIRECTORY\n");
		return 2;
	}
	if (r)
		fprintf(stderr, "make_captures: %s: %s\n", argv[2], strerror(-r));
	return r ? 1 : 0;
}
