"""``onboard lab image``: container images of a real e-Office, made on this computer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from onboarding import errors
from onboarding.cli import console, options

if TYPE_CHECKING:
    from onboarding.lab import images


@click.group(short_help="Container images of a real e-Office.")
def image() -> None:
    """Container images of a real e-Office, made from packages: no registry, no daemon.

    \b
    Examples:
      onboard lab image build            make what is missing
      onboard lab image list             what is there, by digest
      onboard lab image load             onto the real node of the lab
    """


@image.command(short_help="Make images from packages.")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--again", is_flag=True, help="Anew, with the packages that Debian has by now.")
@options.output_option
@options.volume_options
def build(names: tuple[str, ...], again: bool, output: str) -> int:
    """Make the named images, or all, where they are not here yet; they are kept for all labs.

    Debian's packages, wheels of PyPI and packages of npm come by their ordinary clients; root on
    Linux, with mmdebstrap and umoci. Equal packages give an image of equal digest.

    \b
    Examples:
      onboard lab image build
      onboard lab image build postgresql
      onboard lab image build mayan-edms --again
    """
    from onboarding.lab import images

    _show(images.ensure(names, console.progress(), again=again), output)
    return errors.ExitCode.DONE


@image.command("list", short_help="What is there, by digest.")
@options.output_option
def list_command(output: str) -> int:
    """List the images with their digests and archives.

    \b
    Examples:
      onboard lab image list
      onboard lab image list --output json
    """
    from onboarding.lab import images

    _show(images.status(), output)
    return errors.ExitCode.DONE


@image.command(short_help="Onto the real node of a lab.")
@click.argument("names", metavar="[IMAGE]...", nargs=-1)
@options.lab_name
@options.output_option
@options.volume_options
def load(names: tuple[str, ...], name: str, output: str) -> int:
    """Put the named images, or all that are made, onto the real node of a lab, which is up.

    Pods use them by the reference that is shown, with imagePullPolicy IfNotPresent. What the node
    has already stays.

    \b
    Examples:
      onboard lab image load
      onboard lab image load postgresql --name trial
    """
    from onboarding.lab import home, images, runtime

    lab = runtime.current(home.locate(name))
    _show(images.load(lab, names, console.progress()), output)
    return errors.ExitCode.DONE


def _show(found: tuple[images.Made, ...], output: str) -> None:
    if output == "json":
        console.result_json({"images": [_json(one) for one in found]})
        return
    console.result(f"{'image':<13} {'version':<8} {'state':<8} {'MiB':>5}  reference")
    for one in found:
        state = "ready" if one.archive else "missing"
        size = f"{one.size / 2**20:.0f}" if one.archive else "-"
        line = f"{one.name:<13} {one.version:<8} {state:<8} {size:>5}  {one.reference}"
        console.result(line.rstrip())
        if one.archive:
            console.result(f"{'':<13} archive: {one.archive}")


def _json(one: images.Made) -> dict[str, Any]:
    return {
        "name": one.name,
        "version": one.version,
        "state": "ready" if one.archive else "missing",
        "reference": one.reference or None,
        "archive": str(one.archive) if one.archive else None,
        "bytes": one.size,
        "seconds": one.seconds,
    }
