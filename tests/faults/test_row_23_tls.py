"""Row 23: TLS that does not hold. Every door refuses it, and sends nothing to whom it distrusts."""

from __future__ import annotations

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

from onboarding import environment, errors, kube, patience, vault
from onboarding.identity import keycloak
from tests.unit import targets

LIMITS = patience.Limits(connect=2, request=2, retry=4)
SECRET = "canary-that-must-never-be-sent"
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
_ELSEWHERE = b"HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
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
    try:
        alternative: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        alternative = x509.DNSName(host)
    return (
        made.add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
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

    def server(self, kind: str) -> None:
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
        threading.Thread(target=self._serve, args=(tls, kind), daemon=True).start()

    def _serve(self, tls: ssl.SSLContext, kind: str) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                with client, tls.wrap_socket(client, server_side=True) as secure:
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


DOORS: dict[str, Callable[[Place], None]] = {
    "cluster": _cluster,
    "vault": _vault,
    "keycloak": _keycloak,
}


@pytest.mark.parametrize("door", list(DOORS))
@pytest.mark.parametrize(
    "kind",
    ["self-signed", "of another CA", "of another host", "expired", "weak key", "old protocol"],
)
def test_row_23_a_server_that_cannot_be_trusted_hears_nothing(
    place: Place, door: str, kind: str
) -> None:
    place.server(kind)
    with pytest.raises(errors.Unreachable):
        DOORS[door](place)
    assert [h for h in place.heard if h] == []


@pytest.mark.parametrize("door", list(DOORS))
def test_row_23_no_redirect_leads_out_of_tls(place: Place, door: str) -> None:
    place.server("redirect to http")
    with pytest.raises(errors.OnboardError):
        DOORS[door](place)
    assert place.heard, "it was asked, and believed nothing it said"


@pytest.mark.parametrize("door", list(DOORS))
def test_row_23_the_same_server_is_heard_where_it_is_trusted(place: Place, door: str) -> None:
    """So that the refusals above are for the certificate, not for something else."""
    place.server("good")
    if door == "keycloak":
        with pytest.raises(errors.Unreachable, match="gave no token"):
            DOORS[door](place)
    else:
        DOORS[door](place)
    assert place.heard


def test_row_23_without_a_ca_nothing_is_asked(place: Place) -> None:
    place.server("good")
    place.ca.unlink()
    for door in ("vault", "keycloak"):
        with pytest.raises(errors.InvalidInput, match=r"ca\.crt"):
            DOORS[door](place)
    assert place.heard == []
