"""``onboard adopt`` as a user sees it: whole outputs, exit codes, what is marked and recorded."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from onboarding import environment, errors, item
from onboarding.engines import marking
from onboarding.state import opening
from tests.unit.cli import world
from tests.unit.cli.test_runs import MANIFEST, TITLE, run

ONE = "Thing place/one"


OFFER = f"""{TITLE}

  Thing place/one
      changes: x: 2 -> 1

never adopted
  ! Thing place/two: it is agency onde's

1 object(s) may be adopted: name them with --object, or take --all-in-place.
"""

DONE = f"""1 object(s) are marked as the agency's; nothing else of them was changed.
Go on: onboard plan {MANIFEST}    then: onboard apply {MANIFEST}
"""

NOTHING = f"""{TITLE}

Nothing stands in the agency's place: there is nothing to adopt.
"""


@pytest.fixture
def in_place(engines: list[world.Memory], monkeypatch: pytest.MonkeyPatch) -> list[world.Memory]:
    """Of the agency's three objects one is there and nobody's, one is another agency's."""
    for name, owner, x in (("one", "", 2), ("two", "onde", 1)):
        made = world.thing(item.EngineName.VAULT, name, x=x)
        engines[0].held[made.ref] = replace(made, owner=owner)

    def mark(_: environment.Environment, tenant_id: str, wanted: item.Item) -> None:
        held = engines[0].held
        held[wanted.ref] = replace(held[wanted.ref], owner=tenant_id)

    monkeypatch.setattr(marking, "mark", mark)
    return engines


def journal() -> list[tuple[str, object]]:
    store = opening.of(environment.load(environment.locate(None)))
    return [(e.event, e.details.get("objects")) for e in store.journal(world.AGENCY)]


def test_without_a_choice_it_only_shows(
    capsys: pytest.CaptureFixture[str], in_place: list[world.Memory]
) -> None:
    assert run(capsys, "-q", "adopt", MANIFEST) == (4, OFFER, "")
    assert journal() == []


def test_what_is_named_is_marked_and_nothing_else_of_it_changes(
    capsys: pytest.CaptureFixture[str], in_place: list[world.Memory]
) -> None:
    code, out, err = run(capsys, "-q", "adopt", MANIFEST, "--object", ONE, "--yes")
    assert (code, out) == (0, DONE)
    assert f"* {ONE}" in err
    held = {ref.name: (i.owner, i.fields) for ref, i in in_place[0].held.items()}
    assert held == {"one": (world.AGENCY, {"x": 2}), "two": ("onde", {"x": 1})}
    assert journal() == [("adopt-begun", [ONE]), ("adopt-ended", [ONE])]


def test_json_for_machines(
    capsys: pytest.CaptureFixture[str], in_place: list[world.Memory]
) -> None:
    code, out, err = run(capsys, "-q", "adopt", MANIFEST, "--all-in-place", "--yes", "-o", "json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "tenant": world.AGENCY,
        "candidates": [
            {
                "object": ONE,
                "changes": [{"path": "x", "live": 2, "wanted": 1}],
                "lost": [],
                "adopted": True,
            }
        ],
        "never": [{"object": "Thing place/two", "owner": "onde"}],
    }


def test_another_agency_s_object_is_refused_and_an_unknown_name_is_told(
    capsys: pytest.CaptureFixture[str], in_place: list[world.Memory]
) -> None:
    code, _, err = run(capsys, "-q", "adopt", MANIFEST, "--object", "Thing place/two", "--yes")
    assert (code, "Thing place/two: it is agency onde's" in err) == (4, True)
    code, _, err = run(capsys, "-q", "adopt", MANIFEST, "--object", "Thing x", "--yes")
    assert (code, "nothing of that name stands in the agency's place: Thing x" in err) == (2, True)
    assert journal() == []


def test_where_nobody_can_be_asked_nothing_is_marked(
    capsys: pytest.CaptureFixture[str], in_place: list[world.Memory]
) -> None:
    code, _, err = run(capsys, "-q", "adopt", MANIFEST, "--all-in-place")
    assert code != 0
    assert "--yes" in err
    assert journal() == []


def test_what_failed_half_way_is_recorded(
    capsys: pytest.CaptureFixture[str],
    in_place: list[world.Memory],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away(*_: object) -> None:
        raise errors.Unreachable("Vault does not answer")

    monkeypatch.setattr(marking, "mark", away)
    code, _, err = run(capsys, "-q", "adopt", MANIFEST, "--all-in-place", "--yes")
    assert (code, "0 of 1 objects were marked" in err) == (5, True)
    assert journal() == [("adopt-begun", [ONE]), ("adopt-failed", [])]


def test_nothing_in_place(capsys: pytest.CaptureFixture[str], engines: list[world.Memory]) -> None:
    assert run(capsys, "-q", "adopt", MANIFEST) == (0, NOTHING, "")
