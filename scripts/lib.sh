# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034
# What run.sh, test.sh and demo.sh share: which packages are needed, and how the program is built.
# Sourced, never run. The only place where package names stand.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# "a|b": any of them will do; the first one the system offers is installed.
build_packages=(
	clang gcc libc6-dev linux-libc-dev cmake ninja-build 'pkg-config|pkgconf'
	'bpftool|linux-tools-common' libbpf-dev libc-ares-dev libcap-ng-dev libelf-dev libmicrohttpd-dev
	libncurses-dev libpcap-dev libpsl-dev libseccomp-dev nettle-dev
	libxxhash-dev
)
demo_packages=(iproute2 iputils-ping iperf3)
test_packages=(
	"${demo_packages[@]}" libcmocka-dev libjansson-dev 'libclang-rt-dev|libclang-rt-14-dev' tmux tshark tcpdump
	ethtool jq python3 python3-jsonschema curl netcat-openbsd procps libcap2-bin ncurses-base groff-base shellcheck
	qemu-system-x86 busybox-static cpio xz-utils wireguard-tools ppp
	cppcheck openssl dnsmasq-base bind9-dnsutils
)
# For tests that only the long run has.
long_packages=(
	nfdump pmacct prometheus prometheus-node-exporter
	clickhouse-server clickhouse-client redis-server mosquitto mosquitto-clients gnutls-bin openssh-server openssh-client
	chromium caddy nginx-light postgresql postgresql-client
	dovecot-imapd dovecot-pop3d exim4-daemon-light slapd ldap-utils mariadb-server openvpn
	sip-tester gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good
)

say() {
	echo "${0##*/}: $*" >&2
}

die() {
	say "$*"
	exit 1
}

need_root() {
	[ "$(id -u)" -eq 0 ] || die "$1 needs root; start it as: sudo $0${2:+ $2}"
}

# Everything that ran as root leaves the build to the owner of the sources.
give_build_back() {
	if [ "$(id -u)" -eq 0 ] && [ ! -O "$root" ] && [ -d "$root/build" ]; then
		chown -R --reference="$root" "$root/build"
	fi
}

package_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

package_offered() {
	LC_ALL=C apt-cache policy "$1" 2>/dev/null | grep -q '^  Candidate: [^(]'
}

# Prints those of the wanted packages, alternatives still in them, that are not installed.
packages_missing() {
	local wanted name
	for wanted; do
		for name in ${wanted//|/ }; do
			package_installed "$name" && continue 2
		done
		echo "$wanted"
	done
}

# Prints the name to install for each; what the system does not offer is printed under its first
# name, so that apt says what is wrong with it.
packages_choose() {
	local wanted name
	for wanted; do
		for name in ${wanted//|/ }; do
			if package_offered "$name"; then
				echo "$name"
				# Ubuntu: linux-tools-common only forwards to the tool of a kernel.
				[ "$name" != linux-tools-common ] || echo linux-tools-generic
				continue 2
			fi
		done
		echo "${wanted%%|*}"
	done
}

# apt_get WHAT ARG...: runs apt-get without a question or a word; on failure says what, and why.
apt_get() {
	local what=$1 log
	shift
	log=$(mktemp)
	if ! DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 \
		-o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold "$@" \
		</dev/null >"$log" 2>&1; then
		say "$what failed; apt-get said:"
		tail -n 15 "$log" >&2
		rm -f "$log"
		return 1
	fi
	rm -f "$log"
}

# install_packages PACKAGE...: makes sure they are there; says nothing when they are.
install_packages() {
	local missing names
	if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
		install_by_hand "$@"
		return
	fi
	mapfile -t missing < <(packages_missing "$@")
	[ "${#missing[@]}" -gt 0 ] || return 0
	need_root "installing ${missing[*]%%|*}"

	apt_get "reading the package lists" update || say "going on with the lists that are there"
	mapfile -t names < <(packages_choose "${missing[@]}")
	say "installing ${names[*]}"
	if [[ " ${names[*]} " == *" tshark "* ]] && command -v debconf-set-selections >/dev/null; then
		echo "wireshark-common wireshark-common/install-setuid boolean false" |
			debconf-set-selections
	fi
	apt_get "installing packages" --no-install-recommends install "${names[@]}" || exit 1
}

# No apt here: go on if the tools and libraries are there anyway, else name them and stop.
install_by_hand() {
	local tool library missing=()
	for tool in clang cmake ninja pkg-config bpftool cc; do
		PATH=$PATH:/usr/sbin:/sbin command -v "$tool" >/dev/null || missing+=("$tool")
	done
	for library in 'libbpf >= 1.1' libelf libcap-ng libpcap libpsl libseccomp libcares libmicrohttpd nettle \
		ncursesw libxxhash; do
		pkg-config --exists "$library" 2>/dev/null || missing+=("$library")
	done
	[ "${#missing[@]}" -gt 0 ] || return 0
	say "this system has no apt, so nothing was installed; missing here: ${missing[*]}"
	die "please install what Debian calls: ${*%%|*}"
}

# configure PRESET [OPTION...]: quiet; a build directory that was copied along is started afresh.
configure() {
	local preset=$1 cache=$root/build/$1/CMakeCache.txt log=$root/build/$1.log fresh=()
	shift
	mkdir -p "$root/build"
	if [ -f "$cache" ] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$cache"; then
		fresh=(--fresh)
	fi
	if ! (cd "$root" && cmake --preset "$preset" "${fresh[@]}" "$@") >"$log" 2>&1; then
		grep -A 8 -E '^CMake Error|not found|^Could not' "$log" >&2 || tail -n 20 "$log" >&2
		give_build_back
		die "configuring the $preset build failed; the whole log is $log"
	fi
}

# build PRESET [TARGET]: quiet when there is nothing to do.
build() {
	local directory=$root/build/$1 log=$root/build/$1.log
	if ninja -C "$directory" -n "${@:2}" | grep -q 'no work to do'; then
		return
	fi
	say "building ($1)"
	if ! ninja -C "$directory" "${@:2}" >"$log" 2>&1; then
		grep -A 12 -E '^FAILED|error:' "$log" | head -n 60 >&2
		give_build_back
		die "the $1 build failed; the whole log is $log"
	fi
	grep -A 3 -E 'warning:' "$log" >&2 || true
}

# build_program: the release build of the program alone, without the tests' needs.
build_program() {
	if [ ! -f "$root/build/release/build.ninja" ] ||
		! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$root/build/release/CMakeCache.txt"; then
		configure release -D BUILD_TESTING=OFF
	fi
	build release pktstat-bpf
	give_build_back
}

program=$root/build/release/src/pktstat-bpf
