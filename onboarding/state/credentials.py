"""How a store signs in: by a file of mode 0600, or by the identity of the workload itself.

No URL ever holds a password, so that none ends up in a list of processes or in a log.
"""

from __future__ import annotations

import ipaddress
import stat
from pathlib import Path
from typing import Any
from urllib import parse

from onboarding import environment, errors, https

_OURS = frozenset({"schema", "table"})


def parameter(url: str, name: str) -> str:
    """A parameter of a URL; "" without it."""
    return dict(parse.parse_qsl(parse.urlsplit(url).query)).get(name, "")


def plain(url: str) -> str:
    """A URL for people: scheme, host and path alone."""
    parts = parse.urlsplit(url)
    host = parts.hostname or ""
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path}"


def private(file: Path, what: str) -> Path:
    """The file, if nobody else can read it. Raises ``errors.Denied``."""
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
    except OSError as missing:
        raise errors.Denied(
            f"{what} cannot be read",
            details=[f"{file}: {missing.strerror}"],
            resolution="Put the credential there, or correct the path in the environment file.",
        ) from missing
    if mode & 0o077:
        raise errors.Denied(
            f"{what} can be read by others",
            details=[f"{file}: mode {mode:04o}"],
            resolution=f"Run: chmod 600 {file}",
        )
    return file


def postgres(at: environment.State) -> dict[str, Any]:
    """What ``psycopg.connect`` needs; TLS is checked unless the server is on this computer."""
    parts = parse.urlsplit(at.store)
    given = dict(parse.parse_qsl(parts.query))
    query = parse.urlencode({k: v for k, v in given.items() if k not in _OURS})
    settings: dict[str, Any] = {
        "conninfo": parse.urlunsplit(("postgresql", parts.netloc, parts.path, query, "")),
        "connect_timeout": 10,
        "tcp_user_timeout": 15_000,
        "options": "-c statement_timeout=30s",
        "application_name": "onboard",
    }
    if at.credentials_file is not None:
        settings["passfile"] = str(private(at.credentials_file, "the store's password file"))
    if "sslmode" not in given and not here(given.get("host") or parts.hostname or ""):
        settings["sslmode"] = "verify-full"
        settings["sslrootcert"] = "system"
    if at.ca_file is not None:
        https.trusting(at.ca_file)  # libpq would advise to do without
        settings["sslrootcert"] = str(at.ca_file)
    return settings


def here(host: str) -> bool:
    """Whether a host is this computer: a socket, or a loopback address."""
    if not host or host.startswith("/") or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
