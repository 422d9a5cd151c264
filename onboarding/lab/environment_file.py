"""The environment file that the lab writes about itself, and its bootstrap."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import yaml

from onboarding import bootstrap, catalogue, environment, errors, names, progress
from onboarding.lab import (
    apiserver,
    cluster,
    component,
    keycloak,
    kubeconfig,
    openbao,
    pipelines,
    plugins,
)
from onboarding.lab import home as homes
from onboarding.lab.real import office, probing, target

RENEW_BEFORE = timedelta(days=7)
RENEW_EVERY = timedelta(days=14)
"""Well within the life of what the bootstrap issues."""
_PUBLIC_SITES = environment.PublicSites(
    ingress_class="gdcc-public",
    # ModSecurity with the OWASP core rule set, as ingress-nginx spells it.
    annotations={
        "nginx.ingress.kubernetes.io/enable-modsecurity": "true",
        "nginx.ingress.kubernetes.io/enable-owasp-core-rules": "true",
    },
    least_tls="1.2",
    hsts_seconds=31536000,
)
_REGISTRY = "registry.lab.gdcc.go.th"


def complete(
    lab: component.Lab, report: progress.Progress, *, unlock: Callable[[], None] = lambda: None
) -> bool:
    """Write the file and bootstrap what it describes where something is missing or due.

    ``unlock`` is called before the bootstrap, which needs its own way in. Returns True where the
    bootstrap ran.
    """
    path, now = lab.home.environment_file, datetime.now(UTC)
    known = _known(path)
    wanted = describe(lab, known)
    if lab.real:
        wanted = probing.with_probes(lab, office.with_office(lab, wanted, known))
    if known != wanted:
        environment.save(path, wanted)
    why = lacking(wanted, now) or _due(lab, wanted, now)
    if not why:
        return False
    report.note(f"bootstrap: {why}")
    unlock()
    bootstrap.run(path, report)
    if lab.real:
        office.keep_authority(lab)
    done = environment.load(path)
    if done.login(environment.Role.BOOTSTRAP).keycloak.client_id != keycloak.BOOTSTRAP_CLIENT:
        keycloak.forget_first_administrator(lab.home)
    stamp = {
        "at": now.isoformat(),
        "addresses": _addresses(done),
        "digest": bootstrap.digest(done),
    }
    homes.write(_stamp(lab), json.dumps(stamp) + "\n")
    return True


def _stamp(lab: component.Lab) -> Path:
    """When the bootstrap last came to its end, for which addresses, and what it was to make."""
    return lab.home.config / "bootstrapped.json"


def _due(lab: component.Lab, target: environment.Environment, now: datetime) -> str:
    """Why the bootstrap should run although every credential is there; "" where it need not."""
    try:
        stamp = json.loads(_stamp(lab).read_text())
        if stamp["addresses"] != _addresses(target):
            return "an address has changed"
        if stamp["digest"] != bootstrap.digest(target):
            return "this version wants other things of an environment"
        age = now - datetime.fromisoformat(stamp["at"])
    except (OSError, ValueError, KeyError):
        return "it has not come to its end before"
    return f"it last ran {age.days} days ago" if age > RENEW_EVERY else ""


def _addresses(of: environment.Environment) -> list[str]:
    return [of.cluster.server, of.vault.address, of.keycloak.address]


def describe(lab: component.Lab, known: environment.Environment | None) -> environment.Environment:
    """The lab as a target; pins and credentials of the roles stay as they are known.

    The pins of a new lab are empty: the bootstrap sets them once the shared realm exists.
    """
    ca = lab.certificate("ca")
    wanted = environment.Environment(
        name=lab.home.name,
        production=False,
        cluster=environment.Cluster(
            context=kubeconfig.CONTEXT,
            server=lab.url("apiserver"),
            ca_file=ca,
            identity=known.cluster.identity if known else "",
            oidc_prefix=apiserver.PREFIX,
            storage_class="gdcc-encrypted",
            encrypted_storage_classes=("gdcc-encrypted",),
            internal_ingress_class="gdcc-internal",
            node_pools=cluster.pools(),
            plain_storage_classes=("gdcc-plain",),
            public_sites=_PUBLIC_SITES,
        ),
        vault=environment.Vault(
            address=lab.url("openbao", host=lab.host),
            ca_file=ca,
            identity=known.vault.identity if known else "",
            public_url=lab.url("openbao", host=lab.host),
        ),
        keycloak=environment.Keycloak(
            address=keycloak.address(lab),
            ca_file=ca,
            identity=known.keycloak.identity if known else "",
            shared_realm=keycloak.SHARED_REALM,
        ),
        pulumi=environment.Pulumi(
            backend=f"file://{plugins.backend(lab.home)}",
            home=lab.home.pulumi,
            command=str(lab.engines["pulumi"]),
            passphrase_file=plugins.passphrase_file(lab.home),
        ),
        state=environment.State(store=f"file://{lab.home.store}"),
        images=environment.Images(
            e_office=_stand_in("e-office/mayan-edms"),
            others={
                entry.kind: _stand_in(f"systems/{entry.kind}")
                for entry in catalogue.offered()
                if entry.kind != names.E_OFFICE
            },
            allowed_registries=(_REGISTRY,),
        ),
        pipelines=pipelines.describe(lab.home),
        attestations=known.attestations if known else _attestations(lab),
        approvers=(known.approvers if known else ()) or _approvers(lab),
        credentials=_credentials(lab, known),
    )
    return target.with_node(lab, wanted) if lab.real else wanted


def _stand_in(name: str) -> str:
    """Fake nodes pull nothing, so no image stands behind the digest; only its form is real."""
    image = f"{_REGISTRY}/{name}"
    return f"{image}@sha256:{hashlib.sha256(image.encode()).hexdigest()}"


def _attestations(lab: component.Lab) -> tuple[environment.Attestation, ...]:
    today = datetime.now(UTC).date()
    return (
        environment.Attestation(
            subject="encryption-at-rest",
            statement="Secrets are encrypted in etcd (secretbox). Volumes on fake nodes hold "
            "no content.",
            by=f"lab {lab.home.name}",
            on=today,
        ),
        environment.Attestation(
            subject="control-plane-audit",
            statement=f"The API server logs every request as metadata to {apiserver.audit_log(lab)}"
            "; OpenBao has two audit devices.",
            by=f"lab {lab.home.name}",
            on=today,
        ),
    )


def _approvers(lab: component.Lab) -> tuple[environment.Approver, ...]:
    """Somebody else than whoever runs the lab, so that one person can play two."""
    folder = kubeconfig.path(lab, "admin").parent / "approver"
    login = environment.VaultLogin(method="approle", secret_file=folder / "vault-secret-id")
    return (
        environment.Approver(identity="lab-approver", method="transit", key="lab", vault=login),
    )


def begin_anew_in_vault(lab: component.Lab) -> None:
    """Let the role bootstrap sign in to OpenBao with the root token, as at the first start."""
    path = lab.home.environment_file
    known = environment.load(path)
    role = environment.Role.BOOTSTRAP
    login = known.login(role).model_copy(update={"vault": _root_login(lab)})
    logins = {**known.credentials, role: login}
    environment.save(path, known.model_copy(update={"credentials": logins}))


def _root_login(lab: component.Lab) -> environment.VaultLogin:
    return environment.VaultLogin(method="token", secret_file=openbao.root_token_file(lab.home))


def _credentials(
    lab: component.Lab, known: environment.Environment | None
) -> dict[environment.Role, environment.Credentials]:
    if known and environment.Role.BOOTSTRAP in known.credentials:
        return dict(known.credentials)
    return {
        environment.Role.BOOTSTRAP: environment.Credentials(
            kubeconfig=kubeconfig.path(lab, "admin"),
            vault=_root_login(lab),
            keycloak=environment.KeycloakLogin(
                method="client-secret",
                client_id=keycloak.BOOTSTRAP_CLIENT,
                secret_file=keycloak.secret_file(lab.home),
            ),
        )
    }


def _known(path: Path) -> environment.Environment | None:
    """The file of an earlier start; None where there is none or it cannot be read any more."""
    try:
        return environment.load(path) if path.is_file() else None
    except errors.InvalidInput:
        return None


def lacking(target: environment.Environment, now: datetime) -> str:
    """Why the bootstrap has to run; "" where every role has credentials that last."""
    if not all(target.pins().values()):
        return "the identity of the systems is not pinned yet"
    for role in environment.Role:
        held = target.credentials.get(role)
        if held is None:
            return f"{role.value} has no credentials"
        for file in (held.kubeconfig, held.vault.secret_file, held.keycloak.secret_file):
            if not file.is_file():
                return f"{role.value}: {file.name} is missing"
        why = _kubeconfig_lacks(held.kubeconfig, target, now)
        if why:
            return f"{role.value}: {why}"
    for approver in target.approvers:
        if approver.vault and not approver.vault.secret_file.is_file():
            return f"{approver.identity}: {approver.vault.secret_file.name} is missing"
    return ""


def _kubeconfig_lacks(path: Path, target: environment.Environment, now: datetime) -> str:
    content = yaml.safe_load(path.read_text())
    if content["clusters"][0]["cluster"]["server"] != target.cluster.server:
        return "its kubeconfig names another address"
    token = content["users"][0]["user"].get("token")
    if not token:
        return ""
    claims = jwt.decode(token, options={"verify_signature": False})
    left = datetime.fromtimestamp(claims.get("exp", now.timestamp() + 1e9), UTC) - now
    return "its token is near its end" if left < RENEW_BEFORE else ""
