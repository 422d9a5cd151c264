"""Everything in the four systems that looks like an agency's, whoever the agency is. Reads only.

By its mark, or by a name under an agency's prefix. Realms are never listed (the rights do not go
so far): one is looked for under the id of each agency that is met elsewhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from onboarding import environment, errors, item, kube, labels, vault
from onboarding.desired import handover, ingress_tls, vault_mark
from onboarding.engines.pulumi_stack import backend, command, events
from onboarding.identity import keycloak, representation
from onboarding.kube import kinds

CLUSTER, VAULT, KEYCLOAK = "cluster", "vault", "keycloak"
PULUMI, FOLDER = "pulumi state", "state folder"

_EVERYTHING = "10000"
_PKI = re.compile(r"^pki-(.+)-sign/$")


@dataclass(frozen=True, slots=True)
class Thing:
    """One object. ``agency`` by its mark; where it has none, ``name`` stands under a prefix."""

    system: str
    kind: str
    scope: str
    name: str
    agency: str = ""

    def __str__(self) -> str:
        where = f"{self.scope}/" if self.scope else ""
        return f"{self.kind} {where}{self.name}"


@dataclass(slots=True)
class Inventory:
    """What was found; ``unread`` by system, with the reason."""

    things: list[Thing] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)


def read(
    target: environment.Environment, role: environment.Role, known: Iterable[str]
) -> Inventory:
    """All systems, one after the other; one that cannot be read leaves the others."""
    found = Inventory()
    readers: dict[str, Callable[[], Iterator[Thing]]] = {
        CLUSTER: lambda: _cluster(target, role),
        VAULT: lambda: _vault(target, role),
        KEYCLOAK: lambda: _keycloak(target, role, {*known, *(t.agency for t in found.things)}),
        PULUMI: lambda: _stacks(target),
        FOLDER: lambda: _folders(target),
    }
    for system, reader in readers.items():
        try:
            found.things += list(reader())
        except (errors.OnboardError, OSError) as refused:
            found.unread[system] = str(getattr(refused, "message", refused))
    return found


def _cluster(target: environment.Environment, role: environment.Role) -> Iterator[Thing]:
    cluster = kube.connect(target, role)
    try:
        ours = f"{labels.MANAGED_BY} in ({labels.MANAGER},{ingress_tls.WRITER})"
        for kind, objects in cluster.list_kinds(kinds.STACK, selector=ours).items():
            for one in objects:
                metadata = one["metadata"]
                agency = (metadata.get("labels") or {}).get(labels.AGENCY, "")
                if agency:
                    yield Thing(
                        CLUSTER, kind, metadata.get("namespace", ""), metadata["name"], agency
                    )
        for one in cluster.list("Namespace"):
            name = str(one["metadata"]["name"])
            if name.startswith("ga-") and not labels.owner(one["metadata"].get("labels")):
                yield Thing(CLUSTER, "Namespace", "", name)
    finally:
        cluster.close()


def _vault(target: environment.Environment, role: environment.Role) -> Iterator[Thing]:
    with vault.connect(target, role) as door:
        mounts = door.read("sys/mounts") or {}
        for path, about in mounts.items():
            agency = vault_mark.owner((about or {}).get("description"))
            if agency or _PKI.match(path):
                yield Thing(VAULT, "Mount", "", path.rstrip("/"), agency)
        for name, about in door.details("sys/policies/detailed/acl").items():
            agency = vault_mark.owner(about.get("policy"))
            if agency or name.startswith("ga-"):
                yield Thing(VAULT, "Policy", "", name, agency)
        for name in door.names("auth/kubernetes/role"):
            if name.startswith("ga-"):
                yield Thing(VAULT, "KubernetesAuthRole", "kubernetes", name)
        for name in door.names("kv/metadata/") if "kv/" in mounts else ():
            yield Thing(VAULT, "KvPrefix", "kv", name.rstrip("/"), name.rstrip("/"))


def _keycloak(
    target: environment.Environment, role: environment.Role, agencies: Iterable[str]
) -> Iterator[Thing]:
    door = keycloak.connect(target, role)
    realm = target.keycloak.shared_realm
    listed: tuple[tuple[str, str, str, dict[str, str]], ...] = (
        ("Organization", "/organizations", "alias", {"briefRepresentation": "false"}),
        ("Group", "/groups", "name", {"briefRepresentation": "false"}),
        ("Client", "/clients", "clientId", {}),
        ("ClientScope", "/client-scopes", "name", {}),
        ("IdentityProvider", "/identity-provider/instances", "alias", {}),
    )
    try:
        for kind, place, key, query in listed:
            for rep in door.get(realm, place, max=_EVERYTHING, **query) or ():
                name, agency = str(rep[key]), representation.owner(rep)
                if agency or name.startswith("ga-"):
                    yield Thing(KEYCLOAK, kind, realm, name, agency)
        for agency in sorted(filter(None, agencies)):
            if agency != realm and _has_realm(door, agency):
                yield Thing(KEYCLOAK, "Realm", "", agency, agency)
    finally:
        door.close()


def _has_realm(door: keycloak.Keycloak, name: str) -> bool:
    try:
        return door.exists(name)
    except keycloak.ClientUnknown:
        return True


def _stacks(target: environment.Environment) -> Iterator[Thing]:
    place = backend.stored(target.pulumi)
    # Beside each state lie its backup and its attributes.
    for name in place.find(backend.checkpoint_name(command.PROJECT, "").removesuffix(".json")):
        stack = Path(name).stem
        content = place.read(name)
        if name != backend.checkpoint_name(command.PROJECT, stack) or content is None:
            continue
        yield Thing(PULUMI, "Stack", "", stack, stack)
        for ref in resources(stack, content):
            yield Thing(PULUMI, ref.kind, ref.scope, ref.name, stack)


def resources(stack: str, content: bytes) -> Iterator[item.Ref]:
    """The objects that a stack's stored state speaks of.

    Raises ``errors.EngineFailed`` where it cannot be read.
    """
    try:
        latest = (json.loads(content).get("checkpoint") or {}).get("latest") or {}
    except (ValueError, AttributeError) as damaged:
        raise errors.EngineFailed(
            f"the stored state of the stack {stack!r} is damaged"
        ) from damaged
    for resource in latest.get("resources") or ():
        ref = events.ref_of(str(resource.get("urn", "")))
        if ref is not None and not resource.get("delete"):
            yield ref


def _folders(target: environment.Environment) -> Iterator[Thing]:
    """Kits, and what Pulumi works in: a folder or file for each agency."""
    places: Mapping[str, tuple[Path, str]] = {
        "HandoverKit": (target.store() / handover.FOLDER, ""),
        "WorkFolder": (target.pulumi.home / "work" / target.name, ""),
        "Log": (target.pulumi.home / "logs" / target.name, ".log"),
    }
    for kind, (folder, suffix) in places.items():
        for one in sorted(folder.iterdir()) if folder.is_dir() else ():
            if not one.name.startswith(".") and one.name.endswith(suffix):
                agency = one.name.removesuffix(suffix)
                yield Thing(FOLDER, kind, "", one.name, agency)
