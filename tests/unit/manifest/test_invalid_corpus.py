"""Every manifest of the corpus is refused with exactly the message beside it."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

import pytest

from onboarding.cli import console
from tests.fixtures.manifests import corpus
from tests.running import onboard

PERSONAL_ID = "1103700012346"
WRITTEN = (PERSONAL_ID, "1-1037-00012-34-6", "1 1037 00012 34 6", "๑๑๐๓๗๐๐๐๑๒๓๔๖")
PLANTED = re.compile(r"[Pp]lanted|PLANTED|cGxhbnRlZ|eyJ")
"""Every secret of the corpus has this word in it, plain or in base64."""


@pytest.fixture(autouse=True)
def _plain_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "_volume", {"quiet": False, "verbose": False})
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("CI", "true")


def test_the_corpus_is_whole() -> None:
    assert len(corpus.FILES) >= 150
    assert {file.stem for file in corpus.FOLDER.glob("*.expected")} == {
        file.stem for file in corpus.FILES
    }


@pytest.mark.parametrize("file", corpus.FILES, ids=lambda file: file.stem)
def test_it_is_refused_with_exactly_this_message(file: Path) -> None:
    said = corpus.refusal(file)
    assert said == corpus.expected(file).read_text(encoding="utf-8")
    assert said.endswith("exit code 2\n")
    assert "unexpected" not in said
    lines = said.splitlines()[1:-2]
    assert lines
    for line in lines:
        placed = re.match(rf"  {re.escape(file.name)}:[1-9][0-9]*:[1-9][0-9]*: \S", line)
        assert placed or "more problems" in line, line
        assert line.endswith(")"), f"no remedy: {line}"


@pytest.mark.parametrize(
    "file", [f for f in corpus.FILES if f.stem.startswith("secret-")], ids=lambda file: file.stem
)
def test_a_planted_secret_is_never_echoed(file: Path) -> None:
    assert PLANTED.search(file.read_text(encoding="utf-8"))
    assert not PLANTED.search(corpus.refusal(file))


@pytest.mark.parametrize(
    "file", [f for f in corpus.FILES if f.stem.startswith("personal-")], ids=lambda file: file.stem
)
def test_a_personal_id_is_never_echoed(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    escaped = "".join(f"\\x{ord(digit):02x}" for digit in PERSONAL_ID)
    assert any(form in text for form in (*WRITTEN, escaped))
    said = corpus.refusal(file)
    assert "personal id (not shown)" in said
    assert not any(form in said for form in WRITTEN)


@pytest.mark.parametrize("name", ["cross-several", "encoding-tis-620", "secret-private-key"])
def test_a_process_says_the_same(name: str) -> None:
    file = corpus.FOLDER / f"{name}.yaml"
    done = onboard("validate", file.name, folder=corpus.FOLDER)
    assert f"{done.out}{done.err}exit code {done.code}\n" == corpus.expected(file).read_text(
        "utf-8"
    )


def test_what_is_no_readable_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    locked = tmp_path / "locked.yaml"
    locked.write_text("x", encoding="utf-8")
    locked.chmod(0)
    # Root may read everything but this file, which no one can.
    unreadable = Path("/proc/self/mem") if os.geteuid() == 0 else locked
    assert stat.S_ISREG(unreadable.stat().st_mode)
    said = {
        name: corpus.refusal(tmp_path / name)
        for name in ("missing.yaml", "folder", "pipe.yaml", "loop.yaml")
    } | {"unreadable": corpus.refusal(unreadable)}
    assert all(text.endswith("exit code 2\n") for text in said.values())
    assert "missing.yaml: does not exist (Check the path.)" in said["missing.yaml"]
    assert "there is no YAML file in folder" in said["folder"]
    assert "pipe.yaml: is not a regular file (Name a YAML file.)" in said["pipe.yaml"]
    assert "loop.yaml: cannot be read: Too many levels of symbolic links" in said["loop.yaml"]
    assert f"{unreadable.name}: cannot be read: " in said["unreadable"]
