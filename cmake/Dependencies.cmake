# SPDX-License-Identifier: MIT
# The libraries, as imported targets. The package names for Debian stand in scripts/lib.sh.
find_package(PkgConfig REQUIRED)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

pkg_check_modules(LIBBPF REQUIRED IMPORTED_TARGET libbpf>=1.1)
pkg_check_modules(LIBELF REQUIRED IMPORTED_TARGET libelf)
pkg_check_modules(NCURSESW REQUIRED IMPORTED_TARGET ncursesw)
pkg_check_modules(CAPNG REQUIRED IMPORTED_TARGET libcap-ng)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp>=2.5)
pkg_check_modules(NETTLE REQUIRED IMPORTED_TARGET nettle>=3.6)
pkg_check_modules(PSL REQUIRED IMPORTED_TARGET libpsl>=0.20)
pkg_check_modules(PCAP REQUIRED IMPORTED_TARGET libpcap>=1.9)
pkg_check_modules(MICROHTTPD REQUIRED IMPORTED_TARGET libmicrohttpd>=0.9.71)
pkg_check_modules(CARES REQUIRED IMPORTED_TARGET libcares>=1.16)

# xxHash is inlined into the hash table that uses it: its header is needed, its library is not.
pkg_check_modules(XXHASH REQUIRED libxxhash>=0.8)
add_library(xxhash_inline INTERFACE)
target_include_directories(xxhash_inline SYSTEM INTERFACE ${XXHASH_INCLUDE_DIRS})
target_compile_definitions(xxhash_inline INTERFACE XXH_INLINE_ALL)

if(BUILD_TESTING)
	pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
	pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson>=2.13)
endif()
