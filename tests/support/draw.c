/* SPDX-License-Identifier: MIT */
/*
 * Draws numbers below n; see draw.h. Zipf's law is drawn by the alias method (A. J. Walker,
 * 1977; M. D. Vose, 1991): one random number and one table look-up, whatever n is.
 */
#include "draw.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"

struct alias {
	uint32_t keep;	/* the number itself is drawn when the random one is below; */
	uint32_t other; /* this one otherwise */
};

struct draw {
	enum draw_order order;
	uint32_t n, at, step;
	uint64_t state;
	struct alias *alias;
};

static const char *const order_names[] = {
	[DRAW_SEQUENTIAL] = "sequential",
	[DRAW_RANDOM] = "random",
	[DRAW_ZIPF] = "zipf",
};

int draw_order_of_name(const char *name)
{
	for (int i = 0; i < (int)(sizeof(order_names) / sizeof(order_names[0])); i++)
		if (!strcmp(order_names[i], name))
			return i;
	return -1;
}

const char *draw_order_name(enum draw_order order)
{
	return order_names[order];
}

/* Weights with mean 1. */
static void zipf_weights(double *weight, uint32_t n)
{
	double sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += weight[i] = pow((double)i + 1, -DRAW_ZIPF_EXPONENT);
	for (uint32_t i = 0; i < n; i++)
		weight[i] *= n / sum;
}

static uint32_t alias_threshold(double weight)
{
	return weight >= 1 ? UINT32_MAX : (uint32_t)(weight * 4294967296.0);
}

/*
 * Fills places lighter than the mean from heavier ones. `small` runs through the light places in
 * order; a heavy one that has become light before that point is used up at once.
 */
static void alias_fill(struct alias *alias, double *weight, uint32_t n)
{
	uint32_t heavy = 0, light = 0, next_light;

	for (uint32_t i = 0; i < n; i++)
		alias[i] = (struct alias){.keep = UINT32_MAX, .other = i};
	while (heavy < n && weight[heavy] < 1)
		heavy++;
	while (light < n && weight[light] >= 1)
		light++;
	next_light = light + 1;
	while (light < n && heavy < n) {
		alias[light] = (struct alias){alias_threshold(weight[light]), heavy};
		weight[heavy] -= 1 - weight[light];
		if (heavy < next_light && weight[heavy] < 1) {
			light = heavy;
		} else {
			while (next_light < n && weight[next_light] >= 1)
				next_light++;
			light = next_light++;
		}
		while (heavy < n && weight[heavy] < 1)
			heavy++;
	}
}

static int draw_prepare_zipf(struct draw *draw)
{
	double *weight = calloc(draw->n, sizeof(*weight));

	draw->alias = calloc(draw->n, sizeof(*draw->alias));
	if (!weight || !draw->alias) {
		free(weight);
		return -ENOMEM;
	}
	zipf_weights(weight, draw->n);
	alias_fill(draw->alias, weight, draw->n);
	free(weight);
	return 0;
}

int draw_new(enum draw_order order, uint32_t n, uint64_t seed, uint32_t first, uint32_t step,
	     struct draw **ret_draw)
{
	struct draw *draw;
	int err;

	if (!n)
		return -EINVAL;
	draw = calloc(1, sizeof(*draw));
	if (!draw)
		return -ENOMEM;
	*draw = (struct draw){.order = order, .n = n, .at = first % n, .step = step % n};
	draw->state = seed * 0xd1342543de82ef95ULL + 1;
	if (order == DRAW_ZIPF) {
		err = draw_prepare_zipf(draw);
		if (err) {
			draw_free(draw);
			return err;
		}
	}
	*ret_draw = draw;
	return 0;
}

void draw_free(struct draw *draw)
{
	if (!draw)
		return;
	free(draw->alias);
	free(draw);
}

uint32_t draw_next(struct draw *draw)
{
	uint64_t random;
	uint32_t i;

	if (draw->order == DRAW_SEQUENTIAL) {
		i = draw->at;
		draw->at = (uint32_t)(((uint64_t)i + draw->step) % draw->n);
		return i;
	}
	random = random_next(&draw->state);
	i = (uint32_t)((random >> 32) * draw->n >> 32);
	if (draw->order == DRAW_RANDOM || (uint32_t)random <= draw->alias[i].keep)
		return i;
	return draw->alias[i].other;
}
