"""What a field is there for: its law or source, who reads it, and what it drives.

``meaning.yaml`` is written by hand: texts in Thai, and the law of a field or block, which also
holds for what stands below it. ``effects.yaml`` is measured by ``make reference`` from
the controls and the desired items themselves, so it cannot claim what the code does not do.
Paths in both are dotted, without list marks: ``systems.eoffice.workCalendar``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from onboarding import strict_yaml

TEXTS = "manifest/meaning.yaml"
EFFECTS = "manifest/effects.yaml"


@dataclass(frozen=True, slots=True)
class Law:
    """A law, rule or other source, with its sections where they are known."""

    name_en: str
    name_th: str
    sections: str = ""

    def text(self, language: str) -> str:
        """``Personal Data Protection Act B.E. 2562, s.39``."""
        if language == "th":
            return f"{self.name_th} มาตรา {self.sections}" if self.sections else self.name_th
        return f"{self.name_en}, s.{self.sections}" if self.sections else self.name_en


@dataclass(frozen=True, slots=True)
class Meaning:
    """``controls`` are ids; ``drives`` names the kinds of objects by engine."""

    text_th: str = ""
    law: tuple[Law, ...] = ()
    controls: tuple[str, ...] = ()
    drives: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def of(path: str) -> Meaning:
    """The meaning of the field at ``path``; its law is that of the nearest block that names one."""
    own = texts()["fields"].get(path, {})
    measured = effects().get(path, {})
    drives = {engine: tuple(kinds) for engine, kinds in measured.get("drives", {}).items()}
    return Meaning(own.get("th", ""), _law(path), tuple(measured.get("controls", ())), drives)


def _law(path: str) -> tuple[Law, ...]:
    names = texts()["laws"]
    while path:
        named = texts()["fields"].get(path, {}).get("law")
        if named is not None:
            return tuple(
                Law(names[key]["en"], names[key]["th"], str(sections or ""))
                for key, sections in named.items()
            )
        path = path.rpartition(".")[0]
    return ()


def texts() -> Mapping[str, Any]:
    """``laws`` by key, and ``fields`` by path."""
    return strict_yaml.shipped(TEXTS)


def effects() -> Mapping[str, Any]:
    """``controls`` and ``drives`` by path."""
    return strict_yaml.shipped(EFFECTS)
