#!/bin/bash
# SPDX-License-Identifier: MIT
# chroot.sh ROOT COMMAND...: runs it in that directory as root of a system, with proc, sys, dev and
# a BPF file system of its own that are gone when it ends.
set -eu
root=$(realpath "$1")
shift
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 TERM=dumb \
	DEBIAN_FRONTEND=noninteractive ${CI:+CI="$CI"} \
	unshare --mount --pid --fork --kill-child --propagation private bash -euc '
		root=$1
		shift
		mount -t proc proc "$root/proc"
		mount --rbind /sys "$root/sys"
		mount -t tmpfs run "$root/run"
		mount --rbind /dev "$root/dev"
		mount --bind /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
		exec chroot "$root" "$@"' - "$root" "$@"
