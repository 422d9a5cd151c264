"""The manifests that an agency was applied from: each kept whole, in the order of the runs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from onboarding import amendment, errors, manifest, strict_yaml
from onboarding.manifest import model
from onboarding.state import interface

_KEPT = "manifest-kept"
_APPLIED = "apply-ended"


@dataclass(frozen=True, slots=True)
class Agreed:
    """A manifest as it was applied. ``at``: when first written from (UTC, ISO 8601), ``plan``: the
    digest of that plan; both "" where it was applied before such records were kept."""

    sha256: str
    number: str
    signed_on: str
    text: str
    at: str = ""
    plan: str = ""

    def read(self) -> model.AgencyMou:
        """Raises errors.InvalidInput where this version of the tool cannot read it any more."""
        return manifest.loads(self.text, f"manifest applied {self.at[:10] or 'last'}")


@dataclass(frozen=True, slots=True)
class Since:
    """What of an MOU changed since the manifest applied last, on ``day`` ("" where unknown).

    ``unknown`` says why nothing can be said: this version cannot read that manifest any more.
    """

    day: str
    found: tuple[amendment.Amendment, ...] = ()
    unknown: str = ""


def since(store: interface.StateStore, of: model.AgencyMou) -> Since:
    """Compare a manifest with the one applied last; nothing differs where none was."""
    kept = applied(store, of.id)
    if not kept:
        return Since("")
    day = kept[-1].at[:10]
    try:
        return Since(day, amendment.compare(kept[-1].read(), of))
    except errors.InvalidInput as unreadable:
        return Since(day, unknown=unreadable.message)


def keep(store: interface.StateStore, of: model.AgencyMou, text: str, *, plan: str) -> None:
    """Remember the manifest that a run is about to be made from, ``plan`` being its digest."""
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    name = f"manifest-{sha256}"
    told = {"number": of.mou.number, "signedOn": of.mou.signed_on.isoformat()}
    if store.kept(of.id, name) is None:
        store.keep(of.id, name, {"text": text, **told})
    begun = [e for e in store.journal(of.id) if e.event == _KEPT]
    if not begun or begun[-1].details["sha256"] != sha256:
        store.record(of.id, _KEPT, sha256=sha256, digest=plan, **told)
    store.keep_manifest(of.id, text)


def applied(store: interface.StateStore, tenant_id: str) -> tuple[Agreed, ...]:
    """The manifests of runs that ended well, oldest first; one that came back is told again."""
    found = tuple(_applied(store, tenant_id))
    if found:
        return found
    text = store.manifest(tenant_id)
    if text is None:
        return ()
    told = strict_yaml.loads(text, f"last manifest of {tenant_id}").value["mou"]
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    return (Agreed(sha256, str(told["number"]), str(told["signedOn"]), text),)


def _applied(store: interface.StateStore, tenant_id: str) -> Iterator[Agreed]:
    begun: interface.Entry | None = None
    for entry in store.journal(tenant_id):
        if entry.event == _KEPT:
            begun = entry
        elif entry.event == _APPLIED and begun is not None:
            sha256 = str(begun.details["sha256"])
            document = store.kept(tenant_id, f"manifest-{sha256}")
            if document is not None:
                yield Agreed(
                    sha256,
                    str(document["number"]),
                    str(document["signedOn"]),
                    str(document["text"]),
                    begun.at,
                    str(begun.details.get("digest") or ""),
                )
            begun = None
