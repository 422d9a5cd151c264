"""Engine: TLS certificates of ingress hosts, signed by the agency's CA, written as Secrets.

Reading needs no right to Secrets: the public chain is in a ConfigMap that the Secret owns, so the
cluster itself removes the ConfigMap when the Secret goes, and the loss is seen.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from onboarding import environment, errors, item, kube, labels, plan, progress, tenant, vault
from onboarding.desired import ingress_tls as wanted
from onboarding.desired import pki_profile
from onboarding.desired import vault as pki
from onboarding.kube import transport
from onboarding.pki import certificates, listing

_CHAIN = "tls.crt"
_SAFETY = timedelta(minutes=5)
_BACKDATED = timedelta(minutes=1)
"""More than Vault dates a new certificate back."""


class IngressTls:
    """``Engine`` over the cluster and, for signing and evidence, Vault."""

    def __init__(self, target: environment.Environment, role: environment.Role) -> None:
        self._target = target
        self._role = role
        self._cluster = kube.connect(target, role)

    @property
    def name(self) -> item.EngineName:
        return item.EngineName.INGRESS_TLS

    def identity(self) -> str:
        return self._cluster.kube_system_uid()

    def observe(
        self, tenants: Sequence[tenant.Tenant], *, evidence: bool = False
    ) -> item.Observation:
        """Certificates by agency; with ``evidence`` also what Vault knows about each."""
        ids = ",".join(sorted(t.id for t in tenants))
        selector = f"{labels.MANAGED_BY}={wanted.WRITER},{labels.AGENCY} in ({ids})"
        found: dict[str, list[item.Item]] = {t.id: [] for t in tenants}
        for one in self._cluster.list("ConfigMap", selector=selector):
            agency = one["metadata"]["labels"][labels.AGENCY]
            found[agency].append(_observed(one, agency))
        if evidence:
            with vault.connect(self._target, self._role) as door:
                found = {t.id: _known_to_vault(door, t, found[t.id]) for t in tenants}
        return item.Observation({a: tuple(i) for a, i in found.items()}, frozenset({"TlsSecret"}))

    def apply(
        self,
        of: tenant.Tenant,
        changes: Sequence[plan.Change],
        report: progress.Progress,
        *,
        begin: plan.Begin = plan.unrecorded,
        unfinished: Mapping[str, str] = plan.NOTHING,
    ) -> Iterator[plan.Outcome]:
        with vault.connect(self._target, self._role) as door:
            for change in changes:
                began = time.monotonic()
                report.note(f"{change.action.value} {change.ref}")
                try:
                    begin(change)
                    self._write(door, of, change)
                except errors.OnboardError as problem:
                    seconds = time.monotonic() - began
                    yield plan.Outcome(change, plan.Status.FAILED, seconds, problem)
                    return
                yield plan.Outcome(change, plan.Status.APPLIED, time.monotonic() - began)
            for instance in of.instances:
                ref = wanted.ref(instance)
                if str(ref) in unfinished:
                    self._revoke_unused(door, of, instance, unfinished[str(ref)], report)

    def _revoke_unused(
        self,
        door: vault.Vault,
        of: tenant.Tenant,
        instance: tenant.Instance,
        begun: str,
        report: progress.Progress,
    ) -> None:
        """Revoke what was signed since ``begun`` and is not in use: a run that was cut off lost
        the answer, or the key with it."""
        name = wanted.certificate_name(instance)
        public = self._cluster.get("ConfigMap", name, instance.namespace) or {}
        used = str((public.get("data") or {}).get(_CHAIN) or "")
        since = datetime.fromisoformat(begun) - _BACKDATED
        for one in listing.leaves(door, of):
            of_run = not one.revoked_at and listing.moment(one.facts["notBefore"]) >= since
            unused = not used or one.serial != certificates.facts(used)["serial"]
            if of_run and unused and one.facts["dnsNames"] == [instance.host]:
                report.note(f"revoke {one.serial}: signed for a run that was cut off")
                door.write(f"{of.pki_mount}/revoke", {"serial_number": one.serial})

    def _write(self, door: vault.Vault, of: tenant.Tenant, change: plan.Change) -> None:
        ref = change.ref
        if change.desired is None:
            self._cluster.delete("Secret", ref.name, ref.scope)
            self._cluster.delete("ConfigMap", f"{ref.name}-certificate", ref.scope)
            return
        instance = next(
            i for i in of.instances if (i.namespace, wanted.secret_name(i)) == (ref.scope, ref.name)
        )
        public = wanted.certificate_name(instance)
        ours = {
            kind: self._is_ours(kind, name, ref.scope)
            for kind, name in (("Secret", ref.name), ("ConfigMap", public))
        }
        pair = _signed(door, of, instance.host)
        metadata: dict[str, Any] = {
            "namespace": ref.scope,
            "labels": wanted.marks(of, instance),
        }
        body = {"metadata": {**metadata, "name": ref.name}, **_secret(pair)}
        secret = self._cluster.apply("Secret", body, force=ours["Secret"])
        owner = {
            "apiVersion": "v1",
            "kind": "Secret",
            "name": ref.name,
            "uid": secret["metadata"]["uid"],
        }
        metadata = {**metadata, "name": public, "ownerReferences": [owner]}
        body = {"metadata": metadata, "data": {_CHAIN: pair.chain}}
        self._cluster.apply("ConfigMap", body, force=ours["ConfigMap"])

    def _is_ours(self, kind: str, name: str, namespace: str) -> bool:
        """Whether an object carries our mark; False where there is none yet.

        Asked by a patch that only tests: the applier may write Secrets, not read them. Raises
        ``errors.Refused`` for an object of someone else.
        """
        pointer = "/metadata/labels/" + labels.MANAGED_BY.replace("/", "~1")
        test = {"op": "test", "path": pointer, "value": wanted.WRITER}
        try:
            self._cluster.json_patch(kind, name, namespace, [test])
        except transport.Absent:
            return False
        except errors.EngineFailed as problem:
            raise errors.Refused(
                f"{kind} {namespace}/{name} stands in our place and is not ours",
                details=problem.details,
                resolution="Remove it, or give the system another name.",
            ) from problem
        return True


@dataclass(frozen=True, slots=True)
class _Pair:
    chain: str
    key: str = field(repr=False)


def _secret(pair: _Pair) -> dict[str, Any]:
    def encoded(text: str) -> str:
        return base64.b64encode(text.encode()).decode()

    data = {_CHAIN: encoded(pair.chain), "tls.key": encoded(pair.key)}
    return {"type": "kubernetes.io/tls", "data": data}


def _observed(config_map: Mapping[str, Any], agency: str) -> item.Item:
    """What the ConfigMap says; an unreadable chain shows as a certificate that is due."""
    metadata = config_map["metadata"]
    name = str(metadata["name"]).removesuffix("-certificate")
    ref = item.Ref(item.EngineName.INGRESS_TLS, "TlsSecret", metadata["namespace"], name)
    chain = str((config_map.get("data") or {}).get(_CHAIN) or "")
    try:
        facts = certificates.facts(chain)
    except errors.EngineFailed:
        return item.Item(ref, {"certificate": "", "renewal": "unreadable"}, agency)
    begins, ends = listing.moment(facts["notBefore"]), listing.moment(facts["notAfter"])
    fields = {
        **facts,
        "certificate": chain,
        "renewal": renewal(begins, ends, datetime.now(UTC)),
    }
    return item.Item(ref, fields, agency)


def renewal(begins: datetime, ends: datetime, now: datetime) -> str:
    """``not due``, or since when a new certificate is due."""
    percent = pki_profile.section("ingress")["renewWhenLeftPercent"]
    due = ends - (ends - begins) * percent / 100
    return wanted.NOT_DUE if now < due else f"due since {due:%Y-%m-%d}"


def _known_to_vault(
    door: vault.Vault, of: tenant.Tenant, found: Sequence[item.Item]
) -> list[item.Item]:
    paths = {i.ref: f"{of.pki_mount}/cert/{i.fields.get('serial', 'none')}" for i in found}
    answers = door.read_all(paths.values()) if paths else {}
    more = []
    for one in found:
        answer = answers.get(paths[one.ref])
        known = {
            "issuedByVault": bool(
                answer
                and certificates.facts(str(answer["certificate"]))["sha256"]
                == one.fields.get("sha256")
            ),
            "revoked": bool(answer and answer.get("revocation_time")),
        }
        more.append(item.Item(one.ref, {**one.fields, **known}, one.owner, one.holds_data))
    return more


def _signed(door: vault.Vault, of: tenant.Tenant, host: str) -> _Pair:
    """A new key in memory and its certificate, with the agency's CA behind it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject)
    default = (door.read(f"{of.pki_mount}/config/issuers") or {}).get("default") or "default"
    issuer = str((door.read(f"{of.pki_mount}/issuer/{default}") or {})["certificate"])
    longest = datetime.now(UTC) + timedelta(days=pki_profile.section("ingress")["days"]) - _SAFETY
    ends = min(longest, listing.moment(certificates.facts(issuer)["notAfter"]) - _SAFETY)
    pem = serialization.Encoding.PEM
    answer = door.write(
        f"{of.pki_mount}/sign/{pki.INGRESS_ROLE}",
        {
            "csr": request.sign(key, hashes.SHA256()).public_bytes(pem).decode(),
            "common_name": host,
            "not_after": certificates.stamp(ends),
        },
    )
    certificate = str(answer["certificate"])
    facts = certificates.facts(certificate)
    if facts["dnsNames"] != [host] or facts["keySha256"] != certificates.key_id(key.public_key()):
        raise errors.EngineFailed(
            f"the certificate for {host} came out wrong",
            details=[
                f"serial {facts['serial']} is for {', '.join(facts['dnsNames']) or 'no host'}"
            ],
            resolution="The role in Vault was changed: run onboard verify, then onboard apply.",
        )
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    chain = f"{certificate.strip()}\n{issuer.strip()}\n"
    return _Pair(chain, private.decode())
