"""Findings as text for people: what stands open first and in full, then the rest by area.

Plain strings. Who writes to a terminal may pass ``marks``, which puts the verdict words between
ANSI codes of its choice; nothing here knows about terminals.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from onboarding import clock, policy
from onboarding.policy import Severity, Stage, Verdict
from onboarding.report import columns
from onboarding.report import words as words_of

Marks = Mapping[Verdict, tuple[str, str]]
"""Text put before and after the word of a verdict, e.g. ANSI colours."""

_ORDER = (
    Verdict.FAIL,
    Verdict.UNKNOWN,
    Verdict.WAIVED,
    Verdict.PASS,
    Verdict.NOT_APPLICABLE,
)
_OPEN = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.WAIVED)
_SEVERITIES = tuple(Severity)
_SHOWN_SUBJECTS = 20


def findings(
    found: Sequence[policy.Finding],
    *,
    language: str = "en",
    verbose: bool = False,
    now: clock.Clock | None = None,
    marks: Marks | None = None,
) -> str:
    """The report: open controls in full, the rest counted by area.

    ``verbose`` shows every control with every finding instead, grouped by area.
    """
    lines = [_heading(now, language), ""] if now else []
    if not verbose:
        in_order = _in_order(found, words_of.language(language))
        lines += [*_open(found, language, marks or {}), *in_order, *([""] if in_order else [])]
        return "\n".join([*lines, counts(found, language=language)])
    words = words_of.language(language)
    for area in dict.fromkeys(f.control.id[:3] for f in _sorted(found)):
        of_area = [f for f in found if f.control.id.startswith(area)]
        shown = _controls(of_area, words, language, verbose=True, marks=marks or {})
        lines += [f"{area}  {words[area]}", *shown, ""]
    return "\n".join([*lines, counts(found, language=language)])


def open_findings(
    found: Sequence[policy.Finding], *, language: str = "en", marks: Marks | None = None
) -> str:
    """Only the controls that failed, could not be determined or are waived, and the counts."""
    return "\n".join([*_open(found, language, marks or {}), counts(found, language=language)])


def _open(found: Sequence[policy.Finding], language: str, marks: Marks) -> list[str]:
    listed = {f.control.id for f in found if f.result.verdict in _OPEN}
    shown = [f for f in found if f.control.id in listed]
    lines = _controls(shown, words_of.language(language), language, verbose=False, marks=marks)
    return [*lines, ""] if lines else []


def _in_order(found: Sequence[policy.Finding], words: Mapping[str, str]) -> list[str]:
    """One line an area for the controls of which nothing stands open."""
    listed = {f.control.id for f in found if f.result.verdict in _OPEN}
    rest = [f for f in found if f.control.id not in listed]
    if not rest:
        return []
    lines = [words["in order"].format(controls=len({f.control.id for f in rest}))]
    for area in sorted({f.control.id[:3] for f in rest}):
        of_area = [f for f in rest if f.control.id.startswith(area)]
        number = len({f.control.id for f in of_area})
        lines.append(f"  {area}  {number:>3}  {words[area]}  ({_tally(of_area, words)})")
    return lines


def counts(found: Sequence[policy.Finding], *, language: str = "en") -> str:
    """``42 controls, 180 findings: 1 failed, 0 could not be determined, …``."""
    words = words_of.language(language)
    verdicts = [f.result.verdict for f in found]
    start = words["controls"].format(
        controls=len({f.control.id for f in found}), findings=len(found)
    )
    named = (
        (Verdict.FAIL, "failed"),
        (Verdict.UNKNOWN, "could not be determined"),
        (Verdict.WAIVED, "waived"),
        (Verdict.PASS, "passed"),
        (Verdict.NOT_APPLICABLE, "not applicable"),
    )
    if language == "th":
        return f"{start} " + ", ".join(f"{words[n]} {verdicts.count(v)}" for v, n in named)
    return f"{start} " + ", ".join(f"{verdicts.count(v)} {words[n]}" for v, n in named)


def _heading(now: clock.Clock, language: str) -> str:
    day = now.today()
    if language == "th":
        return f"ณ วันที่ {clock.thai_date(day)}"
    return f"As of {day.isoformat()} (B.E. {clock.buddhist_year(day)})"


def _sorted(found: Iterable[policy.Finding]) -> list[policy.Finding]:
    """What needs attention first: by verdict, then severity, then id."""
    return sorted(
        found,
        key=lambda f: (
            _ORDER.index(f.result.verdict),
            _SEVERITIES.index(f.control.severity),
            f.control.id,
        ),
    )


def _controls(
    found: Sequence[policy.Finding],
    words: Mapping[str, str],
    language: str,
    *,
    verbose: bool,
    marks: Marks,
) -> list[str]:
    lines: list[str] = []
    for control in dict.fromkeys(f.control for f in _sorted(found)):
        of_control = _sorted(f for f in found if f.control is control)
        worst = of_control[0].result.verdict
        before, after = marks.get(worst, ("", ""))
        title = control.title_th if language == "th" else control.title_en
        lines.append(
            f"  {before}{_column(worst, words)}{after} {control.id}  {title}"
            f"  ({words[control.severity.value]}; {_tally(of_control, words)})"
        )
        shown = [f for f in of_control if verbose or f.result.verdict in _OPEN]
        lines += [_object(f, words) for f in shown[: None if verbose else _SHOWN_SUBJECTS]]
        if not verbose and len(shown) > _SHOWN_SUBJECTS:
            lines.append("      " + words["more"].format(count=len(shown) - _SHOWN_SUBJECTS))
        if worst in (Verdict.FAIL, Verdict.UNKNOWN):
            remedy = control.remedy_th if language == "th" else control.remedy_en
            lines.append(f"      {words['remedy']}: {remedy}")
        if control.confirm and worst is not Verdict.NOT_APPLICABLE:
            lines.append(f"      {words['confirm']}: {control.confirm}")
    return lines


def _column(verdict: Verdict, words: Mapping[str, str]) -> str:
    """The verdict's word, as wide on the screen as the widest of its language."""
    word = words[verdict.value]
    return columns.left(word, max(columns.width(words[v.value]) for v in Verdict))


def _tally(found: Sequence[policy.Finding], words: Mapping[str, str]) -> str:
    verdicts = [f.result.verdict for f in found]
    return ", ".join(f"{verdicts.count(v)} {words[v.value]}" for v in _ORDER if v in verdicts)


def _object(finding: policy.Finding, words: Mapping[str, str]) -> str:
    result = finding.result
    stage = "" if finding.stage is Stage.LIVE else f" [{words[finding.stage.value]}]"
    basis = f" [{words['basis']}: {words.get(result.basis, result.basis)}]" if result.basis else ""
    seen = f": {result.seen}" if result.seen else ""
    return f"      {_column(result.verdict, words)} {result.subject}{seen}{stage}{basis}"
