"""IDP: realms: sign-in, passwords, events, lifetimes. Judged on each realm the agency uses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from onboarding import item, policy
from onboarding.policies import judge
from onboarding.policy import Stage

SSO = item.EngineName.SSO
_THAI = re.compile("[\u0e00-\u0e7f]")
OF_ENVIRONMENT = "the shared realm belongs to the environment; judged on the live system"
Fields = Mapping[str, Any]
_KNOWN_BY = ("email", "username")
_CLOSED = ("DISABLED", "ADMIN_VIEW", "ADMIN_EDIT")
"""Policies for attributes outside the profile under which people set none of their own."""


def realm_names(view: policy.View) -> tuple[str, ...]:
    """The shared realm, whose groups open the cluster, and the agency's own where it has one."""
    shared = view.environment.keycloak.shared_realm
    return (shared, view.tenant.realm) if view.tenant.own_realm else (shared,)


def realms(view: policy.View) -> dict[str, item.Item]:
    """Realms that were seen, by name; the shared one may be listed with the environment's."""
    found = list(view.items(SSO, "Realm"))
    if view.stage is Stage.LIVE:
        found += view.shared(SSO, "Realm")
    return {i.ref.name: i for i in found}


def each_realm(
    view: policy.View, flaws: Callable[[Fields, policy.View], list[str]], good: str
) -> Iterator[policy.Result]:
    found = realms(view)
    for name in realm_names(view):
        subject = f"Realm {name}"
        realm = found.get(name)
        if realm is not None:
            yield judge.problems(subject, flaws(realm.fields, view), good)
        elif view.stage is not Stage.LIVE and name == view.environment.keycloak.shared_realm:
            yield judge.not_applicable(subject, OF_ENVIRONMENT)
        else:
            yield judge.fails(subject, None, "present")


def realm_there(view: policy.View) -> Iterator[policy.Result]:
    of = view.tenant
    if of.own_realm:
        realm = realms(view).get(of.realm)
        subject = f"Realm {of.realm}"
        if realm is None:
            yield judge.fails(subject, None, "present")
            return
        title = str(realm.fields.get("displayName") or "")
        wrong = [] if realm.fields.get("enabled") is True else ["disabled"]
        if not _THAI.search(title):
            wrong.append(f"display name {title!r} is not Thai")
        yield judge.problems(subject, wrong, f"enabled, {title}")
        return
    found = {i.ref.name: i for i in view.items(SSO, "Organization")}
    subject = f"Organization {of.organization}"
    organization = found.get(of.organization)
    if organization is None:
        yield judge.fails(subject, None, "present")
    else:
        enabled = organization.fields.get("enabled")
        yield judge.that(enabled is True, subject, f"enabled={judge.show(enabled)}", "enabled")


def tls(view: policy.View) -> Iterator[policy.Result]:
    def flaws(realm: Fields, _: policy.View) -> list[str]:
        got = realm.get("sslRequired")
        return [] if got == "all" else [f"sslRequired={judge.show(got)}"]

    yield from each_realm(view, flaws, "sslRequired=all")


def brute_force(view: policy.View) -> Iterator[policy.Result]:
    def flaws(realm: Fields, of: policy.View) -> list[str]:
        wrong = []
        if realm.get("bruteForceProtected") is not True:
            wrong.append("detection is off")
        factor = realm.get("failureFactor")
        if not isinstance(factor, int) or not 0 < factor <= of.thresholds["idp.failureFactor"]:
            wrong.append(f"failureFactor={judge.show(factor)}")
        wait = realm.get("waitIncrementSeconds")
        if not isinstance(wait, int) or wait < of.thresholds["idp.leastWaitSeconds"]:
            wrong.append(f"waitIncrementSeconds={judge.show(wait)}")
        return wrong

    yield from each_realm(view, flaws, "brute-force detection on")


def password_rules(text: str) -> dict[str, int]:
    """Keycloak's policy text, ``length(14) and notUsername``, as rules with their number."""
    rules = {}
    for part in filter(None, (p.strip() for p in text.split(" and "))):
        match = re.fullmatch(r"(\w+)(?:\((\w*)\))?", part)
        if match:
            rules[match[1]] = int(match[2]) if (match[2] or "").isdigit() else 0
    return rules


def passwords(view: policy.View) -> Iterator[policy.Result]:
    def flaws(realm: Fields, of: policy.View) -> list[str]:
        rules = password_rules(str(realm.get("passwordPolicy") or ""))
        least = {
            "length": of.thresholds["idp.passwordLength"],
            "passwordHistory": of.thresholds["idp.passwordHistory"],
        }
        wrong = [f"{k}={judge.show(rules.get(k))}" for k, n in least.items() if rules.get(k, 0) < n]
        return wrong + [f"no {k}" for k in ("notUsername", "notEmail") if k not in rules]

    yield from each_realm(view, flaws, "long, not the name, not used before")


def _kept(value: Any, least: int) -> bool:
    """Keycloak keeps events for ever where no expiration is set (0 or absent)."""
    seconds = int(value or 0)
    return seconds == 0 or seconds >= least


def events(view: policy.View) -> Iterator[policy.Result]:
    def flaws(realm: Fields, of: policy.View) -> list[str]:
        keys = ("eventsEnabled", "adminEventsEnabled", "adminEventsDetailsEnabled")
        wrong = [f"{key} is off" for key in keys if realm.get(key) is not True]
        least = of.thresholds["idp.eventSeconds"]
        if not _kept(realm.get("eventsExpiration"), least):
            wrong.append(f"eventsExpiration={realm['eventsExpiration']} s")
        kept = (realm.get("attributes") or {}).get("adminEventsExpiration")
        if not _kept(kept, least):
            wrong.append(f"adminEventsExpiration={kept} s")
        if not realm.get("eventsListeners"):
            wrong.append("no listener exports them")
        return wrong

    yield from each_realm(view, flaws, "events on, kept at least 90 days, exported")


def lifetimes(view: policy.View) -> Iterator[policy.Result]:
    limits = {
        "accessTokenLifespan": "idp.accessSeconds",
        "ssoSessionIdleTimeout": "idp.idleSeconds",
        "ssoSessionMaxLifespan": "idp.sessionSeconds",
    }

    def flaws(realm: Fields, of: policy.View) -> list[str]:
        return [
            f"{key}={judge.show(realm.get(key))}"
            for key, limit in limits.items()
            if not isinstance(realm.get(key), int) or not 0 < realm[key] <= of.thresholds[limit]
        ]

    yield from each_realm(view, flaws, "access 5 min, idle 30 min, session 10 h at most")


def fixed_identity(view: policy.View) -> Iterator[policy.Result]:
    """Nobody gives themselves the name or the address of another, by which systems know people."""

    def flaws(realm: Fields, _: policy.View) -> list[str]:
        profile = realm.get("userProfile") or {}
        rights = profile.get("attributes") or {}
        wrong = [f"no {name}" for name in _KNOWN_BY if name not in rights]
        wrong += [
            f"{name} is changed by its owner"
            for name, right in sorted(rights.items())
            if set(right.get("edit") or ()) - {"admin"}
        ]
        others = profile.get("unmanagedAttributePolicy")
        return wrong + ([] if others in _CLOSED else [f"other attributes: {judge.show(others)}"])

    yield from each_realm(view, flaws, "administrators alone say who somebody is")


def closed_sign_up(view: policy.View) -> Iterator[policy.Result]:
    keys = ("registrationAllowed", "editUsernameAllowed", "duplicateEmailsAllowed")

    def flaws(realm: Fields, _: policy.View) -> list[str]:
        return [f"{k}={judge.show(realm.get(k))}" for k in keys if realm.get(k) is not False]

    yield from each_realm(view, flaws, "no registration, names fixed, one address a person")
