# SPDX-License-Identifier: MIT
# pktstat_hardening: what makes a bug harder to use against the user, who is often root.
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

set(optimized $<CONFIG:Release,RelWithDebInfo,MinSizeRel>)
set(x86 $<STREQUAL:${CMAKE_SYSTEM_PROCESSOR},x86_64>)

add_library(pktstat_hardening INTERFACE)
# Ubuntu's compiler defines _FORTIFY_SOURCE by itself, hence -U first.
target_compile_options(pktstat_hardening INTERFACE
	-fstack-protector-strong
	-fstack-clash-protection
	$<${x86}:-fcf-protection>
	$<${optimized}:-U_FORTIFY_SOURCE>
	$<${optimized}:-D_FORTIFY_SOURCE=2>)
target_link_options(pktstat_hardening INTERFACE
	-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed)
