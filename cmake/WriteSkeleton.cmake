# SPDX-License-Identifier: MIT
# Run by add_bpf_skeleton(): drops DWARF from RAW into OBJECT and writes the header SKELETON with
# `struct NAME`. The header is renamed into place, so that a broken run leaves no half of one.
function(run what)
	execute_process(COMMAND ${ARGN} RESULT_VARIABLE status ERROR_VARIABLE error)
	if(NOT status EQUAL 0)
		message(FATAL_ERROR "${what} failed (${status}): ${error}")
	endif()
endfunction()

run("bpftool gen object" ${BPFTOOL} gen object ${OBJECT} ${RAW})
run("bpftool gen skeleton" ${BPFTOOL} gen skeleton ${OBJECT} name ${NAME}
	OUTPUT_FILE ${SKELETON}.tmp)
# Generated code is not clang-tidy's to judge, whoever includes it.
file(READ ${SKELETON}.tmp text)
file(WRITE ${SKELETON}.tmp "/* NOLINTBEGIN */\n${text}/* NOLINTEND */\n")
file(RENAME ${SKELETON}.tmp ${SKELETON})
