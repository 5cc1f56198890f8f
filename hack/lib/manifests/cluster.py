"""Runs a command inside a dev cluster, then proves from what the API server saw that permissions are minimal and pods restricted.

dbmigration dev run … -- python cluster.py [--role default|namespaced] COMMAND …

    default      for a run of all end-to-end tests, while Prometheus watches; what is rendered is created with dryRun=All, too
    namespaced   for any run of an install for one namespace, which asks for nothing outside of it

Ends with the command's exit code, or 1 when a proof fails.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys

import audit
import dry_run
from renderings import KUBECTL, ROOT
from scrape import Prometheus


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--role", choices=["default", "namespaced"], default="default")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    state = json.loads(pathlib.Path(os.environ["DBMIGRATION_DEV_STATE"]).read_text())
    code, problems = watched(options.command) if options.role == "default" else (subprocess.run(options.command).returncode, [])
    log = pathlib.Path(state["auditLog"])
    events = [event for path in sorted(log.parent.glob("audit*.log")) for event in audit.read(path)]
    problems += audit.permissions(events, options.role) + audit.pods(events)
    if options.role == "default":
        problems += dry_run.check()
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    sys.exit(code or (1 if problems else 0))


def watched(command):
    """Runs a command under Prometheus' eyes."""
    for file in ["manager/namespace.yaml", "prometheus/service.yaml"]:
        subprocess.run([KUBECTL, "apply", "-f", ROOT / "manifests" / file], check=True, stdout=subprocess.DEVNULL)
    prometheus = Prometheus()
    try:
        return subprocess.run(command).returncode, prometheus.problems()
    finally:
        prometheus.stop()


if __name__ == "__main__":
    main()
