# SPDX-License-Identifier: MIT
# pktstat_warnings: what every C file of ours is compiled with. Texts are cut on purpose where they
# find no room, and formats are chosen from tables, so those two are not warned of; nor, by clang, is
# a table's row that leaves out last members which are 0 (gcc sees that it is a designated one).
option(PKTSTAT_WERROR "Treat warnings as errors" OFF)

add_library(pktstat_warnings INTERFACE)
target_compile_options(pktstat_warnings INTERFACE
	-Wall
	-Wextra
	-Wshadow
	-Wvla
	-Wundef
	-Wpointer-arith
	-Wwrite-strings
	-Wformat=2
	-Wno-format-nonliteral
	$<$<C_COMPILER_ID:GNU>:-Wno-format-truncation>
	$<$<C_COMPILER_ID:Clang>:-Wno-missing-field-initializers>
	-Wimplicit-fallthrough
	-Wstrict-prototypes
	-Wmissing-prototypes
	-Wold-style-definition
	$<$<BOOL:${PKTSTAT_WERROR}>:-Werror>)
