"""A plan shown for review: what is grave comes first, and nothing of it is taken for markup."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from onboarding import item, plan, plan_file, policy, safety
from onboarding.report import plan_markdown, plan_page, plan_text
from onboarding.safety import impact
from tests.unit.plan_file import made

EVIL = "<script>alert(1)</script> | `x` @minister #12 [a](https://e.vil) *b* \u202eabc"
COMMENT = f"""### Plan <code>moph</code>: 1 create, 1 update, 1 delete

| Agency | Purpose | Create | Update | Delete | Unchanged | Digest |
|---|---|--:|--:|--:|--:|---|
| กระทรวงสาธารณสุข · Ministry of Public Health (<code>moph</code>) | apply | 1 | 1 | 1 | 0 |\
 <code>sha256:{made.diff().digest[:16]}</code>… |

Digest: `sha256:{made.diff().digest}`

Apply exactly this: `onboard apply --plan PLAN --expect sha256:{made.diff().digest}`

Environment <code>unit</code> (not production). Made 2026-11-22 03:00 UTC by somchai＠desk; holds\
 until 2026-11-23 03:00 UTC. VERSIONS.

**⚠️ Look at these first**

- <code>− ConfigMap ns/old</code> (delete, pulumi&#95;stack, no longer in the manifest)
  - people notice: its pods do not start any more

<details><summary>All changes: <code>moph</code>, 3. <code>agencies/moph.yaml</code>\
 (<code>abc123</code>)</summary>

- <code>− ConfigMap ns/old</code> (delete, pulumi&#95;stack, no longer in the manifest)
  - people notice: its pods do not start any more
- <code>&#126; ConfigMap ns/other</code> (update, pulumi&#95;stack, differs)
  - <code>a</code>: <code>2</code> → <code>1</code>
  - <code>b</code>: <code>&#91;&#34;x&#34;&#93;</code> →\
 <code>&#91;&#34;x&#34;, &#34;y&#34;&#93;</code>
- <code>+ ConfigMap ns/new</code> (create, pulumi&#95;stack, not there yet)

</details>
"""


def grave() -> plan_file.Part:
    """A part in which everything that can be dangerous is, with a name that is markup."""
    holding = replace(made.LIVE[1], ref=replace(made.LIVE[1].ref, name="records"), holds_data=True)
    wanted = (made.thing("new", text=EVIL), made.thing("other", a=EVIL))
    live = (made.thing("other", a=2), made.LIVE[1], holding, made.thing("new", "bdi"))
    return replace(
        made.part(made.diff(wanted, live)),
        name_en=EVIL,
        hazards=(
            safety.Hazard("deletion", "it deletes 2 object(s)", (EVIL,), flag="--allow-delete"),
        ),
        findings=(
            plan_file.Judged(
                "MOU-001", "Rule", "มาตรการ", policy.Severity.HIGH, policy.Verdict.FAIL,
                "manifest", EVIL, gates=True,
            ),
        ),
    )  # fmt: skip


def test_the_comment_says_counts_digest_and_what_is_dangerous_first() -> None:
    text = plan_markdown.of(made.saved())
    assert re.sub(r"onboard 0[^`]*?(?=\.\n)", "VERSIONS", text) == COMMENT


def test_nothing_in_the_comment_is_markup_or_mentions_anybody() -> None:
    text = plan_markdown.of(made.saved(grave()))
    assert "<script" not in text
    assert "@" not in text
    assert "\u202e" not in text
    assert "https://" not in text
    assert "`x`" not in text
    rows = [line for line in text.splitlines() if line.startswith("| กระทรวง")]
    assert [row.count("|") for row in rows] == [8]


def test_the_gravest_changes_come_first() -> None:
    text = plan_markdown.of(made.saved(grave()))
    places = [
        text.index(words)
        for words in (
            "it deletes 2 object(s)",
            "− ConfigMap ns/records",
            "− ConfigMap ns/old",
            "In the way",
            "These controls would stop the apply",
            "All changes",
        )
    ]
    assert places == sorted(places)


def test_a_comment_of_any_plan_fits_into_githubs_limit() -> None:
    wanted = tuple(made.thing(f"object-{n}", text=EVIL * 20) for n in range(3000))
    live = tuple(made.thing(f"object-{n}", text="x") for n in range(3000))
    one = made.part(made.diff(wanted, live))
    theirs = tuple(made.thing(f"object-{n}", "bdi") for n in range(3000))
    other = made.part(made.diff((), theirs, agency="bdi"))
    text = plan_markdown.of(made.saved(one, other))
    assert len(text) < 65_536
    assert "… and " in text
    assert text.count("<details>") == text.count("</details>")
    assert "− ConfigMap ns/object-0" in text


class _Parsed(HTMLParser):
    """Which elements a page has, and that each is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("language", ["en", "th"])
def test_the_page_is_sound_alone_and_escaped(language: str) -> None:
    page = plan_page.html(made.saved(grave(), made.part()), language=language, expired=True)
    parsed = _Parsed()
    parsed.feed(page)
    assert parsed.open == []
    assert not parsed.seen & {"script", "img", "link", "iframe", "a"}
    assert "&lt;script&gt;" in page
    assert "built-in method" not in page
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page


@pytest.mark.parametrize("language", ["en", "th"])
def test_the_text_names_what_is_grave_before_all_else(language: str) -> None:
    shown = plan_text.saved(made.saved(grave()), language)
    lines = shown.splitlines()
    first = next(n for n, line in enumerate(lines) if "ns/records" in line)
    assert first < next(n for n, line in enumerate(lines) if line == "pulumi_stack")
    assert any("--allow-delete" in line for line in lines)


def test_a_plan_without_changes_says_so() -> None:
    nothing = made.part(plan.diff("moph", (), (), target={}))
    assert "No changes" in plan_markdown.of(made.saved(nothing))
    assert "No changes" in plan_page.html(made.saved(nothing))
    assert "No changes" in plan_text.saved(made.saved(nothing), "en")
    assert item.content_hash([]) not in plan_text.saved(made.saved(nothing), "en")


def test_what_people_notice_is_among_the_first_and_said_in_every_form() -> None:
    ref = item.Ref(item.EngineName.CLUSTER, "Deployment", "ns", "e-office")
    image = "spec.template.spec.containers.0.image"
    change = plan.Change(plan.Action.UPDATE, ref, None, (plan.FieldChange(image, "a", "b"),))
    noticed = impact.of(change).interrupts
    assert noticed
    made_of = plan.sealed(replace(made.diff(), changes=(change,)))
    saved = made.saved(made.part(made_of))
    assert "**⚠️ Look at these first**" in plan_markdown.of(saved)
    assert "people notice: " in plan_markdown.of(saved)
    assert "people notice: " in plan_page.html(saved)
    assert f"people notice: {noticed}" in plan_text.saved(saved, "en")
