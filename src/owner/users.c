/* SPDX-License-Identifier: MIT */
/* See users.h. */
#include "users.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>

#define PASSWD_ROOM 16384

void users_name(uint32_t uid, char name[USER_NAME_SIZE])
{
	struct passwd entry, *found = NULL;
	char *room = malloc(PASSWD_ROOM);

	if (room && !getpwuid_r(uid, &entry, room, PASSWD_ROOM, &found) && found &&
	    found->pw_name[0])
		snprintf(name, USER_NAME_SIZE, "%s", found->pw_name);
	else
		snprintf(name, USER_NAME_SIZE, "%u", uid);
	free(room);
}
