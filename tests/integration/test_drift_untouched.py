"""Nobody touched anything, so nothing drifted: after a run, and after all engines restarted."""

from __future__ import annotations

import json

import pytest

from onboarding import environment
from tests.running import LAB, ROOT, onboard

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.timeout(14_400)]

NAMES = ("admincourt", "dlt", "m-culture", "plk-lao", "police", "moac", "hrdi", "moph", "bdi")
"""Agencies which hold every kind of object there is, with both sides of two links."""


def _apply() -> None:
    """Each, and once more, now that its peers are known."""
    for name in (*NAMES, *NAMES):
        file = str(ROOT / f"examples/{name}.yaml")
        opened = ("--allow-opening", "--allow-looser-identity")
        words = ("--yes", "--no-verify", "--allow-delete", *opened)
        done = onboard("apply", file, *words, timeout=1800)
        assert done.code == 0, done.err


def _no_alarm() -> None:
    done = onboard("drift", "--all", "--output", "json")
    told = {t["tenant"]: t for t in json.loads(done.out)["tenants"]}
    for name in NAMES:
        assert told[name]["unread"] == {}
        assert told[name]["differences"] == []
        assert told[name]["recorded"]
        assert told[name]["asApplied"] > 30
    # What other tests left in the same lab may have drifted.
    assert done.code == 0 or told.keys() > set(NAMES)


def _restart() -> None:
    for word in ("down", "up"):
        done = onboard("lab", word, "--name", LAB, timeout=3600)
        assert done.code == 0, done.err


def test_untouched_agencies_have_no_drift_after_their_runs_and_after_a_restart(
    lab: environment.Environment,
) -> None:
    _apply()
    _no_alarm()
    _restart()
    _no_alarm()
    for name in NAMES:
        done = onboard("plan", str(ROOT / f"examples/{name}.yaml"), "--detailed-exitcode")
        assert done.code == 0, done.out + done.err
    # By now whatever the controllers make of a restart was made.
    _no_alarm()
