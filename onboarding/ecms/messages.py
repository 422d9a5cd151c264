"""The messages that are sent, as bytes: SOAP 1.1 envelopes with WS-Addressing headers."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib import parse

from lxml import etree
from lxml.builder import E, ElementMaker

from onboarding import clock
from onboarding.ecms import signature, standard

Element = etree._Element
_SUBJECT = "ทดสอบระบบแลกเปลี่ยนหนังสือ โปรดอย่าดำเนินการ (synthetic letter, no action needed)"
_TEXT = "หนังสือทดสอบ มิใช่หนังสือราชการ\nA synthetic letter; it is no official document.\n"


@dataclass(frozen=True, slots=True)
class Letter:
    """A synthetic letter of a department to itself. ``receipt`` is the number it is accepted by."""

    id: str
    day: date
    ministry: str
    department: str
    receipt: str = ""


@dataclass(frozen=True, slots=True)
class Addressing:
    """Where a message goes, and in which form its headers are written (``ecms.yaml``)."""

    address: str
    form: str


def envelope(to: Addressing, body: Element, now: datetime) -> bytes:
    """A whole message. ``now`` becomes its ``MessageID``, which is made of the time."""
    form = standard.facts()["addressing"]["forms"][to.form]
    wsa = ElementMaker(namespace=form["namespace"], nsmap={"wsa": form["namespace"]})
    namespace = standard.facts()["soap"]["value"]
    env = ElementMaker(namespace=namespace, nsmap={"SOAP-ENV": namespace})
    whole = env.Envelope(
        env.Header(wsa.MessageID(_message_id(to, now)), wsa(form["to"], to.address)),
        env.Body(body),
    )
    return etree.tostring(whole, xml_declaration=True, encoding="UTF-8")


def _message_id(to: Addressing, now: datetime) -> str:
    local = now.astimezone(clock.BANGKOK)
    time = f"{local:%Y%m%d.%H%M%S}{local.microsecond // 1000:03}"
    host = parse.urlsplit(to.address).hostname or ""
    made: str = standard.facts()["addressing"]["messageId"].format(time=time, host=host)
    return made


def sending(letter: Letter, key: signature.Key, now: datetime) -> Element:
    """``CorrespondenceLetterOutboundRequest`` with a letter, signed by ``key``."""
    facts = standard.facts()["letter"]
    ram = ElementMaker(namespace=standard.RAM, nsmap={"ram": standard.RAM})
    rsm = ElementMaker(namespace=standard.RSM, nsmap={"ram": standard.RAM, "rsm": standard.RSM})
    content = base64.b64encode(_TEXT.encode()).decode()
    body = ram.CorrespondenceLetter(
        {"ID": "Letter"},
        ram.ID(letter.id),
        ram.CorrespondenceDate(letter.day.isoformat()),
        ram.Subject(_SUBJECT),
        ram.SecretCode(facts["secretCode"]),
        ram.SpeedCode(facts["speedCode"]),
        _party(ram, "SenderParty", letter),
        _party(ram, "ReceiverParty", letter),
        ram.Attachment(),
        ram.SendDate(now.astimezone(clock.BANGKOK).strftime("%Y-%m-%dT%H:%M:%S")),
        ram.Description(),
        ram.MainLetterBinaryObject({"mimeCode": facts["mimeCode"]}, content),
    )
    block = ram.GovernmentSignature(
        ram.TypeCode(facts["signatureType"]),
        ram.SignerParty(
            *_name(ram),
            ram.Title("ทดสอบระบบ"),
            ram.MinistryCode(letter.ministry),
            ram.DepartmentCode(letter.department),
        ),
    )
    document = rsm.GovernmentDocument(body, block)
    block.append(signature.sign(document, key))
    return _outbound(document)


def _party(ram: Any, name: str, letter: Letter) -> Element:
    made: Element = ram(
        name,
        *_name(ram),
        ram.JobTitle("ทดสอบระบบ"),
        ram.MinistryOrganization(ram.ID(letter.ministry)),
        ram.DepartmentOrganization(ram.ID(letter.department)),
    )
    return made


def _name(ram: Any) -> tuple[Element, Element]:
    return ram.GivenName("ทดสอบ"), ram.FamilyName("ระบบ")


def _outbound(content: Element) -> Element:
    return E.CorrespondenceLetterOutboundRequest(content)


def notifying(kind: str, letter: Letter) -> Element:
    """``CorrespondenceLetterOutboundRequest`` with one of the five notifiers about a letter."""
    accepting = kind in ("AcceptLetterNotifier", "InvalidAcceptIDNotifier")
    return _outbound(
        E(
            kind,
            E.LetterID(letter.id),
            *([E.AcceptID(letter.receipt)] if accepting else []),
            E.CorrespondenceDate(letter.day.isoformat()),
            E.Subject(_SUBJECT),
        )
    )


def fetching() -> Element:
    """Asks for what stands first in the queue; it stays there."""
    return E.CorrespondenceLetterInboundRequest()


def taking(process_id: str) -> Element:
    """Takes away what stands first in the queue, under the number it was handed out by."""
    return E.CorrespondenceLetterDeleteRequest(E.ProcessID(process_id))


def withdrawing(letter: Letter) -> Element:
    """Takes a letter back that was sent and not accepted."""
    return E.CorrespondenceDeleteGovernmentDocumentRequest(
        E.LetterID(letter.id),
        E.CorrespondenceDate(letter.day.isoformat()),
        E.SenderDepartment(E.Code(letter.department)),
        E.AcceptDepartment(E.Code(letter.department)),
    )


def listing() -> Element:
    """Asks which organisations take part."""
    return E.GetOrganizationList()
