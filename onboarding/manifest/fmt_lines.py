"""Keys of a YAML file in a wished order and in even columns; a key takes its comments along.

A comment belongs to the key or entry below it; one that is indented deeper, or stands last, to the
group above it. The heading of the file stays where it is: all above its first key, or all above the
last blank line there. Only whole lines move and only their margins change, so all else is as it
was written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import yaml

from onboarding.manifest import convert_edit

Path = tuple[str, ...]
Order = Mapping[Path, Sequence[str]]
_STEP = 2


def arranged(text: str, order: Order) -> str:
    """``text``, whose lines end in a line feed, in even columns with its keys in order."""
    node = convert_edit.outline(text)
    lines = _stripped(text, node)
    if isinstance(node, yaml.MappingNode) and not node.flow_style:
        first = _below_heading(lines[: node.start_mark.line])
        parts = _Arranging(lines, order).group(node, (), first, len(lines), 0)
        lines = [*lines[:first], *_joined(parts, 0)]
    return "\n".join(lines).rstrip("\n") + "\n"


def rank(keys: Sequence[str]) -> Callable[[str], int]:
    """Where a key stands in the order; those that it does not name come last."""
    places = {key: place for place, key in enumerate(keys)}
    return lambda key: places.get(key, len(places))


class _Part(NamedTuple):
    """A key: the comments above it, and its lines. What stands last in a group has no lines."""

    key: str
    comments: list[str]
    lines: list[str]


class _Arranging:
    def __init__(self, lines: list[str], order: Order) -> None:
        self._lines = lines
        self._order = order

    def group(
        self, node: yaml.MappingNode, path: Path, first: int, end: int, column: int
    ) -> list[_Part]:
        """The lines ``first`` to ``end`` (not with it), whose keys come to ``column``."""
        old = node.start_mark.column
        at = [key.start_mark.line for key, _ in node.value]
        tail = self._lead(end, old)
        stops = [*(self._lead(line, old) for line in at[1:]), tail]
        begins = [first, *stops[:-1]]
        parts = []
        for (key, value), begin, line, stop in zip(node.value, begins, at, stops, strict=True):
            head = " " * column + self._lines[line][old:]
            below = self._below(value, (*path, key.value), range(line + 1, stop), column, old)
            parts.append(_Part(key.value, self._lines[begin:line], [head, *below]))
        wished = rank(self._order.get(path, ()))
        parts.sort(key=lambda part: wished(part.key))
        parts[0] = parts[0]._replace(comments=_without_blank_head(parts[0].comments))
        return [*parts, _Part("", self._lines[tail:end], [])]

    def _below(
        self, node: yaml.Node, path: Path, where: range, column: int, old: int
    ) -> Iterator[str]:
        """The lines of a value below the line of its key, which moves from ``old``."""
        inner = column + _STEP
        is_block = isinstance(node, yaml.CollectionNode) and not node.flow_style
        if is_block and isinstance(node, yaml.MappingNode):
            yield from _joined(self.group(node, path, where.start, where.stop, inner), inner)
        elif is_block and isinstance(node, yaml.SequenceNode):
            yield from self._entries(node, path, where, inner)
        else:
            yield from (_moved(self._lines[line], column - old) for line in where)

    def _entries(
        self, node: yaml.SequenceNode, path: Path, where: range, column: int
    ) -> Iterator[str]:
        old = node.start_mark.column
        dashes = [self._dash(entry.start_mark.line, old) for entry in node.value]
        tail = self._lead(where.stop, old)
        stops = [*(self._lead(line, old) for line in dashes[1:]), tail]
        begins = [where.start, *stops[:-1]]
        for entry, begin, dash, stop in zip(node.value, begins, dashes, stops, strict=True):
            comments = self._lines[begin:dash]
            yield from _at(column, _without_blank_head(comments) if dash == dashes[0] else comments)
            if isinstance(entry, yaml.MappingNode) and not entry.flow_style:
                yield from self._entry(entry, path, range(dash, stop), column, old)
            else:
                yield f"{' ' * column}- {self._lines[dash][old + 1 :].lstrip()}".rstrip()
                yield from (_moved(self._lines[n], column - old) for n in range(dash + 1, stop))
        yield from _at(column, self._lines[tail : where.stop])

    def _entry(
        self, node: yaml.MappingNode, path: Path, where: range, column: int, old: int
    ) -> Iterator[str]:
        """An entry that is a group: its dash stands before whichever key comes first."""
        first, inner = where.start, column + _STEP
        if node.start_mark.line > first:
            # A dash on a line of its own, maybe with a comment.
            yield from _at(column, [behind] if (behind := self._lines[first][old + 1 :]) else [])
            first += 1
        parts = self.group(node, path, first, where.stop, inner)
        yield from _at(column, parts[0].comments)
        yield f"{' ' * column}- {parts[0].lines[0].lstrip()}"
        yield from parts[0].lines[1:]
        yield from _joined(parts[1:], inner)

    def _lead(self, line: int, column: int) -> int:
        """The first of the lines above ``line`` that belong to it: comments and blank ones."""
        while line:
            above = self._lines[line - 1]
            text = above.lstrip()
            if text and (not text.startswith("#") or len(above) - len(text) > column):
                break
            line -= 1
        return line

    def _dash(self, line: int, column: int) -> int:
        """The line of the dash of an entry that begins on ``line`` or above."""
        while self._lines[line][: column + 1].strip() != "-":
            line -= 1
        return line


def _below_heading(lines: list[str]) -> int:
    blank = [number for number, line in enumerate(lines) if not line.strip()]
    return blank[-1] + 1 if blank else len(lines)


def _joined(parts: Sequence[_Part], column: int) -> Iterator[str]:
    for part in parts:
        yield from _at(column, part.comments)
        yield from part.lines


def _at(column: int, comments: Sequence[str]) -> Iterator[str]:
    return (f"{' ' * column}{line.lstrip()}" if line.strip() else "" for line in comments)


def _moved(line: str, columns: int) -> str:
    if not line.strip() or columns >= 0:
        return f"{' ' * columns}{line}" if line.strip() else line
    return line[min(-columns, len(line) - len(line.lstrip(" "))) :]


def _without_blank_head(lines: list[str]) -> list[str]:
    return lines[next((n for n, line in enumerate(lines) if line.strip()), len(lines)) :]


def _stripped(text: str, node: yaml.Node) -> list[str]:
    """The lines without trailing spaces, which are content in a text block only."""
    kept = {
        line
        for _, scalar in convert_edit.scalars(node)
        if scalar.style in ("|", ">")
        for line in range(scalar.start_mark.line, scalar.end_mark.line)
    }
    return [line if n in kept else line.rstrip() for n, line in enumerate(text.split("\n"))]
