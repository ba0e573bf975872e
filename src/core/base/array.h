/* SPDX-License-Identifier: MIT */
/* Arrays of a size known to the compiler. */
#ifndef PKTSTAT_ARRAY_H
#define PKTSTAT_ARRAY_H

/* Elements of an array; for a pointer it does not compile. */
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]) + ARRAY_ASSERT(array))

/* 0. */
#define ARRAY_ASSERT(array)                                                             \
	(0 * sizeof(struct {                                                            \
		 _Static_assert(!__builtin_types_compatible_p(__typeof__(array),        \
							      __typeof__(&(array)[0])), \
				#array " is a pointer, not an array");                  \
		 int unused;                                                            \
	 }))

#endif
