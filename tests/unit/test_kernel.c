/* SPDX-License-Identifier: MIT */
/* Which kernel this is, from what kernels say of themselves. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

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

/* What is kept by a CPU's number has a place for the highest, whatever is missing below. */
static void test_cpus(void **state)
{
	assert_int_equal(kernel_cpus_in("0\n"), 1);
	assert_int_equal(kernel_cpus_in("0-127\n"), 128);
	assert_int_equal(kernel_cpus_in("0-3,8-11\n"), 12);
	assert_int_equal(kernel_cpus_in("0,2"), 3);
	assert_int_equal(kernel_cpus_in(""), -EINVAL);
	assert_int_equal(kernel_cpus_in("\n"), -EINVAL);
	assert_int_equal(kernel_cpus_in("0-"), -EINVAL);
	assert_int_equal(kernel_cpus_in("all"), -EINVAL);
	assert_int_equal(kernel_cpus_in("0-99999999999999999999"), -EINVAL);
	assert_true(kernel_cpus() >= (int)sysconf(_SC_NPROCESSORS_ONLN));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_realtime),
		cmocka_unit_test(test_ticks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
