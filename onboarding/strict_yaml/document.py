"""From a file or text to a Document: size, encoding, characters, then structure."""

from __future__ import annotations

import bisect
import itertools
import os
import stat
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from onboarding import errors
from onboarding.strict_yaml import characters, encoding, reader

MAX_BYTES = 1024 * 1024
"""A manifest with thousands of bodies has some hundred kilobytes."""

FIX = "Correct the places above and run the command again."


@dataclass(slots=True)
class Document:
    """One YAML file: ``value`` holds plain dicts, lists, text, numbers, booleans and None.

    ``moved`` says of parts of a value that was rearranged where they stand in the file.
    ``problems`` are what is wrong with its text and structure; see `survey`.
    """

    name: str
    value: Any
    text: str = field(repr=False)
    moved: Mapping[reader.KeyPath, reader.KeyPath] = field(default_factory=dict)
    problems: tuple[errors.Problem, ...] = ()
    doubtful: frozenset[reader.KeyPath] = frozenset()
    _positions: dict[reader.KeyPath, reader.Position] | None = field(default=None, repr=False)
    _in_order: list[tuple[reader.KeyPath, reader.Position]] = field(
        default_factory=list, repr=False
    )

    def position(self, path: reader.KeyPath) -> reader.Position:
        """Where ``path`` stands: its key, or the list entry; else its nearest parent.

        Positions are computed on the first call, so files without errors never pay for them.
        """
        path, places = self.written(path), self._places()
        while path and path not in places:
            path = path[:-1]
        return places.get(path, reader.Position(1, 1))

    def path_at(self, line: int, column: int) -> reader.KeyPath:
        """The innermost key or list entry that begins at the place or before it."""
        if not self._in_order:
            # They were found in this order.
            self._in_order = list(self._places().items())
        after = bisect.bisect(self._in_order, (line, column), key=lambda found: found[1])
        return self._in_order[after - 1][0] if after else ()

    def _places(self) -> dict[reader.KeyPath, reader.Position]:
        if self._positions is None:
            self._positions = reader.read(self.text, self.name, positions=True).positions
        return self._positions

    def written(self, path: reader.KeyPath) -> reader.KeyPath:
        """``path`` of the value as the file has it."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.moved:
                return self.moved[path[:end]] + path[end:]
        return path


def load(path: Path, *, max_bytes: int = MAX_BYTES) -> Document:
    """Read one file, at most ``max_bytes`` of it.

    Raises errors.InvalidInput where the file cannot be read or is not the YAML described above.
    """
    return _sound(survey(path, max_bytes=max_bytes))


def loads(text: str, name: str) -> Document:
    """Read YAML text; ``name`` stands for the file in messages. Raises errors.InvalidInput."""
    return _sound(survey_text(text, name))


def survey(path: Path, *, max_bytes: int = MAX_BYTES) -> Document:
    """As `load`, for a caller that has more to say of a file with problems.

    Those that leave the rest readable are in ``problems`` instead of raised: characters that
    must not be there, anchors, tags, and keys that stand twice (their paths are ``doubtful``).
    """
    return survey_text(encoding.decoded(_bytes(path, max_bytes), str(path)), str(path))


def survey_text(text: str, name: str) -> Document:
    """As `survey`, for text."""
    text = encoding.plain_lines(text)
    result = reader.read(text, name)
    faults = itertools.islice(_text_problems(text, name), reader.MAX_PROBLEMS)
    problems = [*result.problems, *faults]
    if not result.whole:
        raise invalid(name, problems)
    return Document(
        name=name,
        value=result.value,
        text=text,
        problems=tuple(problems),
        doubtful=frozenset(result.doubtful),
    )


def invalid(name: str, problems: Sequence[errors.Problem], more: int = 0) -> errors.InvalidInput:
    """The error that tells of ``problems``, at most `reader.MAX_PROBLEMS`, in the file's order.

    ``more`` counts those that are not among them.
    """
    found = sorted(problems, key=lambda problem: (problem.line, problem.column, problem.field))
    count = len(found) + more
    more = count - min(len(found), reader.MAX_PROBLEMS)
    if more:
        words = f"and {more:,} more problem{'s' if more > 1 else ''}"
        remedy = "correct these first, then run the command again"
        found[reader.MAX_PROBLEMS :] = [errors.Problem(name, 0, 0, "", words, remedy)]
    message = f"{name} has {count:,} mistake{'s' if count > 1 else ''}"
    return errors.InvalidInput(message, found, resolution=FIX)


def _sound(document: Document) -> Document:
    if document.problems:
        raise invalid(document.name, document.problems)
    return document


def _bytes(path: Path, max_bytes: int) -> bytes:
    name = str(path)
    too_large = _refusal(
        name,
        f"is larger than {max_bytes // 1024} KiB",
        "Keep one agency per file; a real manifest has a few kilobytes.",
    )
    try:
        # O_NONBLOCK: opening a named pipe that nobody writes to must not hang.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise _refusal(name, "is not a regular file", "Name a YAML file.")
            if status.st_size > max_bytes:
                raise too_large
            # As much as it says to have, and more only if that is wrong: most files are small.
            raw = stream.read(status.st_size + 1)
            if len(raw) > status.st_size:
                raw += stream.read(max_bytes + 1 - len(raw))
    except FileNotFoundError as error:
        raise _refusal(name, "does not exist", "Check the path.") from error
    except IsADirectoryError as error:
        raise _refusal(name, "is a folder, not a file", "Name a YAML file.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _refusal(name, f"cannot be read: {reason}", "Check the path and rights.") from error
    if len(raw) > max_bytes:
        raise too_large
    return raw


def _refusal(name: str, message: str, remedy: str) -> errors.InvalidInput:
    return errors.InvalidInput(
        f"{name} {message}", [errors.Problem(name, 0, 0, "", message)], resolution=remedy
    )


def _text_problems(text: str, name: str) -> Iterator[errors.Problem]:
    """Each sort of fault once a line, at its first place."""
    if characters.is_plain(text):
        return
    for number, line in enumerate(text.split("\n"), start=1):
        first: dict[str, characters.Fault] = {}
        times: Counter[str] = Counter()
        for fault in characters.faults(line):
            first.setdefault(fault.message, fault)
            times[fault.message] += 1
        for message, fault in first.items():
            again = f", {times[message]:,} times in this line" if times[message] > 1 else ""
            yield errors.Problem(name, number, fault.column, "", message + again, fault.remedy)
