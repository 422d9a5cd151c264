"""What Vault's answers, and its silence, mean to a user."""

from __future__ import annotations

import json
from typing import Any

from onboarding import environment, errors, https

_VERBS = {"get": "read", "post": "write", "delete": "delete"}


def refusal(
    address: str, who: str, method: str, path: str, answer: Any, *, login: bool
) -> errors.OnboardError:
    """The error behind an answer of 400 or more; ``login``: it was about signing in."""
    where = path.partition("?")[0]
    details = [f"{method.upper()} {address}/v1/{where}", *messages(answer)]
    if login and answer.status_code in (400, 403):
        return errors.Denied(
            f"Vault does not accept the credential of the role {who!r}",
            details=details,
            resolution="It is unknown or has expired. Renew it with: onboard bootstrap",
        )
    if answer.status_code in (401, 403):
        return errors.Denied(
            f"Vault does not allow the role {who!r} to {_VERBS[method]} {where}",
            details=details,
            resolution="The credential has expired or lacks the right; run: onboard bootstrap",
        )
    if answer.status_code in (503, 501, 472, 473):
        return errors.Unreachable(
            "Vault is sealed, standing by or not initialised",
            details=details,
            resolution="Unseal it (in the lab: onboard lab up), then run the command again.",
        )
    if answer.status_code in (400, 404):
        return errors.EngineFailed(
            f"Vault did not take the request for {where}",
            details=details,
            resolution="The answer above says what it objects to.",
        )
    return errors.Unreachable(
        f"Vault answered {answer.status_code} for {where}",
        details=details,
        resolution="Look at the log of Vault, then run the command again.",
    )


def unreachable(address: str, problem: Exception) -> errors.Unreachable:
    return errors.Unreachable(
        f"Vault at {address} does not answer",
        details=[https.reason(problem)],
        resolution="Check vault.address in the environment file and that Vault runs "
        "(in the lab: onboard lab status).",
    )


def not_trusted(address: str, problem: Exception) -> errors.Unreachable:
    return errors.Unreachable(
        f"the TLS certificate of Vault at {address} is not trusted",
        details=[https.reason(problem)],
        resolution="Check vault.caFile in the environment file, and that the address is right.",
    )


def whole(address: str, path: str, answer: Any) -> Any:
    """The answer, if it can be understood; taken for an empty one it would say: nothing there.

    Nothing but a certificate or a revocation list comes as text.
    """
    kind = answer.headers.get("Content-Type", "")
    if answer.text and ("json" in kind or not kind):
        try:
            fits = isinstance(json.loads(answer.text), dict)
        except ValueError:
            fits = False
        if not fits:
            raise errors.Unreachable(
                "Vault's answer cannot be understood",
                details=[f"{address}/v1/{path.partition('?')[0]}"],
                resolution="Is something between here and Vault? Run the command again.",
            )
    return answer


def secret(login: environment.VaultLogin, who: str) -> str:
    try:
        return login.secret_file.read_text(encoding="utf-8").strip()
    except OSError as problem:
        raise errors.Denied(
            f"the Vault credential of the role {who!r} cannot be read",
            details=[f"{login.secret_file}: {problem.strerror}"],
            resolution="Run: onboard bootstrap",
        ) from problem


def body(answer: Any) -> dict[str, Any]:
    try:
        read = json.loads(answer.text) if answer is not None and answer.text else {}
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def data(answer: Any) -> dict[str, Any] | None:
    if answer is None:
        return None
    found = body(answer).get("data")
    return found if isinstance(found, dict) else {}


def messages(answer: Any) -> list[str]:
    return [str(m).strip() for m in body(answer).get("errors") or () if str(m).strip()]
