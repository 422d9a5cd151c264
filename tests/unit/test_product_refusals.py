"""Which answers of a product's API are its refusal, and which only somebody's, or none at all."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from onboarding import errors, product_api
from onboarding.product_api.mayan import api
from tests.contract.servers import tls
from tests.faults import proxy

_OWN, _PAGE = b'{"detail": "Not found."}', b"<html>Not here</html>"
_GREETING = json.dumps({"token": "x", "__version__": "4.12.2"}).encode()


@pytest.fixture
def between() -> Iterator[proxy.Between]:
    """Answers by itself: there is nothing behind it."""
    with proxy.Between() as made:
        yield made


@pytest.fixture
def place(tmp_path: Path, between: proxy.Between) -> product_api.Place:
    certificate, key = tls.write(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    port = between.listen(proxy.PRODUCT, "https://127.0.0.1:1", certificate, context)
    return product_api.Place("ga-x-prod", f"https://127.0.0.1:{port}", certificate)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (403, _OWN, api.Forbidden),
        (404, _OWN, api.NotThere),
        (403, _PAGE, errors.Denied),
        (404, _PAGE, errors.EngineFailed),
        (401, _OWN, errors.Denied),
        (200, _PAGE, errors.EngineFailed),
        (302, _OWN, errors.EngineFailed),
        (400, _OWN, errors.EngineFailed),
        (405, _OWN, errors.EngineFailed),
        (413, _OWN, errors.EngineFailed),
        (429, _OWN, errors.EngineFailed),
        (500, _OWN, errors.Unreachable),
    ],
)
def test_only_what_the_product_itself_says_of_a_thing_is_its_refusal(
    place: product_api.Place,
    between: proxy.Between,
    status: int,
    body: bytes,
    kind: type[errors.OnboardError],
) -> None:
    # Later than anybody waits: so it is asked once.
    headers = {302: {"Location": "/elsewhere"}, 429: {"Retry-After": "9999"}}.get(status)
    between.plan = lambda asked: (
        proxy.answer(status, headers, body)
        if asked.path.endswith("/documents/1/")
        else proxy.answer(200, body=_GREETING)
    )
    with (
        api.Api(place, product_api.Account("x", "y")) as door,
        pytest.raises(errors.OnboardError) as caught,
    ):
        door.get("/documents/1/")
    assert type(caught.value) is kind
    assert str(status) in caught.value.details[0]
