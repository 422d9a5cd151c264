"""A plan as Markdown for the comment of a pull request.

GitHub takes at most 65,536 characters. Whatever comes out of manifests and live systems is
written so that it means nothing to Markdown, HTML or GitHub itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from onboarding import plan, plan_file, safety
from onboarding.report import plan_view
from onboarding.report.plan_words import WORDS
from onboarding.safety import impact

_ROOM = 60_000
"""Characters for all that is cut where it is too long; the rest is far less than 5,000."""
_MOST_AGENCIES = 100
_MOST_FIELDS = 12
_PLAIN = frozenset(" /.,-()=%;:'+")

Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Section:
    """Rows that may be cut, between a first and a last line that may not."""

    first: str
    rows: Sequence[str]
    last: str = ""


def of(saved: plan_file.Saved, *, language: str = "en", expired: bool = False) -> str:
    """The comment: counts and digest first, then what is dangerous, then all as far as it fits."""
    words = WORDS[language]
    head = [*_head(saved, words, expired=expired), *_foot(saved, words)]
    room = _ROOM - sum(map(len, head))
    body: list[str] = []
    for section in (*_grave(saved, words, language), *_whole(saved, words)):
        if not section.rows:
            continue
        rows = list(_fitting(section.rows, room - 200, words))
        if not rows:
            break
        written = [section.first, "", *rows, "", *([section.last, ""] if section.last else [])]
        room -= sum(len(line) + 1 for line in written)
        body += written
    return "\n".join([*head, "", *body]).rstrip() + "\n"


def _fitting(rows: Sequence[str], room: int, words: Words) -> Iterator[str]:
    for number, row in enumerate(rows):
        room -= len(row) + 1
        if room < 0:
            if number:
                yield f"\n{words['more'].format(count=len(rows) - number)}"
            return
        yield row


def _head(saved: plan_file.Saved, words: Words, *, expired: bool) -> Iterator[str]:
    parts = saved.parts
    created, updated, deleted, _ = plan_view.totals(parts)
    several = words["of many"].format(count=len(parts))
    name = several if len(parts) > 1 else f"{words['title']} {_code(parts[0].tenant_id)}"
    yield (
        f"### {name}: {created} {words['create']}, {updated} {words['update']}, "
        f"{deleted} {words['delete']}\n"
    )
    if expired:
        yield f"**{words['expired']}**\n"
    columns = ("agency", "purpose", "create", "update", "delete", "unchanged", "digest")
    yield "| " + " | ".join(words[c].capitalize() for c in columns) + " |"
    yield "|---|---|--:|--:|--:|--:|---|"
    yield from (_line(part, words) for part in parts[:_MOST_AGENCIES])
    if len(parts) > _MOST_AGENCIES:
        yield "\n" + words["more"].format(count=len(parts) - _MOST_AGENCIES)
    yield ""


def _line(part: plan_file.Part, words: Words) -> str:
    names = f"{_plain(part.name_th)} · {_plain(part.name_en)} ({_code(part.tenant_id)})"
    figures = " | ".join(map(str, plan_view.counts(part.plan)))
    purpose = words[f"purpose {part.plan.purpose.value}"]
    return f"| {names} | {purpose} | {figures} | {_code('sha256:' + part.digest[:16])}… |"


def _foot(saved: plan_file.Saved, words: Words) -> Iterator[str]:
    made = saved.made
    kind = words["production" if made.production else "not production"]
    yield f"{words['digest']}: `sha256:{saved.digest}`\n"
    yield f"{words['apply']}: `onboard apply --plan PLAN --expect sha256:{saved.digest}`\n"
    yield (
        f"{words['environment']} {_code(made.environment)} ({kind}). "
        f"{_plain(plan_view.made(made, words))}. {_plain(plan_view.versions(saved, words))}."
    )


def _grave(saved: plan_file.Saved, words: Words, language: str) -> Iterator[_Section]:
    """Of every agency what a reviewer must see."""
    for part in saved.parts:
        grave = [_hazard(h, words) for h in part.hazards]
        grave += [_change(c, words) for c in plan_view.dangerous(part.plan)]
        yield _section(saved, part, f"⚠️ {words['dangerous']}", grave)
        conflicts = [
            f"- {_code(str(c.ref))}: {_code(c.owner) if c.owner else words['not ours']}"
            for c in part.plan.conflicts
        ]
        yield _section(saved, part, f"✋ {words['in the way']}", conflicts)
        gates = [_finding(f, language) for f in part.findings if f.gates]
        yield _section(saved, part, f"✋ {words['gates']}", gates)
        others = [_finding(f, language) for f in part.findings if not f.gates]
        yield _section(saved, part, words["open"], others)


def _section(
    saved: plan_file.Saved, part: plan_file.Part, title: str, rows: Sequence[str]
) -> _Section:
    whose = f" ({_code(part.tenant_id)})" if len(saved.parts) > 1 else ""
    return _Section(f"**{title}**{whose}", rows)


def _whole(saved: plan_file.Saved, words: Words) -> Iterator[_Section]:
    for part in saved.parts:
        changes = plan_view.ordered(part.plan)
        rows = [_change(c, words) for c in changes] or [words["nothing"]]
        source = _code(part.manifest.file)
        if part.manifest.commit:
            source += f" ({_code(part.manifest.commit[:12])})"
        title = f"{words['all']}: {_code(part.tenant_id)}, {len(changes)}. {source}"
        yield _Section(f"<details><summary>{title}</summary>", rows, "</details>")


def _hazard(of_one: safety.Hazard, words: Words) -> str:
    conditions = [f"{words['allowed by']} {_code(of_one.flag)}"] if of_one.flag else []
    if of_one.approver:
        conditions.append(words["second person"].format(role=_code(of_one.approver)))
    lines = [f"- **{_plain(of_one.message)}**" + "".join(f"; {one}" for one in conditions)]
    lines += [f"  - {_code(detail)}" for detail in of_one.details[:_MOST_FIELDS]]
    return "\n".join([*lines, *_cut(len(of_one.details), words)])


def _change(of_one: plan.Change, words: Words) -> str:
    marks = [words[of_one.action.value], of_one.ref.engine.value, of_one.reason]
    if of_one.holds_data:
        marks.append(words["holds data"])
    told = _plain(", ".join(filter(None, marks)))
    lines = [f"- {_code(f'{plan_view.SIGNS[of_one.action]} {of_one.ref}')} ({told})"]
    for one in itertools.islice(of_one.fields, _MOST_FIELDS):
        before, after = (plan_view.value(v, words["absent"]) for v in (one.before, one.after))
        lines.append(f"  - {_code(one.path)}: {_code(before)} → {_code(after)}")
    lines += _cut(len(of_one.fields), words)
    noticed = impact.of(of_one).interrupts
    if noticed:
        lines.append(f"  - {words['noticed']}: {_plain(noticed)}")
    return "\n".join(lines)


def _cut(count: int, words: Words) -> list[str]:
    more = count - _MOST_FIELDS
    return [f"  - {words['more'].format(count=more)}"] if more > 0 else []


def _finding(of_one: plan_file.Judged, language: str) -> str:
    title = of_one.title_th if language == "th" else of_one.title_en
    where = f"{_code(of_one.subject)}: {_code(of_one.seen)}"
    return f"- **{of_one.control}** {_plain(title)} ({of_one.verdict.value}): {where}"


def _code(text: str) -> str:
    """Literal text; inside ``code`` GitHub sees no people and no issues either."""
    return f"<code>{_literal(text)}</code>"


def _plain(text: str) -> str:
    """Text in which nobody is mentioned."""
    return _literal(text.replace("@", "＠").replace("#", "＃"))


def _literal(text: str) -> str:
    """Every mark by its number, so that it stands for itself only; what is unseen is spelt."""
    # Without its colon an address is no link.
    return "".join(map(_character, text)).replace("://", "&#58;//")


def _character(one: str) -> str:
    if one in _PLAIN or (one.isascii() and one.isalnum()):
        return one
    if one.isprintable():
        return one if ord(one) > 0x7F else f"&#{ord(one)};"
    return " " if one in "\n\t" else f"(U+{ord(one):04X})"
