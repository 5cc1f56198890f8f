"""Writes what the chart installs for one watched namespace, and nothing cluster-wide but the CRD, as the folders of manifests/ that the demo reads.

python install.py NAMESPACE FOLDER
"""

import pathlib
import sys

import yaml

from renderings import NAMESPACE, chart, kustomize


def main(namespace, folder):
    folder = pathlib.Path(folder)
    namespaces = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {
        "name": namespace, "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}]
    namespaces += [item for item in kustomize("manager") if item["kind"] == "Namespace"]
    items = chart({"watchNamespaces": [namespace]})
    parts = {
        "crd": [item for item in items if item["kind"] == "CustomResourceDefinition"],
        "rbac": namespaces + [item for item in items if "rbac" in item["apiVersion"] or item["kind"] == "ServiceAccount"],
        "manager": [item for item in items if item["kind"] == "Deployment"],
    }
    wide = [item["kind"] for item in parts["rbac"] if item["kind"].startswith("Cluster")]
    if wide or sum(map(len, parts.values())) != len(items) + len(namespaces):
        sys.exit(f"error: the chart installs for one namespace what it should not: {wide or [item['kind'] for item in items]}")
    for name, documents in parts.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "all.yaml").write_text(yaml.safe_dump_all(documents, sort_keys=False))
    print(f"installed for {namespace} and {NAMESPACE} only: {folder}", file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
