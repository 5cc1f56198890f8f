"""The chart installs what the kustomize bases do."""

import difflib
import itertools
import json

import helm_python

from renderings import CHART, EVERYTHING, NAMESPACE, PAIRS, ROOT, VARIANTS, chart, kustomize, notes, title


def check():
    problems = copies()
    for name, (values, bases) in PAIRS.items():
        ours = [item for base in bases for item in kustomize(base)]
        problems += differences(f"manifests/{'+'.join(bases)}", ours, f"the chart, {name} values", chart(values))
    return problems + releases() + schema() + lint() + texts()


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


def releases():
    """Two releases in one namespace leave each other's Pods and Lease alone, and a long name makes names that Kubernetes takes."""
    names = ["dbmigration", "shop", "r" * 53]
    values = {key: value for key, value in EVERYTHING.items() if key != "leaderElection"}
    rendered = {name: chart(values, name=name, crds=False) for name in names}
    pods = {name: next(item for item in items if item["kind"] == "Deployment")["spec"]["template"] for name, items in rendered.items()}
    labels = {name: pod["metadata"]["labels"] for name, pod in pods.items()}
    problems = []
    for name, items in rendered.items():
        for item in items:
            if item["metadata"].get("labels", {}).get("app.kubernetes.io/instance") != name:
                problems.append(f"release {name}: {title(item)} has no label app.kubernetes.io/instance: {name}")
            if item["kind"] == "Service" and len(item["metadata"]["name"]) > 63:
                problems.append(f"release {name}: {title(item)} is longer than 63 characters")
            # What of the others' objects it selects: Pods, and for a ServiceMonitor Services.
            services = {other: next(each for each in rendered[other] if each["kind"] == "Service")["metadata"]["labels"] for other in names}
            for other in names:
                chosen = selector(item)
                of = services if item["kind"] == "ServiceMonitor" else labels
                if chosen is not None and (chosen.items() <= of[other].items()) != (other == name):
                    problems.append(f"release {name}: {title(item)} selects {'what' if other != name else 'nothing'} of release {other}")
    leases = [tuple(argument for argument in pod["spec"]["containers"][0]["args"] if "--lease-name" in argument) for pod in pods.values()]
    return problems + ([] if len(set(leases)) == len(names) else [f"releases share a Lease: {leases}"])


def selector(item):
    spec = item.get("spec", {})
    if item["kind"] == "Service":
        return spec["selector"]
    return (spec.get("selector") or spec.get("podSelector") or {}).get("matchLabels")


def schema():
    """values.schema.json is closed at every level, and every value has a comment."""
    document = json.loads((CHART / "values.schema.json").read_text())
    found = set(openings(document, document))
    problems = [f"values.schema.json: {path or 'the top'} takes anything: additionalProperties, or items" for path in sorted(found - OPEN)]
    problems += [f"comparison.py: {path} is closed, or is no value: take it off OPEN" for path in sorted(OPEN - found)]
    problems += schema_self_test(document)
    for values in [{"surprise": True}, {"image": {"surprise": True}}, {"replicas": "2"}, {"serviceAccount": {"create": False}},
                   {"watchNamespaces": ["Upper"]}, {"watchNamespaces": ["a", "a"]}, {"metrics": {"serviceMonitor": {"interval": "often"}}}, {"podLabels": {"app.kubernetes.io/name": "x"}},
                   {"topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "z", "whenUnsatisfiable": "ScheduleAnyway", "surprise": 1}]},
                   {"networkPolicy": {"metricsFrom": [{"podSelector": {"surprise": {}}}]}}, {"podLabels": {"app.kubernetes.io/instance": "x"}}]:
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


def openings(node, document, path=""):
    """Where a schema takes names, or items, that it does not know."""
    while "$ref" in node:
        target = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    kind = node.get("type")
    others = node.get("additionalProperties", True)
    if kind == "object" and others is True:
        yield path
    if kind == "array" and not isinstance(node.get("items"), dict):
        yield path
    if kind is None and not node.keys() & {"enum", "const"}:
        yield path
    for name, child in node.get("properties", {}).items():
        yield from openings(child, document, f"{path}.{name}".strip("."))
    for name, child in (("*", others), ("[]", node.get("items"))):
        if isinstance(child, dict):
            yield from openings(child, document, f"{path}.{name}".strip("."))


def schema_self_test(document):
    """Each way of leaving something open is seen."""
    holes = {
        "a": {"type": "object", "properties": {}}, "b": {"type": "array", "items": {"type": "object"}}, "c": {"$ref": "#/definitions/hole"},
        "d": {"type": "object", "additionalProperties": {"type": "object"}}, "e": {"type": "array"}, "f": {},
    }
    broken = {**document, "properties": holes, "definitions": {"hole": {"type": "object"}}}
    missed = {"a", "b.[]", "c", "d.*", "e", "f"} - set(openings(broken, broken))
    return [f"comparison.py does not see what {path} leaves open" for path in sorted(missed)]


# A parent chart's own values; and Kubernetes' own types, checked as part of the rendered objects.
OPEN = {"global", "affinity.nodeAffinity", "affinity.podAffinity", "affinity.podAntiAffinity"}
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
