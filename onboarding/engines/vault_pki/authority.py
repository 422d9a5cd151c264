"""An agency's issuing CA: key made inside Vault, signed by the environment's root.

Three requests, any of which may be the last one before a kill: make the key and its request, sign,
take the signed certificate. ``establish`` goes on from whatever it finds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cryptography import x509

from onboarding import normal_form, vault
from onboarding.desired import pki_profile
from onboarding.engines.vault_pki import reading
from onboarding.pki import certificates, revocation

_SETTINGS = ("leafNotAfterBehavior",)


def establish(door: vault.Vault, mount: str, fields: Mapping[str, Any]) -> None:
    """Give ``mount`` a default issuer as ``fields`` say; a fitting one is kept.

    Where a hand made another one the default, the agency's own takes its place again: what was
    signed under it rests on it. It becomes the default last, so that a kill before shows as a
    difference.
    """
    default = (door.read(f"{mount}/config/issuers") or {}).get("default") or ""
    issuer = _fitting_issuer(door, mount, fields, default) or _new_issuer(door, mount, fields)
    _retire_others(door, mount, issuer)
    door.write(
        f"{mount}/issuer/{issuer}",
        {
            "issuer_name": f"issuing-{issuer[:8]}",
            "leaf_not_after_behavior": fields["leafNotAfterBehavior"],
            "usage": ["read-only", pki_profile.ISSUES, "crl-signing", "ocsp-signing"],
        },
    )
    if issuer != default:
        door.write(f"{mount}/config/issuers", {"default": issuer})


def _retire_others(door: vault.Vault, mount: str, issuer: str) -> None:
    """Former issuers may still say what they revoked, and issue nothing any more."""
    for other in revocation.issuers(door, mount):
        present = door.read(f"{mount}/issuer/{other}") or {}
        usage = str(present.get("usage") or "").split(",")
        if other != issuer and pki_profile.ISSUES in usage:
            left = [use for use in usage if use != pki_profile.ISSUES]
            allow(door, f"{mount}/issuer/{other}", present, left)


def allow(door: vault.Vault, path: str, present: Mapping[str, Any], usage: Sequence[str]) -> None:
    """Set what an issuer may be used for; ``present`` is what is said of it, and stays.

    A write sets all of that anew, and takes no empty name: that of a hand-made issuer is left out.
    """
    kept = {k: present[k] for k in ("issuer_name", "leaf_not_after_behavior") if present[k]}
    door.write(path, {**kept, "usage": list(usage)})


def _fitting_issuer(door: vault.Vault, mount: str, fields: Mapping[str, Any], default: str) -> str:
    """The default issuer, else another one of the mount that has its key; "" without one."""
    root = door.text(f"{reading.ROOT_MOUNT}/ca/pem")

    def fits(issuer: str) -> bool:
        answer = door.read(f"{mount}/issuer/{issuer}")
        return answer is not None and _certificate_fits(fields, reading.issuer_fields(answer, root))

    if default and fits(default):
        return default
    others = door.details(f"{mount}/issuers") if default else {}
    return next((i for i, about in others.items() if about.get("key_id") and fits(i)), "")


def _certificate_fits(fields: Mapping[str, Any], present: Mapping[str, Any]) -> bool:
    of_certificate = {k: v for k, v in fields.items() if k not in _SETTINGS}
    if not present["anchorSha256"] or present["revoked"]:
        return False
    return not any(normal_form.differences("Issuer", of_certificate, present))


def _new_issuer(door: vault.Vault, mount: str, fields: Mapping[str, Any]) -> str:
    request, resumed = _request(door, mount, fields)
    signed = _signed_before(door, request) if resumed else ""
    if not signed:
        signed = _sign(door, request, fields)
    return _taken(door, mount, signed)


def _taken(door: vault.Vault, mount: str, signed: str) -> str:
    """Give the mount its signed certificate, and the root with it, so that it shows the chain."""
    chain = signed.strip() + "\n" + door.text(f"{reading.ROOT_MOUNT}/ca/pem")
    answer = door.write(f"{mount}/intermediate/set-signed", {"certificate": chain})
    with_key = [issuer for issuer, key in (answer.get("mapping") or {}).items() if key]
    return str(with_key[0])


def _subject(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "common_name": fields["commonName"],
        "organization": [fields["organization"]],
        "country": [fields["country"]],
        "exclude_cn_from_sans": True,
    }


def _request(
    door: vault.Vault, mount: str, fields: Mapping[str, Any]
) -> tuple[x509.CertificateSigningRequest, bool]:
    """The request of the mount's unused key, else of a new one; whether the key was there."""
    used = {about.get("key_id") for about in door.details(f"{mount}/issuers").values()}
    unused = [key for key in door.names(f"{mount}/keys") if key not in used]
    body = {**_subject(fields), "add_basic_constraints": True}
    for key in unused:
        made = door.write(f"{mount}/intermediate/generate/existing", {**body, "key_ref": key})
        request = x509.load_pem_x509_csr(made["csr"].encode())
        known = certificates.key_facts(request.public_key())
        if (known["keyAlgorithm"], known["keyBits"]) == (fields["keyAlgorithm"], fields["keyBits"]):
            return request, True
    body |= {"key_type": fields["keyAlgorithm"], "key_bits": fields["keyBits"]}
    made = door.write(f"{mount}/intermediate/generate/internal", body)
    return x509.load_pem_x509_csr(made["csr"].encode()), False


def _signed_before(door: vault.Vault, request: x509.CertificateSigningRequest) -> str:
    """The root's certificate for this very key, signed just before a kill; "" without one."""
    root = reading.ROOT_MOUNT
    key = certificates.key_id(request.public_key())
    for answer in door.read_all(f"{root}/cert/{s}" for s in door.names(f"{root}/certs")).values():
        if answer and not answer.get("revocation_time"):
            pem = str(answer["certificate"])
            if certificates.facts(pem)["keySha256"] == key:
                return pem
    return ""


def _sign(
    door: vault.Vault, request: x509.CertificateSigningRequest, fields: Mapping[str, Any]
) -> str:
    from cryptography.hazmat.primitives import serialization

    body = {
        **_subject(fields),
        "csr": request.public_bytes(serialization.Encoding.PEM).decode(),
        # As text: Vault's policy of the applier compares it with "0", and texts only with texts.
        "max_path_length": str(fields["pathLength"]),
        "permitted_dns_domains": list(fields["permittedNames"]),
        "key_usage": ["CertSign", "CRLSign"],
        "ttl": f"{pki_profile.section('intermediate')['days'] * 24}h",
        "use_csr_values": False,
    }
    answer = door.write(f"{reading.ROOT_MOUNT}/root/sign-intermediate", body)
    return str(answer["certificate"])
