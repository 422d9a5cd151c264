"""From a Document to a pydantic model, with every mistake at its line.

Models are strict: a number is no text, and nothing is converted on the way.
"""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

import pydantic

from onboarding import errors
from onboarding.strict_yaml import characters, document, modelled, private, reader, wording

ModelT = TypeVar("ModelT", bound=pydantic.BaseModel)

_PLAIN_KEY = re.compile(r"[\w.-]{1,60}")


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
    thai = modelled.thai(model, path)
    return f"{text} ({thai})" if thai else text


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
        expected = modelled.only_value(model, path) or modelled.description(model, path) or "…"
        remedy = f"add {path[-1]}: {expected}"
        return errors.Problem(
            source.name, line, column, field_name(model, path, source), "is missing", remedy
        )
    value = _at(source.value, path)
    message, remedy = wording.expected(kind, item, value)
    description = modelled.description(model, path)
    if not remedy and description:
        remedy = f"expected: {description}"
    got = wording.got(path, value, kind)
    return problem(source, model, path, message + got, remedy)


def _unknown_key(model: type[pydantic.BaseModel], path: reader.KeyPath) -> tuple[str, str]:
    key = str(path[-1])
    message = f"unknown key {private.shown(key)}{wording.look_alike(key)}"
    guess = modelled.guess(model, path)
    if guess:
        thai = modelled.thai(model, (*path[:-1], guess))
        return message, f"did you mean {guess!r}{f' ({thai})' if thai else ''}?"
    return message, f"known here: {', '.join(sorted(modelled.keys(model, path[:-1])))}"


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
    meant = {
        (*place[:-1], modelled.guess(model, place)) for place in unknown[: reader.MAX_PROBLEMS]
    }
    return [
        item
        for item in found
        if not (item["type"] == "too_short" and item["loc"] in parents)
        and not (item["type"] == "missing" and item["loc"] in meant)
    ]


def _at(value: Any, path: reader.KeyPath) -> Any:
    for part in path:
        value = value[part]
    return value


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
