"""Faults that a running e-Office meets on a real node: what a run says, that the next one ends what
it left half done, and that no letter is lost."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from onboarding import environment, errors, progress
from onboarding.lab import component, images
from onboarding.products.mayan import PRODUCT
from onboarding.state import opening
from tests.integration.real import office_faults, office_use
from tests.integration.real.conftest import Cluster, command, eventually, must
from tests.integration.real.office_use import SLOW, Office
from tests.integration.real.test_office import letter, office  # noqa: F401 - fixtures
from tests.running import ROOT, Done

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(14400)]

Code = errors.ExitCode
_LIMITS = {limit.control for limit in PRODUCT.limits}
_ASKED = {
    "DOC-001", "DOC-002", "DOC-003", "DOC-005", "DOC-006", "DOC-007", "DOC-010", "DOC-015",
}  # fmt: skip
"""Controls that only the running product can answer."""
Letter = tuple[int, bytes]


@pytest.fixture(scope="module", autouse=True)
def _made() -> None:
    images.ensure((), progress.Silent())


@pytest.fixture
def fresh(lab: component.Lab, tmp_path: Path) -> Iterator[Office]:
    """An agency that nobody has onboarded yet; its pods are gone after the test."""
    office_use.ready(lab)
    name, file = f"body{secrets.token_hex(3)}", tmp_path / "fresh.yaml"
    made = Office(lab, file)
    # No two agencies of an environment may have one department code.
    known = " ".join(opening.of(made.target).manifests().values())
    code = next(code for code in range(15100, 15900) if f'"{code}"' not in known)
    text = (ROOT / "tests/faults/village.yaml").read_text(encoding="utf-8")
    text = re.sub(r"\bvillage\b", name, text).replace('"15900"', f'"{code}"')
    file.write_text(text, encoding="utf-8")
    yield made
    space = made.instance.namespace
    made.cluster.ask("delete", "namespace", space, "--ignore-not-found", seconds=300)


def _findings(done: Done) -> list[dict[str, Any]]:
    return list(json.loads(done.out)["findings"])


def _unseen(done: Done, why: str = "") -> None:
    """The verification could not ask the product: nothing that it alone can show has passed."""
    assert done.code == Code.UNDETERMINED, done.err
    found = [o for o in _findings(done) if o["id"] in _ASKED and o["stage"] == "live"]
    assert {one["id"] for one in found} == _ASKED
    assert {one["verdict"] for one in found} == {"unknown"}
    assert all(why in one["seen"] for one in found), found[0]


def _is_whole(of: Office) -> None:
    """Nothing is left to write, and nothing is open but what the product cannot do."""
    again = json.loads(of.onboard("apply", "--yes", "--no-verify", "--output", "json").out)
    assert again["outcomes"] == []
    assert again["unchanged"] > 0
    judged = of.onboard("verify", "--output", "json")
    assert judged.code == Code.FINDINGS, judged.err
    running = [one for one in _findings(judged) if one["basis"] == "live"]
    assert {one["id"] for one in running if one["verdict"] != "pass"} == _LIMITS
    assert not any(one["verdict"] == "unknown" for one in running)


def test_an_image_that_is_missing_is_named_and_the_run_after_it_came_ends_what_was_begun(
    fresh: Office, tmp_path: Path
) -> None:
    image = fresh.target.images.e_office
    office_faults.forget_image(fresh.lab, image)
    file = tmp_path / "hasty.yaml"
    timeouts = fresh.target.timeouts.model_copy(update={"pulumi": 150.0})
    environment.save(file, fresh.target.model_copy(update={"timeouts": timeouts}))
    met = dataclasses.replace(fresh, named=str(file)).onboard("apply", "--yes", "--no-verify")
    assert met.code == Code.PARTIAL, met.err
    # Not what it noted while it waited, but what it ends with.
    _, _, told = met.err.rpartition("\nerror: ")
    assert image in told, met.err
    assert "an image of its pods is not on the node, and no registry gives it" in told
    assert "Push it to its registry" in told
    assert "onboard lab image load" in told
    must(command("image", "load", timeout=SLOW))
    must(fresh.onboard("apply", "--yes", "--no-verify"))
    _is_whole(fresh)


def test_a_database_that_is_killed_while_the_office_is_configured(fresh: Office) -> None:
    roles = f"SELECT count(*) FROM permissions_role WHERE label LIKE '{fresh.of.id}:%'"
    with _started(fresh, "apply", "--yes", "--no-verify") as run:
        begun = eventually(
            lambda: office_faults.row(fresh, roles) not in ("", "0") or run.poll() is not None, SLOW
        )
        assert begun
        assert run.poll() is None, run.communicate()
        pod = ("delete", "pod", office_faults.DATABASE_POD, "--grace-period=0", "--force")
        must(fresh.cluster.ask(*pod, seconds=120))
        out, err = run.communicate(timeout=SLOW)
    assert run.returncode == Code.PARTIAL, out + err
    assert "could not be configured" in err
    assert f"kubectl -n {fresh.instance.namespace} get pods" in err
    half = int(office_faults.row(fresh, roles) or -1) if _is_up(fresh) else -1
    assert half > 0, "it was killed in the middle"
    must(fresh.onboard("apply", "--yes", "--no-verify"))
    _is_whole(fresh)


def _is_up(of: Office) -> bool:
    waited = ("wait", "--for=condition=Ready", "pod", "--all", "--timeout=600s")
    return of.cluster.ask(*waited, seconds=630).code == 0


@contextlib.contextmanager
def _started(of: Office, *words: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "onboarding", *of.words(*words)]
    with subprocess.Popen(
        command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as run:
        try:
            yield run
        finally:
            run.kill()


@pytest.mark.parametrize("how", ["no pod", "stands still"])
def test_nothing_of_a_product_that_is_down_passes(office: Office, how: str) -> None:  # noqa: F811
    down: Any = contextlib.nullcontext()
    if how == "no pod":
        office_faults.scale(office.cluster, office_faults.PRODUCT, 0)
    else:
        down = office_faults.frozen(office, office.instance.workload)
    with down:
        judged = office.onboard("verify", "--output", "json")
    _unseen(judged)
    assert eventually(lambda: how == "no pod" or _serves(office), 600)
    must(office.onboard("apply", "--yes", "--no-verify"))
    assert _serves(office)
    _is_whole(office)


def _serves(of: Office) -> bool:
    with contextlib.suppress(requests.RequestException):
        return of.page(PRODUCT.health.path).status_code == 200
    return False


def test_no_space_for_letters_or_for_the_database_loses_none(
    office: Office,  # noqa: F811
    letter: Letter,  # noqa: F811
) -> None:
    number, content = letter
    title = "too much"
    with office_faults.small(office, room=48) as volumes, office.administrator() as door:
        volumes.fill("e-office-documents")
        with pytest.raises(errors.Unreachable, match="the e-Office refused POST") as refused:
            office_use.file_letter(door, title, office_use.pdf())
        assert "no space" in refused.value.resolution
        assert office_use.content_of(door, number) == content
        volumes.free("e-office-documents")
        later = office_use.file_letter(door, "afterwards", content)

        # A database that runs has some pages of its own to go on with; one that starts has none.
        office_faults.scale(office.cluster, office_faults.DATABASE, 0)
        volumes.fill("e-office-database")
        must(office.cluster.ask("scale", office_faults.DATABASE, "--replicas=1"))
        assert eventually(lambda: not office_use.holds(office, number, content), 300)
        _unseen(office.onboard("verify", "--output", "json"))
        planned = office.onboard("plan")
        volumes.free("e-office-database")
        assert planned.code == Code.UNDETERMINED, planned.err
        assert "no space" in planned.err
        assert eventually(lambda: office_use.holds(office, number, content), 900)
    assert office_use.holds(office, number, content)
    assert office_use.holds(office, later, content)
    with office.administrator() as door:
        for one in list(door.every("/documents/")):
            if one["label"] in (title, "afterwards"):
                office_use.remove_letter(door, int(one["id"]))
    _is_whole(office)


def test_a_certificate_that_ended_is_named_and_renewed_without_a_restart(
    office: Office,  # noqa: F811
) -> None:
    started = _started_containers(office)
    ends = office_faults.certificate_of_seconds(office, 40)
    assert eventually(lambda: datetime.now(UTC) > ends, 60)
    assert eventually(lambda: _refused_as(office, "certificate has expired"), 60)
    judged = office.onboard("verify", "--probe", "--yes", "--output", "json")
    _unseen(judged, "certificate has expired")
    served = [one for one in _findings(judged) if one["subject"] == office.place.address]
    assert {one["verdict"] for one in served if one["id"] == "NET-006"} == {"fail"}
    assert any("certificate has expired" in one["seen"] for one in served)
    must(office.onboard("apply", "--yes", "--no-verify"))
    assert eventually(lambda: _serves(office), 60)
    assert _started_containers(office) == started
    _is_whole(office)


def _refused_as(of: Office, words: str) -> bool:
    try:
        of.page("/")
    except requests.exceptions.SSLError as refused:
        return words in str(refused)
    return False


def _started_containers(of: Office) -> list[str]:
    """Every container that serves the address, the gateway's too; another name after each start."""
    names = "jsonpath={.items[*].status.containerStatuses[*].containerID}"
    gateway = Cluster(of.lab, "gdcc-gateway")
    return [must(one.ask("get", "pods", "-o", names)).out for one in (of.cluster, gateway)]


def test_a_clock_that_is_wrong_changes_nothing_and_is_named(office: Office) -> None:  # noqa: F811
    with office.administrator() as door:
        (kind,) = [k for k in door.every("/document_types/") if "[mot/mot]" in k["label"]]
        days = {"trash_time_period": 1, "trash_time_unit": "days"}
        door.change(f"/document_types/{kind['id']}/", days)
    store = opening.of(office.target)
    before = _changes(store.journal(office.of.id))
    for shift in ("+1h", "-1h", "+1y", "-1y"):
        for words in (("plan",), ("verify",), ("apply", "--yes", "--no-verify")):
            with office_faults.clock(shift):
                met = office.onboard(*words)
            assert met.code == Code.UNDETERMINED, f"{shift} {words}: {met.out}{met.err}"
            assert "clock" in met.err, f"{shift} {words}: {met.err}"
    assert _changes(store.journal(office.of.id)) == before
    with office_faults.clock("+10s"):
        must(office.onboard("apply", "--yes", "--no-verify"))
    assert _changes(store.journal(office.of.id)) == before + 1
    _is_whole(office)


def _changes(journal: Any) -> int:
    return sum(one.event == "change-begun" for one in journal)
