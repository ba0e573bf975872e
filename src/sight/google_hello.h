/* SPDX-License-Identifier: MIT */
/*
 * The client's hello of Google's QUIC before it had TLS, versions Q024 to Q050: a message CHLO with the
 * server's name (Langley and Chang, "QUIC Crypto", 2016; quiche, crypto_framer.cc). Pure; any thread.
 */
#ifndef PKTSTAT_GOOGLE_HELLO_H
#define PKTSTAT_GOOGLE_HELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host_name.h"

/*
 * Bytes of such a message in a datagram of a version that did not encrypt it (to Q046), and where they
 * begin; 0: none.
 */
size_t google_hello_find(const uint8_t *datagram, size_t length, const uint8_t **ret_message);
/* True if the message is one; `name`: the server's, or "": not in it, or not there yet. */
bool google_hello_read(const uint8_t *message, size_t length, char name[HOST_NAME_SIZE]);

#endif
