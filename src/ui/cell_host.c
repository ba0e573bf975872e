/* SPDX-License-Identifier: MIT */
/* Ends of flows by the names of their hosts, and texts made to fit; see cell.h. Pure; any thread. */
#include "cell.h"

#include <stdio.h>
#include <string.h>

#include "flow.h"

/* Where the last so many columns of the text begin. */
static const char *tail_of(const char *text, int columns)
{
	while (frame_text_width(text) > columns)
		text += frame_text_fit(text, 1) ?: frame_text_fit(text, 2);
	return text;
}

char *draw_shorten(const char *from, int width, const char *cut, char *text, size_t size)
{
	int keep = width > 0 ? width - 1 : 0, head;

	/* No character takes more columns than it has bytes. */
	if (width < 0 || strlen(from) <= (size_t)width || frame_text_width(from) <= width) {
		snprintf(text, size, "%s", from);
		return text;
	}
	/* The port and the host part, at the end, tell more than the network. */
	head = keep / 2;
	snprintf(text, size, "%.*s%s%s", (int)frame_text_fit(from, head), from,
		 width > 0 ? cut : "", tail_of(from, keep - head));
	return text;
}

/* The address that an end of a row stands for; NULL: it is something else. */
static const uint8_t *address_of(enum group_by by, const struct flow_key *key, bool source)
{
	if (flow_key_sum(key) != FLOW_SUM_NONE)
		return NULL;
	switch (by) {
	case GROUP_FLOW:
	case GROUP_CONVERSATION: return source ? key->src : key->dst;
	case GROUP_HOST: return source ? key->dst : NULL;
	default: return NULL;
	}
}

bool cell_host(const struct scene *scene, const struct flow_key *key, bool source,
	       struct cell_end *end)
{
	const uint8_t *address = address_of(view_group(scene->view), key, source);
	const char *rest;

	if (!scene->host_names || !address ||
	    !name_cache_get(scene->hosts, address, end->host, sizeof(end->host)))
		return false;
	rest = flow_key_has_ports(key) ? strrchr(end->text, ':') : strchr(end->text, ' ');
	memmove(end->text, rest ? rest : "", rest ? strlen(rest) + 1 : 1);
	return true;
}

char *cell_shorten_end(const struct cell_end *end, int width, const char *cut, char *text,
		       size_t size)
{
	int room = width - frame_text_width(end->text);
	char host[NAME_TEXT_MAX];

	/* The port stays whole as long as there is something left of the name. */
	if (*end->host && room >= 4)
		draw_shorten(end->host, room, cut, host, sizeof(host));
	else
		snprintf(host, sizeof(host), "%s", end->host);
	snprintf(text, size, "%s%s", host, end->text);
	if (frame_text_width(text) > width) {
		char whole[CELL_TEXT_MAX];

		snprintf(whole, sizeof(whole), "%s", text);
		draw_shorten(whole, width, cut, text, size);
	}
	return text;
}
