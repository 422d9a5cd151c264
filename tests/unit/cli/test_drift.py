"""``onboard drift`` as a user sees it: whole outputs and exit codes."""

from __future__ import annotations

import json

import pytest

from onboarding import environment, errors, item
from onboarding.engines import authors
from onboarding.state import opening
from tests.running import ROOT
from tests.unit.cli import world
from tests.unit.cli.test_runs import MANIFEST, TITLE, run


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authors, "last", lambda *_: {})


@pytest.fixture
def applied(capsys: pytest.CaptureFixture[str], engines: list[world.Memory]) -> list[world.Memory]:
    assert run(capsys, "apply", MANIFEST, "--yes", "--no-verify")[0] == 0
    return engines


def test_an_untouched_agency_has_none(
    capsys: pytest.CaptureFixture[str], applied: list[world.Memory]
) -> None:
    code, out, _ = run(capsys, "drift", MANIFEST)
    assert (code, out) == (0, f"{TITLE}\n\nNo drift: 3 objects as applied.\n")


OUT = f"""{TITLE}

vault_pki
  ~ Thing place/one  (changed)
      x: 2, applied 1  [by whom is not known]

pulumi_stack
  - Thing place/three  (deleted)  [by whom is not known]

Drift: 1 changed, 1 deleted; 1 object as applied.

Repair: onboard apply FILE. What was added by hand and should stay belongs into the manifest, or\
 under a name and label of its own.
"""


def by_hand(engines: list[world.Memory]) -> None:
    vault, cluster = engines[0], engines[2]
    one = world.thing(item.EngineName.VAULT, "one", x=2)
    vault.held[one.ref] = one
    cluster.held.clear()


def test_what_hands_did_is_told_and_apply_says_that_it_repairs_it(
    capsys: pytest.CaptureFixture[str], applied: list[world.Memory]
) -> None:
    by_hand(applied)
    assert run(capsys, "-q", "drift", MANIFEST) == (4, OUT, "")
    assert run(capsys, "-q", "drift", "--all")[:2] == (4, OUT)
    _, plan, _ = run(capsys, "-q", "plan", MANIFEST)
    assert "(repairs drift)" in plan
    assert "(repairs drift: vanished from the live system)" in plan
    assert run(capsys, "apply", MANIFEST, "--yes", "--no-verify")[0] == 0
    assert run(capsys, "drift", MANIFEST)[0] == 0


def test_nothing_is_written_not_even_a_record(
    capsys: pytest.CaptureFixture[str], applied: list[world.Memory]
) -> None:
    by_hand(applied)
    store = opening.of(environment.load(environment.locate(None)))
    before = store.journal(world.AGENCY), store.applied(world.AGENCY), store.tenants()
    run(capsys, "drift", MANIFEST)
    run(capsys, "drift", "--all", "-o", "json")
    assert (store.journal(world.AGENCY), store.applied(world.AGENCY), store.tenants()) == before


def test_json_for_machines(capsys: pytest.CaptureFixture[str], applied: list[world.Memory]) -> None:
    by_hand(applied)
    code, out, _ = run(capsys, "-q", "drift", "--all", "-o", "json")
    shown = json.loads(out)
    assert (code, shown["environment"]) == (4, "unit")
    assert [(d["name"], d["what"]) for d in shown["tenants"][0]["differences"]] == [
        ("one", "changed"),
        ("three", "deleted"),
    ]


def test_what_could_not_be_read_is_told_and_is_not_green(
    capsys: pytest.CaptureFixture[str],
    applied: list[world.Memory],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away(*_: object, **__: object) -> item.Observation:
        raise errors.Unreachable("Keycloak does not answer")

    monkeypatch.setattr(applied[1], "observe", away, raising=False)
    code, out, _ = run(capsys, "-q", "drift", MANIFEST)
    assert code == 5
    assert "sso\n  ? could not be read: Keycloak does not answer" in out


def test_nothing_was_applied_yet(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory]
) -> None:
    assert run(capsys, "-q", "drift", "--all")[:2] == (
        0, "environment unit: no agency was applied yet\n",
    )  # fmt: skip
    code, out, _ = run(capsys, "-q", "drift", MANIFEST)
    assert code == 5
    assert "Nothing is recorded as applied" in out
    assert "drift cannot be told: 3 objects not as in the manifest" in out


def test_an_agency_whose_first_run_failed_hides_no_other_s_drift(
    capsys: pytest.CaptureFixture[str], applied: list[world.Memory]
) -> None:
    by_hand(applied)
    applied[0].stop_with = errors.EngineFailed("no room")
    assert run(capsys, "apply", str(ROOT / "examples/onde.yaml"), "--yes", "--no-verify")[0] == 1
    code, out, err = run(capsys, "-q", "drift", "--all", "-o", "json")
    assert (code, err) == (5, "")
    told = {t["tenant"]: (t["recorded"], t["drifted"]) for t in json.loads(out)["tenants"]}
    assert told == {world.AGENCY: (True, 2), "onde": (False, 0)}


def test_it_wants_to_know_of_whom(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory]
) -> None:
    for words in (("drift",), ("drift", MANIFEST, "--all")):
        code, _, err = run(capsys, *words)
        assert code == 2
        assert "name manifests, or ask for every agency with --all" in err
