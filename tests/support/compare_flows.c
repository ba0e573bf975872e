/* SPDX-License-Identifier: MIT */
/*
 * Compares the program's JSON report with what blast --expect wrote, flow by flow: every flow
 * that was sent is one row with the same packets and bytes, and there is no other row. What the
 * files after --folded say may be folded into "other" rows: no row holds more than was sent. The
 * sums of each direction are always equal. Reads the report row by row, so a million flows need little
 * memory. Says what it found on stdout, as JSON; status 1 when the report is not right.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blast_flows.h"

#define COMPLAINTS_MAX 10

struct expected {
	struct blast_record record;
	bool folded, seen;
};

struct compare {
	struct expected *expected;
	size_t count;
	bool folded;
	struct flow_counts sent[FLOW_DIRS], reported[FLOW_DIRS], other[FLOW_DIRS];
	uint64_t rows, other_rows, unknown, wrong, missing;
};

/* What is right in the most common way goes to nobody; the first few that are not, to stderr. */
static void complain(uint64_t *count, const char *what, const json_t *row)
{
	char *text;

	if (++*count > COMPLAINTS_MAX)
		return;
	text = json_dumps(row, JSON_COMPACT);
	fprintf(stderr, "compare_flows: %s: %s\n", what, text ? text : "?");
	free(text);
}

static int key_order(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct flow_key));
}

static int read_expected(struct compare *compare, const char *path, bool folded, size_t *room)
{
	FILE *file = fopen(path, "re");
	struct blast_record record;
	struct expected *grown;

	if (!file)
		return -errno;
	while (fread(&record, sizeof(record), 1, file) == 1) {
		if (compare->count == *room) {
			*room = *room ? *room * 2 : 1024;
			grown = reallocarray(compare->expected, *room, sizeof(*grown));
			if (!grown)
				break;
			compare->expected = grown;
		}
		compare->expected[compare->count++] =
			(struct expected){.record = record, .folded = folded};
	}
	if (!feof(file)) {
		fclose(file);
		return -EIO;
	}
	fclose(file);
	return 0;
}

/* Sorts what was expected and adds up what several senders sent of one flow. */
static void merge_expected(struct compare *compare)
{
	struct expected *all = compare->expected;
	size_t kept = 0;

	if (!all)
		return;
	qsort(all, compare->count, sizeof(*all), key_order);
	for (size_t i = 0; i < compare->count; i++) {
		struct flow_counts *sent = &compare->sent[FLOW_WHERE_DIR(all[i].record.key.where)];

		sent->packets += all[i].record.counts.packets;
		sent->bytes += all[i].record.counts.bytes;
		if (kept && !key_order(&all[kept - 1], &all[i])) {
			all[kept - 1].folded |= all[i].folded;
			all[kept - 1].record.counts.packets += all[i].record.counts.packets;
			all[kept - 1].record.counts.bytes += all[i].record.counts.bytes;
		} else {
			all[kept++] = all[i];
		}
	}
	compare->count = kept;
}

static uint64_t field(const json_t *row, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(row, name));
}

static bool parse_address(const json_t *row, const char *name, uint8_t address[16])
{
	const char *text = json_string_value(json_object_get(row, name));
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (!text)
		return false;
	if (strchr(text, ':'))
		return inet_pton(AF_INET6, text, address) == 1;
	memcpy(address, mapped, sizeof(mapped));
	return inet_pton(AF_INET, text, address + 12) == 1;
}

static bool parse_row(const json_t *row, struct flow_key *key)
{
	const char *dir = json_string_value(json_object_get(row, "dir"));

	*key = (struct flow_key){.word = {0}};
	key->where = FLOW_WHERE(0, dir && !strcmp(dir, "out") ? FLOW_OUT : FLOW_IN);
	key->sport = (__u16)field(row, "srcPort");
	key->dport = (__u16)field(row, "dstPort");
	key->ethertype = (__u16)field(row, "etherType");
	key->ipproto = (__u8)field(row, "ipProto");
	return dir && parse_address(row, "srcIp", key->src) &&
	       parse_address(row, "dstIp", key->dst);
}

static void count_other(struct compare *compare, const json_t *row, enum flow_dir dir)
{
	compare->other_rows++;
	compare->other[dir].packets += field(row, "packets");
	compare->other[dir].bytes += field(row, "bytes");
	if (!compare->folded)
		complain(&compare->unknown, "no room for \"other\" rows here", row);
}

static void compare_row(struct compare *compare, const json_t *row)
{
	const char *proto = json_string_value(json_object_get(row, "proto"));
	uint64_t packets = field(row, "packets"), bytes = field(row, "bytes");
	struct expected *expected = NULL;
	struct flow_key key;
	bool parsed = parse_row(row, &key);
	enum flow_dir dir = FLOW_WHERE_DIR(key.where);

	compare->reported[dir].packets += packets;
	compare->reported[dir].bytes += bytes;
	if (proto && !strcmp(proto, "other")) {
		count_other(compare, row, dir);
		return;
	}
	compare->rows++;
	if (parsed && compare->expected)
		expected = bsearch(&key, compare->expected, compare->count,
				   sizeof(*compare->expected), key_order);
	if (!expected || expected->seen) {
		complain(&compare->unknown, expected ? "twice" : "never sent", row);
		return;
	}
	expected->seen = true;
	if (packets > expected->record.counts.packets || bytes > expected->record.counts.bytes ||
	    (!expected->folded && (packets != expected->record.counts.packets ||
				   bytes != expected->record.counts.bytes)))
		complain(&compare->wrong, "wrong counts", row);
}

/* Puts the next row's '{' back and returns 1; 0 at the end of the array, -EPROTO if it has none. */
static int next_row(FILE *file)
{
	int c;

	do
		c = fgetc(file);
	while (c == ' ' || c == '\n' || c == '[' || c == ',');
	if (c == '{')
		return ungetc(c, file) == c ? 1 : -EIO;
	return c == ']' ? 0 : -EPROTO;
}

static int read_report(struct compare *compare, const char *path)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "re") : stdin;
	json_error_t error;
	json_t *row;
	int more = 0;

	if (!file)
		return -errno;
	while ((more = next_row(file)) == 1) {
		row = json_loadf(file, JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, &error);
		if (!row) {
			fprintf(stderr, "compare_flows: %s\n", error.text);
			more = -EPROTO;
			break;
		}
		compare_row(compare, row);
		json_decref(row);
	}
	fclose(file);
	return more;
}

static bool same_counts(const struct flow_counts *a, const struct flow_counts *b)
{
	return a->packets == b->packets && a->bytes == b->bytes;
}

static bool compare_done(struct compare *compare)
{
	for (size_t i = 0; i < compare->count; i++)
		compare->missing += !compare->expected[i].seen && !compare->expected[i].folded;
	return !compare->unknown && !compare->wrong && !compare->missing &&
	       same_counts(&compare->sent[FLOW_IN], &compare->reported[FLOW_IN]) &&
	       same_counts(&compare->sent[FLOW_OUT], &compare->reported[FLOW_OUT]);
}

static void print_counts(const char *name, const struct flow_counts counts[FLOW_DIRS])
{
	printf(", \"%s_in\": [%llu, %llu], \"%s_out\": [%llu, %llu]", name, counts[FLOW_IN].packets,
	       counts[FLOW_IN].bytes, name, counts[FLOW_OUT].packets, counts[FLOW_OUT].bytes);
}

static void print_result(const struct compare *compare, bool equal)
{
	printf("{\"equal\": %s, \"flows\": %zu, \"rows\": %" PRIu64 ", \"other_rows\": %" PRIu64
	       ", \"wrong\": %" PRIu64 ", \"missing\": %" PRIu64 ", \"unknown\": %" PRIu64,
	       equal ? "true" : "false", compare->count, compare->rows, compare->other_rows,
	       compare->wrong, compare->missing, compare->unknown);
	print_counts("sent", compare->sent);
	print_counts("reported", compare->reported);
	print_counts("other", compare->other);
	printf("}\n");
}

/* Arguments from the third on: files, and --folded before those it is meant for. */
static int read_all_expected(struct compare *compare, int argc, char **argv)
{
	size_t room = 0;
	int err = 0;

	for (int i = 2; !err && i < argc; i++) {
		if (!strcmp(argv[i], "--folded"))
			compare->folded = true;
		else
			err = read_expected(compare, argv[i], compare->folded, &room);
	}
	merge_expected(compare);
	return err;
}

int main(int argc, char **argv)
{
	struct compare compare = {0};
	bool equal;
	int err;

	if (argc < 3) {
		fputs("usage: compare_flows REPORT EXPECTED... [--folded EXPECTED...]\n", stderr);
		return 2;
	}
	err = read_all_expected(&compare, argc, argv);
	if (!err)
		err = read_report(&compare, argv[1]);
	if (err)
		fprintf(stderr, "compare_flows: %s: %s\n", argv[1], strerror(-err));
	equal = compare_done(&compare) && !err;
	print_result(&compare, equal);
	free(compare.expected);
	return equal ? 0 : 1;
}
