"""A table of bodies as a spreadsheet saves it: comma, semicolon or tab, UTF-8 or TIS-620."""

from __future__ import annotations

import csv
import difflib
import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onboarding import errors, strict_yaml
from onboarding.manifest import init_answers, systems, thai_numbers
from onboarding.strict_yaml import characters

MAX_BYTES = 4 * 1024 * 1024

# Column: the key of a body, then its headers without spaces, dots, hyphens and case.
_HEADERS = {
    "id": ("id", "bodyid", "รหัส", "รหัสหน่วยงาน", "รหัสหน่วยย่อย"),
    "nameTh": (
        "nameth", "name", "thainame", "ชื่อ", "ชื่อหน่วยงาน", "ชื่อหน่วยย่อย", "หน่วยงาน", "ชื่ออปท",
    ),
    "users": ("users", "จำนวนผู้ใช้", "จำนวนผู้ใช้งาน", "ผู้ใช้", "ผู้ใช้งาน"),
    "certificateName": ("certificatename", "ชื่อในใบรับรอง"),
    "ecms": ("ecms", "ecmscode", "departmentcode", "รหัสecms", "รหัสหน่วยงานecms"),
    "": ("no", "ลำดับ", "ลำดับที่", "ที่"),
}  # fmt: skip
_KEY_OF = {header: key for key, headers in _HEADERS.items() for header in headers}
_NEEDED = ("nameTh", "users")
_TOTALS = ("รวม", "รวมทั้งสิ้น", "รวมทั้งหมด", "ยอดรวม", "total", "sum")
_FORMULA = ("=", "+", "-", "@")
_SHOWN = "id, nameTh (ชื่อหน่วยงาน), users (จำนวนผู้ใช้), certificateName (ชื่อในใบรับรอง), ecms (รหัส e-CMS)"


@dataclass(frozen=True, slots=True)
class Row:
    """One body. ``number`` counts from 1 with the header; ``columns`` from 1 by key.

    ``id`` is empty where the table leaves it to the manifest, ``body`` holds the other keys as a
    manifest has them.
    """

    number: int
    columns: Mapping[str, int]
    id: str
    body: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.body["nameTh"])


def load(path: Path) -> tuple[Row, ...]:
    """The bodies of one file. Raises errors.InvalidInput with every bad cell as file:row:column."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as failed:
        reason = getattr(failed, "strerror", None) or str(failed)
        raise errors.InvalidInput(
            f"{path} cannot be read: {reason}", resolution="Check the path and rights."
        ) from failed
    if len(raw) > MAX_BYTES:
        raise errors.InvalidInput(
            f"{path} is larger than {MAX_BYTES // 1024} KiB",
            resolution="Name a table with a row for each body.",
        )
    return read(raw, str(path))


def read(raw: bytes, name: str) -> tuple[Row, ...]:
    """As `load`, from the bytes of a file; ``name`` stands for it in messages."""
    return _Table(name).read(_decoded(raw, name))


def _decoded(raw: bytes, name: str) -> str:
    """UTF-8 with or without its mark, else TIS-620 as Windows-874 extends it."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _unreadable(name, "is encoded in UTF-16")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        # A damaged UTF-8 file would read as Thai letters too, though as nonsense.
        damaged = raw.decode("utf-8", "replace")
        if len(re.findall("[\u0e00-\u0e7f]", damaged)) > damaged.count("\ufffd"):
            line = raw.count(b"\n", 0, wrong.start) + 1
            raise _unreadable(name, f"is not UTF-8 in line {line}") from None
    try:
        return raw.decode("cp874")
    except UnicodeDecodeError:
        raise _unreadable(name, "is neither UTF-8 nor TIS-620") from None


def _unreadable(name: str, message: str) -> errors.InvalidInput:
    return errors.InvalidInput(
        f"{name} {message}", resolution="Save the table as 'CSV UTF-8' in the spreadsheet."
    )


class _Table:
    """One reading: collects every problem before it raises."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._problems: list[errors.Problem] = []
        self._columns: dict[str, int] = {}
        self._unread: set[int] = set()

    def read(self, text: str) -> tuple[Row, ...]:
        # Not splitlines(): only a line end of a file ends a row, not any of Unicode's.
        lines = io.StringIO(text, newline="")
        first = lines.readline()
        lines.seek(0)
        delimiter = max(",;\t", key=lambda one: _recognised(first, one))
        rows: list[Row] = []
        header = True
        number = 0
        try:
            for number, cells in enumerate(csv.reader(lines, delimiter=delimiter, strict=True), 1):
                if not any(cell.strip() for cell in cells):
                    continue
                if header:
                    self._header(number, cells)
                    header = False
                elif (row := self._row(number, cells)) is not None:
                    rows.append(row)
                if len(rows) > init_answers.MOST_BODIES:
                    message = f"more than {init_answers.MOST_BODIES:,} bodies"
                    self._problem(number, 1, "", message, "split the programme")
                    break
        except csv.Error as wrong:
            self._problem(number + 1, 1, "", f"not a table: {wrong}", "check its quotes")
        self._refuse_repeated(rows)
        if not rows and not self._problems:
            self._problem(1, 1, "", "there is no body in it", f"columns are {_SHOWN}")
        self._raise()
        return tuple(rows)

    def _header(self, number: int, cells: Sequence[str]) -> None:
        for column, cell in enumerate(cells, 1):
            plain = _plain(cell)
            key = _KEY_OF.get(plain)
            if key is not None and key in self._columns:
                self._problem(number, column, key, "the column stands there twice", "delete one")
            elif key:
                self._columns[key] = column
            elif key == "":
                self._unread.add(column)
            elif plain:
                near = difflib.get_close_matches(plain, _KEY_OF, n=1)
                remedy = f"did you mean {near[0]!r}?" if near else "delete it;"
                said = f"unknown column {cell.strip()[:40]!r}"
                self._problem(number, column, "", said, f"{remedy} known: {_SHOWN}")
        for key in _NEEDED:
            if key not in self._columns:
                self._problem(number, 1, key, "this column is missing", f"columns are {_SHOWN}")
        # Without its columns no row can be told right or wrong.
        self._raise()

    def _row(self, number: int, cells: Sequence[str]) -> Row | None:
        before = len(self._problems)
        known = {*self._columns.values(), *self._unread}
        for column, cell in enumerate(cells, 1):
            if cell.strip() and column not in known:
                self._problem(number, column, "", "stands in a column without a name", "delete it")
        values = {
            key: self._cell(number, column, key, cells[column - 1] if column <= len(cells) else "")
            for key, column in self._columns.items()
        }
        if not values.get("id") and _plain(values["nameTh"]) in _TOTALS:
            column = self._columns["nameTh"]
            self._problem(number, column, "nameTh", "is a row of totals, no body", "delete the row")
        if len(self._problems) == before:
            body = _body(values)
            self._check(number, values.get("id", ""), body)
            if len(self._problems) == before:
                return Row(number, self._columns, values.get("id", ""), body)
        return None

    def _cell(self, number: int, column: int, key: str, cell: str) -> str:
        """The text of a cell in normal form, once it is text that a spreadsheet shows as such."""
        text = unicodedata.normalize("NFC", cell.strip())
        if text.startswith(_FORMULA):
            message = f"begins with {text[0]!r}, which a spreadsheet takes for a formula"
            self._problem(number, column, key, message, "write plain text")
        elif not text.isprintable():
            bad = next(one for one in text if not one.isprintable())
            message = f"holds the invisible character U+{ord(bad):04X}"
            self._problem(number, column, key, message, "type the text anew, in one line")
        else:
            for fault in characters.faults(text):
                self._problem(number, column, key, fault.message, fault.remedy)
        return text

    def _check(self, number: int, ident: str, body: Mapping[str, Any]) -> None:
        """By the rules of the manifest; a body without an id gets a good one later."""
        entry = strict_yaml.Document(name="", value={"id": ident or "x", **body}, text="")
        try:
            strict_yaml.validate(systems.SubTenant, entry)
        except errors.InvalidInput as wrong:
            for found in wrong.problems:
                key = re.split("[ .]", found.field)[0]
                # The ministry is the first two digits of the one code that the table has.
                if "ministryCode" not in found.field:
                    column = self._columns.get(key, 1)
                    self._problem(number, column, key, found.message, found.remedy)

    def _refuse_repeated(self, rows: Sequence[Row]) -> None:
        for key in ("id", "nameTh"):
            seen: dict[str, int] = {}
            for row in rows:
                value = row.id if key == "id" else row.name
                if value and value in seen:
                    message = f"{value!r} stands in row {seen[value]} already"
                    self._problem(row.number, row.columns[key], key, message, "delete one of them")
                seen.setdefault(value, row.number)

    def _problem(self, row: int, column: int, key: str, message: str, remedy: str) -> None:
        self._problems.append(errors.Problem(self._name, row, column, key, message, remedy))

    def _raise(self) -> None:
        if self._problems:
            self._problems.sort(key=lambda problem: (problem.line, problem.column))
            count = len(self._problems)
            raise errors.InvalidInput(
                f"{self._name} has {count} bad cell{'s' if count > 1 else ''} (row:column)",
                self._problems,
                resolution="Correct the table and run the command again.",
            )


def _body(values: Mapping[str, str]) -> dict[str, Any]:
    """Cells as the keys of a body; an empty cell says nothing."""
    body: dict[str, Any] = {"nameTh": values["nameTh"]}
    if values.get("certificateName"):
        body["certificateName"] = values["certificateName"]
    users = thai_numbers.whole(values["users"])
    body["users"] = values["users"] if users is None else users
    if values.get("ecms"):
        code = values["ecms"].translate(thai_numbers.DIGITS)
        body["ecms"] = {"ministryCode": code[:2], "departmentCode": code}
    return body


def _plain(header: str) -> str:
    return re.sub(r"[\s._()-]", "", unicodedata.normalize("NFC", header)).lower()


def _recognised(header: str, delimiter: str) -> int:
    return sum(_plain(cell.strip('"')) in _KEY_OF for cell in header.rstrip().split(delimiter))
