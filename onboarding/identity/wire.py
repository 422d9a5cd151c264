"""Requests to Keycloak over python-keycloak's connection: verified, bounded, counted."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from onboarding import errors

TIMEOUT_SECONDS = 30
_ATTEMPTS = 4
_AGAIN = frozenset({429, 500, 502, 503, 504})


class Wire:
    """One connection pool. Safe to use from several threads, one request at a time."""

    def __init__(self, address: str, ca_file: str, sent: Counter[str]) -> None:
        from keycloak import connection

        transport: Any = connection.ConnectionManager
        self._address = address
        self._ca_file = ca_file
        self._sent = sent
        self._lock = threading.Lock()
        self._connection = transport(
            f"{address}/", timeout=TIMEOUT_SECONDS, verify=ca_file, max_retries=0
        )
        # Proxy and netrc settings of the user's shell must not redirect a connection with secrets.
        self._connection._s.trust_env = False

    def exchange(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        content: Any,
        query: Mapping[str, str],
    ) -> Any:
        """One request and its response; ``method`` may be ``token``, a sign-in.

        Reads and sign-ins are tried again, with jitter, where the server is busy or away; a
        write never, since it may have been done. Raises ``errors.Unreachable``.
        """
        from keycloak import exceptions

        kind = {"get": "read", "token": "login"}.get(method, "write")
        for attempt in range(1, _ATTEMPTS + 1):
            self._sent[kind] += 1
            last = attempt == _ATTEMPTS or kind == "write"
            try:
                answer = self._send(method, path, headers, content, query)
            except exceptions.KeycloakConnectionError as problem:
                if last or _untrusted(problem):
                    raise self._unreachable(problem) from problem
            else:
                if last or answer.status_code not in _AGAIN:
                    return answer
            time.sleep(random.uniform(0.1, 0.3) * 2**attempt)  # noqa: S311 - jitter, not a secret
        raise AssertionError("unreachable")

    def close(self) -> None:
        self._connection._s.close()

    def _send(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        content: Any,
        query: Mapping[str, str],
    ) -> Any:
        with self._lock:
            self._connection.headers = headers
            if method == "get":
                return self._connection.raw_get(path, **query)
            name = "post" if method == "token" else method
            return getattr(self._connection, f"raw_{name}")(path, data=content)

    def _unreachable(self, problem: Exception) -> errors.OnboardError:
        if _untrusted(problem):
            return errors.Unreachable(
                f"the certificate of Keycloak at {self._address} is not trusted",
                details=[f"checked against {self._ca_file}"],
                resolution="Check keycloak.caFile and keycloak.address in the environment file.",
            )
        return errors.Unreachable(
            f"Keycloak at {self._address} does not answer",
            details=[type(problem.__cause__).__name__],
            resolution="Check that it runs (onboard lab status) and that the address is right.",
        )


def _untrusted(problem: Exception) -> bool:
    return "SSL" in type(problem.__cause__).__name__
