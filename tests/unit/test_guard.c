/* SPDX-License-Identifier: MIT */
/*
 * What a process may do behind the guard. Each test closes it in a child, for there is no way back;
 * a child that finds something wrong says what, and ends with 1.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cap-ng.h>
#include <cmocka.h>

#include "guard.h"
#include "guard_private.h"

#define CHECK(condition)                                                                \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: not so: %s (%s)\n", __FILE__, __LINE__, \
				#condition, strerror(errno));                           \
			_exit(1);                                                       \
		}                                                                       \
	} while (0)

#define REFUSED(call) CHECK((errno = 0, (call) < 0 && errno == EPERM))

/* What the threads of the program need together; the helpers are processes of their own. */
#define EVERYTHING                                                                               \
	(GUARD_COLLECT | GUARD_ATTACH | GUARD_CLSACT | GUARD_NETNS | GUARD_OWNERS | GUARD_PROC | \
	 GUARD_NAMES | GUARD_VIEW)

/* How a child ends that runs `body` behind the guard. */
static int behind(unsigned int needs, void (*body)(void))
{
	const char *what = "";
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (!child) {
		CHECK(guard_close(needs, &what) == 0);
		body();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void need_real_filter(void)
{
	if (GUARD_SANITIZED)
		skip();
}

static void need_root(void)
{
	if (geteuid() != 0)
		skip();
}

/* None of these needs a capability: without the filter each would do what it says. */
static void try_processes(void)
{
	char *const arguments[] = {(char *)(uintptr_t) "true", NULL};
	char *const none[] = {NULL};

	REFUSED(execve("/bin/true", arguments, none));
	REFUSED(syscall(SYS_execveat, AT_FDCWD, "/bin/true", arguments, none, 0));
	REFUSED(fork());
	REFUSED(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
	REFUSED(kill(getppid(), 0));
	REFUSED(syscall(SYS_tgkill, getppid(), getppid(), 0));
	REFUSED(unshare(CLONE_NEWUSER));
	REFUSED(setuid(getuid()));
	REFUSED(setpgid(0, 0));
	REFUSED(setrlimit(RLIMIT_CORE, &(const struct rlimit){0, 0}));
	REFUSED(syscall(SYS_memfd_create, "code", 0));
	REFUSED(syscall(SYS_process_vm_readv, getpid(), NULL, 0, NULL, 0, 0));
	REFUSED(mount("none", "/tmp", "tmpfs", 0, NULL));
}

static void try_files_and_sockets(void)
{
	REFUSED(open("/dev/null", O_WRONLY));
	REFUSED(open("/proc/self/mem", O_RDWR));
	REFUSED(open("/dev/null", O_RDONLY | O_TRUNC));
	REFUSED(open("/tmp", O_TMPFILE | O_RDWR, 0600));
	REFUSED(chmod("/dev/null", 0666));
	REFUSED(socket(AF_PACKET, SOCK_RAW, 0));
	REFUSED(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
	REFUSED(socket(AF_VSOCK, SOCK_STREAM, 0));
	REFUSED(ioctl(STDIN_FILENO, TIOCSTI, "x"));
	REFUSED(syscall(SYS_bpf, BPF_MAP_GET_FD_BY_ID, NULL, 0));
	REFUSED(syscall(SYS_bpf, BPF_OBJ_PIN, NULL, 0));
}

static void try_what_nobody_asked_for(void)
{
	char path[] = "/tmp/test_guard.XXXXXX";

	REFUSED(mkstemp(path));
	REFUSED(mkdir("/tmp", 0700));
	REFUSED(rename("/tmp/none", "/tmp/other"));
	REFUSED(socket(AF_UNIX, SOCK_STREAM, 0));
	REFUSED(socket(AF_INET, SOCK_DGRAM, 0));
	REFUSED(socket(AF_INET6, SOCK_STREAM, 0));
	REFUSED(connect(-1, NULL, 0));
	REFUSED(listen(-1, 1));
	REFUSED(syscall(SYS_setns, -1, 0));
	REFUSED(syscall(SYS_bpf, BPF_PROG_LOAD, NULL, 0));
	REFUSED(syscall(SYS_bpf, BPF_LINK_CREATE, NULL, 0));
	REFUSED(syscall(SYS_bpf, BPF_ITER_CREATE, NULL, 0));
}

static void refuses(void **state)
{
	need_real_filter();
	assert_int_equal(behind(0, try_processes), 0);
	assert_int_equal(behind(0, try_files_and_sockets), 0);
	assert_int_equal(behind(0, try_what_nobody_asked_for), 0);
	assert_int_equal(behind(EVERYTHING, try_processes), 0);
	assert_int_equal(behind(EVERYTHING, try_files_and_sockets), 0);
}

static void save_settings(void)
{
	char path[] = "/tmp/test_guard.XXXXXX", other[64];
	int fd = mkstemp(path);

	CHECK(fd >= 0);
	CHECK(write(fd, "x", 1) == 1 && !close(fd));
	snprintf(other, sizeof(other), "%s.new", path);
	CHECK(!rename(path, other) && !unlink(other));
	CHECK(mkdir("/tmp", 0700) < 0 && errno == EEXIST);
}

static void use_network(void)
{
	static const int domains[] = {AF_INET, AF_INET6};
	static const int types[] = {SOCK_DGRAM, SOCK_STREAM};

	for (size_t i = 0; i < 2; i++) {
		for (size_t j = 0; j < 2; j++)
			CHECK(socket(domains[i], types[j] | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) >= 0 ||
			      errno == EAFNOSUPPORT);
	}
}

static void use_local_sockets(void)
{
	CHECK(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0);
}

static void *thread_main(void *arg)
{
	*(bool *)arg = true;
	return NULL;
}

static void run_thread(void)
{
	pthread_t thread;
	bool ran = false;

	CHECK(!pthread_create(&thread, NULL, thread_main, &ran));
	CHECK(!pthread_join(thread, NULL) && ran);
}

static volatile sig_atomic_t heard;

static void on_signal(int number)
{
	heard = number;
}

static void signal_itself(void)
{
	signal(SIGUSR1, on_signal);
	CHECK(!raise(SIGUSR1) && heard == SIGUSR1);
	CHECK(!kill(getpid(), 0));
}

static void ask_netlink(void)
{
	CHECK(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE) >= 0);
}

static void allows(void **state)
{
	assert_int_equal(behind(GUARD_SETTINGS, save_settings), 0);
	assert_int_equal(behind(GUARD_NAMES, use_network), 0);
	assert_int_equal(behind(GUARD_USERS, use_network), 0);
	assert_int_equal(behind(GUARD_USERS, use_local_sockets), 0);
	assert_int_equal(behind(GUARD_THREADS, run_thread), 0);
	assert_int_equal(behind(0, signal_itself), 0);
	assert_int_equal(behind(GUARD_ATTACH, ask_netlink), 0);
}

/* A fault still ends the process as a fault does. */
static void aborts(void **state)
{
	int status = behind(0, abort);

	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

/* A hexadecimal or decimal number from /proc/self/status. */
static uint64_t status_number(const char *name, int base)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	uint64_t number = UINT64_MAX;

	while (file && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ':')
			number = strtoull(line + strlen(name) + 1, NULL, base);
	}
	if (file)
		fclose(file);
	return number;
}

#define CAP(capability) (UINT64_C(1) << (capability))

static void check_capabilities(uint64_t wanted)
{
	/* What was never had cannot be kept. */
	CHECK(status_number("CapPrm", 16) == wanted);
	CHECK(status_number("CapEff", 16) == wanted);
	CHECK(status_number("CapInh", 16) == 0);
	CHECK(status_number("CapAmb", 16) == 0);
	CHECK(status_number("CapBnd", 16) == 0);
	CHECK(status_number("NoNewPrivs", 10) == 1);
	CHECK(status_number("Seccomp", 10) == 2);
}

static void only_maps(void)
{
	check_capabilities(CAP(CAP_BPF));
}

static void maps_and_filters(void)
{
	check_capabilities(CAP(CAP_BPF) | CAP(CAP_NET_ADMIN));
}

static void attaching(void)
{
	check_capabilities(CAP(CAP_BPF) | CAP(CAP_NET_ADMIN) | CAP(CAP_PERFMON));
}

static void owners_listed(void)
{
	check_capabilities(CAP(CAP_BPF) | CAP(CAP_SYS_PTRACE));
}

static void no_power(void)
{
	check_capabilities(0);
}

static void owners_of_others(void)
{
	check_capabilities(CAP(CAP_BPF) | CAP(CAP_SYS_PTRACE) | CAP(CAP_DAC_READ_SEARCH));
}

/* Each thread keeps its own, whatever the process still had. */
static void narrowed(void)
{
	const char *what;

	check_capabilities(CAP(CAP_BPF) | CAP(CAP_NET_ADMIN) | CAP(CAP_PERFMON) |
			   CAP(CAP_SYS_PTRACE) | CAP(CAP_DAC_READ_SEARCH) | CAP(CAP_SYS_ADMIN));
	CHECK(!guard_narrow(GUARD_ATTACH, &what));
	check_capabilities(CAP(CAP_BPF) | CAP(CAP_NET_ADMIN) | CAP(CAP_PERFMON));
}

static void narrowed_to_nothing(void)
{
	const char *what;

	CHECK(!guard_narrow(0, &what));
	check_capabilities(0);
}

static void narrows_once(void)
{
	const char *what;

	CHECK(!guard_narrow(GUARD_VIEW, &what));
	CHECK(guard_narrow(GUARD_VIEW, &what) < 0);
}

static void drops(void **state)
{
	need_root();
	assert_int_equal(behind(GUARD_COLLECT, only_maps), 0);
	assert_int_equal(behind(GUARD_COLLECT | GUARD_CLSACT, maps_and_filters), 0);
	assert_int_equal(behind(GUARD_ATTACH, attaching), 0);
	assert_int_equal(behind(GUARD_OWNERS | GUARD_PROC, owners_of_others), 0);
	assert_int_equal(behind(GUARD_OWNERS, owners_listed), 0);
	assert_int_equal(behind(GUARD_NAMES | GUARD_VIEW, no_power), 0);
	assert_int_equal(behind(GUARD_USERS, no_power), 0);
	assert_int_equal(behind(GUARD_SETTINGS, no_power), 0);
	assert_int_equal(behind(GUARD_THREADS | EVERYTHING, narrowed), 0);
	assert_int_equal(behind(GUARD_THREADS | EVERYTHING, narrowed_to_nothing), 0);
	if (!GUARD_SANITIZED)
		assert_int_equal(behind(GUARD_THREADS | EVERYTHING, narrows_once), 0);
}

/* Runs `body` in a child that has but the capabilities of the set. */
static int with_only(uint64_t capabilities, void (*body)(void))
{
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (!child) {
		capng_clear(CAPNG_SELECT_CAPS);
		for (unsigned int i = 0; i <= CAP_LAST_CAP; i++) {
			if (capabilities & CAP(i))
				capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, i);
		}
		CHECK(!capng_apply(CAPNG_SELECT_CAPS));
		body();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void sys_admin_stands_in(void)
{
	const char *what;
	char missing[64];

	CHECK(privileges_missing(missing, sizeof(missing)) == 0);
	CHECK(!guard_close(GUARD_ATTACH, &what));
	CHECK(status_number("CapEff", 16) == (CAP(CAP_SYS_ADMIN) | CAP(CAP_NET_ADMIN)));
}

static void nothing_to_drop(void)
{
	const char *what;

	CHECK(!guard_close(EVERYTHING, &what));
	CHECK(status_number("CapPrm", 16) == 0);
}

static void others_capabilities(void **state)
{
	need_root();
	assert_int_equal(with_only(CAP(CAP_SYS_ADMIN) | CAP(CAP_NET_ADMIN), sys_admin_stands_in),
			 0);
	assert_int_equal(with_only(0, nothing_to_drop), 0);
}

#define MISSES(names)                                         \
	do {                                                  \
		char missing[64];                             \
		privileges_missing(missing, sizeof(missing)); \
		CHECK(!strcmp(missing, names));               \
	} while (0)

static void misses_bpf(void)
{
	MISSES("cap_bpf");
}

static void misses_net_admin(void)
{
	MISSES("cap_net_admin");
}

static void misses_perfmon(void)
{
	MISSES("cap_perfmon");
}

static void misses_all(void)
{
	MISSES("cap_bpf, cap_net_admin, cap_perfmon");
}

static void names_what_is_missing(void **state)
{
	need_root();
	assert_int_equal(with_only(CAP(CAP_NET_ADMIN) | CAP(CAP_PERFMON), misses_bpf), 0);
	assert_int_equal(with_only(CAP(CAP_BPF) | CAP(CAP_PERFMON), misses_net_admin), 0);
	assert_int_equal(with_only(CAP(CAP_BPF) | CAP(CAP_NET_ADMIN), misses_perfmon), 0);
	assert_int_equal(with_only(CAP(CAP_SYS_ADMIN), misses_net_admin), 0);
	assert_int_equal(with_only(0, misses_all), 0);
}

static void knows_setuid(void **state)
{
	assert_false(guard_is_setuid());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses),
		cmocka_unit_test(allows),
		cmocka_unit_test(aborts),
		cmocka_unit_test(drops),
		cmocka_unit_test(others_capabilities),
		cmocka_unit_test(names_what_is_missing),
		cmocka_unit_test(knows_setuid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
