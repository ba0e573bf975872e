# SPDX-License-Identifier: MIT
# pktstat_common: everything our own targets share. Link it PRIVATE.
add_library(pktstat_common INTERFACE)
target_compile_definitions(pktstat_common INTERFACE _GNU_SOURCE=)
# Two builds in different directories give the same bytes. The last one that matches counts.
target_compile_options(pktstat_common INTERFACE
	-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=
	-ffile-prefix-map=${PROJECT_BINARY_DIR}/=)
target_link_libraries(pktstat_common INTERFACE
	pktstat_warnings
	pktstat_hardening
	pktstat_sanitizers)
