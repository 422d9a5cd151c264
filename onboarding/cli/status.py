"""``onboard status``: where each agency stands, from the records of its runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from onboarding import errors
from onboarding.cli import console, options
from onboarding.state import files, interface


@dataclass(frozen=True, slots=True)
class _Standing:
    tenant: str
    state: str
    items: int
    since: str
    digest: str


def _standing(store: files.FileStore, tenant_id: str) -> _Standing:
    """The state told by the last events of the journal."""
    journal = store.journal(tenant_id)
    runs = [e for e in journal if e.event.startswith("apply-")]
    verdicts = [e for e in journal if e.event == "verified"]
    last = runs[-1] if runs else None
    return _Standing(
        tenant_id,
        _state(last, verdicts[-1] if verdicts else None),
        len(store.applied(tenant_id)),
        last.at if last else "",
        last.details.get("digest", "") if last else "",
    )


def _state(last: interface.Entry | None, verdict: interface.Entry | None) -> str:
    match last.event if last else "":
        case "":
            return "never applied"
        case "apply-begun":
            return "running or stopped: run apply again to go on"
        case "apply-failed" | "apply-interrupted" as event:
            return event.removeprefix("apply-") + ": run apply again to go on"
        case _:
            pass
    if verdict is None or (last is not None and verdict.at < last.at):
        return "applied, not verified"
    return "ready" if verdict.details.get("ready") else "applied, not ready"


@click.command(
    epilog=options.examples("onboard status", "onboard status examples/moph.yaml --output json")
)
@click.argument("file", type=options.MANIFEST, required=False)
@options.environment_option
@options.output_option
@options.volume_options
def status(file: Path | None, wanted: str | None, output: str) -> int:
    """Show where each agency stands in the environment, or only the one of FILE.

    Reads the records of past runs, not the live systems: for those use verify.
    """
    from onboarding import manifest

    target = options.target(wanted)
    store = files.FileStore(target.store())
    asked = (manifest.load(file).metadata.id,) if file else store.tenants()
    standings = [_standing(store, t) for t in asked]
    if output == "json":
        console.result_json({"environment": target.name, "tenants": [_json(s) for s in standings]})
        return errors.ExitCode.DONE
    if not standings:
        console.result(f"environment {target.name}: no agency was applied yet")
        return errors.ExitCode.DONE
    width = max(len(s.tenant) for s in standings)
    lines = [f"environment {target.name}"]
    for s in standings:
        lines.append(f"  {s.tenant:<{width}}  {s.state:<24} {s.items:>4} items  {s.since[:19]}")
    console.result("\n".join(lines))
    return errors.ExitCode.DONE


def _json(of: _Standing) -> dict[str, Any]:
    return {
        "tenant": of.tenant,
        "state": of.state,
        "items": of.items,
        "since": of.since,
        "digest": f"sha256:{of.digest}" if of.digest else None,
    }
