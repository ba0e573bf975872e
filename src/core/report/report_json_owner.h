/* SPDX-License-Identifier: MIT */
/* The members of JSON rows for owners and host names. */
#ifndef PKTSTAT_REPORT_JSON_OWNER_H
#define PKTSTAT_REPORT_JSON_OWNER_H

#include "report.h"
#include "report_writer.h"

/* Variants, a bit each, in which these are known. */
#define REPORT_WITH_COMM     0xeeeeU /* any owner but an unknown one */
#define REPORT_WITH_PROCESS  0xccccU
#define REPORT_WITH_OWN	     0x8888U
#define REPORT_WITH_SRC_NAME 0xf0f0U
#define REPORT_WITH_DST_NAME 0xff00U

/* Places of the members in a table of fields. */
struct report_owner_fields {
	unsigned int pid, comm, exe, user, cgroup, container;
};

/* The variant of a row with that owner, without names. */
unsigned int report_owner_variant(const struct report *report, uint32_t owner);
/* Sets the members; those that the row does not have are left out. */
void report_set_owner(struct report_writer *writer, const struct report *report, uint32_t owner,
		      const struct report_owner_fields *fields);
/* Bits of the variant for the ends with known host names, and the names. */
unsigned int report_names_variant(const struct report *report, const struct flow_key *key,
				  char src[NAME_TEXT_MAX], char dst[NAME_TEXT_MAX]);

#endif
