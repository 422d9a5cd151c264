"""The products there are an adapter for."""

from __future__ import annotations

from onboarding import errors
from onboarding.products import contract

NAMES = ("mayan-edms",)


def get(name: str) -> contract.Adapter:
    """The adapter of a product. Raises ``errors.UsageError`` where there is none."""
    if name == "mayan-edms":
        from onboarding.products import mayan

        return mayan.Mayan()
    raise errors.UsageError(
        f"there is no adapter for the e-Office product {name!r}",
        details=[f"known: {', '.join(NAMES)}"],
        resolution="Name one of these as eOffice.product in the environment file.",
    )
