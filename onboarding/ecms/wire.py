"""The one door to an exchange: HTTPS with its CA, bounded in time and size, never sent twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from onboarding import environment, https, patience
from onboarding.ecms import answers, standard

if TYPE_CHECKING:
    import requests

_REFUSED = (401, 403)
_CHUNK = 65536


class Unseen(Exception):
    """Nobody answered, or not in time: nothing can be said about the exchange."""


class TooLarge(answers.Wrong):
    """An answer beyond the limit, of which nothing more was read."""


@dataclass(frozen=True, slots=True)
class Account:
    """How an agency signs in; ``secret`` is never shown."""

    name: str
    secret: str = ""

    def __repr__(self) -> str:
        return f"Account({self.name!r})"


class Exchange:
    """An open connection. Close it when done."""

    def __init__(
        self, at: environment.LetterExchange, account: Account, limits: patience.Limits
    ) -> None:
        from requests import auth, utils

        self._address = at.address
        self._limits = limits
        authorities = at.ca_file or Path(utils.DEFAULT_CA_BUNDLE_PATH)
        self._session = https.session(https.trusting(authorities), connections=1)
        if account.secret:
            # As UTF-8 (RFC 7617, section 2.1); of text requests would make Latin-1.
            login = (account.name.encode(), account.secret.encode())
            self._session.auth = auth.HTTPBasicAuth(*login)

    def ask(self, message: bytes) -> bytes:
        """Post one message. Raises ``Unseen``, or ``answers.Wrong`` for what is no answer."""
        with (
            _told(),
            self._session.post(
                self._address,
                data=message,
                headers={
                    "Content-Type": "text/xml; charset=utf-8",
                    "SOAPAction": '""',
                    "Accept-Encoding": "identity",
                },
                timeout=(self._limits.connect, self._limits.request),
                allow_redirects=False,
                stream=True,
            ) as answer,
        ):
            raw = _whole(answer)
        if answer.status_code in _REFUSED:
            raise answers.Wrong(f"refused the account (HTTP {answer.status_code})")
        if answer.status_code != 200:
            said = answers.fault(raw)
            raise answers.Wrong(
                f"answered HTTP {answer.status_code}" + (f", {said}" if said else "")
            )
        return raw

    def close(self) -> None:
        self._session.close()


def _whole(answer: requests.Response) -> bytes:
    """The body as it was sent, not unpacked, so that little cannot become much."""
    most = standard.facts()["limits"]["answerBytes"]
    found = b""
    for part in answer.raw.stream(_CHUNK, decode_content=False):
        found += part
        if len(found) > most:
            raise TooLarge(f"an answer of more than {most} bytes")
    return found


@contextmanager
def _told() -> Iterator[None]:
    import requests
    import urllib3

    try:
        yield
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as problem:
        if https.untrusted(problem):
            raise answers.Wrong(
                f"shows a certificate that is not trusted: {https.reason(problem)}"
            ) from problem
        raise Unseen(f"no answer: {https.reason(problem)}") from problem
