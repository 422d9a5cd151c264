"""The door of the TLS probe: handshakes with an address, and one request for its first page."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import SimpleNamespace

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from onboarding import https, patience
from onboarding.probes import tls

PORT = 443
_HSTS = "Strict-Transport-Security"
_MODERN = ("TLSv1.2", "TLSv1.3")
_REFUSALS = (
    # As OpenSSL names the alerts by which a server turns an old version away.
    "TLSV1_ALERT_PROTOCOL_VERSION",
    "SSLV3_ALERT_HANDSHAKE_FAILURE",
    "TLSV1_ALERT_INSUFFICIENT_SECURITY",
)


def authorities(ca_file: Path | None) -> ssl.SSLContext:
    """A context that believes ``ca_file``, or without one what browsers trust.

    Raises ``errors.InvalidInput`` for a file that is no certificate.
    """
    from requests import utils

    return https.trusting(ca_file or Path(utils.DEFAULT_CA_BUNDLE_PATH))


def look(
    host: str, gateway: str, trusting: ssl.SSLContext, limits: patience.Limits
) -> tls.Served | tls.Unanswered:
    """What an address shows. ``gateway``: ``host:port`` to ask in place of the name's own."""
    asked, at = f"{host}:{PORT}" + (f" at {gateway}" if gateway else ""), datetime.now(UTC)
    door = _Door(host, where(host, gateway), limits)
    try:
        raw, protocol = door.certificate()
        page = _Page(distrust=f"not looked at, {protocol} is too old")
        if protocol in _MODERN:
            page = door.page(trusting)
        old, old_seen = door.old()
    except OSError as problem:
        return tls.Unanswered(f"no answer from {asked}: {https.reason(problem)}", asked, at)
    certificate = x509.load_der_x509_certificate(raw)
    return tls.Served(
        asked=asked,
        at=at,
        distrust=page.distrust,
        protocol=protocol,
        not_after=certificate.not_valid_after_utc,
        names=_names(certificate),
        issuer=certificate.issuer.rfc4514_string(),
        sha256=certificate.fingerprint(hashes.SHA256()).hex(),
        old=old,
        old_seen=old_seen,
        status=page.status,
        hsts=page.hsts,
        page_seen=page.unseen,
        ahead=page.ahead,
    )


def where(host: str, gateway: str) -> tuple[str, int]:
    """The address and port at which a host is asked."""
    name, _, port = (gateway or f"{host}:{PORT}").rpartition(":")
    return name, int(port)


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        listed = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    return tuple(str(one.value) for one in listed.value)


@dataclass(frozen=True, slots=True)
class _Page:
    distrust: str = ""
    status: int | None = None
    hsts: str | None = None
    unseen: str = ""
    ahead: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class _Door:
    host: str
    where: tuple[str, int]
    limits: patience.Limits

    def certificate(self) -> tuple[bytes, str]:
        """The certificate (DER), whoever vouches for it, and the version that was agreed on."""
        context = _anything(ssl.TLSVersion.MAXIMUM_SUPPORTED)
        with self._shaken(context) as connection:
            return connection.getpeercert(binary_form=True) or b"", connection.version() or ""

    def page(self, trusting: ssl.SSLContext) -> _Page:
        """Whether the certificate is believed for the name, and the headers of the first page."""
        reading = SimpleNamespace(until=time.monotonic() + self.limits.request)
        trusting.sslsocket_class = https.bounded(reading)
        try:
            with self._shaken(trusting) as connection:
                reading.until = time.monotonic() + self.limits.request
                return self._first_page(connection)
        except ssl.SSLCertVerificationError as untrusted:
            return _Page(distrust=untrusted.verify_message.rstrip(".") or https.reason(untrusted))

    def _first_page(self, connection: ssl.SSLSocket) -> _Page:
        asking = http.client.HTTPConnection(self.host)
        asking.sock = connection
        asked = datetime.now(UTC)
        try:
            asking.request("GET", "/", headers={"User-Agent": "onboard", "Connection": "close"})
            answer = asking.getresponse()
            ahead = _ahead(answer.headers.get("Date"), asked, datetime.now(UTC))
            return _Page(status=answer.status, hsts=answer.headers.get(_HSTS), ahead=ahead)
        except (OSError, http.client.HTTPException) as problem:
            return _Page(unseen=https.reason(problem))

    def old(self) -> tuple[tls.Old, str]:
        """What becomes of an offer of nothing better than TLS 1.1."""
        context = _anything(ssl.TLSVersion.TLSv1_1)
        try:
            with self._shaken(context) as connection:
                return tls.Old.TAKEN, str(connection.version())
        except ssl.SSLError as ended:
            if ended.reason in _REFUSALS:
                return tls.Old.REFUSED, ended.reason
            return tls.Old.UNSEEN, https.reason(ended)
        except OSError as ended:
            return tls.Old.UNSEEN, https.reason(ended)

    def _shaken(self, context: ssl.SSLContext) -> AbstractContextManager[ssl.SSLSocket]:
        return shaken(self.host, self.where, context, self.limits)


def _ahead(date: str | None, asked: datetime, answered: datetime) -> tuple[float, float] | None:
    """Least and most seconds by which a clock is ahead that wrote ``date`` between the two times.

    A Date shows the second that has begun (RFC 9110 section 6.6.1).
    """
    try:
        written = parsedate_to_datetime(date or "")
    except ValueError:
        return None
    if written.tzinfo is None:
        return None
    least, most = (written - answered).total_seconds(), (written - asked).total_seconds()
    return least, most + 1


@contextmanager
def shaken(
    host: str, where: tuple[str, int], context: ssl.SSLContext, limits: patience.Limits
) -> Iterator[ssl.SSLSocket]:
    """A connection to ``where`` that speaks TLS with ``host``."""
    with socket.create_connection(where, timeout=limits.connect) as plain:
        plain.settimeout(limits.request)
        with context.wrap_socket(plain, server_hostname=host) as connection:
            yield connection


def _anything(newest: ssl.TLSVersion) -> ssl.SSLContext:
    """A context that speaks old versions, too, and believes nobody in particular: it only looks."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    # At the level that is usual today OpenSSL would not even offer them.
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = newest
    return context
