"""Children that hang, do not listen, or leave others behind: ended within their time, all of them.

In the place of Pulumi stands a script that misbehaves at an exact point, as the real one does only
by chance.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from onboarding import errors
from onboarding.engines.pulumi_stack import command
from tests.unit import targets

_DEAF = 'trap "" INT TERM\nset -m\nsleep 300 &\necho $! > provider\nwait\nwait\n'
_KILLED = "set -m\nsleep 300 &\necho $! > provider\nkill -9 $$\n"
_STOPPED = "set -m\nsleep 300 &\necho $! > provider\nkill -STOP $$\n"


def stack_of(folder: Path, script: str, **spans: float) -> command.Stack:
    program = folder / "pulumi"
    program.write_text(f"#!/bin/bash\n{script}", encoding="utf-8")
    program.chmod(0o700)
    target = targets.pinned()
    pulumi = target.pulumi.model_copy(
        update={"command": str(program), "home": folder, "backend": f"file://{folder}"}
    )
    given = target.model_copy(
        update={"pulumi": pulumi, "timeouts": target.timeouts.model_copy(update=spans)}
    )
    made = command.Stack(given, "agency", folder / "kubeconfig")
    command.prepare(made)
    return made


def lives(process: int) -> bool:
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def provider_ended(stack: command.Stack) -> bool:
    process = int((stack.folder / "provider").read_text(encoding="utf-8"))
    deadline = time.monotonic() + 5
    while lives(process) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not lives(process)


@pytest.mark.parametrize("script", [_DEAF, _STOPPED], ids=["deaf", "stopped"])
def test_one_that_hangs_is_ended_with_all_it_started(tmp_path: Path, script: str) -> None:
    stack = stack_of(tmp_path, script, pulumi=3.0, stop=1.0)
    began = time.monotonic()
    with pytest.raises(errors.EngineFailed, match="did not end within 3s") as told:
        list(command.up(stack, lambda: None, refresh=False))
    assert time.monotonic() - began < 20
    assert "timeouts.pulumi" in told.value.resolution
    assert provider_ended(stack)


def test_one_that_is_killed_leaves_nobody_behind(tmp_path: Path) -> None:
    stack = stack_of(tmp_path, _KILLED)
    with pytest.raises(StopIteration) as ended:
        next(command.up(stack, lambda: None, refresh=False))
    assert ended.value.value != 0
    assert provider_ended(stack)


def test_a_stack_that_is_never_made_is_given_up(tmp_path: Path) -> None:
    stack = stack_of(tmp_path, _DEAF, wait=1.0, stop=1.0)
    with pytest.raises(errors.EngineFailed, match="did not end within 1s"):
        command.init(stack)
    assert provider_ended(stack)
