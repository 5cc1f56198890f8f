"""Every pod we make meets PodSecurity "restricted", rule by rule.

The control plane of the tests is of 1.20 and has no such admission. The rules are those of Kubernetes' Pod Security Standards, each with the
standard's name for it; the baseline is part of the restricted level.
"""

import json

from renderings import ROOT, VARIANTS, chart, kustomize

VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
SELINUX_TYPES = {None, "", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
SYSCTLS = {"kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start", "net.ipv4.tcp_syncookies",
           "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout",
           "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes"}
SECCOMP = {"RuntimeDefault", "Localhost"}


def check():
    pods = {}
    for name, values in VARIANTS.items():
        pods |= {f"the chart, {name} values: {key}": pod for key, pod in templates(chart(values, crds=False))}
    for base in ["default", "namespaced"]:
        pods |= {f"manifests/{base}: {key}": pod for key, pod in templates(kustomize(base))}
    # What the code writes for a worker; a test compares it with the code.
    job = json.loads((ROOT / "Tests/ClusterWorkloadsTests/Golden/job.json").read_text())
    pods |= {f"the golden worker Job: {key}": pod for key, pod in templates([job])}
    problems = [] if len(pods) == len(VARIANTS) + 3 else [f"found {len(pods)} kinds of pods, which is not what there should be: {list(pods)}"]
    for name, pod in pods.items():
        problems += [f"{name}: {violation}" for violation in violations(pod)]
    return problems + self_test(next(iter(pods.values())))


def templates(items):
    for item in items:
        template = item.get("spec", {}).get("template") if item["kind"] in ("Deployment", "Job") else None
        if template:
            yield f"{item['kind']}/{item['metadata']['name']}", template


def violations(pod):
    """What of the restricted level a pod (or a pod template) breaks."""
    spec = pod.get("spec", {})
    context = spec.get("securityContext") or {}
    containers = [each for field in ("initContainers", "containers", "ephemeralContainers") for each in spec.get(field) or []]
    annotations = (pod.get("metadata") or {}).get("annotations") or {}

    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(field):
            yield f"Host Namespaces: {field}"
    if (context.get("windowsOptions") or {}).get("hostProcess"):
        yield "HostProcess: pod"
    if any(key.startswith("container.apparmor.security.beta.kubernetes.io/") and value not in ("runtime/default", "")
           and not value.startswith("localhost/") for key, value in annotations.items()):
        yield "AppArmor: annotation"
    for volume in spec.get("volumes") or []:
        kinds = set(volume) - {"name"}
        if not kinds <= VOLUMES:
            yield f"Volume Types: {volume['name']} is of {', '.join(kinds - VOLUMES)}"
    for sysctl in context.get("sysctls") or []:
        if sysctl["name"] not in SYSCTLS:
            yield f"Sysctls: {sysctl['name']}"
    for where, each in [("pod", context)] + [(container["name"], container.get("securityContext") or {}) for container in containers]:
        yield from common(where, each)
    for container in containers:
        yield from of_container(container, container.get("securityContext") or {}, context)


def common(where, context):
    """Rules for fields that a pod and its containers both have."""
    selinux = context.get("seLinuxOptions") or {}
    if selinux.get("type") not in SELINUX_TYPES or selinux.get("user") or selinux.get("role"):
        yield f"SELinux: {where}"
    if (context.get("appArmorProfile") or {}).get("type", "RuntimeDefault") not in ("RuntimeDefault", "Localhost"):
        yield f"AppArmor: {where}"
    if (context.get("windowsOptions") or {}).get("hostProcess"):
        yield f"HostProcess: {where}"
    if context.get("runAsUser") == 0:
        yield f"Running as Non-root user: {where} has runAsUser 0"
    if context.get("runAsNonRoot") is False:
        yield f"Running as Non-root: {where} has runAsNonRoot false"
    if (context.get("seccompProfile") or {}).get("type", "RuntimeDefault") not in SECCOMP:
        yield f"Seccomp: {where}"


def of_container(container, context, pod_context):
    name = container["name"]
    if context.get("privileged"):
        yield f"Privileged Containers: {name}"
    if any(port.get("hostPort") for port in container.get("ports") or []):
        yield f"Host Ports: {name}"
    handlers = [container.get(probe) for probe in ("livenessProbe", "readinessProbe", "startupProbe")]
    handlers += (container.get("lifecycle") or {}).values()
    for handler in handlers:
        for action in ("httpGet", "tcpSocket"):
            if ((handler or {}).get(action) or {}).get("host"):
                yield f"Host Probes / Lifecycle Hooks: {name}"
    if (context.get("procMount") or "Default") != "Default":
        yield f"/proc Mount Type: {name}"
    if context.get("allowPrivilegeEscalation") is not False:
        yield f"Privilege Escalation: {name} must set allowPrivilegeEscalation: false"
    if not (context.get("runAsNonRoot") or pod_context.get("runAsNonRoot")):
        yield f"Running as Non-root: {name} must set runAsNonRoot: true"
    if not (context.get("seccompProfile") or pod_context.get("seccompProfile")):
        yield f"Seccomp: {name} must set seccompProfile"
    capabilities = context.get("capabilities") or {}
    if "ALL" not in (capabilities.get("drop") or []):
        yield f"Capabilities: {name} must drop ALL"
    if set(capabilities.get("add") or []) - {"NET_BIND_SERVICE"}:
        yield f"Capabilities: {name} adds {capabilities['add']}"
    # Not of the standard, but promised: nothing is written into the image.
    if not context.get("readOnlyRootFilesystem"):
        yield f"read-only root file system: {name}"


def self_test(pod):
    """The rules find what is wrong: each break of a good pod is seen, by the rule it breaks."""
    good = pod["spec"]["securityContext"]
    first = pod["spec"]["containers"][0]
    windows = {"windowsOptions": {"hostProcess": True}}
    broken = {}

    def add(rule, name, spec=(), metadata=()):
        broken[name] = (rule, {**pod, "metadata": {**pod["metadata"], **dict(metadata)}, "spec": {**pod["spec"], **dict(spec)}})

    for field in ("hostNetwork", "hostPID", "hostIPC"):
        add("Host Namespaces", field, {field: True})
    add("Volume Types", "hostPath", {"volumes": [{"name": "x", "hostPath": {"path": "/"}}]})
    for rule, name, context in [
        ("Running as Non-root user", "runAsUser 0", {"runAsUser": 0}), ("Sysctls", "sysctls", {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}),
        ("AppArmor", "appArmorProfile", {"appArmorProfile": {"type": "Unconfined"}}), ("HostProcess", "windowsOptions", windows),
        ("SELinux", "seLinuxOptions", {"seLinuxOptions": {"user": "system_u"}}),
    ]:
        add(rule, name, {"securityContext": {**good, **context}})
    add("AppArmor", "an AppArmor annotation",
        metadata={"annotations": {"container.apparmor.security.beta.kubernetes.io/controller": "unconfined"}})
    add("Seccomp", "no seccompProfile", {"securityContext": {key: value for key, value in good.items() if key != "seccompProfile"}})
    host = {"httpGet": {"path": "/", "port": 1, "host": "169.254.169.254"}}
    tcp = {"tcpSocket": {"port": 1, "host": "10.0.0.1"}}
    for rule, name, fields in [("Host Ports", "hostPort", {"ports": [{"containerPort": 1, "hostPort": 1}]})] + [
        ("Host Probes / Lifecycle Hooks", f"{name} of another host", fields) for name, fields in [
            ("livenessProbe", {"livenessProbe": host}), ("readinessProbe", {"readinessProbe": tcp}), ("startupProbe", {"startupProbe": host}),
            ("lifecycle.preStop", {"lifecycle": {"preStop": host}}), ("lifecycle.postStart", {"lifecycle": {"postStart": tcp}})]
    ]:
        add(rule, name, {"containers": [{**first, **fields}]})
        add(rule, f"{name}, of an init container", {"initContainers": [{**first, **fields}]})
    for rule, field, value in [
        ("Privileged Containers", "privileged", True), ("Privilege Escalation", "allowPrivilegeEscalation", True),
        ("Capabilities", "capabilities", {"drop": ["ALL"], "add": ["NET_ADMIN"]}), ("Running as Non-root user", "runAsUser", 0),
        ("Running as Non-root", "runAsNonRoot", False), ("Seccomp", "seccompProfile", {"type": "Unconfined"}),
        ("/proc Mount Type", "procMount", "Unmasked"), ("read-only root file system", "readOnlyRootFilesystem", False),
        ("SELinux", "seLinuxOptions", {"type": "spc_t"}), ("AppArmor", "appArmorProfile", {"type": "Unconfined"}),
        ("HostProcess", "windowsOptions", windows["windowsOptions"]),
    ]:
        add(rule, f"container {field}", {"containers": [{**first, "securityContext": {**first["securityContext"], field: value}}]})
    return [f"the rule {rule} did not see a pod with {name}" for name, (rule, each) in broken.items()
            if not any(violation.startswith(f"{rule}:") for violation in violations(each))]
