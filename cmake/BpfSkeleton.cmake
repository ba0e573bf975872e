# SPDX-License-Identifier: MIT
# add_bpf_skeleton(target source [INCLUDES dir...])
#
# Compiles a BPF program NAME.bpf.c and makes `target`, an INTERFACE library that brings the header
# "NAME.skel.h" (struct NAME_bpf) and libbpf. It needs no /sys/kernel/btf, so it builds anywhere.

find_program(BPF_CLANG NAMES clang clang-19 clang-18 clang-17 clang-16 clang-15 clang-14
	DOC "clang that compiles BPF programs" REQUIRED)

# Ubuntu's /usr/sbin/bpftool only forwards to a tool of the running kernel, which a container or
# another kernel does not have; any of the real ones does.
function(bpftool_works ret_works candidate)
	execute_process(COMMAND ${candidate} version OUTPUT_QUIET ERROR_QUIET RESULT_VARIABLE status)
	if(NOT status EQUAL 0)
		set(${ret_works} FALSE PARENT_SCOPE)
	endif()
endfunction()
file(GLOB bpftool_kernel_dirs LIST_DIRECTORIES true /usr/lib/linux-tools/*)
find_program(BPFTOOL NAMES bpftool
	PATHS /usr/sbin /usr/local/sbin /sbin ${bpftool_kernel_dirs}
	VALIDATOR bpftool_works
	DOC "bpftool that writes skeletons" REQUIRED)

# The name the kernel's tracing headers give the machine.
function(bpf_machine ret_machine)
	set(machine ${CMAKE_SYSTEM_PROCESSOR})
	if(machine MATCHES "^(x86_64|AMD64|i[3-6]86)$")
		set(machine x86)
	elseif(machine MATCHES "^(aarch64|arm64)$")
		set(machine arm64)
	elseif(machine MATCHES "^arm")
		set(machine arm)
	elseif(machine MATCHES "^s390")
		set(machine s390)
	elseif(machine MATCHES "^(ppc|powerpc)")
		set(machine powerpc)
	elseif(machine MATCHES "^riscv")
		set(machine riscv)
	elseif(machine MATCHES "^loongarch")
		set(machine loongarch)
	elseif(machine MATCHES "^mips")
		set(machine mips)
	endif()
	set(${ret_machine} ${machine} PARENT_SCOPE)
endfunction()

# <asm/types.h> stands in the multiarch directory, which clang does not search for target bpf.
function(bpf_system_includes ret_options)
	set(options)
	foreach(directory IN LISTS CMAKE_C_IMPLICIT_INCLUDE_DIRECTORIES)
		if(directory MATCHES "/include/[^/]+-linux-[^/]+$")
			list(APPEND options -idirafter ${directory})
		endif()
	endforeach()
	set(${ret_options} ${options} PARENT_SCOPE)
endfunction()

function(add_bpf_skeleton target source)
	cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "INCLUDES")
	cmake_path(ABSOLUTE_PATH source NORMALIZE)
	cmake_path(GET source FILENAME name)
	string(REGEX REPLACE "\\.bpf\\.c$" "" name ${name})
	set(directory ${CMAKE_CURRENT_BINARY_DIR}/${target}.dir)
	file(MAKE_DIRECTORY ${directory})
	set(raw ${directory}/${name}.raw.o)
	set(object ${directory}/${name}.bpf.o)
	set(skeleton ${directory}/${name}.skel.h)

	bpf_machine(machine)
	bpf_system_includes(system_includes)
	set(endian $<IF:$<STREQUAL:${CMAKE_C_BYTE_ORDER},BIG_ENDIAN>,bpfeb,bpfel>)
	set(includes ${PROJECT_SOURCE_DIR}/bpf ${arg_INCLUDES} ${LIBBPF_INCLUDE_DIRS})
	list(TRANSFORM includes PREPEND -I)

	add_custom_command(
		OUTPUT ${raw}
		COMMAND ${BPF_CLANG} -target ${endian} -D__TARGET_ARCH_${machine}
			-std=gnu11 -O2 -g -Wall -Wextra -Wno-unused-parameter -Wno-address-of-packed-member
			$<$<BOOL:${PKTSTAT_WERROR}>:-Werror>
			-fno-stack-protector
			${includes} ${system_includes}
			-ffile-prefix-map=${PROJECT_SOURCE_DIR}/= -fdebug-compilation-dir=.
			-MD -MT ${raw} -MF ${raw}.d
			-c ${source} -o ${raw}
		DEPENDS ${source}
		DEPFILE ${raw}.d
		COMMENT "Compiling BPF program ${name}"
		COMMAND_EXPAND_LISTS
		VERBATIM)
	add_custom_command(
		OUTPUT ${skeleton}
		COMMAND ${CMAKE_COMMAND} -D BPFTOOL=${BPFTOOL} -D RAW=${raw} -D OBJECT=${object}
			-D SKELETON=${skeleton} -D NAME=${name}_bpf
			-P ${PROJECT_SOURCE_DIR}/cmake/WriteSkeleton.cmake
		BYPRODUCTS ${object}
		DEPENDS ${raw} ${PROJECT_SOURCE_DIR}/cmake/WriteSkeleton.cmake
		COMMENT "Writing skeleton ${name}.skel.h"
		VERBATIM)

	add_custom_target(${target}_files DEPENDS ${skeleton})
	add_library(${target} INTERFACE)
	add_dependencies(${target} ${target}_files)
	target_include_directories(${target} SYSTEM INTERFACE ${directory})
	target_link_libraries(${target} INTERFACE PkgConfig::LIBBPF)
	set_target_properties(${target} PROPERTIES BPF_OBJECT ${object})
endfunction()
