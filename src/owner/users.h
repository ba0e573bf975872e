/* SPDX-License-Identifier: MIT */
/* Names of users, from the host's name services. */
#ifndef PKTSTAT_USERS_H
#define PKTSTAT_USERS_H

#include <stddef.h>
#include <stdint.h>

/* Room that is enough for a name with its end. */
#define USER_NAME_SIZE 64

/*
 * The name of a user, or the number if there is no name; untrusted text, cut to fit. Opens
 * files and sockets as nsswitch.conf(5) says, and may wait for a server. Any thread.
 */
void users_name(uint32_t uid, char name[USER_NAME_SIZE]);

/* Who is asked instead, by a thread that may not do that itself. */
struct user_source {
	void (*name)(void *context, uint32_t uid, char name[USER_NAME_SIZE]); /* NULL: nobody */
	void *context;
};

#endif
