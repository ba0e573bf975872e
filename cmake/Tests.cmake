# SPDX-License-Identifier: MIT
# How tests are registered. tests/README.md says what the labels mean and how to run them.
#
# pktstat_test_program(name LABEL label SOURCES file... [LIBRARIES target...] [TIMEOUT s]
#                      [ARGS ...] [LONG])
#   A C test with cmocka.
# pktstat_test_script(name LABEL label COMMAND file arg... [TIMEOUT s] [LONG])
#   Any other command.
# LONG: only in the long run of scripts/test.sh; such a test has the label `long` as well, one of a
# sanitized build `sanitized`.
# TIMEOUT only ends a test that hangs: it is far above what a loaded machine needs.
# pktstat_test_tool(name SOURCES file... [LIBRARIES target...])
#   A program that tests start; it stands in build/PRESET/tests/tools.
#
# A sanitized build puts "asan." or "tsan." before the names, so that one run of ctest can hold
# both; pktstat_test_properties() takes the name without it.
#
# Every test finds in its environment: PKTSTAT_BPF (the program), PKTSTAT_SOURCE_DIR,
# PKTSTAT_BINARY_DIR and PKTSTAT_TOOLS (directory of the tools).

set(PKTSTAT_TEST_LABELS "" CACHE STRING "Labels of the tests to register; empty: all")

set(PKTSTAT_TEST_PREFIX "")
if(PKTSTAT_SANITIZE MATCHES "address")
	set(PKTSTAT_TEST_PREFIX asan.)
elseif(PKTSTAT_SANITIZE MATCHES "thread")
	set(PKTSTAT_TEST_PREFIX tsan.)
endif()
set(PKTSTAT_TOOLS ${PROJECT_BINARY_DIR}/tests/tools)

# A cmocka test has a state argument whether it needs one or not. Behind pktstat_common, because for
# clang the last option counts. cmocka 2 deprecates macros, and cmocka 1 lacks their successors.
add_library(pktstat_test_warnings INTERFACE)
target_compile_options(pktstat_test_warnings INTERFACE
	-Wno-unused-parameter
	-Wno-deprecated-declarations)

add_library(pktstat_test_common INTERFACE)
target_link_libraries(pktstat_test_common INTERFACE
	pktstat_common pktstat_test_warnings Threads::Threads)
target_include_directories(pktstat_test_common INTERFACE
	${PROJECT_SOURCE_DIR}/bpf
	${PROJECT_SOURCE_DIR}/tests/support)

# pktstat_test_properties(name property value...)
function(pktstat_test_properties name)
	if(TEST ${PKTSTAT_TEST_PREFIX}${name})
		set_tests_properties(${PKTSTAT_TEST_PREFIX}${name} PROPERTIES ${ARGN})
	endif()
endfunction()

# pktstat_register_test(name LABEL label TIMEOUT s [LONG boolean] COMMAND ...)
function(pktstat_register_test name)
	cmake_parse_arguments(PARSE_ARGV 1 arg "" "LABEL;TIMEOUT;LONG" "COMMAND")
	if(PKTSTAT_TEST_LABELS AND NOT arg_LABEL IN_LIST PKTSTAT_TEST_LABELS)
		return()
	endif()
	set(environment
		PKTSTAT_BPF=$<TARGET_FILE:pktstat-bpf>
		PKTSTAT_SOURCE_DIR=${PROJECT_SOURCE_DIR}
		PKTSTAT_BINARY_DIR=${PROJECT_BINARY_DIR}
		PKTSTAT_TOOLS=${PKTSTAT_TOOLS})
	if(PKTSTAT_SANITIZE OR CMAKE_CROSSCOMPILING_EMULATOR)
		math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * 3")
	endif()
	if(PKTSTAT_SANITIZE)
		list(APPEND environment
			ASAN_OPTIONS=abort_on_error=1:detect_stack_use_after_return=1
			UBSAN_OPTIONS=print_stacktrace=1
			TSAN_OPTIONS=halt_on_error=1)
	endif()
	set(labels ${arg_LABEL})
	if(arg_LONG)
		list(APPEND labels long)
	endif()
	if(PKTSTAT_SANITIZE)
		list(APPEND labels sanitized)
	endif()
	# no_skip.sh makes a skip of these a failure where CI=true promises that they can run.
	set(wrapper)
	if(arg_LABEL MATCHES "^(bpf|e2e)$")
		set(wrapper ${PROJECT_SOURCE_DIR}/tests/support/no_skip.sh)
	endif()

	add_test(NAME ${PKTSTAT_TEST_PREFIX}${name} COMMAND ${wrapper} ${arg_COMMAND})
	set_tests_properties(${PKTSTAT_TEST_PREFIX}${name} PROPERTIES
		LABELS "${labels}"
		TIMEOUT ${arg_TIMEOUT}
		SKIP_RETURN_CODE 77
		ENVIRONMENT "${environment}")
endfunction()

function(pktstat_test_program name)
	cmake_parse_arguments(PARSE_ARGV 1 arg "LONG" "LABEL;TIMEOUT" "SOURCES;LIBRARIES;ARGS")
	if(NOT arg_TIMEOUT)
		set(arg_TIMEOUT 600)
	endif()
	add_executable(${name} ${arg_SOURCES})
	target_link_libraries(${name} PRIVATE pktstat_test_common ${arg_LIBRARIES} PkgConfig::CMOCKA)
	pktstat_register_test(${name} LABEL ${arg_LABEL} TIMEOUT ${arg_TIMEOUT} LONG ${arg_LONG}
		COMMAND ${CMAKE_CROSSCOMPILING_EMULATOR} $<TARGET_FILE:${name}> ${arg_ARGS})
endfunction()

function(pktstat_test_script name)
	cmake_parse_arguments(PARSE_ARGV 1 arg "LONG" "LABEL;TIMEOUT" "COMMAND")
	if(NOT arg_TIMEOUT)
		set(arg_TIMEOUT 900)
	endif()
	list(POP_FRONT arg_COMMAND script)
	cmake_path(ABSOLUTE_PATH script BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
	pktstat_register_test(${name} LABEL ${arg_LABEL} TIMEOUT ${arg_TIMEOUT} LONG ${arg_LONG}
		COMMAND ${script} ${arg_COMMAND})
endfunction()

function(pktstat_test_tool name)
	cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBRARIES")
	add_executable(${name} ${arg_SOURCES})
	target_link_libraries(${name} PRIVATE pktstat_test_common ${arg_LIBRARIES})
	set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PKTSTAT_TOOLS})
endfunction()
