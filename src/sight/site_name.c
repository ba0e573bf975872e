/* SPDX-License-Identifier: MIT */
/* The Public Suffix List by libpsl; see site_name.h. */
#include "site_name.h"

#include <libpsl.h>

const char *site_of_name(const char *name)
{
	const psl_ctx_t *suffixes = psl_builtin();
	const char *site = suffixes ? psl_registrable_domain(suffixes, name) : NULL;

	return site ? site : name;
}
