"""Hands that edit single objects of an agency through the systems' own interfaces.

Each shows an object as the system tells it, in the shape of the item's fields, and writes a changed
one back. What the system declines is ``Refused``, with its own words.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from typing import Any, Protocol

from onboarding import errors, item
from tests.integration.breaking import Refused

Json = dict[str, Any]
VOLATILE = ("managedFields", "resourceVersion", "generation", "creationTimestamp", "uid")
WHOLE = "a certificate is signed: it can only be replaced as a whole"


class Hand(Protocol):
    """One system, edited by hand."""

    def view(self, ref: item.Ref) -> Json | None: ...

    def write(self, ref: item.Ref, before: Json, after: Json) -> None: ...

    def delete(self, ref: item.Ref) -> None: ...

    def create(self, ref: item.Ref, like: Json) -> None:
        """An object with the marks and the shape of ``like`` under another name."""
        ...


@contextlib.contextmanager
def said() -> Iterator[None]:
    try:
        yield
    except errors.OnboardError as refused:
        raise Refused(" ".join([refused.message, *refused.details])[:300]) from refused


def steady(view: Json | None) -> Any:
    """What of a view tells whether the object is another one than before."""
    if view is None:
        return None
    left = copy.deepcopy({k: v for k, v in view.items() if k != "status"})
    for name in VOLATILE:
        left.get("metadata", {}).pop(name, None)
    # The deployment controller counts revisions whenever it gets to it.
    left.get("metadata", {}).get("annotations", {}).pop("deployment.kubernetes.io/revision", None)
    return left
