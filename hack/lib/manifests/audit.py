"""What an API server's audit log says about the controller: its requests equal its role, and the pods made for it are restricted ones.

python audit.py [--role default|namespaced] LOG …

    default      the logs of all end-to-end tests: every request is allowed by the roles of manifests/rbac, and every rule was needed
    namespaced   logs of an install for one namespace: every request is allowed, and none is for more than a namespace
"""

import argparse
import json
import pathlib
import sys

from pod_security import violations
from renderings import NAMESPACE, kustomize

USER = f"system:serviceaccount:{NAMESPACE}:dbmigration"
# What anybody may ask: system:discovery and system:public-info-viewer are bound to all.
PUBLIC = ("/api", "/apis", "/healthz", "/livez", "/readyz", "/openapi", "/version")
# Requests over all namespaces; everything else names one.
WIDE = {(verb, group, resource) for verb in ("list", "watch")
        for group, resource in [("migrations.mystira.app", "databasemigrations"), ("batch", "jobs")]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--role", choices=["default", "namespaced"], default="default")
    parser.add_argument("log", nargs="+", type=pathlib.Path)
    options = parser.parse_args()
    events = [event for path in options.log for event in read(path)]
    problems = permissions(events, options.role) + pods(events)
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    sys.exit(1 if problems else 0)


def read(path):
    for line in path.read_text().splitlines():
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            # The last line of a log that is still being written.
            continue


def permissions(events, role):
    asked = requests(events)
    if not asked:
        return [f"the audit log has no request of {USER}"]
    problems, wide = [], set()
    needed = {"role": set(), "leader_election_role": set()}
    for (verb, group, resource, namespace), path in asked.items():
        if resource is None:
            if not path.startswith(PUBLIC):
                problems.append(f"the controller asked for {path}, which no rule here is about")
            continue
        request = (verb, group, resource)
        if namespace is None:
            wide.add(request)
        is_lease = namespace == NAMESPACE and resource == "leases"
        needed["leader_election_role" if is_lease else "role"].add(request)
    for name, allowed in roles().items():
        problems += [f"manifests/rbac/{name}.yaml does not allow {text(each)}, which the controller asked for" for each in sorted(needed[name] - allowed)]
        if role == "default":
            problems += [f"manifests/rbac/{name}.yaml allows {text(each)}, which the controller never asked for" for each in sorted(allowed - needed[name])]
    expected = WIDE if role == "default" else set()
    problems += [f"the controller asked for {text(each)} over all namespaces" for each in sorted(wide - expected)]
    problems += [f"{text(each)} was not asked for over all namespaces" for each in sorted(expected - wide)]
    print(f"permissions: {len(asked)} kinds of requests, {len(wide)} of them over all namespaces", file=sys.stderr)
    return problems


def requests(events):
    """(verb, group, resource, namespace) of what the controller asked for, refused or not; without a resource, the path."""
    found = {}
    for event in events:
        if event["user"].get("username") != USER:
            continue
        about = event.get("objectRef") or {}
        if "resource" not in about:
            path = event["requestURI"].split("?")[0]
            found[(event["verb"], path, None, None)] = path
            continue
        resource = "/".join(filter(None, [about["resource"], about.get("subresource")]))
        found[(event["verb"], about.get("apiGroup", ""), resource, about.get("namespace"))] = event["requestURI"]
    return found


def roles():
    """What the roles of manifests/rbac allow, rule by rule."""
    files = {"dbmigration": "role", "dbmigration-leader-election": "leader_election_role"}
    return {
        files[item["metadata"]["name"]]: {
            (verb, group, resource) for rule in item["rules"] for group in rule["apiGroups"] for resource in rule["resources"] for verb in rule["verbs"]}
        for item in kustomize("rbac") if item["kind"] in ("ClusterRole", "Role")
    }


def pods(events):
    """Every pod that was made of ours, the controller's and the workers', as the API server took it."""
    problems, kinds = set(), {}
    for event in events:
        about = event.get("objectRef") or {}
        pod = event.get("requestObject")
        if event["verb"] != "create" or about.get("resource") != "pods" or about.get("subresource") or not pod:
            continue
        labels = pod["metadata"].get("labels") or {}
        if labels.get("app.kubernetes.io/name") != "dbmigration":
            continue
        component = labels.get("app.kubernetes.io/component")
        kinds[component] = kinds.get(component, 0) + 1
        problems |= {f"a {component} pod: {violation}" for violation in violations(pod)}
    print(f"pods: {', '.join(f'{count} of {name}' for name, count in sorted(kinds.items())) or 'none'}", file=sys.stderr)
    return sorted(problems) + [f"the audit log has no {name} pod" for name in ("controller", "worker") if name not in kinds]


def text(request):
    verb, group, resource = request
    return f"{verb} {resource}{f'.{group}' if group else ''}"


if __name__ == "__main__":
    main()
