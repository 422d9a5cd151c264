"""A first manifest from a few answers: commented, valid, with drafts where an answer is missing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from importlib import resources
from typing import Any

from onboarding import sizing
from onboarding.manifest import convert_edit, init_answers, init_presets, model, reading

TEMPLATE = "manifest/template/agency.yaml.j2"


def text(name: str, answers: init_answers.Known, *, today: date, language: str = "en") -> str:
    """The manifest as YAML, its comments in ``language`` (``en`` or ``th``).

    Raises errors.InvalidInput naming every answer that is missing or does not fit.
    """
    preset = init_presets.get(name)
    full = init_answers.completed(preset, answers, today)
    context = {
        **_context(preset, full, language),
        "api_version": model.API_VERSION,
        "today": today,
    }
    rendered = _render(context, language)
    # The template cannot know every rule; the loader does, and names the field at fault.
    reading.loads(rendered, "new manifest")
    return rendered


def _context(preset: init_presets.Preset, full: Mapping[str, Any], language: str) -> dict[str, Any]:
    users = full["users"]
    limit = sizing.max_users_per_instance()
    thai = language == "th"
    agencies = full["id"], full.get("parent")
    return {
        "preset": preset,
        "title": f"{full['nameEn']} · {full['nameTh']}",
        "answers": {key: _scalar(full.get(key, "")) for key in init_answers.KEYS},
        "mail": lambda local: _scalar(f"{local}@{full['domain']}"),
        "secrecy": ["normal", "confidential"] + ["secret"] * (preset.data_class == "secret"),
        "bodies": _parts(full, full.get("bodies", 0), "หน่วยงาน"),
        "shards": _parts(full, -(-users // limit), "หน่วยย่อย") if users > limit else [],
        "basis": [b.th if thai else b.en for b in preset.basis],
        "to_confirm": preset.to_confirm(language, *agencies),
        "officer": init_presets.needs_officer(*agencies),
    }


def _parts(full: Mapping[str, Any], count: int, word: str) -> list[dict[str, Any]]:
    """``count`` parts with drafts for names, whose users add up."""
    return [
        {
            "id": _scalar(full["id"] + init_answers.part_suffix(number, count)),
            "name_th": f"({word} {number + 1})",
            "users": full["users"] // count + (number < full["users"] % count),
        }
        for number in range(count)
    ]


def _render(context: Mapping[str, Any], language: str) -> str:
    import jinja2

    source = resources.files("onboarding").joinpath(TEMPLATE).read_text(encoding="utf-8")
    template = jinja2.Template(source, undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    rendered: str = template.render(
        context, t=lambda english, thai: thai if language == "th" else english
    )
    return rendered


def _scalar(value: str | int | date) -> str:
    return convert_edit.written(value) if value and isinstance(value, str) else str(value)
