/* SPDX-License-Identifier: MIT */
/* The text of a table cell; see cell.h. Pure; any thread. */
#include "cell.h"

#include <stdio.h>
#include <string.h>

#include "array.h"
#include "clock.h"
#include "flow.h"
#include "format.h"
#include "services.h"

/*
 * One endpoint of a row: the host, which is shortened first, or ""; and the rest, such as a port,
 * which stays whole as long as possible. Only words, such as " echo-request", are shortened before
 * the host.
 */
struct cell_end {
	char host[NAME_TEXT_MAX];
	char text[ENDPOINT_TEXT_MAX];
};

/* The last `columns` columns of the text. */
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
	/* The port and the host part, at the end, are more useful than the network. */
	head = keep / 2;
	snprintf(text, size, "%.*s%s%s", (int)frame_text_fit(from, head), from,
		 width > 0 ? cut : "", tail_of(from, keep - head));
	return text;
}

/* The address of a row's endpoint; NULL: it is not an address. */
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

/* Whether words explain the numbers used in place of ports. An SPI has only digits. */
static bool has_detail(enum group_by by, const struct flow_key *key)
{
	enum flow_numbers numbers = flow_key_numbers(key);

	return by == GROUP_FLOW && flow_key_sum(key) == FLOW_SUM_NONE &&
	       numbers != FLOW_NUMBERS_PORTS && numbers != FLOW_NUMBERS_SPI;
}

/* Splits an address, or the name of its host if that is wanted and known, from what follows it. */
static void cell_host(const struct scene *scene, const struct flow_key *key, bool source,
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

/* The name that packets gave this end stands in place of its address, and of what reverse DNS says. */
static void cell_site(const struct scene *scene, const struct row *row, bool source,
		      struct cell_end *end)
{
	enum sight_end named = sight_flow_unpack(row->sight_word).named;
	const char *label = sight_table_get(scene->sights, row->sight)->label, *port;

	if (!scene->site_names || !*label || flow_key_sum(&row->key) != FLOW_SUM_NONE ||
	    named != (source ? SIGHT_END_SOURCE : SIGHT_END_DESTINATION))
		return;
	port = strrchr(end->text, ':');
	snprintf(end->host, sizeof(end->host), "%s", label);
	memmove(end->text, port ? port : "", port ? strlen(port) + 1 : 1);
}

#define HOST_LEAST   4
#define DETAIL_LEAST 10 /* " echo-rep~", which is not " echo-req~" */

/* Words after a host: cut at the end, and only so far that enough of them remains. */
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

/* Groups of an IPv6 address are cut out of its middle, from one ':' to another; false: it is none. */
static bool shorten_v6(const char *from, int width, const char *cut, char *text, size_t size)
{
	int length = (int)strlen(from), end = (int)strcspn(from, "]");
	int head = (int)strcspn(from, ":") + 1, tail, room;

	if (head > 6 || strspn(from, "[:0123456789abcdef") < (size_t)end || from[head - 1] != ':')
		return false;
	room = width - frame_text_width(cut) - (length - end);
	tail = end;
	for (int i = end - 1; i > head && end - i + head <= room; i--) {
		if (from[i] == ':')
			tail = i;
	}
	for (int i = head; i < tail && i + 1 + (end - tail) <= room; i++) {
		if (from[i] == ':')
			head = i + 1;
	}
	if (tail == end)
		return false;
	snprintf(text, size, "%.*s%s%s", head, from, cut, from + tail);
	return true;
}

/* Both parts in `width` columns. Returns `text`. */
static char *cell_shorten_end(const struct cell_end *end, int width, const char *cut, char *text,
			      size_t size)
{
	char host[NAME_TEXT_MAX], rest[ENDPOINT_TEXT_MAX + 4];
	int room;

	if (*end->host && *end->text == ' ')
		shorten_detail(end, width, cut, rest, sizeof(rest));
	else
		snprintf(rest, sizeof(rest), "%s", end->text);
	/* The port stays whole as long as part of the name remains. */
	room = width - frame_text_width(rest);
	draw_shorten(end->host, *end->host && room >= HOST_LEAST ? room : NAME_TEXT_MAX, cut, host,
		     sizeof(host));
	snprintf(text, size, "%s%s", host, rest);
	if (frame_text_width(text) > width) {
		char whole[CELL_TEXT_MAX];

		snprintf(whole, sizeof(whole), "%s", text);
		if (!shorten_v6(whole, width, cut, text, size))
			draw_shorten(whole, width, cut, text, size);
	}
	return text;
}

/* At the start, where no column is too narrow for it. */
#define OWN_SIGN "(own) "

bool cell_is_own(const struct scene *scene, const struct row *row)
{
	return flow_key_sum(&row->key) == FLOW_SUM_NONE &&
	       owner_table_get(scene->owners, row->owner)->own;
}

/* Replaces the port number at the end of the text by its service name, if it has one. */
static void name_port(const struct scene *scene, const struct flow_key *key, uint16_t port,
		      char *text, size_t size)
{
	const char *name;
	char *colon = strrchr(text, ':');
	size_t room;

	if (!scene->names || !scene->services || !flow_key_has_ports(key) || !colon)
		return;
	name = services_name(scene->services, key->ipproto, port);
	room = size - (size_t)(colon + 1 - text);
	if (name)
		snprintf(colon + 1, room, "%s", name);
}

static void source_text(const struct scene *scene, const struct row *row, struct cell_end *end)
{
	const struct flow_key *key = &row->key;
	const struct about_tables tables = scene_tables(scene);
	enum group_by by = view_group(scene->view);
	const char *name = NULL;
	size_t length;

	group_source(by, key, &tables, view_context(scene->view).ifaces, end->text,
		     sizeof(end->text));
	if (by == GROUP_PROCESS && cell_is_own(scene, row))
		snprintf(end->host, sizeof(end->host), "%s", OWN_SIGN);
	if (by != GROUP_SERVICE) {
		name_port(scene, key, key->sport, end->text, sizeof(end->text));
		cell_host(scene, key, true, end);
		cell_site(scene, row, true, end);
		return;
	}
	if (scene->services && flow_key_has_ports(key))
		name = services_name(scene->services, key->ipproto, key->dport);
	length = strlen(end->text);
	if (name)
		snprintf(end->text + length, sizeof(end->text) - length, " %s", name);
}

static void destination_text(const struct scene *scene, const struct row *row, struct cell_end *end)
{
	const struct flow_key *key = &row->key;

	group_destination(view_group(scene->view), key, end->text, sizeof(end->text));
	name_port(scene, key, key->dport, end->text, sizeof(end->text));
	cell_host(scene, key, false, end);
	cell_site(scene, row, false, end);
}

/* The remote endpoint, judging by the direction. */
static void peer_text(const struct scene *scene, const struct row *row, struct cell_end *end)
{
	bool flow = view_group(scene->view) == GROUP_FLOW;

	if (flow_key_sum(&row->key) != FLOW_SUM_NONE ||
	    (flow && flow_key_dir(&row->key) == FLOW_IN))
		source_text(scene, row, end);
	else
		destination_text(scene, row, end);
}

int cell_width(const struct layout *layout, const struct layout_column *column,
	       const struct flow_key *key)
{
	const struct layout_column *destination = layout_find(layout, COLUMN_DESTINATION);

	if (column->column == COLUMN_SOURCE && destination && flow_key_sum(key) != FLOW_SUM_NONE)
		return destination->x + destination->width - column->x;
	return column->width;
}

static const char *short_proto(const struct flow_key *key, int width)
{
	static const char *const brief[][2] = {{"IPv6-ICMP", "ICMPv6"},
					       {"IPSEC-ESP", "ESP"},
					       {"IPSEC-AH", "AH"},
					       {"OSPFIGP", "OSPF"}};
	const char *name = flow_proto_name(key);

	for (size_t i = 0; width < 9 && i < ARRAY_SIZE(brief); i++) {
		if (strcmp(name, brief[i][0]) == 0)
			return brief[i][1];
	}
	return name;
}

/* The process; the sign at the start survives any shortening. */
static void write_process(const struct layout_column *column, const struct scene *scene,
			  const struct row *row, char *text, size_t size)
{
	const struct owner *owner = owner_table_get(scene->owners, row->owner);
	const char *sign = owner->own ? OWN_SIGN : "";
	char safe[OWNER_TEXT_MAX], fitting[OWNER_TEXT_MAX];

	format_outside(row->mixed ? "several" : owner->comm, safe, sizeof(safe));
	draw_shorten(safe, column->width - (int)strlen(sign), scene->glyphs->cut, fitting,
		     sizeof(fitting));
	snprintf(text, size, "%s%s", sign, fitting);
}

/* The unit; without ".service" when that does not fit. */
static void write_unit_cell(const struct layout_column *column, const struct scene *scene,
			    const char *unit, char *text, size_t size)
{
	static const char service[] = ".service";
	char safe[OWNER_TEXT_MAX];
	size_t length;

	format_outside(unit, safe, sizeof(safe));
	length = strlen(safe);
	if (frame_text_width(safe) > column->width && length >= sizeof(service) &&
	    strcmp(safe + length - sizeof(service) + 1, service) == 0)
		safe[length - sizeof(service) + 1] = '\0';
	draw_shorten(safe, column->width, scene->glyphs->cut, text, size);
}

/* What is known of the owner, or where the row was counted, or another text of the table of columns;
 * false for an end. */
static bool write_about(const struct layout_column *column, const struct scene *scene,
			const struct row *row, char *text, size_t size)
{
	const struct column_info *info = column_info(column->column);
	const struct column_context context = view_context(scene->view);
	char whole[CELL_TEXT_MAX];

	if (!info->text)
		return false;
	if (info->owner && flow_key_sum(&row->key) != FLOW_SUM_NONE)
		*text = '\0';
	else if (column->column == COLUMN_PROCESS)
		write_process(column, scene, row, text, size);
	else if (column->column == COLUMN_CONTAINER)
		write_unit_cell(column, scene, owner_table_get(scene->owners, row->owner)->unit,
				text, size);
	else
		draw_shorten(info->text(&context, row, whole, sizeof(whole)), column->width,
			     scene->glyphs->cut, text, size);
	return true;
}

static void write_text(const struct layout *layout, const struct layout_column *column,
		       const struct scene *scene, const struct row *row, char *text, size_t size)
{
	const struct flow_key *key = &row->key;
	struct cell_end end = {0};

	if (column->column == COLUMN_PROTO) {
		snprintf(text, size, "%s", short_proto(key, column->width));
		return;
	}
	if (column->column == COLUMN_DIR && layout->arrows) {
		snprintf(text, size, "%s", scene->glyphs->arrow[flow_key_dir(key)]);
		return;
	}
	if (write_about(column, scene, row, text, size))
		return;
	if (column->column == COLUMN_SOURCE && layout->peer)
		peer_text(scene, row, &end);
	else if (column->column == COLUMN_SOURCE)
		source_text(scene, row, &end);
	else if (flow_key_sum(key) == FLOW_SUM_NONE)
		destination_text(scene, row, &end);
	cell_shorten_end(&end, cell_width(layout, column, key), scene->glyphs->cut, text, size);
}

/* Where both directions share a column, it shows the larger, and an arrow says which. */
static bool shows_larger(const struct layout *layout, const struct scene *scene, enum column column)
{
	return column == (scene->unit == UNIT_PACKETS ? COLUMN_PPS : COLUMN_BPS) &&
	       layout->by != GROUP_FLOW && !layout_find(layout, COLUMN_IN);
}

static void write_larger(const struct scene *scene, const struct row *row,
			 const struct column_context *context, char *text, size_t size)
{
	double in = column_value(COLUMN_IN, context, row), out = column_value(COLUMN_OUT, context, row);
	enum flow_dir dir = out > in ? FLOW_OUT : FLOW_IN;
	double number = out > in ? out : in;
	char scaled[FORMAT_TEXT_MAX];

	format_scaled(scene->unit == UNIT_BYTES ? number / 8.0 : number, scaled, sizeof(scaled));
	snprintf(text, size, "%s%s", scene->glyphs->arrow[dir], scaled);
}

static void write_number(const struct layout *layout, const struct scene *scene, enum column column,
			 const struct row *row, char *text, size_t size)
{
	const struct column_info *info = column_info(column);
	struct column_context context = view_context(scene->view);
	double number;

	context.packets = scene->unit == UNIT_PACKETS;
	number = column_value(column, &context, row);
	if (shows_larger(layout, scene, column) && context.elapsed_ns && number > 0.0) {
		write_larger(scene, row, &context, text, size);
		return;
	}
	if (scene->unit == UNIT_BYTES && (info->kind == COLUMN_BITS || info->kind == COLUMN_RATE))
		number /= 8.0;
	/* The first sample has no rate, which is not the same as a rate of 0. */
	if ((info->real && !info->past && !context.elapsed_ns) || number < 0.0)
		snprintf(text, size, "-");
	else if (info->kind == COLUMN_PERCENT)
		snprintf(text, size, number < 9.95 ? "%.1f %%" : "%.0f %%", number);
	else if (info->kind != COLUMN_ID)
		format_scaled(number, text, size);
	else if (number > 0.0)
		snprintf(text, size, "%.0f", number);
	else
		text[0] = '\0';
}

char *cell_text(const struct layout *layout, const struct layout_column *column,
		const struct scene *scene, const struct row *row, char *text, size_t size)
{
	if (column_info(column->column)->number)
		write_number(layout, scene, column->column, row, text, size);
	else
		write_text(layout, column, scene, row, text, size);
	return text;
}

/* Of a sum, where it has one column: enough to tell it from others; of flows that have no row, all. */
#define SUM_MOST  16
#define SUM_FLOWS 21 /* "over --max-flows: TCP" */

/* Columns of an end of the row. A sum has none where its text lies over both. */
static int end_content(const struct scene *scene, enum column column, const struct row *row)
{
	enum group_by by = view_group(scene->view);
	struct cell_end end = {0};

	if (flow_key_sum(&row->key) != FLOW_SUM_NONE)
		return by == GROUP_FLOW || by == GROUP_CONVERSATION	     ? 0
		       : flow_key_sum(&row->key) >= FLOW_SUM_MAP_FULL ? SUM_FLOWS
								      : SUM_MOST;
	if (column == COLUMN_SOURCE)
		source_text(scene, row, &end);
	else
		destination_text(scene, row, &end);
	return frame_text_width(end.host) + frame_text_width(end.text);
}

int cell_content(enum column column, const struct scene *scene, const struct row *row)
{
	const struct column_info *info = column_info(column);
	const struct column_context context = view_context(scene->view);
	char text[CELL_TEXT_MAX];
	int own = 0;

	if (!info->text)
		return end_content(scene, column, row);
	if (info->owner && flow_key_sum(&row->key) != FLOW_SUM_NONE)
		return 0;
	if (column == COLUMN_PROTO)
		return frame_text_width(flow_proto_name(&row->key));
	if (column == COLUMN_PROCESS && cell_is_own(scene, row))
		own = (int)strlen(OWN_SIGN);
	return own + frame_text_width(info->text(&context, row, text, sizeof(text)));
}
