"""Where the records inside a system come from when an agency leaves: the seam to the product."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from onboarding import errors, kube, tenant

SIMULATED = ("kwok.x-k8s.io/node", "fake")
"""Annotation of a node without a computer behind it: its pods run nothing and store nothing."""
_CHOSEN = "volume.kubernetes.io/selected-node"


@dataclass(frozen=True, slots=True)
class Record:
    """One file of a system's store: where it is below the exported folder, and its digest."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Contents:
    """What an instance's store holds. ``known_by`` says how that is known, also when empty."""

    namespace: str
    letters: int
    register_entries: int
    known_by: str


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: ``contents`` were counted from it, ``records`` must be all of its files,
    each with its digest as the product knows it."""

    contents: Contents
    records: Sequence[Record]


class RecordsSource(Protocol):
    """The letters and registers inside the instances of an agency.

    Every method raises ``errors.OnboardError`` where it cannot tell: an empty answer means that
    there is nothing, never that nothing was seen.
    """

    def count(self, of: tenant.Tenant, instance: tenant.Instance) -> Contents: ...

    def export(self, of: tenant.Tenant, instance: tenant.Instance, folder: Path) -> Exported:
        """Write all records into ``folder`` in open formats."""
        ...

    def recount(self, of: tenant.Tenant, instance: tenant.Instance) -> Contents | None:
        """As ``count``, where the product still stands; None where there is nothing to ask."""
        ...


class SimulatedStores:
    """The stores of instances whose pods all run on simulated nodes: provably empty.

    For any other instance every method raises ``errors.Refused``: no exporter of the product is
    known here, and records must not be left behind.
    """

    def __init__(self, cluster: kube.Cluster, filled: Collection[str] = ()) -> None:
        """``filled``: namespaces in which a volume was applied."""
        self._cluster, self._filled = cluster, filled
        self._simulated: frozenset[str] | None = None

    def count(self, of: tenant.Tenant, instance: tenant.Instance) -> Contents:
        return Contents(instance.namespace, 0, 0, self.proof(instance))

    def export(self, of: tenant.Tenant, instance: tenant.Instance, folder: Path) -> Exported:
        return Exported(self.count(of, instance), ())

    def recount(self, of: tenant.Tenant, instance: tenant.Instance) -> Contents | None:
        return None

    def proof(self, instance: tenant.Instance) -> str:
        """Why nothing is stored. Raises ``errors.Refused`` where that is not certain."""
        place = instance.namespace
        pods = self._cluster.list("Pod", namespace=place)
        volumes = self._cluster.list("PersistentVolumeClaim", namespace=place)
        nodes = {f"pod {_name(p)}": str(p["spec"].get("nodeName") or "") for p in pods}
        # A pod that has moved may have filled its volume on another node.
        chosen = {f"volume {_name(v)}": _marks(v).get(_CHOSEN, "") for v in volumes}
        nodes |= {volume: node for volume, node in chosen.items() if node}
        real = {thing: node for thing, node in nodes.items() if node not in self._nodes()}
        if real:
            raise _unexportable(
                place, [f"{thing} is on {node or 'no node yet'}" for thing, node in real.items()]
            )
        if pods:
            return f"all {len(pods)} pod(s) run on simulated nodes, which store nothing"
        if volumes:
            names = [f"no pod runs, and there is a volume: {_name(v)}" for v in volumes]
            raise _unexportable(place, names)
        if place in self._filled:
            raise errors.Refused(
                f"the letters of {place} cannot be exported: its volume was applied and vanished",
                resolution="Restore it from the cloud's backup. Without one: onboard offboard "
                "--cancel, then onboard apply --allow-empty, which puts the loss on record, then "
                "leave again.",
            )
        return "no pod and no volume: nothing was ever stored"

    def _nodes(self) -> frozenset[str]:
        if self._simulated is None:
            key, value = SIMULATED
            self._simulated = frozenset(
                _name(node) for node in self._cluster.list("Node") if _marks(node).get(key) == value
            )
        return self._simulated


def _name(of: kube.Object) -> str:
    return str(of["metadata"]["name"])


def _marks(of: kube.Object) -> dict[str, str]:
    return of["metadata"].get("annotations") or {}


def _unexportable(place: str, details: Sequence[str]) -> errors.Refused:
    return errors.Refused(
        f"the letters of {place} cannot be exported: no exporter for its product is known",
        details=details,
        resolution="Nothing was exported and nothing will be destroyed. Name the product as "
        "eOffice.product in the environment file; one that has no adapter needs one first.",
    )
