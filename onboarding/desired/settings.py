"""The settings of each system that has some, from the manifest and the legal defaults.

One ``Settings`` item per instance: of the e-Office (งานสารบรรณ) from here, of others from
``settings_citizen``. Its fields are the settings themselves, so that a plan shows which of them
differ, plus ``contentHash`` over all of them (a value that someone added shows as well) and the
object's labels. The defaults and their sources are in ``policies/data/eoffice.yaml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onboarding import (
    clock,
    environment,
    errors,
    item,
    labels,
    names,
    tenant,
)
from onboarding.desired import (
    documents,
    exchange,
    handover,
    office,
    saraban,
    settings_citizen,
    settings_common,
)
from onboarding.manifest import model, systems

KIND = "Settings"
SUFFIX = "-settings"
KEY = "settings.yaml"
NOT_SETTINGS = frozenset({"metadata", "contentHash"})
"""Fields of the item that stand beside the settings, not in them."""

MAX_BYTES = 1024 * 1024
"""Largest data of a ConfigMap (Kubernetes API reference, ConfigMap v1)."""


def desired(of: tenant.Tenant, target: environment.Environment) -> tuple[item.Item, ...]:
    """Everything that Ansible delivers: settings of the systems, what their e-Office product is to
    be configured to where the environment has one, and the hand-over kit."""
    delivered = tuple(_item(of, i) for i in of.instances if i.has_settings)
    return (
        *delivered,
        *office.desired(of, target, delivered),
        handover.desired(of, target),
    )


def name(instance: tenant.Instance) -> str:
    """Name of the ConfigMap with the settings of an instance, e.g. ``e-office-settings``."""
    return instance.workload + SUFFIX


def holds_settings(metadata: Mapping[str, Any]) -> bool:
    """Whether a ConfigMap of ours is one of settings; the route of a link may be named alike."""
    marks = metadata.get("labels") or {}
    return str(metadata["name"]).endswith(SUFFIX) and labels.LINK not in marks


def text_of(fields: Mapping[str, Any]) -> str:
    """The content of ``settings.yaml`` for the fields of a ``Settings`` item."""
    body = {key: value for key, value in fields.items() if key not in NOT_SETTINGS}
    return documents.render("settings/e-office-settings.yaml.j2", settings=body)


def fields_of(body: Mapping[str, Any], metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a ``Settings`` item, desired or observed, from settings and metadata."""
    return {**body, "contentHash": item.content_hash(body), "metadata": dict(metadata)}


def _item(of: tenant.Tenant, instance: tenant.Instance) -> item.Item:
    body = {
        **settings_common.about(of, instance),
        **(_office if instance.kind == names.E_OFFICE else settings_citizen.body)(of, instance),
    }
    metadata = {
        "labels": labels.of(of.id, instance.system, instance.environment),
        "annotations": {labels.CONTENT_HASH: item.content_hash(body)},
    }
    ref = item.Ref(item.EngineName.SETTINGS, KIND, instance.namespace, name(instance))
    fields = fields_of(body, metadata)
    size = len(text_of(fields).encode())
    if size > MAX_BYTES:
        raise errors.Refused(
            f"{of.id}: the settings of {instance.namespace} have {size} bytes,"
            f" a ConfigMap holds {MAX_BYTES}",
            details=[f"{len(body.get('units', ()))} units, each with two registers"],
            resolution="Split the agency into several pooled agencies.",
        )
    return item.Item(ref, fields, owner=of.id)


def _office(of: tenant.Tenant, instance: tenant.Instance) -> dict[str, Any]:
    law = saraban.defaults()
    system = of.system(instance)
    office = system.eoffice or model.EOffice()
    units = _units(of, instance)
    return {
        "centralAddress": of.manifest.agency.saraban_email,
        "letterTypes": _chosen(law["letterTypes"]["values"], office.letter_types),
        "secrecy": _secrecy(law["secrecy"], system),
        "speeds": _chosen(law["speed"]["values"], office.speeds),
        "units": units,
        "registers": _registers(law["registers"], of, units),
        "roles": [{**role, "group": f"{of.id}:{role['id']}"} for role in law["roles"]["values"]],
        "workflow": _workflow(law["workflow"]),
        "retention": {"years": office.retention_years, "deletion": law["retention"]["deletion"]},
        "workCalendar": settings_common.calendar(of, office.work_calendar),
        "ecms": _ecms(of, instance, office.ecms),
        "ai": _ai(law, system),
    }


def _chosen(values: list[dict[str, Any]], ids: tuple[str, ...]) -> list[dict[str, Any]]:
    return [value for value in values if value["id"] in ids]


def _secrecy(law: Mapping[str, Any], system: model.System) -> dict[str, Any]:
    ladder = [value["id"] for value in law["values"]]
    if system.eoffice is not None:
        allowed = system.eoffice.secrecy
    else:
        highest = law["highestOfDataClass"][system.data_class]
        allowed = tuple(ladder[: ladder.index(highest) + 1])
    return {
        "allowed": _chosen(law["values"], allowed),
        "refused": [*law["refused"], *(v for v in law["values"] if v["id"] not in allowed)],
    }


def _units(of: tenant.Tenant, instance: tenant.Instance) -> list[dict[str, Any]]:
    """Who keeps registers: each body of a pooled agency, the shard, or the agency itself."""
    agency = of.manifest.agency.ecms
    own = agency.department_code if agency else ""
    codes = {body.id: body.ecms_department for body in of.bodies}
    return [
        {
            "id": unit.id,
            "nameTh": unit.name_th,
            "group": f"{of.id}:unit:{unit.id}",
            "ecmsDepartmentCode": codes.get(unit.id, own),
        }
        for unit in of.units(instance)
    ]


def _registers(
    law: Mapping[str, Any], of: tenant.Tenant, units: list[dict[str, Any]]
) -> dict[str, Any]:
    rules = {key: value for key, value in law.items() if key not in ("source", "directions")}
    return {
        **rules,
        "firstYear": clock.buddhist_year(of.manifest.mou.effective_from),
        "letterCode": of.manifest.agency.letter_code,
        "books": [
            {
                "id": f"{unit['id']}-{direction['id']}",
                "unit": unit["id"],
                "direction": direction["id"],
                "nameTh": f"{direction['nameTh']} {unit['nameTh']}",
            }
            for unit in units
            for direction in law["directions"]
        ],
    }


def _workflow(law: Mapping[str, Any]) -> dict[str, Any]:
    steps = [step["id"] for step in law["steps"]]
    return {
        "stepNames": law["steps"],
        "letters": [
            {"letterType": kind, "steps": steps, "signature": law["signature"]}
            for kind in law["signedLetterTypes"]
        ],
    }


def _ecms(
    of: tenant.Tenant,
    instance: tenant.Instance,
    account: systems.EcmsAccount | None,
) -> dict[str, Any]:
    """The letter exchange. Only production exchanges letters: a trial must not send real ones."""
    codes = of.manifest.agency.ecms
    found: dict[str, Any] = {
        "enabled": account is not None and instance.environment == names.PRODUCTION,
        "ministryCode": codes.ministry_code if codes else "",
        "departmentCode": codes.department_code if codes else "",
    }
    if account is not None:
        found |= {
            "endpoint": account.endpoint,
            "account": account.account,
            "notifiers": list(account.notifiers),
            **{right: _right(of, instance, right) for right in exchange.RIGHTS},
        }
    return found


def _right(of: tenant.Tenant, instance: tenant.Instance, right: str) -> dict[str, Any]:
    """Whether it may, and if so where the secret for it is; never the secret itself."""
    if right not in exchange.rights(of, instance):
        return {"enabled": False}
    return {
        "enabled": True,
        "credentialRef": f"{of.kv_mount}/{exchange.credential(of, instance, right)}",
    }


def _ai(law: Mapping[str, Any], system: model.System) -> dict[str, Any]:
    feature = system.features.ai
    if feature is None:
        return {"enabled": False}
    ladder = [value["id"] for value in law["secrecy"]["values"]]
    above = ladder[ladder.index(feature.max_letter_class) + 1 :]
    return {
        "enabled": True,
        "maxLetterClass": feature.max_letter_class,
        "blockedLetterClasses": [*above, *(r["id"] for r in law["secrecy"]["refused"])],
        "endpoint": feature.endpoint,
    }
