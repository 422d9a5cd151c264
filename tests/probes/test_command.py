"""``onboard verify --probe``: what it shows, asks, sends, finds, and leaves."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib import parse

import pytest
import yaml
from requests import utils

from onboarding import clock, environment, manifest, tenant
from onboarding.ecms import trial
from onboarding.probes import table
from onboarding.state import opening
from tests.exchange import endpoint
from tests.probes import served
from tests.probes.conftest import Naming
from tests.running import ROOT
from tests.unit import targets
from tests.unit.cli import world
from tests.unit.cli.running import run

VILLAGE = ROOT / "tests/faults/village.yaml"
AGENCY = "village"
Capture = pytest.CaptureFixture[str]
pytestmark = pytest.mark.usefixtures("engines")


@contextmanager
def everything(tmp_path: Path, naming: Naming, **how: Any) -> Iterator[endpoint.Exchange]:
    """A sound exchange, and the one address of the village well served."""
    (tmp_path / "tls").mkdir()
    host = _host()
    query = parse.urlencode(
        {
            "client_id": "ga-village-prod",
            "response_type": "code",
            "redirect_uri": f"https://{host}/oidc/callback",
        }
    )
    realm = "https://sso.invalid/realms/gdcc/protocol/openid-connect/auth"
    address = served.Address(name=host, pages={"/": (302, f"{realm}?{query}")})
    with endpoint.serving(tmp_path, **how) as at, served.serving(tmp_path / "tls", address):
        naming(at, address)
        yield at


def _host() -> str:
    read = manifest.loads(VILLAGE.read_text(encoding="utf-8"), "village")
    [host] = [i.host for i in tenant.resolve(read, targets.pinned()).instances if i.host]
    return host


def _verify(capsys: Capture, *words: str) -> tuple[int, str, str]:
    return run(capsys, "verify", str(VILLAGE), *words)


def test_it_shows_what_it_would_do_and_does_nothing_unasked(
    naming: Naming, tmp_path: Path, capsys: Capture, engines: list[world.Memory]
) -> None:
    with everything(tmp_path, naming) as at:
        code, out, err = _verify(capsys, "--probe")
    assert (code, out) == (2, "")
    assert at.asked == []
    assert [engine.observed for engine in engines] == [0] * len(engines)
    assert f"To {at.address}, as account village-central:" in err
    assert f"https://{_host()}" in err
    assert "run the command again with --yes" in err


def test_without_probe_nothing_is_sent_and_nothing_said_of_it(
    naming: Naming, tmp_path: Path, capsys: Capture
) -> None:
    with everything(tmp_path, naming) as at:
        code, out, _ = _verify(capsys, "--output", "json")
    assert code == 0
    assert at.asked == []
    told = json.loads(out)
    assert "probes" not in told
    assert {f["id"] for f in told["findings"]} == {"MOU-001", "TEN-001"}


@pytest.mark.parametrize("word", ["--yes", "--secret-file=x"])
def test_what_goes_with_probe_alone_is_refused_without(word: str, capsys: Capture) -> None:
    code, _, err = _verify(capsys, word)
    assert code == 2
    assert "--probe" in err


def test_all_is_proven_by_use_and_nothing_stays(
    naming: Naming, secret: Path, tmp_path: Path, target: Path, capsys: Capture
) -> None:
    with everything(tmp_path, naming) as at:
        code, out, err = _verify(
            capsys, "--probe", "--yes", "--secret-file", str(secret), "--verbose"
        )
    assert code == 5, out + err  # nothing was tried from inside, as no pod is named
    assert ": 0 failed, 3 could not be determined" in out
    assert out.count("the environment names no pod to try it from") == 3
    assert f"pass    endpoint {at.address}: answers over TLS" in out
    assert f"pass    https://{_host()}: TLSv1.3, certificate of CN=ca" in out
    assert f"pass    sign-in to {_host()}: sent to https://sso.invalid/realms/gdcc" in out
    assert "[basis: live]" in out
    assert re.search(r"Probe letters: [0-9.]+ s, findings: 12, begun \d{4}-", out)
    assert "has to be confirmed:\n    - the lists of secrecy and speed codes" in out
    assert endpoint.ACCOUNT[1] not in out + err
    assert (at.queue, at.letters) == ([], {})
    journal = opening.of(environment.load(target)).journal(AGENCY)
    events = [entry.event for entry in journal]
    assert events == ["exchange-begun", "exchange-ended", "verified"]


def test_json_has_the_evidence_and_each_probe(
    naming: Naming, secret: Path, tmp_path: Path, capsys: Capture
) -> None:
    with everything(tmp_path, naming, fault="tampered"):
        code, out, _ = _verify(
            capsys, "--probe", "--yes", "--secret-file", str(secret), "--output", "json", "--quiet"
        )
    told = json.loads(out)
    assert code == 5  # what comes after the signature was not reached
    of = {(f["id"], f["subject"]): f for f in told["findings"]}
    assert of["DOC-009", "signature"]["verdict"] == "fail"
    assert of["DOC-009", "signature"]["basis"] == "live"
    address = of["NET-006", f"https://{_host()}"]
    assert (address["verdict"], address["basis"]) == ("pass", "live")
    assert address["evidence"]["protocol"] == "TLSv1.3"
    assert [probe["name"] for probe in told["probes"]] == [
        "letters",
        "addresses",
        "sign-in",
        "bodies",
        "inside",
    ]
    assert told["probes"][0]["began"] <= told["probes"][0]["ended"]
    assert told["probes"][0]["left"] == {}
    assert told["probes"][0]["confirm"]
    assert endpoint.ACCOUNT[1] not in out


def test_an_environment_that_names_nothing_leaves_unknown_what_it_would_prove(
    naming: Naming, capsys: Capture
) -> None:
    naming(None, served.Address(port=1, ca=Path(utils.DEFAULT_CA_BUNDLE_PATH)))
    code, out, _ = _verify(capsys, "--probe", "--yes", "--output", "json")
    assert code == 5
    verdicts = {(f["id"], f["verdict"]) for f in json.loads(out)["findings"]}
    assert {("DOC-008", "unknown"), ("DOC-009", "unknown"), ("NET-006", "unknown")} <= verdicts


def test_in_thai(naming: Naming, secret: Path, tmp_path: Path, capsys: Capture) -> None:
    words = ("--probe", "--yes", "--secret-file", str(secret), "--language", "th")
    with everything(tmp_path, naming):
        _, out, _ = _verify(capsys, *words)
    assert "การทดสอบ letters:" in out
    assert "ต้องได้รับการยืนยัน" in out


def test_a_probe_that_breaks_is_unknown_and_the_others_go_on(
    naming: Naming,
    secret: Path,
    tmp_path: Path,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("of its own")

    monkeypatch.setattr(trial, "run", broken)
    with everything(tmp_path, naming):
        code, out, _ = _verify(
            capsys, "--probe", "--yes", "--secret-file", str(secret), "--output", "json"
        )
    assert code == 5
    of = {f["id"]: f for f in json.loads(out)["findings"]}
    for control in ("DOC-008", "DOC-009"):
        assert of[control]["verdict"] == "unknown"
        assert "the probe itself failed: ZeroDivisionError('of its own')" in of[control]["seen"]
    assert of["NET-006"]["verdict"] == "pass"


def test_a_killed_probe_leaves_nothing_that_the_next_does_not_take_away(
    naming: Naming, secret: Path, tmp_path: Path, target: Path, capsys: Capture
) -> None:
    words = ("--probe", "--yes", "--secret-file", str(secret))
    with everything(tmp_path, naming, fault="blocks", at="AcceptLetterNotifier") as at:
        child = subprocess.Popen(
            [sys.executable, "-c", _PROBING, str(VILLAGE), str(target), str(secret)],
            cwd=ROOT,
            env={**os.environ, "CI": "true"},
        )
        try:
            assert at.reached.wait(300)
        finally:
            child.kill()
            child.wait(30)
        at.fault = ""
        at.go_on.set()
        assert len(at.letters) == 1

        code, out, err = _verify(capsys, *words)
    assert code == 5, out + err  # nothing was tried from inside
    assert (at.queue, at.letters) == ([], {})


_PROBING = """
import sys
from pathlib import Path
from onboarding import clock, environment, manifest, progress, tenant
from onboarding.probes import running, table
from onboarding.state import opening

file, target, secret = map(Path, sys.argv[1:])
at = environment.load(target)
whose = tenant.resolve(manifest.loads(file.read_text(), "village"), at)
store = opening.of(at)
with store.lease(whose.id):
    probes = table.of(whose, at, store, clock.Clock(), secret.read_text().strip())
    running.run(whose.id, probes, progress.Silent())
"""
"""What the command does once it was agreed to; the engines in memory are of this process alone."""


def test_every_probe_has_a_name_of_its_own(target: Path) -> None:
    at = environment.load(target)
    whose = tenant.resolve(manifest.loads(VILLAGE.read_text(encoding="utf-8"), "village"), at)
    names = [one.name for one in table.of(whose, at, opening.of(at), clock.Clock(), "")]
    assert len(set(names)) == len(names) > 1


def test_the_page_about_it_is_true() -> None:
    """Its block of the environment file is one, and it names every probe."""
    page = (ROOT / "docs/how-to/probe.md").read_text(encoding="utf-8")
    [block] = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    environment.Probes.model_validate_json(json.dumps(yaml.safe_load(block)["probes"]))
    at = targets.pinned()
    whose = tenant.resolve(manifest.loads(VILLAGE.read_text(encoding="utf-8"), "village"), at)
    for one in table.of(whose, at, opening.of(at), clock.Clock(), ""):
        assert f"| {one.name} |" in page
