/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a capture file or pipe, buffered, with waits that can be ended. The opener owns it;
 * one thread at a time.
 */
#ifndef PKTSTAT_INPUT_H
#define PKTSTAT_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INPUT_BUFFER (1UL << 20)

struct input {
	int fd;
	bool owned;   /* else standard input, which stays open */
	bool waits;   /* a pipe, socket or terminal: bytes may still be to come */
	int stop_fd;  /* ends waits when it is readable */
	bool ended;   /* no more bytes, for whatever reason */
	bool stopped; /* because stop_fd was readable */
	int error;    /* negative errno of the read that failed; 0: none */
	uint8_t *buffer;
	size_t begin, end; /* of what is buffered and not taken yet */
};

/* A file, or "-" for standard input. `stop_fd` is borrowed. 0 or a negative errno. */
int input_open(struct input *input, const char *path, int stop_fd);
/* The same from an open descriptor, which stays the caller's. */
int input_open_fd(struct input *input, int fd, int stop_fd);
/* Safe on a zeroed input, and to call twice. */
void input_close(struct input *input);

/*
 * The next `size` bytes in a row (at most INPUT_BUFFER), valid until the next call; waits for them.
 * NULL: there are fewer; they stay to be looked at.
 */
const uint8_t *input_look(struct input *input, size_t size);
/* Leaves out `size` bytes, however many. False: there are fewer. */
bool input_skip(struct input *input, uint64_t size);
/* Copies up to `size` bytes; fewer than asked for only at the end. Returns how many. */
size_t input_copy(struct input *input, void *to, size_t size);

/* Bytes that are buffered. */
static inline size_t input_buffered(const struct input *input)
{
	return input->end - input->begin;
}

/*
 * Reads what the other side has sent, up to `size` bytes in a row. False: it may still send the rest.
 * True: input_look() would not have to wait.
 */
bool input_has_come(struct input *input, size_t size);

#endif
