"""What is known of the exchange, as data: ``policies/data/ecms.yaml`` and its schemas."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib import resources
from typing import Any

from lxml import etree

from onboarding import strict_yaml

RSM = "urn:th:gov:egif:data:standard:GovernmentDocument:1.0"
RAM = "urn:th:gov:egif:data:standard:ReusableAggregateBusinessInformationEntity:1"
DS = "http://www.w3.org/2000/09/xmldsig#"
DOCUMENT = "GovernmentDocument"
_FOLDER = "policies/data"


def facts() -> Mapping[str, Any]:
    """The content of ``ecms.yaml``."""
    return strict_yaml.shipped(f"{_FOLDER}/ecms.yaml")


def confirm() -> tuple[str, ...]:
    """What no public text establishes, and a person has to confirm."""
    return tuple(facts()["confirm"])


def soap(name: str) -> str:
    """The qualified name of an element of SOAP 1.1."""
    return f"{{{facts()['soap']['value']}}}{name}"


@functools.cache
def _schema() -> etree.XMLSchema:
    folder = resources.files("onboarding").joinpath(_FOLDER, "ecms")
    with resources.as_file(folder.joinpath("messages.xsd")) as file:
        return etree.XMLSchema(etree.parse(str(file), parser()))


def parser() -> etree.XMLParser:
    """A parser that fetches nothing and expands nothing (OWASP: XML external entities)."""
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
    )


def flaws(message: etree._Element) -> tuple[str, ...]:
    """How a message departs from its schema: wrong names, order, missing or empty fields."""
    alone = etree.fromstring(etree.tostring(message, with_tail=False), parser())
    schema = _schema()
    if schema.validate(alone):
        return ()
    named = (error.message.replace(f"{{{RSM}}}", "rsm:") for error in schema.error_log)
    return tuple(text.replace(f"{{{RAM}}}", "ram:").rstrip(". ") for text in named)[:3]
