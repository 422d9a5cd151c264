"""What is usual for a sort of agency, with its legal basis: one data file each."""

from __future__ import annotations

import difflib
import functools
from importlib import resources
from typing import Literal

from onboarding import errors, strict_yaml
from onboarding.manifest import agreement, duties, fields, systems

FOLDER = "manifest/template/presets"


class Basis(fields.Model):
    """Why a value of the preset is as it is; ``confirm`` where nobody confirmed the law."""

    rule: Literal["epa2565", "saraban", "pdpa", "dpo", "mechanism", "tenancy", "eligibility"]
    en: fields.Text
    th: fields.Text
    source: fields.Name
    confirm_en: fields.Text = ""
    confirm_th: fields.Text = ""


class Impact(fields.Model):
    """Usual impact levels by confidentiality, integrity and availability."""

    c: duties.Impact
    i: duties.Impact
    a: duties.Impact


class Preset(fields.Model):
    """Values that the file starts with; each can be changed there.

    ``needs``: answers without a default that only this sort of agency has.
    """

    order: int
    title_en: fields.Name
    title_th: fields.ThaiName
    branch: agreement.Branch
    mechanism: Literal["central", "regional"]
    isolation: Literal["dedicated", "pooled"]
    environments: tuple[systems.EnvironmentName, ...]
    needs: tuple[Literal["parent", "bodies"], ...]
    data_class: systems.DataClass
    impact: Impact
    epa_mode: Literal["applicable", "voluntary"]
    saraban: Literal["saraban-2526", "own-rule"]
    pdpa_role: Literal["controller", "joint"]
    exemption: duties.Exemption | None = None
    state_institution: bool = False
    basis: tuple[Basis, ...]

    def to_confirm(self, language: str, *agencies: str | None) -> tuple[str, ...]:
        """What a person has to confirm before this preset's law can be relied on.

        ``agencies``: the ids of the agency and the one above; whether the notification lists them
        is settled where it is known to.
        """
        settled = {"dpo"} if needs_officer(*agencies) else set()
        said = ((b.rule, b.confirm_th if language == "th" else b.confirm_en) for b in self.basis)
        return tuple(text for rule, text in said if text and rule not in settled)


@functools.cache
def presets() -> dict[str, Preset]:
    """Every preset by its name, in the order in which they are offered."""
    folder = resources.files("onboarding").joinpath(FOLDER)
    found = {
        entry.name.removesuffix(".yaml"): strict_yaml.validate(
            Preset, strict_yaml.loads(entry.read_text(encoding="utf-8"), entry.name)
        )
        for entry in folder.iterdir()
        if entry.name.endswith(".yaml")
    }
    return dict(sorted(found.items(), key=lambda pair: pair[1].order))


def get(name: str) -> Preset:
    """The preset of this name. Raises errors.InvalidInput, which names those there are."""
    known = presets()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        guess = f"Did you mean {near[0]!r}? " if near else ""
        raise errors.InvalidInput(
            f"there is no preset {name!r}",
            resolution=f"{guess}Use one of: {', '.join(known)}.",
        )
    return known[name]


def needs_officer(*agencies: str | None) -> bool:
    """Whether one of these ids is of a body that must have a data protection officer."""
    return not _bodies_with_officer().isdisjoint(agencies)


@functools.cache
def _bodies_with_officer() -> frozenset[str]:
    """PDPA s.41 and the notification of 2566, as the controls read it."""
    return frozenset(strict_yaml.shipped("policies/data/applicability.yaml")["dpoListed"])
