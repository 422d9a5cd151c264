"""``onboard exchange check`` as a user runs it."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import yaml

from onboarding import environment
from onboarding.state import opening
from tests.exchange import endpoint
from tests.exchange.conftest import Naming
from tests.running import ROOT
from tests.unit.cli.running import run

VILLAGE = str(ROOT / "tests/faults/village.yaml")
AGENCY = "village"
Capture = pytest.CaptureFixture[str]


def test_it_shows_what_would_be_sent_and_sends_nothing_unasked(
    naming: Naming, tmp_path: Path, capsys: Capture
) -> None:
    with endpoint.serving(tmp_path) as at:
        naming(at)
        code, out, err = run(capsys, "exchange", "check", VILLAGE)
    assert at.asked == []
    assert (code, out) == (2, "")
    assert f"To {at.address}, as account village-central:" in err
    assert "a letter of department 15900 to itself (accepted)" in err
    for notifier in endpoint.NOTIFIERS:
        assert notifier in err
    assert "run the command again with --yes" in err


def test_a_sound_exchange_passes_and_says_what_is_to_be_confirmed(
    naming: Naming, secret: Path, tmp_path: Path, capsys: Capture
) -> None:
    with endpoint.serving(tmp_path) as at:
        path = naming(at)
        words = ("exchange", "check", VILLAGE, "--yes", "--secret-file", str(secret))
        code, out, err = run(capsys, *words)
    assert code == 0, out + err
    assert "DOC-008" in out
    assert "DOC-009" in out
    assert f"pass    endpoint {at.address}: answers over TLS" in out
    assert "pass    receipt number: AcceptLetterNotifier came back with ONBOARD-TEST-" in out
    assert "[basis: live]" in out
    assert "the lists of secrecy and speed codes" in out
    assert endpoint.ACCOUNT[1] not in out + err
    assert (at.queue, at.letters) == ([], {})
    journal = opening.of(environment.load(path)).journal(AGENCY)
    assert [e.event for e in journal] == ["exchange-begun", "exchange-ended"]
    assert len(journal[1].details["gone"]) == 3


def test_json_is_as_verify_has_it_with_the_exchange(
    naming: Naming, secret: Path, tmp_path: Path, capsys: Capture
) -> None:
    with endpoint.serving(tmp_path, fault="tampered") as at:
        naming(at)
        code, out, _ = run(
            capsys, "exchange", "check", VILLAGE, "--yes", "--secret-file", str(secret),
            "--output", "json", "--quiet",
        )  # fmt: skip
    told = json.loads(out)
    assert code == 4
    assert told["exchange"]["sent"] is True
    assert told["exchange"]["left"] == {}
    assert told["exchange"]["confirm"]
    failed = [f for f in told["findings"] if f["verdict"] == "fail"]
    assert [(f["id"], f["basis"]) for f in failed] == [("DOC-009", "live")]
    assert failed[0]["subject"] == "signature"
    unreached = [f for f in told["findings"] if f["verdict"] == "unknown"]
    assert all(f["seen"] == "not reached: the check ended at signature" for f in unreached)


def test_in_thai(naming: Naming, secret: Path, tmp_path: Path, capsys: Capture) -> None:
    with endpoint.serving(tmp_path) as at:
        naming(at)
        code, out, _ = run(
            capsys, "exchange", "check", VILLAGE, "--yes", "--secret-file", str(secret),
            "--language", "th",
        )  # fmt: skip
    assert code == 0
    assert "หนังสือรับส่งครบวงจร" in out
    assert "ต้องได้รับการยืนยัน" in out


def test_without_an_exchange_both_are_unknown(naming: Naming, capsys: Capture) -> None:
    naming(None)
    code, out, _ = run(capsys, "exchange", "check", VILLAGE, "--yes", "--output", "json")
    found = json.loads(out)["findings"]
    assert code == 5
    assert [(f["id"], f["verdict"]) for f in found] == [
        ("DOC-008", "unknown"),
        ("DOC-009", "unknown"),
    ]
    assert "letterExchange" in found[0]["seen"]


@pytest.mark.parametrize(
    "address", ["https://ecms.mdes.go.th/ws", "https://ECMS.mdes.go.th:443/ws/"]
)
def test_a_trial_sends_nothing_to_the_exchange_that_the_manifest_names(
    address: str, naming: Naming, tmp_path: Path, capsys: Capture
) -> None:
    with endpoint.serving(tmp_path) as at:
        naming(at, address=address)
        code, _, err = run(capsys, "exchange", "check", VILLAGE, "--yes")
    assert code == 4
    assert "exchanges real letters" in err


def test_production_checks_only_the_exchange_that_the_manifest_names(
    naming: Naming, tmp_path: Path, capsys: Capture
) -> None:
    with endpoint.serving(tmp_path) as at:
        naming(at, production=True)
        code, out, _ = run(capsys, "exchange", "check", VILLAGE, "--yes", "--output", "json")
    assert at.asked == []
    assert code == 4
    verdicts = {f["id"]: f["verdict"] for f in json.loads(out)["findings"]}
    assert verdicts == {"DOC-008": "fail", "DOC-009": "unknown"}


@pytest.mark.parametrize("change", [{"send": False}, {"receive": False}, None])
def test_without_an_account_for_both_ways_nothing_applies(
    change: dict[str, bool] | None, naming: Naming, tmp_path: Path, capsys: Capture
) -> None:
    manifest = yaml.safe_load(Path(VILLAGE).read_text(encoding="utf-8"))
    [office] = [s["eoffice"] for s in manifest["systems"] if "ecms" in s.get("eoffice", {})]
    office["ecms"] = {**office["ecms"], **change} if change else None
    if change is None:
        del office["ecms"]
    file = tmp_path / "village.yaml"
    file.write_text(yaml.safe_dump(manifest, allow_unicode=True), encoding="utf-8")
    with endpoint.serving(tmp_path) as at:
        naming(at)
        code, out, _ = run(capsys, "exchange", "check", str(file), "--yes", "--output", "json")
    assert at.asked == []
    assert code == 0
    assert {f["verdict"] for f in json.loads(out)["findings"]} == {"not-applicable"}


def test_a_secret_that_others_can_read_is_refused(
    naming: Naming, secret: Path, tmp_path: Path, capsys: Capture
) -> None:
    secret.chmod(0o644)
    with endpoint.serving(tmp_path) as at:
        naming(at)
        words = ("exchange", "check", VILLAGE, "--yes", "--secret-file", str(secret))
        code, _, err = run(capsys, *words)
    assert at.asked == []
    assert code == 5
    assert f"chmod 600 {secret}" in err


def test_letters_that_may_be_left_end_with_a_code_of_their_own(
    naming: Naming, secret: Path, tmp_path: Path, capsys: Capture
) -> None:
    words = ("exchange", "check", VILLAGE, "--yes", "--secret-file", str(secret))
    deleting = "CorrespondenceDeleteGovernmentDocumentRequest"
    with endpoint.serving(tmp_path, fault="closes", at=deleting) as at:
        naming(at)
        code, out, _ = run(capsys, *words)
        assert code == 6, out
        assert "the next run tries again" in out
        assert len(at.letters) == 0  # it was done, and nobody heard of it

        at.fault = ""
        code, out, _ = run(capsys, *words)
    assert code == 0, out
    assert "Not given back" in out
    assert at.queue == []


def test_a_killed_run_leaves_nothing_that_the_next_does_not_take_away(
    naming: Naming, secret: Path, tmp_path: Path, capsys: Capture
) -> None:
    words = ("exchange", "check", VILLAGE, "--yes", "--secret-file", str(secret))
    with endpoint.serving(tmp_path, fault="blocks", at="AcceptLetterNotifier") as at:
        path = naming(at)
        child = subprocess.Popen(
            [sys.executable, "-m", "onboarding", *words],
            cwd=ROOT,
            env={**os.environ, "ONBOARD_ENVIRONMENT": str(path), "CI": "true"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            assert at.reached.wait(300)
        finally:
            child.kill()
            child.wait(30)
        at.fault = ""
        at.go_on.set()
        [left] = at.letters
        assert len(at.queue) == 1

        code, out, err = run(capsys, *words)
    assert code == 0, out + err
    assert (at.queue, at.letters) == ([], {})
    ended = opening.of(environment.load(path)).journal(AGENCY)[-1]
    assert left in ended.details["gone"]


def test_history_tells_of_the_check(
    naming: Naming, secret: Path, tmp_path: Path, capsys: Capture
) -> None:
    with endpoint.serving(tmp_path) as at:
        naming(at)
        run(capsys, "exchange", "check", VILLAGE, "--yes", "--secret-file", str(secret))
    code, out, _ = run(capsys, "history", AGENCY)
    assert code == 0
    assert "exchange" in out
    assert "done" in out


def test_the_page_about_it_is_true(
    naming: Naming,
    secret: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    """Its block of the environment file is one, and its commands end as it says."""
    page = (ROOT / "docs/how-to/letter-exchange.md").read_text(encoding="utf-8")
    [block] = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    named = yaml.safe_load(textwrap.dedent(block))["letterExchange"]
    assert environment.LetterExchange.model_validate_json(json.dumps(named)).wait == 60
    commands = [shlex.split(c)[1:] for c in re.findall(r"\$ (onboard .*)", page)]
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    assert secret == tmp_path / "ecms-secret"
    monkeypatch.chdir(tmp_path)
    moph = yaml.safe_load(Path("examples/moph.yaml").read_text(encoding="utf-8"))
    [account] = {
        s["eoffice"]["ecms"]["account"] for s in moph["systems"] if "ecms" in s.get("eoffice", {})
    }
    with endpoint.serving(
        tmp_path,
        account=(account, endpoint.ACCOUNT[1]),
        department=moph["agency"]["ecms"]["departmentCode"],
    ) as at:
        naming(at)
        ended = [run(capsys, *command) for command in commands]
    assert [code for code, _, _ in ended] == [2, 0], ended
    for name in ("endpoint", "department", "queue", "signature", "receipt number"):
        assert f"| {name} |" in page
        assert f"pass    {name}" in ended[1][1]
