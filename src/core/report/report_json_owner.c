/* SPDX-License-Identifier: MIT */
/* Owners and host names as JSON members; see report_json_owner.h. */
#include "report_json_owner.h"

#include "flow.h"

unsigned int report_owner_variant(const struct report *report, uint32_t owner)
{
	if (!report->owners || owner == OWNER_UNKNOWN)
		return REPORT_NO_OWNER;
	if (!owner_is_process(owner))
		return REPORT_PSEUDO_OWNER;
	return owner_table_get(report->owners, owner)->own ? REPORT_OWN_PROCESS : REPORT_PROCESS;
}

void report_set_owner(struct report_writer *writer, const struct report *report, uint32_t id,
		      const struct report_owner_fields *fields)
{
	const struct owner *owner;

	if (report_owner_variant(report, id) == REPORT_NO_OWNER)
		return;
	owner = owner_table_get(report->owners, id);
	report_writer_number(writer, fields->pid, owner->pid);
	report_writer_outside(writer, fields->comm, owner->comm);
	report_writer_outside(writer, fields->exe, owner->exe);
	report_writer_outside(writer, fields->user, owner->user);
	report_writer_outside(writer, fields->cgroup, owner->cgroup);
	report_writer_outside(writer, fields->container, owner->unit);
}

unsigned int report_names_variant(const struct report *report, const struct flow_key *key,
				  char src[NAME_TEXT_MAX], char dst[NAME_TEXT_MAX])
{
	unsigned int variant = 0;

	if (!report->names || !flow_key_is_ip(key))
		return 0;
	if (name_cache_get(report->names, key->src, src, NAME_TEXT_MAX))
		variant |= REPORT_SRC_NAME;
	if (name_cache_get(report->names, key->dst, dst, NAME_TEXT_MAX))
		variant |= REPORT_DST_NAME;
	return variant;
}
