/* SPDX-License-Identifier: MIT */
/*
 * The real source: the tc programs on an interface, their maps, and the swap of generations. Opened
 * and freed by the main thread, used by the collector thread in between.
 */
#ifndef PKTSTAT_BPF_SOURCE_H
#define PKTSTAT_BPF_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attach.h"
#include "iface.h"
#include "source.h"

struct bpf_source_options {
	struct iface iface;
	size_t max_flows; /* bound of the kernel map's growth */
	bool no_arp;
	enum attach_mode attach;
};

/* What bpf_source_open() was doing when it failed. */
enum bpf_source_step {
	BPF_SOURCE_LINK_LAYER, /* the interface is neither Ethernet nor plain IP */
	BPF_SOURCE_LOAD,       /* loading the programs */
	BPF_SOURCE_MAPS,       /* making the maps */
	BPF_SOURCE_ATTACH,     /* attaching; what attach_open() says */
};

/*
 * Loads the programs and attaches them; counting begins. 0, or a negative errno with
 * `ret_step` set.
 */
int bpf_source_open(const struct bpf_source_options *options, struct flow_source **ret_source,
		    enum bpf_source_step *ret_step);
/* Detaches if need be and frees; NULL is allowed. */
void bpf_source_free(struct flow_source *source);

/* How the programs are attached: "tcx" or "clsact". Static storage. */
const char *bpf_source_attach_mode(const struct flow_source *source);

/* Makes libbpf keep its messages to itself. Call before anything else here. */
void bpf_source_silence(void);

#endif
