"""The systems an agency may ask for, one module each, and the table of them."""

from __future__ import annotations

from onboarding.catalogue.entry import Entry, ExtraField, Ingress, Offer, Words
from onboarding.catalogue.table import everything, get, offered, version

__all__ = [
    "Entry",
    "ExtraField",
    "Ingress",
    "Offer",
    "Words",
    "everything",
    "get",
    "offered",
    "version",
]
