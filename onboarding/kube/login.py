"""Who we are at the API server: one context of a kubeconfig file, read without an SDK.

Client certificates and tokens (inline or by file) are understood. Plugins that run a command
are not: the tool's own identities never need one, and a command is code from a data file.
"""

from __future__ import annotations

import base64
import binascii
import json
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from onboarding import clock, errors


@dataclass(frozen=True, slots=True)
class Login:
    """One way in: the server's address, a TLS context that verifies it, and maybe a token."""

    server: str
    tls: ssl.SSLContext
    token: str = field(default="", repr=False)
    proxy: str = ""
    expires: datetime | None = None


def read(path: Path, context: str = "") -> Login:
    """The login of ``context`` (default: the file's current one).

    Raises ``errors.InvalidInput`` for a file that is no usable kubeconfig, ``errors.Denied``
    for a token that is past its end.
    """
    content = _content(path)
    name = context or str(content.get("current-context") or "")
    chosen = _named(content, "contexts", name, path).get("context") or {}
    cluster = _named(content, "clusters", str(chosen.get("cluster")), path).get("cluster") or {}
    user = _named(content, "users", str(chosen.get("user")), path).get("user") or {}
    server = str(cluster.get("server") or "")
    if not server.startswith("https://"):
        raise _unusable(path, f"the server {server!r} is not an https:// address")
    if cluster.get("insecure-skip-tls-verify"):
        raise _unusable(path, "it turns off the verification of the server's certificate")
    if "exec" in user or "auth-provider" in user:
        raise _unusable(path, "it signs in through a plugin; use a token or a client certificate")
    token = _token(user, path)
    return Login(
        server.rstrip("/"),
        _tls(cluster, user, path),
        token,
        str(cluster.get("proxy-url") or ""),
        _end_of(token, path),
    )


def _content(path: Path) -> Mapping[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as broken:
        raise errors.Denied(
            f"the kubeconfig {path} cannot be read: {broken.strerror}",
            resolution="Run: onboard bootstrap    (it issues the credentials anew)",
        ) from broken
    except (yaml.YAMLError, UnicodeDecodeError) as broken:
        raise _unusable(path, "it is not YAML") from broken
    if not isinstance(content, Mapping):
        raise _unusable(path, "it is not a kubeconfig")
    return content


def _named(content: Mapping[str, Any], what: str, name: str, path: Path) -> Mapping[str, Any]:
    for entry in content.get(what) or ():
        if isinstance(entry, Mapping) and entry.get("name") == name:
            return entry
    raise _unusable(path, f"it has no entry {name!r} in {what}")


def _unusable(path: Path, why: str) -> errors.InvalidInput:
    return errors.InvalidInput(
        f"the kubeconfig {path} cannot be used: {why}",
        resolution="Name another file under credentials in the environment file.",
    )


def _token(user: Mapping[str, Any], path: Path) -> str:
    if user.get("token"):
        return str(user["token"])
    if user.get("tokenFile"):
        return _bytes(user, "tokenFile", path).decode("ascii", "replace").strip()
    return ""


def _bytes(entry: Mapping[str, Any], key: str, path: Path) -> bytes:
    """Content of ``<key>-data`` (base64) or of the file that ``key`` names."""
    inline = entry.get(f"{key}-data")
    try:
        if inline:
            return base64.b64decode(str(inline), validate=True)
        if entry.get(key):
            return (path.parent / str(entry[key])).read_bytes()
    except (OSError, binascii.Error) as broken:
        raise _unusable(path, f"{key} cannot be read") from broken
    return b""


def _tls(cluster: Mapping[str, Any], user: Mapping[str, Any], path: Path) -> ssl.SSLContext:
    authority = _bytes(cluster, "certificate-authority", path)
    certificate = _bytes(user, "client-certificate", path)
    key = _bytes(user, "client-key", path)
    try:
        if authority:
            # Only this CA: with it given, public ones must not vouch for the server.
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            tls.load_verify_locations(cadata=authority.decode("ascii"))
        else:
            tls = ssl.create_default_context()
        tls.minimum_version = ssl.TLSVersion.TLSv1_2
        if certificate:
            with tempfile.NamedTemporaryFile(prefix="onboard-") as both:  # created as 0600
                both.write(certificate + b"\n" + key)
                both.flush()
                tls.load_cert_chain(both.name)
    except (ssl.SSLError, UnicodeDecodeError) as broken:
        raise _unusable(path, "its certificates are not valid PEM") from broken
    return tls


def _end_of(token: str, path: Path) -> datetime | None:
    """When a token ends, by its own claim; None for one that does not say."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        payload = parts[1] + "=" * (-len(parts[1]) % 4)
        claim = json.loads(base64.urlsafe_b64decode(payload)).get("exp")
    except (ValueError, binascii.Error):
        return None
    if not isinstance(claim, int):
        return None
    end = datetime.fromtimestamp(claim, UTC)
    if end <= datetime.now(UTC):
        raise errors.Denied(
            f"the token in {path} ended on {end:%Y-%m-%d %H:%M} UTC",
            details=[clock.shown()],
            resolution="Run: onboard bootstrap    (it issues new credentials)",
        )
    return end
