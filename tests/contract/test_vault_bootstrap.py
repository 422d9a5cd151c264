"""What bootstrap makes of an empty OpenBao, and that no root token survives it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from onboarding import bootstrap as whole_bootstrap
from onboarding import environment, errors, item, plan, progress, vault
from onboarding.bootstrap import vault as bootstrap
from onboarding.bootstrap import vault_credentials, vault_policies
from onboarding.desired.vault_policies import document
from tests.contract import openbao as real
from tests.contract.conftest import prepared, with_login
from tests.contract.openbao import OpenBao

BOOTSTRAP = environment.Role.BOOTSTRAP


def planned(target: environment.Environment) -> plan.Plan:
    return plan.diff("environment", bootstrap.desired(target), bootstrap.observe(target), target={})


def test_a_second_plan_holds_only_what_needs_the_cluster(openbao: OpenBao) -> None:
    made = planned(openbao.environment)
    assert {c.ref.kind for c in made.changes} == {"KubernetesAuthConfig"}
    assert made.conflicts == ()


def test_it_runs_under_its_own_rights_and_mends(openbao: OpenBao) -> None:
    target = openbao.environment
    assert target.login(BOOTSTRAP).vault.method == "approle"
    door = vault.connect(target, BOOTSTRAP)
    door.write("auth/approle/role/onboard-planner", {"token_policies": ["default"]})
    changes = [c for c in planned(target).changes if c.ref.kind == "AppRole"]
    assert [c.ref.name for c in changes] == ["onboard-planner"]
    outcomes = list(bootstrap.apply(target, changes, progress.Silent()))
    assert [o.status for o in outcomes] == [plan.Status.APPLIED]
    assert not [c for c in planned(target).changes if c.ref.kind == "AppRole"]


class _Away:
    """A system of which nothing is wanted and nothing is there."""

    def desired(self, target: environment.Environment) -> tuple[item.Item, ...]:
        return ()

    observe = desired


def test_rights_that_a_newer_version_reads_with_are_given_first(
    openbao: OpenBao, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = openbao.environment
    file = tmp_path / "onboard.yaml"
    environment.save(file, target)
    name = f"sys/policies/acl/{vault_policies.name(BOOTSTRAP)}"
    whole = vault_policies.rules(BOOTSTRAP)
    older = {path: rights for path, rights in whole.items() if not path.startswith("pki-root/")}
    door = vault.connect(target, BOOTSTRAP)
    door.write(name, {"policy": document("environment", "An older version", older)})
    three = (("Keycloak", _Away()), ("Kubernetes", _Away()), ("Vault", bootstrap))
    monkeypatch.setattr(whole_bootstrap, "systems", lambda: three)
    asked: list[list[str]] = []

    def agree(made: plan.Plan) -> bool:
        asked.append([str(c.ref) for c in made.changes])
        return len(asked) < 2

    with pytest.raises(errors.Refused, match="nothing was changed"):
        whole_bootstrap.run(file, progress.Silent(), agree=agree)
    assert asked[0] == [f"Policy {vault_policies.name(BOOTSTRAP)}"]
    # What is left is the cluster's part, which is away: this test stops there.
    assert [one.partition(" ")[0] for one in asked[1]] == ["KubernetesAuthConfig"]


def test_no_root_token_survives(openbao: OpenBao) -> None:
    assert not (openbao.folder / "root-token").exists()
    door = vault.connect(openbao.environment, environment.Role.AUDITOR)
    tokens = [
        door.look_up("auth/token/lookup-accessor", {"accessor": accessor})
        for accessor in door.names("auth/token/accessors")
    ]
    assert tokens
    assert not [t for t in tokens if t and "root" in t["policies"]]
    assert all(t is None or 0 < t["creation_ttl"] <= 86_400 for t in tokens)


def test_credentials_are_private_files(openbao: OpenBao) -> None:
    for role in environment.Role:
        secret = openbao.environment.login(role).vault.secret_file
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
        assert stat.S_IMODE(secret.parent.stat().st_mode) == 0o700
    everything = openbao.environment.model_dump_json()
    for role in environment.Role:
        secret = openbao.environment.login(role).vault.secret_file
        assert secret.read_text(encoding="utf-8").strip() not in everything


def test_a_fresh_credential_is_kept_and_a_lost_one_replaced(openbao: OpenBao) -> None:
    target = openbao.environment
    login = target.login(environment.Role.PLANNER).vault
    before = login.secret_file.read_text(encoding="utf-8")
    assert bootstrap.issue_credentials(target, environment.Role.PLANNER) == login
    assert login.secret_file.read_text(encoding="utf-8") == before
    login.secret_file.write_text("00000000-0000-0000-0000-000000000000", encoding="utf-8")
    with pytest.raises(errors.Denied, match="does not accept the credential"):
        vault.connect(target, environment.Role.PLANNER).read("sys/mounts")
    renewed = bootstrap.issue_credentials(target, environment.Role.PLANNER)
    assert renewed.secret_file.read_text(encoding="utf-8") != before
    assert vault.connect(target, environment.Role.PLANNER).read("sys/mounts")


def test_a_kill_before_the_file_is_saved_leaves_a_way_in(bare_openbao: OpenBao) -> None:
    target = bare_openbao.environment
    made = planned(target)
    changes = [c for c in made.changes if c.ref.kind != "KubernetesAuthConfig"]
    list(bootstrap.apply(target, changes, progress.Silent()))
    bootstrap.issue_credentials(target, BOOTSTRAP)
    # Killed here: the file still names the root token, which must still open the door.
    assert vault.connect(target, BOOTSTRAP).read("sys/mounts")
    target = with_login(target, BOOTSTRAP)
    assert (bare_openbao.folder / "root-token").exists()
    with_login(target, environment.Role.PLANNER)
    assert not (bare_openbao.folder / "root-token").exists()
    assert vault.connect(target, BOOTSTRAP).read("sys/mounts")


def test_one_audit_device_is_refused_with_the_stanza_to_add(tmp_path: Path) -> None:
    server = real.start(tmp_path, audit_devices=1)
    try:
        change = next(c for c in planned(server.environment).changes if c.ref.kind == "AuditDevice")
        (outcome,) = bootstrap.apply(server.environment, [change], progress.Silent())
    finally:
        server.stop()
    assert isinstance(outcome.error, errors.Refused)
    assert 'audit "file"' in outcome.error.resolution


def test_a_root_of_your_own_is_taken_over(bare_openbao: OpenBao) -> None:
    from tests.contract import root_ca

    target = bare_openbao.environment
    folder = vault_credentials.folder(target, BOOTSTRAP)
    folder.mkdir(parents=True)
    bundle, fingerprint = root_ca.make("Root of the ministry")
    (folder / "vault-root-ca.pem").write_text(bundle, encoding="ascii")
    server = prepared(bare_openbao)
    root = next(i for i in bootstrap.observe(server.environment) if i.ref.kind == "RootIssuer")
    assert root.fields["sha256"] == fingerprint
    assert root.fields["commonName"] == "Root of the ministry"


def test_a_sealed_vault_says_so(bare_openbao: OpenBao) -> None:
    soon = environment.Timeouts.model_validate({"retry": "1s"})
    impatient = bare_openbao.environment.model_copy(update={"timeouts": soon})
    again = real.restarted(bare_openbao)
    try:
        real.until_it_serves(again)
        vault.connect(bare_openbao.environment, BOOTSTRAP).write("sys/seal")
        with pytest.raises(errors.Unreachable, match="sealed"):
            vault.connect(impatient, BOOTSTRAP).read("sys/mounts")
    finally:
        again.stop()


def test_a_vault_that_is_not_there(bare_openbao: OpenBao) -> None:
    target = bare_openbao.environment
    nowhere = target.vault.model_copy(update={"address": "https://127.0.0.1:1"})
    with pytest.raises(errors.Unreachable, match="does not answer") as caught:
        vault.connect(target.model_copy(update={"vault": nowhere}), BOOTSTRAP).read("sys/mounts")
    assert "vault.address" in caught.value.resolution


def test_a_certificate_of_another_authority_is_not_trusted(
    bare_openbao: OpenBao, tmp_path: Path
) -> None:
    from tests.contract import root_ca

    stranger = tmp_path / "stranger.pem"
    stranger.write_text(root_ca.make("Stranger")[0], encoding="ascii")
    target = bare_openbao.environment
    other = target.vault.model_copy(update={"ca_file": stranger})
    with pytest.raises(errors.Unreachable, match="not trusted"):
        vault.connect(target.model_copy(update={"vault": other}), BOOTSTRAP).read("sys/mounts")


def test_the_cluster_id_outlives_a_new_connection(openbao: OpenBao) -> None:
    first = vault.connect(openbao.environment, environment.Role.PLANNER).cluster_id()
    assert first
    assert vault.connect(openbao.environment, environment.Role.APPLIER).cluster_id() == first


def test_a_token_for_one_agency_reads_only_there(openbao: OpenBao) -> None:
    from tests.contract import agencies
    from tests.contract.test_vault_engine import applied, errors_of

    of = agencies.example("admincourt", agencies.renamed("tokened"))
    assert not errors_of(applied(openbao, of))
    instance = of.e_offices[0]
    token = vault.connect(openbao.environment, environment.Role.APPLIER).tenant_token(
        [f"ga-{of.id}-{instance.namespace}"], minutes=5
    )
    file = openbao.folder / "tenant-token"
    file.write_text(token, encoding="ascii")
    login = environment.VaultLogin(method="token", secret_file=file)
    door = vault.connect_as(openbao.environment, login, "one agency")
    assert door.read(f"kv/data/{of.id}/{instance.namespace}/oidc-client")
    with pytest.raises(errors.Denied):
        door.read("kv/data/moph/ga-moph-central-prod/oidc-client")
    with pytest.raises(errors.Denied):
        vault.connect(openbao.environment, environment.Role.PLANNER).tenant_token(["root"])
