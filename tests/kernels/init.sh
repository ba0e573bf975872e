#!/bin/busybox sh
# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# First process of the initramfs: what a kernel needs before programs run, the tests, power off.
# The kernel's command line says in `result` which terminal takes the results.
/bin/busybox --install -s /bin 2>/dev/null
export PATH=/bin HOME=/tmp
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t cgroup2 cgroup /sys/fs/cgroup
mount -t devtmpfs dev /dev
mkdir /dev/pts && mount -t devpts pts /dev/pts
mount -t tmpfs tmp /tmp
mount -t tmpfs run /run
ln -s /proc/self/fd /dev/fd
for module in /modules/*.ko; do
	[ ! -e "$module" ] || insmod "$module"
done
ip link set lo up
bash /test/tests/kernels/guest.sh 9>"/dev/${result:-ttyS1}"
sync
poweroff -f
