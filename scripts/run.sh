#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# sudo scripts/run.sh [ARGS]: installs what the build needs, builds, and starts the program with
# ARGS: without any, the live view of the default interface. With --read FILE it needs no root.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# A capture file needs no privileges.
[[ " $* " == *" --read"* ]] || need_root "watching an interface" "$*"
install_packages "${build_packages[@]}"
build_program
exec "$program" "$@"
