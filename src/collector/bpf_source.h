/* SPDX-License-Identifier: MIT */
/*
 * The real source: the tc programs on the watched interfaces, their maps, and the swap of
 * generations. Opened and freed by the main thread, used by the collector thread in between; all of
 * them must be in the interfaces' network namespace.
 */
#ifndef PKTSTAT_BPF_SOURCE_H
#define PKTSTAT_BPF_SOURCE_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attach_mode.h"
#include "source.h"

struct bpf_source_options {
	const char (
		*name)[IF_NAMESIZE]; /* interfaces to watch, each once, at most FLOW_IFACES_MAX */
	size_t names;
	bool any;	   /* those that are up as well, now and later */
	bool dedup;	   /* but not those above watched ones */
	bool exit_on_loss; /* counting is over when none is left; else their return is waited for */
	size_t max_flows;  /* bound of the kernel map's growth */
	bool no_arp;
	bool inspect; /* hand the first packets of flows over: bpf_source_samples_fd() */
	enum attach_mode attach;
	/*
	 * Called by bpf_source_open(), at most once: when the first programs are in the kernel and before they
	 * are attached, which mostly waits, so that other work may begin; or when they could not be loaded.
	 * NULL: nothing.
	 */
	void (*on_loaded)(void *context);
	void *context;
};

/* Where the kernel says which CPUs there can be; missing where /sys is not mounted. */
#define BPF_SOURCE_CPUS_FILE "/sys/devices/system/cpu/possible"

/* What bpf_source_open() was doing when it failed. */
enum bpf_source_step {
	BPF_SOURCE_LINK_LAYER, /* the interface is neither Ethernet nor plain IP */
	BPF_SOURCE_LOAD,       /* loading the programs */
	BPF_SOURCE_MAPS,       /* making the maps */
	BPF_SOURCE_CPUS,       /* counting the possible CPUs, in BPF_SOURCE_CPUS_FILE */
	BPF_SOURCE_ATTACH,     /* attaching; what attach_open() says */
};

struct bpf_source_failure {
	enum bpf_source_step step;
	char iface[IF_NAMESIZE]; /* which one, as it was named; "" for what is common to all */
};

/*
 * Loads the programs and attaches them; counting begins. 0, or a negative errno with `ret_failure`
 * set. With `any`, an interface that fails beside others is no error: ifaces say so.
 */
int bpf_source_open(const struct bpf_source_options *options, struct flow_source **ret_source,
		    struct bpf_source_failure *ret_failure);
/* Detaches if need be and frees; NULL is allowed. */
void bpf_source_free(struct flow_source *source);

/*
 * The map of the ring that samples come through (sample_abi.h); -1 if none are asked for. It is the
 * source's, and there until that is freed.
 */
int bpf_source_samples_fd(const struct flow_source *source);

/* Makes libbpf keep its messages to itself. Call before anything else here. */
void bpf_source_silence(void);

#endif
