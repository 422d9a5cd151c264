"""The few ways in which a control states what it saw: got, and where it matters, expected."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from onboarding import item, policy

LONGEST_SEEN = 300


def show(value: Any) -> str:
    """A value as a reader sees it: text as it is, ``absent`` for None, else short JSON."""
    if value is None:
        return "absent"
    text = value if isinstance(value, str) else item.canonical(value)
    return text if len(text) <= LONGEST_SEEN else text[: LONGEST_SEEN - 1] + "…"


def passes(subject: str, seen: Any = "") -> policy.Result:
    return policy.Result(policy.Verdict.PASS, subject, show(seen))


def fails(subject: str, got: Any, expected: Any) -> policy.Result:
    return policy.Result(
        policy.Verdict.FAIL, subject, f"got {show(got)}; expected {show(expected)}"
    )


def unknown(subject: str, why: str) -> policy.Result:
    return policy.Result(policy.Verdict.UNKNOWN, subject, why)


def not_applicable(subject: str, why: str) -> policy.Result:
    return policy.Result(policy.Verdict.NOT_APPLICABLE, subject, why)


def that(ok: bool, subject: str, got: Any, expected: Any) -> policy.Result:
    """Pass showing what was got, or fail showing also what was expected."""
    return passes(subject, got) if ok else fails(subject, got, expected)


def problems(subject: str, found: Sequence[str], good: str) -> policy.Result:
    """Fail naming every problem of one object, or pass with ``good``."""
    return fails(subject, "; ".join(found), good) if found else passes(subject, good)


def each(
    view: policy.View,
    engine: item.EngineName,
    kind: str,
    one: Callable[[item.Item], Iterator[policy.Result] | policy.Result],
) -> Iterator[policy.Result]:
    """Judge every item of a kind; a desired item that a complete read did not find fails.

    Where none is there and a plan that is known wants none, there is nothing to judge.
    """
    found = view.items(engine, kind)
    for have in found:
        judged = one(have)
        if isinstance(judged, policy.Result):
            yield judged
        else:
            yield from judged
    yield from absent(view, engine, kind)
    if not found:
        yield from none_wanted(view, engine, kind)


def none_wanted(view: policy.View, engine: item.EngineName, kind: str) -> Iterator[policy.Result]:
    """Not applicable where a known plan holds no item of a kind; else nothing."""
    if view.desired and not any(
        i.ref.engine == engine and i.ref.kind == kind for i in view.desired
    ):
        yield not_applicable(view.tenant.id, f"no {kind} is planned and none is there")


def absent(view: policy.View, engine: item.EngineName, kind: str) -> Iterator[policy.Result]:
    """One failure for every desired item of a kind that is not there."""
    seen = {i.ref for i in view.items(engine, kind)}
    for want in view.desired:
        if want.ref.engine == engine and want.ref.kind == kind and want.ref not in seen:
            yield fails(str(want.ref), None, "present")
