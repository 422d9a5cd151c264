"""Every field has its texts, its law and what it does; what it does is measured, not claimed."""

from __future__ import annotations

import re

import pydantic
import pytest

from onboarding import item, manifest
from onboarding.manifest import meaning, outline
from onboarding.policies import table
from tests import effects
from tests.unit.manifest import samples

NODES = tuple(outline.everything())
POOLED_ONLY = "tenancy.subTenants."


def test_every_field_has_a_law_or_says_that_none_asks_for_it() -> None:
    assert [node.path for node in NODES if not node.meaning.law] == []


def test_what_is_said_in_english_is_said_in_thai() -> None:
    missing = [node.path for node in NODES if node.text_en and not node.text_th]
    assert missing == [], "add `th` to onboarding/manifest/meaning.yaml"


def test_texts_are_of_fields_that_exist_and_laws_are_used() -> None:
    texts = meaning.texts()
    assert set(texts["fields"]) - {node.plain_path for node in NODES} == set()
    named = {key for entry in texts["fields"].values() for key in entry.get("law", {})}
    assert named == set(texts["laws"])
    assert all(re.search("[ก-๙]", law["th"]) for law in texts["laws"].values())


def test_the_sample_has_every_field() -> None:
    """What no sample has cannot be measured."""
    given = set()

    def walk(value: object, path: str = "") -> None:
        for entry in value if isinstance(value, tuple) else (value,):
            if isinstance(entry, pydantic.BaseModel):
                for name, info in type(entry).model_fields.items():
                    if getattr(entry, name) not in (None, ()):
                        here = f"{path}.{info.alias or name}".lstrip(".")
                        given.add(here)
                        walk(getattr(entry, name), here)

    walk(manifest.load(samples.EVERY_FIELD))
    walk(manifest.load(effects.POOLED))
    missing = {n.plain_path for n in NODES if not n.plain_path.startswith(POOLED_ONLY)} - given
    assert missing == set(), f"add them to {samples.EVERY_FIELD.name}"


@pytest.mark.slow
def test_what_fields_do_is_what_was_measured() -> None:
    assert effects.PLACE.read_text(encoding="utf-8") == effects.text(), (
        "refresh it with: make reference"
    )


def test_measured_controls_and_engines_exist() -> None:
    known = {control.id for control in table.CONTROLS}
    for node in NODES:
        assert set(node.meaning.controls) <= known
        assert set(node.meaning.drives) <= {engine.value for engine in item.EngineName}


def test_some_effects_that_are_sure() -> None:
    of = {node.plain_path: node.meaning for node in NODES}
    assert "MOU-004" in of["mou.effectiveTo"].controls
    assert "ResourceQuota" in of["users.initial"].drives["pulumi_stack"]
    assert of["systems.eoffice.retentionYears"].drives == {"ansible_playbooks": ("Settings",)}
    assert of["mou.signatories.name"].controls == ("MOU-002",)
