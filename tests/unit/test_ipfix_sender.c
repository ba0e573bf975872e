/* SPDX-License-Identifier: MIT */
/* ipfix_sender.h with real sockets: what arrived and what is told as lost is what was sent. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "ipfix_reader.h"
#include "ipfix_sender.h"

#define DOMAIN	 99
#define PATIENCE 60000000000ULL
#define SOME	 200
#define MANY	 5000 /* messages; more than the queue and the sockets hold */

struct bed {
	struct ipfix_sender *sender;
	struct sockaddr_in address;
	int listener, fd; /* fd: UDP socket or connection */
	uint32_t put;	  /* records */
	/* The collector. */
	struct ipfix_reader reader;
	uint8_t buffer[65536];
	size_t used;
	uint64_t packets, number; /* of all records; of the record being read */
	uint32_t got, sessions;
	uint8_t *seen; /* by number, how often */
};

static void take_element(void *context, uint16_t element, const uint8_t *data, size_t length)
{
	struct bed *bed = context;

	if (element == 2)
		bed->packets += ipfix_reader_number(data, length);
	if (element == 14)
		bed->number = ipfix_reader_number(data, length);
}

static void take_record(void *context, uint16_t template, uint16_t scope)
{
	struct bed *bed = context;

	assert_true(bed->number < MANY * 16);
	bed->seen[bed->number]++;
	bed->got++;
}

static void forget_session(struct bed *bed)
{
	memset(&bed->reader, 0, sizeof(bed->reader));
	bed->reader.element = take_element;
	bed->reader.record = take_record;
	bed->reader.context = bed;
	bed->used = 0;
}

static void open_collector(struct bed *bed, bool tcp)
{
	socklen_t size = sizeof(bed->address);
	const int on = 1, little = 16384; /* so that much is not acknowledged */
	int fd =
		socket(AF_INET, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(fd, (const struct sockaddr *)&bed->address, sizeof(bed->address)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&bed->address, &size), 0);
	forget_session(bed);
	if (tcp)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof(little));
	if (tcp)
		assert_int_equal(listen(fd, 5), 0);
	*(tcp ? &bed->listener : &bed->fd) = fd;
}

static void set_up(struct bed *bed, bool tcp)
{
	struct ipfix_sender_options options = {.tcp = tcp, .domain = DOMAIN};

	memset(bed, 0, sizeof(*bed));
	bed->listener = bed->fd = -1;
	bed->seen = calloc(MANY * 16, 1);
	bed->address.sin_family = AF_INET;
	bed->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	open_collector(bed, tcp);
	memcpy(&options.address, &bed->address, sizeof(bed->address));
	options.address_size = sizeof(bed->address);
	assert_int_equal(ipfix_sender_new(&options, &bed->sender), 0);
}

static void tear_down(struct bed *bed)
{
	ipfix_sender_free(bed->sender);
	close(bed->fd);
	close(bed->listener);
	free(bed->seen);
	free(bed);
}

static void take_message(struct bed *bed, const uint8_t *message, size_t size)
{
	if (!ipfix_reader_take(&bed->reader, message, size))
		fail_msg("%s", bed->reader.error);
	assert_int_equal(bed->reader.domain, DOMAIN);
}

/* Reads what is there. */
static void drain_udp(struct bed *bed)
{
	ssize_t size;

	while ((size = recv(bed->fd, bed->buffer, sizeof(bed->buffer), 0)) >= 0)
		take_message(bed, bed->buffer, (size_t)size);
}

/* Reads up to so many bytes of a connection, accepting one first. */
static void drain_tcp(struct bed *bed, size_t most)
{
	ssize_t size;

	if (bed->fd < 0) {
		bed->fd = accept4(bed->listener, NULL, NULL, SOCK_NONBLOCK);
		if (bed->fd >= 0)
			bed->sessions++;
	}
	while (most && bed->fd >= 0) {
		size_t room = sizeof(bed->buffer) - bed->used, at = 0;

		size = recv(bed->fd, bed->buffer + bed->used, most < room ? most : room, 0);
		if (size <= 0)
			break;
		most -= (size_t)size;
		bed->used += (size_t)size;
		while (bed->used - at >= 16) {
			size_t length = ipfix_reader_number(bed->buffer + at + 2, 2);

			if (bed->used - at < length)
				break;
			take_message(bed, bed->buffer + at, length);
			at += length;
		}
		bed->used -= at;
		memmove(bed->buffer, bed->buffer + at, bed->used);
	}
}

/* Its number is in each record, as the interface; it stands for three packets. */
static struct ipfix_message message_of(uint32_t first, uint32_t records)
{
	struct ipfix_message message;

	ipfix_message_begin(&message, DOMAIN);
	for (uint32_t i = 0; i < records; i++) {
		const struct ipfix_flow flow = {
			.key = {.ethertype = 0x0800, .ipproto = 6, .where = FLOW_OUT},
			.counts = {.packets = 3, .bytes = 300},
			.ifindex = first + i,
		};

		assert_true(ipfix_message_add_flow(&message, &flow, false));
	}
	ipfix_message_end(&message);
	return message;
}

static int put(struct bed *bed, uint32_t records)
{
	struct ipfix_message message = message_of(bed->put, records);
	int err = ipfix_sender_put(bed->sender, &message);

	if (!err)
		bed->put += records;
	return err;
}

static struct ipfix_status status_of(struct bed *bed)
{
	struct ipfix_status status;

	ipfix_sender_status(bed->sender, &status);
	assert_int_equal(status.counts.packets, 3 * status.flows);
	assert_int_equal(status.lost.bytes, 300 * status.lost_flows);
	return status;
}

/* Reads what comes until messages may be put. */
static void await_udp(struct bed *bed)
{
	uint64_t end_ns = clock_mono_ns() + PATIENCE;

	while (!ipfix_sender_ready(bed->sender)) {
		drain_udp(bed);
		poll(NULL, 0, 1);
		assert_true(clock_mono_ns() < end_ns);
	}
}

static void await_error(struct bed *bed, int err)
{
	uint64_t end_ns = clock_mono_ns() + PATIENCE;

	while (status_of(bed).error != err) {
		assert_false(ipfix_sender_ready(bed->sender));
		assert_true(clock_mono_ns() < end_ns);
	}
}

static void test_udp(void **state)
{
	struct bed *bed = malloc(sizeof(*bed));
	struct ipfix_status status;

	set_up(bed, false);
	await_udp(bed);
	for (int i = 0; i < SOME; i++) {
		assert_int_equal(put(bed, 1 + (uint32_t)i % 15), 0);
		drain_udp(bed);
	}
	ipfix_sender_end(bed->sender);
	ipfix_sender_finish(bed->sender);
	drain_udp(bed);
	status = status_of(bed);
	assert_int_equal(bed->got, bed->put);
	assert_int_equal(status.flows, bed->put);
	assert_int_equal(status.messages, SOME + 1);
	assert_int_equal(status.lost_flows, 0);
	assert_int_equal(status.sessions, 1);
	tear_down(bed);
}

/* Nobody listens at first, and for a while later. */
static void test_udp_refused(void **state)
{
	struct bed *bed = malloc(sizeof(*bed));
	struct ipfix_status status;

	set_up(bed, false);
	close(bed->fd);
	await_error(bed, -ECONNREFUSED);
	assert_false(status_of(bed).up);
	open_collector(bed, false);
	await_udp(bed);
	assert_int_equal(put(bed, 2), 0);
	drain_udp(bed);
	assert_int_equal(bed->got, 2);

	close(bed->fd);
	assert_int_equal(put(bed, 5), 0);
	while (ipfix_sender_ready(bed->sender))
		;
	assert_int_equal(status_of(bed).lost_flows, 5);
	open_collector(bed, false);
	bed->reader.sequence = 7; /* those lost are missing in the numbers */
	await_udp(bed);
	assert_int_equal(put(bed, 4), 0);
	drain_udp(bed);
	close(bed->fd);
	assert_int_equal(put(bed, 3), 0);
	ipfix_sender_end(bed->sender);
	ipfix_sender_finish(bed->sender);
	status = status_of(bed);
	assert_int_equal(bed->got, 6);
	assert_int_equal(status.flows, 6);
	assert_int_equal(status.lost_flows, 8);
	bed->fd = -1;
	tear_down(bed);
}

static void await_ready(struct bed *bed)
{
	uint64_t end_ns = clock_mono_ns() + PATIENCE;

	while (!ipfix_sender_ready(bed->sender)) {
		drain_tcp(bed, SIZE_MAX);
		poll(NULL, 0, 1);
		assert_true(clock_mono_ns() < end_ns);
	}
}

/* Puts a message, and reads a little whenever there is no room. */
static void put_and_read(struct bed *bed, size_t bytes)
{
	uint64_t end_ns = clock_mono_ns() + PATIENCE;

	while (put(bed, 1 + bed->put % 15)) {
		drain_tcp(bed, bytes);
		(void)ipfix_sender_ready(bed->sender);
		assert_true(clock_mono_ns() < end_ns);
	}
}

static void finish_tcp(struct bed *bed)
{
	uint64_t end_ns = clock_mono_ns() + PATIENCE;
	struct ipfix_status status;

	do {
		drain_tcp(bed, SIZE_MAX);
		(void)ipfix_sender_ready(bed->sender);
		status = status_of(bed);
		assert_true(clock_mono_ns() < end_ns);
	} while (status.flows < bed->put);
	drain_tcp(bed, SIZE_MAX);
	ipfix_sender_end(bed->sender);
	ipfix_sender_finish(bed->sender);
}

/* A reader that is slower than the writer. */
static void test_tcp(void **state)
{
	struct bed *bed = malloc(sizeof(*bed));

	set_up(bed, true);
	await_ready(bed);
	for (int i = 0; i < MANY; i++)
		put_and_read(bed, 20000);
	finish_tcp(bed);
	assert_int_equal(bed->got, bed->put);
	assert_int_equal(bed->packets, 3 * bed->put);
	assert_int_equal(status_of(bed).lost_flows, 0);
	assert_int_equal(status_of(bed).sessions, 1);
	tear_down(bed);
}

/* Ends the connection, and reads all that was acknowledged before the sender connects again. */
static void end_connection(struct bed *bed)
{
	uint64_t sessions = status_of(bed).sessions, end_ns = clock_mono_ns() + PATIENCE;

	drain_tcp(bed, 1); /* takes the connection */
	assert_true(bed->fd >= 0);
	shutdown(bed->fd, SHUT_WR);
	while (status_of(bed).sessions == sessions) {
		(void)ipfix_sender_ready(bed->sender); /* before more is acknowledged */
		assert_true(clock_mono_ns() < end_ns);
	}
	drain_tcp(bed, SIZE_MAX); /* what is acknowledged can be read */
	close(bed->fd);
	bed->fd = -1;
	forget_session(bed);
}

/* What was not acknowledged when a connection ends comes again, in the next one. */
static void test_tcp_reconnect(void **state)
{
	struct bed *bed = malloc(sizeof(*bed));
	uint32_t missing = 0;

	set_up(bed, true);
	await_ready(bed);
	for (int i = 0; i < MANY; i++) {
		put_and_read(bed, 20000);
		if (i % (MANY / 10) == MANY / 20)
			end_connection(bed);
	}
	finish_tcp(bed);
	for (uint32_t i = 0; i < bed->put; i++)
		missing += !bed->seen[i];
	assert_int_equal(missing, 0);
	assert_true(bed->got >= bed->put);
	assert_int_equal(bed->sessions, 11);
	assert_int_equal(status_of(bed).sessions, 11);
	assert_int_equal(status_of(bed).flows, bed->put);
	assert_int_equal(status_of(bed).lost_flows, 0);
	tear_down(bed);
}

/* Nobody is there: a bounded queue, and at the end all is lost and counted. */
static void test_tcp_nobody(void **state)
{
	struct bed *bed = malloc(sizeof(*bed));
	uint32_t messages = 0;

	set_up(bed, true);
	close(bed->listener);
	assert_false(ipfix_sender_ready(bed->sender));
	while (!put(bed, 2))
		messages++;
	assert_int_equal(messages, IPFIX_QUEUE_MESSAGES);
	assert_false(ipfix_sender_ready(bed->sender));
	ipfix_sender_end(bed->sender);
	assert_int_equal(put(bed, 2), 0); /* waits, gives up */
	ipfix_sender_finish(bed->sender);
	assert_int_equal(status_of(bed).lost_flows, bed->put);
	assert_int_equal(status_of(bed).flows, 0);
	assert_int_equal(status_of(bed).error, -ECONNREFUSED);
	bed->listener = -1;
	tear_down(bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_udp),	   cmocka_unit_test(test_udp_refused),
		cmocka_unit_test(test_tcp),	   cmocka_unit_test(test_tcp_reconnect),
		cmocka_unit_test(test_tcp_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
