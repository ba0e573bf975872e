/* SPDX-License-Identifier: MIT */
/*
 * Names of ports in two arrays by port, and ports of names in a list; see services.h. Constant once
 * it is made.
 */
#include "services.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "format.h"

#define NAME_MAX_LENGTH 16

enum table {
	TABLE_TCP,
	TABLE_UDP,
	TABLES,
};

/* A name or an alias. */
struct service {
	char name[NAME_MAX_LENGTH];
	uint16_t port;
	uint8_t table;
};

struct services {
	char (*name[TABLES])[NAME_MAX_LENGTH]; /* by port; empty: none */
	struct service *service;
	size_t count, room;
};

/* What finds no memory is left out. */
static void add_name(struct services *services, const char *name, uint16_t port, enum table table)
{
	size_t room = services->room ? 2 * services->room : 512;
	struct service *service = services->service;

	if (services->count == services->room) {
		service = reallocarray(service, room, sizeof(*service));
		if (!service)
			return;
		services->service = service;
		services->room = room;
	}
	service = &services->service[services->count];
	if (strlen(name) >= sizeof(service->name))
		return;
	memcpy(service->name, name, strlen(name) + 1);
	service->port = port;
	service->table = (uint8_t)table;
	services->count++;
}

static void take_service(struct services *services, const struct servent *entry)
{
	enum table table = strcmp(entry->s_proto, "udp") == 0 ? TABLE_UDP : TABLE_TCP;
	uint16_t port = ntohs((uint16_t)entry->s_port);
	char *name = services->name[table][port];

	/* The first name of a port is its usual one. */
	if (!*name)
		format_outside(entry->s_name, name, NAME_MAX_LENGTH);
	if (strcmp(entry->s_proto, "tcp") != 0 && strcmp(entry->s_proto, "udp") != 0)
		return;
	add_name(services, entry->s_name, port, table);
	for (char **alias = entry->s_aliases; *alias; alias++)
		add_name(services, *alias, port, table);
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
			take_service(services, got);
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
	free(services->service);
	free(services);
}

const char *services_name(const struct services *services, uint8_t ipproto, uint16_t port)
{
	const char *name = services->name[ipproto == IPPROTO_UDP ? TABLE_UDP : TABLE_TCP][port];

	return *name ? name : NULL;
}

int services_port(const struct services *services, uint8_t ipproto, const char *name)
{
	enum table table = ipproto == IPPROTO_UDP ? TABLE_UDP : TABLE_TCP;

	for (size_t i = 0; i < services->count; i++) {
		const struct service *service = &services->service[i];

		if (service->table == table && !strcasecmp(service->name, name))
			return service->port;
	}
	return -1;
}
