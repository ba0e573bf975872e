/* SPDX-License-Identifier: MIT */
/* See helper.h. SOCK_SEQPACKET preserves message boundaries, so one read returns one message. */
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "guard.h"
#include "wait.h"

struct helper {
	int fd;
	unsigned int wait_ms;
	unsigned int owed; /* answers to requests that nobody waits for any more */
};

/* The descriptor of the socket in the helper, after the standard streams. */
#define HELPER_FD (STDERR_FILENO + 1)

static ssize_t receive_message(int fd, void *message, size_t size)
{
	ssize_t length;

	do
		length = recv(fd, message, size, 0);
	while (length < 0 && errno == EINTR);
	return length < 0 ? -errno : length;
}

/* In the helper: closes everything except the socket. */
static void leave_program(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	    dup2(null, STDERR_FILENO) < 0 || (fd != HELPER_FD && dup2(fd, HELPER_FD) < 0))
		_exit(1);
	close_range(HELPER_FD + 1, ~0U, 0);
	setsid(); /* no signals from the terminal */
	/* It ends when the program does, not before: requests at the end are still answered. */
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* also when it is stopped */
}

/* Sends the result of serve_file(), with the descriptor if it is one; closes that. */
static ssize_t send_file(int fd, int result)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec part = {.iov_base = &result, .iov_len = sizeof(result)};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	struct cmsghdr *header = (struct cmsghdr *)control;
	ssize_t sent;

	if (result > 0) {
		message.msg_control = control;
		message.msg_controllen = sizeof(control);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(result));
		memcpy(CMSG_DATA(header), &result, sizeof(result));
	}
	sent = sendmsg(fd, &message, 0);
	if (result > 0)
		close(result);
	return sent;
}

/* Answers one request; false when the program has gone. */
static bool answer_request(const struct helper_options *options, const void *request, size_t length)
{
	_Alignas(16) char answer[HELPER_MESSAGE_MAX];
	size_t used;

	if (options->serve_file)
		return send_file(HELPER_FD,
				 options->serve_file(options->context, request, length)) >= 0;
	used = options->serve(request, length, answer, sizeof(answer));
	return send(HELPER_FD, answer, used, 0) >= 0;
}

static void __attribute__((noreturn)) run_helper(const struct helper_options *options, int fd)
{
	_Alignas(16) char request[HELPER_MESSAGE_MAX];
	const char *what;
	ssize_t length;

	leave_program(fd);
	prctl(PR_SET_NAME, options->name);
	if (options->prepare)
		options->prepare();
	if (guard_close(options->needs, &what))
		_exit(1);
	while ((length = receive_message(HELPER_FD, request, sizeof(request))) > 0) {
		if (!answer_request(options, request, (size_t)length))
			_exit(1);
	}
	_exit(0);
}

int helper_start(const struct helper_options *options, struct helper **ret_helper)
{
	struct helper *helper = malloc(sizeof(*helper));
	int pair[2], err;
	pid_t child;

	if (!helper)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		err = -errno;
		goto out_free;
	}
	child = fork();
	if (!child)
		run_helper(options, pair[1]);
	err = child < 0 ? -errno : 0;
	close(pair[1]);
	if (err)
		goto out_close;
	*helper = (struct helper){
		.fd = pair[0],
		.wait_ms = options->wait_ms ? options->wait_ms : HELPER_WAIT_MS,
	};
	*ret_helper = helper;
	return 0;
out_close:
	close(pair[0]);
out_free:
	free(helper);
	return err;
}

/* Answers that came late are for nobody; descriptors in them are closed by the kernel. */
static bool owes_nothing(struct helper *helper)
{
	char byte;

	while (helper->owed && recv(helper->fd, &byte, sizeof(byte), MSG_DONTWAIT) >= 0)
		helper->owed--;
	return !helper->owed;
}

/* Sends a request and waits until there is an answer, or an end: 0 or a negative errno. */
static int ask_and_wait(struct helper *helper, const void *request, size_t length)
{
	struct pollfd wait = {.fd = helper->fd, .events = POLLIN};
	uint64_t until_ns, now_ns;

	if (!owes_nothing(helper))
		return -ETIMEDOUT;
	if (send(helper->fd, request, length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return -errno;
	until_ns = clock_mono_ns() + helper->wait_ms * 1000000ULL;
	while (!wait.revents && (now_ns = clock_mono_ns()) < until_ns)
		wait_ready(&wait, 1, (int)((until_ns - now_ns) / 1000000) + 1);
	if (wait.revents)
		return 0;
	helper->owed++;
	return -ETIMEDOUT;
}

ssize_t helper_ask(struct helper *helper, const void *request, size_t length, void *answer,
		   size_t size)
{
	ssize_t got;
	int err;

	if (!helper)
		return -EPIPE;
	err = ask_and_wait(helper, request, length);
	if (err)
		return err;
	got = receive_message(helper->fd, answer, size);
	return got ? got : -EPIPE;
}

/* The descriptor that came with a message, or -1. */
static int received_file(struct msghdr *message)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	int fd;

	if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
	    header->cmsg_len != CMSG_LEN(sizeof(fd)))
		return -1;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

int helper_ask_file(struct helper *helper, const void *request, size_t length)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	int result, fd;
	struct iovec part = {.iov_base = &result, .iov_len = sizeof(result)};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control)};
	ssize_t got;
	int err;

	if (!helper)
		return -EPIPE;
	err = ask_and_wait(helper, request, length);
	if (err)
		return err;
	do
		got = recvmsg(helper->fd, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	fd = received_file(&message);
	if (got != (ssize_t)sizeof(result) || (result > 0 && fd < 0))
		return got ? -EPROTO : -EPIPE;
	return result > 0 ? fd : result;
}

void helper_stop(struct helper *helper)
{
	if (!helper)
		return;
	close(helper->fd);
	free(helper);
}
