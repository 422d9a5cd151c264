"""Every example is valid, says what is special about it, and is judged as expected."""

from __future__ import annotations

import re

import pytest

from onboarding import clashes
from onboarding.manifest import fmt
from tests.examples import expected

_ILLUSTRATIVE = ("orderRef", "number", "approver", "fingerprint", "annualReport", "letterCode")


def head(name: str) -> str:
    """The comment on top of an example, in one line."""
    lines = expected.file(name).read_text(encoding="utf-8").splitlines()
    top = lines[: next(n for n, line in enumerate(lines) if not line.startswith("#"))]
    return " ".join(line.removeprefix("#").strip() for line in top)


def test_every_example_is_expected() -> None:
    assert sorted(expected.stated()) == list(expected.NAMES)


@pytest.mark.parametrize("name", expected.NAMES)
def test_an_example_becomes_what_is_expected(name: str) -> None:
    stated = expected.stated()[name]
    assert expected.reviewed(name) == {key: stated[key] for key in ("instances", "review")}, (
        "on purpose? then run: python -m tests.examples.expected"
    )


@pytest.mark.parametrize("name", expected.NAMES)
def test_open_findings_are_explained_in_the_head(name: str) -> None:
    stated = expected.stated()[name]
    open_controls = {*stated["review"]["open"], *stated["live"]["open"]}
    assert {control for control in open_controls if control not in head(name)} == set()


@pytest.mark.parametrize("name", expected.NAMES)
def test_the_file_is_named_by_the_id_and_begins_with_the_agency(name: str) -> None:
    of = expected.tenants()[name]
    assert of.id == name
    assert len(head(name)) > 150


@pytest.mark.parametrize("name", expected.NAMES)
def test_illustrative_values_are_marked(name: str) -> None:
    lines = expected.file(name).read_text(encoding="utf-8").splitlines()
    for index, line in enumerate(lines):
        if re.match(rf" *(?:ra: {{)?(?:{'|'.join(_ILLUSTRATIVE)}):", line):
            assert "#i" in line or "#i" in lines[index - 1], line


@pytest.mark.parametrize("name", expected.NAMES)
def test_the_file_is_in_good_form(name: str) -> None:
    text = expected.file(name).read_text(encoding="utf-8")
    assert fmt.formatted(text, name) == text


def test_no_two_examples_clash() -> None:
    assert clashes.found(expected.tenants().values()) == ()
