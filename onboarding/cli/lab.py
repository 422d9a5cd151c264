"""``onboard lab``: real engines on this computer."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from onboarding import errors
from onboarding.cli import console, lab_image, lab_person, options

if TYPE_CHECKING:
    from onboarding.lab import home as homes


class _ComponentName(click.ParamType[str]):
    """The name of a component; known only when asked for, so that ``--help`` stays quick."""

    name = "component"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        from onboarding.lab import roster

        known = (*roster.EVERY, "keycloak-build")
        if value not in known:
            self.fail(f"{value!r} is none of: {', '.join(known)}", param, ctx)
        return str(value)

    def shell_complete(self, ctx: Any, param: Any, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem

        from onboarding.lab import roster

        return [CompletionItem(name) for name in roster.EVERY if name.startswith(incomplete)]


@click.group(short_help="A whole platform on this computer.")
def lab() -> None:
    """A whole platform on this computer: Kubernetes, OpenBao, Keycloak and Pulumi, all real.

    \b
    Examples:
      onboard lab up          bring it up (the first time builds the engines)
      onboard lab status      what runs
      onboard lab doctor      what is wrong, and how to mend it
      onboard lab down        stop it, keep its data
    """


@lab.command("id-token", short_help="Identity token of a job, as from a CI platform.")
@options.lab_name
@click.option("--claim", "claims", multiple=True, metavar="NAME=VALUE", help="Add or replace one.")
def id_token(name: str, claims: tuple[str, ...]) -> int:
    """Print what a CI platform would hand to a job of the main branch; it lasts five minutes.

    \b
    Examples:
      onboard lab id-token > id-token
      onboard lab id-token --claim ref=refs/heads/branch > id-token
    """
    from onboarding.lab import home, pipelines

    said = {"repository": pipelines.REPOSITORY, "ref": pipelines.MAIN}
    for claim in claims:
        key, equals, value = claim.partition("=")
        if not equals or not key:
            raise errors.UsageError(f"--claim {claim!r}: write it as NAME=VALUE")
        said[key] = value
    console.result(pipelines.token(home.locate(name), said))
    return errors.ExitCode.DONE


@lab.command(short_help="Bring the lab up.")
@options.lab_name
@click.option(
    "--nodes",
    type=click.Choice(["simulated", "real"]),
    help="real: a node that runs pods, beside the simulated ones; root on Linux. A lab keeps it.",
)
@options.output_option
@options.volume_options
def up(name: str, nodes: str | None, output: str) -> int:
    """Bring the lab up and set it up; what already runs is left alone.

    Missing engines are downloaded or built first, once. Ctrl-C is safe: run it again to go on.

    \b
    Examples:
      onboard lab up
      onboard lab up --name trial
      onboard lab up --nodes real
      onboard lab up --output json
    """
    from onboarding.lab import home, roster, runtime, supply
    from onboarding.lab.real import machine

    report = console.progress()
    began = time.monotonic()
    place = home.locate(name)
    real = _real(place, nodes)
    if real:
        machine.refuse_without_rights()
        machine.complete(report)
    engines = supply.ensure(roster.engines(real=real), report)
    done = runtime.up(place, engines, report, real=real)
    started = [one.name for one in done.ready if one.started]
    seconds = time.monotonic() - began
    if output == "json":
        console.result_json(
            {
                "lab": name,
                "environmentFile": str(done.environment_file),
                "seconds": round(seconds, 1),
                "started": started,
                "simulated": [] if real else list(machine.SIMULATED),
            }
        )
        return errors.ExitCode.DONE
    what = f"started {', '.join(started)}" if started else "everything was already running"
    console.result(
        f"lab {name} is up after {seconds:.1f} s: {what}\nenvironment file: {done.environment_file}"
    )
    if not real:
        console.result(f"nodes are simulated: {'; '.join(machine.SIMULATED)}")
    return errors.ExitCode.DONE


def _real(place: homes.Home, nodes: str | None) -> bool:
    from onboarding.lab import runtime

    had = runtime.has_real_node(place)
    if had and nodes == "simulated":
        raise errors.UsageError(
            f"the lab {place.name!r} has a real node, on which agencies' pods may run",
            resolution=f"Run: onboard lab reset --name {place.name}   (it deletes its data)",
        )
    return had or nodes == "real"


@lab.command(short_help="Stop the lab, keep its data.")
@options.lab_name
@options.output_option
@options.volume_options
def down(name: str, output: str) -> int:
    """Stop the lab's own processes, and no others; its data stays.

    \b
    Examples:
      onboard lab down
      onboard lab down --name trial
    """
    from onboarding.lab import home, runtime

    stopped = runtime.down(home.locate(name), console.progress())
    if output == "json":
        console.result_json({"lab": name, "stopped": list(stopped)})
        return errors.ExitCode.DONE
    console.result(
        f"lab {name} is down: stopped {', '.join(stopped)}" if stopped else f"lab {name} was down"
    )
    return errors.ExitCode.DONE


@lab.command(short_help="What runs, and how it is doing.")
@options.lab_name
@options.output_option
def status(name: str, output: str) -> int:
    """Show each component: condition, process, ports, memory, time since its start.

    Ends with code 4 where something that should run does not, or is not ready.

    \b
    Examples:
      onboard lab status
      onboard lab status --output json
    """
    from onboarding.cli import lab_text
    from onboarding.lab import home, runtime, standing
    from onboarding.lab.real import sites

    place = home.locate(name)
    found, served = standing.of(place), sites.of(runtime.current(place))
    total = sum(one.resident for one in found)
    if output == "json":
        console.result_json(
            {
                "lab": name,
                "residentBytes": total,
                "components": [lab_text.standing_json(one) for one in found],
                "sites": lab_text.sites_json(served),
            }
        )
    else:
        lines = [*lab_text.standing_table(name, found, total), *lab_text.sites_lines(served)]
        console.result("\n".join(lines))
    bad = (standing.Condition.DIED, standing.Condition.NOT_READY)
    ill = any(one.condition in bad for one in found)
    return errors.ExitCode.FINDINGS if ill else errors.ExitCode.DONE


@lab.command(short_help="What is wrong, and how to mend it.")
@options.lab_name
@options.output_option
def doctor(name: str, output: str) -> int:
    """Look for what is wrong with the lab and say how to mend it; changes nothing.

    Ends with code 4 where something is wrong.

    \b
    Examples:
      onboard lab doctor
      onboard lab doctor --name trial --output json
    """
    from onboarding.cli import lab_text
    from onboarding.lab import doctor as examination
    from onboarding.lab import home

    complaints = examination.examine(home.locate(name))
    if output == "json":
        console.result_json(
            {"lab": name, "complaints": [lab_text.complaint_json(c) for c in complaints]}
        )
    elif not complaints:
        console.result(f"lab {name}: nothing is wrong")
    else:
        for one in complaints:
            console.result(lab_text.complaint_text(one))
    return errors.ExitCode.FINDINGS if complaints else errors.ExitCode.DONE


@lab.command(short_help="What the components wrote.")
@click.argument("component", type=_ComponentName(), required=False)
@options.lab_name
@click.option("-f", "--follow", is_flag=True, help="Go on until Ctrl-C.")
@click.option("-n", "--lines", default=20, show_default=True, help="How many last lines.")
def logs(component: str | None, name: str, follow: bool, lines: int) -> int:
    """Print the last lines of one COMPONENT's log, or of all.

    \b
    Examples:
      onboard lab logs keycloak
      onboard lab logs -f
      onboard lab logs apiserver -n 200
    """
    from onboarding.lab import home, logbook

    place = home.locate(name)
    several = component is None
    for source, line in logbook.read(place, component, last=lines, follow=follow):
        console.result(f"{source:<18} | {line}" if several else line)
    return errors.ExitCode.DONE


@lab.command(short_help="Variables for other tools.")
@options.lab_name
@options.output_option
def env(name: str, output: str) -> int:
    """Print the variables with which kubectl, bao and onboard find the lab; holds no secret.

    \b
    Examples:
      eval "$(onboard lab env)"
      onboard lab env --output json
    """
    from onboarding.lab import exports, home

    variables: Mapping[str, str] = exports.variables(home.locate(name))
    if output == "json":
        console.result(json.dumps(dict(variables), indent=2))
    else:
        console.result(
            "\n".join(f"export {key}={shlex.quote(value)}" for key, value in variables.items())
        )
    return errors.ExitCode.DONE


@lab.command(short_help="Get the engines.")
@click.option("--list", "only_list", is_flag=True, help="Only show what is there.")
@click.option(
    "--nodes",
    type=click.Choice(["simulated", "real"]),
    default="simulated",
    show_default=True,
    help="real: what a real node needs, too.",
)
@options.output_option
def build(only_list: bool, nodes: str, output: str) -> int:
    """Get every engine the lab needs: installed, downloaded or built, and kept for all labs.

    \b
    Examples:
      onboard lab build
      onboard lab build --nodes real
      onboard lab build --list
    """
    from onboarding.cli import lab_text
    from onboarding.lab import roster, supply

    wanted = roster.engines(real=nodes == "real")
    if not only_list:
        supply.ensure(wanted, console.progress())
    found = supply.status(wanted)
    if output == "json":
        console.result_json({"engines": [lab_text.engine_json(one) for one in found]})
        return errors.ExitCode.DONE
    console.result(f"{'engine':<28} {'version':<10} {'state':<8} {'source':<17} path")
    for one in found:
        console.result(
            f"{one.name:<28} {one.version:<10} {one.state:<8} {one.source:<17} {one.path or ''}"
        )
    return errors.ExitCode.DONE


@lab.command(short_help="Stop the lab and delete its data.")
@options.lab_name
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.output_option
@options.volume_options
def reset(name: str, yes: bool, output: str) -> int:
    """Stop the lab and delete everything in it; the engines that were built are kept.

    \b
    Examples:
      onboard lab reset --name trial
      onboard lab reset --yes
    """
    from onboarding.lab import home, runtime

    place = home.locate(name)
    there = place.root.exists()
    if (
        there
        and not yes
        and not console.confirm(f"Delete the lab {name} and all it holds ({place.root})?")
    ):
        raise errors.Refused("nothing was deleted", resolution="Answer yes, or add --yes.")
    if there:
        runtime.reset(place, console.progress())
    if output == "json":
        console.result_json({"lab": name, "deleted": there})
    else:
        console.result(f"lab {name} is deleted" if there else f"there is no lab {name}")
    return errors.ExitCode.DONE


lab.add_command(lab_image.image)
lab.add_command(lab_person.person)
