"""How the lab is shown: tables for people, plain values for machines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from onboarding.lab import doctor, standing, supply
from onboarding.lab.real import sites

_MOST_HOSTS = 20


def standing_json(one: standing.Standing) -> dict[str, Any]:
    return {
        "name": one.name,
        "condition": one.condition.value,
        "why": one.why,
        "pid": one.pid or None,
        "ports": list(one.ports),
        "residentBytes": one.resident,
        "uptimeSeconds": round(one.uptime, 1),
    }


def standing_table(name: str, found: Sequence[standing.Standing], total: int) -> list[str]:
    lines = [f"lab {name}: {total / 2**20:.0f} MiB resident"]
    lines.append(f"  {'component':<19} {'condition':<10} {'pid':>7} {'MiB':>5} {'up':>8}  ports")
    for one in found:
        ports = " ".join(str(port) for port in one.ports)
        size, age = f"{one.resident / 2**20:.0f}", _duration(one.uptime)
        lines.append(
            f"  {one.name:<19} {one.condition.value:<10} {one.pid or '-':>7} "
            f"{size if one.pid else '-':>5} {age if one.pid else '-':>8}  {ports}".rstrip()
        )
        if one.why:
            lines.append(f"      {one.why}")
    return lines


def sites_json(served: sites.Sites | None) -> dict[str, Any] | None:
    if served is None:
        return None
    return {
        "address": served.address,
        "authority": str(served.authority),
        "hosts": list(served.hosts),
    }


def sites_lines(served: sites.Sites | None) -> list[str]:
    """How the hosts of agencies are reached from this computer; nothing without a real node."""
    if served is None:
        return []
    shown = served.hosts[:_MOST_HOSTS]
    lines = [f"  sites of agencies are served at {served.address}"]
    if shown:
        lines.append("  no name server knows them; lines for /etc/hosts:")
        lines += [f"      {served.address} {host}" for host in shown]
        if len(served.hosts) > len(shown):
            lines.append(f"      ({len(served.hosts) - len(shown)} more: --output json)")
        one = shown[0]
        asked = f"curl --cacert {served.authority} --resolve {one}:443:{served.address}"
        lines.append(f"  or: {asked} https://{one}/")
    return lines


def _duration(seconds: float) -> str:
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"


def engine_json(one: supply.Status) -> dict[str, Any]:
    return {
        "name": one.name,
        "version": one.version,
        "state": one.state,
        "source": one.source,
        "path": str(one.path) if one.path else None,
        "seconds": round(one.seconds, 1),
        "cpuSeconds": round(one.cpu_seconds, 1),
    }


def complaint_json(one: doctor.Complaint) -> dict[str, Any]:
    return {
        "part": one.part,
        "problem": one.problem,
        "details": list(one.details),
        "remedy": one.remedy,
    }


def complaint_text(one: doctor.Complaint) -> str:
    inner = "".join(f"\n    {line}" for line in one.details)
    return f"{one.part}: {one.problem}{inner}\n  {one.remedy}"
