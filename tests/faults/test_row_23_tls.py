"""Row 23: TLS that does not hold. Every door refuses it, and sends nothing to whom it distrusts."""

from __future__ import annotations

import contextlib
import datetime as dates
import ipaddress
import re
import socket
import ssl
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from onboarding import environment, errors, kube, patience, product_api, vault
from onboarding.ecms import answers, wire
from onboarding.identity import keycloak
from onboarding.product_api.mayan import api
from onboarding.state import opening
from tests.unit import targets

LIMITS = patience.Limits(connect=2, request=2, retry=4)
SECRET = "canary-that-must-never-be-sent"
DATABASE = "db.example.go.th"
"""PostgreSQL's name: on this computer itself a database may be spoken to without TLS."""
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
_ELSEWHERE = b"HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
_ASKS_FOR_TLS = bytes.fromhex("0000000804d2162f")
"""SSLRequest: length and code (PostgreSQL, Message Formats)."""
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def _certificate(
    key: Key, signer: Key, issuer: str, *, host: str = "127.0.0.1", days: int = 1, ca: bool = False
) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer if ca else host)])
    by = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)])
    now = dates.datetime.now(dates.UTC)
    serial = x509.random_serial_number()
    ends = now + dates.timedelta(days=days)
    made = x509.CertificateBuilder(by, name, key.public_key(), serial, now, ends)
    if days < 0:
        made = x509.CertificateBuilder(
            by, name, key.public_key(), serial, ends - dates.timedelta(days=9), ends
        )
    names: list[x509.GeneralName] = [x509.DNSName(host)]
    if host == "127.0.0.1":
        names = [x509.IPAddress(ipaddress.ip_address(host)), x509.DNSName(DATABASE)]
    return (
        made.add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(signer, hashes.SHA256())
    )


def _request(secure: ssl.SSLSocket) -> bytes:
    """A whole request; closing with half of it unread would take the answer back."""
    heard = b""
    while True:
        part = secure.recv(65536)
        heard += part
        head, end, body = heard.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        if not part or (end and len(body) >= int(length[1] if length else 0)):
            return heard


class Place:
    """An authority that is trusted, one that is not, and a server that hears what it is sent."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.heard: list[bytes] = []
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.ca = folder / "ca.crt"
        self.ca.write_bytes(_pem(_certificate(self._key, self._key, "ours", ca=True)))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])

    def server(self, kind: str, *, database: bool = False) -> None:
        """``database``: it is asked for TLS in the words of PostgreSQL first."""
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        key: Key = ec.generate_private_key(ec.SECP256R1())
        signer: Key = self._key
        issuer, host, days = "ours", "127.0.0.1", 1
        match kind:
            case "self-signed":
                signer, issuer = key, "itself"
            case "of another CA":
                signer, issuer = ec.generate_private_key(ec.SECP256R1()), "ours"
            case "of another host":
                host = "elsewhere.example.go.th"
            case "expired":
                days = -2
            case "weak key":
                key = rsa.generate_private_key(65537, 1024)  # noqa: S505 - to be refused
            case "old protocol":
                with warnings.catch_warnings(action="ignore"):
                    tls.maximum_version = ssl.TLSVersion.TLSv1_1
                    tls.minimum_version = ssl.TLSVersion.TLSv1
        if kind in ("weak key", "old protocol"):
            tls.set_ciphers("ALL:@SECLEVEL=0")
        made = _certificate(key, signer, issuer, host=host, days=days)
        file = self.folder / "server.pem"
        file.write_bytes(
            _pem(made)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        tls.load_cert_chain(file)
        threading.Thread(target=self._serve, args=(tls, kind, database), daemon=True).start()

    def _serve(self, tls: ssl.SSLContext, kind: str, database: bool) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                if database:
                    asked = client.recv(8, socket.MSG_WAITALL)
                    if asked != _ASKS_FOR_TLS:
                        self.heard.append(asked)
                    client.sendall(b"N" if kind == "without TLS" else b"S")
                    if kind == "without TLS":
                        self.heard += filter(None, [client.recv(65536)])
                        client.close()
                        continue
                with client, tls.wrap_socket(client, server_side=True) as secure:
                    if database:
                        self.heard.append(secure.recv(65536))
                        continue
                    self.heard.append(_request(secure))
                    secure.sendall(_ELSEWHERE if kind == "redirect to http" else _ANSWER)
            except OSError:
                continue

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.close()


def _cluster(place: Place) -> None:
    file = place.folder / "kubeconfig"
    entry = {"server": f"https://127.0.0.1:{place.port}", "certificate-authority": str(place.ca)}
    content = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": entry}],
        "users": [{"name": "u", "user": {"token": SECRET}}],
    }
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    kube.connect_with(file, limits=LIMITS).version()


def _vault(place: Place) -> None:
    secret = place.folder / "token"
    secret.write_text(SECRET, encoding="utf-8")
    target = targets.pinned()
    system = target.vault.model_copy(
        update={"address": f"https://127.0.0.1:{place.port}", "ca_file": place.ca}
    )
    spans = target.timeouts.model_copy(update={"connect": 2.0, "request": 2.0, "retry": 4.0})
    login = environment.VaultLogin(method="token", secret_file=secret)
    given = target.model_copy(update={"vault": system, "timeouts": spans})
    vault.connect_as(given, login, "planner").read("sys/mounts")


def _keycloak(place: Place) -> None:
    secret = place.folder / "secret"
    secret.write_text(SECRET, encoding="utf-8")
    system = environment.Keycloak(address=f"https://127.0.0.1:{place.port}", ca_file=place.ca)
    login = environment.KeycloakLogin(
        method="client-secret", client_id="c", realm="master", secret_file=secret
    )
    keycloak.Keycloak(system, login, "planner", LIMITS).get("master", "")


def _postgres(place: Place) -> None:
    url = f"postgresql://u@{DATABASE}:{place.port}/d?hostaddr=127.0.0.1"
    _store(place, url, f"*:*:*:*:{SECRET}")


def _s3(place: Place) -> None:
    login = f"[default]\naws_access_key_id = u\naws_secret_access_key = {SECRET}\n"
    _store(place, f"s3://bucket/prefix?endpoint=https://127.0.0.1:{place.port}", login)


def _store(place: Place, url: str, login: str) -> None:
    file = place.folder / "login"
    file.touch(0o600)
    file.write_text(login, encoding="utf-8")
    opening.at(environment.State(store=url, credentials_file=file, ca_file=place.ca)).journal(
        "moph"
    )


def _product(place: Place) -> None:
    address = f"https://127.0.0.1:{place.port}"
    account = product_api.Account("u", SECRET)
    with api.Api(product_api.Place("ga-moph-prod", address, place.ca, LIMITS), account):
        """Signing in is enough."""


def _exchange(place: Place) -> None:
    address = f"https://127.0.0.1:{place.port}/ws"
    at = environment.LetterExchange(address=address, ca_file=place.ca)
    with contextlib.closing(wire.Exchange(at, wire.Account("u", SECRET), LIMITS)) as door:
        door.ask(b"<letter/>")


DOORS: dict[str, Callable[[Place], None]] = {
    "cluster": _cluster,
    "vault": _vault,
    "keycloak": _keycloak,
    "PostgreSQL": _postgres,
    "S3": _s3,
    "product": _product,
    "exchange": _exchange,
}
_REFUSALS = (errors.Unreachable, answers.Wrong, wire.Unseen)
_BY_HTTP = [door for door in DOORS if door != "PostgreSQL"]


@pytest.mark.parametrize("door", list(DOORS))
@pytest.mark.parametrize(
    "kind",
    ["self-signed", "of another CA", "of another host", "expired", "weak key", "old protocol"],
)
def test_row_23_a_server_that_cannot_be_trusted_hears_nothing(
    place: Place, door: str, kind: str
) -> None:
    place.server(kind, database=door == "PostgreSQL")
    with pytest.raises(_REFUSALS):
        DOORS[door](place)
    assert [h for h in place.heard if h] == []


@pytest.mark.parametrize("door", _BY_HTTP)
def test_row_23_no_redirect_leads_out_of_tls(place: Place, door: str) -> None:
    place.server("redirect to http")
    with pytest.raises((errors.OnboardError, answers.Wrong)):
        DOORS[door](place)
    assert place.heard, "it was asked, and believed nothing it said"


@pytest.mark.parametrize("door", list(DOORS))
def test_row_23_the_same_server_is_heard_where_it_is_trusted(place: Place, door: str) -> None:
    """So that the refusals above are for the certificate, not for something else."""
    place.server("good", database=door == "PostgreSQL")
    # Most of them are promised more than its answer.
    with contextlib.suppress(errors.OnboardError, answers.Wrong):
        DOORS[door](place)
    assert any(place.heard)


@pytest.mark.parametrize("door", list(DOORS))
def test_row_23_without_a_ca_nothing_is_asked(place: Place, door: str) -> None:
    place.server("good", database=door == "PostgreSQL")
    place.ca.unlink()
    with pytest.raises(errors.OnboardError) as refused:
        DOORS[door](place)
    named = "certificate-authority" if door == "cluster" else "ca.crt"
    assert named in refused.value.message
    assert place.heard == []


def test_row_23_a_database_without_tls_is_not_spoken_to(place: Place) -> None:
    """Its answer N, in the clear, would lead a client that only prefers TLS to go on without."""
    place.server("without TLS", database=True)
    with pytest.raises(errors.Unreachable):
        _postgres(place)
    assert place.heard == []
