"""The hand-over kit: what is in it, and what must not be."""

from __future__ import annotations

import base64
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from onboarding import environment, errors, item, tenant
from onboarding.desired import documents, handover
from tests.unit import targets
from tests.unit.manifest import samples


@pytest.fixture
def target(tmp_path: Path) -> environment.Environment:
    """An environment whose CA files can be read."""
    (tmp_path / "ca.crt").write_text("CERTIFICATES", encoding="utf-8")
    made = targets.pinned()
    parts: dict[str, Any] = {
        part: getattr(made, part).model_copy(update={"ca_file": tmp_path / "ca.crt"})
        for part in ("cluster", "vault", "keycloak")
    }
    return made.model_copy(update=parts)


def built(**changes: Any) -> tenant.Tenant:
    return tenant.resolve(samples.build(**changes), targets.pinned())


def with_signer(**changes: Any) -> tenant.Tenant:
    signing = {"ra": {"approver": "cio"}, "signers": [{**samples.SIGNER, **changes}]}
    return built(signing=signing)


@pytest.mark.parametrize("name", samples.NAMES)
def test_the_item_has_the_digest_of_each_file(name: str, target: environment.Environment) -> None:
    of = tenant.resolve(samples.example(name), target)
    made = handover.desired(of, target)
    assert (made.ref.kind, made.ref.scope, made.ref.name) == ("HandoverKit", "", name)
    assert made.fields["mode"] == "0700"
    expected = {n: documents.sha256(t) for n, t in handover.files(of, target).items()}
    assert set(expected) == {
        "README.th.md",
        "README.en.md",
        "breach-notice.th.md",
        "breach-notice.en.md",
        "endpoints.yaml",
        "kubeconfig.yaml",
    }
    assert {n: d for n, d in made.fields["files"].items() if n != "ca-chain.pem"} == expected


def test_the_chain_is_due_where_the_environment_signs_and_awaited_under_nrca(
    target: environment.Environment,
) -> None:
    due = handover.desired(built(), target).fields["files"]
    assert due["ca-chain.pem"] == item.KNOWN_AFTER_APPLY
    awaited = built(signing={"trust": "nrca", "ra": {"approver": "cio"}, "signers": []})
    assert "ca-chain.pem" not in handover.desired(awaited, target).fields["files"]
    assert "NRCA" in handover.files(awaited, target)["README.en.md"]


def test_the_kubeconfig_signs_in_with_ones_own_account_and_holds_no_credential(
    target: environment.Environment,
) -> None:
    of = tenant.resolve(samples.example("moph"), target)
    made = yaml.safe_load(handover.files(of, target)["kubeconfig.yaml"])
    (user,) = made["users"]
    assert set(user["user"]) == {"exec"}
    arguments = user["user"]["exec"]["args"]
    assert arguments[:2] == ["oidc-login", "get-token"]
    # The API server trusts one issuer, the shared realm, also for an agency with its own realm.
    assert "--oidc-issuer-url=https://sso.invalid/realms/gdcc" in arguments
    assert "--oidc-client-id=gdcc-cluster" in arguments
    assert "--oidc-pkce-method=S256" in arguments
    assert not any("secret" in a or "insecure" in a for a in arguments)
    cluster = made["clusters"][0]["cluster"]
    assert base64.b64decode(cluster["certificate-authority-data"]) == b"CERTIFICATES"
    assert [c["context"]["namespace"] for c in made["contexts"]] == [
        i.namespace for i in of.instances
    ]
    assert made["current-context"] in {c["name"] for c in made["contexts"]}


def test_without_ca_files_the_kubeconfig_is_known_only_when_it_is_made() -> None:
    target = targets.pinned()
    files = handover.desired(built(), target).fields["files"]
    assert files["kubeconfig.yaml"] == item.KNOWN_AFTER_APPLY
    with pytest.raises(errors.UsageError, match="CA file") as unreadable:
        handover.files(built(), target)
    assert "/nowhere/ca.crt" in str(unreadable.value)


def test_endpoints_name_every_system_that_answers_and_where_the_authority_publishes(
    target: environment.Environment,
) -> None:
    of = tenant.resolve(samples.example("moph"), target)
    made = yaml.safe_load(handover.files(of, target)["endpoints.yaml"])
    assert {s["namespace"] for s in made["systems"]} == {i.namespace for i in of.e_offices}
    assert made["signIn"]["issuer"].endswith("/realms/moph")
    published = "https://vault.invalid/v1/pki-moph-sign"
    assert made["certificateAuthority"] == {
        "certificate": f"{published}/ca",
        "chain": f"{published}/ca_chain",
        "revocationList": f"{published}/crl",
        "ocsp": f"{published}/ocsp",
    }


@pytest.mark.parametrize("readme", ["README.th.md", "README.en.md"])
def test_both_how_tos_tell_sign_in_certificate_and_contacts(
    readme: str, target: environment.Environment
) -> None:
    of = with_signer()
    text = handover.files(of, target)[readme]
    for part in (
        "https://e-office.culture.go.th",
        "kubectl krew install oidc-login",
        "ec_paramgen_curve:P-256",
        "culture-ps.csr",
        "openssl verify -CAfile ca-chain.pem",
        "https://vault.invalid/v1/pki-culture-sign/crl",
        "it@culture.go.th",
    ):
        assert part in text
    assert "พ.ศ. 2568" in handover.files(of, target)["README.th.md"]


def test_a_draft_signer_gets_no_commands(target: environment.Environment) -> None:
    text = handover.files(with_signer(nameTh="(ชื่อผู้ลงนาม)"), target)["README.en.md"]
    assert "draft" in text
    assert "openssl req" not in text


@pytest.mark.parametrize("name", ["ก 'ข' $(touch x)", "ก/ข+ค\\ง", "ก {{ 7*7 }} `id`"])
def test_a_name_cannot_break_out_of_the_command(name: str, target: environment.Environment) -> None:
    text = handover.files(with_signer(nameTh=name), target)["README.th.md"]
    (command,) = [line for line in text.splitlines() if line.startswith("openssl req -new")]
    words = shlex.split(command)
    escaped = name.replace("\\", "\\\\").replace("/", "\\/").replace("+", "\\+")
    assert words[words.index("-subj") + 1] == f"/C=TH/O=กระทรวงวัฒนธรรม/CN={escaped}"
    assert words[words.index("-addext") + 1] == "subjectAltName=email:ps@culture.go.th"
