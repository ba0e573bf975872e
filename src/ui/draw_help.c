/* SPDX-License-Identifier: MIT */
/* The help page, from the table of keys. Pure; any thread. */
#include "array.h"
#include "draw.h"
#include "keys.h"
#include "page.h"

int draw_help(struct frame *frame, const struct layout *layout, const struct scene *scene)
{
	static const char *const filter[][2] = {
		{"word, \"two words\"", "text in protocol, address, process or host name"},
		{"in out", "direction"},
		{"tcp udp arp ...", "protocol; also proto NUMBER, ip, ip6, other"},
		{"host net", "host 10.0.0.1, host www.example.org, net 10.0.0.0/8"},
		{"port portrange", "port 443 or 80, port https, portrange 8000-8999"},
		{"src dst", "that side only: src port 53, dst 10.0.0.1"},
		{"comm user uid", "of the process: comm nginx; also pid exe"},
		{"container cgroup", "container docker; its short name or path"},
		{"name iface", "of either host, once known; of the interface"},
		{"bps > 1M", "also pps packets bytes, >= < <= = !="},
		{"and or not ( )", "from left to right; terms side by side: both"},
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
