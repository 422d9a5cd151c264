"""The programme as one HTML page that needs nothing else: no script, no font, no picture."""

from __future__ import annotations

from importlib import resources

from onboarding import programme, provinces
from onboarding.report import dates
from onboarding.report import programme as report
from onboarding.report.programme_words import WORDS

_TEMPLATE = "templates/programme/page.html.j2"


def html(of: programme.Programme, *, language: str = "en", left_out: int = 0) -> str:
    """The page as text. Everything that comes out of manifests is escaped."""
    import jinja2

    source = resources.files("onboarding").joinpath(_TEMPLATE).read_text(encoding="utf-8")
    made = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    bodies, total = programme.total(of.coverage)
    return made.from_string(source).render(
        of=of,
        words=WORDS[language],
        language=language,
        left_out=left_out,
        as_of=dates.as_of(of.today, language),
        bodies=bodies,
        total=total,
        goal=programme.goal(),
        published=programme.published(),
        ending_within=programme.ending_within_days(),
        lead=report.lead(of, language),
        sources=report.sources(language),
        share=lambda users: report.goal_share(users, language),
        day=lambda day: dates.day(day, language),
        months=lambda one: dates.months(one.first, one.last, language),
        left=lambda one: report.left(one.days_left(of.today), language),
        named=lambda one: one.name_th if language == "th" else one.name_en,
        province=lambda code: report.province_name(provinces.get(code), language),
    )
