"""Edits of a YAML file in place: what is not edited stays byte for byte, comments included.

The text must have passed `strict_yaml` before, so it has no aliases, tags or second documents.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Any, NamedTuple

import yaml

from onboarding import errors, strict_yaml
from onboarding.strict_yaml import KeyPath


class Edit(NamedTuple):
    """The characters from ``start`` up to ``end`` become ``text``."""

    start: int
    end: int
    text: str


def outline(text: str) -> yaml.Node:
    """The nodes of ``text``, each with its place. Raises ValueError for an empty text."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    node = yaml.compose(text, Loader=loader)
    if node is None:
        raise ValueError("an empty text has no nodes")
    return node


def edited(text: str, edits: Iterable[Edit]) -> str:
    """``text`` with ``edits``, which must not overlap; two at one place keep their order."""
    parts: list[str] = []
    done = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        parts += [text[done : edit.start], edit.text]
        done = edit.end
    return "".join([*parts, text[done:]])


def scalars(node: yaml.Node, path: KeyPath = ()) -> Iterator[tuple[KeyPath, yaml.ScalarNode]]:
    """Every value with its path; keys are no values."""
    if isinstance(node, yaml.ScalarNode):
        yield path, node
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from scalars(value, (*path, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from scalars(value, (*path, index))


def below(node: yaml.Node, *path: str | int) -> yaml.Node | None:
    """The node at ``path``; None where there is none."""
    for part in path:
        if isinstance(node, yaml.MappingNode):
            found = [value for key, value in node.value if key.value == part]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            found = node.value[part : part + 1]
        else:
            found = []
        if not found:
            return None
        node = found[0]
    return node


def replaced(node: yaml.ScalarNode, value: str | int) -> Edit:
    return Edit(node.start_mark.index, node.end_mark.index, written(value))


def added(text: str, mapping: yaml.MappingNode, key: str, value: str) -> Edit:
    """``key: value`` at the end of ``mapping``, which is not empty; ``value`` is YAML already."""
    end = _end(mapping.value[-1][1])
    if mapping.flow_style:
        return Edit(end, end, f", {key}: {value}")
    first = mapping.value[0][0].start_mark
    end = _line_end(text, end)
    space = "" if value.startswith(("\n", "\r")) else " "
    return Edit(end, end, f"{_break(text)}{' ' * first.column}{key}:{space}{value}")


def relisted(
    text: str, entries: yaml.SequenceNode, kept: Set[int], values: Sequence[str]
) -> Iterator[Edit]:
    """Of a list that is not empty the entries ``kept`` stay; ``values``, YAML each, follow them.

    The comment in the line of an entry that goes, goes with it; lines of comment stay.
    """
    nodes = entries.value
    last = max(kept, default=None)
    gone = [index for index in range(len(nodes)) if index not in kept]
    if entries.flow_style:
        first = min(kept, default=len(nodes))
        for index in gone:
            before_kept = index < first and index + 1 < len(nodes)
            begin = nodes[index].start_mark.index if index < first else _end(nodes[index - 1])
            end = nodes[index + 1].start_mark.index if before_kept else _end(nodes[index])
            yield Edit(begin, end, "")
        place = nodes[0].start_mark.index if last is None else _end(nodes[last])
        yield Edit(place, place, ", ".join(values) if last is None else _each(", ", values))
        return
    for index in gone:
        end = _line_end(text, _end(nodes[index])) + len(_break(text))
        yield Edit(_line_start(text, nodes[index].start_mark.index), end, "")
    lead = f"{' ' * entries.start_mark.column}- "
    if last is None:
        place = _line_start(text, nodes[0].start_mark.index)
        yield Edit(place, place, "".join(f"{lead}{value}{_break(text)}" for value in values))
    else:
        place = _line_end(text, _end(nodes[last]))
        yield Edit(place, place, _each(f"{_break(text)}{lead}", values))


def listed(text: str, mapping: yaml.MappingNode, values: Sequence[str]) -> str:
    """``values``, YAML each, as a new list below a key of ``mapping``."""
    if mapping.flow_style:
        return f"[{', '.join(values)}]"
    indent = " " * (mapping.value[0][0].start_mark.column + 2)
    return _each(f"{_break(text)}{indent}- ", values)


def _each(lead: str, values: Sequence[str]) -> str:
    return "".join(lead + value for value in values)


def group(values: Mapping[str, Any]) -> str:
    """A mapping in one line; a value may be a mapping again."""
    parts = (
        f"{key}: {group(value) if isinstance(value, Mapping) else written(value)}"
        for key, value in values.items()
    )
    return "{" + ", ".join(parts) + "}"


def written(value: str | int) -> str:
    """``value`` as YAML that may stand anywhere: plain where that reads back the same."""
    if not isinstance(value, str):
        return str(value)
    if value and not set(value) & set("{}[],:#"):
        try:
            read = strict_yaml.loads(f"- {{a: {value}}}\n- a: {value}", "value").value
            if read == [{"a": value}] * 2:
                return value
        except errors.InvalidInput:
            pass
    return json.dumps(value, ensure_ascii=False)


def _end(node: yaml.Node) -> int:
    """Where its last character ends; the mark of a block collection lies further on."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(node, yaml.MappingNode) else last
    end: int = node.end_mark.index
    return end


def _line_start(text: str, place: int) -> int:
    return max(text.rfind("\n", 0, place), text.rfind("\r", 0, place)) + 1


def _line_end(text: str, place: int) -> int:
    """Where the line of ``place`` ends, before its line break."""
    found = re.compile(r"\r?\n|\r|\Z").search(text, place)
    return found.start() if found else len(text)


def _break(text: str) -> str:
    """The line break that this file uses."""
    found = re.search(r"\r?\n|\r", text)
    return found[0] if found else "\n"
