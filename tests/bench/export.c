/* SPDX-License-Identifier: MIT */
/*
 * What outputs cost: intervals with so many active flows, half of which are new in each, written to a
 * file that keeps nothing. CPU of the output alone; its share at one interval a second; its memory.
 */
#include <fcntl.h>
#include <malloc.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/if_ether.h>

#include "bench_key.h"
#include "change.h"
#include "ipfix.h"
#include "ledger.h"
#include "metrics.h"
#include "one_iface.h"
#include "stream.h"

#define SECOND	  1000000000ULL
#define START	  1790000000000000000LL
#define INTERVALS 20
#define METRICS_SERIES 32

struct bench {
	struct ledger *ledger;
	struct ifaces *ifaces;
	struct change_keeper *keeper;
	uint32_t flows;
	unsigned int seconds;
	struct flow_counts total[FLOW_DIRS];
	double used_s; /* CPU of the output */
	size_t with;   /* memory while the output was there */
};

static double cpu_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static size_t memory(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static struct snapshot *bench_second(struct bench *bench)
{
	int64_t wall_ns = START + (int64_t)(++bench->seconds * SECOND);
	struct snapshot *snapshot;

	ledger_begin(bench->ledger, wall_ns - (int64_t)SECOND, wall_ns);
	for (uint32_t i = 0; i < bench->flows; i++) {
		uint32_t number = i % 2 ? i : i + bench->seconds * bench->flows;
		const struct flow_key key = bench_key(number);
		const struct flow_counts counts = {1 + i % 100, 60 + i % 150000};

		ledger_add(bench->ledger, &key, counts.packets, counts.bytes);
		flow_counts_add(&bench->total[flow_key_dir(&key)], &counts);
	}
	if (ledger_snapshot(bench->ledger, bench->seconds * SECOND, &snapshot))
		exit(1);
	snapshot->wall_ns = wall_ns;
	snapshot->running_ns = bench->seconds * SECOND;
	snapshot->ifaces = ifaces_ref(bench->ifaces);
	for (int dir = 0; dir < FLOW_DIRS; dir++)
		snapshot->dir[dir].total = bench->total[dir];
	return snapshot;
}

static void say_nothing(void *context, int err)
{
	(void)context;
	(void)err;
}

/* What comes before an output; true if it failed. */
static bool open_bench(struct bench *bench)
{
	return ledger_new(1U << 22, 5 * SECOND, &bench->ledger) || ledger_log_idle(bench->ledger) ||
	       ifaces_new_one("eth0", &bench->ifaces) || change_keeper_new(&bench->keeper);
}

/* Hands the output what changed in each interval. */
static int run_output(struct bench *bench, int (*publish)(void *output, const struct change *change),
		      void *output)
{
	const struct change *change;
	int err = 0;

	for (int i = 0; !err && i < INTERVALS; i++) {
		struct snapshot *snapshot = bench_second(bench);
		double begin_s = cpu_s();

		err = change_take(bench->keeper, snapshot, &change);
		if (!err)
			err = publish(output, change);
		bench->used_s += cpu_s() - begin_s;
		snapshot_unref(snapshot);
	}
	bench->with = memory();
	return err;
}

/* When the output is freed: its row. */
static void close_bench(struct bench *bench, const char *name)
{
	change_keeper_free(bench->keeper);
	printf("%-6s %6u active flows: %8.0f rows/s, %5.2f %% of a core, %5.1f MB\n", name,
	       bench->flows, (double)bench->flows * INTERVALS / bench->used_s,
	       100 * bench->used_s / INTERVALS, (double)(bench->with - memory()) / 1e6);
	ledger_free(bench->ledger);
	ifaces_unref(bench->ifaces);
}

static int put_stream(void *stream, const struct change *change)
{
	return stream_publish(stream, change);
}

static int run_stream(enum stream_format format, uint32_t flows)
{
	const struct stream_options options = {.format = format,
					       .program_version = "bench",
					       .host = "bench",
					       .sort = COLUMN_BPS,
					       .stuck = say_nothing};
	struct bench bench = {.flows = flows};
	struct stream *stream;
	int err;

	if (open_bench(&bench) ||
	    stream_new(&options, open("/dev/null", O_WRONLY | O_CLOEXEC), true, &stream))
		return 1;
	for (int i = 0; i < 8; i++)
		snapshot_unref(bench_second(&bench));
	err = run_output(&bench, put_stream, stream);
	stream_free(stream);
	close_bench(&bench, stream_format_name(format));
	return err != 0;
}

struct metrics_output {
	struct metrics *metrics;
	struct text text;
};

static int put_metrics(void *arg, const struct change *change)
{
	struct metrics_output *output = arg;
	int err = metrics_take(output->metrics, change);

	text_clear(&output->text);
	metrics_write(output->metrics, METRICS_PROMETHEUS, &output->text);
	return err;
}

/* Taking what changed into all families, and writing them all, once an interval each. */
static int run_metrics(uint32_t flows)
{
	const struct metrics_options options = {.series = METRICS_SERIES, .program_version = "bench"};
	struct bench bench = {.flows = flows};
	struct metrics_output output = {0};
	int err;

	if (open_bench(&bench) || metrics_new(&options, &output.metrics))
		return 1;
	err = run_output(&bench, put_metrics, &output);
	metrics_free(output.metrics);
	text_done(&output.text);
	close_bench(&bench, "metric");
	return err != 0;
}

static int put_ipfix(void *ipfix, const struct change *change)
{
	return ipfix_publish(ipfix, change);
}

/* To a socket of the loopback interface that nobody reads; a row is a flow with packets. */
static int run_ipfix(uint32_t flows)
{
	struct sockaddr_in sink = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct ipfix_options options = {.address_size = sizeof(sink),
					.active_ns = 60 * SECOND,
					.idle_ns = 15 * SECOND,
					.stuck = say_nothing};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct bench bench = {.flows = flows};
	struct ipfix *ipfix;
	int err;

	if (fd < 0 || bind(fd, (const struct sockaddr *)&sink, sizeof(sink)) ||
	    getsockname(fd, (struct sockaddr *)&sink, &options.address_size))
		return 1;
	memcpy(&options.address, &sink, sizeof(sink));
	if (open_bench(&bench) || ipfix_new(&options, &ipfix))
		return 1;
	err = run_output(&bench, put_ipfix, ipfix);
	ipfix_free(ipfix);
	close_bench(&bench, "ipfix");
	close(fd);
	return err != 0;
}

int main(void)
{
	static const uint32_t flows[] = {1000, 10000, 65536};
	int status = 0;

	for (size_t i = 0; i < sizeof(flows) / sizeof(flows[0]); i++) {
		for (enum stream_format format = 0; format < STREAM_FORMATS; format++)
			status |= run_stream(format, flows[i]);
		status |= run_metrics(flows[i]);
		status |= run_ipfix(flows[i]);
	}
	return status;
}
