/* SPDX-License-Identifier: MIT */
/* The options, the help text made of them, and hints for mistyped ones. Constant; any thread. */
#include "options.h"

#include <stdio.h>
#include <string.h>

#include "attach.h"
#include "column.h"
#include "filter.h"
#include "format.h"
#include "group.h"
#include "options.h"
#include "stream_format.h"

/* clang-format off */
const struct option_info option_table[OPTION_IDS] = {
	[OPTION_IFACE] = {
		"iface", 'i', "NAME",
		"Watch these interfaces; separate names by commas, or repeat the option. "
		"any: all interfaces that are up, now and later. "
		"Default: the interface of the default route, else the first that is up, else lo.",
		"@interfaces", .group = "Capture", .repeats = true},
	[OPTION_DEDUP] = {
		"dedup", 0, NULL,
		"Leave out bridges, VLANs and bonds if the interfaces below them are watched: "
		"they see the same packets again."},
	[OPTION_EXIT_ON_LOSS] = {
		"exit-on-loss", 0, NULL,
		"Stop when the last interface is gone, instead of waiting for its return."},
	[OPTION_NETNS] = {
		"netns", 0, "NETNS",
		"Watch interfaces of another network namespace: a name that ip netns lists, a PID "
		"or a path.",
		"@namespaces"},
	[OPTION_TIMEOUT] = {
		"timeout", 't', "DURATION",
		"Stop after this time, for example 90s, 1h30m or 500ms; 0: never. "
		"Default: never in the live view and with outputs such as --stream, else 1h.",
		"10s 1m 10m 1h 24h"},
	[OPTION_REFRESH] = {
		"refresh", 'r', "DURATION",
		"Set the interval between two updates, from 100ms to 1m. Default: 1s.",
		"100ms 500ms 1s 2s 5s 10s 1m"},
	[OPTION_NO_ARP] = {
		"no-arp", 0, NULL,
		"Count ARP in one row per direction instead of by address."},
	[OPTION_ATTACH] = {
		"attach", 0, "HOW",
		"How to attach the programs: %s. tcx needs Linux 6.6, clsact is a tc qdisc, socket "
		"counts copies of the packets without programs, auto is the first that is allowed. "
		"Default: auto."},
	[OPTION_MAX_FLOWS] = {
		"max-flows", 0, "N",
		"Keep at most N flows, from 256 to 33554432. Beyond that, the flows that have been "
		"idle longest are added up in \"other\" rows. Default: 1048576.",
		"65536 262144 1048576 4194304"},
	[OPTION_READ] = {
		"read", 0, "FILE",
		"Read a capture (pcap or pcapng) instead of watching interfaces; -: standard input. "
		"The live view plays it in real time; a report is made as fast as it can be read.",
		"@files", .group = "Capture files"},
	[OPTION_SPEED] = {
		"speed", 0, "N",
		"Play it N times as fast as it was captured, or as fast as it can be read: max. "
		"Default: 1 in the live view, else max.",
		"1 10 100 max"},
	[OPTION_LOCAL] = {
		"local", 0, "NET",
		"Networks on this side, for example 10.0.0.0/8,fd00::/8: packets from them are \"out\". "
		"Only for captures that do not say the direction themselves. Default: all are \"in\".",
		"10.0.0.0/8 192.168.0.0/16 fd00::/8"},
	[OPTION_TUI] = {
		"tui", 'g', NULL,
		"Show the live view on the terminal even if standard output is redirected; "
		"the report goes to standard output.",
		.group = "Output"},
	[OPTION_JSON] = {
		"json", 'j', NULL,
		"Print the report as JSON; no live view unless --tui is given."},
	[OPTION_CSV] = {
		"csv", 0, NULL,
		"Print the report as CSV, a line with the names of the columns first; no live view "
		"unless --tui is given."},
	[OPTION_STREAM] = {
		"stream", 0, "HOW[:FILE]",
		"Write what was counted in each interval as %s to standard output or appended to "
		"FILE, also beside the live view. May be repeated. SIGHUP opens FILE again.",
		.repeats = true},
	[OPTION_BATCH] = {
		"batch", 'b', NULL,
		"Write text to standard output, as top -b does: --stream text."},
	[OPTION_EVERY] = {
		"every", 0, "DURATION",
		"Time between two intervals of the outputs, at least --refresh. Default: the same.",
		"1s 10s 1m 5m"},
	[OPTION_COUNT] = {
		"count", 'n', "N",
		"Stop after N intervals of --stream.",
		"1 10 60"},
	[OPTION_METRICS] = {
		"metrics", 0, "[ADDR:]PORT",
		"Serve metrics for Prometheus over HTTP on this port of ADDR. Default of ADDR: "
		"127.0.0.1.",
		"9435 0.0.0.0:9435"},
	[OPTION_METRICS_FILE] = {
		"metrics-file", 0, "PATH",
		"Write metrics to PATH in each interval, for the textfile collector of "
		"node-exporter.",
		"@files"},
	[OPTION_METRICS_SERIES] = {
		"metrics-series", 0, "N",
		"At most N hosts, services, processes and so on with metrics of their own, from 1 "
		"to 4096; all others are in \"other\". Default: 32.",
		"16 32 64 128"},
	[OPTION_ALERT] = {
		"alert", 0, "EXPR",
		"Say when a limit is exceeded, for example 'in bps > 800M for 10s', and when it no "
		"longer is; in the live view ! marks the rows over it. May be repeated.",
		"bps>100M bps>1G pps>100k bytes>10G", .repeats = true},
	[OPTION_EXIT_OVER] = {
		"exit-over", 0, "EXPR",
		"Stop with status 3 when a limit is exceeded. May be repeated.",
		"bps>100M bps>1G pps>100k bytes>10G", .repeats = true},
	[OPTION_TOTAL] = {
		"total", 0, NULL,
		"Print the report as one JSON object with the totals."},
	[OPTION_IPFIX] = {
		"ipfix", 0, "HOST[:PORT]",
		"Send flow records to an IPFIX collector, also beside the live view; with ,tcp "
		"behind it by TCP. Default: port 4739, UDP.",
		"localhost localhost,tcp"},
	[OPTION_IPFIX_MORE] = {
		"ipfix-more", 0, NULL,
		"Add application, server, process, user and container to the records."},
	[OPTION_IPFIX_ACTIVE] = {
		"ipfix-active", 0, "TIME",
		"Send a record of a flow that goes on after this time, from 1s to 1h. Default: 1m.",
		"10s 30s 1m 5m"},
	[OPTION_IPFIX_IDLE] = {
		"ipfix-idle", 0, "TIME",
		"Send the record of a flow after this time without packets, from 1s to 1h. "
		"Default: 15s.",
		"5s 15s 30s 1m"},
	[OPTION_SORT] = {
		"sort", 's', "KEY",
		"Sort rows by KEY: %s. Default: bps."},
	[OPTION_FILTER] = {
		"filter", 0, "EXPR",
		"Show only flows that match an expression, for example 'port 443 and bps > 1M'. "
		"All packets are still counted."},
	[OPTION_BY] = {
		"by", 0, "WHAT",
		"Show one row per WHAT: %s. Default: conversation in the live view, flow in the report."},
	[OPTION_LIMIT] = {
		"limit", 0, "N",
		"Print at most N rows in the report; 0: totals only. "
		"Default: as many as fit on a terminal, else all.",
		"10 20 50 100"},
	[OPTION_NAMES] = {
		"names", 0, NULL,
		"Resolve addresses to host names (reverse DNS)."},
	[OPTION_NO_OWNERS] = {
		"no-owners", 0, NULL,
		"Do not look up the process behind each flow."},
	[OPTION_NO_INSPECT] = {
		"no-inspect", 0, NULL,
		"Do not look into packets for names of servers and applications."},
	[OPTION_HIDE_OWN] = {
		"hide-own", 0, NULL,
		"Hide the SSH session that the program runs in. It is still counted."},
	[OPTION_THEME] = {
		"theme", 0, "THEME",
		"Colours for a dark or a light terminal: %s. auto asks the terminal. "
		"Default: auto; with NO_COLOR set, mono."},
	[OPTION_PLAIN] = {
		"plain", 0, NULL,
		"Show the live view without colours, graphs and signs, and write whole lines, for "
		"screen readers."},
	[OPTION_NO_MOUSE] = {
		"no-mouse", 0, NULL,
		"Leave the mouse to the terminal."},
	[OPTION_VERIFY] = {
		"verify", 0, NULL,
		"Print at the end which sums were checked, and how they compare with the counters "
		"of the interface."},
	[OPTION_HELP] = {
		"help", 'h', NULL,
		"Print this help; also -?.", .group = "Information"},
	[OPTION_VERSION] = {
		"version", 'V', NULL,
		"Print the version."},
};
/* clang-format on */

/* Text that grows in a buffer; what does not fit is left out. */
struct buffer {
	char *text;
	size_t size;
	size_t used;
};

static void put_part(struct buffer *to, const char *text, size_t length)
{
	to->used += (size_t)snprintf(to->text + to->used, to->size - to->used, "%.*s", (int)length,
				     text);
	if (to->used >= to->size)
		to->used = to->size - 1;
}

static void put_text(struct buffer *to, const char *text)
{
	put_part(to, text, strlen(text));
}

/* One value more. */
static void put_value(struct buffer *to, const char *value, size_t length)
{
	if (to->used)
		put_text(to, " ");
	put_part(to, value, length);
}

/* Names with commas between them. */
static void put_names(struct buffer *to, const char *names)
{
	while (*names) {
		size_t length = strcspn(names, ", ");

		if (length)
			put_value(to, names, length);
		names += length ? length : 1;
	}
}

char *option_values(enum option_id id, char *text, size_t size)
{
	struct buffer to = {.text = text, .size = size};
	char names[COLUMN_NAMES_MAX];
	const char *word;

	*text = '\0';
	switch (id) {
	case OPTION_SORT: put_names(&to, column_names(names, sizeof(names))); break;
	case OPTION_BY:
		for (enum group_by by = GROUP_FLOW; by < GROUPS; by++)
			put_value(&to, group_name(by), strlen(group_name(by)));
		break;
	case OPTION_STREAM:
		for (enum stream_format format = 0; format < STREAM_FORMATS; format++)
			put_value(&to, stream_format_name(format),
				  strlen(stream_format_name(format)));
		break;
	case OPTION_THEME:
		for (enum theme theme = THEME_AUTO; theme < THEMES; theme++)
			put_value(&to, theme_name(theme), strlen(theme_name(theme)));
		break;
	case OPTION_ATTACH:
		for (enum attach_mode mode = ATTACH_AUTO; mode < ATTACH_MODES; mode++)
			put_value(&to, attach_mode_name(mode), strlen(attach_mode_name(mode)));
		break;
	case OPTION_FILTER:
		for (size_t i = 0; (word = filter_word(i)); i++)
			put_value(&to, word, strlen(word));
		break;
	default: put_text(&to, option_table[id].values ? option_table[id].values : ""); break;
	}
	return text;
}

char *option_list(enum option_id id, char *text, size_t size)
{
	struct buffer to = {.text = text, .size = size};
	char values[OPTION_TEXT_MAX];
	const char *value = option_values(id, values, sizeof(values));

	*text = '\0';
	while (*value) {
		size_t length = strcspn(value, " ");
		bool last = !value[length];

		if (to.used)
			put_text(&to, last ? " or " : ", ");
		put_part(&to, value, length);
		value += length + !last;
	}
	return text;
}

char *option_help(enum option_id id, char *text, size_t size)
{
	struct buffer to = {.text = text, .size = size};
	const char *help = option_table[id].help;
	const char *list = strstr(help, "%s");
	char values[OPTION_TEXT_MAX];

	put_part(&to, help, list ? (size_t)(list - help) : strlen(help));
	if (list) {
		put_text(&to, option_list(id, values, sizeof(values)));
		put_text(&to, list + 2);
	}
	return text;
}

#define HELP_INDENT 27
#define HELP_WIDTH  80

/* How much of a paragraph one line holds, broken at a blank. */
static size_t line_of(const char *text)
{
	size_t room = HELP_WIDTH - HELP_INDENT, length = strlen(text);

	if (length <= room)
		return length;
	for (length = room; length && text[length] != ' '; length--)
		;
	return length ? length : room;
}

static void put_option(struct buffer *to, enum option_id id)
{
	const struct option_info *option = &option_table[id];
	char names[64], letter[8] = "    ", help[OPTION_TEXT_MAX], line[HELP_WIDTH + 32];
	const char *rest = option_help(id, help, sizeof(help));

	if (option->letter)
		snprintf(letter, sizeof(letter), "-%c, ", option->letter);
	snprintf(names, sizeof(names), "%s--%s%s%s", letter, option->name,
		 option->argument ? " " : "", option->argument ? option->argument : "");
	if (strlen(names) > HELP_INDENT - 4) { /* on a line of its own */
		snprintf(line, sizeof(line), "  %s\n", names);
		put_text(to, line);
		names[0] = '\0';
	}
	while (*rest) {
		size_t length = line_of(rest);

		snprintf(line, sizeof(line), "  %-*s%.*s\n", HELP_INDENT - 2, names, (int)length,
			 rest);
		put_text(to, line);
		names[0] = '\0';
		rest += length;
		rest += strspn(rest, " ");
	}
}

char *options_help(char *text, size_t size)
{
	struct buffer to = {.text = text, .size = size};

	if (!size)
		return text;
	put_text(&to,
		 "Usage: pktstat-bpf [OPTION]...\n"
		 "Count every packet of a network interface by flow, show the flows live, and\n"
		 "print a report at the end. The live view needs a terminal on standard input\n"
		 "and output. Without one, or with --json, --csv, --total or a stream to\n"
		 "standard output, it is shown only with --tui.\n");
	for (enum option_id id = 0; id < OPTION_IDS; id++) {
		if (option_table[id].group) {
			put_text(&to, "\n");
			put_text(&to, option_table[id].group);
			put_text(&to, ":\n");
		}
		put_option(&to, id);
	}
	put_text(&to, "\nExit status: 0 success, 1 failure, 2 wrong usage, 3 limit exceeded.\n"
		      "Manual: pktstat-bpf(8).\n");
	return text;
}

const char *option_nearest(const char *name)
{
	const char *nearest = NULL;
	size_t least = 3;

	for (size_t i = 0; i < OPTION_IDS; i++) {
		size_t distance = edit_distance(name, option_table[i].name);

		if (distance < least) {
			least = distance;
			nearest = option_table[i].name;
		}
	}
	return nearest;
}

static bool begins_with(size_t option, const char *name)
{
	return !strncmp(option_table[option].name, name, strlen(name));
}

size_t option_matches(const char *name, char *text, size_t size)
{
	struct buffer to = {.text = text, .size = size};
	size_t matches = 0, left;

	for (size_t i = 0; i < OPTION_IDS; i++)
		matches += begins_with(i, name);
	left = matches;
	for (size_t i = 0; i < OPTION_IDS; i++) {
		if (!begins_with(i, name))
			continue;
		put_text(&to, left == matches ? "--" : left > 1 ? ", --" : " or --");
		put_text(&to, option_table[i].name);
		left--;
	}
	return matches;
}
