"""Breaking certificates, roles, policies and tokens in OpenBao."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.integration.breaking import Break, World, refused


def signer_role(**change: Any) -> Break:
    @contextmanager
    def broken(world: World) -> Iterator[None]:
        role = world.of.bodies[0].pki_role if world.of.bodies else "signer"
        with world.vault_changed(f"{world.of.pki_mount}/roles/{role}", change):
            yield

    return broken


def self_signed(**key: Any) -> Break:
    """A self-signed issuer becomes the mount's default: which no role of ours may do."""

    @contextmanager
    def broken(world: World) -> Iterator[None]:
        mount = world.of.pki_mount
        make = f"{mount}/root/generate/internal"
        refused(lambda: world.vault("POST", make, {"common_name": "x"}))
        with world.elevated() as token:
            before = world.vault("GET", f"{mount}/config/issuers")["data"]["default"]
            body = {"common_name": "Somebody else", "ttl": "24h", **key}
            made = world.vault("POST", make, body, token)["data"]
            world.vault("POST", f"{mount}/config/issuers", {"default": made["issuer_id"]})
            try:
                yield
            finally:
                world.vault("POST", f"{mount}/config/issuers", {"default": before})
                world.vault("DELETE", f"{mount}/issuer/{made['issuer_id']}", token=token)
                world.vault("DELETE", f"{mount}/key/{made['key_id']}", token=token)

    return broken


@contextmanager
def leaf_outlives(world: World) -> Iterator[None]:
    mount = world.of.pki_mount
    issuer = world.vault("GET", f"{mount}/config/issuers")["data"]["default"]
    place = f"{mount}/issuer/{issuer}"
    with world.vault_changed(place, {"leaf_not_after_behavior": "permit"}):
        yield


@contextmanager
def no_crl_address(world: World) -> Iterator[None]:
    place = f"{world.of.pki_mount}/config/urls"
    with world.vault_changed(place, {"crl_distribution_points": []}):
        yield


def request_for(common: str) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
    made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()


def certificate_for(common: str = "", role: str = "") -> Break:
    """A certificate past our own rules: for ``common``, or for the first signer of the manifest."""

    @contextmanager
    def broken(world: World) -> Iterator[None]:
        mount = world.of.pki_mount
        who = common or world.of.signers[0].common_name
        where = role or world.of.signers[0].pki_role
        body = {
            "csr": request_for(who),
            "common_name": who,
            "ttl": "1h",
            "exclude_cn_from_sans": True,
        }
        made = world.vault("POST", f"{mount}/sign/{where}", body)["data"]
        try:
            yield
        finally:
            world.vault("POST", f"{mount}/revoke", {"serial_number": made["serial_number"]})

    return broken


def role_signs(**change: Any) -> Break:
    """The signing role loosened, a certificate signed by it, and the role set right again."""

    @contextmanager
    def broken(world: World) -> Iterator[None]:
        with ExitStack() as mended:
            with signer_role(**change)(world):
                mended.enter_context(certificate_for()(world))
            yield

    return broken


@contextmanager
def root_leaf(world: World) -> Iterator[None]:
    """The root signs a leaf itself, through a role that is put there for a moment."""
    with world.elevated() as token:
        role = "pki-root/roles/stray"
        world.vault(
            "POST",
            role,
            {"allow_any_name": True, "enforce_hostnames": False, "key_type": "any"},
            token,
        )
        body = {"csr": request_for("stray"), "common_name": "stray", "ttl": "1h"}
        made = world.vault("POST", "pki-root/sign/stray", body, token)["data"]
        world.vault("DELETE", role, token=token)
        try:
            yield
        finally:
            serial = made["serial_number"]
            world.vault("POST", "pki-root/revoke", {"serial_number": serial}, token)


def policy_grants(path: str, *capabilities: str) -> Break:
    """``{mount}`` in the path is the agency's PKI mount."""

    @contextmanager
    def broken(world: World) -> Iterator[None]:
        with world.policy_with(path.format(mount=world.of.pki_mount), *capabilities):
            yield

    return broken


# The vault


@contextmanager
def audit_off(world: World) -> Iterator[None]:
    """OpenBao takes audit devices from its configuration only, so its API must refuse."""
    with world.elevated() as token:
        devices = world.vault("GET", "sys/audit", token=token)["data"]
        refused(lambda: world.vault("DELETE", f"sys/audit/{next(iter(devices))}", token=token))
        yield


@contextmanager
def silent_audit(world: World) -> Iterator[None]:
    with world.mount_tuned({"audit_non_hmac_response_keys": ["certificate"]}):
        yield


def auth_role(**change: Any) -> Break:
    @contextmanager
    def broken(world: World) -> Iterator[None]:
        with world.vault_changed(f"auth/kubernetes/role/{world.namespace}", change):
            yield

    return broken


@contextmanager
def root_token(world: World) -> Iterator[None]:
    """A root token, made with the recovery key as in an emergency, and forgotten."""
    with world.elevated() as token:
        root = world.make_root_token(token)
        try:
            yield
        finally:
            world.vault("POST", "auth/token/revoke-self", {}, root)


BREAKS: dict[str, Break] = {
    "PKI-001": self_signed(),
    "PKI-002": self_signed(),
    "PKI-003": self_signed(),
    "PKI-004": signer_role(allow_any_name=True),
    "PKI-005": signer_role(not_after_bound="permit"),
    "PKI-006": self_signed(key_type="ec", key_bits=224),
    "PKI-007": certificate_for(),
    "PKI-008": role_signs(key_usage=["DigitalSignature", "KeyEncipherment"]),
    "PKI-009": role_signs(ext_key_usage_oids=["1.3.6.1.5.5.7.3.4"]),
    "PKI-010": certificate_for("Somebody"),
    "PKI-011": certificate_for("1234567890121"),
    "PKI-012": no_crl_address,
    "PKI-014": certificate_for("Somebody"),
    "PKI-015": certificate_for(),
    "PKI-016": policy_grants("{mount}/issue/signer", "update"),
    "PKI-017": policy_grants("{mount}/sign-verbatim/signer", "update"),
    "PKI-019": leaf_outlives,
    "PKI-022": root_leaf,
    "SEC-001": audit_off,
    "SEC-002": silent_audit,
    "SEC-003": auth_role(bound_service_account_names=["*"]),
    "SEC-004": policy_grants("kv/data/another/*", "read"),
    "SEC-005": root_token,
    "SEC-008": policy_grants("kv/data/admincourt/ga-admincourt-prod/ecms/send", "read"),
}
