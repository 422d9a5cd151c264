"""The one door to Vault and OpenBao.

Plain requests by path, with what every caller needs done once: sign-in by role, TLS that is always
verified, timeouts, a bounded retry of reads, and errors a user can act on. It knows paths and
answers only; what they mean is the business of the engine, the bootstrap and ``pki``.
"""

from __future__ import annotations

import contextlib
import dataclasses
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent import futures
from pathlib import Path
from typing import Any, Self

from onboarding import environment, errors, https, patience
from onboarding.vault import answers

_CONNECTIONS = 8
_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
_RENEW_BEFORE_SECONDS = 60.0
_BUSY = 429
"""Vault turned the request away unread, so it may always be sent again."""
_AGAIN = frozenset({412, _BUSY, 500, 502, 503, 504})


class Vault:
    """A signed-in connection. Safe to use from several threads; ``close`` gives the token back."""

    def __init__(
        self,
        address: str,
        client: Any,
        login: environment.VaultLogin,
        who: str,
        limits: patience.Limits = patience.USUAL,
    ) -> None:
        self.address = address
        self.sent: Counter[str] = Counter()
        self._client = client
        self._login = login
        self._who = who
        self._limits = limits
        self._answered = False
        self._expires = 0.0
        self._lock = threading.Lock()

    def read(self, path: str) -> dict[str, Any] | None:
        """The data at a path; None where there is nothing."""
        return answers.data(self._ask("get", path))

    def names(self, path: str) -> tuple[str, ...]:
        """The names below a path, sorted; none where there is nothing."""
        answer = answers.data(self._ask("get", f"{path}?list=true")) or {}
        return tuple(sorted(answer.get("keys") or ()))

    def details(self, path: str) -> dict[str, Any]:
        """What OpenBao tells about each name below a path in one answer (its ``key_info``)."""
        answer = answers.data(self._ask("get", f"{path}?list=true")) or {}
        return dict(answer.get("key_info") or {})

    def scan(self, path: str) -> dict[str, Any]:
        """As ``details``, at every depth (OpenBao's SCAN)."""
        answer = answers.data(self._ask("get", f"{path}?scan=true")) or {}
        return dict(answer.get("key_info") or {})

    def read_all(self, paths: Iterable[str]) -> dict[str, dict[str, Any] | None]:
        """``read`` of many paths side by side, by path."""
        wanted = tuple(dict.fromkeys(paths))
        with futures.ThreadPoolExecutor(max_workers=_CONNECTIONS) as pool:
            return dict(zip(wanted, pool.map(self.read, wanted), strict=True))

    def text(self, path: str) -> str:
        """A plain-text answer, such as a PEM; "" where there is nothing."""
        answer = self._ask("get", path)
        return "" if answer is None else str(answer.text)

    def write(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Send ``body`` and return the data of the answer ({} where it has none)."""
        return answers.data(self._ask("post", path, body or {})) or {}

    def look_up(self, path: str, body: Mapping[str, Any]) -> dict[str, Any] | None:
        """A question that the API wants as a POST; None where it knows nothing of it."""
        self._sign_in()
        try:
            return answers.data(self._send("post", path, body, counts="read")) or {}
        except errors.EngineFailed:
            return None

    def sign(self, path: str, body: Mapping[str, Any]) -> str:
        """A signature by a key that Vault holds; it changes nothing there."""
        self._sign_in()
        answer = answers.body(self._send("post", path, body, counts="login"))
        return str(answer["data"]["signature"])

    def remove(self, path: str) -> None:
        self._ask("delete", path)

    def cluster_id(self) -> str:
        """Id of the cluster's storage, which lives as long as the data; asked without a token."""
        answer = self._send("get", "sys/health?standbyok=true&perfstandbyok=true", None)
        return str(answers.body(answer).get("cluster_id") or "")

    def tenant_token(self, policies: Sequence[str], minutes: int = 15) -> str:
        """A token that holds nothing but ``policies`` of one agency, for minutes.

        The caller hands it over in a 0600 file and never logs it.
        """
        answer = self._ask(
            "post",
            f"auth/token/create/{TENANT_TOKENS}",
            {"policies": list(policies), "ttl": f"{minutes}m", "renewable": False},
        )
        return str(answers.body(answer)["auth"]["client_token"])

    def sign_in_with(self, way: str, body: Mapping[str, Any]) -> str:
        """The token that another way to sign in gives, e.g. ``kubernetes``; never logged."""
        answer = answers.body(self._send("post", f"auth/{way}/login", body, counts="login"))
        return str(answer["auth"]["client_token"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Revoke the token of this connection, where signing in made one; it can be used again."""
        if self._login.method == "approle" and self._client.token:
            # Where Vault is away the token ends by itself; what was done before still counts.
            brief = dataclasses.replace(self._limits, retry=self._limits.connect)
            with contextlib.suppress(errors.OnboardError):
                self._send("post", "auth/token/revoke-self", {}, counts="login", limits=brief)
            self._client.token = None
            self._expires = 0.0

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        self._sign_in()
        token = self._client.token
        try:
            return self._send(method, path, body)
        except errors.Denied:
            if not self._lost(token):
                raise
        self._sign_in()
        return self._send(method, path, body)

    def _lost(self, token: str) -> bool:
        """Whether a refusal was for a token that Vault does not know any more.

        Somebody revoked it, or looked it up by its accessor while it was being made: Vault then
        finds it without a lease, and deletes it. Signing in once more makes another.
        """
        if self._login.method != "approle":
            return False
        with self._lock:
            if self._client.token == token:
                try:
                    self._send("get", "auth/token/lookup-self", None, counts="login")
                except errors.Denied:
                    self._expires = 0.0
                else:
                    return False
        return True

    def _sign_in(self) -> None:
        with self._lock:
            if time.monotonic() < self._expires:
                return
            secret = answers.secret(self._login, self._who)
            if self._login.method == "token":
                self._client.token = secret
                self._expires = float("inf")
                return
            body = {"role_id": self._login.role_id, "secret_id": secret}
            answer = answers.body(self._send("post", "auth/approle/login", body, counts="login"))
            self._client.token = answer["auth"]["client_token"]
            lease = float(answer["auth"]["lease_duration"])
            self._expires = time.monotonic() + max(lease - _RENEW_BEFORE_SECONDS, lease / 2)

    def _send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        *,
        counts: str = "",
        limits: patience.Limits | None = None,
    ) -> Any:
        """The response, or None for 404. ``counts`` says as what, where the method does not."""
        import requests

        budget = patience.Budget(limits or self._limits, known=self._answered)
        while True:
            self.sent[counts or ("read" if method == "get" else "write")] += 1
            try:
                answer = self._client.adapter.request(
                    method,
                    f"/v1/{path}",
                    raise_exception=False,
                    timeout=budget.timeout(),
                    **({"json": dict(body)} if body is not None else {}),
                )
            except requests.exceptions.RequestException as problem:
                if https.untrusted(problem):
                    raise answers.not_trusted(self.address, problem) from problem
                may = method == "get" or https.unsent(problem)
                if not may or not budget.again():
                    raise answers.unreachable(self.address, problem) from problem
                continue
            self._answered = True
            status = answer.status_code
            if status < 400:
                return answers.whole(self.address, path, answer)
            if status == 404 and not answers.messages(answer):
                return None
            may = status == _BUSY or (method == "get" and status in _AGAIN)
            if not may or not budget.again(answer.headers.get("Retry-After")):
                raise answers.refusal(
                    self.address, self._who, method, path, answer, login=counts == "login"
                )


TENANT_TOKENS = "onboard-tenant"
"""Token role under which the applier makes short tokens with policies of one agency."""


def connect(target: environment.Environment, role: environment.Role) -> Vault:
    """A connection under the identity of ``role``. Signs in at the first request.

    Raises ``errors.UsageError`` where the environment has no such credential; requests raise
    ``errors.Unreachable``, ``errors.Denied`` or ``errors.EngineFailed``.
    """
    return connect_as(target, target.login(role).vault, role.value)


def connect_as(target: environment.Environment, login: environment.VaultLogin, who: str) -> Vault:
    """As ``connect``, with a login that is not (yet) in the environment file."""
    import hvac

    session = https.session(https.trusting(target.vault.ca_file), connections=_CONNECTIONS)
    address = target.vault.address.rstrip("/")
    client = hvac.Client(url=address, token="", session=session, adapter=hvac.adapters.RawAdapter)
    return Vault(address, client, login, who, target.timeouts.limits())


@contextlib.contextmanager
def connect_with(target: environment.Environment, token: str, who: str) -> Iterator[Vault]:
    """As ``connect``, with a token of the moment: its file is private and goes with it."""
    place = _MEMORY if _MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="onboard-", dir=place) as folder:
        file = Path(folder) / "token"
        file.touch(0o600)
        file.write_text(token, encoding="ascii")
        login = environment.VaultLogin(method="token", secret_file=file)
        with connect_as(target, login, who) as door:
            yield door
