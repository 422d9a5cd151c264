"""Getting back into the lab's OpenBao when the credentials of its administrator have ended.

A lab may sleep for longer than a secret id lives. Its recovery key then makes a root token, for
as long as the bootstrap needs to issue new credentials and to revoke it again. OpenBao offers
that only while its configuration says so, and for these seconds alone.
"""

from __future__ import annotations

import base64
from typing import Any

from onboarding import environment, errors, progress
from onboarding.lab import component, environment_file, launch, openbao, wire
from onboarding.lab import home as homes


def unlock(lab: component.Lab, ledger: launch.Ledger, report: progress.Progress) -> None:
    """Make sure that the bootstrap can sign in to OpenBao."""
    if _is_locked_out(lab):
        _let_in(lab, ledger, report)


def _is_locked_out(lab: component.Lab) -> bool:
    login = environment.load(lab.home.environment_file).login(environment.Role.BOOTSTRAP).vault
    if not login.secret_file.is_file():
        return True
    secret = login.secret_file.read_text().strip()
    if login.method == "token":
        answer = wire.request(
            "GET",
            lab.url("openbao", "/v1/auth/token/lookup-self"),
            lab.trust(),
            headers={"X-Vault-Token": secret},
        )
    else:
        body = {"role_id": login.role_id, "secret_id": secret}
        answer = wire.request(
            "PUT", lab.url("openbao", "/v1/auth/approle/login"), lab.trust(), body=body
        )
    return answer.status in (400, 403)


def _let_in(lab: component.Lab, ledger: launch.Ledger, report: progress.Progress) -> None:
    """Put a new root token where the bootstrap looks for its first one."""
    key = openbao.recovery_key_file(lab.home)
    if not key.is_file():
        raise errors.Denied(
            f"OpenBao of the lab {lab.home.name!r} refuses its administrator",
            details=[f"{key} is missing, so no other way in is left"],
            resolution=f"Run: onboard lab reset --name {lab.home.name}",
        )
    mark = openbao.reopening_mark(lab.home)
    with report.step("OpenBao: make its administrator anew with the recovery key"):
        homes.write(mark, "")
        try:
            _restart(lab, ledger, report)
            homes.write(openbao.root_token_file(lab.home), _root_token(lab, key.read_text()))
        finally:
            mark.unlink(missing_ok=True)
            _restart(lab, ledger, report)
        environment_file.begin_anew_in_vault(lab)


def _restart(lab: component.Lab, ledger: launch.Ledger, report: progress.Progress) -> None:
    launch.launch(lab, (openbao.describe(lab),), ledger, report)


def _root_token(lab: component.Lab, recovery_key: str) -> str:
    """sys/generate-root: the answer is the token, XORed with a one-time pad that it told before."""
    _ask(lab, "DELETE", "attempt", None)
    begun = _ask(lab, "PUT", "attempt", {})
    ended = _ask(lab, "PUT", "update", {"key": recovery_key.strip(), "nonce": begun["nonce"]})
    encoded = str(ended["encoded_token"])
    mixed = base64.b64decode(encoded + "=" * (-len(encoded) % 4))
    pad = str(begun["otp"]).encode()
    return bytes(a ^ b for a, b in zip(mixed, pad, strict=True)).decode()


def _ask(lab: component.Lab, method: str, step: str, body: Any) -> dict[str, Any]:
    url = lab.url("openbao", f"/v1/sys/generate-root/{step}")
    answer = wire.request(method, url, lab.trust(), body=body)
    if answer.status not in (200, 204):
        raise errors.EngineFailed(
            "OpenBao does not make a root token from the recovery key",
            details=[f"{method} generate-root/{step} answers {answer.status}"],
            resolution=f"Run: onboard lab reset --name {lab.home.name}",
        )
    content = answer.json()
    return content if isinstance(content, dict) else {}
