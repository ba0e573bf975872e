/* SPDX-License-Identifier: MIT */
/*
 * Link types of capture files: where the packet begins in a record, and what it is. Numbers and
 * layouts: https://www.tcpdump.org/linktypes.html. Pure; any thread.
 */
#ifndef PKTSTAT_LINK_TYPE_H
#define PKTSTAT_LINK_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "captured.h"

/* Whether frames of that type can be read. */
bool link_type_is_known(uint32_t type);
/* Its name, or its number. Returns `text`. */
char *link_type_name(uint32_t type, char *text, size_t size);
/* Whether its frames say their direction. */
bool link_type_has_dir(uint32_t type);

/*
 * Sets where the packet of a record begins and what it is; the rest of `captured` is set already.
 * Returns its direction, an enum flow_dir, or -1 when the record does not say.
 */
int link_type_read(uint32_t type, struct captured *captured);

#endif
