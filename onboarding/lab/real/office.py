"""The lab as a target that runs a real e-Office: once its node holds the images of one."""

from __future__ import annotations

from pathlib import Path

from onboarding import environment, errors
from onboarding.lab import component, images, wire
from onboarding.lab import home as homes
from onboarding.lab.real import images as node_images
from onboarding.lab.real import place

PRODUCT = "mayan-edms"
DATABASE = "postgresql"
SECRETS = "openbao-agent"
_HTTPS = 443


def with_office(
    lab: component.Lab, wanted: environment.Environment, known: environment.Environment | None
) -> environment.Environment:
    """``wanted``, with the e-Office that the node has images for.

    One that was named stays as it was until the node holds newer images: letters may be in it.
    """
    made = {one.name: one.reference for one in images.status((PRODUCT, DATABASE, SECRETS))}
    held = set(node_images.ctr(lab, "images", "list", "--quiet").split())
    if set(made.values()) <= held:
        run = environment.Run(
            database=made[DATABASE],
            secrets=made[SECRETS],
            node_pool=place.POOL,
            pull="IfNotPresent",
        )
        office = environment.EOffice(
            product=PRODUCT, ca_file=authority(lab), gateway=gateway(lab), run=run
        )
        image = made[PRODUCT]
    elif known is not None and known.e_office is not None:
        office, image = known.e_office, known.images.e_office
    else:
        return wanted
    named = wanted.images.model_copy(update={"e_office": image})
    return wanted.model_copy(update={"e_office": office, "images": named})


def gateway(lab: component.Lab) -> str:
    """Where the addresses of agencies are served, as host:port."""
    return f"{place.network(lab.ports['apiserver']).node}:{_HTTPS}"


def authority(lab: component.Lab) -> Path:
    """Who vouches for the addresses of agencies: the environment's own root."""
    return lab.home.pki / "agencies-ca.crt"


def keep_authority(lab: component.Lab) -> None:
    """Write that certificate, which the bootstrap has made.

    Raises ``errors.EngineFailed`` where OpenBao does not give it.
    """
    url = lab.url("openbao", "/v1/pki-root/ca/pem")
    answer = wire.request("GET", url, lab.trust())
    if answer.status != 200 or not answer.body:
        raise errors.EngineFailed(
            f"OpenBao does not give the certificate of the environment's root: {answer.status}",
            resolution=f"Run: onboard bootstrap --environment {lab.home.name}",
        )
    homes.write(authority(lab), answer.body, 0o644)
