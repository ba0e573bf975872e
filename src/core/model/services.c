/* SPDX-License-Identifier: MIT */
/* Names of ports in two arrays by port; see services.h. Constant once it is made. */
#include "services.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"

#define NAME_MAX_LENGTH 16

enum table {
	TABLE_TCP,
	TABLE_UDP,
	TABLES,
};

struct services {
	char (*name[TABLES])[NAME_MAX_LENGTH]; /* by port; empty: none */
};

static void take(struct services *services, const struct servent *entry)
{
	enum table table = strcmp(entry->s_proto, "udp") == 0 ? TABLE_UDP : TABLE_TCP;
	uint16_t port = ntohs((uint16_t)entry->s_port);
	char *name = services->name[table][port];

	/* The first name of a port is its usual one. */
	if (!*name)
		format_outside(entry->s_name, name, NAME_MAX_LENGTH);
}

int services_new(struct services **ret_services)
{
	struct services *services = calloc(1, sizeof(*services));
	struct servent entry, *got;
	char buffer[1024];
	int err;

	if (!services)
		return -ENOMEM;
	for (int i = 0; i < TABLES; i++) {
		services->name[i] = calloc(UINT16_MAX + 1, sizeof(*services->name[i]));
		if (!services->name[i]) {
			services_free(services);
			return -ENOMEM;
		}
	}
	setservent(1);
	/* An entry too long for the buffer is left out. */
	while ((err = getservent_r(&entry, buffer, sizeof(buffer), &got)) == 0 || err == ERANGE) {
		if (!err)
			take(services, got);
	}
	endservent();
	*ret_services = services;
	return 0;
}

void services_free(struct services *services)
{
	if (!services)
		return;
	for (int i = 0; i < TABLES; i++)
		free(services->name[i]);
	free(services);
}

const char *services_name(const struct services *services, uint8_t ipproto, uint16_t port)
{
	const char *name = services->name[ipproto == IPPROTO_UDP ? TABLE_UDP : TABLE_TCP][port];

	return *name ? name : NULL;
}
