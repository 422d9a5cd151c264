"""The small judgements that controls are made of."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding import item, policy, tenant, verify
from onboarding.policies import (
    certificate,
    idp,
    judge,
    load,
    mou,
    net,
    ops_state,
    pki,
    pki_roles,
    pki_signers,
)
from onboarding.policy import Stage, Verdict
from tests.policies import authority, world

segment = st.text(alphabet="abcdefghij-0123456789", min_size=1, max_size=8)
path = st.lists(segment, min_size=1, max_size=5).map("/".join)


# Former certificate authorities


def test_a_former_authority_that_can_only_sign_lists_is_no_fault(tmp_path: Path) -> None:
    at = world.target(tmp_path)
    good = world.live_view(world.resolved("moph", at), at)
    mount = good.tenant.pki_mount
    former = world.make(
        item.EngineName.VAULT,
        "Issuer",
        mount,
        "5f3c",
        {
            "certificate": authority.intermediate(("former.go.th",)).pem,
            "usage": ["crl-signing", "ocsp-signing", "read-only"],
        },
        good.tenant.id,
    )
    view = world.added(good, item.EngineName.VAULT, former)
    judged = {r.subject: r for r in pki.ca_profile(view)}
    assert judged[str(former.ref)].verdict is Verdict.PASS
    assert len(judged) == 2
    # Its list must be there as long as what it signed.
    assert [r.subject for r in pki.revocation(view) if r.verdict is Verdict.FAIL] == [
        f"Crl {mount}/5f3c"
    ]


# Paths of Vault policies


@given(path)
def test_a_literal_path_grants_itself_only(one: str) -> None:
    assert pki_signers.grants(one, one)
    assert not pki_signers.grants(one, f"{one}/x")
    assert not pki_signers.grants(f"{one}/x", one)


@given(path, path)
def test_a_glob_grants_everything_below(above: str, below: str) -> None:
    assert pki_signers.grants(f"{above}/*", f"{above}/{below}")
    assert pki_signers.grants("*", f"{above}/{below}")


@given(segment, segment, path)
def test_a_plus_is_exactly_one_segment(first: str, second: str, rest: str) -> None:
    assert pki_signers.grants(f"+/{rest}", f"{first}/{rest}")
    assert not pki_signers.grants(f"+/{rest}", f"{first}/{second}/{rest}")


@pytest.mark.parametrize(
    ("pattern", "request_path", "granted"),
    [
        ("pki-a-sign/issue/signer", "pki-a-sign/issue/signer", True),
        ("pki-a-sign/i*", "pki-a-sign/issue/signer", True),
        ("pki-a-sign/sign/*", "pki-a-sign/issue/signer", False),
        ("+/issue/+", "pki-a-sign/issue/signer", True),
        ("pki-a*", "pki-a-sign/issue/signer", True),
        ("kv/data/a/*", "kv/data/b/x", False),
    ],
)
def test_what_a_policy_path_reaches(pattern: str, request_path: str, granted: bool) -> None:
    assert pki_signers.grants(pattern, request_path) is granted


def test_a_policy_that_cannot_be_read_whole_is_no_pass() -> None:
    text = 'path "a/*" { capabilities = ["read"] }\npath \'b/*\' { policy = "sudo" }\n'
    one = world.make(item.EngineName.VAULT, "Policy", "", "odd", {"document": text})
    with pytest.raises(ValueError, match="not every rule"):
        pki_signers.rules_of(one)


# Networks


@pytest.mark.parametrize(
    ("ports", "allowed"),
    [
        (None, True),
        ([], True),
        ([{"protocol": "UDP"}], True),
        ([{"port": 53}], True),
        ([{"port": 1, "endPort": 100}], True),
        ([{"port": 443}], False),
        ([{"port": "https"}], False),
    ],
)
def test_which_rules_let_a_port_through(ports: Any, allowed: bool) -> None:
    assert net.allows_port({"ports": ports}, 53) is allowed


@pytest.mark.parametrize(
    ("spec", "denies"),
    [
        ({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}, True),
        ({"podSelector": {}, "policyTypes": ["Egress", "Ingress"], "ingress": []}, True),
        ({"podSelector": {"matchLabels": {"a": "b"}}, "policyTypes": ["Ingress", "Egress"]}, False),
        ({"podSelector": {}, "policyTypes": ["Ingress"]}, False),
        ({"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "egress": [{}]}, False),
    ],
)
def test_what_denies_by_default(spec: dict[str, Any], denies: bool) -> None:
    one = world.make(item.EngineName.CLUSTER, "NetworkPolicy", "ns", "x", {"spec": spec})
    assert net.is_default_deny(one) is denies


# Values


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("", {}),
        ("length(14) and notUsername", {"length": 14, "notUsername": 0}),
        ("passwordHistory(5) and notEmail(undefined)", {"passwordHistory": 5, "notEmail": 0}),
    ],
)
def test_keycloaks_password_policy(text: str, rules: dict[str, int]) -> None:
    assert idp.password_rules(text) == rules


@pytest.mark.parametrize(
    ("digits", "valid"),
    [
        ("1234567890121", True),
        ("0993000086848", True),
        ("1234567890120", False),
        ("123456789012", False),
        ("12345678901x1", False),
    ],
)
def test_ids_with_a_check_digit(digits: str, valid: bool) -> None:
    assert mou.valid_personal_id(digits) is valid


@pytest.mark.parametrize(
    ("value", "seconds"), [(30, 30), ("30s", 30), ("5m", 300), ("1h", 3600), ("90", 90), (None, 0)]
)
def test_durations_as_vault_writes_them(value: Any, seconds: int) -> None:
    assert pki_roles.seconds(value) == seconds


def test_moments_as_evidence_writes_them() -> None:
    at = datetime(2026, 11, 22, 5, 15, 42, tzinfo=UTC)
    assert certificate.moment("2026-11-22T05:15:42Z") == at
    assert certificate.moment("2026-11-22T12:15:42+07:00") == at


def test_a_signature_by_another_key_is_none() -> None:
    ours = certificate.load(authority.intermediate(("a.go.th",)).pem)
    assert certificate.issued_by(ours, certificate.load(authority.authority("Root").pem))
    assert not certificate.issued_by(ours, certificate.load(authority.authority("Other").pem))
    assert not certificate.issued_by(ours, ours)


def test_the_pinned_roots_are_whole_fingerprints() -> None:
    roots = load.read("nrca.yaml")["roots"]
    assert [r["name"] for r in roots] == ["NRCA G1", "NRCA G3"]
    assert all(len(bytes.fromhex(r["sha256"])) == 32 for r in roots)


# Playbooks


def _playbook(folder: Path, text: str) -> list[policy.Result]:
    tasks = folder / "roles" / "kit" / "tasks"
    tasks.mkdir(parents=True, exist_ok=True)
    (tasks / "main.yml").write_text(text, encoding="utf-8")
    return list(ops_state.secret_tasks_silent(folder))


@pytest.mark.parametrize(
    "task",
    [
        "{name: read, ansible.builtin.uri: {headers: {X-Vault-Token: '{{ token }}'}}}",
        "{name: read, set_fact: {password: x}}",
        "{name: look up, debug: {msg: \"{{ lookup('community.hashi_vault.vault_read') }}\"}}",
        "{name: tagged, debug: {msg: x}, tags: [secret]}",
        "{name: tagged, debug: {msg: x}, tags: secret}",
        "{name: block, block: [{name: inner, set_fact: {api_token: x}}]}",
    ],
)
def test_a_task_with_a_secret_must_not_log(task: str, tmp_path: Path) -> None:
    failed = [r for r in _playbook(tmp_path, f"- {task}\n") if r.verdict is Verdict.FAIL]
    assert [r.subject.split(":")[0] for r in failed] == ["playbooks/roles/kit/tasks/main.yml"]


@pytest.mark.parametrize(
    "task",
    [
        "{name: read, set_fact: {password: x}, no_log: true}",
        "{name: a secret only by its name, debug: {msg: x}}",
    ],
)
def test_a_silent_or_harmless_task_passes(task: str, tmp_path: Path) -> None:
    found = _playbook(tmp_path, f"- {task}\n")
    assert [r.verdict for r in found] == [Verdict.PASS]


def test_no_playbook_is_unknown(tmp_path: Path) -> None:
    assert [r.verdict for r in ops_state.secret_tasks_silent(tmp_path)] == [Verdict.UNKNOWN]
    assert [r.verdict for r in ops_state.secret_tasks_silent(tmp_path / "none")] == [
        Verdict.UNKNOWN
    ]


# Agencies that lack a part


def _health_platform_only(tmp_path: Path) -> policy.View:
    """An agency without an e-Office, whose system has no image in the environment yet."""
    at = world.target(tmp_path)
    at = at.model_copy(update={"images": at.images.model_copy(update={"others": {}})})
    whole = world.agency("moph")
    part = whole.model_copy(update={"systems": whole.systems[1:]})
    return world.plan_view(tenant.resolve(part, at), at)


def test_an_agency_without_workload_may_be_applied(tmp_path: Path) -> None:
    view = _health_platform_only(tmp_path)
    found = verify.review(view.tenant, view.environment, view.desired, others=(), now=world.NOW)
    assert [str(f) for f in found if f.gates] == []
    by_id = {f.control.id: f.result for f in found if f.result.verdict is Verdict.NOT_APPLICABLE}
    assert by_id["WRK-001"].seen == "no Deployment is planned and none is there"
    assert by_id["DOC-002"].seen == "the agency has no e-Office"


def test_live_it_has_no_workload_to_judge_but_what_appears_is(tmp_path: Path) -> None:
    view = _health_platform_only(tmp_path)
    live = world.live_view(view.tenant, view.environment)
    kinds = {"Deployment", "Pod", "Service", "Ingress"}
    seen = live.observed[item.EngineName.CLUSTER]
    empty = replace(seen, read=seen.read | kinds)
    live = replace(live, observed={**live.observed, item.EngineName.CLUSTER: empty})
    [finding, *_] = _wrk_001(live)
    assert finding.result.verdict is Verdict.NOT_APPLICABLE
    pod = world.make(
        item.EngineName.CLUSTER,
        "Pod",
        "ga-moph-prod-health-platform",
        "surprise",
        {"spec": {"containers": [{"name": "x", "securityContext": {"privileged": True}}]}},
    )
    found = _wrk_001(world.added(live, item.EngineName.CLUSTER, pod))
    assert Verdict.FAIL in {f.result.verdict for f in found}


def _telemetry_only(tmp_path: Path) -> policy.View:
    """An agency whose devices have nothing to send to: no image of the system yet."""
    at = world.target(tmp_path)
    at = at.model_copy(update={"images": at.images.model_copy(update={"others": {}})})
    return world.plan_view(world.resolved("dlt", at), at)


def test_telemetry_without_an_image_may_be_applied(tmp_path: Path) -> None:
    view = _telemetry_only(tmp_path)
    found = verify.review(view.tenant, view.environment, view.desired, others=(), now=world.NOW)
    assert [str(f) for f in found if f.gates] == []
    waiting = [f for f in found if f.control.id in ("NET-013", "PDP-010")]
    assert {f.result.verdict for f in waiting if f.result.verdict is not Verdict.PASS} == {
        Verdict.NOT_APPLICABLE
    }


@pytest.mark.parametrize(("kind", "name"), [("Ingress", "door"), ("ConfigMap", "x-endpoints")])
def test_telemetry_that_is_there_is_judged_without_an_image(
    kind: str, name: str, tmp_path: Path
) -> None:
    from onboarding.policies import table

    view = _telemetry_only(tmp_path)
    place = view.tenant.instances[0].namespace
    one = world.make(item.EngineName.CLUSTER, kind, place, name, {})
    view = world.added(view, item.EngineName.CLUSTER, one)
    for control_id in ("NET-013", "PDP-010"):
        found = policy.evaluate(table.get(control_id), view)
        assert Verdict.FAIL in {f.result.verdict for f in found}


def _wrk_001(view: policy.View) -> tuple[policy.Finding, ...]:
    from onboarding.policies import table

    return policy.evaluate(table.get("WRK-001"), view)


def test_a_trial_only_agency_has_no_production_rights_to_judge(tmp_path: Path) -> None:
    at = world.target(tmp_path)
    whole = world.agency("admincourt")
    tenancy = whole.tenancy.model_copy(update={"environments": ("uat",)})
    of = tenant.resolve(whole.model_copy(update={"tenancy": tenancy}), at)
    found = verify.review(of, at, world.desired(of, at), others=(), now=world.NOW)
    assert [str(f) for f in found if f.gates] == []


def test_a_deployment_without_containers_was_not_really_seen(tmp_path: Path) -> None:
    at = world.target(tmp_path)
    of = tenant.resolve(world.agency("admincourt"), at)
    view = world.changed(
        world.plan_view(of, at), "Deployment", lambda i: world.with_fields(i, spec={})
    )
    assert {f.result.verdict for f in _wrk_001(view)} == {Verdict.UNKNOWN}
    assert view.stage is Stage.PLAN
    assert judge.show({}) == "{}"
