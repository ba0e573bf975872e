/* SPDX-License-Identifier: MIT */
/* Finds the interfaces to watch, enters their namespace, and explains failures to attach. */
#include "app_private.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "iface.h"
#include "log.h"
#include "netns.h"
#include "options.h"

void app_ifaces_init(struct app *app)
{
	app->netns_fd = app->ifaces.own_netns_fd = -1;
	netlink_init(&app->ifaces.query);
}

void app_ifaces_done(struct app *app)
{
	netlink_close(&app->ifaces.query);
	if (app->ifaces.own_netns_fd >= 0)
		close(app->ifaces.own_netns_fd);
	if (app->netns_fd >= 0)
		close(app->netns_fd);
	app_ifaces_init(app);
}

static void say_netns_error(const char *which, int err)
{
	char safe[FORMAT_TEXT_MAX];

	format_outside(which, safe, sizeof(safe));
	if (err == -ENOENT)
		log_line(
			"cannot find network namespace %s; give a name that ip netns lists, a PID, "
			"or a path",
			safe);
	else if (err == -EINVAL)
		log_line("cannot watch %s: not a network namespace; give a name that ip netns "
			 "lists, "
			 "a PID, or a path such as /proc/1/ns/net",
			 safe);
	else if (err == -EPERM)
		log_line("cannot enter network namespace %s: missing cap_sys_admin; run it with "
			 "sudo",
			 safe);
	else
		log_line("cannot enter network namespace %s: %s", safe, strerror(-err));
}

static int enter(struct app *app)
{
	const char *which = app->options->netns;
	int err;

	if (!which)
		return 0;
	err = netns_open_own(&app->ifaces.own_netns_fd);
	if (err) {
		log_line("cannot watch another network namespace: cannot open the current one, "
			 "/proc/thread-self/ns/net: %s; is /proc mounted?",
			 strerror(-err));
		return err;
	}
	err = netns_open(which, &app->netns_fd);
	if (!err)
		err = netns_enter(app->netns_fd);
	if (err)
		say_netns_error(which, err);
	return err;
}

static void say_link_layer(const struct iface *iface)
{
	char list[1024], safe[FORMAT_TEXT_MAX];

	log_line("cannot watch interface %s: its link type %u is neither Ethernet nor plain "
		 "IP; choose another with -i, one of: %s",
		 format_outside(iface->name, safe, sizeof(safe)), iface->arphrd,
		 iface_list(list, sizeof(list)));
}

static void say_missing(const char *name, int err)
{
	char list[1024], safe[4 * LINK_NAME_SIZE];

	format_outside(name, safe, sizeof(safe));
	if (err == -ENODEV || err == -ENAMETOOLONG)
		log_line("cannot watch interface %s: no such interface; choose one of: %s", safe,
			 iface_list(list, sizeof(list)));
	else
		log_line("cannot look up interface %s: %s", safe, strerror(-err));
}

/* Adds the interface of that name, or for NULL the default one. */
static int find_one(struct app *app, const char *name)
{
	struct iface iface = {0};
	enum flow_link link;
	int err = name ? iface_find(name, &iface) : iface_default(&iface);

	if (err) {
		say_missing(name ? name : "lo", err);
		return err;
	}
	err = iface_link_layer(iface.arphrd, &link);
	if (err) {
		say_link_layer(&iface);
		return err;
	}
	/* Two names may mean one interface. */
	for (size_t i = 0; i < app->ifaces.names; i++) {
		if (!strcmp(app->ifaces.name[i], iface.name))
			return 0;
	}
	memcpy(app->ifaces.name[app->ifaces.names++], iface.name, sizeof(iface.name));
	return 0;
}

int app_ifaces_find(struct app *app)
{
	const struct options *options = app->options;
	int err = enter(app);

	for (size_t i = 0; i < options->ifaces && !err; i++)
		err = find_one(app, options->iface[i]);
	if (!err && !options->ifaces && !options->any)
		err = find_one(app, NULL);
	if (err)
		return err;
	/* If this fails, only --verify lacks the counters. */
	(void)!netlink_open(&app->ifaces.query, NETLINK_ROUTE, -1);
	return 0;
}

int app_ifaces_leave(struct app *app)
{
	int err = netns_enter(app->ifaces.own_netns_fd);

	if (err) {
		log_line("cannot return to the original network namespace: %s", strerror(-err));
		return err;
	}
	if (app->ifaces.own_netns_fd >= 0)
		close(app->ifaces.own_netns_fd);
	app->ifaces.own_netns_fd = -1;
	return 0;
}

/*
 * The collector attaches to interfaces that appear later, and on kernels without TCX removes its
 * filters at the end: both must be done inside the namespace, so its thread stays there. Entering
 * it each time would need CAP_SYS_ADMIN for the whole run.
 */
void app_ifaces_on_thread(void *context)
{
	struct app *app = context;

	/* Should it fail, interfaces that appear later are missed. */
	(void)!netns_enter(app->netns_fd);
	app_narrow_collector(app);
}

static void say_attach_error(const struct app *app, const char *safe, int err)
{
	if (err == -EOPNOTSUPP && app->options->attach == ATTACH_TCX)
		log_line("cannot attach to interface %s: this kernel has no TCX (it needs Linux "
			 "6.6 or newer); use --attach auto or clsact",
			 safe);
	else if (err == -ENOENT)
		log_line("cannot attach to interface %s: clsact needs the kernel modules "
			 "sch_ingress and cls_bpf, and this kernel lacks them or cannot load them",
			 safe);
	else if (err == -EEXIST)
		log_line("cannot attach to interface %s: its qdisc \"ingress\" has no egress "
			 "hook; replace it with clsact, which accepts the same filters",
			 safe);
	else
		log_line("cannot attach to interface %s: %s", safe, strerror(-err));
}

void app_ifaces_say_failure(const struct app *app, int err,
			    const struct bpf_source_failure *failure)
{
	const char *what =
		failure->step == BPF_SOURCE_MAPS ? "create the kernel maps" : "load the programs";
	char safe[FORMAT_TEXT_MAX];

	format_outside(failure->iface, safe, sizeof(safe));
	if (failure->step == BPF_SOURCE_ATTACH && *safe)
		say_attach_error(app, safe, err);
	else if (failure->step == BPF_SOURCE_CPUS)
		log_line("cannot count the CPUs: %s: %s; is /sys mounted? (mount -t sysfs sysfs "
			 "/sys)",
			 BPF_SOURCE_CPUS_FILE, strerror(-err));
	else if (failure->step == BPF_SOURCE_ATTACH)
		log_line("cannot list the interfaces: %s", strerror(-err));
	else if (err == -ENOSYS)
		log_line("cannot load the programs: this kernel was built without BPF "
			 "(CONFIG_BPF_SYSCALL)");
	else if (err == -EPERM)
		log_line("cannot load the programs: the kernel does not permit it here (%s); in a "
			 "container, give it cap_bpf, cap_net_admin and cap_perfmon",
			 strerror(-err));
	else
		log_line("cannot %s%s%s: %s", what, *safe ? " for interface " : "", safe,
			 strerror(-err));
}

void app_ifaces_begin(struct app *app, const struct ifaces *ifaces)
{
	for (unsigned int slot = 0; slot < ifaces->count; slot++) {
		struct verify_link *link = &app->ifaces.counters[slot];

		if (!link_read_counters(&app->ifaces.query, ifaces->entry[slot].index,
					&link->before))
			link->index = ifaces->entry[slot].index;
	}
}

void app_ifaces_end(struct app *app, const struct ifaces *ifaces)
{
	for (unsigned int slot = 0; slot < ifaces->count; slot++) {
		struct verify_link *link = &app->ifaces.counters[slot];

		link->ended = link->index &&
			      !link_read_counters(&app->ifaces.query, link->index, &link->after);
	}
}
