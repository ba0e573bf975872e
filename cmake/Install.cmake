# SPDX-License-Identifier: MIT
# What `cmake --install` puts where; DESTDIR is obeyed.
set(PKTSTAT_ZSH_COMPLETIONS ${CMAKE_INSTALL_DATADIR}/zsh/site-functions
	CACHE STRING "Where zsh looks for completions; Debian: share/zsh/vendor-completions")
install(TARGETS pktstat-bpf RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(FILES man/pktstat-bpf.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
install(FILES completions/pktstat-bpf.bash
	DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
	RENAME pktstat-bpf)
install(FILES completions/_pktstat-bpf
	DESTINATION ${PKTSTAT_ZSH_COMPLETIONS})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
