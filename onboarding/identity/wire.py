"""Requests to Keycloak over python-keycloak's connection: verified, bounded, counted."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from onboarding import errors, https, patience

_BUSY = 429
"""Keycloak turned the request away unread, so it may always be sent again."""
AGAIN = frozenset({_BUSY, 500, 502, 503, 504})


class Wire:
    """One connection pool. Safe to use from several threads, one request at a time."""

    def __init__(
        self, address: str, ca_file: Path, sent: Counter[str], limits: patience.Limits
    ) -> None:
        from keycloak import connection

        transport: Any = connection.ConnectionManager
        self._address = address
        self._ca_file = ca_file
        self._sent = sent
        self._limits = limits
        self._answered = False
        self._lock = threading.Lock()
        self._connection = transport(f"{address}/", max_retries=0)
        self._connection._s.close()
        self._connection._s = https.session(https.trusting(ca_file), connections=1)

    def exchange(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        content: Any,
        query: Mapping[str, str],
    ) -> Any:
        """One request and its response; ``method`` may be ``token``, a sign-in.

        Reads and sign-ins are tried again where the server is busy or away; a write only where
        it was certainly not done. Raises ``errors.Unreachable``.
        """
        from keycloak import exceptions

        kind = {"get": "read", "token": "login"}.get(method, "write")
        budget = patience.Budget(self._limits, known=self._answered)
        while True:
            self._sent[kind] += 1
            try:
                answer = self._send(method, path, headers, content, query, budget.timeout())
            except exceptions.KeycloakConnectionError as problem:
                cause = problem.__cause__ or problem
                may = kind != "write" or https.unsent(cause)
                if https.untrusted(cause) or not may or not budget.again():
                    raise self._unreachable(cause) from problem
                continue
            self._answered = True
            may = answer.status_code == _BUSY or (kind != "write" and answer.status_code in AGAIN)
            if not may or not budget.again(answer.headers.get("Retry-After")):
                return answer

    def close(self) -> None:
        self._connection._s.close()

    def _send(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        content: Any,
        query: Mapping[str, str],
        timeout: tuple[float, float],
    ) -> Any:
        with self._lock:
            self._connection.headers = headers
            self._connection.timeout = timeout
            if method == "get":
                return self._connection.raw_get(path, **query)
            name = "post" if method == "token" else method
            return getattr(self._connection, f"raw_{name}")(path, data=content)

    def _unreachable(self, cause: BaseException) -> errors.OnboardError:
        if https.untrusted(cause):
            return errors.Unreachable(
                f"the certificate of Keycloak at {self._address} is not trusted",
                details=[https.reason(cause), f"checked against {self._ca_file}"],
                resolution="Check keycloak.caFile and keycloak.address in the environment file.",
            )
        return errors.Unreachable(
            f"Keycloak at {self._address} does not answer",
            details=[https.reason(cause)],
            resolution="Check that it runs (onboard lab status) and that the address is right.",
        )
