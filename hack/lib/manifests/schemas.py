"""Every rendered object fits the schema of Kubernetes' own types, without unknown fields."""

import jsonschema
import kubernetes_validate
import yaml

from renderings import ROOT, VARIANTS, chart, kustomize, title

# The oldest and the newest the schemas are there for, and one between.
VERSIONS = ["1.25", "1.31", kubernetes_validate.latest_version()]
# Types of others, with no schema here: promtool reads the rules, and the comparison has the rest.
FOREIGN = {"ServiceMonitor", "PrometheusRule"}


def check():
    problems = []
    renderings = {f"the chart, {name} values": chart(values) for name, values in VARIANTS.items()}
    renderings |= {f"manifests/{base}": kustomize(base) for base in ["default", "namespaced", "prometheus", "samples"]}
    seen = []
    for name, items in renderings.items():
        for item in items:
            if item in seen:
                continue
            seen.append(item)
            problems += [f"{name}: {title(item)}: {problem}" for problem in complaints(item)]
    return sorted(set(problems))


def complaints(item):
    if item["kind"] in FOREIGN:
        return
    if item["kind"] == "DatabaseMigration":
        for error in jsonschema.Draft202012Validator(closed(custom_schema())).iter_errors(item):
            yield f"{'.'.join(map(str, error.absolute_path))}: {error.message}"
        return
    for version in VERSIONS:
        try:
            # The schemas of 1.25 to 1.37 know every field of a CRD but check it loosely: the API server is asked as well.
            kubernetes_validate.validate(item, version, strict=item["kind"] != "CustomResourceDefinition")
        except kubernetes_validate.ValidationError as error:
            yield f"Kubernetes {version}: {'.'.join(map(str, error.path))}: {error.message}"


def custom_schema():
    crd = yaml.safe_load((ROOT / "manifests/crd/migrations.mystira.app_databasemigrations.yaml").read_text())
    return next(version["schema"]["openAPIV3Schema"] for version in crd["spec"]["versions"] if version["storage"])


def closed(schema):
    """The schema as strict field validation has it: unknown names are refused."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: closed(value) for key, value in schema.items()}
    if schema.get("type") == "object" and isinstance(schema.get("properties"), dict) and "additionalProperties" not in schema:
        if not schema.get("x-kubernetes-preserve-unknown-fields") and set(schema["properties"]) - {"metadata"}:
            result["additionalProperties"] = False
    if schema.get("x-kubernetes-int-or-string"):
        result["type"] = ["integer", "string"]
    return result
