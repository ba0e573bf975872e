/* SPDX-License-Identifier: MIT */
/*
 * no_bpf COMMAND...: runs it with a seccomp filter that refuses bpf(2) with EPERM, as container
 * runtimes do.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <seccomp.h>

int main(int argc, char **argv)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	if (argc < 2) {
		fputs("usage: no_bpf COMMAND...\n", stderr);
		return 2;
	}
	if (!filter || seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(bpf), 0) ||
	    seccomp_load(filter)) {
		fputs("no_bpf: cannot install the filter\n", stderr);
		return 1;
	}
	execvp(argv[1], argv + 1);
	fprintf(stderr, "no_bpf: %s: %s\n", argv[1], strerror(errno));
	return 127;
}
