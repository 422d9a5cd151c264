"""The store in a folder: nothing half-written, a torn tail dropped, any other damage noticed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from onboarding import errors, item
from onboarding.leaving import records
from onboarding.state import chain, files, interface, leases, owner

OLD = Path(__file__).resolve().parent.parent / "fixtures" / "state-1"
"""A store as the first version of the tool left it, in the middle of a run."""


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
    assert store.kept("moph", "approval-1") is None
    assert store.holder("moph") is None
    assert store.tenants() == ()


def test_manifests_of_all_agencies_are_remembered(store: files.FileStore) -> None:
    store.keep_manifest("moph", "a: ก\n")
    store.keep_manifest("plk-lao", "b: 1\n")
    store.keep_manifest("moph", "a: ข\n")
    store.record("other", "apply-begun")
    assert store.manifests() == {"moph": "a: ข\n", "plk-lao": "b: 1\n"}


def test_an_older_manifest_that_was_put_back_is_told(
    store: files.FileStore, tmp_path: Path
) -> None:
    folder = tmp_path / "tenants/moph/documents"
    store.keep_manifest("moph", "a: ก\n")
    (older,) = folder.glob("manifest@*")
    content = older.read_bytes()
    store.keep_manifest("moph", "a: ข\n")
    (counts,) = folder.glob("manifest@*")
    whole = counts.read_bytes()
    for put_back in (older, counts):
        counts.unlink()
        put_back.write_bytes(content)
        with pytest.raises(errors.EngineFailed, match="the manifest kept for moph is damaged"):
            files.FileStore(tmp_path).manifests()
        put_back.unlink()
        counts.write_bytes(whole)
    counts.unlink()
    with pytest.raises(errors.EngineFailed, match="the manifest kept for moph is damaged"):
        files.FileStore(tmp_path).manifests()


def test_a_manifest_that_no_record_names_does_not_count(
    store: files.FileStore, tmp_path: Path
) -> None:
    store.record("moph", "apply-begun")
    journal = tmp_path / "tenants/moph/journal.jsonl"
    before = journal.read_bytes()
    store.keep_manifest("moph", "a: ก\n")
    lease = next((tmp_path / "tenants/moph").glob("lease.*.json"))
    lease.unlink()
    journal.write_bytes(before)
    assert files.FileStore(tmp_path).manifests() == {}


def test_a_manifest_kept_while_the_others_are_read_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, other = files.FileStore(tmp_path), files.FileStore(tmp_path)
    store.keep_manifest("moph", "a: ก\n")
    bulk = files.Folder.bulk

    def then_another_run_keeps(place: files.Folder, prefix: str) -> object:
        found = bulk(place, prefix)
        other.keep_manifest("moph", "a: ข\n")
        return found

    monkeypatch.setattr(files.Folder, "bulk", then_another_run_keeps)
    assert store.manifests() == {"moph": "a: ข\n"}


def test_who_keeps_a_document_is_told_without_checking_every_chain(
    store: files.FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for agency in ("moph", "mof", "plk-lao"):
        store.keep_manifest(agency, "a: 1\n")
    store.keep("mof", "tombstone", {"generation": 1})
    store.keep("plk-lao", "tombstone", {"generation": 1})
    store.forget("plk-lao", "tombstone")
    fresh = files.FileStore(tmp_path)

    def read(lines: Sequence[bytes], tenant_id: str) -> chain.Chain:
        raise AssertionError(f"the whole journal of {tenant_id} was checked")

    monkeypatch.setattr(chain, "read", read)
    assert fresh.kept_by("tombstone") == {"mof": {"generation": 1}}
    assert sorted(records.manifests(fresh)) == ["moph", "plk-lao"]


def test_a_document_that_is_missing_is_told_when_all_are_asked_for(
    store: files.FileStore, tmp_path: Path
) -> None:
    store.keep("mof", "tombstone", {"generation": 1})
    (stored,) = (tmp_path / "tenants/mof/documents").glob("tombstone@*")
    stored.unlink()
    with pytest.raises(errors.EngineFailed, match="the record tombstone for mof is damaged"):
        files.FileStore(tmp_path).kept_by("tombstone")


def test_documents_are_kept_replaced_and_forgotten(store: files.FileStore) -> None:
    store.keep("moph", "approval-1", {"by": "ก"})
    store.keep("moph", "approval-1", {"by": "ข"})
    store.keep("moph", "approval-2", {})
    assert store.kept("moph", "approval-1") == {"by": "ข"}
    assert store.kept_names("moph") == ("approval-1", "approval-2")
    store.forget("moph", "approval-1")
    store.forget("moph", "approval-1")
    assert store.kept("moph", "approval-1") is None
    assert store.kept_names("moph") == ("approval-2",)


def test_journal_keeps_the_order_of_events(store: files.FileStore) -> None:
    store.record("moph", "apply-begun", digest="d", note="line\nand \u2028 separator")
    store.record("moph", "apply-ended")
    assert [e.event for e in store.journal("moph")] == ["apply-begun", "apply-ended"]
    assert store.journal("moph")[0].details["note"] == "line\nand \u2028 separator"
    assert [e.seq for e in store.journal("moph")] == [1, 2]


def test_every_torn_tail_is_dropped_and_the_next_record_follows_cleanly(
    store: files.FileStore, tmp_path: Path
) -> None:
    path = tmp_path / "tenants/moph/journal.jsonl"
    with store.lease("moph"):
        store.record("moph", "first")
        whole = path.read_bytes()
        store.record("moph", "second")
        both = path.read_bytes()
        for end in range(len(whole), len(both)):
            path.write_bytes(both[:end])
            killed = files.FileStore(tmp_path)
            assert [e.event for e in killed.journal("moph")] == ["first"]
            killed.record("moph", "third")
            assert [e.event for e in killed.journal("moph")] == ["first", "third"]


def _used(root: Path) -> list[object]:
    """Everything that a run reads of a tenant, anew."""
    store = files.FileStore(root)
    return [
        [(e.event, e.hash) for e in store.journal("moph")],
        store.applied("moph"),
        store.kept("moph", "approval-1"),
        store.kept_names("moph"),
        store.manifests(),
    ]


def _same_or_told(root: Path, before: list[object]) -> bool:
    """Whether damage was told; what is used nevertheless must be what was kept."""
    try:
        now = _used(root)
    except errors.EngineFailed:
        return True
    assert now == before
    return False


@pytest.fixture
def whole(tmp_path: Path) -> tuple[Path, list[object]]:
    """A small store at rest, and what it holds."""
    root = tmp_path / "store"
    store = files.FileStore(root)
    with store.lease("moph"):
        store.record("moph", "apply-begun", digest="d")
        store.keep_applied("moph", [thing("a")])
        store.keep_manifest("moph", "a: ก\n")
        store.keep("moph", "approval-1", {"by": "ก"})
    store.record("moph", "verified", ready=True)
    return root, _used(root)


def _files(root: Path) -> list[Path]:
    return sorted(p for p in (root / "tenants/moph").rglob("*.json*") if p.is_file())


def test_every_flipped_byte_of_every_file_is_told(whole: tuple[Path, list[object]]) -> None:
    root, before = whole
    for path in _files(root):
        content = path.read_bytes()
        for at in range(len(content)):
            path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
            assert _same_or_told(root, before), (path.name, at)
        path.write_bytes(content)


def test_every_file_cut_at_every_length_is_told(whole: tuple[Path, list[object]]) -> None:
    root, before = whole
    for path in _files(root):
        content = path.read_bytes()
        for end in range(len(content)):
            path.write_bytes(content[:end])
            assert _same_or_told(root, before), (path.name, end)
        path.write_bytes(content)


def _copied(root: Path) -> Path:
    copy = root.parent / "earlier"
    shutil.copytree(root, copy)
    return copy


@pytest.mark.parametrize("pattern", ["journal.jsonl", "documents"])
def test_an_older_generation_of_a_part_is_told(
    whole: tuple[Path, list[object]], pattern: str
) -> None:
    root, _ = whole
    earlier = _copied(root)
    store = files.FileStore(root)
    with store.lease("moph"):
        store.keep_applied("moph", [thing("b")])
    now = root / "tenants/moph" / pattern
    shutil.rmtree(now) if now.is_dir() else now.unlink()
    (earlier / "tenants/moph" / pattern).rename(now)
    with pytest.raises(errors.EngineFailed, match="damaged"):
        _used(root)


def test_another_agencys_records_are_told(whole: tuple[Path, list[object]]) -> None:
    root, _ = whole
    shutil.copytree(root / "tenants/moph", root / "tenants/mof")
    store = files.FileStore(root)
    for read in (store.journal, store.applied, store.holder):
        with pytest.raises(errors.EngineFailed):
            read("mof")
    with pytest.raises(errors.EngineFailed, match="mof"):
        store.manifests()


def test_a_newer_versions_records_are_refused_by_name(
    whole: tuple[Path, list[object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    root, _ = whole
    monkeypatch.setattr(chain, "VERSION", 1)
    store = files.FileStore(root)
    reads: list[Callable[[], object]] = [
        lambda: store.journal("moph"), store.manifests, lambda: store.holder("moph"),
    ]  # fmt: skip
    for read in reads:
        with pytest.raises(errors.EngineFailed, match="newer version"):
            read()


def test_a_store_of_the_first_version_is_read_and_continued(tmp_path: Path) -> None:
    shutil.copytree(OLD, tmp_path / "store")
    store = files.FileStore(tmp_path / "store")
    assert [e.event for e in store.journal("moph")][-1] == "change-ended"
    assert store.applied("moph") == (thing("a"),)
    assert store.manifests() == {"moph": "a: ก\n"}
    assert store.kept("moph", "approval-1") == {"by": "ก"}
    before = store.journal("moph")
    with store.lease("moph"):
        pass
    with store.lease("moph"):
        store.record("moph", "apply-begun")
        store.keep_applied("moph", [thing("b")])
        store.keep_manifest("moph", "b: 1\n")
    again = files.FileStore(tmp_path / "store")
    assert again.journal("moph")[: len(before)] == before
    assert again.applied("moph") == (thing("b"),)
    assert again.manifests() == {"moph": "b: 1\n"}
    path = tmp_path / "store/tenants/moph/journal.jsonl"
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join(lines[1:]))
    with pytest.raises(errors.EngineFailed, match="damaged"):
        again.journal("moph")


def test_what_the_first_version_left_damaged_is_told(tmp_path: Path) -> None:
    for damaged in ("applied.json", "journal.jsonl"):
        shutil.copytree(OLD, tmp_path / damaged)
        path = tmp_path / damaged / "tenants/moph" / damaged
        path.write_bytes(path.read_bytes().replace(b"moph", b"m_ph", 1).replace(b"apply", b"a_ply"))
        store = files.FileStore(tmp_path / damaged)
        with pytest.raises(errors.EngineFailed, match="damaged"):
            (store.applied if damaged == "applied.json" else store.journal)("moph")


def test_a_holder_that_has_not_written_its_lease_yet_is_awaited_and_named(
    store: files.FileStore, tmp_path: Path
) -> None:
    """Between its lock and its lease: the one that stands there is still that of a dead run."""
    place = files.Folder(tmp_path)
    dead = leases.new(60, 1, chain.Head())
    dead = replace(dead, owner="somebody pid 1", mark={**dead.mark, "start": 1})
    version = place.swap_lease("moph", dead.sealed("moph"), "")
    assert version is not None
    mine = leases.new(60, 2, chain.Head()).sealed("moph")
    with place.guard("moph") as alone:
        assert alone
        later = threading.Timer(0.3, place.swap_lease, ("moph", mine, version))
        later.start()
        with pytest.raises(errors.Refused) as refused, store.lease("moph"):
            pass
        later.join()
    assert f"pid {os.getpid()} " in refused.value.details[0]


def test_a_second_run_is_refused_and_the_holder_named(
    store: files.FileStore, tmp_path: Path
) -> None:
    other = files.FileStore(tmp_path)
    with store.lease("moph") as lease:
        with pytest.raises(errors.Refused, match="pid "), other.lease("moph"):
            pass
        with other.lease("plk-lao"):
            pass
        assert other.holder("moph") is not None
        with pytest.raises(errors.LeaseLost):
            other.check_lease("moph")
    with other.lease("moph") as next_one:
        assert next_one.fence == lease.fence + 1


def test_a_process_that_died_holds_nothing(tmp_path: Path, store: files.FileStore) -> None:
    script = (
        "import os, sys; from pathlib import Path; from onboarding.state import files\n"
        "with files.FileStore(Path(sys.argv[1])).lease('moph'): os._exit(9)"
    )
    ended = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert ended.returncode == 9
    with store.lease("moph"):
        assert [e.event for e in store.journal("moph")] == ["lease-taken"]


def test_leases_that_killed_processes_left_behind_go_with_the_next(tmp_path: Path) -> None:
    place = files.Folder(tmp_path)
    version = ""
    for _ in range(3):
        version = place.swap_lease("moph", b"{}", version) or ""
    folder = tmp_path / "tenants" / "moph"
    for number in (1, 2):
        (folder / f"lease.{number}.json").write_bytes(b"{}")
    assert place.swap_lease("moph", b"{}", version) == "4"
    assert [p.name for p in folder.glob("lease.*")] == ["lease.4.json"]


def test_only_what_is_proven_dead_is_dead() -> None:
    mine = owner.mark()
    assert owner.alive(mine) is True
    assert owner.alive({**mine, "start": 1}) is False
    assert owner.alive({**mine, "boot": "another"}) is None
    assert owner.alive({**mine, "numbers": "pid:[1]"}) is None


def test_entries_name_who_wrote_them(store: files.FileStore) -> None:
    with store.lease("moph") as lease:
        store.record("moph", "apply-begun")
    (entry,) = store.journal("moph")
    assert isinstance(entry, interface.Entry)
    assert (entry.fence, entry.by) == (lease.fence, lease.owner)
    assert f"pid {os.getpid()}" in entry.by


def test_journals_of_many_agencies_are_not_all_kept_in_memory(tmp_path: Path) -> None:
    many = [f"agency-{number}" for number in range(70)]
    written = files.FileStore(tmp_path)
    for agency in many:
        written.record(agency, "apply-begun", of=agency)
    read = files.FileStore(tmp_path)
    for _ in range(2):
        told = [entry.details["of"] for agency in many for entry in read.journal(agency)]
        assert told == many
    assert len(read._checked) < len(many)
