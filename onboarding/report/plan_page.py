"""A plan as one HTML page that needs nothing else: no script, no font, no picture."""

from __future__ import annotations

from importlib import resources

from onboarding import plan_file
from onboarding.report import plan_view
from onboarding.report.plan_words import WORDS
from onboarding.safety import impact

_TEMPLATE = "templates/plan/page.html.j2"


def html(saved: plan_file.Saved, *, language: str = "en", expired: bool = False) -> str:
    """The page as text. Everything that comes out of the plan is escaped."""
    import jinja2

    source = resources.files("onboarding").joinpath(_TEMPLATE).read_text(encoding="utf-8")
    made = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    words = WORDS[language]
    several = len(saved.parts) > 1
    return made.from_string(source).render(
        saved=saved,
        words=words,
        language=language,
        expired=expired,
        title=words["of many"].format(count=len(saved.parts))
        if several
        else f"{words['title']}: {saved.parts[0].tenant_id}",
        made=plan_view.made(saved.made, words),
        versions=plan_view.versions(saved, words),
        signs=plan_view.SIGNS,
        counts=plan_view.counts,
        dangerous=plan_view.dangerous,
        ordered=plan_view.ordered,
        noticed=lambda change: impact.of(change).interrupts,
        value=lambda one: plan_view.value(one, words["absent"]),
    )
