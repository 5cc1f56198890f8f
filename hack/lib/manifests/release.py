"""Writes a release: see hack/release."""

import argparse
import hashlib
import pathlib
import re
import shutil
import sys
import tempfile

import helm_python
import yaml

from comparison import differences
from renderings import CHART, ROOT, chart, kustomize, objects

# Semantic versions without build data: an image's tag has no +.
VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("version")
    parser.add_argument("--image", default="dbmigration")
    parser.add_argument("--output", type=pathlib.Path)
    options = parser.parse_args()
    output = options.output or ROOT / "dist" / options.version
    try:
        for path in write(options.version, options.image, output):
            print(path)
    except ReleaseError as error:
        sys.exit(f"error: {error}")


class ReleaseError(Exception):
    pass


def write(version, image, output):
    """The files of a release, in a folder that holds nothing yet."""
    if not VERSION.fullmatch(version):
        raise ReleaseError(f"{version} is no version: write it as 1.2.3 or 1.2.3-rc.1, without a v")
    if not re.fullmatch(r"[a-z0-9.:_/-]+", image) or ":" in image.rsplit("/", 1)[-1]:
        raise ReleaseError(f"{image} is no image's name: registry and repository, without tag; the tag is {version}")
    if output.exists() and any(output.iterdir()):
        raise ReleaseError(f"{output} holds something already: remove it, or choose another --output")
    output.mkdir(parents=True, exist_ok=True)
    bundles = {
        "crd.yaml": kustomize("crd"),
        "install.yaml": kustomize("default"),
        "install-namespaced.yaml": kustomize("namespaced"),
        "prometheus.yaml": kustomize("prometheus"),
    }
    for name, items in bundles.items():
        bundles[name] = [released(item, version, image) for item in items]
        text = f"# dbmigration {version}\n" + yaml.dump_all(bundles[name], Dumper=Plain, sort_keys=False, width=1000)
        (output / name).write_text(text)
        if objects(text) != bundles[name]:
            raise ReleaseError(f"{name} does not read as it was written")
    package(version, image, output)
    items = chart({}, source=output / f"dbmigration-{version}.tgz")
    problems = differences("install.yaml", [unversioned(item) for item in bundles["install.yaml"]], "the packed chart", items)
    if problems:
        raise ReleaseError("the chart installs something else than install.yaml:\n" + "\n".join(problems))
    paths = sorted(path for path in output.iterdir())
    sums = "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in paths)
    (output / "SHA256SUMS").write_text(sums)
    return paths + [output / "SHA256SUMS"]


class Plain(yaml.SafeDumper):
    """Without aliases, which people do not read, and with texts of several lines as blocks."""

    def ignore_aliases(self, data):
        return True


Plain.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None))


def released(item, version, image):
    """With the image in both places that name it, and the version as a label of every object."""
    labels = {**item["metadata"].get("labels", {}), "app.kubernetes.io/version": version}
    item = {**item, "metadata": {**item["metadata"], "labels": labels}}
    if item["kind"] == "Deployment":
        for container in item["spec"]["template"]["spec"]["containers"]:
            container["image"] = f"{image}:{version}"
            for variable in container["env"]:
                if variable["name"] == "DBMIGRATION_IMAGE":
                    variable["value"] = f"{image}:{version}"
    return item


def unversioned(item):
    labels = {key: value for key, value in item["metadata"]["labels"].items() if key != "app.kubernetes.io/version"}
    metadata = {**item["metadata"], "labels": labels}
    if not labels:
        del metadata["labels"]
    return {**item, "metadata": metadata}


def package(version, image, output):
    """The chart with the image as its default."""
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "dbmigration"
        shutil.copytree(CHART, copy)
        values = (copy / "values.yaml").read_text()
        filled = values.replace("\n  repository: dbmigration\n", f"\n  repository: {image}\n").replace('\n  tag: ""\n', f'\n  tag: "{version}"\n')
        if yaml.safe_load(filled)["image"] != {"repository": image, "tag": version, "pullPolicy": ""}:
            raise ReleaseError("values.yaml has its image written in another way than hack/lib/manifests/release.py replaces")
        (copy / "values.yaml").write_text(filled)
        helm_python.package(copy, destination=output, version=version, app_version=version)


def check():
    """A release can be written, and one that is wrong is refused."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        try:
            names = {path.name for path in write("1.2.3-rc.1", "registry.example.com:5000/team/dbmigration", folder / "good")}
        except ReleaseError as error:
            return [f"hack/release: {error}"]
        wanted = {"crd.yaml", "install.yaml", "install-namespaced.yaml", "prometheus.yaml", "dbmigration-1.2.3-rc.1.tgz", "SHA256SUMS"}
        problems = [] if names == wanted else [f"hack/release writes {sorted(names)} instead of {sorted(wanted)}"]
        for version, image in [("v1.2.3", "dbmigration"), ("1.2", "dbmigration"), ("1.2.3", "dbmigration:1.2.3")]:
            try:
                write(version, image, folder / "bad")
                problems.append(f"hack/release takes version {version} of image {image}")
            except ReleaseError:
                pass
        return problems


if __name__ == "__main__":
    main()
