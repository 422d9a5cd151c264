"""Options of the systems beside the e-Office: what is taken, what is refused, what follows."""

from __future__ import annotations

from typing import Any

import pytest

from onboarding import errors, manifest, tenant
from tests.unit.manifest import samples

TELEMETRY: dict[str, Any] = {
    "devices": {"count": 81, "idPattern": "station-##"},
    "measurements": ["position", "occupancy"],
    "seriesQuota": 10_000,
}


def terminal(**changes: Any) -> dict[str, Any]:
    telemetry = {**TELEMETRY, **changes}
    return {"name": "bus", "kind": "iot-telemetry", "dataClass": "open", "telemetry": telemetry}


def police(**more: Any) -> dict[str, Any]:
    return {"name": "police", "kind": "restricted", "dataClass": "secret", **more}


def built(*systems: dict[str, Any], **more: Any) -> tenant.Tenant:
    changes = {"security__maxDataClass": "secret", **more}
    return tenant.resolve(samples.build(systems=list(systems), **changes), samples.target())


def refusals(*systems: dict[str, Any], **more: Any) -> list[str]:
    with pytest.raises(errors.InvalidInput) as refused:
        manifest.loads(samples.text(systems=list(systems), **more), "f.yaml")
    return [problem.message for problem in refused.value.problems]


def test_numbered_devices_have_names_below_the_host_of_their_system() -> None:
    devices = built(terminal()).devices
    assert len(devices) == 81
    assert (devices[0].id, devices[80].id) == ("station-01", "station-81")
    assert devices[8].name == "station-09.bus.culture.go.th"


def test_listed_devices_are_those_listed() -> None:
    of = built(terminal(devices={"ids": ["north", "south"]}))
    assert [d.id for d in of.devices] == ["north", "south"]


@pytest.mark.parametrize(
    ("devices", "why"),
    [
        ({}, "does not say clearly which devices there are"),
        ({"count": 3}, "does not say clearly which devices there are"),
        ({"idPattern": "a-#"}, "does not say clearly which devices there are"),
        ({"count": 3, "idPattern": "a-#", "ids": ["b"]}, "does not say clearly which"),
        ({"count": 3, "ids": ["b"]}, "does not say clearly which"),
        ({"ids": ["b", "b"]}, "names a device twice"),
        ({"count": 10, "idPattern": "a-#"}, "has too few # in idPattern for 10 devices"),
    ],
)
def test_devices_that_are_not_clear_are_refused(devices: dict[str, Any], why: str) -> None:
    [message] = refusals(terminal(devices=devices))
    assert why in message


def test_a_name_too_long_for_a_certificate_is_refused() -> None:
    [message] = refusals(terminal(devices={"ids": ["a" * 30]}) | {"name": "b" * 30})
    assert "of 75 characters for a certificate; 64 are possible" in message


def test_telemetry_holds_no_personal_data() -> None:
    held = {"categories": ["x"], "purpose": "x", "retentionYears": 1, "basis": "public-task"}
    messages = refusals(terminal() | {"personalData": held})
    assert messages == ["a system of kind iot-telemetry holds no personal data"]


def test_telemetry_is_sized_by_series_rate_and_days() -> None:
    [small] = built(terminal()).instances
    [more] = built(terminal(seriesQuota=100_000)).instances
    [longer] = built(terminal(retentionDays=180)).instances
    assert small.size.storage_gi == 160  # 10 + 10,000 x 60 x 1,440 x 90 x 2 bytes, in tens
    assert longer.size.storage_gi > small.size.storage_gi
    assert more.size.memory_request_mi > small.size.memory_request_mi
    assert more.size.cpu_request_m == small.size.cpu_request_m


def test_a_data_platform_has_the_agreed_storage_if_it_is_more() -> None:
    platform = {"name": "energy", "kind": "data-platform", "dataClass": "internal"}
    held = {"storageGi": 5001, "datasets": ["load"]}
    trial = {"tenancy__environments": ["prod", "uat"]}
    prod, uat = built(platform | {"dataPlatform": held}, **trial).instances
    assert prod.size.storage_gi == 5010
    assert uat.size.storage_gi == 510
    [small] = built(platform | {"dataPlatform": held | {"storageGi": 10}}).instances
    assert small.size.storage_gi == 120  # what its users need
    assert refusals(platform) == ["a system of kind data-platform needs dataPlatform"]


def test_a_restricted_system_has_no_way_in_unless_by_the_internal_gateway() -> None:
    [closed] = built(police()).instances
    assert (closed.host, closed.ingress.value) == ("", "none")
    assert built(police()).signed_in_to == ()
    [inside] = built(police(restricted={"ingress": "internal"})).instances
    assert (inside.host, inside.ingress.value) == ("police.culture.go.th", "internal")


def test_a_restricted_system_is_never_public() -> None:
    assert refusals(police(public=True)) == ["a system of kind restricted is never public"]
    messages = refusals(police(restricted={"ingress": "public"}))
    assert len(messages) == 1


def test_options_of_another_kind_are_refused() -> None:
    [message] = refusals(police(telemetry=TELEMETRY))
    assert message == "a restricted has no telemetry"


@pytest.mark.parametrize(
    ("service", "why"),
    [
        ({"kind": "mail"}, "a service mail needs centralAddress"),
        ({"kind": "shared-data-centre"}, "a service shared-data-centre needs site"),
        (
            {"kind": "mail", "centralAddress": "saraban@culture.go.th", "site": "x"},
            "a service mail has no site",
        ),
    ],
)
def test_a_service_has_what_it_is_about(service: dict[str, Any], why: str) -> None:
    with pytest.raises(errors.InvalidInput) as refused:
        manifest.loads(samples.text(services=[service]), "f.yaml")
    assert [problem.message for problem in refused.value.problems] == [why]
