"""Letters of bodies that share an instance: who is asked at all, and what their tries amount to."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from onboarding import environment, errors, policy, product_api, product_login, progress, tenant
from onboarding.probes import bodies, records
from onboarding.product_api import crossing
from onboarding.state import interface, opening
from tests.contract import agencies
from tests.unit import targets

LEFT = ("ga-plk-lao-prod", crossing.MARK)
AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
Verdict = policy.Verdict


@pytest.mark.parametrize(
    ("crossed", "verdict", "said"),
    [
        (crossing.Crossed((), (), 40, 6), Verdict.PASS, "40 tries between 6 pairs of bodies, all"),
        (crossing.Crossed(("a on a letter of b: read",), (), 40, 6), Verdict.FAIL, "reached: a on"),
        (crossing.Crossed(("a: read",), ("b: no answer",), 40, 6), Verdict.FAIL, "reached: a"),
        (crossing.Crossed((), ("b: no answer",), 40, 6), Verdict.UNKNOWN, "b: no answer"),
        (crossing.Crossed((), (), 0, 0), Verdict.UNKNOWN, "nothing was tried"),
    ],
)
def test_tries_are_judged(crossed: crossing.Crossed, verdict: policy.Verdict, said: str) -> None:
    result = bodies.judged("bodies in ga-x-prod", crossed, AT)
    assert result.verdict is verdict
    assert said in result.seen
    assert result.basis == "live"
    assert result.evidence["at"] == AT.isoformat()


def test_many_breaches_are_counted_and_all_of_them_evidence() -> None:
    many = tuple(f"a on a letter of b{n}: read" for n in range(57))
    result = bodies.judged("x", crossing.Crossed(many, (), 0, 57), AT)
    assert result.seen.endswith(", and 52 more")
    assert len(result.evidence["reached"]) == 57


def _pooled(number: int) -> tenant.Tenant:
    whole = agencies.example("plk-lao")
    return dataclasses.replace(whole, bodies=whole.bodies[:number])


def _target(*, product: bool) -> environment.Environment:
    about = environment.EOffice(product="mayan-edms") if product else None
    return targets.pinned().model_copy(update={"e_office": about})


@pytest.mark.parametrize(
    ("number", "product", "verdict"),
    [(1, True, Verdict.NOT_APPLICABLE), (3, False, Verdict.UNKNOWN)],
)
def test_where_nothing_can_be_tried_it_says_why(
    *, number: int, product: bool, verdict: policy.Verdict, tmp_path: Path
) -> None:
    made = bodies.of(_pooled(number), _target(product=product), _store(tmp_path))
    assert made.does == ()
    [found] = made.run(progress.Silent()).findings
    assert (found.control.id, found.result.verdict) == ("TEN-018", verdict)


def _store(folder: Path) -> interface.StateStore:
    state = environment.State(store=f"file://{folder}/store")
    return opening.of(targets.pinned().model_copy(update={"state": state}))


class Product:
    """Answers as it is told; ``stuck``: what it says to who would take things away."""

    def __init__(
        self, tries: Sequence[crossing.Try] | Exception = (), stuck: Exception | None = None
    ) -> None:
        self.tries, self.stuck = tries, stuck
        self.asked, self.swept = list[Sequence[str]](), 0

    def cross_read(
        self, place: product_api.Place, account: object, agency: str, asked: Sequence[str]
    ) -> Sequence[crossing.Try]:
        self.asked.append(asked)
        if isinstance(self.tries, Exception):
            raise self.tries
        return self.tries

    def sweep(self, place: product_api.Place, account: object) -> int:
        self.swept += 1
        if self.stuck:
            raise self.stuck
        return 0


def _serving(monkeypatch: pytest.MonkeyPatch, product: Product) -> None:
    monkeypatch.setattr(product_api, "of", lambda _: product)
    monkeypatch.setattr(product_login, "administrator", lambda *_: product_api.Account("x", "y"))


BREACH = (crossing.Try("a", "a", "read", True), crossing.Try("a", "b", "read", True))
LACKS = errors.UsageError("the e-Office has no organisation a", resolution="Run onboard apply.")


@pytest.mark.parametrize(
    ("tries", "verdict", "said"),
    [
        (BREACH, "fail", "reached: a on a letter of b"),
        ((), "unknown", "nothing was tried"),
        (errors.Unreachable("nobody answers"), "unknown", "nobody answers"),
        (LACKS, "unknown", "no organisation a; Run onboard apply."),
    ],
)
def test_every_body_is_asked_and_a_silent_product_is_unknown(
    tries: Sequence[crossing.Try] | Exception,
    verdict: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    product = Product(tries)
    _serving(monkeypatch, product)
    made = bodies.of(_pooled(3), _target(product=True), _store(tmp_path))
    assert "for each of 3 bodies" in made.does[0]
    assert "a clerk in all its groups" in made.does[1]
    outcome = made.run(progress.Silent())
    assert [f.result.verdict.value for f in outcome.findings] == [verdict] * len(product.asked)
    assert all(said in f.result.seen for f in outcome.findings)
    assert {len(asked) for asked in product.asked} == {3}
    assert (outcome.left, product.swept) == ({}, len(product.asked))


def test_what_could_not_be_taken_away_is_told_beside_what_was_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, product = _store(tmp_path), Product(BREACH, errors.Denied("not yours"))
    _serving(monkeypatch, product)
    outcome = bodies.of(_pooled(3), _target(product=True), store).run(progress.Silent())
    assert {f.result.verdict for f in outcome.findings} == {Verdict.FAIL}
    left = "accounts and letters onboardprobe… in ga-plk-lao-prod"
    assert outcome.left == {left: "not yours"}
    product.stuck = None
    outcome = bodies.of(_pooled(3), _target(product=True), store).run(progress.Silent())
    assert outcome.left == {}
    assert records.left(store, "plk-lao", records.OFFICES) == ()


def test_what_a_probe_that_broke_made_is_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = Product(KeyError("x"))
    _serving(monkeypatch, product)
    with pytest.raises(KeyError):
        bodies.of(_pooled(3), _target(product=True), _store(tmp_path)).run(progress.Silent())
    assert product.swept == 1


@pytest.mark.parametrize("stuck", [None, errors.Denied("not yours")])
def test_what_an_earlier_run_left_goes_where_nothing_is_tried_any_more(
    stuck: Exception | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, product = _store(tmp_path), Product(stuck=stuck)
    _serving(monkeypatch, product)
    records.begin(store, "plk-lao", [LEFT], records.OFFICES)
    assert records.left(store, "plk-lao") == ()
    made = bodies.of(_pooled(1), _target(product=True), store)
    assert "in ga-plk-lao-prod away, which an earlier run left" in made.does[-1]
    outcome = made.run(progress.Silent())
    assert [f.result.verdict for f in outcome.findings] == [Verdict.NOT_APPLICABLE]
    assert list(outcome.left.values()) == ([] if stuck is None else ["not yours"])
    assert (product.swept, product.asked) == (1, [])
    assert bodies.of(_pooled(1), _target(product=True), store).does == (made.does if stuck else ())


@pytest.mark.parametrize("product", [True, False])
def test_what_was_left_stays_told_while_nobody_can_take_it_away(
    *, product: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_login(*_: object) -> product_api.Account:
        raise errors.Unreachable("Vault does not answer")

    store, silent = _store(tmp_path), Product()
    monkeypatch.setattr(product_api, "of", lambda _: silent)
    monkeypatch.setattr(product_login, "administrator", no_login)
    records.begin(store, "plk-lao", [LEFT], records.OFFICES)
    outcome = bodies.of(_pooled(3), _target(product=product), store).run(progress.Silent())
    [why] = outcome.left.values()
    assert why == ("Vault does not answer" if product else bodies._NO_PRODUCT)
    assert {f.result.verdict for f in outcome.findings} == {Verdict.UNKNOWN}
    assert (silent.swept, silent.asked) == (0, [])
