"""``onboard explain``: what a field of the manifest is, on the screen or as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from onboarding import errors
from onboarding.cli import console, options

if TYPE_CHECKING:
    from onboarding.manifest import outline

_WORDS = {
    "en": {
        "type": "type", "values": "values", "required": "required", "yes": "yes", "no": "no",
        "default": "default", "law": "law or source", "controls": "controls", "drives": "drives",
        "nothing": "no verdict changes with it", "nothing driven": "no object in the systems",
        "fields": "fields (* required)",
    },
    "th": {
        "type": "ชนิดข้อมูล", "values": "ค่าที่ใช้ได้", "required": "ต้องระบุ", "yes": "ใช่", "no": "ไม่",
        "default": "ค่าปริยาย", "law": "กฎหมายหรือที่มา", "controls": "มาตรการตรวจสอบ",
        "drives": "มีผลต่อ", "nothing": "ไม่มีมาตรการใดให้ผลต่างไปตามช่องนี้",
        "nothing driven": "ไม่มีวัตถุในระบบ", "fields": "ช่องข้อมูล (* ต้องระบุ)",
    },
}  # fmt: skip


def _paths(_ctx: click.Context, _param: click.Parameter, begun: str) -> list[str]:
    from onboarding.manifest import outline

    return [n.plain_path for n in outline.everything() if n.plain_path.startswith(begun)]


@click.command(
    epilog=options.examples(
        "onboard explain",
        "onboard explain mou.effectiveTo",
        "onboard explain systems.eoffice.workCalendar --language th",
        "onboard explain systems[0].kind --output json",
    ),
)
@click.argument("field", required=False, shell_complete=_paths)
@options.language_option
@options.output_option
def explain(field: str | None, language: str, output: str) -> int:
    """Explain a FIELD of the manifest; without one, show the fields at the top.

    FIELD is dotted, e.g. systems.eoffice.workCalendar; indexes such as [0] are ignored. Said are
    its names, type, values and law, which controls read it and which objects it drives. The last
    two are measured, not declared.
    """
    from onboarding.manifest import explain as explaining
    from onboarding.manifest import outline

    if field is None:
        if output == "json":
            described = [explaining.described(node) for node in outline.tree()]
            console.result_json([_with_titles(one) for one in described])
        else:
            console.result("\n".join(_listed(outline.tree(), language)))
        return errors.ExitCode.DONE
    node = explaining.find(field)
    if output == "json":
        console.result_json(_with_titles(explaining.described(node)))
    else:
        console.result("\n".join(_page(node, language)))
    return errors.ExitCode.DONE


def _page(node: outline.Node, language: str) -> Iterator[str]:
    from onboarding.manifest import explain as explaining

    words = _WORDS[language]
    yield node.path
    yield f"  {node.title_en} · {node.title_th}"
    text = node.text_th if language == "th" else node.text_en
    if text:
        yield f"  {text}"
    yield ""
    rows = {
        words["type"]: [explaining.type_of(node, language)],
        words["values"]: [explaining.values_of(node, language)],
        words["required"]: [words["yes" if node.required else "no"]],
        words["default"]: [explaining.default_of(node)],
        words["law"]: [law.text(language) for law in node.meaning.law],
        words["controls"]: _controls(node, language) or [words["nothing"]],
        words["drives"]: [
            f"{engine}: {', '.join(kinds)}" for engine, kinds in node.drives.items()
        ] or [words["nothing driven"]],
    }  # fmt: skip
    yield from _table([(name, line) for name, lines in rows.items() for line in lines if line])
    if node.children:
        yield ""
        yield f"  {words['fields']}"
        yield from _listed(node.children, language)


def _listed(nodes: tuple[outline.Node, ...], language: str) -> Iterator[str]:
    from onboarding.manifest import explain as explaining

    rows = []
    for node in nodes:
        title = node.title_th if language == "th" else node.title_en
        mark = "*" if node.required else ""
        rows.append((f"{node.key}{mark}", f"{title} ({explaining.type_of(node, language)})"))
    yield from _table(rows)


def _table(rows: list[tuple[str, str]]) -> Iterator[str]:
    """Two columns; a name that repeats is written once."""
    wide = max(_width(name) for name, _ in rows)
    before = ""
    for name, text in rows:
        shown = "" if name == before else name
        yield f"  {shown}{' ' * (wide - _width(shown))}  {text}"
        before = name


def _width(text: str) -> int:
    """Columns on a terminal: Thai vowels and tone marks above and below take none."""
    import unicodedata

    return sum(unicodedata.category(one) != "Mn" for one in text)


def _controls(node: outline.Node, language: str) -> list[str]:
    titles = _titles(language)
    return [f"{control}  {titles.get(control, '')}".rstrip() for control in node.controls]


def _with_titles(described: dict[str, Any]) -> dict[str, Any]:
    english, thai = _titles("en"), _titles("th")
    controls = [
        {"id": control, "title": {"en": english.get(control, ""), "th": thai.get(control, "")}}
        for control in described["controls"]
    ]
    return {**described, "controls": controls}


def _titles(language: str) -> dict[str, str]:
    from onboarding.policies import table

    return {c.id: c.title_th if language == "th" else c.title_en for c in table.CONTROLS}
