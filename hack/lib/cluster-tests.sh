#!/usr/bin/env bash
# Inside of a dev cluster: the tests that need one, in rounds that leave each other alone. Usage: cluster-tests.sh TEST-COMMAND …
set -euo pipefail
export KUBERNETES_TEST_KUBECONFIG="$KUBECONFIG"

failed=0
"$@" --filter 'KubernetesClientTests.ServerTests|ControllerRuntimeTests.(Fault|LeaseFault)Tests|(DevCluster|ClusterWorkloads)Tests.LiveClusterTests' || failed=1
"$@" --filter EndToEndTests --skip ControlPlaneDeathTests || failed=1
# Takes the API server away from everybody.
"$@" --filter ControlPlaneDeathTests || failed=1
exit "$failed"
