/* SPDX-License-Identifier: MIT */
/* To the collector by UDP or TCP; see ipfix_sender.h. */
#include "ipfix_sender.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clock.h"
#include "wait.h"

/* Between attempts to connect, and how long one may take. */
#define RETRY_NS   1000000000ULL
#define CONNECT_NS 10000000000ULL
/* After that long without an acknowledgement a connection is dead. */
#define DEAD_MS 30000
/* How long a refusal by the collector's machine is waited for, and one step of other waits. */
#define REFUSAL_MS 10
#define STEP_MS	   10
/* UDP: after that long without a refusal the collector is taken as there. */
#define ANSWER_NS 500000000ULL
/*
 * UDP: so many messages, then a pause of a millisecond. A collector with the receive buffer that
 * Linux gives by default has room for about ninety.
 */
#define BURST_MESSAGES 4

struct queued {
	uint8_t at[IPFIX_MESSAGE_MAX];
	size_t size;
	uint32_t records, flows;
	struct flow_counts counts;
	uint64_t end; /* position in the connection behind it, once it is written */
};

/* Over UDP, connecting: templates were sent to see whether they are refused. */
enum link_state { LINK_DOWN, LINK_CONNECTING, LINK_UP };

struct ipfix_sender {
	struct ipfix_sender_options options;
	int fd;
	enum link_state state;
	uint32_t sequence;	   /* data records of this session */
	uint64_t tried_ns;	   /* last attempt to connect */
	uint64_t templates_ns;	   /* UDP: when they were sent */
	unsigned int burst;	   /* UDP: messages since the last pause */
	struct queued last;	   /* UDP: what a refusal is about */
	struct queued *queue;	   /* TCP: a ring of IPFIX_QUEUE_MESSAGES */
	uint64_t head, next, tail; /* oldest not acknowledged, next to write, behind the last */
	size_t written;		   /* of `next` */
	uint64_t position;	   /* bytes written in this connection */
	uint64_t end_ns;	   /* ipfix_sender_end() was called then; 0: not yet */
	uint64_t moved_ns;	   /* since then something was acknowledged, or it was called */
	pthread_mutex_t mutex;	   /* of the status */
	struct ipfix_status status;
};

static int set_up_socket(const struct ipfix_sender *sender)
{
	const struct ipfix_sender_options *options = &sender->options;
	const int dont = IP_PMTUDISC_DONT, dont6 = IPV6_PMTUDISC_DONT, on = 1;
	const unsigned int dead_ms = DEAD_MS;

	if (options->tcp) {
		setsockopt(sender->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &dead_ms, sizeof(dead_ms));
		setsockopt(sender->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
		return 0;
	}
	/* A path with a smaller MTU gets fragments, not silence. */
	if (options->address.ss_family == AF_INET)
		setsockopt(sender->fd, IPPROTO_IP, IP_MTU_DISCOVER, &dont, sizeof(dont));
	else
		setsockopt(sender->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &dont6, sizeof(dont6));
	if (connect(sender->fd, (const struct sockaddr *)&options->address, options->address_size))
		return -errno;
	return 0;
}

int ipfix_sender_new(const struct ipfix_sender_options *options, struct ipfix_sender **ret_sender)
{
	struct ipfix_sender *sender = calloc(1, sizeof(*sender));
	int err;

	if (!sender)
		return -ENOMEM;
	pthread_mutex_init(&sender->mutex, NULL);
	sender->options = *options;
	if (options->tcp)
		sender->queue = calloc(IPFIX_QUEUE_MESSAGES, sizeof(*sender->queue));
	sender->fd =
		socket(options->address.ss_family,
		       (options->tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	err = sender->fd < 0 ? -errno : set_up_socket(sender);
	if (!err && options->tcp && !sender->queue)
		err = -ENOMEM;
	if (err) {
		ipfix_sender_free(sender);
		return err;
	}
	*ret_sender = sender;
	return 0;
}

void ipfix_sender_free(struct ipfix_sender *sender)
{
	if (!sender)
		return;
	if (sender->fd >= 0)
		close(sender->fd);
	pthread_mutex_destroy(&sender->mutex);
	free(sender->queue);
	free(sender);
}

void ipfix_sender_status(struct ipfix_sender *sender, struct ipfix_status *ret_status)
{
	pthread_mutex_lock(&sender->mutex);
	*ret_status = sender->status;
	pthread_mutex_unlock(&sender->mutex);
}

/* What is known of a message; `sign` -1 takes it back. */
static void count_sent(struct ipfix_sender *sender, const struct queued *message, int sign)
{
	struct ipfix_status *status = &sender->status;
	uint64_t factor = (uint64_t)(int64_t)sign;

	pthread_mutex_lock(&sender->mutex);
	status->messages += factor;
	status->octets += factor * message->size;
	status->flows += factor * message->flows;
	status->counts.packets += factor * message->counts.packets;
	status->counts.bytes += factor * message->counts.bytes;
	pthread_mutex_unlock(&sender->mutex);
}

static void count_lost(struct ipfix_sender *sender, const struct queued *message)
{
	pthread_mutex_lock(&sender->mutex);
	sender->status.lost_flows += message->flows;
	flow_counts_add(&sender->status.lost, &message->counts);
	pthread_mutex_unlock(&sender->mutex);
}

static void set_link(struct ipfix_sender *sender, enum link_state state, int err)
{
	sender->state = state;
	pthread_mutex_lock(&sender->mutex);
	sender->status.up = state == LINK_UP;
	if (err)
		sender->status.error = err;
	pthread_mutex_unlock(&sender->mutex);
}

static void begin_session(struct ipfix_sender *sender)
{
	pthread_mutex_lock(&sender->mutex);
	sender->status.sessions++;
	pthread_mutex_unlock(&sender->mutex);
}

/* Sequence number and time are those of the moment it is sent. */
static void stamp(const struct ipfix_sender *sender, uint8_t *message)
{
	ipfix_message_stamp(message, sender->sequence, (uint32_t)(clock_wall_ns() / 1000000000LL));
}

static void make_templates(const struct ipfix_sender *sender, struct queued *ret_message)
{
	struct ipfix_message message;

	ipfix_message_begin(&message, sender->options.domain);
	ipfix_message_add_templates(&message, sender->options.more);
	ipfix_message_end(&message);
	*ret_message = (struct queued){.size = message.size};
	memcpy(ret_message->at, message.at, message.size);
	stamp(sender, ret_message->at);
}

/* The end has come, and nothing has moved for long enough. */
static bool grace_is_over(const struct ipfix_sender *sender)
{
	uint64_t now_ns = clock_mono_ns();

	return sender->end_ns && (now_ns - sender->moved_ns > IPFIX_GRACE_NS ||
				  now_ns - sender->end_ns > IPFIX_GRACE_ALL_NS);
}

/* UDP */

static void take_refusal(struct ipfix_sender *sender, int err)
{
	if (sender->last.flows) {
		count_sent(sender, &sender->last, -1);
		count_lost(sender, &sender->last);
	}
	sender->last = (struct queued){0};
	set_link(sender, LINK_DOWN, err);
}

/* Sees an answer of the collector's machine, or of one before it, that nobody listens there. */
static void see_refusal(struct ipfix_sender *sender)
{
	uint8_t unused;

	if (recv(sender->fd, &unused, 1, 0) < 0 && errno != EAGAIN && errno != EINTR)
		take_refusal(sender, -errno);
}

/* Collectors read more slowly than this could write. */
static void pause_burst(struct ipfix_sender *sender)
{
	struct pollfd nothing = {.fd = -1};

	if (++sender->burst < BURST_MESSAGES)
		return;
	sender->burst = 0;
	wait_ready(&nothing, 1, 1);
}

/*
 * A refusal that send(2) reports is that of an earlier datagram. Other errors are of this one: there is no
 * way to the collector, or no room. In no case was it sent; it is tried again where that may help.
 */
static int send_datagram(struct ipfix_sender *sender, const struct queued *message)
{
	struct pollfd wait = {.fd = sender->fd, .events = POLLOUT};

	for (int attempt = 0; attempt < 3; attempt++) {
		ssize_t sent = send(sender->fd, message->at, message->size, MSG_NOSIGNAL);

		if (sent >= 0)
			return 0;
		if (errno == ECONNREFUSED) {
			take_refusal(sender, -errno);
			if (!sender->end_ns)
				return -ECONNREFUSED;
		} else if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR) {
			wait_ready(&wait, 1, REFUSAL_MS);
		} else {
			set_link(sender, LINK_DOWN, -errno);
			return -errno;
		}
	}
	return -EAGAIN;
}

/* 0, or -EAGAIN if it cannot be sent at the moment; at the end it is lost then. */
static int deliver(struct ipfix_sender *sender, struct queued *message)
{
	int err;

	stamp(sender, message->at);
	see_refusal(sender);
	if (sender->state == LINK_DOWN && !sender->end_ns)
		return -EAGAIN;
	err = send_datagram(sender, message);
	if (err && !sender->end_ns)
		return -EAGAIN;
	sender->sequence += message->records;
	if (err) {
		count_lost(sender, message);
		return 0;
	}
	count_sent(sender, message, 1);
	sender->last = *message;
	pause_burst(sender);
	return 0;
}

static void send_templates(struct ipfix_sender *sender)
{
	struct queued message;

	make_templates(sender, &message);
	if (deliver(sender, &message))
		return;
	sender->templates_ns = clock_mono_ns();
	begin_session(sender);
}

/*
 * At first, and while the collector cannot be reached, the templates ask whether it refuses. The answer may
 * take as long as the way is: until then records wait, or some would be lost, and news told, in each turn.
 */
static void ask_collector(struct ipfix_sender *sender)
{
	uint64_t now_ns = clock_mono_ns();

	if (sender->state == LINK_CONNECTING && now_ns - sender->tried_ns >= ANSWER_NS)
		set_link(sender, LINK_UP, 0);
	if (sender->state != LINK_DOWN)
		return;
	set_link(sender, LINK_CONNECTING, 0);
	sender->tried_ns = now_ns;
	send_templates(sender);
}

static bool is_udp_ready(struct ipfix_sender *sender)
{
	see_refusal(sender);
	if (sender->state != LINK_UP)
		ask_collector(sender);
	else if (clock_mono_ns() - sender->templates_ns >= IPFIX_TEMPLATES_NS)
		send_templates(sender);
	return sender->state == LINK_UP;
}

/* TCP */

static struct queued *queued_at(struct ipfix_sender *sender, uint64_t number)
{
	return &sender->queue[number % IPFIX_QUEUE_MESSAGES];
}

/* Messages that the other machine has are done with; what the kernel still holds is not there. */
static void take_acknowledged(struct ipfix_sender *sender)
{
	uint64_t there;
	int held;

	if (ioctl(sender->fd, SIOCOUTQ, &held))
		return;
	there = sender->position - (uint64_t)held;
	while (sender->head < sender->next && queued_at(sender, sender->head)->end <= there) {
		count_sent(sender, queued_at(sender, sender->head), 1);
		sender->head++;
		sender->moved_ns = clock_mono_ns();
	}
}

/* What is not acknowledged is sent again, in a new session. */
static void lose_connection(struct ipfix_sender *sender, int err)
{
	const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};

	if (sender->state == LINK_UP) {
		take_acknowledged(sender);
		sender->tried_ns = 0; /* the first attempt does not wait */
	}
	connect(sender->fd, &nowhere, sizeof(nowhere));
	sender->next = sender->head;
	sender->written = 0;
	set_link(sender, LINK_DOWN, err);
}

static void use_connection(struct ipfix_sender *sender)
{
	struct queued message;

	sender->sequence = 0;
	make_templates(sender, &message);
	/* A new connection has room for it. */
	if (send(sender->fd, message.at, message.size, MSG_NOSIGNAL) != (ssize_t)message.size) {
		lose_connection(sender, -EPIPE);
		return;
	}
	sender->position = message.size;
	count_sent(sender, &message, 1);
	set_link(sender, LINK_UP, 0);
	begin_session(sender);
}

/* Asks again for the connection that is being made: that tells how it went. */
static void try_connection(struct ipfix_sender *sender)
{
	uint64_t now_ns = clock_mono_ns();

	if (sender->state == LINK_DOWN) {
		if (sender->tried_ns && now_ns - sender->tried_ns < RETRY_NS)
			return;
		sender->tried_ns = now_ns;
		set_link(sender, LINK_CONNECTING, 0);
	}
	if (!connect(sender->fd, (const struct sockaddr *)&sender->options.address,
		     sender->options.address_size) ||
	    errno == EISCONN)
		use_connection(sender);
	else if (errno != EINPROGRESS && errno != EALREADY)
		lose_connection(sender, -errno);
	else if (now_ns - sender->tried_ns > CONNECT_NS)
		lose_connection(sender, -ETIMEDOUT);
}

/* Collectors say nothing: an end or an error is all there can be to read. */
static void see_end(struct ipfix_sender *sender)
{
	char unused[64];
	ssize_t got;

	do {
		got = recv(sender->fd, unused, sizeof(unused), 0);
	} while (got > 0);
	if (!got)
		lose_connection(sender, -ECONNRESET);
	else if (errno != EAGAIN && errno != EINTR)
		lose_connection(sender, -errno);
}

static void write_queue(struct ipfix_sender *sender)
{
	while (sender->state == LINK_UP && sender->next < sender->tail) {
		struct queued *message = queued_at(sender, sender->next);
		ssize_t sent;

		if (!sender->written)
			stamp(sender, message->at);
		sent = send(sender->fd, message->at + sender->written,
			    message->size - sender->written, MSG_NOSIGNAL);
		if (sent < 0) {
			if (errno != EAGAIN && errno != EINTR)
				lose_connection(sender, -errno);
			return;
		}
		sender->written += (size_t)sent;
		sender->position += (uint64_t)sent;
		if (sender->written < message->size)
			return;
		message->end = sender->position;
		sender->sequence += message->records;
		sender->written = 0;
		sender->next++;
	}
}

static void move_queue(struct ipfix_sender *sender)
{
	if (sender->state == LINK_UP)
		see_end(sender);
	if (sender->state != LINK_UP)
		try_connection(sender);
	write_queue(sender);
	if (sender->state == LINK_UP)
		take_acknowledged(sender);
}

/* Waits for a moment until something may have changed. */
static void await_queue(const struct ipfix_sender *sender)
{
	struct pollfd wait = {.fd = -1};

	if (sender->state == LINK_UP && sender->next < sender->tail) {
		wait.fd = sender->fd;
		wait.events = POLLOUT;
	}
	wait_ready(&wait, 1, STEP_MS);
}

static bool has_queue_room(const struct ipfix_sender *sender)
{
	return sender->tail - sender->head < IPFIX_QUEUE_MESSAGES;
}

static int put_in_queue(struct ipfix_sender *sender, const struct queued *message)
{
	if (!has_queue_room(sender))
		move_queue(sender);
	while (sender->end_ns && !has_queue_room(sender) && !grace_is_over(sender)) {
		await_queue(sender);
		move_queue(sender);
	}
	if (!has_queue_room(sender)) {
		if (!sender->end_ns)
			return -EAGAIN;
		count_lost(sender, message);
		return 0;
	}
	*queued_at(sender, sender->tail++) = *message;
	write_queue(sender);
	return 0;
}

bool ipfix_sender_ready(struct ipfix_sender *sender)
{
	if (!sender->options.tcp)
		return is_udp_ready(sender);
	move_queue(sender);
	return sender->state == LINK_UP && has_queue_room(sender);
}

int ipfix_sender_put(struct ipfix_sender *sender, const struct ipfix_message *message)
{
	struct queued queued = {.size = message->size,
				.records = message->records,
				.flows = message->flows,
				.counts = message->counts};

	memcpy(queued.at, message->at, message->size);
	if (sender->options.tcp)
		return put_in_queue(sender, &queued);
	if (sender->state != LINK_UP && !sender->end_ns)
		return -EAGAIN;
	return deliver(sender, &queued);
}

void ipfix_sender_end(struct ipfix_sender *sender)
{
	sender->end_ns = sender->moved_ns = clock_mono_ns();
}

void ipfix_sender_finish(struct ipfix_sender *sender)
{
	struct pollfd wait = {.fd = sender->fd};

	if (!sender->options.tcp) {
		wait_ready(&wait, 1, REFUSAL_MS);
		see_refusal(sender);
		return;
	}
	move_queue(sender);
	while (sender->head < sender->tail && !grace_is_over(sender)) {
		await_queue(sender);
		move_queue(sender);
	}
	for (; sender->head < sender->tail; sender->head++)
		count_lost(sender, queued_at(sender, sender->head));
}
