#!/usr/bin/env bash
# Compares what charts/dbmigration installs with its default values with what `kubectl apply -k manifests/default` does.
# Needs helm (or HELM=/path/to/helm) and kubectl for the whole comparison; without them only the rules of the roles are compared.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$repository"
chart=charts/dbmigration
helm="${HELM:-helm}"

# The permissions stand in the templates as they are, so that these need no helm.
rules() { sed -n '/^rules:/,$p' "$1"; }
for pair in role:clusterrole leader_election_role:leader-election-role; do
  source="manifests/rbac/${pair%:*}.yaml" copy="$chart/templates/${pair#*:}.yaml"
  diff -u --label "$source" --label "$copy" <(rules "$source") <(rules "$copy") >&2 \
    || fail "the rules of $copy differ from those of $source, which is the source: copy them over"
done

for program in "$helm" kubectl; do
  command -v "$program" >/dev/null && continue
  say "chart: rules are equal; the rest was skipped, since $program is not installed"
  exit 0
done

scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT

# normalise: sorts the objects and fields of standard input, and leaves out what only one side may have:
# the Namespace, which `helm install --create-namespace` makes, and Helm's own labels.
normalise() {
  local folder
  folder="$(mktemp -d "$scratch/XXXXXX")"
  cat >"$folder/all.yaml"
  echo 'resources: [all.yaml]' >"$folder/kustomization.yaml"
  kubectl kustomize "$folder" \
    | awk 'BEGIN { RS = "\n---\n"; ORS = "\n---\n" } !/\nkind: Namespace\n/ { sub(/\n$/, ""); print }' \
    | grep -vE '^    (app\.kubernetes\.io/managed-by: Helm|helm\.sh/chart: dbmigration-.*)$'
}

kubectl kustomize manifests/default | normalise >"$scratch/manifests.yaml"
"$helm" template dbmigration "$chart" --namespace dbmigration-system --include-crds | normalise >"$scratch/chart.yaml"
diff -u --label manifests/default --label "$chart" "$scratch/manifests.yaml" "$scratch/chart.yaml" >&2 \
  || fail "$chart installs something else than manifests/default does: repair the chart's templates or values.yaml"
objects="$(grep -c '^kind: ' "$scratch/chart.yaml")"

"$helm" lint --strict "$chart" >"$scratch/lint" || fail "helm lint --strict $chart: $(cat "$scratch/lint")"
if "$helm" template dbmigration "$chart" --set surprise=true >/dev/null 2>&1; then
  fail "$chart takes a value it does not know: close values.schema.json (additionalProperties: false)"
fi
say "chart: $objects objects are equal to those of manifests/default"
