"""Requests to the API server: kept-alive connections, deadlines, bounded retries, our errors."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from onboarding import errors
from onboarding.kube import login

if TYPE_CHECKING:
    import requests

CONNECTIONS = 8
_DEADLINE = (5.0, 30.0)
"""Seconds to connect, and to wait for the next bytes."""
_ATTEMPTS = 4
_LONGEST_PAUSE = 5.0
_LONGEST_REASON = 300
_TRANSIENT = frozenset({429, 500, 502, 503, 504})


class Absent(errors.OnboardError):
    """The API server knows no such object (404)."""


class Transport:
    """One signed-in connection pool. Safe to use from several threads."""

    def __init__(self, at: login.Login, who: str) -> None:
        self.server = at.server
        self._who = who
        self._session = _session(at)
        self._count = 0
        self._lock = threading.Lock()

    @property
    def requests_made(self) -> int:
        """Requests sent so far, retries included."""
        return self._count

    def close(self) -> None:
        self._session.close()

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = "application/json",
        accept: str = "application/json",
        repeatable: bool = False,
    ) -> dict[str, Any]:
        """Send one request and return the answer's JSON object.

        ``repeatable`` marks what may be sent again after a transient fault: reads, and writes
        that end the same however often they arrive. Raises ``Absent`` for 404,
        ``errors.Unreachable``, ``errors.Denied`` or ``errors.EngineFailed``.
        """
        import requests

        repeatable = repeatable or method == "GET"
        headers = {"Content-Type": content_type, "Accept": accept}
        for attempt in range(1, _ATTEMPTS + 1):
            last = attempt == _ATTEMPTS or not repeatable
            with self._lock:
                self._count += 1
            try:
                answer = self._session.request(
                    method,
                    self.server + path,
                    params=query,
                    json=body,
                    headers=headers,
                    timeout=_DEADLINE,
                    allow_redirects=False,
                )
            except requests.RequestException as broken:
                if last or _untrusted(broken):
                    raise self._unreachable(broken) from broken
                _pause(attempt, None)
                continue
            if answer.status_code in _TRANSIENT and not last:
                _pause(attempt, answer.headers.get("Retry-After"))
                continue
            return self._understood(method, path, answer)
        raise AssertionError("the last attempt returns or raises")

    def _understood(self, method: str, path: str, answer: requests.Response) -> dict[str, Any]:
        try:
            content = answer.json()
        except ValueError:
            content = {}
        if not isinstance(content, dict):
            content = {}
        if answer.status_code < 300:
            return content
        raise self._translated(f"{method} {path}", answer.status_code, content)

    def _translated(
        self, request: str, code: int, status: Mapping[str, Any]
    ) -> errors.OnboardError:
        said = str(status.get("message") or f"HTTP {code}")
        details = [said, f"request: {request}", f"server: {self.server}"]
        if code == 404:
            return Absent(f"not found: {request}", details=details)
        if code == 401:
            return errors.Denied(
                f"the cluster does not accept the credential of {self._who}",
                details=details,
                resolution="It has expired or belongs to another cluster. Run: onboard bootstrap",
            )
        if code == 403 and "exceeded quota" not in said and "admission" not in said.lower():
            return errors.Denied(
                f"the cluster does not allow {self._who} to do this",
                details=details,
                resolution="Run: onboard bootstrap    (it gives each role the rights it needs)",
            )
        if code in _TRANSIENT:
            return errors.Unreachable(
                f"the API server could not answer (HTTP {code})",
                details=details,
                resolution="Look at the API server's health, then run the same command again.",
            )
        causes = (status.get("details") or {}).get("causes") or ()
        details += [f"{c.get('field', '')}: {c.get('message', '')}" for c in causes]
        return errors.EngineFailed(f"the cluster refused: {said}", details=details[1:])

    def _unreachable(self, broken: Exception) -> errors.Unreachable:
        if _untrusted(broken):
            return errors.Unreachable(
                f"the certificate of {self.server} is not vouched for by the cluster's CA",
                resolution="Check cluster.server and cluster.caFile in the environment file.",
            )
        refused = "refused" in str(broken)
        why = "connection refused" if refused else type(broken).__name__
        return errors.Unreachable(
            f"the API server {self.server} cannot be reached: {why}",
            details=[] if refused else [str(broken)[:_LONGEST_REASON]],
            resolution="Is the cluster up? For a lab: onboard lab status, then onboard lab up",
        )


def _untrusted(broken: Exception) -> bool:
    """Whether the server showed a certificate we do not trust; other TLS faults may pass."""
    return "CERTIFICATE_VERIFY_FAILED" in str(broken)


def _pause(attempt: int, retry_after: str | None) -> None:
    seconds = 0.2 * 2**attempt * random.uniform(0.5, 1.5)  # noqa: S311 - jitter, not a secret
    if retry_after and retry_after.isdigit():
        seconds = max(seconds, float(retry_after))
    time.sleep(min(seconds, _LONGEST_PAUSE))


def _session(at: login.Login) -> requests.Session:
    import requests
    from requests import adapters

    class Pinned(adapters.HTTPAdapter):
        """Trusts what the login's TLS context trusts; requests would add public CAs to it."""

        def init_poolmanager(self, *args: Any, **options: Any) -> None:
            options["ssl_context"] = at.tls
            super().init_poolmanager(*args, **options)

        def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
            options["ssl_context"] = at.tls
            return super().proxy_manager_for(proxy, **options)

        def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
            conn.cert_reqs = "CERT_REQUIRED"

    session = requests.Session()
    # A .netrc must not replace our token, nor a proxy variable see it.
    session.trust_env = False
    session.mount("https://", Pinned(pool_connections=1, pool_maxsize=CONNECTIONS))
    if at.proxy:
        session.proxies = {"https": at.proxy}
    if at.token:
        session.headers["Authorization"] = f"Bearer {at.token}"
    session.headers["User-Agent"] = "onboard"
    return session
