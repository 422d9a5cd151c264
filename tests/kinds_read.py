"""Measures which controls look at which kind of object: ``make reference`` writes it down.

Every control is run on worlds in order while its questions to the view are watched, so that a
plan can name the controls that a change touches and cannot claim what is not so.
"""

from __future__ import annotations

import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from onboarding import environment, item, manifest, policy, tenant
from onboarding.policies import table
from onboarding.safety import impact
from tests import effects
from tests.policies import world

PLACE = effects.ROOT / "onboarding" / impact.CONTROLS
_BESIDE = ("moph", "police", "dlt", "admincourt")
"""Examples with what the fixture of every field does not have."""


def measured() -> dict[str, list[str]]:
    """Ids of controls by ``engine/kind``."""
    found: dict[str, set[str]] = defaultdict(set)
    with tempfile.TemporaryDirectory() as folder:
        at = world.target(Path(folder))
        for of in _samples(at):
            for build in (world.plan_view, world.live_view):
                view = build(of, at)
                for control in table.CONTROLS:
                    if view.stage in control.stages:
                        for place in _asked(control, view):
                            found[place].add(control.id)
    return {place: sorted(ids) for place, ids in sorted(found.items())}


def _samples(at: environment.Environment) -> Iterator[tenant.Tenant]:
    for path in (effects.EVERY_FIELD, effects.POOLED):
        yield effects.resolved(manifest.load(path), at)
    for name in _BESIDE:
        yield world.resolved(name, at)


def _asked(control: policy.Control, view: policy.View) -> set[str]:
    asked: set[str] = set()
    with _watched(asked):
        policy.evaluate(control, view)
    return asked


@contextmanager
def _watched(asked: set[str]) -> Iterator[None]:
    """Tell every question for the items of a kind."""
    plain = policy.View.items

    def items(self: policy.View, engine: item.EngineName, kind: str) -> Any:
        asked.add(f"{engine.value}/{kind}")
        return plain(self, engine, kind)

    type.__setattr__(policy.View, "items", items)
    try:
        yield
    finally:
        type.__setattr__(policy.View, "items", plain)


def text() -> str:
    """What the file must hold."""
    lines = ["# Measured; never edit by hand. Refresh with: make reference"]
    lines += [f"{place}: [{', '.join(ids)}]" for place, ids in measured().items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PLACE.write_text(text(), encoding="utf-8")
    sys.stdout.write(f"{PLACE.relative_to(effects.ROOT)}: written\n")
