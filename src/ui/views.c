/* SPDX-License-Identifier: MIT */
/* The table of views; see views.h. Constant data; any thread. */
#include "views.h"

#include "array.h"

static const struct view_entry entries[] = {
	{GROUP_CONVERSATION, 'c', "conv", "both directions between two ends"},
	{GROUP_FLOW, 'f', "flows", "each direction by itself"},
	{GROUP_HOST, 'h', "hosts", "the address at the far end"},
	{GROUP_SERVICE, 's', "serv", "protocol and port"},
	{GROUP_PROCESS, 'p', "proc", "program and PID on this machine"},
	{GROUP_CONTAINER, 'n', "cont", "container, pod or systemd unit"},
	{GROUP_USER, 'u', "users", "owner of the process"},
	{GROUP_PROTOCOL, 'o', "proto", "TCP, UDP and so on"},
	{GROUP_IFACE, 'i', "if", "network interface"},
	{GROUP_SITE, 't', "sites", "domain of the server's name"},
	{GROUP_APP, 'a', "apps", "application, as packets say"},
};

static bool is_view_offered(const struct about_tables *tables, enum group_by by)
{
	if (group_by_owner(by))
		return tables->owners != NULL;
	return !group_by_sight(by) || tables->sights;
}

size_t views_list(const struct about_tables *tables, const struct view_entry *ret_view[VIEWS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		if (is_view_offered(tables, entries[i].by))
			ret_view[count++] = &entries[i];
	}
	return count;
}

int views_find(const struct about_tables *tables, enum group_by by)
{
	const struct view_entry *view[VIEWS_MAX];
	size_t count = views_list(tables, view);

	by = by == GROUP_SERVER ? GROUP_SITE : by;
	for (size_t i = 0; i < count; i++) {
		if (view[i]->by == by)
			return (int)i;
	}
	return -1;
}

char views_digit(size_t place)
{
	return place < 9 ? (char)('1' + place) : place == 9 ? '0' : '\0';
}
