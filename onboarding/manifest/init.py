"""A first manifest from a few answers: commented, valid, with drafts where an answer is missing."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import resources
from typing import Any

from onboarding import errors, sizing, strict_yaml
from onboarding.manifest import reading

TEMPLATE = "manifest/template/agency.yaml.j2"
MOU_YEARS = 3


@dataclass(frozen=True, slots=True)
class Preset:
    """What is usual for a sort of agency; every value can be changed in the file."""

    name: str
    title_en: str
    title_th: str
    branch: str
    environments: tuple[str, ...] = ("prod", "uat")
    data_class: str = "confidential"
    impact: str = "moderate"
    epa_mode: str = "applicable"
    saraban: str = "saraban-2526"
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """One answer that `text` takes; ``default`` None means it must be given."""

    key: str
    ask_en: str
    ask_th: str
    default: str | None = None


_PRESETS = (
    Preset(
        "ministry", "Ministry", "กระทรวง", "executive-central", data_class="secret", impact="high"
    ),
    Preset("department", "Department", "กรม", "executive-central", needs=("parent",)),
    Preset(
        "court", "Court office", "สำนักงานศาล", "judiciary",
        data_class="secret", impact="high", epa_mode="voluntary", saraban="own-rule",
    ),
    Preset(
        "public-organization", "Public organization", "องค์การมหาชน", "public-organization",
        saraban="own-rule",
    ),
    Preset(
        "province-programme", "Province programme", "โครงการระดับจังหวัด", "local",
        environments=("prod",), needs=("bodies",),
    ),
    Preset("state-school", "State school or university", "สถานศึกษาของรัฐ", "education"),
)  # fmt: skip

_QUESTIONS = (
    Question("id", "Short id of the agency (a-z, digits, hyphens)", "รหัสหน่วยงาน"),
    Question("nameTh", "Official name in Thai", "ชื่อหน่วยงาน (ไทย)"),
    Question("nameEn", "Official name in English", "ชื่อหน่วยงาน (อังกฤษ)"),
    Question("certificateName", "Thai name for certificates, at most 64 characters",
             "ชื่อในใบรับรอง ไม่เกิน 64 อักขระ", ""),
    Question("users", "Number of users at the start", "จำนวนผู้ใช้เริ่มต้น"),
    Question("domain", "Domain, e.g. agency.go.th", "โดเมน"),
    Question("provinceCode", "Province (ISO 3166-2:TH)", "รหัสจังหวัด", "TH-10"),
    Question("letterCode", "Letter code", "รหัสพยัญชนะหนังสือ", "TBD"),
    Question("parent", "Id of the agency above", "รหัสหน่วยงานต้นสังกัด", ""),
    Question("bodies", "Number of bodies on board", "จำนวนหน่วยงานที่เข้าร่วม", ""),
    Question("bodiesTotal", "Number of bodies in the province", "จำนวนหน่วยงานทั้งหมด", ""),
    Question("mouTitle", "Title of the MOU", "ชื่อบันทึกข้อตกลง",
             "บันทึกความร่วมมือการใช้งาน e-Office ภายใต้ GDCC"),
)  # fmt: skip

_NUMBERS = ("users", "bodies", "bodiesTotal")


def presets() -> tuple[Preset, ...]:
    """The sorts of agencies a manifest can be started for."""
    return _PRESETS


def questions(preset: Preset) -> tuple[Question, ...]:
    """What to ask for ``preset``, in order; those without a default must be answered."""
    unasked = {"parent", "bodies", "bodiesTotal"} - set(preset.needs)
    if "bodies" in preset.needs:
        unasked.remove("bodiesTotal")
    return tuple(
        dataclasses.replace(question, default=None) if question.key in preset.needs else question
        for question in _QUESTIONS
        if question.key not in unasked
    )


def text(preset_name: str, answers: Mapping[str, str | int], *, today: date) -> str:
    """The manifest as YAML; ``answers`` has the keys of `questions`.

    Raises errors.InvalidInput for a missing, unknown or unusable answer, naming each.
    """
    preset = _preset(preset_name)
    given = _answered(preset, answers)
    rendered = _render(_context(preset, given, today))
    # The template cannot know every rule; the loader does, and names the field at fault.
    reading.loads(rendered, "new manifest")
    return rendered


def _preset(name: str) -> Preset:
    for preset in _PRESETS:
        if preset.name == name:
            return preset
    known = ", ".join(preset.name for preset in _PRESETS)
    raise errors.InvalidInput(f"there is no preset {name!r}", resolution=f"Use one of: {known}.")


def _answered(preset: Preset, answers: Mapping[str, str | int]) -> dict[str, str]:
    asked = questions(preset)
    keys = [question.key for question in asked]
    problems = [
        errors.Problem("answers", 0, 0, key, "is not a known answer", f"known: {', '.join(keys)}")
        for key in answers
        if key not in keys
    ]
    given = {}
    for question in asked:
        # One line each: an answer must not be able to write further lines of the file.
        answer = " ".join(str(answers.get(question.key, question.default or "")).split())
        given[question.key] = answer
        if not answer and question.default is None:
            problems.append(
                errors.Problem("answers", 0, 0, question.key, "is missing", question.ask_en)
            )
        elif answer and question.key in _NUMBERS and not _is_count(answer):
            message = f"is not a whole number above 0: {answer[:40]!r}"
            problems.append(
                errors.Problem("answers", 0, 0, question.key, message, "write digits only")
            )
    if problems:
        raise errors.InvalidInput("the answers are not complete", problems)
    return given


def _is_count(answer: str) -> bool:
    return answer.isascii() and answer.isdigit() and len(answer) <= 8 and int(answer) > 0


def _context(preset: Preset, given: Mapping[str, str], today: date) -> dict[str, Any]:
    users = int(given["users"])
    bodies = _parts(given["id"], users, int(given.get("bodies") or 0), "หน่วยงาน")
    limit = sizing.max_users_per_instance()
    shards = _parts(given["id"], users, -(-users // limit), "หน่วยย่อย") if users > limit else []
    return {
        "preset": preset.name,
        "branch": preset.branch,
        "environments": preset.environments,
        "data_class": preset.data_class,
        "secrecy": ["normal", "confidential"] + ["secret"] * (preset.data_class == "secret"),
        "impact": preset.impact,
        "epa_mode": preset.epa_mode,
        "saraban": preset.saraban,
        "trust": "gdcc",
        "id": _scalar(given["id"]),
        "title": f"{given['nameEn']} · {given['nameTh']}",
        "name_th": _scalar(given["nameTh"]),
        "name_en": _scalar(given["nameEn"]),
        "certificate_name": _scalar(given["certificateName"]),
        "parent": _scalar(given.get("parent", "")),
        "province_code": _scalar(given["provinceCode"]),
        "letter_code": _scalar(given["letterCode"]),
        "domain": _scalar(given["domain"]),
        "mail": lambda local: _scalar(f"{local}@{given['domain']}"),
        "mou_title": _scalar(given["mouTitle"]),
        "users": users,
        "bodies": bodies,
        "bodies_total": given.get("bodiesTotal") or len(bodies),
        "shards": shards,
        "signed_on": today.isoformat(),
        "effective_to": (_years_later(today, MOU_YEARS) - timedelta(days=1)).isoformat(),
    }


def _parts(agency: str, users: int, count: int, word: str) -> list[dict[str, Any]]:
    """``count`` parts with drafts for names, whose users add up."""
    width = max(2, len(str(count)))
    return [
        {
            "id": _scalar(f"{agency}-{number + 1:0{width}d}"),
            "name_th": f"({word} {number + 1})",
            "users": users // count + (number < users % count),
        }
        for number in range(count)
    ]


def _years_later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _render(context: Mapping[str, Any]) -> str:
    import jinja2

    source = resources.files("onboarding").joinpath(TEMPLATE).read_text(encoding="utf-8")
    template = jinja2.Template(source, undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    rendered: str = template.render(context)
    return rendered


def _scalar(value: str) -> str:
    """``value`` as YAML text: plain where that reads back the same, else in quotes."""
    if not value:
        return ""
    if not set(value) & set("{}[],:#"):
        try:
            if strict_yaml.loads(f"[{value}]", "answer").value == [value]:
                return value
        except errors.InvalidInput:
            pass
    return json.dumps(value, ensure_ascii=False)
