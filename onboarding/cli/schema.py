"""``onboard schema``: what an editor needs to help while a manifest is written."""

from __future__ import annotations

from pathlib import Path

import click

from onboarding import errors
from onboarding.cli import console, options, written


@click.command(
    epilog=options.examples(
        "onboard schema > agency-mou.schema.json",
        "onboard schema --output agency-mou.schema.json",
        "onboard schema plan > plan.schema.json",
    ),
)
@click.argument("kind", type=click.Choice(["manifest", "plan"]), default="manifest")
@click.option(
    "--output", "file", type=options.MANIFEST, help="Write to this file instead of stdout."
)
def schema(kind: str, file: Path | None) -> int:
    """Print the JSON Schema (2020-12) of the manifest, or of the plan file (KIND plan).

    Editors with a YAML language server complete keys, show what each field means in English and
    Thai, and mark mistakes while you type. Write the schema beside your manifests, and this line
    at the top of each:

    \b
      # yaml-language-server: $schema=agency-mou.schema.json

    The schema never refuses what is valid; onboard validate also knows sums, references and
    checksums.
    """
    import json

    from onboarding import plan_file
    from onboarding.manifest import json_schema

    made = plan_file.schema() if kind == "plan" else json_schema.schema()
    if file is None:
        console.result_json(made)
        return errors.ExitCode.DONE
    written.replace(file, json.dumps(made, ensure_ascii=False, indent=2) + "\n")
    if kind == "plan":
        console.result(f"{file}: written.")
        return errors.ExitCode.DONE
    console.result(f"{file}: written. The first line of a manifest beside it:")
    console.result(json_schema.modeline(file.name))
    return errors.ExitCode.DONE
