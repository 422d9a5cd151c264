"""The file store: nothing half-written, a torn tail dropped, any other damage noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from onboarding import errors, item
from onboarding.state import files


def thing(name: str) -> item.Item:
    return item.Item(
        item.Ref(item.EngineName.VAULT, "Policy", "", name), {"x": ["ก", 1]}, "moph", True
    )


@pytest.fixture
def store(tmp_path: Path) -> files.FileStore:
    return files.FileStore(tmp_path)


def test_applied_items_come_back_as_they_went_in(store: files.FileStore) -> None:
    store.keep_applied("moph", [thing("b"), thing("a")])
    assert store.applied("moph") == (thing("a"), thing("b"))


def test_an_unknown_tenant_has_nothing(store: files.FileStore) -> None:
    assert store.applied("moph") == ()
    assert store.journal("moph") == ()
    assert store.tenants() == ()


def test_manifests_of_all_agencies_are_remembered(store: files.FileStore) -> None:
    store.keep_manifest("moph", "a: ก\n")
    store.keep_manifest("plk-lao", "b: 1\n")
    store.keep_manifest("moph", "a: ข\n")
    store.record("other", "apply-begun")
    assert store.manifests() == {"moph": "a: ข\n", "plk-lao": "b: 1\n"}


@pytest.mark.parametrize("damage", ["", "{", '{"items": [], "sha256": "0"}', "[]"])
def test_a_damaged_record_is_never_used(
    store: files.FileStore, tmp_path: Path, damage: str
) -> None:
    store.keep_applied("moph", [thing("a")])
    (tmp_path / "tenants/moph/applied.json").write_text(damage)
    with pytest.raises(errors.EngineFailed, match="damaged"):
        store.applied("moph")


def test_journal_keeps_the_order_of_events(store: files.FileStore) -> None:
    store.record("moph", "apply-begun", digest="d", note="line\nand \u2028 separator")
    store.record("moph", "apply-ended")
    assert [e.event for e in store.journal("moph")] == ["apply-begun", "apply-ended"]
    assert store.journal("moph")[0].details["note"] == "line\nand \u2028 separator"


def test_every_torn_tail_is_dropped_and_the_next_record_follows_cleanly(
    store: files.FileStore, tmp_path: Path
) -> None:
    path = tmp_path / "tenants/moph/journal.jsonl"
    store.record("moph", "first")
    whole = path.read_bytes()
    store.record("moph", "second")
    both = path.read_bytes()
    for end in range(len(whole), len(both) - 1):
        path.write_bytes(both[:end])
        assert [e.event for e in store.journal("moph")] == ["first"]
        store.record("moph", "third")
        assert [e.event for e in store.journal("moph")] == ["first", "third"]


def test_damage_before_the_end_is_an_error(store: files.FileStore, tmp_path: Path) -> None:
    path = tmp_path / "tenants/moph/journal.jsonl"
    store.record("moph", "first")
    store.record("moph", "second")
    path.write_bytes(path.read_bytes().replace(b"first", b"fi_st", 1))
    with pytest.raises(errors.EngineFailed, match=r"journal\.jsonl:1"):
        store.journal("moph")


def test_a_second_run_is_refused_and_the_holder_named(
    store: files.FileStore, tmp_path: Path
) -> None:
    other = files.FileStore(tmp_path)
    with store.lease("moph"):
        with pytest.raises(errors.Refused, match="pid "), other.lease("moph"):
            pass
        with other.lease("plk-lao"):
            pass
    with other.lease("moph"):
        pass
