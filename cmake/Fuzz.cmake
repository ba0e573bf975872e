# SPDX-License-Identifier: MIT
# add_fuzz_test(name SOURCES file... [CORPUS dir] [INCLUDES dir...] [LIBS lib...]
#               [MAX_LEN n] [SECONDS n])
#
# A libFuzzer target with address and undefined sanitizers, a short run of it as a test and a run ten
# times as long for the long part. Built
# by clang whatever compiles the rest; where clang has no fuzzer runtime the test says so and skips.
# All of the core can be used: it is compiled once more, for all targets. tests/fuzz/long.sh runs
# what is built here for longer. MAX_LEN is the longest input that the target takes; none is longer.

set(PKTSTAT_FUZZ_FLAGS -std=gnu11 -O2 -g -fno-omit-frame-pointer -D_GNU_SOURCE= -DXXH_INLINE_ALL
	-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all)
set(PKTSTAT_FUZZ_ROOMS base model query report)

function(fuzz_available ret_available)
	if(NOT DEFINED CACHE{PKTSTAT_FUZZ_AVAILABLE})
		set(probe ${PROJECT_BINARY_DIR}/CMakeFiles/fuzz_probe.c)
		file(WRITE ${probe} "int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n)\n"
			"{ return d && n > 1 ? 0 : 0; }\n")
		execute_process(
			COMMAND ${BPF_CLANG} -fsanitize=fuzzer,address,undefined ${probe} -o ${probe}.out
			RESULT_VARIABLE status OUTPUT_QUIET ERROR_QUIET)
		string(COMPARE EQUAL "${status}" "0" available)
		set(PKTSTAT_FUZZ_AVAILABLE ${available} CACHE INTERNAL "clang has its fuzzer runtime")
	endif()
	set(${ret_available} ${PKTSTAT_FUZZ_AVAILABLE} PARENT_SCOPE)
endfunction()

# fuzz_compile(PREFIX prefix SOURCES file... INCLUDES dir... RESULT variable): PREFIX.STEM.o of each.
function(fuzz_compile)
	cmake_parse_arguments(PARSE_ARGV 0 arg "" "PREFIX;RESULT" "SOURCES;INCLUDES")
	list(TRANSFORM arg_INCLUDES PREPEND -I)
	list(TRANSFORM PKTSTAT_FUZZ_ROOMS PREPEND -I${PROJECT_SOURCE_DIR}/src/core/
		OUTPUT_VARIABLE core_includes)
	set(objects)
	foreach(source IN LISTS arg_SOURCES)
		cmake_path(ABSOLUTE_PATH source NORMALIZE)
		cmake_path(GET source STEM stem)
		set(object ${arg_PREFIX}.${stem}.o)
		add_custom_command(
			OUTPUT ${object}
			COMMAND ${BPF_CLANG} ${PKTSTAT_FUZZ_FLAGS}
				-I${PROJECT_SOURCE_DIR}/bpf ${core_includes}
				-I${PROJECT_SOURCE_DIR}/tests/support ${arg_INCLUDES}
				-MD -MT ${object} -MF ${object}.d -c ${source} -o ${object}
			DEPENDS ${source}
			DEPFILE ${object}.d
			COMMENT "Compiling ${stem} for fuzzing"
			VERBATIM)
		list(APPEND objects ${object})
	endforeach()
	set(${arg_RESULT} ${objects} PARENT_SCOPE)
endfunction()

# The archive of the core, made by the first target that asks for it.
function(fuzz_core ret_archive)
	set(archive ${CMAKE_CURRENT_BINARY_DIR}/libfuzz_core.a)
	set(${ret_archive} ${archive} PARENT_SCOPE)
	if(TARGET fuzz_core)
		return()
	endif()
	set(all)
	foreach(room IN LISTS PKTSTAT_FUZZ_ROOMS)
		get_target_property(sources ${room} SOURCES)
		get_target_property(directory ${room} SOURCE_DIR)
		list(TRANSFORM sources PREPEND ${directory}/)
		list(APPEND all ${sources})
	endforeach()
	fuzz_compile(PREFIX ${CMAKE_CURRENT_BINARY_DIR}/core SOURCES ${all} RESULT objects)
	add_custom_command(
		OUTPUT ${archive}
		COMMAND ${CMAKE_COMMAND} -E rm -f ${archive}
		COMMAND ${CMAKE_AR} rcs ${archive} ${objects}
		DEPENDS ${objects}
		COMMENT "Archiving the core for fuzzing"
		VERBATIM)
	add_custom_target(fuzz_core DEPENDS ${archive})
endfunction()

function(add_fuzz_test name)
	if(PKTSTAT_TEST_LABELS AND NOT "fuzz" IN_LIST PKTSTAT_TEST_LABELS)
		return()
	endif()
	cmake_parse_arguments(PARSE_ARGV 1 arg "" "CORPUS;MAX_LEN;SECONDS" "SOURCES;INCLUDES;LIBS")
	if(NOT arg_SECONDS)
		set(arg_SECONDS 3)
	endif()
	if(NOT arg_MAX_LEN)
		set(arg_MAX_LEN 4096)
	endif()
	fuzz_available(available)
	if(NOT available)
		pktstat_register_test(${name} LABEL fuzz TIMEOUT 60 COMMAND sh -c
			"echo 'clang has no fuzzer runtime (Debian: libclang-rt-14-dev)'; exit 77")
		return()
	endif()

	set(program ${CMAKE_CURRENT_BINARY_DIR}/${name})
	set(corpus ${CMAKE_CURRENT_BINARY_DIR}/${name}.corpus)
	file(MAKE_DIRECTORY ${corpus})
	file(WRITE ${program}.max_len "${arg_MAX_LEN}\n") # for long.sh
	fuzz_core(archive)
	fuzz_compile(PREFIX ${program} SOURCES ${arg_SOURCES} INCLUDES ${arg_INCLUDES} RESULT objects)
	add_custom_command(
		OUTPUT ${program}
		COMMAND ${BPF_CLANG} ${PKTSTAT_FUZZ_FLAGS} ${objects} ${archive} -o ${program}
			${arg_LIBS} -ljansson -lm -lpthread
		DEPENDS ${objects} ${archive}
		COMMENT "Linking fuzz target ${name}"
		VERBATIM)
	add_custom_target(${name}_build ALL DEPENDS ${program})
	add_dependencies(${name}_build fuzz_core)
	# New inputs go to the first directory, which is the build's; the kept corpus is only read.
	math(EXPR long_seconds "${arg_SECONDS} * 10")
	fuzz_run(${name} FALSE ${arg_SECONDS})
	fuzz_run(${name}_long TRUE ${long_seconds})
endfunction()

# One run of the target as a test; uses the variables of add_fuzz_test().
macro(fuzz_run test long seconds)
	pktstat_register_test(${test} LABEL fuzz LONG ${long} TIMEOUT 1800
		# A find must not look like a skip: the fuzzer's own status for it is 77.
		COMMAND ${program} -error_exitcode=1 -max_total_time=${seconds} -timeout=60
			-max_len=${arg_MAX_LEN} -print_final_stats=1
			${corpus} ${arg_CORPUS})
	# Finds are written to the working directory.
	pktstat_test_properties(${test} WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
endmacro()
