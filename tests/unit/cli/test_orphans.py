"""``onboard orphans`` as a user sees it: whole outputs and exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pytest

from onboarding.engines import inventory
from onboarding.engines.inventory import CLUSTER, PULUMI, VAULT, Thing
from tests.unit.cli import world
from tests.unit.cli.test_runs import MANIFEST, run

OURS = (
    Thing(VAULT, "Thing", "place", "one", world.AGENCY),
    Thing(VAULT, "Thing", "place", "two", world.AGENCY),
    Thing(CLUSTER, "Thing", "place", "three", world.AGENCY),
    Thing(PULUMI, "Thing", "place", "three", world.AGENCY),
)
OLD = tuple(Thing(VAULT, "Policy", "", f"ga-old-{n}", "old") for n in range(8))
STRAY = Thing(CLUSTER, "Namespace", "", "ga-admincourt-lab")
Live = Callable[..., None]


@pytest.fixture
def live(
    capsys: pytest.CaptureFixture[str],
    engines: list[world.Memory],
    monkeypatch: pytest.MonkeyPatch,
) -> Live:
    """One agency was applied; says what stands beside it, and what cannot be read."""
    assert run(capsys, "apply", MANIFEST, "--yes", "--no-verify", "-q")[0] == 0

    def hold(*more: Thing, unread: Mapping[str, str] | None = None) -> None:
        seen = inventory.Inventory([*OURS, *more], dict(unread or {}))
        monkeypatch.setattr(inventory, "read", lambda *_: seen)

    return hold


NONE = "environment unit\n\nNo orphans: 1 agency with a manifest.\n"

FOUND = """environment unit

admincourt
  cluster: 1 thing: under an agency's prefix, without its mark
    Namespace ga-admincourt-lab
    -> take it over (onboard adopt FILE), or remove it by hand

old
  vault: 8 things: no manifest
    Policy ga-old-0
    Policy ga-old-1
    Policy ga-old-2
    Policy ga-old-3
    Policy ga-old-4
    Policy ga-old-5
    … and 2 more (--verbose)
    -> take it over with its manifest (onboard adopt FILE), or let the agency leave\
 (onboard offboard FILE), or remove it by hand

Orphans: 9 things of 2 agencies; 1 agency with a manifest.
"""


def test_nothing_but_what_was_applied(capsys: pytest.CaptureFixture[str], live: Live) -> None:
    live()
    assert run(capsys, "-q", "orphans") == (0, NONE, "")


def test_what_has_no_manifest_and_what_has_no_mark(
    capsys: pytest.CaptureFixture[str], live: Live
) -> None:
    live(*OLD, STRAY)
    assert run(capsys, "-q", "orphans") == (4, FOUND, "")
    code, out, _ = run(capsys, "-q", "orphans", "--verbose")
    assert (code, "ga-old-7" in out, "more (--verbose)" in out) == (4, True, False)


def test_json_for_machines(capsys: pytest.CaptureFixture[str], live: Live) -> None:
    live(STRAY)
    code, out, err = run(capsys, "-q", "orphans", "-o", "json")
    shown = json.loads(out)
    (orphan,) = shown.pop("orphans")
    assert (code, err) == (4, "")
    assert shown == {"environment": "unit", "known": [world.AGENCY], "left": [], "unread": {}}
    assert orphan.pop("remedy").startswith("take it over (onboard adopt FILE)")
    assert orphan == {
        "agency": world.AGENCY,
        "system": CLUSTER,
        "why": "under an agency's prefix, without its mark",
        "things": ["Namespace ga-admincourt-lab"],
    }


def test_what_cannot_be_read_is_not_green(capsys: pytest.CaptureFixture[str], live: Live) -> None:
    live(unread={"keycloak": "it does not answer"})
    code, out, err = run(capsys, "-q", "orphans")
    assert (code, err) == (5, "")
    assert "? keycloak could not be read: it does not answer\n" in out


def test_manifests_that_are_given_are_all_that_is_known(
    capsys: pytest.CaptureFixture[str], live: Live
) -> None:
    live()
    other = MANIFEST.replace("admincourt", "onde")
    code, out, _ = run(capsys, "-q", "orphans", other)
    assert code == 4
    assert "1 thing: a record without a manifest\n    records of admincourt" in out
