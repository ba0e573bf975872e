/* SPDX-License-Identifier: MIT */
/*
 * Who is behind flows: an append-only table of owners. One writer (the thread that looks owners
 * up); readers of any thread look only at ids that they found in a flow, so they need no lock. A
 * flow's own id stands in its flow table entry (snapshot.h) and in the ledger; it says who the
 * flow belongs to and is no part of what is counted, so every sum is the same with and without.
 */
#ifndef PKTSTAT_OWNER_H
#define PKTSTAT_OWNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Ids that are not a process. Real owners have the ids after them. */
enum owner_id {
	OWNER_UNKNOWN = 0,   /* shown as "-" */
	OWNER_KERNEL = 1,    /* the kernel itself answers or sends: ARP, neighbour discovery, ... */
	OWNER_FORWARDED = 2, /* neither end is an address of this host or of a namespace on it */
	OWNER_FIRST = 3,
};

/* Room for the longest comm, user or unit that is kept, made safe to print, its end included. */
#define OWNER_TEXT_MAX 128

/* Most owners; further ones are OWNER_UNKNOWN and counted as such. */
#define OWNERS_MAX (1U << 18)

/* A process as it was when it was seen with a socket. Texts are untrusted, never NULL. */
struct owner {
	uint32_t pid; /* thread group id, in the pid namespace of this program */
	uint32_t uid;
	uint64_t start_ns;  /* CLOCK_BOOTTIME; with the pid it names the process, reused or not */
	const char *comm;   /* full name where /proc gives it, else the kernel's 15 bytes */
	const char *exe;    /* path of the executable, "" not known; see process_exe() */
	const char *user;   /* name of uid, or the number as text */
	const char *cgroup; /* cgroup v2 path ("/system.slice/ssh.service"), "" not known */
	const char *unit;   /* short name of unit or container, "" none; see owner_unit() */
	bool own;	    /* this program itself: its name queries */
	/* For people alone, as when it was first seen; "" not known. Two owners do not differ by these. */
	const char *command; /* its arguments, a blank between each two */
	const char *parents; /* names and pids from its parent on: "bash 812 < sshd 790" */
};

/* Room for the two, the end included. */
#define OWNER_COMMAND_MAX 384
#define OWNER_PARENTS_MAX 256

/* A cgroup's path, starting at its container or pod; "" outside of them. Part of `cgroup`. */
const char *owner_container_path(const char *cgroup);

struct owner_table;

/* An empty table; 0 or -ENOMEM. */
int owner_table_new(struct owner_table **ret_table);
void owner_table_free(struct owner_table *table);

/*
 * Writer only. The id of an owner that is equal in all members but command and parents, added if need
 * be; the table copies the texts, each different text once, and of these two (which may be NULL) 8 MB at
 * most: later ones are "". 0, -ENOMEM, or -ENOSPC at OWNERS_MAX.
 */
int owner_table_add(struct owner_table *table, const struct owner *owner, uint32_t *ret_id);

/*
 * The owner with that id; the three that are not processes have the comm "-", "kernel" or
 * "forwarded", the pid 0, and "" as their other texts. Owned by the table; valid until it is
 * freed. NULL as table: everything is OWNER_UNKNOWN.
 */
const struct owner *owner_table_get(const struct owner_table *table, uint32_t id);

/* True for ids that are a process. */
static inline bool owner_is_process(uint32_t id)
{
	return id >= OWNER_FIRST;
}

/*
 * Changes whenever owners of flows that were published before have become known: what was drawn
 * with another version is to be drawn again. touch is the writer's.
 */
uint64_t owner_table_version(const struct owner_table *table);
void owner_table_touch(struct owner_table *table);

/*
 * Why no process can be named here, a sentence's end ("without /proc ..."); NULL: they can. Static
 * storage. Set by the writer, read by any thread.
 */
void owner_table_set_note(struct owner_table *table, const char *note);
const char *owner_table_note(const struct owner_table *table);

/* The part of an owner by which a view groups. */
enum owner_part {
	OWNER_PROCESS,	 /* pid, start and comm: another program is another row */
	OWNER_CONTAINER, /* unit */
	OWNER_USER,	 /* uid */
	OWNER_PARTS,
};

/*
 * The id that stands for all owners with the same part: that of the first of them. The three ids
 * that are no process stand for themselves, and so does, for containers, one without a unit (then
 * OWNER_UNKNOWN).
 */
uint32_t owner_table_representative(const struct owner_table *table, uint32_t id,
				    enum owner_part part);

/*
 * Its name in such a view, raw: comm, unit or user; "kernel" or "forwarded" for the two that are
 * no process but known; "" not known. Owned by the table.
 */
const char *owner_table_name(const struct owner_table *table, uint32_t id, enum owner_part part);

/* Number of owners; bytes of memory held. Any thread. */
uint32_t owner_table_count(const struct owner_table *table);
size_t owner_table_bytes(const struct owner_table *table);

/*
 * Short name of a cgroup path: the container's id (first 12 characters) for docker, podman,
 * containerd, CRI-O and LXC, "pod " and the pod's uid (first 8) for Kubernetes without a container,
 * else the innermost systemd unit ("ssh.service", "session-3.scope"), else the last component;
 * "" for "/" and "". Writes at most `size` bytes with the end; returns `text`. Pure.
 */
char *owner_unit(const char *cgroup, char *text, size_t size);

#endif
