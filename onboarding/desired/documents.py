"""Documents from templates: what a person or a product reads, made from plain values.

Values go in as context and are never themselves evaluated as templates. A name that a template
uses and the context lacks is an error, not an empty text.
"""

from __future__ import annotations

import functools
import hashlib
import shlex
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import jinja2


def render(template: str, **context: Any) -> str:
    """The text of ``templates/<template>`` filled with ``context``; always the same bytes."""
    return _environment().get_template(template).render(context)


def yaml_text(value: Any) -> str:
    """YAML of plain values: Thai stays readable, keys keep their order, no anchors, no folding.

    Text that begins with a digit is quoted, so that no reader takes a code such as ``08:30`` or
    ``012`` for a number or a date.
    """
    import yaml

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
            super().increase_indent(flow, False)

        def text(self, value: str) -> yaml.ScalarNode:
            style = "'" if value[:1].isdigit() else None
            return self.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Dumper.add_representer(str, Dumper.text)
    return yaml.dump(
        value, Dumper=Dumper, allow_unicode=True, sort_keys=False, width=10**6, line_break="\n"
    )


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def one_line(text: str) -> str:
    """Text for one cell or line of a document: no line breaks, no table separator."""
    return " ".join(text.split()).replace("|", "\\|")


def _yaml_block(value: Any) -> str:
    return yaml_text(value).rstrip("\n")


@functools.cache
def _environment() -> jinja2.Environment:
    import jinja2

    root = resources.files("onboarding").joinpath("templates")

    def load(name: str) -> str:
        return root.joinpath(name).read_text(encoding="utf-8")

    made = jinja2.Environment(
        loader=jinja2.FunctionLoader(load),
        undefined=jinja2.StrictUndefined,
        # The documents are Markdown and YAML, never HTML: entities would only damage names.
        autoescape=False,  # noqa: S701
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(yaml=_yaml_block, shell=shlex.quote, line=one_line)
    return made
