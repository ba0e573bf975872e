/* SPDX-License-Identifier: MIT */
/* Runs ip(8) from tests in C. */
#ifndef PKTSTAT_RUN_IP_H
#define PKTSTAT_RUN_IP_H

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* `ip` with these words, separated by blanks; its exit status, or -1. */
static inline int run_ip(const char *words)
{
	char line[256], *argv[32], *save = NULL;
	int argc = 0, status;
	pid_t pid;

	snprintf(line, sizeof(line), "ip %s", words);
	for (char *word = strtok_r(line, " ", &save); word && argc < 31;
	     word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	argv[argc] = NULL;
	pid = fork();
	if (!pid) {
		execvp("ip", argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#endif
