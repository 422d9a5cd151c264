"""A small agency leaves on the real engines: killed in every step, refused what must be refused,
cancelled once, destroyed once, and joined again, while its neighbour sees nothing of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from onboarding import clock, environment, errors, kube, labels, manifest, tenant, vault
from onboarding.engines import table
from onboarding.identity import keycloak
from onboarding.leaving import bag, steps
from onboarding.state import interface, opening
from tests.contract import requesting
from tests.integration import successions
from tests.running import LAB, ROOT, Done, onboard

pytestmark = pytest.mark.lab

LEAVER, STAYER = "leaver", "stayer"
SECONDS = 300.0
PEOPLE = {"leaving-clerk": (LEAVER,), "leaving-both": (LEAVER, STAYER)}


@dataclass
class Place:
    """The lab, both agencies, and what was seen on the way."""

    lab: environment.Environment
    folder: Path
    leaver: str
    stayer: str
    serial: int = 0

    @property
    def store(self) -> interface.StateStore:
        return opening.of(self.lab)

    @property
    def bag(self) -> Path:
        return self.folder / "bag"

    @property
    def due(self) -> str:
        years = clock.Clock().today().year + 10
        return (
            clock.Clock()
            .today()
            .replace(year=years, day=min(28, clock.Clock().today().day))
            .isoformat()
        )

    def of(self, file: str, generation: int = 1) -> tenant.Tenant:
        resolved = tenant.resolve(manifest.load(Path(file)), self.lab)
        return tenant.standing(resolved, tenant.Phase.PRESENT, generation)

    def held(self, file: str) -> dict[str, Any]:
        """Everything that the engines hold for an agency, as plain values."""
        of = self.of(file)
        return {
            str(i.ref): dict(i.fields)
            for engine in table.of(self.lab, environment.Role.PLANNER)
            for i in engine.observe([of]).of(of.id)
            if i.owner == of.id
        }

    def offboard(self, *words: str) -> Done:
        return onboard("offboard", self.leaver, *words, folder=self.folder)

    def kill(self, seen: Callable[[Sequence[interface.Entry]], bool], *words: str) -> None:
        """Start a step and kill it as soon as the journal, since then, shows what is looked for."""
        before = len(self.store.journal(LEAVER))
        with _started("offboard", self.leaver, *words) as run:
            deadline = time.monotonic() + SECONDS
            while run.poll() is None and not seen(self.store.journal(LEAVER)[before:]):
                assert time.monotonic() < deadline
                time.sleep(0.02)
            assert run.poll() is None, "the step ended before it could be killed"
            os.killpg(run.pid, signal.SIGKILL)
            run.wait()


def _started(*words: str) -> subprocess.Popen[bytes]:
    environ = {k: v for k, v in os.environ.items() if not k.startswith("ONBOARD_")}
    return subprocess.Popen(
        [sys.executable, "-m", "onboarding", *words],
        cwd=ROOT,
        env={**environ, "NO_COLOR": "1", "CI": "true", "ONBOARD_ENVIRONMENT": LAB},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def event(name: str, **details: str) -> Callable[[Sequence[interface.Entry]], bool]:
    """Looks for an event with these details."""

    def seen(journal: Sequence[interface.Entry]) -> bool:
        return any(
            e.event == name and all(e.details.get(k) == v for k, v in details.items())
            for e in journal
        )

    return seen


def ok(done: Done) -> Done:
    assert done.code == 0, f"{done.code}\n{done.out}\n{done.err}"
    return done


@pytest.fixture(scope="module")
def place(lab: environment.Environment, tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("leaving")
    here = Place(
        lab,
        folder,
        successions.write(folder, LEAVER, "เทศบาลตำบลผู้ออก"),
        successions.write(folder, STAYER, "เทศบาลตำบลผู้อยู่"),
    )
    for file in (here.stayer, here.leaver):
        ok(onboard("apply", file, "--yes", "--no-verify"))
    signer = here.of(here.leaver).signers[0].id
    request = requesting.request(folder / "mayor.csr")
    issue = ("--signer", signer, "--csr", str(request), "--out", str(folder / "mayor.pem"))
    ok(onboard("certs", "issue", here.leaver, *issue, "--replace"))
    pem = (folder / "mayor.pem").read_bytes()
    here.serial = x509.load_pem_x509_certificate(pem).serial_number
    return here


@pytest.fixture(scope="module")
def neighbour(place: Place) -> dict[str, Any]:
    """What the neighbour holds before anything happens."""
    return place.held(place.stayer)


def test_freezing_goes_on_after_a_kill_and_closes_every_way_in(
    place: Place, neighbour: dict[str, Any]
) -> None:
    shown = ok(place.offboard())
    assert "Step 1 of 4, freeze" in shown.out
    assert "enabled: true -> false" in shown.out
    assert place.store.kept(LEAVER, "leaving") is None
    place.kill(event("change-ended", action="update"), "--yes")
    assert "leaving, freezing" in ok(onboard("status", place.leaver)).out
    frozen = ok(place.offboard("--yes"))
    assert "revoke   next" in frozen.out
    held = place.held(place.leaver)
    off = {k: v["enabled"] for k, v in held.items() if k.startswith(("Client ", "Organization "))}
    assert off
    assert not any(off.values())
    assert not [k for k in held if k.startswith(("Ingress ", "TlsSecret ", "PkiRole "))]
    assert [k for k in held if k.startswith("PersistentVolumeClaim ")]


def test_what_leaves_is_not_applied_verified_or_signed_for(place: Place) -> None:
    for words in (("apply", place.leaver, "--yes"), ("verify", place.leaver)):
        refused = onboard(*words)
        assert refused.code == errors.ExitCode.FINDINGS, refused
        assert "is leaving; nothing else may change it" in refused.err
    request = requesting.request(place.folder / "late.csr")
    signer = place.of(place.leaver).signers[0].id
    refused = onboard("certs", "issue", place.leaver, "--signer", signer, "--csr", str(request))
    assert refused.code == errors.ExitCode.FINDINGS


def test_cancelling_gives_everything_back(place: Place) -> None:
    back = ok(place.offboard("--cancel", "--yes"))
    assert "is not leaving" in back.out
    verified = onboard("verify", place.leaver, "--output", "json")
    assert verified.code == 0, verified.out[-2000:]
    ok(onboard("apply", place.leaver, "--yes", "--no-verify"))
    listed = ok(onboard("certs", "list", place.leaver))
    assert "issued" in listed.out


def test_certificates_are_revoked_and_the_published_list_says_so(place: Place) -> None:
    ok(place.offboard("--yes"))
    place.kill(event("change-begun"), "--yes")
    ok(place.offboard("--yes"))
    mount = place.of(place.leaver).pki_mount
    revoked, issuer = _list(place.lab, mount), _authority(place.lab, mount)
    assert _is_signed(revoked, issuer)
    assert revoked.get_revoked_certificate_by_serial_number(place.serial) is not None
    proof = place.store.kept(LEAVER, "leaving")
    assert proof is not None
    (found,) = [e["facts"] for e in proof["evidence"] if e["step"] == "revoke"]
    assert len(found["revoked"]) == len(revoked)


def _list(lab: environment.Environment, mount: str) -> x509.CertificateRevocationList:
    return x509.load_der_x509_crl(_fetched(lab, mount, "crl"))


def _authority(lab: environment.Environment, mount: str) -> x509.Certificate:
    return x509.load_der_x509_certificate(_fetched(lab, mount, "ca"))


def _is_signed(of: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    key = issuer.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return of.is_signature_valid(key)


def _fetched(lab: environment.Environment, mount: str, what: str) -> bytes:
    """As anybody may fetch it, without signing in."""
    address = f"{lab.vault.public_url.rstrip('/')}/v1/{mount}/{what}"
    answer = requests.get(address, verify=str(lab.vault.ca_file), timeout=30)
    answer.raise_for_status()
    return answer.content


def test_the_export_survives_a_kill_opens_without_us_and_never_is_empty_unsaid(
    place: Place,
) -> None:
    _kill_while(place, place.folder / ".bag.partial", "--bundle", str(place.bag), "--yes")
    assert not place.bag.exists()
    exported = ok(place.offboard("--bundle", str(place.bag), "--yes"))
    assert "destroy  next" in exported.out
    for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        words = ["sha256sum", "--strict", "--check", "--quiet", name]
        assert subprocess.run(words, cwd=place.bag, check=False).returncode == 0
    said = json.loads(next(place.bag.glob("data/letters/*/contents.json")).read_text("utf-8"))
    assert said["letters"] == 0
    assert "simulated nodes, which store nothing" in said["knownBy"]
    for name in ("README.th.md", "README.en.md", "index.html", "data/audit/journal.jsonl"):
        assert (place.bag / name).stat().st_size > 200
    assert "http://" not in (place.bag / "index.html").read_text("utf-8")
    listed = (place.bag / "data/certificates/certificates.csv").read_text("utf-8")
    assert f"{place.serial:x}"[-8:] in listed.replace(":", "")


def _kill_while(place: Place, there: Path, *words: str) -> None:
    with _started("offboard", place.leaver, *words) as run:
        deadline = time.monotonic() + SECONDS
        while run.poll() is None and not there.exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert run.poll() is None, "the export ended before it could be killed"
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()


def test_nothing_is_destroyed_too_early_damaged_or_without_the_second_person(
    place: Place,
) -> None:
    early = place.offboard("--yes")
    assert early.code == errors.ExitCode.FINDINGS
    assert "the records are kept until" in early.err
    readme = place.bag / "README.en.md"
    sound = readme.read_bytes()
    readme.write_bytes(sound + b" ")
    damaged = place.offboard("--as-of", place.due, "--yes")
    readme.write_bytes(sound)
    assert damaged.code == errors.ExitCode.FINDINGS
    assert "README.en.md: its content was changed" in damaged.err
    alone = place.offboard("--as-of", place.due, "--yes")
    assert alone.code == errors.ExitCode.FINDINGS
    assert "second person" in alone.err
    assert bag.problems(place.bag, bag.sealed(place.bag).digest) == ()
    assert [k for k in place.held(place.leaver) if k.startswith("Namespace ")]


def test_destroying_goes_on_after_a_kill_and_leaves_the_proof_alone(place: Place) -> None:
    _secret_of_others(place)
    _people(place)
    ok(place.offboard("--as-of", place.due, "--out", "destroy.plan"))
    plan = str(place.folder / "destroy.plan")
    ok(onboard("approve", plan, "--yes"))
    words = ("--as-of", place.due, "--plan", plan, "--yes")
    place.kill(event("engine-begun", engine="sso"), *words)
    assert "destroying has begun" in ok(onboard("status", place.leaver)).out
    assert place.offboard("--cancel", "--yes").code == errors.ExitCode.FINDINGS
    ended = ok(place.offboard("--as-of", place.due, "--yes"))
    assert "certificate of deletion" in ended.out
    assert "lab-approver" in ended.out
    kept = {f.name.partition("tombstone.")[2]: f for f in place.folder.glob("bag-tombstone.*")}
    assert kept.keys() == {"en.md", "th.md", "json"}
    assert "หนังสือรับรองการทำลายข้อมูล" in kept["th.md"].read_text("utf-8")
    proof = json.loads(kept["json"].read_text("utf-8"))
    assert proof == place.store.kept(LEAVER, "tombstone")
    assert [e["step"] for e in proof["leaving"]["evidence"]] == [s.value for s in steps.Step]
    assert "หนังสือรับรองการทำลายข้อมูล" in ok(place.offboard("--status", "--language", "th")).out


def _secret_of_others(place: Place) -> None:
    """An entry that a person put below the agency's prefix: the applier may not touch it."""
    name = f"ga-{LEAVER}-by-hand"
    path = f"kv/data/{LEAVER}/mail/password"
    with vault.connect(place.lab, environment.Role.APPLIER) as door:
        rules = f'path "{path}" {{ capabilities = ["create", "update"] }}'
        door.write(f"sys/policies/acl/{name}", {"policy": rules})
        token = place.folder / "token"
        token.touch(0o600)
        token.write_text(door.tenant_token([name]), encoding="ascii")
        login = environment.VaultLogin(method="token", secret_file=token)
        vault.connect_as(place.lab, login, "by hand").write(path, {"data": {"password": "x"}})
        door.remove(f"sys/policies/acl/{name}")
        token.unlink()


def _people(place: Place) -> None:
    """One person of this agency alone, and one who works for the neighbour as well."""
    realm = place.lab.keycloak.shared_realm
    door = keycloak.connect(place.lab, environment.Role.APPLIER)
    homes = {
        name: door.get(realm, "/organizations", search=name, exact="true")[0]["id"]
        for name in (LEAVER, STAYER)
    }
    for person, of in PEOPLE.items():
        if not door.get(realm, "/users", username=person, exact="true"):
            door.post(realm, "/users", {"username": person, "enabled": True})
        (known,) = door.get(realm, "/users", username=person, exact="true")
        members = {m["id"] for name in of for m in door.get(realm, _members(homes[name]))}
        for name in of if known["id"] not in members else ():
            door.post(realm, _members(homes[name]), known["id"])


def _members(organization: str) -> str:
    return f"/organizations/{organization}/members"


def test_of_an_agency_that_left_nothing_is_left_but_the_chain_and_the_list(place: Place) -> None:
    cluster = kube.connect(place.lab, environment.Role.AUDITOR)
    selector = f"{labels.AGENCY}={LEAVER}"
    for kind in ("Namespace", "Ingress", "PersistentVolumeClaim", "ConfigMap", "Deployment"):
        assert cluster.list(kind, selector=selector) == [], kind
    held = place.held(place.leaver)
    kinds = {ref.partition(" ")[0] for ref in held}
    assert kinds == {"Mount", "IssuingUrls", "CrlConfig", "AutoTidy", "Issuer"}
    with vault.connect(place.lab, environment.Role.APPLIER) as door:
        assert door.scan(f"kv/detailed-metadata/{LEAVER}/") == {}
        assert not [n for n in door.details("sys/policies/detailed/acl") if f"-{LEAVER}-" in n]
        with pytest.raises(errors.OnboardError):
            door.write(f"pki-{LEAVER}-sign/sign/signer", {"common_name": "x"})
    found = keycloak.connect(place.lab, environment.Role.AUDITOR)
    realm = place.lab.keycloak.shared_realm
    assert found.get(realm, "/organizations", search=LEAVER, exact="true") == []
    assert found.get(realm, "/clients", search="true", clientId=f"ga-{LEAVER}-") == []
    assert found.get(realm, f"/group-by-path/{LEAVER}") is None
    left = [p for p in PEOPLE if found.get(realm, "/users", username=p, exact="true")]
    assert left == ["leaving-both"]
    stacks = Path(place.lab.pulumi.backend.removeprefix("file://")) / ".pulumi" / "stacks"
    assert not [*stacks.glob(f"*/{LEAVER}.json")]
    final = _list(place.lab, f"pki-{LEAVER}-sign")
    assert final.get_revoked_certificate_by_serial_number(place.serial) is not None
    assert final.next_update_utc is not None
    assert final.next_update_utc.year > 2100
    assert _is_signed(final, _authority(place.lab, f"pki-{LEAVER}-sign"))


def test_an_agency_joins_again_beside_what_it_left_behind(place: Place) -> None:
    refused = onboard("apply", place.leaver, "--yes")
    assert refused.code == errors.ExitCode.FINDINGS
    assert "has left" in refused.err
    ok(place.offboard("--rejoin"))
    ok(onboard("apply", place.leaver, "--yes"))
    again = {str(k) for k in place.store.manifests()}
    assert LEAVER in again
    of = place.of(place.leaver, 2)
    assert _authority(place.lab, of.pki_mount) != _authority(place.lab, f"pki-{LEAVER}-sign")
    assert len(_list(place.lab, f"pki-{LEAVER}-sign")) > len(_list(place.lab, of.pki_mount))
    assert place.store.kept(LEAVER, "tombstone-1") is not None
    assert "ready" in ok(onboard("status", place.leaver)).out


def test_the_neighbour_saw_nothing_of_it(place: Place, neighbour: dict[str, Any]) -> None:
    assert place.held(place.stayer) == neighbour
    assert onboard("verify", place.stayer).code == 0
