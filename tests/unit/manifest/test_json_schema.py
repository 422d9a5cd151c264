"""The JSON Schema takes what the loader takes and refuses common mistakes, in both languages."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from onboarding import manifest, strict_yaml
from onboarding.manifest import json_schema, outline
from tests.unit.manifest import samples

VALIDATOR = jsonschema.Draft202012Validator
FILES = [*sorted(samples.EXAMPLES.glob("*.yaml")), samples.EVERY_FIELD]


@functools.cache
def validator() -> jsonschema.Draft202012Validator:
    return VALIDATOR(json_schema.schema(), format_checker=VALIDATOR.FORMAT_CHECKER)


def refused(value: Any) -> list[str]:
    return sorted(".".join(map(str, e.absolute_path)) for e in validator().iter_errors(value))


def test_it_is_a_schema_of_its_dialect_with_a_versioned_id() -> None:
    made = json_schema.schema()
    VALIDATOR.check_schema(made)
    assert made["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert made["$id"] == "https://gdcc.go.th/schemas/v1alpha2/agency-mou.schema.json"
    blocks = [made, *(made["$defs"][name] for name in made["$defs"])]
    assert all(block["additionalProperties"] is False for block in blocks if "properties" in block)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_example_is_accepted(path: Path) -> None:
    manifest.load(path)
    assert refused(strict_yaml.load(path).value) == []


@pytest.mark.parametrize(
    ("changes", "places"),
    [
        ({"apiVersion": "gdcc.go.th/v9"}, ["apiVersion"]),
        ({"agency__nameTh": "Culture"}, ["agency.nameTh"]),
        ({"agency__branch": "court"}, ["agency.branch"]),
        ({"agency__colour": "red"}, ["agency"]),
        ({"agency__letterCode": None}, ["agency"]),
        ({"metadata__id": "Moph"}, ["metadata.id"]),
        ({"mou__signedOn": "2568-02-03"}, ["mou.signedOn"]),
        ({"mou__signedOn": "2025-02-30"}, ["mou.signedOn"]),
        ({"users__initial": "300"}, ["users.initial"]),
        ({"users__initial": 0}, ["users.initial"]),
        ({"agency__provinceCode": "10"}, ["agency.provinceCode"]),
        ({"agency__domains": ["culture.com"]}, ["agency.domains.0"]),
        ({"identity__requiredAal": 4}, ["identity.requiredAal"]),
        ({"contacts": []}, ["contacts"]),
        ({"systems": "e-office"}, ["systems"]),
    ],
)
def test_common_mistakes_are_refused_at_their_place(
    changes: dict[str, Any], places: list[str]
) -> None:
    assert refused(strict_yaml.loads(samples.text(**changes), "f").value) == places


@pytest.mark.parametrize("ai", [False, None, {"maxLetterClass": "normal", "endpoint": "https://a"}])
def test_ai_may_be_off_or_fenced(ai: object) -> None:
    system = {"name": "e", "kind": "e-office", "dataClass": "internal", "features": {"ai": ai}}
    assert refused(strict_yaml.loads(samples.text(systems=[system]), "f").value) == []


def test_every_property_speaks_english_and_thai() -> None:
    made = json_schema.schema()
    models = {"AgencyMou": made, **made["$defs"]}
    for node in outline.everything():
        shown = models[node.owner]["properties"][node.key]
        english, thai = shown["description"].split("\n\n")
        assert shown["title"] == f"{node.title_en} · {node.title_th}"
        assert re.search("[a-z]", english), node.path
        assert re.search("[ก-๙]", thai) or "Health Link" in thai or "ThaID" in thai, node.path


def test_a_hover_over_a_field_says_what_it_is_and_its_law() -> None:
    shown = json_schema.schema()["$defs"]["EOffice"]["properties"]["workCalendar"]
    assert shown["title"] == "Working calendar · ปฏิทินวันทำการ"
    assert shown["description"] == (
        "Working time, which decides when a letter counts as received."
        " e-Performance Act B.E. 2565, s.10.\n\n"
        "เวลาทำการ ใช้ตัดสินว่าหนังสือถือว่าได้รับเมื่อใด"
        " · พระราชบัญญัติการปฏิบัติราชการทางอิเล็กทรอนิกส์ พ.ศ. 2565 มาตรา 10"
    )
