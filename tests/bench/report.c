/* SPDX-License-Identifier: MIT */
/* What the final report costs: JSON of many flows to a file that keeps nothing. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <linux/if_ether.h>

#include "bench_key.h"
#include "ifaces.h"
#include "ledger.h"
#include "one_iface.h"
#include "report.h"

#define SECOND 1000000000ULL
#define START  1790000000000000000LL

static double cpu_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static long peak_kb(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

static void fill(struct ledger *ledger, uint32_t flows)
{
	for (uint32_t i = 0; i < flows; i++) {
		struct flow_key key = bench_key(i);

		if (i % 1000 == 0)
			ledger_begin(ledger, START + i * (int64_t)SECOND / 1000,
				     START + (i / 1000 + 1) * (int64_t)SECOND);
		ledger_add(ledger, &key, 1 + i % 100, 60 + i % 150000);
	}
}

static int run(uint32_t flows)
{
	struct report report = {.attach = "tcx",
				.ended = "timeout",
				.start_wall_ns = START,
				.running_ns = 60 * SECOND,
				.sort = COLUMN_BPS};
	FILE *out = fopen("/dev/null", "we");
	struct ifaces *ifaces;
	struct ledger *ledger;
	double begin_s;
	long begin_kb;
	int err;

	if (!out || ledger_new(2 * flows, 0, &ledger) || ifaces_new_one("eth0", &ifaces))
		return 1;
	fill(ledger, flows);
	report.ledger = ledger;
	report.ifaces = ifaces;
	begin_kb = peak_kb();
	begin_s = cpu_s();
	err = report_json(&report, out);
	printf("JSON of %8u flows: %7.3f s of CPU, %5.1f MB more memory\n", flows, cpu_s() - begin_s,
	       (double)(peak_kb() - begin_kb) / 1024);
	fclose(out);
	ledger_free(ledger);
	ifaces_unref(ifaces);
	return err != 0;
}

int main(void)
{
	static const uint32_t flows[] = {1000, 65536, 1000000};
	int status = 0;

	for (size_t i = 0; i < sizeof(flows) / sizeof(flows[0]); i++)
		status |= run(flows[i]);
	return status;
}
