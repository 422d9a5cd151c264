"""``onboard pause`` and ``onboard resume``: keep an agency out of runs for a while."""

from __future__ import annotations

from datetime import date

import click

from onboarding import actor, clock, errors
from onboarding import pause as pauses
from onboarding.cli import agency, console, options
from onboarding.state import opening


def _day(_ctx: click.Context, _param: click.Parameter, value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is no date; write YYYY-MM-DD.") from None


@click.command(
    epilog=options.examples(
        'onboard pause examples/moph.yaml --reason "server move" --until 2026-12-01',
        'onboard pause moph --reason "under audit" --until 2026-12-15 --output json',
    ),
)
@click.argument("which", metavar="FILE|AGENCY")
@click.option("--reason", required=True, help="Why, as others will read it.")
@click.option("--until", required=True, callback=_day, metavar="DATE", help="Its last day.")
@options.environment_option
@options.output_option
@options.as_of_option
def pause(
    which: str, reason: str, until: date, wanted: str | None, output: str, as_of: clock.Clock
) -> int:
    """Leave an agency out of plan, apply and offboard until the end of DATE, or until resume.

    Nothing of it is changed: it works on, and verify and drift still read it. A pause lasts 90
    days at most and ends by itself.
    """
    store = opening.of(options.target(wanted))
    tenant_id = agency.one(store, which)
    with store.lease(tenant_id):
        made = pauses.begin(store, tenant_id, reason, until, as_of.today(), actor.name())
    if output == "json":
        console.result_json(_json(tenant_id, made))
    else:
        console.result(f"{tenant_id} is {made}")
    return errors.ExitCode.DONE


@click.command(epilog=options.examples("onboard resume examples/moph.yaml", "onboard resume moph"))
@click.argument("which", metavar="FILE|AGENCY")
@options.environment_option
@options.output_option
def resume(which: str, wanted: str | None, output: str) -> int:
    """End the pause of an agency now."""
    store = opening.of(options.target(wanted))
    tenant_id = agency.one(store, which)
    with store.lease(tenant_id):
        ended = pauses.end(store, tenant_id, actor.name())
    if output == "json":
        console.result_json(_json(tenant_id, None))
    else:
        console.result(
            f"{tenant_id} takes part in runs again" if ended else f"{tenant_id} was not paused"
        )
    return errors.ExitCode.DONE


def _json(tenant_id: str, of: pauses.Pause | None) -> dict[str, object]:
    return {"tenant": tenant_id, "paused": pauses.json(of) if of else None}
