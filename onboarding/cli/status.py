"""``onboard status``: where each agency stands, from the records of its runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from onboarding import clock, errors, pause
from onboarding.cli import console, options
from onboarding.leaving import records
from onboarding.state import interface, opening

_SHOWN = 4
"""How many open changes the text names; JSON names all."""


@dataclass(frozen=True, slots=True)
class _Reached:
    """How far a run came: changes done of all, and those begun whose end is not known."""

    engine: str
    done: int
    changes: int
    open: tuple[str, ...]

    def __str__(self) -> str:
        more = len(self.open) - _SHOWN
        shown = ", ".join(self.open[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
        begun = f", begun and not ended: {shown}" if self.open else ""
        where = f"in {self.engine}, " if self.engine else ""
        return f"{where}{self.done} of {self.changes} changes done{begun}"


@dataclass(frozen=True, slots=True)
class _Standing:
    tenant: str
    state: str
    items: int
    since: str
    digest: str
    pending: tuple[str, ...] = ()
    """Links that wait for their peers, as the last verification saw them."""
    holder: interface.Lease | None = None
    """Who holds the agency now."""
    reached: _Reached | None = None
    """How far a run came that has not ended."""
    paused: pause.Pause | None = None
    damage: errors.EngineFailed | None = None

    @property
    def shown(self) -> str:
        parts = [self.state]
        parts += [f"pending: {', '.join(self.pending)}"] if self.pending else []
        parts += [str(self.paused)] if self.paused else []
        return ", ".join(parts)


def _standing(store: interface.StateStore, tenant_id: str) -> _Standing:
    """The state told by the last events of the journal; damaged records are a state too."""
    try:
        journal = records.this_time(store.journal(tenant_id))
        applied = store.applied(tenant_id)
        holder = store.holder(tenant_id)
        leaving = records.state(records.standing(store, tenant_id))
        paused = pause.in_force(store, tenant_id, clock.Clock().today())
    except errors.EngineFailed as damaged:
        return _Standing(tenant_id, "records damaged", 0, "", "", damage=damaged)
    runs = [e for e in journal if e.event.startswith("apply-")]
    verdicts = [e for e in journal if e.event == "verified"]
    last = runs[-1] if runs else None
    verdict = verdicts[-1] if verdicts else None
    return _Standing(
        tenant_id,
        leaving or _state(last, verdict, runs_now=holder is not None),
        len(applied),
        last.at if last else "",
        last.details.get("digest", "") if last else "",
        tuple(verdict.details.get("pending") or ()) if verdict else (),
        holder,
        _reached(journal) if last and last.event != "apply-ended" else None,
        paused,
    )


def _reached(journal: Sequence[interface.Entry]) -> _Reached:
    """How far the last run came, by what it began and ended."""
    start = max(n for n, e in enumerate(journal) if e.event == "apply-begun")
    run = journal[start:]
    begun = [str(e.details["ref"]) for e in run if e.event == "change-begun"]
    ended = [e for e in run if e.event == "change-ended"]
    refs = {e.details["ref"] for e in ended}
    engines = [str(e.details["engine"]) for e in run if e.event == "engine-begun"]
    return _Reached(
        engines[-1] if engines else "",
        sum(e.details["status"] in ("applied", "unchanged") for e in ended),
        int(run[0].details.get("changes", 0)),
        tuple(ref for ref in dict.fromkeys(begun) if ref not in refs),
    )


def _state(last: interface.Entry | None, verdict: interface.Entry | None, *, runs_now: bool) -> str:
    match last.event if last else "":
        case "":
            return "never applied"
        case "apply-begun":
            return "running" if runs_now else "killed: run apply again to go on"
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
    store = opening.of(target)
    asked = (manifest.load(file).metadata.id,) if file else store.tenants()
    standings = [_standing(store, t) for t in asked]
    if output == "json":
        console.result_json({"environment": target.name, "tenants": [_json(s) for s in standings]})
    else:
        console.result(_text(target.name, standings))
    damage = next((s.damage for s in standings if s.damage is not None), None)
    if damage is not None:
        raise damage
    return errors.ExitCode.DONE


def _text(environment: str, standings: Sequence[_Standing]) -> str:
    if not standings:
        return f"environment {environment}: no agency was applied yet"
    width = max(len(s.tenant) for s in standings)
    states = max(len(s.shown) for s in standings)
    return "\n".join(
        [
            f"environment {environment}",
            *(
                line
                for s in standings
                for line in (
                    f"  {s.tenant:<{width}}  {s.shown:<{states}}  {s.items:>4} items{_since(s)}",
                    *(f"  {'':<{width}}  {told}" for told in _more(s)),
                )
            ),
        ]
    )


def _more(of: _Standing) -> Iterator[str]:
    """Who holds the agency, and how far a run came that has not ended."""
    if of.holder is not None:
        ends = of.holder.ends.isoformat(timespec="seconds")
        yield f"held by {of.holder.owner}, until {ends} unless renewed (fence {of.holder.fence})"
    if of.reached is not None:
        yield str(of.reached)


def _since(of: _Standing) -> str:
    return f"  {of.since[:19]}Z" if of.since else ""


def _json(of: _Standing) -> dict[str, Any]:
    return {
        "tenant": of.tenant,
        "state": of.state,
        "pending": list(of.pending),
        "paused": pause.json(of.paused) if of.paused else None,
        "items": of.items,
        "since": of.since,
        "digest": f"sha256:{of.digest}" if of.digest else None,
        "holder": {
            "owner": of.holder.owner,
            "ends": of.holder.ends.isoformat(timespec="seconds"),
            "fence": of.holder.fence,
        }
        if of.holder
        else None,
        "reached": {
            "engine": of.reached.engine,
            "done": of.reached.done,
            "changes": of.reached.changes,
            "open": list(of.reached.open),
        }
        if of.reached
        else None,
    }
