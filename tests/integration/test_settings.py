"""Settings and kit as others see them: kubectl, a YAML reader and openssl, not our own code."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from onboarding import environment, manifest, plan, progress, tenant
from onboarding.engines import ansible_playbooks
from tests.integration import settings_place
from tests.running import ROOT
from tests.unit.manifest import samples

pytestmark = pytest.mark.lab


@dataclass(frozen=True, slots=True)
class Delivered:
    """An agency after one apply: who it is, where its kit lies, and how the changes ended."""

    of: tenant.Tenant
    lab: environment.Environment
    kit: Path
    outcomes: tuple[plan.Outcome, ...]

    def settings(self) -> dict[str, Any]:
        """Settings by namespace, as kubectl shows them."""
        selector = f"gdcc.go.th/agency={self.of.id}"
        shown = _run(
            "kubectl", "--kubeconfig", str(self.lab.login(environment.Role.BOOTSTRAP).kubeconfig),
            "get", "configmaps", "-A", "-l", selector, "-o", "json",
        )  # fmt: skip
        return {
            o["metadata"]["namespace"]: yaml.safe_load(o["data"]["settings.yaml"])
            for o in json.loads(shown)["items"]
        }


def _run(*words: str, folder: Path | None = None, more: dict[str, str] | None = None) -> str:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    ended = subprocess.run(
        words, cwd=folder, capture_output=True, text=True, check=False, timeout=60,
        env={"PATH": path, "HOME": str(Path.home()), "LANG": "C.UTF-8", **(more or {})},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def _renamed(example: str, id_: str) -> manifest.AgencyMou:
    text = (ROOT / "examples" / f"{example}.yaml").read_text(encoding="utf-8")
    for old in (f"id: {example}", f"{example}-"):
        text = text.replace(old, old.replace(example, id_))
    return manifest.loads(text, example)


def _deliver(
    agency: manifest.AgencyMou, lab: environment.Environment, folder: Path
) -> Iterator[Delivered]:
    of = tenant.resolve(agency, lab)
    target = settings_place.in_folder(lab, folder)
    engine = ansible_playbooks.AnsiblePlaybooks(target, environment.Role.APPLIER)
    with settings_place.prepared(of, lab):
        changes = settings_place.planned(of, target, engine).changes
        outcomes = tuple(engine.apply(of, changes, progress.Silent()))
        yield Delivered(of, lab, folder / "handover" / of.id, outcomes)


@pytest.fixture(scope="module", params=["moph", "plk-lao"])
def delivered(
    request: pytest.FixtureRequest,
    lab: environment.Environment,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Delivered]:
    agency = _renamed(request.param, settings_place.name())
    yield from _deliver(agency, lab, tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="module")
def with_signer(
    lab: environment.Environment, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Delivered]:
    signing = {"ra": {"approver": "cio"}, "signers": [samples.SIGNER]}
    agency = samples.build(metadata__id=settings_place.name(), signing=signing)
    yield from _deliver(agency, lab, tmp_path_factory.mktemp("state"))


def test_every_change_was_applied(delivered: Delivered) -> None:
    having = [i for i in delivered.of.instances if i.has_settings]
    assert [o.error for o in delivered.outcomes] == [None] * (len(having) + 1)
    assert {o.status for o in delivered.outcomes} == {plan.Status.APPLIED}


def test_each_instance_has_its_own_settings(delivered: Delivered) -> None:
    found = delivered.settings()
    assert set(found) == {i.namespace for i in delivered.of.instances if i.has_settings}
    for instance in delivered.of.e_offices:
        units = {u.id for u in delivered.of.units(instance)}
        books = found[instance.namespace]["registers"]["books"]
        assert sorted((b["unit"], b["direction"]) for b in books) == sorted(
            (unit, direction) for unit in units for direction in ("in", "out")
        )
        assert len(found[instance.namespace]["letterTypes"]) == 6


def test_kubectl_reads_the_kubeconfig_of_the_kit(delivered: Delivered) -> None:
    path = str(delivered.kit / "kubeconfig.yaml")
    shown = _run("kubectl", "--kubeconfig", path, "config", "get-contexts", "-o", "name")
    assert set(shown.split()) == {i.namespace for i in delivered.of.instances}


def test_the_kit_holds_no_credential_of_the_operator(delivered: Delivered) -> None:
    for path in delivered.kit.iterdir():
        text = path.read_text(encoding="utf-8")
        assert "PRIVATE KEY" not in text
        assert "token:" not in text
    login = delivered.lab.login(environment.Role.APPLIER)
    content = yaml.safe_load(login.kubeconfig.read_text(encoding="utf-8"))
    kit = "".join(p.read_text(encoding="utf-8") for p in delivered.kit.iterdir())
    for user in content["users"]:
        for key in ("token", "client-key-data"):
            assert user["user"].get(key, "absent from this login") not in kit


def test_the_chain_ends_in_a_root_and_verifies(delivered: Delivered, tmp_path: Path) -> None:
    chain = x509.load_pem_x509_certificates((delivered.kit / "ca-chain.pem").read_bytes())
    assert chain[-1].issuer == chain[-1].subject
    for below, above in itertools.pairwise(chain):
        below.verify_directly_issued_by(above)
    _run("openssl", "verify", "-CAfile", str(delivered.kit / "ca-chain.pem"),
         str(delivered.kit / "ca-chain.pem"))  # fmt: skip


@pytest.mark.parametrize("readme", ["README.th.md", "README.en.md"])
def test_an_official_can_follow_the_commands_of_the_how_to(
    with_signer: Delivered, readme: str, tmp_path: Path
) -> None:
    text = (with_signer.kit / readme).read_text(encoding="utf-8")
    block = next(b for b in text.split("```") if "openssl genpkey" in b)
    # A person types the passphrase; here it comes from the environment.
    script = block.removeprefix("sh\n").replace("-out", "-pass env:P -out", 1)
    script = script.replace("openssl req -new", "openssl req -new -passin env:P")
    _run("sh", "-eu", "-c", script, folder=tmp_path, more={"P": "a passphrase of one's own"})
    agency = with_signer.of.id
    assert (tmp_path / f"{agency}-ps.key").stat().st_mode & 0o077 == 0
    assert b"ENCRYPTED" in (tmp_path / f"{agency}-ps.key").read_bytes()
    request = x509.load_pem_x509_csr((tmp_path / f"{agency}-ps.csr").read_bytes())
    key = request.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"
    (signer,) = with_signer.of.signers
    name = {a.oid: a.value for a in request.subject}
    assert name[x509.NameOID.COMMON_NAME] == signer.common_name
    assert name[x509.NameOID.ORGANIZATION_NAME] == signer.organization
    assert name[x509.NameOID.COUNTRY_NAME] == "TH"
    mail = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert mail.get_values_for_type(x509.RFC822Name) == [signer.email]
