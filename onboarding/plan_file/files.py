"""Writing and reading plan files: private to their user, whole or not there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pydantic

from onboarding import errors, item, whole_file
from onboarding.plan_file import conversion, form, saved

_LARGEST = 64 * 2**20
"""Bytes; the plan of the largest agency has less than one MB."""


def write(path: Path, of: saved.Saved) -> None:
    """Put the file in place in one step, readable by its user only. Raises errors.UsageError."""
    text = item.canonical(conversion.document(of)) + "\n"
    try:
        whole_file.put(path, text)
    except OSError as failed:
        raise errors.UsageError(
            f"{path} cannot be written: {failed.strerror}",
            resolution="Name a file in a folder that exists and that you may write to.",
        ) from failed


def read(path: Path) -> saved.Saved:
    """The plan file at ``path``, its checksum and every digest recomputed.

    Raises errors.InvalidInput for what is no plan file, is damaged, or was changed by hand.
    """
    document = _parsed(path)
    try:
        formed = form.PlanForm.model_validate_json(json.dumps(document))
    except pydantic.ValidationError as wrong:
        problems = [
            errors.Problem(str(path), 0, 0, ".".join(map(str, one["loc"])), one["msg"])
            for one in wrong.errors(include_input=False, include_url=False)[:20]
        ]
        raise errors.InvalidInput(
            f"{path} is no sound plan file", problems, resolution=_AGAIN
        ) from None
    wrong_parts = _wrong(document, formed)
    if wrong_parts:
        problems = [errors.Problem(str(path), 0, 0, "", told) for told in wrong_parts]
        raise errors.InvalidInput(
            f"{path} was changed after it was written", problems, resolution=_AGAIN
        )
    return conversion.saved_of(formed)


_AGAIN = "Make the plan again: onboard plan FILE -o PLAN"


def refuse_another_in_place(path: Path) -> None:
    """A plan replaces a plan, and never a file of another kind. Raises errors.UsageError."""
    if not path.exists():
        return
    try:
        found = _document(path)
    except errors.InvalidInput:
        found = None
    if found is None:
        raise errors.UsageError(
            f"{path} is there already, and is no plan file", resolution="Name another file."
        )


def _parsed(path: Path) -> dict[str, Any]:
    document = _document(path)
    if document is None:
        raise errors.InvalidInput(
            f"{path} is no plan file",
            resolution="A plan file is made by: onboard plan FILE -o PLAN",
        )
    if document.get("apiVersion") != form.API_VERSION:
        raise errors.InvalidInput(
            f"{path} was written by another version of onboard",
            [errors.Problem(str(path), 0, 0, "apiVersion", f"expected {form.API_VERSION}")],
            resolution=_AGAIN,
        )
    return document


def _document(path: Path) -> dict[str, Any] | None:
    """What the file holds where it is a plan of any version, else nothing."""
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as failed:
        raise errors.InvalidInput(f"{path} cannot be read: {failed.strerror}") from failed
    try:
        document = json.loads(content) if len(content) <= _LARGEST else None
    except (ValueError, RecursionError):
        document = None
    return document if isinstance(document, dict) and document.get("kind") == "Plan" else None


def _wrong(document: dict[str, Any], formed: form.PlanForm) -> list[str]:
    """What does not fit its checksum or digest."""
    found = []
    if conversion.checksum(document) != formed.checksum:
        found.append("the checksum of the file does not fit its content")
    again = conversion.saved_of(formed)
    for part, written in zip(again.parts, formed.tenants, strict=True):
        if f"sha256:{part.digest}" != written.digest:
            found.append(f"{part.tenant_id}: the digest does not fit the changes")
        found += [
            f"{part.tenant_id}: the text of {name} does not fit its sha256"
            for name in conversion.unfit(part)
        ]
    if f"sha256:{again.digest}" != formed.digest:
        found.append("the digest does not fit the agencies' plans")
    return found
