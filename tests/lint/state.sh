#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# state.sh LIBRARY...: no object has a variable of file scope that can change, but those of the
# files named here: the log sink, and the terminal that a crash handler must find.
set -euo pipefail
allowed='log\.c\.o|screen\.c\.o|restore\.c\.o'

found=$(objdump -t "$@" | awk '
	/^[^ ]+\.o: / { object = $1; sub(/:$/, "", object) }
	# "address flags section size name"; flag O: an object. Relocated constants are constants.
	/ O (\.data|\.bss|\.tdata|\.tbss|\*COM\*)/ && !/ O \.data\.rel\.ro/ {
		print object " " $NF
	}' | grep -vE "^($allowed) " || true)
[ -z "$found" ] && exit 0
echo "mutable state at file scope:"
echo "$found"
exit 1
