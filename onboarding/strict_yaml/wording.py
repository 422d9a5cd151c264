"""What was expected, what stands there instead, and the remedy, in words."""

from __future__ import annotations

import difflib
import json
import re
from typing import Any

from onboarding.strict_yaml import characters, private, reader

# Keys and values that are never echoed: a file with a mistake may hold a secret at that place.
_SECRET_KEY = re.compile("password|secret|token|passphrase|privatekey|apikey|credential", re.I)

_OWN = "manifest"
"""The type of errors that a model's own validators raise."""

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


def expected(kind: str, item: Any, value: Any) -> tuple[str, str]:
    """What was expected, and the remedy, by pydantic's ``kind`` of error and its details."""
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


def got(path: reader.KeyPath, value: Any, kind: str) -> str:
    """The offending text, unless it may be private."""
    if isinstance(value, (dict, list)):
        if kind in (_OWN, "too_short", "too_long"):
            return ""
        return f", got {'a list' if isinstance(value, list) else 'a group of keys'}"
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    if any(_SECRET_KEY.search(str(part)) for part in path) or not private.may_show(text):
        return " (value not shown)"
    hint = look_alike(text)
    text = characters.spelt(text if len(text) <= 60 else text[:59] + "…")
    return f", got {text}{hint}"


def look_alike(text: str) -> str:
    """What to add where a letter of ``text`` only passes for a Latin one."""
    hint = characters.look_alike(text)
    return f", where {hint}" if hint else ""
