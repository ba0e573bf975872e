/* SPDX-License-Identifier: MIT */
/* Owners of processes, each looked up once: the answer is kept by everything the kernel said. */
#include "processes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroups.h"
#include "hash_index.h"
#include "process.h"

#define KNOWN_MAX  4096 /* then all are forgotten */
#define USERS_SIZE 64	/* places by uid, the newest stays */
#define NAME_MAX_BYTES 256

struct known {
	struct owner_process process;
	uint32_t id;
};

struct user {
	uint32_t uid;
	char name[USER_NAME_SIZE]; /* "": free */
};

struct processes {
	struct owner_table *table;
	struct user_source users;
	struct cgroups *cgroups;
	int proc_fd;
	struct known known[KNOWN_MAX];
	uint32_t count;
	struct hash_index index; /* of `known` */
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

int processes_new(struct owner_table *table, const struct user_source *users, int proc_fd,
		  struct processes **ret_processes)
{
	struct processes *processes = calloc(1, sizeof(*processes));
	int err;

	if (!processes)
		return -ENOMEM;
	err = hash_index_init(&processes->index);
	if (!err)
		err = cgroups_new(&processes->cgroups);
	if (err) {
		processes_free(processes);
		return err;
	}
	processes->table = table;
	processes->users = *users;
	processes->proc_fd = proc_fd;
	*ret_processes = processes;
	return 0;
}

void processes_free(struct processes *processes)
{
	if (!processes)
		return;
	cgroups_free(processes->cgroups);
	hash_index_done(&processes->index);
	free(processes);
}

/* The texts of an owner that are read, not looked up. */
struct texts {
	char name[NAME_MAX_BYTES];
	char exe[PROCESS_EXE_MAX];
	char cgroup[CGROUPS_PATH_MAX];
};

/* What /proc knows of the process, if it is still there and still the same. */
static void read_proc(struct processes *processes, const struct owner_process *process,
		      struct texts *texts, uint64_t now_ns)
{
	int fd = process_open(processes->proc_fd, process->pid);
	char comm[OWNER_COMM_SIZE];

	texts->exe[0] = '\0';
	texts->cgroup[0] = '\0';
	snprintf(comm, sizeof(comm), "%.*s", OWNER_COMM_SIZE - 1, process->comm);
	snprintf(texts->name, sizeof(texts->name), "%s", comm);
	if (fd >= 0 && process_is(fd, process)) {
		process_cgroup(fd, texts->cgroup, sizeof(texts->cgroup));
		process_exe(fd, texts->exe, sizeof(texts->exe));
		process_full_name(fd, comm, texts->name, sizeof(texts->name));
	}
	if (fd >= 0)
		close(fd);
	if (*texts->cgroup)
		cgroups_note(processes->cgroups, process->cgroup, texts->cgroup);
	else
		snprintf(texts->cgroup, sizeof(texts->cgroup), "%s",
			 cgroups_path(processes->cgroups, process->cgroup, now_ns));
}

static uint32_t make_owner(struct processes *processes, const struct owner_process *process,
			   uint64_t now_ns)
{
	struct texts texts;
	char unit[NAME_MAX_BYTES];
	uint32_t id = OWNER_UNKNOWN;
	struct owner owner = {
		.pid = process->pid,
		.uid = process->uid,
		.start_ns = process->start_ns,
		.comm = texts.name,
		.exe = texts.exe,
		.user = user_name(processes, process->uid),
		.cgroup = texts.cgroup,
		.unit = unit,
		.own = process->pid == (uint32_t)getpid(),
	};

	read_proc(processes, process, &texts, now_ns);
	owner_unit(texts.cgroup, unit, sizeof(unit));
	if (owner_table_add(processes->table, &owner, &id))
		return OWNER_UNKNOWN;
	return id;
}

static bool is_process(const void *table, uint32_t i, const void *process)
{
	const struct processes *processes = table;

	return !memcmp(&processes->known[i].process, process, sizeof(struct owner_process));
}

static void keep_process(struct processes *processes, const struct owner_process *process,
			 uint32_t hash, uint32_t id)
{
	if (processes->count == KNOWN_MAX) {
		hash_index_clear(&processes->index);
		processes->count = 0;
	}
	if (hash_index_add(&processes->index, hash, processes->count))
		return;
	processes->known[processes->count++] = (struct known){*process, id};
}

uint32_t processes_owner(struct processes *processes, const struct owner_process *process,
			 uint64_t now_ns)
{
	uint32_t hash = hash_index_hash(&processes->index, process, sizeof(*process));
	uint32_t i = hash_index_find(&processes->index, hash, is_process, processes, process), id;

	if (i != HASH_INDEX_NONE)
		return processes->known[i].id;
	id = make_owner(processes, process, now_ns);
	if (id != OWNER_UNKNOWN)
		keep_process(processes, process, hash, id);
	return id;
}
