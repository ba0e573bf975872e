/* SPDX-License-Identifier: MIT */
/*
 * A flow source with counts that a test sets by hand. The test's thread feeds and asks, the
 * collector thread drains; a mutex stands between. Owned by the test, which outlives the collector.
 */
#ifndef PKTSTAT_FAKE_SOURCE_H
#define PKTSTAT_FAKE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "source.h"

struct fake_source;

struct fake_source *fake_source_new(void);
void fake_source_free(struct fake_source *fake);
struct flow_source *fake_source_base(struct fake_source *fake);

/* What the next drain hands over. */
void fake_source_feed(struct fake_source *fake, const struct flow_key *key, uint64_t packets,
		      uint64_t bytes);
/* What is still counted while the source is detached: for the `drain`th drain after it (0, 1). */
void fake_source_feed_late(struct fake_source *fake, unsigned int drain,
			   const struct flow_key *key, uint64_t packets, uint64_t bytes);
/* The next drain ends with this error. */
void fake_source_fail(struct fake_source *fake, int error);
/* The next drain takes so long. */
void fake_source_delay(struct fake_source *fake, uint64_t delay_ns);
/* Asks for an early drain; `wanted` is what the source says of it when asked. */
void fake_source_wake(struct fake_source *fake, bool wanted);
/* The interface says something; `lost`: that it is gone. */
void fake_source_say(struct fake_source *fake, bool lost);
/* The same, and it has another name from now on. */
void fake_source_rename(struct fake_source *fake, const char *name);

/*
 * An interface is gone, and its slot is given up after two more drains; `waits`: another one cannot
 * wait for that, and says so at the next event.
 */
void fake_source_free_slot(struct fake_source *fake, unsigned int slot, bool waits);
/* How often the interfaces were followed since slots were given up. */
unsigned int fake_source_follows(struct fake_source *fake);

/* Drains so far, and whether the last one came after detach. */
unsigned int fake_source_drains(struct fake_source *fake);
bool fake_source_detached(struct fake_source *fake);

#endif
