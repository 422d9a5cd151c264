"""IDP: OIDC clients of the agency, and how their tokens are signed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib import parse

from onboarding import item, policy
from onboarding.policies import idp, idp_cluster, judge
from onboarding.policy import Stage

SSO = item.EngineName.SSO
_SIGNATURES = (
    "access.token.signed.response.alg",
    "id.token.signed.response.alg",
    "user.info.response.signature.alg",
    "token.endpoint.auth.signing.alg",
)


def _attributes(client: item.Item) -> Mapping[str, Any]:
    return client.fields.get("attributes") or {}


def _is_public(client: item.Item) -> bool:
    return client.fields.get("publicClient") is True


def _has_code_flow(client: item.Item) -> bool:
    return client.fields.get("standardFlowEnabled") is not False


def no_weak_grant(view: policy.View) -> Iterator[policy.Result]:
    keys = ("implicitFlowEnabled", "directAccessGrantsEnabled")

    def one(client: item.Item) -> policy.Result:
        wrong = [key for key in keys if client.fields.get(key) is not False]
        return judge.problems(str(client.ref), wrong, "neither implicit nor password grant")

    yield from judge.each(view, SSO, "Client", one)


def _redirect_flaws(address: str, domains: tuple[str, ...]) -> Iterator[str]:
    parts = parse.urlsplit(address)
    host = parts.hostname or ""
    if "*" in address:
        yield f"{address} has a wildcard"
    elif parts.scheme != "https":
        yield f"{address} is not https"
    elif not any(host == d or host.endswith("." + d) for d in domains):
        yield f"{address} is outside {', '.join(domains)}"


def exact_redirects(view: policy.View) -> Iterator[policy.Result]:
    domains = view.tenant.domains

    def one(client: item.Item) -> policy.Result:
        redirects = list(client.fields.get("redirectUris") or ())
        if not redirects and not _has_code_flow(client):
            return judge.not_applicable(str(client.ref), "the client redirects nobody")
        wrong = [flaw for address in redirects for flaw in _redirect_flaws(address, domains)]
        if not redirects:
            wrong.append("a code client without a redirect")
        for origin in client.fields.get("webOrigins") or ():
            wrong += _redirect_flaws(origin, domains) if origin != "+" else ()
        return judge.problems(str(client.ref), wrong, ", ".join(redirects))

    yield from judge.each(view, SSO, "Client", one)
    if view.stage is Stage.LIVE:
        yield from idp_cluster.strangers_at_our_hosts(view)


def pkce(view: policy.View) -> Iterator[policy.Result]:
    def one(client: item.Item) -> policy.Result:
        if not _has_code_flow(client):
            return judge.not_applicable(str(client.ref), "no code flow")
        got = _attributes(client).get("pkce.code.challenge.method")
        return judge.that(got == "S256", str(client.ref), got, "S256")

    yield from judge.each(view, SSO, "Client", one)


def authentication(view: policy.View) -> Iterator[policy.Result]:
    allowed = view.thresholds["idp.clientAuthentication"]

    def one(client: item.Item) -> policy.Result:
        if _is_public(client):
            return judge.not_applicable(str(client.ref), "a public client has no credential")
        got = client.fields.get("clientAuthenticatorType")
        return judge.that(got in allowed, str(client.ref), got, " or ".join(allowed))

    yield from judge.each(view, SSO, "Client", one)


def no_full_scope(view: policy.View) -> Iterator[policy.Result]:
    def one(client: item.Item) -> policy.Result:
        got = client.fields.get("fullScopeAllowed")
        seen = f"fullScopeAllowed={judge.show(got)}"
        return judge.that(got is False, str(client.ref), seen, "false")

    yield from judge.each(view, SSO, "Client", one)


def refresh_rotation(view: policy.View) -> Iterator[policy.Result]:
    """Rotation is a setting of the realm; DPoP binds the tokens of one client."""
    realms = idp.realms(view)

    def one(client: item.Item) -> policy.Result:
        subject = str(client.ref)
        if not _is_public(client):
            return judge.not_applicable(subject, "confidential client (FAPI 2)")
        if _attributes(client).get("dpop.bound.access.tokens") == "true":
            return judge.passes(subject, "tokens bound by DPoP")
        realm = realms.get(client.ref.scope)
        if realm is None and view.stage is not Stage.LIVE:
            return judge.not_applicable(subject, idp.OF_ENVIRONMENT)
        if realm is None:
            return judge.unknown(subject, f"realm {client.ref.scope} was not seen")
        rotates = realm.fields.get("revokeRefreshToken") is True
        reuse = realm.fields.get("refreshTokenMaxReuse")
        seen = f"rotation {'on' if rotates else 'off'}, reuse {judge.show(reuse)}"
        return judge.that(rotates and reuse == 0, subject, seen, "rotation on, reuse 0")

    yield from judge.each(view, SSO, "Client", one)


def algorithms(view: policy.View) -> Iterator[policy.Result]:
    allowed = set(view.thresholds["idp.algorithms"])

    def of_realm(realm: idp.Fields, _: policy.View) -> list[str]:
        got = realm.get("defaultSignatureAlgorithm")
        return [] if got in allowed else [f"default signature {judge.show(got)}"]

    def one(client: item.Item) -> policy.Result:
        found = {k: v for k in _SIGNATURES if (v := _attributes(client).get(k))}
        wrong = [f"{key}={value}" for key, value in found.items() if value not in allowed]
        good = ", ".join(sorted(set(found.values()))) or "as the realm"
        return judge.problems(str(client.ref), wrong, good)

    yield from idp.each_realm(view, of_realm, "asymmetric signatures")
    yield from judge.each(view, SSO, "Client", one)
