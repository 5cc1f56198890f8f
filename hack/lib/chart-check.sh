#!/usr/bin/env bash
# Checks what is installed, without a cluster: the chart against the kustomize bases, every object against Kubernetes' schemas, pods against
# PodSecurity, the CRD's CEL rules, Argo CD's health check, alerts and dashboard. Fetches the tools it needs once.
# Usage: hack/lib/chart-check.sh [CHECK …]     without names, all; the names are those of the files in hack/lib/manifests
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
python="$("$repository/hack/lib/manifest-tools.sh")"
PYTHONDONTWRITEBYTECODE=1 exec "$python" "$repository/hack/lib/manifests" "$@"
