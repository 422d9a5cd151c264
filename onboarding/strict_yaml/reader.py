"""One pass over the parser's events, without recursion: deep nesting costs nothing but the cap."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml

from onboarding import errors
from onboarding.strict_yaml import private, syntax

KeyPath = tuple[str | int, ...]

MAX_DEPTH = 24
MAX_PROBLEMS = 100
MAX_PARTS = 80_000
"""Keys and values of one file; a programme of 8,000 bodies has some 70,000."""

_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})\Z")
_FLOAT = re.compile(
    r"(?=[^.eE]*[.eE])[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\Z",
    re.ASCII,
)
# Line ends to the parser, in YAML 1.1; characters of a line to editors and to YAML 1.2.
_SEPARATORS = re.compile("[\x85\u2028\u2029]")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")
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


# What a plain scalar begins with that is not text ("" is the empty one).
_MAY_BE_OTHER = frozenset(["", *"-+.0123456789~nNtTfF"])


class Position(NamedTuple):
    """Line and column, both counted from 1."""

    line: int
    column: int


@dataclass(slots=True)
class Result:
    """``positions`` is filled only when asked for.

    ``whole``: everything in the file is in ``value``, so what is missing there is missing.
    ``doubtful``: paths whose key is not text or stands there twice, or whose value is unusable.
    """

    value: Any = None
    problems: list[errors.Problem] = field(default_factory=list)
    whole: bool = True
    doubtful: set[KeyPath] = field(default_factory=set)
    positions: dict[KeyPath, Position] = field(default_factory=dict)


def read(text: str, name: str, *, positions: bool = False) -> Result:
    """Parse ``text``; what is wrong with its structure is in ``problems``, never raised."""
    reading = _Reading(name, positions)
    refusal = syntax.before_parsing(text)
    if refusal is not None:
        reading.broken(refusal)
        return reading.result
    # libyaml where PyYAML was built with it: some ten times faster.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(_SEPARATORS.sub(" ", text))
    try:
        event = loader.get_event()
        while event is not None:
            reading.take(event)
            event = loader.get_event()
    except _EndOfReadingError:
        reading.result.whole = False
    except yaml.YAMLError as error:
        reading.broken(syntax.explained(error, text))
    finally:
        loader.dispose()
    if not reading.begun and not reading.result.problems:
        reading.broken(syntax.Broken(1, 1, "the file is empty", "start from: onboard init"))
    return reading.result


class _EndOfReadingError(Exception):
    """Reading further makes no sense; the reason is already among the problems."""


class _Reading:
    """``_container`` is the innermost open collection, ``_key`` the place of its next value.

    ``_key`` is None where a mapping's next key must come; the open collections around it wait
    in ``_outer``.
    """

    __slots__ = (
        "_container", "_key", "_name", "_outer", "_parts", "_want_positions", "begun", "result",
    )  # fmt: skip

    def __init__(self, name: str, positions: bool) -> None:
        self.result = Result()
        self.begun = False
        self._name = name
        self._want_positions = positions
        self._container: dict[Any, Any] | list[Any] | None = None
        self._key: str | int | None = None
        self._outer: list[tuple[dict[Any, Any] | list[Any] | None, str | int | None]] = []
        self._parts = 0

    def take(self, event: Any) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            self._stop(event, f"more than {MAX_PARTS:,} keys and values", "split the file")
        kind = type(event)
        if kind is yaml.ScalarEvent:
            self._take_scalar(event)
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            self._container, self._key = self._outer.pop()
            self._value_done()
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            self._begin(event)
        elif kind is yaml.AliasEvent:
            self._take_alias(event)
        elif kind is yaml.DocumentStartEvent and self.begun:
            self._stop(event, "a second document begins here", "keep one document per file")

    def _take_scalar(self, event: Any) -> None:
        tag = event.tag
        if tag is not None or event.anchor is not None:
            self._refuse_hidden(event)
        if self._key is None and self._container is not None:
            self._take_key(event)
            return
        text: str = event.value
        # A tag is refused; the value is read as if it were not there.
        plain = event.implicit[0] or (tag is not None and not event.style)
        other = plain and text[:1] in _MAY_BE_OTHER
        self._place(_resolved(self, event) if other else text, event)

    def broken(self, refusal: syntax.Broken) -> None:
        self.result.whole = False
        self.result.problems.append(
            errors.Problem(
                self._name, refusal.line, refusal.column, "", refusal.message, refusal.remedy
            )
        )

    def problem(self, event: Any, message: str, remedy: str, key: str = "") -> None:
        line, column = _position(event)
        self.result.problems.append(errors.Problem(self._name, line, column, key, message, remedy))
        if len(self.result.problems) >= MAX_PROBLEMS:
            raise _EndOfReadingError

    def doubt(self) -> None:
        """What stands here is told of already."""
        self.result.doubtful.add(self._path())

    def _stop(self, event: Any, message: str, remedy: str) -> None:
        self.problem(event, message, remedy)
        raise _EndOfReadingError

    def _refuse_hidden(self, event: Any) -> None:
        if event.anchor is not None:
            name = private.shown(f"&{event.anchor}")
            remedy = "remove it, and write the value out wherever it is meant"
            self.problem(event, f"anchor {name} is not allowed", remedy)
        if event.tag is not None:
            self.problem(
                event, f"tag {private.shown(_tag(event.tag))} is not allowed", "remove the tag"
            )

    def _take_alias(self, event: Any) -> None:
        """An alias is never followed, so a bomb of them holds nothing."""
        self.result.whole = False
        name = private.shown(f"*{event.anchor}")
        self.problem(event, f"alias {name} is not allowed", "write the value out")
        if self._key is None and self._container is not None:
            self._stop(event, "a key must be text, not an alias", "use a plain name")
        self._place(None, event)

    def _take_key(self, event: Any) -> None:
        container = self._container
        assert isinstance(container, dict)  # noqa: S101 - lists always have a place
        key: str = event.value
        self._key = key
        if event.implicit[0]:
            if key == "<<":
                self.result.whole = False
                self.problem(event, "merge key << is not allowed", "write the keys out")
            elif key[:1] in _MAY_BE_OTHER and not isinstance(_resolved(self, event), str):
                self.doubt()
                self.problem(event, f"key {private.shown(key)} is not text", "put it in quotes")
        if key in container:
            self._refuse_repeated(event)
        if self._want_positions:
            self.result.positions.setdefault(self._path(), _position(event))

    def _refuse_repeated(self, event: Any) -> None:
        self.doubt()
        where = ".".join(map(str, self._path()))
        message = f"duplicate key {private.shown(event.value)}"
        self.problem(event, message, "keep one of them", "" if private.found(where) else where)

    def _begin(self, event: Any) -> None:
        self._refuse_hidden(event)
        if self._key is None and self._container is not None:
            self._stop(event, "a key must be text, not a list or mapping", "use a plain name")
        if len(self._outer) >= MAX_DEPTH:
            self._stop(event, f"nested deeper than {MAX_DEPTH} levels", "flatten the file")
        inner: dict[Any, Any] | list[Any] = {}
        place: int | None = None
        if isinstance(event, yaml.SequenceStartEvent):
            inner, place = [], 0
        self._put(inner, event)
        self._outer.append((self._container, self._key))
        self._container, self._key = inner, place

    def _place(self, value: Any, event: Any) -> None:
        self._put(value, event)
        self._value_done()

    def _put(self, value: Any, event: Any) -> None:
        container = self._container
        if container is None:
            self.begun = True
            self.result.value = value
        elif isinstance(container, dict):
            container[self._key] = value
        else:
            container.append(value)
        if self._want_positions:
            self.result.positions.setdefault(self._path(), _position(event))

    def _value_done(self) -> None:
        self._key = len(self._container) if isinstance(self._container, list) else None

    def _path(self) -> KeyPath:
        outer = [key for _, key in self._outer if key is not None]
        return (*outer, self._key) if self._key is not None else tuple(outer)


def _tag(tag: str) -> str:
    """As it was written: the parser spells ``!!`` out."""
    return tag.replace("tag:yaml.org,2002:", "!!", 1)


def _position(event: Any) -> Position:
    return Position(event.start_mark.line + 1, event.start_mark.column + 1)


def _resolved(reading: _Reading, event: Any) -> Any:
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
            reading.doubt()
            reading.problem(
                event, f"{private.shown(text)} is not a usable number", "write a finite one"
            )
            return 0
        return number
    return text
