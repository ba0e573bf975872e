/* SPDX-License-Identifier: MIT */
/* One daemon without a thread of its own; see metrics_server.h. */
#include "metrics_server.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "metrics_address.h"

#define CONNECTIONS_MAX	  4
#define CONNECTION_SECONDS 2
#define BACKLOG		  8
/*
 * How long a client may take for a request, and then to read the answer. The timeout above is of silence
 * only: four clients that send a byte now and then would shut out all others.
 */
#define REQUEST_NS 5000000000ULL

struct client {
	int fd;
	uint64_t since_ns; /* it connected, or its last request was complete; 0: none */
};

struct metrics_server {
	struct metrics *metrics;
	struct MHD_Daemon *daemon;
	int epoll_fd;
	struct text text;
	struct client client[CONNECTIONS_MAX];
};

static int bind_one(const struct addrinfo *info, int *ret_fd)
{
	int on = 1, err;
	int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (!bind(fd, info->ai_addr, info->ai_addrlen) && !listen(fd, BACKLOG)) {
		*ret_fd = fd;
		return 0;
	}
	err = -errno;
	close(fd);
	return err;
}

int metrics_bind(const struct metrics_address *address, int *ret_fd)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC,
				       .ai_socktype = SOCK_STREAM,
				       .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	const char *host = *address->host ? address->host : "127.0.0.1";
	struct addrinfo *found;
	int err;

	if (getaddrinfo(host, address->port, &hints, &found))
		return -ENOENT;
	err = bind_one(found, ret_fd);
	freeaddrinfo(found);
	return err;
}

static enum MHD_Result respond(struct MHD_Connection *connection, unsigned int status,
			       const char *type, const char *text, size_t size)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(size, (void *)text, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	/* One request a connection: one that asks again and again and never reads would keep its place. */
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result respond_text(struct MHD_Connection *connection, unsigned int status,
				    const char *text)
{
	return respond(connection, status, "text/plain; charset=utf-8", text, strlen(text));
}

static enum MHD_Result respond_metrics(struct metrics_server *server,
				       struct MHD_Connection *connection)
{
	const char *accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							 MHD_HTTP_HEADER_ACCEPT);
	bool open = accept && strstr(accept, "application/openmetrics-text");

	text_clear(&server->text);
	metrics_write(server->metrics, open ? METRICS_OPENMETRICS : METRICS_PROMETHEUS,
		      &server->text);
	if (server->text.failed)
		return respond_text(connection, MHD_HTTP_INTERNAL_SERVER_ERROR,
				    "cannot allocate memory\n");
	return respond(connection, MHD_HTTP_OK,
		       open ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
			    : "text/plain; version=0.0.4; charset=utf-8",
		       server->text.at, server->text.used);
}

static struct client *client_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

/* The descriptor is open until the second call has returned. */
static void see_client(void *context, struct MHD_Connection *connection, void **socket_context,
		       enum MHD_ConnectionNotificationCode code)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct metrics_server *server = context;
	struct client *client = *socket_context;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (client)
			client->since_ns = 0;
		return;
	}
	for (size_t i = 0; info && !client && i < CONNECTIONS_MAX; i++) {
		if (!server->client[i].since_ns)
			client = &server->client[i];
	}
	if (client)
		*client = (struct client){info->connect_fd, clock_mono_ns()};
	*socket_context = client;
}

static void end_slow_clients(const struct metrics_server *server)
{
	uint64_t now_ns = clock_mono_ns();

	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		const struct client *client = &server->client[i];

		if (client->since_ns && now_ns - client->since_ns > REQUEST_NS)
			shutdown(client->fd, SHUT_RDWR);
	}
}

static enum MHD_Result answer_http(void *context, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_size, void **connection_context)
{
	struct client *client = client_of(connection);

	(void)version;
	(void)upload;
	if (*upload_size) { /* is thrown away */
		*upload_size = 0;
		return MHD_YES;
	}
	if (!*connection_context) { /* headers only so far */
		*connection_context = context;
		if (client)
			client->since_ns = clock_mono_ns();
		return MHD_YES;
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return respond_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
				    "only GET and HEAD are answered\n");
	if (!strcmp(url, "/metrics"))
		return respond_metrics(context, connection);
	if (!strcmp(url, "/"))
		return respond_text(connection, MHD_HTTP_OK, "pktstat-bpf: see /metrics\n");
	return respond_text(connection, MHD_HTTP_NOT_FOUND, "there is only /metrics\n");
}

int metrics_server_new(struct metrics *metrics, int fd, struct metrics_server **ret_server)
{
	struct metrics_server *server = calloc(1, sizeof(*server));
	const union MHD_DaemonInfo *info;

	if (!server) {
		close(fd);
		return -ENOMEM;
	}
	server->metrics = metrics;
	server->daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, answer_http, server,
					  MHD_OPTION_LISTEN_SOCKET, fd,
					  MHD_OPTION_CONNECTION_LIMIT,
					  (unsigned int)CONNECTIONS_MAX,
					  MHD_OPTION_CONNECTION_TIMEOUT,
					  (unsigned int)CONNECTION_SECONDS,
					  MHD_OPTION_NOTIFY_CONNECTION, see_client, server,
					  MHD_OPTION_END);
	info = server->daemon ? MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	if (!info) {
		if (!server->daemon)
			close(fd);
		metrics_server_free(server);
		return -EIO;
	}
	server->epoll_fd = info->epoll_fd;
	*ret_server = server;
	return 0;
}

void metrics_server_free(struct metrics_server *server)
{
	if (!server)
		return;
	if (server->daemon)
		MHD_stop_daemon(server->daemon);
	text_done(&server->text);
	free(server);
}

int metrics_server_publish(void *output, const struct change *change)
{
	struct metrics_server *server = output;

	return metrics_take(server->metrics, change);
}

int metrics_server_finish(void *output, const struct snapshot *last)
{
	(void)output;
	(void)last;
	return 0;
}

int metrics_server_fd(const struct metrics_server *server)
{
	return server->epoll_fd;
}

void metrics_server_run(void *output)
{
	struct metrics_server *server = output;

	end_slow_clients(server);
	MHD_run(server->daemon);
}
