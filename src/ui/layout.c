/* SPDX-License-Identifier: MIT */
/* Lines and columns for a size; see layout.h. Keeps nothing; any thread. */
#include "layout.h"

#include <string.h>

#include "array.h"

#define MARK_WIDTH    2	 /* selection mark and a blank */
#define ADDRESS_FULL  21 /* an IPv4 address and port */
#define ADDRESS_ROOMY 29 /* most IPv6 addresses and ports */
#define ADDRESS_MAX   47 /* an IPv6 address and port in brackets */
#define ADDRESS_LEAST 15

#define BIT(column) (1U << (column))

/* From left to right. */
static const struct {
	enum column column[LAYOUT_COLUMNS_MAX];
	size_t count;
} orders[GROUPS] = {
	[GROUP_FLOW] = {{COLUMN_PROTO, COLUMN_DIR, COLUMN_IFACE, COLUMN_SOURCE, COLUMN_DESTINATION,
			 COLUMN_PROCESS, COLUMN_PID, COLUMN_USER, COLUMN_CONTAINER, COLUMN_HISTORY,
			 COLUMN_BPS, COLUMN_AVERAGE_2S, COLUMN_AVERAGE_10S, COLUMN_AVERAGE_40S,
			 COLUMN_PPS, COLUMN_PACKETS, COLUMN_BYTES},
			17},
	[GROUP_CONVERSATION] = {{COLUMN_PROTO, COLUMN_IFACE, COLUMN_SOURCE, COLUMN_DESTINATION,
				 COLUMN_PROCESS, COLUMN_PID, COLUMN_USER, COLUMN_CONTAINER,
				 COLUMN_IN, COLUMN_OUT, COLUMN_BPS, COLUMN_AVERAGE_2S,
				 COLUMN_AVERAGE_10S, COLUMN_AVERAGE_40S, COLUMN_PPS, COLUMN_PACKETS,
				 COLUMN_BYTES},
				17},
	[GROUP_HOST] = {{COLUMN_SOURCE, COLUMN_PROCESS, COLUMN_IN, COLUMN_OUT, COLUMN_BPS,
			 COLUMN_AVERAGE_2S, COLUMN_AVERAGE_10S, COLUMN_AVERAGE_40S, COLUMN_PPS,
			 COLUMN_PACKETS, COLUMN_BYTES, COLUMN_FLOWS},
			12},
	[GROUP_SERVICE] = {{COLUMN_PROTO, COLUMN_SOURCE, COLUMN_PROCESS, COLUMN_IN, COLUMN_OUT,
			    COLUMN_BPS, COLUMN_AVERAGE_2S, COLUMN_AVERAGE_10S, COLUMN_AVERAGE_40S,
			    COLUMN_PPS, COLUMN_PACKETS, COLUMN_BYTES, COLUMN_FLOWS},
			   13},
	[GROUP_PROTOCOL] = {{COLUMN_PROTO, COLUMN_SOURCE, COLUMN_IN, COLUMN_OUT, COLUMN_BPS,
			     COLUMN_AVERAGE_2S, COLUMN_AVERAGE_10S, COLUMN_AVERAGE_40S, COLUMN_PPS,
			     COLUMN_PACKETS, COLUMN_BYTES, COLUMN_FLOWS},
			    12},
	[GROUP_PROCESS] = {{COLUMN_SOURCE, COLUMN_USER, COLUMN_CONTAINER, COLUMN_IN, COLUMN_OUT,
			    COLUMN_BPS, COLUMN_AVERAGE_2S, COLUMN_AVERAGE_10S, COLUMN_AVERAGE_40S,
			    COLUMN_PPS, COLUMN_PACKETS, COLUMN_BYTES, COLUMN_FLOWS},
			   13},
	[GROUP_CONTAINER] = {{COLUMN_SOURCE, COLUMN_IN, COLUMN_OUT, COLUMN_BPS, COLUMN_AVERAGE_2S,
			      COLUMN_AVERAGE_10S, COLUMN_AVERAGE_40S, COLUMN_PPS, COLUMN_PACKETS,
			      COLUMN_BYTES, COLUMN_FLOWS},
			     11},
	[GROUP_USER] = {{COLUMN_SOURCE, COLUMN_IN, COLUMN_OUT, COLUMN_BPS, COLUMN_AVERAGE_2S,
			 COLUMN_AVERAGE_10S, COLUMN_AVERAGE_40S, COLUMN_PPS, COLUMN_PACKETS,
			 COLUMN_BYTES, COLUMN_FLOWS},
			11},
};

/* Packets a second change places with bits, be it in the order of columns or of leaving. */
static enum column placed(bool packets, enum column column)
{
	if (packets && column == COLUMN_BPS)
		return COLUMN_PPS;
	return packets && column == COLUMN_PPS ? COLUMN_BPS : column;
}

size_t layout_columns_of(const struct layout_wish *wish, enum column ret_column[LAYOUT_COLUMNS_MAX])
{
	for (size_t i = 0; i < orders[wish->by].count; i++)
		ret_column[i] = placed(wish->packets, orders[wish->by].column[i]);
	return orders[wish->by].count;
}

static void fit_lines(struct layout *layout)
{
	int height = layout->height;
	int top = 0, bottom = height;
	bool two = height >= 16 && layout->width >= 50;

	layout->title_y = height >= 4 ? top++ : -1;
	layout->in_y = top++;
	layout->out_y = two ? top++ : layout->in_y;
	layout->tabs_y = height >= 24 && layout->width >= 100 ? top++ : -1;
	layout->head_y = height >= 5 ? top++ : -1;
	layout->keys_y = height >= 8 ? --bottom : -1;
	layout->status_y = height >= 14 ? --bottom : -1;
	layout->rows_y = top;
	layout->rows = bottom > top ? bottom - top : 0;
}

static int width_of(const struct layout *layout, enum column column)
{
	switch (column) {
	case COLUMN_PROTO: return layout->width >= (layout->owners ? 100 : 70) ? 9 : 6;
	case COLUMN_DIR: return layout->arrows ? 1 : 3;
	case COLUMN_PACKETS: return 8;
	case COLUMN_PROCESS: return layout->width >= 132 ? 15 : layout->width >= 100 ? 12 : 11;
	case COLUMN_CONTAINER: return 14;
	case COLUMN_IFACE: return layout->width >= 132 ? 11 : 8;
	case COLUMN_USER: return 8;
	case COLUMN_PID: return 7;
	case COLUMN_HISTORY: return LAYOUT_HISTORY_WIDTH;
	case COLUMN_SOURCE:
	case COLUMN_DESTINATION: return 0;
	default: return layout->width >= 100 ? 7 : 6;
	}
}

static unsigned int columns_of(enum group_by by)
{
	unsigned int set = 0;

	for (size_t i = 0; i < orders[by].count; i++)
		set |= BIT(orders[by].column[i]);
	return set;
}

/* Columns left for an address when the others in the set have theirs. */
static int room_for_address(const struct layout *layout, unsigned int set)
{
	int room = layout->width - MARK_WIDTH;

	for (int i = 0; i < COLUMNS; i++) {
		if (set & BIT(i) && i != COLUMN_SOURCE && i != COLUMN_DESTINATION)
			room -= width_of(layout, (enum column)i) + 1;
	}
	return set & BIT(COLUMN_DESTINATION) ? (room - 1) / 2 : room;
}

/* Columns in the order they are dropped, each to leave an address this much space. */
static const struct leaving {
	enum column column;
	int room;
} leaving[] = {
	{COLUMN_HISTORY, ADDRESS_ROOMY},
	{COLUMN_AVERAGE_2S, ADDRESS_ROOMY},
	{COLUMN_AVERAGE_40S, ADDRESS_ROOMY},
	{COLUMN_AVERAGE_10S, ADDRESS_ROOMY},
	{COLUMN_CONTAINER, ADDRESS_FULL},
	{COLUMN_USER, ADDRESS_FULL},
	{COLUMN_PID, ADDRESS_FULL},
	{COLUMN_PACKETS, ADDRESS_FULL},
	{COLUMN_FLOWS, ADDRESS_FULL},
	{COLUMN_BYTES, ADDRESS_FULL},
	{COLUMN_PPS, ADDRESS_FULL},
	{COLUMN_IN, ADDRESS_FULL},
	{COLUMN_OUT, ADDRESS_FULL},
	{COLUMN_CONTAINER, ADDRESS_LEAST},
	{COLUMN_USER, ADDRESS_LEAST},
	{COLUMN_IFACE, ADDRESS_LEAST},
	{COLUMN_PROCESS, ADDRESS_LEAST},
	{COLUMN_DESTINATION, ADDRESS_LEAST},
	{COLUMN_PROTO, ADDRESS_LEAST},
	{COLUMN_DIR, 8},
	{COLUMN_SOURCE, 4},
	{COLUMN_BPS, 1},
};

#define LEAVING ARRAY_SIZE(leaving)

/* In the view of processes, user and container are dropped at a second, later place. */
static bool stays_longer(const struct layout *layout, const struct leaving *place)
{
	return layout->by == GROUP_PROCESS && place->room == ADDRESS_FULL &&
	       (place->column == COLUMN_USER || place->column == COLUMN_CONTAINER);
}

/*
 * One direction without the other misleads, so both leave; where that leaves room for the rate that
 * had left for them, it is back.
 */
static unsigned int drop_directions(const struct layout *layout, unsigned int set,
				    unsigned int kept, unsigned int all)
{
	unsigned int rate = BIT(placed(layout->packets, COLUMN_PPS)) & all;

	set &= ~(BIT(COLUMN_IN) | BIT(COLUMN_OUT)) | kept;
	return room_for_address(layout, set | rate) < ADDRESS_FULL ? set : set | rate;
}

/* Leaves out what has no room; `kept` columns stay, and so does what is sorted by. */
static unsigned int drop_columns(const struct layout *layout, unsigned int set, unsigned int kept)
{
	enum column first = placed(layout->packets, COLUMN_BPS);
	const unsigned int all = set;

	for (size_t i = 0; i < LEAVING; i++) {
		enum column column = placed(layout->packets, leaving[i].column);

		if (!(set & BIT(column)) || kept & BIT(column) || stays_longer(layout, &leaving[i]))
			continue;
		/* Where there is one number only, it is the one sorted by. */
		if (column == COLUMN_DESTINATION && kept && !(kept & BIT(first)) &&
		    room_for_address(layout, set) < ADDRESS_LEAST)
			set &= ~BIT(first);
		if (room_for_address(layout, set) >= leaving[i].room)
			continue;
		if (column == COLUMN_IN || column == COLUMN_OUT)
			set = drop_directions(layout, set, kept, all);
		else
			set &= ~BIT(column);
	}
	return set;
}

/* Columns that would have nothing to say. */
static unsigned int unknown_columns(const struct layout_wish *wish)
{
	unsigned int set = 0;

	if (!wish->owners)
		set |= BIT(COLUMN_PROCESS) | BIT(COLUMN_PID) | BIT(COLUMN_USER) |
		       BIT(COLUMN_CONTAINER);
	if (!wish->ifaces)
		set |= BIT(COLUMN_IFACE);
	return set;
}

bool layout_may_show(const struct layout_wish *wish, enum column column)
{
	return columns_of(wish->by) & ~unknown_columns(wish) & BIT(column);
}

/* Whether a column that is sorted by stays: wide ones only where that leaves room for others. */
static bool stays(const struct layout *layout, enum column column)
{
	switch (column) {
	case COLUMN_PROCESS:
	case COLUMN_USER:
	case COLUMN_CONTAINER:
	case COLUMN_IFACE: return layout->width >= 60;
	default: return column_info(column)->number;
	}
}

static unsigned int choose_columns(const struct layout *layout, const struct layout_wish *wish)
{
	unsigned int totals = BIT(COLUMN_PACKETS) | BIT(COLUMN_BYTES);
	unsigned int all = columns_of(wish->by) & ~unknown_columns(wish);
	unsigned int kept = stays(layout, wish->sort) ? BIT(wish->sort) & all : 0;
	unsigned int set = drop_columns(layout, all, kept);

	if (!wish->totals)
		return set;
	if ((set & totals) == totals)
		return set & (~totals | kept);
	set = drop_columns(layout, all & (~BIT(placed(layout->packets, COLUMN_PPS)) | kept),
			   kept | totals);
	return room_for_address(layout, set) >= ADDRESS_LEAST ? set
							      : drop_columns(layout, all, kept);
}

static void place_columns(struct layout *layout, const struct layout_wish *wish, unsigned int set)
{
	enum column order[LAYOUT_COLUMNS_MAX];
	size_t count = layout_columns_of(wish, order);
	int address = room_for_address(layout, set);
	int x = layout->width > MARK_WIDTH ? MARK_WIDTH : 0;

	if (address > ADDRESS_MAX)
		address = ADDRESS_MAX;
	for (size_t i = 0; i < count; i++) {
		struct layout_column *column = &layout->column[layout->columns];
		enum column which = order[i];

		if (!(set & BIT(which)))
			continue;
		column->column = which;
		column->x = x;
		column->width = width_of(layout, which) ?: address;
		x += column->width + 1;
		layout->columns++;
	}
}

void layout_fit(int width, int height, const struct layout_wish *wish, struct layout *ret_layout)
{
	unsigned int set;

	memset(ret_layout, 0, sizeof(*ret_layout));
	ret_layout->width = width;
	ret_layout->height = height;
	ret_layout->arrows = width < 100;
	ret_layout->by = wish->by;
	ret_layout->owners = wish->owners;
	ret_layout->packets = wish->packets;
	fit_lines(ret_layout);
	set = choose_columns(ret_layout, wish);
	ret_layout->peer = columns_of(wish->by) & ~set & BIT(COLUMN_DESTINATION);
	ret_layout->past = set & (BIT(COLUMN_HISTORY) | BIT(COLUMN_AVERAGE_2S) |
				  BIT(COLUMN_AVERAGE_10S) | BIT(COLUMN_AVERAGE_40S));
	place_columns(ret_layout, wish, set);
}

const struct layout_column *layout_column_at(const struct layout *layout, int x)
{
	for (int i = 0; i < layout->columns; i++) {
		if (x >= layout->column[i].x && x <= layout->column[i].x + layout->column[i].width)
			return &layout->column[i];
	}
	return NULL;
}

const struct layout_column *layout_find(const struct layout *layout, enum column column)
{
	for (int i = 0; i < layout->columns; i++) {
		if (layout->column[i].column == column)
			return &layout->column[i];
	}
	return NULL;
}
