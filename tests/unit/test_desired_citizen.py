"""What systems for patients and the public get beside what every system gets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from onboarding import desired, environment, manifest, tenant
from onboarding.desired import egress
from tests.unit import targets

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
HEALTH = "ga-moph-prod-health-platform"
OSS = "ga-eec-prod-eec-oss"
WAF = {"waf": "on"}


def target(**cluster: Any) -> environment.Environment:
    base = targets.pinned()
    images = {kind: f"registry.invalid/{kind}" for kind in ("health-platform", "one-stop-service")}
    sites = environment.PublicSites(
        ingress_class="public", annotations=WAF, least_tls="1.2", hsts_seconds=31536000
    )
    known: dict[str, Any] = {"plain_storage_classes": ("plain",), "public_sites": sites, **cluster}
    return base.model_copy(
        update={
            "cluster": base.cluster.model_copy(update=known),
            "images": base.images.model_copy(update={"others": images}),
        }
    )


def resolved(name: str) -> tenant.Tenant:
    return tenant.resolve(manifest.load(EXAMPLES / f"{name}.yaml"), target())


def one(name: str, kind: str, scope: str, called: str = "", **cluster: Any) -> Any:
    [found] = [
        i.fields
        for i in desired.everything(resolved(name), target(**cluster))
        if i.ref.kind == kind and i.ref.scope == scope and called in ("", i.ref.name)
    ]
    return found


def test_sensitive_namespaces_have_no_room_in_unencrypted_classes() -> None:
    hard = one("moph", "ResourceQuota", HEALTH, "storage")["spec"]["hard"]
    assert hard == {
        "plain.storageclass.storage.k8s.io/persistentvolumeclaims": "0",
        "plain.storageclass.storage.k8s.io/requests.storage": "0",
    }
    quotas = [i for i in desired.everything(resolved("moph"), target()) if i.ref.name == "storage"]
    assert {i.ref.scope for i in quotas} == {HEALTH, HEALTH.replace("prod", "uat")}


def test_an_unencrypted_default_class_is_closed_too() -> None:
    hard = one("moph", "ResourceQuota", HEALTH, "storage", storage_class="fast")["spec"]["hard"]
    assert hard["fast.storageclass.storage.k8s.io/requests.storage"] == "0"


def test_nobody_gets_into_a_health_platform_below_the_second_level() -> None:
    attributes = one("moph", "Client", "moph", HEALTH)["attributes"]
    assert attributes["minimum.acr.value"] == "gdcc:aal2"
    assert attributes["default.acr.values"] == "gdcc:aal2"
    office = one("moph", "Client", "moph", "ga-moph-central-prod")["attributes"]
    assert "minimum.acr.value" not in office


def test_its_settings_say_how_long_access_is_logged() -> None:
    settings = one("moph", "Settings", HEALTH)
    assert settings["accessLog"]["retentionDays"] >= 90
    assert settings["accessLog"]["enabled"] is True
    assert settings["signIn"] == {"leastAcr": "gdcc:aal2"}
    volumes = one("moph", "Deployment", HEALTH)["spec"]["template"]["spec"]["volumes"]
    assert "health-platform-settings" in [v.get("configMap", {}).get("name") for v in volumes]


def test_a_public_site_stands_behind_the_firewall() -> None:
    ingress = one("eec", "Ingress", OSS)
    assert ingress["spec"]["ingressClassName"] == "public"
    assert WAF.items() <= ingress["metadata"]["annotations"].items()
    inner = one("moph", "Ingress", HEALTH)
    assert inner["spec"]["ingressClassName"] == "gdcc"
    assert not WAF.keys() & inner["metadata"]["annotations"].keys()


def test_payments_leave_through_the_gateway_only() -> None:
    policy = one("eec", "NetworkPolicy", OSS, "allow-egress-gateway")
    assert policy["metadata"]["annotations"][egress.HOSTS] == "epayment.example.go.th:443"
    settings = one("eec", "Settings", OSS)
    assert settings["payments"]["through"] == "egress-gateway"
    assert settings["workCalendar"]["outOfHours"]["rule"] == "next-working-time"


def test_the_ai_of_an_e_office_is_a_host_outside_and_letters_leave_production_only() -> None:
    of = resolved("moph")
    hosts = {i.namespace: egress.hosts(of, i) for i in of.instances}
    assert hosts["ga-moph-central-prod"] == ("ai.gdcc.go.th:443", "ecms.mdes.go.th:443")
    assert hosts["ga-moph-central-uat"] == ("ai.gdcc.go.th:443",)
    assert hosts[HEALTH] == ()


@pytest.mark.parametrize(
    ("url", "inside"),
    [
        ("https://ai.gdcc.go.th/v1", True),
        ("https://ai.example.com/.th", False),
        ("https://th", False),
    ],
)
def test_a_name_below_th_stands_for_thailand(url: str, inside: bool) -> None:
    assert egress.in_country(url, [".th"]) is inside
