"""Amendments: every field has a class, nothing is missed, and what is to be signed is told."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onboarding import amendment
from onboarding.manifest import outline
from tests import effects
from tests.unit.manifest import samples

EVERY = samples.example("../tests/fixtures/manifests/every-field")
POOLED = samples.example("plk-lao")


def test_every_field_of_the_model_has_a_class() -> None:
    classified = set(amendment.rules())
    known = {node.plain_path for node in outline.everything()}
    # A block that is always there is never added or removed: only what stands in it can change.
    may_change = {
        node.plain_path
        for node in outline.everything()
        if not node.children or node.is_list or not node.required
    }
    assert may_change - classified == set()
    assert classified - known == set()


def test_no_field_has_two_classes_and_every_rule_names_known_acts() -> None:
    listed = [path for rule in amendment.table()["fields"] for path in rule["paths"]]
    assert sorted(listed) == sorted(set(listed))
    for rule in amendment.table()["fields"]:
        assert set(rule) <= {"paths", *amendment.CONDITIONS}
        asked = [rule[c] for c in amendment.CONDITIONS if c in rule]
        assert "act" in rule
        named = {one for a in asked for one in ([a] if isinstance(a, str) else a)}
        assert named <= set(amendment.acts())


def test_every_act_is_asked_for_somewhere_and_speaks_both_languages() -> None:
    rules = amendment.table()["fields"]
    asked = [rule[c] for rule in rules for c in amendment.CONDITIONS if c in rule]
    used = {one for a in asked for one in ([a] if isinstance(a, str) else a)}
    assert used == set(amendment.acts())
    for act in amendment.acts().values():
        assert any("\u0e00" <= letter <= "\u0e7f" for letter in act.th + act.signed_by_th)


@pytest.mark.parametrize("agency", samples.NAMES)
def test_no_change_is_no_amendment(agency: str) -> None:
    assert amendment.compare(samples.example(agency), samples.example(agency)) == ()


def _changes() -> list[tuple[str, tuple[Any, ...], Any]]:
    """One other value for every field that is given somewhere: path, way to it, value."""
    nodes = {node.plain_path: node for node in outline.everything()}
    found = []
    for sample, (path, keys, value) in itertools.chain(
        ((EVERY, p) for p in effects._parts(EVERY)), ((POOLED, p) for p in effects._parts(POOLED))
    ):
        others = [one for one in effects._others(value, nodes[path]) if one != value][:1]
        found += [(path, (sample, *keys), other) for other in others]
    return found


CHANGES = _changes()


@pytest.mark.parametrize(("path", "keys", "other"), CHANGES, ids=[c[0] for c in CHANGES])
def test_every_single_change_is_found_at_its_field(
    path: str, keys: tuple[Any, ...], other: Any
) -> None:
    before, *way = keys
    after = effects._replaced(before, tuple(way), other)
    there = amendment.compare(before, after)
    back = amendment.compare(after, before)
    assert there, path
    # Where the value is what an entry is known by, the entry is told as another one.
    assert all(path == a.field or path.startswith(f"{a.field}.") for a in there)
    assert all(a.acts for a in there)
    assert sorted((a.path, str(a.before), str(a.after)) for a in there) == sorted(
        (a.path, str(a.after), str(a.before)) for a in back
    )


_INDEXES = st.lists(st.integers(0, len(CHANGES) - 1), min_size=1, max_size=6, unique=True)


@given(_INDEXES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_amendments_are_empty_exactly_where_nothing_differs(chosen: list[int]) -> None:
    changed: Any = EVERY
    for index in chosen:
        _, (sample, *way), other = CHANGES[index]
        if sample is not EVERY:
            continue
        try:
            changed = effects._replaced(changed, tuple(way), other)
        except (AttributeError, IndexError):
            continue  # an earlier change has taken the block away
    found = amendment.compare(EVERY, changed)
    assert bool(found) == (changed != EVERY)
    assert amendment.compare(changed, changed) == ()


def one(**changes: Any) -> amendment.Amendment:
    (found,) = amendment.compare(samples.build(), samples.build(**changes))
    return found


@pytest.mark.parametrize(
    ("changes", "way", "acts"),
    [
        ({"mou__effectiveTo": "2031-02-02"}, "raised", ("amendment",)),
        ({"mou__number": "2/2569"}, "changed", ("amendment",)),
        ({"users": {"initial": 301, "target": 400}}, "raised", ("letter",)),
        ({"users": {"initial": 299, "target": 400}}, "lowered", ("notice",)),
        ({"users": {"initial": 300, "target": 501}}, "raised", ("amendment",)),
        ({"security__maxDataClass": "secret"}, "raised", ("amendment", "assessment")),
        ({"security__maxDataClass": "internal"}, "lowered", ("letter",)),
        ({"agency__nameTh": "กระทรวงศิลปะ"}, "changed", ("letter", "reissue")),
        ({"metadata__id": "arts"}, "changed", ("succession",)),
        ({"signing": {"ra": {"approver": "cio"}}}, "added", ("letter",)),
    ],
)
def test_what_a_change_asks_for(changes: dict[str, Any], way: str, acts: tuple[str, ...]) -> None:
    found = one(**changes)
    assert (found.way, found.acts) == (way, acts)


def _signing(*signers: dict[str, Any]) -> dict[str, Any]:
    return {"signing": {"ra": {"approver": "cio"}, "signers": list(signers)}}


def test_a_new_signer_needs_a_letter_of_authority_and_a_certificate() -> None:
    other = {**samples.SIGNER, "id": "dps", "nameTh": "สมหญิง ใจดี"}
    before, after = (
        samples.build(**_signing(samples.SIGNER)),
        samples.build(**_signing(other, samples.SIGNER)),
    )
    (won,) = amendment.compare(before, after)
    assert (won.path, won.acts) == ("signing.signers[dps]", ("authority", "enrolment"))
    (lost,) = amendment.compare(after, before)
    assert (lost.way, lost.acts) == (amendment.Way.REMOVED, ("revocation",))


def test_a_new_system_needs_an_annex_and_with_personal_data_an_agreement() -> None:
    office = {"name": "e-office", "kind": "e-office", "dataClass": "confidential"}
    portal = {"name": "open-data", "kind": "data-platform", "dataClass": "open"}
    portal["dataPlatform"] = {"storageGi": 10, "datasets": ["budget"]}  # type: ignore[assignment]
    personal = {"categories": ["staff"], "purpose": "งาน", "retentionYears": 5, "basis": "contract"}
    (plain,) = amendment.compare(samples.build(), samples.build(systems=[office, portal]))
    assert plain.acts == ("annex",)
    with_people = {**portal, "personalData": personal}
    (found,) = amendment.compare(samples.build(), samples.build(systems=[office, with_people]))
    assert (found.path, found.acts) == ("systems[open-data]", ("annex", "dpa"))


def test_what_is_to_be_signed_is_listed_once_with_all_that_asks_for_it() -> None:
    after = samples.build(mou__number="2/2569", mou__effectiveTo="2031-02-02")
    ((act, asking),) = amendment.to_sign(amendment.compare(samples.build(), after))
    assert act.id == "amendment"
    assert [a.field for a in asking] == ["mou.number", "mou.effectiveTo"]


def test_two_signatories_of_one_name_do_not_confuse_each_other() -> None:
    both = [{"party": "agency", "name": "(ผู้แทน)", "position": "ปลัด"}] * 2
    before = samples.build(mou__signatories=[*both, *_mdes("ก")])
    after = samples.build(mou__signatories=[*both, *_mdes("ข")])
    assert sorted(a.way.value for a in amendment.compare(before, after)) == ["added", "removed"]


def _mdes(name: str) -> list[dict[str, str]]:
    return [{"party": "mdes", "name": name, "position": "ปลัดกระทรวง"}]
