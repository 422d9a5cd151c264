"""An older manifest says the same in the current version, its comments kept."""

from __future__ import annotations

import pytest

from onboarding import errors, manifest
from onboarding.manifest import convert_version
from tests.unit.manifest import samples

PLK = (samples.EXAMPLES / "plk-lao.yaml").read_text(encoding="utf-8")
OLD = PLK.replace("v1alpha2", "v1alpha1")
_BLOCK = PLK[PLK.index("    eoffice:\n") : PLK.index("\nidentity:")]
WITH_BLOCK = (
    OLD.replace(_BLOCK, "")
    + "\neoffice:   # of all bodies\n"
    + "".join(line.removeprefix("    ") for line in _BLOCK.splitlines(keepends=True)[1:])
)


@pytest.mark.parametrize("wanted", ["v1alpha2", "gdcc.go.th/v1alpha2"])
def test_only_the_version_differs_where_nothing_moved(wanted: str) -> None:
    done = convert_version.converted(OLD, "x.yaml", wanted)
    assert done.text == PLK
    assert [(c.field, c.before, c.after) for c in done.changes] == [
        ("apiVersion", "gdcc.go.th/v1alpha1", "gdcc.go.th/v1alpha2")
    ]


def test_a_block_that_moved_takes_its_comments_along() -> None:
    done = convert_version.converted(WITH_BLOCK, "x.yaml", "v1alpha2")
    assert manifest.loads(done.text) == manifest.loads(PLK)
    assert "# of all bodies" in done.text
    assert "    eoffice:" in done.text
    assert "\neoffice:" not in done.text
    assert [(c.field, c.before, c.after) for c in done.changes] == [
        ("apiVersion", "gdcc.go.th/v1alpha1", "gdcc.go.th/v1alpha2"),
        ("eoffice", "eoffice", "systems[0].eoffice"),
    ]


def test_the_current_version_stays_as_it_is() -> None:
    done = convert_version.converted(PLK, "x.yaml", "v1alpha2")
    assert (done.text, done.changes) == (PLK, ())


def test_a_manifest_with_mistakes_is_refused_first() -> None:
    with pytest.raises(errors.InvalidInput, match="1 mistake"):
        convert_version.converted(OLD.replace("TH-65", "Phitsanulok", 1), "x.yaml", "v1alpha2")


@pytest.mark.parametrize("wanted", ["v1alpha1", "v2", "", "other/v1alpha2"])
def test_only_the_current_version_can_be_asked_for(wanted: str) -> None:
    with pytest.raises(errors.UsageError) as caught:
        convert_version.converted(OLD, "x.yaml", wanted)
    assert caught.value.resolution == "Use --to v1alpha2."
