/* SPDX-License-Identifier: MIT */
/* The options, the help text made of them, and hints for mistyped ones. Constant; any thread. */
#include "options_table.h"

#include <stdio.h>
#include <string.h>

#include "edit_distance.h"
#include "options.h"

const struct option_info option_table[OPTION_IDS] = {
	[OPTION_IFACE] = {"iface", 'i', "NAME", "What is counted",
			  "Interfaces to watch, comma-separated or given again;\n"
			  "any: all that are up, now and later. Default: that of\n"
			  "the default route, else the first up, else lo."},
	[OPTION_DEDUP] = {"dedup", 0, NULL, NULL,
			  "Leave out bridges, VLANs and bonds whose interfaces\n"
			  "below are watched: they see the same packets again."},
	[OPTION_EXIT_ON_LOSS] = {"exit-on-loss", 0, NULL, NULL,
				 "End when the last interface is gone, instead of\n"
				 "waiting for its return."},
	[OPTION_NETNS] = {"netns", 0, "NETNS", NULL,
			  "Interfaces of another network namespace: a name of\n"
			  "ip netns, a process's number, or a path."},
	[OPTION_TIMEOUT] = {"timeout", 't', "DURATION", NULL,
			    "End after this time, for example 90s, 1h30m or\n"
			    "500ms; 0: never. Default: never in the live view,\n"
			    "1h otherwise."},
	[OPTION_REFRESH] = {"refresh", 'r', "DURATION", NULL,
			    "Read and show every 100ms to 1m. Default: 1s."},
	[OPTION_NO_ARP] = {"no-arp", 0, NULL, NULL, "Count ARP in one row, not by its addresses."},
	[OPTION_ATTACH] = {"attach", 0, "HOW", NULL,
			   "Attach by tcx (Linux 6.6), by clsact (a tc qdisc), or\n"
			   "auto: tcx where there is one. Default: auto."},
	[OPTION_MAX_FLOWS] = {"max-flows", 0, "N", NULL,
			      "Flows remembered, 256 to 33554432; of more, those\n"
			      "idle longest go to \"other\". Default: 1048576."},
	[OPTION_TUI] = {"tui", 'g', NULL, "How it is shown",
			"Live view also when stdout is redirected: the view\n"
			"on the terminal, the report to stdout."},
	[OPTION_JSON] = {"json", 'j', NULL, NULL, "Report as a JSON array, without a live view."},
	[OPTION_SORT] = {"sort", 's', "KEY", NULL,
			 "Sort by bps, pps, packets, bytes, source,\n"
			 "destination, tuple, proto, dir, pid, process, user,\n"
			 "container, iface or flows. Default: bps."},
	[OPTION_FILTER] = {"filter", 0, "EXPR", NULL,
			   "Show only flows that pass, for example 'port 443\n"
			   "and bps > 1M'. Everything is counted all the same."},
	[OPTION_BY] = {"by", 0, "WHAT", NULL,
		       "One row for each flow, conversation, host, service,\n"
		       "protocol, process, container or user. Default: flow."},
	[OPTION_LIMIT] = {"limit", 0, "N", NULL,
			  "Rows in the report, 0 for sums only. Default: what\n"
			  "fits on a terminal, all otherwise."},
	[OPTION_NAMES] = {"names", 0, NULL, NULL, "Show host names, asked of DNS, for addresses."},
	[OPTION_NO_OWNERS] = {"no-owners", 0, NULL, NULL,
			      "Do not look up which process is behind a flow."},
	[OPTION_HIDE_OWN] = {"hide-own", 0, NULL, NULL,
			     "Leave out the SSH session this runs in. It is counted\n"
			     "all the same."},
	[OPTION_NO_MOUSE] = {"no-mouse", 0, NULL, NULL, "Leave the mouse to the terminal."},
	[OPTION_VERIFY] = {"verify", 0, NULL, NULL,
			   "Say at the end which sums were checked, and how\n"
			   "they compare with the interface's own counters."},
	[OPTION_HELP] = {"help", 'h', NULL, "About the program", "Print this help; so does -?."},
	[OPTION_VERSION] = {"version", 'V', NULL, NULL, "Print the version."},
};

const char *options_name(size_t i)
{
	return i < OPTION_IDS ? option_table[i].name : NULL;
}

/* Text that grows in a buffer; what finds no room is left out. */
struct buffer {
	char *text;
	size_t size;
	size_t used;
};

static void put(struct buffer *to, const char *text)
{
	int length = snprintf(to->text + to->used, to->size - to->used, "%s", text);

	to->used += (size_t)length;
	if (to->used >= to->size)
		to->used = to->size - 1;
}

static void put_option(struct buffer *to, const struct option_info *option)
{
	const char *line = option->help;
	char names[64], letter[8] = "    ";

	if (option->letter)
		snprintf(letter, sizeof(letter), "-%c, ", option->letter);
	snprintf(names, sizeof(names), "%s--%s%s%s", letter, option->name,
		 option->argument ? " " : "", option->argument ? option->argument : "");
	while (line) {
		const char *end = strchr(line, '\n');
		int length = end ? (int)(end - line) : (int)strlen(line);
		char text[128];

		snprintf(text, sizeof(text), "  %-24s %.*s\n", line == option->help ? names : "",
			 length, line);
		put(to, text);
		line = end ? end + 1 : NULL;
	}
}

char *options_help(char *text, size_t size)
{
	struct buffer to = {.text = text, .size = size};

	if (!size)
		return text;
	put(&to,
	    "Usage: pktstat-bpf [OPTION]...\n"
	    "Counts every packet of an interface by flow and shows the flows live; at the end\n"
	    "it prints a report. The live view needs a terminal at stdin and stdout; without\n"
	    "one, or with --json, only the report is printed.\n");
	for (size_t i = 0; i < OPTION_IDS; i++) {
		if (option_table[i].group) {
			put(&to, "\n");
			put(&to, option_table[i].group);
			put(&to, ":\n");
		}
		put_option(&to, &option_table[i]);
	}
	put(&to, "\nExit status: 0 success, 1 failure, 2 wrong usage. More in pktstat-bpf(8).\n");
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
		put(&to, left == matches ? "--" : left > 1 ? ", --" : " or --");
		put(&to, option_table[i].name);
		left--;
	}
	return matches;
}
