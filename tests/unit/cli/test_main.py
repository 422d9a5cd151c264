"""How the command ends: usage, errors as text and JSON, help with examples, completion."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from onboarding import errors
from onboarding.cli import console, main
from tests.running import ROOT

PYTHON = [sys.executable, "-m", "onboarding"]


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main.main(list(words))
    out, err = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, out, err


def commands(of: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if path:
        yield path
    if isinstance(of, click.Group):
        ctx = click.Context(of)
        for name in of.list_commands(ctx):
            found = of.get_command(ctx, name)
            assert found is not None
            yield from commands(found, (*path, name))


@pytest.mark.parametrize("path", list(commands(main.cli, ())), ids=" ".join)
def test_each_command_has_an_example_on_a_line_of_its_own(
    capsys: pytest.CaptureFixture[str], path: tuple[str, ...]
) -> None:
    code, out, err = run(capsys, *path, "--help")
    assert (code, err) == (0, "")
    assert "Examples:" in out
    lines = out.partition("Examples:\n")[2].partition("\n\n")[0].splitlines()
    assert any(f"onboard {' '.join(path)}" in line for line in lines)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["aply"], "error: No such command 'aply'. Did you mean 'apply'?\nSee: onboard --help\n"),
        (["plan"], "error: Missing argument 'FILE|FOLDER…'.\nSee: onboard plan --help\n"),
        (
            ["plan", "x", "--nope"],
            "error: No such option '--nope'.\nSee: onboard plan --help\n",
        ),
        (
            ["verify", "x", "--as-of", "2569-01-31"],
            (
                "error: Invalid value for '--as-of': 2569 looks like a year of the Buddhist Era; "
                "write the year as 2026.\nSee: onboard verify --help\n"
            ),
        ),
    ],
)
def test_wrong_usage_says_what_and_where_to_read(
    capsys: pytest.CaptureFixture[str], words: list[str], expected: str
) -> None:
    assert run(capsys, *words) == (2, "", expected)


def test_no_date_at_all_shows_how_to_write_one(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "verify", "x", "--as-of", "yesterday")
    assert code == 2
    assert "'yesterday' is no date; write it like 20" in err


@pytest.mark.parametrize("form", [["-o", "json"], ["--output=json"], ["-ojson"]])
def test_errors_are_json_where_json_was_asked_for(
    capsys: pytest.CaptureFixture[str], form: list[str]
) -> None:
    code, out, err = run(capsys, "plan", "no-such.yaml", *form)
    assert (code, out) == (2, "")
    assert json.loads(err) == {
        "error": {
            "message": "no-such.yaml does not exist",
            "details": [],
            "resolution": "Check the path.",
            "exitCode": 2,
        }
    }


@pytest.mark.parametrize("words", [["-o", "json.plan"], ["--out", "json"], ["-ojson.plan"]])
def test_errors_are_text_where_only_a_file_reads_like_json(
    capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    code, _, err = run(capsys, "plan", "no-such.yaml", *words)
    assert (code, err) == (2, "error: no-such.yaml does not exist\nCheck the path.\n")


def test_wrong_usage_is_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    _, _, err = run(capsys, "plan", "--nope", "--output", "json")
    assert json.loads(err)["error"]["exitCode"] == 2


def test_an_environment_file_of_another_kind_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    manifest = str(ROOT / "examples/moph.yaml")
    code, _, err = run(capsys, "plan", manifest, "-e", manifest)
    assert code == 2
    assert err == (
        f"error: {manifest} is of kind AgencyMou, not an environment file (kind Environment)\n"
        "Name an environment with --environment, e.g. the name of a lab.\n"
    )


def test_a_bug_is_one_line_and_its_trace_is_in_the_log(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("by nought")

    monkeypatch.setattr(main.cli, "main", broken)
    monkeypatch.setattr(console, "log_folder", lambda: tmp_path / "log")
    code, out, err = run(capsys, "plan", "x")
    assert (code, out) == (1, "")
    assert err == (
        "error: unexpected ZeroDivisionError: by nought\n"
        f"This is a bug in onboard. The trace is in {tmp_path}/log/errors.log.\n"
    )
    log = tmp_path / "log/errors.log"
    assert "Traceback" in log.read_text(encoding="utf-8")
    assert log.stat().st_mode & 0o777 == 0o600


def test_an_error_says_what_where_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    console.error(errors.Refused("what", details=["where"], resolution="do this"))
    assert capsys.readouterr().err == "error: what\n  where\ndo this\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colour_on_a_terminal_only_and_never_with_no_color(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert console.coloured(Terminal())
    assert not console.coloured(io.StringIO())
    assert not console.coloured(None)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not console.coloured(Terminal())


def test_a_bare_command_shows_its_help() -> None:
    ended = subprocess.run(PYTHON, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("Usage: onboard [OPTIONS] COMMAND")


@pytest.mark.parametrize("redirection", ["| true", ">&-", ">&- 2>&-"])
def test_a_reader_that_left_is_no_error(redirection: str) -> None:
    command = f"{sys.executable} -m onboarding validate examples/moph.yaml {redirection}"
    ended = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_ctrl_c_ends_as_such_where_nobody_reads_any_more(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(**_: object) -> None:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            raise BrokenPipeError  # noqa: B904 - as click does

    monkeypatch.setattr(main.cli, "main", stopped)
    code, _, err = run(capsys)
    assert code == 130
    assert "Run the same command again" in err
    assert "bug" not in err


def test_memory_that_ends_is_no_bug(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def short(**_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(main.cli, "main", short)
    code, _, err = run(capsys)
    assert code == 1
    assert err.startswith("error: this computer has no memory, threads or open files left")


def test_a_full_stdout_is_told() -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        ended = subprocess.run(
            [*PYTHON, "validate", "examples/moph.yaml"],
            cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: the result cannot be written to stdout: No space")


def test_the_completion_script_works_in_bash() -> None:
    script = (
        'eval "$(onboard completion bash)"; complete -p onboard; '
        'COMP_WORDS="onboard pl" COMP_CWORD=1 _ONBOARD_COMPLETE=bash_complete onboard'
    )
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    ended = subprocess.run(
        ["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, check=True,
        env={**os.environ, "PATH": path},
    )  # fmt: skip
    assert ended.stderr == ""
    assert ended.stdout == "complete -o nosort -F _onboard_completion onboard\nplain,plan\n"
