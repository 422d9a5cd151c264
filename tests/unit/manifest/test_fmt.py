"""Formatting changes how a manifest is written, never what it says; comments keep their keys."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onboarding import errors, manifest, strict_yaml
from onboarding.manifest import convert_edit, fmt
from tests.unit.manifest import samples

FILES = [*sorted(samples.EXAMPLES.glob("*.yaml")), samples.EVERY_FIELD]
SOURCES = (samples.EVERY_FIELD, samples.EXAMPLES / "plk-lao.yaml")

UNTIDY = """\
# A manifest
# yaml-language-server: $schema=x.json

kind: AgencyMou   # the kind
apiVersion: gdcc.go.th/v1alpha2
metadata:
    id: culture

users: {target: 400, initial: 300}
agency:
    # in English
    nameEn: Ministry of Culture   # as it calls itself
    # in Thai
    nameTh: "กระทรวงวัฒนธรรม"
    branch: executive-central
    letterCode: วธ
    provinceCode: TH-10
    sarabanEmail: saraban@culture.go.th
    domains:
    - culture.go.th   # the only one
# when
mou:
  signedOn: "2025-02-03"
  effectiveTo: 2028-02-02
  effectiveFrom: '2025-02-03'
  number: 1/2568
  title: บันทึกความร่วมมือ
  mechanism: central
  signatories:
  - position: ปลัดกระทรวง
    # the ministry
    party: mdes
    name: ก
  - {position: ปลัดกระทรวง, name: ข, party: agency}   # the agency
tenancy: {environments: [prod], isolation: dedicated}
security:
  maxDataClass: confidential
  category: {a: low, c: moderate, i: moderate, reviewedOn: 2026-01-01}
systems:
- kind: e-office
  name: e-office
  dataClass: confidential

  # when letters count as received
  eoffice:
    workCalendar: {holidays: ["2026-08-12", 2026-12-05]}
identity: {}
contacts:
- {role: technical, email: it@culture.go.th, phone: "+66-2-000-0000"}
legal:
  pdpa: {role: controller}
  epa2565: {mode: applicable}
# the end
"""

TIDY = """\
# A manifest
# yaml-language-server: $schema=x.json

apiVersion: gdcc.go.th/v1alpha2
kind: AgencyMou   # the kind
metadata:
  id: culture
agency:
  # in Thai
  nameTh: "กระทรวงวัฒนธรรม"
  # in English
  nameEn: Ministry of Culture   # as it calls itself
  branch: executive-central
  provinceCode: TH-10
  letterCode: วธ
  domains:
    - culture.go.th   # the only one
  sarabanEmail: saraban@culture.go.th
# when
mou:
  title: บันทึกความร่วมมือ
  number: 1/2568
  signedOn: 2025-02-03
  effectiveFrom: 2025-02-03
  effectiveTo: 2028-02-02
  mechanism: central
  signatories:
    # the ministry
    - party: mdes
      name: ก
      position: ปลัดกระทรวง
    - {party: agency, name: ข, position: ปลัดกระทรวง}   # the agency

users: {initial: 300, target: 400}
tenancy: {isolation: dedicated, environments: [prod]}
security:
  category: {c: moderate, i: moderate, a: low, reviewedOn: 2026-01-01}
  maxDataClass: confidential
systems:
  - name: e-office
    kind: e-office
    dataClass: confidential

    # when letters count as received
    eoffice:
      workCalendar: {holidays: [2026-08-12, 2026-12-05]}
identity: {}
legal:
  epa2565: {mode: applicable}
  pdpa: {role: controller}
contacts:
  - {role: technical, email: it@culture.go.th, phone: "+66-2-000-0000"}
# the end
"""


def test_an_untidy_file_becomes_tidy() -> None:
    assert fmt.formatted(UNTIDY, "f.yaml") == TIDY


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_examples_say_the_same_and_are_in_good_form_afterwards(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    made = fmt.formatted(text, path.name)
    assert manifest.loads(made) == manifest.load(path)
    assert fmt.formatted(made, path.name) == made
    assert sorted(_comments(made)) == sorted(_comments(text))


@pytest.mark.parametrize(
    "written",
    [
        "\ufeff" + TIDY,
        TIDY.replace("\n", "\r\n"),
        TIDY.replace("\n", "\r"),
        TIDY.replace("\n", " \n"),
        TIDY.rstrip("\n"),
        TIDY + "\n\n",
    ],
    ids=["byte order mark", "CRLF", "CR", "trailing spaces", "no end of line", "blank lines"],
)
def test_what_editors_leave_behind_is_evened_out(written: str) -> None:
    assert fmt.formatted(written, "f.yaml") == TIDY


@pytest.mark.parametrize("dash", ["-\n      # the ministry", "-   # the ministry"])
def test_a_lone_dash_joins_its_entry(dash: str) -> None:
    entry = f"    {dash}\n      name: ก\n      party: mdes\n      position: ปลัดกระทรวง\n"
    begin, end = TIDY.index("    # the ministry"), TIDY.index("    - {party: agency")
    made = fmt.formatted(TIDY[:begin] + entry + TIDY[end:], "f.yaml")
    assert made.count("# the ministry") == 1
    assert "\n    - party: mdes\n      " in made
    assert fmt.formatted(made, "f.yaml") == made


def test_groups_over_several_lines_keep_their_lines() -> None:
    text = TIDY.replace(
        "{c: moderate, i: moderate, a: low,", "{a: low,\n     c: moderate, i: moderate,"
    )
    assert "{c: moderate,\n     i: moderate, a: low," in fmt.formatted(text, "f.yaml")
    with_comment = text.replace("a: low,", "a: low,   # the least")
    assert "{a: low,   # the least\n     c: moderate," in fmt.formatted(with_comment, "f.yaml")


def test_a_tab_that_not_every_reader_takes_is_told_with_its_place() -> None:
    with pytest.raises(errors.InvalidInput) as caught:
        fmt.formatted(TIDY.replace("users: {", "users:\t{"), "f.yaml")
    (problem,) = caught.value.problems
    assert (problem.line, problem.remedy) == (34, "write spaces, not tabs")


def test_text_is_composed() -> None:
    apart = TIDY.replace("Ministry of Culture", "Cafe\u0301")
    assert "Caf\u00e9" in fmt.formatted(apart, "f.yaml")


def test_a_text_block_keeps_its_lines() -> None:
    text = TIDY.replace(
        "{mode: applicable}", "\n    mode: applicable\n    note: |-\n      a  \n      # b"
    )
    made = fmt.formatted(text, "f.yaml")
    assert manifest.loads(made).legal.epa2565.note == "a  \n# b"


def test_a_date_of_the_buddhist_era_is_an_error_with_the_gregorian_date() -> None:
    text = TIDY.replace("signedOn: 2025-02-03", 'signedOn: "2568-02-03"')
    with pytest.raises(errors.InvalidInput) as caught:
        fmt.formatted(text, "f.yaml")
    (problem,) = caught.value.problems
    assert problem.remedy == "write the Gregorian date 2025-02-03"
    assert fmt.formatted(text, "f.yaml", fix_dates=True) == TIDY


def test_an_older_version_stays_one_in_its_own_order() -> None:
    block = "eoffice: {retentionYears: 12, secrecy: [normal]}\n"
    old = TIDY.replace("v1alpha2", "v1alpha1").replace(
        "\n    # when letters count as received\n    eoffice:\n"
        "      workCalendar: {holidays: [2026-08-12, 2026-12-05]}\n",
        "",
    )
    made = fmt.formatted(block + old, "f.yaml")
    assert "\neoffice: {secrecy: [normal], retentionYears: 12}\nlegal:" in made


def test_what_would_lose_something_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fmt, "_edits", lambda text, *_: [_cut(text, "# the kind")])
    with pytest.raises(errors.OnboardError, match="would lose something"):
        fmt.formatted(UNTIDY, "f.yaml")
    monkeypatch.setattr(fmt, "_edits", lambda text, *_: [_cut(text, "300")])
    with pytest.raises(errors.OnboardError, match="would lose something"):
        fmt.formatted(UNTIDY, "f.yaml")


def _cut(text: str, word: str) -> convert_edit.Edit:
    return convert_edit.Edit(text.index(word), text.index(word) + len(word) - 1, "")


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(SOURCES), st.integers(0, 2**32))
def test_any_way_of_writing_it_keeps_meaning_and_comments(path: Path, seed: int) -> None:
    value = strict_yaml.load(path).value
    lines = _emitted(value, 0, _Writing(random.Random(seed)))  # noqa: S311
    text = "\n".join(["# heading", "", *lines])
    wanted = manifest.load(path)
    assert manifest.loads(text) == wanted
    made = fmt.formatted(text, "f.yaml")
    assert manifest.loads(made) == wanted
    assert fmt.formatted(made, "f.yaml") == made
    assert sorted(_comments(made)) == sorted(_comments(text))
    assert _strays(made) == _strays(text) == []


class _Writing:
    """Choices of somebody who writes YAML, and a number for each comment."""

    def __init__(self, choose: random.Random) -> None:
        self.choose = choose
        self.comments = 0

    def comment(self) -> str:
        self.comments += 1
        return f"# comment {self.comments}"

    def often(self, share: float) -> bool:
        return self.choose.random() < share


def _emitted(value: Any, column: int, by: _Writing, path: str = "") -> Iterator[str]:
    """``value`` as a block; comments name the key that they belong to."""
    margin = " " * column
    keys = list(value)
    by.choose.shuffle(keys)
    for key in keys:
        inner = value[key]
        if by.often(0.1):
            yield ""
        if by.often(0.15):
            yield f"{margin}{by.comment()} of {path}.{key}"
        behind = f"   {by.comment()} at {path}.{key}" if by.often(0.1) else ""
        if isinstance(inner, dict) and inner and by.often(0.6):
            yield f"{margin}{key}:{behind}"
            yield from _emitted(inner, column + by.choose.choice((2, 3, 4)), by, f"{path}.{key}")
        elif isinstance(inner, list) and inner and isinstance(inner[0], dict):
            yield f"{margin}{key}:{behind}"
            yield from _entries(inner, column + by.choose.choice((0, 2)), by, f"{path}.{key}")
        else:
            yield f"{margin}{key}: {json.dumps(inner, ensure_ascii=False)}{behind}"


def _entries(entries: list[Any], column: int, by: _Writing, path: str) -> Iterator[str]:
    margin = " " * column
    for index, entry in enumerate(entries):
        if by.often(0.1):
            yield f"{margin}{by.comment()} of {path}[{index}]"
        if by.often(0.5):
            yield f"{margin}- {json.dumps(entry, ensure_ascii=False)}"
            continue
        first, *rest = _emitted(entry, column + 2, by, f"{path}[{index}]")
        while not first.strip() or first.lstrip().startswith("#"):
            first, rest = rest[0], rest[1:]
        yield f"{margin}- {first.lstrip()}"
        yield from rest


def _comments(text: str) -> list[str]:
    return re.findall(r"#[^\n]*comment \d+|(?<=\s)#\s[^\n]*", text)


def _strays(text: str) -> list[str]:
    """Comments that no longer stand at what they name."""
    lines = text.splitlines()
    found = []
    for number, line in enumerate(lines):
        comment = re.search(r"# comment \d+ (of|at) (\S+)", line)
        if comment:
            below = (one for one in lines[number + 1 :] if one.strip() and one.strip()[0] != "#")
            bearing = line if comment[1] == "at" else next(below)
            key = comment[2].rpartition(".")[2]
            wanted = r"\s*- " if key.endswith("]") else rf"[\s-]*{key}:"
            if not re.match(wanted, bearing):
                found.append(line)
    return found
