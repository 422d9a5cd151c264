"""Names of provinces by their code in ISO 3166-2:TH, in Thai and English."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from onboarding import strict_yaml

_FILE = "policies/data/provinces.yaml"


@dataclass(frozen=True, slots=True)
class Province:
    """``code`` as in manifests, e.g. ``TH-65``."""

    code: str
    name_en: str
    name_th: str


def get(code: str) -> Province:
    """The province of ``code``; one that ISO does not list is shown by its code."""
    return every().get(code) or Province(code, code, code)


@functools.cache
def every() -> dict[str, Province]:
    """All provinces, Bangkok and Pattaya by code."""
    listed = strict_yaml.shipped(_FILE)["provinces"]
    return {code: Province(code, names["en"], names["th"]) for code, names in listed.items()}
