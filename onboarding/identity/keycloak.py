"""The one door to Keycloak: sign-in per realm, and requests of the admin API by path.

The transport is python-keycloak's (``wire``); signing in is ours, because the library knows no
private_key_jwt. Our clients are local to each realm: a token of the realm master would carry the
rights over every realm and make each request cost in proportion to their number. Realms are
addressed by name and never listed, for the same reason.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from onboarding import environment, errors, patience
from onboarding.identity import assertion, signing, wire

MASTER = "master"
_RENEW_BEFORE_SECONDS = 10.0
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class RealmMissing(errors.OnboardError):
    """The realm does not exist."""


class ClientUnknown(errors.Denied):
    """The realm does not know our client, or not its key."""


class Taken(errors.OnboardError):
    """Something of this name exists already (HTTP 409)."""


class Keycloak:
    """A connection under one identity. ``sent`` counts requests: login, read, write."""

    def __init__(
        self,
        target: environment.Keycloak,
        login: environment.KeycloakLogin,
        who: str,
        limits: patience.Limits = patience.USUAL,
        key: Callable[[], assertion.HeldElsewhere] | None = None,
    ) -> None:
        self.address = target.address.rstrip("/")
        self.sent: Counter[str] = Counter()
        self._login = login
        self._who = who
        self._key = key
        self._tokens: dict[str, tuple[str, float]] = {}
        self._remembered: dict[tuple[str, str], Any] = {}
        self._lock = threading.RLock()
        self._wire = wire.Wire(self.address, target.ca_file, self.sent, limits)

    def exists(self, realm: str) -> bool:
        """Whether the realm exists, by the answer to a sign-in.

        Raises ``ClientUnknown`` where it exists without our client in it.
        """
        try:
            self._token(self._home(realm))
        except RealmMissing:
            return False
        if self._home(realm) == realm:
            return True
        return self._send("get", realm, "", query={}) is not None

    def realm_id(self, realm: str) -> str:
        """Internal id of a realm, which lives as long as it does.

        Raises ``errors.Unreachable`` where there is no such realm.
        """
        try:
            found = self.get(realm, "")
        except RealmMissing:
            found = None
        if found is None:
            raise errors.Unreachable(
                f"Keycloak at {self.address} has no realm {realm!r}",
                resolution="Run: onboard bootstrap",
            )
        return str(found["id"])

    def get(self, realm: str, path: str, **query: str) -> Any:
        """The JSON at a path below ``/admin/realms/REALM``; None where there is nothing."""
        return self._send("get", realm, path, query=query)

    def remembered(self, realm: str, path: str) -> Any:
        """As ``get``, asked once a connection where something was there: for ids, which stay."""
        if (realm, path) not in self._remembered:
            found = self.get(realm, path)
            if found is None:
                return None
            self._remembered[realm, path] = found
        return self._remembered[realm, path]

    def post(self, realm: str, path: str, body: Any) -> str:
        """Create, and return the new id ("" where the answer names none). Raises ``Taken``."""
        answer = self._send("post", realm, path, body=body)
        return answer if isinstance(answer, str) else str((answer or {}).get("id", ""))

    def put(self, realm: str, path: str, body: Any) -> None:
        self._send("put", realm, path, body=body)

    def delete(self, realm: str, path: str, body: Any = None) -> None:
        self._send("delete", realm, path, body=body)

    def create_realm(self, representation: Mapping[str, Any]) -> None:
        """One request for the whole realm. Raises ``Taken`` where one of this name exists."""
        self._request("post", MASTER, "admin/realms", body=dict(representation))
        self.forget(str(representation["realm"]))

    def forget(self, realm: str) -> None:
        """Sign in anew before the next request to a realm, whose rights may have changed."""
        with self._lock:
            self._tokens.pop(realm, None)
            self._tokens.pop(self._home(realm), None)

    def close(self) -> None:
        """Let the connections go."""
        self._wire.close()

    def _home(self, realm: str) -> str:
        """The realm in which we sign in to work in ``realm``."""
        return MASTER if self._login.realm == MASTER else realm

    def _send(
        self,
        method: str,
        realm: str,
        path: str,
        *,
        body: Any = None,
        query: Mapping[str, str] | None = None,
    ) -> Any:
        below = f"/{path.lstrip('/')}" if path else ""
        where = f"admin/realms/{quote(realm, safe='')}{below}"
        return self._request(method, self._home(realm), where, body=body, query=query)

    def _request(
        self,
        method: str,
        home: str,
        path: str,
        *,
        body: Any = None,
        query: Mapping[str, str] | None = None,
    ) -> Any:
        for fresh in (False, True):
            headers = {"Authorization": f"Bearer {self._token(home)}"}
            if body is not None:
                headers["Content-Type"] = "application/json"
            content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
            answer = self._wire.exchange(method, path, headers, content, query or {})
            if answer.status_code != 401 or fresh:
                return self._understood(method, path, answer)
            self._tokens.pop(home, None)
        raise AssertionError("unreachable")

    def _understood(self, method: str, path: str, answer: Any) -> Any:
        status = answer.status_code
        if status == 404 and method in ("get", "delete"):
            return None
        if status < 400:
            if method == "post" and answer.headers.get("Location"):
                return str(answer.headers["Location"]).rsplit("/", 1)[-1]
            return self._content(path, answer)
        said = _said(answer)
        if status == 409:
            raise Taken(f"Keycloak: {said or 'the name is taken'}", details=[f"{method} {path}"])
        if status in (401, 403):
            raise errors.Denied(
                f"Keycloak refused {method.upper()} {path} to the {self._who}",
                details=[said] if said else [],
                resolution="Run: onboard bootstrap, which gives each role the rights it needs.",
            )
        if status in wire.AGAIN:
            raise errors.Unreachable(
                f"Keycloak could not answer {method.upper()} {path} (HTTP {status})",
                details=[said] if said else [],
                resolution="See the log of Keycloak; then run the same command again.",
            )
        raise errors.EngineFailed(
            f"Keycloak answered {status} to {method.upper()} {path}",
            details=[said] if said else [],
            resolution="See the log of Keycloak; then run the same command again.",
        )

    def _content(self, path: str, answer: Any) -> Any:
        """Taken for an empty answer, one that is no JSON would say that nothing is there."""
        if not answer.content:
            return None
        try:
            return answer.json()
        except ValueError:
            raise errors.Unreachable(
                "Keycloak's answer cannot be understood",
                details=[f"{self.address}/{path}"],
                resolution="Is something between here and Keycloak? Run the command again.",
            ) from None

    def _token(self, realm: str) -> str:
        with self._lock:
            token, until = self._tokens.get(realm, ("", 0.0))
            if time.monotonic() < until:
                return token
            path = f"realms/{quote(realm, safe='')}/protocol/openid-connect/token"
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            form = {"grant_type": "client_credentials", **self._proof(realm)}
            answer = self._wire.exchange("token", path, headers, form, {})
            if answer.status_code != 200:
                raise self._no_token(realm, answer)
            told = self._content(path, answer) or {}
            if "access_token" not in told:
                raise self._no_token(realm, answer)
            until = time.monotonic() + float(told["expires_in"]) - _RENEW_BEFORE_SECONDS
            self._tokens[realm] = (told["access_token"], until)
            return str(told["access_token"])

    def _proof(self, realm: str) -> dict[str, str]:
        login = self._login
        if login.method == "client-secret":
            try:
                secret = login.secret_file.read_text(encoding="utf-8").strip()
            except OSError as problem:
                raise errors.Denied(
                    f"the secret of the {self._who} cannot be read: {login.secret_file}",
                    resolution="Check the environment file.",
                ) from problem
            return {"client_id": login.client_id, "client_secret": secret}
        audience = f"{self.address}/realms/{realm}"
        if self._key is not None:
            said = assertion.signed_by(self._key(), login.client_id, audience)
        else:
            said = assertion.signed(login.secret_file, login.client_id, audience)
        return {
            "client_id": login.client_id,
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": said,
        }

    def _no_token(self, realm: str, answer: Any) -> errors.OnboardError:
        said = _said(answer)
        if answer.status_code == 404:
            return RealmMissing(f"Keycloak at {self.address} has no realm {realm!r}")
        if answer.status_code in (400, 401, 403):
            # 403 is of something in front of it: that says nothing about the client.
            refused = errors.Denied if answer.status_code == 403 else ClientUnknown
            return refused(
                f"Keycloak does not accept the {self._who} ({self._login.client_id}) "
                f"in realm {realm!r}",
                details=[said] if said else [],
                resolution="The key or secret may be outdated, or the clocks differ. "
                "Run: onboard bootstrap",
            )
        return errors.Unreachable(
            f"Keycloak at {self.address} gave no token", details=[f"{answer.status_code} {said}"]
        )


def _said(answer: Any) -> str:
    try:
        body = answer.json()
    except ValueError:
        return ""
    if not isinstance(body, Mapping):
        return ""
    told = [body.get(k) for k in ("errorMessage", "error_description", "error") if body.get(k)]
    return str(told[0]) if told else ""


def connect(target: environment.Environment, role: environment.Role) -> Keycloak:
    """The door under the identity of a role. Signs in with the first request to a realm."""
    login, limits = target.login(role).keycloak, target.timeouts.limits()
    held = login.method == "vault-signed-jwt"
    key = (lambda: signing.key(target, role)) if held else None
    return Keycloak(target.keycloak, login, role.value, limits, key)
