/* SPDX-License-Identifier: MIT */
/*
 * What an intruder in one of the threads could do behind the guard. Two written lists, and nothing is
 * found outside of them: guard_reach.txt has every system call that a filter lets through at all,
 * by thread; the table `attempts` has what is refused by its arguments, and who may do it all the
 * same. GENERATE=1 writes guard_reach.txt; read the difference.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "guard.h"
#include "guard_private.h"

#define COLLECTOR (GUARD_COLLECT | GUARD_ATTACH)
#define NUMBERS	  512
#define LIST_SIZE 65536

static const struct {
	const char *name;
	unsigned int needs;
} threads[] = {
	{"report", 0},
	{"view", GUARD_VIEW},
	{"collector", COLLECTOR},
	{"collector-clsact", COLLECTOR | GUARD_CLSACT},
	{"collector-socket", GUARD_SOCKET},
	{"owners", GUARD_OWNERS},
	{"owners-proc", GUARD_OWNERS | GUARD_PROC},
	{"names", GUARD_NAMES},
	{"saver", GUARD_SETTINGS},
	{"reopener", GUARD_APPEND},
	{"metrics", GUARD_SERVE},
	{"users", GUARD_USERS},
	{"ipfix-tcp", GUARD_CONNECT},
};

#define THREADS (sizeof(threads) / sizeof(threads[0]))

struct program {
	struct sock_filter code[8192];
	size_t length;
	bool seen[8192]; /* with an argument in the accumulator */
	bool allows, refuses;
};

/* Follows a filter from `at`; what is in an argument is not known, so both ways are taken. */
static void follow(struct program *program, size_t at, bool known, uint32_t value, uint32_t number)
{
	while (at < program->length) {
		const struct sock_filter *step = &program->code[at];
		bool holds;

		if (!known && program->seen[at])
			return;
		program->seen[at] |= !known;
		switch (step->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			known = step->k <= offsetof(struct seccomp_data, arch);
			value = step->k ? seccomp_arch_native() : number;
			break;
		case BPF_ALU | BPF_AND | BPF_K: value &= step->k; break;
		case BPF_RET | BPF_K:
			program->allows |= step->k == SECCOMP_RET_ALLOW;
			program->refuses |= step->k != SECCOMP_RET_ALLOW;
			return;
		case BPF_JMP | BPF_JA: at += step->k; break;
		case BPF_JMP | BPF_JEQ | BPF_K: holds = value == step->k; goto jump;
		case BPF_JMP | BPF_JGT | BPF_K: holds = value > step->k; goto jump;
		case BPF_JMP | BPF_JGE | BPF_K:
			holds = value >= step->k;
		jump:
			if (!known)
				follow(program, at + 1 + step->jt, false, value, number);
			at += known && holds ? step->jt : step->jf;
			break;
		default: fail_msg("instruction %#x is not known here", step->code);
		}
		at++;
	}
	fail_msg("a filter without an end");
}

static void export_filter(unsigned int needs, struct program *program)
{
	FILE *file = tmpfile();
	scmp_filter_ctx filter;

	assert_non_null(file);
	assert_int_equal(syscalls_build(needs, false, &filter), 0);
	assert_int_equal(seccomp_export_bpf(filter, fileno(file)), 0);
	seccomp_release(filter);
	rewind(file);
	program->length = fread(program->code, sizeof(program->code[0]), 8192, file);
	assert_true(program->length > 0 && program->length < 8192);
	fclose(file);
}

/* '\0': refused; '+': let through; '*': with some arguments. */
static char reach_of(struct program *program, uint32_t number)
{
	memset(program->seen, 0, sizeof(program->seen));
	program->allows = program->refuses = false;
	follow(program, 0, true, 0, number);
	if (!program->allows)
		return '\0';
	return program->refuses ? '*' : '+';
}

static void put_line(char *list, const char *name, const char reach[THREADS])
{
	size_t used = strlen(list), t, reached = 0, first = 0;

	for (t = 0; t < THREADS; t++)
		reached += reach[t] && reach[t] == reach[0];
	used += (size_t)snprintf(list + used, LIST_SIZE - used, "%s:", name);
	if (reached == THREADS) {
		snprintf(list + used, LIST_SIZE - used, " all%s\n", reach[first] == '*' ? "*" : "");
		return;
	}
	for (t = 0; t < THREADS; t++) {
		if (reach[t])
			used += (size_t)snprintf(list + used, LIST_SIZE - used, " %s%s",
						 threads[t].name, reach[t] == '*' ? "*" : "");
	}
	snprintf(list + used, LIST_SIZE - used, "\n");
}

static char *make_list(void)
{
	struct program *program = calloc(THREADS, sizeof(*program));
	char *list = calloc(1, LIST_SIZE), *name, reach[THREADS];
	bool any;

	assert_true(program && list);
	for (size_t t = 0; t < THREADS; t++)
		export_filter(threads[t].needs, &program[t]);
	for (uint32_t number = 0; number < NUMBERS; number++) {
		any = false;
		for (size_t t = 0; t < THREADS; t++)
			any |= (reach[t] = reach_of(&program[t], number)) != '\0';
		if (!any)
			continue;
		name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, (int)number);
		put_line(list, name ? name : "unknown", reach);
		free(name);
	}
	free(program);
	return list;
}

static void lists_every_call(void **state)
{
	const char *source = getenv("PKTSTAT_SOURCE_DIR");
	char path[4096], written[LIST_SIZE] = "";
	char *list;
	FILE *file;

	/* Other machines have other calls; sanitizers need more. */
	if (GUARD_SANITIZED || seccomp_arch_native() != SCMP_ARCH_X86_64 || !source)
		skip();
	list = make_list();
	snprintf(path, sizeof(path), "%s/tests/unit/guard_reach.txt", source);
	file = fopen(path, getenv("GENERATE") ? "w+e" : "re");
	assert_non_null(file);
	if (getenv("GENERATE"))
		fputs(list, file);
	rewind(file);
	written[fread(written, 1, sizeof(written) - 1, file)] = '\0';
	fclose(file);
	if (strcmp(written, list) != 0)
		fail_msg("%s is not what is let through (GENERATE=1 writes it):\n%s", path, list);
	free(list);
}

struct attempt {
	const char *what;
	unsigned int listed; /* needs that may */
	long number;
	unsigned long argument[4];
};

#define ARG(pointer) (unsigned long)(uintptr_t)(pointer)
#define FD	     STDERR_FILENO
/* A directory, a device, a process that others than ourselves would be. */
#define SOMEBODY 1UL
#define MAPPED	 (MAP_PRIVATE | MAP_ANONYMOUS)
#define INET	 (GUARD_NAMES | GUARD_USERS)
#define TC	 (GUARD_ATTACH | GUARD_CLSACT)
/* clang-format off */
#define BPF_TRY(what, listed, command) {what, listed, SYS_bpf, {command, 0, 0}}
/* clang-format on */

/* None does harm where nothing refuses it: targets and pointers are invalid, or it changes nothing. */
static const struct attempt attempts[] = {
	/* signals to others */
	{"F_SETOWN", 0, SYS_fcntl, {FD, F_SETOWN, SOMEBODY}},
	{"F_SETOWN_EX", 0, SYS_fcntl, {FD, 15, 0}},
	{"F_SETSIG", 0, SYS_fcntl, {FD, 10, SIGIO}},
	{"O_ASYNC", 0, SYS_fcntl, {~0UL, F_SETFL, O_RDWR | O_ASYNC}},
	{"F_SETLEASE", 0, SYS_fcntl, {FD, 1024, F_UNLCK}},
	{"F_NOTIFY", 0, SYS_fcntl, {FD, 1026, 0}},
	{"F_SETPIPE_SZ", 0, SYS_fcntl, {~0UL, 1031, 4096}},
	{"F_SETFL", GUARD_ALWAYS, SYS_fcntl, {~0UL, F_SETFL, O_NONBLOCK}},
	{"FIOASYNC", 0, SYS_ioctl, {~0UL, FIOASYNC, 0}},
	{"FIOSETOWN", 0, SYS_ioctl, {~0UL, FIOSETOWN, 0}},
	{"SIOCSPGRP", 0, SYS_ioctl, {~0UL, SIOCSPGRP, 0}},
	{"kill", 0, SYS_kill, {SOMEBODY, 0}},
	{"kill a group", 0, SYS_kill, {0, 0}},
	{"tgkill", 0, SYS_tgkill, {SOMEBODY, SOMEBODY, 0}},
	/* other processes */
	{"renice", 0, SYS_setpriority, {PRIO_PROCESS, 0x3ffffffe, 0}},
	{"renice a user", 0, SYS_setpriority, {PRIO_USER, 0xfffffffa, 0}},
	{"another's limits", 0, SYS_prlimit64, {0x3ffffffe, RLIMIT_CORE, 0}},
	{"own limits", 0, SYS_prlimit64, {0, RLIMIT_CORE, 1}},
	{"a process", 0, SYS_clone, {CLONE_SIGHAND | SIGCHLD, 0, 0, 0}},
	{"a thread", 0, SYS_clone, {CLONE_THREAD, 0, 0, 0}},
	{"a namespace", 0, SYS_clone, {CLONE_THREAD | CLONE_NEWNET, 0, 0, 0}},
	/* code */
	{"memory with code", 0, SYS_mmap, {0, 0, PROT_READ | PROT_EXEC, MAPPED}},
	{"memory", GUARD_ALWAYS, SYS_mmap, {0, 0, PROT_READ | PROT_WRITE, MAPPED}},
	{"data to code", 0, SYS_mprotect, {1, 4096, PROT_READ | PROT_EXEC}},
	/* the terminal */
	{"TIOCSTI", 0, SYS_ioctl, {~0UL, TIOCSTI, 0}},
	{"TIOCSCTTY", 0, SYS_ioctl, {~0UL, TIOCSCTTY, 0}},
	{"TIOCLINUX", 0, SYS_ioctl, {~0UL, TIOCLINUX, 0}},
	{"TIOCSETD", 0, SYS_ioctl, {~0UL, TIOCSETD, 0}},
	{"TIOCSPGRP", 0, SYS_ioctl, {~0UL, TIOCSPGRP, 0}},
	{"TIOCSWINSZ", 0, SYS_ioctl, {~0UL, TIOCSWINSZ, 0}},
	{"the terminal's mode", GUARD_VIEW, SYS_ioctl, {~0UL, TCSETS, 0}},
	/* files */
	{"write", 0, SYS_openat, {AT_FDCWD, ARG("/nosuch"), O_WRONLY}},
	{"read and write", 0, SYS_openat, {AT_FDCWD, ARG("/nosuch"), O_RDWR}},
	{"truncate", 0, SYS_openat, {AT_FDCWD, ARG("/nosuch"), O_RDONLY | O_TRUNC}},
	{"a file without a name", 0, SYS_openat, {AT_FDCWD, ARG("/nosuch"), O_TMPFILE | O_RDWR}},
	{"write or create", 0, SYS_openat, {AT_FDCWD, ARG("/nosuch/x"), O_WRONLY | O_CREAT}},
	{"create",
	 GUARD_SETTINGS,
	 SYS_openat,
	 {AT_FDCWD, ARG("/nosuch/x"), O_WRONLY | O_CREAT | O_EXCL}},
	{"read", GUARD_ALWAYS, SYS_openat, {AT_FDCWD, ARG("/nosuch"), O_RDONLY}},
	/* sockets: type 0x800 is a flag */
	{"UNIX stream", GUARD_USERS, SYS_socket, {AF_UNIX, SOCK_STREAM | 0x800, 0}},
	{"UNIX datagram", GUARD_USERS, SYS_socket, {AF_UNIX, SOCK_DGRAM, 0}},
	{"UNIX seqpacket", 0, SYS_socket, {AF_UNIX, SOCK_SEQPACKET, 0}},
	{"UDP", INET, SYS_socket, {AF_INET, SOCK_DGRAM, 0}},
	{"UDP over IPv6", INET, SYS_socket, {AF_INET6, SOCK_DGRAM, 0}},
	{"TCP", INET, SYS_socket, {AF_INET, SOCK_STREAM, 0}},
	{"TCP over IPv6", INET, SYS_socket, {AF_INET6, SOCK_STREAM, 0}},
	{"ping", 0, SYS_socket, {AF_INET, SOCK_DGRAM, IPPROTO_ICMP}},
	{"SCTP", 0, SYS_socket, {AF_INET, SOCK_STREAM, IPPROTO_SCTP}},
	{"raw IP", 0, SYS_socket, {AF_INET, SOCK_RAW, IPPROTO_ICMP}},
	{"raw IPv6", 0, SYS_socket, {AF_INET6, SOCK_RAW, IPPROTO_ICMPV6}},
	{"packets", 0, SYS_socket, {AF_PACKET, SOCK_RAW, 0}},
	{"vsock", 0, SYS_socket, {AF_VSOCK, SOCK_STREAM, 0}},
	{"crypto", 0, SYS_socket, {AF_ALG, SOCK_SEQPACKET, 0}},
	{"rtnetlink", TC | INET, SYS_socket, {AF_NETLINK, SOCK_RAW, NETLINK_ROUTE}},
	{"sock_diag", 0, SYS_socket, {AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG}},
	{"netfilter", 0, SYS_socket, {AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER}},
	{"audit", 0, SYS_socket, {AF_NETLINK, SOCK_RAW, NETLINK_AUDIT}},
	{"uevents", 0, SYS_socket, {AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT}},
	{"generic netlink", 0, SYS_socket, {AF_NETLINK, SOCK_RAW, NETLINK_GENERIC}},
	{"a filter on a socket", INET, SYS_setsockopt, {~0UL, SOL_SOCKET, SO_ATTACH_FILTER, 0}},
	{"a socket's room", TC | INET, SYS_setsockopt, {~0UL, SOL_SOCKET, SO_RCVBUF, 0}},
	{"a netlink option", TC | INET, SYS_setsockopt, {~0UL, 270, 11, 0}},
	{"an interface's flags", 0, SYS_ioctl, {~0UL, SIOCSIFFLAGS, 0}},
	{"an interface's name", INET | GUARD_SOCKET, SYS_ioctl, {~0UL, SIOCGIFNAME, 0}},
	/* BPF */
	BPF_TRY("a map", GUARD_COLLECT, BPF_MAP_CREATE),
	BPF_TRY("a map's entry", GUARD_COLLECT, BPF_MAP_LOOKUP_ELEM),
	BPF_TRY("a program", GUARD_ATTACH, BPF_PROG_LOAD),
	BPF_TRY("a link", GUARD_ATTACH, BPF_LINK_CREATE),
	BPF_TRY("a link's end", GUARD_COLLECT, BPF_LINK_DETACH),
	BPF_TRY("an iterator", GUARD_OWNERS, BPF_ITER_CREATE),
	BPF_TRY("another's map", 0, BPF_MAP_GET_FD_BY_ID),
	BPF_TRY("another's program", 0, BPF_PROG_GET_FD_BY_ID),
	BPF_TRY("another's link", 0, BPF_LINK_GET_FD_BY_ID),
	BPF_TRY("another's types", 0, BPF_BTF_GET_FD_BY_ID),
	BPF_TRY("a pin", 0, BPF_OBJ_PIN),
	BPF_TRY("a pinned object", 0, BPF_OBJ_GET),
	BPF_TRY("attach without a link", 0, BPF_PROG_ATTACH),
	BPF_TRY("detach without a link", 0, BPF_PROG_DETACH),
	BPF_TRY("a link's program", 0, BPF_LINK_UPDATE),
	BPF_TRY("a tracepoint", 0, BPF_RAW_TRACEPOINT_OPEN),
	BPF_TRY("a test run", 0, BPF_PROG_TEST_RUN),
	BPF_TRY("a task's descriptors", 0, BPF_TASK_FD_QUERY),
	/* ourselves */
	{"PR_SET_NAME", GUARD_ALWAYS, SYS_prctl, {PR_SET_NAME, ARG("test")}},
	{"PR_SET_DUMPABLE", 0, SYS_prctl, {PR_SET_DUMPABLE, 1}},
	{"PR_SET_PTRACER", 0, SYS_prctl, {PR_SET_PTRACER, 0}},
	{"PR_SET_SECUREBITS", 0, SYS_prctl, {PR_SET_SECUREBITS, 0}},
	{"PR_CAP_AMBIENT", 0, SYS_prctl, {PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 0}},
	{"PR_SET_PDEATHSIG", 0, SYS_prctl, {PR_SET_PDEATHSIG, 0}},
	{"another filter", 0, SYS_seccomp, {SECCOMP_SET_MODE_FILTER, 0, 0}},
	{"a listener", 0, SYS_seccomp, {SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER}},
	{"a network namespace", 0, SYS_setns, {~0UL, CLONE_NEWNET}},
	{"capabilities", 0, SYS_capset, {0, 0}},
};

static bool could(const struct attempt *attempt)
{
	const unsigned long *a = attempt->argument;

	errno = 0;
	return syscall(attempt->number, a[0], a[1], a[2], a[3]) >= 0 || errno != EPERM;
}

/* In a child behind the guard as the program closes it; ends with 1 when a list is wrong. */
static void intrude(size_t thread)
{
	const unsigned int all = GUARD_THREADS | GUARD_NETNS | threads[thread].needs;
	const char *what;
	bool bpf_refused[sizeof(attempts) / sizeof(attempts[0])];
	int wrong = 0;

	/* By the kernel itself, without privileges: that is not the guard's doing. */
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++)
		bpf_refused[i] = attempts[i].number == SYS_bpf && !could(&attempts[i]);
	if (guard_close(all, &what) || guard_narrow(threads[thread].needs, &what))
		_exit(2);
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		const struct attempt *attempt = &attempts[i];
		bool listed = guard_serves(attempt->listed, threads[thread].needs);

		if (could(attempt) == (listed && !bpf_refused[i]))
			continue;
		fprintf(stderr, "%s: %s: %s\n", threads[thread].name, attempt->what,
			listed ? "is listed and refused" : "is not listed and let through");
		wrong = 1;
	}
	_exit(wrong);
}

static void finds_nothing_else(void **state)
{
	int status;
	pid_t child;

	if (GUARD_SANITIZED)
		skip();
	for (size_t thread = 0; thread < THREADS; thread++) {
		child = fork();
		assert_true(child >= 0);
		if (!child)
			intrude(thread);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
	}
}

/* Each of them reaches the kernel where no guard is: what is refused later is the guard's doing. */
static void attempts_are_real(void **state)
{
	int status;
	pid_t child;

	if (geteuid() != 0 || GUARD_SANITIZED)
		skip();
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
			if (could(&attempts[i]))
				continue;
			fprintf(stderr, "%s: refused without the guard\n", attempts[i].what);
			_exit(1);
		}
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_every_call),
		cmocka_unit_test(finds_nothing_else),
		cmocka_unit_test(attempts_are_real),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
