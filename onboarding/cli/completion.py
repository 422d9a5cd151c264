"""``onboard completion``: the script that teaches a shell our commands."""

from __future__ import annotations

import click
from click import shell_completion

from onboarding.cli import console, options


@click.command(
    epilog=options.examples(
        'eval "$(onboard completion bash)"',
        "onboard completion bash > ~/.local/share/bash-completion/completions/onboard",
        "onboard completion zsh > ~/.zfunc/_onboard",
        "onboard completion fish > ~/.config/fish/completions/onboard.fish",
    )
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script for SHELL."""
    made = shell_completion.get_completion_class(shell)
    assert made is not None  # noqa: S101 - the three shells are click's own
    root = ctx.find_root().command
    console.result(made(root, {}, "onboard", "_ONBOARD_COMPLETE").source())
