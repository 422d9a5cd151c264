"""Rules about single settings: what loosens sign-in or rights, and what keeps records less long.

Which change of which field counts is data (``policies/data/safety.yaml``, ``settings``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from onboarding import item, normal_form, plan
from onboarding.safety import paths, table, words
from onboarding.safety.words import Facts, Hazard

_TITLES = {
    words.LOOSER_IDENTITY: "the plan loosens {} setting(s) of sign-in or rights",
    words.SHORTER_RETENTION: "the plan shortens {} retention(s)",
}
_TERM = re.compile(r"(\w+)(?:\(([^)]*)\))?")
_LONGEST = 60


def loosened(of: plan.Plan, facts: Facts, rule: str) -> Iterator[Hazard]:
    """One hazard of ``rule`` for all settings that change for the worse."""
    told = [(line, c) for c in of.changes for line in _lines(c, facts, rule)]
    if told:
        yield Hazard.of(rule, _TITLES[rule].format(len(told)), told)


def _lines(change: plan.Change, facts: Facts, rule: str) -> Iterator[str]:
    row = table.rows("settings").get(change.ref.kind, {})
    before = facts.before(change.ref)
    if change.desired is None:
        return
    if before is None:
        if (
            rule == words.LOOSER_IDENTITY
            and row.get("granting")
            and not _place_is_new(change.ref, facts)
        ):
            yield f"{change.ref}: gives rights that were not there"
        return
    live = facts.live.get(change.ref)
    for pattern, worse in row.get(_KEYS[rule], {}).items():
        old, new = (paths.found(i.fields, pattern) for i in (before, change.desired))
        # A field that earlier versions did not own has no agreed value but the live one.
        now = paths.found(live.fields, pattern) if live else {}
        for path in sorted(old.keys() | new.keys()):
            was, will = old.get(path, now.get(path)), new.get(path)
            if item.KNOWN_AFTER_APPLY not in (was, will) and was != will:
                for told in is_worse(worse, was, will):
                    yield f"{change.ref}: {path.replace('·', '.')}: {told}"


_KEYS = {words.LOOSER_IDENTITY: "looser", words.SHORTER_RETENTION: "shorter"}


def _place_is_new(ref: item.Ref, facts: Facts) -> bool:
    """Whether the namespace or realm of an object was agreed on by nobody before."""
    agreed = facts.applied or facts.live
    return bool(ref.scope) and not any(ref.scope in (r.name, r.scope) for r in agreed)


def is_worse(worse: Any, was: Any, will: Any) -> Iterator[str]:
    """In which ways the change from ``was`` to ``will`` is for the worse; none where it is not.

    ``worse`` is a name of ``_COMPARISONS``, or a list of words from tight to loose.
    """
    if isinstance(worse, list):
        yield from _looser_word(worse, was, will)
    else:
        yield from _COMPARISONS[worse](was, will)


def _looser_word(order: Sequence[str], was: Any, will: Any) -> Iterator[str]:
    """A word that the list does not have, or none, counts as looser than all of them."""
    ranks = [order.index(w) if w in order else len(order) for w in (was, will)]
    if ranks[1] > ranks[0]:
        yield _change(was, will)


def _change(was: Any, will: Any) -> str:
    return f"{_short(was)} -> {_short(will)}"


def _short(value: Any) -> str:
    text = (
        "(absent)" if value is None else value if isinstance(value, str) else item.canonical(value)
    )
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _is(word: str) -> Callable[[Any, Any], Iterator[str]]:
    def compared(was: Any, will: Any) -> Iterator[str]:
        if _word(will) == word and _word(was) != word:
            yield _change(was, will)

    return compared


def _word(value: Any) -> str:
    return str(value).lower()


def _more(was: Any, will: Any) -> Iterator[str]:
    old, new = _number(was), _number(will)
    if new is not None and (old is None or new > old):
        yield _change(was, will)


def _less(was: Any, will: Any) -> Iterator[str]:
    old, new = _number(was), _number(will)
    if old is not None and (new is None or new < old):
        yield _change(was, will)


def _number(value: Any) -> float | None:
    """Seconds of ``12h``, a Kubernetes quantity, or a plain number."""
    span = re.fullmatch(r"(\d+(?:\.\d+)?)(s|m|h|d)", str(value))
    if span:
        return float(span[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[span[2]]
    exact = normal_form.quantity(value)
    try:
        return float(exact)
    except (TypeError, ValueError):
        return None


def _entries(value: Any) -> set[str]:
    if value is None:
        return set()
    if isinstance(value, Mapping):
        return {str(key) for key in value}
    if isinstance(value, str):
        return set(re.split(r"[,\s]+", value.strip(", "))) - {""}
    return {entry if isinstance(entry, str) else item.canonical(entry) for entry in value}


def _added(was: Any, will: Any) -> Iterator[str]:
    yield from (f"{_short(entry)} is added" for entry in sorted(_entries(will) - _entries(was)))


def _removed(was: Any, will: Any) -> Iterator[str]:
    yield from (f"{_short(entry)} is removed" for entry in sorted(_entries(was) - _entries(will)))


def _changed(was: Any, will: Any) -> Iterator[str]:
    if was is not None and will is not None:
        yield _change(was, will)


def _password(was: Any, will: Any) -> Iterator[str]:
    """Keycloak's policy: terms joined by "and", some with a number of which more is stricter."""
    old, new = _terms(was), _terms(will)
    for term, number in old.items():
        if term not in new:
            yield f"{term} is removed"
        elif number.isdecimal() and new[term].isdecimal() and int(new[term]) < int(number):
            yield f"{term} {number} -> {new[term]}"


def _terms(policy: Any) -> dict[str, str]:
    return {
        match[1]: match[2] or ""
        for term in str(policy or "").split(" and ")
        if (match := _TERM.fullmatch(term.strip()))
    }


def _rbac(was: Any, will: Any) -> Iterator[str]:
    """Rules of a Role, as single rights; ``*`` covers all."""
    had = _rights(was or ())
    for right in sorted(_rights(will or ()) - had):
        if not any(all(h in ("*", r) for h, r in zip(old, right, strict=True)) for old in had):
            group, resource, name, verb = right
            place = f"{group}/{resource}" if group else resource
            yield f"may {verb} {place}" + ("" if name == "*" else f" {name}")


def _rights(rules: Iterable[Mapping[str, Any]]) -> set[tuple[str, str, str, str]]:
    return {
        (group, resource, name, verb)
        for rule in rules
        for group in rule.get("apiGroups") or ("",)
        for resource in rule.get("resources") or ()
        for name in rule.get("resourceNames") or ("*",)
        for verb in rule.get("verbs") or ()
    }


_COMPARISONS: Mapping[str, Callable[[Any, Any], Iterator[str]]] = {
    "on": _is("true"),
    "off": _is("false"),
    "more": _more,
    "less": _less,
    "added": _added,
    "removed": _removed,
    "changed": _changed,
    "password": _password,
    "rbac": _rbac,
}
