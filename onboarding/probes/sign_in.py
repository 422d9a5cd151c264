"""Who is not signed in is sent to the agency's realm; a stranger's token opens nothing: judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Protocol
from urllib import parse

from onboarding import policy

BASIS = "live"
NOTHING: Mapping[str, str] = MappingProxyType({})
_HOPS = 5
"""Redirects within a product until it sends people on to sign in."""
_REDIRECTS = (301, 302, 303, 307, 308)
_REFUSED = (401, 403)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one request; a status of None says that nothing did, for the reason ``why``."""

    asked: str
    at: datetime
    status: int | None
    location: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Expected:
    """Where an instance sends people to sign in: the realm's address and the OIDC client."""

    host: str
    issuer: str
    client_id: str


class Asking(Protocol):
    """See ``pages.Pages``."""

    def ask(self, host: str, path: str, headers: Mapping[str, str] = NOTHING) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Trail:
    """The requests that led from the first page on, and the last answer's address, whole."""

    answers: tuple[Answer, ...]
    end: str = ""


def follow(pages: Asking, host: str) -> Trail:
    """From the first page by redirects, as long as they stay on the host."""
    answers: list[Answer] = []
    here = f"https://{host}/"
    for _ in range(_HOPS):
        parts = parse.urlsplit(here)
        path = parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
        answers.append(pages.ask(host, path))
        if answers[-1].status not in _REDIRECTS:
            return Trail(tuple(answers))
        here = parse.urljoin(here, answers[-1].location)
        if parse.urlsplit(here).hostname != host:
            return Trail(tuple(answers), here)
    return Trail(tuple(answers))


def led(to: Expected, trail: Trail) -> policy.Result:
    """Whether people are sent to the agency's realm, as the instance's own client."""
    last = trail.answers[-1]
    subject = f"sign-in to {to.host}"
    if trail.end:
        wrong = list(_flaws(to, trail.end))
        verdict = policy.Verdict.FAIL if wrong else policy.Verdict.PASS
        seen = "; ".join(wrong) or f"sent to {to.issuer} as {to.client_id}"
    elif last.status is None or last.status >= 400:
        verdict = policy.Verdict.UNKNOWN
        seen = f"{last.asked}: {last.why or f'HTTP {last.status}'}"
    elif last.status in _REDIRECTS:
        verdict, seen = policy.Verdict.UNKNOWN, f"{len(trail.answers)} redirects within the product"
    else:
        verdict = policy.Verdict.FAIL
        seen = f"{last.asked} shows a page (HTTP {last.status}) to whoever is not signed in"
    return policy.Result(verdict, subject, seen, _evidence(trail.answers), BASIS)


def _flaws(to: Expected, end: str) -> Iterator[str]:
    parts = parse.urlsplit(end)
    where = f"{parts.scheme}://{parts.netloc}{parts.path}"
    wanted = f"{to.issuer}/protocol/openid-connect/auth"
    query = parse.parse_qs(parts.query)
    if where != wanted:
        yield f"sent to {where}, not to {wanted}"
        return
    if query.get("client_id") != [to.client_id]:
        yield f"as client {', '.join(query.get('client_id', ['none']))}, not {to.client_id}"
    if query.get("response_type") != ["code"]:
        yield f"response_type {', '.join(query.get('response_type', ['none']))}, not code"
    back = query.get("redirect_uri", [""])[0]
    if not back.startswith(f"https://{to.host}/"):
        yield f"back to {back or 'nowhere'}, not to https://{to.host}/"


def strangers(host: str, without: Answer, with_token: Answer, realm: str) -> policy.Result:
    """Whether a token that claims to be of another realm opens no more than none at all does.

    Where the address refuses nobody, nothing can be told by it.
    """
    subject = f"token of another realm at {host}"
    evidence = _evidence((without, with_token))
    if without.status not in _REFUSED:
        said = without.why or f"HTTP {without.status}"
        seen = f"{without.asked} without a token: {said}, so nothing can be told by it"
        return policy.Result(policy.Verdict.UNKNOWN, subject, seen, evidence, BASIS)
    if with_token.status in _REFUSED:
        seen = f"a made-up token of {realm} was refused (HTTP {with_token.status})"
        return policy.Result(policy.Verdict.PASS, subject, seen, evidence, BASIS)
    if with_token.status is None or with_token.status >= 400:
        seen = with_token.why or f"HTTP {with_token.status}"
        return policy.Result(policy.Verdict.UNKNOWN, subject, seen, evidence, BASIS)
    seen = f"a made-up token of {realm} was let in (HTTP {with_token.status})"
    return policy.Result(policy.Verdict.FAIL, subject, seen, evidence, BASIS)


def _evidence(answers: tuple[Answer, ...]) -> dict[str, object]:
    return {
        "asked": [
            {
                "what": one.asked.partition("?")[0],
                "at": one.at.isoformat(),
                "status": one.status,
                "to": one.location.partition("?")[0],
                "why": one.why,
            }
            for one in answers
        ]
    }
