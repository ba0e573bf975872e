/* SPDX-License-Identifier: MIT */
/*
 * The strictest confinement: for a process that computes on hostile bytes which are mapped already, and
 * talks over descriptors that are open already.
 */
#ifndef PKTSTAT_JAIL_H
#define PKTSTAT_JAIL_H

/* Memory that the process may have for its data, in bytes. */
#define JAIL_MEMORY (64UL << 20)

/*
 * Takes an empty network namespace where the process may. Apart from jail_enter(), which comes later,
 * because making one takes tens of milliseconds, in which the process may have to wait anyway.
 */
void jail_prepare(void);

/*
 * Confines the calling process, which has one thread: a user and group that no other process has, as
 * far as it may still take them, no capabilities, no new privileges, no files, processes or core dumps,
 * and of system calls those that wait, read, send and end. Any other call kills it. 0 or a negative
 * errno, also where the kernel cannot filter system calls: then it must end.
 */
int jail_enter(void);

#endif
