/* SPDX-License-Identifier: MIT */
/* Ends of flows by the names of their hosts, and texts made to fit; see cell.h. Pure; any thread. */
#include "cell.h"

#include <stdio.h>
#include <string.h>

#include "flow.h"
#include "flow_protocol.h"

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

/* Words that say what the numbers in place of ports mean; an SPI is told apart by its last digits. */
static bool has_detail(enum group_by by, const struct flow_key *key)
{
	enum flow_numbers numbers = flow_key_numbers(key);

	return by == GROUP_FLOW && flow_key_sum(key) == FLOW_SUM_NONE &&
	       numbers != FLOW_NUMBERS_PORTS && numbers != FLOW_NUMBERS_SPI;
}

void cell_host(const struct scene *scene, const struct flow_key *key, bool source,
	       struct cell_end *end)
{
	enum group_by by = view_group(scene->view);
	const uint8_t *address = address_of(by, key, source);
	const char *rest =
		flow_key_has_ports(key) ? strrchr(end->text, ':') : strchr(end->text, ' ');
	bool named = scene->host_names && address &&
		     name_cache_get(scene->hosts, address, end->host, sizeof(end->host));

	if (!named && (!rest || !has_detail(by, key)))
		return;
	if (!named)
		snprintf(end->host, sizeof(end->host), "%.*s", (int)(rest - end->text), end->text);
	memmove(end->text, rest ? rest : "", rest ? strlen(rest) + 1 : 1);
}

#define HOST_LEAST   4
#define DETAIL_LEAST 10 /* " echo-rep~", which is not " echo-req~" */

/* Words behind a host: their beginning tells most, and makes way for the host up to a point. */
static void shorten_detail(const struct cell_end *end, int width, const char *cut, char *text,
			   size_t size)
{
	int least = width / 2 < DETAIL_LEAST ? width / 2 : DETAIL_LEAST;
	int room = width - frame_text_width(end->host);

	room = room < least ? least : room;
	if (frame_text_width(end->text) <= room)
		snprintf(text, size, "%s", end->text);
	else
		snprintf(text, size, "%.*s%s", (int)frame_text_fit(end->text, room - 1), end->text,
			 cut);
}

char *cell_shorten_end(const struct cell_end *end, int width, const char *cut, char *text,
		       size_t size)
{
	char host[NAME_TEXT_MAX], rest[ENDPOINT_TEXT_MAX + 4];
	int room;

	if (*end->host && *end->text == ' ')
		shorten_detail(end, width, cut, rest, sizeof(rest));
	else
		snprintf(rest, sizeof(rest), "%s", end->text);
	/* The port stays whole as long as there is something left of the name. */
	room = width - frame_text_width(rest);
	draw_shorten(end->host, *end->host && room >= HOST_LEAST ? room : NAME_TEXT_MAX, cut, host,
		     sizeof(host));
	snprintf(text, size, "%s%s", host, rest);
	if (frame_text_width(text) > width) {
		char whole[CELL_TEXT_MAX];

		snprintf(whole, sizeof(whole), "%s", text);
		draw_shorten(whole, width, cut, text, size);
	}
	return text;
}
