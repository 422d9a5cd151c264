"""An exported history: any change of any line, and any line that is missing, is noticed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from onboarding import environment, errors, history_file, item
from onboarding.state import chain, opening, store


@pytest.fixture
def kept(tmp_path: Path) -> store.Store:
    made = opening.at(environment.State(store=f"file://{tmp_path}/store"))
    for tenant_id in ("moph", "plk-lao"):
        made.record(tenant_id, "apply-begun", digest="d", note="ก \u2028 line")
        made.record(tenant_id, "apply-ended", applied=3)
        made.record(tenant_id, "verified", ready=True)
    return made


def exported(of: store.Store) -> list[str]:
    journals = {t: of.place.lines(t) for t in of.tenants()}
    return list(history_file.lines("unit", journals))


def test_an_export_holds_and_ends_in_the_heads_of_the_store(kept: store.Store) -> None:
    found = history_file.read("".join(exported(kept)), "export")
    assert {t: (c.damage, c.head) for t, c in found.items()} == {
        t: ("", kept.records(t).head) for t in kept.tenants()
    }
    assert [e.event for e in found["moph"].entries] == ["apply-begun", "apply-ended", "verified"]


def test_every_changed_record_is_noticed(kept: store.Store) -> None:
    lines = exported(kept)
    for number in range(1, len(lines) - 1):
        value = json.loads(lines[number])
        value["record"]["details"]["by"] = "somebody else"
        changed = [*lines[:number], json.dumps(value) + "\n", *lines[number + 1 :]]
        found = history_file.read("".join(changed), "export")
        assert [c.damage != "" for c in found.values()].count(True) == 1, number


def test_every_missing_record_is_noticed(kept: store.Store) -> None:
    lines = exported(kept)
    for number in range(1, len(lines) - 1):
        found = history_file.read("".join(lines[:number] + lines[number + 1 :]), "export")
        assert [c.damage != "" for c in found.values()].count(True) == 1, number


def test_a_record_made_anew_with_its_hash_does_not_fit_the_next(kept: store.Store) -> None:
    lines = exported(kept)
    value = json.loads(lines[1])
    value["record"]["event"] = "verified"
    value["hash"] = chain.checksum(item.canonical(value["record"]))
    found = history_file.read("".join([lines[0], json.dumps(value) + "\n", *lines[2:]]), "export")
    assert "does not follow" in found["moph"].damage


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"kind": "something"}\n', "is no exported history"),
        ('{"kind": "onboard-history", "version": 1}\n', "its last line is missing"),
        ('{"kind": "onboard-history", "version": 1}\nnonsense\n', "export:2"),
        ('{"kind": "onboard-history", "version": 1}\n{"tenant": 1}\n', "export:2"),
    ],
)
def test_what_is_no_whole_export_is_refused(text: str, message: str) -> None:
    with pytest.raises(errors.InvalidInput, match=message):
        history_file.read(text, "export")


def test_an_export_of_a_newer_version_is_refused(kept: store.Store) -> None:
    lines = exported(kept)
    newer = lines[0].replace('"version": 1', '"version": 99')
    with pytest.raises(errors.EngineFailed, match="newer version"):
        history_file.read("".join([newer, *lines[1:]]), "export")
