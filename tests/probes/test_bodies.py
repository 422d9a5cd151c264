"""Letters of bodies that share an instance: who is asked at all, and what their tries amount to."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from onboarding import environment, errors, policy, product_api, product_login, progress, tenant
from onboarding.probes import bodies
from onboarding.product_api import crossing
from tests.contract import agencies
from tests.unit import targets

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
    *, number: int, product: bool, verdict: policy.Verdict
) -> None:
    made = bodies.of(_pooled(number), _target(product=product))
    assert made.does == ()
    [found] = made.run(progress.Silent()).findings
    assert (found.control.id, found.result.verdict) == ("TEN-018", verdict)


class Product:
    """Answers as it is told."""

    def __init__(self, tries: Sequence[crossing.Try] | errors.OnboardError) -> None:
        self.tries, self.asked = tries, list[Sequence[str]]()

    def cross_read(
        self, place: product_api.Place, account: object, agency: str, asked: Sequence[str]
    ) -> Sequence[crossing.Try]:
        self.asked.append(asked)
        if isinstance(self.tries, errors.OnboardError):
            raise self.tries
        return self.tries


@pytest.mark.parametrize(
    ("tries", "verdict"),
    [
        ([crossing.Try("a", "a", "read", True), crossing.Try("a", "b", "read", True)], "fail"),
        ([], "unknown"),
        (errors.Unreachable("nobody answers"), "unknown"),
    ],
)
def test_every_body_is_asked_and_a_silent_product_is_unknown(
    tries: Sequence[crossing.Try] | errors.OnboardError,
    verdict: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    product = Product(tries)
    monkeypatch.setattr(product_api, "of", lambda _: product)
    monkeypatch.setattr(product_login, "administrator", lambda *_: product_api.Account("x", "y"))
    made = bodies.of(_pooled(3), _target(product=True))
    assert "for each of 3 bodies" in made.does[0]
    found = made.run(progress.Silent()).findings
    assert [f.result.verdict.value for f in found] == [verdict] * len(product.asked)
    assert {len(asked) for asked in product.asked} == {3}
