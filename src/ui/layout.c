/* SPDX-License-Identifier: MIT */
/* Lines and columns for a size; see layout.h. Keeps nothing; any thread. */
#include "layout.h"

#include <limits.h>
#include <string.h>

#include "array.h"

#define MARK_WIDTH    2	 /* selection mark and a blank */
#define ADDRESS_FULL  21 /* an IPv4 address and port */
#define ADDRESS_MAX   47 /* an IPv6 address and port in brackets */
#define ADDRESS_LEAST 15
#define IFACES_FROM   79 /* two interfaces side by side */

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

/* About a fifth of the screen: the rows are what it is for. */
static int block_lines(const struct layout *layout, bool plain)
{
	if (layout->height < 16 || layout->width < 50)
		return 1;
	if (plain || layout->height < 28 || layout->width < 96)
		return 2;
	return layout->height < 38 ? 5 : layout->height < 48 ? 7 : 9;
}

static void fit_lines(struct layout *layout, const struct layout_wish *wish)
{
	int height = layout->height;
	int top = 0, bottom = height;

	layout->title_y = height >= 4 ? top++ : -1;
	layout->in_y = top;
	layout->block = block_lines(layout, wish->plain);
	layout->out_y = top + layout->block / 2;
	top += layout->block;
	layout->ifaces_y = -1;
	if (wish->ifaces && height >= 24 && layout->width >= IFACES_FROM && layout->block <= 5)
		layout->ifaces_y = top++;
	layout->tabs_y = height >= 24 && layout->width >= 100 ? top++ : -1;
	layout->head_y = height >= 5 ? top++ : -1;
	layout->keys_y = height >= 8 ? --bottom : -1;
	layout->status_y = height >= 14 ? --bottom : -1;
	layout->rows_y = top;
	layout->rows = bottom > top ? bottom - top : 0;
}

/* What a fit is made from. */
struct fitting {
	const struct layout *layout;
	const struct layout_wish *wish;
};

static bool is_end_column(enum column column)
{
	return column == COLUMN_SOURCE || column == COLUMN_DESTINATION;
}

/* Columns that the texts take, or the title above them; 0: not known. */
static int content_of(const struct fitting *fitting, enum column column)
{
	const uint8_t *content = fitting->wish->content;
	const char *title = column_title(column, fitting->wish->by);
	int least = (int)strlen(title) + (fitting->wish->sort == column);

	if (!content || column_info(column)->number || column == COLUMN_DIR ||
	    column_info(column)->kind == COLUMN_GRAPH)
		return 0;
	return content[column] > least ? content[column] : least;
}

static int width_of(const struct fitting *fitting, enum column column)
{
	const struct column_info *info = column_info(column);
	int wide = fitting->layout->width < 100 ? 0 : fitting->layout->width < 132 ? 1 : 2;
	int width = info->width[wide], content = content_of(fitting, column);

	if (column == COLUMN_PROTO && !fitting->layout->owners && fitting->layout->width >= 70)
		width = info->width[1];
	return content && content < width ? content : width;
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

/* Columns left for the addresses, both together, when the others in the set have theirs. */
static int room_for_ends(const struct fitting *fitting, unsigned int set)
{
	int room = fitting->layout->width - MARK_WIDTH;

	for (int i = 0; i < COLUMNS; i++) {
		if (set & BIT(i) && !is_end_column((enum column)i))
			room -= width_of(fitting, (enum column)i) + 1;
	}
	return set & BIT(COLUMN_DESTINATION) ? room - 1 : room;
}

/* What the column of the first address would take; alone it holds either end. */
static int need_of_source(const struct fitting *fitting, unsigned int set)
{
	int source = content_of(fitting, COLUMN_SOURCE);
	int destination = content_of(fitting, COLUMN_DESTINATION);
	bool alone = columns_of(fitting->wish->by) & ~set & BIT(COLUMN_DESTINATION);

	return alone && destination > source ? destination : source;
}

/* What the addresses in the set would take, both together; 0: not known. */
static int need_of_ends(const struct fitting *fitting, unsigned int set)
{
	int need = need_of_source(fitting, set);

	return set & BIT(COLUMN_DESTINATION) ? need + content_of(fitting, COLUMN_DESTINATION) : need;
}

/* Whether the addresses have so many columns each, or all that they need. */
static bool ends_have(const struct fitting *fitting, unsigned int set, int room)
{
	int need = need_of_ends(fitting, set), have = room_for_ends(fitting, set);
	int both = set & BIT(COLUMN_DESTINATION) ? 2 * room : room;

	if (need && (room == COLUMN_ROOMY || need < both))
		return have >= need;
	return have >= both;
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
		bool grouped = layout->by != GROUP_FLOW && info->leave_group.turn;
		const struct column_leave of[] = {grouped ? info->leave_group : info->leave,
						  info->late};

		for (size_t j = stays_longer(layout, info); j < ARRAY_SIZE(of); j++) {
			if (of[j].turn > turn && of[j].turn < ret_next->turn)
				*ret_next = (struct leaving){(enum column)i, of[j].turn,
							     of[j].room};
		}
	}
	return ret_next->turn != UINT_MAX;
}

/* Whether rows are ordered by both directions together, which the two say as well. */
static bool sorts_by_sum(const struct layout_wish *wish)
{
	return wish->by != GROUP_FLOW && wish->sort == placed(wish->packets, COLUMN_BPS);
}

static unsigned int number_columns(void)
{
	unsigned int set = 0;

	for (int i = 0; i < COLUMNS; i++) {
		if (column_info((enum column)i)->number)
			set |= BIT(i);
	}
	return set;
}

/*
 * One direction without the other misleads, so both leave; what they add up to takes their place unless
 * there is another number, and the rate that had left for them is back where there is room.
 */
static unsigned int drop_directions(const struct fitting *fitting, unsigned int set,
				    unsigned int kept, unsigned int all)
{
	bool packets = fitting->wish->packets;
	unsigned int rate = BIT(placed(packets, COLUMN_PPS)) & all;

	set &= ~(BIT(COLUMN_IN) | BIT(COLUMN_OUT)) | kept;
	if (!(kept & number_columns()) || sorts_by_sum(fitting->wish))
		set |= BIT(placed(packets, COLUMN_BPS)) & all;
	return ends_have(fitting, set | rate, ADDRESS_FULL) ? set | rate : set;
}

/* Leaves out what has no room; `kept` columns stay, and so does what is sorted by. */
static unsigned int drop_columns(const struct fitting *fitting, unsigned int set, unsigned int kept)
{
	bool packets = fitting->wish->packets;
	enum column first = placed(packets, COLUMN_BPS);
	const unsigned int all = set;
	struct leaving next = {0};

	while (next_leaving(fitting->layout, next.turn, &next)) {
		enum column column = placed(packets, next.column);

		if (!(set & BIT(column)) || kept & BIT(column))
			continue;
		/* Where there is one number only, it is the one sorted by. */
		if (column == COLUMN_DESTINATION && kept && !(kept & BIT(first)) &&
		    !sorts_by_sum(fitting->wish) &&
		    !ends_have(fitting, set, ADDRESS_LEAST))
			set &= ~BIT(first);
		if (ends_have(fitting, set, next.room))
			continue;
		if (column == COLUMN_IN || column == COLUMN_OUT)
			set = drop_directions(fitting, set, kept, all);
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
		bool empty = wish->content && info->text && !wish->content[i];

		if ((info->owner && !wish->owners) || (info->iface && !wish->ifaces) ||
		    (wish->plain && info->kind == COLUMN_GRAPH) ||
		    (info->sight && !wish->sights) ||
		    (empty && (enum column)i != wish->sort))
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

bool layout_may_order(const struct layout_wish *wish, enum column column)
{
	unsigned int orders = column_info(column)->live | column_info(column)->orders;

	return orders & BIT(wish->by) && !(unknown_columns(wish) & BIT(column));
}

/* Whether a column that is sorted by stays: wide ones only where that leaves room for others. */
static bool stays(const struct layout *layout, const struct layout_wish *wish)
{
	const struct column_info *info = column_info(wish->sort);

	if (info->number)
		return !sorts_by_sum(wish);
	return (info->owner || info->iface) && layout->width >= 60;
}

static unsigned int choose_columns(const struct fitting *fitting)
{
	const struct layout_wish *wish = fitting->wish;
	unsigned int totals = BIT(COLUMN_PACKETS) | BIT(COLUMN_BYTES);
	unsigned int all = columns_of(wish->by) & ~unknown_columns(wish);
	unsigned int kept = stays(fitting->layout, wish) ? BIT(wish->sort) & all : 0;
	unsigned int set = drop_columns(fitting, all, kept);

	if (!wish->totals)
		return set;
	if ((set & totals) == totals)
		return set & (~totals | kept);
	set = drop_columns(fitting, all & (~BIT(placed(wish->packets, COLUMN_PPS)) | kept),
			   kept | totals);
	return ends_have(fitting, set, ADDRESS_LEAST) ? set : drop_columns(fitting, all, kept);
}

/* Shares the room out: each address what it needs, or half if both need more. */
static void fit_ends(const struct fitting *fitting, unsigned int set, int *ret_source,
		     int *ret_destination)
{
	int room = room_for_ends(fitting, set);
	int source = need_of_source(fitting, set) ?: ADDRESS_MAX;
	int destination = content_of(fitting, COLUMN_DESTINATION) ?: ADDRESS_MAX;

	*ret_source = source < room ? source : room;
	*ret_destination = 0;
	if (!(set & BIT(COLUMN_DESTINATION)))
		return;
	if (source + destination > room && destination <= room / 2)
		source = room - destination;
	else if (source + destination > room)
		source = source <= room / 2 ? source : room / 2;
	*ret_source = source;
	*ret_destination = destination < room - source ? destination : room - source;
}

/* What is left over goes to names that were cut, from left to right. */
static void widen_texts(const struct fitting *fitting, struct layout *layout, int spare)
{
	for (int i = 0; i < layout->columns && spare > 0; i++) {
		struct layout_column *column = &layout->column[i];
		int more = content_of(fitting, column->column) - column->width;

		if (more > spare)
			more = spare;
		if (more <= 0)
			continue;
		column->width += more;
		spare -= more;
		for (int j = i + 1; j < layout->columns; j++)
			layout->column[j].x += more;
	}
}

static void place_columns(const struct fitting *fitting, struct layout *layout, unsigned int set)
{
	enum column order[LAYOUT_COLUMNS_MAX];
	size_t count = layout_columns_of(fitting->wish, order);
	int x = layout->width > MARK_WIDTH ? MARK_WIDTH : 0;
	int source, destination;

	fit_ends(fitting, set, &source, &destination);
	for (size_t i = 0; i < count; i++) {
		struct layout_column *column = &layout->column[layout->columns];
		enum column which = order[i];

		if (!(set & BIT(which)))
			continue;
		column->column = which;
		column->x = x;
		column->width = which == COLUMN_SOURCE	      ? source
				: which == COLUMN_DESTINATION ? destination
							      : width_of(fitting, which);
		x += column->width + 1;
		layout->columns++;
	}
	widen_texts(fitting, layout, layout->width - x + 1);
}

void layout_fit(int width, int height, const struct layout_wish *wish, struct layout *ret_layout)
{
	const struct fitting fitting = {ret_layout, wish};
	unsigned int set;

	memset(ret_layout, 0, sizeof(*ret_layout));
	ret_layout->width = width;
	ret_layout->height = height;
	ret_layout->arrows = width < 100;
	ret_layout->by = wish->by;
	ret_layout->owners = wish->owners;
	ret_layout->packets = wish->packets;
	fit_lines(ret_layout, wish);
	set = choose_columns(&fitting);
	ret_layout->peer = columns_of(wish->by) & ~set & BIT(COLUMN_DESTINATION);
	ret_layout->past = set & past_columns();
	place_columns(&fitting, ret_layout, set);
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
