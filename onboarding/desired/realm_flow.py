"""How staff sign in: a password, then a second factor that nobody can go round.

Signers must use WebAuthn; everybody else WebAuthn or a one-time password. Who is a signer is
told by an attribute of the group, so that no role has to be kept in step. Pure data: one tree,
written as Keycloak imports it and as Keycloak lists it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ALIAS = "gdcc browser"
SECOND_FACTOR = "gdcc-second-factor"
"""Attribute of a group whose members need a particular second factor."""
WEBAUTHN = "webauthn"

REQUIRED = "REQUIRED"
ALTERNATIVE = "ALTERNATIVE"
CONDITIONAL = "CONDITIONAL"


@dataclass(frozen=True, slots=True)
class Step:
    """An authenticator, or a sub-flow where there are ``steps``. ``name``: provider id or alias."""

    name: str
    requirement: str
    config: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()


def _is_signer(*, negate: bool) -> Step:
    config = {
        "attribute_name": SECOND_FACTOR,
        "attribute_expected_value": WEBAUTHN,
        "include_group_attributes": "true",
        "not": "true" if negate else "false",
    }
    return Step("conditional-user-attribute", REQUIRED, config)


def browser(level: int, seconds: int) -> tuple[Step, ...]:
    """The steps of the flow; ``level`` is what a session that passed them is worth.

    The one-time password stands alone in a sub-flow as REQUIRED: only so does Keycloak send a
    person who has no second factor yet to set one up, instead of refusing the sign-in.
    """
    otp = Step("gdcc one-time password", ALTERNATIVE, steps=(Step("auth-otp-form", REQUIRED),))
    either = (Step("webauthn-authenticator", ALTERNATIVE), otp)
    signers = (_is_signer(negate=False), Step("webauthn-authenticator", REQUIRED))
    staff = (_is_signer(negate=True), Step("gdcc either factor", REQUIRED, steps=either))
    assured = (
        Step(
            "conditional-level-of-authentication",
            REQUIRED,
            {"loa-condition-level": str(level), "loa-max-age": str(seconds)},
        ),
        Step("auth-username-password-form", REQUIRED),
        Step("gdcc signers", CONDITIONAL, steps=signers),
        Step("gdcc staff", CONDITIONAL, steps=staff),
    )
    forms = Step("gdcc assured", CONDITIONAL, steps=assured)
    return (
        Step("auth-cookie", ALTERNATIVE),
        Step("gdcc forms", ALTERNATIVE, steps=(forms,)),
    )


def listed(steps: tuple[Step, ...], level: int = 0) -> list[dict[str, Any]]:
    """The steps as a flat list with their depth, as the admin API lists a flow's executions."""
    rows: list[dict[str, Any]] = []
    for step in steps:
        row: dict[str, Any] = {"level": level, "name": step.name, "requirement": step.requirement}
        if step.config:
            row["config"] = dict(step.config)
        rows += [row, *listed(step.steps, level + 1)]
    return rows


def imported(
    alias: str, description: str, steps: tuple[Step, ...]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """``(authenticationFlows, authenticatorConfig)`` of a realm representation."""
    flows: list[dict[str, Any]] = []
    configs: list[dict[str, Any]] = []

    def add(name: str, text: str, inner: tuple[Step, ...], *, top: bool) -> None:
        executions = []
        for order, step in enumerate(inner):
            execution: dict[str, Any] = {
                "requirement": step.requirement,
                "priority": (order + 1) * 10,
                "userSetupAllowed": False,
                "authenticatorFlow": bool(step.steps),
            }
            if step.steps:
                execution["flowAlias"] = step.name
            else:
                execution["authenticator"] = step.name
            if step.config:
                execution["authenticatorConfig"] = f"{name} {step.name}"
                configs.append(
                    {"alias": execution["authenticatorConfig"], "config": dict(step.config)}
                )
            executions.append(execution)
        flows.append(
            {
                "alias": name,
                "description": text,
                "providerId": "basic-flow",
                "topLevel": top,
                "builtIn": False,
                "authenticationExecutions": executions,
            }
        )
        for step in inner:
            if step.steps:
                add(step.name, "", step.steps, top=False)

    add(alias, description, steps, top=True)
    return flows, configs
