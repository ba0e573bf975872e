#!/bin/bash
# SPDX-License-Identifier: MIT
# copy.sh DIRECTORY: the sources, as a clean clone would have them and with what is not committed
# yet, in DIRECTORY.
set -eu
mkdir -p "$1"
set -- "$(realpath "$1")"
cd "$(dirname "$0")/../.."
if [ -e .git ]; then
	git -c safe.directory="$PWD" ls-files -z --cached --others --exclude-standard
else
	find . \( -path ./build -o -path './build-*' \) -prune -o -type f -print0
fi | while IFS= read -rd '' file; do
	[ ! -e "$file" ] || printf '%s\0' "$file"
done | tar -c --null -T - | tar -x -C "$1"
