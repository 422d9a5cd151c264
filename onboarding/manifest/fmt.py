"""A manifest in good form: what it says, and every comment, stay; how it is written is evened out.

Text in NFC, lines ended by a line feed and without trailing spaces, even columns, dates without
quotes, keys in the order of the model with their comments. Lists keep their order.
"""

from __future__ import annotations

import functools
import io
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from onboarding import errors, strict_yaml
from onboarding.manifest import convert_dates, convert_edit, fmt_lines, outline, reading

Path = tuple[str, ...]


def formatted(text: str, name: str, *, fix_dates: bool = False) -> str:
    """``text`` of a valid manifest in good form; with ``fix_dates`` B.E. dates become Gregorian.

    Raises errors.InvalidInput for a manifest that is not valid, and errors.OnboardError where
    formatting would change what it says, which would be a bug.
    """
    plain = unicodedata.normalize("NFC", text.removeprefix("\ufeff"))
    plain = plain.replace("\r\n", "\n").replace("\r", "\n")
    if fix_dates:
        plain = convert_dates.converted(plain, name).text
    before, comments = reading.loads(plain, name), _comments(plain, name)
    edited = convert_edit.edited(plain, _edits(plain, convert_edit.outline(plain), ()))
    made = fmt_lines.arranged(edited, order())
    if not _says(made, before) or _comments(made, name) != comments:
        raise errors.OnboardError(
            f"{name} would lose something in good form; nothing was written",
            resolution="Leave it as it is, and report this: it is a bug in onboard.",
        )
    return made


def _says(text: str, wanted: Any) -> bool:
    try:
        return bool(reading.loads(text, "") == wanted)
    except errors.InvalidInput:
        return False


@functools.cache
def order() -> Mapping[Path, tuple[str, ...]]:
    """Keys of each block in the order of the model, by its path; also those of v1alpha1."""
    found = {_path(n): tuple(c.key for c in n.children) for n in outline.everything() if n.children}
    top = tuple(node.key for node in outline.tree())
    found[()] = (*top[: top.index("links")], "eoffice", *top[top.index("links") :])
    for path, keys in list(found.items()):
        if path[:2] == ("systems", "eoffice"):
            found[path[1:]] = (*keys, "ai") if len(path) == 2 else keys
    found["eoffice", "ai"] = found["systems", "features", "ai"]
    return found


@functools.cache
def _days() -> frozenset[Path]:
    found = {_path(n) for n in outline.everything() if n.shape.get("format") == "date"}
    return frozenset(found | {path[1:] for path in found if path[:2] == ("systems", "eoffice")})


def _path(node: outline.Node) -> Path:
    return tuple(node.plain_path.split("."))


def _edits(text: str, node: yaml.Node, path: Path) -> Iterator[convert_edit.Edit]:
    """What changes within lines: quotes of dates, and the order in groups in braces."""
    if isinstance(node, yaml.ScalarNode):
        if path in _days() and node.style in ('"', "'"):
            yield convert_edit.Edit(node.start_mark.index, node.end_mark.index, node.value)
    elif isinstance(node, yaml.SequenceNode):
        for entry in node.value:
            yield from _edits(text, entry, path)
    elif isinstance(node, yaml.MappingNode):
        if node.flow_style:
            start, end = node.start_mark.index, node.end_mark.index
            yield convert_edit.Edit(start, end, _in_order(text, node, path))
        else:
            for key, value in node.value:
                yield from _edits(text, value, (*path, key.value))


def _in_order(text: str, node: yaml.MappingNode, path: Path) -> str:
    """A group in braces with its keys in order; what stands between them keeps its place."""
    entries, between = [], []
    at = node.start_mark.index
    for key, value in node.value:
        start, end = key.start_mark.index, max(key.end_mark.index, value.end_mark.index)
        between.append(text[at:start])
        edits = [
            edit._replace(start=edit.start - start, end=edit.end - start)
            for edit in _edits(text, value, (*path, key.value))
        ]
        entries.append((key.value, convert_edit.edited(text[start:end], edits)))
        at = end
    if not any("#" in part for part in between):
        wished = fmt_lines.rank(order().get(path, ()))
        entries.sort(key=lambda entry: wished(entry[0]))
    written = "".join(gap + entry for gap, (_, entry) in zip(between, entries, strict=True))
    return written + text[at : node.end_mark.index]


def _comments(text: str, name: str) -> list[str]:
    """Every comment of ``text``, sorted, as a scanner sees it that keeps them.

    Raises errors.InvalidInput for the rare text that only other scanners read.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml import error as ruamel

    found: list[str] = []
    try:
        for token in YAML(typ="rt").scan(io.StringIO(text)):
            for comment in _flat(getattr(token, "_comment", None)):
                found += [line.strip() for line in comment.value.splitlines() if line.strip()]
    except ruamel.MarkedYAMLError as wrong:
        mark = wrong.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        message = str(wrong.problem)
        problem = errors.Problem(name, line, column, "", message, "write spaces, not tabs")
        raise strict_yaml.invalid(name, [problem]) from wrong
    return sorted(found)


def _flat(comments: Any) -> Iterator[Any]:
    for one in comments or ():
        if isinstance(one, list):
            yield from _flat(one)
        elif one is not None:
            yield one
