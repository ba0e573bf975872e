/* SPDX-License-Identifier: MIT */
/*
 * Both ends of the socket pair. SOCK_SEQPACKET preserves message boundaries, so a message of the size
 * of a finding is one. See sight_reader.h.
 */
#include "sight_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "cpu_share.h"
#include "flow.h"
#include "inspect.h"
#include "sample.h"
#include "wait.h"

/* Descriptor of the socket in the process, behind the standard streams. */
#define READER_FD (STDERR_FILENO + 1)
/* The end of a pipe on which nothing is ever sent: it says when the program has ended. */
#define LIFE_FD (READER_FD + 1)

/* With the descriptor of the ring: of the kernel, of the program, of the program with a file. */
#define MESSAGES_RING "rmf"
#define MESSAGE_SYNC  's' /* both ways */
#define MESSAGE_WAKE  'w'
#define MESSAGE_PING  'p' /* both ways */
#define MESSAGE_OPEN  'o' /* from the process, which could not be confined, and ends */

#define RECORDS_AT_ONCE	 64
#define FINDINGS_AT_ONCE 16 /* in one message */
/* Of the time of the clock it takes one part in so many as CPU time, and saves up so much of that. */
#define READING_PART	 20
#define READING_SAVED_NS 250000000LL

/* Findings of one message. */
struct findings {
	uint32_t count;
	struct sight_finding finding[FINDINGS_AT_ONCE];
};

struct sight_reader {
	int fd;
	int life_fd;
	uint32_t taken;	       /* of those that were heard */
	struct findings heard; /* in the newest message */
};

/* What the process has. */
struct reading {
	struct inspect *inspect;
	struct sample_ring *ring;
	enum sight_reader_from from;
	struct cpu_share share;
	struct findings unsent;
};

static void send_findings(struct reading *reading)
{
	size_t size = reading->unsent.count * sizeof(reading->unsent.finding[0]);

	/* Waits when the other side is slow: what is full then is the ring, and that is counted. */
	if (size && send(READER_FD, reading->unsent.finding, size, MSG_NOSIGNAL) < 0 &&
	    errno != EINTR)
		_exit(0);
	reading->unsent.count = 0;
}

/*
 * A finding replaces the earlier one of the same conversation. Of a shared ring, what a sample says is
 * sent before its place is given back: then an empty ring has no more to tell.
 */
static void keep_finding(void *arg, const struct sight_finding *finding)
{
	struct reading *reading = arg;
	struct findings *unsent = &reading->unsent;
	uint32_t place = 0;

	while (place < unsent->count && !flow_key_equal(&unsent->finding[place].key, &finding->key))
		place++;
	unsent->finding[place] = *finding;
	if (place == unsent->count)
		unsent->count++;
	if (unsent->count == FINDINGS_AT_ONCE || reading->from != READER_FROM_KERNEL)
		send_findings(reading);
}

/* Returns whether there may be more. */
static bool read_some(struct reading *reading)
{
	bool more = sample_ring_read(reading->ring, RECORDS_AT_ONCE) == RECORDS_AT_ONCE;

	send_findings(reading);
	return more;
}

static void inspect_sample(void *arg, const struct flow_sample *sample, const uint8_t *payload)
{
	const struct reading *reading = arg;
	bool untimed = !sample->mono_ns && reading->from == READER_FROM_KERNEL;
	const struct inspect_packet packet = {
		.key = sample->key,
		.time_ns = untimed ? reading->share.mono_ns : sample->mono_ns,
		.untimed = untimed,
		.sequence = sample->seq,
		.flags = sample->tcp_flags,
		.bytes = payload,
		.length = sample->captured,
		.whole = sample->length,
	};

	inspect_take(reading->inspect, &packet);
}

static void read_samples(struct reading *reading)
{
	do
		cpu_share_update(&reading->share);
	while ((reading->share.allowed_ns > 0 || reading->from == READER_FROM_FILE) &&
	       read_some(reading));
}

/* All that is there now; no more than the ring holds, whatever is added meanwhile. */
static void read_ring_once(struct reading *reading)
{
	long most = SAMPLE_RING_BYTES / (long)sizeof(struct flow_sample);

	do
		most -= RECORDS_AT_ONCE;
	while (read_some(reading) && most > 0);
}

static void answer_program(struct reading *reading)
{
	char message = 0;
	ssize_t length = recv(READER_FD, &message, sizeof(message), MSG_DONTWAIT);

	if (!length || (length < 0 && errno != EAGAIN && errno != EINTR))
		_exit(0); /* the program has ended */
	if (length < 0 || (message != MESSAGE_SYNC && message != MESSAGE_PING))
		return;
	if (message == MESSAGE_SYNC)
		read_ring_once(reading);
	if (send(READER_FD, &message, sizeof(message), MSG_NOSIGNAL) < 0)
		_exit(0);
}

/* Milliseconds to wait: until the ring is looked at anyway, or until there is CPU time again. */
static int pause_ms(const struct reading *reading)
{
	return (int)cpu_share_wait_ms(&reading->share) + SAMPLE_POLL_MS;
}

static void __attribute__((noreturn)) read_forever(struct reading *reading)
{
	struct pollfd waits[] = {
		{.fd = READER_FD, .events = POLLIN},
		{.fd = sample_ring_fd(reading->ring), .events = POLLIN},
	};

	for (;;) {
		wait_ready(waits, reading->share.allowed_ns > 0 ? 2 : 1, pause_ms(reading));
		if (waits[0].revents)
			answer_program(reading);
		read_samples(reading);
	}
}

/* Waits for the descriptor of the ring; negative: the program has ended, or sent something else. */
static int receive_ring(enum sight_reader_from *ret_from)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	char message = 0;
	struct iovec part = {&message, sizeof(message)};
	struct msghdr received = {.msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control)};
	const struct cmsghdr *head;
	const char *kind;
	ssize_t length;
	int fd;

	do
		length = recvmsg(READER_FD, &received, MSG_CMSG_CLOEXEC);
	while (length < 0 && errno == EINTR);
	head = CMSG_FIRSTHDR(&received);
	kind = memchr(MESSAGES_RING, message, sizeof(MESSAGES_RING) - 1);
	if (length <= 0 || !kind || !head || head->cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	*ret_from = (enum sight_reader_from)(kind - MESSAGES_RING);
	return fd;
}

static int open_samples(struct reading *reading)
{
	int fd = receive_ring(&reading->from);

	if (fd < 0)
		return fd;
	if (reading->from == READER_FROM_KERNEL)
		return sample_ring_new(fd, inspect_sample, reading, &reading->ring);
	return sample_ring_new_shared(fd, inspect_sample, reading, &reading->ring);
}

/*
 * In the process: when the other end of the pipe is closed, the kernel sends a signal for that (fcntl(2),
 * F_SETSIG), and it is SIGKILL, which a stopped process gets too. PR_SET_PDEATHSIG is not enough: the
 * program that ends needs the right to send a signal to nobody's process.
 */
static void die_with_program(void)
{
	if (fcntl(LIFE_FD, F_SETOWN, getpid()) || fcntl(LIFE_FD, F_SETSIG, SIGKILL) ||
	    fcntl(LIFE_FD, F_SETFL, O_ASYNC))
		_exit(1);
}

/* In the process: nothing of the program stays open but these two. */
static void leave_for_reading(int fd, int life_fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int socket = fcntl(fd, F_DUPFD, LIFE_FD + 1), life = fcntl(life_fd, F_DUPFD, LIFE_FD + 1);

	if (null < 0 || socket < 0 || life < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(null, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0 ||
	    dup2(socket, READER_FD) < 0 || dup2(life, LIFE_FD) < 0)
		_exit(1);
	close_range(LIFE_FD + 1, ~0U, 0);
	setsid(); /* no signals from the terminal: it ends when the program does */
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_NAME, "pktstat-reader");
	die_with_program();
}

/* Rather no names than hostile bytes in a process that could do harm. */
static void __attribute__((noreturn)) refuse_to_read(void)
{
	const char message = MESSAGE_OPEN;

	(void)!send(READER_FD, &message, sizeof(message), MSG_NOSIGNAL);
	_exit(1);
}

static void __attribute__((noreturn))
run_reader(void (*prepare)(void), int (*confine)(void), int fd, int life_fd)
{
	struct reading reading = {.share = {.clock = CLOCK_PROCESS_CPUTIME_ID,
					    .part = READING_PART,
					    .saved_max_ns = READING_SAVED_NS,
					    .mono_ns = clock_mono_ns()}};
	const struct inspect_sink sink = {.tell = keep_finding, .arg = &reading};

	leave_for_reading(fd, life_fd);
	prepare();
	if (inspect_new(&sink, &reading.inspect))
		_exit(1);
	if (open_samples(&reading))
		_exit(1);
	if (confine())
		refuse_to_read();
	read_forever(&reading);
}

static int open_pipes(int socket[2], int life[2])
{
	int err;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socket) < 0)
		return -errno;
	if (!pipe2(life, O_CLOEXEC))
		return 0;
	err = -errno;
	close(socket[0]);
	close(socket[1]);
	return err;
}

int sight_reader_start(void (*prepare)(void), int (*confine)(void),
		       struct sight_reader **ret_reader)
{
	struct sight_reader *reader = calloc(1, sizeof(*reader));
	int socket[2], life[2], err;
	pid_t child;

	if (!reader)
		return -ENOMEM;
	err = open_pipes(socket, life);
	if (err) {
		free(reader);
		return err;
	}
	child = fork();
	if (!child)
		run_reader(prepare, confine, socket[1], life[0]);
	err = child < 0 ? -errno : 0;
	close(socket[1]);
	close(life[0]);
	reader->fd = socket[0];
	reader->life_fd = life[1];
	if (err) {
		sight_reader_stop(reader);
		return err;
	}
	*ret_reader = reader;
	return 0;
}

int sight_reader_give(struct sight_reader *reader, enum sight_reader_from from, int ring_fd)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	char message = MESSAGES_RING[from];
	struct iovec part = {&message, sizeof(message)};
	const struct msghdr sent = {.msg_iov = &part,
				    .msg_iovlen = 1,
				    .msg_control = &control,
				    .msg_controllen = sizeof(control)};

	control.head = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
					.cmsg_type = SCM_RIGHTS,
					.cmsg_len = CMSG_LEN(sizeof(int))};
	memcpy(CMSG_DATA(&control.head), &ring_fd, sizeof(ring_fd));
	return sendmsg(reader->fd, &sent, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

void sight_reader_stop(struct sight_reader *reader)
{
	if (!reader)
		return;
	close(reader->fd);
	close(reader->life_fd);
	free(reader);
}

/* Without waiting; 0 or a negative errno. */
static int tell_reader(const struct sight_reader *reader, char message)
{
	ssize_t sent;

	do
		sent = send(reader->fd, &message, sizeof(message), MSG_NOSIGNAL | MSG_DONTWAIT);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

void sight_reader_wake(struct sight_reader *reader)
{
	(void)tell_reader(reader, MESSAGE_WAKE);
}

int sight_reader_fd(const struct sight_reader *reader)
{
	return reader->fd;
}

static enum sight_reader_news take_heard(struct sight_reader *reader,
					 struct sight_finding *ret_finding)
{
	*ret_finding = reader->heard.finding[reader->taken++];
	return sight_finding_check(ret_finding) ? READER_FINDING : READER_REFUSED;
}

static enum sight_reader_news news_of(char message)
{
	switch (message) {
	case MESSAGE_OPEN: return READER_OPEN;
	case MESSAGE_SYNC: return READER_SYNCED;
	case MESSAGE_PING: return READER_ANSWERED;
	default: return READER_REFUSED;
	}
}

bool sight_reader_has_more(const struct sight_reader *reader)
{
	return reader->taken < reader->heard.count;
}

enum sight_reader_news sight_reader_hear(struct sight_reader *reader,
					 struct sight_finding *ret_finding)
{
	struct findings *heard = &reader->heard;
	ssize_t length;
	char message;

	if (sight_reader_has_more(reader))
		return take_heard(reader, ret_finding);
	do
		length = recv(reader->fd, heard->finding, sizeof(heard->finding),
			      MSG_DONTWAIT | MSG_TRUNC);
	while (length < 0 && errno == EINTR);
	if (length < 0 && errno == EAGAIN)
		return READER_NOTHING;
	if (length <= 0)
		return READER_DEAD;
	memcpy(&message, heard->finding, sizeof(message));
	if (length == 1)
		return news_of(message);
	if (length % (ssize_t)sizeof(heard->finding[0]) || length > (ssize_t)sizeof(heard->finding))
		return READER_REFUSED;
	reader->taken = 0;
	heard->count = (uint32_t)(length / (ssize_t)sizeof(heard->finding[0]));
	return take_heard(reader, ret_finding);
}

int sight_reader_sync(struct sight_reader *reader)
{
	return tell_reader(reader, MESSAGE_SYNC);
}

int sight_reader_ping(struct sight_reader *reader)
{
	return tell_reader(reader, MESSAGE_PING);
}
