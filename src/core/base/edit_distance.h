/* SPDX-License-Identifier: MIT */
/* How far a mistyped word is from one that is known. Pure; any thread. */
#ifndef PKTSTAT_EDIT_DISTANCE_H
#define PKTSTAT_EDIT_DISTANCE_H

#include <stddef.h>

/* Longest word that is compared. */
#define EDIT_DISTANCE_MAX 32

/*
 * Insertions, deletions, changes and swaps of neighbours that make `a` of `b`, in any case of
 * letters; EDIT_DISTANCE_MAX for words longer than that. (Optimal string alignment distance.)
 */
size_t edit_distance(const char *a, const char *b);

#endif
