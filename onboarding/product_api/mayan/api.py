"""The one door to the API of Mayan EDMS (version 4 of it): bounded, patient, in order."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterator, Mapping
from typing import Any, Self

from onboarding import errors, https, patience, product_api
from onboarding.products import mayan

ROOT = "/api/v4"
_PAGE = 100
_LATER = frozenset({429, 503})
"""Answers of who did nothing, and wants to be asked later."""
_PERHAPS_DONE = frozenset({502, 504})


class Forbidden(errors.Denied):
    """The product knows who asks, and says that this is not for them."""


class NotThere(errors.EngineFailed):
    """The product says that this is not there, or not to be known by who asks."""


class Api:
    """A signed-in connection. ``writes`` counts the requests that change something."""

    def __init__(self, place: product_api.Place, account: product_api.Account) -> None:
        self._place = place
        self._account = account
        self._session = https.session(
            https.trusting(place.ca_file), connections=1, at=place.gateway, through=place.through
        )
        # Without it Mayan answers as a page for people.
        self._session.headers["Accept"] = "application/json"
        self._known = False
        self.writes = 0

    def __enter__(self) -> Self:
        try:
            self._sign_in()
            self._check_version()
        except BaseException:
            self._session.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def _sign_in(self) -> None:
        who = {"username": self._account.username, "password": self._account.password}
        try:
            said = self._send("POST", "/auth/token/obtain/", who)
        except errors.EngineFailed as refused:
            raise errors.Denied(
                f"{self._place.namespace}: the e-Office does not accept the account "
                f"{self._account.username!r}",
                details=refused.details,
                resolution="See that the password in Vault is the one of that account.",
            ) from refused
        if not said.get("token"):
            raise errors.EngineFailed(
                f"{self._place.namespace}: the e-Office signs in and gives no token",
                resolution="See whether its version is one the adapter knows.",
            )
        self._session.headers["Authorization"] = f"Token {said['token']}"

    def _check_version(self) -> None:
        runs = str(self._send("GET", "/project/").get("__version__"))
        if not runs.startswith(f"{mayan.SERIES}."):
            raise errors.Mismatch(
                f"{self._place.namespace}: the e-Office runs Mayan EDMS {runs}, "
                f"and only {mayan.SERIES} is known",
                resolution="Bring the instance to that series, or onboard to a version for this.",
            )

    def every(self, path: str, *only: str) -> Iterator[dict[str, Any]]:
        """All entries of a list, page by page; ``only`` these fields of them, ``a__b`` for one
        inside another. Addresses that nobody asked for are half of the work of a list."""
        query = f"page_size={_PAGE}" + (f"&_fields_only={','.join(only)}" if only else "")
        seen = 0
        for page in itertools.count(1):
            answer = self.get(f"{path}{'&' if '?' in path else '?'}{query}&page={page}")
            yield from answer["results"]
            if not answer["next"]:
                return
            seen += len(answer["results"])
            # Entries that come or go meanwhile move others to another page.
            if not answer["results"] or seen > answer["count"] + _PAGE:
                raise errors.EngineFailed(
                    f"{self._place.namespace}: the list {path} does not end",
                    details=[f"it has {answer['count']} entries and page {page} is not the last"],
                    resolution="See whether its version is one the adapter knows.",
                )

    def get(self, path: str) -> dict[str, Any]:
        return self._send("GET", path)

    def content(self, path: str) -> bytes:
        """What a file holds."""
        return bytes(self._answer("GET", path).content)

    def make(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        self.writes += 1
        return self._send("POST", path, body)

    def upload(self, path: str, name: str, content: bytes, fields: Mapping[str, str]) -> None:
        self.writes += 1
        self._answer("POST", path, data=fields, files={"file_new": (name, content)})

    def change(self, path: str, body: Mapping[str, Any]) -> None:
        self.writes += 1
        self._send("PATCH", path, body)

    def remove(self, path: str) -> None:
        self.writes += 1
        self._send("DELETE", path)

    def _send(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        answer = self._answer(method, path, json=body)
        said = _said(answer) if answer.content else {}
        if said is None:
            raise self._refused(method, path, answer)
        return said

    def _answer(self, method: str, path: str, **sent: Any) -> Any:
        """An answer that is good. Raises ``errors.OnboardError`` for any other."""
        import requests

        budget = patience.Budget(self._place.limits, known=self._known)
        url = f"{self._place.address.rstrip('/')}{ROOT}{path}"
        while True:
            try:
                answer = self._session.request(
                    method, url, timeout=budget.timeout(), allow_redirects=False, **sent
                )
            except requests.RequestException as problem:
                # A change that may have been made is not sent twice: the next run looks again.
                safe = method == "GET" or https.unsent(problem)
                if safe and not https.untrusted(problem) and budget.again():
                    continue
                raise self._unreachable(problem) from problem
            self._known = True
            later = answer.status_code in _LATER or (
                method == "GET" and answer.status_code in _PERHAPS_DONE
            )
            if later and budget.again(answer.headers.get("Retry-After")):
                continue
            if answer.ok and not answer.is_redirect:
                return answer
            raise self._refused(method, path, answer)

    def _refused(self, method: str, path: str, answer: Any) -> errors.OnboardError:
        what = f"{self._place.namespace}: the e-Office refused {method} {path}"
        details = [f"{answer.status_code}: {' '.join(answer.text.split())[:300]}"]
        if answer.status_code >= 500:
            return errors.Unreachable(what, details=details, resolution=self._look)
        # A page is of something in front of it, or of an address that it does not have.
        itself = _said(answer) is not None
        if answer.status_code in (401, 403):
            denied = Forbidden if itself and answer.status_code == 403 else errors.Denied
            return denied(
                what, details=details, resolution="The account lacks a right in the e-Office."
            )
        failed = NotThere if itself and answer.status_code == 404 else errors.EngineFailed
        return failed(
            what, details=details, resolution="See whether its version is one the adapter knows."
        )

    def _unreachable(self, problem: Exception) -> errors.Unreachable:
        from requests import exceptions

        astray = isinstance(problem, exceptions.SSLError)
        kind = product_api.Astray if astray else errors.Unreachable
        what = "the e-Office does not answer"
        do = f"See that its address leads to it. {self._look}"
        if https.untrusted(problem):
            what = "the certificate of the e-Office is not believed"
            do = "Run onboard apply, which renews one that is due, or see where its address leads."
        return kind(
            f"{self._place.namespace}: {what}",
            details=[f"{self._place.address}: {https.reason(problem)}"],
            resolution=do,
        )

    @property
    def _look(self) -> str:
        """What to do where it answers wrongly or not at all."""
        return (
            "Look at its pods and their logs, the database's too (no space, not running): "
            f"kubectl -n {self._place.namespace} get pods. Then run the same command again."
        )


def _said(answer: Any) -> dict[str, Any] | None:
    """The object that an answer of the product is; None where it is something else."""
    with contextlib.suppress(ValueError):
        said = answer.json()
        if isinstance(said, dict):
            return said
    return None


def wait_until_healthy(place: product_api.Place, path: str, seconds: float) -> None:
    """Return once the product answers. Raises ``errors.Unreachable`` when the time is over."""
    import requests

    end = time.monotonic() + seconds
    with https.session(https.trusting(place.ca_file), connections=1, at=place.gateway) as session:
        while True:
            try:
                limits = (place.limits.connect, place.limits.request)
                url = f"{place.address.rstrip('/')}{path}"
                answer = session.get(url, timeout=limits, allow_redirects=False)
                seen = str(answer.status_code)
                # A redirect is what a gateway answers in front of something that is down.
                if answer.status_code == requests.codes.ok:
                    return
            except requests.RequestException as problem:
                seen = https.reason(problem)
            if time.monotonic() > end:
                raise errors.Unreachable(
                    f"{place.namespace}: the e-Office did not come up in time",
                    details=[f"{place.address}{path}: {seen}"],
                    resolution="See the log of the instance, then run the same command again.",
                )
            time.sleep(1.0)
