"""A real Prometheus that scrapes the controller behind the Service of manifests/prometheus, in the cluster of KUBECONFIG.

Debian builds Prometheus without Kubernetes' service discovery: the Service's Endpoints are watched here and handed over as a file.
"""

import json
import pathlib
import re
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import yaml

from monitoring import METRIC, alerts, panel_expressions, plain, rule_file, used
from renderings import KUBECTL, NAMESPACE, ROOT

ADDRESS = "127.0.0.1:9090"
# Series that come only when something goes wrong, or after longer than the tests take.
RARE = {"dbmigration_lag_seconds", "dbmigration_action_failures_total"}


class Prometheus:
    """Scrapes every second from construction until `stop`."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(self.folder.name)
        (folder / "rules.yaml").write_text(rule_file())
        (folder / "prometheus.yaml").write_text(yaml.safe_dump({
            "global": {"scrape_interval": "1s", "evaluation_interval": "5s"}, "rule_files": [str(folder / "rules.yaml")],
            "scrape_configs": [{"job_name": "dbmigration", "honor_labels": True, "file_sd_configs": [{"files": [f"{folder}/targets.json"]}]}]}))
        self.watch = subprocess.Popen(
            [KUBECTL, "get", "endpoints", "dbmigration-metrics", "--namespace", NAMESPACE, "--watch", "--output=json"], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)
        threading.Thread(target=self.follow, args=[folder / "targets.json"], daemon=True).start()
        self.log = open(folder / "log", "w+")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={folder}/prometheus.yaml", f"--storage.tsdb.path={folder}/data", f"--web.listen-address={ADDRESS}"],
            stdout=self.log, stderr=subprocess.STDOUT)

    def follow(self, targets):
        """Writes each state of the Endpoints as targets; standbys and a controller that is not ready are among them."""
        buffer = ""
        for line in self.watch.stdout:
            buffer += line
            if line.rstrip("\n") != "}":
                continue
            endpoints, buffer = json.loads(buffer), ""
            found = [
                {"targets": [f"{address['ip']}:{port['port']}"], "labels": {"pod": address.get("targetRef", {}).get("name", "")}}
                for subset in endpoints.get("subsets") or [] for address in (subset.get("addresses") or []) + (subset.get("notReadyAddresses") or [])
                for port in subset["ports"] if port.get("name") == "metrics"]
            part = targets.with_suffix(".part")
            part.write_text(json.dumps(found))
            part.rename(targets)

    def stop(self):
        for process in (self.watch, self.process):
            process.terminate()
            process.wait()
        self.log.close()
        self.folder.cleanup()

    def problems(self):
        """What of the documented series was never seen, and which expressions Prometheus cannot evaluate."""
        if self.process.poll() is not None:
            self.log.seek(0)
            return [f"prometheus ended: {self.log.read()[-2000:]}"]
        documented = used(" ".join(re.findall(r"^\| (.*?) \|", (ROOT / "docs/observability.md").read_text(), re.MULTILINE)))
        seen = used(" ".join(self.names()))
        problems = [f"prometheus never saw {name}" for name in sorted(documented - seen - RARE)]
        problems += [f"the controller has {name}, which docs/observability.md does not explain" for name in sorted(seen - documented)]
        for expression in [rule["expr"] for rule in alerts()] + [plain(each) for each in panel_expressions()]:
            answer = ask("query", query=expression)
            if answer["status"] != "success":
                problems.append(f"prometheus cannot evaluate {expression}: {answer['error']}")
        rules = [rule for group in ask("rules")["data"]["groups"] for rule in group["rules"]]
        problems += [f"alert {rule['name']}: {rule['lastError']}" for rule in rules if rule["health"] == "err"]
        print(f"prometheus: {len(seen)} series of {len(documented)} documented, {len(rules)} alerts evaluated")
        return problems

    def names(self):
        start = f"{time.time() - 86400:.0f}"
        return [name for name in ask("label/__name__/values", start=start)["data"] if METRIC.fullmatch(name)]


def ask(what, **parameters):
    try:
        with urllib.request.urlopen(f"http://{ADDRESS}/api/v1/{what}?{urllib.parse.urlencode(parameters)}", timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)
