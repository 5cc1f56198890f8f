"""The chart installs what the kustomize bases do."""

import difflib
import itertools
import json

import helm_python

from renderings import CHART, NAMESPACE, PAIRS, ROOT, VARIANTS, chart, kustomize, notes, title


def check():
    problems = copies()
    for name, (values, bases) in PAIRS.items():
        ours = [item for base in bases for item in kustomize(base)]
        problems += differences(f"manifests/{'+'.join(bases)}", ours, f"the chart, {name} values", chart(values))
    return problems + schema() + lint() + texts()


def copies():
    """Files that stand in the chart as well."""
    pairs = {
        "manifests/crd/migrations.mystira.app_databasemigrations.yaml": "crds/migrations.mystira.app_databasemigrations.yaml",
        "manifests/prometheus/prometheus_rule.yaml": "files/prometheus_rule.yaml",
        "manifests/prometheus/dashboard.json": "files/dashboard.json",
    }
    return [
        f"charts/dbmigration/{copy} differs from {source}, which is the source: copy it over"
        for source, copy in pairs.items() if (ROOT / source).read_bytes() != (CHART / copy).read_bytes()
    ]


def differences(left_name, left, right_name, right):
    left, right = normal(left), normal(right)
    problems = [f"{key} is in {left_name} only" for key in left.keys() - right.keys()]
    problems += [f"{key} is in {right_name} only" for key in right.keys() - left.keys()]
    for key in sorted(left.keys() & right.keys()):
        if left[key] != right[key]:
            lines = difflib.unified_diff(left[key].splitlines(), right[key].splitlines(), left_name, right_name, lineterm="")
            problems.append(f"{key} differs:\n" + "\n".join(itertools.islice(lines, 40)))
    return problems


def normal(items):
    """By title, as text; without what only one side may have: the Namespace (`helm install --create-namespace`) and Helm's own labels."""
    result = {}
    for item in items:
        if item["kind"] == "Namespace":
            continue
        labels = item["metadata"].get("labels", {})
        if labels.get("app.kubernetes.io/managed-by") == "Helm":
            labels = {key: value for key, value in labels.items() if key not in ("app.kubernetes.io/managed-by", "helm.sh/chart")}
            item = {**item, "metadata": {**item["metadata"], "labels": labels}}
        text = json.dumps(item, indent=1, sort_keys=True).replace("--namespace=$(POD_NAMESPACE)", f"--namespace={NAMESPACE}")
        if result.setdefault(title(item), text) != text:
            result[title(item) + " (again)"] = text
    return result


def schema():
    """values.schema.json is closed at every level, and every value has a comment."""
    problems = []
    document = json.loads((CHART / "values.schema.json").read_text())

    def closed(node, path):
        if node.get("type") == "object" and "properties" in node and node.get("additionalProperties", True) is not False and path not in OPEN:
            problems.append(f"values.schema.json: {path or 'the top'} takes unknown names: additionalProperties: false")
        for name, child in node.get("properties", {}).items():
            closed(child, f"{path}.{name}".strip("."))
    closed(document, "")
    for values in [{"surprise": True}, {"image": {"surprise": True}}, {"replicas": "2"}, {"serviceAccount": {"create": False}},
                   {"watchNamespaces": ["Upper"]}, {"watchNamespaces": ["a", "a"]}, {"metrics": {"serviceMonitor": {"interval": "often"}}}, {"podLabels": {"app.kubernetes.io/name": "x"}}]:
        with helm_python.Chart.load(CHART) as loaded:
            try:
                loaded.validate_schema(values)
                problems.append(f"the chart takes {values}, which values.schema.json should refuse")
            except helm_python.HelmValuesError:
                pass
    previous = ""
    for number, line in enumerate((CHART / "values.yaml").read_text().splitlines(), 1):
        is_group = line.rstrip().endswith(":") and not line.lstrip().startswith("#")
        if line.strip() and not line.lstrip().startswith(("#", "-")) and not is_group and not previous.lstrip().startswith("#"):
            if line.split(":")[0].strip() not in UNCOMMENTED:
                problems.append(f"values.yaml:{number}: {line.strip()} has no comment above it")
        previous = line
    return problems


# Kubernetes' own types, checked as part of the rendered objects.
OPEN = {"topologySpreadConstraints"}
# Members of a value whose comment stands above all of them.
UNCOMMENTED = {"cpu", "memory", "grafana_dashboard"}


def lint():
    with_icon_excused = [message for message in helm_python.lint(CHART, strict=True)["messages"] if "icon" not in message["error"]]
    return [f"helm lint: {message['path']}: {message['error']}" for message in with_icon_excused]


def texts():
    """NOTES have the commands that count."""
    problems = []
    for name, values in VARIANTS.items():
        text = notes(values)
        for wanted in ["helm show crds CHART | kubectl", "rollout status deployment/dbmigration", "kubectl get databasemigrations"]:
            if wanted not in text:
                problems.append(f"NOTES.txt, {name} values: `{wanted}` is missing")
    return problems
