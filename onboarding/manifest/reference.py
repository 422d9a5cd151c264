"""The reference page of the manifest: ``python -m onboarding.manifest.reference``."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from onboarding.manifest import explain, json_schema, meaning, outline, versions

_MOST = 6
_INTRODUCTION = """\
<!-- Made from the model by `make reference`; never edit by hand. -->

# Fields of the manifest · ช่องข้อมูลของแบบแจ้งข้อมูล

The manifest of an agency's MOU, `kind: AgencyMou`. The same is shown by `onboard explain FIELD`,
and in an editor by the schema of `onboard schema`.

Fields marked * are required. *Controls* are those that read the field, *drives* the kinds of
objects that change with it; both are measured by changing every field and watching every control,
so a field with neither is a statement for people and reports.

ช่องที่มีเครื่องหมาย * ต้องระบุ *Controls* คือมาตรการที่อ่านช่องนั้น *Drives* คือวัตถุในระบบที่เปลี่ยนตามช่องนั้น

## Versions · รุ่น

- `{current}` is current; `onboard init` writes it.
- `{older}` stays readable. There one block `eoffice` at the top of the file, with `ai` in it,
  may stand for `systems[].eoffice` and `systems[].features.ai` of the e-Office; both places at once
  are refused. A file that has these settings in the system means the same in both versions, as do
  the files in `examples/`.

`onboard convert FILE --to {short}` rewrites an older file. Mistakes in an older file are shown at
their place in that file.

## Editors · โปรแกรมแก้ไข

`onboard schema --output {schema}` writes the JSON Schema. With this line at the top
of a manifest beside it, editors with a YAML language server (VS Code with the YAML extension,
Neovim, Emacs, IntelliJ) complete keys, explain fields in English and Thai, and mark mistakes:

```yaml
{modeline}
```
"""


def page() -> str:
    """The whole page as Markdown: a section for each block at the top, a table for each block."""
    older = ", ".join(version for version in versions.KNOWN if version != versions.CURRENT)
    introduction = _INTRODUCTION.format(
        current=versions.CURRENT,
        older=older,
        short=versions.CURRENT.rpartition("/")[2],
        schema=json_schema.FILE_NAME,
        modeline=json_schema.modeline(json_schema.FILE_NAME),
    )
    top = outline.tree()
    lines = [introduction, "## The file · ทั้งแฟ้ม", "", *_table(top, ())]
    for node in top:
        if node.children:
            lines += ["", f"## {node.path} · {node.title_th}", "", *_block(node)]
    return "\n".join(lines) + "\n"


def _block(node: outline.Node) -> Iterator[str]:
    yield " · ".join(text for text in (node.text_en, node.text_th) if text)
    yield ""
    for law in node.meaning.law:
        yield f"- {law.text('en')} · {law.text('th')}"
    yield ""
    yield from _table(node.children, node.meaning.law)
    for child in node.children:
        if child.children:
            yield from ["", f"### {child.path} · {child.title_th}", ""]
            yield from _block(child)


def _table(nodes: tuple[outline.Node, ...], law: tuple[meaning.Law, ...]) -> Iterator[str]:
    """The fields of a block; a law is named where it is another than that of the block."""
    yield "| Field | Name · ชื่อ | Type and values | What it is · คำอธิบาย | Controls | Drives |"
    yield "|---|---|---|---|---|---|"
    for node in nodes:
        what = [text for text in (node.text_en, node.text_th) if text]
        drives = [f"{engine}: {_few(kinds)}" for engine, kinds in node.drives.items()]
        if not node.children and node.meaning.law != law:
            what += [f"*{one.text('en')} · {one.text('th')}*" for one in node.meaning.law]
        cells = (
            f"`{node.key}`{'*' if node.required else ''}",
            f"{node.title_en}<br>{node.title_th}",
            _values(node),
            "<br>".join(what),
            "(below)" if node.children else _few(node.controls),
            "(below)" if node.children else "<br>".join(drives),
        )
        yield f"| {' | '.join(cells)} |"


def _values(node: outline.Node) -> str:
    parts = [explain.type_of(node, "en")]
    values = explain.values_of(node, "en")
    if values:
        code = "enum" in node.shape or "const" in node.shape
        parts.append(", ".join(f"`{v}`" for v in values.split(", ")) if code else _coded(values))
    default = explain.default_of(node)
    if default:
        parts.append(f"default `{default}`")
    return "<br>".join(parts)


def _coded(limits: str) -> str:
    """A pattern as code whose signs are read neither as Markdown nor as a table."""
    words, form, pattern = limits.partition("of the form ")
    for sign in "&<>(|*_`":
        pattern = pattern.replace(sign, f"&#{ord(sign)};")
    return f"{words}{form}<code>{pattern}</code>" if form else limits


def _few(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(names[:_MOST]) + more


if __name__ == "__main__":
    sys.stdout.write(page())
