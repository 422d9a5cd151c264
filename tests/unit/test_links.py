"""Links: one canonical form from both sides, and what becomes of a declaration."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from onboarding import links, strict_yaml
from onboarding.manifest import model, reading
from tests.running import ROOT

MOPH = (ROOT / "examples" / "moph.yaml").read_text(encoding="utf-8")


def declared(text: str, name: str = "moph.yaml") -> links.Declared:
    return links.Declared(reading.loads(text, name), strict_yaml.loads(text, name))


@pytest.fixture(scope="module")
def moph() -> links.Declared:
    return declared(MOPH)


def with_links(of: links.Declared, *entries: model.Link, **fields: Any) -> links.Declared:
    return links.Declared(of.manifest.model_copy(update={"links": entries, **fields}))


def peer(of: links.Declared, **changes: Any) -> links.Declared:
    """BDI, as it declares MOPH's first link, but for ``changes``."""
    metadata = of.manifest.metadata.model_copy(update={"id": "bdi"})
    mine = {"peer": "moph", **changes}
    return with_links(of, of.manifest.links[0].model_copy(update=mine), metadata=metadata)


def judged(of: links.Declared, **others: links.Declared) -> links.Judged:
    return links.judge(of, others)[0]


def test_both_sides_have_one_hash(moph: links.Declared) -> None:
    here, there = judged(moph, bdi=peer(moph)), judged(peer(moph), moph=moph)
    assert here.agreed
    assert there.agreed
    assert here.digest == there.digest


@pytest.mark.parametrize(("mine", "theirs"), [("in", "out"), ("out", "in"), ("both", "both")])
def test_a_direction_is_mirrored(moph: links.Declared, mine: str, theirs: str) -> None:
    link = moph.manifest.links[0].model_copy(update={"direction": mine})
    of = with_links(moph, link)
    assert judged(of, bdi=peer(moph, direction=theirs)).agreed


def test_the_same_direction_on_both_sides_is_a_difference(moph: links.Declared) -> None:
    link = moph.manifest.links[0].model_copy(update={"direction": "in"})
    found = judged(with_links(moph, link), bdi=peer(moph, direction="in"))
    assert found.state is links.State.DIFFERENT
    assert found.why.startswith('direction: "in"')


def test_order_of_lists_and_of_composed_letters_is_no_difference(moph: links.Declared) -> None:
    fields = moph.manifest.links[0].data_fields
    assert judged(moph, bdi=peer(moph, data_fields=tuple(reversed(fields)))).agreed
    of = with_links(moph, moph.manifest.links[0].model_copy(update={"dataset": "caf\u00e9"}))
    assert judged(of, bdi=peer(moph, dataset="cafe\u0301")).agreed


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        ("kind", {"kind": "data-exchange"}),
        ("dataset", {"dataset": "other"}),
        ("class", {"data_class": "internal"}),
        ("basis", {"basis": "law"}),
        ("purpose", {"purpose": "other"}),
        ("owner", {"owner": "bdi"}),
        ("dataFields", {"data_fields": ("hn",)}),
        ("scopes", {"scopes": ("all",)}),
        ("consentMode", {"consent_mode": None}),
        ("facilityCodes", {"facility_codes": ("11111",)}),
        ("clinicianCheck", {"clinician_check": None}),
        ("country", {"country": "LA"}),
        ("transferBasis", {"transfer_basis": "s28"}),
        ("expires", {"expires": date(2027, 1, 1)}),
        ("peer", {"peer": "somebody"}),
    ],
)
def test_every_difference_is_named_and_changes_the_hash(
    moph: links.Declared, key: str, changes: dict[str, Any]
) -> None:
    other = peer(moph, **changes)
    found = judged(moph, bdi=other)
    assert found.state is links.State.DIFFERENT
    assert found.why.startswith(f"{key}: ")
    assert links.digest(other.manifest.links[0], "bdi") != found.digest


def test_what_concerns_one_side_is_no_difference(moph: links.Declared) -> None:
    own = {"system": "e-office", "requests_per_minute": 7, "restricted_approval": "REF-1"}
    assert judged(moph, bdi=peer(moph, **own)).agreed


def test_a_difference_names_file_and_line_of_both_sides(moph: links.Declared) -> None:
    text = (
        MOPH.replace("metadata: {id: moph}", "metadata: {id: bdi}")
        .replace("peer: bdi", "peer: moph")
        .replace("basis: consent", "basis: law")
    )
    other = declared(text, "peers/bdi.yaml")
    line = next(n for n, line in enumerate(MOPH.splitlines(), 1) if "basis: consent" in line)
    assert judged(moph, bdi=other).why == (
        f'basis: "consent" at moph.yaml:{line}, but "law" at peers/bdi.yaml:{line}'
    )


def test_a_peer_that_nobody_showed_and_one_that_declares_nothing(moph: links.Declared) -> None:
    assert judged(moph).state is links.State.UNKNOWN_PEER
    silent = with_links(peer(moph))
    assert judged(moph, bdi=silent).state is links.State.UNDECLARED


def test_a_class_above_the_ceiling_of_one_side_is_not_agreed(moph: links.Declared) -> None:
    low = moph.manifest.security.model_copy(update={"max_data_class": "internal"})
    other = peer(moph)
    other = links.Declared(other.manifest.model_copy(update={"security": low}))
    found = judged(moph, bdi=other)
    assert found.state is links.State.ABOVE_CEILING
    assert found.why == "class confidential: bdi may hold internal at most"


@pytest.mark.parametrize("restricted", ["mine", "theirs"])
def test_a_restricted_agency_takes_part_by_approval_only(
    moph: links.Declared, restricted: str
) -> None:
    system = moph.manifest.systems[1].model_copy(update={"kind": "restricted"})

    def closed(of: links.Declared) -> links.Declared:
        return links.Declared(of.manifest.model_copy(update={"systems": (system,)}))

    mine, theirs = moph, peer(moph)
    if restricted == "mine":
        mine = closed(moph)
    else:
        theirs = closed(theirs)
    assert judged(mine, bdi=theirs).state is links.State.REFUSED
    approved = moph.manifest.links[0].model_copy(update={"restricted_approval": "REF-1"})
    mine = links.Declared(mine.manifest.model_copy(update={"links": (approved,)}))
    theirs = links.Declared(
        theirs.manifest.model_copy(
            update={"links": (approved.model_copy(update={"peer": "moph"}),)}
        )
    )
    assert judged(mine, bdi=theirs).agreed


def test_a_link_is_carried_by_the_first_system_that_is_no_office(moph: links.Declared) -> None:
    link = moph.manifest.links[0]
    assert links.carrier(moph.manifest, link) == "health-platform"
    named = link.model_copy(update={"system": "e-office"})
    assert links.carrier(moph.manifest, named) == "e-office"
    only = moph.manifest.model_copy(update={"systems": moph.manifest.systems[:1]})
    assert links.carrier(only, link) == "e-office"


def test_the_last_day_counts_and_the_day_after_does_not(moph: links.Declared) -> None:
    others = {"bdi": peer(moph)}
    end = moph.manifest.links[0].expires
    assert links.judge(moph, others, today=end)[0].agreed
    [found] = links.judge(moph, others, today=end + timedelta(days=1))
    assert found.state is links.State.EXPIRED


def test_draft_values_wait_in_production_only(moph: links.Declared) -> None:
    others = {"bdi": peer(moph)}
    [found] = links.judge(moph, others, production=True)
    assert found.state is links.State.DRAFT
    assert "facilityCodes" in found.why
    assert links.judge(moph, others, production=False)[0].agreed
