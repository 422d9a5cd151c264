"""Agencies renamed, merged and split: what stands in the way, and what becomes of certificates."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from onboarding import environment, errors, item, lineage, links, manifest, succession, tenant
from onboarding.desired import vault
from onboarding.pki import listing
from onboarding.policies import pki_signers
from onboarding.state import interface, opening
from tests.unit import folders
from tests.unit.manifest import samples

BASIS = succession.Basis("vol. 143 part 70 a", date(2026, 12, 1))
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def declared(folder: Path, agency: str, **changes: Any) -> links.Declared:
    return links.Declared(*manifest.read(folders.write(folder, agency, **changes)))


def of(
    kind: str, before: Iterable[links.Declared], after: Iterable[links.Declared]
) -> succession.Succession:
    return succession.Succession(succession.Kind(kind), BASIS, tuple(before), tuple(after))


def found(
    which: succession.Succession,
    *others: links.Declared,
    here: Iterable[str] | None = None,
    gone: Iterable[str] = (),
) -> list[str]:
    known = which.ids_before if here is None else here
    return [p.message for p in succession.problems(which, others, known, gone)]


def users(number: int) -> dict[str, Any]:
    return {"users": {"initial": number, "target": number}}


def test_a_rename_to_a_free_id_has_nothing_in_its_way(tmp_path: Path) -> None:
    which = of("rename", [declared(tmp_path, "old")], [declared(tmp_path, "new")])
    assert found(which) == []
    assert [d.manifest.id for d in which.predecessors] == ["old"]
    assert [d.manifest.id for d in which.successors] == ["new"]


def test_who_was_never_applied_cannot_be_renamed(tmp_path: Path) -> None:
    which = of("rename", [declared(tmp_path, "old")], [declared(tmp_path, "new")])
    assert found(which, here=[]) == ["'old' was never applied here"]


def test_an_id_of_another_agency_or_with_a_tombstone_is_refused(tmp_path: Path) -> None:
    which = of("rename", [declared(tmp_path, "old")], [declared(tmp_path, "new")])
    assert found(which, here=["old", "new"]) == ["the id 'new' is that of another agency here"]
    known = succession.problems(which, (), ["old", "new"], (), heirs=["new"])
    assert known == ()
    assert found(which, gone=["new"]) == [
        "the id 'new' has a tombstone: an agency of this id has left"
    ]


def test_users_must_add_up(tmp_path: Path) -> None:
    a, b = declared(tmp_path, "a", **users(30)), declared(tmp_path, "b", **users(20))
    assert found(of("merge", [a, b], [declared(tmp_path, "c", **users(50))])) == []
    which = of("merge", [a, b], [declared(tmp_path, "c", **users(49))])
    assert found(which) == ["49 users on the new side, 50 on the old one"]
    (problem,) = succession.problems(which, (), which.ids_before, ())
    assert (problem.path, problem.line > 0) == (str(tmp_path / "c.yaml"), True)


def test_bodies_of_a_split_are_each_in_one_result_with_their_users(tmp_path: Path) -> None:
    whole = declared(tmp_path, "whole", **folders.pooled("a-1", "a-2", "a-3", users=10))
    one = declared(tmp_path, "one", **folders.pooled("a-1", users=10))
    two = declared(tmp_path, "two", **folders.pooled("a-2", "a-3", users=10))
    assert found(of("split", [whole], [one, two])) == []
    twice = declared(tmp_path, "twice", **folders.pooled("a-1", "a-2", users=10))
    assert found(of("split", [whole], [one, twice])) == [
        f"the body 'a-1' is in {one.file} too",
        "the body 'a-3' is in no successor",
    ]
    other = declared(tmp_path, "other", **folders.pooled("a-2", "a-4", users=10))
    assert found(of("split", [whole], [one, other])) == [
        "the body 'a-4' is on no old side",
        "the body 'a-3' is in no successor",
    ]
    fewer = declared(tmp_path, "fewer", **folders.pooled("a-2", "a-3", users=9))
    assert found(of("split", [whole], [one, fewer])) == [
        "28 users on the new side, 30 on the old one",
        "'a-2' has 9 users, before 10",
        "'a-3' has 9 users, before 10",
    ]


def test_a_successor_does_not_answer_at_the_hosts_of_who_still_serves(tmp_path: Path) -> None:
    old = declared(tmp_path, "old")
    new = declared(tmp_path, "new", agency__domains=["old.go.th"])
    assert found(of("rename", [old], [new])) == ["e-office.old.go.th serves old until it has left"]


def test_peers_that_still_name_the_old_id_are_listed_with_their_line(tmp_path: Path) -> None:
    which = of("rename", [declared(tmp_path, "old")], [declared(tmp_path, "new")])
    peer = declared(tmp_path, "peer", links=[{**folders.LINK, "peer": "old"}])
    child = declared(tmp_path, "child", agency__parent="old")
    listed = succession.problems(which, (peer, child), which.ids_before, ())
    assert [(p.message, Path(p.path).name, p.line > 0) for p in listed] == [
        ("link 'patients' of peer still names 'old'", "peer.yaml", True),
        ("the parent of child is still 'old'", "child.yaml", True),
    ]
    goes_on = of("rename", [declared(tmp_path, "old")], [declared(tmp_path, "old")])
    assert found(goes_on, peer, child) == []


def test_a_merger_into_one_of_them_leaves_that_one_in_place(tmp_path: Path) -> None:
    a, b = declared(tmp_path, "a", **users(30)), declared(tmp_path, "b", **users(20))
    after = declared(tmp_path, "a", **users(50))
    which = of("merge", [a, b], [after])
    assert found(which) == []
    assert which.going_on == ("a",)
    assert [d.manifest.id for d in which.predecessors] == ["b"]


SIGNING: dict[str, Any] = {
    "signing": {"ra": {"approver": "cio"}, "signers": [samples.SIGNER]},
    "agency__sarabanEmail": "saraban@culture.go.th",
}


def signing(folder: Path, agency: str, name: str, **signer: Any) -> links.Declared:
    own = {**samples.SIGNER, "email": f"ps@{agency}.go.th", **signer}
    block = {"ra": {"approver": "cio"}, "signers": [own]}
    return declared(folder, agency, agency__nameTh=name, signing=block)


def certificate(of_manifest: links.Declared, **facts: Any) -> listing.Certificate:
    (signer,) = tenant.resolve(of_manifest.manifest).signers
    told = {
        "serial": "0a",
        "commonName": signer.common_name,
        "organization": signer.organization,
        "notAfter": "2027-09-30T00:00:00Z",
        "dnsNames": [],
    }
    return listing.Certificate({**told, **facts}, str(facts.get("revokedAt", "")))


@pytest.mark.parametrize(
    ("person", "reason", "successor"),
    [("สมชาย ใจดี", "superseded", "new"), ("สมหญิง ใจดี", "affiliationChanged", "")],
)
def test_a_certificate_of_who_ends_is_revoked_for_a_reason(
    tmp_path: Path, person: str, reason: str, successor: str
) -> None:
    old = signing(tmp_path, "old", "กรมเก่า")
    new = signing(tmp_path, "new", "กรมใหม่", nameTh=person)
    (trail,) = succession.trail(of("rename", [old], [new]), {"old": [certificate(old)]}, NOW)
    assert (trail.fate, trail.reason, trail.successor) == (
        succession.Fate.REVOKED,
        reason,
        successor,
    )


def test_under_the_same_id_a_certificate_keeps_its_former_name(tmp_path: Path) -> None:
    old = signing(tmp_path, "same", "กรมเก่า")
    issued = certificate(old)
    new = signing(tmp_path, "same", "กรมใหม่")
    (trail,) = succession.trail(of("rename", [old], [new]), {"same": [issued]}, NOW)
    assert trail.fate is succession.Fate.FORMER_NAME
    assert succession.former_names(of("rename", [old], [new])) == {"same": {"": ["กรมเก่า"]}}
    (kept,) = succession.trail(of("rename", [old], [old]), {"same": [issued]}, NOW)
    assert kept.fate is succession.Fate.STAYS
    known = tenant.resolve(new.manifest, former={"": ("กรมเก่า",)}).signers[0]
    assert (issued.is_for(known), issued.has_former_name(known)) == (True, True)
    assert not issued.is_for(tenant.resolve(new.manifest).signers[0])
    ref = item.Ref(item.EngineName.VAULT, "Certificate", "mount", "0a")
    leaf = item.Item(ref, dict(issued.facts), "same")
    assert pki_signers._belongs(leaf, known)
    assert not pki_signers._belongs(leaf, tenant.resolve(new.manifest).signers[0])


def test_certificates_that_ended_or_were_revoked_have_no_trail(tmp_path: Path) -> None:
    old, new = signing(tmp_path, "old", "กรมเก่า"), signing(tmp_path, "new", "กรมใหม่")
    past = certificate(old, notAfter="2026-11-21T00:00:00Z")
    revoked = certificate(old, revokedAt="2026-11-01T00:00:00Z")
    assert succession.trail(of("rename", [old], [new]), {"old": [past, revoked]}, NOW) == ()


@pytest.fixture
def store(tmp_path: Path) -> interface.StateStore:
    return opening.at(environment.State(store=f"file://{tmp_path}/store"))


def recorded(
    store: interface.StateStore, folder: Path, old: str, new: str, day: int
) -> dict[str, Any]:
    basis = succession.Basis("vol. 143", date(2026, 12, day))
    sides = (declared(folder, old),), (declared(folder, new),)
    which = succession.Succession(succession.Kind.RENAME, basis, *sides)
    document = lineage.document(which, (), {})
    for agency in lineage.parties(document):
        lineage.keep(store, agency, document, "ploy")
    return document


def test_both_sides_remember_and_the_chain_is_followed(
    store: interface.StateStore, tmp_path: Path
) -> None:
    document = recorded(store, tmp_path, "a", "b", 1)
    recorded(store, tmp_path, "b", "c", 2)
    assert lineage.predecessors(store, "c") == ("b", "a")
    assert lineage.predecessors(store, "b") == ("a",)
    assert lineage.successors(store, "a") == ("b",)
    assert [lineage.family(store, one) for one in "abc"] == [{"b", "c"}, {"a", "c"}, {"a", "b"}]
    assert lineage.of(store, "a") == (document,)
    assert [e.event for e in store.journal("a")] == ["succession-recorded"]
    assert lineage.keep(store, "a", document, "ploy") is False
    assert len(store.journal("a")) == 1


def test_a_circle_of_records_ends(store: interface.StateStore, tmp_path: Path) -> None:
    recorded(store, tmp_path, "a", "b", 1)
    recorded(store, tmp_path, "b", "a", 2)
    assert lineage.predecessors(store, "a") == ("b",)


def test_two_successions_of_one_day_are_refused(
    store: interface.StateStore, tmp_path: Path
) -> None:
    recorded(store, tmp_path, "a", "b", 1)
    with pytest.raises(errors.Refused, match="another succession takes effect on 2026-12-01"):
        recorded(store, tmp_path, "a", "c", 1)


def test_who_ends_serves_until_the_day_of_effect(
    store: interface.StateStore, tmp_path: Path
) -> None:
    recorded(store, tmp_path, "a", "b", 2)
    with pytest.raises(errors.Refused, match="a serves until its rename takes effect"):
        lineage.refuse_too_early(store, "a", date(2026, 12, 1))
    lineage.refuse_too_early(store, "a", date(2026, 12, 2))
    lineage.refuse_too_early(store, "b", date(2026, 12, 1))


def test_former_names_are_remembered(store: interface.StateStore, tmp_path: Path) -> None:
    old, new = signing(tmp_path, "same", "กรมเก่า"), signing(tmp_path, "same", "กรมใหม่")
    old = signing(tmp_path, "same", "กรมเก่า")
    document = lineage.document(
        of("rename", [old], [new]), (), {"same": tenant.Authority("Old Issuing CA", "กรมเก่า")}
    )
    lineage.keep(store, "same", document, "ploy")
    assert lineage.former_names(store, "same") == {"": ("กรมเก่า",)}
    kept = lineage.authority(store, "same")
    assert kept == tenant.Authority("Old Issuing CA", "กรมเก่า")
    resolved = tenant.resolve(new.manifest, samples.target(), authority=kept)
    issuer = vault._issuer(resolved).fields
    assert (issuer["commonName"], issuer["organization"]) == ("Old Issuing CA", "กรมเก่า")
    assert vault.organization(resolved) == "กรมใหม่"
