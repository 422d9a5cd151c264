"""What an agency takes along: everything that is about it, in forms that open without us.

Each part writes files below ``data/`` of the bag. None holds a secret: keys stay where they are
until they are destroyed.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from onboarding import environment, errors, item, tenant, vault
from onboarding.desired import documents, settings
from onboarding.leaving import sources
from onboarding.pki import listing, revocation
from onboarding.products import table
from onboarding.state import interface as state

_LEFT_OUT = ("leaving", "tombstone")


def letters(
    of: tenant.Tenant, source: sources.RecordsSource, folder: Path
) -> tuple[sources.Contents, ...]:
    """The letters and registers of every instance, each file compared with what the product says.

    Raises ``errors.EngineFailed`` where something is missing, or is not what it should be.
    """
    found = []
    for instance in of.instances:
        place = folder / "letters" / instance.namespace
        place.mkdir(parents=True, mode=0o700)
        exported = source.export(of, instance, place)
        held = exported.contents
        wanted = {r.path: r.sha256 for r in exported.records}
        written = {
            path.relative_to(place).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in place.rglob("*")
            if path.is_file()
        }
        if written != wanted:
            wrong = sorted(
                k for k in wanted.keys() | written.keys() if wanted.get(k) != written.get(k)
            )
            raise errors.EngineFailed(
                f"the export of {instance.namespace} is not what its store holds",
                details=wrong[:20],
                resolution="Run the same command again; nothing is destroyed without this.",
            )
        told = {"letters": held.letters, "registerEntries": held.register_entries}
        _json(place / "contents.json", {**told, "knownBy": held.known_by})
        found.append(held)
    return tuple(found)


def configuration(items: Sequence[item.Item], folder: Path) -> None:
    """What the tool had set up, engine by engine, and the settings and registers of each system."""
    for engine in item.ENGINE_ORDER:
        listed = [_shown(i) for i in items if i.ref.engine is engine]
        _json(folder / "configuration" / f"{engine.value}.json", listed)
    for one in items:
        if one.ref.kind != settings.KIND:
            continue
        _text(folder / "configuration" / f"{one.ref.scope}.yaml", settings.text_of(one.fields))
        books = (one.fields.get("registers") or {}).get("books") or ()
        rows = [(b["id"], b["unit"], b["direction"], b["nameTh"]) for b in books]
        if rows:
            head = ("register", "unit", "direction", "nameTh")
            _csv(folder / "registers" / f"{one.ref.scope}.csv", head, rows)


def certificates(door: vault.Vault, of: tenant.Tenant, folder: Path) -> dict[str, int]:
    """Every certificate with its end or revocation, and of each CA chain and list as of now."""
    place = folder / "certificates"
    issued = listing.leaves(door, of)
    rows = []
    for one in issued:
        name = f"{one.serial.replace(':', '')}.pem"
        _text(place / name, str(one.facts["certificate"]))
        rows.append(
            (
                one.serial,
                one.facts["commonName"],
                one.facts["organization"],
                one.facts["notBefore"],
                one.facts["notAfter"],
                one.revoked_at,
                name,
            )
        )
    head = ("serial", "commonName", "organization", "notBefore", "notAfter", "revokedAt", "file")
    _csv(place / "certificates.csv", head, rows)
    for number, (issuer, listed) in enumerate(revocation.published(door, of.pki_mount).items()):
        former = f"-former-{number}" if number else ""
        answer = door.read(f"{of.pki_mount}/issuer/{issuer}") or {}
        _text(place / f"chain{former}.pem", "".join(f"{c.strip()}\n" for c in answer["ca_chain"]))
        _text(place / f"revocation-list{former}.pem", listed.pem)
    return {"certificates": len(issued), "revoked": sum(bool(c.revoked_at) for c in issued)}


def history(store: state.StateStore, tenant_id: str, manifest: str, folder: Path) -> int:
    """The journal, the manifest, and every further record that is kept of the agency."""
    entries = store.journal(tenant_id)
    lines = [item.canonical({"at": e.at, "event": e.event, "details": e.details}) for e in entries]
    _text(folder / "audit" / "journal.jsonl", "".join(f"{line}\n" for line in lines))
    _text(folder / "manifests" / "manifest.yaml", manifest)
    for name in store.kept_names(tenant_id):
        if not name.startswith(_LEFT_OUT):
            _json(folder / "records" / f"{name}.json", store.kept(tenant_id, name))
    return len(entries)


def sign_in_events(found: Mapping[str, Any], folder: Path) -> None:
    """What administrators did to the agency's own objects in the identity provider."""
    _json(folder / "audit" / "identity-provider.json", found)


def cover(
    of: tenant.Tenant,
    target: environment.Environment,
    about: Mapping[str, Any],
    folder: Path,
) -> None:
    """README in Thai and English, and a page that lists all files and needs no network."""
    listed = sorted(
        (path.relative_to(folder).as_posix(), path.stat().st_size)
        for path in (folder / "data").rglob("*")
        if path.is_file()
    )
    context = {
        "agency": of.manifest.agency,
        "tenant": of,
        "target": target,
        "about": about,
        "product": table.get(target.e_office.product).product if target.e_office else None,
        "exit_plan": of.manifest.operations.exit_plan,
        "files": listed,
    }
    for name in ("README.th.md", "README.en.md", "index.html"):
        _text(folder / name, documents.render(f"leaving/{name}.j2", **context))


def _shown(of: item.Item) -> dict[str, Any]:
    ref = of.ref
    return {"kind": ref.kind, "scope": ref.scope, "name": ref.name, "fields": dict(of.fields)}


def _json(path: Path, value: Any) -> None:
    _text(path, json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n")


def _csv(path: Path, head: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """With a byte order mark, by which office programs know Thai text."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([head, *rows])
    _text(path, "\ufeff" + out.getvalue())


def _text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_text(text, encoding="utf-8")
