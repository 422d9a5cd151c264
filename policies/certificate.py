"""What the controls need of a certificate itself, read from its PEM rather than believed."""

from __future__ import annotations

from datetime import UTC, datetime

from cryptography import exceptions, x509
from cryptography.hazmat.primitives import hashes


def load(pem: str) -> x509.Certificate:
    """Raises ValueError where the text is no certificate."""
    return x509.load_pem_x509_certificate(pem.encode())


def sha256(of: x509.Certificate) -> str:
    """Fingerprint over the whole certificate, in capitals."""
    return of.fingerprint(hashes.SHA256()).hex().upper()


def issued_by(of: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer's name and key stand behind the certificate's signature."""
    try:
        of.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, exceptions.InvalidSignature):
        return False
    return True


def ca_flaws(of: x509.Certificate, domains: tuple[str, ...]) -> list[str]:
    """What an issuing CA of an agency must say of itself, and does not (RFC 5280 4.2.1)."""
    wrong = []
    try:
        basic = of.extensions.get_extension_for_class(x509.BasicConstraints)
        if not (basic.critical and basic.value.ca):
            wrong.append("basicConstraints are not critical CA:TRUE")
        if basic.value.path_length != 0:
            wrong.append(f"pathlen {basic.value.path_length}")
    except x509.ExtensionNotFound:
        wrong.append("no basicConstraints")
    try:
        usage = of.extensions.get_extension_for_class(x509.KeyUsage).value
        if not (usage.key_cert_sign and usage.crl_sign):
            wrong.append("key usage without keyCertSign and cRLSign")
    except x509.ExtensionNotFound:
        wrong.append("no key usage")
    return wrong + _name_flaws(of, domains)


def _name_flaws(of: x509.Certificate, domains: tuple[str, ...]) -> list[str]:
    try:
        limits = of.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return ["no name constraints"]
    permitted = list(limits.permitted_subtrees or ())
    names = {str(n.value) for n in permitted if isinstance(n, x509.DNSName)}
    mails = {str(n.value) for n in permitted if isinstance(n, x509.RFC822Name)}
    wrong = []
    if names != set(domains):
        wrong.append(f"permitted DNS names {', '.join(sorted(names)) or 'none'}")
    if mails and mails != set(domains):
        wrong.append(f"permitted e-mail {', '.join(sorted(mails))}")
    return wrong


def moment(text: str) -> datetime:
    """An instant as evidence writes it, ``2026-11-22T05:15:42Z``."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)
