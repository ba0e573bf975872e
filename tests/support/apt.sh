# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Debian packages of another suite or architecture, from the mirror that the system's own apt uses,
# through an apt configuration in a directory of its own: the system's lists, cache, sources and
# architectures stay as they are. Sourced, never run.

apt_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# Prints the Debian mirror that the system's apt uses.
apt_mirror() {
	apt-get indextargets 'Created-By: Packages' --format '$(LABEL) $(REPO_URI)' |
		sed -n 's/^Debian //p' | head -n 1
}

# apt_private DIRECTORY ARCHITECTURE COMMAND ARG...: apt-get or apt-cache with the configuration
# that stands in DIRECTORY.
apt_private() {
	local apt=$1 architecture=$2 command=$3
	shift 3
	"$command" -q -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
		-o Dir::State="$apt/state" -o Dir::State::status="$apt/status" \
		-o Dir::Cache="$apt/cache" -o Dir::Log="$apt/log" -o APT::Architecture="$architecture" \
		-o APT::Architectures="$architecture" -o APT::Sandbox::User=root \
		-o APT::Update::Post-Invoke-Success= -o DPkg::Pre-Install-Pkgs= \
		-o Acquire::Languages=none "$@"
}

# apt_set_up DIRECTORY SUITE ARCHITECTURE: makes the configuration and reads the package lists.
# On failure prints why.
apt_set_up() {
	local apt=$1 mirror
	mirror=$(apt_mirror)
	[ -n "$mirror" ] || { echo "the system's apt knows no Debian mirror"; return 1; }
	[ -r "$apt_keyring" ] || { echo "no $apt_keyring"; return 1; }
	mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$apt/log"
	: >"$apt/status"
	echo "deb [signed-by=$apt_keyring] $mirror $2 main" >"$apt/sources.list"
	apt_private "$apt" "$3" apt-get update >"$apt/update.log" 2>&1 &&
		! grep -q '^[EW]: Failed' "$apt/update.log" && return
	echo "no package lists of $2: $(tail -n 1 "$apt/update.log")"
	return 1
}
