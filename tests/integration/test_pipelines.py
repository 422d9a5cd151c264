"""A job of CI signs in by the token of its platform, works under one role, and signs out."""

from __future__ import annotations

import json
import stat
import time
from collections.abc import Callable
from pathlib import Path

import jwt
import pytest

from onboarding import environment, errors, vault, workload_identity
from onboarding.identity import assertion
from onboarding.lab import home, pipelines
from tests.running import LAB, onboard

PLANNER = environment.Role.PLANNER
APPLIER = environment.Role.APPLIER
AUDITOR = environment.Role.AUDITOR

Proof = Callable[..., Path]


@pytest.fixture
def target(lab: environment.Environment, tmp_path: Path) -> environment.Environment:
    """The environment file as it lies in the repository of the agencies: without any login."""
    bare = lab.model_copy(update={"credentials": {}})
    environment.save(tmp_path / "gdcc.yaml", bare)
    return bare


@pytest.fixture
def proof(tmp_path: Path) -> Proof:
    def write(**claims: str) -> Path:
        place = tmp_path / "id-token"
        said = {"repository": pipelines.REPOSITORY, "ref": pipelines.MAIN, **claims}
        place.write_text(pipelines.token(home.locate(LAB), said))
        return place

    return write


def test_a_job_of_any_branch_plans_and_of_main_applies(
    target: environment.Environment, proof: Proof, tmp_path: Path
) -> None:
    bare, agency = str(tmp_path / "gdcc.yaml"), "examples/dsd.yaml"
    branch = ("--token-file", str(proof(ref="refs/heads/change")), "-e", bare)
    made = onboard("sign-in", "--role", "planner", "--folder", str(tmp_path / "plan"), *branch)
    assert (made.code, made.out.split(":")[0]) == (0, "signed in as planner for at most an hour")
    planned = onboard("plan", agency, "-e", str(tmp_path / "plan/onboard.yaml"), "-o", "json")
    assert planned.code == 0, planned.err
    assert json.loads(planned.out)["changes"]
    refused = onboard("apply", agency, "-e", str(tmp_path / "plan/onboard.yaml"), "--yes")
    assert "has no credentials for the role 'applier'" in refused.err

    words = ("--token-file", str(proof()), "-e", bare, "--folder", str(tmp_path / "apply"))
    roles = ("--role", "planner", "--role", "applier", "--role", "auditor")
    assert onboard("sign-in", *roles, *words).code == 0
    applied = onboard("apply", agency, "-e", str(tmp_path / "apply/onboard.yaml"), "--yes")
    assert applied.code == 0, applied.err
    for folder in ("plan", "apply"):
        assert onboard("sign-out", str(tmp_path / folder)).code == 0
        assert not (tmp_path / folder).exists()


@pytest.mark.parametrize(
    "claims",
    [
        {"ref": "refs/heads/change"},
        {"repository": "somebody/else"},
        {"aud": "another-service"},
        {"iss": "https://ci.example.go.th"},
        {"exp": int(time.time()) - 600},
    ],
    ids=lambda claims: next(iter(claims)),
)
def test_a_job_that_is_not_the_one_agreed_on_gets_nothing(
    target: environment.Environment, proof: Proof, tmp_path: Path, claims: dict[str, str]
) -> None:
    with pytest.raises(errors.Denied, match="does not let this job act as the applier"):
        workload_identity.sign_in(target, [APPLIER], proof(**claims), tmp_path / "job")
    assert not (tmp_path / "job").exists()


def test_a_token_of_another_signer_is_refused(
    target: environment.Environment, proof: Proof, tmp_path: Path
) -> None:
    claims = jwt.decode(proof().read_text(), options={"verify_signature": False})
    assertion.make_key(tmp_path / "key.pem")
    forged = tmp_path / "forged"
    key = assertion.private_key(tmp_path / "key.pem")
    forged.write_text(jwt.encode(claims, key, algorithm=assertion.ALGORITHM))
    with pytest.raises(errors.Denied):
        workload_identity.sign_in(target, [PLANNER], forged, tmp_path / "job")
    assert not (tmp_path / "job").exists()


def test_what_a_job_holds_is_private_and_ends_with_it(
    target: environment.Environment, proof: Proof, tmp_path: Path
) -> None:
    folder = tmp_path / "job"
    held = environment.load(workload_identity.sign_in(target, [PLANNER, AUDITOR], proof(), folder))
    assert set(held.credentials) == {PLANNER, AUDITOR}
    secrets = [f for f in folder.rglob("*") if f.is_file()]
    assert {stat.S_IMODE(f.stat().st_mode) for f in secrets} == {0o600}
    assert not list(folder.rglob("*passphrase*"))
    kept = tmp_path / "kept"
    kept.write_text(held.login(PLANNER).vault.secret_file.read_text())
    kept.chmod(0o600)
    workload_identity.sign_out(folder)
    stolen = environment.VaultLogin(method="token", secret_file=kept)
    with pytest.raises(errors.Denied), vault.connect_as(target, stolen, "thief") as door:
        door.read("sys/mounts")


def test_a_planning_job_cannot_take_what_belongs_to_the_applier(
    target: environment.Environment, proof: Proof, tmp_path: Path
) -> None:
    folder = tmp_path / "job"
    held = environment.load(workload_identity.sign_in(target, [PLANNER], proof(), folder))
    with vault.connect(held, PLANNER) as door:
        for path in ("onboard/cluster/creds/onboard-applier", "onboard/pipelines/sign/applier"):
            with pytest.raises(errors.Denied):
                door.write(path, {"kubernetes_namespace": "onboard-system", "input": "eA=="})
        with pytest.raises(errors.Denied):
            door.read("kv/data/onboard/applier")
    workload_identity.sign_out(folder)


@pytest.mark.parametrize("role", [PLANNER, APPLIER, AUDITOR])
def test_nobody_signs_with_the_key_of_another_role(
    lab: environment.Environment, role: environment.Role
) -> None:
    with vault.connect(lab, role) as door:
        for other in (PLANNER, APPLIER, AUDITOR):
            with pytest.raises(errors.Denied):
                door.write(f"onboard/pipelines/sign/{other.value}", {"input": "eA=="})


def test_bad_input_is_told_and_leaves_nothing(
    target: environment.Environment, proof: Proof, tmp_path: Path
) -> None:
    with pytest.raises(errors.UsageError, match="cannot be read"):
        workload_identity.sign_in(target, [PLANNER], tmp_path / "none", tmp_path / "job")
    (tmp_path / "text").write_text("no token")
    with pytest.raises(errors.UsageError, match="holds no JSON web token"):
        workload_identity.sign_in(target, [PLANNER], tmp_path / "text", tmp_path / "job")
    assert not (tmp_path / "job").exists()
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine").write_text("keep")
    with pytest.raises(errors.UsageError, match="is not empty"):
        workload_identity.sign_in(target, [PLANNER], proof(), full)
    with pytest.raises(errors.UsageError, match="was not made by onboard sign-in"):
        workload_identity.sign_out(full)
    assert (full / "mine").read_text() == "keep"
    without = target.model_copy(update={"pipelines": None})
    with pytest.raises(errors.UsageError, match="lets no pipeline act as the planner"):
        workload_identity.sign_in(without, [PLANNER], proof(), tmp_path / "job")
