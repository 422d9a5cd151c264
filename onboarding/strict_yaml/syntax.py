"""What is wrong with a text that is not YAML, in plain words instead of the parser's."""

from __future__ import annotations

import re
from typing import NamedTuple

import yaml

from onboarding.strict_yaml import private


class Broken(NamedTuple):
    """``line`` and ``column`` count from 1; 0 where the whole file is meant."""

    line: int
    column: int
    message: str
    remedy: str


# The complement of YAML's printable characters.
_NOT_PRINTABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# The parser compares each %TAG line with all before it, so many of them would take minutes.
_TAG_LINE = re.compile(r"^%TAG\b", re.MULTILINE)

_QUOTES = "quote a text that has ': ' or ' #' in it, or that begins with one of * & ! % @ ` [ {"
_TAB = ("a tab cannot indent", "indent with spaces")
_ALIGN = "keys of one group, and the '-' of one list, begin in the same column"
_CLOSE = "add what closes it, or a comma between the entries"
# The parser's words, what they mean, and the remedy; the first that occurs in its message counts.
_MEANINGS = (
    ("tab character", *_TAB),
    ("',' or ']'", "the list opened with '[' {where} does not go on or end as it must", _CLOSE),
    ("',' or '}'", "the group opened with '{{' {where} does not go on or end as it must", _CLOSE),
    ("unexpected end of stream", "the quote opened {where} is not closed", "add the same quote"),
    ("mapping values are not allowed", "a ':' stands where no key can be", _QUOTES),
    ("could not find expected ':'", "the key {where} has no ':'", "write 'key: value'"),
    ("cannot start any token", "a plain text cannot begin with this character", _QUOTES),
    ("block sequence entries", "a '- entry' stands where no list can begin", _ALIGN),
    ("expected '-' indicator", "the list begun {where} does not go on as a list", _ALIGN),
    ("expected key", "the group of keys begun {where} does not go on with a key", _ALIGN),
    ("node content", "a value is expected here", _QUOTES),
    ("unknown escape", "this is no escape sequence", "in \"…\" write \\\\ for a backslash"),
    ("escape code", "this escape sequence names no character", "write the character itself"),
    ("hexdecimal", "this escape sequence is not complete", "write the character itself"),
    ("<document start>", "the file goes on after its end", "remove what is too much"),
    ("comment or line break", "nothing may follow '|' or '>'", "begin the text in the next line"),
    ("directive", "a line that begins with % is not allowed here", "remove it"),
    ("incompatible YAML document", "this version of YAML is not known", "remove the line %YAML"),
    ("tag", "a tag (!) is not allowed", "remove it, or quote the text"),
    ("alphabetic or numeric", "an anchor (&) or alias (*) is not allowed", "quote the text"),
)  # fmt: skip


def before_parsing(text: str) -> Broken | None:
    """What must not reach the parser."""
    match = _TAG_LINE.search(text)
    if match is None:
        return None
    line = text.count("\n", 0, match.start()) + 1
    return Broken(line, 1, "not YAML as used here: a line %TAG is not allowed", "remove it")


def explained(error: yaml.YAMLError, text: str) -> Broken:
    """The parser's error with its place, what stands there, and the remedy."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return _unreadable(error, text)
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    lines = text.split("\n")
    if line > len(lines):  # the parser's end of a file whose last line has no end
        line, column = len(lines), len(lines[-1]) + 1
    said = f"{error.problem or ''} {error.context or ''}"
    where = _begun(error, line)
    meaning, remedy = said.strip(), "check indentation, quotes and brackets here and above"
    for words, plain, help_ in _MEANINGS:
        if words in said:
            meaning, remedy = plain.format(where=where), help_
            break
    rest = lines[line - 1][column - 1 :]
    if rest.startswith("\t"):
        meaning, remedy = _TAB
    return Broken(
        line, column, f"not YAML: {meaning}{_there(text, lines[line - 1 :], rest)}", remedy
    )


def _begun(error: yaml.MarkedYAMLError, line: int) -> str:
    begun = error.context_mark
    return f"in line {begun.line + 1}" if begun and begun.line + 1 != line else "here"


def _there(text: str, lines: list[str], rest: str) -> str:
    """The offending text, or that the file ends; nothing where a secret may stand near it."""
    if rest.strip():
        open_ = private.may_show(lines[0]) and not private.holds_secret(text)
        return f", at {private.shown(rest.strip())}" if open_ else ""
    return "" if any(line.strip() for line in lines) else ", at the end of the file"


def _unreadable(error: yaml.YAMLError, text: str) -> Broken:
    match = _NOT_PRINTABLE.search(text)
    if match is None:
        return Broken(1, 1, f"not YAML: {str(error).splitlines()[0]}", "save it as UTF-8 text")
    line = text.count("\n", 0, match.start()) + 1
    column = match.start() - text.rfind("\n", 0, match.start())
    code = f"U+{ord(match[0]):04X}"
    return Broken(line, column, f"control character {code}", "delete it; is this a text file?")
