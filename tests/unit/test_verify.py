"""Judging a tenant: stages, waivers, the gate and the exit code."""

from __future__ import annotations

from datetime import date, timedelta
from typing import get_args

import pytest

from onboarding import clock, environment, errors, policy, tenant, verify
from onboarding.manifest import model
from onboarding.policies import load, ops, table
from onboarding.policy import Stage, Verdict
from tests.policies import world

TODAY = world.TODAY


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> environment.Environment:
    return world.target(tmp_path_factory.mktemp("target"))


def resolved(name: str, at: environment.Environment) -> tenant.Tenant:
    return world.resolved(name, at)


def finding(
    control_id: str, verdict: Verdict, subject: str = "x", seen: str = "seen"
) -> policy.Finding:
    return policy.Finding(
        table.get(control_id), "moph", Stage.LIVE, policy.Result(verdict, subject, seen)
    )


def waiver(**changes: object) -> model.Waiver:
    values = {
        "control": "PDP-003",
        "object": "legal.pdpa",
        "reason": "ลงนามเดือนหน้า",
        "requested_by": "dpo",
        "approved_by": "cio",
        "expires": TODAY + timedelta(days=30),
        **changes,
    }
    return model.Waiver.model_construct(None, **values)


# The three examples


_INTAKE_AND_PORTAL = {"XCH-009", "XCH-010", "XCH-011", "XCH-012"}
_LINKS = {"XCH-001", "XCH-002", "XCH-003", "XCH-007", "XCH-008", *_INTAKE_AND_PORTAL}
_SYSTEMS = {"MOU-018", "OPS-004", "OPS-011", "PDP-010"}
_MOPH = {"MOU-005", "OPS-002", "PDP-002", "PDP-005", "SEC-007"}
_COURT = {"MOU-005", "OPS-002", "PDP-001", "PDP-002", "PDP-007", "SEC-007"}
_PROVINCE = {"OPS-002", "PDP-001", "PDP-002", "PDP-005", "PDP-007", "SEC-007"}
NOT_APPLICABLE = {
    "moph": _MOPH | _INTAKE_AND_PORTAL | _SYSTEMS,
    "admincourt": _COURT | _LINKS | _SYSTEMS,
    "plk-lao": _PROVINCE | _LINKS | _SYSTEMS,
}


@pytest.mark.parametrize("name", sorted(NOT_APPLICABLE))
def test_the_examples_pass_at_the_manifest_stage(name: str, at: environment.Environment) -> None:
    of = resolved(name, at)
    found = verify.review(of, at, world.desired(of, at), others=(), now=world.NOW)
    of_manifest = [f for f in found if f.stage is Stage.MANIFEST]
    by_verdict = {v: {f.control.id for f in of_manifest if f.result.verdict is v} for v in Verdict}
    assert by_verdict[Verdict.FAIL] == set()
    assert by_verdict[Verdict.UNKNOWN] == set()
    assert by_verdict[Verdict.WAIVED] == set()
    wanted = {c.id for c in table.CONTROLS if Stage.MANIFEST in c.stages}
    assert by_verdict[Verdict.NOT_APPLICABLE] == NOT_APPLICABLE[name] & wanted
    assert by_verdict[Verdict.PASS] == wanted - NOT_APPLICABLE[name]


@pytest.mark.parametrize("name", sorted(NOT_APPLICABLE))
def test_the_examples_may_be_applied(name: str, at: environment.Environment) -> None:
    of = resolved(name, at)
    found = verify.review(of, at, world.desired(of, at), others=(), now=world.NOW)
    assert verify.gate(found) is None
    assert verify.exit_code(found) == errors.ExitCode.DONE
    assert {f.stage for f in found} == {Stage.MANIFEST, Stage.PLAN}


LEFT_TO_A_PRODUCT = {f"DOC-{n:03}" for n in (1, 2, 3, 5, 6, 7, 10, 15)}
"""What only a running e-Office shows; this environment names none."""


@pytest.mark.parametrize(
    ("name", "failing"), [("moph", set()), ("admincourt", {"PKI-007"}), ("plk-lao", set())]
)
def test_live_only_the_lapsed_signer_fails(
    name: str, failing: set[str], at: environment.Environment
) -> None:
    of = resolved(name, at)
    view = world.live_view(of, at)
    found = verify.verify_tenant(of, at, view.desired, view.observed, others=(), now=world.NOW)
    assert {f.control.id for f in found if f.result.verdict is Verdict.FAIL} == failing
    unknown = [f for f in found if f.result.verdict is Verdict.UNKNOWN]
    assert {f.control.id for f in unknown} == LEFT_TO_A_PRODUCT
    assert not any(f.gates for f in unknown)
    assert {f.stage for f in found} == {Stage.LIVE}


def test_a_pending_link_is_open_and_blocks_nothing(at: environment.Environment) -> None:
    of = tenant.resolve(world.agency("moph"), at)
    wanted = world.desired(of, at)
    assert not [i for i in wanted if "link-" in i.ref.name]
    found = verify.review(of, at, wanted, others=(), now=world.NOW)
    by_control = {f.control.id: f.result for f in found if f.stage is Stage.MANIFEST}
    assert by_control["XCH-001"].verdict is Verdict.FAIL
    assert "no manifest of bdi" in by_control["XCH-001"].seen
    assert by_control["XCH-003"].verdict is Verdict.UNKNOWN
    assert verify.gate(found) is None
    assert verify.exit_code(found) == errors.ExitCode.FINDINGS


def test_what_is_left_of_a_link_that_ended_is_found(at: environment.Environment) -> None:
    agreed, ended = resolved("moph", at), tenant.resolve(world.agency("moph"), at)
    there = world.live_view(agreed, at).observed
    wanted = world.desired(ended, at)
    found = verify.verify_tenant(ended, at, wanted, there, others=(), now=world.NOW)
    failed = {f.control.id for f in found if f.result.verdict is Verdict.FAIL}
    assert {"XCH-004", "XCH-005"} <= failed
    assert verify.gate(found) is not None


def test_nothing_observed_cannot_be_ready(at: environment.Environment) -> None:
    of = resolved("moph", at)
    found = verify.verify_tenant(of, at, world.desired(of, at), {}, others=(), now=world.NOW)
    passed = {f.control.id for f in found if f.result.verdict is Verdict.PASS}
    assert passed == {"MOU-004"}
    assert verify.gate(found) is not None
    assert verify.exit_code(found) == errors.ExitCode.UNDETERMINED


def test_the_day_comes_from_the_clock(at: environment.Environment) -> None:
    of = resolved("admincourt", at)
    late = clock.Clock(date(2030, 1, 1))
    found = verify.review(of, at, world.desired(of, at), others=(), now=late)
    assert "MOU-004" in {f.control.id for f in found if f.result.verdict is Verdict.FAIL}


def test_other_manifests_not_read_is_unknown(at: environment.Environment) -> None:
    of = resolved("moph", at)
    found = verify.review(of, at, world.desired(of, at), now=world.NOW)
    [clash] = [f for f in found if f.control.id == "MOU-015"]
    assert clash.result.verdict is Verdict.UNKNOWN


# Waivers


def test_a_waived_failure_is_shown_as_waived() -> None:
    failed = finding("PDP-003", Verdict.FAIL, "legal.pdpa")
    [found] = verify.waive([failed], [waiver()], TODAY)
    assert found.result.verdict is Verdict.WAIVED
    assert "waived until 2026-12-22 by cio: ลงนามเดือนหน้า" in found.result.seen
    assert not found.gates


def test_a_waiver_may_name_the_object_without_its_kind() -> None:
    failed = finding("TEN-003", Verdict.FAIL, "Namespace ga-moph-prod")
    [found] = verify.waive([failed], [waiver(control="TEN-003", object="ga-moph-prod")], TODAY)
    assert found.result.verdict is Verdict.WAIVED


@pytest.mark.parametrize(
    "changes",
    [
        {"control": "PDP-001"},
        {"object": "something else"},
        {"object": "*"},
        {"expires": TODAY - timedelta(days=1)},
        {"expires": TODAY + timedelta(days=181)},
        {"approved_by": "dpo"},
    ],
)
def test_a_waiver_out_of_bounds_waives_nothing(changes: dict[str, object]) -> None:
    failed = finding("PDP-003", Verdict.FAIL, "legal.pdpa")
    assert verify.waive([failed], [waiver(**changes)], TODAY) == (failed,)


def test_a_critical_failure_is_never_waived() -> None:
    failed = finding("TEN-002", Verdict.FAIL, "Namespace x")
    against = waiver(control="TEN-002", object="Namespace x")
    assert verify.waive([failed], [against], TODAY) == (failed,)
    assert ops.waiver_flaws(against, TODAY) == ("a critical control is not waivable",)


def test_unknown_cannot_be_waived() -> None:
    """A waiver accepts a known state; of what was not seen nothing is known."""
    unseen = finding("PDP-003", Verdict.UNKNOWN, "legal.pdpa")
    assert verify.waive([unseen], [waiver()], TODAY) == (unseen,)


def test_the_last_day_of_a_waiver_counts() -> None:
    failed = finding("PDP-003", Verdict.FAIL, "legal.pdpa")
    [found] = verify.waive([failed], [waiver(expires=TODAY)], TODAY)
    assert found.result.verdict is Verdict.WAIVED


# Gate and exit code


def test_the_gate_names_what_blocks() -> None:
    refusal = verify.gate(
        [
            finding("TEN-002", Verdict.FAIL, "Namespace x", "got baseline"),
            finding("TEN-006", Verdict.UNKNOWN, "Group y", "not asked"),
            finding("TEN-005", Verdict.FAIL, "Namespace x", "medium"),
            finding("TEN-001", Verdict.PASS),
        ]
    )
    assert isinstance(refusal, errors.Refused)
    assert refusal.exit_code == errors.ExitCode.FINDINGS
    assert refusal.message.startswith("moph: 1 control(s) failed and 1 could not be determined")
    assert refusal.details == (
        "TEN-002 fail: Namespace x: got baseline",
        "TEN-006 unknown: Group y: not asked",
    )
    assert refusal.resolution


def test_medium_and_low_do_not_gate() -> None:
    assert (
        verify.gate([finding("TEN-005", Verdict.FAIL), finding("DOC-003", Verdict.UNKNOWN)]) is None
    )


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ([], errors.ExitCode.DONE),
        ([("TEN-002", Verdict.PASS)], errors.ExitCode.DONE),
        ([("TEN-003", Verdict.WAIVED)], errors.ExitCode.DONE),
        ([("TEN-005", Verdict.UNKNOWN)], errors.ExitCode.DONE),
        ([("TEN-005", Verdict.FAIL)], errors.ExitCode.FINDINGS),
        ([("TEN-002", Verdict.FAIL)], errors.ExitCode.FINDINGS),
        ([("TEN-002", Verdict.UNKNOWN)], errors.ExitCode.UNDETERMINED),
        ([("TEN-002", Verdict.UNKNOWN), ("TEN-001", Verdict.FAIL)], errors.ExitCode.UNDETERMINED),
    ],
)
def test_exit_code(found: list[tuple[str, Verdict]], code: errors.ExitCode) -> None:
    assert verify.exit_code([finding(i, v) for i, v in found]) == code


def test_counts_name_every_verdict() -> None:
    assert verify.counts([finding("TEN-001", Verdict.PASS)]) == {
        Verdict.PASS: 1,
        Verdict.FAIL: 0,
        Verdict.WAIVED: 0,
        Verdict.NOT_APPLICABLE: 0,
        Verdict.UNKNOWN: 0,
    }


# Policy values


def test_every_threshold_names_its_source() -> None:
    for name in ("thresholds.yaml", "access.yaml"):
        for key, entry in load.read(name)["values"].items():
            assert entry["source"], key


def test_what_needs_confirming_is_shown_with_its_controls() -> None:
    marked = {
        control
        for entry in load.read("thresholds.yaml")["values"].values()
        if entry.get("confirm")
        for control in entry.get("controls", ())
    }
    known = {c.id: c for c in table.CONTROLS}
    assert all(known[c].confirm for c in marked if c in known)


def test_every_branch_has_its_row() -> None:
    assert set(load.read("applicability.yaml")["branches"]) == set(get_args(model.Branch))


def test_what_we_set_in_a_realm_keeps_the_limits(at: environment.Environment) -> None:
    """identity.yaml and thresholds.yaml say the same thing in two places, on purpose."""
    chosen = load.read("identity.yaml")["settings"]
    limit = load.thresholds()
    assert chosen["failureFactor"] <= limit["idp.failureFactor"]
    assert chosen["waitIncrementSeconds"] >= limit["idp.leastWaitSeconds"]
    assert chosen["passwordLength"] >= limit["idp.passwordLength"]
    assert chosen["passwordHistory"] >= limit["idp.passwordHistory"]
    assert chosen["eventsDays"] * 86400 >= limit["idp.eventSeconds"]
    assert chosen["accessTokenSeconds"] <= limit["idp.accessSeconds"]
    assert chosen["idleSeconds"] <= limit["idp.idleSeconds"]
    assert chosen["sessionSeconds"] <= limit["idp.sessionSeconds"]
    assert chosen["signatureAlgorithm"] in limit["idp.algorithms"]


def test_the_certificate_profiles_keep_the_limits() -> None:
    profile, limit = load.read("pki.yaml"), load.thresholds()
    assert profile["signer"]["longestDays"] <= limit["pki.leafLongestDays"]
    assert profile["signer"]["backdateSeconds"] <= limit["pki.backdateSeconds"]
    assert set(profile["signer"]["extendedKeyUsage"]) <= set(limit["pki.signingPurposes"])
    assert profile["tokens"]["workloadLongestSeconds"] <= limit["sec.workloadTtlSeconds"]
    assert profile["tokens"]["longestSeconds"] <= limit["sec.tokenTtlSeconds"]
    assert set(limit["sec.plainRequestKeys"]) <= set(profile["audit"]["plainRequestKeys"])
    assert set(limit["sec.plainResponseKeys"]) <= set(profile["audit"]["plainResponseKeys"])
    assert set(limit["sec.hiddenAuditKeys"]) <= set(profile["audit"]["neverPlain"])


def test_the_policy_version_changes_with_its_content() -> None:
    version = load.version()
    assert version.startswith(load.read("thresholds.yaml")["version"] + "+")
    assert version == load.version()
