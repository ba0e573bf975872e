/* SPDX-License-Identifier: MIT */
/* The keys, from their table: the bottom line and the help page. Pure; any thread. */
#include <string.h>

#include "array.h"
#include "draw.h"
#include "keys.h"
#include "page.h"

/* Width of the labels up to a rank, with their gaps. */
static int labels_width(const struct key_binding *key, size_t count, int rank)
{
	int width = 1;

	for (size_t i = 0; i < count; i++) {
		if (key[i].label && key[i].rank <= rank)
			width += frame_text_width(key[i].label) + 2;
	}
	return width;
}

/* "key word": the key stands out, the word explains it. */
static int put_label(struct frame *frame, int x, int y, const char *label)
{
	const char *blank = strrchr(label, ' ');
	int key = blank ? (int)(blank - label) : 0;

	frame_put(frame, x, y, key, STYLE_BOLD | STYLE_ACCENT, label);
	frame_put(frame, x + key, y, frame->width, STYLE_PLAIN, label + key);
	return frame_text_width(label) + 2;
}

static enum keys_where where_of(const struct scene *scene)
{
	if (scene->prompt.open)
		return KEYS_IN_PROMPT;
	if (scene->held)
		return KEYS_WHILE_HELD;
	return scene->page == PAGE_TABLE ? KEYS_IN_TABLE : KEYS_IN_PAGE;
}

void draw_keys(struct frame *frame, const struct layout *layout, const struct scene *scene)
{
	size_t count;
	const struct key_binding *key = keys_at(where_of(scene), &count);
	int rank = 9;
	int x = 1;

	while (rank > 1 && labels_width(key, count, rank) > frame->width + 1)
		rank--;
	for (size_t i = 0; i < count; i++) {
		if (key[i].label && key[i].rank <= rank)
			x += put_label(frame, x, layout->keys_y, key[i].label);
	}
}

int draw_help(struct frame *frame, const struct layout *layout, const struct scene *scene)
{
	static const char *const filter[][2] = {
		{"word, \"two words\"", "text in protocol, address, process or host name"},
		{"in out", "direction"},
		{"tcp udp arp ...", "protocol; also proto NUMBER, ip, ip6, other"},
		{"host net", "host 10.0.0.1, host www.example.org, net 10.0.0.0/8"},
		{"port portrange", "port 443 or 80, port https, portrange 8000-8999"},
		{"src dst", "only that end: src port 53, dst 10.0.0.1"},
		{"comm user uid", "process: comm nginx; also pid, exe"},
		{"container cgroup", "container docker: short name or path"},
		{"name iface", "host name, once known; interface name"},
		{"bps > 1M", "also pps packets bytes, >= < <= = !="},
		{"and or not ( )", "left to right; adjacent terms: both must match"},
	};
	struct page_writer page =
		page_begin(frame, layout, "Keys and filter", scene->page_line, 11);
	size_t count;
	const struct key_binding *key = keys_table(&count);

	for (size_t i = 0; i < count; i++)
		page_line(&page, STYLE_PLAIN, key[i].keys, key[i].help);
	page_line(&page, STYLE_PLAIN, "", "");
	page_line(&page, STYLE_BOLD, "Filter", "");
	page.label_width = 18;
	for (size_t i = 0; i < ARRAY_SIZE(filter); i++)
		page_line(&page, STYLE_PLAIN, filter[i][0], filter[i][1]);
	return page_finish(&page);
}
