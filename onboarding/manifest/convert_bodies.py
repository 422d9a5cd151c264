"""A table of bodies into ``tenancy.subTenants`` of a pooled programme; ids once given stay."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from onboarding import errors, strict_yaml
from onboarding.manifest import convert, convert_edit, convert_table, drafts, model, reading

_LIST = ("tenancy", "subTenants")
_LONGEST_IN_CERTIFICATE = 64
_KEYS = ("nameTh", "certificateName", "users", "ecms")


@dataclass(frozen=True, slots=True)
class Result:
    """``removed`` are bodies with a name that the table no longer has; drafts do not count.

    ``totals`` are values of the manifest that the table contradicts: field, there, and what the
    table says.
    """

    conversion: convert.Conversion
    removed: tuple[str, ...]
    totals: tuple[tuple[str, int, int], ...]


def converted(
    text: str, name: str, rows: Sequence[convert_table.Row], table: str, *, set_totals: bool
) -> Result:
    """``text`` with the bodies of ``rows``, which were read from ``table``.

    A row is an existing body where the id or the Thai name is the same; a row without an id
    otherwise takes the place of a draft, or gets the next number. Raises errors.InvalidInput
    where the manifest is not pooled, where rows and manifest contradict each other, and where the
    result would be no valid manifest.
    """
    document = strict_yaml.loads(text, name)
    existing = _existing(document)
    ids = _ids(existing, rows, table, str(_value(document, "metadata", "id")))
    work = _Work(text, document, existing)
    for row, ident in zip(rows, ids, strict=True):
        work.put(ident, row.body)
    work.remove_others()
    totals = work.totals(rows, set_them=set_totals)
    result = work.finished()
    reading.loads(result, f"{name} as converted")
    return Result(
        convert.Conversion(result, tuple(work.changes), tuple(work.notes)),
        tuple(work.removed),
        totals,
    )


def _existing(document: strict_yaml.Document) -> list[dict[str, Any]]:
    """The bodies of the manifest as it has them."""
    isolation, bodies = _value(document, "tenancy", "isolation"), _value(document, *_LIST) or []
    wrong = ""
    path: strict_yaml.KeyPath = _LIST
    if isolation != "pooled":
        path, wrong = ("tenancy", "isolation"), f"is {isolation!r}: only pooled has bodies"
    elif not isinstance(bodies, list) or not all(
        isinstance(body, dict) and isinstance(body.get("id"), str) for body in bodies
    ):
        wrong = "is no list of bodies with an id each"
    if wrong:
        raise errors.InvalidInput(
            f"{document.name} can take no bodies",
            [strict_yaml.problem(document, model.AgencyMou, path, wrong)],
            resolution="Start one that can: onboard init --preset province-programme",
        )
    return bodies


def _value(document: strict_yaml.Document, *path: str) -> Any:
    value = document.value
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _ids(
    existing: Sequence[Mapping[str, Any]],
    rows: Sequence[convert_table.Row],
    table: str,
    agency: str,
) -> list[str]:
    """The id of each row. Raises errors.InvalidInput with every row that has two, or none."""
    problems: list[errors.Problem] = []
    by_name = {str(body.get("nameTh")): body["id"] for body in existing}
    long = {body["id"] for body in existing if body.get("certificateName")}
    ids: list[str] = []
    taken: set[str] = set()
    for row in rows:
        known = by_name.get(row.name, "")
        ident = row.id or known
        if known and known != ident:
            problems.append(
                _at(
                    row,
                    "id",
                    table,
                    f"the manifest knows {row.name!r} as {known}",
                    f"write {known}: an id stays",
                )
            )
        elif ident and ident in taken:
            remedy = "one body has one row; compare names and ids"
            problems.append(_at(row, "nameTh", table, f"{ident} has a row already", remedy))
        cut = len(row.name) > _LONGEST_IN_CERTIFICATE and "certificateName" not in row.body
        if cut and ident not in long:
            message = f"is longer than {_LONGEST_IN_CERTIFICATE} characters"
            remedy = "give an official short form in the column certificateName"
            problems.append(_at(row, "nameTh", table, message, remedy))
        ids.append(ident)
        taken.add(ident)
    if problems:
        raise errors.InvalidInput(
            f"{table} does not fit the manifest",
            problems,
            resolution="Correct the table and run the command again.",
        )
    free = _free(existing, ids, agency)
    return [ident or next(free) for ident in ids]


def _at(row: convert_table.Row, key: str, table: str, message: str, remedy: str) -> errors.Problem:
    return errors.Problem(table, row.number, row.columns.get(key, 1), key, message, remedy)


def _free(existing: Sequence[Mapping[str, Any]], ids: Sequence[str], agency: str) -> Iterator[str]:
    """Ids for rows without one: places of drafts in order, then the next numbers."""
    spoken_for = set(ids)
    for body in existing:
        if body["id"] not in spoken_for and drafts.is_draft(str(body.get("nameTh"))):
            yield body["id"]
    taken = {*spoken_for, *(body["id"] for body in existing)}
    numbered = [found for one in taken if (found := re.fullmatch(r"(.*-)([0-9]+)", one))]
    leads = [found[1] for found in numbered]
    lead = max(sorted(set(leads)), key=leads.count, default=f"{agency}-")
    width = max((len(found[2]) for found in numbered if found[1] == lead), default=3)
    last = max((int(found[2]) for found in numbered if found[1] == lead), default=0)
    while True:
        last += 1
        yield f"{lead}{last:0{width}d}"


class _Work:
    """Edits of one manifest, collected; entries are addressed by their place in the list."""

    def __init__(
        self, text: str, document: strict_yaml.Document, existing: Sequence[Mapping[str, Any]]
    ) -> None:
        self.changes: list[convert.Change] = []
        self.notes: list[str] = []
        self.removed: list[str] = []
        self._text = text
        self._root = convert_edit.outline(text)
        self._document = document
        self._existing = existing
        self._place = {body["id"]: index for index, body in enumerate(existing)}
        self._kept: set[int] = set()
        self._new: list[str] = []
        self._edits: list[convert_edit.Edit] = []

    def put(self, ident: str, body: Mapping[str, Any]) -> None:
        index = self._place.get(ident)
        if index is None:
            entry = convert_edit.group({"id": ident, **_ordered(body)})
            self._new.append(entry)
            self.changes.append(convert.Change(0, 0, "tenancy.subTenants", "", entry))
            return
        self._kept.add(index)
        for key, value in _ordered(body).items():
            old = self._existing[index].get(key)
            if isinstance(value, Mapping) and isinstance(old, dict) and old:
                for inner, wanted in value.items():
                    self._set((*_LIST, index, key, inner), old.get(inner), wanted)
            else:
                self._set((*_LIST, index, key), old, value)

    def remove_others(self) -> None:
        """What no row spoke of goes."""
        idle = 0
        for index, body in enumerate(self._existing):
            if index in self._kept:
                continue
            name = str(body.get("nameTh"))
            if drafts.is_draft(name):
                idle += 1
            else:
                self.removed.append(f"{body['id']} {name}")
            line, column = self._document.position((*_LIST, index))
            field = f"tenancy.subTenants[{index}]"
            self.changes.append(convert.Change(line, column, field, f"{body['id']} {name}", ""))
        if idle:
            self.notes.append(f"{idle} draft(s) go: no row took their place")

    def totals(
        self, rows: Sequence[convert_table.Row], *, set_them: bool
    ) -> tuple[tuple[str, int, int], ...]:
        """What the manifest says otherwise than the rows; set where that is asked for."""
        users, count = sum(row.body["users"] for row in rows), len(rows)
        found = []
        for section, key, wanted in (
            ("users", "initial", users),
            ("users", "target", max(users, _number(self._document, "users", "target"))),
            ("bodies", "onboarded", count),
            ("bodies", "total", max(count, _number(self._document, "bodies", "total"))),
        ):
            said = _value(self._document, section, key)
            if said is None:
                self.notes.append(f"{section}.{key} is missing; the table says {wanted:,}")
            elif said != wanted:
                found.append((f"{section}.{key}", said, wanted))
                if set_them:
                    self._set((section, key), said, wanted)
        return tuple(found)

    def finished(self) -> str:
        entries = convert_edit.below(self._root, *_LIST)
        tenancy = convert_edit.below(self._root, "tenancy")
        if isinstance(entries, yaml.SequenceNode) and entries.value:
            self._edits += convert_edit.relisted(self._text, entries, self._kept, self._new)
        elif entries is not None:
            start, end = entries.start_mark.index, entries.end_mark.index
            space = " " if start == end else ""
            self._edits.append(convert_edit.Edit(start, end, f"{space}[{', '.join(self._new)}]"))
        elif isinstance(tenancy, yaml.MappingNode):
            listed = convert_edit.listed(self._text, tenancy, self._new)
            self._edits.append(convert_edit.added(self._text, tenancy, "subTenants", listed))
        return convert_edit.edited(self._text, self._edits)

    def _set(self, path: strict_yaml.KeyPath, old: Any, value: Any) -> None:
        if old == value:
            return
        field = strict_yaml.problem(self._document, model.AgencyMou, path, "").field
        node = convert_edit.below(self._root, *path)
        new = convert_edit.group(value) if isinstance(value, Mapping) else str(value)
        if isinstance(node, yaml.ScalarNode):
            place = node.start_mark.line + 1, node.start_mark.column + 1
            self._edits.append(
                convert_edit.Edit(node.start_mark.index, node.end_mark.index, new)
                if isinstance(value, Mapping)
                else convert_edit.replaced(node, value)
            )
        else:
            place = self._document.position(path)
            parent = convert_edit.below(self._root, *path[:-1])
            if isinstance(parent, yaml.MappingNode):
                key, shown = str(path[-1]), new if isinstance(value, Mapping) else ""
                shown = shown or convert_edit.written(value)
                self._edits.append(convert_edit.added(self._text, parent, key, shown))
        before = "" if old is None else str(old)
        self.changes.append(convert.Change(*place, field, before, new))


def _number(document: strict_yaml.Document, section: str, key: str) -> int:
    said = _value(document, section, key)
    return said if isinstance(said, int) else 0


def _ordered(body: Mapping[str, Any]) -> dict[str, Any]:
    return {key: body[key] for key in _KEYS if key in body}
