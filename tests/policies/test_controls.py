"""Every control: it passes on a good world, fails on a broken one, and never passes unseen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import cast

import pytest

from onboarding import environment, policy
from onboarding.manifest import model
from onboarding.policies import table
from onboarding.policy import Stage, Verdict
from tests.policies import breaks, cases, world

AGENCIES = (
    "moph",
    "admincourt",
    "plk-lao",
    "dlt",
    "police",
    "closed",
    "eppo",
    "etda",
    "portal",
    "eec",
    "onlb",
    "onde",
    "unsigned",
)
Views = Callable[[str, Stage], policy.View]


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> Views:
    """A good view of an agency at a stage."""
    at = world.target(tmp_path_factory.mktemp("target"))
    made: dict[tuple[str, Stage], policy.View] = {}

    def view(name: str, stage: Stage) -> policy.View:
        if (name, stage) not in made:
            of = world.resolved(name, at)
            build = world.live_view if stage is Stage.LIVE else world.plan_view
            made[name, stage] = replace(build(of, at), stage=stage)
        return made[name, stage]

    return view


def verdicts(control: policy.Control, view: policy.View) -> list[Verdict]:
    return [f.result.verdict for f in policy.evaluate(control, view)]


def explained(control: policy.Control, view: policy.View) -> str:
    return "\n".join(
        f"{f.result.verdict} {f.result.subject}: {f.result.seen}"
        for f in policy.evaluate(control, view)
    )


def stages() -> Iterator[tuple[policy.Control, Stage]]:
    for control in table.CONTROLS:
        for stage in Stage:
            if stage in control.stages:
                yield control, stage


def _id(value: object) -> str:
    return getattr(value, "id", None) or getattr(value, "value", None) or str(value)


@pytest.mark.parametrize(("control", "stage"), list(stages()), ids=_id)
def test_passes_on_a_world_in_order(control: policy.Control, stage: Stage, views: Views) -> None:
    passed = False
    for name in AGENCIES:
        view = cases.prepared(control.id, views(name, stage))
        found = [f.result.verdict for f in policy.evaluate(control, view) if f.result.blocks]
        accepted = {Verdict.PASS, Verdict.NOT_APPLICABLE}
        if (control.id, name) not in cases.KNOWN_FAILURES:
            assert set(found) <= accepted, explained(control, view)
        passed = passed or Verdict.PASS in found
    assert passed or (control.id, stage) in cases.NEVER_PASSES_AT, "nobody's world passes"


def failing() -> Iterator[tuple[str, int]]:
    for control_id, broken in cases.BROKEN.items():
        for number in range(len(broken)):
            yield control_id, number


@pytest.mark.parametrize(("control_id", "number"), list(failing()), ids=_id)
def test_fails_on_a_broken_world(control_id: str, number: int, views: Views) -> None:
    control = table.get(control_id)
    name, stage, change = cases.BROKEN[control_id][number]
    view = change(cases.prepared(control.id, views(name, stage)))
    failed = [f for f in policy.evaluate(control, view) if f.result.verdict is Verdict.FAIL]
    assert failed, explained(control, view)
    assert all(f.result.subject and f.result.seen for f in failed)


def test_every_control_has_a_way_to_fail_at_every_stage() -> None:
    covered = {(name, case[1]) for name, found in cases.BROKEN.items() for case in found}
    wanted = {(control.id, stage) for control, stage in stages()}
    assert wanted - covered == set()


@pytest.mark.parametrize("control", [c for c in table.CONTROLS if Stage.LIVE in c.stages], ids=_id)
def test_nothing_observed_is_never_a_pass(control: policy.Control, views: Views) -> None:
    seen: set[Verdict] = set()
    for name in AGENCIES:
        found = verdicts(control, replace(views(name, Stage.LIVE), observed={}))
        if control.id in cases.READS_THE_MANIFEST_ONLY:
            continue
        assert set(found) <= {Verdict.UNKNOWN, Verdict.NOT_APPLICABLE}
        seen |= set(found)
    assert Verdict.UNKNOWN in seen or control.id in {
        *cases.READS_THE_MANIFEST_ONLY,
        *cases.NOT_FOR_POOLED,
    }


@pytest.mark.parametrize("control", [c for c in table.CONTROLS if Stage.LIVE in c.stages], ids=_id)
def test_a_kind_that_was_not_read_is_never_a_pass(control: policy.Control, views: Views) -> None:
    """The engines answered, but none of them named the kinds that the control asks about."""
    view = views("moph", Stage.LIVE)
    unread = {
        name: replace(seen, items={}, read=frozenset(), unread={"Pod": "forbidden"})
        for name, seen in view.observed.items()
    }
    found = verdicts(control, replace(view, observed=unread))
    if control.id not in cases.READS_THE_MANIFEST_ONLY:
        assert Verdict.PASS not in found


@pytest.mark.parametrize(
    "control", [c for c in table.CONTROLS if Stage.LIVE not in c.stages], ids=_id
)
def test_without_manifest_or_plan_it_is_unknown(control: policy.Control, views: Views) -> None:
    view = views("moph", Stage.MANIFEST)
    empty = replace(
        view,
        tenant=replace(view.tenant, manifest=cast("model.AgencyMou", object()), instances=()),
        environment=environment.Environment.model_construct(),
        desired=(),
        others=None,
        stage=next(iter(control.stages)),
    )
    assert set(verdicts(control, empty)) <= {Verdict.UNKNOWN, Verdict.FAIL}
    assert Verdict.PASS not in verdicts(control, empty)


def test_objects_that_vanished_are_named(views: Views) -> None:
    """The kind was read and the object is not among it: that fails, and says which one."""
    view = world.changed(views("admincourt", Stage.LIVE), "Namespace", lambda _: None)
    [first, *_] = policy.evaluate(table.get("TEN-001"), view)
    assert first.result.verdict is Verdict.FAIL
    assert first.result.subject == "Namespace ga-admincourt-prod"
    assert "absent" in first.result.seen


def test_objects_that_are_being_deleted_are_not_as_planned(views: Views) -> None:
    live = views("admincourt", Stage.LIVE)
    view = world.changed(live, "PersistentVolumeClaim", lambda one: replace(one, ending=True))
    found = [f.result for f in policy.evaluate(table.get("OPS-006"), view)]
    failed = [r for r in found if r.verdict is Verdict.FAIL]
    assert failed
    assert {r.subject.split()[0] for r in failed} == {"PersistentVolumeClaim"}
    assert all("being deleted" in r.seen for r in failed)


@pytest.mark.parametrize(("control_id", "agency"), cases.NOT_APPLICABLE, ids=_id)
def test_not_applicable_has_a_reason(control_id: str, agency: str, views: Views) -> None:
    control = table.get(control_id)
    stage = next(s for s in Stage if s in control.stages)
    [finding] = policy.evaluate(control, views(agency, stage))
    assert finding.result.verdict is Verdict.NOT_APPLICABLE
    assert finding.result.seen


def test_document_controls_say_what_they_rest_on(views: Views) -> None:
    for control in table.CONTROLS:
        if control.id.startswith("DOC") and Stage.LIVE in control.stages:
            for finding in policy.evaluate(control, views("moph", Stage.LIVE)):
                rests = "attestation" if control.id == "DOC-011" else "configuration"
                looked = finding.result.verdict is not Verdict.UNKNOWN
                assert finding.result.basis == (rests if looked else "live")


@pytest.mark.parametrize(
    ("production", "tried", "verdict"),
    [
        (True, date(2026, 9, 1), Verdict.PASS),
        (True, date(2026, 5, 1), Verdict.FAIL),
        (False, None, Verdict.NOT_APPLICABLE),
        (True, None, Verdict.FAIL),
    ],
)
def test_a_backup_counts_once_it_was_restored(
    production: bool, tried: date | None, verdict: Verdict, views: Views
) -> None:
    stated = breaks.environment_with(attestations=())
    if tried:
        stated = breaks.attested("backup", tried)
    view = breaks.environment_with(production=production)(stated(views("moph", Stage.LIVE)))
    assert verdicts(table.get("DOC-011"), view) == [verdict]


def test_the_table_names_each_control_once(views: Views) -> None:
    ids = [control.id for control in table.CONTROLS]
    assert len(ids) == len(set(ids))
    assert ids == sorted(ids)


@pytest.mark.parametrize("control", table.CONTROLS, ids=_id)
def test_every_control_speaks_both_languages(control: policy.Control) -> None:
    thai = set(map(chr, range(0x0E00, 0x0E80)))
    assert control.title_en
    assert control.remedy_en
    assert thai & set(control.title_th)
    assert thai & set(control.remedy_th)
    assert not thai & set(control.title_en + control.remedy_en)


def test_the_wanted_controls_are_there() -> None:
    have = {control.id for control in table.CONTROLS}
    assert cases.WANTED - have == set()
