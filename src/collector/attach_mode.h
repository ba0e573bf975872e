/* SPDX-License-Identifier: MIT */
/* How programs are attached, as a name: for those who choose it without attaching anything. */
#ifndef PKTSTAT_ATTACH_MODE_H
#define PKTSTAT_ATTACH_MODE_H

enum attach_mode {
	ATTACH_AUTO, /* TCX where there is one, else clsact, else a packet socket */
	ATTACH_TCX,
	ATTACH_CLSACT,
	ATTACH_SOCKET, /* no programs: src/capture/ */
	ATTACH_MODES,
};

/* "auto", "tcx", "clsact", "socket". */
const char *attach_mode_name(enum attach_mode mode);

#endif
