/* SPDX-License-Identifier: MIT */
/* The ends of flows and groups in the report's table, with host names where these are known. */
#include <linux/if_ether.h>
#include <stdio.h>

#include "endpoint.h"
#include "flow.h"
#include "group.h"
#include "report_text.h"

static bool name_of(const struct report *report, const struct flow_key *key,
		    const uint8_t address[16], char name[NAME_TEXT_MAX])
{
	return flow_key_is_ip(key) && name_cache_get(report->names, address, name, NAME_TEXT_MAX);
}

static void source_cell(const struct report *report, const struct flow_key *key, char *text)
{
	char name[NAME_TEXT_MAX];

	if (name_of(report, key, key->src, name))
		endpoint_source_named(key, name, text, GRID_CELL_MAX);
	else
		endpoint_source(key, text, GRID_CELL_MAX);
}

static void destination_cell(const struct report *report, const struct flow_key *key, char *text)
{
	char name[NAME_TEXT_MAX];

	if (name_of(report, key, key->dst, name))
		endpoint_destination_named(key, name, text, GRID_CELL_MAX);
	else
		endpoint_destination(key, text, GRID_CELL_MAX);
}

void report_group_source(const struct report *report, const struct flow_key *key, char *text)
{
	enum group_by by = report->by;

	if (by == GROUP_FLOW || (by == GROUP_CONVERSATION && flow_key_has_ports(key)))
		source_cell(report, key, text);
	else if (by != GROUP_HOST || flow_key_sum(key) != FLOW_SUM_NONE ||
		 !name_cache_get(report->names, key->dst, text, GRID_CELL_MAX))
		group_source(by, key, report->owners, report->ifaces, text, GRID_CELL_MAX);
}

void report_group_destination(const struct report *report, const struct flow_key *key, char *text)
{
	if (report->by == GROUP_FLOW || report->by == GROUP_CONVERSATION)
		destination_cell(report, key, text);
	else
		group_destination(report->by, key, text, GRID_CELL_MAX);
}
