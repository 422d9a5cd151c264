"""Load and check one manifest; every mistake at once, each at its line."""

from __future__ import annotations

from pathlib import Path

from onboarding import errors, strict_yaml
from onboarding.manifest import checks, model, versions

_FIX = "Correct the places above and run: onboard validate FILE"


def load(path: Path) -> model.AgencyMou:
    """The manifest in ``path``. Raises errors.InvalidInput."""
    return read(path)[0]


def read(path: Path) -> tuple[model.AgencyMou, strict_yaml.Document]:
    """As `load`, with the document, which knows the line of every value."""
    return _checked(strict_yaml.load(path))


def loads(text: str, name: str = "manifest") -> model.AgencyMou:
    """The manifest in ``text``. Raises errors.InvalidInput."""
    return _checked(strict_yaml.loads(text, name))[0]


def _checked(written: strict_yaml.Document) -> tuple[model.AgencyMou, strict_yaml.Document]:
    _refuse_other_kinds(written)
    document, problems = versions.convert(written)
    manifest = _shaped(document, problems)
    contradictions = [
        strict_yaml.problem(document, model.AgencyMou, *mistake)
        for mistake in checks.mistakes(manifest)
    ]
    if contradictions:
        contradictions.sort(key=lambda problem: (problem.line, problem.column))
        raise errors.InvalidInput(
            f"{document.name} contradicts itself", contradictions, resolution=_FIX
        )
    return manifest, document


def _shaped(
    document: strict_yaml.Document, problems: tuple[errors.Problem, ...]
) -> model.AgencyMou:
    """The model of ``document``, refused together with what could not be converted."""
    try:
        manifest = strict_yaml.validate(model.AgencyMou, document)
    except errors.InvalidInput as invalid:
        if not problems:
            raise
        problems = (*problems, *invalid.problems)
    if not problems:
        return manifest
    found = sorted(problems, key=lambda problem: (problem.line, problem.column))
    count = f"{len(found)} mistake{'s' if len(found) > 1 else ''}"
    raise errors.InvalidInput(f"{document.name} has {count}", found, resolution=_FIX)


def _refuse_other_kinds(document: strict_yaml.Document) -> None:
    """One clear line instead of a page of unknown keys where the file is something else."""
    value = document.value
    path: strict_yaml.KeyPath = ()
    if not isinstance(value, dict):
        message = "is not a manifest: expected keys such as apiVersion and agency"
    elif value.get("kind") not in (None, "AgencyMou") and "agency" not in value:
        message = f"is not a manifest: kind is {str(value['kind'])[:40]!r}, not 'AgencyMou'"
        path = ("kind",)
    else:
        return
    raise errors.InvalidInput(
        f"{document.name} {message}",
        [strict_yaml.problem(document, model.AgencyMou, path, message)],
        resolution="Name a manifest file; start a new one with: onboard init",
    )
