"""A small plan, and the plan file of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from onboarding import item, plan, plan_file
from tests.unit import targets

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
TARGET = targets.pinned("id")
MANIFEST = "agency:\n  id: moph\n"


def thing(name: str, owner: str = "moph", **fields: Any) -> item.Item:
    return item.Item(item.Ref(item.EngineName.CLUSTER, "ConfigMap", "ns", name), fields, owner)


WANTED = (thing("new", a=1), thing("other", a=1, b=["x", "y"]))
LIVE = (thing("other", a=2, b=["x"]), thing("old", a=1))


def diff(
    wanted: tuple[item.Item, ...] = WANTED,
    live: tuple[item.Item, ...] = LIVE,
    *,
    agency: str = "moph",
    manifest: str = MANIFEST,
    peers: dict[str, str] | None = None,
) -> plan.Plan:
    basis = plan_file.basis(TARGET, manifest, peers or {"bdi": "agency: bdi\n"})
    return plan.diff(agency, wanted, live, target=TARGET.pins(), basis=basis)


def part(made: plan.Plan | None = None, manifest: str = MANIFEST) -> plan_file.Part:
    return plan_file.Part(
        made or diff(manifest=manifest),
        "Ministry of Public Health",
        "กระทรวงสาธารณสุข",
        plan_file.Source("agencies/moph.yaml", manifest, "abc123"),
        (("bdi", plan_file.Source("agencies/bdi.yaml", "agency: bdi\n")),),
    )


def saved(*parts: plan_file.Part) -> plan_file.Saved:
    made = plan_file.Made(
        "unit", False, "somchai@desk", NOW, NOW + timedelta(hours=24), date(2026, 11, 22)
    )
    return plan_file.seal(made, parts or (part(),))
