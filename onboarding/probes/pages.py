"""The door of the sign-in probe: single requests to an address, without cookies, never followed."""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

from onboarding import https, patience
from onboarding.probes import sign_in, tls_wire


class Pages:
    """The addresses of an agency, asked at ``gateway`` or where their names lead."""

    def __init__(self, gateway: str, ca_file: Path | None, limits: patience.Limits) -> None:
        self._gateway, self._limits = gateway, limits
        self._trusting: ssl.SSLContext = tls_wire.authorities(ca_file)

    def ask(
        self, host: str, path: str, headers: Mapping[str, str] = sign_in.NOTHING
    ) -> sign_in.Answer:
        """One GET. What did not come is told in the answer, with a status of None."""
        asked, at = f"GET https://{host}{path}", datetime.now(UTC)
        reading = SimpleNamespace(until=time.monotonic() + self._limits.request)
        self._trusting.sslsocket_class = https.bounded(reading)
        where = tls_wire.where(host, self._gateway)
        asking = http.client.HTTPConnection(host)
        try:
            with tls_wire.shaken(host, where, self._trusting, self._limits) as connection:
                reading.until = time.monotonic() + self._limits.request
                asking.sock = connection
                sent = {"User-Agent": "onboard", "Accept": "text/html, application/json"}
                asking.request("GET", path, headers={**sent, **headers, "Connection": "close"})
                answer = asking.getresponse()
                location = answer.headers.get("Location") or ""
                return sign_in.Answer(asked, at, answer.status, location)
        except (OSError, ValueError, http.client.HTTPException) as problem:
            return sign_in.Answer(asked, at, None, why=f"no answer: {https.reason(problem)}")
