"""PKI: certificates of devices, and client certificates in general."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from onboarding import counted, item, policy, tenant
from onboarding.desired import device_vault, link_profile, pki_profile
from onboarding.policies import certificate, judge, pki, pki_roles
from onboarding.policy import Severity, Stage

VAULT = item.EngineName.VAULT
_BOTH = frozenset({Stage.PLAN, Stage.LIVE})
_LIVE = frozenset({Stage.LIVE})


def has_devices(of: tenant.Tenant) -> str:
    return "" if of.devices else "no system takes telemetry of devices"


def identity_role(view: policy.View) -> Iterator[policy.Result]:
    """One role signs for devices: every one of the manifest by name, for client sign-in only."""
    subject = f"PkiRole {view.tenant.pki_mount}/{device_vault.ROLE}"
    found = next((r for r in view.items(VAULT, "PkiRole") if r.ref.name == device_vault.ROLE), None)
    if found is None:
        yield judge.fails(subject, None, "present")
        return
    count = len(view.tenant.devices)
    good = f"{counted.of(count, 'device')} by name, client authentication, EC P-256"
    yield judge.problems(subject, list(_role_flaws(found, view)), good)


def _role_flaws(role: item.Item, view: policy.View) -> Iterator[str]:
    fields = role.fields
    wanted = {device.name for device in view.tenant.devices}
    allowed = set(fields.get("allowed_domains") or ())
    for what, names in (
        ("signs also for", allowed - wanted),
        ("does not sign for", wanted - allowed),
    ):
        if names:
            yield f"{what} {len(names)}: {', '.join(sorted(names)[:3])}"
    purposes = list(fields.get("ext_key_usage_oids") or ())
    if purposes != [pki.CLIENT_AUTH] or fields.get("server_flag") is not False:
        yield f"purposes {judge.show(purposes)}, server {judge.show(fields.get('server_flag'))}"
    if (fields.get("key_type"), fields.get("key_bits")) != ("ec", 256):
        yield f"keys {fields.get('key_type')} {fields.get('key_bits')}"
    longest = view.thresholds["pki.deviceLongestDays"] * pki_profile.SECONDS_PER_DAY
    life = pki_roles.seconds(fields.get("max_ttl"))
    if not 0 < life <= longest:
        yield f"certificates of up to {life} s"


def client_certificates(view: policy.View) -> Iterator[policy.Result]:
    """Each standing client certificate is of a device of the manifest, or of an agreed link."""
    longest = {
        link.host: link_profile.section("certificate")["days"] for link in view.tenant.agreed_links
    }
    for device in view.tenant.devices:
        longest[device.name] = view.thresholds["pki.deviceLongestDays"]
    standing = [
        leaf
        for leaf in view.items(VAULT, "Certificate")
        if leaf.ref.scope == view.tenant.pki_mount
        and pki.CLIENT_AUTH in (leaf.fields.get("extendedKeyUsage") or ())
        and pki.stands(leaf, view)
    ]
    for leaf in standing:
        name = leaf.fields.get("commonName")
        if name in longest:
            wrong = list(_client_flaws(leaf, longest[name]))
        else:
            wrong = [f"CN={judge.show(name)} is no device of the manifest and no agreed link"]
        yield judge.problems(str(leaf.ref), wrong, f"CN={name}, client authentication only")
    if not standing:
        yield judge.not_applicable(view.tenant.pki_mount, "no client certificate stands")


def _client_flaws(leaf: item.Item, longest_days: int) -> Iterator[str]:
    fields = leaf.fields
    if fields.get("extendedKeyUsage") != [pki.CLIENT_AUTH]:
        yield f"purposes {judge.show(fields.get('extendedKeyUsage'))}"
    if fields.get("dnsNames") != [fields.get("commonName")]:
        yield f"names {judge.show(fields.get('dnsNames'))}"
    key = (fields.get("keyAlgorithm"), fields.get("curve"))
    if key != ("ec", pki_profile.section("device")["curve"]):
        yield f"key {judge.show(key)}"
    begins = certificate.moment(str(fields.get("notBefore")))
    life = certificate.moment(str(fields.get("notAfter"))) - begins
    # Backdating and the second of the end are not part of a day's count.
    if life > timedelta(days=longest_days + 1):
        yield f"valid for {life.days} days"


CONTROLS: tuple[policy.Control, ...] = (
    policy.Control(
        id="PKI-023",
        title_en="Devices have an identity of their own",
        title_th="อุปกรณ์แต่ละเครื่องมีตัวตนของตนเอง",
        severity=Severity.CRITICAL,
        stages=_BOTH,
        check=identity_role,
        applies=has_devices,
        remedy_en="Run apply to write the role for the devices of the manifest.",
        remedy_th="ดำเนินการ apply เพื่อกำหนดบทบาทสำหรับอุปกรณ์ที่ระบุไว้",
        sources=("D",),
    ),
    policy.Control(
        id="PKI-024",
        title_en="Client certificates belong to a device or a link",
        title_th="ใบรับรองไคลเอนต์ทุกใบเป็นของอุปกรณ์หรือการเชื่อมโยงที่ประกาศไว้",
        severity=Severity.CRITICAL,
        stages=_LIVE,
        check=client_certificates,
        remedy_en="Revoke the certificate, or add the device to the manifest.",
        remedy_th="เพิกถอนใบรับรอง หรือเพิ่มอุปกรณ์ในแบบแจ้งข้อมูล",
        sources=("D",),
    ),
)
