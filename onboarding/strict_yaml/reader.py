"""One pass over the parser's events, without recursion: deep nesting costs nothing but the cap."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml

from onboarding import errors

KeyPath = tuple[str | int, ...]

MAX_DEPTH = 24
MAX_PROBLEMS = 100
MAX_PARTS = 100_000
"""Keys and values of one file; a programme of 5,000 bodies has some 40,000."""
_SHOWN = 60

_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})\Z")
_FLOAT = re.compile(
    r"(?=[^.eE]*[.eE])[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\Z",
    re.ASCII,
)
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")
# The complement of YAML's printable characters.
_NOT_PRINTABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}


class Position(NamedTuple):
    """Line and column, both counted from 1."""

    line: int
    column: int


@dataclass(slots=True)
class Result:
    """``positions`` is filled only when asked for."""

    value: Any = None
    problems: list[errors.Problem] = field(default_factory=list)
    positions: dict[KeyPath, Position] = field(default_factory=dict)


def shown(text: str) -> str:
    """``text`` quoted for a message, cut to a readable length."""
    return repr(text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…")


def read(text: str, name: str, *, positions: bool = False) -> Result:
    """Parse ``text``; what is wrong with its structure is in ``problems``, never raised."""
    reading = _Reading(name, positions)
    # libyaml where PyYAML was built with it: some ten times faster.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for event in yaml.parse(text, Loader=loader):
            reading.take(event)
    except _EndOfReadingError:
        pass
    except yaml.MarkedYAMLError as error:
        reading.syntax(error)
    except yaml.YAMLError as error:
        reading.unreadable(error, text)
    if not reading.begun and not reading.result.problems:
        reading.problem(None, "the file is empty", "start from: onboard init")
    return reading.result


class _EndOfReadingError(Exception):
    """Reading further makes no sense; the reason is already among the problems."""


@dataclass(slots=True)
class _Frame:
    """An open collection and the key its next value belongs to (None: a key must come)."""

    container: dict[str, Any] | list[Any]
    key: str | int | None = None


class _Reading:
    def __init__(self, name: str, positions: bool) -> None:
        self.result = Result()
        self.begun = False
        self._name = name
        self._want_positions = positions
        self._open: list[_Frame] = []
        self._parts = 0

    def take(self, event: Any) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            self._stop(event, f"more than {MAX_PARTS:,} keys and values", "split the file")
        if isinstance(event, yaml.ScalarEvent):
            self._refuse_hidden(event)
            if self._key_expected():
                self._key(event)
            else:
                self._place(self._resolved(event) if event.implicit[0] else event.value, event)
                self._value_done()
        elif isinstance(event, yaml.CollectionStartEvent):
            self._refuse_hidden(event)
            self._begin(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._open.pop()
            self._value_done()
        elif isinstance(event, yaml.AliasEvent):
            self._stop(event, f"alias *{event.anchor} is not allowed", "write the value out")
        elif isinstance(event, yaml.DocumentStartEvent) and self.begun:
            self._stop(event, "a second document begins here", "keep one document per file")

    def syntax(self, error: yaml.MarkedYAMLError) -> None:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        text = ", ".join(part for part in (error.problem, error.context) if part)
        remedy = "check indentation, quotes and brackets here and in the line above"
        if "'\\t'" in text:
            remedy = "indent with spaces, not tabs"
        self._add(line, column, "", f"not YAML: {text}", remedy)

    def unreadable(self, error: yaml.YAMLError, text: str) -> None:
        match = _NOT_PRINTABLE.search(text)
        if match is None:
            self._add(0, 0, "", f"not YAML: {str(error).splitlines()[0]}", "save it as UTF-8 text")
            return
        line = text.count("\n", 0, match.start()) + 1
        column = match.start() - text.rfind("\n", 0, match.start())
        self._add(line, column, "", f"control character U+{ord(match[0]):04X}", "delete it")

    def problem(self, event: Any, message: str, remedy: str, key: str = "") -> None:
        line, column = self._position(event) if event is not None else (0, 0)
        self._add(line, column, key, message, remedy)

    def _add(self, line: int, column: int, key: str, message: str, remedy: str) -> None:
        self.result.problems.append(errors.Problem(self._name, line, column, key, message, remedy))
        if len(self.result.problems) >= MAX_PROBLEMS:
            raise _EndOfReadingError

    def _stop(self, event: Any, message: str, remedy: str) -> None:
        self.problem(event, message, remedy)
        raise _EndOfReadingError

    def _refuse_hidden(self, event: Any) -> None:
        if event.anchor is not None:
            self._stop(event, f"anchor &{event.anchor} is not allowed", "write the value out")
        if event.tag is not None:
            self.problem(event, f"tag {shown(event.tag)} is not allowed", "remove the tag")

    def _key_expected(self) -> bool:
        return bool(self._open) and self._open[-1].key is None

    def _key(self, event: Any) -> None:
        frame = self._open[-1]
        key: str = event.value
        if event.implicit[0]:
            if key == "<<":
                self._stop(event, "merge key << is not allowed", "write the keys out")
            if not isinstance(self._resolved(event), str):
                self.problem(event, f"key {shown(key)} is not text", "put it in quotes")
        frame.key = key
        path = self._path()
        if key in frame.container:
            where = ".".join(map(str, path))
            self.problem(event, f"duplicate key {shown(key)}", "keep one of them", key=where)
        if self._want_positions:
            self.result.positions.setdefault(path, self._position(event))

    def _begin(self, event: Any) -> None:
        if self._key_expected():
            self._stop(event, "a key must be text, not a list or mapping", "use a plain name")
        if len(self._open) >= MAX_DEPTH:
            self._stop(event, f"nested deeper than {MAX_DEPTH} levels", "flatten the file")
        frame = _Frame({}) if isinstance(event, yaml.MappingStartEvent) else _Frame([], 0)
        self._place(frame.container, event)
        self._open.append(frame)

    def _place(self, value: Any, event: Any) -> None:
        self.begun = True
        if not self._open:
            self.result.value = value
        else:
            frame = self._open[-1]
            if isinstance(frame.container, dict):
                frame.container[str(frame.key)] = value
            else:
                frame.container.append(value)
        if self._want_positions:
            self.result.positions.setdefault(self._path(), self._position(event))

    def _value_done(self) -> None:
        if self._open:
            frame = self._open[-1]
            frame.key = None if isinstance(frame.container, dict) else len(frame.container)

    def _path(self) -> KeyPath:
        return tuple(frame.key for frame in self._open if frame.key is not None)

    @staticmethod
    def _position(event: Any) -> Position:
        return Position(event.start_mark.line + 1, event.start_mark.column + 1)

    def _resolved(self, event: Any) -> Any:
        text: str = event.value
        if text in _WORDS:
            return _WORDS[text]
        if text[0] not in "-+.0123456789":
            return text
        if _INT.match(text):
            return int(text)
        if _FLOAT.match(text) or _NOT_FINITE.match(text):
            # float() does not read YAML's ".inf"; the sign and dot are all that differ.
            number = float(text) if _FLOAT.match(text) else math.inf
            if not math.isfinite(number):
                self.problem(event, f"{shown(text)} is not a usable number", "write a finite one")
                return 0
            return number
        return text
