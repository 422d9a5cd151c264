"""The signature block of a letter: XML-DSig over the letter, with a key made for one check.

The key of an official never leaves them; a synthetic letter is signed with one that lives in
memory for as long as the check runs.
"""

from __future__ import annotations

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree

from onboarding.ecms import standard

Key = rsa.RSAPrivateKey


class Unsound(Exception):
    """A signature that is missing, is not over the letter, or is not of the expected key."""


def make_key() -> Key:
    return rsa.generate_private_key(65537, standard.facts()["signature"]["keyBits"])


def sign(document: etree._Element, key: Key) -> etree._Element:
    """``ds:Signature`` over the letter in ``document``, to be put into its signature block."""
    from signxml import algorithms, signer

    how = standard.facts()["signature"]
    signs = signer.XMLSigner(
        method=algorithms.SignatureConstructionMethod.detached,
        signature_algorithm=how["method"],
        digest_algorithm=how["digest"],
        c14n_algorithm=how["canonicalization"],
    )
    return signs.sign(document, key=key, reference_uri="#Letter", id_attribute="ID")


def verify(document: etree._Element, key: Key) -> etree._Element:
    """The letter as it was signed by ``key``; nothing else of ``document`` can be relied on.

    Raises ``Unsound``.
    """
    from signxml import algorithms, verifier

    how = standard.facts()["signature"]
    expected = verifier.SignatureConfiguration(
        require_x509=False,
        location=f"./{{{standard.RAM}}}GovernmentSignature/",
        expect_references=1,
        signature_methods=frozenset({algorithms.SignatureMethod(how["method"])}),
        digest_algorithms=frozenset({algorithms.DigestAlgorithm(how["digest"])}),
    )
    if document.find(f"./{{{standard.RAM}}}GovernmentSignature/{{{standard.DS}}}Signature") is None:
        raise Unsound("the letter came without its signature")
    try:
        seen = verifier.XMLVerifier().verify(
            etree.tostring(document, with_tail=False),
            parser=standard.parser(),
            id_attribute="ID",
            expect_config=expected,
        )
    except Exception as broken:
        raise Unsound(f"the signature does not verify: {broken}") from broken
    if isinstance(seen, list) or seen.signed_xml is None:
        raise Unsound("the signature is not over one letter")
    if seen.signature_key.strip() != _public(key):
        raise Unsound("the letter was signed by another key")
    if seen.signed_xml.tag != f"{{{standard.RAM}}}CorrespondenceLetter":
        raise Unsound("the signature is not over the letter")
    return seen.signed_xml


def _public(key: Key) -> bytes:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .strip()
    )
