"""What the documents say is true: commands exist, quoted help is real, links lead somewhere."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from onboarding.cli import main
from tests.running import ROOT

DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
_BLOCK = re.compile(r"^ *```(\w+)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)")
# Commands that can run anywhere: their quoted output is compared, whole where no line is "…".
_SELF_CONTAINED = re.compile(
    r"^onboard (\S+ )*(--help|--version|--list-presets)$"
    r"|^onboard (validate|capacity|convert examples/\S+) "
    r"|^onboard programme \S+ --as-of \S+$"
)


def _commands() -> Iterator[tuple[str, str, str]]:
    """Every ``$ onboard …`` of every console block: document, command, and the output quoted."""
    for document in DOCUMENTS:
        for language, block in _BLOCK.findall(document.read_text(encoding="utf-8")):
            if language not in ("console", "sh"):
                continue
            for part in (
                re.split(r"^ *\$ ", block, flags=re.MULTILINE)
                if language == "console"
                else block.splitlines()
            ):
                command, _, output = part.partition("\n")
                command = command.split("  #")[0].split(" | ")[0].strip()
                if command.startswith("onboard "):
                    yield document.name, command, output.rstrip()


COMMANDS = list(_commands())


def test_the_documents_show_commands() -> None:
    assert len(COMMANDS) > 10


@pytest.mark.parametrize(("document", "command", "output"), COMMANDS)
def test_every_command_exists_with_its_options(document: str, command: str, output: str) -> None:
    words = shlex.split(command)[1:]
    current: click.Command = main.cli
    ctx = click.Context(main.cli, info_name="onboard")
    while isinstance(current, click.Group):
        options = [w for w in words[:1] if w.startswith("-")]
        while options:
            words = words[1:]
            options = [w for w in words[:1] if w.startswith("-")]
        if not words:
            return
        found = current.get_command(ctx, words[0])
        assert found is not None, f"{document}: {command}"
        current, words = found, words[1:]
        ctx = click.Context(current, info_name=current.name, parent=ctx)
    if "--help" in words:
        return
    current.make_parser(ctx).parse_args(list(words))


@pytest.mark.parametrize(
    ("document", "command", "output"),
    [c for c in COMMANDS if _SELF_CONTAINED.match(c[1]) and c[2]],
)
def test_quoted_output_is_the_real_one(
    document: str, command: str, output: str, tmp_path: Path
) -> None:
    # The reader of the document has no lab yet, whatever this computer has.
    without_labs = {"XDG_DATA_HOME": str(tmp_path), "COLUMNS": "80", "NO_COLOR": "1"}
    ended = subprocess.run(
        [sys.executable, "-m", "onboarding", *shlex.split(command)[1:]],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, **without_labs},
    )  # fmt: skip
    real = (ended.stdout + ended.stderr).rstrip()
    if "…" not in output:
        assert real == output, document
    shown = [line for line in output.splitlines() if line != "…"]
    assert [line for line in shown if line not in real.splitlines()] == [], document


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.name)
def test_links_lead_somewhere(document: Path) -> None:
    targets = _LINK.findall(document.read_text(encoding="utf-8"))
    assert [t for t in targets if not (document.parent / t).exists()] == []


def test_make_targets_named_in_documents_exist() -> None:
    made = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        target
        for document in DOCUMENTS
        for target in re.findall(r"`?make ([a-z-]+)`?", document.read_text(encoding="utf-8"))
    }
    assert {t for t in named if t not in made} == set()


def test_every_dependency_is_named_with_its_reason() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    listed = [
        *project["dependencies"],
        *(d for g in project["optional-dependencies"].values() for d in g),
    ]
    reasons = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
    packages = {re.split(r"[<>=!~\[; ]", d)[0] for d in listed}
    missing = {p for p in packages if not p.startswith("types-") and p not in reasons}
    assert missing == set()
