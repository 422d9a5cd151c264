"""What each example must become (``expected.yaml``), and what it does before any system is met.

``python -m tests.examples.expected`` writes the part ``review`` of that file anew after a control
or an example changed on purpose, ``python -m benchmarks.examples --expect`` the part ``live`` too;
read the difference before committing it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from onboarding import (
    catalogue,
    clock,
    desired,
    environment,
    links,
    manifest,
    tenant,
    verify,
)
from tests.running import ROOT
from tests.unit import targets

FILE = Path(__file__).with_name("expected.yaml")
FOLDER = ROOT / "examples"
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))
NOW = clock.Clock(date(2026, 11, 22))
"""Manifests have dates; the review of them is of this day, so that it does not change by itself."""
OPEN = {"fail", "unknown"}

Outcome = dict[str, Any]


def file(name: str) -> Path:
    return FOLDER / f"{name}.yaml"


@functools.cache
def stated() -> dict[str, Outcome]:
    """``expected.yaml``: example -> instances, review, live."""
    content: dict[str, Outcome] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return content


@functools.cache
def target() -> environment.Environment:
    """An environment that has what every system of the catalogue needs; nothing is reached."""
    base = targets.pinned()
    others = {entry.kind: f"registry.invalid/{entry.kind}@{targets.DIGEST}"
              for entry in catalogue.offered() if entry.kind != "e-office"}  # fmt: skip
    sites = environment.PublicSites(
        ingress_class="gdcc-public",
        annotations={"waf": "on"},
        least_tls="1.2",
        hsts_seconds=31536000,
    )
    cluster = {
        "internal_ingress_class": "gdcc-internal",
        "node_pools": ("restricted",),
        "public_sites": sites,
    }
    return base.model_copy(
        update={
            "cluster": base.cluster.model_copy(update=cluster),
            "images": base.images.model_copy(update={"others": others}),
        }
    )


@functools.cache
def declared() -> Mapping[str, links.Declared]:
    """The manifest of every example, with its document."""
    return {name: links.Declared(*manifest.read(file(name))) for name in NAMES}


def resolved(name: str, at: environment.Environment) -> tenant.Tenant:
    """An example; the others declare the other sides of its links."""
    mine = declared()[name]
    return tenant.resolve(mine.manifest, at, declared=mine, peers=declared(), today=NOW.today())


@functools.cache
def tenants() -> Mapping[str, tenant.Tenant]:
    """Every example, resolved."""
    return {name: resolved(name, target()) for name in NAMES}


def reviewed(name: str) -> Outcome:
    """Instances of an example, and what its manifest and plan are judged as beside all others."""
    of = tenants()[name]
    findings = verify.review(
        of,
        target(),
        desired.everything(of, target()),
        others=[other for other in tenants().values() if other.id != of.id],
        now=NOW,
    )
    return {
        "instances": {i.namespace: i.kind for i in of.instances},
        "review": of_verdicts((f.control.id, f.result.verdict.value) for f in findings),
    }


def of_verdicts(verdicts: Iterable[tuple[str, str]]) -> Outcome:
    """Controls that stand open, and those that were not applicable wherever they were asked.

    ``verdicts`` are pairs of a control's id and a verdict.
    """
    ended: dict[str, set[str]] = {}
    for control, verdict in verdicts:
        ended.setdefault(control, set()).add(verdict)
    return {
        "open": sorted(c for c, seen in ended.items() if seen & OPEN),
        "notApplicable": sorted(c for c, seen in ended.items() if seen == {"not-applicable"}),
    }


def live(findings: Iterable[Mapping[str, Any]]) -> Outcome:
    """The part ``live``, out of the findings of ``onboard verify --output json``.

    That nobody looked at a running e-Office lies in the lab, which has none, not in the example.
    """
    return of_verdicts(
        (f["id"], f["verdict"])
        for f in findings
        if (f["verdict"], f["basis"]) != ("unknown", "live")
    )


class _Short(yaml.SafeDumper):
    """Lists in one line, and nothing by reference."""

    def ignore_aliases(self, _: Any) -> bool:
        return True

    def represent_sequence(
        self, tag: str, sequence: Iterable[Any], flow_style: bool | None = None
    ) -> yaml.SequenceNode:
        return super().represent_sequence(tag, sequence, flow_style=True)


def write(seen: Mapping[str, Outcome]) -> None:
    """Write the file anew, with ``seen`` as what was seen live; the rest of that part is kept."""
    before = stated() if FILE.exists() else {}
    unseen: Outcome = {"open": [], "notApplicable": []}
    content = {
        name: {
            **reviewed(name),
            "live": seen.get(name) or before.get(name, {}).get("live", unseen),
        }
        for name in NAMES
    }
    text = yaml.dump(content, Dumper=_Short, sort_keys=False, allow_unicode=True, width=98)
    FILE.write_text(_HEAD + text, encoding="utf-8")


_HEAD = """\
# What each example becomes. open: controls that fail or cannot be determined, each intended and
# explained in the head of the example. review: manifest and plan, as on 2026-11-22; live: on the
# lab. See expected.py.
"""


if __name__ == "__main__":
    write({})
