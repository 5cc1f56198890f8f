#!/usr/bin/env bash
# Prints a Python with what a list of pins names, from PyPI, installed into the cache when missing.
# Usage: hack/lib/python-tools.sh NAME     the pins are hack/lib/NAME.txt
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

name="$1"
pins="$repository/hack/lib/$name.txt"
home="$cache/$name/$(cksum <"$pins" | cut -d' ' -f1)"
if [ ! -e "$home/complete" ]; then
  python3 -c 'import ensurepip, venv' 2>/dev/null || install_packages python3 python3-venv >&2
  mkdir -p "$cache/$name"
  exec 9>"$cache/$name.lock"; flock 9
  if [ ! -e "$home/complete" ]; then
    say "installing $name, once"
    rm -rf "$home"
    python3 -m venv "$home"
    "$home/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: -r "$pins" >&2
    touch "$home/complete"
  fi
fi
echo "$home/bin/python"
