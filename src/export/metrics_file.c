/* SPDX-License-Identifier: MIT */
/* See metrics_file.h. */
#include "metrics_file.h"

#include <errno.h>
#include <unistd.h>

static int write_all(int fd, const struct text *text)
{
	size_t done = 0;

	while (done < text->used) {
		ssize_t written = write(fd, text->at + done, text->used - done);

		if (written < 0 && errno != EINTR)
			return -errno;
		done += written > 0 ? (size_t)written : 0;
	}
	return 0;
}

static int write_file(struct metrics_file *file)
{
	int fd, err;

	text_clear(&file->text);
	metrics_write(file->metrics, METRICS_PROMETHEUS, &file->text);
	if (file->text.failed)
		return -ENOMEM;
	fd = file->open(file->context);
	if (fd < 0)
		return fd;
	err = write_all(fd, &file->text);
	close(fd);
	if (!err)
		err = file->replace(file->context);
	if (err)
		file->remove(file->context);
	return err;
}

/* Counters go on whether the file can be written or not. */
int metrics_file_publish(void *output, const struct change *change)
{
	struct metrics_file *file = output;
	int err = metrics_take(file->metrics, change);

	if (err)
		return err;
	err = write_file(file);
	if (file->is_stuck != (err != 0)) {
		file->is_stuck = err != 0;
		file->stuck(file->context, err);
	}
	return 0;
}

int metrics_file_finish(void *output, const struct snapshot *last)
{
	(void)output;
	(void)last;
	return 0;
}

void metrics_file_done(struct metrics_file *file)
{
	text_done(&file->text);
}
