"""The CEL rules of the CRD, evaluated over valid and invalid objects by an implementation that is not Kubernetes' own.

The API server of the tests is of 1.20 and ignores them. Each case of cel_cases.yaml changes a sample; a rule that no case passes or that no case
breaks is a problem too.
"""

import copy
import pathlib

import cel
import yaml

from renderings import ROOT, kustomize
from schemas import custom_schema

CASES = pathlib.Path(__file__).parent / "cel_cases.yaml"


def check():
    schema = custom_schema()
    samples = {item["metadata"]["name"]: item for item in kustomize("samples")}
    rules = {rule["message"]: {True: 0, False: 0} for rule in all_rules(schema)}
    problems = []
    for case in yaml.safe_load(CASES.read_text()):
        base = defaulted(merged(samples[case.get("sample", "mys-staging")], case.get("old", {})), schema)
        new = defaulted(merged(base, case["new"]), schema) if "new" in case else base
        old = base if "new" in case else None
        broken = set()
        for path, rule, holds in evaluated(new, old, schema, "object"):
            rules[rule["message"]][holds] += 1
            if not holds:
                broken.add(rule["message"])
        wanted = {case["refused"]} if "refused" in case else set()
        if broken != wanted:
            problems.append(f"cel_cases.yaml, {case['name']}: refused because of {broken or 'nothing'}, not of {wanted or 'nothing'}")
    for message, seen in rules.items():
        problems += [f"cel_cases.yaml: no case {'keeps' if holds else 'breaks'} the rule “{message}”" for holds, count in seen.items() if not count]
    return problems


def all_rules(schema):
    yield from schema.get("x-kubernetes-validations", [])
    for child in list(schema.get("properties", {}).values()) + [schema[key] for key in ("items", "additionalProperties") if isinstance(schema.get(key), dict)]:
        yield from all_rules(child)


def evaluated(new, old, schema, path):
    """Each rule that applies to a value, as the API server picks them: those about oldSelf only where there is an old value."""
    for rule in schema.get("x-kubernetes-validations", []):
        if "oldSelf" in rule["rule"] and old is None:
            continue
        yield path, rule, cel.evaluate(rule["rule"], {"self": new, "oldSelf": old})
    if isinstance(new, dict):
        for name, child in schema.get("properties", {}).items():
            if name in new:
                yield from evaluated(new[name], (old or {}).get(name), child, f"{path}.{name}")
    if isinstance(new, list) and "items" in schema:
        keys = schema.get("x-kubernetes-list-map-keys")
        for index, each in enumerate(new):
            # Elements of a list have an old value only where a key tells which it is.
            before = next((other for other in old or [] if all(other.get(key) == each.get(key) for key in keys)), None) if keys else None
            yield from evaluated(each, before, schema["items"], f"{path}[{index}]")


def defaulted(value, schema):
    """With the schema's defaults, which the API server sets before it validates."""
    if isinstance(value, dict):
        value = dict(value)
        for name, child in schema.get("properties", {}).items():
            if name not in value and "default" in child:
                value[name] = copy.deepcopy(child["default"])
            if name in value:
                value[name] = defaulted(value[name], child)
    if isinstance(value, list):
        value = [defaulted(each, schema.get("items", {})) for each in value]
    return value


def merged(value, patch):
    """A JSON merge patch."""
    if not isinstance(patch, dict):
        return patch
    result = dict(value) if isinstance(value, dict) else {}
    for name, each in patch.items():
        if each is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), each)
    return result
