"""The promises of an engine, kept by ``vault_pki`` on a real OpenBao."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from onboarding import environment, errors, item, plan, progress, tenant, vault
from onboarding.desired import vault as wanted
from onboarding.desired import vault_mark
from onboarding.engines import vault_pki
from onboarding.engines.vault_pki import authority, evidence
from tests.contract import agencies
from tests.contract.openbao import OpenBao

PLANNER, APPLIER, AUDITOR, BOOTSTRAP = (
    environment.Role.PLANNER,
    environment.Role.APPLIER,
    environment.Role.AUDITOR,
    environment.Role.BOOTSTRAP,
)


def engine(server: OpenBao, role: environment.Role) -> vault_pki.VaultPki:
    return vault_pki.VaultPki(server.environment, role)


def planned(server: OpenBao, of: tenant.Tenant) -> plan.Plan:
    seen = engine(server, PLANNER).observe([of])
    return plan.diff(of.id, wanted.desired(of, server.environment), seen.of(of.id), target={})


def applied(server: OpenBao, of: tenant.Tenant) -> list[plan.Outcome]:
    changes = planned(server, of).changes
    return list(engine(server, APPLIER).apply(of, changes, progress.Silent()))


def errors_of(outcomes: list[plan.Outcome]) -> list[errors.OnboardError]:
    return [o.error for o in outcomes if o.error is not None]


def observed(server: OpenBao, of: tenant.Tenant, kind: str) -> list[item.Item]:
    return [i for i in engine(server, PLANNER).observe([of]).of(of.id) if i.ref.kind == kind]


@pytest.mark.parametrize("name", ["moph", "admincourt", "plk-lao"])
def test_apply_then_plan_is_empty(openbao: OpenBao, name: str) -> None:
    of = agencies.example(name)
    assert not errors_of(applied(openbao, of))
    again = planned(openbao, of)
    assert again.changes == ()
    assert again.conflicts == ()
    assert again.unchanged == len(wanted.desired(of, openbao.environment))


def test_plan_writes_nothing(openbao: OpenBao) -> None:
    of = agencies.example("admincourt", agencies.renamed("reader"))
    before = len(openbao.audit_log())
    reading = engine(openbao, PLANNER)
    reading.observe([of])
    methods = {
        (entry["request"]["operation"], entry["request"]["path"])
        for entry in openbao.audit_log()[before:]
        if entry["type"] == "request"
    }
    assert reading.sent.get("write", 0) == 0
    signing_in = {"auth/approle/login", "auth/token/revoke-self"}
    used = {operation for operation, path in methods if path not in signing_in}
    assert used <= {"read", "list", "scan"}


def test_few_requests_serve_many_tenants(openbao: OpenBao) -> None:
    many = [agencies.example("admincourt", agencies.renamed(f"many-{n}")) for n in range(20)]
    reading = engine(openbao, PLANNER)
    reading.observe(many)
    # mounts, policies, sign-in methods, roles, and one scan of secrets' metadata for each
    assert reading.sent["read"] <= 4 + len(many)


def test_the_planner_sees_no_secret(openbao: OpenBao) -> None:
    of = agencies.example("moph", agencies.renamed("quiet"))
    assert not errors_of(applied(openbao, of))
    pairs = observed(openbao, of, "KeyPair")
    assert len(pairs) == len(of.e_offices)
    assert "PRIVATE" not in repr(engine(openbao, PLANNER).observe([of]))
    door = vault.connect(openbao.environment, PLANNER)
    with pytest.raises(errors.Denied, match="does not allow the role 'planner' to read"):
        door.read(f"kv/data/{pairs[0].ref.name}")


@pytest.mark.parametrize("role", [PLANNER, AUDITOR])
def test_reading_roles_cannot_write(openbao: OpenBao, role: environment.Role) -> None:
    of = agencies.example("admincourt", agencies.renamed("readonly"))
    changes = planned(openbao, of).changes
    outcomes = list(engine(openbao, role).apply(of, changes, progress.Silent()))
    assert [o.status for o in outcomes] == [plan.Status.FAILED]
    assert isinstance(outcomes[0].error, errors.Denied)


def test_the_applier_writes_keys_that_it_cannot_read(openbao: OpenBao) -> None:
    of = agencies.example("admincourt", agencies.renamed("writeonly"))
    assert not errors_of(applied(openbao, of))
    name = observed(openbao, of, "KeyPair")[0].ref.name
    with pytest.raises(errors.Denied):
        vault.connect(openbao.environment, APPLIER).read(f"kv/data/{name}")


@pytest.mark.parametrize(
    "path",
    [
        "pki-root/issue/any",
        "pki-root/sign/any",
        "pki-root/sign-verbatim",
        "pki-root/root/generate/internal",
        "pki-root/root/sign-self-issued",
        "pki-fenced-sign/issue/signer",
        "pki-fenced-sign/sign-verbatim/signer",
        "pki-fenced-sign/intermediate/generate/exported",
        "pki-fenced-sign/keys/generate/exported",
        "pki-fenced-sign/root/sign-intermediate",
        "sys/policies/acl/onboard-planner",
        "sys/mounts/pki-root/tune",
        "sys/audit/third",
        "auth/token/create",
        "auth/approle/role/onboard-applier/secret-id",
    ],
)
def test_the_applier_is_fenced(openbao: OpenBao, path: str) -> None:
    of = agencies.example("admincourt", agencies.renamed("fenced"))
    assert not errors_of(applied(openbao, of))
    with pytest.raises(errors.Denied):
        vault.connect(openbao.environment, APPLIER).write(path, {"common_name": "x"})


def test_a_marked_entry_that_the_tool_did_not_make_goes_only_with_the_agency(
    openbao: OpenBao,
) -> None:
    of = agencies.example("admincourt", agencies.renamed("strays"))
    assert not errors_of(applied(openbao, of))
    stray = f"{of.kv_prefix}{of.instances[0].namespace}/{wanted.OIDC_KEY}-by-hand"
    notes = {"owner": vault_mark.of(of.id), "purpose": wanted.OIDC_KEY}
    door = vault.connect(openbao.environment, APPLIER)
    rules = f'path "kv/metadata/{stray}" {{\n  capabilities = ["create"]\n}}\n'
    door.write("sys/policies/acl/ga-by-hand", {"policy": rules})
    hand = vault.connect_with(openbao.environment, door.tenant_token(["ga-by-hand"]), "a hand")
    with hand as somebody:
        somebody.write(f"kv/metadata/{stray}", {"custom_metadata": notes})
    (change,) = planned(openbao, of).changes
    assert (change.action, change.ref.kind, change.ref.name) == (
        plan.Action.DELETE,
        "KeyPair",
        stray,
    )
    (refused,) = errors_of(applied(openbao, of))
    assert isinstance(refused, errors.Denied)
    gone = replace(of, phase=tenant.Phase.GONE)
    assert stray in [i.ref.name for i in observed(openbao, gone, "Secret")]
    assert stray not in [i.ref.name for i in observed(openbao, gone, "KeyPair")]


def test_drift_is_seen_and_mended(openbao: OpenBao) -> None:
    of = agencies.example("admincourt", agencies.renamed("drifting"))
    assert not errors_of(applied(openbao, of))
    door = vault.connect(openbao.environment, APPLIER)
    path = f"{of.pki_mount}/roles/signer"
    role = door.read(path) or {}
    door.write(path, {**role, "allow_any_name": True})
    made = planned(openbao, of)
    assert [(str(c.ref), c.action) for c in made.changes] == [
        (f"PkiRole {of.pki_mount}/signer", plan.Action.UPDATE)
    ]
    assert [f.path for f in made.changes[0].fields] == ["allow_any_name"]
    assert not errors_of(applied(openbao, of))
    assert planned(openbao, of).changes == ()


def test_an_authority_without_a_name_that_a_hand_made_the_default_issues_nothing_any_more(
    openbao: OpenBao,
) -> None:
    of = agencies.example("admincourt", agencies.renamed("usurped"))
    assert not errors_of(applied(openbao, of))
    door = vault.connect(openbao.environment, APPLIER)
    mount = of.pki_mount
    name = {"common_name": "by hand"}
    asked = door.write(f"{mount}/intermediate/generate/internal", name)
    limits = {"max_path_length": "0", "permitted_dns_domains": ["x.go.th"], "use_csr_values": False}
    signed = door.write("pki-root/root/sign-intermediate", {**name, **limits, "csr": asked["csr"]})
    taken = door.write(f"{mount}/intermediate/set-signed", {"certificate": signed["certificate"]})
    (by_hand,) = (issuer for issuer, key in taken["mapping"].items() if key)
    before = (door.read(f"{mount}/config/issuers") or {})["default"]
    door.write(f"{mount}/config/issuers", {"default": by_hand})
    assert (door.read(f"{mount}/issuer/{by_hand}") or {})["issuer_name"] == ""

    assert not errors_of(applied(openbao, of))
    assert planned(openbao, of).changes == ()
    assert (door.read(f"{mount}/config/issuers") or {})["default"] == before
    assert "issuing-certificates" not in (door.read(f"{mount}/issuer/{by_hand}") or {})["usage"]


def test_what_is_no_longer_wanted_is_deleted(openbao: OpenBao) -> None:
    of = agencies.example("plk-lao", agencies.renamed("fewer"))
    assert not errors_of(applied(openbao, of))
    less = replace(of, bodies=of.bodies[:-1])
    made = planned(openbao, less)
    assert [(c.action, c.ref.kind, c.ref.name) for c in made.changes] == [
        (plan.Action.DELETE, "PkiRole", "signer-plk-057")
    ]
    assert not errors_of(applied(openbao, less))
    assert planned(openbao, less).changes == ()


def test_the_authority_itself_is_never_deleted(openbao: OpenBao) -> None:
    of = agencies.example("admincourt", agencies.renamed("staying"))
    assert not errors_of(applied(openbao, of))
    ref = item.Ref(item.EngineName.VAULT, "Mount", "", of.pki_mount)
    change = plan.Change(plan.Action.DELETE, ref, None)
    outcomes = list(engine(openbao, APPLIER).apply(of, [change], progress.Silent()))
    assert isinstance(outcomes[0].error, errors.Refused)
    assert observed(openbao, of, "Mount")


def test_a_mount_that_someone_else_made_is_a_conflict(bare_openbao: OpenBao) -> None:
    from tests.contract.conftest import prepared

    root = vault.connect(bare_openbao.environment, BOOTSTRAP)
    root.write("sys/mounts/pki-admincourt-sign", {"type": "pki", "description": "mine"})
    server = prepared(bare_openbao)
    of = agencies.example("admincourt")
    made = planned(server, of)
    assert any(c.ref.kind == "Mount" for c in made.conflicts)
    mount = next(i for i in wanted.desired(of, server.environment) if i.ref.kind == "Mount")
    change = plan.Change(plan.Action.CREATE, mount.ref, mount)
    outcomes = list(engine(server, APPLIER).apply(of, [change], progress.Silent()))
    assert isinstance(outcomes[0].error, errors.Refused)
    assert "not ours" in str(outcomes[0].error)


class TestIssuer:
    def test_is_what_the_profile_says(self, openbao: OpenBao) -> None:
        of = agencies.example("moph", agencies.renamed("health"))
        assert not errors_of(applied(openbao, of))
        (issuer,) = observed(openbao, of, "Issuer")
        facts = issuer.fields
        assert facts["organization"] == "กระทรวงสาธารณสุข"
        assert (facts["isCa"], facts["pathLength"]) == (True, 0)
        assert (facts["keyAlgorithm"], facts["curve"]) == ("ec", "secp256r1")
        assert facts["permittedNames"] == ["moph.go.th"]
        assert facts["keyUsage"] == ["key_cert_sign", "crl_sign"]
        assert facts["anchorSha256"]
        assert facts["subject"] != facts["issuer"]
        assert facts["crlUrls"] == ["http://pki.example.go.th/v1/pki-root/crl"]

    def test_security_branch_has_the_longer_key(self, openbao: OpenBao) -> None:
        def security(content: dict[str, dict[str, str]]) -> None:
            content["agency"]["branch"] = "security"

        of = agencies.example("admincourt", agencies.renamed("police"), security)
        assert not errors_of(applied(openbao, of))
        (issuer,) = observed(openbao, of, "Issuer")
        assert issuer.fields["curve"] == "secp384r1"

    @pytest.mark.parametrize("killed_after", ["key", "signature"])
    def test_is_finished_after_a_kill(
        self, openbao: OpenBao, monkeypatch: pytest.MonkeyPatch, killed_after: str
    ) -> None:
        of = agencies.example("admincourt", agencies.renamed(f"killed-{killed_after}"))
        changes = planned(openbao, of).changes
        step = {"key": "_sign", "signature": "_taken"}[killed_after]

        def killed(*_: object) -> str:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(authority, step, killed)
            writing = engine(openbao, APPLIER).apply(of, changes, progress.Silent())
            with pytest.raises(KeyboardInterrupt):
                list(writing)
        signed = len(_root_certificates(openbao))
        assert not errors_of(applied(openbao, of))
        assert planned(openbao, of).changes == ()
        door = vault.connect(openbao.environment, APPLIER)
        assert len(door.names(f"{of.pki_mount}/keys")) == 1
        more = len(_root_certificates(openbao)) - signed
        assert more == (1 if killed_after == "key" else 0)

    def test_a_new_name_makes_a_new_issuer_with_a_new_key(self, openbao: OpenBao) -> None:
        of = agencies.example("admincourt", agencies.renamed("renaming"))
        assert not errors_of(applied(openbao, of))
        (before,) = observed(openbao, of, "Issuer")

        def another_name(content: dict[str, dict[str, str]]) -> None:
            content["agency"]["nameTh"] = "สำนักงานศาลปกครองกลาง"

        later = agencies.example("admincourt", agencies.renamed("renaming"), another_name)
        assert not errors_of(applied(openbao, later))
        (after,) = observed(openbao, later, "Issuer")
        assert after.fields["organization"] == "สำนักงานศาลปกครองกลาง"
        assert after.fields["keySha256"] != before.fields["keySha256"]
        assert planned(openbao, later).changes == ()


def _root_certificates(server: OpenBao) -> tuple[str, ...]:
    return vault.connect(server.environment, APPLIER).names("pki-root/certs")


def test_a_key_pair_half_written_is_made_again(openbao: OpenBao) -> None:
    of = agencies.example("admincourt", agencies.renamed("halfway"))
    assert not errors_of(applied(openbao, of))
    (pair, *_) = observed(openbao, of, "KeyPair")
    door = vault.connect(openbao.environment, APPLIER)
    about = door.read(f"kv/metadata/{pair.ref.name}") or {}
    notes = {k: v for k, v in about["custom_metadata"].items() if k != "public_jwk"}
    door.write(f"kv/metadata/{pair.ref.name}", {"custom_metadata": notes})
    made = planned(openbao, of)
    assert [c.ref for c in made.changes] == [pair.ref]
    assert not errors_of(applied(openbao, of))
    again = next(i for i in observed(openbao, of, "KeyPair") if i.ref == pair.ref)
    assert again.fields["public_jwk"]["kid"] != pair.fields["public_jwk"]["kid"]


def test_evidence_for_the_auditor(openbao: OpenBao) -> None:
    of = agencies.example("admincourt", agencies.renamed("audited"))
    assert not errors_of(applied(openbao, of))
    seen = engine(openbao, AUDITOR).observe([of], evidence=True)
    assert seen.unread == {}
    by_kind = {i.ref.kind: i for i in (*seen.of(""), *seen.of(of.id))}
    assert by_kind["AuditDevice"].fields["logRaw"] is False
    assert sum(i.ref.kind == "AuditDevice" for i in seen.of("")) == 2
    assert not any(i.fields["root"] for i in seen.of("") if i.ref.kind == "TokenSummary")
    assert by_kind["RootIssuer"].fields["curve"] == "secp384r1"
    issued = [i for i in seen.of("") if i.ref.kind == "RootIssuedCertificate"]
    assert issued
    assert all(i.fields["isCa"] for i in issued)
    assert by_kind["Crl"].fields["numberOfRevoked"] == 0


def test_evidence_shows_the_ways_in_that_somebody_else_made(openbao: OpenBao) -> None:
    of = agencies.example("admincourt", agencies.renamed("besieged"))
    assert not errors_of(applied(openbao, of))
    workload = f"ga-besieged-{of.instances[0].namespace}"
    stranger = {
        "bound_service_account_names": ["*"],
        "bound_service_account_namespaces": ["elsewhere"],
        "audience": "vault",
        "token_policies": [workload],
    }
    unrelated = {**stranger, "token_policies": ["backups"]}
    roles = {"ga-a-way-in": stranger, "ga-elsewhere": unrelated}
    with vault.connect(openbao.environment, APPLIER) as door:
        door.write("sys/policies/acl/ga-of-nobody", {"policy": 'path "kv/*" { capabilities = [] }'})
        for name, role in roles.items():
            door.write(f"auth/{wanted.AUTH_MOUNT}/role/{name}", role)
        try:
            seen = engine(openbao, AUDITOR).observe([of], evidence=True)
        finally:
            door.remove("sys/policies/acl/ga-of-nobody")
            for name in roles:
                door.remove(f"auth/{wanted.AUTH_MOUNT}/role/{name}")
    here = [i.ref.name for i in seen.of(of.id) if not i.owner]
    assert "ga-a-way-in" in here
    assert "ga-elsewhere" not in here
    assert "ga-of-nobody" in [i.ref.name for i in seen.of("") if i.ref.kind == "OtherPolicy"]
    issuers = [i.ref.name for i in seen.of(of.id) if i.ref.kind == "Issuer"]
    assert issuers == [wanted.DEFAULT_ISSUER]


def test_evidence_that_may_not_be_read_is_unread(openbao: OpenBao) -> None:
    of = agencies.example("admincourt", agencies.renamed("unseen"))
    seen = engine(openbao, PLANNER).observe([of], evidence=True)
    assert "AuditDevice" not in seen.read
    assert "does not allow" in seen.unread["AuditDevice"]


def test_looking_at_tokens_ends_none_that_is_just_being_made(openbao: OpenBao) -> None:
    """OpenBao deletes a token that is looked up before it has its lease."""
    asked: list[int] = []
    over = threading.Event()

    def signing_in() -> None:
        while not over.is_set():
            with vault.connect(openbao.environment, PLANNER) as door:
                door.read("sys/auth")
                # One that was lost is replaced, which takes another sign-in.
                asked.append(door.sent["login"])

    others = [threading.Thread(target=signing_in) for _ in range(2)]
    for each in others:
        each.start()
    end = time.monotonic() + 6
    with vault.connect(openbao.environment, AUDITOR) as looking:
        while time.monotonic() < end:
            assert list(evidence._tokens(looking, evidence.accessors(looking)))
    over.set()
    for each in others:
        each.join(30)
    assert len(asked) > 10
    assert set(asked) == {1}
