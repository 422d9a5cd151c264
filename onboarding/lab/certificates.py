"""The lab's certificate authorities and what they sign.

Three authorities, so that none of them opens more than it must: ``ca`` signs servers,
``client-ca`` signs identities of the Kubernetes API, ``etcd-ca`` signs etcd and its one client.
All keys are EC P-256. What is near its end is signed anew at the next start.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from onboarding import errors
from onboarding.lab import home as homes

AUTHORITIES = ("ca", "client-ca", "etcd-ca")
AUTHORITY_LIFE = timedelta(days=3650)
LEAF_LIFE = timedelta(days=365)
RENEW_BEFORE = timedelta(days=30)
_BACKDATED = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A certificate the lab needs: which authority signs it, for whom, and for what."""

    name: str
    authority: str
    common_name: str
    organization: str = ""
    server: bool = False
    client: bool = False


LEAVES = (
    Leaf("server", "ca", "onboard lab", server=True),
    Leaf("etcd", "etcd-ca", "etcd", server=True, client=True),
    Leaf("etcd-client", "etcd-ca", "kube-apiserver", client=True),
    Leaf("admin", "client-ca", "lab:admin", organization="system:masters", client=True),
    Leaf("controller-manager", "client-ca", "system:kube-controller-manager", client=True),
    Leaf("scheduler", "client-ca", "system:kube-scheduler", client=True),
    Leaf("kwok", "client-ca", "lab:kwok", client=True),
    Leaf("provisioner", "client-ca", "lab:provisioner", client=True),
)
NODE_LEAVES = (
    Leaf("kubelet", "client-ca", "system:node:real-1", organization="system:nodes", client=True),
    Leaf("kubelet-server", "ca", "system:node:real-1", server=True),
    Leaf("kubelet-client", "client-ca", "lab:apiserver", client=True),
    Leaf("kube-proxy", "client-ca", "system:kube-proxy", client=True),
    Leaf("firewall", "client-ca", "lab:firewall", client=True),
)


def ensure(home: homes.Home, now: datetime | None = None, addresses: Sequence[str] = ()) -> None:
    """Make or renew every key and certificate of the lab.

    ``addresses`` are where a real node reaches servers; with them its own are made, too.
    """
    moment = now or datetime.now(UTC)
    wanted_leaves = leaves(real=bool(addresses))
    for authority in AUTHORITIES:
        if not _fits(home.pki, authority, moment):
            _make_authority(home.pki, authority, moment)
            for leaf in wanted_leaves:
                if leaf.authority == authority:
                    certificate_path(home, leaf.name).unlink(missing_ok=True)
    for leaf in wanted_leaves:
        wanted = addresses if leaf.server and leaf.authority == "ca" else ()
        if not _fits(home.pki, leaf.name, moment, wanted):
            _make_leaf(home.pki, leaf, moment, wanted)
    if not key_path(home, "service-account").is_file():
        key = ec.generate_private_key(ec.SECP256R1())
        homes.write(key_path(home, "service-account"), _pem(key))
        homes.write(
            home.pki / "service-account.pub",
            key.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            ),
        )


def leaves(*, real: bool) -> tuple[Leaf, ...]:
    """The certificates of a lab; ``real``: of one with a real node."""
    return (*LEAVES, *NODE_LEAVES) if real else LEAVES


def certificate_path(home: homes.Home, name: str) -> Path:
    return home.pki / f"{name}.crt"


def key_path(home: homes.Home, name: str) -> Path:
    return home.pki / f"{name}.key"


def ends(path: Path) -> datetime:
    """When the certificate in a PEM file ends; ``errors.OnboardError`` where it is damaged."""
    return _read(path).not_valid_after_utc


def begins(path: Path) -> datetime:
    return _read(path).not_valid_before_utc


def _read(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        raise errors.OnboardError(
            f"{path} is not a certificate",
            details=[str(error)],
            resolution="Delete the file and run: onboard lab up",
        ) from error


def _fits(folder: Path, name: str, now: datetime, addresses: Sequence[str] = ()) -> bool:
    path = folder / f"{name}.crt"
    if not (path.is_file() and (folder / f"{name}.key").is_file()):
        return False
    return ends(path) - RENEW_BEFORE > now and set(addresses) <= _reached_at(path)


def _reached_at(path: Path) -> set[str]:
    try:
        names = _read(path).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    return {str(address) for address in names.get_values_for_type(x509.IPAddress)}


def _make_authority(folder: Path, name: str, now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(f"onboard lab {name}", "")
    certificate = (
        _builder(subject, subject, key.public_key(), now, AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(authority=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .sign(key, hashes.SHA256())
    )
    _keep(folder, name, key, certificate)


def _make_leaf(folder: Path, leaf: Leaf, now: datetime, addresses: Sequence[str]) -> None:
    issuer = _read(folder / f"{leaf.authority}.crt")
    issuer_key = _load_key(folder / f"{leaf.authority}.key")
    key = ec.generate_private_key(ec.SECP256R1())
    uses = [ExtendedKeyUsageOID.SERVER_AUTH] if leaf.server else []
    uses += [ExtendedKeyUsageOID.CLIENT_AUTH] if leaf.client else []
    life = min(LEAF_LIFE, issuer.not_valid_after_utc - now)
    builder = (
        _builder(
            _name(leaf.common_name, leaf.organization), issuer.subject, key.public_key(), now, life
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False
        )
    )
    if leaf.server:
        builder = builder.add_extension(_names(addresses), critical=False)
    _keep(folder, leaf.name, key, builder.sign(issuer_key, hashes.SHA256()))


def _names(addresses: Sequence[str]) -> x509.SubjectAlternativeName:
    """Loopback, and the first address of the service network, under which pods reach the API."""
    return x509.SubjectAlternativeName(
        [
            x509.DNSName("localhost"),
            x509.DNSName("kubernetes.default.svc"),
            *(
                x509.IPAddress(ipaddress.ip_address(address))
                for address in ("127.0.0.1", "10.96.0.1", *addresses)
            ),
        ]
    )


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    now: datetime,
    life: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + life)
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str, organization: str) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organization:
        parts.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(parts)


def _load_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise errors.OnboardError(f"{path} is not an EC key", resolution="Run: onboard lab reset")
    return key


def _keep(
    folder: Path, name: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate
) -> None:
    homes.write(folder / f"{name}.key", _pem(key))
    homes.write(folder / f"{name}.crt", certificate.public_bytes(serialization.Encoding.PEM))


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
