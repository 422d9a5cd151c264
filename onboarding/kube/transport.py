"""Requests to the API server: kept-alive connections, deadlines, bounded retries, our errors."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from onboarding import errors, https, patience
from onboarding.kube import login

if TYPE_CHECKING:
    import requests

CONNECTIONS = 8
_BUSY = 429
"""The API server turned the request away unread, so it may always be sent again."""
_TRANSIENT = frozenset({_BUSY, 500, 502, 503, 504})


class Absent(errors.OnboardError):
    """The API server knows no such object (404)."""


class Expired(errors.OnboardError):
    """The snapshot that a paged reading came from is gone (410)."""


class Transport:
    """One signed-in connection pool. Safe to use from several threads."""

    def __init__(self, at: login.Login, who: str, limits: patience.Limits = patience.USUAL) -> None:
        self.server = at.server
        self._who = who
        self._limits = limits
        self._session = https.session(at.tls, connections=CONNECTIONS, proxy=at.proxy)
        if at.token:
            self._session.headers["Authorization"] = f"Bearer {at.token}"
        self._answered = False
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
        that end the same however often they arrive. Raises ``Absent`` for 404, ``Expired``
        for 410, ``errors.Unreachable``, ``errors.Denied`` or ``errors.EngineFailed``.
        """
        import requests

        repeatable = repeatable or method == "GET"
        headers = {"Content-Type": content_type, "Accept": accept}
        budget = patience.Budget(self._limits, known=self._answered)
        while True:
            with self._lock:
                self._count += 1
            try:
                answer = self._session.request(
                    method,
                    self.server + path,
                    params=query,
                    json=body,
                    headers=headers,
                    timeout=budget.timeout(),
                    allow_redirects=False,
                )
            except requests.RequestException as broken:
                may = repeatable or https.unsent(broken)
                if https.untrusted(broken) or not may or not budget.again():
                    raise self._unreachable(broken) from broken
                continue
            self._answered = True
            code = answer.status_code
            may = code == _BUSY or (repeatable and code in _TRANSIENT)
            if not may or not budget.again(answer.headers.get("Retry-After")):
                return self._understood(method, path, answer)

    def _understood(self, method: str, path: str, answer: requests.Response) -> dict[str, Any]:
        try:
            content = answer.json()
        except ValueError:
            content = None
        if answer.status_code >= 300:
            status = content if isinstance(content, dict) else {}
            raise self._translated(f"{method} {path}", answer.status_code, status)
        if not isinstance(content, dict):
            # Taken for an empty object it would say that nothing is there.
            raise errors.Unreachable(
                "the API server's answer cannot be understood",
                details=[f"request: {method} {path}", f"server: {self.server}"],
                resolution="Is something between here and the API server? Try again.",
            )
        return content

    def _translated(
        self, request: str, code: int, status: Mapping[str, Any]
    ) -> errors.OnboardError:
        said = str(status.get("message") or f"HTTP {code}")
        details = [said, f"request: {request}", f"server: {self.server}"]
        if code == 404:
            return Absent(f"not found: {request}", details=details)
        if code == 410:
            return Expired(f"no longer there: {request}", details=details)
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
        if https.untrusted(broken):
            return errors.Unreachable(
                f"the certificate of {self.server} is not vouched for by the cluster's CA",
                details=[https.reason(broken)],
                resolution="Check cluster.server and cluster.caFile in the environment file.",
            )
        refused = "refused" in str(broken)
        why = "connection refused" if refused else type(broken).__name__
        return errors.Unreachable(
            f"the API server {self.server} cannot be reached: {why}",
            details=[] if refused else [https.reason(broken)],
            resolution="Is the cluster up? For a lab: onboard lab status, then onboard lab up",
        )
