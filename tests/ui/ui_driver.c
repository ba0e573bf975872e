/* SPDX-License-Identifier: MIT */
/*
 * The live view on made-up snapshots with a frozen clock, so that screens can be scripted: shows
 * the first snapshots at once and another one for each SIGUSR1, or every so many milliseconds.
 *
 *   ui_driver [-n FLOWS] [-s SNAPSHOTS] [-e MS] [-i IFACE] [-I COUNT] [-f FILTER] [-b VIEW] [-loaShp]
 *
 * -p: as with --plain. -I: so many interfaces. -l: the interface is lost with the next SIGUSR1. -o: owners are looked up;
 * with SIGRTMIN one more of them becomes known. -a: names of hosts can be asked for; with SIGRTMIN+1
 * one more becomes known. -S: packets are inspected. -h: the session of the program is hidden, as if it were ssh. At the end it
 * prints how ui_run() ended.
 */
#include <errno.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "synthetic.h"
#include "ui.h"

struct driver {
	struct ring *ring;
	struct synthetic synthetic;
	long every_ms;
	bool lose;
	const char *filter;
	enum group_by by;
	bool by_set;
	bool plain;
	struct filter *hidden;
	struct services *services;
	const char *stand_in; /* for a TERM that terminfo does not know */
};

static void publish(struct driver *driver)
{
	struct snapshot *snapshot;

	if (synthetic_next(&driver->synthetic, &snapshot))
		return;
	if (driver->lose && driver->synthetic.seq > 6)
		snapshot->state = SNAPSHOT_LOST;
	ring_publish(driver->ring, snapshot);
}

/* The owner of the IPSEC-ESP flow is unknown at first. */
static void learn_owner(struct driver *driver)
{
	if (!driver->synthetic.owners)
		return;
	synthetic_set_owner(&driver->synthetic, 8, OWNER_FIRST + 4);
	owner_table_touch(driver->synthetic.owners);
	ring_notify(driver->ring);
}

static void learn_name(struct driver *driver)
{
	static const uint8_t address[16] = {[10] = 0xff, 0xff, 198, 51, 100, 77};

	if (driver->synthetic.names)
		name_cache_put(driver->synthetic.names, address, "late.example.com", NAME_DNS, 60);
}

static void *feed(void *argument)
{
	struct driver *driver = argument;
	struct timespec every = {driver->every_ms / 1000, driver->every_ms % 1000 * 1000000};
	sigset_t next;

	sigemptyset(&next);
	sigaddset(&next, SIGUSR1);
	sigaddset(&next, SIGUSR2);
	sigaddset(&next, SIGRTMIN);
	sigaddset(&next, SIGRTMIN + 1);
	for (;;) {
		int number = sigtimedwait(&next, NULL, driver->every_ms ? &every : NULL);

		if (number == SIGUSR2)
			return NULL;
		if (number == SIGRTMIN)
			learn_owner(driver);
		else if (number == SIGRTMIN + 1)
			learn_name(driver);
		else if (number == SIGUSR1 || errno == EAGAIN)
			publish(driver);
	}
}

/* The clock is frozen, so nothing follows from it. */
static int set_interval(void *context, uint64_t interval_ns)
{
	(void)context;
	return interval_ns ? 0 : -EINVAL;
}

static int save_settings(void *context, const struct settings *settings,
			 char where[SETTINGS_PATH_MAX])
{
	char path[SETTINGS_PATH_MAX];
	int err = settings_path(path, sizeof(path));

	(void)context;
	return err ? err : settings_save(path, settings, where);
}

static int keep_text(void *context, const char *name, const char *text, size_t length,
		     char where[SETTINGS_PATH_MAX])
{
	int fd, err = settings_kept_path(name, where);

	(void)context;
	fd = err ? err : settings_create_kept(name);
	if (fd < 0)
		return fd;
	err = write(fd, text, length) == (ssize_t)length ? 0 : -EIO;
	close(fd);
	return err;
}

static void note_stand_in(void *context, const char *type)
{
	struct driver *driver = context;

	driver->stand_in = type;
}

static const char *say_attach(void *context)
{
	(void)context;
	return "tcx";
}

static int run(struct driver *driver, int signal_fd)
{
	static const char *const names[] = {"quit", "signal", "timeout", "terminal", "error"};
	struct ui_options options = {
		.ring = driver->ring,
		.attach = say_attach,
		.input = stdin,
		.output = stdout,
		.signal_fd = signal_fd,
		.deadline_fd = -1,
		.sort = COLUMN_BPS,
		.interval_ns = 1000000000,
		.theme = getenv("NO_COLOR") ? THEME_MONO : THEME_AUTO,
		.by = driver->by,
		.by_set = driver->by_set,
		.plain = driver->plain,
		.set_interval = set_interval,
		.save_settings = save_settings,
		.keep_text = keep_text,
		.services = driver->services,
		.on_stand_in = note_stand_in,
		.context = driver,
		.filter = driver->filter,
		.owners = driver->synthetic.owners,
		.sights = driver->synthetic.sights,
		.owners_way = "made up",
		.names = driver->synthetic.names,
		.hidden = driver->hidden,
	};
	const char *why = "";
	enum ui_end end = UI_END_QUIT;
	int number = 0;
	int err = ui_run(&options, &end, &number, &why);

	if (err) {
		fprintf(stderr, "ui_run: %s %s\n", strerror(-err), why);
		return 1;
	}
	printf("ended by %s %d\n", names[end], number);
	if (driver->stand_in)
		printf("described as %s\n", driver->stand_in);
	return 0;
}

static int block_signals(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT};
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaddset(&set, numbers[i]);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGRTMIN);
	sigaddset(&set, SIGRTMIN + 1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	return fd;
}

int main(int argc, char **argv)
{
	struct driver driver = {0};
	struct synthetic_wish wish = {0};
	const char *iface = NULL;
	size_t flows = 0, snapshots = 6;
	pthread_t feeder;
	bool hide = false;
	char why[80];
	size_t column;
	int option, result;

	setlocale(LC_ALL, "");
	while ((option = getopt(argc, argv, "n:s:e:i:I:lf:oaShb:p")) != -1) {
		switch (option) {
		case 'n': flows = strtoul(optarg, NULL, 10); break;
		case 's': snapshots = strtoul(optarg, NULL, 10); break;
		case 'e': driver.every_ms = strtol(optarg, NULL, 10); break;
		case 'i': iface = optarg; break;
		case 'f': driver.filter = optarg; break;
		case 'l': driver.lose = true; break;
		case 'I': wish.ifaces = (unsigned int)strtoul(optarg, NULL, 10); break;
		case 'o': wish.owners = true; break;
		case 'a': wish.names = true; break;
		case 'S': wish.sights = true; break;
		case 'h': hide = true; break;
		case 'p': driver.plain = true; break;
		case 'b':
			driver.by = (enum group_by)group_of_name(optarg);
			driver.by_set = true;
			break;
		default: return 2;
		}
	}
	if (ring_new(RING_BUDGET_DEFAULT, &driver.ring) ||
	    synthetic_init_with(&driver.synthetic, flows, &wish) ||
	    (hide && filter_parse("port 22", &driver.hidden, why, sizeof(why), &column)))
		return 1;
	if (iface)
		snprintf(driver.synthetic.ifaces->entry[0].name, IF_NAMESIZE, "%s", iface);
	if (services_new(&driver.services))
		return 1;
	while (snapshots--)
		publish(&driver);
	result = block_signals();
	if (pthread_create(&feeder, NULL, feed, &driver))
		return 1;
	result = run(&driver, result);
	pthread_kill(feeder, SIGUSR2);
	pthread_join(feeder, NULL);
	filter_free(driver.hidden);
	services_free(driver.services);
	synthetic_done(&driver.synthetic);
	ring_free(driver.ring);
	return result;
}
