/* SPDX-License-Identifier: MIT */
/* Nothing is known between two looks: an absence begins with the last one that found them. */
#include "absence.h"

static void count_until(struct absence *absence, uint64_t now_ns)
{
	if (absence->away)
		absence->total_ns += now_ns - absence->seen_ns;
	absence->seen_ns = now_ns;
}

static void wait_longer(struct absence *absence)
{
	absence->wait_ns = absence->wait_ns ? 2 * absence->wait_ns : ABSENCE_FIRST_NS;
	if (absence->wait_ns > ABSENCE_MOST_NS)
		absence->wait_ns = ABSENCE_MOST_NS;
}

void absence_attached(struct absence *absence, uint64_t now_ns)
{
	absence->away = false;
	absence->seen_ns = now_ns;
}

bool absence_looked(struct absence *absence, bool there, uint64_t now_ns)
{
	bool first = !there && !absence->away;

	if (first) {
		absence->away = true;
		absence->times++;
		if (absence->back_ns && now_ns - absence->back_ns < ABSENCE_CALM_NS)
			wait_longer(absence);
		else
			absence->wait_ns = 0;
		absence->due_ns = now_ns + absence->wait_ns;
	}
	count_until(absence, now_ns);
	if (there)
		absence->away = false;
	return first;
}

bool absence_is_due(const struct absence *absence, uint64_t now_ns)
{
	return absence->away && now_ns >= absence->due_ns;
}

void absence_tried(struct absence *absence, bool done, uint64_t now_ns)
{
	count_until(absence, now_ns);
	if (done) {
		absence->away = false;
		absence->back_ns = now_ns;
		return;
	}
	wait_longer(absence);
	absence->due_ns = now_ns + absence->wait_ns;
}
