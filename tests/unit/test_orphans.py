"""Orphans: without a manifest, without a mark, without a record, and what is not live."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from onboarding import environment, item, orphans
from onboarding.engines import inventory
from onboarding.engines.inventory import CLUSTER, FOLDER, KEYCLOAK, PULUMI, VAULT, Thing
from onboarding.engines.pulumi_stack import backend
from onboarding.orphans import Why
from onboarding.report import orphans as report
from tests.unit import targets

NS = item.Ref(item.EngineName.CLUSTER, "Namespace", "", "ga-moph-prod")


KNOWN = orphans.Known(frozenset({"moph"}), {"moph": frozenset({NS})}, frozenset({"moph"}))


def known(**more: Any) -> orphans.Known:
    return dataclasses.replace(KNOWN, **more)


OURS = (
    Thing(CLUSTER, "Namespace", "", "ga-moph-prod", "moph"),
    Thing(PULUMI, "Namespace", "", "ga-moph-prod", "moph"),
    Thing(PULUMI, "Stack", "", "moph", "moph"),
)


def found(*things: Thing, of: orphans.Known | None = None) -> list[tuple[str, str, Why, list[str]]]:
    told = orphans.find((*OURS, *things), of or known())
    return [(o.agency, o.system, o.why, list(o.things)) for o in told]


def test_what_belongs_to_an_agency_with_a_manifest_is_none() -> None:
    assert found() == []


def test_what_carries_the_mark_of_an_agency_without_a_manifest() -> None:
    policy = Thing(VAULT, "Policy", "", "ga-old-issuing", "old")
    kit = Thing(FOLDER, "HandoverKit", "", "old", "old")
    assert found(policy, kit) == [
        ("old", FOLDER, Why.NO_MANIFEST, ["HandoverKit old"]),
        ("old", VAULT, Why.NO_MANIFEST, ["Policy ga-old-issuing"]),
    ]


def test_what_stands_under_a_prefix_without_a_mark() -> None:
    longer = known(manifests=frozenset({"moph", "moph-lab"}))
    client = Thing(KEYCLOAK, "Client", "gdcc", "ga-moph-lab-x")
    assert found(client, of=longer)[-1][:3] == ("moph-lab", KEYCLOAK, Why.NOT_MARKED)
    assert found(Thing(CLUSTER, "Namespace", "", "ga-else-prod"))[0][:3] == (
        "else", CLUSTER, Why.NOT_MARKED,
    )  # fmt: skip


def test_what_is_marked_and_was_never_applied() -> None:
    stray = Thing(KEYCLOAK, "Client", "gdcc", "evil", "moph")
    assert found(stray) == [("moph", KEYCLOAK, Why.NOT_APPLIED, ["Client gdcc/evil"])]


def test_an_agency_that_has_left_is_known() -> None:
    gone = known(gone=frozenset({"old"}), records=frozenset({"moph", "old"}))
    assert found(Thing(VAULT, "Mount", "", "pki-old-sign", "old"), of=gone) == []


def test_the_environment_s_own_is_nobody_s_orphan() -> None:
    assert found(Thing(VAULT, "Mount", "", "kv", "environment")) == []


def test_records_without_a_manifest() -> None:
    of = known(records=frozenset({"moph", "lost"}))
    assert found(of=of) == [("lost", FOLDER, Why.NO_RECORD, ["records of lost"])]


def test_what_is_recorded_and_not_live() -> None:
    of = known()
    told = orphans.find((), of)
    assert [(o.system, o.why) for o in told] == [(CLUSTER, Why.NOT_LIVE)]
    assert orphans.find((), of, unread={CLUSTER}) == ()


def test_stack_and_cluster_object_by_object() -> None:
    only_live, only_stack = OURS[:1], OURS[1:]
    assert [(o.why) for o in orphans.find(only_live, known())] == [Why.NOT_IN_STACK]
    assert Why.ONLY_IN_STACK in {o.why for o in orphans.find(only_stack, known())}
    assert orphans.find(only_stack, known(), unread={PULUMI, CLUSTER}) == ()


TEXT = """environment unit

old
  vault: 1 thing: no manifest
    Policy ga-old-issuing
    -> take it over with its manifest (onboard adopt FILE), or let the agency leave (onboard\
 offboard FILE), or remove it by hand

? keycloak could not be read: no answer
Orphans: 1 thing of 1 agency; 1 agency with a manifest, 1 left."""


def test_the_text_in_full_and_as_json() -> None:
    of = known(gone=frozenset({"left"}), applied={})
    things = (Thing(VAULT, "Policy", "", "ga-old-issuing", "old"),)
    told = orphans.find(things, of)
    unread = {KEYCLOAK: "no answer"}
    assert report.text("unit", of, told, unread) == TEXT
    shown = report.as_json("unit", of, told, unread)
    assert shown["left"] == ["left"]
    assert shown["orphans"][0]["things"] == ["Policy ga-old-issuing"]


def test_long_lists_are_cut_and_say_so() -> None:
    things = [Thing(VAULT, "Policy", "", f"ga-old-{n}", "old") for n in range(9)]
    told = orphans.find(things, known(applied={}))
    assert "… and 3 more (--verbose)" in report.text("unit", known(), told, {})
    assert "ga-old-8" in report.text("unit", known(), told, {}, verbose=True)


class Elsewhere:
    """A backend that is no folder."""

    def __init__(self, stored: dict[str, bytes]) -> None:
        self.stored = stored

    def find(self, start: str) -> list[str]:
        return sorted(name for name in self.stored if name.startswith(start))

    def read(self, name: str) -> bytes | None:
        return self.stored.get(name)

    def delete(self, name: str) -> None:
        raise AssertionError(name)


STACKS = ".pulumi/stacks/gdcc-onboarding"


def _stored(*resources: dict[str, Any]) -> bytes:
    return json.dumps({"checkpoint": {"latest": {"resources": resources}}}).encode()


def _urn(kind: str, name: str) -> str:
    return f"urn:pulumi:moph::gdcc-onboarding::gdcc:x$kubernetes:core/v1:{kind}::{name}"


def _pulumi(monkeypatch: pytest.MonkeyPatch, stored: dict[str, bytes]) -> inventory.Inventory:
    """What is found of Pulumi's state; the other systems of this target answer nobody."""
    monkeypatch.setattr(backend, "stored", lambda of: Elsewhere(stored))
    return inventory.read(targets.pinned(), environment.Role.AUDITOR, ())


def test_stacks_are_read_wherever_pulumi_stores_them(monkeypatch: pytest.MonkeyPatch) -> None:
    moph = _stored(
        {"urn": "urn:pulumi:moph::gdcc-onboarding::pulumi:pulumi:Stack::s"},
        {"urn": _urn("Namespace", "ga-moph-prod")},
        {"urn": _urn("ConfigMap", "ga-moph-prod/old"), "delete": True},
    )
    stored = {
        f"{STACKS}/moph.json": moph,
        f"{STACKS}/moph.json.bak": b"an older one",
        f"{STACKS}/moph.json.attrs": b"{}",
        ".pulumi/stacks/another/x.json": b"{}",
    }
    found = _pulumi(monkeypatch, stored)
    assert found.things == [
        Thing(PULUMI, "Stack", "", "moph", "moph"),
        Thing(PULUMI, "Namespace", "", "ga-moph-prod", "moph"),
    ]
    assert PULUMI not in found.unread


@pytest.mark.parametrize("content", [b"{", b"[]"])
def test_a_damaged_stack_is_told(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    found = _pulumi(monkeypatch, {f"{STACKS}/moph.json": content})
    assert found.unread[PULUMI] == "the stored state of the stack 'moph' is damaged"
