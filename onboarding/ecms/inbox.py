"""The queue of an agency: only what stands first can be seen, and it may be a real letter.

Only what is about a letter of the check is ever taken away.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Set
from dataclasses import dataclass, field

from onboarding.ecms import answers, messages, standard, wire

_PAUSES = (0.05, 0.2, 0.5, 1.0, 2.0, 5.0)


class Blocked(Exception):
    """What stands first, or whether anything does, is not for the check to say."""


@dataclass(frozen=True, slots=True)
class Inbox:
    """``ours``: ids of the letters of this and of earlier checks. ``wait``: seconds a message may
    be under way. ``empty_codes``: by which this exchange says that nothing waits.
    """

    ask: Callable[[messages.Element], bytes]
    ours: Set[str]
    wait: float
    empty_codes: tuple[str, ...] = ()
    arrived: set[str] = field(default_factory=set)
    """Ids of the letters that were taken out of the queue."""

    def clear(self) -> None:
        """Take away what stands first as long as it is ours.

        Raises ``Blocked`` before a real letter, ``answers.Wrong``, ``wire.Unseen``.
        """
        for _ in range(standard.facts()["limits"]["leftovers"]):
            first = self._first()
            if first is None:
                return
            self._take(first)
        raise answers.Wrong("messages about a letter of the check come without end")

    def expect(self, letter: messages.Letter, kind: str) -> answers.Waiting:
        """Wait for the message of a kind about a letter, and take it. Raises as ``clear``."""
        ends = time.monotonic() + self.wait
        for tried in range(standard.facts()["limits"]["polls"]):
            found = self._first()
            if found is not None:
                self._take(found)
            if found is not None and found.letter_id == letter.id:
                return _as_expected(found, kind)
            pause = _PAUSES[min(tried, len(_PAUSES) - 1)]
            if time.monotonic() + pause > ends:
                break
            time.sleep(pause)
        raise answers.Wrong(f"{kind} did not come within {self.wait:g} s")

    def _first(self) -> answers.Waiting | None:
        try:
            found = answers.first_in_queue(self.ask(messages.fetching()))
        except wire.TooLarge as large:
            raise Blocked(f"what waits first is no letter of this check: {large}") from large
        except answers.Refused as refused:
            if refused.code in self.empty_codes:
                return None
            raise Blocked(
                f"{refused}; if that says that the queue is empty, name the code under "
                "letterExchange.emptyQueueCodes of the environment"
            ) from refused
        if found is not None and found.letter_id not in self.ours:
            raise Blocked("a letter that is not of this check waits first; it was left there")
        return found

    def _take(self, first: answers.Waiting) -> None:
        if not first.process_id:
            raise answers.Wrong("handed out a message without a ProcessID to take it by")
        taken = self.ask(messages.taking(first.process_id))
        answers.sound(taken, "CorrespondenceLetterDeleteResponse")
        if first.kind == standard.DOCUMENT:
            self.arrived.add(first.letter_id)


def _as_expected(found: answers.Waiting, kind: str) -> answers.Waiting:
    if found.kind != kind:
        raise answers.Wrong(f"{found.kind} came in place of {kind}")
    if found.flaws:
        raise answers.Wrong(f"{kind} is not as it should be: {'; '.join(found.flaws)}")
    return found
