#!/bin/bash
# SPDX-License-Identifier: MIT
# Sourced by the tests of names and applications: servers on the far side, rows of the report.
. "$(dirname "${BASH_SOURCE[0]}")/../support/netns.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../support/servers.sh"

# row MEMBER=VALUE...: an outgoing row of the report has all of these.
row() {
	report_row "$MONITOR_NAME" dir=out "$@"
}

ended_well() {
	same "status" "$MONITOR_STATUS" 0
	same "standard error" "$(cat "$BED_DIR/$MONITOR_NAME.err")" ""
}
