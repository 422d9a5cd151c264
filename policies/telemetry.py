"""NET, PDP: what devices may send, how often, and that nothing of it is about a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from onboarding import item, policy, tenant
from onboarding.desired import telemetry
from onboarding.manifest import options
from onboarding.policies import judge
from onboarding.policies.pki_devices import has_devices
from onboarding.policy import Severity, Stage

CLUSTER = item.EngineName.CLUSTER
_BOTH = frozenset({Stage.PLAN, Stage.LIVE})


def _places(view: policy.View) -> Iterator[tuple[tenant.Instance, options.Telemetry]]:
    for instance in view.tenant.instances:
        sent = view.tenant.system(instance).telemetry
        if sent is not None:
            yield instance, sent


def _settings(view: policy.View, instance: tenant.Instance) -> Mapping[str, Any] | None:
    """What the ingest gateway of an instance is told; None where nothing tells it."""
    for found in view.items(CLUSTER, "ConfigMap"):
        if found.ref.scope == instance.namespace and found.ref.name.endswith("-endpoints"):
            data: Mapping[str, Any] = found.fields.get("data") or {}
            return data
    return None


def _waits(view: policy.View, instance: tenant.Instance) -> policy.Result | None:
    """Says so where nothing takes messages yet; live, WRK-017 tells of the missing image."""
    ways = [w for w in view.items(CLUSTER, "Ingress") if w.ref.scope == instance.namespace]
    told = _settings(view, instance) is not None
    if ways or told or view.environment.images.of(instance.kind):
        return None
    subject = f"ingest gateway of {instance.namespace}"
    return judge.not_applicable(subject, "nothing answers yet: no image of the system")


def rate_limited(view: policy.View) -> Iterator[policy.Result]:
    """At the way in and in the gateway: each device by its certificate, no more than agreed."""
    names = telemetry.annotation_names()
    ways = view.items(CLUSTER, "Ingress")
    for instance, sent in _places(view):
        if waits := _waits(view, instance):
            yield waits
            continue
        own = [way for way in ways if way.ref.scope == instance.namespace]
        if not own:
            yield judge.fails(f"Ingress of {instance.namespace}", None, "present")
        for way in own:
            notes = (way.fields.get("metadata") or {}).get("annotations") or {}
            wrong = [
                f"{names[key]}={judge.show(notes.get(names[key]))}"
                for key, value in (
                    ("clientCertificate", telemetry.REQUIRED),
                    ("rateLimitBy", telemetry.EACH_DEVICE),
                )
                if notes.get(names[key]) != value
            ]
            if not _within(notes.get(names["rateLimit"]), sent.rate_limit_per_minute):
                wrong.append(f"limit {judge.show(notes.get(names['rateLimit']))} a minute")
            good = f"{sent.rate_limit_per_minute} messages a minute for each certificate"
            yield judge.problems(str(way.ref), wrong, good)
        yield _limits_inside(view, instance, sent)


def _limits_inside(
    view: policy.View, instance: tenant.Instance, sent: options.Telemetry
) -> policy.Result:
    settings = _settings(view, instance) or {}
    limits = {
        "TELEMETRY_RATE_PER_MINUTE": sent.rate_limit_per_minute,
        "TELEMETRY_SERIES_QUOTA": sent.series_quota,
        "TELEMETRY_RETENTION_DAYS": sent.retention_days,
    }
    wrong = [
        f"{key}={judge.show(settings.get(key))}, at most {limit}"
        for key, limit in limits.items()
        if not _within(settings.get(key), limit)
    ]
    good = f"{sent.series_quota} series, kept {sent.retention_days} days"
    return judge.problems(f"ingest gateway of {instance.namespace}", wrong, good)


def _within(value: Any, limit: int) -> bool:
    return str(value).isdigit() and 0 < int(value) <= limit


def no_personal_data(view: policy.View) -> Iterator[policy.Result]:
    """Devices send agreed measurements under their own name; none is about a person."""
    personal = [str(word) for word in view.thresholds["pdp.personalMeasurements"]]
    for instance, sent in _places(view):
        subject = f"ingest gateway of {instance.namespace}"
        if view.stage is Stage.MANIFEST:
            taken = set(sent.measurements)
            wrong = (
                ["a record of personal data"] if view.tenant.system(instance).personal_data else []
            )
        elif waits := _waits(view, instance):
            yield waits
            continue
        else:
            settings = _settings(view, instance) or {}
            taken = set(filter(None, str(settings.get("TELEMETRY_MEASUREMENTS") or "").split(",")))
            wrong = [
                f"measurement {name} is not agreed"
                for name in sorted(taken - set(sent.measurements))
            ]
            if settings.get("TELEMETRY_UNKNOWN_FIELDS") != "refuse":
                wrong.append(
                    f"other fields: {judge.show(settings.get('TELEMETRY_UNKNOWN_FIELDS'))}"
                )
            if settings.get("TELEMETRY_IDENTITY") != telemetry.EACH_DEVICE:
                wrong.append(f"senders by {judge.show(settings.get('TELEMETRY_IDENTITY'))}")
        wrong += [
            f"measurement {name} is about a person"
            for name in sorted(taken)
            if any(word in name.split("-") for word in personal)
        ]
        yield judge.problems(subject, wrong, f"{', '.join(sorted(taken))}; senders by device id")


CONTROLS: tuple[policy.Control, ...] = (
    policy.Control(
        id="NET-013",
        title_en="Each device is limited in what it sends",
        title_th="จำกัดปริมาณข้อมูลที่อุปกรณ์แต่ละเครื่องส่ง",
        severity=Severity.HIGH,
        stages=_BOTH,
        check=rate_limited,
        applies=has_devices,
        confirm="the names of the gateway's annotations",
        remedy_en="Run apply to restore the limits of the way in and of the gateway.",
        remedy_th="ดำเนินการ apply เพื่อคืนค่าขีดจำกัดของทางเข้าระบบและเกตเวย์",
        sources=("D",),
    ),
    policy.Control(
        id="PDP-010",
        title_en="Telemetry is not about persons",
        title_th="ข้อมูลจากอุปกรณ์ไม่มีข้อมูลส่วนบุคคล",
        severity=Severity.HIGH,
        stages=frozenset({Stage.MANIFEST, Stage.PLAN, Stage.LIVE}),
        check=no_personal_data,
        applies=has_devices,
        confirm="that no agreed measurement lets a person be known, by the agency's data"
        " protection officer",
        remedy_en="Remove the measurement; devices are known by their id only.",
        remedy_th="นำรายการข้อมูลดังกล่าวออก โดยระบุอุปกรณ์ด้วยรหัสอุปกรณ์เท่านั้น",
        sources=("PDPA s.22",),
    ),
)
