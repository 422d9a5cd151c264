"""Sends synthetic letters of an agency to itself and watches what becomes of each."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from onboarding import clock, policy, progress
from onboarding.ecms import answers, inbox, messages, signature, standard, wire

ENDPOINT = "endpoint"
DEPARTMENT = "department"
QUEUE = "queue"
SENT = "letter sent"
RECEIVED = "letter received"
SIGNATURE = "signature"
ACCEPTED = "receipt number"
_ACCEPTING = "AcceptLetterNotifier"
_OUTBOUND = "CorrespondenceLetterOutboundResponse"

Verdict = policy.Verdict


class Asking(Protocol):
    """What the check needs of an exchange; see ``wire.Exchange``."""

    def ask(self, message: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Case:
    """Whose account is checked, where, how long a letter may be under way, and what is tried."""

    exchange: Asking
    to: messages.Addressing
    ministry: str
    department: str
    wait: float
    notifiers: tuple[str, ...]
    empty_codes: tuple[str, ...] = ()
    """Codes by which this exchange says that a queue is empty."""
    earlier: frozenset[str] = frozenset()
    """Ids of the letters of earlier runs: what is about them is taken away as well."""
    left: tuple[messages.Letter, ...] = ()
    """Those among them that were not seen to go."""
    report: progress.Progress = field(default_factory=progress.Silent)


@dataclass(slots=True)
class Seen:
    """What each check showed, by its name; the letters that went, are kept, or may be left."""

    checks: dict[str, tuple[Verdict, str]] = field(default_factory=dict)
    gone: list[messages.Letter] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)
    """Letters that the exchange does not give back, with what it says."""
    left: dict[str, str] = field(default_factory=dict)


class _Halt(Exception):
    """A check ended otherwise than well, and what follows rests on it."""


def notifier(kind: str) -> str:
    """The name of the check of a notifier."""
    return f"notifier {kind}"


def checks(notifiers: Sequence[str]) -> tuple[str, ...]:
    """The names of all checks, in their order."""
    tried = tuple(notifier(kind) for kind in notifiers)
    return (ENDPOINT, DEPARTMENT, QUEUE, SENT, RECEIVED, SIGNATURE, ACCEPTED, *tried)


def courses(notifiers: Sequence[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What is tried on a letter each: the course's name and its notifiers, of those agreed."""
    planned = (
        (str(c["id"]), tuple(k for k in c["notifiers"] if k in notifiers))
        for c in standard.facts()["courses"]["values"]
    )
    return tuple((name, kinds) for name, kinds in planned if kinds)


def compose(of: Case, now: clock.Clock) -> dict[str, messages.Letter]:
    """A letter for each course, under ids that no other letter has."""
    run = secrets.token_hex(6)
    return {
        name: messages.Letter(
            id=f"ONBOARD-TEST-{run}-{name}",
            day=now.now().astimezone(clock.BANGKOK).date(),
            ministry=of.ministry,
            department=of.department,
            receipt=f"ONBOARD-TEST-{run}",
        )
        for name, _ in courses(of.notifiers)
    }


def run(of: Case, letters: dict[str, messages.Letter], now: clock.Clock) -> Seen:
    """Try everything, and take away what was sent, whatever happened."""
    seen = Seen()
    trial = _Trial(of, seen, now, [*letters.values(), *of.left])
    try:
        trial.beginning()
        for name, kinds in courses(of.notifiers):
            with of.report.step(f"Letter {letters[name].id}"):
                trial.course(letters[name], kinds)
    except _Halt:
        pass
    finally:
        trial.tidy()
    return seen


class _Trial:
    """One run of the check. ``letters``: those of this run, and those left by earlier ones."""

    def __init__(
        self, of: Case, seen: Seen, now: clock.Clock, letters: Sequence[messages.Letter]
    ) -> None:
        self._of, self._seen, self._now = of, seen, now
        self._letters = letters
        self._sent = {letter.id for letter in of.left}
        self._inbox = inbox.Inbox(
            self._ask,
            of.earlier | {letter.id for letter in letters},
            of.wait,
            of.empty_codes,
            # Of a letter that an earlier run sent, no more than the queue shows now will come.
            arrived=set(self._sent),
        )
        self._key = signature.make_key()

    def beginning(self) -> None:
        """Who answers, whether the agency is known there, and what waits in its queue."""
        with self._check(ENDPOINT):
            listed = self._ask(messages.listing())
        self._passed(ENDPOINT, "answers over TLS, with a certificate of the authority named")
        with self._check(DEPARTMENT):
            codes = answers.departments(listed)
            if self._of.department not in codes:
                raise answers.Wrong(
                    f"department {self._of.department} is not among the {len(codes)} that take part"
                )
        self._passed(DEPARTMENT, f"{self._of.department} takes part")
        with self._check(QUEUE):
            self._inbox.clear()
        self._passed(QUEUE, "no letter waits in it")

    def course(self, letter: messages.Letter, kinds: Sequence[str]) -> None:
        with self._check(SENT):
            self._sent.add(letter.id)
            self._send(messages.sending(letter, self._key, self._now.now()))
        self._passed(SENT, "taken, with a process number")
        with self._check(RECEIVED):
            arrived = self._inbox.expect(letter, standard.DOCUMENT)
        self._passed(RECEIVED, "came back with its fields in order")
        with self._check(SIGNATURE):
            try:
                signature.verify(arrived.content, self._key)
            except signature.Unsound as unsound:
                raise answers.Wrong(str(unsound)) from unsound
        self._passed(SIGNATURE, "verifies with the key it was made by")
        for kind in kinds:
            names = (notifier(kind), ACCEPTED) if kind == _ACCEPTING else (notifier(kind),)
            with self._check(*names):
                self._send(messages.notifying(kind, letter))
                _same_number(letter, self._inbox.expect(letter, kind))
            self._passed(notifier(kind), "taken, and came back")
            if kind == _ACCEPTING:
                self._passed(ACCEPTED, f"{kind} came back with {letter.receipt}")

    def tidy(self) -> None:
        """Take what is ours from the queue and take the letters back; say what is left."""
        sent = [letter for letter in self._letters if letter.id in self._sent]
        self._seen.gone += [letter for letter in self._letters if letter.id not in self._sent]
        if not sent:
            return
        stays = ""
        try:
            self._inbox.clear()
        except (answers.Wrong, wire.Unseen, inbox.Blocked) as problem:
            stays = str(problem)
        for letter in sent:
            self._withdraw(letter, stays)

    def _withdraw(self, letter: messages.Letter, stays: str) -> None:
        expected = "CorrespondenceDeleteGovernmentDocumentResponse"
        kept = ""
        try:
            answers.sound(self._ask(messages.withdrawing(letter)), expected)
        except answers.Wrong as refused:
            kept = str(refused)
            if letter.id not in self._inbox.arrived:
                stays = stays or f"not in the queue, and not given back: {refused}"
        except wire.Unseen as unseen:
            stays = stays or str(unseen)
        if stays:
            self._seen.left[letter.id] = stays
            return
        self._seen.gone.append(letter)
        if kept:
            self._seen.kept[letter.id] = kept

    def _send(self, message: messages.Element) -> None:
        answers.sound(self._ask(message), _OUTBOUND)

    def _ask(self, message: messages.Element) -> bytes:
        return self._of.exchange.ask(messages.envelope(self._of.to, message, self._now.now()))

    @contextmanager
    def _check(self, *names: str) -> Iterator[None]:
        """Remember how checks ended that did not pass, and stop there."""
        try:
            yield
        except (answers.Wrong, wire.Unseen, inbox.Blocked) as ended:
            verdict = Verdict.FAIL if isinstance(ended, answers.Wrong) else Verdict.UNKNOWN
            self._seen.checks.update(dict.fromkeys(names, (verdict, str(ended))))
            raise _Halt from ended

    def _passed(self, name: str, seen: str) -> None:
        self._seen.checks[name] = (Verdict.PASS, seen)


def _same_number(letter: messages.Letter, told: answers.Waiting) -> None:
    """The schema wants the number where there has to be one."""
    if told.receipt and told.receipt != letter.receipt:
        raise answers.Wrong(
            f"{told.kind} came with the receipt number {told.receipt!r}, "
            f"sent was {letter.receipt!r}"
        )
