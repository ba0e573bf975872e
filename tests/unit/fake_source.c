/* SPDX-License-Identifier: MIT */
/* A flow source fed by hand; see fake_source.h. */
#include "fake_source.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"
#include "one_iface.h"

#define FED_MAX 64

struct fed {
	struct flow_key key;
	struct flow_counts counts;
	int after_detach; /* -1: any drain; else only that one after detach */
};

struct fake_source {
	struct flow_source base;
	pthread_mutex_t lock;
	struct fed fed[FED_MAX];
	unsigned int feds, drains, late_drains;
	bool detached, wanted, lost;
	int error, wake_fd, loss_fd;
	uint64_t delay_ns;
	struct ifaces *ifaces;
	bool slot[FLOW_IFACES_MAX]; /* to be given up */
	bool waits, has_slots;	    /* an interface waits; there are such slots */
	unsigned int follows, drains_before;
};

static struct fake_source *fake_of(const struct flow_source *base)
{
	return (struct fake_source *)base;
}

/* What a drain hands over now: everything fed at once, or what was kept for just this drain. */
static bool is_due(const struct fake_source *fake, const struct fed *fed)
{
	return fed->after_detach < 0 ||
	       (fake->detached && (unsigned int)fed->after_detach == fake->late_drains);
}

static void fake_drain(struct flow_source *base, const struct flow_sink *sink,
		       struct source_reading *ret_reading)
{
	struct fake_source *fake = fake_of(base);
	unsigned int i, kept = 0;
	uint64_t until_ns;

	pthread_mutex_lock(&fake->lock);
	memset(ret_reading, 0, sizeof(*ret_reading));
	until_ns = clock_mono_ns() + fake->delay_ns;
	fake->delay_ns = 0;
	while (clock_mono_ns() < until_ns)
		poll(NULL, 0, 1);
	ret_reading->mono_ns = clock_mono_ns();
	for (i = 0; i < fake->feds; i++) {
		const struct fed fed = fake->fed[i];

		if (!is_due(fake, &fed)) {
			fake->fed[kept++] = fed;
			continue;
		}
		sink->add(sink->arg, &(struct flow_delta){fed.key, fed.counts}, 1);
		ret_reading->total[fed.key.where].packets += fed.counts.packets;
		ret_reading->total[fed.key.where].bytes += fed.counts.bytes;
		ret_reading->map_used++;
	}
	fake->feds = kept;
	ret_reading->error = fake->error;
	fake->error = 0;
	fake->drains++;
	fake->late_drains += fake->detached;
	pthread_mutex_unlock(&fake->lock);
}

static void fake_detach(struct flow_source *base)
{
	struct fake_source *fake = fake_of(base);

	pthread_mutex_lock(&fake->lock);
	fake->detached = true;
	pthread_mutex_unlock(&fake->lock);
}

static int fake_wake_fd(struct flow_source *base)
{
	return fake_of(base)->wake_fd;
}

static bool clear_event(struct fake_source *fake, int fd, const bool *answer)
{
	uint64_t value;
	bool said;

	pthread_mutex_lock(&fake->lock);
	said = read(fd, &value, sizeof(value)) > 0 && *answer;
	pthread_mutex_unlock(&fake->lock);
	return said;
}

static bool fake_wants_drain(struct flow_source *base)
{
	struct fake_source *fake = fake_of(base);

	return clear_event(fake, fake->wake_fd, &fake->wanted);
}

static int fake_loss_fd(struct flow_source *base)
{
	return fake_of(base)->loss_fd;
}

static bool fake_is_lost(struct flow_source *base)
{
	struct fake_source *fake = fake_of(base);

	return clear_event(fake, fake->loss_fd, &fake->lost);
}

static bool fake_on_links(struct flow_source *base)
{
	struct fake_source *fake = fake_of(base);

	pthread_mutex_lock(&fake->lock);
	fake->follows++;
	pthread_mutex_unlock(&fake->lock);
	return fake_is_lost(base);
}

static bool fake_on_deadline(struct flow_source *base)
{
	(void)base;
	return false;
}

static bool fake_wants_slots(struct flow_source *base)
{
	struct fake_source *fake = fake_of(base);
	bool wants;

	pthread_mutex_lock(&fake->lock);
	wants = fake->waits && fake->has_slots;
	pthread_mutex_unlock(&fake->lock);
	return wants;
}

static bool fake_give_up_slots(struct flow_source *base, bool ret_slot[FLOW_IFACES_MAX])
{
	struct fake_source *fake = fake_of(base);
	bool given;

	pthread_mutex_lock(&fake->lock);
	given = fake->has_slots && fake->drains >= fake->drains_before + FLOW_GENERATIONS;
	if (given) {
		memcpy(ret_slot, fake->slot, sizeof(fake->slot));
		fake->has_slots = fake->waits = false;
		fake->follows = 0;
	}
	pthread_mutex_unlock(&fake->lock);
	return given;
}

static void fake_state(const struct flow_source *base, struct source_state *ret_state)
{
	(void)base;
	*ret_state = (struct source_state){.map_entries = 11,
					   .map_entries_max = 12,
					   .map_grown = 13,
					   .map_shrunk = 14,
					   .map_failed = 15};
}

static struct ifaces *fake_ifaces(const struct flow_source *base)
{
	struct fake_source *fake = fake_of(base);
	struct ifaces *ifaces;

	pthread_mutex_lock(&fake->lock);
	ifaces = ifaces_ref(fake->ifaces);
	pthread_mutex_unlock(&fake->lock);
	return ifaces;
}

static const struct flow_source_ops fake_ops = {
	.drain = fake_drain,
	.detach = fake_detach,
	.wake_fd = fake_wake_fd,
	.wants_drain = fake_wants_drain,
	.links_fd = fake_loss_fd,
	.on_links = fake_on_links,
	.on_deadline = fake_on_deadline,
	.wants_slots = fake_wants_slots,
	.give_up_slots = fake_give_up_slots,
	.ifaces = fake_ifaces,
	.state = fake_state,
};

struct fake_source *fake_source_new(void)
{
	struct fake_source *fake = calloc(1, sizeof(*fake));

	if (!fake)
		abort();
	if (ifaces_new_one("fake0", &fake->ifaces))
		abort();
	fake->base.ops = &fake_ops;
	pthread_mutex_init(&fake->lock, NULL);
	fake->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	fake->loss_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return fake;
}

void fake_source_free(struct fake_source *fake)
{
	close(fake->wake_fd);
	close(fake->loss_fd);
	ifaces_unref(fake->ifaces);
	pthread_mutex_destroy(&fake->lock);
	free(fake);
}

struct flow_source *fake_source_base(struct fake_source *fake)
{
	return &fake->base;
}

static void feed(struct fake_source *fake, const struct fed *fed)
{
	pthread_mutex_lock(&fake->lock);
	if (fake->feds == FED_MAX)
		abort();
	fake->fed[fake->feds++] = *fed;
	pthread_mutex_unlock(&fake->lock);
}

void fake_source_feed(struct fake_source *fake, const struct flow_key *key, uint64_t packets,
		      uint64_t bytes)
{
	feed(fake, &(struct fed){*key, {packets, bytes}, -1});
}

void fake_source_feed_late(struct fake_source *fake, unsigned int drain,
			   const struct flow_key *key, uint64_t packets, uint64_t bytes)
{
	feed(fake, &(struct fed){*key, {packets, bytes}, (int)drain});
}

void fake_source_fail(struct fake_source *fake, int error)
{
	pthread_mutex_lock(&fake->lock);
	fake->error = error;
	pthread_mutex_unlock(&fake->lock);
}

void fake_source_delay(struct fake_source *fake, uint64_t delay_ns)
{
	pthread_mutex_lock(&fake->lock);
	fake->delay_ns = delay_ns;
	pthread_mutex_unlock(&fake->lock);
}

static void signal_event(struct fake_source *fake, int fd, bool *answer, bool value)
{
	uint64_t one = 1;

	pthread_mutex_lock(&fake->lock);
	*answer = value;
	if (write(fd, &one, sizeof(one)) != sizeof(one))
		abort();
	pthread_mutex_unlock(&fake->lock);
}

void fake_source_wake(struct fake_source *fake, bool wanted)
{
	signal_event(fake, fake->wake_fd, &fake->wanted, wanted);
}

void fake_source_say(struct fake_source *fake, bool lost)
{
	signal_event(fake, fake->loss_fd, &fake->lost, lost);
}

void fake_source_rename(struct fake_source *fake, const char *name)
{
	struct ifaces *ifaces;

	if (ifaces_new_one(name, &ifaces))
		abort();
	pthread_mutex_lock(&fake->lock);
	ifaces_unref(fake->ifaces);
	fake->ifaces = ifaces;
	pthread_mutex_unlock(&fake->lock);
	fake_source_say(fake, false);
}

unsigned int fake_source_drains(struct fake_source *fake)
{
	unsigned int drains;

	pthread_mutex_lock(&fake->lock);
	drains = fake->drains;
	pthread_mutex_unlock(&fake->lock);
	return drains;
}

bool fake_source_detached(struct fake_source *fake)
{
	bool detached;

	pthread_mutex_lock(&fake->lock);
	detached = fake->detached;
	pthread_mutex_unlock(&fake->lock);
	return detached;
}

void fake_source_free_slot(struct fake_source *fake, unsigned int slot, bool waits)
{
	pthread_mutex_lock(&fake->lock);
	fake->slot[slot] = fake->has_slots = true;
	fake->waits = waits;
	fake->drains_before = fake->drains;
	pthread_mutex_unlock(&fake->lock);
}

unsigned int fake_source_follows(struct fake_source *fake)
{
	unsigned int follows;

	pthread_mutex_lock(&fake->lock);
	follows = fake->has_slots ? 0 : fake->follows;
	pthread_mutex_unlock(&fake->lock);
	return follows;
}
