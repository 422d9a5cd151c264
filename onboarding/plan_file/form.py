"""The form of a plan file: what it is read by, and its published JSON Schema.

Digests are written ``sha256:`` and 64 hexadecimal digits, times in UTC (ISO 8601).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

import pydantic
from pydantic import alias_generators

from onboarding import item, plan, policy

API_VERSION: Final = "gdcc.go.th/v1alpha1"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ID = "https://gdcc.go.th/schemas/v1alpha1/plan.schema.json"

Digest = Annotated[str, pydantic.Field(pattern="^sha256:[0-9a-f]{64}$")]
Time = Annotated[datetime, pydantic.Field(strict=False)]


class _Form(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        alias_generator=alias_generators.to_camel,
        populate_by_name=True,
    )


class FieldForm(_Form):
    """One field that differs: a dotted path (a dot inside a key reads ·), before and after."""

    path: str
    before: Any
    after: Any


class DesiredForm(_Form):
    """What the object will be: the fields that the tool owns."""

    owner: str
    fields: dict[str, Any]


class ChangeForm(_Form):
    """One object to create, update or delete; ``desired`` is null for a deletion.

    ``interrupts`` says how people notice it, ``data`` what becomes of records, each "" where
    nothing does; ``controls`` are those that look at objects of this kind.
    """

    engine: item.EngineName
    kind: str
    scope: str
    name: str
    action: plan.Action
    reason: str
    holds_data: bool
    interrupts: str
    data: str
    controls: tuple[str, ...]
    fields: tuple[FieldForm, ...]
    desired: DesiredForm | None


class ConflictForm(_Form):
    """An object of someone else in the place of one of ours; a plan with it is not applied."""

    engine: item.EngineName
    kind: str
    scope: str
    name: str
    owner: str


class FindingForm(_Form):
    """A control that stands open; one that gates blocks the apply."""

    control: str
    title_en: str
    title_th: str
    severity: policy.Severity
    verdict: policy.Verdict
    subject: str
    seen: str
    gates: bool


class HazardForm(_Form):
    """What a safety rule says about the plan. ``flag`` allows it, "" where no flag does;
    ``approver`` is the role of the second person it needs, "" where nobody else is asked."""

    rule: str
    message: str
    details: tuple[str, ...]
    flag: str
    approver: str


class SourceForm(_Form):
    """A manifest as it was written."""

    file: str
    commit: str
    sha256: str
    text: str


class PartForm(_Form):
    """The plan of one agency. ``counts`` are of its changes by action."""

    tenant: str
    name_en: str
    name_th: str
    purpose: plan.Purpose
    digest: Digest
    basis: dict[str, str]
    manifest: SourceForm
    peers: dict[str, SourceForm]
    counts: dict[str, int]
    changes: tuple[ChangeForm, ...]
    conflicts: tuple[ConflictForm, ...]
    hazards: tuple[HazardForm, ...]
    findings: tuple[FindingForm, ...]


class EnvironmentForm(_Form):
    """The target, and the pinned identity of each of its systems."""

    name: str
    production: bool
    identities: dict[str, str]


class PlanForm(_Form):
    """A reviewed plan for one agency or several."""

    api_version: Literal["gdcc.go.th/v1alpha1"] = API_VERSION
    kind: Literal["Plan"] = "Plan"
    digest: Digest
    checksum: Digest
    environment: EnvironmentForm
    made_by: str
    created: Time
    expires: Time
    as_of: Annotated[date, pydantic.Field(strict=False)]
    tenants: Annotated[tuple[PartForm, ...], pydantic.Field(min_length=1)]


def schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of the plan file."""
    made = PlanForm.model_json_schema(by_alias=True, mode="serialization")
    return {"$schema": _DIALECT, "$id": _ID, **made, "title": "Plan"}
