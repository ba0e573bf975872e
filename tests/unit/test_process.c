/* SPDX-License-Identifier: MIT */
/* process.h: what is told of a real process: its command and who started it, with names that try to lie. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "process.h"

#define PARENT_NAME "a < init 1"

struct bed {
	struct owner_table *table;
	struct processes *processes;
	int proc_fd;
};

static int set_up(void **state)
{
	struct bed *bed = calloc(1, sizeof(*bed));

	bed->proc_fd = process_open_proc();
	if (bed->proc_fd < 0)
		skip();
	assert_int_equal(owner_table_new(&bed->table), 0);
	assert_int_equal(processes_new(bed->table, &(const struct user_source){0}, bed->proc_fd,
				       &bed->processes),
			 0);
	*state = bed;
	return 0;
}

static int tear_down(void **state)
{
	struct bed *bed = *state;

	processes_free(bed->processes);
	owner_table_free(bed->table);
	close(bed->proc_fd);
	free(bed);
	return 0;
}

/* A process that is /bin/cat by then, and waits for its input to end; its input in *ret_fd. */
static pid_t start_child(char *const argument[], int *ret_fd)
{
	int up[2], input[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe2(up, O_CLOEXEC), 0);
	assert_int_equal(pipe2(input, O_CLOEXEC), 0);
	pid = fork();
	if (!pid) {
		dup2(input[0], STDIN_FILENO);
		execv("/bin/cat", argument);
		_exit(1);
	}
	close(up[1]);
	close(input[0]);
	/* Closed by the exec. */
	assert_int_equal(read(up[0], &byte, 1), 0);
	close(up[0]);
	*ret_fd = input[1];
	return pid;
}

static const struct owner *owner_of_child(struct bed *bed, pid_t pid)
{
	int dir_fd = process_open(bed->proc_fd, (uint32_t)pid);
	struct owner_process process;
	uint32_t id;

	assert_true(dir_fd >= 0);
	assert_int_equal(process_read(dir_fd, (uint32_t)pid, &process), 0);
	close(dir_fd);
	id = processes_owner(bed->processes, &process, 1);
	assert_true(owner_is_process(id));
	return owner_table_get(bed->table, id);
}

static void end_child(pid_t pid, int fd)
{
	close(fd);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_command(void **state)
{
	static char cat[] = "cat", flag[] = "-u", dash[] = "-";
	char *const argument[] = {cat, flag, dash, NULL};
	struct bed *bed = *state;
	char parent[64];
	int fd;
	pid_t pid;
	const struct owner *owner;

	prctl(PR_SET_NAME, PARENT_NAME);
	pid = start_child(argument, &fd);
	owner = owner_of_child(bed, pid);
	assert_string_equal(owner->command, "cat -u -");
	/* One parent, not two of which the second is init. */
	snprintf(parent, sizeof(parent), "a ? init 1 %d", (int)getpid());
	assert_memory_equal(owner->parents, parent, strlen(parent));
	assert_true(!owner->parents[strlen(parent)] || owner->parents[strlen(parent)] == ' ');
	end_child(pid, fd);
}

/* What does not fit is cut between characters, and says so. */
static void test_long_command(void **state)
{
	struct bed *bed = *state;
	char name[2000], dash[] = "-";
	char *const argument[] = {name, dash, NULL};
	const struct owner *owner;
	int fd;
	pid_t pid;

	for (size_t i = 0; i + 2 < sizeof(name); i += 2)
		memcpy(name + i, "\xc3\xbc", 2);
	name[sizeof(name) - 2] = '\0';
	pid = start_child(argument, &fd);
	owner = owner_of_child(bed, pid);
	assert_true(strlen(owner->command) < OWNER_COMMAND_MAX);
	assert_true(strlen(owner->command) > OWNER_COMMAND_MAX - 8);
	assert_string_equal(owner->command + strlen(owner->command) - 5, "\xc3\xbc...");
	end_child(pid, fd);
}

/* Commands and parents take no more memory than they may. */
static void test_bound(void **state)
{
	struct bed *bed = *state;
	char command[OWNER_COMMAND_MAX];
	size_t before = owner_table_bytes(bed->table), kept = 0;

	for (uint32_t i = 0; i < 60000; i++) {
		struct owner owner = {.pid = i + 10, .start_ns = 1, .comm = "c", .exe = "", .user = "u",
				      .cgroup = "", .unit = "", .command = command};
		uint32_t id;

		snprintf(command, sizeof(command), "%0*u", (int)sizeof(command) - 1, i);
		assert_int_equal(owner_table_add(bed->table, &owner, &id), 0);
		kept += *owner_table_get(bed->table, id)->command != '\0';
	}
	assert_true(kept > 15000 && kept < 30000);
	assert_true(owner_table_bytes(bed->table) - before < 24U << 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_command, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_long_command, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bound, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
