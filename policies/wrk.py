"""WRK: how the workloads are hardened (Pod Security ``restricted`` and a little more)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from onboarding import item, policy
from onboarding.policies import judge, workload
from onboarding.policies.workload import Container, PodSpec

CLUSTER = item.EngineName.CLUSTER
ALLOWED_VOLUMES = frozenset(
    {
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "persistentVolumeClaim",
        "projected",
        "secret",
    }
)
SAFE_SYSCTLS = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_wmem",
    }
)
SAFE_SELINUX_TYPES = frozenset(
    {None, "", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
)
_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}\Z")
_SECRET_NAME = re.compile(r"(?:PASSWORD|TOKEN|SECRET|KEY)\Z", re.IGNORECASE)


def not_privileged(view: policy.View) -> Iterator[policy.Result]:
    def wrong(container: Container, spec: PodSpec) -> Iterator[str]:
        if (container.get("securityContext") or {}).get("privileged"):
            yield "privileged"

    return workload.each_container(view, wrong, "no container is privileged")


def no_escalation(view: policy.View) -> Iterator[policy.Result]:
    def wrong(container: Container, spec: PodSpec) -> Iterator[str]:
        value = (container.get("securityContext") or {}).get("allowPrivilegeEscalation")
        if value is not False:
            yield f"allowPrivilegeEscalation={judge.show(value)}"

    return workload.each_container(view, wrong, "allowPrivilegeEscalation=false")


def non_root(view: policy.View) -> Iterator[policy.Result]:
    def wrong(container: Container, spec: PodSpec) -> Iterator[str]:
        if workload.security(container, spec, "runAsNonRoot") is not True:
            yield "runAsNonRoot is not true"
        if workload.security(container, spec, "runAsUser") == 0:
            yield "runAsUser=0"

    return workload.each_container(view, wrong, "runAsNonRoot=true, no user 0")


def capabilities(view: policy.View) -> Iterator[policy.Result]:
    def wrong(container: Container, spec: PodSpec) -> Iterator[str]:
        found = (container.get("securityContext") or {}).get("capabilities") or {}
        if "ALL" not in (found.get("drop") or ()):
            yield f"drop={judge.show(found.get('drop'))}"
        added = set(found.get("add") or ()) - {"NET_BIND_SERVICE"}
        if added:
            yield f"add={', '.join(sorted(added))}"

    return workload.each_container(view, wrong, "all capabilities dropped")


def seccomp(view: policy.View) -> Iterator[policy.Result]:
    def wrong(container: Container, spec: PodSpec) -> Iterator[str]:
        profile = workload.security(container, spec, "seccompProfile") or {}
        if profile.get("type") not in ("RuntimeDefault", "Localhost"):
            yield f"seccomp={judge.show(profile.get('type'))}"

    return workload.each_container(view, wrong, "seccomp RuntimeDefault or Localhost")


def _probe_hosts(container: Container) -> Iterator[str]:
    hooks = container.get("lifecycle") or {}
    probes = {name: container.get(name) for name in container if name.endswith("Probe")}
    for name, probe in {**probes, **hooks}.items():
        for action in ("httpGet", "tcpSocket"):
            host = ((probe or {}).get(action) or {}).get("host")
            if host:
                yield f"{name} to host {host}"


def host_isolation(view: policy.View) -> Iterator[policy.Result]:
    def wrong(spec: PodSpec) -> Iterator[str]:
        for key in ("hostNetwork", "hostPID", "hostIPC"):
            if spec.get(key):
                yield key
        for container in workload.containers(spec):
            for port in container.get("ports") or ():
                if port.get("hostPort"):
                    yield f"hostPort {port['hostPort']}"
            yield from _probe_hosts(container)

    return workload.each_pod(view, wrong, "nothing of the host is shared")


def volumes(view: policy.View) -> Iterator[policy.Result]:
    def wrong(spec: PodSpec) -> Iterator[str]:
        for volume in spec.get("volumes") or ():
            for kind in volume.keys() - {"name"} - ALLOWED_VOLUMES:
                yield f"volume {volume.get('name')}: {kind}"

    return workload.each_pod(view, wrong, "volumes of the allowed types")


def kernel_interfaces(view: policy.View) -> Iterator[policy.Result]:
    """procMount, sysctls, AppArmor and SELinux as the restricted profile has them."""

    def of_context(context: Container | None) -> Iterator[str]:
        context = context or {}
        if context.get("procMount") not in (None, "", "Default"):
            yield f"procMount={context['procMount']}"
        armor = (context.get("appArmorProfile") or {}).get("type")
        if armor not in (None, "", "RuntimeDefault", "Localhost"):
            yield f"AppArmor={armor}"
        selinux = context.get("seLinuxOptions") or {}
        if selinux.get("type") not in SAFE_SELINUX_TYPES:
            yield f"SELinux type={selinux['type']}"
        if selinux.get("user") or selinux.get("role"):
            yield "SELinux user or role"
        for sysctl in context.get("sysctls") or ():
            if sysctl.get("name") not in SAFE_SYSCTLS:
                yield f"sysctl {sysctl.get('name')}"

    def wrong(spec: PodSpec) -> Iterator[str]:
        yield from of_context(spec.get("securityContext"))
        for container in workload.containers(spec):
            yield from of_context(container.get("securityContext"))

    return workload.each_pod(view, wrong, "defaults of the restricted profile")


def read_only_root(view: policy.View) -> Iterator[policy.Result]:
    def wrong(container: Container, spec: PodSpec) -> Iterator[str]:
        if (container.get("securityContext") or {}).get("readOnlyRootFilesystem") is not True:
            yield "root file system can be written"

    return workload.each_container(view, wrong, "readOnlyRootFilesystem=true")


def requests_and_limits(view: policy.View) -> Iterator[policy.Result]:
    def wrong(container: Container, spec: PodSpec) -> Iterator[str]:
        resources = container.get("resources") or {}
        for part in ("requests", "limits"):
            for resource in ("cpu", "memory"):
                if not (resources.get(part) or {}).get(resource):
                    yield f"{part}.{resource} absent"

    return workload.each_container(view, wrong, "cpu and memory requested and limited")


def trusted_image(view: policy.View) -> Iterator[policy.Result]:
    registries = view.environment.images.allowed_registries

    def wrong(container: Container, spec: PodSpec) -> Iterator[str]:
        image = str(container.get("image") or "")
        if not any(image.startswith(r.rstrip("/") + "/") for r in registries):
            yield f"{image} is not from {', '.join(registries)}"
        if not _DIGEST.search(image):
            yield f"{image} is not pinned by digest"

    return workload.each_container(view, wrong, "allowed registry, pinned by digest")


def pull_always(view: policy.View) -> Iterator[policy.Result]:
    def wrong(container: Container, spec: PodSpec) -> Iterator[str]:
        if container.get("imagePullPolicy") != "Always":
            yield f"imagePullPolicy={judge.show(container.get('imagePullPolicy'))}"

    office = view.environment.e_office
    run = office.run if office else None
    loaded = {run.database, run.secrets, view.environment.images.e_office} if run else set()
    without = run is not None and run.pull != "Always"

    def excused(of: item.Item) -> str:
        used = {c.get("image") for c in workload.containers(workload.pod_spec(of))}
        return "the environment has no registry to pull from" if without and used <= loaded else ""

    return workload.each_container(view, wrong, "imagePullPolicy=Always", excused)


def no_account_token(view: policy.View) -> Iterator[policy.Result]:
    def wrong(spec: PodSpec) -> Iterator[str]:
        if spec.get("automountServiceAccountToken") is not False:
            yield "the service account's token is mounted"

    return workload.each_pod(view, wrong, "automountServiceAccountToken=false")


def no_credential_in_environment(view: policy.View) -> Iterator[policy.Result]:
    def wrong(container: Container, spec: PodSpec) -> Iterator[str]:
        for variable in container.get("env") or ():
            name = str(variable.get("name"))
            if _SECRET_NAME.search(name) and ("value" in variable or _from_secret(variable)):
                yield f"variable {name}"
        for source in container.get("envFrom") or ():
            if source.get("secretRef"):
                yield "environment from a Secret"

    return workload.each_container(view, wrong, "secrets come as files")


def _from_secret(variable: Container) -> bool:
    return "secretKeyRef" in (variable.get("valueFrom") or {})


def unavailable(deployment: item.Item, budgets: list[item.Item]) -> Iterator[str]:
    """What keeps a workload from going on while a node drains."""
    replicas = (deployment.fields.get("spec") or {}).get("replicas", 1)
    if replicas < 2:
        yield f"replicas={replicas}"
    if not budgets:
        yield "no PodDisruptionBudget"
    for budget in budgets:
        least = (budget.fields.get("spec") or {}).get("minAvailable")
        if isinstance(least, int) and least >= replicas:
            yield f"minAvailable={least} of {replicas} replicas"
    spec = workload.pod_spec(deployment)
    if not spec.get("topologySpreadConstraints") and not (spec.get("affinity") or {}):
        yield "pods are not spread over nodes"


def available(view: policy.View) -> Iterator[policy.Result]:
    """From class M on: two replicas, a budget that lets a node drain, pods spread."""
    budgets = view.items(CLUSTER, "PodDisruptionBudget")
    big = {
        i.namespace
        for i in view.tenant.instances
        if i.size.klass in ("M", "L", "XL") and view.environment.scale == 1
    }
    found = view.items(CLUSTER, "Deployment")
    for deployment in found:
        if deployment.ref.scope not in big:
            yield judge.not_applicable(str(deployment.ref), "below class M, or a scaled lab")
            continue
        own = [b for b in budgets if b.ref.scope == deployment.ref.scope]
        yield judge.problems(
            str(deployment.ref), list(unavailable(deployment, own)), "replicas, budget, spread"
        )
    yield from judge.absent(view, CLUSTER, "Deployment")
    if not found:
        yield from judge.none_wanted(view, CLUSTER, "Deployment")


def workload_there(view: policy.View) -> Iterator[policy.Result]:
    """A namespace alone serves nobody: every system of the manifest has its pods."""
    deployed = {d.ref.scope: d for d in view.items(CLUSTER, "Deployment")}
    for instance in view.tenant.instances:
        subject = f"Namespace {instance.namespace}"
        have = deployed.get(instance.namespace)
        if have is not None:
            yield judge.passes(subject, f"{have.ref.kind} {have.ref.name}")
        elif view.environment.images.of(instance.kind):
            yield judge.fails(subject, None, "a Deployment")
        else:
            yield judge.fails(
                subject,
                f"a namespace only: the environment has no image of {instance.kind}",
                "a Deployment",
            )


def service_kind(view: policy.View) -> Iterator[policy.Result]:
    def one(have: item.Item) -> policy.Result:
        spec = have.fields.get("spec") or {}
        wrong = []
        if spec.get("type", "ClusterIP") not in ("ClusterIP", "ExternalName"):
            wrong.append(f"type={spec['type']}")
        if spec.get("externalIPs"):
            wrong.append(f"externalIPs={judge.show(spec['externalIPs'])}")
        if spec.get("type") == "ExternalName":
            wrong.append(f"externalName={spec.get('externalName')}")
        return judge.problems(str(have.ref), wrong, "reached inside the cluster only")

    yield from judge.each(view, CLUSTER, "Service", one)
