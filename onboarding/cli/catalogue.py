"""``onboard catalogue``: what a manifest may ask for, from the entries that provision it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from onboarding import catalogue as offers
from onboarding import errors
from onboarding.cli import console, options

if TYPE_CHECKING:
    from onboarding.manifest import outline

_WORDS = {
    "en": {
        "systems": "Systems", "links": "Links between agencies", "services": "Shared services",
        "populations": "Populations", "options": "Options", "provisions": "Provisions",
        "controls": "Controls", "sizing": "Sized by", "authorities": "Authorities",
        "within": "within {} hours", "required": "* required",
    },
    "th": {
        "systems": "ระบบงาน", "links": "การเชื่อมโยงระหว่างหน่วยงาน", "services": "บริการร่วม",
        "populations": "กลุ่มผู้ใช้", "options": "ตัวเลือก", "provisions": "สิ่งที่จัดสรร",
        "controls": "มาตรการตรวจสอบ", "sizing": "กำหนดขนาดจาก", "authorities": "หน่วยงานกำกับ",
        "within": "ภายใน {} ชั่วโมง", "required": "* ต้องระบุ",
    },
}  # fmt: skip


def _kinds() -> dict[str, tuple[str, offers.Offer]]:
    """Every kind with its section of the manifest."""
    return {o.kind: (part, o) for part, found in offers.everything().items() for o in found}


def _complete(_ctx: click.Context, _param: click.Parameter, begun: str) -> list[str]:
    return [kind for kind in _kinds() if kind.startswith(begun)]


@click.command(
    epilog=options.examples(
        "onboard catalogue",
        "onboard catalogue iot-telemetry",
        "onboard catalogue restricted --language th",
        "onboard catalogue --output json",
    ),
)
@click.argument("system", required=False, shell_complete=_complete)
@options.language_option
@options.output_option
def catalogue(system: str | None, language: str, output: str) -> int:
    """List what a manifest may ask for: systems, links, services, populations.

    With SYSTEM (a kind of any of them): its options, what is provisioned for it in each engine,
    the controls about it, and what its size follows from.
    """
    known = _kinds()
    if system is not None and system not in known:
        near = difflib.get_close_matches(system, known, n=1)
        raise errors.UsageError(
            f"the catalogue has no {system!r}" + (f"; did you mean {near[0]!r}?" if near else ""),
            resolution="See all of it with: onboard catalogue",
        )
    chosen = known if system is None else {system: known[system]}
    if output == "json":
        shown = [_as_json(part, offer) for part, offer in chosen.values()]
        console.result_json(shown if system is None else shown[0])
    elif system is None:
        console.result("\n".join(_table(language)))
    else:
        console.result("\n".join(_page(*known[system], language)))
    return errors.ExitCode.DONE


def _table(language: str) -> Iterator[str]:
    from onboarding.desired import reference

    words = _WORDS[language]
    width = max(len(kind) for kind in _kinds())
    for part, found in offers.everything().items():
        yield words[part]
        for offer in found:
            title = offer.title_th if language == "th" else offer.title_en
            summary = offer.summary_th if language == "th" else offer.summary_en
            yield f"  {offer.kind:<{width}}  {title}"
            yield f"  {'':<{width}}  {summary}"
        yield ""
    yield words["authorities"]
    for one in reference.authorities():
        name, told = (one.name_th, one.told_th) if language == "th" else (one.name_en, one.told_en)
        limit = f", {words['within'].format(one.hours)}" if one.hours else ""
        yield f"  {one.id:<{width}}  {name}"
        yield f"  {'':<{width}}  {told}{limit}"


def _page(part: str, offer: offers.Offer, language: str) -> Iterator[str]:
    words, thai = _WORDS[language], language == "th"
    yield f"{offer.kind}: {offer.title_en} · {offer.title_th}"
    yield f"  {offer.summary_th if thai else offer.summary_en}"
    yield ""
    fields = list(_fields(part, offer))
    marked = any(needed for _, needed in fields)
    yield words["options"] + (f" ({words['required']})" if marked else "")
    yield from _option_lines(fields, language)
    yield ""
    yield words["provisions"]
    yield from (f"  {said.th if thai else said.en}" for said in offer.provisions)
    yield ""
    yield words["controls"]
    titles = _titles()
    for control in offer.controls:
        yield f"  {control}  {titles[control][language]}"
    if offer.sizing:
        yield ""
        yield words["sizing"]
        yield f"  {offer.sizing.th if thai else offer.sizing.en}"


def _fields(part: str, offer: offers.Offer) -> Iterator[tuple[outline.Node, bool]]:
    """The fields of the manifest that this kind has, and whether it must have them."""
    from onboarding.manifest import outline

    section = next(node for node in outline.tree() if node.key == part)
    own = {option.key: option.required for option in offer.options}
    for node in section.children:
        if node.key in own:
            yield node, own[node.key]
            yield from ((inner, inner.required) for part in node.children for inner in part.below())


def _option_lines(fields: list[tuple[outline.Node, bool]], language: str) -> Iterator[str]:
    from onboarding.manifest import explain

    paths = [node.path + ("*" if needed else "") for node, needed in fields]
    width = max(len(path) for path in paths)
    for path, (node, _) in zip(paths, fields, strict=True):
        title = node.title_th if language == "th" else node.title_en
        about = (explain.type_of(node, language), explain.values_of(node, language))
        yield f"  {path:<{width}}  {title} ({'; '.join(filter(None, about))})"


def _titles() -> dict[str, dict[str, str]]:
    from onboarding.policies import table

    return {c.id: {"en": c.title_en, "th": c.title_th} for c in table.CONTROLS}


def _both(said: offers.Words | None) -> dict[str, str] | None:
    return {"en": said.en, "th": said.th} if said else None


def _as_json(part: str, offer: offers.Offer) -> dict[str, Any]:
    from onboarding.manifest import explain

    titles = _titles()
    return {
        "section": part,
        "kind": offer.kind,
        "title": {"en": offer.title_en, "th": offer.title_th},
        "summary": {"en": offer.summary_en, "th": offer.summary_th},
        "options": [
            {
                "path": node.path,
                "title": {"en": node.title_en, "th": node.title_th},
                "type": explain.type_of(node, "en"),
                "required": needed,
            }
            for node, needed in _fields(part, offer)
        ],
        "provisions": [_both(said) for said in offer.provisions],
        "controls": [{"id": control, "title": titles[control]} for control in offer.controls],
        "sizing": _both(offer.sizing),
    }
