/* SPDX-License-Identifier: MIT */
/* Which site a host name belongs to. Pure; any thread. */
#ifndef PKTSTAT_SITE_NAME_H
#define PKTSTAT_SITE_NAME_H

/*
 * The part of a host name that somebody registered, by the Public Suffix List that libpsl was built with:
 * "example.org" of "www.example.org", "bbc.co.uk" of "news.bbc.co.uk". Names without any, such as "router",
 * are sites themselves. `name` is as host_name_copy() makes it; the answer is its end, or all of it.
 */
const char *site_of_name(const char *name);

#endif
