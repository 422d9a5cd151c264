"""A control's results become findings, and what was not seen never becomes a pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from onboarding import item, policy, tenant
from onboarding.policies import judge
from onboarding.policy import Severity, Stage, Verdict
from tests.policies import world

SSO = item.EngineName.SSO


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> policy.View:
    at = world.target(tmp_path_factory.mktemp("target"))
    return replace(
        world.plan_view(tenant.resolve(world.agency("admincourt"), at), at), stage=Stage.LIVE
    )


def control(check: policy.Check, severity: Severity = Severity.HIGH) -> policy.Control:
    return policy.Control(
        id="XXX-001",
        title_en="x",
        title_th="x",
        severity=severity,
        stages=frozenset({Stage.LIVE}),
        check=check,
        remedy_en="x",
        remedy_th="x",
    )


def only(found: Iterable[policy.Finding]) -> policy.Finding:
    [finding] = found
    return finding


def test_an_engine_that_was_not_read_is_unknown(view: policy.View) -> None:
    def check(seen: policy.View) -> Iterator[policy.Result]:
        for one in seen.items(SSO, "Realm"):
            yield judge.passes(str(one.ref))

    finding = only(policy.evaluate(control(check), view))
    assert finding.result.verdict is Verdict.UNKNOWN
    assert "sso was not read" in finding.result.seen


def test_a_kind_that_was_not_read_is_unknown_with_the_reason(view: policy.View) -> None:
    seen = item.Observation(read=frozenset({"Client"}), unread={"Realm": "forbidden"})
    finding = only(
        policy.evaluate(
            control(lambda v: [judge.passes(str(i.ref)) for i in v.items(SSO, "Realm")]),
            replace(view, observed={SSO: seen}),
        )
    )
    assert finding.result.verdict is Verdict.UNKNOWN
    assert "forbidden" in finding.result.seen


@pytest.mark.parametrize(("whose", "verdict"), [("", Verdict.UNKNOWN), ("b", Verdict.PASS)])
def test_a_kind_that_was_not_read_of_this_agency_is_unknown_with_the_reason(
    view: policy.View, whose: str, verdict: Verdict
) -> None:
    silent = {whose or view.tenant.id: {"Realm": "forbidden"}}
    realm = item.Item(item.Ref(SSO, "Realm", "", "r"), {}, view.tenant.id)
    seen = item.Observation({view.tenant.id: (realm,)}, frozenset({"Realm"}), silent=silent)
    finding = only(
        policy.evaluate(
            control(lambda v: [judge.passes(str(i.ref)) for i in v.items(SSO, "Realm")]),
            replace(view, observed={SSO: seen}),
        )
    )
    assert finding.result.verdict is verdict
    assert ("forbidden" in finding.result.seen) == (verdict is Verdict.UNKNOWN)


def test_shared_items_were_read_or_are_not_seen(view: policy.View) -> None:
    with pytest.raises(policy.NotSeen):
        view.shared(SSO, "Realm")


def test_no_result_is_unknown(view: policy.View) -> None:
    finding = only(policy.evaluate(control(lambda _: ()), view))
    assert finding.result.verdict is Verdict.UNKNOWN
    assert finding.result.seen == "nothing was there to examine"


def test_a_crash_is_unknown_and_names_the_error(view: policy.View) -> None:
    def check(_: policy.View) -> Iterator[policy.Result]:
        yield judge.passes("first")
        raise ValueError("broken check")

    finding = only(policy.evaluate(control(check), view))
    assert finding.result.verdict is Verdict.UNKNOWN
    assert "ValueError: broken check" in finding.result.seen


def test_a_crash_of_the_predicate_is_unknown_too(view: policy.View) -> None:
    def applies(_: tenant.Tenant) -> str:
        raise RuntimeError("broken")

    finding = only(policy.evaluate(replace(control(lambda _: ()), applies=applies), view))
    assert finding.result.verdict is Verdict.UNKNOWN


def test_not_applicable_carries_the_reason(view: policy.View) -> None:
    bound = replace(control(lambda _: ()), applies=lambda _: "no signing")
    finding = only(policy.evaluate(bound, view))
    assert (finding.result.verdict, finding.result.seen) == (Verdict.NOT_APPLICABLE, "no signing")


def test_only_controls_of_the_stage_are_evaluated(view: policy.View) -> None:
    live = control(lambda _: [judge.passes("x")])
    planned = replace(live, id="XXX-002", stages=frozenset({Stage.PLAN}))
    assert [f.control.id for f in policy.evaluate_all([live, planned], view)] == ["XXX-001"]


@pytest.mark.parametrize("severity", list(Severity))
@pytest.mark.parametrize("verdict", list(Verdict))
def test_what_gates(severity: Severity, verdict: Verdict, view: policy.View) -> None:
    result = policy.Result(verdict, "x")
    finding = policy.Finding(control(lambda _: (), severity), view.tenant.id, Stage.LIVE, result)
    expected = severity in (Severity.CRITICAL, Severity.HIGH) and verdict in (
        Verdict.FAIL,
        Verdict.UNKNOWN,
    )
    assert finding.gates is expected


def test_absent_desired_items_fail_by_name(view: policy.View, tmp_path: Path) -> None:
    seen = item.Observation(read=frozenset({"Namespace"}))
    live = replace(view, observed={item.EngineName.CLUSTER: seen})
    found = list(judge.absent(live, item.EngineName.CLUSTER, "Namespace"))
    assert [r.subject for r in found] == [
        "Namespace ga-admincourt-prod",
        "Namespace ga-admincourt-uat",
    ]


def test_long_values_are_cut_and_absent_ones_named() -> None:
    assert judge.show(None) == "absent"
    assert len(judge.show("x" * 1000)) == judge.LONGEST_SEEN
    assert judge.show(["ก"]) == '["ก"]'
