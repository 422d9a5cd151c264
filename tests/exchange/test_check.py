"""The check over TLS against a small exchange: it passes on a sound one, and sees each fault."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from onboarding import clock, environment, patience
from onboarding.ecms import exercise, judging, messages, wire
from onboarding.policy import Verdict
from tests.contract.servers import tls
from tests.exchange import endpoint

NOTIFIERS = tuple(endpoint.NOTIFIERS)
NOW = clock.Clock()
PATIENT = patience.Limits(connect=10.0, request=30.0, retry=30.0)
SOON = patience.Limits(connect=1.0, request=1.0, retry=1.0)


def check(
    at: endpoint.Exchange,
    *,
    ca: Path | None = None,
    secret: str = endpoint.ACCOUNT[1],
    wait: float = 1.0,
    door: type[wire.Exchange] = wire.Exchange,
    **more: Any,
) -> exercise.Seen:
    known = environment.LetterExchange(address=at.address, ca_file=ca or at.ca)
    account = wire.Account(endpoint.ACCOUNT[0], secret)
    limits = SOON if at.fault == "slow" else PATIENT
    with closing(door(known, account, limits)) as opened:
        case = exercise.Case(
            exchange=opened,
            to=messages.Addressing(at.address, "w3c"),
            ministry=endpoint.DEPARTMENT[:2],
            department=endpoint.DEPARTMENT,
            wait=wait,
            **{"notifiers": NOTIFIERS, **more},
        )
        return exercise.run(case, exercise.compose(case, NOW), NOW)


def bad(seen: exercise.Seen) -> dict[str, tuple[Verdict, str]]:
    return {n: v for n, v in seen.checks.items() if v[0] is not Verdict.PASS}


def test_a_sound_exchange_passes_every_check_and_nothing_is_left(tmp_path: Path) -> None:
    with endpoint.serving(tmp_path) as at:
        seen = check(at)
    assert at.refused == []
    assert {v for v, _ in seen.checks.values()} == {Verdict.PASS}
    assert set(seen.checks) == set(exercise.checks(NOTIFIERS))
    assert (at.queue, at.letters, seen.left, seen.kept) == ([], {}, {}, {})
    assert len(seen.gone) == 3
    assert {kind for kind in at.asked if kind in NOTIFIERS} == set(NOTIFIERS)


FAULTS: Mapping[str, tuple[dict[str, Any], str, Verdict, str]] = {
    # name: how the exchange misbehaves, the check that sees it, its verdict, and what it says
    "not listed": ({"fault": "not-listed"}, "department", Verdict.FAIL, "15900 is not among the 2"),
    "wrong message name": (
        {"fault": "wrong-name"}, "letter sent", Verdict.FAIL,
        "answered with <CorrespondenceLetterOutboundReply>",
    ),
    "no process number": ({"fault": "no-process-id"}, "letter sent", Verdict.FAIL, "ProcessID"),
    "wrong order": (
        {"fault": "wrong-order"}, "letter received", Verdict.FAIL, "Expected is ( ram:ID )",
    ),
    "year of the Buddhist Era": (
        {"fault": "buddhist-year"}, "letter received", Verdict.FAIL, "2569-11-22",
    ),
    "missing signature": (
        {"fault": "no-signature"}, "signature", Verdict.FAIL, "without its signature",
    ),
    "tampered letter": ({"fault": "tampered"}, "signature", Verdict.FAIL, "Digest mismatch"),
    "signed by another key": ({"fault": "another-key"}, "signature", Verdict.FAIL, "another key"),
    "wrapped signature": ({"fault": "wrapped"}, "letter received", Verdict.FAIL, "not as it"),
    "letter lost": (
        {"fault": "lost", "at": "GovernmentDocument"}, "letter received", Verdict.FAIL,
        "GovernmentDocument did not come within 1 s",
    ),
    "missing receipt number": (
        {"fault": "no-number", "at": "AcceptLetterNotifier"}, "receipt number", Verdict.FAIL,
        "Expected is ( AcceptID )",
    ),
    "another receipt number": (
        {"fault": "other-number", "at": "AcceptLetterNotifier"}, "receipt number", Verdict.FAIL,
        "'1/2569'",
    ),
    **{
        f"{kind} lost": (
            {"fault": "lost", "at": kind}, f"notifier {kind}", Verdict.FAIL,
            f"{kind} did not come within 1 s",
        )
        for kind in NOTIFIERS
    },
    "another notifier comes": (
        {"fault": "in-place-of", "at": "RejectLetterNotifier"}, "notifier RejectLetterNotifier",
        Verdict.FAIL, "InvalidLetterNotifier came in place of RejectLetterNotifier",
    ),
    "slow": ({"fault": "slow"}, "endpoint", Verdict.UNKNOWN, "no answer"),
    "slow in the middle": (
        {"fault": "slow", "at": "AcceptLetterNotifier"}, "receipt number", Verdict.UNKNOWN,
        "no answer",
    ),
    "connection closed": ({"fault": "closes"}, "endpoint", Verdict.UNKNOWN, "no answer"),
    "HTTP 500": ({"fault": "http-500"}, "endpoint", Verdict.FAIL, "answered HTTP 500"),
    "HTTP 500 in the middle": (
        {"fault": "http-500", "at": "GovernmentDocument"}, "letter sent", Verdict.FAIL,
        "answered HTTP 500",
    ),
    "SOAP fault": (
        {"fault": "soap-fault"}, "endpoint", Verdict.FAIL, "a SOAP fault: ระบบขัดข้อง",
    ),
    "redirect": ({"fault": "redirect"}, "endpoint", Verdict.FAIL, "answered HTTP 302"),
    "oversized": (
        {"fault": "oversized"}, "endpoint", Verdict.FAIL, "an answer of more than 16777216 bytes",
    ),
    "a letter too large to be of the check": (
        {"fault": "oversized", "at": "CorrespondenceLetterInboundRequest"}, "queue",
        Verdict.UNKNOWN, "no letter of this check",
    ),
    "entity bomb": ({"fault": "bomb"}, "department", Verdict.FAIL, "amplification"),
    "external entity": (
        {"fault": "external-entity"}, "department", Verdict.FAIL, "document type declaration",
    ),
    "no XML": ({"fault": "no-xml"}, "department", Verdict.FAIL, "no XML"),
    "an empty queue told as an error": (
        {"fault": "empty-as-error"}, "queue", Verdict.UNKNOWN, "refused with E404: ไม่พบหนังสือ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_seen_where_it_is(name: str, tmp_path: Path) -> None:
    how, seen_by, verdict, text = FAULTS[name]
    with endpoint.serving(tmp_path, **how) as at:
        seen = check(at)
    assert at.refused == [] or how["fault"] == "no-process-id"
    ended = seen.checks[seen_by]
    assert ended[0] is verdict, seen.checks
    assert text in ended[1]
    assert {v for v, _ in bad(seen).values()} == {verdict}
    assert at.queue == []
    assert at.letters == {}
    judged = judging.findings("x", at.address, NOTIFIERS, seen)
    found = {f.result.subject.removesuffix(f" {at.address}"): f for f in judged}
    judged_here = found[seen_by]
    assert judged_here.result.verdict is verdict
    assert judged_here.result.basis == "live"
    for unreached in set(exercise.checks(NOTIFIERS)) - set(seen.checks):
        assert found[unreached].result.verdict is Verdict.UNKNOWN


def test_a_certificate_of_nobody_known_is_refused_before_anything_is_said(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other, _ = tls.write(tmp_path / "other")
    with endpoint.serving(tmp_path) as at:
        seen = check(at, ca=other)
    assert at.asked == []
    verdict, text = seen.checks["endpoint"]
    assert verdict is Verdict.FAIL
    assert "a certificate that is not trusted" in text


@pytest.mark.parametrize("secret", ["", "wrong"])
def test_an_account_that_may_not_is_told(secret: str, tmp_path: Path) -> None:
    with endpoint.serving(tmp_path) as at:
        seen = check(at, secret=secret)
    assert seen.checks == {"endpoint": (Verdict.FAIL, "refused the account (HTTP 401)")}


def test_nobody_at_the_address_is_unknown(tmp_path: Path) -> None:
    with endpoint.serving(tmp_path) as at:
        pass
    seen = check(at)
    assert {v for v, _ in seen.checks.values()} == {Verdict.UNKNOWN}
    judged = judging.findings("x", at.address, NOTIFIERS, seen)
    assert {f.result.verdict for f in judged} == {Verdict.UNKNOWN}
    assert {f.control.id for f in judged} == {"DOC-008", "DOC-009"}


def test_a_real_letter_is_not_touched_and_nothing_is_sent(tmp_path: Path) -> None:
    with endpoint.serving(tmp_path) as at:
        at.put_real_letter()
        seen = check(at)
    assert bad(seen) == {
        "queue": (
            Verdict.UNKNOWN,
            "a letter that is not of this check waits first; it was left there",
        )
    }
    assert [number for number, _ in at.queue] == ["real-1"]
    assert at.asked == ["GetOrganizationList", "CorrespondenceLetterInboundRequest"]
    assert seen.left == {}


def test_a_real_letter_that_comes_meanwhile_stays_and_the_next_run_cleans_up(
    tmp_path: Path,
) -> None:
    class Interposing(wire.Exchange):
        """A real letter comes in just before the third course is sent."""

        def ask(self, message: bytes) -> bytes:
            if b"-invalid<" in message and b"CorrespondenceLetter ID" in message:
                at.put_real_letter()
            return super().ask(message)

    with endpoint.serving(tmp_path, gives_back=False) as at:
        seen = check(at, door=Interposing)
        assert seen.checks["letter received"][0] is Verdict.UNKNOWN
        [left] = [name for name in seen.left if name.endswith("-invalid")]
        assert at.queue[0][0] == "real-1"
        assert len(at.queue) == 2

        at.queue.pop(0)  # the agency's own system takes its letter
        letter = messages.Letter(left, NOW.today(), "15", "15900")
        again = check(at, earlier=frozenset(seen.left), left=(letter,))
    assert bad(again) == {}
    assert at.queue == []
    assert again.left == {}
    assert left in again.kept


def test_a_letter_that_is_under_way_is_not_forgotten(tmp_path: Path) -> None:
    """Sent, not seen to come, and not given back: it may still come."""
    with endpoint.serving(tmp_path, fault="lost", at="GovernmentDocument", gives_back=False) as at:
        seen = check(at)
    [text] = seen.left.values()
    assert "not in the queue, and not given back" in text


def test_what_comes_late_about_an_earlier_letter_is_taken_away(tmp_path: Path) -> None:
    late = messages.Letter("ONBOARD-TEST-earlier", date(2026, 11, 1), "15", "15900")

    class Late(wire.Exchange):
        def ask(self, message: bytes) -> bytes:
            if b"<ReceiveLetterNotifier>" in message:
                at.queue.append(("late", messages.notifying("RejectLetterNotifier", late)[0]))
            return super().ask(message)

    with endpoint.serving(tmp_path) as at:
        seen = check(at, door=Late, earlier=frozenset({late.id}))
    assert bad(seen) == {}
    assert at.queue == []


def test_letters_that_the_exchange_keeps_are_named(tmp_path: Path) -> None:
    with endpoint.serving(tmp_path, gives_back=False) as at:
        seen = check(at)
    assert bad(seen) == {}
    assert at.queue == []
    assert (len(seen.kept), seen.left) == (3, {})
    assert all("refused with E900" in why for why in seen.kept.values())


def test_an_empty_queue_may_be_told_as_an_error_that_is_named(tmp_path: Path) -> None:
    with endpoint.serving(tmp_path, fault="empty-as-error") as at:
        seen = check(at, empty_codes=("E404",))
    assert bad(seen) == {}


def test_only_the_notifiers_that_were_agreed_are_tried(tmp_path: Path) -> None:
    with endpoint.serving(tmp_path) as at:
        seen = check(at, notifiers=("ReceiveLetterNotifier",))
    assert {kind for kind in at.asked if kind in NOTIFIERS} == {"ReceiveLetterNotifier"}
    found = judging.findings("x", at.address, ("ReceiveLetterNotifier",), seen)
    [receipt] = [f for f in found if f.result.subject == "receipt number"]
    assert receipt.result.verdict is Verdict.UNKNOWN


def test_the_secret_is_shown_nowhere() -> None:
    assert endpoint.ACCOUNT[1] not in repr(wire.Account(*endpoint.ACCOUNT))


def test_findings_without_an_exchange_are_unknown_and_never_pass() -> None:
    found = judging.unseen("x", "no exchange")
    assert [(f.control.id, f.result.verdict) for f in found] == [
        ("DOC-008", Verdict.UNKNOWN),
        ("DOC-009", Verdict.UNKNOWN),
    ]
    assert all(f.control.confirm for f in found)
