"""From a document to a model: each mistake at its line, with what was expected."""

from __future__ import annotations

from typing import Literal

import pydantic
import pytest

from onboarding import errors, strict_yaml


class Part(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", strict=True)

    name: str = pydantic.Field(json_schema_extra={"titleTh": "ชื่อ"})
    count: int = pydantic.Field(1, ge=1)


class Whole(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", strict=True)

    parts: tuple[Part, ...] = pydantic.Field(min_length=1, description="one part each")
    mode: Literal["slow", "quick"] = "slow"
    api_password: str = ""
    on: bool = False


def problems(text: str) -> tuple[errors.Problem, ...]:
    with pytest.raises(errors.InvalidInput) as caught:
        strict_yaml.validate(Whole, strict_yaml.loads(text, "f.yaml"))
    return caught.value.problems


def test_a_good_document_becomes_the_model() -> None:
    whole = strict_yaml.validate(Whole, strict_yaml.loads("parts: [{name: x}]\n", "f"))
    assert whole.parts[0].name == "x"


def test_all_mistakes_come_at_once_in_the_order_of_lines() -> None:
    found = problems("parts:\n  - {nme: x, count: 0}\nmode: quik\non: 'yes'\n")
    assert [(p.line, p.field) for p in found] == [
        (2, "parts[0].nme"),
        (2, "parts[0].count"),
        (3, "mode"),
        (4, "on"),
    ]
    assert found[0].remedy == "did you mean 'name' (ชื่อ)?"
    assert found[1].message == "must be at least 1, got 0"
    assert found[2].remedy == "did you mean 'quick'?"
    assert found[3].message == 'expected true or false, got "yes"'


def test_a_missing_key_is_placed_at_its_parent() -> None:
    (problem,) = problems("mode: slow\n")
    assert (problem.line, problem.column) == (1, 1)
    assert problem.message == "is missing"
    assert problem.remedy == "add parts: one part each"


def test_a_list_is_not_called_short_because_its_entry_is_wrong() -> None:
    assert [p.field for p in problems("parts: [{name: 1}]\n")] == ["parts[0].name (ชื่อ)"]
    assert problems("parts: []\n")[0].message == "needs at least 1 entry"


def test_text_of_a_number_key_asks_for_quotes() -> None:
    (problem,) = problems("parts: [{name: 21}]\n")
    assert problem.message == "expected text, got 21"
    assert problem.remedy == "put the value in quotes"


@pytest.mark.parametrize(
    "text",
    [
        "parts: [{name: x}]\napi_password: [hunter2]\n",
        "parts: [{name: x}]\nclientSecret: hunter2\n",
        "parts: [{name: x}]\nmode: ghp_hunter2hunter2hunter2hunter2hunter2\n",
    ],
)
def test_a_secret_is_not_echoed(text: str) -> None:
    with pytest.raises(errors.InvalidInput) as caught:
        strict_yaml.validate(Whole, strict_yaml.loads(text, "f.yaml"))
    assert "hunter2" not in str(caught.value)


def test_a_list_or_text_instead_of_the_whole_is_one_mistake() -> None:
    assert problems("[1]\n")[0].message == "expected a group of keys, got a list"
    assert problems("hello\n")[0].message == 'expected a group of keys, got "hello"'


def test_the_sound_fields_of_a_faulty_document_can_be_looked_at() -> None:
    source = strict_yaml.loads("parts: [{name: x}]\nmode: quik\n", "f")
    checked = strict_yaml.check(Whole, source)
    assert checked.value is None
    assert checked.faulty == {"mode"}
    sound = strict_yaml.partly(Whole, source, checked.faulty)
    assert [part.name for part in sound.parts] == ["x"]
    assert sound.on is False


def test_what_follows_from_a_problem_of_the_document_is_not_told_again() -> None:
    source = strict_yaml.survey_text("parts: [{name: x, name: 1}]\nmode: sl\u200bow\non: 1\n", "f")
    assert [p.line for p in source.problems] == [1, 2]
    checked = strict_yaml.check(Whole, source)
    assert [p.field for p in checked.problems] == ["on"]
    assert checked.faulty == {"parts", "mode", "on"}


def test_a_place_belongs_to_the_innermost_field_that_begins_before_it() -> None:
    source = strict_yaml.loads("parts: [{name: x, count: 2}]\nmode: slow\n", "f")
    assert source.path_at(1, 1) == ("parts",)
    assert source.path_at(1, 17) == ("parts", 0, "name")
    assert source.path_at(1, 26) == ("parts", 0, "count")
    assert source.path_at(2, 9) == ("mode",)
