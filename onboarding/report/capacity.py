"""Capacity as text in English and formal Thai, and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onboarding import capacity, sizing
from onboarding.report import columns

_GIB_MI = 1024
_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Capacity for {users:,} users of {agencies:,} agencies",
        "title of one": "Capacity for {users:,} users of one agency",
        "profile": "Sizing profile {version} (to be confirmed: {confirm})",
        "cores": "cores",
        "memory": "memory, GiB",
        "storage": "storage, GiB",
        "pods": "pods",
        "namespaces": "namespaces",
        "certificates": "certificates",
        "realms": "realms",
        "organizations": "organizations",
        "clients": "OIDC clients",
        "requested": "requested, at most {limit}",
        "quota": "as quotas ask for, for the first {years} years",
        "running": "as quotas allow, {running:,} of them running",
        "authorities": "authorities",
        "signers": "signers",
        "ingress": "ingress",
        "devices": "devices",
        "links": "links",
        "growth": "Storage to the end of each retention, GiB",
        "year": "year {year}",
        "limits": "Documented limits, of one installation",
        "nodes": "nodes",
        "services": "services",
        "mounts": "secrets engines",
        "cluster": "Kubernetes",
        "vault": "Vault, OpenBao",
        "keycloak": "Keycloak",
        "within": "within",
        "near": "NEAR",
        "over": "OVER",
        "needed": "Needed at least, with every limit used to less than {percent} %",
        "confirm": "To be confirmed",
        "node": "one node",
    },
    "th": {
        "title": "ความต้องการทรัพยากรของ {agencies:,} หน่วยงาน ผู้ใช้ {users:,} ราย",
        "title of one": "ความต้องการทรัพยากรของ 1 หน่วยงาน ผู้ใช้ {users:,} ราย",
        "profile": "เกณฑ์คำนวณขนาดฉบับ {version} (รอการยืนยัน: {confirm})",
        "cores": "หน่วยประมวลผล (คอร์)",
        "memory": "หน่วยความจำ (GiB)",
        "storage": "พื้นที่จัดเก็บ (GiB)",
        "pods": "พอด",
        "namespaces": "เนมสเปซ",
        "certificates": "ใบรับรองอิเล็กทรอนิกส์",
        "realms": "เรล์ม",
        "organizations": "องค์กรในระบบยืนยันตัวตน",
        "clients": "ไคลเอนต์ OIDC",
        "requested": "ที่ขอใช้ สูงสุด {limit}",
        "quota": "ตามโควตาสำหรับ {years} ปีแรก",
        "running": "ตามโควตา ทำงานจริง {running:,}",
        "authorities": "ผู้ออกใบรับรอง",
        "signers": "ผู้ลงนาม",
        "ingress": "เว็บไซต์",
        "devices": "อุปกรณ์",
        "links": "การเชื่อมโยง",
        "growth": "พื้นที่จัดเก็บจนสิ้นสุดอายุการเก็บรักษา (GiB)",
        "year": "ปีที่ {year}",
        "limits": "ขีดจำกัดตามเอกสารของระบบหนึ่งชุด",
        "nodes": "โหนด",
        "services": "เซอร์วิส",
        "mounts": "เอนจินเก็บความลับ",
        "cluster": "Kubernetes",
        "vault": "Vault, OpenBao",
        "keycloak": "Keycloak",
        "within": "อยู่ในเกณฑ์",
        "near": "ใกล้ขีดจำกัด",
        "over": "เกินขีดจำกัด",
        "needed": "จำนวนชุดขั้นต่ำที่ต้องมี โดยใช้แต่ละขีดจำกัดไม่ถึงร้อยละ {percent}",
        "confirm": "รอการยืนยัน",
        "node": "หนึ่งโหนด",
    },
}


def text(needs: capacity.Needs, *, language: str = "en") -> str:
    """The sums, the storage of each year, every limit, and what is needed."""
    words = _WORDS[language]
    judged = capacity.judge(needs)
    profile = sizing.profile()
    confirm = profile.confirm_th if language == "th" else profile.confirm_en
    years = [
        (words["year"].format(year=year), f"{gi:,}")
        for year, gi in enumerate(needs.storage_by_year(), start=1)
    ]
    return "\n".join(
        [
            words["title of one" if needs.agencies == 1 else "title"].format(
                agencies=needs.agencies, users=needs.users
            ),
            words["profile"].format(version=profile.version, confirm=confirm),
            "",
            *columns.table(_sums(needs, words), "<><"),
            "",
            words["growth"],
            *columns.table(years, "<>"),
            "",
            words["limits"],
            *columns.table([_limit(one, words) for one in judged.limits], "<<>>><"),
            "",
            words["needed"].format(percent=capacity.near_percent()),
            *columns.table([(words[p], f"{n:,}") for p, n in judged.needed.items()], "<>"),
            "",
            words["confirm"],
            *(f"  {line}" for line in _to_confirm(judged, language)),
        ]
    )


def json(needs: capacity.Needs) -> dict[str, Any]:
    """The same for machines; names carry their unit."""
    judged = capacity.judge(needs)
    profile = sizing.profile()
    return {
        "sizingProfile": {
            "version": profile.version,
            "source": profile.source,
            "confirm": profile.confirm_en,
        },
        "agencies": needs.agencies,
        "users": needs.users,
        "cpu": {"requestMilli": needs.cpu_request_m, "limitMilli": needs.cpu_limit_m},
        "memory": {"requestMi": needs.memory_request_mi, "limitMi": needs.memory_limit_mi},
        "storage": {"quotaGi": needs.storage_gi, "byYearGi": list(needs.storage_by_year())},
        "namespaces": needs.namespaces,
        "services": needs.services,
        "pods": {"quota": needs.pods, "running": needs.running},
        "certificates": needs.certificates,
        "secretsEngines": needs.mounts,
        "realms": needs.realms,
        "organizations": needs.organizations,
        "clients": needs.clients,
        "nodes": judged.nodes,
        "node": [
            {
                "quantity": one.key,
                "value": one.value,
                "source": one.source,
                "confirm": one.confirm_en,
            }
            for one in capacity.assumptions()
        ],
        "limits": [
            {
                "quantity": one.quantity,
                "per": one.per,
                "used": one.used,
                "limit": one.value,
                "percent": round(one.percent, 1),
                "state": one.state,
                "source": one.source,
                "confirm": one.confirm_en,
            }
            for one in judged.limits
        ],
        "needed": dict(judged.needed),
    }


def _sums(needs: capacity.Needs, words: Mapping[str, str]) -> list[tuple[str, str, str]]:
    certificates = ", ".join(f"{words[kind]} {n:,}" for kind, n in needs.certificates.items() if n)
    cores = words["requested"].format(limit=_cores(needs.cpu_limit_m))
    memory = words["requested"].format(limit=f"{-(-needs.memory_limit_mi // _GIB_MI):,}")
    quota = words["quota"].format(years=sizing.quota_years())
    return [
        (words["cores"], _cores(needs.cpu_request_m), cores),
        (words["memory"], f"{-(-needs.memory_request_mi // _GIB_MI):,}", memory),
        (words["storage"], f"{needs.storage_gi:,}", quota),
        (words["namespaces"], f"{needs.namespaces:,}", ""),
        (words["pods"], f"{needs.pods:,}", words["running"].format(running=needs.running)),
        (words["certificates"], f"{sum(needs.certificates.values()):,}", certificates),
        (words["realms"], f"{needs.realms:,}", ""),
        (words["organizations"], f"{needs.organizations:,}", ""),
        (words["clients"], f"{needs.clients:,}", ""),
    ]


def _cores(milli: int) -> str:
    return f"{milli / 1000:,.2f}"


def _limit(one: capacity.Limit, words: Mapping[str, str]) -> tuple[str, ...]:
    return (
        words[one.per],
        words[one.quantity],
        f"{one.used:,}",
        f"/ {one.value:,}",
        f"{one.percent:.1f} %",
        words[one.state],
    )


def _to_confirm(judged: capacity.Judged, language: str) -> list[str]:
    words = _WORDS[language]
    thai = language == "th"
    limits = [
        f"{words[one.per]}, {words[one.quantity]} {one.value:,}:"
        f" {one.confirm_th if thai else one.confirm_en}"
        for one in judged.limits
        if one.confirm_en
    ]
    nodes = [
        f"{words['node']}, {words[one.key]} {one.value:,}:"
        f" {one.confirm_th if thai else one.confirm_en}"
        for one in capacity.assumptions()
    ]
    return [*limits, *nodes]
