"""HTTPS as every door of ours speaks it: one CA, no help from the user's shell, bounded answers."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib import parse

from onboarding import clock, errors

if TYPE_CHECKING:
    import requests


def trusting(ca_file: Path) -> ssl.SSLContext:
    """A TLS context that believes one CA. Raises ``errors.InvalidInput`` for an unusable file."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        tls.load_verify_locations(cafile=str(ca_file))
    except OSError as broken:
        raise errors.InvalidInput(
            f"the CA certificate {ca_file} cannot be used: {broken.strerror or broken}",
            resolution="Check caFile in the environment file.",
        ) from broken
    return tls


_OF_TIME = ("certificate has expired", "certificate is not yet valid")
"""As OpenSSL says it."""

Tunnel = Callable[[], socket.socket]
"""Opens a connection to one server, inside something that is encrypted already."""


def session(
    tls: ssl.SSLContext,
    *,
    connections: int,
    proxy: str = "",
    at: str = "",
    through: Tunnel | None = None,
) -> requests.Session:
    """A session that speaks HTTPS only, trusts what ``tls`` trusts, and lets no answer drip.

    ``at`` is a host and port to connect to in place of what an address says; what is asked for, and
    whose certificate is expected, stays as the address says. ``through`` opens connections in place
    of both: to a server that answers without TLS, as behind its ingress.

    The second number of a request's ``timeout`` bounds its whole answer; by itself ``requests``
    would begin anew with every byte.
    """
    import requests
    from requests import adapters

    # Of the request that a thread is waiting for; a connection serves one thread at a time.
    waiting = threading.local()
    tls.sslsocket_class = bounded(waiting)

    class Pinned(adapters.HTTPAdapter):
        """Trusts what the context trusts; requests would add public CAs to it."""

        def init_poolmanager(self, *args: Any, **options: Any) -> None:
            options["ssl_context"] = tls
            super().init_poolmanager(*args, **options)

        def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
            options["ssl_context"] = tls
            return super().proxy_manager_for(proxy, **options)

        def get_connection_with_tls_context(self, request: Any, *args: Any, **options: Any) -> Any:
            if not at:
                return super().get_connection_with_tls_context(request, *args, **options)
            host, _, port = at.rpartition(":")
            named = {"server_hostname": parse.urlsplit(request.url).hostname}
            return self.poolmanager.connection_from_host(
                host, int(port), scheme="https", pool_kwargs=named
            )

        def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
            conn.cert_reqs = "CERT_REQUIRED"

        def send(self, request: Any, *args: Any, **options: Any) -> Any:
            limit = options.get("timeout")
            waiting.until = time.monotonic() + sum(limit) if limit else float("inf")
            if at:
                request.headers["Host"] = parse.urlsplit(request.url).netloc
            return super().send(request, *args, **options)

    made = requests.Session()
    # A proxy or a .netrc of the user's shell must not see or replace our credential.
    made.trust_env = False
    # Nothing is mounted for http:, so no redirect leads there.
    made.adapters.clear()
    adapter = _inside(through) if through else Pinned
    made.mount("https://", adapter(pool_connections=1, pool_maxsize=connections))
    if proxy:
        made.proxies = {"https": proxy}
    made.headers["User-Agent"] = "onboard"
    return made


def _inside(through: Tunnel) -> Any:
    """An adapter of ``requests`` that asks by plain HTTP through a tunnel."""
    from requests import adapters
    from urllib3 import connection, connectionpool

    class Dug(connection.HTTPConnection):
        """Connected by the tunnel."""

        def _new_conn(self) -> socket.socket:
            opened = through()
            opened.settimeout(self.timeout if isinstance(self.timeout, int | float) else None)
            return opened

    class Pool(connectionpool.HTTPConnectionPool):
        """Connections of that kind."""

        ConnectionCls = Dug

    class Inside(adapters.HTTPAdapter):
        """Asks the tunnel for what it would ask the address for."""

        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self._pool = Pool("tunnel", maxsize=1)

        def get_connection_with_tls_context(self, *_: Any, **__: Any) -> Any:
            return self._pool

        def send(self, request: Any, *args: Any, **options: Any) -> Any:
            request.headers["Host"] = parse.urlsplit(request.url).netloc
            return super().send(request, *args, **options)

        def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
            """There is no certificate inside."""

        def close(self) -> None:
            super().close()
            self._pool.close()

    return Inside


def bounded(waiting: Any) -> type[ssl.SSLSocket]:
    """Sockets that read until ``waiting.until`` (``time.monotonic``), however slowly bytes come."""

    class Bounded(ssl.SSLSocket):
        """Reads until the deadline of the request that its thread waits for."""

        def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
            left = getattr(waiting, "until", float("inf")) - time.monotonic()
            if left <= 0:
                raise TimeoutError("the answer did not end in time")
            set_for = self.gettimeout()
            if set_for is None or left < set_for:
                self.settimeout(left)
            return super().recv_into(buffer, nbytes, flags)

    return Bounded


def untrusted(problem: BaseException) -> bool:
    """Whether the server showed a certificate that we do not trust; other TLS faults may pass."""
    return "CERTIFICATE_VERIFY_FAILED" in str(problem)


def unsent(problem: BaseException) -> bool:
    """Whether no byte of the request left: what it asks for was certainly not done."""
    import requests
    from urllib3 import exceptions

    if isinstance(problem, requests.ConnectTimeout):
        return True
    reason = getattr(problem.args[0], "reason", None) if problem.args else None
    return isinstance(reason, exceptions.NewConnectionError)


def reason(problem: BaseException) -> str:
    """The innermost cause in one line: the chain of a connection error repeats it many times.

    A certificate that has ended, or has not begun, may just as well be a clock that is wrong.
    """
    inner = problem
    while (deeper := inner.__cause__ or inner.__context__) is not None:
        inner = deeper
    said = f"{type(inner).__name__}: {inner}"[:300]
    if any(words in said for words in _OF_TIME):
        said += f" ({clock.shown()})"
    return said
