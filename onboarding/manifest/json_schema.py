"""The JSON Schema of the manifest, for editors: texts in English and Thai, closed, versioned.

It refuses less than ``onboard validate``, which also knows checksums, references and sums, and
never more: what the loader accepts, the schema accepts.
"""

from __future__ import annotations

from typing import Any

from onboarding.manifest import model, outline, versions

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_PLACE = "https://gdcc.go.th/schemas"
FILE_NAME = "agency-mou.schema.json"


def schema() -> dict[str, Any]:
    """JSON Schema 2020-12. Each title is bilingual, each description one paragraph a language."""
    made = model.AgencyMou.model_json_schema(by_alias=True)
    models = {"AgencyMou": made, **made["$defs"]}
    for block in models.values():
        # Of a block its field speaks, in both languages.
        block.pop("title", None)
        block.pop("description", None)
    for node in outline.everything():
        shown = models[node.owner]["properties"][node.key]
        shown.pop("titleEn", None)
        shown["title"] = f"{node.title_en} · {node.title_th}"
        shown["description"] = description(node)
        if shown.get("default", ...) is None:
            del shown["default"]
    # An older file in the form of the current version differs by this word only.
    made["properties"]["apiVersion"].pop("const", None)
    made["properties"]["apiVersion"]["enum"] = list(reversed(versions.KNOWN))
    version = versions.CURRENT.rpartition("/")[2]
    return {
        "$schema": DIALECT,
        "$id": f"{_PLACE}/{version}/{FILE_NAME}",
        "title": "AgencyMou · บันทึกข้อตกลงของหน่วยงาน",
        "description": f"Manifest of an agency's MOU, {versions.CURRENT}."
        f"\n\nข้อมูลตามบันทึกข้อตกลงของหน่วยงาน รุ่น {versions.CURRENT}",
        **made,
    }


def description(node: outline.Node) -> str:
    """What a field is, with its law, in English and then in Thai."""
    english = [_sentence(node.text_en or node.title_en)]
    thai = [node.text_th or node.title_th]
    if node.meaning.law:
        english.append("; ".join(law.text("en") for law in node.meaning.law) + ".")
        thai.append("; ".join(law.text("th") for law in node.meaning.law))
    return f"{' '.join(english)}\n\n{' · '.join(thai)}"


def modeline(place: str) -> str:
    """The line that tells a YAML language server which schema a file follows.

    ``place`` is the schema's file, relative to the manifest, or its address.
    """
    return f"# yaml-language-server: $schema={place}"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "…")) else ".")
