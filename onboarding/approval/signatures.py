"""Signing an approval, and checking a signature: by a key in Vault Transit, or by an SSH key.

No private key and no passphrase passes through this program: Vault keeps the one, ``ssh-keygen``
(which asks its user, or an agent, or a hardware key) the other.
"""

from __future__ import annotations

import base64
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from onboarding import environment, errors, vault

NAMESPACE = "onboard-approval"
"""What an SSH signature is for (PROTOCOL.sshsig of OpenSSH): one for mail is no approval."""
MOUNT = "onboard/approvals"
"""Of two steps, so that no right of the applier to sign in any mount (``+/sign/+``) reaches it."""
_SECONDS_TO_SIGN = 300
"""A person types a passphrase or touches a key."""
_SECONDS_TO_CHECK = 30
_KEPT = ("PATH", "HOME", "LANG", "TERM", "DISPLAY", "SSH_AUTH_SOCK", "SSH_ASKPASS")


def sign(
    target: environment.Environment,
    by: environment.Approver,
    text: bytes,
    ssh_key: Path | None = None,
) -> str:
    """The signature of ``by`` over ``text``. Raises ``errors.OnboardError`` where there is none."""
    return _sign_transit(target, by, text) if by.method == "transit" else _sign_ssh(ssh_key, text)


def fits(
    target: environment.Environment, by: environment.Approver, text: bytes, signature: str
) -> bool:
    """Whether ``signature`` is that of ``by`` over exactly ``text``."""
    if by.method == "transit":
        return _fits_transit(target, by, text, signature)
    return _fits_ssh(by, text, signature)


def _sign_transit(target: environment.Environment, by: environment.Approver, text: bytes) -> str:
    if by.vault is None:
        raise errors.UsageError(
            f"the environment file does not say how {by.identity} signs in to Vault",
            resolution="On the approver's computer, add approvers[].vault to the environment file.",
        )
    with vault.connect_as(target, by.vault, by.identity) as door:
        return str(door.write(f"{MOUNT}/sign/{by.key}", {"input": _base64(text)})["signature"])


def _fits_transit(
    target: environment.Environment, by: environment.Approver, text: bytes, signature: str
) -> bool:
    with vault.connect(target, environment.Role.PLANNER) as door:
        asked = {"input": _base64(text), "signature": signature}
        answer = door.look_up(f"{MOUNT}/verify/{by.key}", asked)
    return bool(answer and answer.get("valid") is True)


def _base64(text: bytes) -> str:
    return base64.b64encode(text).decode()


def _sign_ssh(ssh_key: Path | None, text: bytes) -> str:
    if ssh_key is None:
        raise errors.UsageError(
            "an SSH key signs this approval",
            resolution="Name it: --ssh-key ~/.ssh/id_ed25519 (or its .pub, with an agent).",
        )
    words = ["-Y", "sign", "-q", "-n", NAMESPACE, "-f", str(ssh_key)]
    done = _ssh_keygen(words, text, _SECONDS_TO_SIGN)
    if done.returncode:
        raise errors.UsageError(
            f"ssh-keygen did not sign with {ssh_key}",
            details=done.stderr.decode(errors="replace").strip().splitlines()[-3:],
            resolution="Check the file and its passphrase, then run the command again.",
        )
    return done.stdout.decode()


def _fits_ssh(by: environment.Approver, text: bytes, signature: str) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        allowed, signed = Path(folder, "allowed"), Path(folder, "signature")
        allowed.write_text(f'approver namespaces="{NAMESPACE}" {by.key.strip()}\n')
        signed.write_text(signature)
        words = ["-Y", "verify", "-n", NAMESPACE, "-I", "approver"]
        words += ["-f", str(allowed), "-s", str(signed)]
        return _ssh_keygen(words, text, _SECONDS_TO_CHECK).returncode == 0


def _ssh_keygen(
    words: Sequence[str], text: bytes, seconds: float
) -> subprocess.CompletedProcess[bytes]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    try:
        return subprocess.run(
            ["ssh-keygen", *words],
            input=text,
            capture_output=True,
            timeout=seconds,
            check=False,
            env=kept,
        )
    except FileNotFoundError:
        raise errors.UsageError(
            "ssh-keygen is not on this computer",
            resolution="Install OpenSSH 8.2 or newer (Debian: openssh-client).",
        ) from None
    except subprocess.TimeoutExpired:
        raise errors.EngineFailed(f"ssh-keygen did not end within {seconds:.0f} s") from None
