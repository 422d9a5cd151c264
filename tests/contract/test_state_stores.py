"""The same promises of every state store, on real ones: files, PostgreSQL, S3."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from concurrent import futures
from pathlib import Path

import pytest

from onboarding import environment, errors, item
from onboarding.state import archive, chain, checking, interface, rebuild, store
from tests.contract import state_places

pytestmark = pytest.mark.timeout(1800)
"""The first start of the S3 server builds it."""


@pytest.fixture(params=state_places.KINDS)
def at(request: pytest.FixtureRequest, tmp_path: Path) -> environment.State:
    return state_places.states(request.param, tmp_path, request.getfixturevalue)


@pytest.fixture
def kept(at: environment.State) -> store.Store:
    return state_places.opened(at)


@pytest.fixture
def elsewhere(
    at: environment.State, request: pytest.FixtureRequest, tmp_path: Path
) -> environment.State:
    """An empty store of the next kind."""
    kind = next(n for n, k in enumerate(("file:", "postgresql:", "s3:")) if at.store.startswith(k))
    following = state_places.KINDS[(kind + 1) % len(state_places.KINDS)]
    return state_places.states(following, tmp_path, request.getfixturevalue)


def thing(name: str) -> item.Item:
    ref = item.Ref(item.EngineName.VAULT, "Policy", "", name)
    return item.Item(ref, {"x": ["ก", 1]}, "moph", True)


def test_an_empty_store_holds_nothing_and_opening_writes_nothing(kept: store.Store) -> None:
    assert kept.tenants() == ()
    assert kept.journal("moph") == ()
    assert kept.applied("moph") == ()
    assert kept.manifests() == {}
    assert kept.manifest("moph") is None
    assert kept.holder("moph") is None
    assert kept.tenants() == ()


def test_everything_comes_back_in_another_process(at: environment.State) -> None:
    first = state_places.opened(at)
    with first.lease("moph") as lease:
        first.record("moph", "apply-begun", digest="d", note="ก\n\u2028")
        first.keep_applied("moph", [thing("b"), thing("a")])
        first.keep_applied("moph", [thing("a")])
        first.keep_manifest("moph", "a: ก\n")
        first.keep("moph", "approval-1", {"by": "ก"})
        first.keep("moph", "approval-2", {})
        first.forget("moph", "approval-2")
    first.keep_manifest("mof", "b: 1\n")
    again = state_places.opened(at)
    assert again.tenants() == ("mof", "moph")
    assert again.applied("moph") == (thing("a"),)
    assert again.manifests() == {"moph": "a: ก\n", "mof": "b: 1\n"}
    assert (again.manifest("moph"), again.manifest("mo")) == ("a: ก\n", None)
    assert again.kept("moph", "approval-1") == {"by": "ก"}
    assert again.kept_names("moph") == ("approval-1",)
    (entry,) = again.journal("moph")
    assert (entry.event, entry.details["note"]) == ("apply-begun", "ก\n\u2028")
    assert (entry.fence, entry.by) == (lease.fence, lease.owner)
    assert again.journal("moph") == first.journal("moph")


def test_only_one_version_of_a_document_is_left(kept: store.Store) -> None:
    for number in range(4):
        kept.keep("moph", "approval-1", {"n": number})
    assert len(kept.place.names("moph")) == 1


def test_a_second_run_is_refused_and_names_the_holder(at: environment.State) -> None:
    with state_places.other(at) as holder:
        assert holder.heard() == "held"
        mine = state_places.opened(at)
        with pytest.raises(errors.Refused, match=f"pid {holder.child.pid}"), mine.lease("moph"):
            pass
        with mine.lease("mof"):
            pass
        found = mine.holder("moph")
        assert found is not None
        assert f"pid {holder.child.pid}" in found.owner


def test_of_two_at_once_exactly_one_wins_and_the_other_names_it(at: environment.State) -> None:
    for _ in range(3):
        with state_places.other(at) as one, state_places.other(at) as two:
            heard = {one: one.heard(), two: two.heard()}
            winners = [o for o, said in heard.items() if said == "held"]
            assert len(winners) == 1, heard
            (loser,) = set(heard) - set(winners)
            assert heard[loser].startswith("refused")
            assert f"pid {winners[0].child.pid} " in heard[loser]


def test_a_killed_holder_on_this_computer_is_taken_over_at_once(at: environment.State) -> None:
    with state_places.other(at) as holder:
        assert holder.heard() == "held"
        assert holder.told("apply-begun") == "done"
        os.kill(holder.child.pid, signal.SIGKILL)
        holder.child.wait()
        mine = state_places.opened(at)
        assert mine.holder("moph") is None
        with mine.lease("moph") as lease:
            assert lease.fence == 2
        events = [e.event for e in mine.journal("moph")]
        assert events == ["apply-begun", "lease-taken"]
        assert f"pid {holder.child.pid}" in mine.journal("moph")[-1].details["holder"]


def test_a_holder_elsewhere_is_taken_over_after_its_end_and_writes_no_more(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """In all places side by side, as a lease takes its time to end."""
    with contextlib.ExitStack() as stack:
        held: list[tuple[environment.State, state_places.Other]] = []
        for kind in state_places.KINDS:
            at = state_places.states(kind, tmp_path, request.getfixturevalue)
            holder = stack.enter_context(state_places.other(at, elsewhere="another-computer"))
            assert holder.heard() == "held"
            held.append((at, holder))
        time.sleep(7)  # longer than the lease: they live, so it is renewed
        for at, _ in held:
            with pytest.raises(errors.Refused), state_places.opened(at).lease("moph"):
                pass
        # One computer's folder: the kernel knows that the process lives, and says so.
        held = [(at, holder) for at, holder in held if not at.store.startswith("file:")]
        for _, holder in held:
            os.kill(holder.child.pid, signal.SIGSTOP)
        for at, holder in held:
            _taken_over(state_places.opened(at), holder)


def _taken_over(mine: store.Store, holder: state_places.Other) -> None:
    deadline = time.monotonic() + 30
    while mine.holder("moph") is not None:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    with mine.lease("moph"):
        mine.record("moph", "apply-begun")
        os.kill(holder.child.pid, signal.SIGCONT)
        assert holder.told("stale-write").startswith("lost held now by:")
        assert holder.told("check").startswith("lost held now by:")
        assert f"pid {os.getpid()}" in holder.told("stale-write")
        mine.record("moph", "apply-ended")
    events = [e.event for e in mine.journal("moph")]
    assert events == ["lease-taken", "apply-begun", "apply-ended"]


def test_a_number_of_the_journal_is_had_by_one_alone(at: environment.State) -> None:
    places = [state_places.opened(at).place for _ in range(4)]
    heads = [chain.Head()] * len(places)
    for seq in range(1, 6):
        entries = [interface.Entry("now", "noted", {"by": n}, seq=seq) for n in range(len(places))]
        made = [chain.line(h, "moph", e) for h, e in zip(heads, entries, strict=True)]
        with futures.ThreadPoolExecutor(max_workers=len(places)) as pool:
            tries = [
                pool.submit(place.append, "moph", seq - 1, seq, line)
                for place, (line, _) in zip(places, made, strict=True)
            ]
        won = [one.result() for one in tries]
        assert sorted(won) == [False, False, False, True]
        heads = [made[won.index(True)][1]] * len(places)
        assert chain.read(places[0].lines("moph"), "moph").head == heads[0]


def test_records_of_many_at_once_make_one_chain(at: environment.State) -> None:
    def write(number: int) -> None:
        mine = state_places.opened(at)
        for turn in range(3):
            mine.record("moph", "noted", by=number, turn=turn)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    told = state_places.opened(at).journal("moph")
    assert len(told) == 9
    assert {(e.details["by"], e.details["turn"]) for e in told} == {
        (n, t) for n in range(3) for t in range(3)
    }


def test_a_damaged_or_shortened_store_is_told(at: environment.State) -> None:
    mine = state_places.opened(at)
    with mine.lease("moph"):
        mine.record("moph", "apply-begun")
        mine.keep_applied("moph", [thing("a")])
    (name,) = mine.place.names("moph")
    content = mine.place.get("moph", name)
    assert content is not None
    mine.place.put("moph", name, content.replace(b"Policy", b"Police"))
    with pytest.raises(errors.EngineFailed, match="damaged"):
        state_places.opened(at).applied("moph")
    mine.place.remove("moph", name)
    with pytest.raises(errors.EngineFailed, match="damaged"):
        state_places.opened(at).applied("moph")
    aside = mine.place.set_aside("moph", "1")
    assert "moph" in aside
    assert state_places.opened(at).tenants() == ()
    assert state_places.opened(at).journal("moph") == ()


def filled(at: environment.State) -> store.Store:
    """A store with an agency that has history, documents and applied items."""
    mine = state_places.opened(at)
    with mine.lease("moph"):
        mine.record("moph", "apply-begun")
        mine.keep_applied("moph", [thing("a")])
        mine.keep_manifest("moph", "a: ก\n")
        mine.keep("moph", "approval-1", {"by": "ก"})
        mine.record("moph", "apply-ended")
    return mine


def test_an_export_goes_on_in_any_other_store(
    at: environment.State, tmp_path: Path, elsewhere: environment.State
) -> None:
    mine, other = filled(at), state_places.opened(elsewhere)
    archive.export(mine, ["moph"], tmp_path / "state.tar", "unit")
    assert (tmp_path / "state.tar").stat().st_mode & 0o777 == 0o600
    parts = archive.read(tmp_path / "state.tar")
    assert archive.missing(other, parts) == {"moph": 5}
    archive.bring(other, "moph", parts["moph"])
    assert archive.missing(other, parts) == {"moph": 0}
    again = state_places.opened(elsewhere)
    assert again.journal("moph") == mine.journal("moph")
    assert again.applied("moph") == (thing("a"),)
    assert again.manifests() == {"moph": "a: ก\n"}
    assert again.kept("moph", "approval-1") == {"by": "ก"}
    again.record("moph", "verified")
    with pytest.raises(errors.Refused) as refused:
        archive.missing(again, parts)
    assert refused.value.details == ("moph: 1 newer records are there",)
    mine.record("moph", "another")
    archive.export(mine, ["moph"], tmp_path / "later.tar", "unit")
    with pytest.raises(errors.Refused) as refused:
        archive.missing(again, archive.read(tmp_path / "later.tar"))
    assert refused.value.details == ("moph: another history is there",)


def test_a_damaged_store_is_rebuilt_from_what_is_whole(at: environment.State) -> None:
    mine = filled(at)
    stored = next(n for n in mine.place.names("moph") if n.startswith("applied@"))
    mine.place.put("moph", stored, b"{")
    told = [f"{f.part}: {f.told}" for f in checking.check(mine, "moph") if f.damage]
    assert len(told) == 1
    assert told[0].startswith("applied: it cannot be read")
    before = mine.journal("moph")
    aside = rebuild.run(
        mine, "moph", witnessed=chain.Head(), why=told, manifest="b: 1\n", items=[thing("b")]
    )
    assert "moph" in aside
    again = state_places.opened(at)
    assert again.tenants() == ("moph",)
    assert not [f for f in checking.check(again, "moph") if f.damage]
    assert again.journal("moph")[:-1] == before
    last = again.journal("moph")[-1]
    assert (last.event, last.details["records"], last.seq) == ("state-rebuilt", 5, 6)
    assert again.applied("moph") == (thing("b"),)
    assert again.kept("moph", "approval-1") == {"by": "ก"}


def test_a_deleted_store_is_rebuilt_after_the_number_that_was_witnessed(
    at: environment.State,
) -> None:
    mine = state_places.opened(at)
    lost = chain.Head(12, "ab" * 32)
    aside = rebuild.run(
        mine, "moph", witnessed=lost, why=["gone"], manifest="b: 1\n", items=[thing("b")]
    )
    assert aside == ""
    (entry,) = state_places.opened(at).journal("moph")
    assert (entry.seq, entry.details["lost"]) == (13, {"seq": 12, "hash": "ab" * 32})


def test_a_lease_that_cannot_be_read_is_told_and_mended(at: environment.State) -> None:
    mine = filled(at)
    held = mine.place.lease("moph")
    assert held is not None
    assert mine.place.swap_lease("moph", b"{", held.version)
    with pytest.raises(errors.EngineFailed, match="lease of moph is damaged"):
        mine.holder("moph")
    told = [f.part for f in checking.check(mine, "moph") if f.damage]
    assert "lease" in told
    rebuild.run(mine, "moph", witnessed=chain.Head(), why=told, manifest="b: 1\n", items=())
    with mine.lease("moph") as lease:
        assert lease.fence > 1
