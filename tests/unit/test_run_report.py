"""What a plan and an apply say about systems that stay a namespace."""

from __future__ import annotations

from pathlib import Path

from onboarding import manifest, tenant
from onboarding.report import run_report
from tests.unit import targets

MOPH = Path(__file__).resolve().parents[2] / "examples" / "moph.yaml"


def test_a_system_without_an_image_is_an_open_point() -> None:
    target = targets.pinned()
    of = tenant.resolve(manifest.load(MOPH), target)
    assert run_report.waiting(of, target) == [
        f"open: ga-moph-{name}-health-platform: namespace only: "
        "no image (images.others.health-platform) is set"
        for name in ("prod", "uat")
    ]
    assert run_report.places(of, target)[-2].endswith(
        "no image (images.others.health-platform) is set"
    )


def test_with_its_image_it_is_none() -> None:
    base = targets.pinned()
    images = base.images.model_copy(update={"others": {"health-platform": "x"}})
    target = base.model_copy(update={"images": images})
    of = tenant.resolve(manifest.load(MOPH), target)
    assert run_report.waiting(of, target) == []
    assert "https://health-platform.moph.go.th" in run_report.places(of, target)[-2]
