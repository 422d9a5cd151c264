"""Part: a component that holds the objects of some kinds of one namespace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import pulumi

from onboarding import item
from onboarding.stacks import resource


class Part(pulumi.ComponentResource):
    """Declares the items of its kinds, all of them after the resources in ``after``.

    ``stages`` are groups of kinds: each stage is made when the one before it is done.
    """

    stages: ClassVar[tuple[tuple[str, ...], ...]] = ()

    def __init__(
        self,
        name: str,
        items: Sequence[item.Item],
        parent: pulumi.Resource,
        after: Sequence[pulumi.Resource],
    ) -> None:
        options = pulumi.ResourceOptions(parent=parent)
        super().__init__(resource.COMPONENT + type(self).__name__, name, None, options)
        self.made: list[pulumi.CustomResource] = []
        before: list[pulumi.Resource] = list(after)
        for kinds in self.stages:
            stage = [resource.declare(i, self, before) for i in items if i.ref.kind in kinds]
            self.made += stage
            before = [*before, *stage]
        mine = [i for i in items if any(i.ref.kind in kinds for kinds in self.stages)]
        self.register_outputs({"objects": [f"{i.ref.kind}/{i.ref.name}" for i in mine]})
