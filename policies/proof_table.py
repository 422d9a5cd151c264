"""Controls that only a proof by use answers (``verify --probe``): reading never asks them."""

from __future__ import annotations

from collections.abc import Iterator

from onboarding import policy
from onboarding.policies import judge
from onboarding.policy import Severity, Stage


def _not_tried(_: policy.View) -> Iterator[policy.Result]:
    yield judge.unknown("proof by use", "not tried: onboard verify --probe does")


SIGN_IN = policy.Control(
    id="IDP-024",
    title_en="Nobody gets in but through the agency's realm",
    title_th="เข้าใช้งานได้เฉพาะผ่านระบบยืนยันตัวตนของหน่วยงาน",
    severity=Severity.HIGH,
    stages=frozenset({Stage.LIVE}),
    check=_not_tried,
    remedy_en="Correct the product's sign-in settings: run apply, then look at its pods.",
    remedy_th="แก้ไขการตั้งค่าการเข้าใช้งานของระบบ ดำเนินการ apply แล้วตรวจสอบพอด",
    sources=("RFC 6749 section 4.1",),
)

BODIES = policy.Control(
    id="TEN-018",
    title_en="Bodies of one instance cannot read each other's letters",
    title_th="หน่วยงานที่ใช้ระบบร่วมกันเข้าถึงหนังสือของกันและกันไม่ได้",
    severity=Severity.CRITICAL,
    stages=frozenset({Stage.LIVE}),
    check=_not_tried,
    remedy_en="Run apply to restore the rights in the product, then probe again.",
    remedy_th="ดำเนินการ apply เพื่อคืนค่าสิทธิในระบบ แล้วตรวจสอบอีกครั้ง",
)
