"""DOC, answered from a running product: each control sees its own break, and no limit passes."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from onboarding import environment, item, policy, tenant, verify
from onboarding.desired import settings
from onboarding.manifest import model
from onboarding.policies import load, table
from onboarding.policy import Stage, Verdict
from onboarding.products import contract, mayan
from tests.unit import targets
from tests.unit.manifest import samples

E = item.EngineName.SETTINGS
Kind = contract.Kind
Change = Callable[[dict[str, Any]], None]
LIMITED = {limit.control for limit in mayan.PRODUCT.limits}
TARGET = targets.pinned().model_copy(update={"e_office": environment.EOffice(product="mayan-edms")})


def world(change: Change | None = None, kind: Kind = Kind.FIELD, name: str = "") -> policy.View:
    """An agency whose product holds what is desired, after a hand changed one thing."""
    of = tenant.resolve(samples.build())
    desired = settings.desired(of, TARGET)
    live = copy.deepcopy(desired)
    for one in live:
        if change is not None and (one.ref.kind, one.ref.name) == (kind, name):
            assert isinstance(one.fields, dict)
            change(one.fields)
    kinds = contract.KINDS | {"Settings", "HandoverKit"}
    seen = item.Observation(items={of.id: live}, read=kinds)
    nobody = item.Observation(read=frozenset({"Client"}))
    return policy.View(
        of,
        TARGET,
        Stage.LIVE,
        date(2026, 11, 22),
        0.0,
        load.thresholds(),
        desired,
        {E: seen, item.EngineName.SSO: nobody},
    )


def live_results(control: str, view: policy.View) -> list[policy.Result]:
    one = next(c for c in table.CONTROLS if c.id == control)
    return [f.result for f in policy.evaluate(one, view) if f.result.basis == "live"]


def set_to(path: str, value: Any) -> Change:
    def change(fields: dict[str, Any]) -> None:
        *parents, last = path.split("/")
        part = fields
        for parent in parents:
            part = part[parent]
        part[last] = value

    return change


BREAKS: Mapping[str, tuple[Kind, str, Change]] = {
    "DOC-001": (Kind.FIELD, "letter_type", set_to("values", ["หนังสือภายนอก"])),
    "DOC-002": (Kind.FIELD, "secrecy", set_to("values", ["ปกติ", "ลับ", "ลับที่สุด"])),
    "DOC-003": (Kind.ORGANISATION, "culture", set_to("fields/speed", False)),
    "DOC-005": (Kind.WORKFLOW, "letters", set_to("numbersOnLetters", [])),
    "DOC-006": (Kind.ORGANISATION, "culture", set_to("rights/moph:central", ["x.y"])),
    "DOC-007": (
        Kind.WORKFLOW,
        "letters",
        set_to("moves/ด่วน", {"from": "ร่างหนังสือ", "to": "ส่งหนังสือแล้ว", "only": []}),
    ),
    "DOC-010": (Kind.ORGANISATION, "culture", set_to("deletedAfter", "30 days")),
    "DOC-015": (Kind.ORGANISATION, "culture", set_to("readByAi", True)),
}


@pytest.mark.parametrize("control", BREAKS)
def test_what_a_hand_changed_in_the_product_fails_its_control(control: str) -> None:
    assert live_results(control, world())[0].verdict is Verdict.PASS
    kind, name, change = BREAKS[control]
    (broken, *_) = live_results(control, world(change, kind, name))
    assert broken.verdict is Verdict.FAIL
    assert broken.subject.startswith("Mayan EDMS ga-culture-prod")


@pytest.mark.parametrize(
    ("control", "kind", "name", "path", "value"),
    [
        ("DOC-005", Kind.REGISTER, "culture-out", "oneByOne", False),
        ("DOC-005", Kind.WORKFLOW, "letters", "otherActions", ["x: 9 again (…NextAction)"]),
        ("DOC-006", Kind.ROLE, "culture:central", "rights", ["documents.document_view"]),
        ("DOC-006", Kind.ROLE, "culture:central", "elsewhere", ["Backdoor"]),
        ("DOC-006", Kind.ROLE, "culture:everybody", "ofOthers", ["Ward: documents.document_view"]),
        ("DOC-007", Kind.WORKFLOW, "letters", "byItself", ["x: sign after 1 days"]),
        ("DOC-007", Kind.WORKFLOW, "letters", "otherActions", ["x: 9 post (HTTPAction)"]),
        ("DOC-007", Kind.WORKFLOW, "letters", "otherWorkflows", ["culture: beside"]),
    ],
)
def test_what_a_hand_put_beside_it_fails_its_control_too(
    control: str, kind: Kind, name: str, path: str, value: Any
) -> None:
    (broken, *_) = live_results(control, world(set_to(path, value), kind, name))
    assert broken.verdict is Verdict.FAIL
    assert path in broken.seen


def test_a_role_that_nobody_planned_fails_its_control() -> None:
    view = world()
    seen = view.observed[E]
    one = next(i for i in seen.of("culture") if i.ref.kind == Kind.ROLE)
    more = replace(one, ref=replace(one.ref, name="culture:beside"))
    beside = replace(seen, items={"culture": (*seen.of("culture"), more)})
    (broken, *_) = live_results("DOC-006", replace(view, observed={E: beside}))
    assert broken.verdict is Verdict.FAIL
    assert "culture:beside" in broken.seen


@pytest.mark.parametrize("control", sorted(LIMITED))
def test_what_the_product_cannot_do_fails_its_control_with_the_reason(control: str) -> None:
    of_control = [c for c in table.CONTROLS if c.id == control]
    if of_control[0].applies(world().tenant):
        return
    failed = [r for r in live_results(control, world()) if r.verdict is Verdict.FAIL]
    assert len(failed) == 1
    assert "cannot do it" in failed[0].seen


@pytest.mark.parametrize("control", sorted(LIMITED & BREAKS.keys()))
def test_a_waiver_of_what_it_cannot_do_covers_nothing_that_a_hand_did(control: str) -> None:
    kind, name, change = BREAKS[control]
    one = next(c for c in table.CONTROLS if c.id == control)
    found = policy.evaluate(one, world(change, kind, name))
    waiver = model.Waiver.model_validate(
        {
            "control": control,
            "object": "ga-culture-prod/limit",
            "reason": "the product cannot do it",
            "requestedBy": "the agency",
            "approvedBy": "DGA",
            "expires": "2026-12-31",
        }
    )
    verdicts = [
        f.result.verdict
        for f in verify.waive(found, [waiver], date(2026, 11, 22))
        if f.result.basis == "live"
    ]
    waivable = one.severity is not policy.Severity.CRITICAL
    assert verdicts[0] is Verdict.FAIL
    assert set(verdicts[1:]) == {Verdict.WAIVED if waivable else Verdict.FAIL}


def test_top_secret_fails_also_where_the_plan_has_it() -> None:
    """The law counts, not what was planned."""
    view = world(set_to("values", ["ปกติ", "ลับที่สุด"]), Kind.FIELD, "secrecy")
    seen = view.observed[E]
    agreeing = replace(view, desired=seen.of(view.tenant.id))
    (result,) = live_results("DOC-002", agreeing)
    assert result.verdict is Verdict.FAIL
    assert "ลับที่สุด" in result.seen


def test_a_product_that_was_not_read_passes_nothing() -> None:
    view = world()
    blind = replace(view, observed={E: item.Observation(read=frozenset({"Settings"}))})
    for control in BREAKS:
        one = next(c for c in table.CONTROLS if c.id == control)
        verdicts = {f.result.verdict for f in policy.evaluate(one, blind)}
        assert Verdict.PASS not in verdicts


def test_something_that_is_absent_fails() -> None:
    view = world()
    for control, (kind, name, _) in BREAKS.items():
        seen = view.observed[E]
        left = tuple(i for i in seen.of("culture") if (i.ref.kind, i.ref.name) != (kind, name))
        less = replace(view, observed={E: replace(seen, items={"culture": left})})
        assert live_results(control, less)[0].verdict is Verdict.FAIL, control


def test_of_an_agency_that_leaves_the_product_is_not_asked() -> None:
    view = world()
    leaving = replace(view, tenant=replace(view.tenant, phase=tenant.Phase.FROZEN))
    assert not [r for control in BREAKS for r in live_results(control, leaving)]


@pytest.mark.parametrize("production", [False, True])
@pytest.mark.parametrize("control", BREAKS)
def test_without_a_product_nobody_looked_at_one(control: str, production: bool) -> None:
    target = targets.pinned().model_copy(update={"production": production})
    one = next(c for c in table.CONTROLS if c.id == control)
    found = policy.evaluate(one, replace(world(), environment=target))
    (live,) = [f for f in found if f.result.basis == "live"]
    assert live.result.verdict is Verdict.UNKNOWN
    assert "names no product" in live.result.seen
    severe = one.severity in (policy.Severity.CRITICAL, policy.Severity.HIGH)
    assert live.gates == (production and severe)
