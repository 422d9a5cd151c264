"""The door to ansible-runner, as far as it needs no system: folders, files, variables."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from onboarding.engines.ansible_playbooks import runner


def test_a_workspace_is_private_and_gone_after_a_failure() -> None:
    seen: list[Path] = []

    def work() -> None:
        with runner.workspace() as folder:
            runner.private_file(folder / "a", "x")
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            seen.append(folder)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        work()
    assert not seen[0].exists()


def test_the_workspace_of_a_run_that_was_killed_goes_with_the_next_run() -> None:
    dies = (
        "import os\n"
        "from onboarding.engines.ansible_playbooks import runner\n"
        "with runner.workspace() as folder:\n"
        "    print(folder, flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", dies], capture_output=True, text=True, timeout=60, check=False
    )
    left = Path(ended.stdout.strip())
    assert left.is_dir(), ended.stderr
    with runner.workspace() as held:
        assert not left.exists()
        with runner.workspace():
            assert held.is_dir()


def test_a_private_file_is_never_written_over(tmp_path: Path) -> None:
    path = runner.private_file(tmp_path / "a", "one")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        runner.private_file(path, "two")
    assert path.read_text(encoding="utf-8") == "one"


def play(folder: Path, **variables: str | bool) -> tuple[list[runner.TaskEnd], runner.Ending]:
    ending = runner.Ending()
    with runner.workspace() as place:
        tasks = list(
            runner.play(
                "deliver.yml",
                {
                    "deliver_settings": False,
                    "deliver_office": False,
                    "deliver_kit": True,
                    "handover_kit_state": "absent",
                    "handover_kit_destination": str(folder),
                    **variables,
                },
                place,
                ending,
                seconds=60,
            )
        )
    return tasks, ending


def test_a_path_that_looks_like_a_template_is_a_path(tmp_path: Path) -> None:
    folder = tmp_path / "{{ 7 * 7 }}"
    folder.mkdir()
    (tmp_path / "49").mkdir()
    tasks, ending = play(folder)
    assert ending.status == "successful"
    assert ending.recap["changed"] == 1
    assert (tmp_path / "49").is_dir()
    assert not folder.exists()
    assert tasks[-1].task == "Remove the hand-over kit"
    again, ending = play(folder)
    assert ending.recap["changed"] == 0
    assert not again[-1].changed


def test_wrong_arguments_of_a_role_fail_before_anything_happens(tmp_path: Path) -> None:
    tasks, ending = play(tmp_path, handover_kit_state="perhaps")
    assert ending.status == "failed"
    assert tasks[-1].failed
    assert tmp_path.is_dir()


def test_the_playbooks_are_found_as_data_of_the_package() -> None:
    folder = Path(runner.__file__).parents[2] / "playbooks"
    for role in ("e_office_settings", "handover_kit"):
        for part in ("defaults", "meta", "tasks"):
            assert yaml.safe_load((folder / "roles" / role / part / "main.yml").read_text())
        specs = yaml.safe_load((folder / "roles" / role / "meta/argument_specs.yml").read_text())
        options = specs["argument_specs"]["main"]["options"]
        assert all(name.startswith(role) for name in options)
        defaults = yaml.safe_load((folder / "roles" / role / "defaults/main.yml").read_text())
        assert set(defaults) <= set(options)
