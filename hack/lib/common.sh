# Shared by the scripts in hack/. Source it; it changes nothing by itself.
# shellcheck shell=bash
set -euo pipefail

repository="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
# Built control planes live outside the checkout, so that a new clone finds them.
cache="${DBMIGRATION_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dbmigration}"

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# Runs a command as root: directly, or through sudo when it needs no password.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; return; fi
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo -n "$@"; return; fi
  fail "this needs root once: run as root, or with sudo:  $*"
}

# Installs those of the named Debian packages that are missing.
install_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  command -v apt-get >/dev/null || fail "please install these packages: ${missing[*]}"
  say "installing ${missing[*]}"
  # Debian's postgresql and etcd packages start services on installation; nothing may be left
  # running that was not there, so services are denied for the length of this call.
  as_root env DEBIAN_FRONTEND=noninteractive sh -c '
    set -e
    policy=/usr/sbin/policy-rc.d
    made=
    if [ ! -e $policy ]; then printf "#!/bin/sh\nexit 101\n" >$policy; chmod +x $policy; made=1; fi
    trap "[ -z \"\$made\" ] || rm -f $policy" EXIT
    conf=/etc/postgresql-common/createcluster.conf
    if [ ! -e $conf ] && ! command -v pg_ctlcluster >/dev/null; then
      mkdir -p /etc/postgresql-common; echo "create_main_cluster = false" >$conf
    fi
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-confold "$@" >/dev/null
  ' sh "${missing[@]}"
}
