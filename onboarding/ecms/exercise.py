"""Sends synthetic letters of an agency to itself and watches what becomes of each.

The queue of an agency may hold real letters. Only what stands first can be seen, and only what is
about a letter of ours is ever taken away; behind a real letter the check stops.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from onboarding import clock, policy, progress
from onboarding.ecms import answers, messages, signature, standard, wire

ENDPOINT = "endpoint"
DEPARTMENT = "department"
QUEUE = "queue"
SENT = "letter sent"
RECEIVED = "letter received"
SIGNATURE = "signature"
ACCEPTED = "receipt number"
_ACCEPTING = "AcceptLetterNotifier"
_OUTBOUND = "CorrespondenceLetterOutboundResponse"
_PAUSES = (0.05, 0.2, 0.5, 1.0, 2.0, 5.0)

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


class _Blocked(Exception):
    """What stands first in the queue, or whether anything does, is not for the check to say."""


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
    """One run of the check. ``ours``: letters that may be taken from the queue."""

    def __init__(self, of: Case, seen: Seen, now: clock.Clock, ours: list[messages.Letter]) -> None:
        self._of, self._seen, self._now = of, seen, now
        self._letters = {letter.id: letter for letter in ours}
        self._ours = of.earlier | self._letters.keys()
        self._sent = {letter.id for letter in of.left}
        # Of a letter that an earlier run sent, no more than the queue shows now will come.
        self._arrived = set(self._sent)
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
            self._clear()
        self._passed(QUEUE, "no letter waits in it")

    def course(self, letter: messages.Letter, kinds: Sequence[str]) -> None:
        with self._check(SENT):
            self._sent.add(letter.id)
            self._send(messages.sending(letter, self._key, self._now.now()))
        self._passed(SENT, "taken, with a process number")
        with self._check(RECEIVED):
            arrived = self._await(letter, standard.DOCUMENT)
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
                self._same_number(letter, self._await(letter, kind))
            self._passed(notifier(kind), "taken, and came back")
            if kind == _ACCEPTING:
                self._passed(ACCEPTED, f"{kind} came back with {letter.receipt}")

    def _same_number(self, letter: messages.Letter, told: answers.Waiting) -> None:
        if told.receipt and told.receipt != letter.receipt:
            raise answers.Wrong(
                f"{told.kind} came with the receipt number {told.receipt!r}, "
                f"sent was {letter.receipt!r}"
            )

    def tidy(self) -> None:
        """Take what is ours from the queue and take the letters back; say what is left."""
        sent = [letter for letter in self._letters.values() if letter.id in self._sent]
        unsent = [letter for letter in self._letters.values() if letter.id not in self._sent]
        self._seen.gone += unsent
        if not sent:
            return
        stays = self._clear_what_can_be()
        for letter in sent:
            self._withdraw(letter, stays)

    def _clear_what_can_be(self) -> str:
        try:
            self._clear()
        except (answers.Wrong, wire.Unseen, _Blocked) as problem:
            return str(problem)
        return ""

    def _withdraw(self, letter: messages.Letter, stays: str) -> None:
        expected = "CorrespondenceDeleteGovernmentDocumentResponse"
        kept = ""
        try:
            answers.sound(self._ask(messages.withdrawing(letter)), expected)
        except answers.Wrong as refused:
            kept = str(refused)
            if letter.id not in self._arrived:
                stays = stays or f"not in the queue, and not given back: {refused}"
        except wire.Unseen as unseen:
            stays = stays or str(unseen)
        if stays:
            self._seen.left[letter.id] = stays
            return
        self._seen.gone.append(letter)
        if kept:
            self._seen.kept[letter.id] = kept

    def _clear(self) -> None:
        """Take away what stands first as long as it is ours. Raises ``_Blocked`` before others."""
        for _ in range(standard.facts()["limits"]["leftovers"]):
            first = self._first()
            if first is None:
                return
            self._take(first)
        raise answers.Wrong("messages about a letter of the check come without end")

    def _first(self) -> answers.Waiting | None:
        try:
            found = answers.first_in_queue(self._ask(messages.fetching()))
        except answers.Refused as refused:
            if refused.code in self._of.empty_codes:
                return None
            raise _Blocked(
                f"{refused}; if that says that the queue is empty, name the code under "
                "letterExchange.emptyQueueCodes of the environment"
            ) from refused
        if found is not None and found.letter_id not in self._ours:
            raise _Blocked("a letter that is not of this check waits first; it was left there")
        return found

    def _take(self, first: answers.Waiting) -> None:
        if not first.process_id:
            raise answers.Wrong("handed out a message without a ProcessID to take it by")
        taken = self._ask(messages.taking(first.process_id))
        answers.sound(taken, "CorrespondenceLetterDeleteResponse")
        if first.kind == standard.DOCUMENT:
            self._arrived.add(first.letter_id)

    def _await(self, letter: messages.Letter, kind: str) -> answers.Waiting:
        """Wait for the message of a kind about a letter, and take it from the queue."""
        ends = time.monotonic() + self._of.wait
        for tried in range(standard.facts()["limits"]["polls"]):
            found = self._first()
            if found is not None:
                self._take(found)
                if (found.kind, found.letter_id) != (kind, letter.id):
                    raise answers.Wrong(f"{found.kind} came in place of {kind}")
                if found.flaws:
                    raise answers.Wrong(f"{kind} is not as it should be: {'; '.join(found.flaws)}")
                return found
            pause = _PAUSES[min(tried, len(_PAUSES) - 1)]
            if time.monotonic() + pause > ends:
                break
            time.sleep(pause)
        raise answers.Wrong(f"{kind} did not come within {self._of.wait:g} s")

    def _send(self, message: messages.Element) -> None:
        answers.sound(self._ask(message), _OUTBOUND)

    def _ask(self, message: messages.Element) -> bytes:
        return self._of.exchange.ask(messages.envelope(self._of.to, message, self._now.now()))

    @contextmanager
    def _check(self, *names: str) -> Iterator[None]:
        """Remember how checks ended that did not pass, and stop there."""
        try:
            yield
        except (answers.Wrong, wire.Unseen, _Blocked) as ended:
            verdict = Verdict.FAIL if isinstance(ended, answers.Wrong) else Verdict.UNKNOWN
            self._seen.checks.update(dict.fromkeys(names, (verdict, str(ended))))
            raise _Halt from ended

    def _passed(self, name: str, seen: str) -> None:
        self._seen.checks[name] = (Verdict.PASS, seen)
