"""What a file may hold, and the place and remedy of everything it may not."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

from onboarding import errors, strict_yaml


def refused(text: str) -> errors.Problem:
    """The first problem of a text that must not be read."""
    with pytest.raises(errors.InvalidInput) as caught:
        strict_yaml.loads(text, "f.yaml")
    return caught.value.problems[0]


def refused_file(path: Path) -> errors.InvalidInput:
    with pytest.raises(errors.InvalidInput) as caught:
        strict_yaml.load(path)
    return caught.value


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("12", 12),
        ("-3", -3),
        ("0", 0),
        ("012", "012"),
        ("0x1f", "0x1f"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("24x7", "24x7"),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("true", True),
        ("False", False),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("~", None),
        ("null", None),
        ("", None),
        ("2025-02-03", "2025-02-03"),
        ('"true"', "true"),
        ("'12'", "12"),
        ("สธ", "สธ"),
        ("+66-2-000-0000", "+66-2-000-0000"),
        ("1" * 30, "1" * 30),
    ],
)
def test_scalars_are_read_as_yaml_1_2_and_codes_stay_text(written: str, read: object) -> None:
    assert strict_yaml.loads(f"a: {written}", "f").value == {"a": read}


def test_byte_order_mark_and_crlf_are_read(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: |\r\n  x\r\n  y\r\n")
    document = strict_yaml.load(path)
    assert document.value == {"a": 1, "b": "x\ny\n"}
    assert document.position(("b",)) == (2, 1)


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("a: 1\na: 2\n", 2, 1, "duplicate key 'a'"),
        ("a: &x 1\nb: *x\n", 1, 4, "anchor '&x' is not allowed"),
        ("a: *x\n", 1, 4, "alias '*x' is not allowed"),
        ("<<: {a: 1}\n", 1, 1, "merge key << is not allowed"),
        ("a: !!python/object:os.system x\n", 1, 4, "tag "),
        ("a: !x 1\n", 1, 4, "tag '!x' is not allowed"),
        ("a: 1\n---\nb: 2\n", 2, 1, "a second document begins here"),
        ("a: 1\n1: 2\n", 2, 1, "key '1' is not text"),
        ("true: 2\n", 1, 1, "key 'true' is not text"),
        ("? [a]\n: 1\n", 1, 3, "a key must be text"),
        ("a: .inf\n", 1, 4, "'.inf' is not a usable number"),
        ("a: .nan\n", 1, 4, "'.nan' is not a usable number"),
        ("a: 1e999\n", 1, 4, "'1e999' is not a usable number"),
        ("a: [1, 2\n", 2, 1, "not YAML"),
        ("a:\n\t- b\n", 2, 1, "not YAML"),
        ("a: 'x\n", 2, 1, "not YAML"),
        ("a: b: c\n", 1, 5, "not YAML"),
        ("a: 1\nb: x\x01y\n", 2, 5, "control character U+0001"),
        ("", 1, 1, "the file is empty"),
        ("# only a comment\n", 1, 1, "the file is empty"),
        ("a: moph\u200b\n", 1, 8, "invisible character U+200B"),
        ("a: \u202emoph\n", 1, 4, "invisible character U+202E"),
        ("a: กํา\n", 1, 5, "SARA AM"),
        ("a: เเละ\n", 1, 4, "SARA AE"),
        ("[" * 100 + "]" * 100, 1, 25, "nested deeper than 24 levels"),
    ],
)
def test_what_is_hidden_or_broken_is_refused_where_it_stands(
    text: str, line: int, column: int, message: str
) -> None:
    problem = refused(text)
    assert message in problem.message
    assert (problem.line, problem.column) == (line, column)
    assert problem.remedy


def test_thai_text_in_nfd_is_refused_with_its_word() -> None:
    # A tone mark typed before the vowel below it: canonical order is the other way round.
    word = "ก\u0e48\u0e38"
    assert not unicodedata.is_normalized("NFC", word)
    problem = refused(f"a: 1\nb: x {word}\n")
    assert (problem.line, problem.column) == (2, 6)
    assert "normal form C" in problem.message
    assert "nfc" in problem.remedy


def test_every_structural_problem_is_reported_at_once() -> None:
    with pytest.raises(errors.InvalidInput) as caught:
        strict_yaml.loads("a: 1\na: 2\nb: !x 1\n3: 4\nc: x\u200b\n", "f.yaml")
    assert [problem.line for problem in caught.value.problems] == [2, 3, 4, 5]
    assert caught.value.exit_code == errors.ExitCode.INVALID


def test_number_of_problems_is_bounded() -> None:
    with pytest.raises(errors.InvalidInput) as caught:
        strict_yaml.loads("a: 1\n" * 5000, "f.yaml")
    assert len(caught.value.problems) == 100


def test_positions_point_at_keys_and_entries() -> None:
    document = strict_yaml.loads("a:\n  b: [x, {c: 1}]\n", "f")
    assert document.position(("a", "b")) == (2, 3)
    assert document.position(("a", "b", 1)) == (2, 10)
    assert document.position(("a", "b", 1, "c")) == (2, 11)
    assert document.position(("a", "missing", 7)) == (1, 1)


def test_too_large_a_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    with path.open("wb") as stream:
        stream.truncate(10 * 1024 * 1024)
    error = refused_file(path)
    assert "larger than 1024 KiB" in error.message
    assert error.resolution


def test_missing_folder_pipe_and_other_encodings_are_refused(tmp_path: Path) -> None:
    assert "does not exist" in refused_file(tmp_path / "none.yaml").message
    assert "is a folder" in refused_file(tmp_path).message
    os.mkfifo(tmp_path / "pipe")
    assert "not a regular file" in refused_file(tmp_path / "pipe").message
    (tmp_path / "u16.yaml").write_text("a: 1\n", encoding="utf-16")
    assert "UTF-16" in refused_file(tmp_path / "u16.yaml").problems[0].message
    (tmp_path / "tis.yaml").write_bytes(b"a: 1\nb: x" + "ก".encode("cp874") + b"\n")
    problem = refused_file(tmp_path / "tis.yaml").problems[0]
    assert (problem.line, problem.column) == (2, 5)
    assert "reads 'ก'" in problem.message
    assert "iconv -f CP874 -t UTF-8" in problem.remedy
