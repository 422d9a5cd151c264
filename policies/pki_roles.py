"""PKI: the roles by which certificates are signed, and the dates they may have."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from onboarding import item, policy, tenant
from onboarding.desired import device_vault
from onboarding.policies import judge

VAULT = item.EngineName.VAULT
INGRESS_ROLE = "ingress"
_FALSE = (
    "allow_any_name",
    "allow_localhost",
    "allow_wildcard_certificates",
    "allow_glob_domains",
    "allow_ip_sans",
    "allow_subdomains",
    "client_flag",
    "code_signing_flag",
    "email_protection_flag",
    "use_csr_common_name",
    "use_csr_sans",
    "no_store",
)


def organizations(of: tenant.Tenant) -> dict[str, str]:
    """O of officials' certificates by role: the body for a pooled agency, else the agency."""
    agency = of.manifest.agency
    whole = {"signer": agency.certificate_name or agency.name_th}
    by_role = {body.pki_role: body.organization for body in of.bodies} or whole
    return {role: unicodedata.normalize("NFC", name) for role, name in by_role.items()}


def _list(value: Any) -> list[Any]:
    return list(value or ())


def _role_flaws(role: item.Item, organization: str, of: tenant.Tenant) -> Iterator[str]:
    fields = role.fields
    for key in _FALSE:
        if fields.get(key) is not False:
            yield f"{key}={judge.show(fields.get(key))}"
    if fields.get("allow_bare_domains") is not True:
        yield f"allow_bare_domains={judge.show(fields.get('allow_bare_domains'))}"
    for key in ("allowed_other_sans", "allowed_uri_sans"):
        if _list(fields.get(key)):
            yield f"{key}={judge.show(fields[key])}"
    if "*" in _list(fields.get("allowed_serial_numbers")):
        yield "allowed_serial_numbers=*"
    if _list(fields.get("organization")) != [organization]:
        yield f"organization={judge.show(fields.get('organization'))}, not {organization}"
    if _list(fields.get("country")) != ["TH"]:
        yield f"country={judge.show(fields.get('country'))}"
    hosts = _hosts(of)
    if role.ref.name in hosts:
        yield from _host_flaws(fields, hosts[role.ref.name])
    else:
        yield from _signer_flaws(fields, of)


def _signer_flaws(fields: Mapping[str, Any], of: tenant.Tenant) -> Iterator[str]:
    if set(_list(fields.get("allowed_domains"))) != set(of.domains):
        yield f"allowed_domains={judge.show(fields.get('allowed_domains'))}"
    if fields.get("enforce_hostnames") is not False:
        yield "enforce_hostnames is on, which refuses names of persons"
    if _list(fields.get("cn_validations")) != ["disabled"]:
        yield f"cn_validations={judge.show(fields.get('cn_validations'))}"
    if fields.get("server_flag") is not False:
        yield f"server_flag={judge.show(fields.get('server_flag'))}"


def _hosts(of: tenant.Tenant) -> dict[str, set[str]]:
    """The names that each role for hosts may certify: the way in, a link's client, devices."""
    found = {INGRESS_ROLE: {instance.host for instance in of.instances}}
    found |= {link.pki_role: {link.host} for link in of.agreed_links}
    if of.devices:
        found[device_vault.ROLE] = {device.name for device in of.devices}
    return found


def _host_flaws(fields: Mapping[str, Any], hosts: set[str]) -> Iterator[str]:
    extra = set(_list(fields.get("allowed_domains"))) - hosts
    if extra:
        yield f"allowed_domains beyond its hosts: {', '.join(sorted(extra))}"
    if fields.get("enforce_hostnames") is not True:
        yield "enforce_hostnames is off"


def _roles(view: policy.View) -> tuple[item.Item, ...]:
    mount = view.tenant.pki_mount
    return tuple(i for i in view.items(VAULT, "PkiRole") if i.ref.scope == mount)


def role_tight(view: policy.View) -> Iterator[policy.Result]:
    """Each signing role as closed as it can be; those for names of hosts in their own way."""
    wanted = organizations(view.tenant)
    agency = view.tenant.manifest.agency
    whole = unicodedata.normalize("NFC", agency.certificate_name or agency.name_th)
    found = {role.ref.name: role for role in _roles(view)}
    for name in sorted({*wanted, *found}):
        subject = f"PkiRole {view.tenant.pki_mount}/{name}"
        role = found.get(name)
        if role is None:
            yield judge.fails(subject, None, "present")
        elif name not in {*wanted, *_hosts(view.tenant)}:
            yield judge.fails(subject, "a role that nobody planned", "absent")
        else:
            flaws = list(_role_flaws(role, wanted.get(name, whole), view.tenant))
            yield judge.problems(subject, flaws, "closed but for what the agency needs")


def seconds(value: Any) -> int:
    """Vault writes durations as seconds or as text (``30s``, ``5m``, ``1h``)."""
    if isinstance(value, int):
        return value
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    text = str(value or "0s")
    return int(text[:-1]) * units[text[-1]] if text[-1] in units else int(text)


def bounds(view: policy.View) -> Iterator[policy.Result]:
    """OpenBao lets callers choose dates beyond a role's unless the role forbids it."""
    longest = view.thresholds["pki.backdateSeconds"]
    for role in _roles(view):
        fields = role.fields
        wrong = []
        if fields.get("not_after_bound") not in ("ttl-limited", "forbid"):
            wrong.append(f"not_after_bound={judge.show(fields.get('not_after_bound'))}")
        if fields.get("not_before_bound") not in ("forbid", "duration"):
            wrong.append(f"not_before_bound={judge.show(fields.get('not_before_bound'))}")
        backdate = seconds(fields.get("not_before_duration"))
        if backdate > longest:
            wrong.append(f"backdates by {backdate} s")
        yield judge.problems(str(role.ref), wrong, "dates bound by the role")
    yield from judge.absent(view, VAULT, "PkiRole")
