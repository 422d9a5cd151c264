"""A small exchange of letters to test the check against: TLS, one queue, and faults to order.

It shares no code with the check: it reads letters field by field and verifies signatures by hand.
"""

from __future__ import annotations

import base64
import hashlib
import http.server
import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

from tests.contract.servers import tls
from tests.exchange import faults
from tests.exchange.faults import RAM, RSM, SOAP, canonical

ACCOUNT = ("village-central", "ความลับ-8f1c")
DEPARTMENT = "15900"
LETTER = [
    "ID", "CorrespondenceDate", "Subject", "SecretCode", "SpeedCode", "SenderParty",
    "ReceiverParty", "Attachment", "SendDate", "Description", "MainLetterBinaryObject",
]  # fmt: skip
NOTIFIER = ["LetterID", "CorrespondenceDate", "Subject"]
NUMBERED = ["LetterID", "AcceptID", "CorrespondenceDate", "Subject"]
NOTIFIERS = {
    "ReceiveLetterNotifier": NOTIFIER,
    "AcceptLetterNotifier": NUMBERED,
    "RejectLetterNotifier": NOTIFIER,
    "InvalidLetterNotifier": NOTIFIER,
    "InvalidAcceptIDNotifier": NUMBERED,
}


class Refuse(Exception):
    """A message that this exchange does not take."""


@dataclass
class Exchange:
    """What the exchange holds, and how it misbehaves.

    ``fault`` names a fault, ``at`` the message it happens at: the name of a request, or of what is
    handed out of the queue.
    """

    fault: str = ""
    at: str = ""
    queue: list[tuple[str, etree._Element]] = field(default_factory=list)
    letters: dict[str, str] = field(default_factory=dict)
    """State of each letter by its id: sent, accepted, rejected, invalid."""
    asked: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    gives_back: bool = True
    account: tuple[str, str] = ACCOUNT
    department: str = DEPARTMENT
    reached: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)
    port: int = 0
    ca: Path = Path()
    _numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 10_000)))

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self.port}/ecms-ws01/service2"

    def put_real_letter(self) -> None:
        """A letter of another agency, as it would wait on any day."""
        document = etree.fromstring(
            f'<r:GovernmentDocument xmlns:r="{RSM[1:-1]}" xmlns:a="{RAM[1:-1]}">'
            '<a:CorrespondenceLetter ID="Letter"><a:ID>มท 0001/1</a:ID></a:CorrespondenceLetter>'
            "</r:GovernmentDocument>"
        )
        self.queue.append(("real-1", document))

    def answer(self, raw: bytes, address: str) -> etree._Element:
        message = _opened(raw, address)
        self.asked.append(_kind(message))
        try:
            return self._answered(message)
        except Refuse as refused:
            self.refused.append(str(refused))
            return _made("ErrorDetail", ErrorCode="E900", ErrorDescription=str(refused))

    def _answered(self, message: etree._Element) -> etree._Element:
        match message.tag:
            case "GetOrganizationList":
                return _organisations("99999" if self.fault == "not-listed" else self.department)
            case "CorrespondenceLetterOutboundRequest":
                self._take_in(message)
                return self._done("CorrespondenceLetterOutboundResponse")
            case "CorrespondenceLetterInboundRequest":
                return self._first()
            case "CorrespondenceLetterDeleteRequest":
                number = message.findtext("ProcessID")
                if not self.queue or self.queue[0][0] != number:
                    raise Refuse(f"process {number} is not first")
                self.queue.pop(0)
                return self._done("CorrespondenceLetterDeleteResponse", number)
            case "CorrespondenceDeleteGovernmentDocumentRequest":
                letter = message.findtext("LetterID") or ""
                if letter not in self.letters or not self.gives_back:
                    raise Refuse(f"letter {letter} is not given back")
                del self.letters[letter]
                name = "CorrespondenceDeleteGovernmentDocumentResponse"
                return _made(name, LetterID=letter, ProcessTime="2026-11-22T10:00:00")
        raise Refuse(f"{_kind(message)} is unknown")

    def _take_in(self, message: etree._Element) -> None:
        [content] = message
        kind = _kind(message)
        if kind == "GovernmentDocument":
            letter = _letter(content, self.department)
            self.letters[letter] = "sent"
        else:
            if [e.tag for e in content] != NOTIFIERS[kind] or not all(e.text for e in content):
                raise Refuse(f"{kind} is not in order")
            letter = content.findtext("LetterID") or ""
            if letter not in self.letters:
                raise Refuse(f"{kind} about {letter}, which nobody sent")
            self.letters[letter] = kind
        if not (self.fault == "lost" and self.at == kind):
            self.queue.append((f"p-{next(self._numbers)}", content))

    def _first(self) -> etree._Element:
        if not self.queue and self.fault == "empty-as-error":
            return _made("ErrorDetail", ErrorCode="E404", ErrorDescription="ไม่พบหนังสือ")
        made = etree.Element("CorrespondenceLetterInboundResponse")
        if not self.queue:
            return made
        number, content = self.queue[0]
        etree.SubElement(made, "ProcessID").text = number
        etree.SubElement(made, "ProcessTime").text = "2026-11-22T10:00:00"
        made.append(etree.fromstring(etree.tostring(content)))
        if self.at in ("", _kind(content)):
            faults.spoil(made, self.fault)
        return made

    def _done(self, name: str, number: str | None = None) -> etree._Element:
        if self.fault == "wrong-name" and name.endswith("OutboundResponse"):
            name = "CorrespondenceLetterOutboundReply"
        number = number or f"p-{next(self._numbers)}"
        number = "" if self.fault == "no-process-id" else number
        return _made(name, ProcessID=number, ProcessTime="2026-11-22T10:00:00")


def _opened(raw: bytes, address: str) -> etree._Element:
    root = etree.fromstring(raw)
    assert root.tag == f"{SOAP}Envelope"
    [header, body] = root
    headers = {etree.QName(e).localname: e.text or "" for e in header}
    assert re.fullmatch(r"mid://\d{8}\.\d{9}@127\.0\.0\.1", headers["MessageID"])
    assert headers.get("To") == address
    assert {etree.QName(e).namespace for e in header} == {"http://www.w3.org/2005/08/addressing"}
    [message] = body
    return message


def _kind(message: etree._Element) -> str:
    inner = message[0] if len(message) else message
    outer = etree.QName(message).localname
    return etree.QName(inner).localname if outer.endswith("OutboundRequest") else outer


def _letter(document: etree._Element, department: str) -> str:
    """The id of a letter that is in order and soundly signed."""
    [letter, block] = document
    if letter.get("ID") != "Letter" or [e.tag for e in letter] != [RAM + n for n in LETTER]:
        raise Refuse("the letter is not in order")
    for party in (letter.find(f"{RAM}SenderParty"), letter.find(f"{RAM}ReceiverParty")):
        assert party is not None
        codes = [e.text or "" for e in party.iter(f"{RAM}ID")]
        if codes != [department[:2], department]:
            raise Refuse(f"a party with the codes {codes}")
    _verify(letter, block[-1])
    return letter.findtext(f"{RAM}ID") or ""


def _verify(letter: etree._Element, signature: etree._Element) -> None:
    """XML-DSig by hand: digest of the letter, then RSA over the canonical SignedInfo."""
    values = {etree.QName(e).localname: e.text or "" for e in signature.iter() if len(e) == 0}
    if base64.b64decode(values["DigestValue"]) != hashlib.sha256(canonical(letter)).digest():
        raise Refuse("the digest is not of the letter")
    modulus, exponent = (
        int.from_bytes(base64.b64decode(values[n]), "big") for n in ("Modulus", "Exponent")
    )
    rsa.RSAPublicNumbers(exponent, modulus).public_key().verify(
        base64.b64decode(values["SignatureValue"]),
        canonical(signature[0]),
        padding.PKCS1v15(),
        hashes.SHA256(),
    )


def _made(name: str, **fields: str) -> etree._Element:
    made = etree.Element(name)
    for field_name, value in fields.items():
        etree.SubElement(made, field_name).text = value
    return made


def _organisations(code: str) -> etree._Element:
    made = etree.Element("GetOrganizationListResponse")
    for department in ("99001", code):
        one = etree.SubElement(made, "OrganizationList")
        etree.SubElement(one, "name").text = f"Department {department}"
        etree.SubElement(one, "ECMS-URL").text = "https://ecms.example.go.th"
        etree.SubElement(one, "OrganizationID").text = department
    return made


@contextmanager
def serving(folder: Path, **how: Any) -> Iterator[Exchange]:
    """An exchange on a free port of this computer; ``ca`` vouches for it."""
    certificate, key = tls.write(folder)
    exchange = Exchange(ca=certificate, **how)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, exchange))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    exchange.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield exchange
    finally:
        exchange.go_on.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, exchange: Exchange, *args: Any) -> None:
        self.exchange = exchange
        super().__init__(*args)

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["SOAPAction"] != '""' or self.headers["Authorization"] != _basic(
            *self.exchange.account
        ):
            self._send(401, b"")
            return
        whole = _envelope(self.exchange.answer(raw, self.exchange.address))
        kind = self.exchange.asked[-1]
        fault = self.exchange.fault if self.exchange.at in ("", kind) else ""
        if fault in ("slow", "blocks"):
            self.exchange.reached.set()
            self.exchange.go_on.wait(5 if fault == "slow" else 60)
        if fault == "closes":
            self.close_connection = True
            return
        self._send(*faults.ANSWERS.get(fault, faults.as_it_is)(whole))

    def _send(self, code: int, content: bytes) -> None:
        self.send_response(code)
        if code == 302:
            self.send_header("Location", "https://127.0.0.1:1/")
        self.send_header("Content-Type", "text/xml; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        try:
            self.wfile.write(content)
        except OSError:
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        return


def _basic(name: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


def _envelope(message: etree._Element) -> bytes:
    """As exchanges answer: under other prefixes than they were asked."""
    whole = etree.Element(f"{SOAP}Envelope", nsmap={"SOAP-ENV": SOAP[1:-1], "env": "urn:x"})
    etree.SubElement(whole, f"{SOAP}Body").append(message)
    return etree.tostring(whole)
