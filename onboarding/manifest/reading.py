"""Load and check one manifest; every mistake at once, each at its line."""

from __future__ import annotations

from pathlib import Path

from onboarding import errors, strict_yaml
from onboarding.manifest import checks, model, private, versions


def load(path: Path) -> model.AgencyMou:
    """The manifest in ``path``. Raises errors.InvalidInput."""
    return read(path)[0]


def read(path: Path) -> tuple[model.AgencyMou, strict_yaml.Document]:
    """As `load`, with the document, which knows the line of every value."""
    return _checked(strict_yaml.survey(path))


def loads(text: str, name: str = "manifest") -> model.AgencyMou:
    """The manifest in ``text``. Raises errors.InvalidInput."""
    return _checked(strict_yaml.survey_text(text, name))[0]


def _checked(written: strict_yaml.Document) -> tuple[model.AgencyMou, strict_yaml.Document]:
    _refuse_other_kinds(written)
    document, problems = versions.convert(written)
    problems = (*document.problems, *problems, *private.problems(document))
    checked = strict_yaml.check(model.AgencyMou, document)
    manifest = checked.value
    if manifest is None:
        manifest = strict_yaml.partly(model.AgencyMou, document, checked.faulty)
    problems = (*problems, *checked.problems, *_contradictions(manifest, document, checked.faulty))
    if problems:
        raise strict_yaml.invalid(document.name, problems, checked.more)
    return manifest, document


def _contradictions(
    manifest: model.AgencyMou, document: strict_yaml.Document, faulty: frozenset[str]
) -> list[errors.Problem]:
    """Between the sections that are well-shaped and stand in the file once."""
    doubtful = {str(path[0]) for path in document.doubtful}
    return [
        strict_yaml.problem(document, model.AgencyMou, *mistake)
        for mistake in checks.mistakes(manifest, faulty | doubtful)
    ]


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
