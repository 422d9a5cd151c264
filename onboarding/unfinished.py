"""What earlier runs of a tenant began and are not known to have ended, by the journal alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from onboarding.state import interface

Unfinished = Mapping[str, Mapping[str, str]]
"""By the name of an engine that did not come to its end: since when (ISO 8601, UTC) each change,
by its reference as text, had been begun. What ended before the engine was cut off is among them:
an engine with a memory of its own may not remember it."""


def of(journal: Iterable[interface.Entry]) -> Unfinished:
    """Engines that were begun, and neither ended well nor by a later run."""
    cut_off: dict[str, dict[str, str]] = {}
    for entry in journal:
        engine = str(entry.details.get("engine", ""))
        if entry.event == "engine-begun":
            cut_off.setdefault(engine, {})
        elif entry.event == "change-begun" and engine in cut_off:
            cut_off[engine].setdefault(str(entry.details["ref"]), entry.at)
        elif entry.event == "engine-ended":
            cut_off.pop(engine, None)
        elif entry.event == "apply-ended":
            cut_off.clear()
    return cut_off
