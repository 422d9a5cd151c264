"""One check of an agency's account: whether letters may be sent at all, which, and sending them."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from urllib import parse

from onboarding import clock, environment, errors, patience, policy, progress, tenant
from onboarding.ecms import exercise, judging, messages, records, wire
from onboarding.manifest import agreement, systems
from onboarding.state import interface


@dataclass(frozen=True, slots=True)
class Trial:
    """Whose account is tried, and where."""

    agency: str
    at: environment.LetterExchange
    account: systems.EcmsAccount
    codes: agreement.EcmsCodes

    @property
    def to(self) -> messages.Addressing:
        return messages.Addressing(self.at.address, self.at.addressing)


def prepare(
    of: tenant.Tenant, target: environment.Environment
) -> Trial | tuple[policy.Finding, ...]:
    """The trial, or the findings where nothing is to be sent.

    Raises ``errors.Refused`` where real letters would be sent by a trial, ``errors.UsageError``
    where the agency has no code.
    """
    account, at, codes = _account(of), target.letter_exchange, of.manifest.agency.ecms
    if account is None:
        return judging.not_agreed(of.id, "no account that sends and receives was agreed")
    if at is None:
        return judging.unseen(of.id, "the environment names no exchange (letterExchange)")
    if target.production and account.endpoint != at.address:
        return judging.elsewhere(of.id, account.endpoint, at.address)
    if not target.production and _host(at.address) == _host(account.endpoint):
        raise errors.Refused(
            f"{at.address} exchanges real letters: the manifest names its host, and the "
            f"environment {target.name} is not for production",
            resolution="Name an exchange for trials as letterExchange.address.",
        )
    if codes is None:
        raise errors.UsageError(
            f"{of.id} has no code at the exchange",
            resolution="Add agency.ecms (ministryCode, departmentCode) to the manifest.",
        )
    return Trial(of.id, at, account, codes)


def _account(of: tenant.Tenant) -> systems.EcmsAccount | None:
    """The agency's account, if letters can go round with it."""
    agreed = (s.eoffice.ecms for s in of.manifest.systems if s.eoffice and s.eoffice.ecms)
    return next((a for a in agreed if a.send and a.receive), None)


def _host(address: str) -> str | None:
    return parse.urlsplit(address).hostname


def announce(of: Trial) -> tuple[str, ...]:
    """What would be sent, for whoever has to agree to it."""
    letters = exercise.courses(of.account.notifiers)
    department = of.codes.department_code
    sent = (
        f"  sends   a letter of department {department} to itself ({name}), then "
        + ", ".join(kinds)
        for name, kinds in letters
    )
    return (
        f"To {of.at.address}, as account {of.account.account}:",
        "  asks    GetOrganizationList, and what stands first in the queue of the agency",
        *sent,
        "  takes   these messages from the queue, and the letters back where it can",
        "",
        f"{len(letters)} letters, marked as a test. No other letter is taken or answered.",
    )


def run(
    of: Trial,
    secret: str,
    store: interface.StateStore,
    limits: patience.Limits,
    report: progress.Progress,
) -> exercise.Seen:
    """Send the letters between two records, so that the next run knows what this one left.

    The caller holds the agency's lease.
    """
    address = of.at.address
    earlier, left = records.earlier(store, of.agency, address)
    login = wire.Account(of.account.account, secret)
    with closing(wire.Exchange(of.at, login, limits)) as door:
        case = exercise.Case(
            exchange=door,
            to=of.to,
            ministry=of.codes.ministry_code,
            department=of.codes.department_code,
            wait=of.at.wait,
            notifiers=of.account.notifiers,
            empty_codes=of.at.empty_queue_codes,
            earlier=earlier,
            left=left,
            report=report,
        )
        now = clock.Clock()
        letters = exercise.compose(case, now)
        records.begin(store, of.agency, address, tuple(letters.values()))
        seen = exercise.run(case, letters, now)
    records.end(store, of.agency, address, seen)
    return seen
