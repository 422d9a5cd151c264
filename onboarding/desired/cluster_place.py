"""Where an object of the cluster belongs, and how its item is put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from onboarding import catalogue, environment, item, labels, tenant
from onboarding.desired import office

CLASS = labels.PREFIX + "class"
"""Label of a namespace: how strictly it is fenced."""
APP = "app.kubernetes.io/name"
NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""Label that the API server itself puts on every namespace."""

SHARE = (3, 4)
"""Part of the computed size that the workload asks for; the rest of the quota is left for
upgrades, restore tests and growth, and keeps its use below 80 % (control TEN-015)."""


@dataclass(frozen=True, slots=True)
class Place:
    """One instance of a system, in its namespace, in one environment."""

    of: tenant.Tenant
    instance: tenant.Instance
    target: environment.Environment

    @property
    def name(self) -> str:
        """Name of the workload and, with suffixes, of what belongs to it."""
        return self.instance.workload

    @property
    def image(self) -> str:
        """Image of the system by digest; "" where the environment file names none."""
        return self.target.images.of(self.instance.kind)

    @property
    def entry(self) -> catalogue.Entry:
        return catalogue.get(self.instance.kind)

    @property
    def run(self) -> environment.Run | None:
        """How the pods of an e-Office product are made here; None where they are not."""
        return office.run(self.target, self.instance)

    @property
    def node_pool(self) -> str:
        """Pool of dedicated nodes that the instance's pods need; "" for any common node."""
        return office.node_pool(self.target, self.instance)

    def labels(self) -> dict[str, str]:
        return labels.of(self.of.id, self.instance.system, self.instance.environment)

    def pods(self) -> dict[str, str]:
        """Labels that select the workload's pods."""
        return {APP: self.name}

    def database_pods(self) -> dict[str, str]:
        """Labels that select the pod of the instance's database, where it has one."""
        return {APP: office.database_name(self.instance)}

    def item(
        self,
        kind: str,
        name: str,
        api_version: str,
        fields: Mapping[str, Any],
        *,
        labels_too: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        holds_data: bool = False,
    ) -> item.Item:
        """An item of this namespace, with our labels and the hash of its content."""
        marks = {**self.labels(), **(labels_too or {})}
        notes = {"annotations": dict(annotations)} if annotations else {}
        digest = item.content_hash({"labels": marks, **notes, **fields})
        scope = "" if kind == "Namespace" else self.instance.namespace
        return item.Item(
            item.Ref(item.EngineName.CLUSTER, kind, scope, name),
            {
                "apiVersion": api_version,
                "metadata": {
                    "labels": marks,
                    "annotations": {**(annotations or {}), labels.CONTENT_HASH: digest},
                },
                **fields,
            },
            owner=self.of.id,
            holds_data=holds_data,
        )


def cores(milli: int) -> str:
    """Thousandths of a core as Kubernetes prints them (1500m, 2)."""
    return f"{milli}m" if milli % 1000 else str(milli // 1000)


def mebibytes(mi: int) -> str:
    """MiB as Kubernetes prints them: in the largest unit that stays whole (768Mi, 2Gi)."""
    for unit in ("Mi", "Gi", "Ti"):
        if mi % 1024 or unit == "Ti":
            return f"{mi}{unit}"
        mi //= 1024
    raise AssertionError("the last unit takes everything")


def gibibytes(gi: int) -> str:
    return mebibytes(gi * 1024)
