/* SPDX-License-Identifier: MIT */
/*
 * JA4, the fingerprint of a TLS client: what its hello offers, whatever the order. Written after the
 * description of JA4 in FoxIO's repository; JA4 itself, unlike the rest of JA4+, is free to use
 * (BSD 3-Clause). Pure; any thread.
 */
#ifndef PKTSTAT_JA4_H
#define PKTSTAT_JA4_H

#include <stdbool.h>

#include "tls_hello.h"

#define JA4_SIZE 37 /* "t13d1516h2_8daaf6152771_e5627efa2ab1" and its end */

/* Writes the fingerprint of a whole hello; `quic`: it came over QUIC. "" if it has too many lists. */
char *ja4_write(const struct tls_hello *hello, bool quic, char text[JA4_SIZE]);

#endif
