"""What the agencies of a folder need together, and which documented limits that comes near.

One pass: `Needs.add` takes what it needs from one agency and keeps sums only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from onboarding import sizing, tenant
from onboarding.policies import load

PLACES = ("cluster", "vault", "keycloak")


@dataclass(slots=True)
class Needs:
    """Sums over agencies. ``*_m`` thousandths of a core, ``*_mi`` MiB, ``*_gi`` GiB."""

    agencies: int = 0
    users: int = 0
    cpu_request_m: int = 0
    cpu_limit_m: int = 0
    memory_request_mi: int = 0
    memory_limit_mi: int = 0
    storage_gi: int = 0
    """What quotas ask for: the first years, as the sizing profile says."""
    namespaces: int = 0
    services: int = 0
    pods: int = 0
    """As quotas allow; fewer run."""
    running: int = 0
    certificates: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(
            ("authorities", "signers", "ingress", "devices", "links"), 0
        )
    )
    """Those valid at one moment."""
    mounts: int = 0
    clients: int = 0
    own_realms: int = 0
    organizations: int = 0
    _growth: list[int] = field(default_factory=list)
    """GiB that each year adds to the year before, the first year first."""

    def add(self, of: tenant.Tenant) -> None:
        self.agencies += 1
        self.users += of.manifest.users.initial
        self.mounts += 1
        self.own_realms += of.own_realm
        self.organizations += not of.own_realm
        self.clients += len(of.signed_in_to) + len(of.manifest.links)
        for kind, count in {
            "authorities": 1,
            "signers": len(of.signers),
            "ingress": sum(bool(instance.host) for instance in of.instances),
            "devices": len(of.devices),
            "links": len(of.manifest.links),
        }.items():
            self.certificates[kind] += count
        for instance in of.instances:
            self._add_instance(of, instance)

    def _add_instance(self, of: tenant.Tenant, instance: tenant.Instance) -> None:
        size = instance.size
        self.cpu_request_m += size.cpu_request_m
        self.cpu_limit_m += size.cpu_limit_m
        self.memory_request_mi += size.memory_request_mi
        self.memory_limit_mi += size.memory_limit_mi
        self.storage_gi += size.storage_gi
        self.namespaces += 1
        self.services += 1
        self.pods += size.pods
        self.running += size.replicas
        before = 0
        for year, stored in enumerate(storage_by_year(of, instance)):
            if year == len(self._growth):
                self._growth.append(0)
            self._growth[year] += stored - before
            before = stored

    @property
    def realms(self) -> int:
        """Realms of agencies, and the one that all others share."""
        return self.own_realms + bool(self.organizations)

    def storage_by_year(self) -> tuple[int, ...]:
        """GiB at the end of each year from now, to the end of the longest retention."""
        return tuple(accumulate(self._growth))


def storage_by_year(of: tenant.Tenant, instance: tenant.Instance) -> list[int]:
    """GiB of one instance at the end of each year, until what is stored and deleted is level.

    Time series are kept for days, so they are level from the first year on.
    """
    system = of.system(instance)
    if system.telemetry:
        return [instance.size.storage_gi]
    years = sizing.retention_years()
    if system.eoffice:
        years = system.eoffice.retention_years
    elif system.personal_data:
        years = system.personal_data.retention_years
    asked = instance.size.storage_gi
    held = asked if asked > sizing.size(instance.users).storage_gi else 0
    return [max(held, sizing.storage_gi(instance.users, year)) for year in range(1, years + 1)]


@dataclass(frozen=True, slots=True)
class Limit:
    """A documented limit and how far it is used; ``per`` is what can be had more than once."""

    quantity: str
    per: str
    used: int
    value: int
    source: str
    confirm_en: str
    confirm_th: str

    @property
    def percent(self) -> float:
        return 100 * self.used / self.value

    @property
    def state(self) -> str:
        """``over``, ``near`` or ``within``."""
        if self.used > self.value:
            return "over"
        return "near" if self.percent >= near_percent() else "within"

    @property
    def needed(self) -> int:
        """How many installations keep this limit far enough away on each, at least one."""
        return max(1, -(-self.used * 100 // (self.value * near_percent())))


@dataclass(frozen=True, slots=True)
class Judged:
    """Every limit against the needs, and how many installations of each kind that takes."""

    limits: tuple[Limit, ...]
    nodes: int
    needed: Mapping[str, int]


def judge(needs: Needs) -> Judged:
    """The needs against ``policies/data/limits.yaml``.

    The number of clusters assumes that agencies can be spread evenly, so it is a lower bound.
    """
    nodes = _nodes(needs)
    used = {
        "nodes": nodes,
        "pods": needs.pods,
        "namespaces": needs.namespaces,
        "services": needs.services,
        "mounts": needs.mounts,
        "certificates": sum(needs.certificates.values()),
        "realms": needs.realms,
        "organizations": needs.organizations,
    }
    limits = tuple(
        Limit(
            quantity=entry["quantity"],
            per=entry["per"],
            used=used[entry["quantity"]],
            value=entry["value"],
            source=entry["source"],
            confirm_en=entry.get("confirm", ""),
            confirm_th=entry.get("confirmTh", ""),
        )
        for entry in _data()["limits"]
    )
    needed = {place: max(one.needed for one in limits if one.per == place) for place in PLACES}
    return Judged(limits, nodes, needed)


@dataclass(frozen=True, slots=True)
class Assumption:
    """What is taken for granted about a node, and what a person has to confirm about it."""

    key: str
    value: int
    source: str
    confirm_en: str
    confirm_th: str


def assumptions() -> tuple[Assumption, ...]:
    """The node that `judge` counts with, as far as it is not documented."""
    return tuple(
        Assumption(key, entry["value"], entry["source"], entry["confirm"], entry["confirmTh"])
        for key, entry in _data()["node"].items()
        if "confirm" in entry
    )


def near_percent() -> int:
    """From this share of a limit on an installation counts as near it."""
    percent: int = _data()["nearPercent"]["value"]
    return percent


def _nodes(needs: Needs) -> int:
    node: dict[str, int] = {key: entry["value"] for key, entry in _data()["node"].items()}
    return max(
        -(-needs.cpu_request_m // (node["cores"] * 1000)),
        -(-needs.memory_request_mi // (node["memory"] * 1024)),
        -(-needs.pods // node["pods"]),
    )


def _data() -> Mapping[str, Any]:
    return load.read("limits.yaml")
