/* SPDX-License-Identifier: MIT */
/* Buffered bytes; see input.h. */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wait.h"

int input_open_fd(struct input *input, int fd, int stop_fd)
{
	struct stat status;

	*input = (struct input){.fd = fd, .stop_fd = stop_fd};
	if (fstat(fd, &status))
		return -errno;
	if (S_ISDIR(status.st_mode))
		return -EISDIR;
	input->waits = !S_ISREG(status.st_mode);
	input->buffer = malloc(INPUT_BUFFER);
	return input->buffer ? 0 : -ENOMEM;
}

int input_open(struct input *input, const char *path, int stop_fd)
{
	bool standard = !strcmp(path, "-");
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), err;

	if (fd < 0)
		return -errno;
	err = input_open_fd(input, fd, stop_fd);
	input->owned = !standard;
	if (err)
		input_close(input);
	return err;
}

void input_close(struct input *input)
{
	free(input->buffer);
	if (input->owned)
		close(input->fd);
	*input = (struct input){.fd = -1, .ended = true};
}

/* Waits for bytes. False when it was stopped. */
static bool wait_for_bytes(const struct input *input)
{
	struct pollfd waits[] = {
		{.fd = input->fd, .events = POLLIN},
		{.fd = input->stop_fd, .events = POLLIN},
	};

	while (input->waits) {
		wait_ready(waits, 2, -1);
		if (waits[1].revents)
			return false;
		if (waits[0].revents)
			return true;
	}
	return true;
}

/* Reads once, as much as there is and fits behind what is buffered. */
static void fill(struct input *input)
{
	ssize_t got;

	if (input->begin && input->begin == input->end)
		input->begin = input->end = 0;
	do {
		if (!wait_for_bytes(input)) {
			input->ended = input->stopped = true;
			return;
		}
		got = read(input->fd, input->buffer + input->end, INPUT_BUFFER - input->end);
	} while (got < 0 && (errno == EINTR || errno == EAGAIN));
	if (got < 0)
		input->error = -errno;
	if (got <= 0)
		input->ended = true;
	else
		input->end += (size_t)got;
}

static void move_to_front(struct input *input)
{
	size_t held = input_buffered(input);

	memmove(input->buffer, input->buffer + input->begin, held);
	input->begin = 0;
	input->end = held;
}

static void make_room_for(struct input *input, size_t size)
{
	if (input_buffered(input) < size && input->begin + size > INPUT_BUFFER)
		move_to_front(input);
}

const uint8_t *input_look(struct input *input, size_t size)
{
	if (size > INPUT_BUFFER)
		return NULL;
	make_room_for(input, size);
	while (input_buffered(input) < size) {
		if (input->ended)
			return NULL;
		fill(input);
	}
	return input->buffer + input->begin;
}

bool input_skip(struct input *input, uint64_t size)
{
	for (;;) {
		size_t held = input_buffered(input);

		if (size <= held) {
			input->begin += size;
			return true;
		}
		input->begin = input->end;
		size -= held;
		if (input->ended)
			return false;
		fill(input);
	}
}

size_t input_copy(struct input *input, void *to, size_t size)
{
	size_t copied = 0;

	for (;;) {
		size_t some = input_buffered(input);

		if (some > size - copied)
			some = size - copied;
		memcpy((uint8_t *)to + copied, input->buffer + input->begin, some);
		input->begin += some;
		copied += some;
		if (copied == size || input->ended)
			return copied;
		fill(input);
	}
}

bool input_has_come(struct input *input, size_t size)
{
	struct pollfd ready = {.fd = input->fd, .events = POLLIN};

	if (!input->waits || size > INPUT_BUFFER)
		return true;
	make_room_for(input, size);
	while (input_buffered(input) < size && !input->ended) {
		if (wait_ready(&ready, 1, 0) <= 0)
			return false;
		fill(input);
	}
	return true;
}
