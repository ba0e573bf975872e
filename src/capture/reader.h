/* SPDX-License-Identifier: MIT */
/*
 * The packets of a capture: pcap (its header by libpcap), pcapng by pcapng.h, from a file or a pipe. The
 * opener owns it; one thread at a time.
 */
#ifndef PKTSTAT_READER_H
#define PKTSTAT_READER_H

#include <net/if.h>
#include <stdint.h>

#include <pcap/pcap.h>

#include "captured.h"
#include "pcapng.h"
#include "input.h"

/* Room for what is wrong with a file, in words. */
#define READER_WHY_MAX PCAP_ERRBUF_SIZE

struct reader_packet {
	struct captured captured; /* its data is valid until the next call */
	int64_t wall_ns;	  /* since 1970; never below 0 */
	uint32_t iface;		  /* counts up as interfaces appear */
	int dir;		  /* enum flow_dir; -1: not said */
};

struct reader {
	struct input input;
	pcap_t *pcap; /* NULL: pcapng */
	/* How its records are written. */
	bool swapped; /* in the other byte order */
	enum { LENGTHS_USUAL, LENGTHS_TURNED, LENGTHS_UNSURE } lengths;
	uint32_t head_size;
	uint32_t tick_ns; /* a microsecond, or a nanosecond */
	size_t taken; /* bytes of the record that was handed out and is still there */
	struct pcapng pcapng;
	uint32_t link_type; /* of the packet before, or of all */
	int64_t last_ns;    /* time of the packet before; -1: none yet */
	bool timeless;	    /* the first packets have no time, and were taken as of now */
	uint64_t packets;	  /* read so far */
	char why[READER_WHY_MAX]; /* what is wrong, after -EBADMSG and -EPROTONOSUPPORT */
};

/*
 * Opens a file, "-" for standard input, and waits for its header. `stop_fd` (borrowed; -1: none) ends
 * waits for a pipe. 0; -EBADMSG: not a capture, or damaged; -EPROTONOSUPPORT: of a link type that is
 * not read, in both cases `why` says more; or the negative errno of opening and reading.
 * reader_close() is due in any case.
 */
int reader_open(struct reader *reader, const char *path, int stop_fd);
void reader_close(struct reader *reader);

/* The next packet: 1; 0: the end; or an error as above. */
int reader_next(struct reader *reader, struct reader_packet *ret_packet);

/* Whether reader_next() would have to wait for the other side of a pipe. The packet before is given up. */
bool reader_is_idle(struct reader *reader);

/* Name of an interface, outside text, as the file has it; "" when it does not say. */
const char *reader_iface_name(const struct reader *reader, uint32_t iface);

#endif
