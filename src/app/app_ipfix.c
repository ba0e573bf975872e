/* SPDX-License-Identifier: MIT */
/*
 * The output of --ipfix: the collector's address is looked up and the socket made first of all, in
 * the network namespace that the program was started in; then a publisher as for the other outputs.
 */
#include "app_private.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "ipfix.h"
#include "log.h"
#include "options.h"
#include "publisher.h"

/* Between two looks at what changed; timeouts are looked at as often. */
#define EVERY_NS 1000000000ULL

struct app_ipfix {
	struct app *app;
	struct ipfix *ipfix;
	struct publisher *publisher;
	char name[FORMAT_TEXT_MAX * 4]; /* of the collector, safe to print */
};

/* The kernel's names for some of these errors say nothing of routes. */
static const char *reach_text(int err)
{
	switch (err) {
	case -EINVAL: return "the route to it is a blackhole (ip route get shows it)";
	case -EACCES: return "a route prohibits it, or it is a broadcast address";
	case -EPERM: return "a firewall of this host drops the packets";
	default: return strerror(-err);
	}
}

static void say_collector(void *context, int err)
{
	const struct app_ipfix *output = context;

	if (err)
		log_line("cannot reach the IPFIX collector at %s: %s; trying again, records wait",
			 output->name, reach_text(err));
	else
		log_line("the IPFIX collector at %s is there again", output->name);
}

/* It ends only with the program. */
static void say_ipfix_news(void *context, enum publisher_news news, int err)
{
	(void)context;
	(void)news;
	(void)err;
}

static void narrow_ipfix(void *context)
{
	const struct app_ipfix *output = context;

	app_narrow_ipfix(output->app);
}

/* fe80::1 alone is on no link. */
static bool lacks_interface(const struct sockaddr_storage *address)
{
	const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)address;

	return address->ss_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&ipv6->sin6_addr) &&
	       !ipv6->sin6_scope_id;
}

/* The first address of the collector. */
static int find_collector(const struct ipfix_target *target, struct ipfix_options *ret_options)
{
	const struct addrinfo hints = {
		.ai_socktype = target->tcp ? SOCK_STREAM : SOCK_DGRAM,
		.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV,
	};
	struct addrinfo *found;
	char host[FORMAT_TEXT_MAX * 4];
	int err = getaddrinfo(target->host, target->port, &hints, &found);

	if (err) {
		log_line("cannot find the IPFIX collector '%s': %s; give a host name that "
			 "resolves, or an "
			 "address",
			 format_outside(target->host, host, sizeof(host)), gai_strerror(err));
		return -ENOENT;
	}
	memcpy(&ret_options->address, found->ai_addr, found->ai_addrlen);
	ret_options->address_size = found->ai_addrlen;
	freeaddrinfo(found);
	if (lacks_interface(&ret_options->address)) {
		log_line("cannot send flow records to '%s': a link-local address needs its interface; "
			 "give it as [ADDRESS%%INTERFACE]:PORT",
			 format_outside(target->host, host, sizeof(host)));
		return -EINVAL;
	}
	return 0;
}

static void name_collector(struct app_ipfix *output, const struct ipfix_target *target)
{
	bool ipv6 = strchr(target->host, ':');
	char host[FORMAT_TEXT_MAX * 4 - 16];

	format_outside(target->host, host, sizeof(host));
	snprintf(output->name, sizeof(output->name), "%s%s%s:%s", ipv6 ? "[" : "", host,
		 ipv6 ? "]" : "", target->port);
}

int app_open_ipfix(struct app *app)
{
	const struct options *options = app->options;
	struct ipfix_options ipfix = {
		.tcp = options->ipfix.tcp,
		.more = options->ipfix_more,
		.active_ns = options->ipfix_active_ns,
		.idle_ns = options->ipfix_idle_ns,
		.stuck = say_collector,
	};
	struct app_ipfix *output;
	int err;

	if (!options->ipfix_set)
		return 0;
	err = find_collector(&options->ipfix, &ipfix);
	if (err)
		return err;
	output = app->ipfix = calloc(1, sizeof(*output));
	if (!output) {
		log_line("cannot allocate memory for flow records");
		return -ENOMEM;
	}
	output->app = app;
	name_collector(output, &options->ipfix);
	ipfix.context = output;
	err = ipfix_new(&ipfix, &output->ipfix);
	if (err)
		log_line("cannot send flow records to %s: %s; give another collector, or change "
			 "the routes",
			 output->name, reach_text(err));
	return err;
}

int app_make_ipfix(struct app *app)
{
	struct app_ipfix *output = app->ipfix;
	const struct publisher_options publisher = {
		.ring = app->ring,
		.every_ns = EVERY_NS,
		.publish = ipfix_publish,
		.finish = ipfix_finish,
		.output = output ? output->ipfix : NULL,
		.on_thread = narrow_ipfix,
		.say = say_ipfix_news,
		.context = output,
	};
	int err;

	if (!output)
		return 0;
	err = publisher_new(&publisher, &output->publisher);
	if (err)
		log_line("cannot prepare flow records to %s: %s", output->name, strerror(-err));
	return err;
}

int app_start_ipfix(struct app *app)
{
	struct app_ipfix *output = app->ipfix;
	const struct about_tables tables = app_tables(app);
	int err;

	if (!output)
		return 0;
	ipfix_prepare(output->ipfix, &tables);
	err = publisher_start(output->publisher);
	if (err)
		log_line("cannot start sending flow records to %s: %s", output->name,
			 strerror(-err));
	return err;
}

void app_end_ipfix(struct app *app)
{
	if (app->ipfix)
		publisher_end(app->ipfix->publisher);
}

void app_finish_ipfix(struct app *app)
{
	char text[APP_IPFIX_TEXT_MAX];

	if (!app->ipfix)
		return;
	publisher_finish(app->ipfix->publisher);
	/* The report as a table says it in any case. */
	if (app_ipfix_text(app, text, sizeof(text)))
		log_line("flow records: %s", text);
}

bool app_ipfix_text(void *context, char *text, size_t size)
{
	const struct app *app = context;
	struct ipfix_status status;

	if (!app->ipfix) {
		*text = '\0';
		return false;
	}
	ipfix_status(app->ipfix->ipfix, &status);
	ipfix_status_text(&status, app->ipfix->name, text, size);
	return status.lost_flows;
}

void app_free_ipfix(struct app *app)
{
	if (!app->ipfix)
		return;
	publisher_free(app->ipfix->publisher);
	ipfix_free(app->ipfix->ipfix);
	free(app->ipfix);
	app->ipfix = NULL;
}
