/* SPDX-License-Identifier: MIT */
/* A ring of news; see alerts.h. */
#include "alerts.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct alerts {
	const char *const *text;
	size_t count;
	atomic_uint on; /* a bit each */
	pthread_mutex_t mutex;
	uint64_t added;
	struct alert_news news[ALERTS_KEPT];
};

int alerts_new(const char *const *text, size_t count, struct alerts **ret_alerts)
{
	struct alerts *alerts = calloc(1, sizeof(*alerts));

	if (!alerts)
		return -ENOMEM;
	pthread_mutex_init(&alerts->mutex, NULL);
	alerts->text = text;
	alerts->count = count;
	*ret_alerts = alerts;
	return 0;
}

void alerts_free(struct alerts *alerts)
{
	if (!alerts)
		return;
	pthread_mutex_destroy(&alerts->mutex);
	free(alerts);
}

size_t alerts_count(const struct alerts *alerts)
{
	return alerts->count;
}

const char *alerts_text(const struct alerts *alerts, size_t limit)
{
	return alerts->text[limit];
}

unsigned int alerts_on(const struct alerts *alerts)
{
	return atomic_load(&alerts->on);
}

void alerts_add(struct alerts *alerts, const struct alert_news *news)
{
	const unsigned int bit = 1U << news->limit;

	pthread_mutex_lock(&alerts->mutex);
	if (news->on)
		atomic_fetch_or(&alerts->on, bit);
	else
		atomic_fetch_and(&alerts->on, ~bit);
	alerts->news[alerts->added++ % ALERTS_KEPT] = *news;
	pthread_mutex_unlock(&alerts->mutex);
}

bool alerts_next(struct alerts *alerts, uint64_t *seen, struct alert_news *ret_news)
{
	bool any;

	pthread_mutex_lock(&alerts->mutex);
	if (alerts->added > ALERTS_KEPT && *seen < alerts->added - ALERTS_KEPT)
		*seen = alerts->added - ALERTS_KEPT;
	any = *seen < alerts->added;
	if (any)
		*ret_news = alerts->news[(*seen)++ % ALERTS_KEPT];
	pthread_mutex_unlock(&alerts->mutex);
	return any;
}
