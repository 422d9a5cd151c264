"""What the exchange answers, read with suspicion and held against the schema."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from onboarding.ecms import standard

Element = etree._Element
_LONGEST = 200


class Wrong(Exception):
    """The exchange answered otherwise than it should; the text says how."""


class Refused(Wrong):
    """The exchange understood the message and refused it, with a code of its own."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"refused with {code or 'no code'}: {text}")
        self.code = code


class Fault(Wrong):
    """A SOAP fault (SOAP 1.1, section 4.4), which comes with HTTP 500."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What stands first in the queue: under which number, of which kind, about which letter.

    ``kind`` is ``GovernmentDocument`` or the name of a notifier; ``receipt`` is that of an
    accepted letter. ``flaws`` says how it departs from its schema.
    """

    process_id: str
    kind: str
    letter_id: str
    receipt: str
    content: Element
    flaws: tuple[str, ...]


def body(raw: bytes, expected: str) -> Element:
    """The one message in the body of an answer, which must be ``expected``. Raises ``Wrong``."""
    found = _message(raw)
    if found.tag != expected:
        raise Wrong(f"answered with <{_plain(found.tag)}>, not with <{expected}>")
    return found


def sound(raw: bytes, expected: str) -> Element:
    """As ``body``, and as its schema wants it."""
    found = body(raw, expected)
    flaws = standard.flaws(found)
    if flaws:
        raise Wrong(f"<{expected}> is not as it should be: {'; '.join(flaws)}")
    return found


def first_in_queue(raw: bytes) -> Waiting | None:
    """What an inbound answer hands out; None where the queue is empty. Raises ``Wrong``."""
    found = body(raw, "CorrespondenceLetterInboundResponse")
    process_id = (found.findtext("ProcessID") or "").strip()
    content = next((e for e in found if _plain(e.tag) not in ("ProcessID", "ProcessTime")), None)
    if content is None and not process_id:
        return None
    if content is None:
        raise Wrong(f"handed out process {_short(process_id)} without a message")
    return Waiting(
        process_id,
        _plain(content.tag),
        _letter_id(content),
        (content.findtext("AcceptID") or "").strip(),
        content,
        standard.flaws(found) or _without_number(process_id),
    )


def _without_number(process_id: str) -> tuple[str, ...]:
    return () if process_id else ("handed out without a ProcessID",)


def departments(raw: bytes) -> frozenset[str]:
    """The codes of the organisations that take part. Raises ``Wrong`` where there are none."""
    found = _message(raw)
    codes = frozenset(
        (e.text or "").strip() for e in found.iter() if _plain(e.tag) == "OrganizationID"
    )
    if not codes:
        raise Wrong(f"the list of organisations has no OrganizationID (<{_plain(found.tag)}>)")
    return codes


def fault(raw: bytes) -> str:
    """What a SOAP fault says of itself; "" where this is none."""
    try:
        _message(raw)
    except Fault as told:
        return str(told)
    except Wrong:
        return ""
    return ""


def _message(raw: bytes) -> Element:
    root = _parsed(raw)
    if root.tag != standard.soap("Envelope"):
        raise Wrong(f"<{_plain(root.tag)}> is no SOAP 1.1 envelope")
    inside = root.find(standard.soap("Body"))
    messages = [] if inside is None else [e for e in inside if isinstance(e.tag, str)]
    if len(messages) != 1:
        raise Wrong(f"a SOAP body with {len(messages)} messages")
    [message] = messages
    if message.tag == standard.soap("Fault"):
        raise Fault(f"a SOAP fault: {_short(message.findtext('faultstring'))}")
    refused = next((e for e in message.iter() if _plain(e.tag) == "ErrorDetail"), None)
    if refused is not None:
        code, text = (_text(refused, name) for name in ("ErrorCode", "ErrorDescription"))
        raise Refused(_short(code), _short(text))
    return message


def _parsed(raw: bytes) -> Element:
    try:
        root = etree.fromstring(raw, standard.parser())
    except etree.XMLSyntaxError as broken:
        raise Wrong(f"no XML: {_short(broken.msg)}") from broken
    if root.getroottree().docinfo.doctype or root.getroottree().docinfo.internalDTD is not None:
        raise Wrong("a document type declaration, which SOAP 1.1 forbids")
    return root


def _letter_id(content: Element) -> str:
    found = content.findtext("LetterID") or content.findtext(
        f"{{{standard.RAM}}}CorrespondenceLetter/{{{standard.RAM}}}ID"
    )
    return (found or "").strip()


def _text(inside: Element, name: str) -> str:
    return next((e.text or "" for e in inside.iter() if _plain(e.tag) == name), "")


def _plain(tag: object) -> str:
    return etree.QName(tag).localname if isinstance(tag, str) else ""


def _short(text: str | None) -> str:
    """Text of others on one line and not without end."""
    line = " ".join((text or "").split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
