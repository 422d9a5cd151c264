"""Inputs made to cost time or memory, each read once; run as a process, which tells its cost.

python -m tests.unit.manifest.hostile
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from onboarding import errors, manifest, strict_yaml
from tests.unit.manifest import samples

MEBIBYTE = strict_yaml.MAX_BYTES


def _filled(part: str, head: str = "", tail: str = "") -> str:
    """As much of ``part`` as one file may hold."""
    room = MEBIBYTE - len((head + tail).encode())
    return head + part * (room // len(part.encode())) + tail


def _numbered(form: str, count: int) -> str:
    return "".join(form.format(n) for n in range(count))


def _bodies(entry: str, count: int) -> str:
    """A pooled agency with so many bodies of the form."""
    text = samples.text(tenancy={"isolation": "pooled", "environments": ["prod"], "subTenants": []})
    bodies = ",".join(entry.replace("#", str(n)) for n in range(count))
    return text.replace('"subTenants": []', f'"subTenants": [{bodies}]')


INPUTS: dict[str, Callable[[], str]] = {
    "ten-megabytes": lambda: "a: b\n" * 2_000_000,
    "keys": lambda: _numbered("k{}: 1\n", 80_000),
    "keys-of-a-section": lambda: samples.text() + "#\n" + _numbered("k{}: 1\n", 39_000),
    "duplicate-keys": lambda: _filled("a: 1\n"),
    "entries": lambda: _filled("- a\n"),
    "flow-entries": lambda: _filled("1,", "a: [", "]"),
    "much-below-missing-keys": lambda: "agency:\n  junk:\n" + "  - a\n" * 78_000,
    "long-line": lambda: _filled("x", "a: "),
    "long-key": lambda: _filled("x", tail=": 1"),
    "long-id": lambda: samples.text(metadata__id=_filled("a")[:-5000]),
    "long-quoted-lines": lambda: _filled("a\n", '"', '"'),
    "folded-lines": lambda: _filled(" a\n", ">\n"),
    "escapes": lambda: _filled("\\x41", '"', '"'),
    "escaped-invisible": lambda: samples.text(agency__nameEn="#").replace("#", "\\u200b" * 170_000),
    "spaces": lambda: _filled(" ", tail="a"),
    "blank-lines": lambda: _filled("\n", tail="a"),
    "comments": lambda: _filled("# a\n", tail="a: 1"),
    "hashes": lambda: _filled("#"),
    "deep-flow": lambda: _filled("["),
    "deep-groups": lambda: _filled("{a: "),
    "deep-dashes": lambda: _filled("- "),
    "deep-indents": lambda: "".join(" " * n + "a:\n" for n in range(1400)),
    "question-marks": lambda: _filled("? "),
    "colons": lambda: _filled("a: "),
    "brackets": lambda: _filled("[]{}"),
    "quotes": lambda: _filled("'\""),
    "exclamations": lambda: _filled("!"),
    "tags": lambda: _filled("- !a b\n"),
    "tag-lines": lambda: _numbered("%TAG !{:x}! a\n", 60_000) + "--- a\n",
    "documents": lambda: _filled("--- a\n"),
    "anchors": lambda: _numbered("- &a{} x\n", 60_000),
    "alias-bomb": lambda: (
        "a0: &a0 [x, x]\n"
        + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 9000))
    ),
    "aliases": lambda: "a: &a [x]\nb: [" + "*a," * 300_000 + "]\n",
    "merge-keys": lambda: _filled("- {<<: {a: 1}}\n"),
    "invisible": lambda: _filled("\u200b"),
    "invisible-entries": lambda: "agency:\n" + "- a\u200b\n" * 78_000,
    "unnormalised-words": lambda: "agency: " + _numbered("\u0e48\u0e38{} ", 80_000),
    "look-alikes": lambda: _filled("\u0435: 1\n"),
    "unnormalised": lambda: _filled("ก\u0e48\u0e38 "),
    "one-unnormalised-word": lambda: _filled("ก\u0e48\u0e38"),
    "combining-marks": lambda: _filled("\u0301\u0323", "a: e"),
    "control-characters": lambda: _filled("\x01"),
    "digits": lambda: _filled("1", "a: "),
    "spaced-digits": lambda: _filled("1-", "a: "),
    "thirteen-digits": lambda: _filled("1103700012346 ", "a: "),
    "personal-ids": lambda: _filled("- '1103700012346'\n", "agency:\n"),
    "passwords": lambda: _filled("# password: abcdefgh\n", tail="agency: x"),
    "almost-passwords": lambda: _filled("password ", "a: '", "'"),
    "almost-tokens": lambda: _filled("eyJaaaaaaaaaaaa.", "agency: '", "'"),
    "almost-addresses": lambda: _filled("://a:a", "agency: '", "'"),
    "key-of-a-key": lambda: _filled("-----BEGIN ", "agency: '", "'"),
    "wrong-bodies": lambda: _bodies("{}", 39_000),
    "unknown-keys-of-bodies": lambda: _bodies('{"idd":1,"nameThh":1}', 13_000),
    "bodies-of-one-id": lambda: _bodies('{"id":"a","nameTh":"ก","users":1}', 9_500),
    "many-bodies": lambda: _bodies('{"id":"b#","nameTh":"ก","users":1}', 9_500),
    "many-drafts": lambda: _bodies('{"id":"b#","nameTh":"(ก)","users":1}', 9_500),
    "long-names": lambda: _bodies('{"id":"b#","nameTh":"' + "ก" * 20 + '","users":1}', 9_500),
    "not-utf-8": lambda: "\udca1" * MEBIBYTE,
    "half-utf-16": lambda: "a\0" * (MEBIBYTE // 2),
}
"""A text each, made when its turn comes; surrogates stand for bytes that are not UTF-8."""


def content(name: str) -> bytes:
    """What the file ``name`` holds."""
    return INPUTS[name]().encode("utf-8", "surrogateescape")


def cost(file: Path) -> tuple[float, str]:
    """Processor seconds to read, judge and report ``file``, and how it ended."""
    begun = time.process_time()
    try:
        built, document = manifest.read(file)
        manifest.draft_values(built, document)
        ended = "read"
    except errors.OnboardError as refused:
        ended = str(refused)[:300]
    return time.process_time() - begun, ended


def peak_megabytes() -> float:
    """The most memory this process ever held.

    Linux counts into ``ru_maxrss`` what whoever started us held as well, so it is asked elsewhere.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(one for one in status.read_text().splitlines() if one.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name in sys.argv[1:] or INPUTS:
            file = Path(folder, f"{name}.yaml")
            file.write_bytes(content(name))
            seconds, ended = cost(file)
            line = {"name": name, "seconds": seconds, "megabytes": peak_megabytes(), "ended": ended}
            print(json.dumps(line, ensure_ascii=False))  # noqa: T201 - what the test reads
            file.unlink()


if __name__ == "__main__":
    main()
