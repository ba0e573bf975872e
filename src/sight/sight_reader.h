/* SPDX-License-Identifier: MIT */
/*
 * The process that reads packets: it maps the ring of samples, inspects them, and sends findings over
 * a socket pair. Bytes of the network are parsed there and nowhere else. It is forked while the program
 * has one thread and nothing mapped that matters; if it dies, findings stop, and nothing else does. It
 * dies with the program, also when that is killed or the process is stopped.
 *
 * It takes at most a twentieth of a CPU, over a few seconds; then samples wait in the ring, and when
 * that is full the programs of the hook refuse them and count that.
 */
#ifndef PKTSTAT_SIGHT_READER_H
#define PKTSTAT_SIGHT_READER_H

#include <stdbool.h>

#include "sight_finding.h"

struct sight_reader;

/*
 * Starts the process, which calls `prepare` and waits for the ring. `confine` is called in it once that
 * is mapped and all memory allocated: it gives up everything else, 0 or a negative errno. Main thread,
 * before any other. 0 or a negative errno.
 */
int sight_reader_start(void (*prepare)(void), int (*confine)(void),
		       struct sight_reader **ret_reader);
/* Where the samples come from. */
enum sight_reader_from {
	READER_FROM_KERNEL, /* those of the programs at the hook: a map */
	READER_FROM_SOCKET, /* the program's own, of what it counts in user space: a shared ring */
	READER_FROM_FILE,   /* the same of a file, which waits for it: its CPU time is not limited */
};
/* Hands it the ring (sample.h), which stays the caller's. 0 or a negative errno. */
int sight_reader_give(struct sight_reader *reader, enum sight_reader_from from, int ring_fd);
/* Ends it, and frees; NULL is allowed. */
void sight_reader_stop(struct sight_reader *reader);

/* Tells it that samples have gathered in a shared ring. Any thread; never waits. */
void sight_reader_wake(struct sight_reader *reader);

/* The rest is for one thread. Becomes readable when there is something to hear. */
int sight_reader_fd(const struct sight_reader *reader);

enum sight_reader_news {
	READER_NOTHING, /* no more at present */
	READER_FINDING, /* a finding, checked */
	READER_REFUSED, /* one that could not be: it is left out */
	READER_SYNCED,	/* the answer to sight_reader_sync() */
	READER_ANSWERED, /* the answer to sight_reader_ping() */
	READER_OPEN,	/* the process could not be confined, so it reads nothing and ends */
	READER_DEAD,	/* the process has ended */
};

/* Takes the next message, without waiting. */
enum sight_reader_news sight_reader_hear(struct sight_reader *reader,
					 struct sight_finding *ret_finding);
/* True while findings of a message wait to be taken: then the descriptor says nothing of them. */
bool sight_reader_has_more(const struct sight_reader *reader);
/*
 * Asks it to read all that is in the ring now, and to say so: READER_SYNCED. 0; -EAGAIN: it has not taken
 * earlier messages, ask again when its descriptor is writable; another negative errno: it has ended.
 */
int sight_reader_sync(struct sight_reader *reader);
/* Asks it to answer, whatever there is to read: READER_ANSWERED. Returns the same. */
int sight_reader_ping(struct sight_reader *reader);

#endif
