"""A value is written so that it reads back the same, wherever it stands."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from onboarding import strict_yaml
from onboarding.manifest import convert_edit
from onboarding.strict_yaml import characters


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("เทศบาล ก", "เทศบาล ก"),
        ("(อปท. 2)", "(อปท. 2)"),
        ("plk-001", "plk-001"),
        ("15001", '"15001"'),
        ("012", "012"),
        ("true", '"true"'),
        ("yes", "yes"),
        ("-", '"-"'),
        ("? x", '"? x"'),
        ("a: b", '"a: b"'),
        ("a, b", '"a, b"'),
        ('"', '"\\""'),
        ("", '""'),
        (7, "7"),
    ],
)
def test_text_is_plain_where_it_can_be(value: str | int, expected: str) -> None:
    assert convert_edit.written(value) == expected


@given(
    st.text(st.characters(codec="utf-8", categories=("L", "M", "N", "P", "S", "Zs")), max_size=20)
)
@example("-")
@example("- x")
@example("&a")
@example("...")
@example("---")
def test_what_is_written_reads_back_in_every_place(value: str) -> None:
    if not characters.is_plain(value):
        return
    text = convert_edit.written(value)
    for place in (f"a: {text}\n", f"a: {text}   # b\n", f"- {text}", f"[{text}, {{a: {text}}}]"):
        read = strict_yaml.loads(place, "x").value
        assert read in ({"a": value}, [value], [value, {"a": value}])
