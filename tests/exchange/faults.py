"""What a faulty exchange does to its answers: to what is in them, or to them as a whole."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
RSM = "{urn:th:gov:egif:data:standard:GovernmentDocument:1.0}"
RAM = "{urn:th:gov:egif:data:standard:ReusableAggregateBusinessInformationEntity:1}"
DS = "{http://www.w3.org/2000/09/xmldsig#}"
Element = etree._Element


def canonical(element: Element) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=False)


def spoil(answer: Element, fault: str) -> None:
    """Do to what is handed out what the fault says."""
    letter = answer.find(f".//{RAM}CorrespondenceLetter")
    if letter is not None and fault in _OF_LETTERS:
        _OF_LETTERS[fault](letter)
    if letter is None and len(answer) > 2 and fault in _OF_NOTIFIERS:
        _OF_NOTIFIERS[fault](answer[-1])


def _wrong_order(letter: Element) -> None:
    letter.insert(0, letter[2])


def _tampered(letter: Element) -> None:
    letter[2].text = "แก้ไขแล้ว"


def _buddhist_year(letter: Element) -> None:
    letter[1].text = "2569-11-22"


def _without_signature(letter: Element) -> None:
    signature = _block(letter)[-1]
    _block(letter).remove(signature)


def _block(letter: Element) -> Element:
    block = letter.getnext()
    assert block is not None
    return block


def _wrapped(letter: Element) -> None:
    """Signature wrapping: the signed letter is hidden, another stands where letters are read."""
    parent = letter.getparent()
    assert parent is not None
    other = etree.fromstring(etree.tostring(letter))
    other.set("ID", "Other")
    other[2].text = "หนังสืออื่น"
    parent.replace(letter, other)
    parent.append(letter)


def _signed_anew(letter: Element) -> None:
    """Another subject, and a sound signature over it by somebody else's key."""
    key = rsa.generate_private_key(65537, 2048)
    signature = _block(letter)[-1]
    letter[2].text = "เรื่องอื่น"
    digest = base64.b64encode(hashlib.sha256(canonical(letter)).digest()).decode()
    parts = {etree.QName(e).localname: e for e in signature.iter()}
    parts["DigestValue"].text = digest
    value = key.sign(canonical(parts["SignedInfo"]), padding.PKCS1v15(), hashes.SHA256())
    numbers = key.public_key().public_numbers()
    for name, content in (
        ("SignatureValue", value),
        ("Modulus", numbers.n.to_bytes(256, "big")),
        ("Exponent", b"\x01\x00\x01"),
    ):
        parts[name].text = base64.b64encode(content).decode()


def _without_number(notifier: Element) -> None:
    notifier.remove(notifier[1])


def _other_number(notifier: Element) -> None:
    notifier[1].text = "1/2569"


def _in_place_of(notifier: Element) -> None:
    notifier.tag = "InvalidLetterNotifier"


_OF_LETTERS: Mapping[str, Callable[[Element], None]] = {
    "wrong-order": _wrong_order,
    "tampered": _tampered,
    "buddhist-year": _buddhist_year,
    "no-signature": _without_signature,
    "another-key": _signed_anew,
    "wrapped": _wrapped,
}
_OF_NOTIFIERS: Mapping[str, Callable[[Element], None]] = {
    "no-number": _without_number,
    "other-number": _other_number,
    "in-place-of": _in_place_of,
}

_BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaaaaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 20) for n in range(9))
    + b"]>"
)
_READS_A_FILE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY j SYSTEM "file:///etc/hostname">]>'
_FAULT = (
    f'<e:Envelope xmlns:e="{SOAP[1:-1]}"><e:Body><e:Fault><faultcode>e:Server</faultcode>'
    "<faultstring>ระบบขัดข้อง</faultstring></e:Fault></e:Body></e:Envelope>"
)


def as_it_is(whole: bytes) -> tuple[int, bytes]:
    return 200, whole


def _with_entity(whole: bytes) -> bytes:
    return whole.replace(b"</SOAP-ENV:Body>", b"&j;</SOAP-ENV:Body>")


ANSWERS: Mapping[str, Callable[[bytes], tuple[int, bytes]]] = {
    "http-500": lambda _: (500, b"<html>Internal Server Error</html>"),
    "soap-fault": lambda _: (500, _FAULT.encode()),
    "redirect": lambda _: (302, b""),
    "oversized": lambda whole: (200, whole + b" " * 17_000_000),
    "bomb": lambda whole: (200, _BOMB + _with_entity(whole)),
    "external-entity": lambda whole: (200, _READS_A_FILE + _with_entity(whole)),
    "no-xml": lambda _: (200, b"OK"),
}
"""Status and body by fault, out of the body as it should be."""
