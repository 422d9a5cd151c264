"""OPS, IDP: shared services and the people at public access points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from onboarding import item, policy, tenant
from onboarding.desired import handover, public_access, reference, sso
from onboarding.policies import judge
from onboarding.policy import Severity, Stage

CLUSTER, SETTINGS, SSO = item.EngineName.CLUSTER, item.EngineName.SETTINGS, item.EngineName.SSO
_BOTH = frozenset({Stage.PLAN, Stage.LIVE})
_NEEDED = ("spf", "dkim", "dmarc")


def has_mail(of: tenant.Tenant) -> str:
    return "" if reference.mail(of) else "no mail service is asked for"


def mail_request_complete(view: policy.View) -> Iterator[policy.Result]:
    """The address, and every record by which others tell the agency's mail; handed over as is."""
    if view.stage is Stage.MANIFEST:
        yield _asked_for(view.tenant)
        return
    subject = f"{handover.KIND} {view.tenant.id}/{handover.MAIL_RECORDS}"
    wanted = _digest(view.desired)
    got = _digest(view.items(SETTINGS, handover.KIND))
    if wanted is None or got is None:
        yield judge.fails(subject, None, "present")
    else:
        yield judge.that(got == wanted, subject, f"sha256 {got[:12]}…", f"sha256 {wanted[:12]}…")


def _asked_for(of: tenant.Tenant) -> policy.Result:
    service = reference.mail(of)
    address = service.central_address if service else None
    wrong = []
    if address is None:
        wrong.append("no central address")
    elif address.rpartition("@")[2] not in of.domains:
        wrong.append(f"address {address} is outside {', '.join(of.domains)}")
    have = {record.id for record in reference.mail_records(of)}
    wrong += [f"{name} is not asked for" for name in _NEEDED if name not in have]
    return judge.problems("service mail", wrong, f"{address}; records {', '.join(_NEEDED)}")


def _digest(items: tuple[item.Item, ...]) -> str | None:
    for one in items:
        if one.ref.kind == handover.KIND:
            found = (one.fields.get("files") or {}).get(handover.MAIL_RECORDS)
            return str(found) if found else None
    return None


def has_public(of: tenant.Tenant) -> str:
    return "" if of.manifest.populations else "no public access points"


def short_sessions(view: policy.View) -> Iterator[policy.Result]:
    """What a shared computer is given ends soon and is not prolonged.

    The realm's own session of a browser outlives it, as staff need; that the pages ask for a new
    sign-in each time cannot be seen here, and is left to be confirmed.
    """
    name = public_access.client_id(view.tenant)
    client = next((c for c in view.items(SSO, "Client") if c.ref.name == name), None)
    if client is None:
        yield judge.fails(f"Client {name}", None, "present")
        return
    longest = public_access.session_seconds(view.tenant)
    good = f"the client's session ends after {longest // 60} minutes at most, is not prolonged"
    yield judge.problems(str(client.ref), list(_session_flaws(client.fields, longest)), good)


def _session_flaws(fields: Mapping[str, Any], longest: int) -> Iterator[str]:
    attributes = fields.get("attributes") or {}
    for key in public_access.LIFETIMES:
        got = str(attributes.get(key) or "")
        if not got.isdigit() or not 0 < int(got) <= longest:
            yield f"{key}={judge.show(attributes.get(key))}"
    if attributes.get("use.refresh.tokens") != "false":
        yield "refresh tokens are on"
    scopes = (
        *(fields.get("defaultClientScopes") or ()),
        *(fields.get("optionalClientScopes") or ()),
    )
    if "offline_access" in scopes:
        yield "offline access is on"


def users_only(view: policy.View) -> Iterator[policy.Result]:
    """The public's group is no group of signers and has no rights in the cluster."""
    name = f"{view.tenant.id}:{public_access.ROLE}"
    group = next((g for g in view.items(SSO, "Group") if g.ref.name == name), None)
    if group is None:
        yield judge.fails(f"Group {name}", None, "present")
    else:
        parent = group.fields.get("parent")
        wrong = [] if parent == view.tenant.id else [f"below {judge.show(parent)}"]
        inside = [
            g.ref.name for g in view.items(SSO, "Group") if g.fields.get("parent") == group.ref.name
        ]
        wrong += [f"holds the group {one}" for one in inside]
        yield judge.problems(str(group.ref), wrong, f"apart from {view.tenant.id}:{sso.SIGNERS}")
    subject = f"{view.environment.cluster.oidc_prefix}{name}"
    bound = [
        str(b.ref)
        for b in (*view.items(CLUSTER, "RoleBinding"), *_cluster_wide(view))
        if any(s.get("name") == subject for s in b.fields.get("subjects") or ())
    ]
    yield judge.problems(
        f"Group {subject}", [f"bound by {b}" for b in bound], "no role in the cluster"
    )


def _cluster_wide(view: policy.View) -> tuple[item.Item, ...]:
    return view.shared(CLUSTER, "ClusterRoleBinding") if view.stage is Stage.LIVE else ()


CONTROLS: tuple[policy.Control, ...] = (
    policy.Control(
        id="OPS-011",
        title_en="The request for mail records is complete",
        title_th="คำขอระเบียน DNS ของไปรษณีย์อิเล็กทรอนิกส์ครบถ้วน",
        severity=Severity.MEDIUM,
        stages=frozenset({Stage.MANIFEST, Stage.PLAN, Stage.LIVE}),
        check=mail_request_complete,
        applies=has_mail,
        confirm="the names of the mail service and its DKIM selectors",
        remedy_en="Ask for SPF and DKIM of an address of the agency; run apply for the kit.",
        remedy_th="ขอ SPF และ DKIM สำหรับที่อยู่ของหน่วยงาน และดำเนินการ apply เพื่อจัดทำเอกสารส่งมอบ",
        sources=("RFC 7208", "RFC 6376", "RFC 7489", "SAR4-2"),
    ),
    policy.Control(
        id="IDP-022",
        title_en="Sessions at public access points are short",
        title_th="เซสชันที่จุดบริการสาธารณะมีอายุสั้น",
        severity=Severity.HIGH,
        stages=_BOTH,
        check=short_sessions,
        applies=has_public,
        confirm="that the public's pages ask for a new sign-in each time (prompt=login)",
        remedy_en="Run apply to restore the client of the public access points.",
        remedy_th="ดำเนินการ apply เพื่อคืนค่าไคลเอนต์ของจุดบริการสาธารณะ",
        sources=("D1",),
    ),
    policy.Control(
        id="IDP-023",
        title_en="People at public access points are users only",
        title_th="ประชาชนที่จุดบริการสาธารณะเป็นผู้ใช้บริการเท่านั้น",
        severity=Severity.HIGH,
        stages=_BOTH,
        check=users_only,
        applies=has_public,
        remedy_en="Remove the binding or the group.",
        remedy_th="ลบการผูกสิทธิหรือกลุ่มดังกล่าว",
        sources=("D1",),
    ),
)
