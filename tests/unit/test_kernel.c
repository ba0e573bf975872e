/* SPDX-License-Identifier: MIT */
/* Which kernel this is, from what kernels say of themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "programs.h"

static void test_realtime(void **state)
{
	const char *plain = "#1 SMP PREEMPT_DYNAMIC Debian 6.1.1-1 (2026-01-01)",
		   *rt = "#1 SMP PREEMPT_RT Debian 6.1.1-1 (2026-01-01)";

	assert_false(kernel_says_realtime(NULL, plain));
	assert_false(kernel_says_realtime("0\n", plain));
	assert_false(kernel_says_realtime("", plain));
	assert_true(kernel_says_realtime("1\n", plain));
	assert_true(kernel_says_realtime(NULL, rt));
	assert_true(kernel_says_realtime("0\n", rt));
}

/* Kernels are built with 100 to 1,000 jiffies a second. */
static void test_ticks(void **state)
{
	uint64_t second = kernel_ticks(1);

	assert_in_range(second, 100, 1000);
	assert_int_equal(kernel_ticks(60), 60 * second);
	assert_int_equal(kernel_ticks(0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_realtime),
		cmocka_unit_test(test_ticks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
