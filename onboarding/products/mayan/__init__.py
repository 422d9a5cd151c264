"""Mayan EDMS 4.12, the reference product: what there is to know of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onboarding.products import contract
from onboarding.products.mayan import limits, pods, rights, wanted

SERIES = "4.12"
"""Versions of this series speak the API that the adapter knows."""

PRODUCT = contract.Product(
    name="mayan-edms",
    title="Mayan EDMS",
    api="/api/v4",
    role="mayan_edms",
    image=contract.Image(package="mayan-edms", versions=">=4.12.2,<4.13", runs_as=1000, port=8000),
    health=contract.Health(path="/api/v4/project/", first_start_seconds=600.0),
    accounts=("python3", "/opt/mayan/bin/accounts.py", "{folder}", *rights.READER),
    pods=pods.PODS,
    sign_in=contract.SignIn(
        callback_path="/oidc/callback/",
        signed_out_path="/",
        username_claim="email",
        groups_from_claims=False,
        proves_by_key=False,
    ),
    records=contract.Records(
        export=("pg_dump", "--format=custom", "--file={folder}/database.dump"),
        restore=(
            "pg_restore",
            "--clean",
            "--if-exists",
            "--no-owner",
            "--single-transaction",
            # Where the database is stands in libpq's own variables.
            "--dbname=postgresql://",
            "{folder}/database.dump",
        ),
        documents="/var/lib/mayan",
        not_told_en=(
            "cabinets, drawn signatures, what was blacked out on pages, the text read from "
            "pictures, personal lists of favourites, and messages between people"
        ),
        not_told_th=(
            "ตู้เอกสาร ลายมือชื่อที่วาด ส่วนที่ปิดทับในหน้าเอกสาร ข้อความที่อ่านจากภาพ "
            "รายการโปรดส่วนบุคคล และข้อความระหว่างผู้ใช้"
        ),
    ),
    upgrade=contract.Upgrade(
        version=("mayan-edms.py", "--version"),
        back="Until an upgrade has ended, the image before restores by itself the dump that was "
        "made of the database, in /var/lib/mayan/before. After that it is restored by hand.",
    ),
    limits=limits.LIMITS,
    private="/users/current/",
)


class Mayan:
    """Implements ``contract.Adapter``."""

    product = PRODUCT

    def desired(self, agency: str, settings: Mapping[str, Any]) -> contract.Configuration:
        return wanted.configuration(agency, settings)
