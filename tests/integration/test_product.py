"""A real e-Office product beside a lab, through the command line: planned, configured, mended.

The product is a process of its own instead of a pod: it waits for its accounts in Vault, as a pod
does, and serves once the same apply that configures it has made them.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from onboarding import environment, errors, manifest, tenant
from onboarding.product_api.mayan import api, reading
from onboarding.products import contract
from tests.contract import agencies, product_place
from tests.contract.servers import mayan as real
from tests.contract.servers import tls
from tests.integration import settings_place
from tests.running import Done, onboard

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.timeout(7200)]

_LONG = 5400.0
"""A first start on a computer that does other things too."""


@dataclass(slots=True)
class Pod:
    """What stands for the pod of the product: it starts when its secrets are there."""

    home: real.Home
    port: int
    of: tenant.Tenant
    target: environment.Environment
    served: list[real.Server] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self.stopped.wait(1.0):
            with contextlib.suppress(errors.OnboardError, requests.RequestException):
                found = product_place.accounts(self.of, self.target)
                real.write_accounts(self.home, found)
                self.served.append(self.home.serve(self.port))
                return


@dataclass(frozen=True, slots=True)
class Place:
    """One agency with one e-Office on the lab, and the product that is its."""

    agency: str
    manifest: Path
    target: Path
    pod: Pod

    @property
    def server(self) -> real.Server:
        return self.pod.served[0]

    def run(self, command: str, *words: str) -> Done:
        file = str(self.manifest)
        asked = (command, file, "--environment", str(self.target), *words)
        return onboard(*asked, timeout=_LONG)

    def planned(self) -> list[dict[str, Any]]:
        done = self.run("plan", "--output", "json", "-q")
        assert done.code == 0, done.err
        changes = json.loads(done.out)["changes"]
        return [change for change in changes if isinstance(change, dict)]


@pytest.fixture(scope="module")
def place(
    lab: environment.Environment, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("product")
    name = settings_place.name()
    file = folder / "agency.yaml"
    file.write_text(agencies.text("m-culture", agencies.renamed(name), _production_alone))
    port = tls.free_port()
    home = real.made(tmp_path_factory.mktemp("mayan"))
    about = environment.EOffice.model_validate(
        {
            "product": "mayan-edms",
            "address": f"https://127.0.0.1:{port}",
            "caFile": home.ca,
            "longest": f"{_LONG:.0f}s",
        }
    )
    path = folder / "gdcc.yaml"
    timeouts = environment.Timeouts.model_validate({"request": "4m", "retry": "1m"})
    environment.save(path, lab.model_copy(update={"e_office": about, "timeouts": timeouts}))
    try:
        done = onboard("bootstrap", "--environment", str(path), "--yes")
        assert done.code == 0, done.err
        target = environment.load(path)
        of = tenant.resolve(manifest.read(file)[0], target)
        pod = Pod(home, port, of, target)
        thread = threading.Thread(target=pod.run, daemon=True)
        thread.start()
        yield Place(name, file, path, pod)
        pod.stopped.set()
        thread.join(1800)
        for server in pod.served:
            server.end()
    finally:
        home.database.stop()
        # The rights that an environment without a product has.
        assert onboard("bootstrap", "--yes").code == 0


def _production_alone(content: dict[str, Any]) -> None:
    content["tenancy"]["environments"] = ["prod"]


def test_the_plan_shows_what_the_product_is_to_hold_and_an_apply_makes_it(place: Place) -> None:
    planned = place.planned()
    kinds = {change["kind"] for change in planned}
    assert kinds >= contract.KINDS | {"Account"}
    (organisation,) = (c for c in planned if c["kind"] == contract.Kind.ORGANISATION)
    assert (organisation["name"], organisation["action"]) == (place.agency, "create")

    done = place.run("apply", "--yes", "--no-verify")
    assert done.code == 0, done.err
    with api.Api(place.server.place, place.server.reader) as door:
        held = reading.configuration(door, place.agency)
    assert {str(kind) for kind, _ in held} == {str(kind) for kind in contract.Kind}
    assert place.server.writer.password not in done.out + done.err


def test_a_second_apply_writes_nothing(place: Place) -> None:
    began = len(place.server.requests())
    done = place.run("apply", "--yes", "--no-verify")
    assert done.code == 0, done.err
    assert place.planned() == []
    assert len(place.server.requests()) > began
    assert place.server.writes(began) == []


def test_what_a_hand_changed_in_the_product_is_shown_fails_its_control_and_is_mended(
    place: Place,
) -> None:
    with api.Api(place.server.place, place.server.writer) as door:
        secrecy = reading.known(door, place.agency).fields["secrecy"]
        lookup = f"{secrecy['lookup']},ลับที่สุด"
        door.change(f"/metadata_types/{secrecy['id']}/", {"lookup": lookup})

    drift = place.run("drift")
    assert drift.code == 4, drift.err
    assert "LetterField" in drift.out
    assert "secrecy" in drift.out
    verdicts = _findings(place, "DOC-002")
    assert any("ลับที่สุด" in f["seen"] for f in verdicts if f["verdict"] == "fail")

    (change,) = place.planned()
    assert (change["kind"], change["name"], change["action"]) == (
        contract.Kind.FIELD, "secrecy", "update",
    )  # fmt: skip
    assert place.run("apply", "--yes", "--no-verify").code == 0
    assert place.planned() == []
    assert place.run("drift").code == 0
    assert {f["verdict"] for f in _findings(place, "DOC-002")} == {"pass"}


def test_what_the_product_cannot_do_is_a_failed_finding_with_its_reason(place: Place) -> None:
    for control in ("DOC-004", "DOC-007", "DOC-013"):
        failed = [f for f in _findings(place, control) if f["verdict"] == "fail"]
        assert any("Mayan EDMS cannot do it" in f["seen"] for f in failed), control


def _findings(place: Place, control: str) -> list[dict[str, Any]]:
    done = place.run("verify", "--output", "json", "-q")
    assert done.code == 4, done.err
    found = [f for f in json.loads(done.out)["findings"] if f["id"] == control]
    assert found
    return found
