"""Checks of what is installed: python hack/lib/manifests [NAME …], with an interpreter that hack/lib/manifest-tools.sh prints.

Without names, everything that needs no cluster.
"""

import importlib
import sys
import time

CHECKS = ["comparison", "schemas", "pod_security", "cel_rules", "health", "monitoring", "release"]


def main(names):
    failed = False
    for name in names or CHECKS:
        if name not in CHECKS:
            sys.exit(f"error: there is no check {name}; there is {', '.join(CHECKS)}")
        start = time.monotonic()
        problems = list(importlib.import_module(name).check())
        for problem in problems:
            print(f"error: {problem}", file=sys.stderr)
        print(f"manifests: {name}: {f'{len(problems)} problems' if problems else 'passed'} in {time.monotonic() - start:.1f} s", file=sys.stderr)
        failed = failed or bool(problems)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
