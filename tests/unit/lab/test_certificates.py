"""The lab's own certificates: who signs what, for how long, and when it is renewed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from onboarding import errors
from onboarding.lab import certificates
from onboarding.lab import home as homes

_NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> homes.Home:
    made = homes.Home("trial", tmp_path / "trial")
    homes.create(made)
    certificates.ensure(made, _NOW)
    return made


def _read(home: homes.Home, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(certificates.certificate_path(home, name).read_bytes())


def _contents(home: homes.Home) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in home.pki.iterdir()}


@pytest.mark.parametrize("leaf", certificates.LEAVES, ids=lambda leaf: leaf.name)
def test_leaf_is_signed_by_its_authority_and_limited_to_its_use(
    home: homes.Home, leaf: certificates.Leaf
) -> None:
    made = _read(home, leaf.name)
    made.verify_directly_issued_by(_read(home, leaf.authority))
    uses = made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert (ExtendedKeyUsageOID.SERVER_AUTH in uses) is leaf.server
    assert (ExtendedKeyUsageOID.CLIENT_AUTH in uses) is leaf.client
    assert not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    key = made.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert isinstance(key.curve, ec.SECP256R1)


def test_only_the_administrator_is_of_the_masters(home: homes.Home) -> None:
    groups = {"admin": ["system:masters"], "kubelet": ["system:nodes"]}
    certificates.ensure(home, _NOW, addresses=["100.64.0.253"])
    for leaf in certificates.leaves(real=True):
        names = _read(home, leaf.name).subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
        assert [n.value for n in names] == groups.get(leaf.name, [])


def test_a_real_node_has_certificates_of_its_own_for_its_addresses(home: homes.Home) -> None:
    before = {leaf.name: _read(home, leaf.name).serial_number for leaf in certificates.LEAVES}
    certificates.ensure(home, _NOW, addresses=["100.64.0.253"])
    made = _contents(home)
    certificates.ensure(home, _NOW, addresses=["100.64.0.253"])
    assert _contents(home) == made
    changed = {name for name, number in before.items() if _read(home, name).serial_number != number}
    assert changed == {"server"}
    for name in ("server", "kubelet-server"):
        names = _read(home, name).extensions.get_extension_for_class(x509.SubjectAlternativeName)
        assert "100.64.0.253" in map(str, names.value.get_values_for_type(x509.IPAddress))


def test_server_is_named_by_loopback_only(home: homes.Home) -> None:
    names = _read(home, "server").extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert "localhost" in names.value.get_values_for_type(x509.DNSName)
    assert "127.0.0.1" in [str(a) for a in names.value.get_values_for_type(x509.IPAddress)]


def test_keys_are_private(home: homes.Home) -> None:
    for path in home.pki.glob("*.key"):
        assert path.stat().st_mode & 0o777 == 0o600


def test_again_changes_nothing(home: homes.Home) -> None:
    before = _contents(home)
    certificates.ensure(home, _NOW + timedelta(days=300))
    assert _contents(home) == before


def test_leaves_near_their_end_are_renewed_and_authorities_stay(home: homes.Home) -> None:
    before = _contents(home)
    certificates.ensure(home, _NOW + timedelta(days=340))
    after = _contents(home)
    assert after["server.crt"] != before["server.crt"]
    assert after["ca.crt"] == before["ca.crt"]
    assert after["service-account.key"] == before["service-account.key"]


def test_lost_authority_takes_its_leaves_with_it(home: homes.Home) -> None:
    before = _contents(home)
    certificates.certificate_path(home, "client-ca").unlink()
    certificates.ensure(home, _NOW)
    after = _contents(home)
    assert after["admin.crt"] != before["admin.crt"]
    assert after["server.crt"] == before["server.crt"]


def test_damaged_certificate_is_our_error(home: homes.Home) -> None:
    certificates.certificate_path(home, "server").write_text("nonsense")
    with pytest.raises(errors.OnboardError, match="not a certificate"):
        certificates.ensure(home, _NOW)
