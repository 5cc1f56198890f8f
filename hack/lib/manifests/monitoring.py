"""Alerts and dashboard: promtool reads the rules and plays alert_cases.yaml, and every series they name is one the controller has."""

import json
import pathlib
import re
import subprocess
import tempfile

import yaml

from renderings import ROOT

RULES = ROOT / "manifests/prometheus/prometheus_rule.yaml"
DASHBOARD = ROOT / "manifests/prometheus/dashboard.json"
CASES = pathlib.Path(__file__).parent / "alert_cases.yaml"
# Names of the runtime come from Go's controller-runtime, ours are in docs/observability.md.
METRIC = re.compile(r"\b(?:dbmigration|controller_runtime|workqueue|leader_election|rest_client|informer)_[a-z_]+")


def check():
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        rules = folder / "rules.yaml"
        rules.write_text(rule_file())
        (folder / "cases.yaml").write_text(CASES.read_text())
        problems += promtool("check", "rules", rules)
        problems += promtool("test", "rules", folder / "cases.yaml")
        panels = folder / "panels.yaml"
        expressions = [{"record": f"panel:{number}", "expr": plain(expression)} for number, expression in enumerate(panel_expressions())]
        panels.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": expressions}]}))
        problems += promtool("check", "rules", "--lint=none", panels)
    known = set(METRIC.findall((ROOT / "docs/observability.md").read_text()))
    for where, text in [("an alert", json.dumps([rule["expr"] for rule in alerts()])), ("the dashboard", " ".join(panel_expressions()))]:
        problems += [f"{where} uses {name}, which docs/observability.md does not have" for name in sorted(used(text) - known)]
    # One case has every alert fire at once: their number is the number of rules.
    number = next(sample["value"] for test in yaml.safe_load(CASES.read_text())["tests"] for probe in test.get("promql_expr_test", [])
                  for sample in probe["exp_samples"] if probe["expr"] == 'count(ALERTS{alertstate="firing"})')
    if number != len(alerts()):
        problems.append(f"alert_cases.yaml makes {number} alerts fire; there are {len(alerts())}")
    return problems


def rule_file():
    return yaml.safe_dump(yaml.safe_load(RULES.read_text())["spec"], width=1000)


def alerts():
    return [rule for group in yaml.safe_load(RULES.read_text())["spec"]["groups"] for rule in group["rules"]]


def panel_expressions():
    return [target["expr"] for panel in json.loads(DASHBOARD.read_text())["panels"] for target in panel["targets"]]


def plain(expression):
    """An expression with the dashboard's variables filled in."""
    return expression.replace("$namespace", ".*").replace("$migration", ".*")


def used(text):
    """Names of series; those of a histogram's parts count as the histogram."""
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in METRIC.findall(text)}


def promtool(*arguments):
    result = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True)
    return [f"promtool {arguments[0]} {arguments[1]}: {result.stderr}{result.stdout}"] if result.returncode else []
