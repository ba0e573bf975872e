/* SPDX-License-Identifier: MIT */
/* The command line: what each option does, every sentence of refusal, and the help text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "filter.h"
#include "ledger.h"
#include "options.h"

#define SIXTEEN "abcdefghijklmnop"

#define ARGS_MAX 12

struct parsed {
	enum options_result result;
	struct options options;
	char why[OPTIONS_WHY_MAX];
};

/* Parses words separated by blanks; '' stands for an empty one. */
static struct parsed parse(const char *line)
{
	struct parsed parsed = {.why = ""};
	static char text[256];
	char *argv[ARGS_MAX + 1] = {(char[]){"pktstat-bpf"}};
	int argc = 1;
	char *rest = text, *word;

	snprintf(text, sizeof(text), "%s", line);
	while ((word = strsep(&rest, " ")) && argc < ARGS_MAX) {
		if (*word)
			argv[argc++] = strcmp(word, "''") == 0 ? word + 2 : word;
	}
	argv[argc] = NULL;
	parsed.result = options_parse(argc, argv, &parsed.options, parsed.why, sizeof(parsed.why));
	return parsed;
}

static void defaults(void **state)
{
	struct parsed parsed = parse("");

	assert_int_equal(parsed.result, OPTIONS_RUN);
	assert_int_equal(parsed.options.ifaces, 0);
	assert_false(parsed.options.any);
	assert_null(parsed.options.netns);
	assert_false(parsed.options.json);
	assert_false(parsed.options.tui);
	assert_false(parsed.options.no_arp);
	assert_false(parsed.options.verify);
	assert_false(parsed.options.timeout_set);
	assert_int_equal(parsed.options.refresh_ns, 1000000000);
	assert_int_equal(parsed.options.sort, COLUMN_BPS);
	assert_int_equal(parsed.options.limit, 0);
	assert_int_equal(parsed.options.by, GROUP_FLOW);
	assert_null(parsed.options.filter);
	assert_false(parsed.options.no_mouse);
	assert_int_equal(parsed.options.max_flows, LEDGER_FLOWS_DEFAULT);
}

static void check_all_set(const struct parsed *parsed)
{
	assert_int_equal(parsed->result, OPTIONS_RUN);
	assert_string_equal(parsed->options.iface[0], "eth0");
	assert_true(parsed->options.json);
	assert_true(parsed->options.tui);
	assert_true(parsed->options.timeout_set);
	assert_int_equal(parsed->options.timeout_ns, 90000000000);
	assert_int_equal(parsed->options.refresh_ns, 100000000);
	assert_int_equal(parsed->options.sort, COLUMN_DESTINATION);
}

static void short_and_long_names(void **state)
{
	struct parsed parsed = parse("-i eth0 -jg -t 90s -r 100ms -s dst");

	check_all_set(&parsed);
	parsed = parse("--iface eth0 --json --tui --timeout=90s --refresh=100ms --sort dst");
	check_all_set(&parsed);
	parsed = parse("--ifa eth0 --js --tu --timeo 90s --ref 100ms --so dst");
	check_all_set(&parsed);
	assert_int_equal(parsed.options.attach, ATTACH_AUTO);
	parsed = parse("--no-arp --verify --limit 20 --max-flows 256 --attach clsact");
	assert_int_equal(parsed.result, OPTIONS_RUN);
	assert_int_equal(parsed.options.attach, ATTACH_CLSACT);
	assert_true(parsed.options.no_arp);
	assert_true(parsed.options.verify);
	assert_int_equal(parsed.options.limit, 20);
	assert_int_equal(parsed.options.max_flows, 256);
	parsed = parse("--filter tcp --by hosts --no-mouse");
	assert_int_equal(parsed.result, OPTIONS_RUN);
	assert_string_equal(parsed.options.filter, "tcp");
	assert_int_equal(parsed.options.by, GROUP_HOST);
	assert_true(parsed.options.no_mouse);
}

static void captures(void **state)
{
	struct parsed parsed = parse("--read a.pcap --speed 0.5 --local 10.0.0.0/8,::1 --local ::2");

	assert_int_equal(parsed.result, OPTIONS_RUN);
	assert_string_equal(parsed.options.read, "a.pcap");
	assert_true(parsed.options.speed == 0.5);
	assert_int_equal(parsed.options.local.count, 3);
	assert_true(parsed.options.no_owners);
	parsed = parse("--read - --speed max");
	assert_int_equal(parsed.result, OPTIONS_RUN);
	assert_true(parsed.options.speed_set && parsed.options.speed == 0);
}

/* The text is one of argv, with blanks. */
static void filters(void **state)
{
	static const char *const cases[][2] = {
		{"port nosuch", "cannot use --filter: at column 6, 'nosuch': expected a port, 0 to "
				"65535, or a service name"},
		{"prot 443", "cannot use --filter: at column 1, 'prot 443': no such keyword; did "
			     "you mean port or proto? text needs quotes"},
		{"tcp and", "cannot use --filter: at column 8, its end: expected a condition here"},
		{"( in", "cannot use --filter: at column 5, its end: missing )"},
		{"in ) or a \x1b[m and so on for longer than is shown",
		 "cannot use --filter: at column 4, ') or a \\x1b[m and so on for longer ': "
		 "unmatched )"},
	};
	char text[FILTER_TEXT_MAX + 1], why[OPTIONS_WHY_MAX];
	char *argv[] = {(char[]){"pktstat-bpf"}, (char[]){"--filter"}, text, NULL};
	struct options options;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "%s", cases[i][0]);
		assert_int_equal(options_parse(3, argv, &options, why, sizeof(why)), OPTIONS_USAGE);
		assert_string_equal(why, cases[i][1]);
	}
	memset(text, 'a', FILTER_TEXT_MAX);
	text[FILTER_TEXT_MAX] = '\0';
	assert_int_equal(options_parse(3, argv, &options, why, sizeof(why)), OPTIONS_USAGE);
	assert_string_equal(why, "cannot use --filter: at column 256, 'a': too long");
	snprintf(text, sizeof(text), "port 443 and bps > 1M");
	assert_int_equal(options_parse(3, argv, &options, why, sizeof(why)), OPTIONS_RUN);
	assert_ptr_equal(options.filter, text);
}

static void limits_are_inside(void **state)
{
	assert_int_equal(parse("-r 1m").options.refresh_ns, 60000000000);
	assert_int_equal(parse("-t 0").options.timeout_ns, 0);
	assert_true(parse("-t 0").options.timeout_set);
	assert_int_equal(parse("--max-flows 33554432").options.max_flows, LEDGER_FLOWS_MAX);
	assert_int_equal(parse("--limit 1").options.limit, 1);
	assert_false(parse("").options.sums_only);
	assert_true(parse("--limit 0").options.sums_only);
	assert_false(parse("--limit 0 --limit 3").options.sums_only);
}

static void help_and_version(void **state)
{
	assert_int_equal(parse("-?").result, OPTIONS_HELP);
	assert_int_equal(parse("--help").result, OPTIONS_HELP);
	assert_int_equal(parse("-j -?").result, OPTIONS_HELP);
	assert_int_equal(parse("-j?").result, OPTIONS_HELP);
	assert_int_equal(parse("-h").result, OPTIONS_HELP);
	assert_int_equal(parse("--version").result, OPTIONS_VERSION);
	assert_int_equal(parse("-V").result, OPTIONS_VERSION);
	/* The first that is found wins. */
	assert_int_equal(parse("-x -?").result, OPTIONS_USAGE);
	assert_int_equal(parse("-? -x").result, OPTIONS_HELP);
	assert_int_equal(parse("-x").result, OPTIONS_USAGE); /* after a -? too */
}

static void refusals(void **state)
{
	static const char *const cases[][2] = {
		{"-x", "there is no option -x; --help lists them"},
		{"-jx", "there is no option -x; --help lists them"},
		{"-\xff", "there is no option -\\xff; --help lists them"},
		{"--quux", "there is no option --quux; --help lists them"},
		{"--quux=5", "there is no option --quux; --help lists them"},
		{"--tmeout 5s", "there is no option --tmeout; did you mean --timeout?"},
		{"--tiemout 5s", "there is no option --tiemout; did you mean --timeout?"},
		{"--maxflows 5", "there is no option --maxflows; did you mean --max-flows?"},
		{"--\x1b[m", "there is no option --\\x1b[m; --help lists them"},
		{"--t 5s",
		 "--t could mean --timeout, --tui, --total or --theme; write more of the name"},
		{"-t", "--timeout needs a value: --timeout DURATION"},
		{"--sort", "--sort needs a value: --sort KEY"},
		{"--json=yes", "--json takes no value; write just --json"},
		{"-t 30", "cannot use '30' as --timeout: it has no unit; write for example 30s, 5m "
			  "or 1h30m"},
		{"-t -5s", "cannot use '-5s' as --timeout: it is negative"},
		{"-t 5x",
		 "cannot use '5x' as --timeout: its unit is unknown; the units are ns, us, "
		 "ms, s, m and h"},
		{"-t 99999999999h", "cannot use '99999999999h' as --timeout: it is too long; the "
				    "longest duration is about 292 years (2562047h)"},
		{"-r 0", "cannot use '0' as --refresh: it is too short; give 100ms to 1m"},
		{"-r 99.9ms",
		 "cannot use '99.9ms' as --refresh: it is too short; give 100ms to 1m"},
		{"-r 61s", "cannot use '61s' as --refresh: it is too long; give 100ms to 1m"},
		{"-s speed",
		 "cannot sort by 'speed'; the keys are bps, pps, packets, bytes, source, "
		 "destination, tuple, proto, dir, pid, process, user, container, iface, flows, "
		 "app, site"},
		{"--attach xdp", "cannot attach by 'xdp'; give auto, tcx, clsact or socket"},
		{"--by", "--by needs a value: --by WHAT"},
		{"--by port", "cannot group by 'port'; give flow, conversation, host, service, "
			      "protocol, process, container, user, interface, site, server or app"},
		{"--filter a --filter b",
		 "--filter may be given only once; join conditions by 'and' or 'or'"},
		{"--filter ''",
		 "--filter has an empty value; give a condition, for example --filter "
		 "'port 443', or leave it out"},
		{"--filter=", "--filter has an empty value; give a condition, for example --filter "
			      "'port 443', or leave it out"},
		{"--limit +5",
		 "cannot use '+5' as --limit: give a whole number from 0 to 4294967295"},
		{"--limit 5k",
		 "cannot use '5k' as --limit: give a whole number from 0 to 4294967295"},
		{"--limit ''",
		 "cannot use '' as --limit: give a whole number from 0 to 4294967295"},
		{"--max-flows 0",
		 "cannot use '0' as --max-flows: give a whole number from 256 to 33554432"},
		{"--max-flows -1",
		 "cannot use '-1' as --max-flows: give a whole number from 256 to 33554432"},
		{"--max-flows 33554433",
		 "cannot use '33554433' as --max-flows: give a whole number from 256 to 33554432"},
		{"--max-flows 99999999999999999999", "cannot use '99999999999999999999' as "
						     "--max-flows: give a whole number from 256 "
						     "to 33554432"},
		{"-i ''", "--iface has an empty name; give an interface, for example --iface eth0"},
		{"-i a,,b",
		 "--iface has an empty name; give an interface, for example --iface eth0"},
		{"-i a,", "--iface has an empty name; give an interface, for example --iface eth0"},
		{"-i " SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN,
		 "cannot watch interface " SIXTEEN SIXTEEN SIXTEEN SIXTEEN
		 ": names have at most 127 bytes; ip link lists them"},
		{"--netns a --netns b", "--netns may be given only once"},
		{"--read ''", "--read has an empty value; give a capture file, or - for standard "
			      "input"},
		{"--read a --read b", "--read may be given only once"},
		{"--read a -i eth0", "--read takes packets from a file; --iface is for interfaces, "
				     "leave one of them out"},
		{"--read a --attach tcx", "--read takes packets from a file; --attach is for "
					  "interfaces, leave one of them out"},
		{"--attach socket --dedup", "--dedup needs programs; leave out --attach socket"},
		{"--speed 2", "--speed is for capture files; give one with --read FILE"},
		{"--local ::/0", "--local is for capture files; give one with --read FILE"},
		{"--read a --speed 0", "cannot use '0' as --speed: give a number from 0.01 to "
				       "1000000, or max"},
		{"--read a --speed nan", "cannot use 'nan' as --speed: give a number from 0.01 to "
					 "1000000, or max"},
		{"--read a --speed 0x10", "cannot use '0x10' as --speed: give a number from 0.01 to "
					  "1000000, or max"},
		{"--read a --speed 1e3", "cannot use '1e3' as --speed: give a number from 0.01 to "
					 "1000000, or max"},
		{"--read a --speed 1.", "cannot use '1.' as --speed: give a number from 0.01 to "
					"1000000, or max"},
		{"--read a --speed 2x", "cannot use '2x' as --speed: give a number from 0.01 to "
					"1000000, or max"},
		{"--read a --local 10.0.0.0/33",
		 "cannot use '10.0.0.0/33' as --local: give networks, for example "
		 "10.0.0.0/8,fd00::/8"},
		{"--read a --local ::/0,,", "cannot use '' as --local: give networks, for example "
					    "10.0.0.0/8,fd00::/8"},
		{"--netns ''", "--netns has an empty value; give a name that ip netns lists, a PID "
			       "or a path"},
		{"--stream xml", "cannot write a stream as 'xml'; give jsonl, csv or text"},
		{"--stream jsonl:", "--stream has an empty file name; give --stream jsonl:FILE, or no "
				    "colon for standard output"},
		{"-b --stream csv", "two streams would be mixed on standard output; give one of them "
				    "a file: --stream jsonl:FILE"},
		{"--stream csv:a --stream text:a",
		 "two streams would be mixed in a; give them different files"},
		{"--stream csv:a --stream csv:b --stream csv:c --stream csv:d --stream csv:e",
		 "at most 4 streams are possible; give --stream fewer times"},
		{"--json --stream jsonl", "--json and a stream would be mixed on standard output; "
					  "give the stream a file: --stream jsonl:FILE"},
		{"-b --every 0", "--every is shorter than --refresh; give at least the time between "
				 "two updates, or a shorter --refresh as well"},
		{"-b --every soon", "cannot use 'soon' as --every: it is not a number with a unit; "
				    "write for example 30s, 5m or 1h30m"},
		{"--json --total", "--json prints rows and --total their sum; give one of them"},
		{"--json --csv", "--csv and --json are two forms of the report; give one of them"},
		{"--csv --total", "--csv and --total are two forms of the report; give one of them"},
		{"--csv -b", "--csv and a stream would be mixed on standard output; give the stream "
			     "a file: --stream jsonl:FILE"},
		{"-b --total", "--total and a stream would be mixed on standard output; give the "
			       "stream a file: --stream jsonl:FILE"},
		{"--alert bps", "cannot use --alert: at column 4, its end: expected one of > >= < <= = !="},
		{"--exit-over udp", "cannot use --exit-over: at column 1, 'udp': nothing is compared; "
				    "add for example 'bps > 100M'"},
		{"--ipfix a --ipfix b", "--ipfix may be given only once"},
		{"--ipfix a:0", "cannot use 'a:0' as --ipfix: the port must be a number from 1 to 65535"},
		{"--ipfix a,sctp",
		 "cannot use 'a,sctp' as --ipfix: after the comma expected udp or tcp"},
		{"--ipfix a --ipfix-idle 2h",
		 "cannot use '2h' as --ipfix-idle: give a time from 1s to 1h"},
		{"--ipfix-active 5s", "--ipfix-active needs --ipfix HOST"},
		{"--ipfix a --ipfix-more --no-owners", "--ipfix-more tells processes, which "
						       "--no-owners does not look up; give one of them"},
		{"--metrics 1 --metrics 2", "--metrics may be given only once"},
		{"--metrics ''", "--metrics has an empty value; give a port, for example 9435"},
		{"--metrics-series 0",
		 "cannot use '0' as --metrics-series: give a whole number from 1 to 4096"},
		{"--metrics-series 5", "--metrics-series needs --metrics PORT or --metrics-file PATH"},
		{"--metrics []:9435", "cannot use '[]:9435' as --metrics: give a port from 1 to 65535, "
				      "ADDRESS:PORT or [IPV6-ADDRESS]:PORT"},
		{"--every 5s", "--every needs an output, for example --stream jsonl"},
		{"-n 5", "--count needs an output, for example --stream jsonl"},
		{"-b -n 0", "cannot use '0' as --count: give a whole number from 1 to 4294967295"},
		{"eth0", "'eth0' is not an option, and nothing else is expected; an interface is "
			 "given as --iface NAME"},
		{"-j -- -x", "'-x' is not an option, and nothing else is expected; an interface is "
			     "given as --iface NAME"},
		{"-",
		 "'-' is not an option, and nothing else is expected; an interface is given as "
		 "--iface NAME"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct parsed parsed = parse(cases[i][0]);

		if (parsed.result != OPTIONS_USAGE)
			fail_msg("'%s' is accepted", cases[i][0]);
		assert_string_equal(parsed.why, cases[i][1]);
	}
}

static void streams(void **state)
{
	struct parsed parsed = parse("--stream jsonl:/tmp/a:b -b --every 10s -n 3 --stream csv:c");

	assert_int_equal(parsed.result, OPTIONS_RUN);
	assert_int_equal(parsed.options.streams, 3);
	assert_int_equal(parsed.options.stream[0].format, STREAM_JSONL);
	assert_string_equal(parsed.options.stream[0].path, "/tmp/a:b");
	assert_int_equal(parsed.options.stream[1].format, STREAM_TEXT);
	assert_null(parsed.options.stream[1].path);
	assert_int_equal(parsed.options.every_ns, 10000000000);
	assert_int_equal(parsed.options.count, 3);
	assert_int_equal(parse("-b -r 2s").options.every_ns, 2000000000);
}

static void interfaces(void **state)
{
	struct parsed parsed = parse("-i eth0,eth1 --iface wg0 -i eth1,any");

	assert_int_equal(parsed.result, OPTIONS_RUN);
	assert_int_equal(parsed.options.ifaces, 3);
	assert_string_equal(parsed.options.iface[0], "eth0");
	assert_string_equal(parsed.options.iface[1], "eth1");
	assert_string_equal(parsed.options.iface[2], "wg0");
	assert_true(parsed.options.any);
	parsed = parse("-i any --dedup --exit-on-loss --netns 1 --names --no-owners --hide-own");
	assert_int_equal(parsed.result, OPTIONS_RUN);
	assert_int_equal(parsed.options.ifaces, 0);
	assert_true(parsed.options.any && parsed.options.dedup && parsed.options.exit_on_loss &&
		    parsed.options.names && parsed.options.no_owners && parsed.options.hide_own);
	assert_string_equal(parsed.options.netns, "1");
}

/* A name that comes again changes nothing; one more than there are slots is too much. */
static void many_interfaces(void **state)
{
	char names[FLOW_IFACES_MAX + 1][LINK_NAME_SIZE], why[OPTIONS_WHY_MAX];
	char *argv[1003] = {(char[]){"pktstat-bpf"}};
	struct options options;

	for (int i = 0; i <= FLOW_IFACES_MAX; i++)
		snprintf(names[i], sizeof(names[i]), "-iveth%d", i);
	for (int i = 0; i < 1000; i++)
		argv[1 + i] = names[i % FLOW_IFACES_MAX];
	assert_int_equal(options_parse(1001, argv, &options, why, sizeof(why)), OPTIONS_RUN);
	assert_int_equal(options.ifaces, FLOW_IFACES_MAX);
	argv[1001] = names[FLOW_IFACES_MAX];
	assert_int_equal(options_parse(1002, argv, &options, why, sizeof(why)), OPTIONS_USAGE);
	assert_string_equal(why, "cannot watch more than 128 interfaces at a time; give --iface "
				 "fewer");
}

static void long_and_short_buffers(void **state)
{
	char long_name[2000], why[20];
	char *argv[] = {(char[]){"pktstat-bpf"}, long_name, NULL};
	struct options options;

	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	memcpy(long_name, "--", 2);
	assert_int_equal(options_parse(2, argv, &options, why, sizeof(why)), OPTIONS_USAGE);
	assert_string_equal(why, "there is no option ");
}

static void help_fits_and_lists_all(void **state)
{
	char help[OPTIONS_HELP_MAX], name[64];
	const char *line = options_help(help, sizeof(help));

	assert_true(strlen(help) < sizeof(help) - 1);
	for (size_t i = 0; i < OPTION_IDS; i++) {
		snprintf(name, sizeof(name), "--%s ", option_table[i].name);
		assert_non_null(strstr(help, name));
	}
	while (*line) {
		size_t length = strcspn(line, "\n");

		assert_in_range(length, 0, 80);
		/* At least one space between a name and its help. */
		if (!strncmp(line, "  ", 2) && strstr(line, "--") && length > 27 &&
		    line[26] != ' ')
			fail_msg("no gap: %.*s", (int)length, line);
		line += length + 1;
	}
}

/* Hints name all options that begin so. */
static void ambiguous_names(void **state)
{
	static const char *const lines[] = {"--n", "--n=1"};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct parsed parsed = parse(lines[i]);
		const char *rest = parsed.why + strlen("--n could mean ");
		size_t matches = 0;

		assert_int_equal(parsed.result, OPTIONS_USAGE);
		assert_memory_equal(parsed.why, "--n could mean ", strlen("--n could mean "));
		for (size_t id = 0; id < OPTION_IDS; id++)
			matches += option_table[id].name[0] == 'n';
		assert_in_range(matches, 3, OPTION_IDS);
		for (size_t id = 0; id < OPTION_IDS; id++) {
			const char *name = option_table[id].name;

			if (name[0] != 'n')
				continue;
			assert_memory_equal(rest, "--", 2);
			assert_memory_equal(rest + 2, name, strlen(name));
			rest += 2 + strlen(name);
			matches--;
			if (matches)
				rest += strlen(matches > 1 ? ", " : " or ");
		}
		assert_string_equal(rest, "; write more of the name");
	}
}

/* Each option parses, with each value that the completions offer. */
static void offered_values_are_accepted(void **state)
{
	for (enum option_id id = 0; id < OPTION_IDS; id++) {
		char values[OPTION_TEXT_MAX], line[128];
		char *rest = option_values(id, values, sizeof(values));
		const char *value;

		assert_in_range(strlen(values), 0, sizeof(values) - 2);
		if (id == OPTION_FILTER || *values == '@')
			continue;
		while ((value = strsep(&rest, " "))) {
			/* Some are about an output, others about a capture or flow records. */
			snprintf(line, sizeof(line), "%s--%s %s",
				 id == OPTION_SPEED || id == OPTION_LOCAL ? "--read f "
				 : id > OPTION_IPFIX && id <= OPTION_IPFIX_IDLE
					 ? "--ipfix a "
				 : id == OPTION_METRICS_SERIES ? "--metrics 1 "
							       : "--stream jsonl:a ",
				 option_table[id].name, value);
			if (parse(line).result == OPTIONS_USAGE)
				fail_msg("'%s' is refused", line);
		}
	}
}

/* Options need their help, and a list where it has a place. */
static void help_of_each_option(void **state)
{
	for (enum option_id id = 0; id < OPTION_IDS; id++) {
		char help[OPTION_TEXT_MAX], list[OPTION_TEXT_MAX];
		bool has_list = strstr(option_table[id].help, "%s");

		option_help(id, help, sizeof(help));
		assert_in_range(strlen(help), 1, sizeof(help) - 2);
		assert_null(strchr(help, '%'));
		assert_int_equal(help[strlen(help) - 1], '.');
		if (has_list)
			assert_non_null(strstr(help, option_list(id, list, sizeof(list))));
	}
	assert_string_equal(option_list(OPTION_ATTACH, (char[64]){0}, 64), "auto, tcx, clsact or socket");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(short_and_long_names),
		cmocka_unit_test(captures),
		cmocka_unit_test(filters),
		cmocka_unit_test(limits_are_inside),
		cmocka_unit_test(help_and_version),
		cmocka_unit_test(refusals),
		cmocka_unit_test(streams),
		cmocka_unit_test(interfaces),
		cmocka_unit_test(many_interfaces),
		cmocka_unit_test(long_and_short_buffers),
		cmocka_unit_test(help_fits_and_lists_all),
		cmocka_unit_test(ambiguous_names),
		cmocka_unit_test(offered_values_are_accepted),
		cmocka_unit_test(help_of_each_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
