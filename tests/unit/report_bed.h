/* SPDX-License-Identifier: MIT */
/* Shared by the tests of the report: a ledger filled by hand, and what a report says of it. */
#ifndef PKTSTAT_REPORT_BED_H
#define PKTSTAT_REPORT_BED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>

#include "flow_abi.h"
#include "report.h"

#define START_NS 1795442602000000000LL /* 2026-11-23T14:03:22Z */
#define S	 1000000000LL

#define IPV4(a, b, c, d)                             \
	{                                            \
		[10] = 0xff, [11] = 0xff, a, b, c, d \
	}

#define REPORT_TEST(name) cmocka_unit_test_setup_teardown(name, bed_set_up, bed_tear_down)

/* A ledger and the report on it. */
struct bed {
	struct ledger *ledger;
	struct ifaces *ifaces;
	struct report report;
	struct flow_counts counted[FLOW_DIRS];
	struct filter *filter;	    /* freed with the bed */
	struct owner_table *owners; /* the report does not know them until it is told */
	struct snapshot *last;	    /* of the newest interval */
};

/* For cmocka: a bed with an empty ledger in its first interval; 4 s have passed at the end. */
int bed_set_up(void **state);
int bed_tear_down(void **state);

void bed_add(struct bed *bed, const struct flow_key *key, uint64_t packets, uint64_t bytes);
/* A sum of 100 bytes a packet. */
void bed_add_sum(struct bed *bed, enum flow_sum sum, uint16_t detail, uint16_t ethertype,
		 uint64_t packets);
/* Ends the interval, and fills in what the collector would have seen. */
void bed_finish(struct bed *bed);

/* A process that is known from now on; its id. Its user has the name "u<uid>". */
uint32_t bed_add_owner(struct bed *bed, uint32_t pid, uint32_t uid, const char *comm,
		       const char *cgroup);
/* Sets the owner of a flow of the newest interval; after bed_finish(). */
void bed_set_owner(struct bed *bed, const struct flow_key *key, uint32_t owner);

/* A TCP flow from 10.0.0.LAST to port 443 elsewhere, ingress. */
struct flow_key bed_tcp_key(uint8_t last, uint16_t sport);

/* The text of a report, to be freed. */
char *bed_text(const struct report *report, int (*write)(const struct report *, FILE *));
/* The report as JSON, which must be valid; a new reference. */
json_t *bed_json(const struct report *report);
/* Fails, and shows the text, when the line is not in it. */
void bed_check_has(const char *text, const char *line);

#endif
