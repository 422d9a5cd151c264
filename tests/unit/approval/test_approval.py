"""An approval counts for one plan, one target, one hour, one use, and never one's own plan."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from onboarding import approval, environment, errors, item, plan, safety
from onboarding.state import files
from tests.unit import targets

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
MAKER = "somchai@deploy"
THING = item.Item(item.Ref(item.EngineName.CLUSTER, "Namespace", "", "ga-moph"), {}, "moph", True)
DESTROY = safety.Hazard("destroy", "everything goes", approver="approver")


def key(folder: Path, name: str) -> Path:
    """A new SSH key without a passphrase."""
    path = folder / name
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)]
    subprocess.run(words, check=True, timeout=30)
    return path


def person(identity: str, path: Path, *roles: str) -> environment.Approver:
    public = path.with_suffix(".pub").read_text(encoding="utf-8")
    return environment.Approver(
        identity=identity, roles=roles or ("approver",), method="ssh", key=public
    )


def made(name: str = "") -> plan.Plan:
    live = [THING] if not name else [replace(THING, ref=replace(THING.ref, name=name))]
    target = targets.pinned().pins()
    return plan.diff("moph", [], live, live, target=target, purpose=plan.Purpose.DESTROY)


@pytest.fixture
def case(tmp_path: Path) -> approval.Case:
    """A plan that needs a second person; malee signs with the key ``malee``."""
    malee = person("malee", key(tmp_path, "malee"))
    target = targets.pinned().model_copy(update={"approvers": (malee,)})
    return approval.Case(target, files.FileStore(tmp_path / "s"), made(), (DESTROY,), MAKER)


@pytest.fixture
def agree(tmp_path: Path) -> Callable[[approval.Case], approval.Approval]:
    def signed(of: approval.Case, name: str = "malee") -> approval.Approval:
        by = approval.approver(of.target, name)
        return approval.approve(of, by, account="m@pc", now=NOW, ssh_key=tmp_path / name)

    return signed


def refusal(of: approval.Case, *, by: str = MAKER, at: datetime = NOW) -> list[str]:
    with pytest.raises(errors.Refused, match="needs the approval of a second person") as refused:
        approval.require(of, by, at)
    journalled = of.store.journal("moph")[-1]
    assert journalled.event == "approval-refused"
    assert journalled.details["why"] == list(refused.value.details)
    return list(refused.value.details)[1:]


def test_what_needs_nobody_asks_nobody(case: approval.Case) -> None:
    assert approval.require(replace(case, hazards=()), MAKER, NOW) == ()


def test_without_an_approval_nothing_is_written(case: approval.Case) -> None:
    assert refusal(case) == []


def test_an_approval_lets_the_plan_pass_and_is_journalled(
    case: approval.Case, agree: Callable[[approval.Case], approval.Approval]
) -> None:
    given = agree(case)
    (used,) = approval.require(case, MAKER, NOW + timedelta(minutes=59))
    assert used == given
    assert (used.expires - used.at) == timedelta(hours=1)
    events = [(e.event, e.details["by"], e.details["id"]) for e in case.store.journal("moph")]
    assert events == [
        ("approval-given", "malee", given.id),
        ("approval-used", "malee", given.id),
    ]


def test_nobody_approves_the_plan_that_they_made(
    case: approval.Case, agree: Callable[[approval.Case], approval.Approval]
) -> None:
    with pytest.raises(errors.Refused, match="malee made this plan and cannot approve it"):
        agree(replace(case, made_by="malee@deploy"))
    assert case.store.kept_names("moph") == ()


def test_nobody_applies_what_they_approved(
    case: approval.Case, agree: Callable[[approval.Case], approval.Approval]
) -> None:
    agree(case)
    (why,) = refusal(case, by="malee@deploy")
    assert why == "malee applies this plan (malee@deploy), and is no second person"


def test_a_pipeline_acts_for_a_person() -> None:
    malee = environment.Approver(
        identity="malee@gdcc.go.th", method="transit", key="k", accounts=("malee-gh",)
    )
    assert approval.is_same(malee, "github:dga/onboard#7 for malee-gh")
    assert approval.is_same(malee, "Malee@laptop")
    assert not approval.is_same(malee, "github:dga/onboard#7 for somchai")
    assert not approval.is_same(malee, "somchai@laptop")
    assert not approval.is_same(malee, "")


def test_an_approval_ends_after_an_hour(
    case: approval.Case, agree: Callable[[approval.Case], approval.Approval]
) -> None:
    agree(case)
    (why,) = refusal(case, at=NOW + timedelta(hours=1, seconds=1))
    assert why == "the approval of malee expired at 2026-11-22 10:00:00 UTC"


def test_clocks_may_differ_by_a_minute_and_no_more(
    case: approval.Case, agree: Callable[[approval.Case], approval.Approval]
) -> None:
    agree(case)
    (why,) = refusal(case, at=NOW - timedelta(seconds=61))
    assert why == "the approval of malee is dated 61 s ahead of this clock"
    assert approval.require(case, MAKER, NOW - timedelta(seconds=60))


def test_an_approval_is_for_one_digest(
    case: approval.Case, agree: Callable[[approval.Case], approval.Approval]
) -> None:
    agree(case)
    other = replace(case, plan=made("ga-other"))
    (why,) = refusal(other)
    assert why == f"another plan was approved: sha256:{case.digest}"


def test_an_approval_filed_under_another_plan_does_not_count(
    case: approval.Case, agree: Callable[[approval.Case], approval.Approval]
) -> None:
    agree(case)
    other = replace(case, plan=made("ga-other"))
    kept = case.store.kept("moph", case.name)
    assert kept is not None
    case.store.keep("moph", other.name, kept)
    assert f"malee approved another plan: moph sha256:{case.digest}" in refusal(other)


def test_an_approval_is_for_one_target(
    case: approval.Case, agree: Callable[[approval.Case], approval.Approval]
) -> None:
    agree(case)
    elsewhere = case.target.model_copy(update={"name": "production"})
    (why,) = refusal(replace(case, target=elsewhere))
    assert why == "malee approved it for another target, 'unit'"
    rebuilt = targets.pinned("other-id").model_copy(update={"approvers": case.target.approvers})
    (why,) = refusal(replace(case, target=rebuilt))
    assert why == "malee approved it for another target, 'unit'"


def test_a_stranger_approves_nothing(
    case: approval.Case, agree: Callable[[approval.Case], approval.Approval]
) -> None:
    agree(case)
    without = case.target.model_copy(update={"approvers": ()})
    (why,) = refusal(replace(case, target=without))
    assert why == "malee is no approver of environment 'unit'"


@pytest.mark.parametrize(("field", "value"), [
    ("expires", "2026-11-23T10:00:00+00:00"),
    ("at", "2026-11-22T09:30:00+00:00"),
    ("digest", "0" * 64),
    ("tenant", "moac"),
    ("environment", "production"),
    ("id", "0" * 32),
    ("account", "other@pc"),
    ("rules", []),
    ("signature", ""),
    ("signature", "vault:v1:AAAA"),
])  # fmt: skip
def test_a_record_that_was_changed_does_not_count(
    case: approval.Case,
    agree: Callable[[approval.Case], approval.Approval],
    field: str,
    value: object,
) -> None:
    agree(case)
    kept = case.store.kept("moph", case.name)
    assert kept is not None
    kept["approvals"][0][field] = value
    case.store.keep("moph", case.name, kept)
    (why,) = refusal(case)
    assert why == "the signature of malee does not fit: the record was changed"


def test_another_persons_name_on_a_record_does_not_count(
    case: approval.Case, agree: Callable[[approval.Case], approval.Approval], tmp_path: Path
) -> None:
    suda = person("suda", key(tmp_path, "suda"))
    both = case.target.model_copy(update={"approvers": (*case.target.approvers, suda)})
    case = replace(case, target=both)
    agree(case)
    kept = case.store.kept("moph", case.name)
    assert kept is not None
    kept["approvals"][0]["identity"] = "suda"
    case.store.keep("moph", case.name, kept)
    (why,) = refusal(case)
    assert why == "the signature of suda does not fit: the record was changed"


def test_what_is_no_approval_is_said_to_be_none(case: approval.Case) -> None:
    case.store.keep("moph", case.name, {"approvals": [{"identity": "malee"}]})
    (why,) = refusal(case)
    assert why.startswith("an approval of this plan cannot be read: ")


def test_an_approval_is_used_once(
    case: approval.Case, agree: Callable[[approval.Case], approval.Approval]
) -> None:
    agree(case)
    approval.require(case, MAKER, NOW)
    case.store.record("moph", "apply-begun", digest=case.digest)
    case.store.record("moph", "apply-ended", digest=case.digest)
    (why,) = refusal(case)
    assert why == "the approval of malee was used already"


def test_a_run_that_was_killed_goes_on_under_the_same_approval(
    case: approval.Case, agree: Callable[[approval.Case], approval.Approval]
) -> None:
    given = agree(case)
    approval.require(case, MAKER, NOW)
    case.store.record("moph", "apply-begun", digest=case.digest)
    rest = replace(case, plan=made("what-is-left"), reviewed=case.digest)
    assert approval.require(rest, MAKER, NOW) == (given,)


def test_a_key_of_somebody_else_signs_for_nobody(case: approval.Case, tmp_path: Path) -> None:
    stolen = key(tmp_path, "stolen")
    (malee,) = case.target.approvers
    with pytest.raises(errors.Refused, match="the signature is not that of malee"):
        approval.approve(case, malee, account="x@pc", now=NOW, ssh_key=stolen)
    assert case.store.kept_names("moph") == ()


def test_each_role_has_to_agree(
    case: approval.Case, agree: Callable[..., approval.Approval], tmp_path: Path
) -> None:
    guard = person("suda", key(tmp_path, "suda"), "security")
    both = case.target.model_copy(update={"approvers": (*case.target.approvers, guard)})
    opening = safety.Hazard("network-opening", "opens", flag="--allow-opening", approver="security")
    case = replace(case, target=both, hazards=(DESTROY, opening))
    agree(case)
    with pytest.raises(errors.Refused, match=r"second person \(security\)") as refused:
        approval.require(case, MAKER, NOW)
    assert refused.value.details == ("security: opens", "malee has not the role security")
    agree(case, "suda")
    assert {a.identity for a in approval.require(case, MAKER, NOW)} == {"malee", "suda"}


def test_who_signs_is_named_where_several_could(case: approval.Case, tmp_path: Path) -> None:
    suda = person("suda", key(tmp_path, "suda"))
    target = case.target.model_copy(update={"approvers": (*case.target.approvers, suda)})
    assert approval.approver(target, "suda") == suda
    assert approval.approver(case.target).identity == "malee"
    with pytest.raises(errors.UsageError, match="several persons may approve here"):
        approval.approver(target)
    with pytest.raises(errors.UsageError, match="has no approver 'dao'"):
        approval.approver(target, "dao")
    with pytest.raises(errors.UsageError, match="names nobody who may approve"):
        approval.approver(targets.pinned())


def test_an_ssh_key_has_to_be_named_and_be_one(case: approval.Case, tmp_path: Path) -> None:
    (malee,) = case.target.approvers
    with pytest.raises(errors.UsageError, match="an SSH key signs this approval"):
        approval.approve(case, malee, account="m@pc", now=NOW)
    empty = tmp_path / "empty"
    empty.write_text("")
    with pytest.raises(errors.UsageError, match="ssh-keygen did not sign"):
        approval.approve(case, malee, account="m@pc", now=NOW, ssh_key=empty)


def test_an_approver_is_one_person_with_one_key(tmp_path: Path) -> None:
    malee = person("malee", key(tmp_path, "malee"))
    same_key = malee.model_copy(update={"identity": "suda"})
    same_name = person("Malee", key(tmp_path, "suda"))
    content = targets.pinned().model_dump()
    for other, told in ((same_key, "same key"), (same_name, "same identity")):
        both = {**content, "approvers": (malee.model_dump(), other.model_dump())}
        with pytest.raises(ValueError, match=told):
            environment.Environment.model_validate(both)


@pytest.mark.parametrize(("method", "text"), [
    ("ssh", "ssh-ed25519 AAAA one\napprover ssh-ed25519 BBBB two"),
    ("ssh", "malee"),
    ("ssh", 'cert-authority ssh-ed25519 AAAA'),
    ("transit", "malee/../other"),
    ("transit", ""),
])  # fmt: skip
def test_a_key_is_one_key_and_of_its_kind(method: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"with method {method} this is"):
        environment.Approver.model_validate({"identity": "malee", "method": method, "key": text})
