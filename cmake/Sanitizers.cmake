# SPDX-License-Identifier: MIT
# pktstat_sanitizers: PKTSTAT_SANITIZE names what the presets asan and tsan switch on.
set(PKTSTAT_SANITIZE "" CACHE STRING "Sanitizers, comma separated: address,undefined or thread")

add_library(pktstat_sanitizers INTERFACE)
if(PKTSTAT_SANITIZE)
	target_compile_options(pktstat_sanitizers INTERFACE
		-fsanitize=${PKTSTAT_SANITIZE}
		-fno-sanitize-recover=all
		-fno-omit-frame-pointer)
	target_link_options(pktstat_sanitizers INTERFACE -fsanitize=${PKTSTAT_SANITIZE})
endif()
