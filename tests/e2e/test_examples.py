"""Every example side by side on one lab: applied, verified, and applied again without a write."""

from __future__ import annotations

import json
from typing import Any

import pytest

from onboarding import environment
from tests.examples import expected
from tests.integration import outside
from tests.running import Done, onboard

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.timeout(3 * 3600)]


def run(command: str, name: str, *words: str) -> Done:
    """One command on one example; the others declare the other sides of its links."""
    folder = str(expected.FOLDER)
    file = str(expected.file(name))
    return onboard(command, file, "--with", folder, "--output", "json", *words, timeout=1800)


@pytest.fixture(scope="module")
def applied(lab: environment.Environment) -> dict[str, Any]:
    """What applying each example once reported, by its name."""
    assert lab.production is False
    ended = {name: run("apply", name, "--yes", "--no-verify") for name in expected.NAMES}
    assert {name: done.err for name, done in ended.items() if done.code} == {}
    return {name: json.loads(done.out) for name, done in ended.items()}


def test_every_change_of_every_example_was_made(applied: dict[str, Any]) -> None:
    counts = {name: report["counts"] for name, report in applied.items()}
    left = {name: c for name, c in counts.items() if c["failed"] or c["not-attempted"]}
    assert left == {}


@pytest.mark.parametrize("name", expected.NAMES)
def test_an_example_is_judged_as_expected(name: str, applied: dict[str, Any]) -> None:
    findings = json.loads(run("verify", name).out)["findings"]
    assert expected.live(findings) == expected.stated()[name]["live"]


def test_a_second_apply_of_all_writes_nothing(
    applied: dict[str, Any], lab: environment.Environment
) -> None:
    seen_from_outside = outside.Outside(lab)
    before = seen_from_outside.now()
    again = {name: run("apply", name, "--yes", "--no-verify") for name in expected.NAMES}
    assert seen_from_outside.writes_since(before) == []
    left = {name: done.out for name, done in again.items() if json.loads(done.out)["outcomes"]}
    assert left == {}
