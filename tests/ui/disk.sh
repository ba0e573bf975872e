#!/bin/bash
# SPDX-License-Identifier: MIT
# The program itself on a full disk: w and W say so, and no part of a file stays behind.
. "$(dirname "$0")/tmux.sh"

[ "$(id -u)" -eq 0 ] || skip "needs root for a file system of its own"
unshare -m true 2>/dev/null || skip "no mount namespaces"
scratch=$(mktemp -d)
trap 'cleanup; rm -rf "$scratch"' EXIT
mkdir "$scratch/disk"
"$PKTSTAT_TOOLS/make_captures" --pcap "$scratch/some.pcap" || fail "cannot write the capture"

open_shell 120 30
type_line "exec unshare -m env PS1='disk> ' bash --norc --noediting -i"
expect '^disk>'
type_line "mount -t tmpfs -o size=32k tmpfs $scratch/disk && export HOME=$scratch/disk; unset XDG_STATE_HOME XDG_CONFIG_HOME"
type_line "clear; $PKTSTAT_BPF --read $scratch/some.pcap --speed max"
expect 'end of the capture'
# As JSON the rows take more than the disk has; what was written of it goes away again.
keys w; expect '^ +j +JSON'; keys j; expect 'not written .No space left'
keys w; expect '^ +j +JSON'; keys j; expect 'not written .No space left'
keys Q
expect '^disk>'
type_line "clear; find $scratch/disk -type f | wc -l | sed 's/^/files: /'"
expect '^files: 0$'
type_line "head -c 40000 /dev/zero >$scratch/disk/rest; clear; $PKTSTAT_BPF --read $scratch/some.pcap --speed max"
expect 'end of the capture'
keys W; expect 'settings not saved .No space left'
keys Q
expect '^disk>'
echo "ok a full disk"
