"""A manifest of an older version, rewritten in the current one; what it says stays the same."""

from __future__ import annotations

import io

import yaml

from onboarding import errors, strict_yaml
from onboarding.manifest import convert, convert_edit, reading, versions


def converted(text: str, name: str, wanted: str) -> convert.Conversion:
    """``text`` in the version ``wanted``, e.g. ``v1alpha2``.

    Raises errors.UsageError for a version that nothing is converted to, and errors.InvalidInput
    for a manifest that is not valid.
    """
    group = versions.CURRENT.partition("/")[0]
    if (wanted if "/" in wanted else f"{group}/{wanted}") != versions.CURRENT:
        raise errors.UsageError(
            f"manifests are not converted to {wanted!r}",
            resolution=f"Use --to {versions.CURRENT.rpartition('/')[2]}.",
        )
    before = reading.loads(text, name)
    document = strict_yaml.loads(text, name)
    old = str(document.value["apiVersion"])
    if old == versions.CURRENT:
        return convert.Conversion(text, ())
    changes = [_change(document, ("apiVersion",), "apiVersion", old, versions.CURRENT)]
    node = convert_edit.below(convert_edit.outline(text), "apiVersion")
    assert isinstance(node, yaml.ScalarNode)  # noqa: S101 - a valid manifest has it
    result = convert_edit.edited(text, [convert_edit.replaced(node, versions.CURRENT)])
    found = versions.moves(document.value)
    if found:
        result = _rearranged(result, found)
        for move in found:
            here, there = _dotted(move.old), _dotted(move.new)
            changes.append(_change(document, move.old, here, here, there))
    if reading.loads(result, f"{name} as converted") != before:
        raise errors.OnboardError(
            f"{name} would say something else in {versions.CURRENT}; nothing was written",
            resolution="Convert it by hand, and report this: it is a bug in onboard.",
        )
    return convert.Conversion(result, tuple(changes))


def _rearranged(text: str, found: tuple[versions.Move, ...]) -> str:
    """Groups moved with their comments; the file's indentation becomes the usual one."""
    from ruamel.yaml import YAML

    writer = YAML(typ="rt")
    writer.preserve_quotes = True
    writer.width = 2**16
    writer.indent(mapping=2, sequence=4, offset=2)
    value = writer.load(text)
    versions.carry_out(value, found)
    out = io.StringIO()
    writer.dump(value, out)
    return out.getvalue()


def _change(
    document: strict_yaml.Document, path: strict_yaml.KeyPath, field: str, before: str, after: str
) -> convert.Change:
    line, column = document.position(path)
    return convert.Change(line, column, field, before, after)


def _dotted(path: strict_yaml.KeyPath) -> str:
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).removeprefix(".")
