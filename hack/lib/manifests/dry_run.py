"""Everything rendered is created on a real API server with dryRun=All, and comes back as it was sent.

A server of 1.20 drops unknown fields without a word, so what comes back is compared. What it does not know (CEL rules, policy/v1, the types of
the Prometheus operator) is left out.
"""

import json
import subprocess

from renderings import KUBECTL, VARIANTS, chart, kustomize, title


def check():
    known = kinds()
    present = run("get", "namespaces", "-o", "jsonpath={.items[*].metadata.name}").stdout.split()
    items = [item for values in VARIANTS.values() for item in chart(values)]
    items += [item for base in ["default", "namespaced", "prometheus", "samples"] for item in kustomize(base)]
    different = []
    for item in items:
        # What is for a namespace that is not here goes to one that is.
        if item["metadata"].get("namespace", "default") not in present:
            item = {**item, "metadata": {**item["metadata"], "namespace": "default"}}
        if item not in different:
            different.append(item)
    chosen = [item for item in different if (item["apiVersion"], item["kind"]) in known]
    skipped = sorted({item["kind"] for item in different} - {item["kind"] for item in chosen})
    problems = []
    for item in chosen:
        problems += [f"{title(item)}: {problem}" for problem in complaints(item)]
    print(f"dry run: {len(chosen)} objects" + (f"; not known here: {', '.join(skipped)}" if skipped else ""))
    return problems


def kinds():
    """(apiVersion, kind) the server has."""
    found = set()
    for version in run("api-versions").stdout.split():
        path = f"/api/{version}" if "/" not in version else f"/apis/{version}"
        found |= {(version, resource["kind"]) for resource in json.loads(run("get", "--raw", path).stdout)["resources"]}
    return found


def complaints(item):
    sent = without_rules(item) if item["kind"] == "CustomResourceDefinition" else item
    result = run("apply", "--server-side", "--force-conflicts", "--field-manager=dry-run", "--dry-run=server", "--validate=false", "-o", "json", "-f",
                 "-", input=json.dumps(sent))
    if result.returncode:
        return [result.stderr.strip()]
    return list(missing(sent, json.loads(result.stdout), ""))


def missing(sent, returned, path):
    """Fields that did not come back as they were sent."""
    if isinstance(sent, dict) and isinstance(returned, dict):
        for key, value in sent.items():
            # Empty is the same as absent to the server.
            if key not in returned and value not in ({}, [], "", None):
                yield f"{path}.{key} did not come back"
            elif key in returned:
                yield from missing(value, returned[key], f"{path}.{key}")
    elif isinstance(sent, list) and isinstance(returned, list):
        if len(sent) > len(returned):
            yield f"{path} came back with {len(returned)} of {len(sent)} elements"
        for index, (one, other) in enumerate(zip(sent, returned)):
            yield from missing(one, other, f"{path}[{index}]")
    elif sent != returned:
        yield f"{path} came back as {returned!r} instead of {sent!r}"


def without_rules(value):
    if isinstance(value, dict):
        return {key: without_rules(each) for key, each in value.items() if key != "x-kubernetes-validations"}
    return [without_rules(each) for each in value] if isinstance(value, list) else value


def run(*arguments, input=None):
    return subprocess.run([KUBECTL, *arguments], capture_output=True, text=True, input=input)
