/* SPDX-License-Identifier: MIT */
/* Descriptors that are open in this process. To be included behind cmocka.h. */
#ifndef PKTSTAT_TEST_DESCRIPTORS_H
#define PKTSTAT_TEST_DESCRIPTORS_H

#include <dirent.h>

/* To be compared: entries of the directory itself are counted, too. */
static inline unsigned int open_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	unsigned int count = 0;

	assert_non_null(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

#endif
