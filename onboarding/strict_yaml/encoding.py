"""From bytes to text: UTF-8, and what to do with anything else."""

from __future__ import annotations

from onboarding import errors
from onboarding.strict_yaml import private

_UTF16 = "convert it: iconv -f UTF-16{end} -t UTF-8 FILE > NEW"
_THAI = "convert it: iconv -f CP874 -t UTF-8 FILE > NEW"


def decoded(raw: bytes, name: str) -> str:
    """``raw`` as text; raises errors.InvalidInput where it is not UTF-8."""
    end = _utf16(raw)
    if end is not None:
        problem = errors.Problem(
            name, 1, 1, "", "the file is encoded in UTF-16, not UTF-8", _UTF16.format(end=end)
        )
        raise errors.InvalidInput(f"{name} is not UTF-8 text", [problem])
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        problem = _not_utf8(raw, name, error)
        raise errors.InvalidInput(f"{name} is not UTF-8 text", [problem]) from error


def plain_lines(text: str) -> str:
    """``text`` without a byte order mark, each line ended by ``\\n``."""
    text = text.removeprefix("\ufeff")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _utf16(raw: bytes) -> str | None:
    """What iconv adds to the name of the encoding; None where it is another one."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ""
    # Without a mark: in plain ASCII every second byte is zero.
    head = raw[:64]
    if len(head) >= 4 and not any(head[1::2]):
        return "LE"
    return "BE" if len(head) >= 4 and not any(head[::2]) else None


def _not_utf8(raw: bytes, name: str, error: UnicodeDecodeError) -> errors.Problem:
    before = raw[: error.start]
    begin = before.rfind(b"\n") + 1
    column = len(before[begin:].decode("utf-8", "replace")) + 1
    message = f"byte 0x{raw[error.start]:02x} is not UTF-8"
    remedy = f"save the file as UTF-8; from older Thai editors {_THAI}"
    thai = _thai(raw, error.start)
    if error.reason == "unexpected end of data":
        message = "the file ends in the middle of a character"
        remedy = "it was cut off: copy it again"
    elif b"\0" in raw:
        message, remedy = f"{message}; this is not a text file", "name a YAML file"
    elif thai:
        message = f"is not UTF-8; as Windows-874 (TIS-620) it reads {private.shown(thai)}"
        remedy = _THAI
    return errors.Problem(name, before.count(b"\n") + 1, column, "", message, remedy)


def _thai(raw: bytes, place: int) -> str:
    """The rest of the line as Thai text; empty where it is none, or a secret may stand near it."""
    end = raw.find(b"\n", place)
    rest = raw[place : end if end >= 0 else len(raw)].decode("cp874", "replace").strip()
    is_thai = any("\u0e01" <= one <= "\u0e5b" for one in rest) and "\ufffd" not in rest
    return rest if is_thai and not private.holds_secret(raw.decode("cp874", "replace")) else ""
