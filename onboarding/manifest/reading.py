"""Load and check one manifest; every mistake at once, each at its line."""

from __future__ import annotations

from pathlib import Path

from onboarding import errors, strict_yaml
from onboarding.manifest import checks, model

_FIX = "Correct the places above and run: onboard validate FILE"


def load(path: Path) -> model.AgencyMou:
    """The manifest in ``path``. Raises errors.InvalidInput."""
    return read(path)[0]


def read(path: Path) -> tuple[model.AgencyMou, strict_yaml.Document]:
    """As `load`, with the document, which knows the line of every value."""
    document = strict_yaml.load(path)
    return _checked(document), document


def loads(text: str, name: str = "manifest") -> model.AgencyMou:
    """The manifest in ``text``. Raises errors.InvalidInput."""
    return _checked(strict_yaml.loads(text, name))


def _checked(document: strict_yaml.Document) -> model.AgencyMou:
    _refuse_other_kinds(document)
    manifest = strict_yaml.validate(model.AgencyMou, document)
    problems = [
        strict_yaml.problem(document, model.AgencyMou, *mistake)
        for mistake in checks.mistakes(manifest)
    ]
    if problems:
        problems.sort(key=lambda problem: (problem.line, problem.column))
        raise errors.InvalidInput(f"{document.name} contradicts itself", problems, resolution=_FIX)
    return manifest


def _refuse_other_kinds(document: strict_yaml.Document) -> None:
    """One clear line instead of a page of unknown keys where the file is something else."""
    value = document.value
    path: strict_yaml.KeyPath = ()
    if not isinstance(value, dict):
        message = "is not a manifest: expected keys such as apiVersion and agency"
    elif value.get("kind") not in (None, "AgencyMou") and "agency" not in value:
        message = f"is not a manifest: kind is {str(value['kind'])[:40]!r}, not 'AgencyMou'"
        path = ("kind",)
    elif value.get("apiVersion") not in (None, model.API_VERSION):
        message = (
            f"apiVersion {str(value['apiVersion'])[:40]!r} is not known to this version;"
            f" known: {model.API_VERSION}"
        )
        path = ("apiVersion",)
    else:
        return
    raise errors.InvalidInput(
        f"{document.name} {message}",
        [strict_yaml.problem(document, model.AgencyMou, path, message)],
        resolution="Name a manifest file; start a new one with: onboard init",
    )
