"""Load and check one manifest; every mistake at once, each at its line."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
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
    document, unconverted = versions.convert(written)
    hidden = private.problems(document)
    checked = strict_yaml.check(model.AgencyMou, document)
    manifest = checked.value
    if manifest is None:
        manifest = strict_yaml.partly(model.AgencyMou, document, checked.faulty)
    problems = (
        *(_placed(document, problem) for problem in document.problems),
        *unconverted,
        *hidden,
        *_others(checked.problems, hidden),
        *_contradictions(manifest, document, checked.faulty),
    )
    if problems:
        raise strict_yaml.invalid(document.name, problems, checked.more)
    return manifest, document


def _placed(document: strict_yaml.Document, problem: errors.Problem) -> errors.Problem:
    """A problem of the text or structure, with the field it stands in; a comment is in none."""
    line = document.text.split("\n", problem.line)[problem.line - 1]
    if "#" in line[: problem.column]:
        return problem
    doubtful = {".".join(map(str, path)): path for path in document.doubtful}
    path = doubtful.get(problem.field) or document.path_at(problem.line, problem.column)
    field = strict_yaml.field_name(model.AgencyMou, path)
    return dataclasses.replace(problem, field=field)


def _others(
    problems: Iterable[errors.Problem], told: Iterable[errors.Problem]
) -> list[errors.Problem]:
    """``problems`` without those at places that are told of already."""
    places = {(problem.line, problem.column, problem.field) for problem in told}
    return [one for one in problems if (one.line, one.column, one.field) not in places]


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
        got = f"a list of {len(value)}" if isinstance(value, list) else _shown(value)
        message = f"is not a manifest: expected keys such as apiVersion and agency, got {got}"
    elif not value.keys() & {"apiVersion", "kind", "agency"}:
        message = f"is not a manifest: has no key apiVersion, kind or agency, got {_keys(value)}"
    elif value.get("kind") not in (None, "AgencyMou") and "agency" not in value:
        message = f"is not a manifest: expected kind AgencyMou, got {_shown(value['kind'])}"
        path = ("kind",)
    else:
        return
    remedy = "name a manifest; to start one: onboard init"
    problem = strict_yaml.problem(document, model.AgencyMou, path, message, remedy)
    raise strict_yaml.invalid(document.name, (*document.problems, problem))


def _keys(value: dict[str, object]) -> str:
    return ", ".join(strict_yaml.shown(key) for key in list(value)[:5]) or "no key at all"


def _shown(value: object) -> str:
    """A value for a message."""
    return "nothing" if value is None else strict_yaml.shown(str(value))
