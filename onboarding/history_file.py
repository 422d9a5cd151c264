"""An exported history: JSON lines that anybody can check without the store they came from.

A header, then a line a record with its hash, then the heads. A record's hash is SHA-256 of the
record in canonical JSON, which holds the hash of the one before it (``state.chain``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from onboarding import errors, item
from onboarding.state import chain

KIND = "onboard-history"
VERSION = 1


def lines(environment: str, journals: Mapping[str, Iterable[bytes]]) -> Iterator[str]:
    """The file, line by line; ``journals`` are raw lines of whole chains by agency."""
    yield _line({"kind": KIND, "version": VERSION, "environment": environment})
    heads = {}
    for tenant_id, raw in journals.items():
        listed = list(raw)
        for one in listed:
            given, _, body = one.decode().partition(" ")
            yield _line({"tenant": tenant_id, "hash": given, "record": json.loads(body)})
        head = chain.read(listed, tenant_id).head
        heads[tenant_id] = {"seq": head.seq, "hash": head.hash}
    yield _line({"heads": heads})


def is_one(text: str) -> bool:
    """Whether a file says of itself that it is an exported history."""
    return f'"kind": "{KIND}"' in text.partition("\n")[0]


def read(text: str, name: str) -> dict[str, chain.Chain]:
    """Every chain of an exported history, checked; damage is told in it.

    Raises errors.InvalidInput for what is no whole export.
    """
    journals: dict[str, list[bytes]] = {}
    heads: Mapping[str, Any] | None = None
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        try:
            value = json.loads(line)
            if number == 1:
                _known(value, name)
            elif "heads" in value:
                heads = value["heads"]
            else:
                body = item.canonical(value["record"])
                raw = f"{value['hash']} {body}".encode()
                journals.setdefault(value["tenant"], []).append(raw)
        except (ValueError, KeyError, TypeError) as damaged:
            raise errors.InvalidInput(
                f"{name}:{number}: no line of an exported history"
            ) from damaged
    if heads is None:
        raise errors.InvalidInput(f"{name}: its last line is missing: the export is not whole")
    found = {t: chain.read(journals.get(t, []), t) for t in sorted({*heads, *journals})}
    return {t: _ended(of, heads.get(t)) for t, of in found.items()}


def _known(value: Mapping[str, Any], name: str) -> None:
    if value.get("kind") != KIND:
        raise errors.InvalidInput(f"{name} is no exported history")
    if value["version"] > VERSION:
        raise chain.newer(name)


def _ended(of: chain.Chain, head: Mapping[str, Any] | None) -> chain.Chain:
    """A chain that does not end where the file says has lost records."""
    if of.damage or (head and (of.head.seq, of.head.hash) == (head["seq"], head["hash"])):
        return of
    told = f"the head is record {head['seq']}" if head else "no head is told"
    return chain.Chain(of.entries, of.head, f"{told}, the last record here is {of.head.seq}")


def _line(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"
