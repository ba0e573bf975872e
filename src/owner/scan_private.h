/* SPDX-License-Identifier: MIT */
/* The two ways behind scan.h. */
#ifndef PKTSTAT_SCAN_PRIVATE_H
#define PKTSTAT_SCAN_PRIVATE_H

#include "scan.h"

/* By BPF programs. What cannot be loaded or attached is left out; -EOPNOTSUPP when nothing can. */
struct scan_bpf;
int scan_bpf_open(const struct scan_options *options, struct scan_bpf **ret_bpf);
void scan_bpf_close(struct scan_bpf *bpf);
bool scan_bpf_has_iterator(const struct scan_bpf *bpf);
bool scan_bpf_has_hook(const struct scan_bpf *bpf);
int scan_bpf_pass(struct scan_bpf *bpf, struct sockets *sockets);
void scan_bpf_closed(struct scan_bpf *bpf, struct sockets *sockets);
int scan_bpf_closed_fd(const struct scan_bpf *bpf);

/* By sock_diag and /proc: the own namespace, and processes with readable descriptors. */
struct scan_diag;
int scan_diag_open(const struct scan_options *options, struct scan_diag **ret_diag);
void scan_diag_close(struct scan_diag *diag);
int scan_diag_pass(struct scan_diag *diag, struct sockets *sockets);

#endif
