"""The order of work: what is written, what is recorded, and how a run stops."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from onboarding import environment, errors, item, plan, progress, reconcile, tenant
from onboarding.manifest import reading
from onboarding.state import files
from tests.unit import targets

MOPH = tenant.resolve(reading.load(Path("examples/moph.yaml")))


class Recorded:
    """An engine that holds nothing: it writes down what it was asked, and fails where told."""

    def __init__(self, name: item.EngineName, identity: str = "id") -> None:
        self.name = name
        self.asked: list[plan.Change] = []
        self.fail_at: str = ""
        self.interrupt_at: str = ""
        self.silent_about: str = ""
        self._identity = identity

    def identity(self) -> str:
        return self._identity

    def observe(
        self, tenants: Sequence[tenant.Tenant], *, evidence: bool = False
    ) -> item.Observation:
        return item.Observation()

    def apply(
        self,
        of: tenant.Tenant,
        changes: Sequence[plan.Change],
        report: progress.Progress,
        *,
        begin: plan.Begin = plan.unrecorded,
        unfinished: Mapping[str, str] = plan.NOTHING,
    ) -> Iterator[plan.Outcome]:
        for change in changes:
            if change.ref.name == self.interrupt_at:
                raise KeyboardInterrupt
            begin(change)
            self.asked.append(change)
            if change.ref.name == self.fail_at:
                broken = errors.EngineFailed("broken")
                yield plan.Outcome(change, plan.Status.FAILED, error=broken)
                return
            if change.ref.name != self.silent_about:
                yield plan.Outcome(change, plan.Status.APPLIED)


def thing(engine: item.EngineName, name: str) -> item.Item:
    return item.Item(item.Ref(engine, "Thing", "", name), {"x": 1}, MOPH.id)


WANTED = [thing(e, f"{e.value}-{n}") for e in item.ENGINE_ORDER for n in (1, 2)]


@pytest.fixture
def target() -> environment.Environment:
    return targets.pinned("id")


@pytest.fixture
def engines() -> list[Recorded]:
    return [Recorded(e) for e in item.ENGINE_ORDER]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[files.FileStore]:
    """A store that holds the agency, as whoever carries a plan out does."""
    made = files.FileStore(tmp_path / "store")
    with made.lease(MOPH.id):
        yield made


def prepared(target: environment.Environment, store: files.FileStore) -> reconcile.Prepared:
    made = plan.diff(MOPH.id, WANTED, (), store.applied(MOPH.id), target=target.pins())
    return reconcile.Prepared(MOPH, target, tuple(WANTED), {}, made, ())


def names(changes: Sequence[plan.Change]) -> list[str]:
    return [c.ref.name for c in changes]


def test_all_engines_run_in_order_and_everything_is_kept(
    target: environment.Environment, engines: list[Recorded], store: files.FileStore
) -> None:
    run = reconcile.carry_out(prepared(target, store), engines, store, progress.Silent())
    assert run.failure is None
    assert run.count(plan.Status.APPLIED) == len(WANTED)
    assert store.applied(MOPH.id) == tuple(sorted(WANTED, key=lambda i: i.ref))
    events = [e.event for e in store.journal(MOPH.id)]
    assert (events[0], events[-1]) == ("apply-begun", "apply-ended")


def test_a_failure_stops_the_engine_and_all_that_follow(
    target: environment.Environment, engines: list[Recorded], store: files.FileStore
) -> None:
    engines[1].fail_at = "sso-1"
    run = reconcile.carry_out(prepared(target, store), engines, store, progress.Silent())
    assert str(run.failure) == "broken"
    assert names(engines[0].asked) == ["vault_pki-1", "vault_pki-2"]
    assert names(engines[1].asked) == ["sso-1"]
    assert all(not e.asked for e in engines[2:])
    assert run.count(plan.Status.NOT_ATTEMPTED) == 7
    assert [i.ref.name for i in store.applied(MOPH.id)] == ["vault_pki-1", "vault_pki-2"]
    assert store.journal(MOPH.id)[-1].event == "apply-failed"


def test_nothing_is_written_where_a_later_engine_would_do_more_than_the_plan(
    target: environment.Environment, engines: list[Recorded], store: files.FileStore
) -> None:
    class Cautious(Recorded):
        def look_ahead(
            self, of: tenant.Tenant, changes: Sequence[plan.Change], report: progress.Progress
        ) -> None:
            assert names(changes) == ["pulumi_stack-1", "pulumi_stack-2"]
            raise errors.Mismatch("more than was planned")

    engines[2] = Cautious(item.EngineName.CLUSTER)
    with pytest.raises(errors.Mismatch, match="more than was planned"):
        reconcile.carry_out(prepared(target, store), engines, store, progress.Silent())
    assert not any(e.asked for e in engines)
    assert store.journal(MOPH.id) == ()


def test_an_engine_that_says_nothing_of_a_change_has_failed(
    target: environment.Environment, engines: list[Recorded], store: files.FileStore
) -> None:
    engines[0].silent_about = "vault_pki-2"
    run = reconcile.carry_out(prepared(target, store), engines, store, progress.Silent())
    assert run.failure is not None
    assert "without saying" in run.failure.message
    assert not engines[1].asked


def test_an_interrupted_run_keeps_what_was_done_and_says_how_to_go_on(
    target: environment.Environment, engines: list[Recorded], store: files.FileStore
) -> None:
    engines[1].interrupt_at = "sso-2"
    with pytest.raises(errors.Interrupted, match="stopped") as stopped:
        reconcile.carry_out(prepared(target, store), engines, store, progress.Silent())
    assert stopped.value.exit_code == 130
    assert {i.ref.name for i in store.applied(MOPH.id)} == {"sso-1", "vault_pki-1", "vault_pki-2"}
    assert store.journal(MOPH.id)[-1].event == "apply-interrupted"


@pytest.mark.parametrize("pinned", ["another", ""])
def test_nothing_is_written_to_a_system_that_is_not_the_pinned_one(
    pinned: str, engines: list[Recorded], store: files.FileStore
) -> None:
    with pytest.raises(errors.Mismatch) as refused:
        reconcile.carry_out(
            prepared(targets.pinned(pinned), store), engines, store, progress.Silent()
        )
    assert refused.value.exit_code == 7
    assert all(not e.asked for e in engines)
    assert store.journal(MOPH.id) == ()


def test_an_engine_has_ended_before_the_run_is_said_to_be_stopped(
    target: environment.Environment, engines: list[Recorded], tmp_path: Path
) -> None:
    ended: list[str] = []

    class Slow(Recorded):
        def apply(
            self,
            of: tenant.Tenant,
            changes: Sequence[plan.Change],
            report: progress.Progress,
            *,
            begin: plan.Begin = plan.unrecorded,
            unfinished: Mapping[str, str] = plan.NOTHING,
        ) -> Iterator[plan.Outcome]:
            try:
                yield from super().apply(of, changes, report, begin=begin)
            finally:
                ended.append("engine")

    class Stopped(files.FileStore):
        def record(self, tenant_id: str, event: str, **details: object) -> None:
            if event == "change-ended":
                raise KeyboardInterrupt
            ended.append(event)

    engines[0] = Slow(item.EngineName.VAULT)
    store = Stopped(tmp_path)
    with store.lease(MOPH.id), pytest.raises(errors.Interrupted):
        reconcile.carry_out(prepared(target, store), engines, store, progress.Silent())
    assert ended[-2:] == ["engine", "apply-interrupted"]


def test_an_engine_that_raises_ends_as_the_outcome_of_its_next_change(
    target: environment.Environment, engines: list[Recorded], store: files.FileStore
) -> None:
    class Raising(Recorded):
        def apply(
            self,
            of: tenant.Tenant,
            changes: Sequence[plan.Change],
            report: progress.Progress,
            *,
            begin: plan.Begin = plan.unrecorded,
            unfinished: Mapping[str, str] = plan.NOTHING,
        ) -> Iterator[plan.Outcome]:
            yield plan.Outcome(changes[0], plan.Status.APPLIED)
            raise errors.Unreachable("gone away")

    engines[1] = Raising(item.EngineName.SSO)
    run = reconcile.carry_out(prepared(target, store), engines, store, progress.Silent())
    assert isinstance(run.failure, errors.Unreachable)
    assert run.count(plan.Status.APPLIED) == 3
    assert run.count(plan.Status.NOT_ATTEMPTED) == 6
    assert store.journal(MOPH.id)[-1].event == "apply-failed"


@pytest.mark.parametrize(
    "short",
    [MemoryError(), RuntimeError("can't start new thread"), OSError(errno.EMFILE, "Too many")],
)
def test_a_computer_with_nothing_left_ends_a_run_that_wrote_as_partial(
    target: environment.Environment,
    engines: list[Recorded],
    store: files.FileStore,
    monkeypatch: pytest.MonkeyPatch,
    short: Exception,
) -> None:
    def none_left(*_: object, **__: object) -> None:
        raise short

    monkeypatch.setattr(engines[1], "apply", none_left)
    with pytest.raises(errors.EngineFailed, match="no memory, threads or open files") as ended:
        reconcile.carry_out(prepared(target, store), engines, store, progress.Silent())
    assert ended.value.exit_code is errors.ExitCode.PARTIAL
    assert "2 of 10 changes were recorded as done" in ended.value.details
    monkeypatch.setattr(engines[0], "apply", none_left)
    with pytest.raises(errors.EngineFailed) as ended:
        reconcile.carry_out(prepared(target, store), engines, store, progress.Silent())
    assert ended.value.exit_code is errors.ExitCode.FAILED


def test_the_journal_knows_of_each_change_before_it_is_written(
    target: environment.Environment, engines: list[Recorded], store: files.FileStore
) -> None:
    reconcile.carry_out(prepared(target, store), engines, store, progress.Silent())
    told = [
        (e.event, e.details["ref"])
        for e in store.journal(MOPH.id)
        if e.event in ("change-begun", "change-ended")
    ]
    assert told == [
        (event, str(i.ref)) for i in WANTED for event in ("change-begun", "change-ended")
    ]
    first = next(e for e in store.journal(MOPH.id) if e.event == "change-begun")
    assert first.details == {
        "engine": "vault_pki",
        "ref": str(WANTED[0].ref),
        "action": "create",
        "desired": item.content_hash({"x": 1}),
    }


def test_a_run_that_lost_its_lease_writes_no_more(
    target: environment.Environment, engines: list[Recorded], tmp_path: Path
) -> None:
    class Lost(files.FileStore):
        def check_lease(self, tenant_id: str) -> None:
            if engines[1].asked:
                raise errors.LeaseLost("another run holds it")

    lost = Lost(tmp_path)
    with lost.lease(MOPH.id):
        run = reconcile.carry_out(prepared(target, lost), engines, lost, progress.Silent())
    assert isinstance(run.failure, errors.LeaseLost)
    assert [len(e.asked) for e in engines] == [2, 1, 0, 0, 0]


def test_what_a_killed_run_left_is_handed_to_its_engine_once(
    target: environment.Environment, engines: list[Recorded], store: files.FileStore
) -> None:
    class Killed(BaseException):
        pass

    handed: list[dict[str, str]] = []

    class Dying(Recorded):
        def apply(
            self,
            of: tenant.Tenant,
            changes: Sequence[plan.Change],
            report: progress.Progress,
            *,
            begin: plan.Begin = plan.unrecorded,
            unfinished: Mapping[str, str] = plan.NOTHING,
        ) -> Iterator[plan.Outcome]:
            handed.append(dict(unfinished))
            for change in changes:
                begin(change)
                raise Killed
            yield from ()

    engines[2] = Dying(item.EngineName.CLUSTER)
    with pytest.raises(Killed):
        reconcile.carry_out(prepared(target, store), engines, store, progress.Silent())
    done = plan.diff(MOPH.id, WANTED, WANTED, WANTED, target=target.pins())
    whole = reconcile.Prepared(MOPH, target, tuple(WANTED), {}, done, ())
    for _ in range(2):
        reconcile.carry_out(whole, engines, store, progress.Silent())
    assert [list(h) for h in handed] == [[], [str(WANTED[4].ref)]]


def test_what_an_engine_decided_is_kept_before_the_journal_says_that_it_ended(
    target: environment.Environment, tmp_path: Path
) -> None:
    class Killed(BaseException):
        pass

    class Dying(files.FileStore):
        """Keeps nothing from the moment on in which the first engine has ended."""

        dead = False

        def record(self, tenant_id: str, event: str, **details: object) -> None:
            self.dead = self.dead or event == "engine-ended"
            if self.dead:
                raise Killed
            super().record(tenant_id, event, **details)

        def keep_applied(self, tenant_id: str, items: Sequence[item.Item]) -> None:
            if not self.dead:
                super().keep_applied(tenant_id, items)

    class Deciding(Recorded):
        def observe(
            self, tenants: Sequence[tenant.Tenant], *, evidence: bool = False
        ) -> item.Observation:
            return item.Observation({MOPH.id: (signed("new"),)})

    def signed(serial: str, host: str = "new.example") -> item.Item:
        fields = {"certificate": serial, "host": host}
        return item.Item(item.Ref(item.EngineName.VAULT, "Thing", "", "tls"), fields, MOPH.id)

    before, wanted = signed("old", "old.example"), signed(item.KNOWN_AFTER_APPLY)
    store = Dying(tmp_path)
    made = plan.diff(MOPH.id, [wanted], [before], [before], target=target.pins())
    seen = {item.EngineName.VAULT: item.Observation({MOPH.id: (before,)})}
    engines = [Deciding(e) for e in item.ENGINE_ORDER]
    run = reconcile.Prepared(MOPH, target, (wanted,), seen, made, ())
    with store.lease(MOPH.id):
        store.keep_applied(MOPH.id, [before])
        with pytest.raises(Killed):
            reconcile.carry_out(run, engines, store, progress.Silent())
    assert store.applied(MOPH.id) == (signed("new"),)
    resumed = plan.diff(
        MOPH.id, [wanted], [signed("new")], store.applied(MOPH.id), target=target.pins()
    )
    assert not resumed.changes
