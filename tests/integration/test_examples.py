"""Every example can be planned: it is valid, gates nothing, meets nothing that is not its own."""

from __future__ import annotations

import json

import pytest

from onboarding import environment
from onboarding.cli import main
from tests.examples import expected

pytestmark = pytest.mark.lab


@pytest.mark.parametrize("name", expected.NAMES)
def test_an_example_can_be_planned(
    name: str,
    lab: environment.Environment,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ONBOARD_ENVIRONMENT", lab.name)
    file, folder = str(expected.file(name)), str(expected.FOLDER)
    # In this process: starting one for each example takes longer than planning it.
    with pytest.raises(SystemExit) as ended:
        main.main(["plan", file, "--with", folder, "--output", "json"])
    shown = capsys.readouterr()
    assert ended.value.code == 0, shown.err
    planned = json.loads(shown.out)
    assert planned["conflicts"] == []
    assert [f["id"] for f in planned["findings"] if f["gates"]] == []
