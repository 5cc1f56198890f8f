"""Argo CD's health check over its fixtures, in Lua 5.1 as Argo CD runs it."""

import lupa.lua51 as lupa
import yaml

from renderings import ROOT

FOLDER = ROOT / "manifests/argocd"
STATUSES = {"Healthy", "Progressing", "Degraded", "Suspended"}


def check():
    script = (FOLDER / "health.lua").read_text()
    cases = [case for path in sorted((FOLDER / "testdata").glob("*.yaml")) for case in yaml.safe_load_all(path.read_text())]
    problems = [f"no fixture ends {status}" for status in STATUSES - {case["health"]["status"] for case in cases}]
    for case in cases:
        found = health(script, case["object"])
        if found != case["health"]:
            problems.append(f"manifests/argocd/health.lua, {case['name']}: {found} instead of {case['health']}")
    return problems


def health(script, item):
    # As Argo CD: no libraries but the harmless ones, and the object as `obj`.
    runtime = lupa.LuaRuntime(unpack_returned_tuples=True)
    for library in ("io", "package", "debug", "require", "dofile", "loadfile", "python"):
        runtime.globals()[library] = None
    runtime.globals().obj = table(runtime, item)
    return dict(runtime.execute(script))


def table(runtime, value):
    if isinstance(value, dict):
        return runtime.table_from({key: table(runtime, each) for key, each in value.items()})
    if isinstance(value, list):
        return runtime.table_from([table(runtime, each) for each in value])
    return value
