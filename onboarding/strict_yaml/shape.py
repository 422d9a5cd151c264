"""From a Document to a pydantic model, with every mistake at its line.

Models are strict: a number is no text, and nothing is converted on the way.
"""

from __future__ import annotations

import difflib
import functools
import json
import re
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

import pydantic
from pydantic import fields

from onboarding import errors
from onboarding.strict_yaml import characters, document, private, reader

ModelT = TypeVar("ModelT", bound=pydantic.BaseModel)

# Keys and values that are never echoed: a file with a mistake may hold a secret at that place.
_SECRET_KEY = re.compile("password|secret|token|passphrase|privatekey|apikey|credential", re.I)

_OWN = "manifest"
"""The type of errors that a model's own validators raise."""
_PLAIN_KEY = re.compile(r"[\w.-]{1,60}")

_TEXT = ("expected text", "put the value in quotes")
_WHOLE = ("expected a whole number", "write digits 0-9 only, without quotes or separators")
_LIST = ("expected a list", "write it as [a, b], or one '- entry' per line")
_GROUP = ("expected a group of keys", "write 'key: value' lines below it")
# By pydantic's type of error: what was expected, and the remedy.
_WORDINGS = {
    "string_type": _TEXT,
    "bool_type": ("expected true or false", "write true or false, without quotes"),
    "int_type": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": ("expected a number", "write digits, without quotes"),
    "tuple_type": _LIST,
    "list_type": _LIST,
    "model_type": _GROUP,
    "dict_type": _GROUP,
    "string_pattern_mismatch": ("does not have the expected form", ""),
    "too_short": ("needs at least {min_length} entry", "add what is missing"),
    "too_long": ("has more than {max_length} entries", "shorten the list"),
    "string_too_short": ("must not be empty", "fill it in"),
    "string_too_long": ("is longer than {max_length:,} characters", "shorten it"),
    "greater_than_equal": ("must be at least {ge:,}", "correct the number"),
    "less_than_equal": ("must be at most {le:,}", "correct the number"),
}


@dataclass(frozen=True, slots=True)
class Checked(Generic[ModelT]):
    """``value`` is None where there are problems.

    ``more`` counts those beyond the first `reader.MAX_PROBLEMS`; ``faulty`` names the fields of
    the model that have one.
    """

    value: ModelT | None
    problems: tuple[errors.Problem, ...] = ()
    more: int = 0
    faulty: frozenset[str] = frozenset()


def validate(model: type[ModelT], source: document.Document) -> ModelT:
    """The document as a model, handed over as JSON: text becomes enums and dates.

    Raises errors.InvalidInput with every mistake of the shape at once.
    """
    try:
        return model.model_validate_json(json.dumps(source.value, ensure_ascii=False))
    except pydantic.ValidationError as error:
        refused = _refused(model, source, error)
    raise document.invalid(source.name, refused.problems, refused.more)


def check(model: type[ModelT], source: document.Document) -> Checked[ModelT]:
    """As `validate`, with the mistakes as values; for a model that needs lists as tuples at most.

    What follows from a problem of the document itself (a key that stands twice, a character that
    must not be there) is no problem of its own.
    """
    # Not as JSON: there each mistake keeps a copy of the whole part of the file it is in.
    try:
        return Checked(model.model_validate(_tuples(source.value)))
    except pydantic.ValidationError as error:
        return _refused(model, source, error)


def _tuples(value: Any) -> Any:
    """``value`` with its lists as tuples, which a strict model asks for."""
    if isinstance(value, dict):
        return {key: _tuples(inner) for key, inner in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _refused(
    model: type[ModelT], source: document.Document, error: pydantic.ValidationError
) -> Checked[ModelT]:
    found: list[Any] = error.errors(include_url=False, include_input=False)
    faulty = _fields_at(model, {item["loc"][:1] for item in found})
    told = [item for item in _without_echoes(model, found) if not _follows(source, item)]
    # The rest is only counted: to find the place of each would take its time.
    first = told[: reader.MAX_PROBLEMS]
    problems = tuple(_explain(model, source, item) for item in first)
    return Checked(None, problems, len(told) - len(first), faulty)


def partly(model: type[ModelT], source: document.Document, faulty: frozenset[str]) -> ModelT:
    """A model of the fields that are well-shaped; those in ``faulty`` must not be looked at."""
    values = {}
    for name, info in model.model_fields.items():
        key = info.alias or name
        if name not in faulty and key in source.value:
            values[name] = _alone(model, name).validate_python(_tuples(source.value[key]))
    return model.model_construct(**values)


@functools.cache
def _alone(model: type[pydantic.BaseModel], name: str) -> pydantic.TypeAdapter[Any]:
    """What validates one field without the others."""
    info = model.model_fields[name]
    kind: Any = info.annotation
    for rule in info.metadata:
        kind = Annotated[kind, rule]
    return pydantic.TypeAdapter(kind)


def problem(
    source: document.Document | None,
    model: type[pydantic.BaseModel],
    path: reader.KeyPath,
    message: str,
    remedy: str = "",
) -> errors.Problem:
    """A problem at ``path``, its field shown with the Thai name where the model gives one."""
    line, column = source.position(path) if source else (0, 0)
    name = source.name if source else ""
    return errors.Problem(name, line, column, field_name(model, path, source), message, remedy)


def field_name(
    model: type[pydantic.BaseModel],
    path: reader.KeyPath,
    source: document.Document | None = None,
) -> str:
    """``agency.nameTh (ชื่อหน่วยงาน)``, the path as the file has it."""
    text = ""
    for part in source.written(path) if source else path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            plain = _PLAIN_KEY.fullmatch(part) and private.may_show(part)
            shown = part if plain else private.shown(part)
            text += f".{shown}" if text else shown
    thai = _thai(model, path)
    return f"{text} ({thai})" if thai else text


def _thai(model: type[pydantic.BaseModel], path: reader.KeyPath) -> str:
    """The Thai name of the field at ``path``, of its list for an entry; empty where none is."""
    thai = ""
    for part, info in _walk(model, path):
        if info is not None:
            extra = info.json_schema_extra
            thai = str(extra.get("titleTh", "")) if isinstance(extra, dict) else ""
        elif isinstance(part, str):
            thai = ""
    return thai


def _explain(
    model: type[pydantic.BaseModel], source: document.Document, item: Any
) -> errors.Problem:
    path = _known(item["loc"], source.value)
    kind: str = item["type"]
    if kind == "extra_forbidden":
        return problem(source, model, path, *_unknown_key(model, path))
    if kind == "missing":
        path = (*path, *item["loc"][len(path) :])
        line, column = source.position(path[:-1])
        expected = _only_value(model, path) or _description(model, path) or "…"
        remedy = f"add {path[-1]}: {expected}"
        return errors.Problem(
            source.name, line, column, field_name(model, path, source), "is missing", remedy
        )
    value = _at(source.value, path)
    message, remedy = _wording(kind, item, value)
    description = _description(model, path)
    if not remedy and description:
        remedy = f"expected: {description}"
    got = _got(path, value, kind)
    return problem(source, model, path, message + got, remedy)


def _unknown_key(model: type[pydantic.BaseModel], path: reader.KeyPath) -> tuple[str, str]:
    key = str(path[-1])
    message = f"unknown key {private.shown(key)}{_look_alike(key)}"
    guess = _guess(model, path)
    if guess:
        thai = _thai(model, (*path[:-1], guess))
        return message, f"did you mean {guess!r}{f' ({thai})' if thai else ''}?"
    return message, f"known here: {', '.join(sorted(_keys(model, path[:-1])))}"


def _guess(model: type[pydantic.BaseModel], path: reader.KeyPath) -> str:
    """The key that was meant by the unknown one at ``path``; empty where there is none alike."""
    key, keys = str(path[-1]), _keys(model, path[:-1])
    lowered = {known.lower(): known for known in keys}
    same = lowered.get(key.replace("_", "").replace("-", "").lower())
    return same or next(iter(difflib.get_close_matches(key, keys, n=1, cutoff=0.6)), "")


def _fields_at(
    model: type[pydantic.BaseModel], places: set[tuple[int | str, ...]]
) -> frozenset[str]:
    """The model's own fields at ``places``; all of them where one is the model itself."""
    fields_ = model.model_fields.items()
    if () in places:
        return frozenset(name for name, _info in fields_)
    return frozenset(name for name, info in fields_ if {(name,), (info.alias,)} & places)


def _follows(source: document.Document, item: Any) -> bool:
    """Whether a mistake only follows from a problem of the document."""
    if not source.problems:
        return False
    path = _known(item["loc"], source.value)
    written = source.written(path)
    if any(written[: len(place)] == place for place in source.doubtful):
        return True
    value = path[-1] if item["type"] == "extra_forbidden" else _at(source.value, path)
    return isinstance(value, str) and not characters.is_plain(value) and value in source.text


def _without_echoes(model: type[pydantic.BaseModel], found: list[Any]) -> list[Any]:
    """Without what another mistake explains.

    A list with a wrong entry is also called too short, and a key with a typing mistake is also
    missing.
    """
    lengths = {len(item["loc"]) for item in found if item["type"] == "too_short"}
    parents = {item["loc"][:n] for item in found for n in lengths if n < len(item["loc"])}
    unknown = [item["loc"] for item in found if item["type"] == "extra_forbidden"]
    meant = {(*place[:-1], _guess(model, place)) for place in unknown[: reader.MAX_PROBLEMS]}
    return [
        item
        for item in found
        if not (item["type"] == "too_short" and item["loc"] in parents)
        and not (item["type"] == "missing" and item["loc"] in meant)
    ]


def _wording(kind: str, item: Any, value: Any) -> tuple[str, str]:
    """What was expected, and the remedy."""
    context: dict[str, Any] = item.get("ctx", {})
    if kind in ("literal_error", "enum"):
        return _choice(str(context.get("expected", "")).replace("'", ""), value)
    if kind == "int_type" and isinstance(value, str) and len(value) > 18 and value.isdigit():
        return "is too large a number", "correct the number"
    if kind == "too_long" and isinstance(value, str):
        kind = "string_too_long"
    if kind in _WORDINGS:
        message, remedy = _WORDINGS[kind]
        if value is None:
            remedy = "fill it in, or remove the key where it may be left out"
        elif kind == "string_type" and isinstance(value, (dict, list)):
            remedy = "write one text"
        return message.format(**context), remedy
    message = str(item["msg"]).removeprefix("Value error, ")
    return message, str(context.get("remedy", ""))


def _choice(allowed: str, value: Any) -> tuple[str, str]:
    options = allowed.replace(" or ", ", ").split(", ")
    written = str(value).lower()
    close = [option for option in options if written and option.lower().startswith(written)]
    close += difflib.get_close_matches(written, options, n=1, cutoff=0.7)
    remedy = f"did you mean {close[0]!r}?" if close else "write one of these"
    if not isinstance(value, str) and str(value) in options:
        remedy = f'write it in quotes: "{value}"'
    return f"expected one of: {allowed}", remedy


def _at(value: Any, path: reader.KeyPath) -> Any:
    for part in path:
        value = value[part]
    return value


def _got(path: reader.KeyPath, value: Any, kind: str) -> str:
    """The offending text, unless it may be private."""
    if isinstance(value, (dict, list)):
        if kind in (_OWN, "too_short", "too_long"):
            return ""
        return f", got {'a list' if isinstance(value, list) else 'a group of keys'}"
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    if any(_SECRET_KEY.search(str(part)) for part in path) or not private.may_show(text):
        return " (value not shown)"
    hint = _look_alike(text)
    text = characters.spelt(text if len(text) <= 60 else text[:59] + "…")
    return f", got {text}{hint}"


def _look_alike(text: str) -> str:
    hint = characters.look_alike(text)
    return f", where {hint}" if hint else ""


def _known(location: tuple[int | str, ...], value: Any) -> reader.KeyPath:
    """The part of pydantic's location that exists in the file (it also names union branches)."""
    path: list[str | int] = []
    for part in location:
        in_mapping = isinstance(value, dict) and part in value
        in_list = isinstance(value, list) and isinstance(part, int) and part < len(value)
        if in_mapping or in_list:
            value = value[part]
            path.append(part)
    return tuple(path)


def _walk(
    model: type[pydantic.BaseModel], path: reader.KeyPath
) -> Iterator[tuple[str | int, fields.FieldInfo | None]]:
    current: type[pydantic.BaseModel] | None = model
    for part in path:
        if isinstance(part, int) or current is None:
            yield part, None
            continue
        info = _field(current, part)
        yield part, info
        current = _model_in(info.annotation) if info else None


def _field(model: type[pydantic.BaseModel], key: str) -> fields.FieldInfo | None:
    for name, info in model.model_fields.items():
        if key == (info.alias or name):
            return info
    return None


def _model_in(annotation: Any) -> type[pydantic.BaseModel] | None:
    """The model that a field holds directly, in a list, as a mapping's value or optionally."""
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        return annotation
    origin = typing.get_origin(annotation)
    if origin in (tuple, list, dict, typing.Union, types.UnionType, typing.Annotated):
        for inner in typing.get_args(annotation):
            found = _model_in(inner)
            if found is not None:
                return found
    return None


def _keys(model: type[pydantic.BaseModel], path: reader.KeyPath) -> list[str]:
    current: type[pydantic.BaseModel] | None = model
    for part in path:
        if isinstance(part, str) and current is not None:
            info = _field(current, part)
            current = _model_in(info.annotation) if info else None
    if current is None:
        return []
    return [info.alias or name for name, info in current.model_fields.items()]


def _description(model: type[pydantic.BaseModel], path: reader.KeyPath) -> str:
    infos = [info for _part, info in _walk(model, path) if info is not None]
    description = infos[-1].description if infos else None
    return description if description and description != infos[-1].title else ""


def _only_value(model: type[pydantic.BaseModel], path: reader.KeyPath) -> str:
    """The value of a field that can have but one."""
    info = next((info for _part, info in reversed(list(_walk(model, path)))), None)
    values = typing.get_args(info.annotation) if info else ()
    return str(values[0]) if len(values) == 1 and isinstance(values[0], str) else ""
