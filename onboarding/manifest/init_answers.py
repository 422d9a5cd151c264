"""The answers a manifest is started from: what may be asked, what is usual, what makes no sense."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import pydantic

from onboarding import errors, sizing, strict_yaml
from onboarding.manifest import fields, init_presets, thai_dates, thai_numbers
from onboarding.manifest.fields import field

MOU_YEARS = 3
MOST_BODIES = 10_000
"""All local bodies of the country are some 7,850."""
MOU_TITLE = "บันทึกความร่วมมือการใช้งาน e-Office ภายใต้ GDCC"
_ALWAYS_NEEDED = ("id", "nameTh", "nameEn", "users", "domain")
_HINTS_TH = {
    "id": "a-z ตัวเลข และขีดกลาง เปลี่ยนภายหลังไม่ได้",
    "nameTh": "ตามกฎหมายจัดตั้ง",
    "domain": "เช่น agency.go.th",
    "provinceCode": "ISO 3166-2:TH เช่น TH-65",
    "signedOn": "เช่น 13 มิ.ย. 2568",
    "effectiveTo": "นับรวมวันนั้นด้วย",
}
_COUNTS = ("users", "targetUsers", "bodies", "bodiesTotal")
_LONGEST_ID = 30
_LONGEST_IN_CERTIFICATE = 64


def _day(value: Any) -> Any:
    """Thai forms and the Buddhist Era are read too: the answer comes from a letter."""
    if isinstance(value, date):
        return value
    try:
        day = thai_dates.read(value) if isinstance(value, str) else None
    except thai_dates.UnclearError as unclear:
        raise fields.mistake(unclear.message, unclear.remedy) from None
    if day is None:
        raise fields.mistake("expected a date", "write it as 2025-06-13 or 13 มิ.ย. 2568")
    return day


AnyDay = Annotated[date, pydantic.BeforeValidator(_day)]


class Answers(fields.Model):
    """One file of answers. Which of them are needed, the preset decides."""

    preset: fields.Name | None = field("ชนิดหน่วยงาน", "Preset", "see --list-presets", None)
    id: fields.AgencyId | None = field(
        "รหัสหน่วยงาน",
        "Short id of the agency",
        "a-z, digits, hyphens; cannot be changed later",
        None,
    )
    name_th: fields.ThaiName | None = field(
        "ชื่อหน่วยงาน (ไทย)", "Official name in Thai", "as in its law", None
    )
    name_en: fields.Name | None = field("ชื่อหน่วยงาน (อังกฤษ)", "Official name in English", "", None)
    certificate_name: fields.CertificateName | None = field(
        "ชื่อในใบรับรอง (ไม่เกิน 64 อักขระ)", "Thai name for certificates", "at most 64 characters", None
    )
    parent: fields.Slug | None = field("รหัสหน่วยงานต้นสังกัด", "Id of the agency above", "", None)
    users: fields.Count | None = field(
        "จำนวนผู้ใช้เริ่มต้น", "Number of users at the start", "a whole number", None
    )
    target_users: fields.Count | None = field(
        "จำนวนผู้ใช้เป้าหมาย", "Number of users aimed at", "", None
    )
    bodies: fields.Count | None = field(
        "จำนวนหน่วยงานที่เข้าร่วม", "Number of bodies on board", "a whole number", None
    )
    bodies_total: fields.Count | None = field(
        "จำนวนหน่วยงานทั้งหมดในจังหวัด", "Number of bodies in the province", "", None
    )
    domain: fields.Domain | None = field("โดเมน", "Domain", "e.g. agency.go.th", None)
    province_code: fields.Province | None = field("รหัสจังหวัด", "Province (ISO 3166-2:TH)", "", None)
    letter_code: fields.Name | None = field("รหัสพยัญชนะหนังสือ", "Letter code", "", None)
    mou_title: fields.Name | None = field("ชื่อบันทึกข้อตกลง", "Title of the MOU", "", None)
    mou_number: fields.Name | None = field("เลขที่บันทึกข้อตกลง", "Number of the MOU", "", None)
    signed_on: AnyDay | None = field("วันที่ลงนาม", "Signed on", "B.E. is understood", None)
    effective_from: AnyDay | None = field("วันที่เริ่มมีผล", "In force from", "", None)
    effective_to: AnyDay | None = field("วันที่สิ้นสุด", "In force until", "inclusive", None)

    @pydantic.field_validator("*", mode="after")
    @classmethod
    def _one_visible_line(cls, value: Any) -> Any:
        """An answer must not be able to write further lines of the file."""
        if isinstance(value, str) and not value.isprintable():
            bad = next(one for one in value if not one.isprintable())
            raise fields.mistake(
                f"holds the invisible character U+{ord(bad):04X}", "type it anew, in one line"
            )
        return value


KEYS = tuple(info.alias or name for name, info in Answers.model_fields.items())

Known = Mapping[str, Any]
"""Answers by key as written in a file, each of its type: text, whole number or day."""


class Question(NamedTuple):
    """What to ask for; ``usual`` is what stands there where nothing is answered."""

    key: str
    en: str
    th: str
    needed: bool
    usual: Any


def read(path: Path) -> dict[str, Any]:
    """The answers of one YAML or JSON file. Raises errors.InvalidInput with every mistake."""
    document = strict_yaml.load(path)
    if not isinstance(document.value, dict):
        message = "expected one 'key: value' a line"
        raise errors.InvalidInput(
            f"{path} holds no answers",
            [errors.Problem(str(path), 1, 1, "", message)],
            resolution="See: onboard init --help",
        )
    return _known(strict_yaml.validate(Answers, document))


def understood(key: str, text: str, preset: init_presets.Preset | None, known: Known) -> Any:
    """What somebody typed for ``key``. Raises errors.InvalidInput with the reason it is refused."""
    value: Any = unicodedata.normalize("NFC", text.strip())
    if not value.isprintable():
        raise _refusal(key, "holds an invisible character", "type it anew")
    if key in _COUNTS:
        number = thai_numbers.whole(value)
        value = value if number is None else number
    typed = strict_yaml.Document(name="answers", value={key: value}, text="")
    parsed = _known(strict_yaml.validate(Answers, typed))
    for about, message, remedy in contradictions(preset, {**known, **parsed}) if preset else ():
        if about == key:
            raise _refusal(key, message, remedy)
    return parsed[key]


def questions(preset: init_presets.Preset, known: Known, today: date) -> Iterator[Question]:
    """What is still to be asked, in order; ``known`` may grow between two questions."""
    for name, info in Answers.model_fields.items():
        key = info.alias or name
        if key in known or key == "preset" or not _is_asked(key, preset, known):
            continue
        extra = info.json_schema_extra
        thai = str(extra["titleTh"]) if isinstance(extra, dict) else ""
        title = info.title or ""
        yield Question(
            key,
            title if info.description in (title, None) else f"{title} ({info.description})",
            f"{thai} ({_HINTS_TH[key]})" if key in _HINTS_TH else thai,
            needed=key in needed(preset) or key == "certificateName",
            usual=None if key in needed(preset) else usual(key, known, today),
        )


def needed(preset: init_presets.Preset | None) -> tuple[str, ...]:
    """Keys without which no manifest can be written."""
    if preset is None:
        return _ALWAYS_NEEDED
    # The coordinator is the statistical office of that province, so it must be the right one.
    province = ("provinceCode",) if preset.mechanism == "regional" else ()
    return (*_ALWAYS_NEEDED, *province, *preset.needs)


def completed(
    preset: init_presets.Preset, known: Known, today: date, name: str = "answers"
) -> dict[str, Any]:
    """Every answer, usual ones where none was given.

    Raises errors.InvalidInput naming everything that is missing or contradicts itself.
    """
    full = dict(known)
    for key in KEYS:
        if key not in full and (answer := usual(key, full, today)) is not None:
            full[key] = answer
    missing = [(key, "is missing", "") for key in needed(preset) if key not in known]
    problems = [
        dataclasses.replace(strict_yaml.problem(None, Answers, (key,), message, remedy), path=name)
        for key, message, remedy in (*missing, *contradictions(preset, full))
    ]
    if problems:
        raise errors.InvalidInput(
            f"{len(problems)} answer(s) are missing or wrong",
            problems,
            resolution="Give them with --answers FILE or --set KEY=VALUE.",
        )
    return full


def usual(key: str, known: Known, today: date) -> Any:
    """The answer where none is given; None where there is no usual one."""
    signed: date = known.get("signedOn", today)
    begin: date = known.get("effectiveFrom", signed)
    return {
        "targetUsers": known.get("users"),
        "bodiesTotal": known.get("bodies"),
        "provinceCode": "TH-10",
        "letterCode": "TBD",
        "mouTitle": MOU_TITLE,
        "mouNumber": "TBD",
        "signedOn": today,
        "effectiveFrom": signed,
        "effectiveTo": _years_later(begin, MOU_YEARS) - timedelta(days=1),
    }.get(key)


def contradictions(preset: init_presets.Preset, known: Known) -> Iterator[tuple[str, str, str]]:
    """Key, what is wrong, and the remedy, where answers do not go together."""
    yield from _numbers(preset, known)
    if known.get("parent") and known["parent"] == known.get("id"):
        yield "parent", "an agency is not above itself", "name the one above, or leave it out"
    if len(known.get("nameTh", "")) > _LONGEST_IN_CERTIFICATE and "certificateName" not in known:
        yield (
            "certificateName",
            f"is missing: nameTh has more than {_LONGEST_IN_CERTIFICATE} characters",
            "give an official short form",
        )
    begin = known.get("effectiveFrom", known.get("signedOn"))
    if begin and "effectiveTo" in known and known["effectiveTo"] < begin:
        yield "effectiveTo", f"is before the beginning, {begin}", "correct one"


def _numbers(preset: init_presets.Preset, known: Known) -> Iterator[tuple[str, str, str]]:
    count = known.get("bodies", 0)
    users = known.get("users", 1)
    if count and preset.isolation != "pooled":
        yield "bodies", "only a province programme has bodies", "leave it out"
    if count > MOST_BODIES:
        yield "bodies", f"one programme holds at most {MOST_BODIES:,}", "split the programme"
    if users < count:
        yield "bodies", f"{count:,} bodies cannot have {users:,} users in all", "correct one"
    if known.get("bodiesTotal", count) < count:
        yield "bodiesTotal", f"is less than the {count:,} bodies on board", "correct one"
    if known.get("targetUsers", users) < users:
        yield "targetUsers", f"is less than the {users:,} users at the start", "correct one"
    limit = sizing.max_users_per_instance()
    if preset.isolation == "pooled" and users > limit:
        yield "users", f"one pooled e-Office holds at most {limit:,}", "split the programme"
    parts = max(count, -(-users // limit) if users > limit else 0)
    longest = _LONGEST_ID - len(part_suffix(parts - 1, parts)) if parts else _LONGEST_ID
    if len(known.get("id", "")) > longest:
        message = f"leaves no room for the ids of its {parts} parts"
        yield "id", message, f"at most {longest} characters"


def part_suffix(number: int, count: int) -> str:
    """What follows the agency's id in the id of part ``number`` (from 0) of ``count``."""
    return f"-{number + 1:0{max(3, len(str(count)))}d}"


def _is_asked(key: str, preset: init_presets.Preset, known: Known) -> bool:
    match key:
        case "parent":
            return key in preset.needs
        case "bodies" | "bodiesTotal":
            return preset.isolation == "pooled"
        case "certificateName":
            return len(known.get("nameTh", "")) > _LONGEST_IN_CERTIFICATE
        case _:
            return True


def _known(answers: Answers) -> dict[str, Any]:
    given = zip(KEYS, Answers.model_fields, strict=True)
    return {key: v for key, name in given if (v := getattr(answers, name)) is not None}


def _refusal(key: str, message: str, remedy: str) -> errors.InvalidInput:
    problem = errors.Problem("answers", 0, 0, key, message, remedy)
    return errors.InvalidInput(f"{key} {message}", [problem])


def _years_later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
