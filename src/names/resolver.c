/* SPDX-License-Identifier: MIT */
/*
 * The resolver's thread; see resolver.h. Once it runs, everything except `stop_fd` belongs to the
 * thread; the channel and its sockets are reopened when resolv.conf changes.
 */
#include "resolver.h"

#include <ares.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "hosts.h"
#include "reverse.h"
#include "wait.h"

#define SECOND_NS     1000000000ULL
#define TIMEOUT_MS    2000
#define TRIES	      2
#define WATCHES_MAX   32
#define FAILURES_MAX  8 /* in a row: the server is considered dead */
#define PAUSE_MIN_NS  (5 * SECOND_NS)
#define PAUSE_MAX_NS  (60 * SECOND_NS)
#define SEND_EVERY_NS (SECOND_NS / RESOLVER_RATE_MAX)
/* At most so many are sent at once after an idle time. */
#define SEND_BURST 64

struct question {
	struct resolver *resolver;
	uint8_t address[16];
	bool out;
};

struct resolver {
	struct name_cache *cache;
	void (*on_thread)(void *context);
	void *context;
	pthread_t thread;
	int stop_fd;
	struct hosts hosts;
	struct stat conf; /* resolv.conf when the channel was opened */
	uint64_t checked_ns;
	ares_channel channel; /* NULL: not open */
	struct pollfd watch[WATCHES_MAX];
	nfds_t watches;
	struct question question[RESOLVER_PENDING_MAX];
	unsigned int out;
	uint64_t rate_ns; /* when the last question would have been sent at an even rate */
	unsigned int failures;
	uint64_t pause_ns, paused_until_ns;
};

/* c-ares reports which sockets it waits for. */
static void on_socket_state(void *context, ares_socket_t fd, int readable, int writable)
{
	struct resolver *resolver = context;
	short events = (short)((readable ? POLLIN : 0) | (writable ? POLLOUT : 0));
	nfds_t i = 0;

	while (i < resolver->watches && resolver->watch[i].fd != fd)
		i++;
	if (!events) {
		if (i < resolver->watches)
			resolver->watch[i] = resolver->watch[--resolver->watches];
		return;
	}
	if (i == WATCHES_MAX)
		return; /* its questions time out */
	resolver->watch[i] = (struct pollfd){.fd = fd, .events = events};
	if (i == resolver->watches)
		resolver->watches++;
}

static int open_channel(struct resolver *resolver)
{
	struct ares_options options = {
		.timeout = TIMEOUT_MS,
		.tries = TRIES,
		.sock_state_cb = on_socket_state,
		.sock_state_cb_data = resolver,
	};

	if (resolver->channel)
		return 0;
	if (stat("/etc/resolv.conf", &resolver->conf))
		resolver->conf = (struct stat){0};
	if (ares_init_options(&resolver->channel, &options,
			      ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB) !=
	    ARES_SUCCESS) {
		resolver->channel = NULL;
		return -EIO;
	}
	return 0;
}

/* Open questions fail. */
static void close_channel(struct resolver *resolver)
{
	if (resolver->channel)
		ares_destroy(resolver->channel);
	resolver->channel = NULL;
	resolver->watches = 0;
}

/* Checks both files for changes, once a second. */
static void check_files(struct resolver *resolver, uint64_t now_ns)
{
	struct stat now = {0};

	if (resolver->checked_ns && now_ns - resolver->checked_ns < SECOND_NS)
		return;
	resolver->checked_ns = now_ns;
	(void)hosts_refresh(&resolver->hosts); /* on -ENOMEM, the lines read so far are used */
	if (!resolver->channel || resolver->out)
		return;
	if (stat("/etc/resolv.conf", &now))
		now = (struct stat){0};
	if (now.st_ino == resolver->conf.st_ino && now.st_size == resolver->conf.st_size &&
	    now.st_mtim.tv_sec == resolver->conf.st_mtim.tv_sec &&
	    now.st_mtim.tv_nsec == resolver->conf.st_mtim.tv_nsec)
		return;
	close_channel(resolver);
	resolver->failures = 0;
	resolver->paused_until_ns = 0;
}

static void note_failure(struct resolver *resolver)
{
	uint64_t now_ns = clock_mono_ns();

	if (++resolver->failures < FAILURES_MAX || now_ns < resolver->paused_until_ns)
		return;
	resolver->pause_ns = resolver->pause_ns ? 2 * resolver->pause_ns : PAUSE_MIN_NS;
	if (resolver->pause_ns > PAUSE_MAX_NS)
		resolver->pause_ns = PAUSE_MAX_NS;
	resolver->paused_until_ns = now_ns + resolver->pause_ns;
}

static void note_success(struct resolver *resolver)
{
	resolver->failures = 0;
	resolver->pause_ns = 0;
	resolver->paused_until_ns = 0;
}

static void put_name(struct resolver *resolver, const uint8_t address[16],
		     const struct ptr_answer *answer)
{
	uint32_t ttl_s = answer->ttl_s;

	if (ttl_s < RESOLVER_TTL_MIN)
		ttl_s = RESOLVER_TTL_MIN;
	if (ttl_s > RESOLVER_TTL_MAX)
		ttl_s = RESOLVER_TTL_MAX;
	name_cache_put(resolver->cache, address, answer->name, NAME_DNS, ttl_s);
}

/* Ends a question. `answer` is valid if `status` is ARES_SUCCESS and `read_err` is 0. */
static void settle_question(struct question *question, int status, int read_err,
			    const struct ptr_answer *answer)
{
	struct resolver *resolver = question->resolver;

	question->out = false;
	resolver->out--;
	if (status == ARES_ETIMEOUT || status == ARES_ECONNREFUSED)
		note_failure(resolver);
	else if (status != ARES_EDESTRUCTION)
		note_success(resolver);
	if (status == ARES_SUCCESS && !read_err)
		put_name(resolver, question->address, answer);
	else if (status == ARES_SUCCESS || status == ARES_ENOTFOUND || status == ARES_ENODATA)
		name_cache_put(resolver->cache, question->address, NULL, NAME_NONE,
			       RESOLVER_TTL_NEGATIVE);
	else
		name_cache_put(resolver->cache, question->address, NULL, NAME_FAILED,
			       RESOLVER_TTL_FAILED);
}

#if PTR_ANSWER_RECORDS

static void on_answer(void *context, ares_status_t status, size_t timeouts,
		      const ares_dns_record_t *record)
{
	struct ptr_answer answer;
	int err = status == ARES_SUCCESS ? ptr_answer_read(record, &answer) : 0;

	(void)timeouts;
	settle_question(context, (int)status, err, &answer);
}

static void send_query(struct resolver *resolver, const char *name, struct question *question)
{
	/* on_answer() is called whatever this returns. */
	(void)ares_query_dnsrec(resolver->channel, name, ARES_CLASS_IN, ARES_REC_TYPE_PTR,
				on_answer, question, NULL);
}

#else

static void on_answer(void *context, int status, int timeouts, unsigned char *bytes, int length)
{
	struct ptr_answer answer;
	int err = status == ARES_SUCCESS ? ptr_answer_read(bytes, length, &answer) : 0;

	(void)timeouts;
	settle_question(context, status, err, &answer);
}

static void send_query(struct resolver *resolver, const char *name, struct question *question)
{
	const int class_in = 1, type_ptr = 12; /* RFC 1035 3.2 */

	ares_query(resolver->channel, name, class_in, type_ptr, on_answer, question);
}

#endif

static void ask_dns(struct resolver *resolver, const uint8_t address[16], uint64_t now_ns)
{
	char name[REVERSE_NAME_MAX];
	unsigned int i = 0;

	if (now_ns < resolver->paused_until_ns || open_channel(resolver)) {
		name_cache_put(resolver->cache, address, NULL, NAME_FAILED, RESOLVER_TTL_FAILED);
		return;
	}
	while (resolver->question[i].out)
		i++;
	resolver->question[i].resolver = resolver;
	resolver->question[i].out = true;
	memcpy(resolver->question[i].address, address, 16);
	resolver->out++;
	if (resolver->rate_ns < now_ns)
		resolver->rate_ns = now_ns;
	resolver->rate_ns += SEND_EVERY_NS;
	send_query(resolver, reverse_name(address, name), &resolver->question[i]);
}

static void answer_question(struct resolver *resolver, const uint8_t address[16], uint64_t now_ns)
{
	const char *name = hosts_find(&resolver->hosts, address);

	if (name)
		name_cache_put(resolver->cache, address, name, NAME_HOSTS, RESOLVER_TTL_HOSTS);
	else if (!reverse_is_asked(address))
		name_cache_put(resolver->cache, address, NULL, NAME_NONE, RESOLVER_TTL_NEGATIVE);
	else
		ask_dns(resolver, address, now_ns);
}

/* Time until the next question may be sent; UINT64_MAX: not before an answer. */
static uint64_t wait_to_send_ns(const struct resolver *resolver, uint64_t now_ns)
{
	const uint64_t burst_ns = SEND_BURST * SEND_EVERY_NS;
	/* After a pause, a single question tests whether the server answers again. */
	unsigned int most = resolver->failures < FAILURES_MAX ? RESOLVER_PENDING_MAX : 1;

	if (now_ns < resolver->paused_until_ns && resolver->out < RESOLVER_PENDING_MAX)
		return 0;
	if (resolver->out >= most)
		return UINT64_MAX;
	return resolver->rate_ns > now_ns + burst_ns ? resolver->rate_ns - now_ns - burst_ns : 0;
}

/* Takes questions while that is permitted; returns the time to wait, as wait_to_send_ns(). */
static uint64_t take_questions(struct resolver *resolver)
{
	uint8_t address[16];
	uint64_t now_ns, wait_ns;

	for (;;) {
		now_ns = clock_mono_ns();
		wait_ns = wait_to_send_ns(resolver, now_ns);
		if (wait_ns || !name_cache_take_question(resolver->cache, address))
			return wait_ns;
		check_files(resolver, now_ns);
		answer_question(resolver, address, now_ns);
	}
}

static int poll_timeout_ms(const struct resolver *resolver, uint64_t wait_ns)
{
	uint64_t ms = wait_ns && wait_ns != UINT64_MAX ? wait_ns / 1000000 + 1 : 60000;
	struct timeval until, *next = NULL;

	if (resolver->channel)
		next = ares_timeout(resolver->channel, NULL, &until);
	if (next && (uint64_t)next->tv_sec * 1000 + (uint64_t)next->tv_usec / 1000 + 1 < ms)
		ms = (uint64_t)next->tv_sec * 1000 + (uint64_t)next->tv_usec / 1000 + 1;
	return next || wait_ns ? (int)ms : -1;
}

static void process_sockets(struct resolver *resolver, const struct pollfd *fd, nfds_t count)
{
	if (!resolver->channel)
		return;
	for (nfds_t i = 0; i < count; i++) {
		if (!fd[i].revents)
			continue;
		ares_process_fd(resolver->channel,
				fd[i].revents & ~POLLOUT ? fd[i].fd : ARES_SOCKET_BAD,
				fd[i].revents & POLLOUT ? fd[i].fd : ARES_SOCKET_BAD);
	}
	/* Lets c-ares handle timeouts. */
	ares_process_fd(resolver->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

static void *run_resolver(void *context)
{
	struct resolver *resolver = context;
	struct pollfd fd[2 + WATCHES_MAX];

	prctl(PR_SET_NAME, "names");
	if (resolver->on_thread)
		resolver->on_thread(resolver->context);
	while (!wait_take_event(resolver->stop_fd)) {
		uint64_t wait_ns = take_questions(resolver);
		nfds_t watches = resolver->watches;

		fd[0] = (struct pollfd){.fd = resolver->stop_fd, .events = POLLIN};
		fd[1] = (struct pollfd){
			.fd = wait_ns ? -1 : name_cache_question_fd(resolver->cache),
			.events = POLLIN,
		};
		memcpy(fd + 2, resolver->watch, watches * sizeof(fd[0]));
		if (wait_ready(fd, 2 + watches, poll_timeout_ms(resolver, wait_ns)) >= 0)
			process_sockets(resolver, fd + 2, watches);
	}
	close_channel(resolver);
	hosts_done(&resolver->hosts);
	return NULL;
}

static int start_thread(struct resolver *resolver)
{
	sigset_t all, old;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&resolver->thread, NULL, run_resolver, resolver);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -err;
}

int resolver_start(struct name_cache *cache, void (*on_thread)(void *context), void *context,
		   struct resolver **ret_resolver)
{
	struct resolver *resolver = calloc(1, sizeof(*resolver));
	int err;

	if (!resolver)
		return -ENOMEM;
	resolver->cache = cache;
	resolver->on_thread = on_thread;
	resolver->context = context;
	hosts_init(&resolver->hosts, "/etc/hosts");
	resolver->stop_fd = wait_new_event();
	err = resolver->stop_fd < 0 ? resolver->stop_fd : 0;
	if (!err && ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS)
		err = -ENOMEM;
	if (err)
		goto out_close;
	err = start_thread(resolver);
	if (err)
		goto out_library;
	*ret_resolver = resolver;
	return 0;
out_library:
	ares_library_cleanup();
out_close:
	if (resolver->stop_fd >= 0)
		close(resolver->stop_fd);
	free(resolver);
	return err;
}

void resolver_stop(struct resolver *resolver)
{
	if (!resolver)
		return;
	wait_signal_event(resolver->stop_fd);
	pthread_join(resolver->thread, NULL);
	ares_library_cleanup();
	close(resolver->stop_fd);
	free(resolver);
}
