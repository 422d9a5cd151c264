"""Requests of officials: what is refused, and with which words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from onboarding import errors
from onboarding.desired import pki_profile
from onboarding.manifest import fields
from onboarding.pki import requests
from tests.contract import requesting

NORMAL = pki_profile.section("signer")["leastKeys"]["default"]
SECURITY = pki_profile.section("signer")["leastKeys"]["security"]


def faults(path: Path, least: Any = NORMAL) -> tuple[str, ...]:
    return requests.faults(requests.load(path), least)


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1()])
def test_curves_that_are_taken(tmp_path: Path, curve: ec.EllipticCurve) -> None:
    file = requesting.request(tmp_path / "a.csr", ec.generate_private_key(curve))
    assert faults(file) == ()
    assert faults(file, SECURITY) == ()


def test_a_curve_that_is_not(tmp_path: Path) -> None:
    file = requesting.request(tmp_path / "a.csr", ec.generate_private_key(ec.SECP521R1()))
    assert faults(file) == (
        "its key is on the curve secp521r1; one of secp256r1, secp384r1 is needed",
    )


def test_rsa_by_branch(tmp_path: Path) -> None:
    file = requesting.request(tmp_path / "a.csr", rsa.generate_private_key(65537, 2048))
    assert faults(file) == ()
    assert faults(file, SECURITY) == ("its RSA key has 2048 bits; at least 3072 are needed",)


def test_weak_rsa(tmp_path: Path) -> None:
    file = requesting.request(tmp_path / "a.csr", rsa.generate_private_key(3, 1024))  # noqa: S505 - meant
    assert faults(file) == (
        "its RSA key has 1024 bits; at least 2048 are needed",
        "its RSA key has the public exponent 3; 65537 is usual",
    )


def test_another_kind_of_key(tmp_path: Path) -> None:
    file = requesting.request(tmp_path / "a.csr", ed25519.Ed25519PrivateKey.generate())
    (fault,) = faults(file)
    assert "ed25519" in fault


@pytest.mark.parametrize("name", ["สมชาย 1234567890121", "1-2345-67890-12-1", "1 2345 67890 12 1"])
def test_a_personal_id_in_the_name(tmp_path: Path, name: str) -> None:
    file = requesting.request(tmp_path / "a.csr", common_name=name)
    assert faults(file) == (
        "it holds a 13-digit personal id, which must never be in a certificate",
    )


def test_a_personal_id_in_an_extension(tmp_path: Path) -> None:
    file = requesting.request(tmp_path / "a.csr", email="1234567890121@moph.go.th")
    assert len(faults(file)) == 1


def test_other_numbers_are_no_personal_id() -> None:
    assert not requests.has_personal_id("ORDER-12345678901234")
    assert not requests.has_personal_id("1234567890122")


@given(st.from_regex(r"[0-9]{12}", fullmatch=True), st.sampled_from(["", "-", " "]))
def test_every_personal_id_is_found(digits: str, between: str) -> None:
    total = sum(int(d) * (13 - i) for i, d in enumerate(digits))
    whole = digits + str((11 - total % 11) % 10)
    assert fields.has_check_digit(whole)
    assert requests.has_personal_id(f"นาย ก {between.join(whole)} ข")


def test_a_private_key_is_refused_loudly(tmp_path: Path) -> None:
    file = requesting.private(tmp_path / "a.csr", ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(errors.InvalidInput, match="PRIVATE KEY") as caught:
        requests.load(file)
    assert caught.value.exit_code == errors.ExitCode.INVALID
    assert "stays with the official" in caught.value.resolution


@pytest.mark.parametrize(
    "content",
    [b"", b"not a request", b"\x00\xff" * 10, b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n"],
)
def test_what_is_no_request(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "a.csr"
    file.write_bytes(content)
    with pytest.raises(errors.InvalidInput, match="is no certificate request"):
        requests.load(file)


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    file = tmp_path / "a.csr"
    file.write_bytes(b"x" * (requests.LARGEST_FILE + 1))
    with pytest.raises(errors.InvalidInput, match="is larger than"):
        requests.load(file)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(errors.InvalidInput, match="cannot be read"):
        requests.load(tmp_path / "none.csr")


def test_a_signature_that_is_wrong(tmp_path: Path) -> None:
    import base64

    file = requesting.request(tmp_path / "a.csr", common_name="one")
    lines = file.read_text(encoding="ascii").splitlines()
    der = bytearray(base64.b64decode("".join(lines[1:-1])))
    der[der.index(b"one")] ^= 1
    body = base64.encodebytes(bytes(der)).decode()
    file.write_text(f"{lines[0]}\n{body}{lines[-1]}\n", encoding="ascii")
    with pytest.raises(errors.InvalidInput, match="signature of the request is wrong"):
        requests.load(file)
