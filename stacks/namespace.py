"""AgencyNamespace: one instance of a system, alone in its fenced namespace."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from onboarding import item
from onboarding.stacks import access, guard_rails, network, resource, workload


class AgencyNamespace(pulumi.ComponentResource):
    """The namespace first, then its fences, and the workload only behind all of them."""

    def __init__(
        self, name: str, items: Sequence[item.Item], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(resource.COMPONENT + "AgencyNamespace", name, None, opts)
        (own,) = (i for i in items if i.ref.kind == "Namespace")
        self.namespace = resource.declare(own, self)
        first = [self.namespace]
        self.guard_rails = guard_rails.GuardRails(name, items, self, first)
        self.network = network.NetworkRules(name, items, self, first)
        self.access = access.Access(name, items, self, first)
        fences = [*first, *self.guard_rails.made, *self.network.made, *self.access.made]
        self.workload = workload.Workload(name, items, self, fences)
        self.register_outputs({"namespace": own.ref.name})
