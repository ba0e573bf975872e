/* SPDX-License-Identifier: MIT */
/* Reads the command line; see options.h. */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file_source.h"
#include "filter.h"
#include "format.h"
#include "group.h"
#include "ledger.h"
#include "limit.h"

/* getopt's value for the option with this id: beyond any letter. */
#define LONG_VALUE(id) (256 + (int)(id))
struct parser {
	struct options options;
	char *why;
	size_t why_size;
	const char *ipfix_detail; /* an option that needs --ipfix; NULL: none was given */
	bool series_set;	  /* --metrics-series was given */
};

/* One sentence about the command line, outside text in it made safe; false, to be passed on. */
static bool __attribute__((format(printf, 2, 3)))
refuse(struct parser *parser, const char *format, ...)
{
	char raw[OPTIONS_WHY_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	format_outside(raw, parser->why, parser->why_size);
	return false;
}

/* One name of --iface, not ended by a zero byte; one that was given before changes nothing. */
static bool add_iface(struct parser *parser, const char *name, size_t length)
{
	struct options *options = &parser->options;

	if (!length)
		return refuse(parser, "--iface has an empty name; give an interface, for example "
				      "--iface eth0");
	if (length >= LINK_NAME_SIZE)
		return refuse(parser,
			      "cannot watch interface %.*s: names have at most %d bytes; ip link "
			      "lists them",
			      length < 64 ? (int)length : 64, name, LINK_NAME_SIZE - 1);
	if (length == strlen("any") && !memcmp(name, "any", length)) {
		options->any = true;
		return true;
	}
	for (size_t i = 0; i < options->ifaces; i++) {
		if (strlen(options->iface[i]) == length && !memcmp(options->iface[i], name, length))
			return true;
	}
	if (options->ifaces == FLOW_IFACES_MAX)
		return refuse(parser,
			      "cannot watch more than %d interfaces at a time; give --iface fewer",
			      FLOW_IFACES_MAX);
	memcpy(options->iface[options->ifaces++], name, length);
	return true;
}

static bool parse_iface(struct parser *parser, const char *names)
{
	for (;;) {
		size_t length = strcspn(names, ",");

		if (!add_iface(parser, names, length))
			return false;
		names += length;
		if (!*names)
			return true;
		names++;
	}
}

static bool parse_netns(struct parser *parser, const char *text)
{
	if (!*text)
		return refuse(parser, "--netns has an empty value; give a name that ip netns "
				      "lists, a PID or a path");
	if (parser->options.netns)
		return refuse(parser, "--netns may be given only once");
	parser->options.netns = text;
	return true;
}

static bool parse_timeout(struct parser *parser, const char *text)
{
	const char *why;

	if (duration_parse(text, &parser->options.timeout_ns, &why) < 0)
		return refuse(parser, "cannot use '%.64s' as --timeout: %s", text, why);
	parser->options.timeout_set = true;
	return true;
}

static bool parse_refresh(struct parser *parser, const char *text)
{
	const char *why;
	uint64_t ns;

	if (duration_parse(text, &ns, &why) < 0)
		return refuse(parser, "cannot use '%.64s' as --refresh: %s", text, why);
	if (ns < OPTIONS_REFRESH_MIN_NS || ns > OPTIONS_REFRESH_MAX_NS)
		return refuse(parser,
			      "cannot use '%.64s' as --refresh: it is too %s; give 100ms to 1m",
			      text, ns < OPTIONS_REFRESH_MIN_NS ? "short" : "long");
	parser->options.refresh_ns = ns;
	return true;
}

static bool parse_sort(struct parser *parser, const char *name)
{
	int column = column_of_name(name);
	char names[COLUMN_NAMES_MAX];

	if (column < 0)
		return refuse(parser, "cannot sort by '%.64s'; the keys are %s", name,
			      column_names(names, sizeof(names)));
	parser->options.sort = (enum column)column;
	parser->options.sort_set = true;
	return true;
}

/* Tries the expression; whoever uses it reads it again. */
static bool parse_filter(struct parser *parser, const char *text)
{
	struct filter *filter;
	char why[OPTIONS_WHY_MAX / 2];
	size_t column = 0;
	int err;

	if (!text[strspn(text, " \t\n")])
		return refuse(parser, "--filter has an empty value; give a condition, for example "
				      "--filter 'port 443', or leave it out");
	if (parser->options.filter)
		return refuse(parser, "--filter may be given only once; join conditions by "
				      "'and' or 'or'");
	err = filter_parse(text, &filter, why, sizeof(why), &column);
	if (err == -ENOMEM)
		return refuse(parser, "cannot allocate memory for --filter");
	if (err)
		return refuse(parser, "cannot use --filter: at column %zu, %s%.32s%s: %s",
			      column + 1, text[column] ? "'" : "its end", text + column,
			      text[column] ? "'" : "", why);
	filter_free(filter);
	parser->options.filter = text;
	return true;
}

static bool parse_by(struct parser *parser, const char *name)
{
	char list[OPTION_TEXT_MAX];
	int by = group_of_name(name);

	if (by < 0)
		return refuse(parser, "cannot group by '%.64s'; give %s", name,
			      option_list(OPTION_BY, list, sizeof(list)));
	parser->options.by = (enum group_by)by;
	parser->options.by_set = true;
	return true;
}

static bool parse_theme(struct parser *parser, const char *name)
{
	char list[OPTION_TEXT_MAX];
	int theme = theme_of_name(name);

	if (theme < 0)
		return refuse(parser, "cannot use '%.64s' as --theme; give %s", name,
			      option_list(OPTION_THEME, list, sizeof(list)));
	parser->options.theme = (enum theme)theme;
	return true;
}

static bool parse_attach(struct parser *parser, const char *name)
{
	char list[OPTION_TEXT_MAX];
	enum attach_mode mode;

	for (mode = ATTACH_AUTO; mode < ATTACH_MODES; mode++) {
		if (strcmp(name, attach_mode_name(mode)) != 0)
			continue;
		parser->options.attach = mode;
		return true;
	}
	return refuse(parser, "cannot attach by '%.64s'; give %s", name,
		      option_list(OPTION_ATTACH, list, sizeof(list)));
}

/* A whole number in decimal, nothing before or behind it. */
static bool number_of(const char *text, unsigned long long *ret_value)
{
	unsigned long long value;
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || *end)
		return false;
	*ret_value = value;
	return true;
}

static bool parse_number(struct parser *parser, const char *name, const char *text, size_t least,
			 size_t most, size_t *ret_value)
{
	unsigned long long value;

	if (!number_of(text, &value) || value < least || value > most)
		return refuse(parser,
			      "cannot use '%.64s' as --%s: give a whole number from %zu to %zu",
			      text, name, least, most);
	*ret_value = (size_t)value;
	return true;
}

static bool parse_limit(struct parser *parser, const char *text)
{
	struct options *options = &parser->options;

	if (!parse_number(parser, "limit", text, 0, UINT32_MAX, &options->limit))
		return false;
	options->sums_only = !options->limit;
	return true;
}

static bool add_stream(struct parser *parser, enum stream_format format, const char *path)
{
	struct options *options = &parser->options;

	if (options->streams == OPTIONS_STREAMS_MAX)
		return refuse(parser, "at most %d streams are possible; give --stream fewer times",
			      OPTIONS_STREAMS_MAX);
	for (size_t i = 0; i < options->streams; i++) {
		const char *other = options->stream[i].path;

		if (!path && !other)
			return refuse(parser, "two streams would be mixed on standard output; give "
					      "one of them a file: --stream jsonl:FILE");
		if (path && other && !strcmp(path, other))
			return refuse(parser,
				      "two streams would be mixed in %.64s; give them "
				      "different files",
				      path);
	}
	options->stream[options->streams++] =
		(struct options_stream){.format = format, .path = path};
	return true;
}

static bool parse_stream(struct parser *parser, const char *text)
{
	char list[OPTION_TEXT_MAX];
	size_t length = strcspn(text, ":");
	int format = stream_format_of_name(text, length);

	if (format < 0)
		return refuse(parser, "cannot write a stream as '%.*s'; give %s",
			      length < 64 ? (int)length : 64, text,
			      option_list(OPTION_STREAM, list, sizeof(list)));
	if (text[length] && !text[length + 1])
		return refuse(parser,
			      "--stream has an empty file name; give --stream %.*s:FILE, or "
			      "no colon for standard output",
			      (int)length, text);
	return add_stream(parser, (enum stream_format)format,
			  text[length] ? text + length + 1 : NULL);
}

static bool parse_every(struct parser *parser, const char *text)
{
	const char *why;

	if (duration_parse(text, &parser->options.every_ns, &why) < 0)
		return refuse(parser, "cannot use '%.64s' as --every: %s", text, why);
	parser->options.every_set = true;
	return true;
}

static bool parse_limit_of(struct parser *parser, const char *name, const char *text,
			   const char **limits, size_t *count)
{
	char why[OPTIONS_WHY_MAX / 2];
	struct limit *limit;
	size_t column;
	int err;

	if (*count == OPTIONS_LIMITS_MAX)
		return refuse(parser, "at most %d limits are possible; give --%s fewer times",
			      OPTIONS_LIMITS_MAX, name);
	err = limit_parse(text, &limit, why, sizeof(why), &column);
	if (err == -ENOMEM)
		return refuse(parser, "cannot allocate memory for --%s", name);
	if (err)
		return refuse(parser, "cannot use --%s: at column %zu, %s%.32s%s: %s", name,
			      column + 1, text[column] ? "'" : "its end", text + column,
			      text[column] ? "'" : "", why);
	limit_free(limit);
	limits[(*count)++] = text;
	return true;
}

static bool parse_ipfix(struct parser *parser, const char *text)
{
	struct options *options = &parser->options;
	const char *why;

	if (options->ipfix_set)
		return refuse(parser, "--ipfix may be given only once");
	if (ipfix_target_parse(text, &options->ipfix, &why))
		return refuse(parser, "cannot use '%.64s' as --ipfix: %s", text, why);
	options->ipfix_set = true;
	return true;
}

/* --ipfix, or an option that says more of it. */
static bool parse_ipfix_option(struct parser *parser, enum option_id id, const char *text)
{
	struct options *options = &parser->options;
	const char *name = option_table[id].name, *why;
	uint64_t *ret_ns = id == OPTION_IPFIX_IDLE ? &options->ipfix_idle_ns
						   : &options->ipfix_active_ns;

	if (id == OPTION_IPFIX)
		return parse_ipfix(parser, text);
	parser->ipfix_detail = name;
	if (id == OPTION_IPFIX_MORE) {
		options->ipfix_more = true;
		return true;
	}
	if (duration_parse(text, ret_ns, &why) < 0)
		return refuse(parser, "cannot use '%.64s' as --%s: %s", text, name, why);
	if (*ret_ns < OPTIONS_IPFIX_MIN_NS || *ret_ns > OPTIONS_IPFIX_MAX_NS)
		return refuse(parser, "cannot use '%.64s' as --%s: give a time from 1s to 1h", text,
			      name);
	return true;
}

static bool parse_read(struct parser *parser, const char *text)
{
	if (!*text)
		return refuse(parser, "--read has an empty value; give a capture file, or - for "
				      "standard input");
	if (parser->options.read)
		return refuse(parser, "--read may be given only once");
	parser->options.read = text;
	return true;
}

static bool parse_speed(struct parser *parser, const char *text)
{
	struct options *options = &parser->options;

	options->speed_set = true;
	options->speed = 0;
	if (!strcmp(text, "max"))
		return true;
	if (!decimal_parse(text, &options->speed) || options->speed < FILE_SOURCE_SPEED_MIN ||
	    options->speed > FILE_SOURCE_SPEED_MAX)
		return refuse(parser,
			      "cannot use '%.64s' as --speed: give a number from 0.01 to "
			      "1000000, or max",
			      text);
	return true;
}

static bool parse_local(struct parser *parser, const char *text)
{
	const char *wrong;
	size_t length;

	switch (local_nets_add(&parser->options.local, text, &wrong, &length)) {
	case 0: return true;
	case -E2BIG: return refuse(parser, "--local takes at most %d networks", LOCAL_NETS_MAX);
	default:
		return refuse(parser,
			      "cannot use '%.*s' as --local: give networks, for example "
			      "10.0.0.0/8,fd00::/8",
			      length < 64 ? (int)length : 64, wrong);
	}
}

/* Of options that have one value. */
static bool parse_once(struct parser *parser, const char *name, const char *text, const char *what,
		       const char **ret_text)
{
	if (!*text)
		return refuse(parser, "--%s has an empty value; give %s", name, what);
	if (*ret_text)
		return refuse(parser, "--%s may be given only once", name);
	*ret_text = text;
	return true;
}

static bool parse_metrics(struct parser *parser, const char *text)
{
	if (*text && !metrics_address_parse(text, &parser->options.metrics_address))
		return refuse(parser, "cannot use '%.64s' as --metrics: give a port from 1 to 65535, "
				      "ADDRESS:PORT or [IPV6-ADDRESS]:PORT",
			      text);
	return parse_once(parser, "metrics", text, "a port, for example 9435",
			  &parser->options.metrics);
}

/* What only the whole command line shows. */
static bool check_outputs(struct parser *parser)
{
	struct options *options = &parser->options;
	bool standard = false;

	for (size_t i = 0; i < options->streams; i++)
		standard |= !options->stream[i].path;
	if (options->total && options->json)
		return refuse(parser, "--json prints rows and --total their sum; give one of them");
	if (options->csv && (options->json || options->total))
		return refuse(parser,
			      "--csv and --%s are two forms of the report; give one of them",
			      options->json ? "json" : "total");
	if (standard && (options->json || options->csv || options->total))
		return refuse(parser,
			      "--%s and a stream would be mixed on standard output; give the "
			      "stream a file: --stream jsonl:FILE",
			      options->json  ? "json"
			      : options->csv ? "csv"
					     : "total");
	if (parser->ipfix_detail && !options->ipfix_set)
		return refuse(parser, "--%s needs --ipfix HOST", parser->ipfix_detail);
	if (parser->series_set && !options->metrics && !options->metrics_file)
		return refuse(parser, "--metrics-series needs --metrics PORT or --metrics-file PATH");
	if (options->ipfix_more && options->no_owners)
		return refuse(parser, "--ipfix-more tells processes, which --no-owners does not look up; "
				      "give one of them");
	if ((options->every_set && !options->streams && !options->metrics_file) ||
	    (options->count && !options->streams))
		return refuse(parser, "--%s needs an output, for example --stream jsonl",
			      options->count ? "count" : "every");
	if (options->every_set && options->every_ns < options->refresh_ns)
		return refuse(parser, "--every is shorter than --refresh; give at least the time "
				      "between two updates, or a shorter --refresh as well");
	if (!options->every_set)
		options->every_ns = options->refresh_ns;
	return true;
}

/* Options of metrics, limits and flow records. */
static bool apply_output(struct parser *parser, enum option_id id, const char *argument)
{
	struct options *options = &parser->options;

	switch (id) {
	case OPTION_METRICS: return parse_metrics(parser, argument);
	case OPTION_METRICS_FILE:
		return parse_once(parser, "metrics-file", argument, "a path",
				  &options->metrics_file);
	case OPTION_METRICS_SERIES:
		parser->series_set = true;
		return parse_number(parser, "metrics-series", argument, 1, METRICS_SERIES_MAX,
				    &options->metrics_series);
	case OPTION_ALERT:
		return parse_limit_of(parser, "alert", argument, options->alert, &options->alerts);
	case OPTION_EXIT_OVER:
		return parse_limit_of(parser, "exit-over", argument, options->exit_over,
				      &options->exit_overs);
	case OPTION_IPFIX:
	case OPTION_IPFIX_MORE:
	case OPTION_IPFIX_ACTIVE:
	case OPTION_IPFIX_IDLE: return parse_ipfix_option(parser, id, argument);
	default: return true;
	}
}

static bool apply(struct parser *parser, enum option_id id, const char *argument)
{
	struct options *options = &parser->options;

	switch (id) {
	case OPTION_IFACE: return parse_iface(parser, argument);
	case OPTION_TIMEOUT: return parse_timeout(parser, argument);
	case OPTION_REFRESH: return parse_refresh(parser, argument);
	case OPTION_ATTACH: return parse_attach(parser, argument);
	case OPTION_READ: return parse_read(parser, argument);
	case OPTION_SPEED: return parse_speed(parser, argument);
	case OPTION_LOCAL: return parse_local(parser, argument);
	case OPTION_SORT: return parse_sort(parser, argument);
	case OPTION_FILTER: return parse_filter(parser, argument);
	case OPTION_BY: return parse_by(parser, argument);
	case OPTION_THEME: return parse_theme(parser, argument);
	case OPTION_LIMIT: return parse_limit(parser, argument);
	case OPTION_MAX_FLOWS:
		return parse_number(parser, "max-flows", argument, LEDGER_FLOWS_MIN,
				    LEDGER_FLOWS_MAX, &options->max_flows);
	case OPTION_NETNS: return parse_netns(parser, argument);
	case OPTION_DEDUP: options->dedup = true; return true;
	case OPTION_EXIT_ON_LOSS: options->exit_on_loss = true; return true;
	case OPTION_NAMES: options->names = true; return true;
	case OPTION_NO_OWNERS: options->no_owners = true; return true;
	case OPTION_NO_INSPECT: options->no_inspect = true; return true;
	case OPTION_HIDE_OWN: options->hide_own = true; return true;
	case OPTION_NO_ARP: options->no_arp = true; return true;
	case OPTION_PLAIN: options->plain = true; return true;
	case OPTION_NO_MOUSE: options->no_mouse = true; return true;
	case OPTION_TUI: options->tui = true; return true;
	case OPTION_STREAM: return parse_stream(parser, argument);
	case OPTION_BATCH: return add_stream(parser, STREAM_TEXT, NULL);
	case OPTION_EVERY: return parse_every(parser, argument);
	case OPTION_COUNT:
		return parse_number(parser, "count", argument, 1, UINT32_MAX, &options->count);
	case OPTION_TOTAL: options->total = true; return true;
	case OPTION_JSON: options->json = true; return true;
	case OPTION_CSV: options->csv = true; return true;
	case OPTION_VERIFY: options->verify = true; return true;
	default: return apply_output(parser, id, argument);
	}
}

static void refuse_unknown_long(struct parser *parser, const char *argument)
{
	const char *name = argument + strlen("--");
	char matches[OPTIONS_WHY_MAX / 2];
	const char *nearest;
	char shortened[64];

	snprintf(shortened, sizeof(shortened), "%.*s", (int)strcspn(name, "="), name);
	if (*shortened && option_matches(shortened, matches, sizeof(matches)) > 1) {
		refuse(parser, "--%s could mean %s; write more of the name", shortened, matches);
		return;
	}
	nearest = option_nearest(shortened);
	if (nearest)
		refuse(parser, "there is no option --%s; did you mean --%s?", shortened, nearest);
	else
		refuse(parser, "there is no option --%s; --help lists them", shortened);
}

/*
 * Says what getopt found wrong. It leaves the option's value in optopt, 0 for a long one that it
 * does not know, and optind behind the argument that held it.
 */
static void refuse_fault(struct parser *parser, int result, char **argv)
{
	for (size_t i = 0; i < OPTION_IDS; i++) {
		const struct option_info *option = &option_table[i];

		if (optopt != LONG_VALUE(i) && (!option->letter || optopt != option->letter))
			continue;
		if (result == ':')
			refuse(parser, "--%s needs a value: --%s %s", option->name, option->name,
			       option->argument);
		else
			refuse(parser, "--%s takes no value; write just --%s", option->name,
			       option->name);
		return;
	}
	if (optopt)
		refuse(parser, "there is no option -%c; --help lists them", optopt);
	else
		refuse_unknown_long(parser, argv[optind - 1]);
}

static void getopt_tables(char *letters, struct option *names)
{
	*letters++ = '+'; /* stop at what is no option */
	*letters++ = ':'; /* tell a missing value from an unknown option */
	for (size_t i = 0; i < OPTION_IDS; i++) {
		const struct option_info *option = &option_table[i];

		names[i] = (struct option){
			.name = option->name,
			.has_arg = option->argument ? required_argument : no_argument,
			.val = LONG_VALUE(i),
		};
		if (option->letter)
			*letters++ = option->letter;
		if (option->letter && option->argument)
			*letters++ = ':';
	}
	*letters = '\0';
	names[OPTION_IDS] = (struct option){0};
}

static enum option_id id_of(int result)
{
	for (size_t i = 0; i < OPTION_IDS; i++) {
		if (result == LONG_VALUE(i) || result == option_table[i].letter)
			return (enum option_id)i;
	}
	return OPTION_IDS;
}

/* One option; OPTIONS_RUN to go on with the next. */
static enum options_result take(struct parser *parser, int result, char **argv)
{
	enum option_id id;

	/* getopt answers '?' to every fault, so it does not know -?, which is the fault at '?'. */
	if (result == '?' && optopt == '?')
		return OPTIONS_HELP;
	if (result == ':' || result == '?') {
		refuse_fault(parser, result, argv);
		return OPTIONS_USAGE;
	}
	id = id_of(result);
	if (id == OPTION_HELP)
		return OPTIONS_HELP;
	if (id == OPTION_VERSION)
		return OPTIONS_VERSION;
	return apply(parser, id, optarg) ? OPTIONS_RUN : OPTIONS_USAGE;
}

/* Options that need an interface, or a file, which is not there. */
static bool check_read(struct parser *parser)
{
	struct options *options = &parser->options;
	const char *live = options->ifaces || options->any  ? "iface"
			   : options->netns		    ? "netns"
			   : options->attach != ATTACH_AUTO ? "attach"
			   : options->dedup		    ? "dedup"
			   : options->exit_on_loss	    ? "exit-on-loss"
			   : options->hide_own		    ? "hide-own"
							    : NULL;

	if (options->read && live)
		return refuse(parser,
			      "--read takes packets from a file; --%s is for interfaces, "
			      "leave one of them out",
			      live);
	if (!options->read && (options->speed_set || options->local.count))
		return refuse(parser, "--%s is for capture files; give one with --read FILE",
			      options->speed_set ? "speed" : "local");
	if (options->attach == ATTACH_SOCKET && options->dedup)
		return refuse(parser, "--dedup needs programs; leave out --attach socket");
	/* The processes behind these packets are not known. */
	if (options->read)
		options->no_owners = true;
	return true;
}

enum options_result options_parse(int argc, char **argv, struct options *ret_options, char *why,
				  size_t why_size)
{
	struct parser parser = {
		.options = {.refresh_ns = OPTIONS_REFRESH_DEFAULT_NS,
			    .ipfix_active_ns = OPTIONS_IPFIX_ACTIVE_NS,
			    .ipfix_idle_ns = OPTIONS_IPFIX_IDLE_NS,
			    .sort = COLUMN_BPS,
			    .max_flows = LEDGER_FLOWS_DEFAULT,
			    .metrics_series = METRICS_SERIES_DEFAULT},
		.why = why,
		.why_size = why_size,
	};
	char letters[2 * OPTION_IDS + 3];
	struct option names[OPTION_IDS + 1];
	enum options_result found = OPTIONS_RUN;

	getopt_tables(letters, names);
	optind = 0; /* glibc: start again */
	opterr = 0;
	while (found == OPTIONS_RUN) {
		int result = getopt_long(argc, argv, letters, names, NULL);

		if (result == -1)
			break;
		found = take(&parser, result, argv);
	}
	if (found == OPTIONS_RUN && optind < argc) {
		refuse(&parser,
		       "'%.64s' is not an option, and nothing else is expected; an interface is "
		       "given as --iface NAME",
		       argv[optind]);
		return OPTIONS_USAGE;
	}
	if (found == OPTIONS_RUN && (!check_outputs(&parser) || !check_read(&parser)))
		return OPTIONS_USAGE;
	if (found == OPTIONS_RUN)
		*ret_options = parser.options;
	return found;
}
