/* SPDX-License-Identifier: MIT */
/* Golden frames of owners, names and several interfaces; see goldens.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "goldens.h"

static void group_processes(struct scene *scene, struct snapshot *snapshot)
{
	view_set_group(scene->view, GROUP_PROCESS);
}

static void group_containers(struct scene *scene, struct snapshot *snapshot)
{
	view_set_group(scene->view, GROUP_CONTAINER);
}

static void group_users(struct scene *scene, struct snapshot *snapshot)
{
	view_set_group(scene->view, GROUP_USER);
	scene->hides_own = true;
}

static void drill_process(struct scene *scene, struct snapshot *snapshot)
{
	view_set_group(scene->view, GROUP_PROCESS);
	view_move(scene->view, 3);
	assert_int_equal(view_arrange(scene->view), 0);
	assert_true(view_drill(scene->view));
}

static void sort_by_user(struct scene *scene, struct snapshot *snapshot)
{
	view_set_sort(scene->view, COLUMN_USER, false);
}

static void open_views(struct scene *scene, struct snapshot *snapshot)
{
	scene->menu = MENU_VIEWS;
	scene->menu_at = 1;
}

static void open_last_view(struct scene *scene, struct snapshot *snapshot)
{
	scene->menu = MENU_VIEWS;
	scene->menu_at = 10;
}

static void show_names(struct scene *scene, struct snapshot *snapshot)
{
	scene->host_names = true;
}

static void name_conversations(struct scene *scene, struct snapshot *snapshot)
{
	golden_group_conversations(scene, snapshot);
	scene->host_names = true;
}

static void name_hosts(struct scene *scene, struct snapshot *snapshot)
{
	view_set_group(scene->view, GROUP_HOST);
	scene->host_names = true;
}

static void open_long_detail(struct scene *scene, struct snapshot *snapshot)
{
	view_move(scene->view, 4);
	scene->page = PAGE_DETAIL;
}

/* The second of three interfaces is gone. */
static void lose_one(struct scene *scene, struct snapshot *snapshot)
{
	struct ifaces_entry *entry = &snapshot->ifaces->entry[1];

	entry->state = IFACE_GONE;
	entry->since_wall_ns = snapshot->wall_ns - 2000000000LL;
	snapshot->ifaces->watched--;
}

static void lose_one_filtered(struct scene *scene, struct snapshot *snapshot)
{
	lose_one(scene, snapshot);
	scene->hides_own = true;
	golden_set_filter(scene, "udp");
}

static void lose_all(struct scene *scene, struct snapshot *snapshot)
{
	snapshot->ifaces->entry[0].state = IFACE_GONE;
	snapshot->ifaces->watched = 0;
}

static void count_twice(struct scene *scene, struct snapshot *snapshot)
{
	snapshot->ifaces->entry[1].lower_slot = 0;
}

static void open_health_of_all(struct scene *scene, struct snapshot *snapshot)
{
	lose_one(scene, snapshot);
	snapshot->ifaces->entry[2].state = IFACE_FAILED;
	snapshot->ifaces->entry[2].error = -19;
	snapshot->ifaces->watched--;
	scene->owners_way = "iterator and release hook";
	scene->host_names = true;
	scene->page = PAGE_HEALTH;
	scene->page_line = 12;
}

/* The second slot has no interface any more, the third stands for all that gave theirs up. */
static void open_health_of_slots(struct scene *scene, struct snapshot *snapshot)
{
	snapshot->ifaces->entry[1].state = IFACE_FREE;
	snapshot->ifaces->entry[2] =
		(struct ifaces_entry){.name = IFACES_SUM_NAME, .state = IFACE_SUM};
	snapshot->ifaces->watched = 1;
	snapshot->ifaces->given_up = 1234;
	snapshot->health.gone = (struct flow_counts){5678, 567800};
	snapshot->health.inspect = true;
	snprintf(scene->inspected, sizeof(scene->inspected),
		 "no names from packets: the process that reads them has ended; 17 findings, 0 "
		 "refused, 2 not brought to flows");
	scene->inspect_ended = true;
	scene->page = PAGE_HEALTH;
}

static void lose_reader(struct scene *scene, struct snapshot *snapshot)
{
	scene->inspect_trouble = "no names from packets: the process that reads them has ended";
}

static const struct golden goldens[] = {
	{"reader-ended-80x24", 80, 24, 6, lose_reader, OWNERS},
	{"owners-80x24", 80, 24, 6, golden_select_third, OWNERS},
	{"owners-100x30", 100, 30, 6, NULL, OWNERS},
	{"owners-132x40", 132, 40, 6, NULL, OWNERS},
	{"owners-200x50", 200, 50, 6, NULL, OWNERS},
	{"owners-40x10", 40, 10, 6, NULL, OWNERS},
	{"owners-user-80x24", 80, 24, 6, sort_by_user, OWNERS},
	{"processes-80x24", 80, 24, 6, group_processes, OWNERS},
	{"processes-132x40", 132, 40, 6, group_processes, OWNERS},
	{"processes-40x10", 40, 10, 6, group_processes, OWNERS},
	{"processes-60x16", 60, 16, 6, group_processes, OWNERS},
	{"containers-80x24", 80, 24, 6, group_containers, OWNERS},
	{"users-80x24", 80, 24, 6, group_users, OWNERS},
	{"users-40x10", 40, 10, 6, group_users, OWNERS},
	{"drilled-process-80x24", 80, 24, 6, drill_process, OWNERS},
	{"hosts-owners-80x24", 80, 24, 6, golden_group_hosts, OWNERS},
	{"services-owners-132x40", 132, 40, 6, golden_group_services, OWNERS},
	{"names-80x24", 80, 24, 6, show_names, NAMES},
	{"names-132x40", 132, 40, 6, show_names, NAMES},
	{"names-40x10", 40, 10, 6, show_names, NAMES},
	{"names-conversations-80x24", 80, 24, 6, name_conversations, NAMES},
	{"names-hosts-80x24", 80, 24, 6, name_hosts, NAMES},
	{"detail-owner-80x24", 80, 24, 6, open_long_detail, ALL},
	{"detail-owner-40x10", 40, 10, 6, open_long_detail, ALL},
	{"menu-80x24", 80, 24, 6, open_views, ALL},
	{"menu-40x10", 40, 10, 6, open_last_view, ALL},
	{"menu-20x5", 20, 5, 6, open_last_view, ALL},
	{"ifaces-80x24", 80, 24, 6, lose_one, IFACES(3)},
	{"ifaces-40x10", 40, 10, 6, lose_one, IFACES(3)},
	{"ifaces-all-80x24", 80, 24, 6, NULL, ALL},
	{"ifaces-all-132x40", 132, 40, 6, lose_one, ALL},
	{"ifaces-all-200x50", 200, 50, 6, show_names, ALL},
	{"ifaces-filter-80x24", 80, 24, 6, lose_one_filtered, ALL},
	{"ifaces-conversations-80x24", 80, 24, 6, golden_group_conversations, IFACES(3)},
	{"health-slots-132x40", 132, 40, 6, open_health_of_slots, IFACES(3)},
	{"gone-80x24", 80, 24, 6, lose_all, IFACES(1)},
	{"gone-40x10", 40, 10, 6, lose_all, IFACES(1)},
	{"twice-80x24", 80, 24, 6, count_twice, IFACES(2)},
	{"twice-132x40", 132, 40, 6, count_twice, IFACES(2)},
	{"twice-20x5", 20, 5, 6, count_twice, IFACES(2)},
	{"health-all-80x24", 80, 24, 6, open_health_of_all, ALL},
};

const struct golden *goldens_more(size_t *ret_count)
{
	*ret_count = sizeof(goldens) / sizeof(goldens[0]);
	return goldens;
}
