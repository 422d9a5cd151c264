"""What Vault must hold for the three examples."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding import environment, item, plan, tenant
from onboarding.desired import pki_profile, vault, vault_mark, vault_policies
from onboarding.manifest import reading
from tests.contract import agencies
from tests.unit import targets

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def target() -> environment.Environment:
    return targets.pinned()


def of(name: str) -> tenant.Tenant:
    return tenant.resolve(reading.load(ROOT / "examples" / f"{name}.yaml"))


def items(name: str, target: environment.Environment) -> dict[str, list[item.Item]]:
    found: dict[str, list[item.Item]] = {}
    for one in vault.desired(of(name), target):
        found.setdefault(one.ref.kind, []).append(one)
    return found


@pytest.mark.parametrize(
    ("name", "roles", "instances", "pairs"),
    [("moph", 2, 10, 8), ("admincourt", 2, 2, 2), ("plk-lao", 58, 1, 1)],
)
def test_counts(
    target: environment.Environment, name: str, roles: int, instances: int, pairs: int
) -> None:
    counted = Counter(i.ref.kind for i in vault.desired(of(name), target))
    assert counted == {
        "Mount": 1,
        "IssuingUrls": 1,
        "CrlConfig": 1,
        "AutoTidy": 1,
        "Issuer": 1,
        "PkiRole": roles,
        "Policy": instances + 1,
        "KubernetesAuthRole": instances,
        "KeyPair": pairs,
    }


@pytest.mark.parametrize("name", ["moph", "admincourt", "plk-lao"])
def test_everything_is_owned_and_unique(target: environment.Environment, name: str) -> None:
    wanted = vault.desired(of(name), target)
    assert {i.owner for i in wanted} == {name}
    assert len({i.ref for i in wanted}) == len(wanted)
    assert wanted == vault.desired(of(name), target)


@pytest.mark.parametrize("name", ["moph", "admincourt", "plk-lao"])
def test_what_is_wanted_satisfies_itself(target: environment.Environment, name: str) -> None:
    wanted = vault.desired(of(name), target)
    assert plan.diff(name, wanted, wanted, target={}).changes == ()


def test_one_role_a_body_names_the_body(target: environment.Environment) -> None:
    roles = {r.ref.name: r.fields for r in items("plk-lao", target)["PkiRole"]}
    assert "signer" not in roles
    assert roles["signer-plk-001"]["organization"] == ["เทศบาลนครพิษณุโลก"]
    assert roles["ingress"]["allowed_domains"] == ["e-office.plk-lao.example.go.th"]


def test_signer_roles_are_closed(target: environment.Environment) -> None:
    for name in ("moph", "admincourt", "plk-lao"):
        for role in items(name, target)["PkiRole"]:
            fields = role.fields
            for key in (
                "allow_any_name",
                "allow_localhost",
                "allow_wildcard_certificates",
                "allow_glob_domains",
                "allow_ip_sans",
                "allow_subdomains",
                "client_flag",
                "code_signing_flag",
                "email_protection_flag",
                "use_csr_common_name",
                "use_csr_sans",
                "no_store",
                "generate_lease",
            ):
                assert fields[key] is False, (role.ref, key)
            assert fields["not_after_bound"] == "ttl-limited"
            assert fields["not_before_bound"] == "forbid"
            assert fields["not_before_duration"] <= 300
            if role.ref.name != "ingress":
                assert fields["key_usage"] == ["DigitalSignature", "ContentCommitment"]
                assert fields["ext_key_usage_oids"] == ["1.3.6.1.5.5.7.3.36"]
                assert fields["max_ttl"] == 825 * 86_400


def test_policies_stay_in_the_agency(target: environment.Environment) -> None:
    for name in ("moph", "admincourt", "plk-lao"):
        for policy in items(name, target)["Policy"]:
            rules = policy.fields["rules"]
            assert rules == vault_policies.rules_in(policy.fields["document"])
            assert vault_mark.owner(policy.fields["document"]) == name
            for path, capabilities in rules.items():
                assert path.startswith((f"kv/data/{name}/", f"pki-{name}-sign/"))
                assert "sudo" not in capabilities
                assert "/issue/" not in path
                assert "sign-" not in path.removeprefix(f"pki-{name}-sign/")


def test_workloads_sign_in_under_exact_names(target: environment.Environment) -> None:
    for role in items("moph", target)["KubernetesAuthRole"]:
        assert role.fields["bound_service_account_namespaces"] == [role.ref.name]
        assert "*" not in role.fields["bound_service_account_names"]
        assert role.fields["token_max_ttl"] <= 3600
        assert role.fields["audience"] == "vault"


def test_addresses_are_public(target: environment.Environment) -> None:
    (urls,) = items("moph", target)["IssuingUrls"]
    assert urls.fields["crl_distribution_points"] == [
        "https://vault.invalid/v1/pki-moph-sign/issuer/{{issuer_id}}/crl/der"
    ]


@pytest.mark.parametrize(
    ("branch", "bits"), [("executive-central", 256), ("judiciary", 256), ("security", 384)]
)
def test_key_by_branch(target: environment.Environment, branch: str, bits: int) -> None:
    def change(content: dict[str, Any]) -> None:
        content["agency"]["branch"] = branch

    issuer = next(
        i
        for i in vault.desired(agencies.example("admincourt", change), target)
        if i.ref.kind == "Issuer"
    )
    assert issuer.fields["keyBits"] == bits
    assert issuer.fields["pathLength"] == 0


def test_a_long_english_name_gives_way_to_the_id() -> None:
    def change(content: dict[str, Any]) -> None:
        content["agency"]["nameEn"] = "Highland Research and Development Institute (Public Org.)"

    assert vault.issuer_name(agencies.example("admincourt", change)) == "admincourt Issuing CA"
    assert vault.issuer_name(of("moph")) == "Ministry of Public Health Issuing CA"


def test_the_short_name_is_used_where_given() -> None:
    def change(content: dict[str, Any]) -> None:
        content["agency"]["certificateName"] = "ศาลปกครอง"

    assert vault.organization(agencies.example("admincourt", change)) == "ศาลปกครอง"


def test_no_private_key_field_is_ever_shown_in_audit_logs() -> None:
    audit = pki_profile.section("audit")
    shown = {*audit["plainRequestKeys"], *audit["plainResponseKeys"]}
    assert not shown & set(audit["neverPlain"])
    assert "csr" in shown


@given(st.from_regex(r"[a-z]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True))
def test_marks_are_read_back(agency: str) -> None:
    assert vault_mark.owner(f"any text; {vault_mark.of(agency)}; more") == agency


@pytest.mark.parametrize(
    "text", [None, "", "gdcc.go.th/agency=moph", "agency=moph managed-by=onboard"]
)
def test_other_texts_are_no_marks(text: str | None) -> None:
    assert vault_mark.owner(text) == ""


@given(
    st.dictionaries(
        st.from_regex(r"[a-z+*/]{1,20}", fullmatch=True),
        st.lists(st.sampled_from(["create", "read", "update", "list"]), min_size=1, max_size=3),
        max_size=5,
    )
)
def test_rules_are_read_back(rules: dict[str, list[str]]) -> None:
    assert vault_policies.rules_in(vault_policies.document("moph", "test", rules)) == rules
