/* SPDX-License-Identifier: MIT */
/*
 * Reading /proc/PID: stat, cmdline, exe, cgroup (proc(5)), and owners made of that, each looked up
 * once: the result is kept under all that the kernel reported.
 */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cgroups.h"
#include "format.h"
#include "hash_index.h"
#include "utf8.h"

#define TEXT_MAX	    4096
#define PIDFD_PID_NAMESPACE _IO(0xff, 6) /* PIDFD_GET_PID_NAMESPACE of linux/pidfd.h */
#define COMM_LENGTH	    (OWNER_COMM_SIZE - 1)

int process_open(int proc_fd, uint32_t pid)
{
	char name[16];
	int fd;

	snprintf(name, sizeof(name), "%u", pid);
	fd = openat(proc_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* The begin of a file, ended by a zero byte that is not counted; or a negative errno. */
static ssize_t read_text(int dir_fd, const char *name, char *text, size_t size)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t got;

	text[0] = '\0';
	if (fd < 0)
		return -errno;
	while (length < size - 1 && (got = read(fd, text + length, size - 1 - length)) > 0)
		length += (size_t)got;
	close(fd);
	text[length] = '\0';
	return (ssize_t)length;
}

/*
 * The line "NSpid:" has a number for each pid namespace from that of this /proc down to the process's
 * own: just one, when they are the same. Kernels without such namespaces have no such line.
 */
static bool counts_as_we_do(int proc_fd)
{
	char text[TEXT_MAX], *line;

	if (read_text(proc_fd, "self/status", text, sizeof(text)) <= 0)
		return false;
	line = strstr(text, "\nNSpid:");
	if (!line)
		return true;
	line += strlen("\nNSpid:");
	line += strspn(line, " \t");
	return line[strspn(line, "0123456789")] == '\n';
}

int process_open_proc(void)
{
	int fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (counts_as_we_do(fd))
		return fd;
	close(fd);
	return -ENOTSUP;
}

static uint32_t inode_of(int fd)
{
	struct stat status;

	return fstat(fd, &status) < 0 ? 0 : (uint32_t)status.st_ino;
}

/* By the program's pidfd, without /proc. */
static uint32_t namespace_of_pid_fd(void)
{
	int fd = (int)syscall(SYS_pidfd_open, getpid(), 0), namespace_fd;
	uint32_t inode;

	if (fd < 0)
		return 0;
	namespace_fd = ioctl(fd, PIDFD_PID_NAMESPACE, 0);
	close(fd);
	if (namespace_fd < 0)
		return 0;
	inode = inode_of(namespace_fd);
	close(namespace_fd);
	return inode;
}

uint32_t process_pid_namespace(void)
{
	struct stat status;

	return stat("/proc/self/ns/pid", &status) < 0 ? namespace_of_pid_fd()
						      : (uint32_t)status.st_ino;
}

/* What stat says of a process. */
struct stat_line {
	char comm[OWNER_COMM_SIZE];
	uint32_t parent;   /* 0: none, or outside of this pid namespace */
	uint64_t start_ns; /* since boot, at the kernel's resolution of a clock tick */
};

static int read_stat(int dir_fd, struct stat_line *ret_line)
{
	long ticks_per_s = sysconf(_SC_CLK_TCK);
	unsigned long long ticks;
	char text[TEXT_MAX], *open, *close;
	size_t length;

	if (read_text(dir_fd, "stat", text, sizeof(text)) <= 0)
		return -ESRCH;
	open = strchr(text, '(');
	close = strrchr(text, ')'); /* the name may have brackets of its own */
	*ret_line = (struct stat_line){.parent = 0};
	/* The state is field 3, the parent field 4, the start field 22. */
	if (!open || !close || ticks_per_s <= 0 ||
	    sscanf(close + 1,
		   " %*c %u %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
		   "%*d %*d %llu",
		   &ret_line->parent, &ticks) != 2)
		return -EPROTO;
	length = (size_t)(close - open - 1);
	if (length > COMM_LENGTH)
		length = COMM_LENGTH;
	memcpy(ret_line->comm, open + 1, length);
	ret_line->start_ns = ticks * (1000000000ULL / (uint64_t)ticks_per_s);
	return 0;
}

int process_read(int dir_fd, uint32_t pid, struct owner_process *ret_process)
{
	struct owner_process process = {.pid = pid};
	struct stat_line line;
	struct stat status;
	int err = read_stat(dir_fd, &line);

	if (err)
		return err;
	memcpy(process.comm, line.comm, sizeof(process.comm));
	process.start_ns = line.start_ns;
	if (fstat(dir_fd, &status) < 0)
		return -errno;
	process.uid = status.st_uid;
	if (!fstatat(dir_fd, "exe", &status, 0))
		process.program = status.st_ino;
	*ret_process = process;
	return 0;
}

static bool stat_is(const struct stat_line *line, const struct owner_process *process)
{
	uint64_t tick_ns = 1000000000ULL / (uint64_t)sysconf(_SC_CLK_TCK);

	return line->start_ns / tick_ns == process->start_ns / tick_ns &&
	       !memcmp(line->comm, process->comm, sizeof(line->comm));
}

bool process_is(int dir_fd, const struct owner_process *process)
{
	struct stat_line line;

	return !read_stat(dir_fd, &line) && stat_is(&line, process);
}

/*
 * The whole name, when the kernel's 15 bytes are the begin of what the process was called as; else
 * those. Writes at most `size` bytes with the end.
 */
static void process_full_name(int dir_fd, const char *comm, char *name, size_t size)
{
	char text[TEXT_MAX], *argument = text;
	const char *base;
	ssize_t length;

	snprintf(name, size, "%s", comm);
	if (strlen(comm) < COMM_LENGTH)
		return;
	length = read_text(dir_fd, "cmdline", text, sizeof(text));
	/* The second argument too: scripts are named after their file, which the interpreter gets. */
	for (int i = 0; i < 2 && argument < text + length; i++) {
		base = strrchr(argument, '/');
		base = base ? base + 1 : argument;
		if (!strncmp(base, comm, COMM_LENGTH)) {
			snprintf(name, size, "%s", base);
			return;
		}
		argument += strlen(argument) + 1;
	}
}

void process_exe(int dir_fd, char *path, size_t size)
{
	static const char deleted[] = " (deleted)";
	ssize_t length = readlinkat(dir_fd, "exe", path, size - 1);
	struct stat status;
	char *end;

	path[length > 0 ? length : 0] = '\0';
	end = path + strlen(path) - strlen(deleted);
	/* A name may end so by itself: then the file still has it. */
	if (end > path && !strcmp(end, deleted) && !fstatat(dir_fd, "exe", &status, 0) &&
	    !status.st_nlink)
		*end = '\0';
}

/* Its cgroup v2 path; "" when it has none. */
static void process_cgroup(int dir_fd, char *path, size_t size)
{
	char text[TEXT_MAX], *line, *end;

	path[0] = '\0';
	if (read_text(dir_fd, "cgroup", text, sizeof(text)) <= 0)
		return;
	line = strncmp(text, "0::", 3) ? strstr(text, "\n0::") : text;
	if (!line)
		return;
	line += *line == '\n' ? 4 : 3;
	end = strchr(line, '\n');
	if (!end)
		return; /* longer than there is room for */
	*end = '\0';
	if (end - line > 10 && !strcmp(end - 10, " (deleted)"))
		end[-10] = '\0';
	snprintf(path, size, "%s", line);
}

/* All that it was called with, as far as there is room. */
static void process_command(int dir_fd, char *text, size_t size)
{
	ssize_t length = read_text(dir_fd, "cmdline", text, size);
	size_t end;

	while (length > 0 && !text[length - 1])
		length--;
	for (ssize_t i = 0; i < length; i++)
		text[i] = text[i] ?: ' ';
	text[length > 0 ? length : 0] = '\0';
	if (length < 0 || (size_t)length + 1 < size)
		return;
	/* What was cut says so. */
	end = utf8_cut(text, size - 1 - strlen("..."));
	snprintf(text + end, size - end, "...");
}

#define PARENTS_MOST 8

/* Adds " < NAME PID"; a name must not look like the end of one and the begin of another. */
static size_t put_parent(const struct stat_line *line, uint32_t pid, char *text, size_t used,
			 size_t size)
{
	char safe[4 * OWNER_COMM_SIZE];
	size_t at = used;

	format_outside(line->comm, safe, sizeof(safe));
	for (char *sign = safe; *sign; sign++)
		*sign = *sign == '<' ? '?' : *sign;
	at += (size_t)snprintf(text + at, size - at, "%s%s %u", used ? " < " : "", safe, pid);
	if (at < size)
		return at;
	text[used] = '\0'; /* none at all, rather than a part of a number */
	return size;
}

/* Who started it, from its parent on, as far as that is still so. */
static void process_parents(int proc_fd, struct stat_line child, char *text, size_t size)
{
	struct stat_line line;
	size_t used = 0;

	text[0] = '\0';
	for (int i = 0; child.parent && i < PARENTS_MOST && used < size; i++) {
		int fd = process_open(proc_fd, child.parent), err;

		if (fd < 0)
			return;
		err = read_stat(fd, &line);
		close(fd);
		/* Another process that has the number by now began later. */
		if (err || line.start_ns > child.start_ns)
			return;
		used = put_parent(&line, child.parent, text, used, size);
		child = line;
	}
}

#define PASSWD_ROOM 16384

void users_name(uint32_t uid, char name[USER_NAME_SIZE])
{
	struct passwd entry, *found = NULL;
	char *room = malloc(PASSWD_ROOM);

	if (room && !getpwuid_r(uid, &entry, room, PASSWD_ROOM, &found) && found &&
	    found->pw_name[0])
		snprintf(name, USER_NAME_SIZE, "%s", found->pw_name);
	else
		snprintf(name, USER_NAME_SIZE, "%u", uid);
	free(room);
}

/* Owners of processes. */

#define KNOWN_MAX      4096 /* then all are forgotten */
#define USERS_SIZE     64   /* places by uid, the newest stays */
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
	char command[OWNER_COMMAND_MAX];
	char parents[OWNER_PARENTS_MAX];
};

/* What /proc knows of the process, if it is still there and still the same. */
static void read_proc(struct processes *processes, const struct owner_process *process,
		      struct texts *texts, uint64_t now_ns)
{
	int fd = process_open(processes->proc_fd, process->pid);
	char comm[OWNER_COMM_SIZE];
	struct stat_line line;

	texts->exe[0] = '\0';
	texts->cgroup[0] = '\0';
	texts->command[0] = '\0';
	texts->parents[0] = '\0';
	snprintf(comm, sizeof(comm), "%.*s", OWNER_COMM_SIZE - 1, process->comm);
	snprintf(texts->name, sizeof(texts->name), "%s", comm);
	if (fd >= 0 && !read_stat(fd, &line) && stat_is(&line, process)) {
		process_cgroup(fd, texts->cgroup, sizeof(texts->cgroup));
		process_exe(fd, texts->exe, sizeof(texts->exe));
		process_full_name(fd, comm, texts->name, sizeof(texts->name));
		process_command(fd, texts->command, sizeof(texts->command));
		process_parents(processes->proc_fd, line, texts->parents, sizeof(texts->parents));
	}
	if (fd >= 0)
		close(fd);
	/* The kernel's limit is one of bytes. */
	if (strlen(texts->name) == COMM_LENGTH)
		utf8_trim(texts->name);
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
		.command = texts.command,
		.parents = texts.parents,
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
