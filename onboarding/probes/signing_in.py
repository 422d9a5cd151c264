"""Probe: how the running e-Office of an agency lets people in, and whom it does not."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from onboarding import environment, policy, progress, tenant
from onboarding.desired import office
from onboarding.policies import proof_table
from onboarding.probes import pages, probe, sign_in

NAME = "sign-in"
_LIFE = timedelta(minutes=1)


def of(whose: tenant.Tenant, target: environment.Environment) -> probe.Probe:
    """IDP-024 of each e-Office; the token where an address of its product is known that asks."""
    instances = tuple(i for i in whose.e_offices if i.host)
    if not instances:
        return probe.nothing(NAME, probe.Outcome(()))
    gateway, ca_file = probe.way(target)
    private = _private(target)

    def run(report: progress.Progress) -> probe.Outcome:
        door = pages.Pages(gateway, ca_file, target.timeouts.limits())
        found = []
        for instance in instances:
            report.note(instance.host)
            results = [_led(door, whose, instance, target)]
            if private:
                results.append(_token(door, whose, instance, target, private))
            found += [probe.finding(whose.id, proof_table.SIGN_IN, one) for one in results]
        return probe.Outcome(tuple(found))

    token = ("  shows   its API a made-up token of another realm, which must be refused",)
    does = (
        "Sign-in to each e-Office:",
        "  asks    for its first page, without signing in, and where that leads",
        *(token if private else ()),
        *(f"          https://{instance.host}" for instance in instances),
    )
    return probe.Probe(NAME, does, (proof_table.SIGN_IN,), run)


def _led(
    door: sign_in.Asking,
    whose: tenant.Tenant,
    instance: tenant.Instance,
    target: environment.Environment,
) -> policy.Result:
    issuer = _issuer(target, whose.realm)
    expected = sign_in.Expected(instance.host, issuer, instance.namespace)
    return sign_in.led(expected, sign_in.follow(door, instance.host))


def _token(
    door: sign_in.Asking,
    whose: tenant.Tenant,
    instance: tenant.Instance,
    target: environment.Environment,
    path: str,
) -> policy.Result:
    realm = target.keycloak.shared_realm if whose.own_realm else "master"
    token = made_up(_issuer(target, realm), instance.namespace)
    without = door.ask(instance.host, path)
    with_token = door.ask(instance.host, path, {"Authorization": f"Bearer {token}"})
    return sign_in.strangers(instance.host, without, with_token, realm)


def _private(target: environment.Environment) -> str:
    """An address of the product that refuses whoever is not signed in; "" where none is known."""
    product = office.product(target)
    return f"{product.api}{product.private}" if product and product.private else ""


def _issuer(target: environment.Environment, realm: str) -> str:
    return f"{target.keycloak.address.rstrip('/')}/realms/{realm}"


def made_up(issuer: str, audience: str) -> str:
    """A token as a realm would give it, by a key that nobody knows; it opens nothing anywhere."""
    now = datetime.now(UTC)
    claims = {
        "iss": issuer,
        "aud": audience,
        "azp": audience,
        "sub": str(uuid.uuid4()),
        "preferred_username": "onboardprobe",
        "iat": now,
        "exp": now + _LIFE,
    }
    return jwt.encode(claims, ec.generate_private_key(ec.SECP256R1()), algorithm="ES256")
