"""Whatever a file holds, reading it ends in a manifest or in a refusal with places; never else."""

from __future__ import annotations

import copy
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onboarding import errors, manifest, strict_yaml
from tests.unit.manifest import samples

EXAMPLES = [path.read_bytes() for path in sorted(samples.EXAMPLES.glob("*.yaml"))]
SYNTAX = "ab:[]{}&*!|>-?%@`#,'\"\\ \n\t0.~<="
ODD = "\u200b\u202e\ufeff\u2028\x85\u00a0\u0e4d\u0e32\u0301\u0435\uf70a\x00\x07"
LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
SECRET = "hvs.CAESIPlantedPlantedPlantedPlanted"
several = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

texts = st.text(st.sampled_from(SYNTAX) | st.sampled_from(ODD) | st.characters(codec="utf-8"))
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | texts
    | st.sampled_from(["TBD", "2568-02-03", "moph", "1103700012346", "top-secret", "0" * 40])
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def refusal(text: str) -> errors.InvalidInput | None:
    try:
        built = manifest.loads(text, "f.yaml")
    except errors.InvalidInput as refused:
        return refused
    assert isinstance(built, manifest.AgencyMou)
    return None


def judged(text: str) -> errors.InvalidInput | None:
    """The refusal of ``text``, checked to be one a user can act on."""
    refused = refusal(text)
    if refused is not None:
        last = text.count("\n") + text.count("\r") + 1
        assert refused.problems
        for problem in refused.problems[:100]:
            assert problem.message
            assert problem.remedy
            assert 1 <= problem.line <= last
            assert problem.column >= 1
    return refused


@several
@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode("utf-16")))
def test_no_bytes_end_in_anything_but_a_refusal(raw: bytes) -> None:
    with tempfile.NamedTemporaryFile(suffix=".yaml") as stream:
        stream.write(raw)
        stream.flush()
        with pytest.raises(errors.InvalidInput) as caught:
            manifest.load(Path(stream.name))
    assert caught.value.problems


@several
@given(
    texts.filter(lambda text: not text.isspace()) | st.text(st.sampled_from(SYNTAX), max_size=80)
)
def test_no_text_ends_in_anything_but_a_refusal(text: str) -> None:
    assert judged(text) is not None


@several
@given(st.sampled_from(EXAMPLES), st.data())
def test_a_damaged_manifest_is_read_or_refused(whole: bytes, data: st.DataObject) -> None:
    text = whole.decode()
    for _ in range(data.draw(st.integers(1, 4))):
        begin = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(begin, min(len(text), begin + 40)))
        text = text[:begin] + data.draw(texts) + text[end:]
    judged(text)


@several
@given(st.sampled_from(EXAMPLES), st.data())
def test_a_manifest_with_moved_lines_is_read_or_refused(whole: bytes, data: st.DataObject) -> None:
    lines = whole.decode().split("\n")
    for _ in range(data.draw(st.integers(1, 4))):
        line = lines.pop(data.draw(st.integers(0, len(lines) - 1)))
        for _ in range(data.draw(st.integers(0, 2))):
            indent = " " * data.draw(st.integers(0, 6))
            lines.insert(data.draw(st.integers(0, len(lines))), indent + line.strip())
    judged("\n".join(lines))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every path in ``value``, its own first."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(value, dict | list):
        inner = list(value.items() if isinstance(value, dict) else enumerate(value))
    return [path, *(found for key, one in inner for found in places(one, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    value[path[0]] = replaced(value[path[0]], path[1:], new)
    return value


BASE: dict[str, Any] = json.loads(
    samples.text(signing={"ra": {"approver": "a"}, "signers": [samples.SIGNER]})
)
PLACES = places(BASE)[1:]


@several
@given(st.lists(st.tuples(st.sampled_from(PLACES), values), min_size=1, max_size=3))
def test_any_value_at_any_place_is_read_or_refused(changes: list[tuple[Any, Any]]) -> None:
    value = copy.deepcopy(BASE)
    for path, new in sorted(changes, key=lambda change: -len(change[0])):
        value = replaced(value, path, new)
    judged(json.dumps(value, ensure_ascii=False))


@several
@given(st.sampled_from(PLACES), st.sampled_from(["value", "list", "key", "end"]))
def test_a_secret_at_any_place_is_refused_and_never_echoed(path: Any, where: str) -> None:
    secret: dict[str, Any] = {
        "value": SECRET, "list": [SECRET], "key": {SECRET: 1}, "end": f"see {SECRET}",
    }  # fmt: skip
    refused = judged(json.dumps(replaced(copy.deepcopy(BASE), path, secret[where])))
    assert refused is not None
    assert SECRET[4:] not in str(refused)
    assert "a secret (not shown)" in str(refused) or path in (("kind",), ("apiVersion",))


@several
@given(texts | st.text(st.sampled_from(SYNTAX), max_size=60))
def test_what_is_accepted_has_the_structure_that_other_readers_see(text: str) -> None:
    try:
        ours = strict_yaml.loads(text, "f").value
    except errors.InvalidInput:
        return
    assert _outline(ours) == _outline(yaml.load(text, Loader=LOADER))  # noqa: S506


def _outline(value: Any) -> Any:
    """Keys and lengths; what a plain scalar means differs between readers on purpose."""
    if isinstance(value, dict):
        return {key: _outline(inner) for key, inner in value.items()}
    return [_outline(inner) for inner in value] if isinstance(value, list) else "scalar"
