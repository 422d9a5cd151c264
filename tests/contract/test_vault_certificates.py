"""Officials' certificates on a real OpenBao: issued, refused, verified, listed."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from onboarding import clock, environment, errors, tenant, vault
from onboarding.pki import certificates, issue, listing, revocation
from tests.contract import agencies, requesting
from tests.contract.openbao import OpenBao
from tests.contract.test_vault_engine import applied, errors_of

NOW = clock.Clock()
DOCUMENT_SIGNING = "1.3.6.1.5.5.7.3.36"


def enrolled(server: OpenBao, agency: str, *changes: agencies.Change) -> tenant.Tenant:
    """An agency like MOPH whose only signer may sign today, with its CA in place."""
    of = agencies.example("moph", agencies.renamed(agency), agencies.signer(), *changes)
    assert not errors_of(applied(server, of))
    return of


def door(server: OpenBao) -> vault.Vault:
    return vault.connect(server.environment, environment.Role.APPLIER)


def issued(server: OpenBao, of: tenant.Tenant, csr: Path, **more: Any) -> issue.Issued:
    return issue.issue(door(server), of, of.signers[0], csr, NOW, **more)


def states(server: OpenBao, of: tenant.Tenant) -> list[str]:
    auditor = vault.connect(server.environment, environment.Role.AUDITOR)
    rows = listing.rows(of, listing.persons(auditor, of), NOW.now(), NOW.today())
    return [row.state.value for row in rows]


def test_a_certificate_is_what_the_law_and_the_profile_ask(
    openbao: OpenBao, tmp_path: Path
) -> None:
    of = enrolled(openbao, "issuing")
    csr = requesting.request(tmp_path / "a.csr", email="ps@moph.go.th")
    done = issued(openbao, of, csr)
    facts = done.facts
    assert facts["commonName"] == of.signers[0].common_name
    assert facts["organization"] == "กระทรวงสาธารณสุข"
    assert facts["country"] == "TH"
    assert facts["keyUsage"] == ["digital_signature", "content_commitment"]
    assert facts["keyUsageCritical"] is True
    assert facts["extendedKeyUsage"] == [DOCUMENT_SIGNING]
    assert (facts["dnsNames"], facts["emails"], facts["otherNames"]) == ([], [], [])
    assert facts["isCa"] is False
    ends = listing.moment(facts["notAfter"]).astimezone(clock.BANGKOK)
    assert ends.date() == of.signers[0].authority_to
    issuer, root = done.chain
    assert certificates.is_signed_by(str(facts["certificate"]), issuer)
    assert certificates.is_signed_by(issuer, root)
    assert done.pem().count("BEGIN CERTIFICATE") == 3
    assert states(openbao, of) == ["issued"]


def test_the_ceiling_of_825_days(openbao: OpenBao, tmp_path: Path) -> None:
    later = agencies.signer(authorityTo=NOW.today() + timedelta(days=2000))
    of = enrolled(openbao, "ceiling", later)
    done = issued(openbao, of, requesting.request(tmp_path / "a.csr"))
    life = listing.moment(done.facts["notAfter"]) - listing.moment(done.facts["notBefore"])
    assert timedelta(days=824) < life <= timedelta(days=825)


def test_the_same_key_gets_the_same_certificate(openbao: OpenBao, tmp_path: Path) -> None:
    of = enrolled(openbao, "again")
    csr = requesting.request(tmp_path / "a.csr")
    first, second = issued(openbao, of, csr), issued(openbao, of, csr)
    assert (first.new, second.new) == (True, False)
    assert first.serial == second.serial


def test_another_key_needs_replace_which_revokes_the_old(openbao: OpenBao, tmp_path: Path) -> None:
    of = enrolled(openbao, "replacing")
    old = requesting.request(tmp_path / "old.csr")
    new = requesting.request(tmp_path / "new.csr")
    first = issued(openbao, of, old)
    with pytest.raises(errors.Refused, match="has a valid certificate for another key"):
        issued(openbao, of, new)
    second = issued(openbao, of, new, replace=True)
    assert second.replaced == (first.serial,)
    assert states(openbao, of) == ["issued", "revoked"]
    crl = certificates.crl_facts(door(openbao).text(f"{of.pki_mount}/crl/pem"))
    assert crl["numberOfRevoked"] == 1
    with pytest.raises(errors.Refused, match="was used before"):
        issued(openbao, of, old, replace=True)


def test_after_a_change_of_domain_the_former_authority_still_says_what_it_revoked(
    openbao: OpenBao, tmp_path: Path
) -> None:
    of = enrolled(openbao, "moving")
    first = issued(openbao, of, requesting.request(tmp_path / "old.csr"))

    def moved(content: dict[str, Any]) -> None:
        content["agency"]["domains"] = ["moving.go.th"]

    later = enrolled(openbao, "moving", moved)
    second = issued(openbao, later, requesting.request(tmp_path / "new.csr"), replace=True)
    assert second.replaced == (first.serial,)
    for one in (first, second):
        issuer = one.facts["issuerUrls"][0].partition("/v1/")[2].removesuffix("/der")
        listed = one.facts["crlUrls"][0].partition("/v1/")[2].removesuffix("/der")
        authority = door(openbao).text(f"{issuer}/pem")
        assert certificates.is_signed_by(str(one.facts["certificate"]), authority)
        of_list = certificates.crl_facts(door(openbao).text(f"{listed}/pem"))
        assert of_list["issuer"] == one.facts["issuer"]
        assert of_list["numberOfRevoked"] == (1 if one is first else 0)
    with door(openbao) as vaulted:
        lists = revocation.publish(vaulted, later)
        assert [len(one.serials) for one in lists.values()] == [0, 1]
        _, former = revocation.issuers(vaulted, later.pki_mount)
        request = requesting.request(tmp_path / "third.csr").read_text("ascii")
        path = f"{later.pki_mount}/roles/signer"
        vaulted.write(path, {**(vaulted.read(path) or {}), "issuer_ref": former})
        body = {"csr": request, "common_name": later.signers[0].common_name}
        with pytest.raises(errors.OnboardError, match="usage"):
            vaulted.write(f"{later.pki_mount}/sign/signer", body)


def test_a_key_of_someone_else_is_refused(openbao: OpenBao, tmp_path: Path) -> None:
    def two(content: dict[str, Any]) -> None:
        signers = content["signing"]["signers"]
        signers.append({**signers[0], "id": "second", "nameTh": "สมหญิง ใจงาม"})

    of = enrolled(openbao, "sharing", two)
    csr = requesting.request(tmp_path / "a.csr")
    issued(openbao, of, csr)
    with pytest.raises(errors.Refused, match="was used before"):
        issue.issue(door(openbao), of, of.signers[1], csr, NOW)


def test_a_request_for_another_name_is_refused(openbao: OpenBao, tmp_path: Path) -> None:
    of = enrolled(openbao, "mixed-up")
    csr = requesting.request(tmp_path / "a.csr", common_name="สมหญิง ใจงาม")
    with pytest.raises(errors.Refused) as caught:
        issued(openbao, of, csr)
    assert "สมหญิง ใจงาม" in caught.value.details[0]
    own = requesting.request(tmp_path / "b.csr", common_name=of.signers[0].common_name)
    assert issued(openbao, of, own).new


def test_a_weak_key_is_refused_before_anything_is_signed(openbao: OpenBao, tmp_path: Path) -> None:
    def security(content: dict[str, Any]) -> None:
        content["agency"]["branch"] = "security"

    of = enrolled(openbao, "weak", security)
    csr = requesting.request(tmp_path / "a.csr", rsa.generate_private_key(65537, 2048))
    with pytest.raises(errors.Refused) as caught:
        issued(openbao, of, csr)
    assert caught.value.details == ("its RSA key has 2048 bits; at least 3072 are needed",)
    assert states(openbao, of) == ["awaiting-enrolment"]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"nameTh": "(ชื่อผู้ลงนาม)"}, "is a placeholder"),
        ({"orderRef": "ORDER-TBD"}, "is a placeholder"),
        ({"authorityTo": date(2026, 1, 31)}, "the authority ended on 2026-01-31"),
        (
            {"authorityFrom": date(2099, 1, 1), "authorityTo": date(2099, 12, 31)},
            "the authority begins on 2099-01-01",
        ),
        ({"requestedBy": "moph-cio"}, "two persons are needed"),
        ({"id": "moph-cio"}, "two persons are needed"),
    ],
)
def test_who_is_not_entitled(values: dict[str, Any], reason: str) -> None:
    early = {"authorityFrom": date(2026, 1, 1)} if values.get("authorityTo") else {}
    of = agencies.example("moph", agencies.signer(**{**early, **values}))
    with pytest.raises(errors.Refused) as caught:
        issue.refuse_unless_entitled(of, of.signers[0], NOW.today())
    assert any(reason in detail for detail in caught.value.details)
    assert caught.value.exit_code == errors.ExitCode.FINDINGS


def test_both_days_of_the_order_count() -> None:
    today = NOW.today()
    of = agencies.example("moph", agencies.signer(authorityFrom=today, authorityTo=today))
    issue.refuse_unless_entitled(of, of.signers[0], today)
    for wrong in (today - timedelta(days=1), today + timedelta(days=1)):
        with pytest.raises(errors.Refused):
            issue.refuse_unless_entitled(of, of.signers[0], wrong)


def test_trust_of_the_national_root_is_awaited(openbao: OpenBao) -> None:
    def named(content: dict[str, Any]) -> None:
        content["signing"]["signers"][0]["nameTh"] = "สมชาย ใจดี"

    of = agencies.example("admincourt", agencies.renamed("trusting"), agencies.signer(), named)
    with pytest.raises(errors.Refused) as caught:
        issue.refuse_unless_entitled(of, of.signers[0], NOW.today())
    assert len(caught.value.details) == 1
    assert "awaiting trust" in caught.value.details[0]
    assert states(openbao, of) == ["awaiting-trust"]


def test_an_unknown_signer_names_the_known_ones() -> None:
    of = agencies.example("moph")
    with pytest.raises(errors.UsageError, match="no signer 'nobody'") as caught:
        issue.signer_of(of, "nobody")
    assert caught.value.details == ("signers of the manifest: ps-moph",)


def test_without_an_issuing_ca(openbao: OpenBao, tmp_path: Path) -> None:
    of = agencies.example("moph", agencies.renamed("early"), agencies.signer())
    with pytest.raises(errors.Refused, match="has no issuing CA yet"):
        issued(openbao, of, requesting.request(tmp_path / "a.csr"))


def test_a_body_of_a_pooled_agency_is_the_organisation(openbao: OpenBao, tmp_path: Path) -> None:
    of = agencies.example(
        "plk-lao", agencies.renamed("pooled"), agencies.signer(nameTh="สมชาย ใจดี")
    )
    assert not errors_of(applied(openbao, of))
    done = issued(openbao, of, requesting.request(tmp_path / "a.csr"))
    assert done.facts["organization"] == "เทศบาลนครพิษณุโลก"


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        ({"organization": ["สำนักงานอื่น"]}, "organization is"),
        ({"server_flag": True}, "extendedKeyUsage is"),
        ({"key_usage": ["DigitalSignature", "KeyEncipherment"]}, "keyUsage is"),
        ({"ext_key_usage_oids": []}, "extendedKeyUsage is"),
    ],
)
def test_a_certificate_that_came_out_wrong_is_revoked_at_once(
    openbao: OpenBao, tmp_path: Path, change: dict[str, Any], seen: str
) -> None:
    of = enrolled(openbao, f"wrong-{next(iter(change)).replace('_', '-')[:12].strip('-')}")
    path = f"{of.pki_mount}/roles/signer"
    role = door(openbao).read(path) or {}
    door(openbao).write(path, {**role, **change})
    with pytest.raises(errors.EngineFailed, match="revoked at once") as caught:
        issued(openbao, of, requesting.request(tmp_path / "a.csr"))
    assert any(seen in detail for detail in caught.value.details)
    (made,) = listing.persons(door(openbao), of)
    assert made.revoked_at


def test_a_certificate_of_nobody_in_the_manifest_is_listed(
    openbao: OpenBao, tmp_path: Path
) -> None:
    of = enrolled(openbao, "stray")
    issued(openbao, of, requesting.request(tmp_path / "a.csr"))
    other = agencies.example(
        "moph", agencies.renamed("stray"), agencies.signer(nameTh="สมหญิง ใจงาม")
    )
    assert states(openbao, other) == ["awaiting-enrolment", "not-in-manifest"]


def test_expiry_is_seen() -> None:
    facts = {
        "serial": "01",
        "commonName": "ก",
        "organization": "ข",
        "notBefore": "2025-01-01T00:00:00Z",
        "notAfter": "2025-12-31T00:00:00Z",
    }
    of = agencies.example("moph")
    now = datetime(2026, 1, 1, tzinfo=clock.BANGKOK)
    rows = listing.rows(of, [listing.Certificate(facts, "")], now, now.date())
    assert rows[-1].state is listing.State.EXPIRED


class TestCommandLine:
    @pytest.fixture
    def place(self, openbao: OpenBao, tmp_path: Path) -> tuple[Path, Path]:
        """The environment file, pinned, and the manifest of an agency with its CA."""
        of = enrolled(openbao, "cli")
        door_id = door(openbao).cluster_id()
        target = openbao.environment
        pinned = target.vault.model_copy(update={"identity": door_id})
        file = tmp_path / "onboard.yaml"
        environment.save(file, target.model_copy(update={"vault": pinned}))
        manifest = tmp_path / "cli.yaml"
        manifest.write_text(
            agencies.text("moph", agencies.renamed("cli"), agencies.signer()), encoding="utf-8"
        )
        assert of.id == "cli"
        return file, manifest

    def test_issue_and_list(
        self, place: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        import json

        file, manifest = place
        csr = requesting.request(tmp_path / "a.csr")
        out = tmp_path / "a.pem"
        code = _run(
            "certs", "issue", str(manifest), "--signer", "ps-moph", "--csr", str(csr),
            "--out", str(out), "-e", str(file), "--replace",
        )  # fmt: skip
        shown = capsys.readouterr().out
        assert code == 0
        assert "certificate issued · ออกใบรับรองแล้ว" in shown
        assert f"(พ.ศ. {NOW.today().year + 543})" in shown
        assert out.read_text(encoding="ascii").count("BEGIN CERTIFICATE") == 3
        assert _run("certs", "list", str(manifest), "-e", str(file), "-o", "json") == 0
        listed = json.loads(capsys.readouterr().out)["certificates"]
        assert [c["state"] for c in listed if c["state"] == "issued"] == ["issued"]
        assert _run("certs", "list", str(manifest), "-e", str(file)) == 0
        table = capsys.readouterr().out
        assert "ผู้ลงนาม" in table
        assert "ออกแล้ว" in table

    def test_the_wrong_vault_is_refused(
        self, place: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file, manifest = place
        content = file.read_text(encoding="utf-8")
        pinned = environment.load(file).vault.identity
        file.write_text(content.replace(pinned, "another"), encoding="utf-8")
        csr = requesting.request(tmp_path / "a.csr")
        code = _run(
            "certs", "issue", str(manifest), "--signer", "ps-moph", "--csr", str(csr),
            "-e", str(file),
        )  # fmt: skip
        assert code == errors.ExitCode.MISMATCH
        assert "pinned another" in capsys.readouterr().err

    def test_a_private_key_by_mistake(
        self, place: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file, manifest = place
        key = requesting.private(tmp_path / "a.key", ec.generate_private_key(ec.SECP256R1()))
        code = _run(
            "certs", "issue", str(manifest), "--signer", "ps-moph", "--csr", str(key),
            "-e", str(file),
        )  # fmt: skip
        said = capsys.readouterr()
        assert code == errors.ExitCode.INVALID
        assert "PRIVATE KEY" in said.err
        assert "BEGIN" not in said.out + said.err.replace("-----BEGIN CERTIFICATE REQUEST", "")


def _run(*words: str) -> int:
    from onboarding.cli import main

    with pytest.raises(SystemExit) as ended:
        main.main(words)
    return int(ended.value.code or 0)
