/* SPDX-License-Identifier: MIT */
/* Lines and columns for a size; see layout.h. Keeps nothing; any thread. */
#include "layout.h"

#include <limits.h>
#include <string.h>

#include "array.h"

#include "array.h"

#define MARK_WIDTH    2	 /* selection mark and a blank */
#define ADDRESS_FULL  21 /* an IPv4 address and port */
#define ADDRESS_MAX   47 /* an IPv6 address and port in brackets */
#define ADDRESS_LEAST 15

#define BIT(column) (1U << (column))

/* Packets a second change places with bits, be it in the order of columns or of leaving. */
static enum column placed(bool packets, enum column column)
{
	if (packets && column == COLUMN_BPS)
		return COLUMN_PPS;
	return packets && column == COLUMN_PPS ? COLUMN_BPS : column;
}

size_t layout_columns_of(const struct layout_wish *wish, enum column ret_column[LAYOUT_COLUMNS_MAX])
{
	size_t count = 0;

	for (int i = 0; i < COLUMNS; i++) {
		if (column_info((enum column)i)->live & BIT(wish->by))
			ret_column[count++] = placed(wish->packets, (enum column)i);
	}
	return count;
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
	const struct column_info *info = column_info(column);

	if (column == COLUMN_PROTO && !layout->owners && layout->width >= 70)
		return info->width[1];
	return info->width[layout->width < 100 ? 0 : layout->width < 132 ? 1 : 2];
}

static unsigned int columns_of(enum group_by by)
{
	unsigned int set = 0;

	for (int i = 0; i < COLUMNS; i++) {
		if (column_info((enum column)i)->live & BIT(by))
			set |= BIT(i);
	}
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

/* A column in its turn to go, and the room for an address that it makes way for. */
struct leaving {
	enum column column;
	unsigned int turn;
	int room;
};

/* The user of a process matters as much as its name: these are dropped at their later turn only. */
static bool stays_longer(const struct layout *layout, const struct column_info *info)
{
	return layout->by == GROUP_PROCESS && info->late.turn;
}

/* The first turn behind another one; false when there is none. */
static bool next_leaving(const struct layout *layout, unsigned int turn, struct leaving *ret_next)
{
	ret_next->turn = UINT_MAX;
	for (int i = 0; i < COLUMNS; i++) {
		const struct column_info *info = column_info((enum column)i);
		const struct column_leave of[] = {info->leave, info->late};

		for (size_t j = stays_longer(layout, info); j < ARRAY_SIZE(of); j++) {
			if (of[j].turn > turn && of[j].turn < ret_next->turn)
				*ret_next = (struct leaving){(enum column)i, of[j].turn,
							     of[j].room};
		}
	}
	return ret_next->turn != UINT_MAX;
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
	struct leaving next = {0};

	while (next_leaving(layout, next.turn, &next)) {
		enum column column = placed(layout->packets, next.column);

		if (!(set & BIT(column)) || kept & BIT(column))
			continue;
		/* Where there is one number only, it is the one sorted by. */
		if (column == COLUMN_DESTINATION && kept && !(kept & BIT(first)) &&
		    room_for_address(layout, set) < ADDRESS_LEAST)
			set &= ~BIT(first);
		if (room_for_address(layout, set) >= next.room)
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

	for (int i = 0; i < COLUMNS; i++) {
		const struct column_info *info = column_info((enum column)i);

		if ((info->owner && !wish->owners) || (info->iface && !wish->ifaces))
			set |= BIT(i);
	}
	return set;
}

static unsigned int past_columns(void)
{
	unsigned int set = 0;

	for (int i = 0; i < COLUMNS; i++) {
		if (column_info((enum column)i)->past)
			set |= BIT(i);
	}
	return set;
}

bool layout_may_show(const struct layout_wish *wish, enum column column)
{
	return columns_of(wish->by) & ~unknown_columns(wish) & BIT(column);
}

/* Whether a column that is sorted by stays: wide ones only where that leaves room for others. */
static bool stays(const struct layout *layout, enum column column)
{
	const struct column_info *info = column_info(column);

	if (info->number)
		return true;
	return (info->owner || info->iface) && layout->width >= 60;
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
	ret_layout->past = set & past_columns();
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
