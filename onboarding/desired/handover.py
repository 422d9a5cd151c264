"""The hand-over kit: the folder that an agency's people get with their e-Office.

How to sign in, how to reach the cluster, how an official asks for a certificate with a key of
their own, addresses and whom to call. It holds no secret; names and addresses of people are in
it, so only its owner may enter the folder.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from onboarding import clock, environment, errors, item, tenant
from onboarding.desired import cluster_place, documents, pki_profile, realm_mark, reference, vault

_PUBLISHED = {
    "certificate": "ca",
    "chain": "ca_chain",
    "revocationList": "crl",
    "ocsp": "ocsp",
}

KIND = "HandoverKit"
FOLDER = "handover"
FOLDER_MODE = "0700"
CA_CHAIN = "ca-chain.pem"
MAIL_RECORDS = "mail-records.yaml"
KUBECONFIG = "kubeconfig.yaml"


def desired(of: tenant.Tenant, target: environment.Environment) -> item.Item:
    """The kit with the SHA-256 of each file; the CA chain is known once the CA exists.

    The kubeconfig holds CA certificates: where their files are not at hand, it is known only
    when the kit is made.
    """
    digests = {name: documents.sha256(text) for name, text in _texts(of, target).items()}
    try:
        digests[KUBECONFIG] = documents.sha256(_kubeconfig_text(of, target))
    except errors.UsageError:
        digests[KUBECONFIG] = item.KNOWN_AFTER_APPLY
    if chain_is_due(of):
        digests[CA_CHAIN] = item.KNOWN_AFTER_APPLY
    ref = item.Ref(item.EngineName.SETTINGS, KIND, "", of.id)
    return item.Item(ref, {"mode": FOLDER_MODE, "files": digests}, owner=of.id)


def chain_is_due(of: tenant.Tenant) -> bool:
    """Whether a kit without the CA chain is incomplete.

    An intermediate under ``nrca`` is signed outside and imported later; until then there is no
    chain to hand over.
    """
    signing = of.manifest.signing
    return signing is None or signing.trust == "gdcc"


def files(of: tenant.Tenant, target: environment.Environment) -> dict[str, str]:
    """The documents of the kit by name. Raises ``errors.UsageError`` for an unreadable CA file."""
    return {**_texts(of, target), KUBECONFIG: _kubeconfig_text(of, target)}


def _texts(of: tenant.Tenant, target: environment.Environment) -> dict[str, str]:
    endpoints = _endpoints(of, target)
    context = {
        "agency": of.manifest.agency,
        "mou": of.manifest.mou,
        "tenant": of,
        "target": target,
        "endpoints": endpoints,
        "first_namespace": of.instances[0].namespace,
        "signers": [_signer(s, of) for s in of.signers],
        "trust": of.manifest.signing.trust if of.manifest.signing else "gdcc",
        "devices": of.devices,
        "device_days": pki_profile.section("device")["days"],
        "contacts": of.manifest.contacts,
        "coordinator": of.manifest.mou.coordinator,
        "dpo": of.manifest.legal.pdpa.dpo,
        "pdpc_hours": of.manifest.operations.pdpc_hours,
        "ncsa_hours": reference.hours("ncsa"),
        "pdpc": reference.authority("pdpc"),
        "ncsa": reference.authority("ncsa"),
        "latest_days": reference.latest_days(),
        "authorities": [reference.authority(a) for a in of.manifest.legal.authorities],
        "holding": [s for s in of.manifest.systems if s.personal_data],
        "pgp": of.manifest.security.pgp_key,
        "records": reference.mail_records(of),
        "sites": [s.site for s in of.manifest.services if s.site],
        "units": of.units() if len(of.units()) > 1 else (),
        "thai_date": clock.thai_date,
    }
    return {
        "README.th.md": documents.render("handover/README.th.md.j2", **context),
        "README.en.md": documents.render("handover/README.en.md.j2", **context),
        "breach-notice.th.md": documents.render("handover/breach-notice.th.md.j2", **context),
        "breach-notice.en.md": documents.render("handover/breach-notice.en.md.j2", **context),
        "endpoints.yaml": documents.render("handover/endpoints.yaml.j2", endpoints=endpoints),
        **_mail(of),
    }


def _mail(of: tenant.Tenant) -> dict[str, str]:
    """The DNS records to publish, where the agency asked for mail."""
    found = [{"name": r.name, "type": r.type, "value": r.value} for r in reference.mail_records(of)]
    if not found:
        return {}
    confirm = reference.mail_confirm()
    return {
        MAIL_RECORDS: documents.render(
            "handover/mail-records.yaml.j2", records=found, confirm=confirm
        )
    }


def _kubeconfig_text(of: tenant.Tenant, target: environment.Environment) -> str:
    return documents.render("handover/kubeconfig.yaml.j2", kubeconfig=_kubeconfig(of, target))


def cluster_client() -> str:
    """OIDC client of the cluster in the shared realm; the audience that the API server checks."""
    return str(realm_mark.policy()["cluster"]["client"])


def issuer(target: environment.Environment, realm: str) -> str:
    return f"{target.keycloak.address.rstrip('/')}/realms/{realm}"


def ca_chain_address(of: tenant.Tenant, target: environment.Environment) -> str:
    """Public address of the CA chain in PEM, leaf issuer first."""
    return f"{target.vault.address.rstrip('/')}/v1/{of.pki_mount}/ca_chain"


def _endpoints(of: tenant.Tenant, target: environment.Environment) -> dict[str, Any]:
    return {
        "agency": of.id,
        "environment": target.name,
        "systems": [
            {
                "system": i.system,
                "environment": i.environment,
                "shard": i.shard,
                "address": f"https://{i.host}",
                "namespace": i.namespace,
            }
            for i in of.instances
            # A system without an image in this environment has a namespace, and no address yet.
            if cluster_place.Place(of, i, target).image
        ],
        "signIn": {
            "issuer": issuer(target, of.realm),
            "organization": "" if of.own_realm else of.organization,
        },
        "cluster": {
            "server": target.cluster.server,
            "issuer": issuer(target, target.keycloak.shared_realm),
            "client": cluster_client(),
        },
        "certificateAuthority": {
            name: vault.public_url(target, of.pki_mount, what) for name, what in _PUBLISHED.items()
        },
    }


def _kubeconfig(of: tenant.Tenant, target: environment.Environment) -> dict[str, Any]:
    """Sign-in to the cluster with one's own account; no credential is in the file."""
    user = f"{of.id}-oidc"
    arguments = [
        "oidc-login",
        "get-token",
        f"--oidc-issuer-url={issuer(target, target.keycloak.shared_realm)}",
        f"--oidc-client-id={cluster_client()}",
        "--oidc-pkce-method=S256",
        "--grant-type=authcode",
        f"--certificate-authority-data={_encoded(target.keycloak.ca_file)}",
    ]
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": target.name,
                "cluster": {
                    "server": target.cluster.server,
                    "certificate-authority-data": _encoded(target.cluster.ca_file),
                },
            }
        ],
        "users": [
            {
                "name": user,
                "user": {
                    "exec": {
                        "apiVersion": "client.authentication.k8s.io/v1",
                        "command": "kubectl",
                        "args": arguments,
                        "interactiveMode": "IfAvailable",
                        "provideClusterInfo": False,
                        "installHint": "Install the kubectl plugin oidc-login (kubelogin).",
                    }
                },
            }
        ],
        "contexts": [
            {
                "name": i.namespace,
                "context": {"cluster": target.name, "namespace": i.namespace, "user": user},
            }
            for i in of.instances
        ],
        "current-context": of.instances[0].namespace,
    }


def _encoded(path: Path) -> str:
    try:
        return base64.b64encode(path.read_bytes()).decode()
    except OSError as unreadable:
        raise errors.UsageError(
            "a CA file of the environment cannot be read",
            details=[f"{path}: {unreadable.strerror}"],
            resolution="Correct the path in the environment file.",
        ) from unreadable


def _signer(of: tenant.Signer, agency: tenant.Tenant) -> dict[str, Any]:
    subject = f"/C=TH/O={_escaped(of.organization)}/CN={_escaped(of.common_name)}"
    return {
        "id": of.id,
        "name": of.common_name,
        "position": of.position_th,
        "organization": of.organization,
        "draft": of.draft,
        "order": of.order_ref,
        "begins": of.authority_from,
        "ends": of.authority_to,
        "key": f"{agency.id}-{of.id}.key",
        "csr": f"{agency.id}-{of.id}.csr",
        "subject": subject,
        "alternative": f"subjectAltName=email:{of.email}",
    }


def _escaped(value: str) -> str:
    """A value inside ``openssl req -subj``, where ``/``, ``+`` and a backslash have a meaning."""
    for special in ("\\", "/", "+"):
        value = value.replace(special, f"\\{special}")
    return value
