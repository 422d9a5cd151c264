"""Files of a stack that a crash left half-written, and what becomes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from onboarding.engines.pulumi_stack import command
from tests.unit import targets


@pytest.fixture
def stack(tmp_path: Path) -> command.Stack:
    """A stack with a state, as Pulumi keeps it in a folder."""
    target = targets.pinned("id")
    pulumi = target.pulumi.model_copy(update={"backend": f"file://{tmp_path}", "home": tmp_path})
    made = command.Stack(target.model_copy(update={"pulumi": pulumi}), "moph", tmp_path)
    folder = tmp_path / ".pulumi" / "stacks" / command.PROJECT
    folder.mkdir(parents=True)
    for name in ("moph.json", "moph.json.attrs", "other.json"):
        (folder / name).write_text("{}", encoding="utf-8")
    return made


def stored(stack: command.Stack) -> Path:
    return (
        Path(stack.target.pulumi.backend.removeprefix("file://"))
        / ".pulumi/stacks/"
        / (command.PROJECT)
    )


def test_files_of_a_stack_that_are_whole_stay(stack: command.Stack) -> None:
    assert command.mend_files(stack) is False
    assert sorted(f.name for f in stored(stack).iterdir()) == [
        "moph.json",
        "moph.json.attrs",
        "other.json",
    ]


def test_attributes_and_half_files_that_a_crash_left_go(stack: command.Stack) -> None:
    (stored(stack) / "moph.json.attrs").write_text("", encoding="utf-8")
    (stored(stack) / "moph.json.18ea5c8e.tmp").write_text("{", encoding="utf-8")
    assert command.mend_files(stack) is False
    assert sorted(f.name for f in stored(stack).iterdir()) == ["moph.json", "other.json"]


def test_a_state_that_a_crash_cut_off_is_set_aside(stack: command.Stack) -> None:
    (stored(stack) / "moph.json").write_text('{"checkpoint', encoding="utf-8")
    assert command.mend_files(stack) is True
    assert command.known(stack) is False
    assert (stored(stack) / "moph.json.damaged").read_text(encoding="utf-8") == '{"checkpoint'
