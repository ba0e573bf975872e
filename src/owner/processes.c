/* SPDX-License-Identifier: MIT */
/* Owners of processes, each looked up once: the answer is kept by everything the kernel said. */
#include "processes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xxhash.h>

#include "cgroups.h"
#include "process.h"

#define KNOWN_SIZE 8192 /* places; emptied when half of them are used */
#define USERS_SIZE     64   /* places by uid, the newest stays */
#define NAME_MAX_BYTES 256

struct known {
	struct owner_process process;
	uint32_t id; /* OWNER_UNKNOWN: free */
};

struct user {
	uint32_t uid;
	char name[USER_NAME_SIZE]; /* "": free */
};

struct processes {
	struct owner_table *table;
	struct user_source users;
	struct cgroups *cgroups;
	struct known known[KNOWN_SIZE];
	size_t used;
	struct user user[USERS_SIZE];
};

static const char *user_name(struct processes *processes, uint32_t uid)
{
	struct user *user = &processes->user[uid % USERS_SIZE];

	if (!user->name[0] || user->uid != uid) {
		if (processes->users.name)
			processes->users.name(processes->users.context, uid, user->name);
		else
			users_name(uid, user->name);
		user->uid = uid;
	}
	return user->name;
}

int processes_new(struct owner_table *table, const struct user_source *users,
		  struct processes **ret_processes)
{
	struct processes *processes = calloc(1, sizeof(*processes));
	int err;

	if (!processes)
		return -ENOMEM;
	err = cgroups_new(&processes->cgroups);
	if (err) {
		free(processes);
		return err;
	}
	processes->table = table;
	processes->users = *users;
	*ret_processes = processes;
	return 0;
}

void processes_free(struct processes *processes)
{
	if (!processes)
		return;
	cgroups_free(processes->cgroups);
	free(processes);
}

/* What /proc knows of the process, if it is still there and still the same. */
static void read_proc(struct processes *processes, const struct owner_process *process,
		      char name[NAME_MAX_BYTES], char path[CGROUPS_PATH_MAX], uint64_t now_ns)
{
	int fd = process_open(process->pid);
	char comm[OWNER_COMM_SIZE];

	path[0] = '\0';
	snprintf(comm, sizeof(comm), "%.*s", OWNER_COMM_SIZE - 1, process->comm);
	snprintf(name, NAME_MAX_BYTES, "%s", comm);
	if (fd >= 0 && process_is(fd, process)) {
		process_cgroup(fd, path, CGROUPS_PATH_MAX);
		process_full_name(fd, comm, name, NAME_MAX_BYTES);
	}
	if (fd >= 0)
		close(fd);
	if (path[0])
		cgroups_note(processes->cgroups, process->cgroup, path);
	else
		snprintf(path, CGROUPS_PATH_MAX, "%s",
			 cgroups_path(processes->cgroups, process->cgroup, now_ns));
}

static uint32_t make_owner(struct processes *processes, const struct owner_process *process,
			   uint64_t now_ns)
{
	char name[NAME_MAX_BYTES], path[CGROUPS_PATH_MAX], unit[NAME_MAX_BYTES];
	uint32_t id = OWNER_UNKNOWN;
	struct owner owner = {
		.pid = process->pid,
		.uid = process->uid,
		.start_ns = process->start_ns,
		.comm = name,
		.user = user_name(processes, process->uid),
		.cgroup = path,
		.unit = unit,
		.own = process->pid == (uint32_t)getpid(),
	};

	read_proc(processes, process, name, path, now_ns);
	owner_unit(path, unit, sizeof(unit));
	if (owner_table_add(processes->table, &owner, &id))
		return OWNER_UNKNOWN;
	return id;
}

/* Where it is kept, or would be. */
static struct known *place_of(struct processes *processes, const struct owner_process *process)
{
	size_t at = XXH3_64bits(process, sizeof(*process)) % KNOWN_SIZE;

	while (processes->known[at].id != OWNER_UNKNOWN &&
	       memcmp(&processes->known[at].process, process, sizeof(*process)) != 0)
		at = (at + 1) % KNOWN_SIZE;
	return &processes->known[at];
}

uint32_t processes_owner(struct processes *processes, const struct owner_process *process,
			 uint64_t now_ns)
{
	struct known *known = place_of(processes, process);

	if (known->id != OWNER_UNKNOWN)
		return known->id;
	if (2 * processes->used >= KNOWN_SIZE) {
		memset(processes->known, 0, sizeof(processes->known));
		processes->used = 0;
		known = place_of(processes, process);
	}
	known->id = make_owner(processes, process, now_ns);
	if (known->id != OWNER_UNKNOWN) {
		known->process = *process;
		processes->used++;
	}
	return known->id;
}
