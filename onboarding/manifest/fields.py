"""Building blocks of the manifest's model: the base class, field texts, and text types."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

import pydantic
import pydantic_core
from pydantic import alias_generators

from onboarding import clock
from onboarding.manifest import thai_dates
from onboarding.strict_yaml import characters, private


class Model(pydantic.BaseModel):
    """Strict, closed and frozen; keys are written in camelCase."""

    model_config = pydantic.ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        alias_generator=alias_generators.to_camel,
    )


def field(thai: str, title: str, description: str = "", default: Any = ..., **rules: Any) -> Any:
    """A field with its name in Thai and English and one sentence on what it is or drives."""
    return pydantic.Field(
        default,
        title=title,
        description=description or title,
        json_schema_extra={"titleEn": title, "titleTh": thai},
        **rules,
    )


def mistake(message: str, remedy: str = "") -> pydantic_core.PydanticCustomError:
    """An error raised by a validator, with its remedy."""
    # The texts go in as context: the template language would read braces in them.
    return pydantic_core.PydanticCustomError(
        "manifest", "{text}", {"text": message, "remedy": remedy}
    )


def _gregorian(value: Any) -> Any:
    if not isinstance(value, str):
        raise mistake("expected a date", "write it as YYYY-MM-DD, e.g. 2026-10-01")
    match = re.fullmatch(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", value)
    if not match:
        raise _no_date(value)
    year = int(match[1])
    if year >= 2400:
        raise mistake("the year looks like the Buddhist Era", _as_gregorian(value))
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise mistake("this day is not in the calendar", "correct the month or day") from None


def _no_date(value: str) -> pydantic_core.PydanticCustomError:
    """With the date that a Thai reader would take it for."""
    try:
        day = thai_dates.read(value[:80])
    except thai_dates.UnclearError as unclear:
        return mistake(f"expected a date; {unclear.message}", unclear.remedy)
    return mistake("expected a date", f"write {day or 'it as YYYY-MM-DD, e.g. 2026-10-01'}")


def _as_gregorian(value: str) -> str:
    gregorian = f"{int(value[:4]) - clock.BUDDHIST_ERA_OFFSET}{value[4:]}"
    try:
        return f"write the Gregorian date {date.fromisoformat(gregorian)}"
    except ValueError:
        return f"{gregorian} is not in the calendar either: correct the year, month and day"


def _thai(value: str) -> str:
    if not re.search("[\u0e00-\u0e7f]", value):
        raise mistake("has no Thai letter", "write the official name in Thai")
    return value


# But a line break: a long text may have some.
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def _text(value: str) -> str:
    if value.endswith("\n"):
        raise mistake("ends with a line break", "write |- instead of | before the text")
    if value != value.strip():
        raise mistake("begins or ends with a space", "delete the space")
    if not value:
        raise mistake("must not be empty", "fill it in, or write TBD for a draft")
    # The reader refuses them in the file itself; escapes such as "\e" put them in all the same.
    hidden = _CONTROL.search(value) or characters.invisible(value)
    if hidden:
        raise mistake(
            f"holds the invisible character U+{ord(hidden[0]):04X}", "delete its escape sequence"
        )
    return value


def _line(value: str) -> str:
    if "\n" in value:
        raise mistake("has a line break", "write it in one line")
    return _text(value)


def _agency_id(value: str) -> str:
    if value in RESERVED_IDS:
        raise mistake("is reserved by the platform", "choose another id")
    return value


def _slug(value: str) -> str:
    if not re.fullmatch(r"[a-z]([a-z0-9-]{0,28}[a-z0-9])?", value) or "--" in value:
        raise mistake(
            "is not a usable id",
            "use 1-30 small letters a-z, digits and single hyphens, beginning with a letter"
            " and not ending with a hyphen",
        )
    return value


def _domain(value: str) -> str:
    remedy = "write it in small ASCII letters, e.g. moph.go.th; a Thai name as xn--…"
    if len(value) > 190 or "." not in value:
        raise mistake("is not a domain name", remedy)
    for label in value.split("."):
        if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", label):
            raise mistake("is not a domain name", remedy)
    if not value.endswith(".th"):
        raise mistake(
            "is not a domain under .th",
            "government domains end in .go.th, .ac.th, .or.th, .mi.th or .in.th",
        )
    return value


def _email(value: str) -> str:
    if len(value) > 254 or not re.fullmatch(
        r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", value
    ):
        raise mistake("is not an e-mail address", "write it as name@agency.go.th")
    return value


def _phone(value: str) -> str:
    if not re.fullmatch(r"\+?[0-9][0-9 -]{2,20}[0-9]", value):
        raise mistake("is not a telephone number", 'write it as "+66-2-000-0000", in quotes')
    return value


def _https(value: str) -> str:
    if not re.fullmatch(r"https://[a-z0-9.-]+(:[0-9]{1,5})?(/\S*)?", value):
        raise mistake("is not an https address", "write it as https://host/path")
    return value


def _web_path(value: str) -> str:
    if len(value) > 200 or not re.fullmatch(r"(/[A-Za-z0-9._~-]+)+", value):
        raise mistake("is not a path of a web address", "write it as /api/services")
    return value


def _juristic_id(value: str) -> str:
    """13 digits with the check digit of Thai tax and juristic ids (modulus 11)."""
    if not re.fullmatch(r"[0-9]{13}", value):
        raise mistake("is not a 13-digit id", 'write 13 digits in quotes, e.g. "0993000086848"')
    if not has_check_digit(value):
        raise mistake("has a wrong check digit", "compare it with the tax registration")
    return value


def has_check_digit(digits: str) -> bool:
    """Whether 13 digits carry the check digit of Thai personal, tax and juristic ids."""
    return private.has_check_digit(digits)


# The 77 provinces (the numbers between them are not assigned), and Pattaya.
_PROVINCE = re.compile(
    "TH-(?:1[0-9]|2[0-7]|[34][0-9]|5[0-8]|6[0-7]|7[0-7]|8[0-6]|9[0-6]|S)", re.ASCII
)


def _province(value: str) -> str:
    if not _PROVINCE.fullmatch(value):
        code = f"TH-{value}"
        remedy = f"write {code}" if _PROVINCE.fullmatch(code) else "write its code, TH-10 to TH-96"
        raise mistake("is not a province of ISO 3166-2:TH", remedy)
    return value


def _written(pattern: str, **rules: str | int) -> pydantic.WithJsonSchema:
    """How the value looks in the file, for the JSON Schema: never stricter than the validator."""
    return pydantic.WithJsonSchema({"type": "string", "pattern": pattern, **rules})


Text = Annotated[
    str,
    pydantic.Field(max_length=2000),
    pydantic.AfterValidator(_text),
]
Name = Annotated[
    str,
    pydantic.Field(max_length=255),
    pydantic.AfterValidator(_line),
]
ThaiName = Annotated[
    Name,
    pydantic.AfterValidator(_thai),
    _written(r"[\u0e00-\u0e7f]", maxLength=255),
]
Slug = Annotated[str, pydantic.AfterValidator(_slug), _written("^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$")]
RESERVED_IDS = frozenset({"environment", "gdcc", "master"})
"""Owner mark of what the environment itself holds, and names of realms that no agency may have."""
AgencyId = Annotated[Slug, pydantic.AfterValidator(_agency_id)]
Day = Annotated[
    date,
    pydantic.BeforeValidator(_gregorian),
    # A year of the Buddhist Era is marked in the editor already.
    _written(
        "^([01][0-9]|2[0-3])[0-9]{2}-[0-9]{2}-[0-9]{2}$",
        format="date",
        patternErrorMessage="Write the Gregorian date YYYY-MM-DD · ระบุวันที่เป็น ค.ศ. ปปปป-ดด-วว",
    ),
]
Domain = Annotated[str, pydantic.AfterValidator(_domain), _written(r"^[a-z0-9.-]+\.th$")]
Email = Annotated[str, pydantic.AfterValidator(_email), _written("^[^@ ]+@[^@ ]+$")]
Phone = Annotated[str, pydantic.AfterValidator(_phone), _written(r"^\+?[0-9][0-9 -]{2,20}[0-9]$")]
Https = Annotated[str, pydantic.AfterValidator(_https), _written("^https://")]
WebPath = Annotated[str, pydantic.AfterValidator(_web_path), _written("^/")]
JuristicId = Annotated[str, pydantic.AfterValidator(_juristic_id), _written("^[0-9]{13}$")]
Province = Annotated[str, pydantic.AfterValidator(_province), _written("^TH-([1-9][0-9]|S)$")]
LONGEST_CERTIFICATE_NAME = 64
CertificateName = Annotated[Name, pydantic.Field(max_length=LONGEST_CERTIFICATE_NAME)]
"""Text that becomes CN or O of a certificate: X.520 allows 64 characters."""
Count = Annotated[int, pydantic.Field(ge=1, le=10_000_000)]
