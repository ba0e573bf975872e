/* SPDX-License-Identifier: MIT */
/* Names of hosts as packets have them. Pure; any thread. */
#ifndef PKTSTAT_HOST_NAME_H
#define PKTSTAT_HOST_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* Longest name as text (RFC 1035, 2.3.4), with the terminating zero. */
#define HOST_NAME_SIZE 254

/*
 * Copies a name, in lower case and without a dot at its end. False, and "", unless it consists of
 * letters, digits, '-', '_' and dots, with labels of 1 to 63 bytes, and is no IPv4 address.
 */
bool host_name_copy(const void *from, size_t length, char name[HOST_NAME_SIZE]);

#endif
