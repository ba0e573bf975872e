/* SPDX-License-Identifier: MIT */
/*
 * Attaches an empty program behind the others on the ingress hook of an interface, or the egress
 * hook, says its id on stdout, and keeps it there until standard input ends. The kernel's statistics
 * of it are what the hook itself costs. Or puts it into the link of somebody else.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench_abi.h"
#include "flow_abi.h"
#include "bench.skel.h"

#define TCX_INGRESS 46 /* newer than the headers */
#define TCX_EGRESS  47

static int load_empty(struct bench_bpf *programs)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, programs->obj)
		bpf_program__set_autoload(program, program == programs->progs.bench_empty);
	return bench_bpf__load(programs);
}

static int hold(struct bench_bpf *programs, unsigned int ifindex, int type)
{
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);
	int fd = bpf_program__fd(programs->progs.bench_empty), link;
	char byte;

	link = bpf_link_create(fd, (int)ifindex, (enum bpf_attach_type)type, NULL);
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

static int replace(struct bench_bpf *programs, const char *id)
{
	int link = bpf_link_get_fd_by_id((__u32)strtoul(id, NULL, 10));
	int err = link;

	if (link >= 0) {
		err = bpf_link_update(link, bpf_program__fd(programs->progs.bench_empty), NULL);
		close(link);
	}
	return err;
}

static int run(struct bench_bpf *programs, int argc, char **argv)
{
	unsigned int ifindex = if_nametoindex(argv[1]);
	int err = load_empty(programs);

	if (err)
		return err;
	if (!strcmp(argv[1], "--replace"))
		return argc == 3 ? replace(programs, argv[2]) : -EINVAL;
	return ifindex ? hold(programs, ifindex, argc == 3 ? TCX_EGRESS : TCX_INGRESS) : -ENODEV;
}

int main(int argc, char **argv)
{
	struct bench_bpf *programs;
	int err;

	if (argc < 2 || argc > 3) {
		fputs("usage: attach_empty INTERFACE [egress] | --replace LINK\n", stderr);
		return 2;
	}
	programs = bench_bpf__open();
	if (!programs)
		return 1;
	err = run(programs, argc, argv);
	bench_bpf__destroy(programs);
	if (err)
		fprintf(stderr, "attach_empty: %s: %s\n", argv[1], strerror(-err));
	return err ? 1 : 0;
}
