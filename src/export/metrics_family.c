/* SPDX-License-Identifier: MIT */
/* Labels that stay; see metrics_family.h. */
#include "metrics_family.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A label that had no packets for so long may be given up. */
#define IDLE_NS 900000000000LL
/* Labels that were given up, so that they never start again at 0; then all others stay for good. */
#define GONE_MAX 4096
/* New labels that are kept in an interval: for each place so many, and at least some; powers of two. */
#define CANDIDATES_A_PLACE 4
#define CANDIDATES_LEAST   256

int metrics_family_init(struct metrics_family *family, unsigned int room)
{
	family->room = room;
	family->candidates_max = CANDIDATES_LEAST;
	while (family->candidates_max < (size_t)CANDIDATES_A_PLACE * room)
		family->candidates_max *= 2;
	family->series = calloc(room, sizeof(*family->series));
	family->gone = calloc(GONE_MAX, sizeof(*family->gone));
	if (!family->series || !family->gone)
		return -ENOMEM;
	return hash_index_init(&family->index);
}

void metrics_family_done(struct metrics_family *family)
{
	free(family->series);
	free(family->gone);
	free(family->candidate);
	hash_index_done(&family->index);
}

static bool is_series(const void *table, uint32_t place, const void *label)
{
	const struct metrics_family *family = table;

	return !strcmp(family->series[place].label, label);
}

static bool is_reserved(const char *label)
{
	return !*label || !strcmp(label, "other") || !strcmp(label, "retired");
}

static bool was_given_up(const struct metrics_family *family, uint32_t hash)
{
	for (unsigned int i = 0; i < family->gone_count; i++) {
		if (family->gone[i] == hash)
			return true;
	}
	return false;
}

static void add_counts(struct flow_counts to[FLOW_DIRS], const struct flow_counts delta[FLOW_DIRS])
{
	for (int dir = 0; dir < FLOW_DIRS; dir++)
		flow_counts_add(&to[dir], &delta[dir]);
}

static uint64_t candidate_bytes(const struct metrics_candidate *candidate)
{
	return candidate->delta[FLOW_IN].bytes + candidate->delta[FLOW_OUT].bytes;
}

static int by_label(const void *a, const void *b)
{
	const struct metrics_candidate *left = a, *right = b;

	return strcmp(left->label, right->label);
}

static int by_candidate_bytes(const void *a, const void *b)
{
	uint64_t left = candidate_bytes(a), right = candidate_bytes(b);

	return left < right ? 1 : left > right ? -1 : by_label(a, b);
}

/* Several flows or processes may have had one label. */
static void join_candidates(struct metrics_family *family)
{
	struct metrics_candidate *candidate = family->candidate;
	size_t kept = 0;

	qsort(candidate, family->candidates, sizeof(*candidate), by_label);
	for (size_t i = 0; i < family->candidates; i++) {
		if (kept && !strcmp(candidate[kept - 1].label, candidate[i].label))
			add_counts(candidate[kept - 1].delta, candidate[i].delta);
		else
			candidate[kept++] = candidate[i];
	}
	family->candidates = kept;
}

/* The largest `most` of them stay, in order; the others count as "other". */
static void keep_largest(struct metrics_family *family, size_t most)
{
	join_candidates(family);
	qsort(family->candidate, family->candidates, sizeof(*family->candidate),
	      by_candidate_bytes);
	while (family->candidates > most)
		add_counts(family->other, family->candidate[--family->candidates].delta);
}

/* Room for one more; -ENOMEM. */
static int make_room_for_candidate(struct metrics_family *family)
{
	size_t room = family->candidate_room ? 2 * family->candidate_room : CANDIDATES_LEAST;
	struct metrics_candidate *more;

	if (family->candidates < family->candidate_room)
		return 0;
	if (family->candidates >= family->candidates_max) {
		keep_largest(family, family->candidates_max / 2);
		return 0;
	}
	more = reallocarray(family->candidate, room, sizeof(*more));
	if (!more)
		return -ENOMEM;
	family->candidate = more;
	family->candidate_room = room;
	return 0;
}

static int add_candidate(struct metrics_family *family, const char *label,
			 const struct flow_counts delta[FLOW_DIRS])
{
	struct metrics_candidate *made;
	int err = make_room_for_candidate(family);

	if (err)
		return err;
	made = &family->candidate[family->candidates++];
	memset(made->label, 0, sizeof(made->label));
	memcpy(made->label, label, strnlen(label, sizeof(made->label) - 1));
	memcpy(made->delta, delta, sizeof(made->delta));
	return 0;
}

/* Whether there may soon be a place for a new label. */
static bool may_admit(const struct metrics_family *family, int64_t wall_ns)
{
	if (family->count < family->room)
		return true;
	for (unsigned int i = 0; family->gone_count < GONE_MAX && i < family->count; i++) {
		if (wall_ns - family->series[i].active_wall_ns >= IDLE_NS)
			return true;
	}
	return false;
}

int metrics_family_add(struct metrics_family *family, const char *label,
		       const struct flow_counts delta[FLOW_DIRS], int64_t wall_ns)
{
	uint32_t hash, place;

	if (is_reserved(label)) {
		add_counts(family->other, delta);
		return 0;
	}
	hash = hash_index_hash(&family->index, label, strlen(label));
	place = hash_index_find(&family->index, hash, is_series, family, label);
	if (place != HASH_INDEX_NONE) {
		add_counts(family->series[place].total, delta);
		family->series[place].active_wall_ns = wall_ns;
		return 0;
	}
	if (may_admit(family, wall_ns) && !was_given_up(family, hash))
		return add_candidate(family, label, delta);
	add_counts(family->other, delta);
	return 0;
}

/* Gives up the label that has been idle longest; false if none has been for long enough. */
static bool free_place(struct metrics_family *family, int64_t wall_ns, uint32_t *ret_place)
{
	unsigned int oldest = 0;
	struct metrics_series *series;

	if (family->count < family->room) {
		*ret_place = family->count++;
		return true;
	}
	for (unsigned int i = 1; i < family->count; i++) {
		if (family->series[i].active_wall_ns < family->series[oldest].active_wall_ns)
			oldest = i;
	}
	series = &family->series[oldest];
	if (family->gone_count == GONE_MAX || wall_ns - series->active_wall_ns < IDLE_NS)
		return false;
	add_counts(family->retired, series->total);
	family->gone[family->gone_count] = hash_index_hash(&family->index, series->label,
							   strlen(series->label));
	hash_index_remove(&family->index, family->gone[family->gone_count++], oldest);
	*ret_place = oldest;
	return true;
}

static bool admit(struct metrics_family *family, const struct metrics_candidate *candidate,
		  int64_t wall_ns)
{
	uint32_t hash = hash_index_hash(&family->index, candidate->label,
					strlen(candidate->label));
	struct metrics_series *series;
	uint32_t place;

	if (hash_index_reserve(&family->index, family->room) ||
	    !free_place(family, wall_ns, &place))
		return false;
	series = &family->series[place];
	memset(series, 0, sizeof(*series));
	memcpy(series->label, candidate->label, sizeof(series->label));
	memcpy(series->total, candidate->delta, sizeof(series->total));
	series->active_wall_ns = wall_ns;
	return !hash_index_add(&family->index, hash, place);
}

void metrics_family_settle(struct metrics_family *family, int64_t wall_ns)
{
	if (!family->candidates)
		return;
	keep_largest(family, family->candidates);
	for (size_t i = 0; i < family->candidates; i++) {
		if (!admit(family, &family->candidate[i], wall_ns))
			add_counts(family->other, family->candidate[i].delta);
	}
	family->candidates = 0;
}
