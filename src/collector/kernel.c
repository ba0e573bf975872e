/* SPDX-License-Identifier: MIT */
/* Facts about the running kernel. */
#include "kernel.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define REALTIME_FILE "/sys/kernel/realtime"
#define NS_PER_S      1000000000ULL

bool kernel_says_realtime(const char *file, const char *version)
{
	return (file && file[0] == '1') || strstr(version, "PREEMPT_RT");
}

bool kernel_is_realtime(void)
{
	int fd = open(REALTIME_FILE, O_RDONLY | O_CLOEXEC);
	struct utsname names = {0};
	char file[8] = "";
	ssize_t size = -1;

	if (fd >= 0) {
		size = read(fd, file, sizeof(file) - 1);
		close(fd);
	}
	uname(&names);
	return kernel_says_realtime(size > 0 ? file : NULL, names.version);
}

uint64_t kernel_ticks(unsigned int seconds)
{
	struct timespec tick;

	if (clock_getres(CLOCK_MONOTONIC_COARSE, &tick) || tick.tv_nsec <= 0)
		tick.tv_nsec = 1000000; /* no kernel has a shorter one */
	return seconds * (NS_PER_S / (uint64_t)tick.tv_nsec);
}
