"""What telemetry adds to an instance: settings of the gateway, and annotations of its ingress."""

from __future__ import annotations

from collections.abc import Mapping

from onboarding import strict_yaml
from onboarding.desired import cluster_place, ingress_tls

GATEWAY = "policies/data/gateway.yaml"
REQUIRED = "required"
EACH_DEVICE = "client-certificate"
"""The limit counts for each client certificate, and so for each device."""


def annotation_names() -> Mapping[str, str]:
    """The gateway's names of what it shall do, by our own."""
    names: Mapping[str, str] = strict_yaml.shipped(GATEWAY)["telemetry"]
    return names


def settings(place: cluster_place.Place) -> dict[str, str]:
    """Variables of the ingest gateway; none where the system takes no telemetry.

    A message is taken under the name in the device's certificate, and only with the agreed
    measurements: no field that could be about a person.
    """
    sent = place.of.system(place.instance).telemetry
    if sent is None:
        return {}
    return {
        "TELEMETRY_IDENTITY": EACH_DEVICE,
        "TELEMETRY_DEVICE_DOMAIN": device_domain(place),
        "TELEMETRY_MEASUREMENTS": ",".join(sorted(sent.measurements)),
        "TELEMETRY_UNKNOWN_FIELDS": "refuse",
        "TELEMETRY_RATE_PER_MINUTE": str(sent.rate_limit_per_minute),
        "TELEMETRY_SERIES_QUOTA": str(sent.series_quota),
        "TELEMETRY_RETENTION_DAYS": str(sent.retention_days),
    }


def device_domain(place: cluster_place.Place) -> str:
    """Domain below which the names of the system's devices stand."""
    return f"{place.instance.system}.{place.of.domains[0]}"


def ingress_notes(place: cluster_place.Place) -> dict[str, str]:
    """What the gateway shall ask of a device at the ingress; none without telemetry."""
    sent = place.of.system(place.instance).telemetry
    if sent is None:
        return {}
    names = annotation_names()
    return {
        names["clientCertificate"]: REQUIRED,
        names["clientAuthority"]: ingress_tls.certificate_name(place.instance),
        names["rateLimit"]: str(sent.rate_limit_per_minute),
        names["rateLimitBy"]: EACH_DEVICE,
    }
