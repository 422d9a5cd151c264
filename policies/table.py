"""The explicit list of all controls; a control that is not here does not exist."""

from __future__ import annotations

from onboarding import item, policy
from onboarding.policies import (
    data_platform,
    doc_table,
    idp_broker,
    idp_table,
    mou_table,
    net,
    ops,
    ops_state,
    pdp,
    pdp_sensitive,
    pki_devices,
    pki_table,
    restricted,
    sec_exchange,
    sec_table,
    services,
    telemetry,
    ten,
    ten_access,
    ten_reviews,
    ten_storage,
    web,
    wrk_table,
    xch_table,
)

CONTROLS: tuple[policy.Control, ...] = tuple(
    sorted(
        (
            *mou_table.CONTROLS,
            *ten.CONTROLS,
            *ten_access.CONTROLS,
            *ten_reviews.CONTROLS,
            *ten_storage.CONTROLS,
            *wrk_table.CONTROLS,
            *xch_table.CONTROLS,
            *net.CONTROLS,
            *web.CONTROLS,
            *pdp.CONTROLS,
            *pdp_sensitive.CONTROLS,
            *pki_table.CONTROLS,
            *pki_devices.CONTROLS,
            *telemetry.CONTROLS,
            *services.CONTROLS,
            *restricted.CONTROLS,
            *data_platform.CONTROLS,
            *sec_table.CONTROLS,
            *sec_exchange.CONTROLS,
            *idp_table.CONTROLS,
            *idp_broker.CONTROLS,
            *doc_table.CONTROLS,
            *ops.CONTROLS,
            *ops_state.CONTROLS,
        ),
        key=lambda control: control.id,
    )
)


def get(control_id: str) -> policy.Control:
    """The control of an id. Raises KeyError for an id that is not in the table."""
    for control in CONTROLS:
        if control.id == control_id:
            return control
    raise KeyError(control_id)


def version() -> str:
    """A hash over which controls there are and how each weighs."""
    content = [[one.id, one.severity.value, sorted(one.stages), one.per_link] for one in CONTROLS]
    return item.content_hash(content)[:12]
