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
        raise errors.InvalidInput(
            f"{name} is not UTF-8 text", [_not_utf8(raw, name, error.start)]
        ) from error


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


def _not_utf8(raw: bytes, name: str, place: int) -> errors.Problem:
    before = raw[:place]
    begin = before.rfind(b"\n") + 1
    end = raw.find(b"\n", place)
    rest = raw[place : end if end >= 0 else len(raw)]
    column = len(before[begin:].decode("utf-8", "replace")) + 1
    thai = rest.decode("cp874", "replace").strip()
    hidden = private.found(raw.decode("cp874", "replace"))
    if not hidden and any("\u0e01" <= one <= "\u0e5b" for one in thai) and "\ufffd" not in thai:
        message = f"is not UTF-8; as Windows-874 (TIS-620) it reads {private.shown(thai)}"
        remedy = _THAI
    else:
        message = f"byte 0x{raw[place]:02x} is not UTF-8"
        remedy = f"save the file as UTF-8; from older Thai editors {_THAI}"
    return errors.Problem(name, before.count(b"\n") + 1, column, "", message, remedy)
