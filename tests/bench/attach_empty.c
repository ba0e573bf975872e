/* SPDX-License-Identifier: MIT */
/*
 * Attaches an empty program behind the others on the ingress hook of an interface, says its id on
 * stdout, and keeps it there until standard input ends. The kernel's statistics of it are what the
 * hook itself costs.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench_abi.h"
#include "flow_abi.h"
#include "bench.skel.h"

#define TCX_INGRESS 46 /* newer than the headers */

static int load_empty(struct bench_bpf *programs)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, programs->obj)
		bpf_program__set_autoload(program, program == programs->progs.bench_empty);
	return bench_bpf__load(programs);
}

static int hold(struct bench_bpf *programs, unsigned int ifindex)
{
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);
	int fd = bpf_program__fd(programs->progs.bench_empty), link;
	char byte;

	link = bpf_link_create(fd, (int)ifindex, TCX_INGRESS, NULL);
	if (link < 0)
		return -errno;
	if (bpf_obj_get_info_by_fd(fd, &info, &size)) {
		close(link);
		return -errno;
	}
	printf("%u\n", info.id);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	close(link);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned int ifindex = argc == 2 ? if_nametoindex(argv[1]) : 0;
	struct bench_bpf *programs;
	int err;

	if (!ifindex) {
		fputs("usage: attach_empty INTERFACE\n", stderr);
		return 2;
	}
	programs = bench_bpf__open();
	if (!programs)
		return 1;
	err = load_empty(programs);
	if (!err)
		err = hold(programs, ifindex);
	bench_bpf__destroy(programs);
	if (err)
		fprintf(stderr, "attach_empty: %s: %s\n", argv[1], strerror(-err));
	return err ? 1 : 0;
}
