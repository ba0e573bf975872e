#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# sudo scripts/run.sh [ARGS]: installs what the build needs, builds, and starts the program with
# ARGS: without any, the live view of the default interface.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need_root "watching an interface" "$*"
install_packages "${build_packages[@]}"
build_program
exec "$program" "$@"
