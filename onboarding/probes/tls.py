"""Probe: the addresses of an agency as they are served, judged (controls NET-006, NET-007)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from onboarding import policy
from onboarding.policies import judge

BASIS = "live"
_NOT_SERVED = 500


class Old(StrEnum):
    """What became of an offer of nothing better than TLS 1.1 (deprecated by RFC 8996)."""

    REFUSED = "refused"
    TAKEN = "taken"
    UNSEEN = "not seen"


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Nobody answered, or not in time."""

    why: str
    asked: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Served:
    """What an address showed. ``distrust`` says why its certificate is not believed, "" if it is.

    ``not_after``, ``names``, ``issuer`` and ``sha256`` are those of the certificate itself;
    ``protocol`` as OpenSSL spells it (``TLSv1.3``). ``status`` and ``hsts`` are of its answer:
    a status of None says that there was none, an ``hsts`` of None that it had no such header.
    """

    asked: str
    at: datetime
    distrust: str
    protocol: str
    not_after: datetime
    names: tuple[str, ...]
    issuer: str
    sha256: str
    old: Old
    old_seen: str
    status: int | None = None
    hsts: str | None = None
    page_seen: str = ""
    """Why there was no answer."""
    ahead: tuple[float, float] | None = None
    """Least and most seconds by which its clock is ahead of ours; None where it told no time."""


def judged(
    host: str,
    seen: Served | Unanswered,
    *,
    public: bool,
    thresholds: Mapping[str, Any],
    now: datetime,
) -> policy.Result:
    """One result for one address. ``public``: it must also bind browsers to HTTPS (HSTS).

    What is wrong fails; else what was not seen makes it unknown.
    """
    subject = f"https://{host}"
    if isinstance(seen, Unanswered):
        evidence = {"asked": seen.asked, "at": seen.at.isoformat()}
        return policy.Result(policy.Verdict.UNKNOWN, subject, seen.why, evidence, BASIS)
    wrong = list(_flaws(seen, thresholds, now))
    unseen = [] if seen.old is not Old.UNSEEN else [f"offer of TLS 1.1: {seen.old_seen}"]
    if public and seen.status is None:
        unseen.append(f"HSTS: {seen.page_seen or 'no page was asked for'}")
    elif public:
        wrong += _hsts_flaws(seen.hsts, thresholds["net.leastHstsSeconds"])
    told = f"{seen.protocol}, certificate of {seen.issuer} until {seen.not_after:%Y-%m-%d}"
    if wrong:
        verdict, text = policy.Verdict.FAIL, "; ".join(wrong)
    elif unseen:
        verdict, text = policy.Verdict.UNKNOWN, "not seen: " + "; ".join(unseen)
    else:
        verdict, text = policy.Verdict.PASS, f"{told}, TLS 1.1 refused"
        text += f", HSTS {seen.hsts}" if public else ""
    return policy.Result(verdict, subject, judge.show(text), _evidence(seen), BASIS)


def clock_judged(
    host: str, seen: Served | Unanswered, *, thresholds: Mapping[str, Any]
) -> policy.Result:
    """Whether the clock at an address goes right, as far as whole seconds tell (DOC-012)."""
    subject, limit = f"clock shown at https://{host}", thresholds["doc.clockOffsetSeconds"]
    if isinstance(seen, Unanswered):
        return policy.Result(policy.Verdict.UNKNOWN, subject, seen.why, basis=BASIS)
    if seen.ahead is None:
        why = seen.page_seen or seen.distrust or "it told no time (Date)"
        return policy.Result(policy.Verdict.UNKNOWN, subject, f"not seen: {why}", basis=BASIS)
    least, most = seen.ahead
    evidence = {
        "asked": seen.asked,
        "at": seen.at.isoformat(),
        "status": seen.status,
        "aheadSeconds": [least, most],
    }
    verdict = policy.Verdict.UNKNOWN
    if seen.status is not None and seen.status >= _NOT_SERVED:
        said = f"HTTP {seen.status}: what stands before it answered"
    elif least > limit or most < -limit:
        verdict = policy.Verdict.FAIL
        way, by = ("ahead of", least) if least > 0 else ("behind", -most)
        said = f"at least {by:.0f} s {way} the clock of this computer, at most {limit} s"
    elif -limit <= least and most <= limit:
        verdict = policy.Verdict.PASS
        said = f"within {limit} s of the clock of this computer"
    else:
        said = f"between {least:.1f} and {most:.1f} s ahead: the answer took too long to tell"
    return policy.Result(verdict, subject, said, evidence, BASIS)


def _flaws(seen: Served, thresholds: Mapping[str, Any], now: datetime) -> Iterator[str]:
    if seen.distrust:
        yield f"certificate not trusted: {seen.distrust} (names {', '.join(seen.names) or 'none'})"
    least = thresholds["net.certificateLeastDays"]
    left = (seen.not_after - now).days
    if left < least:
        yield f"certificate ends in {left} days, at least {least}"
    version = _version(seen.protocol)
    if version < thresholds["net.leastTls"]:
        yield f"speaks {seen.protocol}, at least TLS {thresholds['net.leastTls']}"
    if seen.old is Old.TAKEN:
        yield f"an offer of nothing better than TLS 1.1 was taken ({seen.old_seen})"


def _version(protocol: str) -> str:
    """``1.3`` of ``TLSv1.3``; what is no TLS is below every version."""
    found = re.fullmatch(r"TLSv(1(?:\.\d)?)", protocol)
    return found[1] if found else "0"


def _hsts_flaws(header: str | None, least: int) -> Iterator[str]:
    """Strict-Transport-Security (RFC 6797, section 6.1): the first max-age counts."""
    if header is None:
        yield "no Strict-Transport-Security"
        return
    found = re.search(r"(?:^|;)\s*max-age\s*=\s*\"?(\d+)\"?\s*(?=;|$)", header, re.IGNORECASE)
    if found is None or int(found[1]) < least:
        yield f"Strict-Transport-Security: {judge.show(header)}, at least max-age={least}"


def _evidence(seen: Served) -> dict[str, Any]:
    return {
        "asked": seen.asked,
        "at": seen.at.isoformat(),
        "protocol": seen.protocol,
        "certificateSha256": seen.sha256,
        "issuer": seen.issuer,
        "names": list(seen.names),
        "notAfter": seen.not_after.isoformat(),
        "trusted": not seen.distrust,
        "tls11": f"{seen.old.value}: {seen.old_seen}",
        "status": seen.status,
        "strictTransportSecurity": seen.hsts,
    }
