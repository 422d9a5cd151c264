"""One HTTPS request to a component of the lab, with the standard library only.

Used for readiness, for the first initialisation, and by the lab's volume provisioner, which
should stay small in memory. Everything else talks to the engines through their doors.
"""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from onboarding import errors


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom we believe (``ca``) and as whom we come (``certificate`` and ``key``, may be absent)."""

    ca: Path
    certificate: Path | None = None
    key: Path | None = None

    def context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.ca))
        if self.certificate:
            context.load_cert_chain(str(self.certificate), str(self.key) if self.key else None)
        return context


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body or b"null")


def request(
    method: str,
    url: str,
    trust: Trust,
    *,
    body: Any = None,
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
    timeout: float = 5,
) -> Response:
    """Send ``body`` as JSON and return the answer, whatever its status.

    Raises ``errors.Unreachable`` where there is no answer within ``timeout`` seconds.
    """
    with closing(_connect(url, trust, timeout)) as connection:
        try:
            connection.request(
                method,
                _target(url),
                body=None if body is None else json.dumps(body),
                headers={"Content-Type": content_type, **(headers or {})},
            )
            answer = connection.getresponse()
            return Response(answer.status, answer.read())
        except (OSError, http.client.HTTPException) as error:
            raise _unreachable(url, error) from error


def lines(url: str, trust: Trust, *, timeout: float) -> Iterator[bytes]:
    """Lines of a streamed answer as they come, until the server ends it.

    Raises ``errors.Unreachable`` where the stream breaks or the status is not 200.
    """
    with closing(_connect(url, trust, timeout)) as connection:
        try:
            connection.request("GET", _target(url))
            answer = connection.getresponse()
            if answer.status != http.HTTPStatus.OK:
                raise OSError(f"status {answer.status}")
            while line := answer.readline():
                yield line
        except (OSError, http.client.HTTPException) as error:
            raise _unreachable(url, error) from error


def _connect(url: str, trust: Trust, timeout: float) -> http.client.HTTPSConnection:
    parts = urlsplit(url)
    return http.client.HTTPSConnection(
        parts.hostname or "", parts.port, timeout=timeout, context=trust.context()
    )


def _target(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _unreachable(url: str, error: Exception) -> errors.Unreachable:
    return errors.Unreachable(
        f"no answer from {url}",
        details=[f"{type(error).__name__}: {error}"],
        resolution="Run: onboard lab doctor",
    )
