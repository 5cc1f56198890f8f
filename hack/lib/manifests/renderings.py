"""What the kustomize bases and the chart render to, as lists of objects."""

import pathlib
import subprocess
import sys

import helm_python
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
CHART = ROOT / "charts/dbmigration"
KUBECTL = pathlib.Path(sys.prefix) / "bin/kubectl"
NAMESPACE = "dbmigration-system"
MONITORING = {kind: {"enabled": True} for kind in ("serviceMonitor", "prometheusRule", "dashboard")}

# Chart values that install the same as a set of bases.
PAIRS = {
    "default": ({}, ["default"]),
    "namespaced": ({"watchNamespaces": [NAMESPACE]}, ["crd", "namespaced"]),
    "monitored": ({"metrics": MONITORING}, ["default", "prometheus"]),
}

# Everything switched on, for what has no base.
EVERYTHING = {
    "replicas": 2,
    "watchNamespaces": ["one", "two"],
    "leaderElection": {"leaseName": "dbmigration-team"},
    "image": {"repository": "registry.example.com/dbmigration", "tag": "1.2.3", "pullPolicy": "IfNotPresent"},
    "imagePullSecrets": [{"name": "registry"}],
    "logLevel": "debug",
    "logFormat": "text",
    "nodeSelector": {"kubernetes.io/arch": "amd64"},
    "tolerations": [{"key": "dedicated", "operator": "Exists", "effect": "NoSchedule"}],
    "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
        {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app.kubernetes.io/name": "dbmigration"}}}]}},
    "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway"}],
    "priorityClassName": "system-cluster-critical",
    "podAnnotations": {"prometheus.io/scrape": "true"},
    "podLabels": {"team": "databases"},
    "serviceAccount": {"annotations": {"example.com/identity": "dbmigration"}},
    "metrics": {"service": {"annotations": {"example.com/scrape": "true"}}, **MONITORING},
    "networkPolicy": {
        "enabled": True,
        "metricsFrom": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}],
        "egress": [{"ports": [{"port": 53, "protocol": "UDP"}]}, {"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}],
    },
    "podDisruptionBudget": {"enabled": True},
}

VARIANTS = {**{name: values for name, (values, _) in PAIRS.items()}, "everything": EVERYTHING}


def kustomize(base):
    """The objects of one base in manifests/."""
    result = subprocess.run([KUBECTL, "kustomize", ROOT / "manifests" / base], capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"error: manifests/{base}: {result.stderr.strip()}")
    if result.stderr:
        sys.exit(f"error: manifests/{base} is rendered with a warning: {result.stderr.strip()}")
    return objects(result.stdout)


def chart(values, name="dbmigration", namespace=NAMESPACE, crds=True, source=CHART):
    """The objects `helm install` makes of a chart's folder or archive, without the notes."""
    with helm_python.Chart.load(source) as loaded:
        loaded.validate_schema(values)
        files = loaded.render(values, name=name, namespace=namespace)
        found = [item for file in loaded.crds if crds for item in objects(file["data"])]
    for path, text in sorted(files.items()):
        if path.endswith(".yaml"):
            found += objects(text)
    return found


def notes(values, name="dbmigration", namespace=NAMESPACE):
    with helm_python.Chart.load(CHART) as loaded:
        return loaded.render(values, name=name, namespace=namespace)["dbmigration/templates/NOTES.txt"]


def objects(text):
    return [document for document in yaml.safe_load_all(text) if document]


def title(item):
    metadata = item["metadata"]
    return "/".join(filter(None, [item["kind"], metadata.get("namespace"), metadata["name"]]))
