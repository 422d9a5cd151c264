"""Faults of a product's own API, by a proxy in front of a real Mayan EDMS: what a run says of them,
and that the runs after it complete what it began, with nothing made twice."""

from __future__ import annotations

import dataclasses
import itertools
import ssl
from collections import Counter
from collections.abc import Iterator

import pytest

from onboarding import environment, errors, patience, plan, product_api, tenant
from onboarding.engines.ansible_playbooks import delivery
from onboarding.product_api import crossing
from onboarding.product_api import mayan as access
from onboarding.product_api.mayan import api, ids, reading
from tests.contract import agencies
from tests.contract.servers import mayan as real
from tests.contract.test_product_engine import Place, place  # noqa: F401 - a fixture
from tests.contract.test_product_mayan import Office
from tests.faults import proxy
from tests.unit.manifest import samples

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

_STEP = 17
"""Writing requests of a run until it meets its fault: each run is cut at another place."""
_MOST_RUNS = 12
_SHORT = 20.0
"""Seconds for one answer where one comes too late."""


@dataclasses.dataclass(frozen=True, slots=True)
class Front:
    """A proxy in front of the product."""

    between: proxy.Between
    address: str
    place: product_api.Place

    def meets(self, fault: proxy.Fault, number: int) -> None:
        """The next run meets it at this writing request, and no later one is harmed."""
        self.between.begin()
        self.between.plan = lambda asked: fault if asked.number == number else None

    def is_well(self) -> None:
        self.between.begin()
        self.between.plan = lambda _: None


@pytest.fixture(scope="module")
def front(place: Place) -> Iterator[Front]:  # noqa: F811
    home = place.server.home
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(home.ca, home.folder / "tls.key")
    with proxy.Between() as between:
        port = between.listen(proxy.PRODUCT, place.server.address, home.ca, tls)
        address = f"https://127.0.0.1:{port}"
        yield Front(between, address, dataclasses.replace(place.server.place, address=address))


def twice(server: real.Server, agency: str) -> list[tuple[str, str]]:
    """What is there more than once, by the list that it stands in."""
    with api.Api(server.place, server.writer) as door:
        known = reading.known(door, agency)
        (workflow,) = known.workflows.values()
        base = f"/workflow_templates/{workflow['id']}"
        states = [f"{base}/states/{s['id']}/actions/" for s in door.every(f"{base}/states/")]
        listed = [
            *((path, "name") for path in ("/groups/", "/metadata_types/")),
            *((path, "label") for path in ("/roles/", "/document_types/", "/sequences/")),
            *((path, "label") for path in (f"{base}/states/", f"{base}/transitions/", *states)),
        ]
        found = Counter((path, one[key]) for path, key in listed for one in door.every(path))
        granted = [
            (ids.WORKFLOW, workflow["id"]),
            *((ids.FIELD, one["id"]) for one in known.fields.values()),
            *((ids.TYPE, one["id"]) for one in known.organisations.values()),
        ]
        for model, number in granted:
            path = f"/objects/{model}/{number}/acls/"
            found.update((path, acl["role"]["label"]) for acl in door.every(path))
    return [one for one, times in found.items() if times > 1]


@pytest.mark.parametrize(
    ("agency", "fault", "said"),
    [
        ("answers-500", proxy.answer(500, body=b"broken"), "500: broken"),
        ("answer-lost", proxy.LOSE_REPLY, "does not answer"),
        ("connection-lost", proxy.RESET, "does not answer"),
    ],
)
def test_runs_that_all_meet_a_fault_complete_one_another(
    place: Place,  # noqa: F811
    front: Front,
    agency: str,
    fault: proxy.Fault,
    said: str,
) -> None:
    office = Office(place.server, tenant.resolve(samples.build(metadata__id=agency)))
    met: list[errors.OnboardError] = []
    while len(met) < _MOST_RUNS:
        front.meets(fault, _STEP)
        try:
            office.write(place=front.place)
        except errors.OnboardError as problem:
            met.append(problem)
        else:
            break
    assert 2 < len(met) < _MOST_RUNS
    assert all(said in str(problem) and problem.resolution for problem in met)
    assert office.differences() == []
    assert twice(place.server, agency) == []
    began = len(place.server.requests())
    assert not any(office.write())
    assert place.server.writes(began) == []


def test_an_answer_that_comes_too_late_may_still_have_done_its_work(
    place: Place,  # noqa: F811
    front: Front,
) -> None:
    """The proxy passes the request on when nobody waits for its answer any more."""
    office = Office(place.server, tenant.resolve(samples.build(metadata__id="too-late")))
    limits = patience.Limits(connect=_SHORT, request=_SHORT, retry=_SHORT)
    front.meets(proxy.delay(2 * _SHORT), _STEP)
    with pytest.raises(errors.Unreachable, match="does not answer"):
        office.write(place=dataclasses.replace(front.place, limits=limits))
    assert all(office.write()[-5:])
    assert office.differences() == []
    assert twice(place.server, "too-late") == []


_NO_REFUSALS = (
    proxy.answer(429, {"Retry-After": "9999"}, b'{"detail": "later"}'),
    proxy.answer(413, body=b'{"detail": "too large"}'),
    proxy.answer(302, {"Location": "/elsewhere"}),
    proxy.answer(403, body=b"<html>blocked</html>"),
    proxy.answer(404, body=b"<html>no such page</html>"),
)

_OF_LETTERS = tuple(f"/api/v4/{part}/" for part in ("documents", "objects", "search"))


def test_what_something_in_front_of_the_product_answers_proves_no_refusal(
    place: Place,  # noqa: F811
    front: Front,
) -> None:
    """It begins once the first clerk has its own letter, as a limit of requests would."""
    whole = agencies.example("plk-lao")
    office = Office(place.server, dataclasses.replace(whole, bodies=whole.bodies[:2]))
    office.write()
    faults, began = itertools.cycle(_NO_REFUSALS), False

    def plan(asked: proxy.Asked) -> proxy.Fault | None:
        nonlocal began
        spoilt = began and asked.path.startswith(_OF_LETTERS)
        began = began or "/download/" in asked.path
        return next(faults) if spoilt else None

    front.is_well()
    front.between.plan = plan
    bodies = [body.id for body in office.of.bodies]
    product = access.Mayan()
    try:
        tries = product.cross_read(front.place, place.server.writer, office.of.id, bodies)
    finally:
        front.is_well()
        product.sweep(place.server.place, place.server.writer)
    crossed = crossing.judge(tries)
    assert crossed.breaches == ()
    told = "\n".join(crossed.unknown)
    for said in ("429: ", "413: ", "302: ", "403: <html>", "404: <html>"):
        assert said in told
    assert crossed.refused == 0


def _failed(outcomes: list[plan.Outcome], said: str) -> None:
    """One failure, the last: what, why, and how to go on."""
    *done, failed = outcomes
    assert {o.status for o in done} <= {plan.Status.APPLIED, plan.Status.UNCHANGED}
    assert failed.status is plan.Status.FAILED
    error = failed.error
    assert error is not None
    assert error.message.endswith(f"could not be configured: {failed.change.ref.kind} "
                                  f"{failed.change.ref.name}")  # fmt: skip
    assert error.details[0].startswith(delivery.OFFICE_TASK)
    assert said in error.details[0]
    assert error.resolution


def test_what_an_apply_says_of_faults_and_how_it_goes_on(place: Place, front: Front) -> None:  # noqa: F811
    about = environment.EOffice(
        product="mayan-edms", address=front.address, ca_file=place.server.home.ca
    )
    through = Place(place.server, place.target.model_copy(update={"e_office": about}), place.of)
    changes = through.planned().changes

    front.meets(proxy.answer(500), _STEP)
    outcomes = through.apply(changes)
    _failed(outcomes, "500")
    left = through.planned().changes
    assert 0 < len(left) < len(changes)

    front.meets(proxy.KILL_BEFORE, _STEP)
    front.between.victim = place.server.process
    _failed(through.apply(left), "does not answer")
    place.server.process.wait(60)
    served = place.server.home.serve(place.server.port)
    try:
        front.is_well()
        left = through.planned().changes
        assert {o.status for o in through.apply(left)} == {plan.Status.APPLIED}
        assert through.planned().changes == ()
        assert twice(served, place.of.id) == []
    finally:
        served.end()
