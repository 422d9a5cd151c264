"""What the running e-Office product shows: what it is configured to, and what it cannot do at all.

Answered beside what rests on the configuration as delivered; where the environment names no
product nobody looked at one, which is unknown. What a product cannot do stands in its adapter, and
fails the control that asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from onboarding import item, normal_form, policy
from onboarding.desired import office
from onboarding.policies import judge, load
from onboarding.policy import Stage
from onboarding.products import contract, table

BASIS = "live"
SETTINGS = item.EngineName.SETTINGS
Kind = contract.Kind

_ASKED: Mapping[str, tuple[tuple[Kind, str, tuple[str, ...]], ...]] = {
    "DOC-001": ((Kind.FIELD, "letter_type", ("values",)), (Kind.ORGANISATION, "", ("fields",))),
    "DOC-002": ((Kind.FIELD, "secrecy", ("values",)), (Kind.ORGANISATION, "", ("fields",))),
    "DOC-003": ((Kind.FIELD, "speed", ("values",)), (Kind.ORGANISATION, "", ("fields",))),
    "DOC-005": (
        (Kind.REGISTER, "", ()),
        (Kind.WORKFLOW, "", ("numbers", "numbersOnLetters", "otherActions")),
    ),
    "DOC-006": (
        (Kind.ROLE, "", ()),
        (Kind.ORGANISATION, "", ("rights",)),
        (Kind.WORKFLOW, "", ("rights",)),
    ),
    "DOC-007": (
        (
            Kind.WORKFLOW,
            "",
            (
                *("moves", "states", "organisations", "startsByItself"),
                *("byItself", "otherActions", "otherWorkflows"),
            ),
        ),
    ),
    "DOC-010": ((Kind.ORGANISATION, "", ("binnedAfter", "deletedAfter", "rights")),),
    "DOC-015": ((Kind.ORGANISATION, "", ("readByAi",)),),
}
"""What of a product's configuration answers a control: kind, name ("" for all), fields (() for
all)."""

Check = Callable[[policy.View], Iterator[policy.Result]]


def also(control: str, check: Check) -> Check:
    """``check``, and live what the product holds of it and what it cannot do."""

    def both(view: policy.View) -> Iterator[policy.Result]:
        yield from check(view)
        if view.stage is not Stage.LIVE:
            return
        if view.environment.e_office is not None:
            yield from _product(control, view, view.environment.e_office.product)
        elif control in _ASKED:
            yield from _nobody_looked(view)

    return both


def _nobody_looked(view: policy.View) -> Iterator[policy.Result]:
    """Blocks in production alone: elsewhere an environment may well run nothing."""
    instances = office.instances(view.tenant)
    if instances:
        yield policy.Result(
            policy.Verdict.UNKNOWN,
            f"e-Office of {view.tenant.id}",
            "the environment names no product (eOffice), so nobody looked at a running one",
            basis=BASIS,
            blocks=view.environment.production,
        )


def _product(control: str, view: policy.View, name: str) -> Iterator[policy.Result]:
    about = table.get(name).product
    for instance in office.instances(view.tenant):
        subject = f"{about.title} {instance.namespace}"
        asked = _ASKED.get(control, ())
        if asked:
            wrong = [w for part in asked for w in _differences(view, instance.namespace, *part)]
            if control == "DOC-002":
                wrong += _top_secret(view, instance.namespace)
            yield replace(
                judge.problems(subject, wrong, "the running product is configured so"), basis=BASIS
            )
        for limit in about.limits:
            if limit.control == control:
                said = f"{about.title} cannot do it: {limit.reason_en} ({limit.reason_th})"
                # A name of its own: who waives the limit must not waive what hands do beside it.
                yield policy.Result(policy.Verdict.FAIL, f"{subject}/limit", said, basis=BASIS)


def _differences(
    view: policy.View, namespace: str, kind: Kind, name: str, fields: tuple[str, ...]
) -> Iterator[str]:
    live = {i.ref: i for i in view.items(SETTINGS, kind)}
    wanted = [
        i
        for i in view.desired
        if i.ref.engine == SETTINGS and i.ref.kind == kind and i.ref.scope == namespace
        and name in ("", i.ref.name)
    ]  # fmt: skip
    if not wanted:
        yield f"no {kind} is planned"
    if kind == Kind.ROLE:
        planned = {i.ref for i in wanted}
        for ref in sorted(live.keys() - planned, key=str):
            if ref.scope == namespace:
                yield f"{kind} {ref.name} is there and nobody planned it"
    for want in wanted:
        have = live.get(want.ref)
        if have is None:
            yield f"{kind} {want.ref.name} is absent"
            continue
        for path, before, after in normal_form.differences(kind, want.fields, have.fields):
            if not fields or path.split(".")[0] in fields:
                said = f"{judge.show(before)}, not {judge.show(after)}"
                yield f"{kind} {want.ref.name} {path}: {said}"


def _top_secret(view: policy.View, namespace: str) -> Iterator[str]:
    """By law alone, whatever was planned."""
    refused = {str(one["nameTh"]) for one in load.read("eoffice.yaml")["secrecy"]["refused"]}
    for one in view.items(SETTINGS, Kind.FIELD):
        values: Any = one.fields.get("values") or ()
        if one.ref.scope == namespace and one.ref.name == "secrecy":
            yield from (f"class {value} can be chosen" for value in values if value in refused)
