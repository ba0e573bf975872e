/* SPDX-License-Identifier: MIT */
/*
 * Blocks of a pcapng file (draft-ietf-opsawg-pcapng). libpcap reads them too, but tells neither
 * directions nor interfaces, and wants one link type in the whole file. Everything is checked:
 * a file is outside text. The opener owns it; one thread at a time.
 */
#ifndef PKTSTAT_PCAPNG_H
#define PKTSTAT_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "input.h"

#define PCAPNG_BLOCK_SECTION 0x0a0d0d0aU
#define PCAPNG_HEAD_SIZE     8 /* type and length of a block; the length stands at its end too */
#define PCAPNG_NAME_SIZE     16
/* Interfaces of one section; more in one file are an error. */
#define PCAPNG_IFACES_MAX 4096

struct pcapng_iface {
	uint32_t link_type;
	uint32_t snap; /* 0: no bound */
	char name[PCAPNG_NAME_SIZE]; /* outside text, cut; "" when the file does not say */
	uint8_t resolution;	     /* if_tsresol, as in the file */
	int64_t offset_s;	     /* if_tsoffset */
};

struct pcapng_packet {
	uint32_t iface; /* of the section */
	int64_t wall_ns; /* since 1970; -1: the block has no time */
	const uint8_t *data; /* valid until the next call */
	uint32_t captured, length;
	int dir; /* enum flow_dir; -1: not said */
};

struct pcapng {
	struct input *input; /* borrowed */
	bool swapped;	       /* the section's numbers are in the other byte order */
	struct pcapng_iface *iface;
	uint32_t ifaces, room;
	uint32_t before; /* interfaces of earlier sections that had packets */
	bool used;	 /* this section has had one */
	uint64_t taken;	 /* of the last block: bytes that are not skipped yet */
	const char *why; /* what is wrong, after -EBADMSG */
};

void pcapng_init(struct pcapng *pcapng, struct input *input);
/* Safe to call twice. */
void pcapng_close(struct pcapng *pcapng);

/*
 * The next packet. 1; 0: the end, or -EBADMSG: the file is damaged or cut short there; `why` says
 * how. Other errors are those of reading, and -ENOMEM.
 */
int pcapng_next(struct pcapng *pcapng, struct pcapng_packet *ret_packet);

/*
 * Whether pcapng_next() would have to wait for the other side of a pipe. The packet before is given up, and
 * blocks that have come and are none are taken.
 */
bool pcapng_is_late(struct pcapng *pcapng);

/* Time of the next packet that has one, as far as blocks are buffered; -1: none. */
int64_t pcapng_time_ahead(const struct pcapng *pcapng);

#endif
