"""The program of one tenant's stack, as a function that Pulumi runs in our own process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import pulumi
import pulumi_kubernetes as k8s

from onboarding import item
from onboarding.stacks import namespace

PROVIDER = "cluster"


def program(items: Sequence[item.Item], *, cluster_identity: str = "") -> Callable[[], None]:
    """Declare every item, grouped by namespace.

    The provider takes its credential from the environment of the engine, never as an input:
    inputs are kept in the state. ``cluster_identity`` (UID of kube-system) tells Pulumi that a
    renewed credential is still the same cluster.
    """

    def declare() -> None:
        provider = k8s.Provider(
            PROVIDER,
            enable_server_side_apply=True,
            # Else a changed value makes it delete the ConfigMap and create another.
            enable_config_map_mutable=True,
            cluster_identifier=cluster_identity or None,
        )
        options = pulumi.ResourceOptions(providers={"kubernetes": provider})
        for name in namespaces(items):
            inside = [i for i in items if name in (i.ref.scope, _own_name(i))]
            namespace.AgencyNamespace(name, inside, options)

    return declare


def namespaces(items: Iterable[item.Item]) -> list[str]:
    """Names of the namespaces among the items, in the order given."""
    return [i.ref.name for i in items if i.ref.kind == "Namespace"]


def _own_name(of: item.Item) -> str:
    return of.ref.name if of.ref.kind == "Namespace" else ""
